"""What members' figures suggest, by rule; what the Secretariat has agreed on, in actions.csv, and what became of it.

A rule only proposes (`papu actions`): an action is what the Secretariat has written into the register.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from helpers.ingest import registers
from helpers.kpis import observations
from helpers.plan import Kpi, Member, quarters, questionnaire, read_plan, read_settings, sources
from helpers.tables import profiles, queries, replies
from helpers.tables.kpi_figures import computed_once, select_figure
from helpers.tables.pipeline import EditionTables

LOW_PART = 0.6  # of what is needed: with less, a part is named
UNCHANGED_QUARTERS = 2  # after which the same answer is named
KINDS = ("parts", "unchanged", "none", "blank", "near")  # of advice
NEAR_TARGET = 0.05  # of a target: when missed by less, closing the gap is proposed


@dataclass(frozen=True)
class Advice:
    """One thing that figures suggest about a KPI, or a part of it: of a member, or of the Union without a `member`.

    `kind` is `parts` (details: those with too little; numbers: of
    each what is there, what is needed), `unchanged` (details: the answer; `since` when), `none` (nothing in the
    quarter), `blank` (details: the questions, left blank in two returns) or `near` (a target that is nearly reached).
    """

    quarter: str
    member: str
    kpi: str
    kind: str
    details: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    since: str = ""

    @property
    def id(self) -> str:
        """The id of the action that it proposes: the reference of a figure, and the rule."""
        parts = (self.kpi, self.quarter, self.member or read_plan().code, self.kind, " ".join(self.details))
        return "/".join(filter(None, parts))

    @property
    def rule(self) -> tuple[str, str, str]:
        """What it is about, in whatever quarter: the KPI, the member and the kind."""
        return self.kpi, self.member, self.kind

    @classmethod
    def of(cls, action: str) -> "Advice | None":
        """Return the advice with this id, without its numbers; None where the id is of the Secretariat's own making."""
        kpi, quarter, member, kind, details = (*action.split("/"), "", "", "", "", "")[:5]
        plan, scope = read_plan(), "" if member == read_plan().code else member
        found = cls(quarter, scope, kpi, kind, tuple(details.split()))
        is_known = kpi in plan.by_kpi and (not scope or scope in plan.by_iso3) and kind in KINDS
        is_answer = kind == "unchanged"
        if not is_known or found.id != action or (is_answer and not (scope and details and find_question(kpi))):
            return None
        return found


def list_advice(tables: EditionTables, member: Member) -> list[Advice]:
    """Return what the figures that a member reported in the quarter suggest, by KPI in the plan's order."""
    plan, found = read_plan(), []
    for kpi in plan.kpis:
        found += _advise_on_parts(tables, member, kpi)
        found += _advise_on_answer(tables, member, kpi)
        parts = plan.list_flow_questions(kpi.kpi)
        if parts and _sum_exactly(tables, tuple(parts)).get(member.member) == 0:
            found.append(Advice(tables.quarter, member.member, kpi.kpi, "none"))
    return [*found, *_advise_on_blanks(tables, member)]


@computed_once
def _sum_exactly(tables: EditionTables, parts: tuple[str, ...]) -> pd.Series:
    """Return the sum of the parts by member, of numbers alone: what is negligible is not nothing."""
    return queries.sum_answers(tables, parts, tables.quarter, (questionnaire.ANSWERED,))


@computed_once
def list_proposals(tables: EditionTables) -> list[Advice]:
    """Return the actions that rules propose for the quarter, the Union's first, then by member.

    What the register has decided on is left out, and what a rule proposed before and is still agreed on.
    """
    figures = (select_figure(tables, kpi.kpi) for kpi in read_plan().kpis)
    found = [
        Advice(tables.quarter, "", figure.kpi.kpi, "near") for figure in figures
        if figure.is_missed and (1 - NEAR_TARGET) * figure.assessed_target < figure.assessed < figure.assessed_target
    ]  # fmt: skip
    found += [each for member in read_plan().members_in(tables.quarter) for each in list_advice(tables, member)]
    decided = {row["id"] for row in _read_register(tables)}
    underway = list_rules_underway(list_actions(tables))
    return [each for each in found if each.rule not in underway and each.id not in decided]


def _advise_on_parts(tables: EditionTables, member: Member, kpi: Kpi) -> Iterator[Advice]:
    """Yield the parts of a KPI's step of which the member has too little of what it needs."""
    plan, snapshot, low = read_plan(), queries.read_snapshot(tables), {}
    for companion in plan.parts_of(kpi.kpi):
        if companion.component in plan.part_codes(kpi.step) and companion.share and companion.measure == "sum_known":
            (seen,) = observations.observe_kpi(snapshot, plan.as_kpi(companion), [member])
            if seen.is_reported and seen.total and seen.value < LOW_PART * seen.total:
                low[companion.component] = seen.value, seen.total
    if low:
        numbers = tuple(number for pair in low.values() for number in pair)
        yield Advice(tables.quarter, member.member, kpi.kpi, "parts", tuple(low), numbers)


def find_question(kpi: str) -> str:
    """Return the one question whose answers a KPI counts; blank where it is made of anything else."""
    record = read_plan().by_kpi[kpi]
    source = None if record.measure != "count_known" else sources.source_of(record, questionnaire.read_form())
    return source.asks[0] if source and source.codes and len(source.asks) == 1 else ""


