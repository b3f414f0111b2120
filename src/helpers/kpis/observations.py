"""Each member's value in a quarter as of a date: reported, carried forward, or not known (section 5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property, partial

import pandas as pd

from helpers.ingest import Registers
from helpers.kpis.figures import CARRIED, REPORTED
from helpers.kpis.measures import MemberHistory, Observation
from helpers.plan import Kpi, Member, Plan, extractors, quarters, questionnaire, read_settings, sources

ReturnKey = tuple[str, str]  # quarter and member


@cache
def _read_number(question: str) -> extractors.Extractor:
    return partial(extractors.number, question)  # one for each question, by which what it reads is kept


@dataclass(frozen=True)
class CountedReturns:
    """The returns that count as of a date; `accepted`: the days of receipt of all accepted, duplicates too."""

    counted: Mapping[ReturnKey, extractors.CountedReturn]
    accepted: Mapping[ReturnKey, Sequence[date]]
    _extracts: dict[extractors.Extractor, dict[ReturnKey, extractors.Extract]] = field(default_factory=dict, repr=False)

    @cached_property
    def first_collected(self) -> str:
        """The earliest quarter with an accepted return, blank without any."""
        return min(self.quarters, default="")

    @cached_property
    def quarters(self) -> frozenset[str]:
        """The quarters for which any return was accepted."""
        return frozenset(quarter for quarter, _ in self.accepted)

    def extracts(self, read: extractors.Extractor) -> Mapping[ReturnKey, extractors.Extract]:
        """Return the extract of every counted return; each extractor reads them once."""
        if read not in self._extracts:
            self._extracts[read] = {key: read(counted) for key, counted in self.counted.items()}
        return self._extracts[read]

    def last_number(self, question: str, member: str, quarter: str) -> float | None:
        """Return a member's last known count up to a quarter, of any age; None without one."""
        extracts = self.extracts(_read_number(question))
        past = sorted(name for name in self.quarters if name <= quarter)
        numbers = [extracts[name, member].value for name in past if (name, member) in extracts]
        return next((number for number in reversed(numbers) if number is not None), None)


def read_counted_returns(returns: pd.DataFrame, answers: pd.DataFrame, items: pd.DataFrame) -> CountedReturns:
    """Read the counted returns from the tables that `01_ingest` writes (methodology, section 7)."""
    accepted: dict[ReturnKey, list[date]] = {}
    for row in returns.itertuples():
        if row.state != "refused":
            accepted.setdefault((row.quarter, row.member), []).append(date.fromisoformat(row.received_on))
    versions = {(row.quarter, row.member): int(row.version) for row in returns.itertuples() if row.counts}
    given: dict[ReturnKey, dict[str, questionnaire.Answer]] = {key: {} for key in versions}
    columns = (answers[name].tolist() for name in ("quarter", "member", "version", "question", "value", "obs_status"))
    for quarter, member, version, question, value, state in zip(*columns, strict=True):
        if versions.get((quarter, member)) == version:
            given[quarter, member][question] = questionnaire.Answer("", value, state)
    listed: dict[ReturnKey, list[extractors.Item]] = {}
    for row in items.itertuples():
        if versions.get((row.quarter, row.member)) == int(row.version):
            item = extractors.Item(row.kind, row.reference, row.title, row.detail)
            listed.setdefault((row.quarter, row.member), []).append(item)
    counted, repeat = {}, read_settings().repeat.name  # the repeat is the question of the number of its items
    for key, own in given.items():
        has_part = extractors.answer_to(own, repeat).is_reported
        counted[key] = extractors.CountedReturn(key[1], own, tuple(listed.get(key, ())) if has_part else None)
    return CountedReturns(counted, accepted)


@dataclass(frozen=True)
class Snapshot:
    """One quarter as of a date; `asked_from` is the first quarter asked about, blank for the first collected."""

    plan: Plan
    form: questionnaire.Form
    quarter: str
    as_of: date
    returns: CountedReturns
    registers: Registers
    asked_from: str = ""

    @property
    def is_asked(self) -> bool:
        """Tell whether members were asked about the quarter: before the first collected nothing was."""
        return self.quarter >= (self.asked_from or self.returns.first_collected or self.quarter)

    @cached_property
    def collected(self) -> list[str]:
        """The quarters from the first collected to this one."""
        first = self.returns.first_collected
        return quarters.quarters_between(first, self.quarter) if first and first <= self.quarter else []

    @property
    def is_collected(self) -> bool:
        """Tell whether any return of the quarter was accepted; without one its figures from returns are blank."""
        return self.quarter in self.returns.quarters

    def members(self, scope: str = "") -> Sequence[Member]:
        """Return the members expected in the quarter."""
        return self.plan.members_in(self.quarter, scope)


