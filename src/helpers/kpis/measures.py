"""The measures: from each member's observation to one figure with its bounds (methodology, section 5).

Each takes one observation or history per expected member. Where nobody answered the value is None, never 0.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from helpers.kpis import figures
from helpers.kpis.figures import BLANK, CARRIED, REPORTED, Calculation, Figure, Term, add, divide, make_figure, widen


class Observation(NamedTuple):
    """One member's value in a quarter: reported, carried forward, or not known (blank `basis`).

    `cap` is the highest possible value (infinite: no limit), `total_cap` the total assumed until both are reported.
    `weight` is its part of the coverage. `quarter` is the quarter of a flow, blank elsewhere.
    """

    member: str
    value: float | None = None
    total: float | None = None
    codes: frozenset[str] = frozenset()
    basis: str = ""
    source_quarter: str = ""
    cap: float = 0
    total_cap: float = 0
    weight: float = 1
    quarter: str = ""

    @property
    def is_known(self) -> bool:
        """Tell whether the value counts: it was reported or carried forward."""
        return bool(self.basis)

    @property
    def is_reported(self) -> bool:
        """Tell whether the member reported the value in the quarter itself."""
        return self.basis == REPORTED

    @property
    def bound(self) -> float:
        """The most that a member which did not report can add: its cap, never below the value carried."""
        return max(self.cap, self.value) if self.basis == CARRIED else self.cap


class MemberHistory(NamedTuple):
    """A member's reports since the first collected quarter.

    `ever` tells whether it met the condition, first in `met_in`; `always` whether it reported in every quarter, or in
    the last where one answer covers those before it. It reported in `n_reported` of `n_expected` quarters;
    `is_reported` refers to the last one.
    """

    member: str
    ever: bool
    always: bool
    reported_once: bool
    codes: frozenset[str] = frozenset()
    met_in: str = ""
    is_reported: bool = False
    n_reported: int = 0
    n_expected: int = 0


def _observed_term(observation: Observation, cap: float | None, **share: float | None) -> Term:
    is_reported = observation.is_reported
    return Term(
        observation.member, quarter=observation.quarter, basis=observation.basis,
        source_quarter=observation.source_quarter, value=observation.value,
        lower=observation.value if is_reported else 0, cap=None if is_reported else cap,
        known=observation.weight if observation.basis else 0, expected=observation.weight,
        members=(observation.member,), **share,
    )  # fmt: skip


def _share_term(observation: Observation) -> Term:
    bound, total = observation.bound, observation.total
    if observation.is_reported and total is not None:
        return _observed_term(observation, bound, total=total)
    return _observed_term(observation, bound, total=total, share_cap=bound, total_cap=observation.total_cap)


def _code_term(code: str, observations: Sequence[Observation], least: int) -> Term:
    naming = [observation for observation in observations if code in observation.codes]
    lower = float(sum(observation.is_reported for observation in naming) >= least)
    return Term(
        code, figures.CODE, value=float(len(naming) >= least), lower=lower, cap=1 - lower, known=len(naming),
        members=tuple(observation.member for observation in naming),
    )  # fmt: skip


def _history_term(history: MemberHistory, cap: float | None) -> Term:
    basis = REPORTED if history.is_reported else figures.EVER if history.reported_once else ""
    return Term(
        history.member, basis=basis, source_quarter=history.met_in,
        value=float(history.ever) if history.reported_once else None, lower=float(history.ever), cap=cap,
        known=history.n_reported, expected=history.n_expected, members=(history.member,),
    )  # fmt: skip


def _item_terms(histories: Sequence[MemberHistory]) -> list[Term]:
    members: dict[str, list[str]] = {}
    for history in histories:
        for code in history.codes:
            members.setdefault(code, []).append(history.member)
    items = sorted(members.items())
    return [Term(code, figures.ITEM, value=1.0, lower=1.0, members=tuple(names)) for code, names in items]


def _calculate_sum(terms: Sequence[Term], members: Sequence[Term] = ()) -> dict[str, Calculation]:
    """Add up value, lower and upper bound; the value is blank where no member is known."""
    lower = add(term.lower for term in terms)
    upper = add((term.cap for term in terms if term.cap is not None), lower.result)
    is_known = any(term.basis for term in members or terms)
    value = add(term.value for term in terms if term.value is not None) if is_known else BLANK
    return {"value": value, "lower": lower, "upper": upper}


def _calculate_share(terms: Sequence[Term], times: float) -> dict[str, Calculation]:
    """Divide the values by the totals of the known members whose own return has both; add the bounds of the share.

    The bounds use caps for the members that did not report both numbers. Where nothing limits a total they are 0 and
    `times`, how often a number may contain its total: 1 for a part of it.
    """
    both = [term for term in terms if term.value is not None and term.total is not None]
    share = divide(add(term.value for term in both), add(term.total for term in both))
    certain = [term for term in terms if term.share_cap is None]
    rest = [term for term in terms if term.share_cap is not None]
    whole = sum(term.total for term in certain) + sum(term.total_cap for term in rest)
    if not whole:
        return {"share": share, "share_lower": BLANK, "share_upper": BLANK}
    if math.isinf(whole):
        lower, upper = Calculation((0,), 0), Calculation((times,), times)
    else:
        part = add(term.value for term in certain)
        lower, upper = divide(part, whole), divide(add((term.share_cap for term in rest), part.result), whole)
    lower, upper = widen(lower, share.result, min), widen(upper, share.result, max)
    return {"share": share, "share_lower": lower, "share_upper": upper}


def count_known(observations: Sequence[Observation]) -> Figure:
    """Count the known members that meet a condition (value 1); in the upper bound all that did not report meet it."""
    terms = [_observed_term(observation, 1.0) for observation in observations]
    return make_figure(_calculate_sum(terms), terms)


def sum_known(observations: Sequence[Observation]) -> Figure:
    """Add up the known members' values; in the upper bound each member that did not report adds its cap."""
    terms = [_observed_term(observation, observation.bound) for observation in observations]
    return make_figure(_calculate_sum(terms), terms)


