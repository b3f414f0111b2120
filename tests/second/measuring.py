"""The measures: from what each member reports to one figure with its bounds, worded as in the methodology."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from second.counting import (
    CARRY,
    EPSILON,
    QUARTERS_OF_PLAN,
    Counted,
    Member,
    count_returns,
    cutoff_of,
    end_of,
    members_of,
    quarters_to,
    read_register,
)  # fmt: skip
from second.reading import NOTHING, Read, Report


class Seen(NamedTuple):
    """A member's value in a quarter: reported, carried or (blank basis) not known, and what it can be at most."""

    member: Member
    report: Report
    basis: str
    source: str
    cap: float = math.inf
    total_cap: float = math.inf

    @property
    def most(self) -> float:
        """The cap, never below a carried value."""
        return max(self.cap, self.report.value) if self.basis == "carried" else self.cap


@dataclass(frozen=True)
class Day:
    """A quarter as counted on a day."""

    quarter: str
    as_of: date

    @property
    def returns(self) -> dict[tuple[str, str], Counted]:
        """The returns that count."""
        return count_returns(self.as_of)[0]

    @property
    def is_collected(self) -> bool:
        """Tell whether any return of the quarter was accepted."""
        return any(quarter == self.quarter for quarter, _ in self.returns)

    def report(self, read_one: Read, member: str, quarter: str = "") -> Report:
        """Return what a member's counted return of a quarter reports."""
        one = self.returns.get((quarter or self.quarter, member))
        return read_one(one) if one else NOTHING

    def see(self, read_one: Read, members: Iterable[Member], total: str = "", times: float = 1, cap: float = math.inf):
        """Return each member's value, carried from two quarters back at most and never past what does not apply."""
        at, found = QUARTERS_OF_PLAN.index(self.quarter), []
        for member in members:
            report, basis, source = NOTHING, "", ""
            for quarter in QUARTERS_OF_PLAN[max(0, at - CARRY) : at + 1][::-1]:
                given = self.report(read_one, member.code, quarter)
                if given.value is not None:
                    report, source = given, quarter
                    basis = "reported" if quarter == self.quarter else "carried"
                if given.value is not None or given.na:
                    break
            most = total_most = cap
            if total:
                whole = self._last_total(total, member)
                carried = report.value if basis == "carried" else 0
                # Of a value that may exceed its total, the total is never raised to a carried value.
                most, total_most = times * whole, whole if times > 1 else max(whole, carried)
            found.append(Seen(member, report, basis, source, most, total_most))
        return found

    def _last_total(self, question: str, member: Member) -> int:
        """The last known total at any age, else the reference."""
        past = [q for q in quarters_to(self.quarter) if (q, member.code) in self.returns]
        numbers = [self.returns[q, member.code].number(question) for q in past]
        return next((n for n in reversed(numbers) if n is not None), member.references[question])


# --- measures -------------------------------------------------------------------------------------------------------


@dataclass
class Figure:
    """The figure of a KPI, as kpis.csv has it; `complete`: all parts of a milestone are covered."""

    value: float | None = None
    share: float | None = None
    lower: float | None = None
    upper: float | None = None
    share_lower: float | None = None
    share_upper: float | None = None
    n_reported: int | None = None
    n_carried: int | None = None
    n_expected: int | None = None
    coverage: float | None = None
    coverage_class: str = ""
    complete: bool = True


def finite(number: float) -> float | None:
    """Blank for no finite bound."""
    return None if math.isinf(number) else number


def classify(coverage: float, n_reported: int, n_expected: int) -> str:
    """A from 2/3, B from 1/2, else C; at best B when fewer than a third reported in the quarter."""
    if coverage < 1 / 2 - EPSILON:
        return "C"
    return "B" if coverage < 2 / 3 - EPSILON or n_reported < n_expected / 3 - EPSILON else "A"


def from_seen(seen: Sequence[Seen], value: float | None, lower: float, upper: float, total: str = "") -> Figure:
    """Complete the figure of a level with its counts and coverage: by the reference of its total, else by members."""
    weights = [one.member.references[total] if total else 1 for one in seen]
    known = sum(weight for one, weight in zip(seen, weights, strict=True) if one.basis)
    n = {basis: sum(one.basis == basis for one in seen) for basis in ("reported", "carried")}
    figure = Figure(value if any(one.basis for one in seen) else None, lower=lower, upper=finite(upper))
    figure.n_reported, figure.n_carried, figure.n_expected = n["reported"], n["carried"], len(seen)
    figure.coverage = known / sum(weights)
    figure.coverage_class = classify(figure.coverage, n["reported"], len(seen))
    return figure


