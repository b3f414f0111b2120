"""The questionnaire of a quarter as an XLSForm: valid, quick to fill in, and known again in what comes back."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from pyxform.xls2xform import convert

from helpers import desk
from helpers.desk.form_lint import MOST_PAGES, lint_form
from helpers.desk.xlsform import XlsForm, make_xlsform
from helpers.plan import checks, questionnaire
from helpers.plan.questionnaire import LABEL_LANGUAGES
from second.placing import place

Q, DAY = "2024Q4", date(2025, 1, 10)


@pytest.fixture(scope="module")
def made() -> XlsForm:
    """Return the form of a quarter of the sample."""
    plan, form = checks.check_plan()
    return make_xlsform(plan, form, Q, desk.read_previous(Q, DAY))


@pytest.fixture(scope="module", params=["present", "first quarter", "second plan"])
def written(request, tmp_path_factory) -> Path:
    """Return the folder of a form: with last answers, without any, and of another plan."""
    quarter = {"present": Q, "first quarter": "2022Q3", "second plan": "2025Q4"}[request.param]
    folder = tmp_path_factory.mktemp("form")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "second plan":
            patch.setenv("PAPU_ROOT", str(place(folder / "root")))
        plan, form = checks.check_plan()
        previous = {} if request.param == "first quarter" else desk.read_previous(quarter, date(2026, 2, 9))
        assert bool(previous) == (request.param != "first quarter")
        result = desk.write_xlsform(folder / "out", plan, form, quarter, previous, DAY)
    assert result.findings == ()
    return folder / "out"


def row_of(made: XlsForm, name: str) -> dict[str, str]:
    """Return the row of a question."""
    return next(row for row in made.survey if row.get("name") == name)


def names(made: XlsForm) -> list[str]:
    """Return the names of the rows in order."""
    return [row.get("name", "") for row in made.survey]


def test_pyxform_converts_it_without_a_warning(written):
    result = convert(str(written / "questionnaire.xlsx"), validate=False)
    assert result.warnings == [] and "pick_" in result.xform


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("java"), reason="ODK Validate needs Java")
def test_odk_validate_finds_nothing(written):
    assert convert(str(written / "questionnaire.xlsx"), validate=True).warnings == []


def test_it_is_the_same_twice_and_its_version_grows_with_it(tmp_path):
    plan, form = checks.check_plan()
    previous = desk.read_previous(Q, DAY)
    first = desk.write_xlsform(tmp_path / Q, plan, form, Q, previous, date(2026, 12, 5))
    content = [path.read_bytes() for path in first.files]
    again = desk.write_xlsform(tmp_path / Q, plan, form, Q, previous, date(2026, 12, 9))
    assert first.version == again.version == "2026120501"
    assert [path.read_bytes() for path in again.files] == content
    changed = desk.write_xlsform(tmp_path / Q, plan, form, Q, {}, date(2026, 12, 5))
    assert changed.version == "2026120502"
    later = desk.write_xlsform(tmp_path / "2025Q1", plan, form, "2025Q1", previous, date(2026, 12, 1))
    assert later.version == "2026120503"


def test_the_version_is_never_below_that_of_the_plan(tmp_path):
    plan, form = checks.check_plan()
    with (questionnaire.paths.questionnaire() / "settings.csv").open(encoding="utf-8-sig") as file:
        own = next(csv.DictReader(file))["version"]
    assert int(desk.write_xlsform(tmp_path / Q, plan, form, Q, {}, date(2020, 1, 1)).version) >= int(own)


def test_the_language_then_the_member_are_asked_first(made):
    asked = [row for row in made.survey if row["type"].startswith(("select", "text", "integer"))]
    assert [row["name"] for row in asked[:2]] == ["pick_form_language", "member"]
    assert asked[1]["appearance"] == "minimal autocomplete"


def test_the_members_are_listed_in_the_alphabet_of_each_language(made):
    french, english = (
        [row[f"label::{LABEL_LANGUAGES[language]}"] for row in made.choices if row.get("language") == language]
        for language in ("fr", "en")
    )
    assert french[:3] == ["Afrique du Sud", "Algérie", "Angola"] and english[:3] == ["Algeria", "Angola", "Benin"]
    assert "Éthiopie" in french[french.index("Eswatini") :][:3]


def test_without_a_question_on_the_language_the_members_are_listed_once():
    plan, form = checks.check_plan()
    silent = replace(form, identity=replace(form.identity, language=""))
    listed = [row["name"] for row in make_xlsform(plan, silent, Q, {}).choices if row["list_name"] == "member"]
    assert len(listed) == len(set(listed)) == 45 and listed[0] == "ZAF"


def test_the_quarter_is_there_and_cannot_be_changed(made):
    row = row_of(made, "quarter")
    assert (row["default"], row["readonly"]) == (Q, "yes")


def test_what_is_not_available_is_ticked_before_what_it_hides(made):
    order = names(made)
    for tick in (name for name in order if name.startswith("nd_")):
        hidden = [row for row in made.survey if f"${{{tick}}}" in row.get("relevant", "")]
        assert hidden and all(order.index(tick) < order.index(row["name"]) for row in hidden)
    assert row_of(made, "staff_women")["relevant"] == "not(selected(${nd_network}, 'staff_women'))"


def test_dates_are_held_to_the_quarter(made):
    assert "date('2024-10-01')" in row_of(made, "date")["constraint"]
    assert row_of(made, "roadmap_adopted_on")["constraint"] == "(. <= today()) and . <= date('2024-12-31')"


def test_a_detail_is_chosen_from_the_list_of_its_kind_or_written(made):
    rows = {row["name"]: row for row in made.survey if row.get("name", "").endswith("detail")}
    assert rows["pick_detail"]["choice_filter"] == "item_kind = ${kind}"
    assert rows["detail"]["calculation"] == "coalesce(${pick_detail}, ${write_detail})"
    kinds = {row["item_kind"] for row in made.choices if row["list_name"] == "list_detail"}
    assert kinds == {"solution", "adoption"}


def test_the_last_answers_go_with_it_and_nobody_s_words(written):
    rows = list(csv.DictReader((written / "previous.csv").read_text(encoding="utf-8").splitlines()))
    texts = {column for row in rows for column, text in row.items() if text and not text.replace(" ", "").isdigit()}
    assert len(rows) > 5 and texts == {"member"}


def test_the_first_quarter_doubts_what_is_far_from_its_reference_and_nothing_else():
    plan, form = checks.check_plan()
    first = make_xlsform(plan, form, "2022Q3", {})
    added = {name for name in names(first) if name.startswith(("warn_", "confirm_", "last_"))}
    assert added == {
        f"{kind}_{name}"
        for kind, of in {"warn_v05": "total", "confirm": "total", "last_reference": ""}.items()
        for name in ((f"offices_{of}", f"staff_{of}") if of else ("offices", "staff"))
    }


def test_a_member_is_asked_to_confirm_what_a_rule_doubted(made):
    asked = {row["of_member"]: row["name"] for row in made.choices if row["list_name"] == "list_before"}
    assert asked == {"NAM": "2024Q3.staff_total.77900", "TUN": "2024Q3.trained_cumulative.3226"}
    before = row_of(made, "confirm_before")
    assert before["choice_filter"] == "of_member = ${member}"
    assert before["relevant"] == "${member} = 'NAM' or ${member} = 'TUN'"


def test_a_retired_choice_stays_and_is_not_offered(made):
    plan, form = checks.check_plan()
    retired = replace(form, retired={"cloud_use": {"rented": ("2024Q2", {})}})
    again = make_xlsform(plan, retired, Q, {})
    assert row_of(again, "cloud_use")["choice_filter"] == "not(until < 20244)"


# --- what pyxform does not see ----------------------------------------------------------------------------------


def find(made: XlsForm, **changed: object) -> list[str]:
    """Return what is found in a form of which something is changed."""
    plan, form = checks.check_plan()
    return lint_form(replace(made, **changed), plan, form)


def without(made: XlsForm, name: str, start: str) -> list[dict[str, str]]:
    """Return the survey without the columns of a row that begin so."""
    keep = [
        {c: t for c, t in row.items() if not (row.get("name") == name and c.startswith(start))} for row in made.survey
    ]  # fmt: skip
    return keep


@pytest.mark.parametrize(
    "name, start, found",
    [
        ("staff_total", "label::Português", "staff_total: label is missing in pt"),
        ("member", "required_message", "member: required has no message"),
        ("staff_total", "constraint_message", "staff_total: constraint has no message"),
    ],
)
def test_a_text_that_is_missing_is_found(made, name, start, found):
    assert find(made, survey=without(made, name, start)) == [found]


def test_a_label_of_two_questions_is_found(made):
    column = f"label::{LABEL_LANGUAGES['en']}"
    survey = [row | {column: "Total staff"} if row.get("name") == "staff_women" else row for row in made.survey]
    assert find(made, survey=survey) == ["staff_total, staff_women have one label, Total staff"]


def test_a_question_that_is_gone_is_found_by_who_reads_it(made):
    survey = [row for row in made.survey if row.get("name") != "audits_completed"]
    (found,) = find(made, survey=survey)
    assert found.endswith("read audits_completed, which the form does not ask")


def test_a_form_of_too_many_pages_is_found(made):
    survey = [{c: t for c, t in row.items() if c != "appearance"} for row in made.survey]
    (found,) = find(made, survey=survey)
    assert found.endswith(f"where {MOST_PAGES} are enough; put questions together")


def test_what_an_earlier_form_had_is_missed(made):
    plan, form = checks.check_plan()
    earlier = {
        "survey": [*made.survey, {"type": "integer", "name": "vans_total"}],
        "choices": [*made.choices, {"list_name": "cloud_use", "name": "rented"}],
    }
    found = lint_form(made, plan, form, earlier)
    assert [text.split(" is gone")[0] for text in found] == ["vans_total", "choice rented of cloud_use"]


def test_a_question_that_nobody_reads_is_found(made):
    plan, form = checks.check_plan()
    rules = tuple(rule for rule in plan.rules if "training_sessions" not in (rule.question, rule.other))
    kpis = tuple(kpi for kpi in plan.kpis if "training_sessions" not in kpi.source)
    companions = tuple(each for each in plan.companions if "training_sessions" not in each.source)
    fewer = replace(plan, rules=rules, kpis=kpis, companions=companions)
    assert "training_sessions is read by no indicator, rule or role of plan.toml" in lint_form(made, fewer, form)


# --- the texts of the sheets are texts ----------------------------------------------------------------------------


def test_no_cell_is_a_formula(written):
    book = openpyxl.load_workbook(written / "questionnaire.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert cells and all(cell.data_type != "f" for cell in cells)
