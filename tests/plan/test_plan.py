"""The plan: quarters are read strictly, members by their whole names, and a broken file is refused by row."""

from __future__ import annotations

import shutil
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from conftest import PLAN
from helpers.plan.files import PlanError
from helpers.plan.plan import read_plan
from helpers.plan.quarters import (
    index,
    parse_quarter,
    quarter_end,
    quarter_of,
    quarter_start,
    quarters_between,
    shift,
)
from helpers.plan.settings import read_settings
from helpers.strings import fold

# --- quarters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2024Q3", "2024-Q3", "T3 2024", "Q3 2024", "  2024Q3 ", "\tT3 2024\n"])
def test_a_quarter_is_read_in_four_spellings(text):
    assert parse_quarter(text) == "2024Q3"


@pytest.mark.parametrize(
    "text",
    ["", "T3", "2024", "2024Q5", "2024Q0", "2024q3", "t3 2024", "T3  2024", "T32024", "2024 Q3", "2024-3", "2024_3",
     "24Q3", "Q3-2024", "2024-T3", "2024T3", "٣", "T3 2024 (provisoire)", "2024Q3\n2024Q4", "٢٠٢٤Q3"],
)  # fmt: skip
def test_every_other_spelling_is_refused(text):
    with pytest.raises(ValueError, match="2024Q3"):
        parse_quarter(text)


def test_the_label_that_pandas_misreads_is_the_third_quarter():
    assert parse_quarter("T3 2025") == "2025Q3"


@pytest.mark.parametrize(
    ("quarter", "quarters", "expected"),
    [("2024Q3", 0, "2024Q3"), ("2024Q4", 1, "2025Q1"), ("2024Q1", -1, "2023Q4"), ("2022Q1", 15, "2025Q4"),
     ("2024Q2", -9, "2022Q1")],
)  # fmt: skip
def test_shifting_counts_quarters_over_the_years(quarter, quarters, expected):
    assert shift(quarter, quarters) == expected
    assert index(expected) - index(quarter) == quarters


def test_quarters_between_holds_both_ends():
    assert quarters_between("2022Q4", "2023Q2") == ["2022Q4", "2023Q1", "2023Q2"]
    assert quarters_between("2022Q4", "2022Q4") == ["2022Q4"]


@pytest.mark.parametrize(
    ("quarter", "start", "end", "cutoff"),
    [
        ("2024Q1", date(2024, 1, 1), date(2024, 3, 31), date(2024, 5, 15)),
        ("2024Q2", date(2024, 4, 1), date(2024, 6, 30), date(2024, 8, 14)),
        ("2024Q3", date(2024, 7, 1), date(2024, 9, 30), date(2024, 11, 14)),
        ("2024Q4", date(2024, 10, 1), date(2024, 12, 31), date(2025, 2, 14)),
    ],
)
def test_a_quarter_has_its_days_and_its_cutoff_45_days_after_its_end(quarter, start, end, cutoff):
    assert (quarter_start(quarter), quarter_end(quarter), read_settings().first_cutoff(quarter)) == (start, end, cutoff)
    assert (quarter_of(start), quarter_of(end)) == (quarter, quarter)


def test_the_plan_runs_from_2022q1_to_2025q4():
    assert [q for q in quarters_between("2021Q1", "2026Q4") if read_settings().in_plan(q)] == quarters_between(
        "2022Q1", "2025Q4"
    )


# --- what it holds ----------------------------------------------------------------------------------------------


def test_the_plan_holds_what_the_document_does(plan):
    held = [len(part) for part in (plan.themes, plan.steps, plan.components, plan.companions, plan.members)]
    assert held == [6, 13, 47, 49, 45]
    assert len(plan.kpis) >= 20  # it may have gained some


def test_members_are_spread_over_five_regions(plan):
    assert plan.regions == ("Northern", "Western", "Central", "Eastern", "Southern")
    assert Counter(m.region for m in plan.members) == {
        "Northern": 5, "Western": 13, "Central": 8, "Eastern": 9, "Southern": 10,
    }  # fmt: skip


def test_theme_6_has_no_due_quarter_and_every_other_step_has_one(plan):
    assert [step.step for step in plan.steps if not step.due] == ["6.1"]
    assert {step.due for step in plan.steps if step.due} <= set(quarters_between("2022Q3", "2024Q3"))


