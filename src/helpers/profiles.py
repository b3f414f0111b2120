"""One member among the others: its figures and their medians, its answers, what was found, what a reply would tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from helpers.evidence import Scene, read_evidence, stand
from helpers.indicators import KPI_READS
from helpers.measures import Standing
from helpers.plan import Member, quarters_between, read_plan, shift
from helpers.questionnaire import Question, read_questionnaire
from helpers.registers import read_registers
from helpers.selections import (
    LATE,
    NOT_RECEIVED,
    ON_TIME,
    select_levels,
    select_open,
    select_quarters,
    select_responses,
)
from helpers.workbook import Tables

PROFILE_KPIS = ("1.1.b", "2.1.a", "2.2.a", "3.1.a", "3.1.b", "3.2.a", "5.1.a", "5.1.c")
BOUNDED_KPIS = ("1.1.b", "2.1.a", "2.2.a", "3.1.a", "3.2.a", "5.1.a")  # a member's reply narrows their bounds
ASKING = ("refused", "withdrawn", "warning")  # findings that a member is asked about, the gravest first


# --- figures ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Position:
    """A member's value of a KPI beside those of the others: medians over the members known, the member included."""

    kpi: str
    value: float
    denominator: float
    basis: str
    level: float
    region: Sequence[float]
    union: Sequence[float]
    history: Sequence[tuple[str, float, str]]  # quarter, value compared, basis

    @staticmethod
    def middle(values: Sequence[float]) -> float:
        """Return the median of the values known; blank without any."""
        return float(pd.Series(values, dtype=float).median())

    def past(self, quarter: str) -> float:
        """Return the value compared in an earlier quarter, blank where it is not known."""
        return next((value for name, value, _ in self.history if name == quarter), float("nan"))


def _own_level(tables: Tables, member: Member, kpi: str, quarter: str) -> tuple[str, float, str]:
    rows = select_levels(tables, kpi, quarter).set_index("member")
    if member.member not in rows.index:  # it was no member then
        return quarter, float("nan"), ""
    return quarter, float(rows.at[member.member, "level"]), rows.at[member.member, "basis"]


def select_position(tables: Tables, member: Member, kpi: str) -> Position:
    """Return where a member stands on a KPI, now and over the quarters."""
    rows = select_levels(tables, kpi)
    own = rows.set_index("member").loc[member.member]
    known = rows.dropna(subset=["level"])
    return Position(
        kpi,
        float(own["value"]),
        float(own["denominator"]),
        own["basis"],
        float(own["level"]),
        tuple(known[known["region"] == member.region]["level"]),
        tuple(known["level"]),
        tuple(_own_level(tables, member, kpi, quarter) for quarter in select_quarters(tables)),
    )


# --- answers and findings ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """A question of the form with what the member answered: `state` as in answers.parquet (A M L N O U)."""

    question: Question
    raw: str
    value: str
    state: str


def select_response(tables: Tables, member: str, quarter: str = "") -> object:
    """Return how a member answered in a quarter: region, state, received_on, version."""
    rows = select_responses(tables, quarter)
    return next((row for row in rows.itertuples() if row.member == member), None)


def select_answers(tables: Tables, member: str, quarter: str = "") -> list[Given]:
    """Return a member's answers to the questions of substance, as its counted return gives them; none without one."""
    quarter = quarter or tables.quarter
    returns = tables.returns
    counting = returns[
        (returns["quarter"] == quarter) & (returns["member"] == member) & returns["counts"].fillna(False)
    ]
    if not len(counting):
        return []
    rows = tables.answers
    version = int(counting["version"].iloc[0])
    rows = rows[(rows["quarter"] == quarter) & (rows["member"] == member) & (rows["version"] == version)]
    said = {row.question: row for row in rows.itertuples()}
    form = read_questionnaire()
    return [
        Given(form.by_name[name], said[name].raw, said[name].value, said[name].obs_status)
        for name in form.substantive
        if name in said
    ]


def select_innovations(tables: Tables, member: str) -> pd.DataFrame:
    """Return the innovations of a member's counted return of the quarter: one row each."""
    returns = tables.returns
    here = (returns["quarter"] == tables.quarter) & (returns["member"] == member) & returns["counts"].fillna(False)
    version = returns[here]["version"]
    rows = tables.innovations
    rows = rows[(rows["quarter"] == tables.quarter) & (rows["member"] == member)]
    return rows[rows["version"].isin(version)]