def values_of(seen: Iterable[Seen], *bases: str) -> list[float]:
    """Return the values of the members whose basis is one of these."""
    return [one.report.value for one in seen if one.basis in bases]


def count_known(seen: Sequence[Seen]) -> Figure:
    """Known members that meet the condition; in the upper bound all that did not report do."""
    lower, others = sum(values_of(seen, "reported")), sum(one.basis != "reported" for one in seen)
    return from_seen(seen, sum(values_of(seen, "reported", "carried")), lower, lower + others)


def mean_index(seen: Sequence[Seen]) -> Figure:
    """The mean over known members; in the bounds the others have 0 or 100."""
    known, reported = values_of(seen, "reported", "carried"), values_of(seen, "reported")
    others = len(seen) - len(reported)
    value = sum(known) / len(known) if known else None
    return from_seen(seen, value, sum(reported) / len(seen), (sum(reported) + 100 * others) / len(seen))


def sum_known(seen: Sequence[Seen], total: str = "") -> Figure:
    """The sum over known members; in the upper bound the others have their cap. With a total also the share."""
    lower = sum(values_of(seen, "reported"))
    upper = lower + sum(one.most for one in seen if one.basis != "reported")
    figure = from_seen(seen, sum(values_of(seen, "reported", "carried")), lower, upper, total)
    if total:
        figure.share = share_of(seen)
        sure = [one for one in seen if one.basis == "reported" and one.report.total is not None]
        rest = [one for one in seen if one not in sure]
        whole = sum(one.report.total for one in sure) + sum(one.total_cap for one in rest)
        low = sum(one.report.value for one in sure) / whole
        high = (sum(one.report.value for one in sure) + sum(one.most for one in rest)) / whole
        figure.share_lower = low if figure.share is None else min(low, figure.share)
        figure.share_upper = high if figure.share is None else max(high, figure.share)
    return figure


def share_of(seen: Iterable[Seen]) -> float | None:
    """Values over totals of the known members whose value-giving return has the total."""
    both = [one.report for one in seen if one.basis and one.report.total is not None]
    whole = sum(report.total for report in both)
    return sum(report.value for report in both) / whole if whole else None


def distinct_codes(seen: Sequence[Seen], codes: Sequence[str], least: int) -> Figure:
    """Codes that at least so many known members name; in the upper bound all of the list."""

    def named(*bases: str) -> int:
        return sum(sum(code in one.report.codes for one in seen if one.basis in bases) >= least for code in codes)

    return from_seen(seen, named("reported", "carried"), named("reported"), len(codes))


def history(day: Day, read_one: Read, member: Member) -> dict[str, Report]:
    """What a member reported in each quarter since the first collected."""
    reports = {quarter: day.report(read_one, member.code, quarter) for quarter in quarters_to(day.quarter)}
    return {quarter: report for quarter, report in reports.items() if report.value is not None}


def from_history(day: Day, members: Sequence[Member], read_one: Read, covered: Sequence[str]) -> Figure:
    """Start the figure of what ever happened: coverage is member-quarters reported of those expected."""
    told = {member.code: history(day, read_one, member) for member in members}
    expected = [(member.code, quarter) for member in members for quarter in covered if member.valid_in(quarter)]
    figure = Figure(n_carried=0, n_expected=len(members))
    figure.n_reported = sum(day.quarter in told[member.code] for member in members)
    figure.coverage = sum(quarter in told[code] for code, quarter in expected) / len(expected)
    figure.coverage_class = classify(figure.coverage, figure.n_reported, len(members))
    return figure


