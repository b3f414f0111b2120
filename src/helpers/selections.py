"""What the report shows of the tables: the rows behind a figure, a table or a sentence, before they are dressed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from helpers.evidence import read_evidence
from helpers.indicators import KPI_READS, NOTHING
from helpers.plan import (
    ON_TIME_DAYS,
    UNION,
    Kpi,
    first_cutoff,
    quarter_end,
    quarters_between,
    read_plan,
    shift,
)
from helpers.registers import due_quarter, read_registers
from helpers.words import is_blank
from helpers.workbook import Tables

ON_TIME, LATE, REFUSED, NOT_RECEIVED = "on_time", "late", "refused", "missing"
RESPONSES = (ON_TIME, LATE, REFUSED, NOT_RECEIVED)
SPARK_QUARTERS = 9


@dataclass(frozen=True)
class Standing:
    """One KPI, scope and quarter, ready to be said. `value` and `share` are blank in class C: bounds only."""

    kpi: Kpi
    scope: str
    quarter: str
    value: float
    share: float
    lower: float
    upper: float
    share_lower: float
    share_upper: float
    n_reported: float
    n_carried: float
    n_expected: float
    coverage_class: str
    target: float
    status: str
    robust: object

    @property
    def on_share(self) -> bool:
        """Whether the share is what the target is about."""
        return self.kpi.assessed == "share"

    @property
    def assessed(self) -> float:
        """The figure the target is about; a share as a percentage."""
        return 100 * self.share if self.on_share else self.value

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds of the figure the target is about; of a share as percentages."""
        return (100 * self.share_lower, 100 * self.share_upper) if self.on_share else (self.lower, self.upper)

    @property
    def goal(self) -> float:
        """The proposed target; a share as a percentage."""
        return 100 * self.target if self.on_share else self.target

    @property
    def unit(self) -> str:
        """The unit of the figure the target is about."""
        return "percent" if self.on_share else self.kpi.unit

    @property
    def is_bounds_only(self) -> bool:
        """Whether too few answered for a point value, though the bounds are known (class C)."""
        return self.coverage_class == "C" and is_blank(self.value) and not is_blank(self.lower)

    @property
    def is_certain(self) -> bool:
        """Whether non-response cannot change it: milestones, registers and the rate."""
        return self.kpi.measure in ("milestone", "register", "rate")

    @property
    def n_known(self) -> float:
        """The members behind the figure: reported and carried."""
        return self.n_reported + self.n_carried


_FIGURES = ("value", "share", "lower", "upper", "share_lower", "share_upper", "n_reported", "n_carried", "n_expected")
_BLANK = float("nan")


def _number(value: object) -> float:
    return _BLANK if is_blank(value) else float(value)


def _standing(kpi: Kpi, scope: str, quarter: str, row: pd.Series | None) -> Standing:
    if row is None:
        return Standing(kpi, scope, quarter, *[_BLANK] * 9, "", _BLANK, "not_assessable", None)
    figures = {name: _number(row[name]) for name in _FIGURES}
    coverage_class = "" if is_blank(row["coverage_class"]) else str(row["coverage_class"])
    if coverage_class == "C":
        figures |= {"value": _BLANK, "share": _BLANK}
    robust = None if is_blank(row["robust"]) else bool(row["robust"])
    status = "not_assessable" if is_blank(row["status"]) else str(row["status"])
    return Standing(
        kpi,
        scope,
        quarter,
        **figures,
        coverage_class=coverage_class,
        target=_number(row["target"]),
        status=status,
        robust=robust,
    )


def select_standing(tables: Tables, kpi: str, scope: str = UNION, quarter: str = "") -> Standing:
    """Return one KPI in one scope and quarter (default: the Union, the quarter reported)."""
    return select_trend(tables, kpi, scope, [quarter or tables.quarter])[0]


