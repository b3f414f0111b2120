"""The column `source` of kpis.csv: every form it can be written in, and what is told of one that cannot be read."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace

import pytest

from conftest import PLAN
from helpers.ingest.cells import read_answer
from helpers.plan.extractors import NO_EXTRACT, CountedReturn, Extract, Item
from helpers.plan.plan import read_plan
from helpers.plan.source_checks import list_source_problems
from helpers.plan.sources import (
    list_part_totals,
    parse_source,
    source_of,
    workshops_of,
)

ENDS = Extract(ends=True)


@pytest.fixture
def say(form):
    """Return what a return with these answers says for a measure and a source."""

    def read(measure: str, source: str, items=None, **answers: object) -> Extract:
        said = {question: read_answer(form.by_name[question], cell) for question, cell in answers.items()}
        return parse_source(measure, source, form).read(CountedReturn("SEN", said, items))

    return read


# --- forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "reading"), [(3, Extract(3)), (0, Extract(0)), ("ND", NO_EXTRACT), (None, NO_EXTRACT), ("NA", ENDS)]
)
def test_a_number_alone(say, cell, reading):
    assert say("sum_flow", "training_sessions", training_sessions=cell) == reading
    assert say("sum_known", "training_sessions", training_sessions=cell) == reading


@pytest.mark.parametrize(("total", "reading"), [(90, Extract(60, 90)), (None, Extract(60))])
def test_a_number_over_its_total(say, total, reading):
    cells = {"offices_connected": 60, "offices_total": total}
    assert say("sum_known", "offices_connected over offices_total", **cells) == reading


@pytest.mark.parametrize(
    ("part", "whole", "reading"),
    [
        (30, 40, Extract(75)), (50, 40, Extract(100)), (0, 40, Extract(0)), (0, 0, NO_EXTRACT), (30, None, NO_EXTRACT),
        ("NA", 40, ENDS), (30, "NA", ENDS),
    ],
)  # fmt: skip
def test_a_percentage_of_a_total_is_100_at_most(say, part, whole, reading):
    assert say("mean_index", "staff_women over staff_total", staff_women=part, staff_total=whole) == reading


@pytest.mark.parametrize(
    ("cell", "reading"), [("implementing", Extract(1)), ("adopted", Extract(0)), ("ND", NO_EXTRACT), ("NA", ENDS)]
)
def test_a_question_in_some_answers(say, cell, reading):
    assert say("count_known", "roadmap_status in implementing|completed", roadmap_status=cell) == reading


@pytest.mark.parametrize(("cell", "met"), [("online_account mobile_wallet", 1), ("online_account", 0), ("none", 0)])
def test_a_select_many_question_in_some_answers_when_one_is_ticked(say, cell, met):
    assert say("count_known", "services_efinance in mobile_wallet|bill_payment", services_efinance=cell).value == met


@pytest.mark.parametrize("source", ["any project_* in completed", "any project_dre, project_fitaf in completed"])
@pytest.mark.parametrize(
    ("dre", "fitaf", "reading"),
    [("completed", None, Extract(1)), ("none", "ND", Extract(0)), ("NA", None, NO_EXTRACT), (None, None, NO_EXTRACT)],
)
def test_any_of_several_questions_is_reported_when_one_is(say, source, dre, fitaf, reading):
    assert say("count_ever", source, project_dre=dre, project_fitaf=fitaf) == reading


def test_several_questions_are_not_applicable_when_all_are(say):
    cells = {"project_dre": "NA", "project_payments": "NA", "project_fitaf": "NA"}
    assert say("count_known", "any project_* in completed", **cells) == ENDS


def test_codes_that_are_ticked(say, form):
    found = say("distinct_codes", "sectors_benefiting", sectors_benefiting="trade other")
    assert found == Extract(1, codes=frozenset({"trade"}))
    counts = {
        name: len(parse_source("distinct_codes", name, form).codes) for name in ("sectors_benefiting", "ipp_tracked")
    }
    assert counts == {"sectors_benefiting": 12, "ipp_tracked": 5}  # `none` and `other` never count


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("innovations of kind hackathon", {"h-1"}),
        ("innovations of kind hackathon|exhibition", {"h-1", "e-1"}),
        ("innovations of kind solution", {"s-1"}),
        ("innovations of kind solution, each member's own", {"SEN: s-1"}),
        ("innovations of kind solution with detail software", {"s-1"}),
        ("innovations of kind solution with detail application", set()),
    ],
)
def test_innovations_of_some_kinds(say, source, codes):
    items = tuple(
        Item(kind, reference, "", "software" if kind == "solution" else "")
        for kind, reference in (("hackathon", "H-1"), ("exhibition", "E-1"), ("solution", "S-1"))
    )
    assert say("distinct_items", source, items).codes == codes
    ever = source.replace("innovations", "any innovations").removesuffix(", each member's own")
    assert say("count_ever", ever, items).value == bool(codes)
    assert say("distinct_items", source, None) == NO_EXTRACT


def test_the_same_source_is_read_once(form):
    first, second = (parse_source("sum_flow", "audits_completed", form) for _ in range(2))
    assert first is second


@pytest.mark.parametrize(
    ("source", "cap", "reference"),
    [
        ("offices_networked over offices_total", 1, "reference_offices"),
        ("trained_cumulative over staff_total, up to 1.2 times", 1.2, "reference_staff"),
        ("offices_networked within offices_total", 1, "reference_offices"),
        ("laptop_working over laptop_required", math.inf, ""), ("audits_completed", math.inf, ""),
        ("codes in services_*", 24, ""), ("codes in services_epost with services_*", math.inf, ""),
    ],
)  # fmt: skip
def test_a_sum_is_capped_by_a_total_that_the_table_of_members_knows(form, source, cap, reference):
    found = parse_source("sum_known", source, form)
    assert (found.cap, found.reference) == (cap, reference)


def test_a_reference_is_a_column_of_the_members_table(plan, form):
    assert all(plan.members[0].references[column] > 0 for column in form.totals.values())


@pytest.mark.parametrize(
    ("source", "counted"),
    [
        ("workshops of step 5.3", ("5.3", "")),
        ("attendance at workshops of step 5.2: distinct members", ("5.2", "distinct members")),
        ("attendance at workshops of step 5.3: attendances", ("5.3", "attendances")),
    ],
)
def test_a_register_counts_workshops_members_or_attendances(source, counted):
    assert workshops_of(source) == counted


# --- the plan held against the form -----------------------------------------------------------------------------


def test_the_plan_fits_the_form(plan, form):
    assert list(list_source_problems(plan, form)) == []
    parts = list_part_totals(plan, form)
    assert ("offices_connected", "offices_total", 1) in parts
    assert ("trained_cumulative", "staff_total", 1.2) in parts  # it may exceed the staff


@pytest.mark.parametrize(
    ("measure", "source", "said"),
    [
        ("sum_flow", "audits_complete", "which is no question of the form; did you mean audits_completed?"),
        ("sum_flow", "zzz", "add it to questionnaire/survey.csv"),
        ("sum_flow", "roadmap_status", "a question of type select_one, where it takes integer"),
        ("sum_flow", "audits_completed over staff_total", "is not understood; for sum_flow write `number`"),
        ("sum_known", "offices_connected over comment", "comment, a question of type text"),
        ("mean_index", "offices_connected", "for mean_index write `number over total`"),
        ("count_known", "roadmap_status", "for count_known write `question in code|code`"),
        ("count_known", "roadmap_status in running", "names running, which is no answer to roadmap_status"),
        ("count_known", "cloud_use, roadmap_status in none", "write `any cloud_use, roadmap_status in none`"),
        ("count_known", "any projects_* in completed", "no question of the form begins with projects_"),
        ("count_known", "offices_total in yes", "a question of type integer, where it takes select_one or"),
        ("count_known", "innovations of kind solution", "is not understood"),
        ("distinct_codes", "roadmap_status", "where it takes select_multiple"),
        ("distinct_items", "innovations of kind fair", "fair, which is no kind of innovations; choose from solution,"),
        ("sum_flow", "codes in services_*", "is not understood"),
        ("mean_index", "score of cloud_use", "list cloud_use has none for none, pilot, production"),
        ("mean_index", "mean of *_works within *_required, at least 3", "server_works, which is no question"),
        ("mean_index", "mean of *_here within *_there, at least 3", "*_here and *_there, but no question of the form"),
        ("distinct_codes", "sectors_benefiting named by none", "is not understood"),
        ("sum_known", "offices_connected over offices_total, up to 0.5 times", "less than the total; write 1 or more"),
        ("count_known", "any ipp_* in s10_barcode|none", "names none, which counts nothing; name what is counted"),
        ("distinct_items", "innovations of kind solution with detail fair", "fair, which is no detail of solution"),
        ("count_known", "a code in every project_*", "project_dre, a question of type select_one"),
        ("register", "workshops of step 9.1", "names 9.1, which is no step of steps.csv; choose from 1.1"),
        ("register", "workshops of step 5.3: attendances", "is not understood"),
        ("milestone", "milestones register, product cloud", "names cloud, which is no product of stages.csv"),
        ("rate", "the returns", "is not understood"),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_read_says_what_is_wrong_and_what_is_allowed(plan, form, measure, source, said):
    wrong = replace(plan.by_kpi["3.2.a"], measure=measure, source=source, row=9)
    problems = list(list_source_problems(replace(plan, kpis=(wrong,)), form))
    assert any(said in problem for problem in problems)
    assert all(problem.startswith("kpis.csv, row 9 (3.2.a): ") for problem in problems)


def test_items_of_the_kind_other_are_not_counted(form):
    fields = [replace(field, choice_labels={**field.choice_labels, "other": {}}) for field in form.fields]
    with pytest.raises(ValueError, match="source names other, which counts nothing"):
        parse_source("distinct_items", "innovations of kind hackathon|other", replace(form, fields=tuple(fields)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kpi": "3.9.a"}, "a KPI of step 5.1 is called 5.1.a, 5.1.b…"),
        (
            {"unit": "parcels"},
            "unit 'parcels' is not one of sum_flow's: adoptions, attendances, events, items, members, number",
        ),
        ({"unit": "percent"}, "unit 'percent' is not one of sum_flow's"),
        ({"assessed": "share"}, "assessed is share, which takes sum_known of a source with a total"),
    ],
)
def test_a_row_that_no_report_could_show_is_refused(plan, form, change, said):
    wrong = replace(plan.by_kpi["5.1.b"], row=16, **change)
    (problem,) = list_source_problems(replace(plan, kpis=(wrong,)), form)
    assert problem.startswith("kpis.csv, row 16") and said in problem


def test_everything_that_is_wrong_is_told_together_in_the_order_of_the_file(plan, form):
    wrong = [replace(plan.by_kpi[kpi], row=row, unit="", source="?") for kpi, row in (("5.1.b", 16), ("2.1.a", 4))]
    problems = list_source_problems(replace(plan, kpis=tuple(wrong)), form)
    rows = [problem.partition(":")[0] for problem in problems]
    assert rows == ["kpis.csv, row 4 (2.1.a)"] * 2 + ["kpis.csv, row 16 (5.1.b)"] * 2


def test_a_row_added_last_stands_with_its_theme(tmp_path, form):
    shutil.copytree(PLAN, tmp_path / "plan")
    with (tmp_path / "plan" / "kpis.csv").open("a", encoding="utf-8") as file:
        file.write("3.2.z,3.2,sum_flow,audits_completed,reports,value,,9,proposed,Un,One,Um,واحد,\n")
    plan = read_plan(tmp_path / "plan")
    codes = [kpi.kpi for kpi in plan.kpis]
    assert codes == sorted(codes) and plan.by_kpi["3.2.z"].row == len(codes) + 1
    assert source_of(plan.by_kpi["3.2.z"], form).asks == ("audits_completed",)
