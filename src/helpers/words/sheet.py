"""The sheet of a translator: every sentence with what is known of it, written as a workbook and taken back."""

import io
import itertools
import re
import textwrap
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from helpers.i18n import glossary, messages, plain
from helpers.report import xlsx
from helpers.strings import clean
from helpers.words import check, examples

_ENGLISH, _PRESENT, _NEW, _REMARKS = "English", "Present translation", "New translation", "Remarks"
_KEY, _FILE = "Key", "File"
_WIDTHS = {
    _ENGLISH: 46, _PRESENT: 46, _NEW: 46, _REMARKS: 24, "To do": 24, "Example in English": 40, "Example": 40,
    "Where it is said": 34, "Terms": 30, _KEY: 24, _FILE: 12,
}  # fmt: skip
_ANSWER = {"bg_color": "#FFF8DC", "border": 1, "border_color": "#C8B560", "locked": False, "num_format": "@"}
_NO_ANSWER = {"bg_color": "#E3E3E3"}  # a form that the sentence does not have
_ALLOWED = {
    "format_columns": True, "format_rows": True, "autofilter": True, "select_locked_cells": True,
}  # fmt: skip
_NOT_PRINTED = "(not printed by the newest edition)"
_HELP = (
    "Write into the yellow cells of the next sheet: a new translation where the present one is missing or can be "
    "better. What is left blank stays as it is; nothing else can be changed. Rows may be filtered by any column.",
    "A name in braces, such as {quarter}, is filled in by the program: keep each as it is, wherever your sentence "
    "needs it. {proposed} is the word of that meaning, left out where targets are adopted. A term of the plan is "
    "translated as the column Terms says.",
    "A sentence with a number has a column for each form: its head says which numbers take it. Where one form is new, "
    "the others stay unless you write them too.",
    "Send the file back as an Excel workbook. Remarks are read by people, and change nothing.",
)


def _head(name: str, form: int, rules: Sequence[str]) -> str:
    """Return the head of a column with a form of a translation: the first of them has every sentence that is none."""
    if form:
        return f"{name}, for {rules[form]}"
    return f"{name} (where a number decides: for {rules[0]})"


def write_sheet(path: Path, language: str, today: date) -> int:
    """Write every sentence of a language as a workbook for its translator; return how many.

    Raises OSError where it cannot be written.
    """
    known = [each for each in messages.read_messages(language) if each.english]
    rules = messages.describe_plurals(language)
    in_english = examples.collect_examples("en")
    printed = in_english if language == "en" else examples.collect_examples(language)
    unreviewed = messages.list_unreviewed(language, known) if messages.read_reviewer(language) else []
    changed = {(each.file, each.key) for each in unreviewed}
    heads = [*_WIDTHS][:-2]
    pairs = [_head(name, form, rules) for form in range(1, len(rules)) for name in (_PRESENT, _NEW)]
    widths = [*(_WIDTHS[head] for head in heads), *(30 for _ in pairs), _WIDTHS[_KEY], _WIDTHS[_FILE]]
    heads[1:3] = [_head(_PRESENT, 0, rules), _head(_NEW, 0, rules)]
    with xlsx.open_book(path, today, language, title=f"Sentences in {language}") as book:
        guide = book.add_sheet("Read first", "en", (110,))
        for row, text in enumerate(_HELP):
            guide.write_row(row, [text])
        sheet = book.add_sheet(language, language, widths)
        sheet.write_heads(0, [*heads, *pairs, _KEY, _FILE])
        for row, message in enumerate(known, start=1):
            to_do = [*check.list_faults(message, language, rules)]
            to_do += ["new or changed since it was signed"] * ((message.file, message.key) in changed)
            where = (messages.catalogue_path("en").name if message.file.endswith(".po") else message.file, message.key)
            texts = [
                _listed(message.english), _form(message, 0), "", "", "\n".join(to_do),
                in_english.get(where, _NOT_PRINTED), printed.get((message.file, message.key), _NOT_PRINTED),
                examples.describe_use(message.file, message.key), _list_terms(message, language),
            ]  # fmt: skip
            more = [text for form in range(1, len(rules)) for text in (_form(message, form), "")]
            _write_message(sheet, row, [*texts, *more, message.key, message.file], message.is_plural, len(texts))
        sheet.worksheet.freeze_panes(1, 1)
        sheet.worksheet.autofilter(0, 0, len(known), len(widths) - 1)
        sheet.worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.worksheet.protect("", _ALLOWED)
        sheet.set_page(0)
    return len(known)


def _write_message(sheet: xlsx.SheetWriter, row: int, texts: Sequence[str], is_plural: bool, n_fixed: int) -> None:
    """Write a sentence's row; what is to be answered can be written to, a form that it does not have is grey."""
    sheet.write_row(row, texts)
    answers = [2, 3, *(range(n_fixed + 1, len(texts) - 2, 2) if is_plural else ())]
    for column in answers:
        sheet.write(row, column, "", text_wrap=True, **_ANSWER)
    if not is_plural:
        for column in range(n_fixed, len(texts) - 2):
            sheet.write(row, column, "", **_NO_ANSWER)


