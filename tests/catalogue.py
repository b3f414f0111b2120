"""The bad and awkward inputs of formats.md, section 4: workbooks and archives here, text files in catalogue_text.

`CATALOGUE` holds a writer of the bytes of each, keyed by its row of the catalogue and its name.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, time
from functools import cache

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from catalogue_text import BASE, QUARTER, TEXTS, Row, Writers, csv_of, edited, questions, table_of
from conftest import PLAN, Formula, write_workbook
from exports import MICROSOFT, Table, labelled
from helpers.plan.questionnaire import Question, read_form

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
_MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def name_of(key: str) -> str:
    """Return the name of an input's file."""
    return key.partition("-")[2]


def number_of(key: str) -> int:
    """Return the row of the catalogue that describes an input."""
    return int(key.partition("-")[0])


# --- workbooks and archives -------------------------------------------------------------------------------------


def book_of(sheets: Mapping[str, Table], hidden: str = "") -> bytes:
    """Return a workbook of sheets of plain cells and formulas."""
    made = io.BytesIO()
    write_workbook(made, sheets, hidden)
    return made.getvalue()


def returns_of(*returns: Row) -> bytes:
    """Return a workbook with returns, the six unless others are given, on its sheet `returns`."""
    return book_of({"returns": table_of(returns or BASE)})


def touched(touch: Callable[[openpyxl.Workbook], object]) -> bytes:
    """Return the workbook of the six returns, saved again after a hand has been at it."""
    made, book = io.BytesIO(), openpyxl.load_workbook(io.BytesIO(returns_of()))
    touch(book)
    book.save(made)
    return made.getvalue()


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """Return a zip of some files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_parts(parts: Mapping[str, bytes]) -> bytes:
    """Return the workbook of the six returns with some parts replaced or added."""
    return zipped(parts_of(returns_of()) | parts)


# --- hostile ones -----------------------------------------------------------------------------------------------


def _crc_error() -> bytes:
    """Overwrite the first half of what the sheet was packed to."""
    content = returns_of()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.getinfo(SHEET)
    start = sheet.header_offset + 30 + len(sheet.filename)
    half = sheet.compress_size // 2
    return content[:start] + b"\xff" * half + content[start + half :]


@cache
def _zip_bomb() -> bytes:
    """Return a workbook whose sheet unpacks from 0.12 MB to 120 MB."""
    return zipped({"xl/workbook.xml": b"<workbook/>", SHEET: b" " * 120_000_000})


def _zip_bomb_that_lies() -> bytes:
    """Return a workbook whose sheet unpacks to 1 GB and declares 1 000 bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)  # stands for itself: it may repeat
    packed = megabyte * 1_000 + packer.flush()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in parts_of(returns_of()).items():
            archive.writestr(name, packed if name == SHEET else part)
        sheet = archive.getinfo(SHEET)
    content = bytearray(made.getvalue())
    entry = content.rindex(SHEET.encode()) - 46
    for at in (sheet.header_offset + 8, entry + 10):  # the method of packing, then 12 bytes on the size unpacked
        struct.pack_into("<H", content, at, zipfile.ZIP_DEFLATED)
        struct.pack_into("<I", content, at + 14, 1_000)
    return bytes(content)


def _sparse_dimension_bomb() -> bytes:
    """Return a workbook with two cells, A1 and XFD1048576."""
    far = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return with_parts(
        {
            SHEET: b"<worksheet "
            + _MAIN
            + b'><dimension ref="A1:XFD1048576"/><sheetData>'
            + far
            + b"</sheetData></worksheet>"
        }
    )


_XXE = (
    b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY e SYSTEM "file:///etc/hostname">]><sst '
    + _MAIN
    + b"><si><t>&e;</t></si></sst>"
)
_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a0 "lol">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]><sst "
    + _MAIN
    + b"><si><t>&a9;</t></si></sst>"
)


def _dtd_in_another_part() -> bytes:
    """Return a workbook whose strings stand in a part that is not named .xml, one of them as an entity."""
    parts = parts_of(returns_of())
    strings = parts.pop(STRINGS).replace(b"<t>Merci</t>", b"<t>&e;</t>")
    strings = strings.replace(b"<sst", b'<!DOCTYPE sst [<!ENTITY e "Merci">]><sst', 1)
    for name in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels"):
        parts[name] = parts[name].replace(b"sharedStrings.xml", b"sharedStrings.dat")
    return zipped(parts | {"xl/sharedStrings.dat": strings})


