"""What CONTRIBUTING says of adding a KPI, pasted as it stands there: rows of the plan, and the report has it."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from pyxform.xls2xform import convert

from conftest import DOCUMENT, PLAN, ROOT, write_workbook
from helpers.cli import main
from helpers.explain import explain
from helpers.explain.telling import format_explanation
from helpers.i18n.formats import Translator
from helpers.plan.files import read_rows
from helpers.plan.plan import read_plan
from helpers.report import headlines, tables
from helpers.runs import edition
from helpers.strings import LANGUAGES
from helpers.tables.pipeline import load_tables
from reports import printed, report_of

pytestmark = pytest.mark.slow

FIRST, LAST = "2024Q2", "2024Q3"
# Parcels, and whether tracking is offered; UGA skips both, SEN has no figure of parcels in the first quarter.
SAID = {
    FIRST: {"SEN": ("ND", "yes"), "KEN": (1000, "no"), "MLI": (20, None), "EGY": (7, "yes"), "UGA": (None, None)},
    LAST: {"SEN": (300, "no"), "KEN": (2000, "yes"), "MLI": (None, "yes"), "UGA": (None, None)},
}
# Flow: 1000 + 20 + 7 + 300 + 2000. Count: KEN and MLI now, EGY carried; SEN says no now. 42 of 45 did not say it now.
WORKED = {"3.2.b": (3327, 3327, None, 2, 0), "3.2.c": (3, 2, 44, 3, 1)}
TITLE = "عدد البلدان التي تتيح تتبع الطرود"


def pasted() -> list[str]:
    """Return the rows that CONTRIBUTING gives, file by file, in its order."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text[text.index("## Add a KPI") : text.index("## Add a language")]
    return [textwrap.dedent(block) for block in re.findall(r"^ *```csv\n(.*?)^ *```$", section, re.M | re.S)]


def insert(path: Path, rows: str, above: str = "") -> None:
    """Put rows above the one that begins with a text, or at the end."""
    text = path.read_text(encoding="utf-8")
    at = text.index(f"\n{above}") + 1 if above else len(text)
    path.write_text(text[:at] + rows + text[at:], encoding="utf-8")


def leave_out(path: Path, is_added: Callable[[str], object]) -> None:
    """Take the lines out that the plan may have gained, so that the example can be pasted whatever they are."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not is_added(line)), encoding="utf-8")


def follow_contributing(plan: Path) -> None:
    """Do what CONTRIBUTING says, steps 1 to 4, in a copy of the plan as the document has it."""
    kpis, survey, choices = pasted()
    leave_out(plan / "kpis.csv", lambda line: line[0].isdigit() and line.partition(",")[0] not in DOCUMENT)
    for name in ("survey", "choices"):
        leave_out(
            plan / "questionnaire" / f"{name}.csv", re.compile("[^,]+,(parcels|offers)_(tracked|tracking),").match
        )
    insert(plan / "kpis.csv", kpis)
    insert(plan / "questionnaire" / "survey.csv", survey, "select_multiple nd_services,")
    insert(plan / "questionnaire" / "choices.csv", choices, "nd_services,none,")
    settings = plan / "questionnaire" / "settings.csv"
    settings.write_text(re.sub(r"\b20\d{8}\b", "2026120101", settings.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Return a root with the plan as CONTRIBUTING changes it, and the returns of two quarters that answer it."""
    root = tmp_path_factory.mktemp("added") / "root"
    raw = root / "data" / "raw"
    shutil.copytree(PLAN, raw / "plan")
    follow_contributing(raw / "plan")
    shutil.copytree(ROOT / "data" / "raw" / "registers", raw / "registers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPU_ROOT", str(root))
        for quarter, said in SAID.items():
            rows = [(member, quarter, 12, *answers) for member, answers in said.items()]
            header = ("member", "quarter", "training_sessions", "parcels_tracked", "offers_tracking")
            write_workbook(root / f"{quarter}.xlsx", {"returns": [header, *rows]})
            day = {FIRST: "2024-07-20", LAST: "2024-10-20"}[quarter]
            command = ["add", str(root / f"{quarter}.xlsx"), "--quarter", quarter, "--received-on", day]
            assert CliRunner().invoke(main, command, catch_exceptions=False).exit_code == 0
    return root


@pytest.fixture(autouse=True)
def there(root, monkeypatch):
    """Look in that root."""
    monkeypatch.setenv("PAPU_ROOT", str(root))
    monkeypatch.delenv("PAPU_OUT", raising=False)


def test_the_form_still_converts_without_a_warning(root):
    folder, warnings = root / "data" / "raw" / "plan" / "questionnaire", []
    sheets = {name: read_rows(folder / f"{name}.csv", ()) for name in ("survey", "choices", "settings")}
    filled = {name: [{k: v for k, v in row.items() if v} for row in rows] for name, rows in sheets.items()}
    form = convert(filled, warnings=warnings).xform
    assert "parcels_tracked" in form and "offers_tracking" in form and warnings == []


