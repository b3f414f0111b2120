"""The workbook of a report's tables: the same tables and numbers as the report, as numbers, and nothing that runs."""

from __future__ import annotations

import hashlib
import json
import re
import time
import zipfile
from collections.abc import Mapping
from dataclasses import replace

import openpyxl
import pytest

from helpers.i18n.formats import Badge, Translator
from helpers.report import figures
from helpers.report.blocks import Column, Table
from helpers.report.cells import Cell, Number, Picture, Shade, Text, TwoLines
from helpers.report.fit import printable
from helpers.report.xlsx.tables import name_sheets, write_tables_workbook
from invented import HOSTILE, invent
from reports import report_of, whole_report  # noqa: F401

pytestmark = pytest.mark.slow

FR = Translator("fr")
FORMULAS = ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", "http://example.org", "\x1b[31m\x00x", "x" * 40_000, HOSTILE]
BADGE = Badge("overdue", "■", "En retard", True, "dépend des non-réponses")


def table(*rows: tuple[Cell, ...], heads: tuple[str, ...] = ("ICP", "T3 2024"), **words: object) -> Table:
    """Return a table of one code and one figure, unless told otherwise; a text alone is a group."""
    items = list(rows or [("2.1.a", Number(13677))])

    def column(place: int, head: str) -> Column:
        return Column(head, 10 + 20 * place, lambda item: item[place], "end" if place else "start")

    words = {"title": "Bureaux connectés", "subtitle": "Union, T3 2024", "source": "retours"} | words
    return Table(items, [column(*pair) for pair in enumerate(heads)], **words)


@pytest.fixture
def written(tmp_path):
    """Return what writes the workbook of a report with some contents, and reads it back."""

    def run(
        *contents: Table, language: str = "fr", sample: bool = False, name: str = "tables.xlsx", **furniture: object
    ) -> openpyxl.Workbook:
        report = report_of(replace(invent(), sample=sample), language, tmp_path)
        for content in contents:
            report.add(content)
        write_tables_workbook(report.document() | furniture, report.blocks, tmp_path / name)
        return openpyxl.load_workbook(tmp_path / name)

    return run


def texts(sheet) -> list[str]:
    return [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


def row_of(sheet, first: str) -> list:
    """Return the row that begins with a text."""
    return next(list(row) for row in sheet.iter_rows() if row[0].value == first)


def cell_of(book, text: str):
    """Return the cell of the figure in the first table."""
    return row_of(book.worksheets[1], text)[1]


# --- numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "number", "value", "shown_by"),
    [
        ("fr", Number(13677), 13677, '#,##0;"−"#,##0;#,##0'),
        ("fr", Number(-3), -3, '#,##0;"−"#,##0;#,##0'),
        ("fr", Number(12, is_signed=True), 12, '+#,##0;"−"#,##0;#,##0'),
        ("fr", Number(86.66, "percent"), 0.867, '#,##0.0"\u00a0"%;"−"#,##0.0"\u00a0"%;#,##0.0"\u00a0"%'),
        ("fr", Number(100, "percent", 0), 1, '#,##0"\u00a0"%;"−"#,##0"\u00a0"%;#,##0"\u00a0"%'),
        ("en", Number(1234.5, decimals=1), 1234.5, '#,##0.0;"−"#,##0.0;#,##0.0'),
        ("en", Number(86.7, "percent"), 0.867, '#,##0.0%;"−"#,##0.0%;#,##0.0%'),
        ("en", Number(4, suffix=" c"), 4, '#,##0" c";"−"#,##0" c";#,##0" c"'),
        ("en", Number(75, "percent", suffix=" (3/4)"), 0.75, '#,##0.0%" (3/4)";"−"#,##0.0%" (3/4)";#,##0.0%" (3/4)"'),
        ("ar", Number(-1234), -1234, '#,##0;"−"#,##0;#,##0'),
    ],
)
def test_a_number_is_a_number_with_the_format_that_shows_what_is_printed(written, language, number, value, shown_by):
    cell = cell_of(written(table(("2.1.a", number)), language=language), "2.1.a")
    assert (cell.data_type, cell.value, cell.number_format) == ("n", value, shown_by)
    assert cell.alignment.horizontal == "right"


@pytest.mark.parametrize(
    ("cell", "printed"),
    [
        (Text("12 à 30", 12), "12 à 30"),
        (Number(None), "s.d."),
        (Text("T3 2024", 8098), "T3 2024"),
        ("2024", "2024"),
        ("539", "539"),
    ],
)
def test_any_other_cell_is_the_text_that_is_printed(written, cell, printed):
    found = cell_of(written(table(("2.1.a", cell))), "2.1.a")
    assert (found.data_type, found.value) == ("s", printed)


# --- cells ------------------------------------------------------------------------------------------------------