def test_every_target_is_marked_as_proposed(plan):
    assert {kpi.target_status for kpi in plan.kpis} == {"proposed"}
    assert all(kpi.target for kpi in plan.kpis)


def test_only_shares_and_percentages_are_targets_for_a_region(plan):
    on_share = {kpi.kpi for kpi in plan.kpis if kpi.on_share}
    assert on_share >= {"2.1.a", "2.2.a", "3.2.a", "5.1.a", "6.1.a"} and "3.1.a" not in on_share


def test_the_digital_model_has_7_parts_and_the_guidelines_6(plan):
    assert (len(plan.part_codes("1.1")), len(plan.part_codes("2.3"))) == (7, 6)


# --- membership -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date.min, date.max, True),
        (date(2024, 9, 30), date.max, True),
        (date(2024, 10, 1), date.max, False),
        (date.min, date(2024, 9, 30), True),
        (date.min, date(2024, 9, 29), False),
        (date(2024, 7, 1), date(2024, 9, 1), False),
    ],
)
def test_a_member_is_valid_in_a_quarter_when_it_is_one_on_its_last_day(plan, first, last, expected):
    member = replace(plan.by_iso3["SEN"], member_from=first, member_to=last)
    assert member.valid_in("2024Q3") is expected


def test_a_member_that_left_is_expected_no_more_in_the_union_or_its_region(plan):
    left = replace(plan.by_iso3["SEN"], member_to=date(2023, 12, 31))
    changed = replace(plan, members=tuple(left if m.member == "SEN" else m for m in plan.members))
    assert [len(changed.members_in(q)) for q in ("2023Q4", "2024Q1")] == [45, 44]
    assert [len(changed.members_in(q, "Western")) for q in ("2023Q4", "2024Q1")] == [13, 12]
    assert len(changed.members_in("2024Q1", "Northern")) == 5


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "iso3"),
    [
        ("SEN", "SEN"), ("sen", "SEN"), (" Sénégal ", "SEN"), ("SENEGAL", "SEN"), ("السنغال", "SEN"),
        ("Côte d’Ivoire", "CIV"), ("Cote d'Ivoire", "CIV"), ("Co\u0302te d'Ivoire", "CIV"), ("Costa do Marfim", "CIV"),
        ("\u200fمصر\u200f", "EGY"), ("Egy\u200bpte", "EGY"), ("Éthiopie", "ETH"), ("RD Congo", "COD"),
        ("Congo (Brazzaville)", "COG"), ("Congo-Kinshasa", "COD"), ("Niger", "NER"), ("Nigeria", "NGA"),
        ("Nigéria", "NGA"), ("Níger", "NER"), ("Guinea", "GIN"), ("Equatorial Guinea", "GNQ"), ("NAM", "NAM"),
        ("South\u00a0 Africa", "ZAF"), ("مصـــر", "EGY"),
    ],
)  # fmt: skip
def test_a_name_resolves_whatever_its_accents_case_and_marks(plan, text, iso3):
    assert plan.resolve(text).iso3 == iso3 and iso3 in plan.by_iso3


@pytest.mark.parametrize("text", ["Congo", "CONGO", "congo.", "الكونغو", "NA", "na"])
def test_a_name_that_could_be_two_things_is_never_chosen(plan, text):
    name = plan.resolve(text)
    assert name.iso3 == ""
    assert name.candidates


def test_congo_alone_could_be_either(plan):
    assert plan.resolve("Congo").candidates == ("COD", "COG")


@pytest.mark.parametrize("text", ["", "Sénégall", "Senega", "Afrique", "S", "Republic", "nan", "SÃ©nÃ©gal", "SEN KEN"])
def test_a_near_miss_is_never_an_answer(plan, text):
    assert (plan.resolve(text).iso3, plan.resolve(text).candidates) == ("", ())


