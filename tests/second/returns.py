"""What each harbour of the invented union said, as the tables in `said/` have it; nothing here knows the workbook.

A column of `said/<quarter>.csv` is one return: its first three letters are the member, what follows tells a second
return of the same member apart. `file` and `received` say how and when it came.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUARTERS = ("2025Q1", "2025Q2", "2025Q4")  # nobody was asked about 2025Q3


@dataclass(frozen=True)
class Return:
    """One return as it was said: texts by question, and the voyages listed in it."""

    quarter: str
    name: str
    file: str
    received: date
    said: dict[str, str]
    voyages: tuple[dict[str, str], ...]

    @property
    def member(self) -> str:
        """The member's code."""
        return self.said["member"]


def read(*path: str) -> list[dict[str, str]]:
    """Return the rows of a table in this folder."""
    with HERE.joinpath(*path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def read_returns() -> tuple[Return, ...]:
    """Return all returns, in the order of the tables."""
    returns, voyages = [], read("said", "voyages.csv")
    for quarter in QUARTERS:
        table = {row.pop("question"): row for row in read("said", f"{quarter}.csv")}
        files, received = table.pop("file"), table.pop("received")
        for name in files:
            said = {question: cells[name] for question, cells in table.items()}
            own = tuple(row for row in voyages if (row["quarter"], row["return"]) == (quarter, name))
            returns.append(Return(quarter, name, files[name], date.fromisoformat(received[name]), said, own))
    return tuple(returns)