def select_open(tables: Tables) -> dict[str, list[str]]:
    """Return the KPIs whose status non-response could change, each with the members that did not report it."""
    evidence = read_evidence(tables.returns, tables.answers, tables.innovations)
    members = [member.member for member in read_plan().members_in(tables.quarter)]
    silent = {}
    for kpi in (kpi for kpi in KPI_READS if select_standing(tables, kpi).robust is False):
        readings = evidence.readings(KPI_READS[kpi])
        silent[kpi] = [m for m in members if readings.get((tables.quarter, m), NOTHING).value is None]
    return silent


def select_trend(tables: Tables, kpi: str, scope: str = UNION, quarters: list[str] | None = None) -> list[Standing]:
    """Return one KPI quarter by quarter; a quarter without a row is there, blank."""
    rows = tables.kpis[(tables.kpis["kpi"] == kpi) & (tables.kpis["scope"] == scope)].set_index("quarter")
    asked = select_quarters(tables) if quarters is None else quarters
    record = read_plan().by_kpi[kpi]
    return [
        _standing(record, scope, quarter, rows.loc[quarter] if quarter in rows.index else None) for quarter in asked
    ]


def select_quarters(tables: Tables, most: int = SPARK_QUARTERS) -> list[str]:
    """Return the last quarters of the tables, up to the one reported."""
    first = min([*tables.kpis["quarter"].unique(), tables.quarter])
    return quarters_between(max(first, shift(tables.quarter, 1 - most)), tables.quarter)


def select_components(tables: Tables, kpi: str, scope: str = UNION, quarter: str = "") -> pd.DataFrame:
    """Return a KPI's companions in the plan's order: component, unit, value, share, n_reported."""
    order = {part.component: n for n, part in enumerate(read_plan().companions) if part.kpi == kpi}
    rows = tables.components
    rows = rows[(rows["kpi"] == kpi) & (rows["scope"] == scope) & (rows["quarter"] == (quarter or tables.quarter))]
    rows = rows.sort_values("component", key=lambda names: names.map(order))
    return rows.set_index("component")[["unit", "value", "share", "n_reported"]]


def percent_of(rows: pd.DataFrame, code: str, on_share: bool) -> float:
    """Return a companion as a percentage: its value, or its share."""
    if code not in rows.index:
        return _BLANK
    value = rows.at[code, "share" if on_share else "value"]
    return _BLANK if is_blank(value) else float(value) * (100 if on_share else 1)


def select_members(tables: Tables, kpi: str) -> pd.DataFrame:
    """Return every member valid in the quarter with its value of a KPI: one row per member; not known is blank."""
    expected = pd.DataFrame(
        [(m.member, m.region) for m in read_plan().members_in(tables.quarter)], columns=["member", "region"]
    )
    rows = tables.member_values
    rows = rows[(rows["kpi"] == kpi) & (rows["quarter"] == tables.quarter)]
    known = rows[["member", "value", "denominator", "basis", "source_quarter"]]
    joined = expected.merge(known, on="member", how="left")
    return joined.assign(basis=joined["basis"].astype(object).where(joined["basis"].notna(), ""))


def select_values(tables: Tables, kpi: str, quarter: str = "") -> pd.DataFrame:
    """Return the known members' values of a KPI: one row per member; `shown` is what is compared, shares in percent."""
    quarter = quarter or tables.quarter
    regions = {member.member: member.region for member in read_plan().members_in(quarter)}
    rows = tables.member_values
    rows = rows[(rows["kpi"] == kpi) & (rows["quarter"] == quarter) & rows["member"].isin(regions)]
    on_share = read_plan().by_kpi[kpi].assessed == "share"
    shown = 100 * rows["value"] / rows["denominator"].where(rows["denominator"] > 0) if on_share else rows["value"]
    return rows.assign(region=rows["member"].map(regions), shown=shown.astype(float)).set_index("member")


def find_bands(tables: Tables, kpi: str) -> dict[str, int]:
    """Return the quartile band, 0 to 3, of each member whose value of a KPI is known; none where all are equal.

    Equal values share a band: how many quartiles of the members known lie below the value.
    """
    shown = select_values(tables, kpi)["shown"].dropna()
    if shown.nunique() < 2:
        return {}
    quartiles = shown.quantile([0.25, 0.5, 0.75]).to_list()
    return {member: sum(value > quartile for quartile in quartiles) for member, value in shown.items()}


