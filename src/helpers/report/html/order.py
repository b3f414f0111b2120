"""How the page sorts the rows of a table: by the values that its cells carry."""

from collections.abc import Sequence

from helpers.i18n import Translator
from helpers.report.cells import Cell, Picture, order_of, text_of

_MARKS = ("", "–", "(C)")


def order_column(cells: Sequence[Cell], t: Translator) -> tuple[str, list[str | None]]:
    """Return how a column is sorted (`number`, `text`, or blank: not at all), and the sort key of each cell.

    It is sorted as numbers if most cells have one, marks (no data, not applicable) left aside; cells without a number
    get a blank key, which sorts last in both directions. None: the cell is sorted by the text it shows.
    """
    if len(cells) < 2 or any(isinstance(cell, Picture) for cell in cells):
        return "", [None] * len(cells)
    marks = (*_MARKS, t.missing, t.not_applicable)
    is_mark = [text_of(cell, t) in marks for cell in cells]
    orders = [None if blank else order_of(cell) for cell, blank in zip(cells, is_mark, strict=True)]
    if 2 * sum(order is not None for order in orders) <= is_mark.count(False):
        return "text", ["" if blank else None for blank in is_mark]
    return "number", ["" if order is None else f"{order:.10g}" for order in orders]
