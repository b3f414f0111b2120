"""One figure of the tables, ready to be shown, and what keeps a derived thing from being derived twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from helpers.i18n import is_blank
from helpers.kpis import statuses
from helpers.plan import UNION, Kpi, read_plan
from helpers.tables.pipeline import EditionTables

_FIGURES = ("value", "share", "lower", "upper", "share_lower", "share_upper", "n_reported", "n_carried", "n_expected")
NO_NUMBER = float("nan")
Query = TypeVar("Query", bound=Callable)


@dataclass(frozen=True)
class KpiFigure:
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
    def assessed_target(self) -> float:
        """The proposed target; a share as a percentage."""
        return 100 * self.target if self.on_share else self.target

    @property
    def unit(self) -> str:
        """The unit of the figure the target is about."""
        return self.kpi.assessed_unit

    @property
    def is_bounds_only(self) -> bool:
        """Whether too few answered for a point value, though the bounds are known (class C)."""
        return self.coverage_class == "C" and is_blank(self.value) and not is_blank(self.lower)

    @property
    def is_reached(self) -> bool:
        """Whether the proposed target is reached, in time or late."""
        return self.status in statuses.REACHED

    @property
    def is_certain(self) -> bool:
        """Whether non-response cannot change it: milestones, registers and the rate."""
        return self.kpi.is_from_registers

    @property
    def n_known(self) -> float:
        """The members behind the figure: reported and carried."""
        return self.n_reported + self.n_carried


def computed_once(query: Query) -> Query:
    """Keep what a query derives with the edition's tables, so that it is derived once; nobody may change it."""

    @wraps(query)
    def ask(tables: EditionTables, *args: object, **options: object) -> object:
        key = (query, args, tuple(sorted(options.items())))
        if key not in tables.derived:
            tables.derived[key] = query(tables, *args, **options)
        return tables.derived[key]

    return ask


def _number(value: object) -> float:
    return NO_NUMBER if is_blank(value) else float(value)


def _figure(row: Mapping[str, object]) -> KpiFigure:
    figures = {name: _number(row[name]) for name in _FIGURES}
    coverage_class = "" if is_blank(row["coverage_class"]) else str(row["coverage_class"])
    if coverage_class == "C":
        figures |= {"value": NO_NUMBER, "share": NO_NUMBER}
    return KpiFigure(
        read_plan().by_kpi[row["kpi"]],
        row["scope"],
        row["quarter"],
        **figures,
        coverage_class=coverage_class,
        target=_number(row["target"]),
        status="not_assessable" if is_blank(row["status"]) else str(row["status"]),
        robust=None if is_blank(row["robust"]) else bool(row["robust"]),
    )


@computed_once
def _index_figures(tables: EditionTables) -> dict[tuple[str, str, str], KpiFigure]:
    """Return every figure of the tables by KPI, scope and quarter."""
    known = tables.kpis[tables.kpis["kpi"].isin(read_plan().by_kpi.keys())]
    return {(row["kpi"], row["scope"], row["quarter"]): _figure(row) for row in known.to_dict("records")}


def select_figure(tables: EditionTables, kpi: str, scope: str = UNION, quarter: str = "") -> KpiFigure:
    """Return one KPI in one scope and quarter (default: the Union, the quarter reported); blank without a row."""
    quarter = quarter or tables.quarter
    found = _index_figures(tables).get((kpi, scope, quarter))
    record = read_plan().by_kpi[kpi]
    return found or KpiFigure(record, scope, quarter, *[NO_NUMBER] * 9, "", NO_NUMBER, "not_assessable", None)
