"""The questionnaire: typed questions, what a tool's header stands for, and a question for every KPI."""

from __future__ import annotations

import shutil

import pytest

from conftest import PLAN
from helpers.plan.extractors import CountedReturn
from helpers.plan.files import PlanError
from helpers.plan.questionnaire import UNANSWERED, read_form
from helpers.plan.sources import source_of

HARDWARE = " ".join(f"{k}_required {k}_working" for k in ("server", "laptop", "printer", "scanner", "scale"))
SERVICES = "services_epost services_ecommerce services_egovernment services_efinance"
# Methodology, section 5: what each KPI asks; those of theme 4 ask the repeat, the others nothing at all.
ASKED = {
    "1.1.b": "roadmap_status",
    "2.1.a": "offices_connected offices_total",
    "2.2.a": HARDWARE,
    "3.1.a": SERVICES,
    "3.1.b": "sectors_benefiting",
    "3.2.a": "ipp_ecompro ipp_tracked ipp_small_packets",
    "3.3.a": "project_dre project_payments project_fitaf",
    "4.1.a": "",
    "4.1.b": "",
    "4.2.a": "",
    "4.2.b": "",
    "5.1.a": "trained_cumulative staff_total",
    "5.1.b": "audits_completed",
    "5.1.c": "training_sessions",
}


class Asked(dict):
    """Answers to nothing, that remember what was asked."""

    def get(self, question, default=None):
        self[question] = UNANSWERED
        return default


def questions_of(read) -> set[str]:
    asked = Asked()
    read(CountedReturn("SEN", asked, ()))
    return set(asked)


# --- questions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "group", "kind", "choices"),
    [
        ("offices_total", "network", "integer", ()),
        ("roadmap_adopted_on", "model", "date", ()),
        ("comment", "participation", "text", ()),
        ("cloud_use", "infrastructure", "select_one", ("none", "pilot", "production")),
        ("project_dre", "services", "select_one", ("none", "agreed", "implementing", "completed")),
        ("nd_network", "network", "select_multiple", ("offices_total", "staff_total", "staff_women", "none")),
    ],
)
def test_a_question_has_its_group_type_and_choices(form, name, group, kind, choices):
    question = form.by_name[name]
    assert (question.group, question.type, question.choices) == (group, kind, choices)


def test_a_question_has_its_label_in_the_four_languages(form):
    label = form.by_name["offices_total"].label
    assert list(label) == ["fr", "en", "pt", "ar"]
    assert (label["fr"], label["en"]) == ("Bureaux de poste permanents", "Permanent post offices")


def test_the_repeat_has_its_six_fields_in_order_and_none_is_a_question(form):
    fields = ["kind", "reference", "title", "date", "detail", "local_experts"]
    assert [field.name for field in form.fields] == fields
    assert not set(fields) & set(form.by_name)


def test_details_are_listed_for_solutions_and_adoptions_only(form):
    assert form.detail_codes == {
        "solution": {"software", "application"},
        "adoption": {"own", "other_post", "upu", "vendor"},
    }


def test_the_counts_are_those_of_the_methodology_and_what_was_added(form):
    network = "offices_total staff_total staff_women"
    offices = "offices_electrified offices_alternative_power offices_connected offices_networked"
    trained = "trained_capacity_building trained_upskilling trained_reskilling trained_women trained_cumulative"
    asked = f"{network} {offices} {HARDWARE} {trained} audits_completed training_sessions"
    assert set(form.numbers) >= set(asked.split())
    assert set(form.numbers) == {question.name for question in form.questions if question.type == "integer"}


def test_identity_comment_and_ticks_of_not_available_do_not_make_a_return(form):
    left_out = "member quarter organisation focal_point_name focal_point_email form_language comment"
    assert set(left_out.split()).isdisjoint(form.substantive)
    assert not [name for name in form.substantive if name.startswith("nd_")]
    assert {"offices_total", "services_epost", "sent_feedback"} <= set(form.substantive)


# --- KPIs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kpi", ASKED)
def test_every_kpi_asks_what_the_methodology_says(plan, form, kpi):
    assert questions_of(source_of(plan.by_kpi[kpi], form).read) == set(ASKED[kpi].split())
    assert set(ASKED[kpi].split()) <= set(form.by_name)


def test_every_kpi_of_the_document_is_asked_of_the_members_or_kept_by_the_secretariat(plan):
    kept = {"1.1.a", "2.3.a", "5.2.a", "5.3.a", "5.3.b", "6.1.a"}
    assert {kpi.kpi for kpi in plan.kpis} >= set(ASKED) | kept
    assert kept <= {kpi.kpi for kpi in plan.kpis if kpi.is_from_registers} and not set(ASKED) & kept


def test_every_companion_is_read_from_questions_of_the_form(plan, form):
    read = [companion for companion in plan.companions if companion.measure != "rate"]
    asked = {(each.kpi, each.component): questions_of(source_of(each, form).read) for each in read}
    assert len(asked) == 46 and all(questions <= set(form.by_name) for questions in asked.values())
    assert asked["3.1.a", "epost"] == set(ASKED["3.1.a"].split()) and asked["5.1.a", "women"] == {"trained_women"}


# --- a broken form ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("survey.csv", "integer,offices_total", "integr,offices_total", "integr"),
        ("survey.csv", "select_one cloud_use,", "select_one clouds,", "clouds"),
        ("survey.csv", "integer,staff_total", "integer,offices_total", "offices_total occurs twice"),
        ("choices.csv", "cloud_use,pilot", "cloud_use,none", "choices.csv, row"),
        ("choices.csv", "cloud_use,pilot", "cloud_use,pilot use", "choices.csv, row"),
    ],
)
def test_a_broken_form_is_refused_and_says_what_is_wrong(tmp_path, file, old, new, said):
    folder = tmp_path / "questionnaire"
    shutil.copytree(PLAN / "questionnaire", folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PlanError) as refused:
        read_form(folder)
    assert file in str(refused.value)
    assert said in str(refused.value)
