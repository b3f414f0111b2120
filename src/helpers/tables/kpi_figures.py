"""One figure of the tables, ready to be shown; and what all queries use: rows by their values, results kept."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import wraps

import pandas as pd

from helpers.i18n import is_blank
from helpers.kpis import statuses
from helpers.plan import Kpi, read_plan
from helpers.tables.pipeline import EditionTables

NO_NUMBER = float("nan")
MISSED = "missed"  # the status, as it is shown, of a figure below the target that is due in its quarter


@dataclass(frozen=True)
class KpiFigure:
    """One KPI, scope and quarter, ready to be shown. `value` and `share` are blank in class C: bounds only."""

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
        """Whether the target is about the share."""
        return self.kpi.assessed == "share"

    @property
    def assessed(self) -> float:
        """The figure that the target is about; a share as a percentage."""
        return 100 * self.share if self.on_share else self.value

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds of the figure that the target is about; of a share as percentages."""
        return (100 * self.share_lower, 100 * self.share_upper) if self.on_share else (self.lower, self.upper)

    @property
    def assessed_target(self) -> float:
        """The proposed target; a share as a percentage."""
        return 100 * self.target if self.on_share else self.target

    @property
    def unit(self) -> str:
        """The unit of the figure that the target is about."""
        return self.kpi.assessed_unit

    @property
    def is_bounds_only(self) -> bool:
        """Whether too few answered for a value, though the bounds are known (class C)."""
        return self.coverage_class == "C" and is_blank(self.value) and not is_blank(self.lower)

    @property
    def is_reached(self) -> bool:
        """Whether the proposed target is reached, in time or late."""
        return self.status in statuses.REACHED

    @property
    def is_missed(self) -> bool:
        """Whether its target was due and is not reached: overdue, due this quarter, or a rate, due in each."""
        if self.status in (*statuses.REACHED, statuses.NOT_ASSESSABLE):
            return False
        return self.status == statuses.OVERDUE or self.kpi.due in ("", self.quarter)

    @property
    def is_open(self) -> bool:
        """Whether its target is not due yet and not reached."""
        return self.status in statuses.UNDERWAY and not self.is_missed

    @property
    def shown_status(self) -> str:
        """The status as it is shown: what was due in its quarter is reached or missed, never still at risk."""
        return MISSED if self.is_missed and self.status != statuses.OVERDUE else self.status

    @property
    def is_certain(self) -> bool:
        """Whether non-response cannot change it: milestones, registers and the rate."""
        return self.kpi.is_from_registers

    def way_to(self, level: float) -> float:
        """Return the part of the way from the baseline to the target that a level is, in percent; blank without one."""
        base = (100 if self.on_share else 1) * self.kpi.baseline
        return 100 * (level - base) / (self.assessed_target - base)

    @property
    def n_known(self) -> float:
        """The number of members behind the figure: reported and carried."""
        return self.n_reported + self.n_carried


_NUMBERS = [field.name for field in fields(KpiFigure) if field.type is float]


def computed_once(query: Callable) -> Callable:
    """Keep a query's result with the edition's tables, so that it is computed once; nobody may change it."""

    @wraps(query)
    def run(tables: EditionTables, *args: object, **options: object) -> object:
        key = (query, args, tuple(sorted(options.items())))
        if key not in tables.derived:
            tables.derived[key] = query(tables, *args, **options)
        return tables.derived[key]

    return run


def select_rows(rows: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Return the rows whose columns have the values given, such as `quarter="2024Q3"`."""
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


@computed_once
def _index_rows(tables: EditionTables, table: str, columns: tuple[str, ...]) -> Mapping[tuple, Sequence[int]]:
    """Return the places of a table's rows by their values in some columns."""
    rows, places = getattr(tables, table), defaultdict(list)
    for place, values in enumerate(zip(*(rows[column] for column in columns), strict=True)):
        places[values].append(place)
    return places


def find_rows(tables: EditionTables, table: str, **wanted: str) -> pd.DataFrame:
    """Return the rows of an edition's table as `select_rows` does, by an index that is made once."""
    places = _index_rows(tables, table, tuple(wanted)).get(tuple(wanted.values()), ())
    return getattr(tables, table).iloc[list(places)]


def _figure(row: Mapping[str, object]) -> KpiFigure:
    """Return the figure of a row of kpis; what the row does not have is blank."""
    numbers = {name: NO_NUMBER if is_blank(row.get(name)) else float(row[name]) for name in _NUMBERS}
    coverage_class = "" if is_blank(row.get("coverage_class")) else str(row["coverage_class"])
    if coverage_class == "C":
        numbers |= {"value": NO_NUMBER, "share": NO_NUMBER}
    status = "not_assessable" if is_blank(row.get("status")) else str(row["status"])
    robust = None if is_blank(row.get("robust")) else bool(row["robust"])
    place = {"kpi": read_plan().by_kpi[row["kpi"]], "scope": row["scope"], "quarter": row["quarter"]}
    return KpiFigure(**place, **numbers, coverage_class=coverage_class, status=status, robust=robust)


@computed_once
def _index_figures(tables: EditionTables) -> dict[tuple[str, str, str], KpiFigure]:
    """Return every figure of the tables by KPI, scope and quarter: nothing compares with those before the first."""
    since = tables.kpis[tables.kpis["quarter"] >= tables.first_collected]
    known = since[since["kpi"].isin(read_plan().by_kpi.keys())]
    return {(row["kpi"], row["scope"], row["quarter"]): _figure(row) for row in known.to_dict("records")}


def select_figure(tables: EditionTables, kpi: str, scope: str = "", quarter: str = "") -> KpiFigure:
    """Return one KPI in one scope and quarter (default: the Union, the quarter reported); blank without a row."""
    quarter, scope = quarter or tables.quarter, scope or read_plan().code
    found = _index_figures(tables).get((kpi, scope, quarter))
    return found or _figure({"kpi": kpi, "scope": scope, "quarter": quarter})
