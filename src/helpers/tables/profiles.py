"""One member among the others: its figures and their medians, its answers, what was found, what a reply would tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from helpers.i18n import is_blank
from helpers.ingest import issues, registers
from helpers.kpis import measures, observations
from helpers.plan import UNION, Member, quarters, questionnaire, read_plan
from helpers.tables.kpi_figures import computed_once, select_figure
from helpers.tables.pipeline import EditionTables
from helpers.tables.queries import (
    LATE,
    ON_TIME,
    find_unreported,
    read_snapshot,
    select_levels,
    select_open_statuses,
    select_quarters,
    select_responses,
)

PROFILE_KPIS = ("1.1.b", "2.1.a", "2.2.a", "3.1.a", "3.1.b", "3.2.a", "5.1.a", "5.1.c")
BOUNDED_KPIS = ("1.1.b", "2.1.a", "2.2.a", "3.1.a", "3.2.a", "5.1.a")  # a member's reply narrows their bounds
ASKED_SEVERITIES = issues.SEVERITIES[:-1]  # findings that a member is asked about, the gravest first: all but notes


# --- figures ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PastValue:
    """A member's KPI in one quarter: the level compared, its basis, and the value (a share's count) behind it."""

    quarter: str
    level: float = float("nan")
    basis: str = ""
    value: float = float("nan")


@dataclass(frozen=True)
class MemberPosition:
    """A member's value of a KPI beside those of the others: medians over the members known, the member included."""

    kpi: str
    value: float
    denominator: float
    basis: str
    level: float
    region: Sequence[float]
    union: Sequence[float]
    history: Sequence[PastValue]

    @staticmethod
    def middle(values: Sequence[float]) -> float:
        """Return the median of the values known; blank without any."""
        return float(pd.Series(values, dtype=float).median())

    def past(self, quarter: str) -> PastValue:
        """Return an earlier quarter; blank where it is not known."""
        return next((one for one in self.history if one.quarter == quarter), PastValue(quarter))


def _past_value(tables: EditionTables, member: Member, kpi: str, quarter: str) -> PastValue:
    rows = select_levels(tables, kpi, quarter).set_index("member")
    if member.member not in rows.index:  # it was no member then
        return PastValue(quarter)
    own = rows.loc[member.member]
    return PastValue(quarter, float(own["level"]), own["basis"], float(own["value"]))


def select_position(tables: EditionTables, member: Member, kpi: str) -> MemberPosition:
    """Return where a member stands on a KPI, now and over the quarters."""
    rows = select_levels(tables, kpi)
    own = rows.set_index("member").loc[member.member]
    known = rows.dropna(subset=["level"])
    return MemberPosition(
        kpi,
        float(own["value"]),
        float(own["denominator"]),
        own["basis"],
        float(own["level"]),
        tuple(known[known["region"] == member.region]["level"]),
        tuple(known["level"]),
        tuple(_past_value(tables, member, kpi, quarter) for quarter in select_quarters(tables)),
    )


def select_positions(tables: EditionTables, member: Member) -> list[MemberPosition]:
    """Return where a member stands on each KPI that is known member by member."""
    return [select_position(tables, member, kpi) for kpi in PROFILE_KPIS]


# --- answers and findings ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MemberAnswer:
    """A question of the form with what the member answered: `state` as in answers.parquet (A M L N O U)."""

    question: questionnaire.Question
    raw: str
    value: str
    state: str

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written: a value that a check withdrew was."""
        return self.state == questionnaire.MISSING and not self.raw.strip()


def select_member_response(tables: EditionTables, member: str, quarter: str = "") -> object:
    """Return how a member answered in a quarter: region, state, received_on, version."""
    rows = select_responses(tables, quarter)
    return next((row for row in rows.itertuples() if row.member == member), None)


def _of_counted_return(tables: EditionTables, member: str, quarter: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of answers or innovations that are of a member's counted return of a quarter."""
    returns = tables.returns
    here = (returns["quarter"] == quarter) & (returns["member"] == member) & returns["counts"].fillna(False)
    rows = rows[(rows["quarter"] == quarter) & (rows["member"] == member)]
    return rows[rows["version"].isin(returns[here]["version"])]


@computed_once
def select_member_answers(tables: EditionTables, member: str, quarter: str = "") -> list[MemberAnswer]:
    """Return a member's answers to the questions of substance, as its counted return gives them; none without one.

    A question that the form did not ask, given the other answers, is not applicable.
    """
    rows = _of_counted_return(tables, member, quarter or tables.quarter, tables.answers)
    said = {row.question: row for row in rows.itertuples()}
    form, given = questionnaire.read_form(), []
    for name in (name for name in form.substantive if name in said):
        question, row = form.by_name[name], said[name]
        asked = any(code in said[other].value.split() for other, code in question.asked_if if other in said)
        skipped = bool(question.asked_if) and not asked and not row.value
        given.append(
            MemberAnswer(question, row.raw, row.value, questionnaire.NOT_APPLICABLE if skipped else row.obs_status)
        )
    return given


def select_member_innovations(tables: EditionTables, member: str) -> pd.DataFrame:
    """Return the innovations of a member's counted return of the quarter: one row each."""
    return _of_counted_return(tables, member, tables.quarter, tables.innovations)


