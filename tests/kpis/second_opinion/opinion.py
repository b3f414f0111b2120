"""A second opinion on every figure: the SQL beside this file, over the published tables, the registers and the plan.

It knows nothing of `helpers`: it reads files and runs SQL. The SQL was written from the methodology alone.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd

HERE = Path(__file__).resolve().parent
REGISTERS = ("milestones", "workshops", "attendance", "questionnaires")
PLAN = ("kpis", "companions", "components", "steps", "members", "aliases")
KEYS: Mapping[str, Sequence[str]] = {
    "kpis": ("quarter", "scope", "kpi"),
    "kpi_components": ("quarter", "scope", "kpi", "component"),
    "member_values": ("quarter", "member", "kpi"),
    "changes": ("quarter", "scope", "kpi"),
}
Difference = tuple[object, ...]  # table, key…, column, theirs, ours


def _read(path: Path) -> pd.DataFrame:
    """Read a CSV file as text, its rows numbered: which of two rows is the later one matters in registers."""
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = [row for row in csv.reader(file) if any(row)]
    full = [(row + [""] * len(header))[: len(header)] for row in rows]
    return pd.DataFrame(full, columns=header, dtype="str").assign(row=range(len(full)))


def compute(published: Path, registers: Path, plan: Path, quarter: str, as_of: str) -> dict[str, pd.DataFrame]:
    """Return the tables of an edition as the SQL computes them, from the folder of its published tables."""
    with duckdb.connect() as base:
        base.execute("SET threads = 1")
        base.execute("CREATE TABLE setting AS SELECT ? AS quarter, CAST(? AS DATE) AS as_of", [quarter, as_of])
        sources = {name: _read(published / f"{name}.csv") for name in ("returns", "items")}
        sources |= {f"register_{name}": _read(registers / f"{name}.csv") for name in REGISTERS}
        sources |= {f"plan_{name}": _read(plan / f"{name}.csv") for name in PLAN}
        for name, frame in sources.items():
            base.register("frame", frame)
            base.execute(f"CREATE TABLE {name} AS FROM frame")
        base.execute("CREATE TABLE answers AS FROM read_parquet(?)", [str(published / "answers.parquet")])
        for script in sorted(HERE.glob("*.sql")):
            base.execute(script.read_text(encoding="utf-8"))
        return {name: base.table(name).df() for name in KEYS}


def _cell(value: object) -> object:
    """Return a cell as it is compared: None for any blank, numbers as floats."""
    if value is None or value is pd.NA or value != value or value == "":
        return None
    return value if isinstance(value, str) else float(value)


def _equal(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return one == other


def _rows(name: str, table: pd.DataFrame, columns: Sequence[str]) -> dict[tuple[str, ...], list[object]]:
    keys = zip(*(table[key] for key in KEYS[name]), strict=True)
    cells = ([_cell(value) for value in row] for row in table[columns].to_numpy(object))
    rows = dict(zip(keys, cells, strict=True))
    assert len(rows) == len(table), f"{name}: two rows of one key"
    return rows


def compare(name: str, theirs: pd.DataFrame, ours: pd.DataFrame) -> list[Difference]:
    """Return the cells that differ: table, key, column, theirs, ours; a row that only one has is one of them."""
    columns = [column for column in theirs.columns if column not in KEYS[name]]
    left, right = _rows(name, theirs, columns), _rows(name, ours, columns)
    found: list[Difference] = [(name, *key, "row", "there", None) for key in left.keys() - right.keys()]
    found += [(name, *key, "row", None, "there") for key in right.keys() - left.keys()]
    for key in left.keys() & right.keys():
        for column, one, other in zip(columns, left[key], right[key], strict=True):
            if not _equal(one, other):
                found.append((name, *key, column, one, other))
    return sorted(found, key=str)


def tell(cell: Difference) -> str:
    """Return a difference as a line."""
    *place, theirs, ours = cell
    return f"{' '.join(map(str, place))}: theirs {theirs}, ours {ours}"
