"""Select from the tables what the report shows: the rows behind a figure, a table or a sentence, not yet formatted."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from helpers.i18n import is_blank, terms
from helpers.ingest import registers
from helpers.kpis import Snapshot, measures, observations, register_measures
from helpers.plan import Kpi, quarters, questionnaire, read_plan, read_settings, sources
from helpers.tables.kpi_figures import NO_NUMBER, KpiFigure, computed_once, find_rows, select_figure, select_rows
from helpers.tables.pipeline import EditionTables
from helpers.tables.recorded import read_whole_registers
from helpers.tables.replies import select_quarters

YES, YES_CARRIED, NO, NO_CARRIED, UNKNOWN = YES_NO_STATES = ("yes", "yes_carried", "no", "no_carried", "unknown")
BETWEEN, BETWEEN_CARRIED = "between", "between_carried"  # of members that meet a companion of the KPI already
NAMED_MOST = 8  # members of one region that a slope chart has room to name
SMALL_STEPS = 0.25  # steps that together are smaller than this part of a total cannot be seen beside it


def select_trend(tables: EditionTables, kpi: str, scope: str = "", names: Sequence[str] = ()) -> list[KpiFigure]:
    """Return one KPI quarter by quarter (default: the last nine); a quarter without a row is blank."""
    return [select_figure(tables, kpi, scope, quarter) for quarter in names or select_quarters(tables)]


@computed_once
def read_snapshot(tables: EditionTables) -> Snapshot:
    """Return the quarter as of the edition's date: everything that its figures are computed from."""
    returns = observations.read_counted_returns(tables.returns, tables.answers, tables.items)
    as_of = date.fromisoformat(tables.as_of)
    return Snapshot(read_plan(), questionnaire.read_form(), tables.quarter, as_of, returns, read_whole_registers())


@computed_once
def find_refused_registers(tables: EditionTables) -> dict[str, list[str]]:
    """Return the registers that cannot be read, each with the KPIs that are blank because of it."""
    snapshot, kpis = read_snapshot(tables), read_plan().kpis
    refused = snapshot.registers.refused_at(snapshot.as_of)
    return {name: [kpi.kpi for kpi in kpis if name in sources.registers_of(kpi)] for name in refused}


@computed_once
def count_missing_rows(tables: EditionTables, kpi: str) -> int:
    """Count the register rows that cannot be read and may be missing from a KPI's figure of the quarter reported."""
    return register_measures.count_lost_rows(read_snapshot(tables), read_plan().by_kpi[kpi])


@computed_once
def count_questionnaires(tables: EditionTables) -> dict[str, tuple[int, int]]:
    """Count, by title, how many of the other questionnaires due in the quarter came back, and how many were sent."""
    snapshot, counted = read_snapshot(tables), {}
    for row, is_returned in register_measures.list_questionnaires(snapshot, snapshot.members()):
        title = row["title"] or row["questionnaire"]
        returned, sent = counted.get(title, (0, 0))
        counted[title] = returned + is_returned, sent + 1
    return counted


def select_issues(tables: EditionTables) -> pd.DataFrame:
    """Return the issues of the quarter reported, and those of registers that cannot be read at all."""
    issues = tables.issues
    is_register = (issues["rule"] == "V22") & (issues["severity"] == "refused")
    return issues[((issues["quarter"] == tables.quarter) | is_register).fillna(False).astype(bool)]


def find_unreported(kpi: Kpi, kpi_figures: Sequence[measures.Observation]) -> list[measures.Observation]:
    """Return the members that did not report a KPI; for a share, also those that reported it without its total."""
    needs_total = kpi.assessed == "share"
    return [each for each in kpi_figures if not each.is_reported or (needs_total and each.total is None)]


def _find_unsettling(snapshot: Snapshot, kpi: Kpi) -> list[str]:
    """Return the members that leave a KPI's bounds open; for an ever-count, those that may have met it unreported."""
    members = snapshot.members()
    if kpi.measure == "count_ever":
        histories = observations.observe_history(snapshot, sources.source_of(kpi, snapshot.form), members)
        return [history.member for history in histories if not history.ever and not history.always]
    return [each.member for each in find_unreported(kpi, observations.observe_kpi(snapshot, kpi, members))]


@computed_once
def select_open_statuses(tables: EditionTables) -> dict[str, list[str]]:
    """Return the KPIs whose status non-response could change, each with the members that leave its bounds open."""
    kpis = [kpi for kpi in read_plan().kpis if not kpi.is_from_registers]
    fragile = [kpi for kpi in kpis if select_figure(tables, kpi.kpi).robust is False]
    return {kpi.kpi: _find_unsettling(read_snapshot(tables), kpi) for kpi in fragile}