def count_ever(day: Day, members: Sequence[Member], read_one: Read, remembered: bool = False) -> Figure:
    """Members that met it in any counted return; those with a gap in their reports may have."""
    covered = [day.quarter] if remembered else quarters_to(day.quarter)
    figure, told = from_history(day, members, read_one, covered), [history(day, read_one, m) for m in members]
    met = [any(report.value for report in reports.values()) for reports in told]
    gaps = [not is_met and any(q not in reports for q in covered) for is_met, reports in zip(met, told, strict=True)]
    figure.value = sum(met) if any(told) else None
    figure.lower, figure.upper = sum(met), sum(met) + sum(gaps)
    return figure


def distinct_items(day: Day, members: Sequence[Member], read_one: Read) -> Figure:
    """Distinct items since the first collected; there may be more, without a limit."""
    figure = from_history(day, members, read_one, quarters_to(day.quarter))
    told = [history(day, read_one, member) for member in members]
    items = {code for reports in told for report in reports.values() for code in report.codes}
    figure.value, figure.lower = len(items) if any(told) else None, len(items)
    return figure


def sum_flow(day: Day, scope: str, read_one: Read) -> Figure:
    """The sum over all quarters of the members valid in each; the upper bound only where all reported in all."""
    pairs = [(member, quarter) for quarter in quarters_to(day.quarter) for member in members_of(quarter, scope)]
    values = [day.report(read_one, member.code, quarter).value for member, quarter in pairs]
    given = [value for value in values if value is not None]
    members = members_of(day.quarter, scope)
    figure = Figure(sum(given) if given else None, lower=sum(given), n_carried=0, n_expected=len(members))
    figure.upper = sum(given) if None not in values else None
    figure.n_reported = sum(day.report(read_one, member.code).value is not None for member in members)
    figure.coverage = len(given) / len(pairs)
    figure.coverage_class = classify(figure.coverage, figure.n_reported, len(members))
    return figure


def certain(value: float, **others: object) -> Figure:
    """The figure of a register: its bounds are the value, its coverage is full."""
    return Figure(value, lower=value, upper=value, coverage=1, coverage_class="A", **others)


def milestone(day: Day) -> Figure:
    """The stage in the last row, in file order, of the latest quarter up to this one."""
    rows = [row for row in read_register("milestones", day.as_of) if row["quarter"] <= day.quarter]
    last = max(enumerate(rows), key=lambda pair: (pair[1]["quarter"], pair[0]))[1] if rows else None
    parts = set(last["parts"].split(";")) if last else set()
    return certain(int(last["stage"]) if last else 0, complete=parts >= {"mooring", "lights", "signals"})


def gatherings(day: Day) -> list[str]:
    """The gatherings held from the day that counts to the quarter's end."""
    rows, until = read_register("workshops", day.as_of, ("workshop",)), end_of(day.quarter).isoformat()
    return [row["workshop"] for row in rows if row["step"] == "4.1" and "2025-01-01" <= row["held_on"] <= until]


def attended(day: Day, members: Sequence[Member]) -> list[tuple[str, int]]:
    """Who came to those gatherings, and how many: members only."""
    rows, codes = read_register("attendance", day.as_of, ("workshop", "member")), {m.code for m in members}
    held = gatherings(day)
    own = [row for row in rows if row["workshop"] in held and row["member"] in codes]
    return [(row["member"], int(row["women"]) + int(row["men"])) for row in own]


def received_by(day: Day, members: Sequence[Member], until: date) -> int:
    """The members whose first accepted return of the quarter had come by a day."""
    first = count_returns(day.as_of)[1]
    return sum(first.get((day.quarter, member.code), date.max) <= until for member in members)


def rate(day: Day, members: Sequence[Member]) -> Figure:
    """Returns and other questionnaires come back by the first cut-off, in percent of those expected."""
    cutoff, codes = min(cutoff_of(day.quarter), day.as_of), {member.code for member in members}
    n = received_by(day, members, cutoff)
    year, nth = int(day.quarter[:4]), int(day.quarter[5])
    months = {f"{year}-{month:02}" for month in (3 * nth - 2, 3 * nth - 1, 3 * nth)}
    rows = read_register("questionnaires", cutoff, ("questionnaire", "member"))
    asked = [row for row in rows if row["member"] in codes and row["due_on"][:7] in months]
    back = [row for row in asked if row["returned_on"] and row["returned_on"] <= cutoff.isoformat()]
    value = 100 * (n + len(back)) / (len(members) + len(asked))
    return certain(value, n_reported=n, n_carried=0, n_expected=len(members))
