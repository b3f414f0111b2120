"""How a tool is told by the columns it adds, and what its validation and its timestamps say."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from helpers.ingest.tools import (
    GOOGLE,
    KOBO,
    MICROSOFT,
    ODK,
    ON_HOLD,
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
        ("validation_status_on_hold", ON_HOLD), ("On hold", ON_HOLD), ("hasIssues", ON_HOLD),
        ("validation_status_approved", ""), ("Approved", ""), ("edited", ""), ("", ""),
    ],
)  # fmt: skip
def test_what_a_tools_validation_says(text, state):
    assert review_state(text) == state


START, RECEIVED = date(2024, 7, 1), date(2024, 11, 12)


@pytest.mark.parametrize(
    ("column", "days", "guess"),
    [
        (["13/10/2024 09:30:05", "03/08/2024 9:30"], ["2024-10-13", "2024-08-03"], ""),
        (["10/13/2024 09:30:05", "08/03/2024 9:30"], ["2024-10-13", "2024-08-03"], ""),
        (["03/10/2024"], ["2024-10-03"], "day"),
        (["10/05/2024 10:00", "10/10/2024 08:00"], ["2024-10-05", "2024-10-10"], "month"),
        (["01/02/2023"], ["2023-02-01"], "day"),
        (["10/10/2024 10:00"], ["2024-10-10"], ""),
        (["13/10/2024", "03/10/2024"], ["2024-10-13", "2024-10-03"], ""),
        (["2024/11/10 4:20:37 pm CET"], ["2024-11-10"], ""),
        (["13.10.2024 08:00"], ["2024-10-13"], ""),
    ],
)
def test_an_online_forms_timestamps_are_day_first_unless_they_show_otherwise(column, days, guess):
    times, guessed = read_times(column, START, RECEIVED)
    assert ([time.date().isoformat() for time in times], guessed) == (days, guess)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024/11/13 4:20:37 pm", datetime(2024, 11, 13, 16, 20, 37)),
        ("2024/11/13 12:00:01 am UTC", datetime(2024, 11, 13, 0, 0, 1)),
        ("2024/11/13 9:10:07 pm GMT+3", datetime(2024, 11, 13, 18, 10, 7, tzinfo=UTC)),
        ("2024/11/13 9:10:07 am GMT-3:30", datetime(2024, 11, 13, 12, 40, 7, tzinfo=UTC)),
        ("2024/11/13 9:10:07 pm EAT", datetime(2024, 11, 13)),
    ],
)
def test_a_timestamp_keeps_its_time_of_day_where_its_zone_is_known(text, time):
    assert read_times([text], START, RECEIVED) == ([time], "")


@pytest.mark.parametrize("cell", [None, "", "31/02/2024", "99/99/2024", "hier", datetime(2024, 10, 10, 9), 45575])
def test_what_is_no_such_timestamp_stays_as_it_is(cell):
    assert read_times([cell], START, RECEIVED) == ([cell], "")


def test_a_column_in_both_orders_is_a_guess():
    times, guess = read_times(["10/13/2024", "13/10/2024", "03/10/2024"], START, RECEIVED)
    assert (times[0], times[2].date(), guess) == ("10/13/2024", date(2024, 10, 3), "day")