@computed_once
def select_companions(tables: EditionTables, kpi: str, scope: str = "", quarter: str = "") -> pd.DataFrame:
    """Return a KPI's companions in the plan's order: component, unit, value, share, n_reported."""
    order = {part.component: n for n, part in enumerate(read_plan().companions) if part.kpi == kpi}
    scope, quarter = scope or read_plan().code, quarter or tables.quarter
    rows = find_rows(tables, "components", kpi=kpi, scope=scope, quarter=quarter).set_index("component")
    in_order = sorted(rows.index, key=lambda component: order.get(component, len(order)))
    return rows.loc[in_order, ["unit", "value", "share", "n_reported"]]


def select_percents(tables: EditionTables, kpi: str, quarter: str, scope: str = "") -> dict[str, float]:
    """Return a KPI's companions that are known in percent (default: the Union's): shares, or values in percent."""
    rows, percents = select_companions(tables, kpi, scope, quarter), {}
    for companion in read_plan().parts_of(kpi):
        if companion.has_percent and companion.component in rows.index:
            value = rows.at[companion.component, "share" if companion.share else "value"]
            if not is_blank(value):
                percents[companion.component] = float(value) * (100 if companion.share else 1)
    return percents


@computed_once
def select_members(tables: EditionTables, kpi: str, quarter: str = "") -> pd.DataFrame:
    """Return every member valid in the quarter with its value of a KPI: one row per member; not known is blank."""
    quarter = quarter or tables.quarter
    members = read_plan().members_in(quarter)
    known = find_rows(tables, "member_values", kpi=kpi, quarter=quarter).set_index("member")
    rows = known[["value", "denominator", "basis", "source_quarter"]].reindex([each.member for each in members])
    rows = rows.rename_axis("member").reset_index()
    rows.insert(1, "region", [each.region for each in members])
    return rows.assign(basis=rows["basis"].astype(object).fillna(""))


@computed_once
def select_levels(tables: EditionTables, kpi: str, quarter: str = "") -> pd.DataFrame:
    """Return the rows of `select_members` with each member's `level`: its value, or its share in percent.

    A target on the share is about the level; a member whose total is not known has no level.
    """
    return _add_levels(select_members(tables, kpi, quarter), kpi)


def _add_levels(rows: pd.DataFrame, kpi: str) -> pd.DataFrame:
    total = rows["denominator"].astype(float)
    on_share = read_plan().by_kpi[kpi].assessed == "share"
    level = 100 * rows["value"] / total.where(total > 0) if on_share else rows["value"]
    return rows.assign(level=level.astype(float))


def select_levels_over_time(
    tables: EditionTables, kpi: str, members: Sequence[str], quarters: Sequence[str]
) -> pd.DataFrame:
    """Return some members' values and levels of a KPI, quarter by quarter: one row per quarter and member.

    A member whose value is not known, or that was not a member then, has a blank row.
    """
    places = pd.MultiIndex.from_product([quarters, members], names=["quarter", "member"])
    known = find_rows(tables, "member_values", kpi=kpi).set_index(["quarter", "member"])
    rows = known[["value", "denominator", "basis", "source_quarter"]].reindex(places).reset_index()
    return _add_levels(rows.assign(basis=rows["basis"].astype(object).fillna("")), kpi)


def find_medians(rows: pd.DataFrame, level: str = "level") -> dict[str, float]:
    """Return the median of each region's known levels; a region with fewer than two has none."""
    known = rows.dropna(subset=[level]).groupby("region")[level]
    return {region: float(part.median()) for region, part in known if len(part) > 1}


def select_yes_no_states(tables: EditionTables, kpi: str) -> pd.DataFrame:
    """Return each member's state on a yes-or-no KPI: member, region, state (one of YES_NO_STATES)."""
    rows = select_members(tables, kpi)
    carried = rows["basis"].eq("carried").map({True: "_carried", False: ""})
    state = rows["value"].map({1.0: YES, 0.0: NO}) + carried
    return rows[["member", "region"]].assign(state=state.astype(object).where(state.notna(), UNKNOWN))


@computed_once
def list_between(tables: EditionTables, kpi: str, component: str) -> list[str]:
    """Return the members that meet a companion of a yes-or-no KPI, but not the KPI itself."""
    plan, snapshot, rows = read_plan(), read_snapshot(tables), select_members(tables, kpi)
    companion = next(part for part in plan.parts_of(kpi) if part.component == component)
    seen = observations.observe_kpi(snapshot, plan.as_kpi(companion), snapshot.members())
    met = [each.member for each in seen if each.is_known and each.value]
    return list(rows[rows["value"].eq(0) & rows["member"].isin(met)]["member"])


