"""The workbook of a report's tables: the same tables and numbers as the report, as numbers, and nothing that runs."""

from __future__ import annotations

import hashlib
import re
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest

from helpers.i18n import catalogue, formats
from helpers.i18n.formats import Translator
from helpers.i18n.terms import SYMBOLS
from helpers.report.document import Report
from helpers.report.xlsx.tables import name_sheets, write_tables_workbook
from invented import HOSTILE, invent
from reports import make

FORMULAS = ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", "http://example.org", "\x1b[31m\x00x", "x" * 40_000, HOSTILE]
CHIP = {"status": "overdue", "symbol": "■", "word": "En retard", "hollow": True, "remark": "dépend des non-réponses"}


def table(number: int = 1, **said: object) -> dict[str, object]:
    """Return a table's block of one code and one figure, unless told otherwise."""
    block = {
        "kind": "table", "number": number, "title": "Bureaux connectés", "subtitle": "Union, T3 2024", "n": "",
        "note": "", "source": "retours", "columns": ["ICP", "T3 2024"], "right": [False, True], "widths": [10, 30],
        "rows": [{"cells": ["2.1.a", "13\u202f677"]}],
    }  # fmt: skip
    return block | said


def document(*blocks: Mapping, language: str = "fr", sample: bool = False, **said: object) -> dict[str, object]:
    """Return a report's document with some blocks."""
    names = {"table": "Tableau", "figure": "Figure", "n": "Réponses : ", "note": "Note : ", "source": "Source : "}
    return {
        "language": language, "as_of": "2024-11-14", "sample": sample, "title": "Plan d’action – T3 2024, provisoire",
        "subtitle": "Rapport trimestriel", "author": "UPAP", "keywords": ["UPAP", "2024Q3"],
        "foot": "T3 2024, données au 14 novembre 2024 · empreinte 0123456789ab",
        "sample_words": "Données fictives / invented sample", "words": names,
        "statuses": {status: ["#0072B2", "#FFFFFF"] for status in SYMBOLS}, "blocks": list(blocks),
        "bands": ["#FFFFFF", "#EEF3F7", "#D6E4EF", "#B8D0E3"],
    } | said  # fmt: skip


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Return what writes a document and reads it back; a language without a catalogue yet borrows the English one."""
    read = catalogue.read_catalogue
    monkeypatch.setattr(formats, "read_catalogue", lambda name: read(name if name == "fr" else "en"))

    def run(*blocks: Mapping, **said: object) -> openpyxl.Workbook:
        write_tables_workbook(document(*blocks, **said), tmp_path / "tables.xlsx")
        return openpyxl.load_workbook(tmp_path / "tables.xlsx")

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
    ("language", "printed", "value", "shown_by"),
    [
        ("fr", "13\u202f677", 13677, '#,##0;"−"#,##0;#,##0'),
        ("fr", "−3", -3, '#,##0;"−"#,##0;#,##0'),
        ("fr", "+12", 12, '+#,##0;"−"#,##0;#,##0'),
        ("fr", "86,7\u00a0%", 0.867, '#,##0.0"\u00a0"%;"−"#,##0.0"\u00a0"%;#,##0.0"\u00a0"%'),
        ("fr", "100\u00a0%", 1, '#,##0"\u00a0"%;"−"#,##0"\u00a0"%;#,##0"\u00a0"%'),
        ("en", "1,234.5", 1234.5, '#,##0.0;"−"#,##0.0;#,##0.0'),
        ("en", "86.7%", 0.867, '#,##0.0%;"−"#,##0.0%;#,##0.0%'),
        ("pt", "1.234,5", 1234.5, '#,##0.0;"−"#,##0.0;#,##0.0'),
        ("ar", "\u206686.7%\u2069", 0.867, '#,##0.0%;"−"#,##0.0%;#,##0.0%'),
        ("ar", "\u2066−1,234\u2069", -1234, '#,##0;"−"#,##0;#,##0'),
    ],
)
def test_a_plain_number_is_a_number_with_the_format_that_shows_the_same_digits(
    written, language, printed, value, shown_by
):
    cell = cell_of(written(table(rows=[{"cells": ["2.1.a", printed]}]), language=language), "2.1.a")
    assert (cell.data_type, cell.value, cell.number_format) == ("n", value, shown_by)
    assert cell.alignment.horizontal == "right"


@pytest.mark.parametrize(
    "printed",
    ["86,7\u00a0% (39/45)", "12 à 30", "s.d.", "n.a.", "4 c", "13\u202f570 r", "2024", "≥\u00a012", "3 sur 4"],
)
def test_any_other_text_stays_the_text_that_is_printed(written, printed):
    cell = cell_of(written(table(rows=[{"cells": ["2.1.a", printed]}])), "2.1.a")
    assert (cell.data_type, cell.value) == ("s", printed)


@pytest.mark.parametrize("code", ["12", "2.1", "V04", "2024", "539", "5.1.a"])
def test_a_code_never_becomes_a_number_where_the_column_holds_no_figures(written, code):
    book = written(table(rows=[{"cells": [code, "1"]}]), language="en")
    assert row_of(book.worksheets[1], code)[0].data_type == "s"


def test_a_column_may_hold_figures_without_being_set_at_the_right(written):
    block = table(right=[False, False], figures=[False, True])
    assert cell_of(written(block), "2.1.a").value == 13677
    assert cell_of(written(block | {"figures": [False, False]}), "2.1.a").value == "13\u202f677"


# --- cells ------------------------------------------------------------------------------------------------------


def test_statuses_pictures_pairs_and_shaded_cells_are_said_in_words(written):
    rows = [
        {"group": "2  Infrastructure"},
        {"cells": ["a", CHIP]},
        {"cells": ["b", {"svg": "x.svg", "alt": "Bureaux, par trimestre : T2 1 ; T3 2", "words": "T2 1 ; T3 2"}]},
        {"cells": ["c", {"svg": "x.svg", "alt": "Bureaux, par trimestre : T2 1 ; T3 2"}]},
        {"cells": ["d", {"strong": "13\u202f677", "more": "79,7\u00a0% (13\u202f677/17\u202f150)"}]},
        {"cells": ["e", {"strong": "25", "more": ""}]},
        {"cells": ["f", {"text": "41,5\u00a0%", "band": 3}]},
    ]
    sheet = written(table(rows=rows)).worksheets[1]
    found = {row[0].value: row[1].value for row in sheet.iter_rows() if row[0].value in list("abcdef")}
    assert found == {
        "a": "■ En retard (dépend des non-réponses)",
        "b": "T2 1 ; T3 2",
        "c": "Bureaux, par trimestre : T2 1 ; T3 2",
        "d": "13\u202f677\n79,7\u00a0% (13\u202f677/17\u202f150)",
        "e": 25,
        "f": 0.415,
    }
    assert row_of(sheet, "2  Infrastructure")[0].font.bold


def test_hostile_texts_stay_texts(written, tmp_path):
    rows = [{"group": text} for text in FORMULAS] + [{"cells": [text, text]} for text in FORMULAS]
    hostile = dict.fromkeys(("title", "subtitle", "note", "source", "n"), HOSTILE) | {"columns": [HOSTILE, "=1"]}
    book = written(table(rows=rows, **hostile), foot="& &P " + HOSTILE, title="=1+1", author=HOSTILE)
    said = texts(book.worksheets[1])
    assert {"=1+1", "+SUM(A1)", "-2+3", "@x", "http://example.org", HOSTILE.replace("\x07", "")} <= set(said)
    assert max(map(len, said)) == 32_767 and not [text for text in said if re.search("[\x00-\x08\x1b]", text)]
    with zipfile.ZipFile(tmp_path / "tables.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, part in parts.items() if re.search(rb"<f[ >]", part)]
    assert not [name for name, part in parts.items() if b'TargetMode="External"' in part or b"vba" in part.lower()]


def test_a_place_where_a_printed_line_may_fold_is_left_out(written):
    book = written(table(rows=[{"cells": ["offices_\u200bconnected", "1"]}]))
    assert "offices_connected" in texts(book.worksheets[1])


# --- sheets -----------------------------------------------------------------------------------------------------


def test_the_contents_name_the_report_its_marks_its_tables_and_its_figures(written):
    cover = {"kind": "cover", "unofficial": "traduction non officielle", "facts": [["Empreinte : ", "0123456789ab"]]}
    legend = {"kind": "legend", "marks": [["s.d.", "sans données"], ["0", "vrai zéro"]]}
    figure = {"kind": "figure", "number": 1, "title": "Trois sur quatre", "alt": "Courbe : 3 de 4."}
    book = written(cover, legend, table(), figure, table(2, title="Réponses"), sample=True)
    sheet = book.worksheets[0]
    assert (book.sheetnames, sheet["A1"].value) == (
        ["Sommaire", "Tableau 1", "Tableau 2"], "Plan d’action – T3 2024, provisoire",
    )  # fmt: skip
    for words_of_all in ("Données fictives / invented sample", "traduction non officielle"):
        assert all(words_of_all in texts(each) for each in book)
    assert [cell.value for cell in row_of(sheet, "Empreinte :")[:2]] == ["Empreinte :", "0123456789ab"]
    assert [cell.value for cell in row_of(sheet, "s.d.")[:2]] == ["s.d.", "sans données"]
    assert [cell.value for cell in row_of(sheet, "Tableau 2")] == ["Tableau 2", "Réponses", "Union, T3 2024"]
    assert [cell.value for cell in row_of(sheet, "Figure 1")] == ["Figure 1", "Trois sur quatre", "Courbe : 3 de 4."]
    assert row_of(sheet, "Tableau 2")[0].hyperlink.location == "'Tableau 2'!A1"


def test_a_table_has_its_title_who_note_and_source_and_a_way_back(written):
    said = table(n="33/45 membres", note="en cours", title="Bureaux")
    sheet = written(said).worksheets[1]
    assert texts(sheet) == [
        "Tableau 1 · Bureaux", "Union, T3 2024", "Retour au sommaire", "ICP", "T3 2024", "2.1.a",
        "Réponses : 33/45 membres", "Note : en cours", "Source : retours",
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
    rows = [{"cells": ["\u20662.1.a\u2069", "1"]}, {"cells": ["المؤشر 2.1.a متصل", "2"]}]
    sheet = written(table(rows=rows), language="ar").worksheets[1]
    assert sheet.sheet_view.rightToLeft
    assert row_of(sheet, "2.1.a")[0].alignment.readingOrder == 1
    assert row_of(sheet, "المؤشر \u20662.1.a\u2069 متصل")[0].alignment.readingOrder == 2


def test_the_document_says_its_title_subject_and_language(written, tmp_path):
    book = written(table())
    said = book.properties
    assert (said.title, said.subject) == ("Plan d’action – T3 2024, provisoire", "Rapport trimestriel")
    assert (said.created.date().isoformat(), book.custom_doc_props["Language"].value) == ("2024-11-14", "fr")


def test_names_of_sheets_are_legal_short_and_each_its_own():
    assert name_sheets(["Sommaire", "a/b:c", "Tableau " + "9" * 40, "sommaire", "''", ""]) == [
        "Sommaire", "a b c", "Tableau " + "9" * 23, "sommaire 2", "–", "– 2",
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak"])
def test_the_same_document_is_the_same_bytes_in_any_folder_and_time_zone(written, tmp_path, monkeypatch, zone):
    written(table(), sample=True)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    (tmp_path / "é").mkdir()
    write_tables_workbook(document(table(), sample=True), tmp_path / "é" / "other.xlsx")
    monkeypatch.delenv("TZ")
    time.tzset()
    first, second = tmp_path / "tables.xlsx", tmp_path / "é" / "other.xlsx"
    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()
    assert [path.name for path in second.parent.iterdir()] == ["other.xlsx"]


# --- a whole report ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["fr", "en"])
def whole(request, tmp_path_factory) -> tuple[Mapping, openpyxl.Workbook]:
    """Return a whole report's document, hostile texts in it, and its workbook; the PDF is not made."""
    folder: Path = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Report, "render", lambda edition: None)
        made = make(invent(), request.param, folder)._document()
    write_tables_workbook(made, folder / "tables.xlsx")
    return made, openpyxl.load_workbook(folder / "tables.xlsx")


