"""Writes the invented returns as three tools write them, with their MANIFEST, under a root of their own.

Kobo: a workbook in XML names with group paths, choices split and together, the repeat on a sheet of its own. ODK: a zip
of two CSV files. Mailed: one workbook a member, the questions down the page. None of it uses the workbook's own code.
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import xlsxwriter

from second.returns import HERE, QUARTERS, Return, read, read_returns

REPEAT, REPEAT_GROUP = "voyages", "sailing"
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
Table = list[list[object]]


def list_questions() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the questions of the form, each with its group, and the fields of the repeat."""
    questions, fields, group = [], [], ""
    for row in read("plan", "questionnaire", "survey.csv"):
        if row["type"].startswith("begin"):
            group = row["name"]
        elif row["type"] == "end_repeat":
            group = REPEAT_GROUP
        elif row["name"] and row["type"] != "note":
            (fields if group == REPEAT else questions).append({**row, "group": group})
    return questions, fields


def list_codes(question: dict[str, str]) -> list[str]:
    """Return the codes of a question, those since retired included."""
    choices = read("plan", "questionnaire", "choices.csv")
    return [row["name"] for row in choices if row["list_name"] == question["type"].partition(" ")[2]]


def cell(question: dict[str, str], text: str) -> object:
    """Return an answer as a workbook holds it: whole numbers as numbers, dates as dates, all else as text."""
    if question["type"] == "integer" and text.isdigit():
        return int(text)
    return date.fromisoformat(text) if question["type"] == "date" and text else text or None


def make_workbook(sheets: dict[str, Table]) -> bytes:
    """Return a workbook of plain cells."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        book.set_properties({"created": datetime(2025, 1, 1)})
        day, moment = (book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            for at in ((r, c, value) for r, row in enumerate(table) for c, value in enumerate(row)):
                if isinstance(at[2], date):
                    sheet.write_datetime(*at, moment if isinstance(at[2], datetime) else day)
                elif at[2] is not None:
                    sheet.write(*at)
    return target.getvalue()


def make_csv(table: Table) -> str:
    """Return a table as text."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([["" if x is None else x for x in row] for row in table])
    return target.getvalue()


def write_kobo(returns: Sequence[Return], _renamed: str) -> bytes:
    """Return KoboToolbox's workbook."""
    questions, fields = list_questions()
    header: list[object] = []
    for question in questions:
        header.append(path := f"{question['group']}/{question['name']}")
        if question["type"].startswith("select_multiple"):
            header += [f"{path}/{code}" for code in list_codes(question)]
    header += ["_id", "_uuid", "_submission_time", "_validation_status", "__version__", "meta/rootUuid", "_index"]
    main, items = [header], [[f"{REPEAT_GROUP}/{REPEAT}/{field['name']}" for field in fields]]
    items[0] += ["_index", "_parent_table_name", "_parent_index", "_submission__uuid"]
    for number, one in enumerate(returns, start=1):
        row: list[object] = []
        for question in questions:
            row.append(cell(question, text := one.said[question["name"]]))
            if question["type"].startswith("select_multiple"):
                row += [int(code in text.split()) if text else None for code in list_codes(question)]
        uuid = f"uuid-{one.quarter}-{one.member}"
        row += [number, uuid, datetime.combine(one.received, time(9, 30)), None, "1", uuid, number]
        main.append(row)
        for voyage in one.voyages:
            cells = [cell(field, voyage[field["name"]]) for field in fields]
            items.append([*cells, len(items), "Safe havens", number, uuid])
    return make_workbook({"Safe havens": main, REPEAT: items})


def write_odk(returns: Sequence[Return], _renamed: str) -> bytes:
    """Return ODK Central's zip."""
    questions, fields = list_questions()
    root: Table = [["SubmissionDate", *(f"{q['group']}-{q['name']}" for q in questions), "meta-instanceID", "KEY"]]
    root[0] += ["SubmitterID", "SubmitterName", "Status", "ReviewState", "Edits", "FormVersion"]
    child: Table = [[*(field["name"] for field in fields), "PARENT_KEY", "KEY"]]
    for one in returns:
        key = f"uuid:{one.quarter}-{one.member}"
        answers = (one.said[question["name"]] for question in questions)
        ends = [key, key, 5, "central", None, None, 0, "2025030101"]
        root.append([f"{one.received}T09:30:00.000Z", *answers, *ends])
        for number, voyage in enumerate(one.voyages, start=1):
            place = f"{key}/{REPEAT_GROUP}/{REPEAT}[{number}]"
            child.append([*(voyage[field["name"]] for field in fields), key, place])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in (("safe_havens.csv", root), (f"safe_havens-{REPEAT}.csv", child)):
            archive.writestr(zipfile.ZipInfo(name), make_csv(table))
    return target.getvalue()


def write_mailed(returns: Sequence[Return], renamed: str) -> bytes:
    """Return a questionnaire sent by mail, without a date of its own; `renamed`: `name=earlier name` of a question."""
    questions, fields = list_questions()
    (one,) = returns
    names = dict(pair.split("=") for pair in renamed.split())
    table: Table = [["Safe havens: an invented questionnaire"], [], ["Code", "Question", "Answer"]]
    for question in questions:
        name, label = question["name"], question["label::English (en)"]
        table.append([names.get(name, name), label, cell(question, one.said[name])])
    sheets = {"Answers": table}
    if one.voyages:
        rows = [[one.member, *(cell(field, voyage[field["name"]]) for field in fields)] for voyage in one.voyages]
        sheets[REPEAT] = [["member", *(field["name"] for field in fields)], *rows]
    return make_workbook(sheets)


WRITERS = {"kobo": write_kobo, "odk": write_odk, "mailed": write_mailed}


def place(root: Path, quarters: Sequence[str] = QUARTERS) -> Path:
    """Write the plan, the registers and the files received for some quarters, each with its MANIFEST; return root."""
    raw = root / "data" / "raw"
    for name in ("plan", "registers"):
        shutil.copytree(HERE / name, raw / name)
    for row in read("said", "files.csv"):
        own = [one for one in read_returns() if (one.quarter, one.file) == (row["quarter"], row["file"])]
        if row["quarter"] in quarters:
            content = WRITERS[row["format"]](own, row["renamed"])
            _add(raw / row["quarter"], row["name"], content, row["received_on"])
    return root


def _add(folder: Path, name: str, content: bytes, received_on: str) -> None:
    """Add a file to a quarter's folder and list it, as `papu add` does."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    with (folder / "MANIFEST.csv").open("a", encoding="utf-8", newline="") as file:
        rows = [] if file.tell() else [["file", "sha256", "received_on", "channel", "note"]]
        rows.append([name, hashlib.sha256(content).hexdigest(), received_on, "sample", "invented for the test"])
        csv.writer(file, lineterminator="\n").writerows(rows)