def _odk_zip(name: str = "upap.csv", header: str = "SubmissionDate,member,quarter,KEY") -> bytes:
    return zipped({name: f"{header}\n2024-10-10T09:30:05.000Z,SEN,{QUARTER},uuid:1\n".encode()})


def _many_duplicate_keys() -> bytes:
    """Return 305 rows for six members: a list of staff under a questionnaire's header."""
    return returns_of(*({**BASE[n % 6], "staff_women": 100 + n} for n in range(305)))


# --- what a hand does to a sheet --------------------------------------------------------------------------------


def _title_rows_above_header() -> bytes:
    titles = [["Union panafricaine des postes"], [], ["Questionnaire trimestriel"], ["T3 2024", "définitif"], []]
    return book_of({"returns": [*titles, *table_of()]})


def _merged_two_level_header() -> bytes:
    themes = read_form(PLAN / "questionnaire").groups
    groups = [themes[question.group]["fr"] for question in questions().values()]
    first = [group if group not in groups[:n] else None for n, group in enumerate(groups)]
    made, book = io.BytesIO(), openpyxl.load_workbook(io.BytesIO(book_of({"returns": [first, *table_of()]})))
    for group in dict.fromkeys(groups):
        start = groups.index(group) + 1
        book.active.merge_cells(start_row=1, end_row=1, start_column=start, end_column=start + groups.count(group) - 1)
    book.save(made)
    return made.getvalue()


def _hide_row_and_column(book: openpyxl.Workbook) -> None:
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["G"].hidden = True


def _formulas_without_stored_values() -> bytes:
    return returns_of(*(row | {"offices_connected": Formula("=C2-1")} for row in BASE))


def _formula_errors() -> bytes:
    return returns_of(
        *edited(
            SEN={"offices_connected": Formula("=C2/0", "#DIV/0!")}, KEN={"staff_women": "#REF!"},
            EGY={"cloud_use": Formula("=NA()", "#N/A")}, MAR={"comment": Formula('=A1+"x"', "#VALUE!")},
            NGA={"services_efinance": "#N/A"},
        )
    )  # fmt: skip


def _down_the_page(row: Row) -> Table:
    """Return the mailed questionnaire of a member: a title, then code, question and answer."""
    asked = [[name, question.label["fr"], row.get(name)] for name, question in questions().items()]
    sent = ["submitted_on", None, row["submitted_on"]]
    return [["Questionnaire trimestriel"], [], ["Code", "Question", "Réponse"], *asked, sent]


def _comment_and_stray_note(book: openpyxl.Workbook) -> None:
    book.active["D3"].comment = Comment("Figure to be confirmed", "operator")
    book.active["B10"] = "to be checked with the regions"


def _trailing_blank_area(book: openpyxl.Workbook) -> None:
    for number in range(8, 3_000):
        book.active.cell(number, 1).fill = PatternFill("solid", "FFFFEE")
    book.active.cell(5_000, 40).value = " "


def _numbers_stored_as_text() -> bytes:
    return book_of({"returns": [[None if cell is None else str(cell) for cell in row] for row in table_of()]})


def _set_1904(book: openpyxl.Workbook) -> None:
    book.epoch = CALENDAR_MAC_1904


def _protect(book: openpyxl.Workbook) -> None:
    book.active.protection.set_password("open")


def microsoft_header(question: Question) -> str:
    """Return the French label of a question as Microsoft Forms heads a column: no-break blanks in long ones."""
    label = question.label["fr"]
    return label if len(label) < 80 else label.replace(" ", "\u00a0", 1) + "\n"


def _ms_forms_fr() -> bytes:
    asked = questions().values()
    table: Table = [[*MICROSOFT["fr"], *map(microsoft_header, asked)]]
    for number, row in enumerate(BASE, start=1):
        sent = datetime.combine(row["submitted_on"], time(9, 30, 5))
        answers = [labelled(question, row.get(question.name), "fr", ";") for question in asked]
        many = [question.type == "select_multiple" and answer for question, answer in zip(asked, answers, strict=True)]
        joined = [f"{answer};" if is_many else answer for answer, is_many in zip(answers, many, strict=True)]
        table.append([number, sent, sent, "anonymous", None, *joined])
    return book_of({"Form1": table})


