"""How a tool is told by the columns it adds, and what its validation and its timestamps say."""

from __future__ import annotations

from datetime import datetime

import pytest

from helpers.returns.tools import (
    GOOGLE,
    HELD,
    KOBO,
    MICROSOFT,
    ODK,
    PLAIN,
    REJECTED,
    read_times,
    recognise,
    review_state,
)


@pytest.mark.parametrize(
    ("names", "tool"),
    [
        (["member", "_submission_time"], KOBO),
        (["member", "_uuid"], KOBO),
        (["submissiondate", "member", "key"], ODK),
        (["member", "key"], PLAIN),
        (["id", "heure de début", "heure de fin", "nom"], MICROSOFT),
        (["horodateur", "état membre"], GOOGLE),
        (["", "carimbo de data/hora", "x"], GOOGLE),
        (["member", "timestamp"], PLAIN),
        (["timestamp", "member", "submitted_on"], PLAIN),
        ([], PLAIN),
    ],
)
def test_a_tool_is_told_by_the_columns_it_adds(names, tool):
    assert recognise(names) is tool


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("validation_status_not_approved", REJECTED), ("Not approved", REJECTED), ("rejected", REJECTED),
        ("validation_status_on_hold", HELD), ("On hold", HELD), ("hasIssues", HELD),
        ("validation_status_approved", ""), ("Approved", ""), ("edited", ""), ("", ""),
    ],
)  # fmt: skip
def test_what_a_tools_validation_says(text, state):
    assert review_state(text) == state


@pytest.mark.parametrize(
    ("column", "days", "is_guess"),
    [
        (["13/10/2024 09:30:05", "03/04/2024 9:30"], ["2024-10-13", "2024-04-03"], False),
        (["10/13/2024 09:30:05", "03/04/2024 9:30"], ["2024-10-13", "2024-03-04"], False),
        (["03/04/2024"], ["2024-04-03"], True),
        (["04/04/2024 10:00"], ["2024-04-04"], False),
        (["2024/11/13 4:20:37 pm CET"], ["2024-11-13"], False),
        (["13.10.2024 08:00"], ["2024-10-13"], False),
    ],
)
def test_an_online_forms_timestamps_are_day_first_unless_they_show_otherwise(column, days, is_guess):
    times, guessed = read_times(column)
    assert ([time.date().isoformat() for time in times], guessed) == (days, is_guess)


def test_a_timestamp_keeps_its_time_of_day():
    (time,), _ = read_times(["2024/11/13 4:20:37 pm CET"])
    assert time == datetime(2024, 11, 13, 16, 20, 37)
    (midnight,), _ = read_times(["2024/11/13 12:00:01 am"])
    assert midnight == datetime(2024, 11, 13, 0, 0, 1)


@pytest.mark.parametrize("cell", [None, "", "31/02/2024", "99/99/2024", "hier", datetime(2024, 10, 10, 9), 45575])
def test_what_is_no_such_timestamp_stays_as_it_is(cell):
    assert read_times([cell]) == ([cell], False) or read_times([cell])[0] == [cell]
