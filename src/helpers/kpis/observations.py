"""Where the members stand in a quarter, as known on a date: reported, carried, ever, or not known (section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import pandas as pd

from helpers.ingest import Registers
from helpers.kpis.measures import MemberHistory, Observation
from helpers.plan import Kpi, Member, Plan, extractors, quarters, questionnaire, sources

CARRY_QUARTERS = 4
_NO_PART = questionnaire.Answer("")


@dataclass(frozen=True)
class CountedReturns:
    """The returns that count at a date, by quarter and member, and all that was accepted by then.

    `accepted` holds the days of receipt of every accepted return (versions and duplicates) of a quarter and member.
    """

    counted: Mapping[tuple[str, str], extractors.CountedReturn]
    accepted: Mapping[tuple[str, str], Sequence[date]]
    _extracts: dict[extractors.Extractor, dict[tuple[str, str], extractors.Extract]] = field(
        default_factory=dict, repr=False
    )

    @cached_property
    def first_collected(self) -> str:
        """The earliest quarter with an accepted return, blank without any."""
        return min(self.quarters, default="")

    @cached_property
    def quarters(self) -> frozenset[str]:
        """The quarters for which any return was accepted."""
        return frozenset(quarter for quarter, _ in self.accepted)

    def extracts(self, read: extractors.Extractor) -> Mapping[tuple[str, str], extractors.Extract]:
        """Return what every counted return says, read once."""
        if read not in self._extracts:
            self._extracts[read] = {key: read(counted) for key, counted in self.counted.items()}
        return self._extracts[read]

    def last_number(self, question: str, member: str, quarter: str) -> float | None:
        """Return the last known count of a member up to a quarter, at any age."""
        extracts = self.extracts(_LAST[question])
        known = [(q, r.value) for (q, m), r in extracts.items() if m == member and q <= quarter and r.value is not None]
        return max(known)[1] if known else None


_LAST = {question: extractors.number(question) for question in sources.REFERENCE_COLUMNS}


def read_counted_returns(returns: pd.DataFrame, answers: pd.DataFrame, innovations: pd.DataFrame) -> CountedReturns:
    """Gather the evidence from the tables that `01_ingest` leaves (methodology, section 7)."""
    accepted: dict[tuple[str, str], list[date]] = {}
    for row in returns.itertuples():
        if row.state != "refused":
            accepted.setdefault((row.quarter, row.member), []).append(date.fromisoformat(row.received_on))
    counting = {(row.quarter, row.member): int(row.version) for row in returns.itertuples() if row.counts}
    said: dict[tuple[str, str], dict[str, questionnaire.Answer]] = {key: {} for key in counting}
    for quarter, member, version, question, value, state in answers[
        ["quarter", "member", "version", "question", "value", "obs_status"]
    ].itertuples(index=False):
        if counting.get((quarter, member)) == int(version):
            said[quarter, member][question] = questionnaire.Answer("", value, state)
    entries: dict[tuple[str, str], list[extractors.Innovation]] = {}
    for row in innovations.itertuples():
        if counting.get((row.quarter, row.member)) == int(row.version):
            entries.setdefault((row.quarter, row.member), []).append(
                extractors.Innovation(row.kind, row.reference, row.title, row.detail)
            )
    counted = {
        key: extractors.CountedReturn(
            key[1],
            given,
            tuple(entries.get(key, ())) if given.get(questionnaire.REPEAT, _NO_PART).is_reported else None,
        )
        for key, given in said.items()
    }
    return CountedReturns(counted, accepted)


# --- where the members stand ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Snapshot:
    """One quarter, seen from a date: everything that a figure of it is made of."""

    plan: Plan
    form: questionnaire.Form
    quarter: str
    as_of: date
    returns: CountedReturns
    registers: Registers

    @cached_property
    def collected(self) -> list[str]:
        """The quarters from the first collected to this one."""
        first = self.returns.first_collected
        return quarters.quarters_between(first, self.quarter) if first and first <= self.quarter else []

    def members(self, scope: str) -> Sequence[Member]:
        """The members expected in the quarter."""
        return self.plan.members_in(self.quarter, scope)


def _find_latest(
    snapshot: Snapshot, read: extractors.Extractor, member: str, carries: bool
) -> tuple[extractors.Extract, str, str]:
    """Return a member's reading, its basis and its quarter: this one's, else of the last four if it carries."""
    extracts = snapshot.returns.extracts(read)
    for lag in range(CARRY_QUARTERS + 1 if carries else 1):
        quarter = quarters.shift(snapshot.quarter, -lag)
        extract = extracts.get((quarter, member), extractors.NO_EXTRACT)
        if extract.value is not None:
            return extract, "carried" if lag else "reported", quarter
        if extract.ends:
            break
    return extractors.NO_EXTRACT, "", ""


def _find_caps(snapshot: Snapshot, source: sources.KpiSource, member: Member, carried: float) -> tuple[float, float]:
    """Return the most a member's value can be, and what its total is taken for (methodology, section 5).

    Both are infinite where the table of members has no reference for the total.
    """
    if not source.reference:
        return source.cap, source.cap
    known = snapshot.returns.last_number(source.total, member.member, snapshot.quarter)
    whole = getattr(member, source.reference) if known is None else known
    # A value that may exceed its total (5.1.a) says nothing about the total.
    return source.cap * whole, whole if source.cap > 1 else max(whole, carried)


def observe(
    snapshot: Snapshot,
    read: extractors.Extractor,
    members: Iterable[Member],
    carries: bool = True,
    capped: sources.KpiSource | None = None,
) -> list[Observation]:
    """Return where each expected member stands on a question; `capped` is the source whose caps bound a sum."""
    observations = []
    for member in members:
        extract, basis, source = _find_latest(snapshot, read, member.member, carries)
        carried = extract.value if basis == "carried" else 0
        caps = _find_caps(snapshot, capped, member, carried) if capped else (0, 0)
        observations.append(
            Observation(member.member, extract.value, extract.total, extract.codes, basis, source, *caps)
        )
    return observations


def observe_kpi(snapshot: Snapshot, kpi: Kpi, members: Iterable[Member]) -> list[Observation]:
    """Return where each expected member stands on a KPI of the returns: a stock carries, a sum has caps."""
    source = sources.source_of(kpi, snapshot.form)
    return observe(snapshot, source.read, members, kpi.is_stock, source if kpi.measure == "sum_known" else None)


def observe_history(
    snapshot: Snapshot, read: extractors.Extractor, members: Iterable[Member], remembers: bool = False
) -> list[MemberHistory]:
    """Return what each member said since the first collected; `remembers` where one quarter's report says it all."""
    extracts, histories = snapshot.returns.extracts(read), []
    for member in members:
        said = [extracts.get((quarter, member.member), extractors.NO_EXTRACT) for quarter in snapshot.collected]
        known = [extract for extract in said if extract.value is not None]
        asked = said[-1:] if remembers else said
        histories.append(
            MemberHistory(
                member.member,
                any(extract.value for extract in known),
                all(extract.value is not None for extract in asked),
                bool(known),
                frozenset().union(*(extract.codes for extract in known)),
            )
        )
    return histories


def is_cumulative(kpi: Kpi) -> bool:
    """Tell whether one quarter's answer says all that came before (methodology, section 5): of the projects alone."""
    return kpi.kpi == "3.3.a"


def list_flow(snapshot: Snapshot, read: extractors.Extractor, scope: str) -> list[float | None]:
    """Return a flow's member-quarters since the first collected: members valid in the quarter of the flow."""
    extracts = snapshot.returns.extracts(read)
    return [
        extracts.get((quarter, member.member), extractors.NO_EXTRACT).value
        for quarter in snapshot.collected
        for member in snapshot.plan.members_in(quarter, scope)
    ]


def _has_reported(snapshot: Snapshot, read: extractors.Extractor, member: Member) -> bool:
    return (
        snapshot.returns.extracts(read).get((snapshot.quarter, member.member), extractors.NO_EXTRACT).value is not None
    )


def count_reported(snapshot: Snapshot, read: extractors.Extractor, members: Iterable[Member]) -> int:
    """Count the members whose counted return of the quarter itself answers."""
    return sum(_has_reported(snapshot, read, member) for member in members)
