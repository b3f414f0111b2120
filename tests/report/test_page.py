"""The page: one file that needs no other, well-formed, accessible, and the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import pytest

from helpers.i18n.bidi import isolate
from helpers.i18n.catalogue import LOCALES
from helpers.i18n.formats import Translator
from helpers.report import look
from helpers.report.document import Report
from helpers.report.html.page import SCRIPT, STYLESHEET, render_page
from helpers.strings import LANGUAGES, without_invisible
from invented import invent
from reports import has_catalogue, report_of, whole_report, write  # noqa: F401

pytestmark = pytest.mark.slow

VOID = {"meta", "link", "img", "br", "wbr", "col"}
SHAPES = {"rect", "path", "use"}  # what a drawing consists of closes itself
DESIGN_OF_PDF = STYLESHEET.parents[1] / "pdf" / "report.typ"


@dataclass
class Element:
    """One element: its tag, attributes, the tags around it, and the text within it."""

    tag: str
    attributes: dict[str, str]
    within: tuple[str, ...]
    text: str = ""


@dataclass
class Reader(HTMLParser):
    """Reads a page into its elements; refuses a tag that does not close where it opened."""

    elements: list[Element] = field(default_factory=list)
    opened: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice: {attrs}"
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(one.tag for one in self.opened))
        self.elements.append(element)
        if tag not in VOID | SHAPES:
            self.opened.append(element)

    def handle_startendtag(self, tag, attrs):
        assert tag in SHAPES
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.opened and self.opened[-1].tag == tag, f"</{tag}> closes {[one.tag for one in self.opened][-3:]}"
        self.opened.pop()

    def handle_data(self, data):
        for element in self.opened:
            element.text += data


def read(html: str) -> list[Element]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.opened
    return reader.elements


def all_of(elements: list[Element], *tags: str) -> list[Element]:
    return [element for element in elements if element.tag in tags]


def page_of(report: Report) -> str:
    """Return a report's page."""
    return render_page(report.document(), report.blocks, report.out)


SPOKEN = [language for language in LANGUAGES if has_catalogue(language)]


@pytest.fixture(scope="module")
def pages(whole) -> dict[str, str]:
    """Return the pages by language, with hostile texts."""
    return {language: (whole(language) / f"report_{language}.html").read_text("utf-8") for language in SPOKEN}


@pytest.fixture(params=SPOKEN)
def language(request) -> str:
    return request.param


@pytest.fixture
def html(pages, language) -> str:
    return pages[language]


@pytest.fixture
def elements(html) -> list[Element]:
    return read(html)


class TestPage:
    def test_it_is_well_formed_and_no_name_is_given_twice(self, elements):
        ids = [element.attributes["id"] for element in elements if "id" in element.attributes]
        assert len(ids) == len(set(ids)) > 50
        links = [link.attributes["href"] for link in all_of(elements, "a")]
        assert all(link[0] == "#" and link[1:] in ids for link in links)

    def test_it_says_its_language_direction_and_title(self, elements, language):
        root, title = elements[0], all_of(elements, "title")[0]
        assert (root.tag, root.attributes["lang"]) == ("html", language)
        assert root.attributes["dir"] == ("rtl" if language == "ar" else "ltr")
        assert "2024" in title.text
        named = {meta.attributes.get("name"): meta.attributes.get("content") for meta in all_of(elements, "meta")}
        assert named["description"] and named["viewport"]

    def test_nothing_of_it_comes_from_elsewhere(self, html, elements):
        for element in elements:
            for name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
                value = element.attributes.get(name, "#")
                assert value.startswith("#") or value == "data:,"
            assert not element.attributes.get("style") and not any(name.startswith("on") for name in element.attributes)
        for sheet in all_of(elements, "style", "script"):
            own = re.sub(r"// .*|url\(data:font/woff2;base64,[\w+/=]+\)", "", sheet.text)
            assert not re.search(r"//\w|@import|url\(|fetch|XMLHttp|import\(", own)

    def test_its_policy_lets_in_the_blocks_it_has_and_nothing_else(self, html, elements):
        policy = next(m.attributes["content"] for m in all_of(elements, "meta") if "http-equiv" in m.attributes)
        assert policy.startswith("default-src 'none';") and "unsafe" not in policy
        for tag in ("style", "script"):
            blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
            digest = base64.b64encode(hashlib.sha256(blocks[0].encode()).digest()).decode()
            assert len(blocks) == 1 and f"{tag}-src 'sha256-{digest}';" in policy

    def test_headings_skip_no_level_and_the_first_names_the_report(self, elements):
        levels = [int(heading.tag[1]) for heading in all_of(elements, "h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels[0] == 1 and levels.count(1) == 1 and levels.count(2) >= 14
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))

    def test_the_contents_link_to_every_part(self, elements):
        entries = [link for link in all_of(elements, "a") if "nav" in link.within]
        parts = [section for section in all_of(elements, "section") if "heading" in section.attributes["class"]]
        assert [link.attributes["href"][1:] for link in entries] == [part.attributes["id"] for part in parts]

    def test_every_drawing_says_what_it_shows_and_no_two_say_the_same(self, elements):
        drawings = [one for one in elements if one.attributes.get("role") == "img"]
        alts = [drawing.attributes["aria-label"] for drawing in drawings]
        assert len(alts) >= 34 and len(set(alts)) == len(alts) and all(alt.strip() for alt in alts)
        figures = [drawing for drawing in drawings if "figure" in drawing.within]
        described = [details.text for details in all_of(elements, "details")]
        assert len(figures) == len(described) == len(all_of(elements, "figcaption")) >= 14
        titles = [title.text for title in all_of(elements, "h3") if "figcaption" in title.within]
        for figure, title, text in zip(figures, titles, described, strict=True):
            finding = without_invisible(figure.attributes["aria-label"]).split(". ")[0]
            assert (
                without_invisible(title).endswith(finding) and len(text) > 60
            )  # all that it shows is said once, beneath it

    def test_letters_of_figures_are_text(self, elements):
        figures = [one for one in elements if one.tag == "svg" and "figure" in one.within]
        assert all(figure.text.strip() for figure in figures)

    def test_every_table_has_a_caption_and_scoped_heads(self, elements):
        tables = all_of(elements, "table")
        captions = all_of(elements, "caption")
        assert len(tables) == len(captions) >= 15 and all(caption.text.strip() for caption in captions)
        heads = all_of(elements, "th")
        assert {head.attributes["scope"] for head in heads} == {"col", "row", "rowgroup"}
        assert all(head.text.strip() for head in heads)

    def test_what_may_be_wider_than_the_page_can_be_moved_by_keys(self, elements):
        frames = [one for one in elements if one.attributes.get("role") == "group"]
        assert len(frames) == len(all_of(elements, "table")) + len(all_of(elements, "figure"))
        assert all(frame.attributes["tabindex"] == "0" for frame in frames)
        assert len({frame.attributes["aria-label"] for frame in frames}) == len(frames)

    def test_columns_of_numbers_are_sorted_as_numbers(self, elements):
        kinds = [head.attributes.get("data-sort") for head in all_of(elements, "th") if "thead" in head.within]
        assert kinds.count("number") > 50 and kinds.count("text") > 30
        keys = [cell.attributes["data-sort"] for cell in all_of(elements, "td") if "data-sort" in cell.attributes]
        assert all(key == "" or float(key) is not None for key in keys)

    def test_that_the_data_are_invented_stands_on_top(self, elements, language):
        band = next(one for one in elements if one.attributes.get("class") == "sample")
        said = isolate(Translator(language)("invented sample: no figure here is real"), language)
        assert "header" in band.within and band.text == said


