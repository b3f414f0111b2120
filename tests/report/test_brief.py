"""What a brief asks of a member, and what the member's own figures suggest, on the sample."""

from __future__ import annotations

import math
import re
from datetime import date

import pytest

from helpers.i18n import Translator
from helpers.plan import read_plan, read_settings
from helpers.report import Report, brief
from helpers.report import tables as report_tables
from helpers.strings import LANGUAGES
from helpers.tables import EditionTables, actions, profiles, queries
from reports import sample_tables  # noqa: F401

QUARTER = "2024Q3"


@pytest.fixture(scope="module")
def tables(sample) -> EditionTables:
    """Return the sample's tables of a quarter."""
    return sample(QUARTER)


def next_actions(tables: EditionTables, member: str, language: str = "en") -> list[str]:
    report = Report(QUARTER, "", language, name=f"brief_{member}", tables=tables)
    return brief.next_actions(report, read_plan().by_iso3[member])


def advise(tables: EditionTables, member: str) -> list[actions.Advice]:
    return actions.list_advice(tables, read_plan().by_iso3[member])


def test_a_question_left_blank_is_named_with_the_day_until_which_it_counts(tables):
    asked = next_actions(tables, "SEN")
    assert read_settings().revised_on(QUARTER) == date(2024, 12, 29)
    assert asked[:2] == [
        "Complete the 1 question left blank: Women among the total staff.",
        "What comes by 29 December 2024 counts in the revised edition.",
    ]


def test_an_adopted_roadmap_that_is_not_begun_is_named_with_the_quarter_since_when(tables):
    (advice,) = (each for each in advise(tables, "AGO") if each.kind == "unchanged")
    assert (advice.kpi, advice.details, advice.since) == ("1.1.b", ("adopted",), "2024Q1")
    said = "Roadmap being implemented: “Adopted” since Q1 2024; what would be the next step?"
    assert said in next_actions(tables, "AGO")


def test_what_is_short_of_a_target_is_counted_in_units_and_reaches_it(tables):
    t, levels, short = Translator("en"), queries.select_levels(tables, "2.1.a").set_index("member"), 0
    target = read_plan().by_kpi["2.1.a"].target
    for member in read_plan().members_in(QUARTER):
        own = levels.loc[member.member]
        said = brief.describe_target(profiles.select_position(tables, member, "2.1.a"), t)
        if math.isnan(own["level"]):
            assert said == "80%"
        elif own["level"] >= 100 * target:
            assert said == "80%\nAchieved"
        else:
            missing = int(re.fullmatch(r"80%\n([\d,]+) offices? short", said)[1].replace(",", ""))
            reached = [(own["value"] + n) / own["denominator"] >= target for n in (missing - 1, missing)]
            assert reached == [False, True]
            short += 1
    assert short > 10


def test_a_sum_has_no_target_for_one_member_and_an_index_is_short_of_points(tables):
    t = Translator("en")
    said = {
        kpi: brief.describe_target(profiles.select_position(tables, read_plan().by_iso3["MDG"], kpi), t)
        for kpi in ("1.1.b", "3.1.a", "2.2.a")
    }
    assert said == {"1.1.b": "–", "3.1.a": "–", "2.2.a": "60%\n18.6 points short"}


def test_a_kind_of_equipment_of_which_there_is_too_little_is_named(tables):
    answers = {each.question.name: each.value for each in profiles.select_member_answers(tables, "KEN")}
    (advice,) = (each for each in advise(tables, "KEN") if each.kind == "parts")
    parts = dict(zip(advice.details, zip(advice.numbers[::2], advice.numbers[1::2], strict=True), strict=True))
    kinds = ("server", "laptop", "printer", "scanner", "scale")
    numbers = {kind: (float(answers[f"{kind}_working"]), float(answers[f"{kind}_required"])) for kind in kinds}
    expected = {kind: pair for kind, pair in numbers.items() if pair[0] < actions.LOW_PART * pair[1]}
    assert parts == expected == {"laptop": (400, 753), "printer": (283, 538)}


def test_no_training_in_the_quarter_is_named_and_only_of_those_that_said_so(tables):
    named = {member.member for member in read_plan().members_in(QUARTER)
             if any(each.kind == "none" for each in advise(tables, member.member))}  # fmt: skip
    zero = set()
    for member in read_plan().members_in(QUARTER):
        answers = {each.question.name: each for each in profiles.select_member_answers(tables, member.member)}
        given = [answers.get(f"trained_{kind}") for kind in ("capacity_building", "upskilling", "reskilling")]
        if all(each and each.state == "A" and each.value == "0" for each in given):
            zero.add(member.member)
    assert named == zero and len(zero) == 12  # of those that gave all three numbers


def test_a_member_without_a_return_is_advised_nothing_of_its_own_figures(tables):
    assert advise(tables, "LBR") == []
    assert next_actions(tables, "LBR")[0].startswith("Send the questionnaire for Q3 2024")


@pytest.mark.parametrize("step", [len(LANGUAGES), pytest.param(1, marks=pytest.mark.slow)], ids=["once", "each"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_brief_can_be_written_in_every_language(tables, language, step):
    for member in read_plan().members_in(QUARTER)[LANGUAGES.index(language) % step :: step]:
        asked = next_actions(tables, member.member, language)
        assert asked and not any(re.search(r"\bnan\b|[{}]", text) for text in asked)


def test_what_rose_and_fell_is_what_was_counted(tables):
    report = Report(QUARTER, "", "en", name="brief_KEN", tables=tables)
    for code in ("KEN", "SEN", "EGY"):  # nobody was trained there: the staff fell
        said = brief.brief_points(report, read_plan().by_iso3[code])[1]
        assert "Staff trained" not in said


def test_none_is_said_of_the_items_only_where_the_return_says_so(tables):
    notes = {}
    for member in read_plan().members_in(QUARTER):
        report = Report(QUARTER, "", "en", name="brief_x", tables=tables)
        table = report_tables.answers(report, member)
        notes[member.member] = table.note if table else ""
    reported = {row.member for row in tables.returns.itertuples() if row.quarter == QUARTER and row.counts}
    assert {member for member, note in notes.items() if note} == reported
    unknown = {member for member, note in notes.items() if note.endswith("n.d.")}
    assert len(reported) - len(unknown) == queries.select_figure(tables, "4.1.a").n_reported
