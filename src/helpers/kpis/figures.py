"""A figure, its bounds, the terms that it adds up, and the arithmetic that gives each number."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

MEMBER, CODE, ITEM, ROW = "member", "code", "item", "row"  # what one term is
REPORTED, CARRIED, EVER = "reported", "carried", "ever"
Token = str | float | tuple


class Calculation(NamedTuple):
    """A result and its arithmetic for `papu explain`: texts, numbers, sums (tuples), calculations in brackets."""

    arithmetic: tuple[Token, ...] = ()
    result: float | str | bool | None = None


BLANK = Calculation()


def add(numbers: Iterable[float], start: float | None = None) -> Calculation:
    """Add up numbers, from a start where there is one; the result is None where the sum has no limit."""
    listed = tuple(numbers)
    if start is None:
        arithmetic, total = (listed,), sum(listed)
    else:
        arithmetic, total = (start, " + ", listed) if listed else (start,), start + sum(listed)
    return Calculation(arithmetic, None if math.isinf(total) else total)


def divide(part: Calculation, whole: Calculation | float, factor: int = 1) -> Calculation:
    """Divide, after multiplying by a factor; blank where the whole is 0."""
    divisor = whole.result if isinstance(whole, Calculation) else whole
    if not divisor:
        return BLANK
    times = () if factor == 1 else (f"{factor} × ",)
    return Calculation((*times, part, " / ", whole), factor * part.result / divisor)


def widen(bound: Calculation, share: float | None, choose: Callable[[float, float], float]) -> Calculation:
    """Move a bound to the share where the share lies outside it; `choose` is min or max."""
    if share is None or choose(bound.result, share) == bound.result:
        return bound
    return Calculation((f"{choose.__name__}(", *bound.arithmetic, ", ", share, ")"), share)


@dataclass  # not frozen: an edition makes some 60,000 of them, and frozen ones take four times as long
class Term:
    """What one member, answer code, item or register row adds to a figure.

    `value` is what it adds, None where not known, and `lower` what it adds to the lower bound. `cap` is the most it may
    add to the upper bound besides (infinite: no limit). Of a share, `total` is the denominator; `share_cap` and
    `total_cap` are used where not both numbers were reported. `known` of `expected` is its part of the coverage.
    `quarter` is blank for the quarter of the figure. `rows` are the rows of the `register` that it comes from.
    """

    name: str
    kind: str = MEMBER
    quarter: str = ""
    basis: str = ""
    source_quarter: str = ""
    value: float | None = None
    lower: float = 0
    cap: float | None = None
    total: float | None = None
    share_cap: float | None = None
    total_cap: float | None = None
    known: float = 0
    expected: float = 0
    members: tuple[str, ...] = ()
    register: str = ""
    rows: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True)
class Figure:
    """A figure and its bounds (None: blank); `members` are the members' terms where `terms` are codes or items."""

    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    share: float | None = None
    share_lower: float | None = None
    share_upper: float | None = None
    terms: Sequence[Term] = field(default=(), compare=False, repr=False)
    members: Sequence[Term] = field(default=(), compare=False, repr=False)
    calculations: Mapping[str, Calculation] = field(default_factory=dict, compare=False, repr=False)


NO_FIGURE = Figure()


def make_figure(calculations: Mapping[str, Calculation], terms: Sequence[Term], members: Sequence[Term] = ()) -> Figure:
    """Return the figure that the calculations of its value, bounds and shares give."""
    results = {name: calculation.result for name, calculation in calculations.items()}
    return Figure(**results, terms=terms, members=members, calculations=calculations)


@dataclass(frozen=True)
class MeasuredKpi:
    """One row of kpis.csv without its status: the figure, the members behind it, and its coverage (None: blank)."""

    figure: Figure = NO_FIGURE
    n_reported: int | None = None
    n_carried: int | None = None
    n_expected: int | None = None
    coverage: Calculation = BLANK
    coverage_class: Calculation = BLANK
    complete: bool = True
