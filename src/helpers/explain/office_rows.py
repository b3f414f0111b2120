"""From a total to the rows of the list of offices that it is counted in: the last step of an explanation."""

from collections.abc import Sequence
from dataclasses import replace

from helpers import paths
from helpers.explain.records import CellTrace
from helpers.ingest import offices
from helpers.plan import read_settings
from helpers.strings import clean, mask_text

_SHOWN = 5  # rows of each kind


def find_column(question: str) -> str:
    """Return the column of a list of offices that a question is counted in; blank without one."""
    return next((name for name, counted in read_settings().offices.items() if counted == question), "")


def add_office_rows(cell: CellTrace) -> CellTrace:
    """Return a cell with the first rows of its list of offices; as it is without a list, or where none can be read."""
    path, column = paths.returns(cell.quarter) / cell.offices, find_column(cell.question)
    if not (cell.offices and column and path.is_file()):
        return cell

    def find(in_doubt: bool) -> tuple[str, ...]:
        return _say_rows(offices.list_rows(path, cell.member, column, in_doubt, _SHOWN + 1))

    try:
        return replace(cell, office_rows=find(in_doubt=False), office_doubts=find(in_doubt=True))
    except ValueError:  # the file is no longer what was received, which is told beside the figure
        return cell


def _say_rows(rows: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    shown = tuple(f"{number} ({mask_text(clean(office or ''))})" for number, office in rows[:_SHOWN])
    return (*shown, "…") if len(rows) > _SHOWN else shown
