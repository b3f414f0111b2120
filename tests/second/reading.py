"""What one return of the invented union reports of a figure, worded as in the methodology, section 5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from second.counting import EPSILON, Counted

GEAR = ("buoy", "crane", "hose")
OFFERS = ("offers_people", "offers_goods")
DRILL = {"none": 0, "paper": 1, "basin": 2, "sea": 4}  # scores; the highest, 4, is 100 %


class Report(NamedTuple):
    """What a return reports of a figure: no value where it does not; `na`: not applicable, which ends carrying."""

    value: float | None = None
    total: float | None = None
    codes: frozenset[str] = frozenset()
    na: bool = False


Read = Callable[[Counted], Report]
NOTHING = Report()


def over(part: str, total: str = "") -> Read:
    """`number`, or `number over total`: the total may be missing, the value then stands without a share."""

    def report(one: Counted) -> Report:
        value = one.number(part)
        return Report(na=one.is_na(part)) if value is None else Report(value, one.number(total))

    return report


def within(part: str, total: str) -> Read:
    """`number within total`: the smaller of both, and both are needed."""

    def report(one: Counted) -> Report:
        value, whole = one.number(part), one.number(total)
        if value is None or whole is None:
            return Report(na=one.is_na(part) or one.is_na(total))
        return Report(min(value, whole), whole)

    return report


def percent_aboard(one: Counted) -> Report:
    """`crew_aboard over crew_all` as an index: in percent, 100 at most."""
    aboard, crew = one.number("crew_aboard"), one.number("crew_all")
    if aboard is None or not crew:
        return Report(na=one.is_na("crew_aboard") or one.is_na("crew_all"))
    return Report(100 * min(1, aboard / crew))


def _gear_ratios(one: Counted) -> list[float] | Report:
    """Fit / needed of the gear that is needed: of two kinds at least, or of all that the member needs."""
    needs = {kind: one.number(f"{kind}_need") for kind in GEAR}
    fits = {kind: one.number(f"{kind}_fit") for kind in GEAR}
    ratios = [min(1, fits[kind] / needs[kind]) for kind in GEAR if needs[kind] and fits[kind] is not None]
    all_told = all(needs[kind] is not None or one.is_na(f"{kind}_need") for kind in GEAR)
    are_all = all_told and len(ratios) == sum(bool(need) for need in needs.values())
    if len(ratios) >= 2 or (ratios and are_all):
        return ratios
    return Report(na=all(one.is_na(f"{kind}_need") for kind in GEAR))


def mean_fit(one: Counted) -> Report:
    """`mean of *_fit within *_need, at least 2`."""
    ratios = _gear_ratios(one)
    return ratios if isinstance(ratios, Report) else Report(100 * sum(ratios) / len(ratios))


def every_fit(one: Counted) -> Report:
    """`every *_fit within *_need at 90 %, at least 2`."""
    ratios = _gear_ratios(one)
    return ratios if isinstance(ratios, Report) else Report(float(min(ratios) >= 0.9 - EPSILON))


def drill_score(one: Counted) -> Report:
    """`score of spill_drill`."""
    codes = one.codes("spill_drill")
    return Report(na=one.is_na("spill_drill")) if codes is None else Report(100 * DRILL[codes[0]] / 4)


def any_in(questions: Sequence[str], codes: set[str]) -> Read:
    """`any question in codes`: reported when one is answered, not applicable when all are."""

    def report(one: Counted) -> Report:
        answered = [given for given in map(one.codes, questions) if given is not None]
        if not answered:
            return Report(na=all(map(one.is_na, questions)))
        return Report(float(any(codes & set(given) for given in answered)))

    return report


def _offered(one: Counted, question: str) -> set[str] | None:
    """The codes ticked; none for `none` and for not applicable (not offered, so 0); None where not reported."""
    if one.is_na(question):
        return set()
    given = one.codes(question)
    return None if given is None else set(given) - {"none", "other"}


def offers(question: str = "") -> Read:
    """`codes in offers_*`, or those of one question beside them: reported only where all questions are."""

    def report(one: Counted) -> Report:
        offered = {name: _offered(one, name) for name in OFFERS}
        if None in offered.values():
            return NOTHING
        codes = offered[question] if question else set().union(*offered.values())
        return Report(len(codes), codes=frozenset(codes))

    return report


def both_offers(one: Counted) -> Report:
    """`a code in every offers_*`."""
    offered = [_offered(one, name) for name in OFFERS]
    return NOTHING if None in offered else Report(float(all(offered)))


def one_offer(question: str) -> Read:
    """Whether a component's own question is reported."""
    return lambda one: NOTHING if _offered(one, question) is None else Report(0)


def trades(one: Counted) -> Report:
    """The codes of `trades_served`; reported when answered, even with `other` or `none`."""
    given = one.codes("trades_served")
    if given is None:
        return Report(na=one.is_na("trades_served"))
    codes = frozenset(given) - {"none", "other"}
    return Report(len(codes), codes=codes)


def share_of_papers(questions: Sequence[str]) -> Read:
    """`share of codes in`: the mean over the questions of the four papers ticked, in percent."""

    def report(one: Counted) -> Report:
        offered = [_offered(one, name) for name in questions]
        return NOTHING if None in offered else Report(100 * sum(len(codes) / 4 for codes in offered) / len(questions))

    return report


def voyages(*purposes: str, detail: str = "", own: bool = False) -> Read:
    """Voyages of some purposes, by number in the log trimmed and without case, else by member and ship."""

    def report(one: Counted) -> Report:
        if one.voyages is None:
            return NOTHING
        wanted = [v for v in one.voyages if v["purpose"] in purposes and detail in ("", v["cargo"])]
        keys = {v["log_number"].strip().casefold() or f"{one.member}: {v['ship'].casefold()}" for v in wanted}
        codes = frozenset(f"{one.member}: {key}" for key in keys) if own else frozenset(keys)
        return Report(float(bool(codes)), codes=codes)

    return report