@computed_once
def sum_flow_part(tables: EditionTables, kpi: str, component: str, quarter: str) -> tuple[float, float, int]:
    """Return what a KPI's parts add up to in a quarter alone, which part a companion is, and of how many members.

    They are those that gave all the parts; of them, those that gave the companion too say what part of it that is, in
    percent: others would be in the whole and not in its part.
    """
    plan = read_plan()
    question = next(part.source for part in plan.parts_of(kpi) if part.component == component)
    whole, part = (sum_answers(tables, each, quarter) for each in (plan.list_flow_questions(kpi), [question]))
    both = list(whole.index.intersection(part.index))
    total = whole.loc[both].sum()
    return float(whole.sum()), float(100 * part.loc[both].sum() / total) if total else math.nan, len(whole)


@computed_once
def find_quartile_bands(tables: EditionTables, kpi: str) -> dict[str, int]:
    """Return the quartile band, 0 to 3, of each member whose level of a KPI is known; none where all are equal.

    Equal levels share a band: how many quartiles of the members known lie below the level.
    """
    levels = select_levels(tables, kpi).dropna(subset=["level"]).set_index("member")["level"]
    if levels.nunique() < 2:
        return {}
    quartiles = levels.quantile([0.25, 0.5, 0.75]).to_list()
    return {member: sum(level > quartile for quartile in quartiles) for member, level in levels.items()}


def _share_parts(tables: EditionTables, kpi_figure: KpiFigure) -> tuple[float, float]:
    """Return numerator and denominator of a share, over the members whose return has the total."""
    rows = find_rows(tables, "member_values", kpi=kpi_figure.kpi.kpi, quarter=kpi_figure.quarter)
    names = [member.member for member in read_plan().members_in(kpi_figure.quarter, kpi_figure.scope)]
    rows = rows[rows["member"].isin(names) & rows["denominator"].notna()]
    return (float(rows["value"].sum()), float(rows["denominator"].sum())) if len(rows) else (NO_NUMBER, NO_NUMBER)


def _rate_parts(tables: EditionTables, kpi_figure: KpiFigure) -> tuple[float, float]:
    """Return numerator and denominator of a response rate, as of its quarter's first cut-off."""
    cutoff = min(read_settings().first_cutoff(kpi_figure.quarter), date.fromisoformat(tables.as_of))
    names = {member.member for member in read_plan().members_in(kpi_figure.quarter, kpi_figure.scope)}
    sent = read_whole_registers().at(cutoff)["questionnaires"]
    due = [row for row in sent if registers.due_quarter(row) == kpi_figure.quarter and row["member"] in names]
    whole = kpi_figure.n_expected + len(due)
    return round(kpi_figure.value * whole / 100), whole


def select_rate_parts(tables: EditionTables, kpi_figure: KpiFigure) -> tuple[float, float]:
    """Return numerator and denominator of a share or a rate; blank where they do not give the published figure."""
    has_parts = kpi_figure.on_share or kpi_figure.kpi.measure == "rate"
    if not has_parts or is_blank(kpi_figure.assessed) or is_blank(kpi_figure.n_expected):
        return NO_NUMBER, NO_NUMBER
    part, whole = (_share_parts if kpi_figure.on_share else _rate_parts)(tables, kpi_figure)
    agree = not is_blank(whole) and whole and abs(100 * part / whole - kpi_figure.assessed) < 1e-6
    return (part, whole) if agree else (NO_NUMBER, NO_NUMBER)


def _last_two_quarters(tables: EditionTables) -> tuple[str, str]:
    return quarters.shift(tables.quarter, -1), tables.quarter


def sum_matched_change(tables: EditionTables, kpi: str) -> tuple[float, int]:
    """Return the change since the last quarter of the members that reported a KPI in both, and how many they are."""
    rows = find_rows(tables, "member_values", kpi=kpi, basis="reported").set_index("member")
    before, now = (select_rows(rows, quarter=quarter)["value"] for quarter in _last_two_quarters(tables))
    both = now.index.intersection(before.index)
    return float((now[both] - before[both]).sum()), len(both)


def _together(kpi: Kpi, rows: pd.DataFrame) -> float:
    """Return the figure of some members together (methodology, section 5): a share in percent, a mean or a sum."""
    if kpi.assessed == "share":
        total = float(rows["denominator"].sum())
        return 100 * float(rows["value"].sum()) / total if total else NO_NUMBER
    return float(rows["value"].mean() if kpi.measure == "mean_index" else rows["value"].sum())