def select_findings(tables: Tables, member: str, quarter: str = "") -> pd.DataFrame:
    """Return what the checks ask a member about: one row per question and rule, the gravest first."""
    rows = tables.issues
    rows = rows[(rows["member"] == member) & (rows["quarter"] == (quarter or tables.quarter))]
    rows = rows[rows["severity"].isin(ASKING)]
    order = rows["severity"].map({name: n for n, name in enumerate(ASKING)})
    rows = rows.assign(order=order).sort_values(["order", "rule", "question"], kind="stable")
    return rows.drop_duplicates(["rule", "question", "observed"]).drop(columns="order")


def select_unsettled(tables: Tables, member: str) -> pd.DataFrame:
    """Return the findings of the quarter before on questions that this quarter leaves blank or questioned again."""
    before = select_findings(tables, member, shift(tables.quarter, -1))
    before = before[before["question"] != ""]
    given = {one.question.name: one.state for one in select_answers(tables, member)}
    again = set(select_findings(tables, member)["question"])
    unsettled = [question in again or given.get(question, "O") in "OU" for question in before["question"]]
    return before.loc[pd.Series(unsettled, index=before.index, dtype=bool)].drop_duplicates("question")


def count_answered(tables: Tables, member: str) -> tuple[int, int]:
    """Return in how many quarters a member has answered by the edition's date, and in how many it was asked."""
    first = min([*tables.returns["quarter"], tables.quarter])
    asked = [q for q in quarters_between(first, tables.quarter) if read_plan().by_iso3[member].valid_in(q)]
    states = [select_response(tables, member, quarter).state for quarter in asked]
    return sum(state in (ON_TIME, LATE) for state in states), len(asked)


# --- who to call ------------------------------------------------------------------------------------------------


def _scene(tables: Tables) -> Scene:
    evidence = read_evidence(tables.returns, tables.answers, tables.innovations)
    as_of = date.fromisoformat(tables.as_of)
    return Scene(read_plan(), read_questionnaire(), tables.quarter, as_of, evidence, read_registers())


def _open_parts(kpi: str, standings: Sequence[Standing]) -> dict[str, float]:
    """Return what part of the width of a KPI's bounds each member that did not report holds; the parts add up to 1."""
    capped = read_plan().by_kpi[kpi].measure == "sum_known"
    weights = {s.member: (s.bound if capped else 1.0) for s in standings if not s.is_reported}
    whole = sum(weights.values())
    return {member: weight / whole for member, weight in weights.items()} if whole else {}


def select_calls(tables: Tables) -> pd.DataFrame:
    """Return the members whose reply would tell most: one row per member that left a bounded KPI unreported.

    Columns: member, region, state of its return, `open` (KPIs whose status hangs on non-response, this member's too),
    and a column per KPI: the part of the width of its bounds that the member holds. First come those on whom most open
    statuses hang, then those that hold most of the widths (section 5: bounds).
    """
    scene, open_statuses = _scene(tables), select_open(tables)
    parts = {}
    for kpi in BOUNDED_KPIS:
        capped = kpi if read_plan().by_kpi[kpi].measure == "sum_known" else ""
        standings = stand(scene, KPI_READS[kpi], scene.members("PAPU"), capped=capped)
        parts[kpi] = _open_parts(kpi, standings)
    rows = []
    for answer in select_responses(tables).itertuples():
        held = {kpi: parts[kpi].get(answer.member, 0.0) for kpi in BOUNDED_KPIS}
        silent = tuple(kpi for kpi, members in open_statuses.items() if answer.member in members)
        if any(held.values()) or silent:
            rows.append((answer.member, answer.region, answer.state, silent, *held.values()))
    calls = pd.DataFrame(rows, columns=["member", "region", "state", "open", *BOUNDED_KPIS])
    order = pd.DataFrame(
        {
            "open": -calls["open"].map(len),
            "held": -calls[list(BOUNDED_KPIS)].sum(axis=1),
            "silent": -(calls["state"] == NOT_RECEIVED).astype(int),
            "member": calls["member"],
        }
    )
    return calls.loc[order.sort_values(["open", "held", "silent", "member"]).index].reset_index(drop=True)


def count_halving(calls: pd.DataFrame, kpi: str) -> int:
    """Return how many replies at least it takes to close half of what non-response leaves open; 0 when nothing is."""
    parts = calls[kpi].sort_values(ascending=False).cumsum()
    return int((parts < 0.5 - 1e-9).sum()) + 1 if len(parts) and parts.iloc[-1] > 0 else 0
