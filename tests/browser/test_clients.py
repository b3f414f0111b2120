"""The questionnaire filled in by those who answer, in Enketo (KoboToolbox) and ODK Web Forms (Central); read back."""

from __future__ import annotations

import csv
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, expect
from pyxform.xls2xform import convert

from helpers import desk
from helpers.desk.form_lint import MOST_PAGES
from helpers.ingest import read_returns
from helpers.ingest.issues import NOTE
from helpers.plan import checks, questionnaire
from instances import WrittenForm, export_central, export_kobo

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = Path(__file__).with_name("clients")
Q, DAY = "2024Q4", date(2025, 1, 10)
SPEECH = ("fr", "ar")


@pytest.fixture(scope="session")
def bundle(tmp_path_factory) -> Callable[[str, str], Path]:
    """Return what bundles a client into one file, as its own site does."""
    program = next(ROOT.glob("node_modules/@esbuild/*/bin/esbuild"))
    folder = tmp_path_factory.mktemp("clients")

    def make(client: str, form: str) -> Path:
        target = folder / f"{client}.js"
        options = ["--bundle", f"--format={form}", "--external:libxslt", "--log-level=error", "--minify"]
        options += ['--define:process.env.NODE_ENV="production"', "--loader:.wasm=dataurl", f"--outfile={target}"]
        found = {"NODE_PATH": str(ROOT / "node_modules")}
        subprocess.run([program, CLIENTS / f"{client}.js", *options], check=True, env=os.environ | found)
        return target

    return make


@pytest.fixture(scope="session")
def written(tmp_path_factory) -> Path:
    """Return the folder of a questionnaire with last answers, and its XForm beside it."""
    plan, form = checks.check_plan()
    folder = tmp_path_factory.mktemp("questionnaire")
    desk.write_xlsform(folder, plan, form, Q, desk.read_previous(Q, DAY), DAY)
    xform = convert(str(folder / "questionnaire.xlsx"), validate=False).xform
    (folder / "form.xml").write_text(xform, encoding="utf-8")
    return folder


def open_page(browser: Browser, script: Path, kind: str) -> Page:
    """Return an empty page of a site of its own, with a script; nothing else can be asked for."""
    page = browser.new_page()
    page.route(re.compile("."), lambda route: route.abort())
    page.route("http://localhost/", lambda route: route.fulfill(body="<!DOCTYPE html>", content_type="text/html"))
    page.goto("http://localhost/")
    page.add_script_tag(path=script, type=kind)
    page.wait_for_function("!!window.openForm")
    return page


def read_back(raw, name: str, content: bytes) -> dict[str, dict[str, str]]:
    """Add an export; return the answers that were read by member. Nothing but notes may be said of it."""
    raw.add(Q, name, content, "2025-01-13", channel="kobo")
    received = read_returns([Q])
    assert [issue.message_en for issue in received.issues if issue.severity != NOTE] == []
    return {
        each.member: {n: a.value or a.state for n, a in each.answers.items() if a.state != questionnaire.MISSING}
        | {"items": [{n: a.value for n, a in item.answers.items() if a.value} for item in each.items or ()]}
        for each in received.returns
    }  # fmt: skip


# --- Enketo -----------------------------------------------------------------------------------------------------


class Enketo:
    """The form in Enketo."""

    def __init__(self, page: Page, folder: Path, language: str) -> None:
        rows = list(csv.DictReader((folder / "previous.csv").read_text(encoding="utf-8").splitlines()))
        xform = (folder / "form.xml").read_text(encoding="utf-8")
        assert page.evaluate("([xform, rows]) => openForm(xform, {previous: rows})", [xform, rows]) == []
        page.evaluate("speak", language) if language != "fr" else None
        self.page, self.xform = page, xform

    def answer(self, nth: int = 0, **answers: str) -> None:
        """Answer questions; of several items, those of the nth."""
        for name, value in answers.items():
            self.page.evaluate("([name, value, nth]) => answer(name, value, nth)", [name, value, nth])

    def send(self) -> ElementTree.Element:
        """Send it, which nothing may stop."""
        assert self.page.evaluate("stopped()") == []
        return ElementTree.fromstring(self.page.evaluate("send()"))


@pytest.fixture(scope="session")
def engine(bundle) -> Path:
    """Return Enketo in one file."""
    return bundle("enketo", "iife")


@pytest.fixture(params=SPEECH)
def enketo(request, browser, engine, written) -> Iterator[Enketo]:
    """Return the form in Enketo, in a language."""
    page = open_page(browser, engine, "text/javascript")
    yield Enketo(page, written, request.param)
    page.close()


