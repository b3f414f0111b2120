"""The files of a quarter: one KoboToolbox export, some workbooks sent by mail, and the MANIFEST that lists them."""

from __future__ import annotations

import csv
import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from helpers.plan import files, quarters
from sample import form
from sample.answers import EXPORTED_AFTER_DAYS, NOT_AVAILABLE, Return
from sample.innovations import Item
from sample.truth import QUARTERS, draw
from sample.wording import spelled, worded

Cell = str | int | date | datetime | None
Table = Sequence[Sequence[Cell]]

PROPERTIES = {"title": "Données fictives / invented sample", "author": "", "company": ""}
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
SYSTEM = ("_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by",
          "__version__", "_tags")  # fmt: skip
MANIFEST = ("file", "sha256", "received_on", "channel", "note")
CHANNEL = "sample"
FORM_VERSION = "2022070101"  # the form as it was when the invented returns were sent
DATES = {"date"}


class Formula(str):
    """A text that the writing tool turned into a formula, as KoboToolbox does with an answer that starts with `=`."""


# --- writing -----------------------------------------------------------------------------------------------------


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV of ours: UTF-8, commas, quotes as in RFC 4180, one line feed a row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def _write_workbook(path: Path, made_on: date, sheets: Mapping[str, Table]) -> None:
    """Write a workbook whose bytes depend on its cells alone: no clock, no name of a machine or person."""
    with xlsxwriter.Workbook(path, OPTIONS) as workbook:
        workbook.set_properties(PROPERTIES | {"created": datetime.combine(made_on, time(8, 30))})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name, table in sheets.items():
            sheet = workbook.add_worksheet(name)
            for row, cells in enumerate(table):
                for column, cell in enumerate(cells):
                    _write_cell(sheet, row, column, cell, day, moment)


def _write_cell(sheet: Worksheet, row: int, column: int, cell: Cell, day: Format, moment: Format) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, Formula):
        sheet.write_formula(row, column, cell)
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, moment if isinstance(cell, datetime) else day)
    else:
        sheet.write(row, column, cell)


# --- the export of the form --------------------------------------------------------------------------------------


def _kobo_cells(question: form.Question, one: Return) -> list[Cell]:
    """Return the cells of one question: for a select-many its summary, then one 1 or 0 a choice."""
    value = _kobo_value(question, one)
    if question.type != "select_multiple":
        return [_typed(question, value)]
    if value == "":
        return [None] * (1 + len(question.choices))
    return [value, *(int(choice in str(value).split()) for choice in question.choices)]


def _kobo_value(question: form.Question, one: Return) -> str | int:
    own = {"member": one.name, "quarter": one.label}
    if question.name.startswith("nd_"):
        ticked = [choice for choice in question.choices if one.answers.get(choice) == NOT_AVAILABLE]
        said = draw("nd", one.member, one.quarter, question.name).random() < 0.4
        return " ".join(ticked) or ("none" if said else "")
    value = (one.answers | own).get(question.name, "")
    return "" if value == NOT_AVAILABLE else value


def _typed(question: form.Question, value: str | int) -> Cell:
    if question.type in DATES and value:
        return date.fromisoformat(str(value))
    return Formula(value) if isinstance(value, str) and value.startswith("=") else value


def _kobo_headers(question: form.Question) -> list[str]:
    split = question.choices if question.type == "select_multiple" else ()
    return [question.header, *(f"{question.header}/{choice}" for choice in split)]


def _kobo_system(one: Return, number: int) -> list[Cell]:
    """Return the system columns of a submission, then the id it was born with (an edit changes `_uuid` only)."""
    rng = draw("uuid", one.member, one.quarter, one.received.isoformat())
    born, now = (str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(2))
    review = one.validation or ("validation_status_approved" if rng.random() < 0.5 else "")
    review = review if rng.random() > 0.03 or one.validation else "validation_status_on_hold"
    identity = 51_000_000 + 1000 * QUARTERS.index(one.quarter) + number
    current = now if one.edited else born
    return [identity, current, one.received, review, None, "submitted_via_web", None, FORM_VERSION, None,
            f"uuid:{born}"]  # fmt: skip


