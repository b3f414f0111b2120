"""The site in a browser: from a file and from a server, on a telephone and at 200 %, by keys alone, heard in order."""

from __future__ import annotations

import functools
import http.server
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

import pytest
from pypdf import PdfReader

from helpers import paths
from helpers.runs import edition, notebook
from helpers.runs.site import update_site
from helpers.tables import pipeline

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("index.html", "index_ar.html", "indicators/2.1.a_fr.html", "indicators/6.1.a_ar.html")
LINES = "(one) => { const r = new Range(); r.selectNodeContents(one); return r.getClientRects().length; }"
SAMPLE = "Données fictives / invented sample"


def make_stand_in(path: Path, executed: Path, parameters: dict, *_: object) -> None:
    """Stand in for a notebook: make the tables, and a report of one word."""
    tables, language = pipeline.load_tables(parameters["quarter"], parameters["as_of"]), parameters.get("language")
    for name in (f"report_{language}.pdf", f"report_{language}.html", f"tables_{language}.xlsx") if language else ():
        (paths.out(tables.quarter, tables.as_of) / name).write_text("<title>report</title>", encoding="utf-8")
    executed.write_text('{"cells": []}', encoding="utf-8")


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """Return the site of two editions of the sample, whose reports are stand-ins."""
    root = tmp_path_factory.mktemp("site")
    (root / "data").mkdir()
    (root / "data" / "raw").symlink_to(ROOT / "data" / "raw")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPU_ROOT", str(root))
        patch.setattr(notebook, "run_notebook", make_stand_in)
        for quarter in ("2024Q2", "2024Q3"):
            edition.run_edition(edition.make_request(quarter, ["fr", "ar"]), lambda line: None)
        update_site(lambda line: None)
        return paths.site()


@pytest.fixture(params=PAGES)
def file(request, site) -> Path:
    """Return each of some pages."""
    return site / request.param


@pytest.fixture(scope="session")
def served(site) -> Iterator[str]:
    """Return the address of the site on a plain web server."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "light"), (1280, "dark")])
def test_axe_finds_nothing_and_nothing_is_requested(file, opened, screenshots, width, scheme):
    shown = opened(file, width, color_scheme=scheme)
    shown.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert shown.axe() == []
    assert (shown.requests, shown.messages, shown.refused) == ([], [], [])
    shown.page.screenshot(path=screenshots / f"site_{file.stem}_{width}_{scheme}.png", full_page=True)


@pytest.mark.parametrize("width", [320, 360, 640, 1280])  # 640: a window of 1280 at 200 %
def test_the_page_is_never_wider_than_its_window(file, opened, width):
    page = opened(file, width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for far in (10_000, -10_000):
        assert page.evaluate(f"scrollTo({far}, 0), scrollX") == 0


def test_letters_of_twice_the_size_fit_a_telephone(file, opened):
    page = opened(file, 360).page
    page.evaluate("document.documentElement.style.fontSize = '32px'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_every_link_is_reached_by_keys_in_the_order_of_the_page_and_seen(file, opened):
    page = opened(file).page
    links = page.locator("a, summary, [tabindex='0']").count()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tops = []
    for _ in range(links - 1):
        page.keyboard.press("Tab")
        if page.evaluate("!document.activeElement.closest('details:not([open]) > ul, .bar') "):
            tops.append(page.evaluate("document.activeElement.getBoundingClientRect().top + scrollY"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert tops == sorted(tops) or max(a - b for a, b in zip(tops, tops[1:], strict=False)) < 40  # of one line


def test_the_skip_link_leads_to_the_content(file, opened):
    page = opened(file).page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("width", [1280, 360])
def test_the_table_of_quarters_is_heard_as_a_table_with_its_status_in_sight_on_a_telephone_too(site, opened, width):
    page = opened(site / "indicators" / "2.1.a_fr.html", width).page
    heard = page.locator("table").aria_snapshot()
    assert page.get_by_role("rowheader").count() == 9 and 'rowheader "T3 2024"' in heard
    assert page.get_by_role("columnheader").count() == 5
    assert page.locator("tbody th").evaluate_all(f"(heads) => heads.map({LINES})") == [1] * 9
    for badge in page.locator("td .badge").all():
        box = badge.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_headings_are_heard_in_order(file, opened):
    page = opened(file).page
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName[1]))")
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


@pytest.mark.parametrize("where", ["file", "server"])
def test_the_way_through_the_site_is_the_same_from_a_file_and_from_a_server(site, browser, served, where):
    base = served if where == "server" else site.as_uri()
    page = browser.new_page(java_script_enabled=False)
    wrong = []
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"{base}/index.html")
    page.get_by_role("link", name="Nombre de bureaux connectés").click()
    assert page.locator("h1").inner_text().startswith("Nombre de bureaux connectés") and SAMPLE in page.inner_text(
        "body"
    )
    page.locator("nav.near a.next").click()
    assert "/indicators/2.2.a_fr.html" in page.url
    page.locator("header nav a[hreflang='ar']").click()
    assert page.locator("html").get_attribute("dir") == "rtl" and "/indicators/2.2.a_ar.html" in page.url
    page.locator("header a.home").click()
    assert page.url.endswith("/index_ar.html")
    page.goto(f"{base}/latest/index.html")
    page.wait_for_url("**/2024Q3/2024-11-14/report_fr.html")
    page.close()
    assert wrong == []


def test_paper_has_the_notice_on_every_page(site, opened):
    printed = opened(site / "index.html").page.pdf(prefer_css_page_size=True, print_background=True)
    pages = [normalize("NFKC", one.extract_text()) for one in PdfReader(io.BytesIO(printed)).pages]
    assert len(pages) > 1 and all(SAMPLE in text for text in pages)