def _share_parts(tables: Tables, standing: Standing) -> tuple[float, float]:
    """Return numerator and denominator of a share: of the members whose return has the total."""
    rows = tables.member_values
    rows = rows[(rows["kpi"] == standing.kpi.kpi) & (rows["quarter"] == standing.quarter) & rows["denominator"].notna()]
    names = {member.member for member in read_plan().members_in(standing.quarter, standing.scope)}
    rows = rows[rows["member"].isin(names)]
    return (float(rows["value"].sum()), float(rows["denominator"].sum())) if len(rows) else (_BLANK, _BLANK)


def _rate_parts(tables: Tables, standing: Standing) -> tuple[float, float]:
    """Return numerator and denominator of a response rate, as of its own first cut-off."""
    cutoff = min(first_cutoff(standing.quarter), date.fromisoformat(tables.as_of))
    names = {member.member for member in read_plan().members_in(standing.quarter, standing.scope)}
    asked = [r for r in read_registers().at(cutoff)["questionnaires"] if due_quarter(r) == standing.quarter]
    whole = standing.n_expected + sum(row["member"] in names for row in asked)
    return round(standing.value * whole / 100), whole


def select_parts(tables: Tables, standing: Standing) -> tuple[float, float]:
    """Return numerator and denominator of a share or a rate; blank where they do not give the published figure."""
    if is_blank(standing.assessed) or is_blank(standing.n_expected):
        return _BLANK, _BLANK
    if not standing.on_share and standing.kpi.measure != "rate":
        return _BLANK, _BLANK
    part, whole = (_share_parts if standing.on_share else _rate_parts)(tables, standing)
    agree = not is_blank(whole) and whole and abs(100 * part / whole - standing.assessed) < 1e-6
    return (part, whole) if agree else (_BLANK, _BLANK)


def matched_change(tables: Tables, kpi: str) -> tuple[float, int]:
    """Return the change on the last quarter of the members that reported a KPI in both, and how many they are."""
    rows = tables.member_values
    rows = rows[(rows["kpi"] == kpi) & (rows["basis"] == "reported")]
    now, before = (
        rows[rows["quarter"] == quarter].set_index("member")["value"]
        for quarter in (tables.quarter, shift(tables.quarter, -1))
    )
    both = now.index.intersection(before.index)
    return float((now[both] - before[both]).sum()), len(both)


# --- who answered -----------------------------------------------------------------------------------------------


def select_responses(tables: Tables, quarter: str = "", by: date | None = None) -> pd.DataFrame:
    """Return how each member answered: member, region, state, received_on (first accepted), version."""
    quarter = quarter or tables.quarter
    limit = (by or date.fromisoformat(tables.as_of)).isoformat()
    on_time = (quarter_end(quarter) + timedelta(days=ON_TIME_DAYS)).isoformat()
    rows = tables.returns[(tables.returns["quarter"] == quarter) & (tables.returns["received_on"] <= limit)]
    refused = rows["state"] == "refused"
    first, version = (rows[~refused].groupby("member")[name] for name in ("received_on", "version"))
    first, version, only_refused = first.min(), version.max(), set(rows[refused]["member"])
    found = []
    for member in read_plan().members_in(quarter):
        day = first.get(member.member, "")
        otherwise = REFUSED if member.member in only_refused else NOT_RECEIVED
        state = (ON_TIME if day <= on_time else LATE) if day else otherwise
        found.append((member.member, member.region, state, day, version.get(member.member, 0)))
    return pd.DataFrame(found, columns=["member", "region", "state", "received_on", "version"])


def count_responses(tables: Tables) -> pd.DataFrame:
    """Count members by state as of each quarter's own first cut-off: one row per quarter, so that quarters compare."""
    day = date.fromisoformat(tables.as_of)
    counted = {
        quarter: select_responses(tables, quarter, min(first_cutoff(quarter), day))["state"].value_counts()
        for quarter in select_quarters(tables)
    }
    return pd.DataFrame(counted).T.reindex(columns=list(RESPONSES)).fillna(0).astype(int)
