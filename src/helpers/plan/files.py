"""Reads the CSV files of the plan; errors name the file, the row and the reason."""

import csv
from collections.abc import Mapping
from pathlib import Path

CsvRow = Mapping[str, str]


class PlanError(ValueError):
    """A file of the plan is wrong: the message names the file, the row and the reason."""


def read_rows(path: Path, columns: tuple[str, ...], error: type[ValueError] = PlanError) -> list[dict[str, str]]:
    """Read one of the project's CSV files (UTF-8, comma, RFC 4180) as text.

    Raises `error` for a file that cannot be read, has no row or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise error(f"{path.name}: cannot be read ({reason}); restore it from the repository") from reason
    missing = [column for column in columns if rows and column not in rows[0]]
    if not rows or missing:
        raise error(f"{path.name}: has no row, or no column {', '.join(missing) or '…'}; restore it")
    return [{key: (value or "").strip() for key, value in row.items() if key} for row in rows]
