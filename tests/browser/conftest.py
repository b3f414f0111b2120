"""What the tests in a browser share: Chromium, the pages, and a page opened with every way out closed and watched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from helpers.report import html
from helpers.tables import pipeline
from invented import invent
from reports import has_catalogue, write, write_hostile

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Chromium itself is kept quiet: all requests then come from the page.
QUIET = (
    "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-quic",
)  # fmt: skip
WATCH = "window.refused = []; addEventListener('securitypolicyviolation', (e) => refused.push(e.violatedDirective));"


@dataclass
class Opened:
    """A page in the browser, with its requests, its messages, and what its policy refused."""

    page: Page
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def refused(self) -> list[str]:
        """What the page's own policy refused."""
        return self.page.evaluate("window.refused || []")

    def axe(self) -> list[str]:
        """Return what axe-core finds against WCAG 2.2 AA and its best practices: the rule, what it asks, where."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))  # by the debugger: the page's policy would refuse it
        kinds = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = self.page.evaluate("(kinds) => axe.run({ runOnly: kinds })", kinds)
        assert len(found["passes"]) > 20
        return [
            f"{rule['id']}: {rule['help']}: {[node['target'] for node in rule['nodes']][:3]}"
            for rule in found["violations"]
        ]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Chromium, as the system has it."""
    program = next(filter(None, map(shutil.which, BROWSERS)))
    root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=[*QUIET, *root])
        yield started
        started.close()


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> dict[str, Path]:
    """Return the pages: from hostile invented tables in each language that has its words, and from the sample."""
    made = {}
    orders = {"fr": (invent(), "fr"), "ar": (invent(), "ar"), "sample": (pipeline.load_tables("2024Q3"), "fr")}
    for name, (tables, language) in orders.items():
        if has_catalogue(language):
            folder = tmp_path_factory.mktemp(name)
            report = write(tables, language, folder, write_hostile if name == "fr" else lambda _: None)
            made[name] = folder / f"report_{language}.html"
            html.write_page(report.document(), report.blocks, made[name])
    return made


@pytest.fixture(params=["fr", "ar", "sample"])
def file(request, files) -> Path:
    """Return each of the pages."""
    if request.param not in files:
        pytest.skip(f"NOT CHECKED: locales/{request.param}.po has not all the sentences yet")
    return files[request.param]


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Return the folder where what was seen is kept."""
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def opened(browser) -> Iterator[Callable[..., Opened]]:
    """Return an opener of pages; their requests are stopped and listed."""
    contexts = []

    def open_page(file: Path, width: int = 1280, **options: object) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        opened = Opened(context.new_page())

        def stop(route: Route) -> None:
            if route.request.url == file.as_uri():
                route.continue_()
            else:
                opened.requests.append(route.request.url)
                route.abort()

        context.route("**/*", stop)
        context.add_init_script(WATCH)
        opened.page.on("console", lambda message: opened.messages.append(message.text))
        opened.page.on("pageerror", lambda error: opened.messages.append(str(error)))
        opened.page.goto(file.as_uri())
        return opened

    yield open_page
    for context in contexts:
        context.close()
