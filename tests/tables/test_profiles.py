"""Profiles: one member among the others, and whose reply would tell most."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from helpers.plan import questionnaire, read_plan
from helpers.report import tables as report_tables
from helpers.tables import pipeline, profiles, queries
from invented import empty, invent
from reports import report_of, sample_tables  # noqa: F401

pytestmark = pytest.mark.slow

QUARTER = "2022Q4"
BLANK = float("nan")


@pytest.fixture(scope="module")
def tables(sample) -> pipeline.EditionTables:
    """Return the sample's tables of its second quarter."""
    return sample(QUARTER)


def values(rows: list[tuple[str, float]], kpi: str = "3.1.a") -> pipeline.EditionTables:
    """Return invented tables in which these members alone have these values of a KPI."""
    made = [("2024Q3", member, kpi, value, BLANK, "reported", "2024Q3") for member, value in rows]
    columns = ["quarter", "member", "kpi", "value", "denominator", "basis", "source_quarter"]
    return replace(invent(), member_values=pd.DataFrame(made, columns=columns))


@pytest.mark.parametrize(
    ("rows", "bands"),
    [
        ([], {}),
        ([("SEN", 4.0)], {}),
        ([("SEN", 4.0), ("KEN", 4.0)], {}),
        ([("SEN", 1.0), ("KEN", 2.0), ("TUN", 3.0), ("MLI", 4.0)], {"SEN": 0, "KEN": 1, "TUN": 2, "MLI": 3}),
        ([("SEN", 1.0), ("KEN", 1.0), ("TUN", 1.0), ("MLI", 4.0)], {"SEN": 0, "KEN": 0, "TUN": 0, "MLI": 3}),
    ],
    ids=["nobody", "one", "all equal", "four", "ties"],
)
def test_equal_values_share_a_quartile_band(rows, bands):
    assert queries.find_quartile_bands(values(rows), "3.1.a") == bands


def test_a_position_holds_the_medians_of_the_members_known_and_the_members_own_history():
    tables = values([("SEN", 4.0), ("MLI", 8.0), ("KEN", 1.0)])
    found = profiles.select_position(tables, read_plan().by_iso3["SEN"], "3.1.a")
    assert (found.level, found.middle(found.region), found.middle(found.union)) == (4.0, 6.0, 4.0)
    assert found.history[-1] == profiles.PastValue("2024Q3", 4.0, "reported", 4.0)
    assert math.isnan(found.past("2024Q2").level)


def test_a_member_without_a_value_has_no_position():
    found = profiles.select_position(values([("KEN", 1.0)]), read_plan().by_iso3["SEN"], "3.1.a")
    assert math.isnan(found.level) and found.basis == "" and found.region == () and found.union == (1.0,)
    assert math.isnan(found.middle(found.region))


def test_answers_are_those_of_the_return_that_counts_in_the_forms_order(tables):
    given = profiles.select_member_answers(tables, "SEN")
    names = [one.question.name for one in given]
    assert names[:2] == ["offices_total", "staff_total"] and "focal_point_name" not in names
    rows = tables.answers.query("quarter == @QUARTER and member == 'SEN' and question == 'offices_total'")
    assert given[0].value in set(rows["value"])
    assert profiles.select_member_answers(tables, "XXX") == []


def test_findings_put_the_gravest_first_and_leave_notes_out(tables):
    members = tables.issues.query("quarter == @QUARTER and severity == 'withdrawn'")["member"].unique()
    assert len(members)
    found = {member: list(profiles.select_member_issues(tables, member)["severity"]) for member in members}
    assert any(found.values())
    for severities in found.values():
        assert severities == sorted(severities, key=profiles.ASKED_SEVERITIES.index)


def test_the_parts_of_a_width_add_up_to_one_and_belong_to_those_that_did_not_report(tables):
    calls = profiles.select_calls(tables)
    reported = set(
        tables.member_values.query("quarter == @QUARTER and kpi == '2.1.a' and basis == 'reported'")["member"]
    )
    for kpi in ("1.1.b", "2.1.a", "2.2.a", "3.1.a", "3.2.a", "5.1.a"):
        assert calls[kpi].sum() == pytest.approx(1)
    assert reported and not reported & set(calls[calls["2.1.a"] > 0]["member"])
    silent = len(read_plan().members_in(QUARTER)) - len(reported)
    assert (calls["2.1.a"] > 0).sum() == silent