def _form(message: messages.Message, form: int) -> str:
    return message.forms[form] if form < len(message.forms) else ""


def _listed(forms: Iterable[str]) -> str:
    """Return the forms of a sentence, one a line, each once."""
    return "\n".join(dict.fromkeys(forms))


def _list_terms(message: messages.Message, language: str) -> str:
    """Return the terms of the glossary that a sentence has, each with its translation and what is rejected for it."""
    english, lines = " ".join(message.english), []
    for row in glossary.read_glossary():
        if row["en"] and re.search(rf"(?<!\w){re.escape(row['en'])}s?(?!\w)", english, re.IGNORECASE):
            rejected = row[f"not_{language}"].replace("|", ", ")
            lines.append(f"{row['en']}: {row[language]}" + (f" (never {rejected})" if rejected else ""))
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
    known = {(each.file, each.key): each for each in messages.read_messages(language) if each.english}
    rules, changes, refused, remarks = messages.describe_plurals(language), {}, [], []
    for number, row in _read_rows(path, language, rules):
        key = (row[_FILE], row[_KEY])
        place = f"row {number} ({textwrap.shorten(row[_ENGLISH], 60, placeholder='…')})"
        message, new = known.get(key), [row[_head(_NEW, form, rules)] for form in range(len(rules))]
        remarks += [check.ToDo(place, row[_REMARKS])] * bool(row.get(_REMARKS))
        if not any(new):
            continue
        if message is None:
            refused.append(check.ToDo(place, f"no sentence has this {_KEY} and {_FILE}; write the sheet again"))
            continue
        changed = replace(message, forms=_complete(message, new, rules))
        if changed.forms == message.forms:
            continue
        present = [row[_head(_PRESENT, form, rules)] for form in range(len(rules))]
        faults = [*_list_conflicts(message, row, present, new), *check.list_faults(changed, language, rules)]
        if key in changes and changes[key][1] != changed:
            faults.append("is there twice with different translations; keep one row")
        refused += [check.ToDo(place, fault) for fault in faults]
        if not faults:
            changes[key] = (message, changed)
    return SheetRead([*changes.values()], refused, remarks)


def _complete(message: messages.Message, new: Sequence[str], rules: Sequence[str]) -> tuple[str, ...]:
    """Return the forms that a sentence would have: those written, else those that it has.

    Outer blanks, which nobody sees in a cell, are as they were, or as in English.
    """
    forms = []
    for n in range(len(rules) if message.is_plural else 1):
        like = _form(message, n) or message.english[-1]
        before, after = like[: len(like) - len(like.lstrip())], like[len(like.rstrip()) :]
        forms.append(f"{before}{new[n]}{after}" if new[n] else _form(message, n))
    return tuple(forms)


def _list_conflicts(
    message: messages.Message, row: Mapping[str, str], present: Sequence[str], new: Sequence[str]
) -> Iterator[str]:
    """Yield why what was translated is not what is there now."""
    if row[_ENGLISH] != _as_read(_listed(message.english)):
        yield "its English is not that of the catalogue: one of them was changed; write the sheet again"
    elif any(text != _as_read(_form(message, n)) for n, text in enumerate(present)):
        now = _listed(message.forms) or "nothing"
        yield f"the catalogue has changed since the sheet was written, and now has “{now}”; write the sheet again"
    if not message.is_plural and any(new[1:]):
        yield "is not counted: it has one translation; leave the other columns blank"
    if formulas := [text for text in new if text.startswith("=")]:
        yield f"is a formula, {formulas[0]}; write it as text"


def _as_read(text: str) -> str:
    """Return a text as it is read back from the sheet."""
    return plain(clean(text)).strip()


def _read_rows(path: Path, language: str, rules: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a sheet by the heads of its columns, with their numbers."""
    import openpyxl  # it takes long to load

    try:
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True)
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no Excel workbook; save it as .xlsx") from error
    if language not in book.sheetnames:
        raise ValueError(f"{path} has no sheet {language}; give what papu words --language {language} --out wrote")
    rows = enumerate(book[language].iter_rows(values_only=True), start=1)
    heads = [str(head or "") for head in next(rows, (0, ()))[1]]
    pairs = [_head(name, form, rules) for form in range(len(rules)) for name in (_PRESENT, _NEW)]
    if missing := [head for head in (_ENGLISH, _KEY, _FILE, *pairs) if head not in heads]:
        raise ValueError(f"{path} lacks the column {missing[0]}; keep the heads as they were written")
    for number, cells in rows:
        row = dict(itertools.zip_longest(heads, cells[: len(heads)]))
        yield number, {head: _cell_text(cell) for head, cell in row.items()} | {_KEY: str(row[_KEY] or "")}
    book.close()


def _cell_text(cell: object) -> str:
    """Return what a translator wrote: our own isolates and a word processor's fine marks are not part of it."""
    text = "" if cell is None else str(cell)
    return plain(re.sub("[\u2066-\u2069]", "", text).replace("\r\n", "\n")).strip()
