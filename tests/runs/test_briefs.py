"""Briefs: one member's page in any language, whatever it answered, and all of them from the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import page
import pytest
from pypdf import PdfReader

from helpers import paths
from helpers.i18n import Translator
from helpers.plan import questionnaire, read_plan
from helpers.report import Report, brief
from helpers.report import tables as report_tables
from helpers.runs import briefs
from helpers.strings import LANGUAGES
from helpers.tables import pipeline
from helpers.tables.profiles import MemberAnswer
from quick import write_brief_notebook
from reports import report_of, sample_tables  # noqa: F401

pytestmark = pytest.mark.slow

NOTEBOOK = paths.notebooks() / "04_country_brief.ipynb"
QUARTER = "2022Q4"


@pytest.fixture(scope="module")
def tables(sample) -> pipeline.EditionTables:
    """Return the sample's tables of its second quarter."""
    return sample(QUARTER)


def make(tables: pipeline.EditionTables, member: str, language: str, out: Path) -> Path:
    """Make a brief as the notebook does: from its own cells, on these tables."""
    about = brief.find_member(member, tables.quarter)
    report = Report(tables.quarter, tables.as_of, language, name=f"brief_{member}", tables=tables, out=out)
    names = {"report": report, "about": about, "brief": brief, "tables": report_tables}
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    for cell in code[next(n for n, one in enumerate(code) if "report.head" in one) :]:
        exec(compile(cell, NOTEBOOK.stem, "exec"), names)
    return out / f"brief_{member}_{language}.pdf"


def test_without_a_code_the_member_is_the_first_of_the_plan_in_the_quarter(plan):
    assert brief.find_member(" ", QUARTER) == plan.members_in(QUARTER)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_brief_is_accessible_in_every_language_and_two_pages_at_most(tables, language, tmp_path):
    path = make(tables, "SEN", language, tmp_path)
    verdict = page.validate_pdf(path, profile="ua1")
    assert verdict.is_compliant, [failure.message for failure in verdict.failures][:5]
    assert len(PdfReader(path).pages) == 2
    head = json.loads(path.with_suffix(".json").read_text("utf-8"))["blocks"][0]
    assert bool(head["unofficial"]) == (language in ("pt", "ar"))


def test_every_members_brief_fits_two_pages(tables, tmp_path):
    pages = {}
    for member in read_plan().members_in(QUARTER):
        pages[member.member] = len(PdfReader(make(tables, member.member, "fr", tmp_path)).pages)
    assert len(pages) == 45 and set(pages.values()) <= {1, 2}, pages


def test_a_brief_names_no_person(tables, tmp_path):
    path = make(tables, "SEN", "fr", tmp_path)
    text = path.with_suffix(".json").read_text("utf-8")
    assert "focal" not in text and not re.search(r"[\w.]+@[\w.]+", text)


@pytest.mark.parametrize(
    ("name", "value", "state", "shown"),
    [
        ("offices_total", "1234", "A", "1\u202f234"),
        ("offices_total", "0", "A", "0"),
        ("offices_total", "", "O", "s.d."),
        ("offices_total", "", "M", "n.a."),
        ("offices_total", "", "L", "n.d."),
        ("roadmap_adopted_on", "2021-05-20", "A", "20 mai 2021"),
        ("ipp_ecompro", "none", "A", "Aucune fonction"),
    ],
)
def test_an_answer_is_shown_as_it_was_understood(name, value, state, shown):
    question = questionnaire.read_form().by_name[name]
    if name == "ipp_ecompro":
        shown = question.choice_labels["none"]["fr"]
    assert brief.describe_answer(MemberAnswer(question, value, value, state), Translator("fr")) == shown


def test_a_questioned_answer_is_shown_as_received_and_marked():
    question = questionnaire.read_form().by_name["offices_connected"]
    assert brief.describe_answer(MemberAnswer(question, "999", "", "U"), Translator("fr")) == "999 (à confirmer)"


def test_without_a_return_the_brief_asks_for_one(tables):
    report = report_of(tables, "fr")
    members = read_plan().members_in(QUARTER)
    silent = [member for member in members if brief.describe_return(report, member) == "aucun retour reçu"]
    assert silent
    for member in silent:
        assert brief.next_actions(report, member)[0].startswith("Envoyer le questionnaire du T4 2022")
        assert report_tables.answers(report, member) is None


class TestRequest:
    def test_each_member_has_its_own_language_unless_one_is_given(self):
        names = [name for name, _ in briefs.make_briefs_request("2024Q3", ["sen", "KEN", "AGO", "EGY"]).steps]
        assert names == ["brief_SEN_fr", "brief_KEN_en", "brief_AGO_pt", "brief_EGY_ar"]
        steps = briefs.make_briefs_request("2024Q3", ["SEN"], ["fr", "ar"]).steps
        assert [name for name, _ in steps] == ["brief_SEN_fr", "brief_SEN_ar"]
        assert len(briefs.make_briefs_request("2024Q3").steps) == 45

    @pytest.mark.parametrize(("members", "languages"), [(["XXX"], []), (["SEN"], ["xx"]), (["../SEN"], [])])
    def test_an_unknown_member_or_language_is_refused(self, members, languages):
        with pytest.raises(ValueError):
            briefs.make_briefs_request("2024Q3", members, languages)


@pytest.mark.slow
class TestCommand:
    def run(self, root: Path, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "helpers", "briefs", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PAPU_ROOT": str(root)})

    def test_a_brief_that_fails_does_not_stop_the_others(self, checkout):
        write_brief_notebook(checkout / "notebooks")
        ran = self.run(checkout, QUARTER, "--member", "SEN", "--member", "KEN")
        folder = checkout / "reports" / QUARTER / "2023-02-14-briefs"
        assert ran.returncode == 0 and "2 of 2 briefs" in ran.stdout, ran.stderr
        assert {path.name for path in folder.iterdir()} == {
            "brief_SEN_fr.pdf", "brief_KEN_en.pdf", "notebooks", "manifest.json",
        }  # fmt: skip
        before = {path.name: path.read_bytes() for path in folder.glob("*.pdf")}
        write_brief_notebook(checkout / "notebooks", "1 / 0 if member == 'SEN' else 1")
        ran = self.run(checkout, QUARTER, "--member", "SEN", "--member", "TUN", "--language", "fr")
        assert ran.returncode == 5 and "1 of 2 briefs" in ran.stdout
        assert "brief_SEN_fr: 04_country_brief.ipynb, cell" in ran.stderr and "ZeroDivisionError" in ran.stderr
        assert {path.name for path in folder.glob("*.pdf")} == {*before, "brief_TUN_fr.pdf"}
        assert all((folder / name).read_bytes() == content for name, content in before.items())
        assert not list(folder.parent.glob(".*"))
        listed = json.loads((folder / "manifest.json").read_text("utf-8"))["outputs"]
        assert {name for name in listed if name.endswith(".pdf")} == {path.name for path in folder.glob("*.pdf")}
        assert len({facts["input_id"] for facts in listed.values()}) == 1