def _kobo_items(returns: Sequence[Return], system: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """Return the sheet of the repeat: each item points to its return by index, id and uuid."""
    table: list[list[Cell]] = [
        [*(q.header for q in form.item_questions()), "_index", "_parent_table_name", "_parent_index",
         *(f"_submission_{name}" for name in SYSTEM)]
    ]  # fmt: skip
    for parent, one in enumerate(returns, start=1):
        for item in one.items or ():
            link = [len(table), form.settings()["form_title"], parent]
            table.append([*_item_cells(item), *link, *system[parent - 1][: len(SYSTEM)]])
    return table


def _item_cells(item: Item) -> list[Cell]:
    return [_typed(question, asdict(item)[question.name]) for question in form.item_questions()]


def write_kobo(folder: Path, quarter: str, returns: Sequence[Return]) -> dict[str, str]:
    """Write the quarter's export of the form (XML names and headers, group paths); return its MANIFEST row."""
    exported = quarters.quarter_end(quarter) + timedelta(days=EXPORTED_AFTER_DAYS)
    title = form.settings()["form_title"]
    sent = sorted(returns, key=lambda one: (one.received, one.member))
    system = [_kobo_system(one, number) for number, one in enumerate(sent, start=1)]
    header = [name for question in form.questions() for name in _kobo_headers(question)]
    rows = [
        [*(cell for question in form.questions() for cell in _kobo_cells(question, one)), *system[n], n + 1]
        for n, one in enumerate(sent)
    ]
    path = folder / f"{title} - latest version - False - {exported.isoformat()}-08-30-00.xlsx"
    main = [[*header, *SYSTEM, "meta/rootUuid", "_index"], *rows]
    _write_workbook(path, exported, {title: main, form.REPEAT: _kobo_items(sent, system)})
    return _manifest_row(path, exported, "KoboToolbox export")


# --- workbooks sent by mail --------------------------------------------------------------------------------------


def _plain_questions() -> list[form.Question]:
    return [question for question in form.questions() if not question.name.startswith("nd_")]


def _plain_row(one: Return) -> list[Cell]:
    answers = one.answers | {"member": one.name, "quarter": one.label}
    return [*(_plain_cell(q, answers.get(q.name, "")) for q in _plain_questions()), one.received.date()]


def _plain_cell(question: form.Question, value: str | int) -> Cell:
    is_day = question.type in DATES and str(value)[:2] == "20"
    return date.fromisoformat(str(value)) if is_day else value


def write_plain(path: Path, returns: Sequence[Return]) -> dict[str, str]:
    """Write a mailed workbook, one row a return, with its innovations; return its MANIFEST row."""
    sent = sorted(returns, key=lambda one: (one.received.date(), one.member))
    header = [*(question.name for question in _plain_questions()), "submitted_on"]
    sheets: dict[str, Table] = {"returns": [header, *(_plain_row(one) for one in sent)]}
    if any(one.items is not None for one in sent):
        sheets[form.REPEAT] = _plain_items(sent)
    received = max(one.received.date() for one in sent)
    _write_workbook(path, received, sheets)
    return _manifest_row(path, received, "workbook sent by mail")


def _plain_items(returns: Sequence[Return]) -> list[list[Cell]]:
    header: list[Cell] = ["member", "submitted_on", *(question.name for question in form.item_questions())]
    return [
        header,
        *([one.name, one.received.date(), *_item_cells(item)] for one in returns for item in one.items or ()),
    ]


def _plain_name(file: str, quarter: str) -> str:
    """Return the name of a mailed workbook, as its sender or the Secretariat would choose it."""
    kind, _, member = file.partition(":")
    term = f"T{quarter[5]} {quarter[:4]}"
    names = {
        "mail": f"Retours par courriel {term}.xlsx",
        "late": f"Retours tardifs {term}.xlsx",
        "single": f"{member}_{quarter}.xlsx",
        "last": f"{member}_{quarter}_late.xlsx",
        "revised": f"{member}_{quarter}_revised.xlsx",
    }
    return names[kind]


# --- a quarter's folder ------------------------------------------------------------------------------------------


def _manifest_row(path: Path, received: date, what: str) -> dict[str, str]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"file": path.name, "sha256": digest, "received_on": received.isoformat(), "channel": CHANNEL,
            "note": f"données fictives / invented sample: {what}"}  # fmt: skip


def clear_sample(folder: Path) -> None:
    """Remove the sample's own files of an earlier run; refuse a folder that holds anything that was received."""
    manifest = folder / "MANIFEST.csv"
    if not manifest.exists():
        return
    rows = files.read_rows(manifest, MANIFEST)
    received = [row["file"] for row in rows if row["channel"] != CHANNEL]
    if received:
        raise SystemExit(f"{folder}: holds returns that were received ({', '.join(received)}); choose another --root")
    for row in rows:
        (folder / row["file"]).unlink(missing_ok=True)


def write_quarter(folder: Path, quarter: str, returns: Sequence[Return]) -> None:
    """Write all files of a quarter and their MANIFEST, in the order of receipt."""
    folder.mkdir(parents=True, exist_ok=True)
    clear_sample(folder)
    mailed: dict[str, list[Return]] = {}
    for one in returns:
        if one.file != "kobo":
            said = spelled(worded(one)) if one.file.startswith("single") else worded(one)
            mailed.setdefault(one.file, []).append(said)
    rows = [write_kobo(folder, quarter, [one for one in returns if one.file == "kobo"])]
    rows += [write_plain(folder / _plain_name(file, quarter), sent) for file, sent in mailed.items()]
    rows.sort(key=lambda row: (row["received_on"], row["file"]))
    write_csv(folder / "MANIFEST.csv", MANIFEST, [list(row.values()) for row in rows])