def test_the_part_of_a_member_is_its_cap_over_all_caps(tables):
    row = tables.kpis.query("quarter == @QUARTER and scope == 'PAPU' and kpi == '2.1.a'").iloc[0]
    width = row["upper"] - row["lower"]
    calls = profiles.select_calls(tables).set_index("member")
    never = set(calls.index) - set(tables.returns[tables.returns["state"] != "refused"]["member"])
    assert never
    for member in never:  # without any return its cap is its reference
        assert calls.at[member, "2.1.a"] * width == pytest.approx(
            read_plan().by_iso3[member].references["reference_offices"]
        )


@pytest.mark.parametrize(
    ("parts", "n"), [([], 0), ([0.0], 0), ([1.0], 1), ([0.5, 0.5], 1), ([0.25] * 4, 2), ([0.2] * 5, 3)]
)
def test_half_is_closed_by_the_fewest_replies(parts, n):
    assert profiles.count_halving(pd.DataFrame({"2.1.a": parts}), "2.1.a") == n


def test_of_a_quarter_nobody_answered_every_member_is_to_be_called():
    calls = profiles.select_calls(empty())
    assert len(calls) == 45 and not calls["open"].map(len).any()
    assert report_tables.calls(report_of(empty(), "en")).title == "No member has answered: all are to be reminded"


def test_a_finding_of_last_quarter_stays_open_until_its_question_is_answered(tables):
    for member in read_plan().members_in(QUARTER):
        before = set(profiles.select_member_issues(tables, member.member, "2022Q3")["question"])
        given = {one.question.name: one.state for one in profiles.select_member_answers(tables, member.member)}
        again = set(profiles.select_member_issues(tables, member.member)["question"])
        found = set(profiles.select_unsettled_issues(tables, member.member)["question"])
        assert found <= before - again
        assert all(given.get(name, "O") == "O" for name in found)


def test_a_finding_of_last_quarter_on_a_question_without_an_answer_is_open():
    tables = sent(
        [(1, "b.xlsx", True)], [("withdrawn", "offices_total", "a.xlsx"), ("warning", "staff_total", "a.xlsx")]
    )
    tables.issues["quarter"] = "2024Q2"
    assert list(profiles.select_unsettled_issues(tables, "SEN")["question"]) == [
        "offices_total"
    ]  # staff_total is answered now


def sent(rows: list[tuple], issues: list[tuple]) -> pipeline.EditionTables:
    """Return invented tables with these versions of SEN's return (version, file, counts) and these findings."""
    full = invent()
    returns = [("2024Q3", "SEN", v, "2024-10-20", "on_time", counts, file, "0" * 64) for v, file, counts in rows]
    answers = [("2024Q3", "SEN", v, "staff_total", "7", "7", "A", file, "r", "2") for v, file, _ in rows]
    found = [
        (severity, "V05", "2024Q3", "SEN", question, "9", "", "", "", file, "r", "2", *["words"] * 4, "V05")
        for severity, question, file in issues
    ]
    return replace(
        full,
        returns=pd.DataFrame(returns, columns=full.returns.columns),
        answers=pd.DataFrame(answers, columns=full.answers.columns[:10]),
        issues=pd.DataFrame(found, columns=full.issues.columns),
    )


def test_findings_on_a_return_that_another_replaced_are_left_out():
    issues = [("withdrawn", "offices_connected", "a.xlsx"), ("warning", "staff_total", "b.xlsx")]
    tables = sent([(1, "a.xlsx", False), (2, "b.xlsx", True)], issues)
    assert list(profiles.select_member_issues(tables, "SEN")["question"]) == ["staff_total"]
    assert list(profiles.select_member_issues(sent([], issues), "SEN")["question"]) == [
        "offices_connected",
        "staff_total",
    ]


def test_a_question_that_the_form_does_not_ask_is_not_applicable_and_not_blank(tables):
    seen = set()
    for member in read_plan().members_in(QUARTER):
        given = {one.question.name: one for one in profiles.select_member_answers(tables, member.member)}
        if given and given["roadmap_status"].value in ("none", "drafted"):
            seen.add(given["roadmap_adopted_on"].state)
            assert not given["roadmap_adopted_on"].is_blank
    assert seen == {"M"}


def test_a_withdrawn_value_is_not_blank():
    question = questionnaire.read_form().by_name["offices_total"]
    assert not profiles.MemberAnswer(question, "environ 50", "", "O").is_blank
    assert (
        profiles.MemberAnswer(question, " ", "", "O").is_blank
        and not profiles.MemberAnswer(question, "", "", "L").is_blank
    )
