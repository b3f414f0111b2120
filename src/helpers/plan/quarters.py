"""Quarters: how they are written, counted and dated."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache

from helpers.speech import say

_QUARTER = re.compile(r"(?P<year>[0-9]{4})-?Q(?P<n>[1-4])|[TQ](?P<n2>[1-4]) (?P<year2>[0-9]{4})")


def parse_quarter(text: str) -> str:
    """Return `2024Q3` for `2024Q3`, `2024-Q3`, `T3 2024` or `Q3 2024` (methodology, section 1).

    Raises ValueError for all else; `pandas.Period("T3 2025")` would silently return 2025Q1.
    """
    found = _QUARTER.fullmatch(text.strip())
    if not found:
        raise ValueError(say("{text!r} is not a quarter; write it as 2024Q3", text=text))
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


def today() -> date:
    """Return today, here or in UTC, whichever is later: no later day has come yet."""
    return max(date.today(), datetime.now(UTC).date())