FILES: Writers = {
    "10-data_in_hidden_sheet.xlsx": lambda: book_of({"notes": [["x"]], "réponses": table_of()}, hidden="réponses"),
    # A compound file as spreadsheets encrypt to, and one as they wrote until 2003.
    "11-encrypted_password.xlsx": lambda: _OLE + "EncryptedPackage".encode("utf-16-le") + b"\0" * 512,
    "12-truncated.xlsx": lambda: returns_of()[: 2 * len(returns_of()) // 3],
    "13-crc_error.xlsx": _crc_error,
    "15-zip_bomb.xlsx": _zip_bomb,
    "15-zip_bomb_that_lies.xlsx": _zip_bomb_that_lies,
    "16-sparse_dimension_bomb.xlsx": _sparse_dimension_bomb,
    # Many rows that begin and never end: whoever looks for the end of each reads the sheet as often.
    "16-rows_without_end.xlsx": lambda: with_parts({SHEET: b"<worksheet " + _MAIN + b">" + b"<row " * 12_000}),
    "17-xxe.xlsx": lambda: with_parts({STRINGS: _XXE}),
    "17-dtd_in_another_part.xlsx": _dtd_in_another_part,
    "18-billion_laughs.xlsx": lambda: with_parts({STRINGS: _LAUGHS}),
    # Names that would leave the folder they are unpacked to.
    "19-path_traversal_dots.csv.zip": lambda: _odk_zip("../../upap.csv"),
    "19-path_traversal_absolute.csv.zip": lambda: _odk_zip("/etc/upap.csv"),
    "19-path_traversal_backslash.csv.zip": lambda: _odk_zip("..\\upap.csv"),
    "20-zip_without_root_table.csv.zip": lambda: _odk_zip("upap-innovations.csv", "kind,title,PARENT_KEY,KEY"),
    "21-zip_nested.zip": lambda: zipped({"inner.zip": _odk_zip()}),
    "22-symlink_outside.csv": lambda: csv_of(),
    "23-many_duplicate_keys.xlsx": _many_duplicate_keys,
    "23-many_identical_rows.xlsx": lambda: returns_of(*(BASE[n % 6] for n in range(305))),
    # Dates as bare serial numbers: 45385 is 3 April 2024, 45575 10 October 2024.
    "69-excel_serial_dates.xlsx": lambda: returns_of(*edited(SEN={"roadmap_adopted_on": 45385, "submitted_on": 45575})),
    "70-title_rows_above_header.xlsx": _title_rows_above_header,
    "71-merged_two_level_header.xlsx": _merged_two_level_header,
    "72-two_data_sheets.xlsx": lambda: book_of(
        {"returns": table_of(), "T2 2024": table_of([row | {"quarter": "2024Q2"} for row in BASE])}
    ),
    "73-hidden_row_column.xlsx": lambda: touched(_hide_row_and_column),
    "74-formulas_without_stored_values.xlsx": _formulas_without_stored_values,
    "75-formula_errors.xlsx": _formula_errors,
    "76-transposed_form.xlsx": lambda: book_of({"Questionnaire": _down_the_page(BASE[0])}),
    "76-transposed_form_with_faults.xlsx": lambda: book_of(
        {
            "Questionnaire": _down_the_page(
                BASE[0] | {"offices_connected": 136, "services_efinance": "Portefeuille mobile; Paiement de factures"}
            )
        }
    ),
    "77-one_sheet_per_country.xlsx": lambda: book_of({str(row["member"]): _down_the_page(row) for row in BASE[:3]}),
    "78-cell_comments.xlsx": lambda: touched(_comment_and_stray_note),
    "80-xlsx_named_csv.csv": lambda: returns_of(),
    "81-macro_enabled.xlsm": lambda: with_parts({"xl/vbaProject.bin": b"no macro"}),
    "89-ms_forms_fr.xlsx": _ms_forms_fr,
    "91-good_base.xlsx": lambda: returns_of(),
    "100-date_1904.xlsx": lambda: touched(_set_1904),
    "101-trailing_blank_area.xlsx": lambda: touched(_trailing_blank_area),
    "102-numbers_stored_as_text.xlsx": _numbers_stored_as_text,
    "103-sheet_protected.xlsx": lambda: touched(_protect),
    "104-legacy_biff.xls": lambda: _OLE + "Workbook".encode("utf-16-le") + b"\0" * 512,
    "104-opendocument.ods": lambda: zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}),
    "105-~$good_base.xlsx": lambda: b"\x08operator" + b" " * 156,
}
CATALOGUE: Writers = dict(sorted((TEXTS | FILES).items(), key=lambda entry: number_of(entry[0])))
