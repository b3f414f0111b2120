"""The sheet of a translator: every sentence with what is known of it, written as a workbook and taken back."""

import io
import itertools
import re
import textwrap
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from helpers.i18n import glossary, messages, plain
from helpers.report import xlsx
from helpers.speech import say, say_in_all, say_of, spoken, to_say
from helpers.strings import clean
from helpers.words import check, examples

_ENGLISH, _NUMBERS, _PRESENT = to_say("English"), to_say("For numbers"), to_say("Present translation")
_NEW, _REMARKS, _KEY, _FILE = to_say("New translation"), to_say("Remarks"), to_say("Key"), to_say("File")
_WIDTHS = {
    _ENGLISH: 46, _NUMBERS: 12, _PRESENT: 46, _NEW: 46, _REMARKS: 24, to_say("To do"): 24,
    to_say("Example in English"): 40, to_say("Example"): 40, to_say("Where it is said"): 34, to_say("Terms"): 30,
    _KEY: 24, _FILE: 12,
}  # fmt: skip
_HEADS = tuple(_WIDTHS)
_ANSWER = xlsx.REPLY | {"locked": False, "num_format": "@"}
_ALLOWED = {"format_columns": True, "format_rows": True, "autofilter": True, "select_locked_cells": True}
_HELP = (
    to_say("Write into the yellow cells of the next sheet: a new translation where the present one is missing or can "
           "be better. What is left blank stays as it is; nothing else can be changed. Rows may be filtered by any "
           "column."),
    to_say("A name in braces, such as {quarter}, is filled in by the program: keep each as it is, wherever your "
           "sentence needs it. {proposed} is the word of that meaning, left out where targets are adopted. A term of "
           "the plan is translated as the column Terms says."),
    to_say("A sentence with a number has a row for each form: the column For numbers says which numbers take it. Where "
           "one form is new, the others stay unless you write them too."),
    to_say("Send the file back as an Excel workbook. Remarks are read by people, and change nothing."),
)  # fmt: skip


def write_sheet(path: Path, language: str, printed: Mapping[str, examples.Examples], today: date) -> int:
    """Write every sentence of a language as a workbook for its translator; return how many.

    `printed` are the examples in the language and in English. Raises OSError where it cannot be written.
    """
    known = [each for each in messages.read_messages(language) if each.english]
    with xlsx.open_book(path, today, language, title=say("Sentences in {language}", language=language)) as book:
        guide = book.add_sheet(say("Read first"), spoken(), (110,))
        for row, text in enumerate(_HELP):
            guide.write_row(row, [say(text)])
        sheet = book.add_sheet(language, language, [*_WIDTHS.values()])
        sheet.write_heads(0, [say(head) for head in _HEADS])
        rows = [*_list_rows(known, language, printed)]
        for row, texts in enumerate(rows, start=1):
            sheet.write_row(row, texts)
            for answer in (_NEW, _REMARKS):
                sheet.write(row, _HEADS.index(answer), "", **_ANSWER)
        sheet.worksheet.freeze_panes(1, 1)
        sheet.worksheet.autofilter(0, 0, len(rows), len(_HEADS) - 1)
        sheet.worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.worksheet.protect("", _ALLOWED)
        sheet.set_page(0)
    return len(known)


def _list_rows(
    known: Sequence[messages.Message], language: str, printed: Mapping[str, examples.Examples]
) -> Iterator[list[str]]:
    """Yield the texts of each row, in the order of the heads: a form of a sentence, its answers still blank."""
    unreviewed = set(messages.list_unreviewed(language, known))
    for message in known:
        to_do = [*check.list_faults(message, language)]
        to_do += [say("new or changed since it was signed")] * (message in unreviewed)
        shown = [printed[each].find(message) for each in ("en", language)]
        about = ["\n".join(to_do), *shown, examples.describe_use(message), _list_terms(message, language)]
        for form, rule in zip(message.forms, message.rules, strict=False):
            yield [_list_english(message), rule, form, "", "", *about, message.key, message.file]


def _list_english(message: messages.Message) -> str:
    """Return the English forms of a sentence, one a line, each once."""
    return "\n".join(dict.fromkeys(message.english))


def _list_terms(message: messages.Message, language: str) -> str:
    """Return the terms of the glossary that a sentence has, each with its translation and what is rejected for it."""
    english, lines = " ".join(message.english), []
    for row in glossary.read_glossary():
        if row["en"] and re.search(rf"(?<!\w){re.escape(row['en'])}s?(?!\w)", english, re.IGNORECASE):
            rejected = row[f"not_{language}"].replace("|", ", ")
            lines.append(
                say_of(row["en"], row[language]) + (say(" (never {wordings})", wordings=rejected) if rejected else "")
            )
    return "\n".join(lines)