def test_every_table_has_its_sheet_and_every_figure_its_line(whole):
    made, book = whole
    blocks = [block for block in made["blocks"] if block["kind"] == "table"]
    names = [f"{made['words']['table']} {block['number']}" for block in blocks]
    assert book.sheetnames[1:] == names and len(blocks) > 20
    assert [book[name]["A1"].value for name in names] == [
        f"{name} · {block['title']}" for name, block in zip(names, blocks, strict=True)
    ]
    listed = texts(book.worksheets[0])
    for block in made["blocks"]:
        if block["kind"] in ("table", "figure"):
            assert block["title"] in listed
            assert block["kind"] == "table" or block["alt"] in listed


def flat(cell: object) -> str:
    """Return all that a cell of a block prints."""
    if not isinstance(cell, Mapping):
        return str(cell)
    return " ".join(str(cell[name]) for name in ("word", "remark", "strong", "more", "words", "text") if cell.get(name))


def reprint(cell, t: Translator) -> str:
    """Return a cell of a sheet as the report prints it."""
    if cell.data_type != "n":
        return str(cell.value)
    decimals = len(re.split(r"[\"%;]", cell.number_format)[0].partition(".")[2])
    if "%" in cell.number_format:
        return t.percent(cell.value * 100, decimals)
    return (t.signed if cell.number_format[0] == "+" else t.number)(cell.value, decimals)


def test_every_printed_number_of_a_table_is_found_in_its_sheet_in_its_place(whole):
    made, book = whole
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


def test_rules_kpis_members_and_digests_are_texts_in_a_whole_report(whole):
    _, book = whole
    for sheet in book.worksheets[1:]:
        firsts = [row[0] for row in sheet.iter_rows(min_row=4) if row[0].value is not None]
        assert not [cell.coordinate for cell in firsts if cell.data_type == "n"]