def test_enketo_shows_few_pages_and_sends_without_innovations(enketo, raw):
    assert enketo.page.evaluate("pages()") <= MOST_PAGES
    enketo.answer(pick_form_language="ar", member="KEN", has_innovations="no", offices_total="540")
    answers = read_back(raw, "kobo.xlsx", export_kobo(WrittenForm(enketo.xform), [enketo.send()]))["KEN"]
    assert answers == {"form_language": "ar", "offices_total": "540", "has_innovations": "no", "items": []}


def test_enketo_takes_a_whole_path_with_innovations(enketo, raw):
    said = {
        "offices_total": "540", "staff_total": "2600", "staff_women": "800", "roadmap_status": "adopted",
        "roadmap_adopted_on": "2024-03-01", "cloud_use": "pilot", "services_epost": "hybrid_mail e_postbox",
        "sectors_benefiting": "trade finance", "trained_cumulative": "500", "comment": "Première ligne\nSeconde ligne",
    }  # fmt: skip
    enketo.answer(pick_form_language="pt", member="KEN", nd_infrastructure="offices_networked", **said)
    enketo.answer(has_innovations="yes", kind="solution", title="Suivi", date="2024-11-02", pick_detail="software")
    enketo.page.evaluate("document.querySelector('.add-repeat-btn').click()")
    enketo.answer(1, kind="hackathon", title="Hack", write_detail="Poste hôte", local_experts="3")
    assert enketo.page.evaluate("pages()") <= MOST_PAGES + 1  # a page for the second innovation
    answers = read_back(raw, "kobo.xlsx", export_kobo(WrittenForm(enketo.xform), [enketo.send()]))["KEN"]
    assert answers.pop("items") == [
        {"kind": "solution", "title": "Suivi", "date": "2024-11-02", "detail": "software"},
        {"kind": "hackathon", "title": "Hack", "detail": "Poste hôte", "local_experts": "3"},
    ]
    ticked = {"nd_infrastructure": "offices_networked", "offices_networked": questionnaire.NOT_AVAILABLE}
    assert answers == said | ticked | {"form_language": "pt", "has_innovations": "yes"}


@pytest.mark.parametrize(
    "answers, stopped",
    [
        ({"offices_total": "540", "offices_connected": "541"}, "offices_connected"),
        ({"has_innovations": "yes", "kind": "adoption", "date": "2024-09-30"}, "date"),
        ({"roadmap_status": "adopted", "roadmap_adopted_on": "2025-01-01"}, "roadmap_adopted_on"),
        ({"has_innovations": "yes"}, "kind"),
        ({"services_epost": "none hybrid_mail"}, "services_epost"),
    ],
)
def test_enketo_is_stopped_and_says_why_in_its_language(enketo, answers, stopped):
    enketo.answer(member="KEN", **answers)
    ((name, said),) = enketo.page.evaluate("stopped()")
    arabic = bool(re.search("[\u0600-\u06ff]", said))
    assert name == stopped and said.strip() and arabic == (enketo.page.evaluate("enketoFormLocale || 'fr'") == "ar")


def test_enketo_asks_for_the_member_in_its_language(enketo):
    ((name, said),) = enketo.page.evaluate("stopped()")
    assert name == "member" and said in ("Cette réponse est nécessaire.", "هذه الإجابة ضرورية.")


def test_enketo_hides_what_is_not_available_and_what_does_not_apply(enketo):
    before = set(enketo.page.evaluate("shown()"))
    assert "staff_women" in before and not before & {"kind", "roadmap_adopted_on"}
    enketo.answer(nd_network="staff_women", roadmap_status="adopted", has_innovations="yes", kind="adoption")
    after = set(enketo.page.evaluate("shown()"))
    assert "staff_women" not in after and {"kind", "roadmap_adopted_on", "pick_detail"} <= after
    assert "write_detail" not in after


def test_enketo_doubts_what_the_checks_would_and_takes_a_confirmation(enketo):
    enketo.answer(member="KEN", offices_total="5380", offices_connected="399")
    assert "538" in enketo.page.evaluate("said('offices_total')")  # the last value, as a hint
    shown = set(enketo.page.evaluate("shown()"))
    assert {"warn_v05_offices_total", "warn_v18_offices_total", "confirm_offices_total"} <= shown
    assert not shown & {"warn_v08_offices_total", "warn_v08_offices_connected"}
    assert "warn_v09_offices_connected" in shown  # its share of them is another
    enketo.answer(offices_total="480")
    shown = set(enketo.page.evaluate("shown()"))
    assert "warn_v08_offices_total" in shown and "warn_v05_offices_total" not in shown


