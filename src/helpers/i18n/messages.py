"""The sentences of a language for its translators: read where they are kept, replaced there, marked as reviewed.

What a reviewer has read is in `locales/<language>.reviewed.csv`, a digest a sentence, so that the catalogues stay as a
reader of sentences needs them.
"""

import csv
import hashlib
import io
import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import write_po

from helpers import paths
from helpers.durable import write_durably
from helpers.i18n import catalogue
from helpers.speech import say

# Sentences to members, a column for each language: kept beside the code that says them.
TABLES = tuple(
    paths.PACKAGE / name for name in ("ingest/issues.csv", "report/letters.csv", "desk/texts.csv", "desk/pull/news.csv")
)
_REVIEWED_COLUMNS = ("file", "key", "digest")
_FURTHEST = 1000  # numbers tried to say which ones take a plural form

Forms = tuple[str, ...]


@dataclass(frozen=True)
class Message:
    """One sentence in one language: its key in a file, the English that it is in full, and its translation.

    A plural has a form for each of the `rules`, which say the numbers that take it. A form that the language lacks is
    blank; where it lacks the sentence, the line is 0.
    """

    file: str
    line: int
    key: str
    forms: Forms
    english: Forms = ()
    rules: Forms = ("",)

    @property
    def place(self) -> str:
        """Where it is: the file, the line, and its key, shortened."""
        file = say("{file}, line {n}", file=self.file, n=self.line) if self.line else self.file
        return f"{file} ({textwrap.shorten(self.key, 60, placeholder='…')})"

    @property
    def digest(self) -> str:
        """What a reviewer has read, in twelve letters: another one once the key, the English or the forms change."""
        content = json.dumps([self.key, self.english, self.forms], ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def read_messages(language: str) -> list[Message]:
    """Return every sentence in a language, file by file, in the order of English; what English lacks has no English."""
    plural, messages = _describe_plurals(language), []
    for path, english_path in zip(_list_files(language), _list_files("en"), strict=True):
        own, english = _read_file(path, language), _read_file(english_path, "en")
        for key in dict.fromkeys([*english, *own]):
            message, full = own.get(key, Message(path.name, 0, key, ())), english[key].forms if key in english else ()
            rules = plural if len(full) > 1 else ("",)
            forms = message.forms + ("",) * (len(rules) - len(message.forms))
            messages.append(replace(message, forms=forms, english=full, rules=rules))
    return messages


def write_messages(language: str, changed: Iterable[Message]) -> list[Path]:
    """Write the translations of some sentences into their files; return the files that have changed.

    Each is written whole or not at all, and on the disk before the next. Raises OSError.
    """
    written = []
    for path in _list_files(language):
        forms = {message.key: message.forms for message in changed if message.file == path.name}
        fill = _fill_catalogue if path.suffix == ".po" else _fill_table
        if forms and (text := fill(path, language, forms)) != path.read_text(encoding="utf-8"):
            write_durably(path, text.encode())
            written.append(path)
    return written


def _list_files(language: str) -> tuple[Path, ...]:
    return (catalogue.LOCALES / f"{language}.po", *TABLES)


def _describe_plurals(language: str) -> Forms:
    """Return the first numbers that take each plural form of a language: `0, 1` and `2, 3, 4, 5…`."""
    _, rule, count = catalogue.read_catalogue(language)
    numbers = [[str(n) for n in range(_FURTHEST) if rule(n) == form] for form in range(count)]
    return tuple(", ".join(each[:4]) + "…" * (len(each) > 4) for each in numbers)


def _read_file(path: Path, language: str) -> dict[str, Message]:
    """Return the sentences of a file in a language by their key, as yet without their English."""
    if path.suffix == ".po":
        entries = _read_entries(language)
        found = [(each.lineno, key, catalogue.list_forms(each)) for key, each in entries.items()]
    else:
        rows = enumerate(catalogue.read_csv(path), start=2)
        found = [(line, row["key"], (row.get(language, ""),)) for line, row in rows]
    return {key: Message(path.name, line, key, forms) for line, key, forms in found}


def _read_entries(language: str) -> dict[str, Entry]:
    """Return the entries of a catalogue by their key."""
    return {catalogue.key_of(each): each for each in catalogue.parse_catalogue(language) if each.id}


def _fill_catalogue(path: Path, language: str, forms: Mapping[str, Forms]) -> str:
    """Return a catalogue with the translations of some keys; one that it lacks comes where English has it."""
    entries, english = _read_entries(language), _read_entries("en")
    keys = list(entries)
    place = 0
    for key in english:
        if key in forms and key not in entries:
            keys.insert(place, key)
        place = keys.index(key) + 1 if key in keys else place
    filled, text = Catalog(locale=language), io.BytesIO()
    for key in keys:
        entry = entries.get(key) or english[key].clone()
        if key in forms:
            entry.id = english[key].id
            entry.string = forms[key] if entry.pluralizable else forms[key][0]
        entry.flags -= {"python-format", "python-brace-format"}  # guessed by babel
        filled[key] = entry
    write_po(text, filled, width=0, omit_header=True)
    head = path.read_text(encoding="utf-8").partition("\n\n")[0]
    return "\n\n".join([head, text.getvalue().decode().strip("\n")]) + "\n"


def _fill_table(path: Path, language: str, forms: Mapping[str, Forms]) -> str:
    """Return a table of sentences with the translations of some keys."""
    rows = catalogue.read_csv(path)
    for row in rows:
        row[language] = forms.get(row["key"], (row[language],))[0]
    return _as_csv([list(rows[0]), *(row.values() for row in rows)])


def _as_csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


# --- reviews ----------------------------------------------------------------------------------------------------


def list_unreviewed(language: str, messages: Sequence[Message]) -> list[Message]:
    """Return the sentences that are new or have changed since the reviewer signed; none if nobody has."""
    if not catalogue.read_reviewer(language):
        return []
    path = _reviewed_path(language)
    rows = catalogue.read_csv(path) if path.exists() else []
    digests = {(row["file"], row["key"]): row["digest"] for row in rows}
    return [each for each in messages if digests.get((each.file, each.key)) != each.digest]


def sign_catalogue(language: str, reviewer: str) -> None:
    """Record that someone has read every sentence of a language as it is now: `name or office; date`.

    Raises OSError where it cannot be written.
    """
    rows = [(each.file, each.key, each.digest) for each in read_messages(language)]
    write_durably(_reviewed_path(language), _as_csv([_REVIEWED_COLUMNS, *rows]).encode())
    path = _list_files(language)[0]
    head, gap, sentences = path.read_text(encoding="utf-8").partition("\n\n")
    unsigned = re.sub('\n"X-Reviewed-By:.*', "", head)
    write_durably(path, f'{unsigned}\n"X-Reviewed-By: {reviewer}\\n"{gap}{sentences}'.encode())


def _reviewed_path(language: str) -> Path:
    return catalogue.LOCALES / f"{language}.reviewed.csv"
