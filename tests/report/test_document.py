"""The edition: whatever the data and the texts they hold, a report that is whole, accessible, the same again."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import page
import pandas as pd
import pytest
from pypdf import PdfReader

from conftest import PLAN
from helpers import editions, paths
from helpers.i18n.catalogue import is_official
from helpers.i18n.formats import Translator
from helpers.plan.settings import read_settings
from helpers.report import headlines, look, tables
from helpers.report.blocks import Column, ReportFigure, Table
from helpers.report.figures.tiles import plot_map
from helpers.report.fit import printable
from helpers.report.pdf.typeset import STANDARDS, set_pages
from helpers.strings import LANGUAGES
from invented import invent
from reports import make, report_of, whole_report  # noqa: F401

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def out(whole) -> Path:
    """Return the folder with the whole report in every language, from invented tables with hostile texts in them."""
    return {language: whole(language) for language in LANGUAGES}["fr"]


def test_a_quarter_before_the_first_with_statuses_has_no_report():
    early = replace(invent("2022Q3"), quarter="2022Q2")
    with pytest.raises(paths.DataRefused, match="2022Q2 has no statuses, which begin with 2022Q3"):
        report_of(early).cover()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_words_name_the_notebooks_that_differ_from_the_release(language, tmp_path, monkeypatch):
    report = report_of(invent("2022Q3"), language, tmp_path)
    as_released = headlines.describe_reproduce(report)
    monkeypatch.setattr(editions, "list_modified", lambda: ["02_kpis.ipynb", "03_report.ipynb"])
    added = headlines.describe_reproduce(report).removeprefix(as_released)
    assert ".ipynb" not in as_released and added.endswith("02_kpis.ipynb, 03_report.ipynb")


Places = list[tuple[float, float]]


@cache
def read_places(path: Path) -> list[tuple[str, Places]]:
    """Return the text of each page of a PDF, and where its pieces stand, in points from the lower left corner."""
    pages = []
    for one in PdfReader(path).pages:
        places: Places = []

        def visit(text, matrix, place, *_, places=places):
            if text.strip():
                x = matrix[0] * place[4] + matrix[2] * place[5] + matrix[4]
                places.append((x, matrix[1] * place[4] + matrix[3] * place[5] + matrix[5]))

        assert [float(side) for side in one.mediabox] == pytest.approx([0, 0, 595.276, 841.89], abs=0.01)
        pages.append((one.extract_text(visitor_text=visit), places))
    return pages


def read_pages(path: Path) -> list[str]:
    return [text for text, _ in read_places(path)]


def read_text(path: Path) -> str:
    return "\n".join(read_pages(path))


@pytest.mark.filterwarnings("error:Glyph .* missing from font")
@pytest.mark.parametrize("language", LANGUAGES)
class TestReport:
    def test_it_is_accessible(self, out, language):
        verdict = page.validate_pdf(out / f"report_{language}.pdf", profile="ua1")
        assert verdict.is_compliant, [failure.message for failure in verdict.failures][:5]

    def test_it_says_its_language_and_title_and_is_tagged(self, out, language):
        reader = PdfReader(out / f"report_{language}.pdf")
        root = reader.trailer["/Root"]
        assert root["/Lang"].startswith(language) and root["/MarkInfo"]["/Marked"]
        assert Translator(language).quarter("2024Q3") in reader.metadata.title
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]

    def test_a_translation_that_nobody_signed_says_so_on_its_cover(self, out, language):
        cover = json.loads((out / f"report_{language}.json").read_text("utf-8"))["blocks"][0]
        assert bool(cover["unofficial"]) == (language in ("pt", "ar")) == (not is_official(language))

    def test_its_fonts_are_embedded(self, out, language):
        embedded = set()
        for one in PdfReader(out / f"report_{language}.pdf").pages:
            for font in one["/Resources"]["/Font"].get_object().values():
                for part in font.get_object()["/DescendantFonts"]:
                    descriptor = part.get_object()["/FontDescriptor"]
                    assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
                    embedded.add(descriptor["/FontName"])
        assert any("PAPUSans-Bold" in name for name in embedded)
        assert language != "ar" or any("PAPUSansArabic-Bold" in name for name in embedded)

    def test_every_page_says_that_the_data_are_invented_and_which_page_it_is(self, out, language):
        pages = read_pages(out / f"report_{language}.pdf")
        assert 20 <= len(pages) <= 32
        for number, text in enumerate(pages, start=1):
            assert "Données fictives / invented sample" in text
            assert number == 1 or f"{number}/{len(pages)}" in text

    def test_no_page_is_nearly_empty_and_no_text_lies_outside(self, out, language):
        for number, (text, places) in enumerate(read_places(out / f"report_{language}.pdf"), start=1):
            body = [y for _, y in places if 65 < y < 770]  # between the running head and the foot
            assert len(text) > 250 and max(body) - min(body) > 90, f"page {number} holds a few lines only"
            assert all(20 <= x <= 575 and 20 <= y <= 838 for x, y in places)

    def test_bookmarks_name_every_part(self, out, language):
        titles = [
            mark.title for mark in PdfReader(out / f"report_{language}.pdf").outline if not isinstance(mark, list)
        ]
        edition = json.loads((out / f"report_{language}.json").read_text("utf-8"))
        headings = [block["text"] for block in edition["blocks"] if block["kind"] == "heading" and block["level"] == 1]
        assert len(headings) >= 14 and set(headings) <= set(titles)

    def test_figures_have_alternative_texts_of_their_own_made_from_data(self, out, language):
        edition = json.loads((out / f"report_{language}.json").read_text("utf-8"))
        alts = re.findall(r'"alt": "([^"]+)"', json.dumps(edition["blocks"], ensure_ascii=False))
        figures = {block["title"]: block["description"] for block in edition["blocks"] if block["kind"] == "figure"}
        assert len(figures) >= 14 and len(set(figures.values())) == len(figures)
        assert all(re.search(r"\d", alt) for alt in figures.values())
        assert len(alts) >= 34 and not re.search(r"\bnan\b", " ".join(alts))

    def test_figures_and_tables_have_title_subtitle_and_source(self, out, language):
        blocks = json.loads((out / f"report_{language}.json").read_text("utf-8"))["blocks"]
        for kind in ("figure", "table"):
            found = [block for block in blocks if block["kind"] == kind]
            assert [block["number"] for block in found] == list(range(1, len(found) + 1))
            assert all(block["title"] and block["source"] for block in found)
            # What is beneath the title of the first theme's components holds for those of the others.
            repeated = {Translator(language)("Components of theme {n}", n=n) for n in range(2, 7)}
            without = {block["title"] for block in found if not block["subtitle"]}
            assert without == (repeated if kind == "table" else set())
        assert all(block["n"] for block in blocks if block["kind"] == "figure")

    def test_targets_and_statuses_are_called_proposed_in_every_table_that_shows_them(self, out, language):
        word = {"fr": "propos", "en": "proposed", "pt": "propost", "ar": "مقترح"}[language]
        named = {"fr": "cible|situation", "en": "target|status", "pt": "meta|situação", "ar": "الهدف|الحالة"}[language]
        for block in json.loads((out / f"report_{language}.json").read_text("utf-8"))["blocks"]:
            if block["kind"] == "table":
                heads = [head.lower() for head in block["columns"] if re.search(named, head.lower())]
                cells = [cell for row in block["rows"] for cell in row.get("cells", [])]
                shows_status = any(isinstance(cell, dict) and "status" in cell for cell in cells)
                assert all(word in head for head in heads)
                assert heads or not shows_status

    def test_it_names_nobody_and_no_place_on_a_machine(self, out, language):
        text = read_text(out / f"report_{language}.pdf")
        text += "".join((out / f"report_{language}.{end}").read_text("utf-8") for end in ("json", "html"))
        assert "focal_point" not in text and not re.search(r"/(home|work|tmp|root|Users)/", text)


def test_hostile_texts_are_printed_as_they_are(out):
    text = read_text(out / "report_fr.pdf").replace("\n", "")
    for part in ('#read("/etc/passwd")', "$x^2$", "\\textbf{a}", "<b>b</b>", "`c`", "*e*", "[U+1F600]", "[U+4E2D]"):
        assert part in text


def test_what_no_font_has_is_shown_as_its_code():
    assert printable("é \u202f≥ مصر\n") == "é \u202f≥ مصر\n"
    assert printable("\x07中😀\ue000\t.") == "[U+0007][U+4E2D][U+1F600][U+E000] ."


def test_no_document_box_or_note_is_printed_without_edition_text(out):
    blocks = json.loads((out / "report_fr.json").read_text("utf-8"))["blocks"]
    assert [block["kind"] for block in blocks].count("note") == 2
    bare = report_of(invent("2022Q3"), "fr", out)
    assert bare.cover().data["box"] == [] and bare.note(1).kind == "nothing"


def test_the_same_tables_give_the_same_bytes_in_any_folder(whole, tmp_path):
    out = whole("first quarter")
    make(invent("2022Q3"), "fr", tmp_path)
    figures = [f"figures/{file.name}" for file in (tmp_path / "figures").iterdir()]
    names = ["report_fr.pdf", "report_fr.html", "report_fr.json", *figures]
    assert all((tmp_path / name).read_bytes() == (out / name).read_bytes() for name in names)


def test_languages_share_the_drawings_without_words(out):
    used = [
        set(re.findall(r"figures/\w+\.svg", (out / f"report_{one}.json").read_text("utf-8"))) for one in ("fr", "en")
    ]
    assert len(used[0] & used[1]) >= 15


@pytest.mark.parametrize("name", ["first quarter", "nobody answered"])
def test_the_first_quarter_and_a_quarter_without_answers_have_a_report_too(name, whole):
    path = whole(name) / "report_fr.pdf"
    assert page.is_pdf_compliant(path, profile="ua1")
    pages = read_pages(path)
    assert 15 <= len(pages) <= 32 and all(len(text) > 250 for text in pages)


def test_what_typst_reports_is_raised(tmp_path):
    with pytest.raises(RuntimeError, match=r"(?s)report_fr: Typst could not set the pages:.*report_fr\.json"):
        set_pages(tmp_path, "report_fr", 0)


def test_the_label_follows_from_the_date_alone():
    assert [read_settings().is_revised("2024Q3", date(2024, *day)) for day in ((11, 14), (12, 28), (12, 29))] == [
        False,
        False,
        True,
    ]


def test_a_new_figure_appears_in_the_report_with_no_other_change(out, tmp_path):
    report = report_of(invent(), "en", tmp_path)
    report.heading("A question")
    block = report.add(ReportFigure(plot_map(report), "A finding", "Tiles: 3 of 4."))
    shown = block._repr_mimebundle_()
    assert shown["text/plain"].startswith("figure 1: A finding\nTiles: 3 of 4.\nSVG sha256 ")
    assert shown["image/png"][:4] == b"\x89PNG"
    rendered = report.render()
    assert rendered._repr_mimebundle_()["image/png"][:4] == b"\x89PNG"
    assert "A finding" in read_text(rendered.path) and STANDARDS == ["ua-1", "a-2a"]


@pytest.mark.parametrize(("name", "sample", "made"), [
    ("report", True, "words_fr.json"), ("report", False, "words_fr.json"),
    ("brief_KEN", True, "words_brief_KEN_fr.json"), ("brief_KEN", False, ""),
])  # fmt: skip
def test_the_first_text_of_each_sentence_is_kept_and_of_what_is_real_no_brief(out, tmp_path, name, sample, made):
    report = report_of(replace(invent(), sample=sample), "fr", tmp_path)
    report.name = name
    said = [report.t("{part} of {whole}", part=part, whole=4) for part in (3, 2)]
    report.heading(said[1])
    report.render()
    assert [path.name for path in tmp_path.glob("words_*")] == [made] * bool(made)
    words = json.loads((tmp_path / made).read_text(encoding="utf-8")) if made else {}
    assert words.get("{part} of {whole}", said[0]) == said[0] == "3 sur 4"
    assert list(words) == sorted(words)
    assert ("V04" in words) == (sample and name == "report")  # what was found in the returns


def test_a_figure_without_alternative_text_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no alternative text"):
        ReportFigure(plot_map(report_of(invent(), "en", tmp_path)), "A finding", " ")


def test_a_plain_frame_is_a_table_with_formatted_numbers(tmp_path):
    report = report_of(invent(), "fr", tmp_path)
    frame = pd.DataFrame({"a": ["<b>", "y"], "n": [1234.5, float("nan")]})
    block = report.add(Table.of(frame, "Une table"))
    assert [row["cells"] for row in block.data["rows"]] == [["<b>", "1\u202f234,5"], ["y", "s.d."]]
    assert block.data["right"] == [False, True] and "&lt;b&gt;" in block.as_html()
    assert report.add(Table.of(frame.iloc[:0], "Rien")).data["rows"] == [{"group": "rien à signaler"}]


def test_items_are_headed_by_their_group(tmp_path):
    columns = [Column("x", 1, lambda item: item[1])]
    table = Table(["u1", "u2", "v3"], columns, "Groupes", group=lambda item: item[0])
    assert table.body == ("u", ("1",), ("2",), "v", ("3",))
    rows = report_of(invent(), "fr", tmp_path).add(table).data["rows"]
    assert [row.get("group") for row in rows] == ["u", None, None, "v", None]


def test_a_block_shows_the_same_each_time_without_chance_names(tmp_path):
    shown = []
    for _ in range(2):
        report = report_of(invent(), "fr", tmp_path)
        blocks = [report.cover(), report.add(tables.scorecard(report)), report.legend()]
        shown.append([block._repr_mimebundle_() for block in blocks])
    assert shown[0] == shown[1] and "0x" not in str(shown[0])


def test_edition_text_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    folder = paths.returns("2024Q3")
    folder.mkdir(parents=True)
    (folder / "edition.toml").write_text("[fr\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"data/raw/2024Q3/edition\.toml: .*correct it, or remove it"):
        report_of(invent(), "fr", tmp_path)


@pytest.mark.parametrize(("language", "decision"), [("fr", "Décider"), ("pt", "Décider [fr]"), ("ar", "اتخاذ قرار")])
def test_an_authored_text_that_a_language_lacks_is_printed_in_an_official_one_with_its_mark(
    tmp_path, monkeypatch, language, decision
):
    shutil.copytree(PLAN, tmp_path / "data" / "raw" / "plan")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    folder = paths.returns("2024Q3")
    folder.mkdir(parents=True)
    texts = (
        '[en]\nsubject = "About"\n[fr]\ndecision = "Décider"\n[fr.themes]\n2 = "Note"\n[ar]\ndecision = "اتخاذ قرار"\n'
    )
    (folder / "edition.toml").write_text(texts, encoding="utf-8")
    report = report_of(invent(), language, tmp_path)
    box = dict(report.cover().data["box"])
    assert box[report.t("Decision expected")].replace("\u2066", "").replace("\u2069", "") == decision
    assert "About" in box[report.t("Subject")] and "[en]" in box[report.t("Subject")]
    note = report.note(2).data["text"]
    assert "Note" in note and ("[fr]" in note) is (language != "fr")
    assert report.note(5).kind == "nothing"


def test_the_colours_of_the_plan_take_the_place_of_ours_in_one_pass(tmp_path, monkeypatch):
    shutil.copytree(PLAN, tmp_path / "data" / "raw" / "plan")
    settings = tmp_path / "data" / "raw" / "plan" / "plan.toml"
    own = '[look]\nblue = "#12355B"\ncover = "#14403E"\n\n[union]'  # the first is our colour of the cover
    settings.write_text(settings.read_text(encoding="utf-8").replace("[union]", own, 1), encoding="utf-8")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    assert look.in_plan_colours("#0072B2 #0072b2 #12355B #A3320B") == "#12355b #12355b #14403e #A3320B"
