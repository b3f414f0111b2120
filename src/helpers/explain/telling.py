"""An explanation told: as lines for a terminal, as plain data for a program, as a workbook."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from helpers.cells import clean
from helpers.excel import HEAD_FILL, Book, fit_row, open_book, set_page
from helpers.explain import listing
from helpers.explain.listing import Listing
from helpers.explain.records import Explanation, Trace, Value, write_number
from helpers.explain.references import Reference
from helpers.words import Words, isolate

WIDTH = 110


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _wrapped(text: str, margin: str = "") -> Iterator[str]:
    yield from textwrap.wrap(_one_line(text), WIDTH, initial_indent=margin, subsequent_indent=margin) or [margin]


# --- on a terminal ----------------------------------------------------------------------------------------------


def list_lines(explanation: Explanation, say: Words) -> list[str]:
    """Tell an explanation, line by line, for a person: what it is, its rows, their cells, the steps, and the foot."""
    return [isolate(line, say.language) for line in _lines(explanation, say)]


def _lines(explanation: Explanation, say: Words) -> Iterator[str]:
    for fact in listing.list_facts(explanation, say):
        yield from _wrapped(fact)
    for table in listing.list_tables(explanation, say):
        yield from _table_lines(table, say)
    yield from _cell_lines(listing.find_cells(explanation), say)
    yield from ("", say("Step by step"))
    for step in explanation.steps:
        published = _said_published(step, say)
        yield f"  {listing.say_step(step, say)}: {listing.say_value(step, step.result, say)}{published}"
        if step.arithmetic and step.arithmetic != write_number(step.result):
            yield from _wrapped(step.arithmetic, "      ")
    yield ""
    for line in listing.say_foot(explanation, say):
        yield from _wrapped(line)


def _said_published(step: listing.Step, say: Words) -> str:
    if not step.column:
        return ""
    shown = listing.say_value(step, step.published, say)
    return f"  = {say('published (mark)')}" if step.agrees else f"  ≠ {shown} {say('published (mark)')}"


def _table_lines(table: Listing, say: Words) -> Iterator[str]:
    """Yield a table in aligned columns, numbers to the right; the last column goes on below where it is long."""
    yield from ("", table.title)
    if not table.rows:
        yield f"  {say('nothing: the figure is blank by definition')}"
        return
    texts = [[_one_line(write_number(cell)) for cell in row] for row in (table.heads, *table.rows)]
    right = [all(not isinstance(row[n], str) for row in table.rows if row[n] is not None) for n in range(len(texts[0]))]
    widths = [max(len(row[n]) for row in texts) for n in range(len(texts[0]))]
    for row in texts:
        aligned = (
            text.rjust(width) if is_right else text.ljust(width)
            for text, width, is_right in zip(row, widths, right, strict=True)
        )  # fmt: skip
        line = "  " + "  ".join(aligned).rstrip()
        yield from [line] if len(line) <= WIDTH else textwrap.wrap(line, WIDTH, subsequent_indent=" " * 8,
                                                                   drop_whitespace=True)  # fmt: skip


def _cell_lines(cells: Sequence[Trace], say: Words) -> Iterator[str]:
    """Yield the cells, return by return: its place and day, then what it says under each question."""
    if cells:
        yield from ("", say("The cells it comes from"))
    head = ""
    for cell in cells:
        told = _said_return(cell, say)
        if told != head:
            yield from _wrapped(told, "  ")
            head = told
        if cell.question:
            value = f" → {cell.value}" if cell.value != cell.raw else ""
            state = f" [{cell.state}]" if cell.state else ""
            yield from _wrapped(f"{cell.question}: «{cell.raw}»{value}{state}", "      ")
        for found in cell.findings:
            yield from _wrapped(listing.say_cell_finding(found, say), "          ")


def _said_return(cell: Trace, say: Words) -> str:
    whose = " ".join(text for text in (cell.member, cell.quarter) if text)
    version = [f"{say('Version')} {cell.version}"] if cell.version is not None else []
    came = [say("received on {day}", day=cell.received_on)] if cell.received_on else []
    return say.joined(filter(None, (whose, listing.say_cell_place(cell, say), *version, *came)))


# --- as plain data ----------------------------------------------------------------------------------------------


def tell(explanation: Explanation, say: Words) -> dict[str, object]:
    """Tell an explanation as plain data, for another program: numbers exact, what has no limit null."""
    kpi = explanation.kpi
    return {
        "reference": str(Reference(kpi.kpi, explanation.quarter, explanation.scope)),
        "kpi": kpi.kpi, "quarter": explanation.quarter, "scope": explanation.scope, "as_of": explanation.as_of,
        "title": say.own(kpi.title), "formula": listing.say_formula(kpi, say), "source": listing.say_source(kpi, say),
        "measure": kpi.measure, "unit": kpi.unit, "sample": explanation.sample,
        "published_in": explanation.origin or None, "published": _plain(dict(explanation.published)),
        "parts": [_plain(asdict(part)) for part in explanation.parts],
        "members": [_plain(asdict(part)) for part in explanation.members],
        "steps": [_plain({**vars(step), "agrees": step.agrees}) for step in explanation.steps],
        "target_status": kpi.target_status if explanation.published.get("target") is not None else None,
        "adds_up": not explanation.differences,
    }  # fmt: skip


def _plain(value: object) -> object:
    """Return values as JSON has them: no infinity, whole numbers without `.0`, texts without control characters."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return None if not math.isfinite(value) else int(value) if value.is_integer() else value
    return clean(value) if isinstance(value, str) else value