@pytest.mark.parametrize(
    ("text", "iso3"),
    [("Rwanda", "RWA"), ("Cabo Verde", "CPV"), ("Djibouti", "DJI"), ("GNB", "GNB"), ("MUS", "MUS"), ("MRT", "MRT"),
     ("ESH", "ESH"), ("STP", "STP"), ("SYC", "SYC"), ("SSD", "SSD")],
)  # fmt: skip
def test_the_ten_states_that_are_no_members_are_known_as_such(plan, text, iso3):
    assert plan.resolve(text).iso3 == iso3 and iso3 not in plan.by_iso3


def test_every_name_of_a_member_in_every_language_resolves_to_it(plan):
    named = [(name, m.member) for m in plan.members for name in (m.member, *m.name.values())]
    assert [(name, iso3) for name, iso3 in named if plan.resolve(name).iso3 != iso3] == []


def test_every_alias_resolves_to_its_state_composed_or_not(plan):
    wrong = [
        (alias, iso3)
        for alias, iso3 in ((one.name, one.iso3) for one in plan.aliases if not one.is_ambiguous)
        for text in (alias, unicodedata.normalize("NFD", alias), alias.upper())
        if plan.resolve(text).iso3 != iso3
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Côte d’Ivoire", "cote d ivoire"), ("  R.D.  Congo ", "r d congo"), ("ÉGYPTE", "egypte"), ("!?", ""),
     ("STRASSE", "strasse"), ("Straße", "strasse"), ("a\u00a0b\u200bc", "a bc")],
)  # fmt: skip
def test_folding_drops_accents_case_marks_and_spare_blanks(text, folded):
    assert fold(text) == folded


# --- a broken plan ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "reason"),
    [
        ("members.csv", "SEN,Western,fr", "Sen,Western,fr", 17, "ISO3"),
        ("members.csv", "SEN,Western,fr", "SEN,Western,wo", 17, "language"),
        ("members.csv", ",135,1800,", ",0,1800,", 17, "reference"),
        ("members.csv", ",135,1800,", ",,1800,", 17, "reference_offices is blank"),
        ("kpis.csv", "1.1.b,1.1,count_known", "1.1.b,1.1,count_all", 3, "count_all"),
        ("kpis.csv", "1.1.b,1.1,count_known", "1.1.b,9.9,count_known", 3, "9.9"),
        ("steps.csv", ",2023Q2,", ",T2-2023,", 3, "T2-2023"),
        ("companions.csv", "1.1.b,adopted_or_beyond", "7.1.a,adopted_or_beyond", 2, "7.1.a"),
        ("components.csv", "1.1,domain,information_platform", "9.1,domain,information_platform", 2, "9.1"),
    ],
)
def test_a_broken_plan_is_refused_with_its_file_row_and_reason(tmp_path, file, old, new, row, reason):
    folder = tmp_path / "plan"
    shutil.copytree(PLAN, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PlanError) as refused:
        read_plan(folder)
    assert f"{file}, row {row}:" in str(refused.value)
    assert reason in str(refused.value)


def test_all_problems_of_a_file_are_told_together(tmp_path):
    folder = tmp_path / "plan"
    shutil.copytree(PLAN, folder)
    text = (folder / "members.csv").read_text(encoding="utf-8")
    text = text.replace("DZA,Northern,fr", "DZ,Northern,fr").replace("SEN,Western,fr", "SN,Western,fr")
    (folder / "members.csv").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=r"row 2: [\s\S]*row 17: "):
        read_plan(folder)


def test_a_member_that_occurs_twice_is_refused(tmp_path):
    folder = tmp_path / "plan"
    shutil.copytree(PLAN, folder)
    with (folder / "members.csv").open("a", encoding="utf-8") as file:
        file.write("SEN,Western,fr,Sénégal,Senegal,Senegal,السنغال,,,135,1800,public sources\n")
    with pytest.raises(PlanError, match="SEN occurs twice"):
        read_plan(folder)


@pytest.mark.parametrize("content", [None, b"", b"member,region\n", b"\xff\xfe", b'member,region\n"open'])
def test_a_plan_file_that_is_missing_or_no_csv_is_refused_by_name(tmp_path, content):
    folder = tmp_path / "plan"
    shutil.copytree(PLAN, folder)
    (folder / "members.csv").unlink() if content is None else (folder / "members.csv").write_bytes(content)
    with pytest.raises(PlanError, match="members.csv"):
        read_plan(folder)
