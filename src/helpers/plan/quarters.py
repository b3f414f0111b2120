"""Quarters: how they are written, counted and dated, and which belong to the plan."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache

FIRST_QUARTER, LAST_QUARTER = "2022Q1", "2025Q4"
BASELINE_QUARTER, FIRST_STATUS_QUARTER = "2022Q2", "2022Q3"
ON_TIME_DAYS, CUTOFF_DAYS, REVISION_DAYS = 30, 45, 90
_QUARTER = re.compile(r"(?P<year>[0-9]{4})-?Q(?P<n>[1-4])|[TQ](?P<n2>[1-4]) (?P<year2>[0-9]{4})")


def parse_quarter(text: str) -> str:
    """Return `2024Q3` for `2024Q3`, `2024-Q3`, `T3 2024` or `Q3 2024` (methodology, section 1).

    Raises ValueError for all else; `pandas.Period("T3 2025")` would silently return 2025Q1.
    """
    found = _QUARTER.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a quarter; write it as 2024Q3")
    return f"{found['year'] or found['year2']}Q{found['n'] or found['n2']}"


def is_quarter(text: str) -> bool:
    """Tell whether a text is a quarter in an accepted spelling."""
    return bool(_QUARTER.fullmatch(text.strip()))


def index(quarter: str) -> int:
    """Return a quarter's number, such that the difference of two numbers counts quarters."""
    return int(quarter[:4]) * 4 + int(quarter[5]) - 1


@cache
def shift(quarter: str, quarters: int) -> str:
    """Return the quarter that is a number of quarters later (earlier when negative)."""
    year, n = divmod(index(quarter) + quarters, 4)
    return f"{year}Q{n + 1}"


def quarters_between(first: str, last: str) -> list[str]:
    """Return the quarters from first to last, both included."""
    return [shift(first, n) for n in range(index(last) - index(first) + 1)]


@cache
def quarter_start(quarter: str) -> date:
    """Return the first day of a quarter."""
    return date(int(quarter[:4]), 3 * int(quarter[5]) - 2, 1)


@cache
def quarter_end(quarter: str) -> date:
    """Return the last day of a quarter."""
    return quarter_start(shift(quarter, 1)) - timedelta(days=1)


def quarter_of(day: date) -> str:
    """Return the quarter that a day falls in."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def first_cutoff(quarter: str) -> date:
    """Return the first cut-off of a quarter: 45 days after its end (methodology, section 3)."""
    return quarter_end(quarter) + timedelta(days=CUTOFF_DAYS)


def is_revised(quarter: str, as_of: date) -> bool:
    """Tell whether an edition is a revised one: its date is 90 days or more after the quarter's end."""
    return (as_of - quarter_end(quarter)).days >= REVISION_DAYS


def today() -> date:
    """Return today, here or in UTC, whichever is later: no later day has come yet."""
    return max(date.today(), datetime.now(UTC).date())


def in_plan(quarter: str) -> bool:
    """Tell whether a quarter belongs to the plan, 2022Q1-2025Q4."""
    return FIRST_QUARTER <= quarter <= LAST_QUARTER


def resolve_date(quarter: str, as_of: str = "") -> date:
    """Return the date an edition is as of: the one given, else the quarter's first cut-off.

    Raises ValueError for a quarter outside the plan, or a date before the quarter's end.
    """
    quarter = parse_quarter(quarter)
    if not in_plan(quarter):
        raise ValueError(f"{quarter} is outside the plan, 2022Q1-2025Q4; choose a quarter within it")
    try:
        day = date.fromisoformat(as_of) if as_of else first_cutoff(quarter)
    except ValueError:
        raise ValueError(f"as_of {as_of!r} is not a date; write it as 2024-10-31, or leave it blank") from None
    if day <= quarter_end(quarter):
        raise ValueError(f"as_of {day} is not after the end of {quarter}; give a later date, or none")
    return day