def _places(rows: pd.DataFrame) -> pd.Series:
    return rows["source_file"] + "|" + rows["sheet"] + "|" + rows["row"]


@computed_once
def _confirmed(tables: EditionTables) -> set[tuple[str, str, str]]:
    return set(registers.read_registers().confirmed(date.fromisoformat(tables.as_of)))


@computed_once
def select_member_issues(tables: EditionTables, member: str, quarter: str = "") -> pd.DataFrame:
    """Return what the checks ask a member about: one row per question and rule, the gravest first.

    Findings on a return that another has replaced are left out, and warnings about a value that it has confirmed.
    """
    quarter = quarter or tables.quarter
    rows = tables.issues
    rows = rows[(rows["member"] == member) & (rows["quarter"] == quarter) & rows["severity"].isin(ASKED_SEVERITIES)]
    counted = [_of_counted_return(tables, member, quarter, part) for part in (tables.answers, tables.innovations)]
    places = {place for part in counted for place in _places(part)}
    if places:
        rows = rows[_places(rows).isin(places)]
    confirmed = _confirmed(tables)
    settled = [row.severity == "warning" and (quarter, member, row.question) in confirmed for row in rows.itertuples()]
    rows = rows[~pd.Series(settled, index=rows.index, dtype=bool)]
    order = rows["severity"].map({name: n for n, name in enumerate(ASKED_SEVERITIES)})
    rows = rows.assign(order=order).sort_values(["order", "rule", "question"], kind="stable")
    return rows.drop_duplicates(["rule", "question", "observed"]).drop(columns="order")


def select_unsettled_issues(tables: EditionTables, member: str) -> pd.DataFrame:
    """Return the findings of the quarter before on questions that have no answer now either.

    Those that are found again now are not among them: they are asked again as it is.
    """
    before = select_member_issues(tables, member, quarters.shift(tables.quarter, -1))
    given = {one.question.name: one.state for one in select_member_answers(tables, member)}
    again = set(select_member_issues(tables, member)["question"])
    asked = before["question"].isin(questionnaire.read_form().substantive) & ~before["question"].isin(again)
    silent = (
        before["question"]
        .map(lambda name: given.get(name, questionnaire.MISSING) == questionnaire.MISSING)
        .astype(bool)
    )
    return before[asked & silent].drop_duplicates("question")


def count_answered_quarters(tables: EditionTables, member: str) -> tuple[int, int]:
    """Return in how many quarters a member has answered by the edition's date, and in how many it was asked."""
    first = min([*tables.returns["quarter"], tables.quarter])
    asked = [q for q in quarters.quarters_between(first, tables.quarter) if read_plan().by_iso3[member].valid_in(q)]
    states = [select_member_response(tables, member, quarter).state for quarter in asked]
    return sum(state in (ON_TIME, LATE) for state in states), len(asked)


# --- who to call ------------------------------------------------------------------------------------------------


def _shares_of_width(kpi: str, kpi_figures: Sequence[measures.Observation]) -> dict[str, float]:
    """Return what part of the width of a KPI's bounds each member holds that leaves them open; they add up to 1."""
    record = read_plan().by_kpi[kpi]
    rest = find_unreported(record, kpi_figures)
    weights = {s.member: (s.bound if record.measure == "sum_known" else 1.0) for s in rest}
    width = sum(weights.values())
    return {member: weight / width for member, weight in weights.items()} if width else {}


@computed_once
def select_calls(tables: EditionTables) -> pd.DataFrame:
    """Return the members whose reply would tell most: one row per member that leaves a bounded KPI open.

    Columns: member, region, state of its return, `open` (KPIs whose status hangs on non-response, this member's too),
    and a column per KPI: the part of the width of its bounds that the member holds, blank where there are no bounds.
    First come those on whom most open statuses hang, then those that hold most (section 5: bounds).
    """
    snapshot, open_statuses, rows = read_snapshot(tables), select_open_statuses(tables), []
    parts = {}
    for kpi in BOUNDED_KPIS:
        parts[kpi] = _shares_of_width(
            kpi, observations.observe_kpi(snapshot, read_plan().by_kpi[kpi], snapshot.members(UNION))
        )
    for answer in select_responses(tables).itertuples():
        held = [parts[kpi].get(answer.member, 0.0) for kpi in BOUNDED_KPIS]
        silent = tuple(kpi for kpi, members in open_statuses.items() if answer.member in members)
        if any(held) or silent:
            rows.append((-len(silent), -sum(held), answer.member, answer.region, answer.state, silent, *held))
    names = ["fewer", "less", "member", "region", "state", "open", *BOUNDED_KPIS]
    calls = pd.DataFrame(rows, columns=names).sort_values(["fewer", "less", "member"], ignore_index=True)
    for kpi in BOUNDED_KPIS:
        if is_blank(select_figure(tables, kpi).lower):
            calls[kpi] = float("nan")
    return calls.drop(columns=["fewer", "less"])


def count_halving(calls: pd.DataFrame, kpi: str) -> int:
    """Return how many replies at least it takes to close half of what non-response leaves open; 0 when nothing is."""
    parts = calls[kpi].fillna(0).sort_values(ascending=False).cumsum()
    return int((parts < 0.5 - 1e-9).sum()) + 1 if len(parts) and parts.iloc[-1] > 0 else 0