def _find_latest(
    extracts: Mapping[ReturnKey, extractors.Extract], window: Sequence[str], member: str
) -> tuple[extractors.Extract, str, str]:
    """Return a member's extract, its basis and its quarter: the first of the window, else one to carry forward."""
    for quarter in window:
        extract = extracts.get((quarter, member), extractors.NO_EXTRACT)
        if extract.value is not None:
            return extract, REPORTED if quarter == window[0] else CARRIED, quarter
        if extract.ends:
            break
    return extractors.NO_EXTRACT, "", ""


def _find_caps(snapshot: Snapshot, source: sources.KpiSource, member: Member, carried: float) -> tuple[float, float]:
    """Return the most that a value can be, and the total assumed; infinite without a reference (section 5)."""
    if not source.reference:
        return source.cap, source.cap
    known = snapshot.returns.last_number(source.total, member.member, snapshot.quarter)
    whole = member.references[source.reference] if known is None else known
    # A value that may exceed its total does not bound the total.
    return source.cap * whole, whole if source.cap > 1 else max(whole, carried)


def observe(
    snapshot: Snapshot,
    read: extractors.Extractor,
    members: Iterable[Member],
    carries: bool = True,
    capped: sources.KpiSource | None = None,
) -> list[Observation]:
    """Return each member's observation; `capped` is the source whose caps and weights hold for a sum."""
    observed, extracts = [], snapshot.returns.extracts(read)
    carried_for = snapshot.plan.settings.carry_quarters if carries else 0
    window = [quarters.shift(snapshot.quarter, -lag) for lag in range(carried_for + 1)]
    for member in members:
        extract, basis, quarter = _find_latest(extracts, window, member.member)
        carried = extract.value if basis == CARRIED else 0
        caps = _find_caps(snapshot, capped, member, carried) if capped else (0, 0)
        weight = member.references[capped.reference] if capped and capped.reference else 1
        values = extract.value, extract.total, extract.codes
        observed.append(Observation(member.member, *values, basis, quarter, *caps, weight))
    return observed


def observe_kpi(snapshot: Snapshot, kpi: Kpi, members: Iterable[Member]) -> list[Observation]:
    """Return each member's observation of a KPI from returns: stocks are carried forward, sums have caps."""
    source = sources.source_of(kpi, snapshot.form)
    return observe(snapshot, source.read, members, kpi.is_stock, source if kpi.measure == "sum_known" else None)


def observe_flow(snapshot: Snapshot, read: extractors.Extractor, scope: str) -> list[Observation]:
    """Return one observation per member-quarter since the first collected: members valid in the quarter."""
    observed = []
    for quarter in snapshot.collected:
        then = replace(snapshot, quarter=quarter)
        own = observe(then, read, then.members(scope), carries=False)
        observed += [observation._replace(quarter=quarter) for observation in own]
    return observed


def observe_history(snapshot: Snapshot, source: sources.KpiSource, members: Iterable[Member]) -> list[MemberHistory]:
    """Return each member's history since the first collected."""
    extracts, histories = snapshot.returns.extracts(source.read), []
    covered = snapshot.collected[-1:] if source.is_remembered else snapshot.collected
    for member in members:
        history = {quarter: extracts.get((quarter, member.member)) for quarter in snapshot.collected}
        known = {quarter: extract for quarter, extract in history.items() if extract and extract.value is not None}
        met_in = next((quarter for quarter, extract in known.items() if extract.value), "")
        codes = frozenset().union(*(extract.codes for extract in known.values()))
        expected = [quarter for quarter in covered if member.valid_in(quarter)]
        histories.append(MemberHistory(
            member.member, bool(met_in), all(quarter in known for quarter in covered), bool(known), codes, met_in,
            snapshot.quarter in known, sum(quarter in known for quarter in expected), len(expected),
        ))  # fmt: skip
    return histories
