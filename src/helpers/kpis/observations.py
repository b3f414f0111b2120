"""Where the members stand in a quarter, as known on a date: reported, carried, ever, or not known (section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import pandas as pd

from helpers.ingest.registers import Registers
from helpers.kpis.measures import History, Standing
from helpers.plan.answers import Answer
from helpers.plan.plan import STOCKS, Kpi, Member, Plan
from helpers.plan.quarters import quarters_between, shift
from helpers.plan.questionnaire import REPEAT, Questionnaire
from helpers.plan.readings import NOTHING, Counted, Item, Read, Reading, number
from helpers.plan.sources import REFERENCES, Source, source_of

CARRY_QUARTERS = 4
_NO_PART = Answer("")


@dataclass(frozen=True)
class Evidence:
    """The returns that count at a date, by quarter and member, and all that was accepted by then.

    `accepted` holds the days of receipt of every accepted return (versions and duplicates) of a quarter and member.
    """

    counted: Mapping[tuple[str, str], Counted]
    accepted: Mapping[tuple[str, str], Sequence[date]]
    _readings: dict[Read, dict[tuple[str, str], Reading]] = field(default_factory=dict, repr=False)

    @cached_property
    def first_collected(self) -> str:
        """The earliest quarter with an accepted return, blank without any."""
        return min(self.quarters, default="")

    @cached_property
    def quarters(self) -> frozenset[str]:
        """The quarters for which any return was accepted."""
        return frozenset(quarter for quarter, _ in self.accepted)

    def readings(self, read: Read) -> Mapping[tuple[str, str], Reading]:
        """Return what every counted return says, read once."""
        if read not in self._readings:
            self._readings[read] = {key: read(counted) for key, counted in self.counted.items()}
        return self._readings[read]

    def last_number(self, question: str, member: str, quarter: str) -> float | None:
        """Return the last known count of a member up to a quarter, at any age."""
        readings = self.readings(_LAST[question])
        known = [(q, r.value) for (q, m), r in readings.items() if m == member and q <= quarter and r.value is not None]
        return max(known)[1] if known else None


_LAST = {question: number(question) for question in REFERENCES}


def read_evidence(returns: pd.DataFrame, answers: pd.DataFrame, innovations: pd.DataFrame) -> Evidence:
    """Gather the evidence from the tables that `01_ingest` leaves (methodology, section 7)."""
    accepted: dict[tuple[str, str], list[date]] = {}
    for row in returns.itertuples():
        if row.state != "refused":
            accepted.setdefault((row.quarter, row.member), []).append(date.fromisoformat(row.received_on))
    counting = {(row.quarter, row.member): int(row.version) for row in returns.itertuples() if row.counts}
    said: dict[tuple[str, str], dict[str, Answer]] = {key: {} for key in counting}
    for quarter, member, version, question, value, state in answers[
        ["quarter", "member", "version", "question", "value", "obs_status"]
    ].itertuples(index=False):
        if counting.get((quarter, member)) == int(version):
            said[quarter, member][question] = Answer("", value, state)
    entries: dict[tuple[str, str], list[Item]] = {}
    for row in innovations.itertuples():
        if counting.get((row.quarter, row.member)) == int(row.version):
            entries.setdefault((row.quarter, row.member), []).append(
                Item(row.kind, row.reference, row.title, row.detail)
            )
    counted = {
        key: Counted(key[1], given, tuple(entries.get(key, ())) if given.get(REPEAT, _NO_PART).is_reported else None)
        for key, given in said.items()
    }
    return Evidence(counted, accepted)


# --- where the members stand ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """One quarter, seen from a date: everything that a figure of it is made of."""

    plan: Plan
    form: Questionnaire
    quarter: str
    as_of: date
    evidence: Evidence
    registers: Registers

    @cached_property
    def collected(self) -> list[str]:
        """The quarters from the first collected to this one."""
        first = self.evidence.first_collected
        return quarters_between(first, self.quarter) if first and first <= self.quarter else []

    def members(self, scope: str) -> Sequence[Member]:
        """The members expected in the quarter."""
        return self.plan.members_in(self.quarter, scope)


def _latest(scene: Scene, read: Read, member: str, carries: bool) -> tuple[Reading, str, str]:
    """Return a member's reading, its basis and its quarter: this one's, else of the last four if it carries."""
    readings = scene.evidence.readings(read)
    for lag in range(CARRY_QUARTERS + 1 if carries else 1):
        quarter = shift(scene.quarter, -lag)
        reading = readings.get((quarter, member), NOTHING)
        if reading.value is not None:
            return reading, "carried" if lag else "reported", quarter
        if reading.ends:
            break
    return NOTHING, "", ""


def _caps(scene: Scene, source: Source, member: Member, carried: float) -> tuple[float, float]:
    """Return the most a member's value can be, and what its total is taken for (methodology, section 5).

    Both are infinite where the table of members has no reference for the total.
    """
    if not source.reference:
        return source.cap, source.cap
    known = scene.evidence.last_number(source.total, member.member, scene.quarter)
    whole = getattr(member, source.reference) if known is None else known
    # A value that may exceed its total (5.1.a) says nothing about the total.
    return source.cap * whole, whole if source.cap > 1 else max(whole, carried)


def stand(
    scene: Scene, read: Read, members: Iterable[Member], carries: bool = True, capped: Source | None = None
) -> list[Standing]:
    """Return where each expected member stands on a question; `capped` is the source whose caps bound a sum."""
    standings = []
    for member in members:
        reading, basis, source = _latest(scene, read, member.member, carries)
        carried = reading.value if basis == "carried" else 0
        caps = _caps(scene, capped, member, carried) if capped else (0, 0)
        standings.append(Standing(member.member, reading.value, reading.total, reading.codes, basis, source, *caps))
    return standings


def stand_on(scene: Scene, kpi: Kpi, members: Iterable[Member]) -> list[Standing]:
    """Return where each expected member stands on a KPI of the returns: a stock carries, a sum has caps."""
    source = source_of(kpi, scene.form)
    return stand(scene, source.read, members, kpi.measure in STOCKS, source if kpi.measure == "sum_known" else None)


def recall(scene: Scene, read: Read, members: Iterable[Member], remembers: bool = False) -> list[History]:
    """Return what each member said since the first collected; `remembers` where one quarter's report says it all."""
    readings, histories = scene.evidence.readings(read), []
    for member in members:
        said = [readings.get((quarter, member.member), NOTHING) for quarter in scene.collected]
        known = [reading for reading in said if reading.value is not None]
        asked = said[-1:] if remembers else said
        histories.append(
            History(
                member.member,
                any(reading.value for reading in known),
                all(reading.value is not None for reading in asked),
                bool(known),
                frozenset().union(*(reading.codes for reading in known)),
            )
        )
    return histories


def remembers(kpi: Kpi) -> bool:
    """Tell whether one quarter's answer says all that came before (methodology, section 5): of the projects alone."""
    return kpi.kpi == "3.3.a"


def tell_flow(scene: Scene, read: Read, scope: str) -> list[float | None]:
    """Return a flow's member-quarters since the first collected: members valid in the quarter of the flow."""
    readings = scene.evidence.readings(read)
    return [
        readings.get((quarter, member.member), NOTHING).value
        for quarter in scene.collected
        for member in scene.plan.members_in(quarter, scope)
    ]


def _has_reported(scene: Scene, read: Read, member: Member) -> bool:
    return scene.evidence.readings(read).get((scene.quarter, member.member), NOTHING).value is not None


def count_reported(scene: Scene, read: Read, members: Iterable[Member]) -> int:
    """Count the members whose counted return of the quarter itself answers."""
    return sum(_has_reported(scene, read, member) for member in members)