def _known_levels(tables: EditionTables, kpi: str, quarter: str) -> pd.DataFrame:
    """Return the members whose value is known in a quarter and, for a share, whose total is known too."""
    rows = select_members(tables, kpi, quarter).dropna(subset=["value"]).set_index("member")
    return rows[rows["denominator"].notna()] if read_plan().by_kpi[kpi].assessed == "share" else rows


@computed_once
def compare_panel(
    tables: EditionTables, kpi: str, since: str, quarter: str = "", scope: str = ""
) -> tuple[float, float, int]:
    """Return the figure of the members known in an earlier quarter and in this one, then and now, and their number."""
    quarter, record = quarter or tables.quarter, read_plan().by_kpi[kpi]
    before, now = (_known_levels(tables, kpi, each) for each in (since, quarter))
    members = [member.member for member in read_plan().members_in(quarter, scope)]
    both = now.index.intersection(before.index).intersection(members)
    return _together(record, before.loc[both]), _together(record, now.loc[both]), len(both)


@computed_once
def count_reaching(tables: EditionTables, kpi: str) -> tuple[int, int]:
    """Count the members that reach the Union's target themselves, and those whose own figure is known."""
    levels = select_levels(tables, kpi).dropna(subset=["level"])["level"]
    return int((levels >= select_figure(tables, kpi).assessed_target - 1e-6).sum()), len(levels)


@computed_once
def find_carrying_region(tables: EditionTables, kpi: str) -> tuple[str, float]:
    """Return the region that adds most to a share, and the share without it; blank unless that changes the finding.

    It does where the Union's figure reaches the target and the others together do not, or where they are below the
    Union's figure by more than a twentieth of it.
    """
    record, figure = read_plan().by_kpi[kpi], select_figure(tables, kpi)
    rows = _known_levels(tables, kpi, tables.quarter)
    if record.assessed != "share" or is_blank(figure.assessed) or rows["region"].nunique() < 2:
        return "", NO_NUMBER
    region = rows.groupby("region")["value"].sum().idxmax()
    level = _together(record, rows[rows["region"] != region])
    turns = level < figure.assessed_target - 1e-9 <= figure.assessed
    return (region, level) if turns or figure.assessed - level > 0.05 * figure.assessed else ("", NO_NUMBER)


@computed_once
def find_lowest_region(tables: EditionTables, kpi: str) -> tuple[str, float] | None:
    """Return the region whose figure is lowest, of a share, a mean or a rate; None where no two are known."""
    record, plan = read_plan().by_kpi[kpi], read_plan()
    if record.assessed_unit != "percent" or not record.has_regions:
        return None
    levels = {region: select_figure(tables, kpi, region).assessed for region in plan.regions}
    known = {region: level for region, level in levels.items() if not is_blank(level)}
    if len(known) < 2:
        return None
    region = min(known, key=known.get)
    return region, known[region]


@computed_once
def list_without_data(tables: EditionTables, kpi: str) -> list[str]:
    """Return the members that leave a KPI's bounds open in the quarter reported; none of those from registers."""
    record = read_plan().by_kpi[kpi]
    return [] if record.is_from_registers else _find_unsettling(read_snapshot(tables), record)


@computed_once
def compare_flow(tables: EditionTables, kpi: str) -> tuple[float, float, int]:
    """Return what a KPI's parts add up to in the last quarter and in this one, of the members that gave all in both.

    The parts are the numbers of the quarter alone that the plan has beside the KPI, as parts of its step; 0 members
    where there is none.
    """
    parts = read_plan().list_flow_questions(kpi)
    sums = [sum_answers(tables, parts, quarter) for quarter in _last_two_quarters(tables)]
    both = sums[0].index.intersection(sums[1].index) if parts else ()
    return (*(float(sums[n].loc[list(both)].sum()) if len(both) else 0.0 for n in (0, 1)), len(both))


def sum_answers(
    tables: EditionTables,
    questions: Sequence[str],
    quarter: str,
    states: Collection[str] = questionnaire.REPORTED_STATES,
) -> pd.Series:
    """Return the sum of some numbers by member, of the members whose counted return has them all."""
    numbers = _pivot_numbers(tables, quarter, tuple(sorted(states))).reindex(columns=list(questions))
    return numbers.dropna().sum(axis="columns") if questions else pd.Series(dtype=float)