# --- as a workbook ----------------------------------------------------------------------------------------------

_STEP_WIDTHS, _PART_WIDTHS = (30, 80, 26, 26, 12), (26, 22, 12, 12, 12, 16, 16, 16, 16, 12, 12, 40)
_CELL_WIDTHS = (10, 10, 26, 30, 20, 8, 8, 12, 46, 60)


def write_excel(path: Path, explanation: Explanation, say: Words) -> None:
    """Write an explanation as a workbook: the figure and its steps, the rows added up, the cells they come from.

    The same explanation gives the same bytes. Raises OSError where nothing can be written.
    """
    name = str(Reference(explanation.kpi.kpi, explanation.quarter, explanation.scope))
    with open_book(path, date.fromisoformat(explanation.as_of), title=f"papu explain {name}") as book:
        facts = [*listing.list_facts(explanation, say), *listing.say_foot(explanation, say)]
        _write_sheet(book, [listing.list_steps(explanation, say)], facts, _STEP_WIDTHS, say)
        _write_sheet(book, listing.list_tables(explanation, say), facts[:3], _PART_WIDTHS, say)
        _write_sheet(book, [listing.list_cells(explanation, say)], facts[:3], _CELL_WIDTHS, say)


def _write_sheet(
    book: Book, tables: Sequence[Listing], facts: Sequence[str], widths: Sequence[float], say: Words
) -> None:
    sheet = book.add_sheet(tables[0].title[:31], say.language)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    for row, fact in enumerate(facts):
        book.write(sheet, row, 0, fact, book.style(bold=not row))
    first = row = len(facts) + 1
    for table in tables:
        if len(tables) > 1:
            book.write(sheet, row, 0, table.title, book.style(bold=True))
            row += 1
        row = _write_table(book, sheet, row, table, widths) + 1
    set_page(sheet, first)


def _write_table(book: Book, sheet: object, row: int, table: Listing, widths: Sequence[float]) -> int:
    """Write a table from a row on; numbers are numbers, every text is a text. Return the row after it."""
    for column, head in enumerate(table.heads):
        book.write(sheet, row, column, head, book.text(bold=True, bottom=1, bg_color=HEAD_FILL))
    for cells in table.rows:
        row += 1
        for column, cell in enumerate(cells):
            _write_cell(book, sheet, row, column, cell)
        fit_row(sheet, row, [write_number(cell) for cell in cells], widths)
    return row + 1


def _write_cell(book: Book, sheet: object, row: int, column: int, cell: Value) -> None:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        sheet.write_number(row, column, cell, book.style(valign="top"))
    else:
        book.write(sheet, row, column, cell or "", book.text())
