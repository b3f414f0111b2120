"""The measures: from where each member stands in a quarter to one figure with its bounds (methodology, section 5).

Each takes one row per member expected in the quarter. A blank figure is None: nobody answered is never 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_NAMING = 3  # a sector counts once so many members name it


@dataclass(frozen=True)
class Observation:
    """Where one expected member stands: `basis` is reported, carried or blank (not known).

    `cap` is the most its value can be, infinite without a limit; `total_cap` what its total is taken for while it has
    not reported both.
    """

    member: str
    value: float | None = None
    total: float | None = None
    codes: frozenset[str] = frozenset()
    basis: str = ""
    source_quarter: str = ""
    cap: float = 0
    total_cap: float = 0

    @property
    def is_known(self) -> bool:
        """Tell whether it counts in the value."""
        return bool(self.basis)

    @property
    def is_reported(self) -> bool:
        """Tell whether it answered in the quarter itself."""
        return self.basis == "reported"

    @property
    def bound(self) -> float:
        """The most it can add while it has not reported: its cap, never below the value carried."""
        return max(self.cap, self.value) if self.basis == "carried" else self.cap


@dataclass(frozen=True)
class MemberHistory:
    """What a member said over the quarters since the first collected: `ever` whether it met the condition.

    `always` is whether it reported in every quarter of them (3.3.a: in the last).
    """

    member: str
    ever: bool
    always: bool
    reported_once: bool
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A figure and the bounds between which the truth lies; None is blank."""

    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    share: float | None = None
    share_lower: float | None = None
    share_upper: float | None = None


NO_FIGURE = Figure()


def _known(members: Sequence[Observation]) -> list[Observation]:
    return [member for member in members if member.is_known]


def _reported(members: Sequence[Observation]) -> list[Observation]:
    return [member for member in members if member.is_reported]


def _others(members: Sequence[Observation]) -> list[Observation]:
    return [member for member in members if not member.is_reported]


def count_known(members: Sequence[Observation]) -> Figure:
    """Count the known members that meet a condition (value 1); those not reported may or may not."""
    known, lower = _known(members), sum(m.value for m in _reported(members))
    return Figure(sum(m.value for m in known) if known else None, lower, lower + len(_others(members)))


def sum_known(members: Sequence[Observation]) -> Figure:
    """Add up the known members' values; each not reported may reach its cap, and without a cap anything."""
    known, lower = _known(members), sum(m.value for m in _reported(members))
    upper = lower + sum(m.bound for m in _others(members))
    return Figure(sum(m.value for m in known) if known else None, lower, None if math.isinf(upper) else upper)


def share_of(members: Sequence[Observation]) -> float | None:
    """Return Σ values / Σ totals over the known members whose own return has the total; None without any."""
    both = [m for m in _known(members) if m.total is not None]
    totals = sum(m.total for m in both)
    return sum(m.value for m in both) / totals if totals else None


def share_bounds(members: Sequence[Observation]) -> tuple[float | None, float | None]:
    """Return the bounds of a share, the members that did not report both numbers standing in with their caps.

    Where nothing caps a total they are 0 and 1: all that is known of a part is that it does not exceed its whole.
    """
    both = [m for m in _reported(members) if m.total is not None]
    rest = [m for m in members if not (m.is_reported and m.total is not None)]
    whole = sum(m.total for m in both) + sum(m.total_cap for m in rest)
    if not whole:
        return None, None
    part, share = sum(m.value for m in both), share_of(members)
    most = part + sum(m.bound for m in rest)
    lower, upper = (0, 1) if math.isinf(whole) else (part / whole, most / whole)
    return (lower, upper) if share is None else (min(lower, share), max(upper, share))


def sum_known_share(members: Sequence[Observation]) -> Figure:
    """Add up the known members' values, with the share of their totals and its bounds."""
    total = sum_known(members)
    return Figure(total.value, total.lower, total.upper, share_of(members), *share_bounds(members))


def mean_index(members: Sequence[Observation]) -> Figure:
    """Take the mean of the known members' index, 0-100; those not reported may have 0 or 100."""
    known, reported = _known(members), sum(m.value for m in _reported(members))
    if not members:
        return NO_FIGURE
    most = reported + 100 * len(_others(members))
    value = sum(m.value for m in known) / len(known) if known else None
    return Figure(value, reported / len(members), most / len(members))


def codes_named(members: Sequence[Observation], by: int) -> int:
    """Count the codes that so many members name."""
    named = Counter(code for member in members for code in member.codes)
    return sum(count >= by for count in named.values())


def distinct_codes(members: Sequence[Observation], codes: int) -> Figure:
    """Count the codes named by at least three known members, of so many in the list."""
    known = _known(members)
    value = codes_named(known, LEAST_NAMING) if known else None
    return Figure(value, codes_named(_reported(members), LEAST_NAMING), codes)


def count_ever(members: Sequence[MemberHistory]) -> Figure:
    """Count the members that ever met a condition; those with a gap in their reports may have, unseen."""
    met = sum(member.ever for member in members)
    unseen = sum(not member.ever and not member.always for member in members)
    return Figure(met if any(m.reported_once for m in members) else None, met, met + unseen)


def distinct_items(members: Sequence[MemberHistory]) -> Figure:
    """Count the distinct items reported so far; nothing bounds those that were not."""
    found = len(frozenset().union(*(member.codes for member in members)))
    return Figure(found if any(m.reported_once for m in members) else None, found, None)


def sum_flow(reported: Sequence[float | None]) -> Figure:
    """Add up a flow over member-quarters, None where not reported: an upper bound only where all are."""
    known = [value for value in reported if value is not None]
    return Figure(sum(known) if known else None, sum(known), sum(known) if len(known) == len(reported) else None)


def sum_reported(members: Sequence[Observation]) -> float | None:
    """Add up what was reported in the quarter itself; None when nobody did."""
    reported = _reported(members)
    return sum(m.value for m in reported) if reported else None


def coverage_class(coverage: float, answered: float | None) -> str:
    """Return A from 2/3, B from 1/2, else C; at best B when fewer than a third answered (None: not asked)."""
    grade = "A" if coverage >= 2 / 3 - 1e-9 else "B" if coverage >= 1 / 2 - 1e-9 else "C"
    few = answered is not None and answered < 1 / 3 - 1e-9
    return "B" if few and grade == "A" else grade