# --- the sheet taken back ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SheetRead:
    """What a sheet would change, each sentence as it is and as it would be; the rows refused; what was remarked."""

    changes: Sequence[tuple[messages.Message, messages.Message]]
    refused: Sequence[check.ToDo]
    remarks: Sequence[check.ToDo]


def read_sheet(path: Path, language: str) -> SheetRead:
    """Read a translator's sheet, and hold every row against the catalogues as they are now.

    Raises ValueError, with what to do, for a file that is no such sheet.
    """
    changes, refused, remarks = [], [], []
    forms = {
        (each.file, _as_read(each.key), rule): (each, n)
        for each in messages.read_messages(language) if each.english
        for n, rule in enumerate(each.rules)
    }  # fmt: skip
    written: dict[messages.Message, tuple[str, dict[int, str]]] = {}  # the place, and the new forms
    for number, row in _read_rows(path, language):
        place = say("row {number} ({text})", number=number, text=textwrap.shorten(row[_ENGLISH], 60, placeholder="…"))
        message, n = forms.get((row[_FILE], row[_KEY], row[_NUMBERS]), (None, 0))
        if row[_REMARKS]:
            remarks.append(check.ToDo(place, row[_REMARKS]))
        if not row[_NEW] or message and row[_NEW] == _as_read(message.forms[n]):
            continue
        if fault := _find_conflict(message, n, row):
            refused.append(check.ToDo(place, fault))
        else:
            written.setdefault(message, (place, {}))[1][n] = row[_NEW]
    for message, (place, new) in written.items():
        changed = _replace_forms(message, new)
        faults = [check.ToDo(place, fault) for fault in check.list_faults(changed, language)]
        refused += faults
        changes += [] if faults else [(message, changed)]
    return SheetRead(changes, refused, remarks)


def _find_conflict(message: messages.Message | None, form: int, row: Mapping[str, str]) -> str:
    """Return why a row cannot be taken, blank if it can: it is not about what is there now, or no text."""
    if message is None:
        return say("no sentence has this Key and File, or not for these numbers; write the sheet again")
    if row[_ENGLISH] != _as_read(_list_english(message)):
        return say("its English is not that of the catalogue: one of them was changed; write the sheet again")
    if row[_PRESENT] != _as_read(message.forms[form]):
        now = message.forms[form] or say("nothing")
        return say(
            "the catalogue has changed since the sheet was written, and now has “{now}”; write the sheet again", now=now
        )
    return say("is a formula, {text}; write it as text", text=row[_NEW]) if row[_NEW].startswith("=") else ""


def _replace_forms(message: messages.Message, new: Mapping[int, str]) -> messages.Message:
    """Return a sentence with its new forms; outer blanks, which no cell shows, are as before or as in English."""
    forms = list(message.forms)
    for n, text in new.items():
        like = forms[n] or message.english[-1]
        forms[n] = like[: len(like) - len(like.lstrip())] + text + like[len(like.rstrip()) :]
    return replace(message, forms=tuple(forms))


def _read_rows(path: Path, language: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a sheet by the heads of its columns, with their numbers."""
    import openpyxl  # it takes long to load

    try:
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True)
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(say("{path} is no Excel workbook; save it as .xlsx", path=path)) from error
    if language not in book.sheetnames:
        raise ValueError(say(
            "{path} has no sheet {language}; give what papu words --language {language} --out wrote", path=path,
            language=language,
        ))  # fmt: skip
    sheet = book[language]
    sheet.reset_dimensions()  # a program may declare a million rows, or one cell
    rows = [[_as_read(str(cell or "")) for cell in row] for row in sheet.iter_rows(values_only=True)]
    known = {_as_read(said): head for head in _HEADS for said in say_in_all(head)}
    heads = [known.get(head, head) for head in rows[0]] if rows else []
    if missing := [head for head in _HEADS if head not in heads]:
        raise ValueError(
            say("{path} lacks the column {name}; keep the heads as they were written", path=path, name=say(missing[0]))
        )
    for number, cells in enumerate(rows[1:], start=2):
        yield number, dict(itertools.zip_longest(heads, cells, fillvalue=""))


def _as_read(text: str) -> str:
    """Return a text as it is read: our own isolates, outer blanks and a word processor's marks are not part of it."""
    return plain(clean(text)).replace("\r\n", "\n").strip()
