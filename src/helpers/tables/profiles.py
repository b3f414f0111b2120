"""One member among the others: its figures and their medians, its answers, its issues, what its reply would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from helpers.i18n import is_blank
from helpers.ingest import issues
from helpers.kpis import observations
from helpers.plan import Member, quarters, questionnaire, read_plan
from helpers.tables import queries, replies
from helpers.tables.kpi_figures import computed_once, find_rows, select_figure
from helpers.tables.pipeline import EditionTables
from helpers.tables.recorded import read_whole_registers

ASKED_SEVERITIES = issues.SEVERITIES[:-1]  # of the issues that a member is asked about, gravest first: all but notes


@dataclass(frozen=True)
class PastValue:
    """A member's KPI in one quarter: the level compared, its basis, and the value (a share's count) behind it."""

    quarter: str
    level: float = float("nan")
    basis: str = ""
    value: float = float("nan")


@dataclass(frozen=True)
class MemberPosition:
    """A member's value of a KPI beside the known levels of its region and the Union, the member's own included."""

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
        """Return the value in an earlier quarter; blank where it is not known."""
        return next((value for value in self.history if value.quarter == quarter), PastValue(quarter))


def select_position(tables: EditionTables, member: Member, kpi: str) -> MemberPosition:
    """Return a member's value of a KPI and its history beside the levels of the others."""
    rows = queries.select_levels(tables, kpi)
    own = rows.set_index("member").loc[member.member]
    value, denominator, level = (float(own[name]) for name in ("value", "denominator", "level"))
    union = rows.dropna(subset=["level"])
    region = union[union["region"] == member.region]
    past = queries.select_levels_over_time(tables, kpi, [member.member], queries.select_quarters(tables))
    history = tuple(PastValue(row.quarter, row.level, row.basis, row.value) for row in past.itertuples())
    levels = tuple(region["level"]), tuple(union["level"])
    return MemberPosition(kpi, value, denominator, own["basis"], level, *levels, history)


def select_positions(tables: EditionTables, member: Member) -> list[MemberPosition]:
    """Return a member's position on each KPI that is known member by member."""
    return [select_position(tables, member, kpi) for kpi in read_plan().shown("brief")]


@dataclass(frozen=True)
class MemberAnswer:
    """A question of the form with what the member answered: `state` as in answers.parquet (A M L N O U)."""

    question: questionnaire.Question
    raw: str
    value: str
    state: str

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written; a value that a check withdrew was written."""
        return self.state == questionnaire.MISSING and not self.raw.strip()


def select_member_response(tables: EditionTables, member: str, quarter: str = "") -> object:
    """Return how a member answered in a quarter: region, state, received_on, version."""
    rows = replies.select_responses(tables, quarter)
    return next((row for row in rows.itertuples() if row.member == member), None)


def _find_counted(tables: EditionTables, table: str, member: str, quarter: str) -> pd.DataFrame:
    """Return the rows of answers or items that are of a member's counted return of a quarter."""
    counted, rows = (find_rows(tables, name, quarter=quarter, member=member) for name in ("counted_returns", table))
    return rows[rows["version"].isin(counted["version"])]


@computed_once
def select_member_answers(tables: EditionTables, member: str, quarter: str = "") -> list[MemberAnswer]:
    """Return a member's answers to the questions of substance, as its counted return gives them; none without one.

    A question that the form did not ask, given the other answers, is not applicable.
    """
    rows = _find_counted(tables, "answers", member, quarter or tables.quarter)
    by_name = {row.question: row for row in rows.itertuples()}
    form, answers = questionnaire.read_form(), []
    for name in form.substantive:
        if name not in by_name:
            continue
        question, row = form.by_name[name], by_name[name]
        was_asked = any(code in by_name[other].value.split() for other, code in question.asked_if if other in by_name)
        is_skipped = bool(question.asked_if) and not was_asked and not row.value
        state = questionnaire.NOT_APPLICABLE if is_skipped else row.obs_status
        answers.append(MemberAnswer(question, row.raw, row.value, state))
    return answers


def has_items_part(tables: EditionTables, member: str) -> bool:
    """Tell whether a member's counted return has the part of the repeat, where none may be."""
    counted = queries.read_snapshot(tables).returns.counted.get((tables.quarter, member))
    return counted is not None and counted.items is not None


def select_member_items(tables: EditionTables, member: str) -> pd.DataFrame:
    """Return the items of a member's counted return of the quarter: one row each."""
    return _find_counted(tables, "items", member, tables.quarter)


def _places(rows: pd.DataFrame) -> pd.Series:
    return rows["source_file"] + "|" + rows["sheet"] + "|" + rows["row"]


def find_replaced(tables: EditionTables, rows: pd.DataFrame) -> list[bool]:
    """Tell of each issue whether another return of the member counts in place of the one that it was found in."""
    found = []
    for place, row in zip(_places(rows), rows.itertuples(), strict=True):
        counted = _find_counted_places(tables, row.member, row.quarter)
        found.append(bool(counted) and place not in counted)
    return found


@computed_once
def _find_counted_places(tables: EditionTables, member: str, quarter: str) -> set[str]:
    """Return the places that a member's counted return of a quarter was read from; none without one."""
    parts = (_find_counted(tables, table, member, quarter) for table in ("answers", "items"))
    return {place for part in parts for place in _places(part)}


