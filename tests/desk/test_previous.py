"""What each member answered last, and what it is asked to confirm."""

from __future__ import annotations

from datetime import date

from helpers.desk import read_previous


def test_the_last_answers_are_those_of_the_newest_return_that_has_one():
    previous = read_previous("2024Q4", date(2025, 1, 15))
    assert previous["KEN"].answers["offices_connected"].value == "399"
    assert previous["KEN"].answers["offices_connected"].quarter == "2024Q3"


def test_nothing_was_answered_before_the_first_quarter():
    assert read_previous("2022Q1", date(2022, 5, 1)) == {}


def test_a_count_is_asked_about_until_it_is_confirmed():
    before, after = (read_previous("2022Q4", date(2022, 11, day))["MOZ"].asked for day in (4, 5))
    assert [(each.quarter, each.question, each.value, each.rule) for each in before] == [
        ("2022Q3", "offices_total", 28, "V05")
    ]
    assert after == ()
