"""Workbooks are read as a person sees them, and whatever a program wrote badly that no value depends on."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta

import openpyxl
import pytest
import xlsxwriter

from conftest import ROOT
from helpers.ingest.admit import WORKBOOK, Unreadable, admit
from helpers.ingest.cells import Formula, ShownAs, stored_value
from helpers.ingest.xlsx import read_workbook

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STRICT = "http://purl.oclc.org/ooxml/"


def workbook(fill) -> bytes:
    """Return a workbook of one sheet, filled by a function of the book and the sheet."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        fill(book, book.add_worksheet("returns"))
    return made.getvalue()


PLAIN = workbook(
    lambda book, sheet: [
        sheet.write_row(0, 0, ["member", "staff_total", "day"]),
        sheet.write_row(1, 0, ["GHA", 9]),
        sheet.write_datetime(1, 2, datetime(2024, 10, 7), book.add_format({"num_format": "dd/mm/yyyy"})),
    ]
)
ROWS = [["member", "staff_total", "day"], ["GHA", 9, datetime(2024, 10, 7)]]


def repacked(parts: Mapping[str, bytes | None] = {}, renamed: Mapping[str, str] = {}, **replaced: str) -> bytes:
    """Return PLAIN with parts added, left out (None) or renamed, and texts replaced in every XML part."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as before, zipfile.ZipFile(made, "w") as after:
        contents = {name: before.read(name) for name in before.namelist()} | dict(parts)
        for name, content in contents.items():
            for old, new in replaced.get("texts", ()):
                content = content and re.sub(old, new, content.decode()).encode()
            if content is not None:
                after.writestr(renamed.get(name, name), content)
    return made.getvalue()


def rows_of(content: bytes) -> list[list[object]]:
    assert admit(content) == WORKBOOK
    return [[stored_value(cell) for cell in row] for _, row in read_workbook(content).sheets[0].rows]


def cells_of(xml: str, **parts: str) -> list[object]:
    """Return the cells of a sheet given as XML."""
    sheet = f"<worksheet {MAIN}><sheetData>{xml}</sheetData></worksheet>".encode()
    (found,) = read_workbook(repacked({"xl/worksheets/sheet1.xml": sheet})).sheets
    return [cell for _, row in found.rows for cell in row]


def remarks_of(content: bytes) -> dict[str, tuple[str, ...]]:
    return {remark.key: remark.cells for remark in read_workbook(content).remarks}


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        repacked(texts=[("<fills .*</fills>", "<fills><fill/></fills>")]),
        repacked(texts=[('<family val="2"/>', '<family val="34"/>')]),
        repacked(texts=[("<color [^>]*/>", '<color rgb="#12"/>')]),
        repacked(texts=[("<dcterms:created.*?</dcterms:created>", "<dcterms:created>hier</dcterms:created>")]),
        repacked(renamed={"xl/sharedStrings.xml": "xl/SharedStrings.xml"}),
        repacked(renamed={"xl/styles.xml": "xl/looks/styles.xml", "xl/sharedStrings.xml": "sharedStrings.xml"}),
        repacked({"docProps/core.xml": b"<broken", "xl/theme/theme1.xml": None}),
        repacked(texts=[("http://schemas.openxmlformats.org/(officeDocument)/2006/", STRICT + r"\1/"),
                        ("http://schemas.openxmlformats.org/(spreadsheetml)/2006/", STRICT + r"\1/")]),
    ],
    ids=["as it was", "fill", "font", "colour", "properties", "name of a part", "moved parts", "theme", "strict"],
)  # fmt: skip
def test_what_no_value_depends_on_never_stands_in_the_way(content):
    assert rows_of(content) == ROWS


@pytest.mark.parametrize(
    "parts",
    [
        {"xl/styles.xml": b"<styleSheet"}, {"xl/worksheets/sheet1.xml": None}, {"xl/sharedStrings.xml": b"<sst/>"},
        {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row r='x'/></sheetData></worksheet>"},
    ],
)  # fmt: skip
def test_a_part_that_values_depend_on_is_to_be_saved_again(parts):
    with pytest.raises(Unreadable) as found:
        read_workbook(repacked(parts))
    assert found.value.reason == "resave"


def test_a_number_that_shows_another_keeps_both():
    def fill(book, sheet):
        sheet.write(0, 0, 1, book.add_format({"num_format": "0%"}))
        sheet.write(0, 1, 9, book.add_format({"num_format": "# ##0"}))
        sheet.write_formula(0, 2, "=A1", book.add_format({"num_format": "0.0%"}), 0.5)

    ((_, row),) = read_workbook(workbook(fill)).sheets[0].rows
    assert row[:2] == (ShownAs(1, "100%"), 9)
    assert isinstance(row[2], Formula) and row[2].stored == ShownAs(0.5, "50.0%")


def test_raised_lowered_and_struck_digits_are_seen_apart():
    def fill(book, sheet):
        raised, lowered = (book.add_format({"font_script": script}) for script in (1, 2))
        struck = book.add_format({"font_strikeout": True})
        for column, parts in enumerate(
            [("9", raised, "1"), ("H", lowered, "2", "O"), (struck, "8", " 9"), ("n", raised, "o", " a")]
        ):
            sheet.write_rich_string(0, column, *parts)

    ((_, row),) = read_workbook(workbook(fill)).sheets[0].rows
    assert row == (ShownAs("91", "9¹"), ShownAs("H2O", "H₂O"), ShownAs("8 9", "-8- 9"), "no a")


def test_struck_hidden_and_merged_cells_are_remarked_on():
    def fill(book, sheet):
        sheet.write_row(0, 0, ["member", "a", "b"])
        sheet.write(1, 1, 5, book.add_format({"font_strikeout": True}))
        sheet.write(2, 1, 6, book.add_format({"num_format": ";;;"}))
        sheet.merge_range("C2:C3", 7)
        sheet.set_column("D:D", 0)
        sheet.write("D4", 8)
        sheet.set_row(4, None, None, {"hidden": True})
        sheet.write("A5", "SEN")

    assert remarks_of(workbook(fill)) == {
        "CELL_STRUCK": ("B2",), "CELL_HIDDEN": ("B3",), "SHEET_HIDDEN_ROWS": ("D:D", "5:5"), "CELL_MERGED": ("C2:C3",),
    }  # fmt: skip


def test_characters_that_xml_cannot_hold_are_read_as_they_are():
    assert cells_of('<row r="1"><c r="A1" t="inlineStr"><is><t>a_x000D_b_x005F_x0041_</t></is></c></row>') == [
        "a\rb_x0041_"
    ]


def test_a_formula_that_shows_nothing_is_a_blank_and_one_without_a_value_is_none():
    xml = '<row r="1"><c r="A1" t="str"><f>IF(1,"")</f><v></v></c><c r="B1"><f>1+1</f></c><c r="C1"><v>3</v></c></row>'
    blank, formula, number = cells_of(xml)
    assert blank == "" and number == 3
    assert isinstance(formula, Formula) and formula == "=1+1" and formula.stored is None


def test_shared_formulas_keep_the_text_of_the_first():
    first = '<c r="A1"><f t="shared" ref="A1:B1" si="0">C1*2</f><v>4</v></c>'
    cells = cells_of(f'<row r="1">{first}<c r="B1"><f t="shared" si="0"/><v>6</v></c></row>')
    assert [(str(cell), cell.stored) for cell in cells] == [("=C1*2", 4), ("=C1*2", 6)]


def test_a_number_that_no_machine_reads_is_a_text_and_the_others_stand():
    written = ["9" * 4_301, "1e999", "7"]
    cells = cells_of("<row>" + "".join(f"<c><v>{text}</v></c>" for text in written) + "</row>")
    assert cells == [written[0], float("inf"), 7]


def test_a_value_that_no_machine_holds_is_its_cells_alone_whatever_its_format():
    def fill(book, sheet):
        sheet.write(0, 0, 5, book.add_format({"num_format": "0"}))
        sheet.write(0, 1, 5, book.add_format({"num_format": "yyyy-mm-dd"}))

    content = workbook(fill)
    for digits in (400, 4_301):
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(made, "w") as after:
            for name in before.namelist():
                after.writestr(name, before.read(name).replace(b"<v>5</v>", b"<v>" + b"9" * digits + b"</v>"))
        assert rows_of(made.getvalue()) == [["9" * digits] * 2]
    assert cells_of('<row><c t="d"><v>hier</v></c><c><v>7</v></c></row>') == ["hier", 7]


def test_cells_are_placed_by_their_addresses_in_any_order_and_case():
    cells = cells_of('<row r="1"><c r="C1"><v>3</v></c><c r="a1"><v>1</v></c></row>')
    assert cells == [1, None, 3]


def test_a_cell_whose_address_cannot_be_read_is_never_placed_by_guess():
    with pytest.raises(Unreadable) as found:
        cells_of('<row r="1"><c r="?"><v>3</v></c></row>')
    assert found.value.reason == "resave"


def test_cells_and_rows_without_an_address_follow_one_another():
    assert cells_of("<row><c><v>1</v></c><c><v>2.5</v></c></row><row><c t='b'><v>1</v></c></row>") == [1, 2.5, True]


def test_dates_of_both_calendars_and_durations_are_those_shown():
    def fill(book, sheet):
        for column, code in enumerate(["yyyy-mm-dd", "[h]:mm"]):
            sheet.write(0, column, 2.5, book.add_format({"num_format": code}))

    book = workbook(fill)
    assert rows_of(book) == [[datetime(1900, 1, 2, 12), timedelta(days=2, hours=12)]]


RECEIVED = sorted((ROOT / "data" / "raw" / "2024Q3").glob("*.xlsx"))


@pytest.mark.parametrize("path", RECEIVED, ids=lambda path: path.stem[:12])
def test_the_samples_workbooks_are_read_as_another_reader_does(path):
    contents, book = read_workbook(path.read_bytes()), openpyxl.load_workbook(path, data_only=True)
    assert [sheet.name for sheet in contents.sheets] == book.sheetnames
    for sheet in contents.sheets:
        wanted = dict(enumerate(book[sheet.name].iter_rows(values_only=True), start=1))
        for number, row in sheet.rows:
            held = [None if cell == "" else stored_value(cell) for cell in row]
            assert held == list(wanted.pop(number)[: len(held)])
        assert not any(any(cell is not None for cell in row) for row in wanted.values())