def test_statuses_pictures_pairs_and_shaded_cells_are_said_in_words(written):
    alt = "Bureaux, par trimestre : T2 1 ; T3 2"
    rows = [
        ("a", BADGE),
        ("b", Picture("<svg/>", alt, words="T2 1 ; T3 2")),
        ("c", Picture("<svg/>", alt)),
        ("d", TwoLines(Number(13677), "79,7\u00a0% (13\u202f677/17\u202f150)")),
        ("e", Number(25)),
        ("f", Shade(Number(41.5, "percent"), 3)),
        ("g", TwoLines("stade 4 sur 5", "adopté")),
    ]
    sheet = written(table(*rows, group=lambda item: "2  Infrastructure")).worksheets[1]
    found = {row[0].value: row[1].value for row in sheet.iter_rows() if row[0].value in list("abcdefg")}
    assert found == {
        "a": "■ En retard (dépend des non-réponses)",
        "b": "T2 1 ; T3 2",
        "c": alt,
        "d": 13677,
        "e": 25,
        "f": 0.415,
        "g": "stade 4 sur 5\nadopté",
    }
    pair = row_of(sheet, "d")[1].number_format
    assert pair.startswith('#,##0" · 79,7\u00a0% (13\u202f677/17\u202f150)";')
    assert row_of(sheet, "2  Infrastructure")[0].font.bold