def test_the_new_questions_are_read_and_checked(root):
    out = root / "checked"
    said = CliRunner().invoke(main, ["check", LAST, "--out", str(out)], catch_exceptions=False)
    assert said.exit_code == 0 and "parcels_tracked" not in said.output  # nothing to say of them
    answers = pd.read_parquet(out / "answers.parquet").set_index(["quarter", "member", "question"])["value"]
    assert answers[LAST, "KEN", "parcels_tracked"] == "2000" and answers[FIRST, "EGY", "offers_tracking"] == "yes"
    states = pd.read_parquet(out / "answers.parquet").set_index(["quarter", "member", "question"])["obs_status"]
    assert (states[FIRST, "SEN", "parcels_tracked"], states[LAST, "UGA", "parcels_tracked"]) == ("L", "O")


@pytest.mark.parametrize("kpi", WORKED)
def test_its_figure_and_bounds_are_those_worked_by_hand(kpi):
    rows = load_tables(LAST).kpis.query("quarter == @LAST and scope == 'PAPU' and kpi == @kpi")
    found = rows[["value", "lower", "upper", "n_reported", "n_carried"]].iloc[0]
    assert tuple(None if pd.isna(figure) else figure for figure in found) == WORKED[kpi]


@pytest.mark.parametrize("kpi", WORKED)
def test_it_is_explained_as_every_other(kpi):
    one = explain(kpi, LAST)
    value, lower, upper, *_ = WORKED[kpi]
    steps = {step.name: step.result for step in one.steps}
    assert (one.differences, steps["value"], steps["lower"], steps["upper"]) == ((), value, lower, upper)
    question = {"3.2.b": "parcels_tracked", "3.2.c": "offers_tracking"}[kpi]
    told = {(cell.quarter, cell.member): cell.raw for part in one.parts for cell in part.traces}
    assert told[LAST, "KEN"] == str(dict(zip(("3.2.b", "3.2.c"), SAID[LAST]["KEN"], strict=True))[kpi])
    assert question in "\n".join(format_explanation(one, Translator("fr")))


def test_it_is_shown_with_its_theme_in_every_language():
    found = load_tables(LAST)
    for language in LANGUAGES:
        report = report_of(found, language)
        t, methods = report.t, tables.methods(report)
        card, rules = printed(tables.scorecard(report), t), printed(methods, t)
        codes = list(card[t("KPI")])
        assert codes == sorted(codes) and len(codes) == 22 and list(rules[t("KPI")]) == codes
        assert set(printed(tables.theme(report, 3), t)[t("KPI")]) >= {"3.2.b", "3.2.c"}
        assert t.localised(read_plan().by_kpi["3.2.c"].title) in set(card[t("Indicator")])
        counting = (headlines.describe_scorecard(report), methods.title, headlines.describe_statuses(report))
        assert all("22" in sentence for sentence in counting)
        rule = rules.set_index(t("KPI")).loc["3.2.b"]
        assert rule[t("Source")] == "parcels_\u200btracked" and rule[t("Unit")] == t("unit number")


def test_a_slip_is_told_as_contributing_shows_it(root, tmp_path, monkeypatch):
    shutil.copytree(root / "data", tmp_path / "data")
    path = tmp_path / "data" / "raw" / "plan" / "kpis.csv"
    text = path.read_text(encoding="utf-8").replace("parcels_tracked", "parcels_traked").replace("in yes", "in oui")
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    told = CliRunner().invoke(main, ["check", LAST, "--language", "en"], catch_exceptions=False)
    shown = re.search(r"^ *```text\n(.*?)^ *```$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M | re.S)
    assert (told.exit_code, told.output) == (3, textwrap.dedent(shown[1]))


@pytest.mark.slow
def test_the_whole_edition_is_made_with_it_and_the_scorecard_is_whole(root):
    target = edition.run_edition(edition.make_request(LAST, ("ar",)), lambda _: None)
    kpis = (root / "data" / "processed" / LAST / "2024-11-14" / "kpis.csv").read_text(encoding="utf-8")
    assert f"{LAST},PAPU,3.2.b,number,3327,,3327,," in kpis
    page = (target / "report_ar.html").read_text(encoding="utf-8")
    assert page.count(TITLE) >= 3  # the scorecard, its theme, the methods
    assert len(PdfReader(target / "report_ar.pdf").pages) > 15
    notebook = json.loads((target / "02_kpis.ipynb").read_text(encoding="utf-8"))
    assert "3.2.c" in json.dumps([cell.get("outputs") for cell in notebook["cells"]])