def find_answer(tables: EditionTables, advice: Advice, quarter: str) -> str:
    """Return the code that a member answered to the question of a KPI in a quarter, blank without an answer."""
    answers = profiles.select_member_answers(tables, advice.member, quarter)
    named = {each.question.name: each for each in answers}
    answer = named.get(find_question(advice.kpi))
    return answer.value if answer is not None and answer.state == questionnaire.ANSWERED else ""


def _advise_on_answer(tables: EditionTables, member: Member, kpi: Kpi) -> Iterator[Advice]:
    """Yield the answer to a KPI's one question that does not count yet, and has been the same for some quarters."""
    if not find_question(kpi.kpi):
        return
    about, given = Advice(tables.quarter, member.member, kpi.kpi, "unchanged"), {}
    for quarter in reversed(replies.select_quarters(tables)):
        answer = find_answer(tables, about, quarter)
        if not answer or answer != next(iter(given.values()), answer):
            break
        given[quarter] = answer
    codes = sources.source_of(kpi, questionnaire.read_form()).codes
    if len(given) > UNCHANGED_QUARTERS and not set(given.values()) & set(codes):
        yield replace(about, details=(next(iter(given.values())),), since=min(given))


def _advise_on_blanks(tables: EditionTables, member: Member) -> Iterator[Advice]:
    """Yield, by KPI, the questions that it is read from and that the member left blank in this quarter and the last."""
    past, found = quarters.shift(tables.quarter, -1), defaultdict(list)
    now, before = (profiles.select_member_answers(tables, member.member, quarter) for quarter in (tables.quarter, past))
    blank = {each.question.name for each in before if each.is_blank}
    for name in (each.question.name for each in now if each.is_blank and each.question.name in blank):
        if kpi := _find_kpi(name):
            found[kpi].append(name)
    for kpi, names in found.items():
        yield Advice(tables.quarter, member.member, kpi, "blank", tuple(names))


def _find_kpi(question: str) -> str:
    """Return the first KPI that is read from a question, by itself or by a figure beside it; blank without one."""
    plan, form = read_plan(), questionnaire.read_form()
    read_from = (
        (each.kpi, sources.source_of(each, form).asks)
        for kpi in plan.kpis
        for each in (kpi, *map(plan.as_kpi, plan.parts_of(kpi.kpi)))
        if not each.is_from_registers
    )
    return next((kpi for kpi, asks in read_from if question in asks), "")


# --- what was agreed --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Action:
    """An action that was agreed on in a quarter, of a member or (blank) of all; `text` as the register words it."""

    id: str
    quarter: str
    kpi: str
    member: str
    text: str
    responsible: str
    due: date
    status: str
    closed_on: date | None

    def is_overdue(self, day: date) -> bool:
        """Tell whether it should have been done by a day."""
        return self.status == registers.OPEN and self.due < day


def _read_register(tables: EditionTables) -> list[registers.RegisterRow]:
    snapshot = queries.read_snapshot(tables)
    return snapshot.registers.at(snapshot.as_of).get(registers.ACTIONS, [])


def count_lost(tables: EditionTables) -> int:
    """Return how many rows of the register cannot be read and are missing from what was agreed on."""
    snapshot = queries.read_snapshot(tables)
    known = registers.ACTIONS in snapshot.registers.rows
    return len(snapshot.registers.lost_at(registers.ACTIONS, snapshot.as_of)) if known else 0


@computed_once
def list_actions(tables: EditionTables) -> list[Action]:
    """Return the agreed actions that are open, or were closed since the last quarter's edition; the open ones first.

    A proposal that was dropped at once has no day and is none.
    """
    since = read_settings().first_cutoff(quarters.shift(tables.quarter, -1))
    rows = [row for row in _read_register(tables) if row["due"] and row["quarter"] <= tables.quarter]
    found = [
        Action(
            row["id"], row["quarter"], row["kpi"], row["member"], row["action"], row["responsible"], row["due"],
            row["status"], row["closed_on"],
        )
        for row in rows
    ]  # fmt: skip
    shown = [action for action in found if action.status == registers.OPEN or action.closed_on > since]
    return sorted(shown, key=lambda action: (action.status != registers.OPEN, action.due, action.id))


def list_rules_underway(agreed: Iterable[Action]) -> set[tuple[str, str, str]]:
    """Return the rules whose proposals are actions that are open, or were dropped since the last edition."""
    ids = (action.id for action in agreed if action.status != registers.DONE)
    return {advice.rule for each in ids if (advice := Advice.of(each))}


def compare_levels(tables: EditionTables, action: Action) -> tuple[Kpi, float, float] | None:
    """Return the figure that an action is about, in its quarter and now, with the KPI whose unit it has.

    It is the member's, or the Union's; None where it has none.
    """
    plan, times = read_plan(), (action.quarter, tables.quarter)
    if action.kpi not in plan.by_kpi:
        return None
    kpi = plan.by_kpi[action.kpi]
    if not action.member:
        return kpi, *(select_figure(tables, kpi.kpi, quarter=quarter).assessed for quarter in times)
    return (kpi, *(_read_level(tables, action, quarter) for quarter in times)) if kpi.has_member_values else None


def _read_level(tables: EditionTables, action: Action, quarter: str) -> float:
    levels = queries.select_levels(tables, action.kpi, quarter).set_index("member")["level"]
    return float(levels.get(action.member, math.nan))
