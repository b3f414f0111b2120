"""The sentences of a language for its translators: read where they are kept, replaced one by one, marked as reviewed.

A replaced sentence changes its own lines of its file and nothing else. What a reviewer has read is in
`locales/<language>.reviewed.csv`, a digest a sentence, so that the catalogues stay as a reader of sentences needs them.
"""

import csv
import hashlib
import io
import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from babel.messages.pofile import escape, unescape

from helpers import paths
from helpers.durable import write_durably
from helpers.i18n import catalogue

# Sentences to members, a column for each language: kept beside the code that says them.
TABLES = (paths.PACKAGE / "ingest" / "issues.csv", paths.PACKAGE / "report" / "letters.csv")
_REVIEWER = "X-Reviewed-By"
_REVIEWED_COLUMNS = ("file", "key", "digest")
_GAPS = re.compile(r"(\n\n+)")  # between the entries of a catalogue
_STRING = re.compile(r'(?:(msg\w+(?:\[\d+\])?) )?(".*")')
_FURTHEST = 1000  # numbers tried to say which ones take a plural form


@dataclass(frozen=True)
class Message:
    """One sentence in one language: its key in a file, the English that it is in full, and its translation.

    A plural has several forms; a sentence that the language lacks has none, and line 0.
    """

    file: str
    line: int
    key: str
    english: tuple[str, ...]
    forms: tuple[str, ...]
    is_plural: bool = False

    @property
    def place(self) -> str:
        """Where it is: the file, the line, and its key, shortened."""
        line = f", line {self.line}" if self.line else ""
        return f"{self.file}{line} ({textwrap.shorten(self.key, 60, placeholder='…')})"

    @property
    def digest(self) -> str:
        """What a reviewer has read, in twelve letters: another one once the key, the English or the forms change."""
        content = json.dumps([self.key, self.english, self.forms], ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class _Entry:
    line: int
    key: str
    forms: tuple[str, ...]
    is_plural: bool


def catalogue_path(language: str) -> Path:
    """Return the catalogue of a language."""
    return catalogue.LOCALES / f"{language}.po"


def _reviewed_path(language: str) -> Path:
    return catalogue.LOCALES / f"{language}.reviewed.csv"


def _parse_entry(text: str) -> dict[str, str]:
    """Return the strings of an entry of a catalogue by their keyword: msgid, msgstr, msgstr[0]…"""
    strings: dict[str, str] = {}
    for found in filter(None, map(_STRING.fullmatch, text.split("\n"))):
        keyword = found[1] or next(reversed(strings), "")
        strings[keyword] = strings.get(keyword, "") + unescape(found[2])
    return strings


def _read_entries(text: str) -> dict[str, _Entry]:
    """Return the entries of a catalogue by their key."""
    entries: dict[str, _Entry] = {}
    line = 1
    for part in _GAPS.split(text):
        strings = _parse_entry(part)
        if key := strings.get("msgid"):
            at = line + [each.startswith("msgid") for each in part.split("\n")].index(True)
            forms = tuple(form for name, form in strings.items() if name.startswith("msgstr"))
            entries.setdefault(key, _Entry(at, key, forms, "msgid_plural" in strings))
        line += part.count("\n")
    return entries


def _read_rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table of sentences, each with its line."""
    reader, line = csv.DictReader(io.StringIO(text, newline="")), 2
    for row in reader:
        yield line, row
        line = reader.line_num + 1


def read_messages(language: str) -> list[Message]:
    """Return every sentence in a language, in the order of the English catalogue, then of the tables.

    Last those that English has not: they have no English.
    """
    own, english = (_read_entries(_read_text(catalogue_path(each))) for each in (language, "en"))
    missing = _Entry(0, "", (), False)
    messages, file = [], catalogue_path(language).name
    for key, entry in english.items():
        here = own.get(key, missing)
        messages.append(Message(file, here.line, key, entry.forms, here.forms, entry.is_plural))
    for path in TABLES:
        for line, row in _read_rows(_read_text(path)):
            messages.append(Message(path.name, line, row["key"], (row["en"],), (row.get(language, ""),)))
    others = [entry for key, entry in own.items() if key not in english]
    return messages + [Message(file, each.line, each.key, (), each.forms, each.is_plural) for each in others]


def write_messages(language: str, changed: Sequence[Message]) -> list[Path]:
    """Write the translations of some sentences into their files; return the files that have changed.

    Each is written whole or not at all, and on the disk before the next. Raises OSError.
    """
    order = [message.key for message in read_messages(language)]
    written = []
    for path in (catalogue_path(language), *TABLES):
        here = {message.key: message for message in changed if message.file == path.name}
        replace = _replace_entries if path == catalogue_path(language) else _replace_cells
        if here and _edit(path, lambda text, replace=replace, here=here: replace(text, here, order, language)):
            written.append(path)
    return written


def _read_text(path: Path) -> str:
    return path.read_bytes().decode().replace("\r\n", "\n")


def _edit(path: Path, change: Callable[[str], str]) -> bool:
    """Replace the text of a file, which keeps its line ends; tell whether it is another one."""
    before = path.read_bytes()
    end = b"\r\n" if b"\r\n" in before else b"\n"
    after = change(_read_text(path)).encode().replace(b"\n", end)
    if after != before:
        write_durably(path, after)
    return after != before


def _forms_as_text(message: Message) -> str:
    if not message.is_plural:
        return f"msgstr {escape(message.forms[0])}"
    return "\n".join(f"msgstr[{n}] {escape(form)}" for n, form in enumerate(message.forms))


def _replace_entries(text: str, changed: Mapping[str, Message], order: Sequence[str], _: str) -> str:
    """Return a catalogue with the translations of some keys; one that it lacks comes after the one before in order."""
    parts, places = _GAPS.split(text.rstrip("\n")), {}
    for n, part in enumerate(parts):
        key = _parse_entry(part).get("msgid")
        if key in changed:
            parts[n] = part[: part.index("\nmsgstr") + 1] + _forms_as_text(changed[key])
        if key:
            places[key] = n
    last = 0  # the header
    for key in order:
        last = places.get(key, last)
        if key in changed and key not in places:
            plural = f"\nmsgid_plural {escape(key)}" if changed[key].is_plural else ""
            parts[last] += f"\n\nmsgid {escape(key)}{plural}\n{_forms_as_text(changed[key])}"
    return "".join(parts) + "\n"


def _replace_cells(text: str, changed: Mapping[str, Message], _: Sequence[str], language: str) -> str:
    """Return a table of sentences with the translations of some keys; every other row is as it was written."""
    lines = list(io.StringIO(text, newline=""))
    reader, start, made = csv.reader(lines), 0, io.StringIO(newline="")
    column = 0
    for row in reader:
        column = column or row.index(language)
        new = changed[row[0]].forms[0] if row[0] in changed else row[column]
        if new != row[column]:
            row[column] = new
            csv.writer(made, lineterminator="\n").writerow(row)
        else:
            made.write("".join(lines[start : reader.line_num]))
        start = reader.line_num
    return made.getvalue()


# --- what a sentence must have ----------------------------------------------------------------------------------


def list_names(text: str) -> set[str]:
    """Return the names of the values in a sentence; raises ValueError for a brace that is not one of a pair.

    `{Proposed}` and `{proposed_many}` are forms of one word that each language places as it needs.
    """
    found = set()
    for _, name, layout, conversion in Formatter().parse(text):
        if name is not None:
            plain = name.lower().removesuffix("_many") if name.lower().startswith("proposed") else name
            found.add(plain + (f"!{conversion}" if conversion else "") + (f":{layout}" if layout else ""))
    return found


def describe_plurals(language: str) -> list[str]:
    """Return which numbers take each plural form of a language: `0 and 1`, `2 and more`."""
    _, rule, count = catalogue.read_catalogue(language)
    return [_describe_numbers([n for n in range(_FURTHEST) if rule(n) == form]) for form in range(count)]


def _describe_numbers(numbers: Sequence[int]) -> str:
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    runs = [
        f"{first} and more" if last == _FURTHEST - 1 and len(starts) < 3 else
        str(first) if first == last else f"{first} {'and' if last == first + 1 else 'to'} {last}"
        for first, last in zip(starts, ends, strict=True)
    ]  # fmt: skip
    return ", ".join(runs[:3]) + ("…" if len(runs) > 3 else "")


# --- reviews ----------------------------------------------------------------------------------------------------


def read_reviewer(language: str) -> str:
    """Return who signed a catalogue, and when; blank where nobody has."""
    header = _parse_entry(_GAPS.split(_read_text(catalogue_path(language)))[0]).get("msgstr", "")
    found = re.search(rf"^{_REVIEWER}: *(.*\S)", header, re.MULTILINE)
    return found[1] if found else ""


def list_unreviewed(language: str, messages: Sequence[Message]) -> list[Message]:
    """Return the sentences that are new or have changed since the reviewer signed; all of them if nobody has."""
    path = _reviewed_path(language)
    rows = [row for _, row in _read_rows(_read_text(path))] if path.exists() and read_reviewer(language) else []
    reviewed = {(row["file"], row["key"]): row["digest"] for row in rows}
    return [each for each in messages if reviewed.get((each.file, each.key)) != each.digest]


def sign_catalogue(language: str, reviewer: str) -> None:
    """Record that someone has read every sentence of a language as it is now: `name or office; date`.

    Raises OSError where it cannot be written.
    """
    rows = [(each.file, each.key, each.digest) for each in read_messages(language)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([_REVIEWED_COLUMNS, *rows])
    write_durably(_reviewed_path(language), text.getvalue().encode())
    line = escape(f"{_REVIEWER}: {reviewer}\n")

    def sign(catalogue_text: str) -> str:
        header, *rest = _GAPS.split(catalogue_text)
        lines = [each for each in header.split("\n") if not each.startswith(f'"{_REVIEWER}:')]
        return "".join(["\n".join([*lines, line]), *rest])

    _edit(catalogue_path(language), sign)
