"""From ODK Central's zip of CSV tables or its OData JSON to sheets with the same headers."""

import io
import json
import posixpath
import zipfile
from collections.abc import Iterator, Mapping

from helpers.ingest.admit import Remark, Unreadable, check_range, unpack
from helpers.ingest.cells import CellValue
from helpers.ingest.delimited import read_text
from helpers.ingest.sheets import Contents, Sheet, is_empty_row
from helpers.plan import questionnaire

KEY_COLUMN, PARENT_KEY_COLUMN = "KEY", "PARENT_KEY"
OdataRecord = dict[str, CellValue]
_ROOT, _PARENT = "Submissions", "__Submissions-id"


def read_archive(content: bytes, form: questionnaire.Form) -> Contents:
    """Return the tables of ODK Central's zip, not its media or audit. Raises Unreadable without submissions."""
    sheets, remarks = [], []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            is_table = name.casefold().endswith(".csv") and not name.endswith(" - audit.csv")
            if is_table and not name.startswith(("media/", "__MACOSX/")) and archive.getinfo(name).file_size:
                table = read_text(unpack(archive, name), form, posixpath.basename(name))
                sheets += table.sheets
                remarks += table.remarks
    headers = [{str(cell).strip() for cell in sheet.rows[0][1]} for sheet in sheets if sheet.rows]
    keyed = [header for header in headers if KEY_COLUMN in header]
    if all(PARENT_KEY_COLUMN in header for header in keyed):
        raise Unreadable("no_root" if keyed else "archive")
    return Contents(tuple(sheets), tuple(remarks))


def read_odata(content: bytes) -> Contents:
    """Return the tables of an OData document: submissions with their repeats expanded, or one repeat.

    Headers are those of the CSV, so that one layout reads both. The row number is the submission's position in the
    document. Raises Unreadable for any other JSON.
    """
    document, submissions = _load_submissions(content)
    count = document.get("@odata.count")
    is_page = document.get("@odata.nextLink") or (isinstance(count, int) and count > len(submissions))
    remarks = (Remark("FILE_PAGED"),) if is_page else ()
    if any(_PARENT in each for each in submissions):
        items = [(n, _item(each, {KEY_COLUMN: each.get(_PARENT)})) for n, each in enumerate(submissions, start=1)]
        context = document.get("@odata.context")
        name = context.rpartition("#")[2] if isinstance(context, str) and "#" in context else ""
        return Contents((_sheet(name, items),), remarks)
    tables: dict[str, list[tuple[int, OdataRecord]]] = {_ROOT: []}
    for number, submission in enumerate(submissions, start=1):
        record: OdataRecord = {}
        for name, value in _flatten(submission):
            if isinstance(value, list) and all(isinstance(each, dict) for each in value):
                tables.setdefault(name, []).extend((number, _item(each, record)) for each in value)
            else:
                record[name] = value
        tables[_ROOT].append((number, record))
    return Contents(tuple(_sheet(name, records) for name, records in tables.items()), remarks)


def _load_submissions(content: bytes) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return a JSON document, empty for a list, and the submissions in it."""
    try:
        # A number that Python refuses to convert stays a text, so that only its answer is withdrawn.
        text = content.decode("utf-8-sig")
        document = json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 500 else digits)
    except (ValueError, RecursionError) as reason:
        raise Unreadable("json") from reason
    document, submissions = (document, document.get("value")) if isinstance(document, dict) else ({}, document)
    is_table = isinstance(submissions, list) and all(isinstance(each, dict) for each in submissions)
    if not is_table or (submissions and not any("__id" in each for each in submissions)):
        raise Unreadable("json")
    return document, submissions


def _flatten(submission: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    """Yield every answer with its header in the CSV; ids first, since repeats point to them."""
    for name, value in sorted(submission.items(), key=lambda each: each[0] != "__id"):
        if name == "__id":
            yield KEY_COLUMN, value
        elif name == "__system" and isinstance(value, dict):
            yield from ((key[:1].upper() + key[1:], each) for key, each in value.items())
        elif isinstance(value, dict):
            yield from _flatten(value, f"{path}{name}-")
        elif "@odata." not in name:
            yield path + name, value


def _item(item: Mapping[str, object], parent: Mapping[str, CellValue]) -> OdataRecord:
    return {**dict(_flatten(item)), PARENT_KEY_COLUMN: parent.get(KEY_COLUMN)}


def _sheet(name: str, records: list[tuple[int, OdataRecord]]) -> Sheet:
    keys = [KEY_COLUMN] if name == _ROOT else [KEY_COLUMN, PARENT_KEY_COLUMN]
    header = tuple(dict.fromkeys([*keys, *(key for _, record in records for key in record)]))
    check_range(len(records), len(header), len(records) * len(header))
    rows = ((number, tuple(_cell(record.get(key)) for key in header)) for number, record in records)
    return Sheet(name, False, ((0, header), *(each for each in rows if not is_empty_row(each[1]))))


def _cell(value: object) -> CellValue:
    """Return a value as a cell; anything but text and numbers (a map position) as JSON."""
    return value if value is None or isinstance(value, (str, int, float)) else json.dumps(value, ensure_ascii=False)