def test_hostile_texts_stay_texts(written, tmp_path):
    hostile = dict.fromkeys(("title", "subtitle", "note", "source", "n"), HOSTILE) | {"heads": (HOSTILE, "=1")}
    content = table(*((text, text) for text in FORMULAS), group=lambda item: item[0], **hostile)
    book = written(content, foot="& &P " + HOSTILE, title="=1+1", author=HOSTILE)
    said = texts(book.worksheets[1])
    assert {"=1+1", "+SUM(A1)", "-2+3", "@x", "http://example.org", printable(HOSTILE)} <= set(said)
    assert max(map(len, said)) == 32_767 and not [text for text in said if re.search("[\x00-\x08\x1b]", text)]
    with zipfile.ZipFile(tmp_path / "tables.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, part in parts.items() if re.search(rb"<f[ >]", part)]
    assert not [name for name, part in parts.items() if b'TargetMode="External"' in part or b"vba" in part.lower()]


def test_a_place_where_a_printed_line_may_fold_is_left_out(written):
    book = written(table(("offices_\u200bconnected", Number(1))))
    assert "offices_connected" in texts(book.worksheets[1])


# --- sheets -----------------------------------------------------------------------------------------------------


def test_the_contents_name_the_report_its_marks_its_tables_and_its_figures(tmp_path):
    report = report_of(invent(), "pt", tmp_path)
    report.cover()
    for content in (table(), figures.response_map(report), table(title="Réponses")):
        report.add(content)
    report.legend()
    write_tables_workbook(report.document(), report.blocks, tmp_path / "tables.xlsx")
    book, t = openpyxl.load_workbook(tmp_path / "tables.xlsx"), report.t
    sheet, (first, second) = book.worksheets[0], (f"{t('Table')} {number}" for number in (1, 2))
    assert book.sheetnames == [t("Contents"), first, second] and sheet["A1"].value == report.document()["title"]
    for words in (t("invented sample: no figure here is real"), t("unofficial translation")):
        assert all(words in texts(each) for each in book)
    assert row_of(sheet, t("Input id: ").strip())[1].value == report.tables.input_id
    assert row_of(sheet, t.missing)[1].value == t("no data")
    assert [cell.value for cell in row_of(sheet, second)] == [second, "Réponses", "Union, T3 2024"]
    shown = report.blocks[2].data
    assert [cell.value for cell in row_of(sheet, f"{t('Figure')} 1")][1:] == [shown["title"], shown["description"]]
    assert row_of(sheet, second)[0].hyperlink.location == f"'{second}'!A1"


def test_a_table_has_its_title_who_note_and_source_and_a_way_back(written):
    said = table(n="33/45 membres", note="en cours", title="Bureaux")
    sheet = written(said).worksheets[1]
    assert texts(sheet) == [
        "Tableau 1 · Bureaux", "Union, T3 2024", "Retour au sommaire", "ICP", "T3 2024", "2.1.a",
        f"{FR('Who: ')}33/45 membres", f"{FR('Note: ')}en cours", f"{FR('Source: ')}retours",
    ]  # fmt: skip
    assert row_of(sheet, "Retour au sommaire")[0].hyperlink.location == "'Sommaire'!A1"


def test_a_long_note_goes_on_in_the_next_rows_and_no_cell_is_merged(written):
    note = "un retour refusé n’en arrête aucun autre " * 12
    sheet = written(table(note=note)).worksheets[1]
    lines = texts(sheet)
    first = next(n for n, line in enumerate(lines) if line.startswith("Note"))
    assert " ".join(lines[first:-1]).split() == ["Note", ":", *note.split()]
    assert not sheet.merged_cells.ranges


def test_a_sheet_is_fit_to_be_read_and_printed(written):
    sheet = written(table(), sample=True).worksheets[1]
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A6", "$5:$5")
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert "invented sample" in sheet.oddHeader.center.text and "0123456789ab" in sheet.oddFooter.left.text
    assert sheet.column_dimensions["B"].width > 2.5 * sheet.column_dimensions["A"].width


def test_arabic_is_read_from_the_right_and_its_codes_stay_bare(written):
    rows = [("2.1.a", Number(1)), ("المؤشر 2.1.a متصل", Number(2))]
    sheet = written(table(*rows), language="ar").worksheets[1]
    assert sheet.sheet_view.rightToLeft
    assert row_of(sheet, "2.1.a")[0].alignment.readingOrder == 1
    assert row_of(sheet, "المؤشر \u20662.1.a\u2069 متصل")[0].alignment.readingOrder == 2


def test_the_document_says_its_title_subject_and_language(written):
    book = written(table(), title="Plan d’action – T3 2024", subtitle="Rapport trimestriel")
    found = book.properties
    assert (found.title, found.subject) == ("Plan d’action – T3 2024", "Rapport trimestriel")
    assert (found.created.date().isoformat(), book.custom_doc_props["Language"].value) == ("2024-11-14", "fr")


def test_names_of_sheets_are_legal_short_and_each_its_own():
    assert name_sheets(["Sommaire", "a/b:c", "Tableau " + "9" * 40, "sommaire", "''", ""]) == [
        "Sommaire", "a b c", "Tableau " + "9" * 23, "sommaire 2", "–", "– 2",
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak"])
def test_the_same_report_is_the_same_bytes_under_any_name_and_time_zone(written, tmp_path, monkeypatch, zone):
    written(table(), sample=True)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    (tmp_path / "é").mkdir()
    written(table(), sample=True, name="é/other.xlsx")
    monkeypatch.delenv("TZ")
    time.tzset()
    first, second = tmp_path / "tables.xlsx", tmp_path / "é" / "other.xlsx"
    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()
    assert [path.name for path in second.parent.iterdir()] == ["other.xlsx"]


# --- a whole report ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["fr", "en"])
def document_and_book(request, whole) -> tuple[Mapping, openpyxl.Workbook]:
    """Return a whole report's document, hostile texts in it, and its workbook."""
    folder, language = whole(request.param), request.param
    document = json.loads((folder / f"report_{language}.json").read_text(encoding="utf-8"))
    return document, openpyxl.load_workbook(folder / f"tables_{language}.xlsx")


def test_every_table_has_its_sheet_and_every_figure_its_line(document_and_book):
    made, book = document_and_book
    blocks = [block for block in made["blocks"] if block["kind"] == "table"]
    names = [f"{made['words']['table']} {block['number']}" for block in blocks]
    assert book.sheetnames[1 : len(names) + 1] == names and len(blocks) > 15
    others = book.sheetnames[len(names) + 1 :]  # of the themes, the changes, the references, the inputs, all revisions
    assert len(others) == 10 and all(re.fullmatch(r"\w+ W\d+", name) for name in others)
    assert [book[name]["A1"].value for name in names] == [
        f"{name} · {block['title']}" for name, block in zip(names, blocks, strict=True)
    ]
    listed = texts(book.worksheets[0])
    for block in made["blocks"]:
        if block["kind"] in ("table", "figure"):
            assert block["title"] in listed
            assert block["kind"] == "table" or block["description"] in listed


def flat(cell: object) -> str:
    """Return all that a cell of a block prints."""
    if not isinstance(cell, Mapping):
        return str(cell)
    return " ".join(str(cell[name]) for name in ("word", "remark", "strong", "more", "words", "text") if cell.get(name))


def reprint(cell, t: Translator) -> str:
    """Return a cell of a sheet as the report prints it, by its number format."""
    if cell.data_type != "n" or cell.value is None:
        return "" if cell.value is None else str(cell.value)
    shown = cell.number_format.split(";")[0]
    after = "".join(re.findall(r'"([^"]*)"', shown)).lstrip("\u00a0")
    decimals = len(re.split(r"[\"%;]", shown)[0].partition(".")[2])
    if "%" in re.sub(r'"[^"]*"', "", shown):
        return t.percent(cell.value * 100, decimals) + after
    return (t.signed if shown[0] == "+" else t.number)(cell.value, decimals) + after


def test_every_printed_number_of_a_table_is_found_in_its_sheet_in_its_place(document_and_book):
    made, book = document_and_book
    t = Translator(made["language"])
    digits = re.compile(r"\d[\d\u202f.,]*")
    numbers = 0
    for block in (block for block in made["blocks"] if block["kind"] == "table"):
        sheet = book[f"{made['words']['table']} {block['number']}"]
        head = next(row[0].row for row in sheet.iter_rows() if row[0].value == block["columns"][0])
        for at, row in enumerate(block["rows"], start=head + 1):
            printed = [row["group"]] if "group" in row else [flat(cell) for cell in row["cells"]]
            for column, text in enumerate(printed, start=1):
                cell = sheet.cell(at, column)
                numbers += cell.data_type == "n" and cell.value is not None
                assert digits.findall(reprint(cell, t)) == digits.findall(text.replace("\u200b", ""))
    assert numbers > 400


def test_rules_kpis_members_and_digests_are_texts_in_a_whole_report(document_and_book):
    _, book = document_and_book
    for sheet in book.worksheets[1:]:
        firsts = [row[0] for row in sheet.iter_rows(min_row=4) if row[0].value is not None]
        assert not [cell.coordinate for cell in firsts if cell.data_type == "n"]