def sum_known_share(observations: Sequence[Observation], times: float = 1) -> Figure:
    """Add up the known members' values, with the share of their totals and its bounds.

    A value is at most `times` its total.
    """
    terms = [_share_term(observation) for observation in observations]
    return make_figure(_calculate_sum(terms) | _calculate_share(terms, times), terms)


def mean_index(observations: Sequence[Observation]) -> Figure:
    """Average the known members' index, 0-100; in the bounds the members that did not report have 0 or 100."""
    if not observations:
        return figures.NO_FIGURE
    terms = [_observed_term(observation, 100.0) for observation in observations]
    n_known = sum(observation.is_known for observation in observations)
    divisors = {"value": n_known, "lower": len(terms), "upper": len(terms)}
    return make_figure({name: divide(total, divisors[name]) for name, total in _calculate_sum(terms).items()}, terms)


def distinct_codes(observations: Sequence[Observation], codes: Iterable[str], least: int) -> Figure:
    """Count the codes of a list that at least so many known members name; in the upper bound all are named."""
    members = [_observed_term(observation, None) for observation in observations]
    terms = [_code_term(code, observations, least) for code in codes]
    return make_figure(_calculate_sum(terms, members), terms, members)


def count_ever(histories: Sequence[MemberHistory]) -> Figure:
    """Count the members that ever met a condition; in the upper bound those with a gap in their reports did too."""
    terms = [_history_term(history, None if history.ever or history.always else 1.0) for history in histories]
    return make_figure(_calculate_sum(terms), terms)


def distinct_items(histories: Sequence[MemberHistory]) -> Figure:
    """Count the distinct items reported so far; items that were not reported have no upper bound."""
    members, terms = [_history_term(history, None) for history in histories], _item_terms(histories)
    sums = _calculate_sum(terms, members)
    return make_figure(sums | {"upper": add((math.inf,), sums["lower"].result)}, terms, members)


def sum_flow(observations: Sequence[Observation]) -> Figure:
    """Add up a flow over member-quarters; it has an upper bound only where all were reported."""
    terms = [_observed_term(observation, math.inf) for observation in observations]
    return make_figure(_calculate_sum(terms), terms)


def sum_reported(observations: Sequence[Observation]) -> float | None:
    """Add up what was reported in the quarter itself; None where nobody reported."""
    values = [observation.value for observation in observations if observation.is_reported]
    return sum(values) if values else None


def calculate_coverage(terms: Sequence[Term]) -> Calculation:
    """Divide what is known by what is expected: members, or their reference offices or staff, or member-quarters."""
    coverage = divide(add(term.known for term in terms), sum(term.expected for term in terms))
    return coverage if coverage.arithmetic else Calculation((), 0)


def classify_coverage(coverage: float, n_reported: int, n_expected: int) -> Calculation:
    """Return class A from 2/3, B from 1/2, else C; at best B when fewer than a third of the members reported."""
    if coverage < 1 / 2 - 1e-9:
        return Calculation((coverage, " < 1/2"), "C")
    if coverage < 2 / 3 - 1e-9:
        return Calculation(("1/2 ≤ ", coverage, " < 2/3"), "B")
    if n_reported < n_expected / 3 - 1e-9:
        return Calculation((coverage, f" ≥ 2/3; {n_reported}/{n_expected} < 1/3"), "B")
    return Calculation((coverage, " ≥ 2/3"), "A")