@computed_once
def _confirmed(tables: EditionTables) -> set[tuple[str, str, str]]:
    return set(read_whole_registers().confirmed(date.fromisoformat(tables.as_of)))


@computed_once
def select_member_issues(tables: EditionTables, member: str, quarter: str = "") -> pd.DataFrame:
    """Return the issues that a member is asked about: one row per question and rule, the gravest first.

    Issues of a return that another has replaced are left out, and warnings about a value that the member has confirmed.
    """
    quarter = quarter or tables.quarter
    rows = find_rows(tables, "issues", member=member, quarter=quarter)
    rows = rows[rows["severity"].isin(ASKED_SEVERITIES)]
    if places := _find_counted_places(tables, member, quarter):
        rows = rows[_places(rows).isin(places)]
    confirmed = _confirmed(tables)
    settled = [row.severity == "warning" and (quarter, member, row.question) in confirmed for row in rows.itertuples()]
    rows = rows[~pd.Series(settled, index=rows.index, dtype=bool)]
    order = rows["severity"].map({name: n for n, name in enumerate(ASKED_SEVERITIES)})
    rows = rows.assign(order=order).sort_values(["order", "rule", "question"], kind="stable")
    return rows.drop_duplicates(["rule", "question", "observed"]).drop(columns="order")


def select_unsettled_issues(tables: EditionTables, member: str) -> pd.DataFrame:
    """Return the issues of the quarter before on questions that have no answer now either.

    Issues that are found again now are not among them: the member is asked about those anyway.
    """
    before = select_member_issues(tables, member, quarters.shift(tables.quarter, -1))
    answers = select_member_answers(tables, member)
    answered = {answer.question.name for answer in answers if answer.state != questionnaire.MISSING}
    again = set(select_member_issues(tables, member)["question"])
    unsettled = set(questionnaire.read_form().substantive) - answered - again
    return before[before["question"].isin(unsettled)].drop_duplicates("question")


def count_answered_quarters(tables: EditionTables, member: str) -> tuple[int, int]:
    """Return in how many quarters a member has answered by the edition's date, and in how many it had to."""
    collected = quarters.quarters_between(tables.first_collected, tables.quarter)
    expected = [q for q in collected if read_plan().by_iso3[member].valid_in(q)]
    states = [select_member_response(tables, member, quarter).state for quarter in expected]
    return sum(state in replies.ANSWERED_STATES for state in states), len(expected)


def _shares_of_width(tables: EditionTables, kpi: str) -> dict[str, float]:
    """Return the part of the width of a KPI's bounds that is due to each unreported member; they add up to 1."""
    record, snapshot = read_plan().by_kpi[kpi], queries.read_snapshot(tables)
    unreported = queries.find_unreported(record, observations.observe_kpi(snapshot, record, snapshot.members()))
    weights = {each.member: (each.bound if record.measure == "sum_known" else 1.0) for each in unreported}
    width = sum(weights.values())
    return {member: weight / width for member, weight in weights.items()} if width else {}


def list_widest(tables: EditionTables, kpi: str, members: Sequence[str]) -> list[str]:
    """Return members by how much of the width of a KPI's bounds is due to each; none where it is the same of all."""
    is_bounded = read_plan().by_kpi[kpi].is_bounded
    parts = _shares_of_width(tables, kpi) if is_bounded else {}
    widths = {member: parts.get(member, 0.0) for member in members}
    if max(widths.values()) - min(widths.values()) < 1e-9:
        return []
    return sorted(members, key=lambda member: (-widths[member], member))


@computed_once
def select_calls(tables: EditionTables) -> pd.DataFrame:
    """Rank non-respondents by how much their reply would narrow the bounds: one row per member that leaves a KPI open.

    Columns: member, region, state of its return, `open` (KPIs whose status non-response, this member's too, could
    change), and per KPI the part of the width of its bounds that is due to the member, blank without bounds. Sorted
    by the number of open statuses, then by the sum of those parts (section 5: bounds).
    """
    open_statuses, plan = queries.select_open_statuses(tables), read_plan()
    shown = dict.fromkeys((*plan.shown("brief"), *plan.shown("call")))
    bounded = [kpi for kpi in shown if plan.by_kpi[kpi].is_bounded]
    parts = {kpi: _shares_of_width(tables, kpi) for kpi in bounded}
    rows = []
    for answer in replies.select_responses(tables).itertuples():
        held = [parts[kpi].get(answer.member, 0.0) for kpi in bounded]
        kpis = tuple(kpi for kpi, members in open_statuses.items() if answer.member in members)
        if any(held) or kpis:
            rows.append((-len(kpis), -sum(held), answer.member, answer.region, answer.state, kpis, *held))
    names = ["member", "region", "state", "open", *bounded]
    calls = pd.DataFrame([row[2:] for row in sorted(rows)], columns=names)
    for kpi in bounded:
        if is_blank(select_figure(tables, kpi).lower):
            calls[kpi] = float("nan")
    return calls


def count_halving(calls: pd.DataFrame, kpi: str) -> int:
    """Return the fewest replies that would close half of what non-response leaves open; 0 when nothing is open."""
    parts = calls[kpi].fillna(0).sort_values(ascending=False).cumsum()
    return int((parts < 0.5 - 1e-9).sum()) + 1 if len(parts) and parts.iloc[-1] > 0 else 0