def test_hostile_texts_stay_text(pages):
    elements = read(pages["fr"])
    assert len(all_of(elements, "script")) == 1
    for tag in ("td", "blockquote", "dd"):
        assert any("\\textbf{a} <b>b<" in element.text.replace("\u200b", "") for element in all_of(elements, tag))


def test_markup_in_any_text_of_the_document_stays_text(tmp_path):
    attack = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&amp;"
    report = write(invent(), "en", tmp_path)

    def poison(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: poison(one, name) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [poison(one, key) for one in value]
        return f"{value}{attack}" if isinstance(value, str) and key not in POISONLESS else value

    elements = read(render_page(poison(report.document()), report.blocks, tmp_path))
    assert len(all_of(elements, "script")) == 1 and "onerror" not in str([one.attributes.keys() for one in elements])


POISONLESS = (
    {"kind", "status", "svg", "logo", "language", "palette", "statuses", "bands"}
    | set(look.PALETTE)
    | set(look.STATUS_COLOURS)
)


def test_a_kind_of_block_without_template_stops_the_page(tmp_path):
    report = report_of(invent(), "en", tmp_path)
    report._add("carousel")
    with pytest.raises(ValueError, match="add a macro block_carousel to report/html/blocks.html.jinja"):
        page_of(report)


def test_a_quarter_without_answers_has_a_page_too(whole):
    heads = all_of(read((whole("nobody answered") / "report_fr.html").read_text("utf-8")), "th")
    assert heads and all(head.text.strip() for head in heads)


def test_an_unofficial_translation_says_so_and_received_data_have_no_band(tmp_path):
    report = report_of(replace(invent(), sample=False), "en", tmp_path)
    report.cover()
    document = report.document()
    elements = read(render_page(document, report.blocks, tmp_path))
    assert not [one for one in elements if one.attributes.get("class") in ("sample", "unofficial")]
    document["blocks"][0]["unofficial"] = "draft"
    elements = read(render_page(document, report.blocks, tmp_path))
    shown = [one.text for one in elements if one.attributes.get("class") == "unofficial"]
    assert shown == ["draft"] and "class" not in elements[0].attributes


@pytest.mark.skipif(not has_catalogue("ar"), reason=f"{LOCALES.name}/ar.po has not all the sentences yet")
def test_arabic_is_read_from_right_to_left(tmp_path):
    report = report_of(replace(invent(), sample=False), "ar", tmp_path)
    report.cover()
    assert '<html lang="ar" dir="rtl">' in page_of(report)


def test_the_design_has_the_pdfs_colours_and_the_sides_of_the_line():
    design = STYLESHEET.read_text(encoding="utf-8")
    colours = {colour.upper() for colour in re.findall(r"#[0-9a-fA-F]{3,6}\b", design)} - {"#FFF", "#000"}
    assert colours <= {colour.upper() for colour in re.findall(r"#[0-9a-fA-F]{6}", DESIGN_OF_PDF.read_text("utf-8"))}
    assert not re.search(r"(margin|padding|border|inset)-(left|right|top|bottom)\b|text-align: (left|right)", design)
    assert not re.search(r"[;{\s](left|right|float):", design)
    assert "</" not in design + SCRIPT.read_text(encoding="utf-8")


def test_every_width_of_a_column_has_its_class_in_the_sheet(html, elements):
    sheet = all_of(elements, "style")[0].text
    used = {column.attributes["class"] for column in all_of(elements, "col")}
    assert len(used) > 9 and all(f".{name} {{ inline-size: {name[2:]}% }}" in sheet for name in used)