def test_enketo_asks_what_a_rule_doubted_before(enketo):
    enketo.answer(member="KEN")
    assert "confirm_before" not in enketo.page.evaluate("shown()")
    enketo.answer(member="TUN")
    assert "confirm_before" in enketo.page.evaluate("shown()")
    assert "(2024Q3)" in enketo.page.evaluate("said('confirm_before')")


# --- ODK Web Forms ------------------------------------------------------------------------------------------------


class WebForms:
    """The form in ODK Web Forms; questions are found by their labels, choices by theirs."""

    def __init__(self, page: Page, folder: Path, language: str) -> None:
        self.page, self.language, self.form = page, language, checks.check_plan()[1]
        self.xform = (folder / "form.xml").read_text(encoding="utf-8")
        attached = (folder / "previous.csv").read_text(encoding="utf-8")
        page.evaluate("([xform, text]) => openForm(xform, {'previous.csv': text})", [self.xform, attached])
        if language != "fr":
            page.locator(".larger-screens .language-changer").click()
            page.get_by_role("option", name="العربية").click()

    def question(self, name: str):
        """Return the place of a question on the page."""
        label = re.escape(self.form.label_of(name)[self.language])
        return self.page.locator(".question-container").filter(
            has=self.page.locator(".control-text label", has_text=re.compile(rf"^{label}$"))
        )

    def choose(self, name: str, code: str) -> None:
        """Choose an answer by its label."""
        question = next(q for q in (*self.form.questions, *self.form.fields) if q.name == name)
        place, label = self.question(name), question.choice_labels[code][self.language]
        if place.get_by_role("combobox").count():
            place.get_by_role("combobox").click()
            self.page.get_by_role("option", name=label, exact=True).click()
        else:
            place.locator("label.value-option").filter(has_text=re.compile(rf"^{re.escape(label)}$")).click()

    def write(self, name: str, text: str) -> None:
        """Write a number or a text."""
        place = self.question(name).locator("input, textarea").first
        place.click()
        place.press_sequentially(text)
        place.blur()


@pytest.fixture(scope="session")
def web_forms_script(bundle) -> Path:
    """Return ODK Web Forms in one file."""
    return bundle("webforms", "esm")


@pytest.fixture(params=SPEECH)
def web_forms(request, browser, web_forms_script, written) -> Iterator[WebForms]:
    """Return the form in ODK Web Forms, in a language."""
    page = open_page(browser, web_forms_script, "module")
    yield WebForms(page, written, request.param)
    page.close()


def send(web_forms: WebForms) -> None:
    """Press the button that sends."""
    web_forms.page.locator(".footer button").click()


def test_web_forms_stop_at_a_limit_and_send_once_it_is_kept(web_forms, raw):
    web_forms.choose("member", "KEN")
    web_forms.write("offices_total", "540")
    expect(web_forms.question("offices_total").locator(".hint")).to_contain_text("538")
    web_forms.write("offices_connected", "541")
    web_forms.choose("nd_network", "staff_women")
    expect(web_forms.question("staff_women")).to_have_count(0)
    web_forms.choose("has_innovations", "no")
    send(web_forms)
    expect(web_forms.question("offices_connected").locator(".validation-message")).to_be_visible()
    assert web_forms.page.evaluate("sent") == []
    web_forms.question("offices_connected").locator("input").first.fill("")
    web_forms.write("offices_connected", "520")
    send(web_forms)
    web_forms.page.wait_for_function("sent.length === 1")
    sent = ElementTree.fromstring(web_forms.page.evaluate("sent[0]"))
    answers = read_back(raw, "central.csv.zip", export_central(WrittenForm(web_forms.xform), [sent]))["KEN"]
    assert answers == {
        "form_language": "fr", "offices_total": "540", "offices_connected": "520", "nd_network": "staff_women",
        "staff_women": questionnaire.NOT_AVAILABLE, "has_innovations": "no", "items": [],
    }  # fmt: skip


def test_web_forms_send_an_innovation(web_forms, raw):
    web_forms.choose("member", "TUN")
    web_forms.choose("has_innovations", "yes")
    web_forms.choose("kind", "adoption")
    pick = (
        web_forms.page.locator(".question-container")
        .filter(has_text="↳")
        .filter(has_text=web_forms.form.label_of("innovations.detail")[web_forms.language])
    )
    pick.locator("label.value-option").last.click()
    web_forms.write("title", "Guichet")
    send(web_forms)
    web_forms.page.wait_for_function("sent.length === 1")
    sent = ElementTree.fromstring(web_forms.page.evaluate("sent[0]"))
    answers = read_back(raw, "central.csv.zip", export_central(WrittenForm(web_forms.xform), [sent]))["TUN"]
    assert answers["items"] == [{"kind": "adoption", "title": "Guichet", "detail": "vendor"}]
