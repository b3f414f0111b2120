"""What the rows of a table are sorted by: numbers, quarters and statuses, read back from cells as they are dressed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from helpers.i18n import Translator, catalogue
from helpers.plan import quarters
from helpers.report.look import STATUS_COLOURS

_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u2066-\u2069]")  # marks of direction, places to fold
_STATUSES = tuple(STATUS_COLOURS)
_MARKS = ("", "–", "(C)")


@cache
def _part(language: str) -> re.Pattern[str]:
    """Return what `3 of 4` looks like: a rate of fewer than five, which is shown without its percentage."""
    shown = re.escape(Translator(language)("{part} of {whole}", part="PART", whole="WHOLE"))
    return re.compile(shown.replace("PART", r"(\d)").replace("WHOLE", r"([1-9])") + r"(?=$|\s)")


@cache
def _quarters(language: str) -> Mapping[str, int]:
    t = Translator(language)
    names = (t.quarter(quarter) for quarter in quarters.quarters_between(quarters.FIRST_QUARTER, quarters.LAST_QUARTER))
    return {_INVISIBLE.sub("", name): place for place, name in enumerate(names)}


def _text(cell: object) -> str:
    if isinstance(cell, Mapping):
        cell = cell.get("strong") or cell.get("text") or cell.get("word") or ""
    return _INVISIBLE.sub("", str(cell))


def sort_value(cell: object, t: Translator) -> float | None:
    """Return the number that a cell begins with, the place of its quarter or status; None where it is of words."""
    if isinstance(cell, Mapping) and "status" in cell:
        return float(_STATUSES.index(cell["status"]))
    text = _text(cell)
    if found := _part(t.language).match(text):
        return 100 * int(found[1]) / int(found[2])
    if (quarter := _quarters(t.language).get(text.split("\n")[0])) is not None:
        return float(quarter)
    # The first word is the number; a code such as `1.1.a`, a digest, a year or a file's name is none.
    printed = t.parse_number(re.split(r"[ \n]", text.removeprefix("≥").lstrip(catalogue.NO_BREAK_SPACE))[0])
    return printed.value if printed else None


def _is_mark(cell: object, t: Translator) -> bool:
    marks = (*_MARKS, t.missing, t.not_applicable)
    return _text(cell) in {_INVISIBLE.sub("", mark) for mark in marks}


def order_column(cells: Sequence[object], t: Translator) -> tuple[str, list[str | None]]:
    """Return how a column is sorted (`number`, `text`, or not at all: blank), and what each of its cells counts as.

    A column is one of numbers where most cells that say something begin with one; in it, what is none counts as
    blank. Blanks and marks (no data, not applicable) come last, whichever way. None: the cell's own text.
    """
    if len(cells) < 2 or any(isinstance(cell, Mapping) and "svg" in cell for cell in cells):
        return "", [None] * len(cells)
    said = [cell for cell in cells if not _is_mark(cell, t)]
    weights = [None if _is_mark(cell, t) else sort_value(cell, t) for cell in cells]
    if 2 * sum(weight is not None for weight in weights) <= len(said):
        return "text", ["" if _is_mark(cell, t) else None for cell in cells]
    return "number", ["" if weight is None else f"{weight:.10g}" for weight in weights]