@computed_once
def _pivot_numbers(tables: EditionTables, quarter: str, states: Collection[str]) -> pd.DataFrame:
    """Return the answers of a quarter's counted returns that are numbers: a row a member, a column a question."""
    counted = find_rows(tables, "counted_returns", quarter=quarter)[["member", "version"]]
    rows = find_rows(tables, "answers", quarter=quarter)
    rows = rows[rows["obs_status"].isin(states)].merge(counted, on=["member", "version"])
    rows = rows.assign(number=pd.to_numeric(rows["value"], "coerce"))
    return rows.pivot(index="member", columns="question", values="number")


@computed_once
def list_missing_parts(tables: EditionTables, kpi: str) -> tuple[str, ...]:
    """Return the parts of a step that its product does not cover yet, as the milestones' register has it."""
    record = read_plan().by_kpi[kpi]
    rows = register_measures.list_milestones(read_snapshot(tables), record)
    covered = rows[-1]["parts"] if rows else ()
    return tuple(code for code in read_plan().part_codes(record.step) if code not in covered)


@computed_once
def select_matched(tables: EditionTables, kpi: str) -> pd.DataFrame:
    """Return the members that reported a KPI in this quarter and the last, with their levels.

    One row per member: member, region, before, now, change, and named: whether its change is one of the largest in its
    region, as many as a figure can name. The change is 0 where it is less than a figure shows (0.05 of a point for
    percentages), and of a share where what is counted did not move the same way: it is the total then that moved.
    """
    both = [select_levels(tables, kpi, quarter).set_index("member") for quarter in _last_two_quarters(tables)]
    before, now = (rows[rows["basis"].eq("reported") & rows["level"].notna()] for rows in both)
    now = now[now.index.isin(before.index)]
    before = before.loc[now.index]
    change, counted = now["level"] - before["level"], now["value"] - before["value"]
    least = 0.05 if select_figure(tables, kpi).unit == "percent" else 0.0
    change = change.where((change.abs() > least + 1e-9) & (change * counted > 0), 0.0)
    largest_first = change.abs().sort_index().sort_values(ascending=False, kind="stable").index
    place = now["region"][largest_first].groupby(now["region"]).cumcount()
    named = change.ne(0) & place.lt(NAMED_MOST)
    columns = {"region": now["region"], "before": before["level"], "now": now["level"], "change": change}
    return pd.DataFrame(columns | {"named": named}, index=now.index).reset_index()


@dataclass(frozen=True)
class Waterfall:
    """What a total's change is made of: levels before and after, and steps (name, level where it begins, change)."""

    before: float
    after: float
    steps: tuple[tuple[str, float, float], ...]

    @property
    def levels(self) -> list[float]:
        """The levels it passes through."""
        return [self.before, *(start + change for _, start, change in self.steps)]

    @property
    def base(self) -> float:
        """Where its axis begins: 0, or above where steps would be too small to be seen; the bars are then cut."""
        low, high = min(self.levels), max(self.levels)
        return 0.0 if high - low == 0 or high - low >= SMALL_STEPS * high else low - (high - low) / 2


def select_waterfall(tables: EditionTables, kpi: str) -> Waterfall | None:
    """Return what the change of the Union's total since the last quarter is made of; None without both totals.

    A total of which too few members are known (class C) is not there either.
    """
    rows = find_rows(tables, "changes", quarter=tables.quarter, scope=read_plan().code, kpi=kpi)
    totals = [select_figure(tables, kpi, quarter=quarter).value for quarter in _last_two_quarters(tables)]
    if rows.empty or any(is_blank(total) for total in totals):
        return None
    row, steps = rows.iloc[0], []
    level = float(row["before"])
    for part in terms.CHANGE_WORDS:
        steps.append((part, level, float(row[part])))
        level += float(row[part])
    return Waterfall(float(row["before"]), float(row["after"]), tuple(steps))


@computed_once
def compare_regions(tables: EditionTables, kpi: str) -> tuple[str, dict[str, tuple[float, float]]]:
    """Return an earlier quarter, and each region's figures then and now, for the regions known in both.

    Of what is known member by member, they are those of the members known in both. The quarter is the one a year
    before; where no region is known then, the first in which one is.
    """
    earlier = select_quarters(tables)[:-1]
    year_before = [quarter for quarter in earlier if quarter == quarters.shift(tables.quarter, -4)]
    for past in (*year_before, *earlier):
        found = {}
        for region in read_plan().regions:
            figures = [figure.assessed for figure in select_trend(tables, kpi, region, [past, tables.quarter])]
            if not any(map(is_blank, figures)):
                panel = compare_panel(tables, kpi, past, scope=region) if read_plan().by_kpi[kpi].is_stock else ()
                found[region] = panel[:2] if panel and panel[2] else tuple(figures)
        if found:
            return past, found
    return "", {}
