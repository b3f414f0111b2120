"""Writes an explanation: as lines for a terminal, as JSON for a program, as a workbook."""

import itertools
import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from helpers.explain import listing
from helpers.explain.listing import Listing
from helpers.explain.records import CellIssue, CellTrace, ExplainedPart, Explanation, LostFile, exact_number
from helpers.i18n import Translator, isolate
from helpers.kpis import Reference
from helpers.report import phrases, xlsx
from helpers.strings import clean

LINE_WIDTH = 118


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _wrapped(text: str, margin: str = "") -> Iterator[str]:
    yield from textwrap.wrap(_one_line(text), LINE_WIDTH, initial_indent=margin, subsequent_indent=margin) or [margin]


def format_explanation(explanation: Explanation, t: Translator) -> list[str]:
    """Return an explanation as lines: the figure, its parts, their cells, the steps, and whether they agree."""
    return [isolate(clean(line), t.language) for line in _lines(explanation, t)]


def _lines(explanation: Explanation, t: Translator) -> Iterator[str]:
    for fact in listing.list_facts(explanation, t):
        yield from _wrapped(fact)
    for table in listing.list_tables(explanation, t):
        yield from _table_lines(table, t)
    yield from _cell_lines(listing.find_cells(explanation), t)
    yield from ("", t("Step by step"))
    for step in listing.find_steps(explanation):
        name, result = t(listing.STEP_WORDS[step.name]), listing.format_step_value(step.result, t)
        published = listing.format_step_value(step.published, t)
        compared = "  = kpis.csv" if step.agrees else f"  ≠ kpis.csv: {published}"
        yield f"  {t('{what}: {value}', what=name, value=result)}{compared if step.column else ''}"
        if arithmetic := listing.format_arithmetic(step, t):
            yield from _wrapped(arithmetic, "      ")
    yield ""
    for line in listing.describe_agreement(explanation, t):
        yield from _wrapped(line)


def _table_lines(table: Listing, t: Translator) -> Iterator[str]:
    """Yield a table in aligned columns, numbers to the right; a long last column is continued below itself."""
    yield from ("", table.title)
    if not table.rows:
        yield f"  {t('nothing to report')}"
        return
    rows = [table.heads, *table.rows, *([table.foot] if table.foot else [])]
    texts = [[_one_line(exact_number(cell)) for cell in row] for row in rows]
    columns = range(len(table.heads))
    sides = ["<" if any(isinstance(row[n], str) for row in table.rows) else ">" for n in columns]
    widths = [max(len(row[n]) for row in texts) for n in columns]
    hang = " " * min(2 + sum(width + 2 for width in widths[:-1]), LINE_WIDTH // 2)
    for place, row in enumerate(texts):
        if table.foot and place == len(texts) - 1:
            yield "  " + "  ".join("-" * width for width in widths)[: LINE_WIDTH - 2]
        aligned = (f"{text:{side}{width}}" for text, side, width in zip(row, sides, widths, strict=True))
        yield from textwrap.wrap("  " + "  ".join(aligned).rstrip(), LINE_WIDTH, subsequent_indent=hang)
    for note in table.notes:
        yield from _wrapped(note, "  ")


def _cell_lines(cells: Sequence[CellTrace], t: Translator) -> Iterator[str]:
    """Yield the cells, return by return: its member and place, its issues, then each cell with its own."""
    if not cells:
        return
    yield from ("", t("The cells it comes from"))
    if states := listing.describe_states(cells, t):
        yield from _wrapped(states, "  ")
    for (whose, place), group in itertools.groupby(cells, lambda cell: _describe_return(cell, t)):
        here = list(group)
        yield from (f"  {whose}", *_wrapped(place, "      "))
        yield from _issue_lines((issue for cell in here for issue in cell.issues if not issue.question), t, "      ")
        for cell in (cell for cell in here if cell.question):
            yield from _wrapped(_describe_cell(cell), "      ")
            yield from _issue_lines((issue for issue in cell.issues if issue.question), t, "          ")
            for line in listing.describe_office_rows(cell, t):
                yield from _wrapped(line, "          ")


def _issue_lines(issues: Iterable[CellIssue], t: Translator, margin: str) -> Iterator[str]:
    for text in dict.fromkeys(listing.describe_issue(issue, t) for issue in issues):
        yield from _wrapped(text, margin)


def _describe_return(cell: CellTrace, t: Translator) -> tuple[str, str]:
    """Return the return that a cell is of (member, quarter, version, day), and the cell's place."""
    day = cell.received_on
    facts = [
        _one_line(f"{cell.member} {cell.quarter}"),
        "" if cell.version is None else f"{t('Version')} {cell.version}",
        t("refused") if cell.state == "refused" else "",
        "" if not day else t("recorded on {day}", day=day) if cell.is_register else t("received on {day}", day=day),
    ]
    return " · ".join(filter(None, facts)), listing.describe_place(cell, t)


def _describe_cell(cell: CellTrace) -> str:
    """Return a cell as written, as understood where that differs, and its state."""
    understood = f" → {cell.value}" if cell.value not in (cell.raw, "") else ""
    text = f"«{cell.raw}»{understood}" if cell.raw else cell.value or "«»"
    return f"{cell.question}: {text}" + (f" [{cell.state}]" if cell.state else "")


def to_json(explanation: Explanation, t: Translator) -> dict[str, object]:
    """Return an explanation as JSON data: numbers exact, null where there is no limit."""
    kpi = explanation.kpi
    return {
        "reference": str(Reference(kpi.kpi, explanation.quarter, explanation.scope)),
        "kpi": kpi.kpi, "quarter": explanation.quarter, "scope": explanation.scope, "as_of": explanation.as_of,
        "title": t.localised(kpi.title),
        "formula": phrases.describe_formula(kpi, t), "source": phrases.describe_source(kpi, t),
        "measure": kpi.measure, "unit": kpi.unit, "sample": explanation.sample,
        "published_in": explanation.origin or None, "member": explanation.only or None,
        "published": _plain(dict(explanation.published)),
        "registers_not_read": list(explanation.unread), "register_rows_not_read": explanation.n_lost,
        "parts": [_part_data(part) for part in explanation.parts],
        "members": [_part_data(part) for part in explanation.members],
        "steps": [_plain({**vars(step), "agrees": step.agrees}) for step in explanation.steps],
        "target_status": kpi.target_status if explanation.published.get("target") is not None else None,
        "lost_files": [_plain(_lost_data(lost)) for lost in explanation.lost],
        "adds_up": not explanation.differences,
    }  # fmt: skip


def _lost_data(lost: LostFile) -> dict[str, object]:
    issue = lost.issue
    facts = {"quarter": issue.quarter, "source_file": issue.source_file, "members": lost.members, "rule": issue.rule}
    return facts | {"message": {"fr": issue.message_fr, "en": issue.message_en}}


# Other programs read these keys.
_JSON_NAMES = {"lower": "low", "known": "told", "expected": "asked", "issues": "findings"}


def _part_data(part: ExplainedPart) -> dict[str, object]:
    """Return a part as JSON data, under the keys that were published; a register's rows are among its cells."""
    fields = {name: value for name, value in vars(part).items() if name not in ("register", "rows", "traces")}
    return _plain(_rename(fields) | {"traces": [_rename(asdict(cell)) for cell in part.traces]})


def _rename(fields: Mapping[str, object]) -> dict[str, object]:
    return {_JSON_NAMES.get(name, name): value for name, value in fields.items()}


def _plain(value: object) -> object:
    """Return values for JSON: no infinity, whole numbers without `.0`, texts without control characters."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return None if not math.isfinite(value) else int(value) if value.is_integer() else value
    return clean(value) if isinstance(value, str) else value


Widths = tuple[int, ...]  # of columns, in characters
_STEP_WIDTHS, _PART_WIDTHS = (30, 80, 26, 26, 12), (26, 22, 12, 12, 12, 16, 16, 16, 16, 12, 12, 40)
_CELL_WIDTHS = (10, 10, 26, 30, 20, 8, 8, 12, 46, 60)


def write_explanation_workbook(path: Path, explanation: Explanation, t: Translator) -> None:
    """Write an explanation as a workbook with three sheets: steps, parts, cells.

    The same explanation gives the same bytes. Raises OSError where the file cannot be written.
    """
    name = str(Reference(explanation.kpi.kpi, explanation.quarter, explanation.scope))
    with xlsx.open_book(path, date.fromisoformat(explanation.as_of), title=f"papu explain {name}") as book:
        facts = [*listing.list_facts(explanation, t), *listing.describe_agreement(explanation, t)]
        _write_sheet(book, [listing.list_step_rows(explanation, t)], facts, _STEP_WIDTHS, t)
        _write_sheet(book, listing.list_tables(explanation, t), facts[:3], _PART_WIDTHS, t)
        _write_sheet(book, [listing.list_cell_rows(explanation, t)], facts[:3], _CELL_WIDTHS, t)


def _write_sheet(book: xlsx.Book, tables: list[Listing], facts: list[str], widths: Widths, t: Translator) -> None:
    sheet = book.add_sheet(tables[0].title[:31], t.language, widths)
    for row, fact in enumerate(facts):
        sheet.write(row, 0, fact, bold=not row)
    first = row = len(facts) + 1
    for table in tables:
        if len(tables) > 1:
            sheet.write(row, 0, table.title, bold=True)
            row += 1
        sheet.write_heads(row, table.heads)
        for cells in table.rows:
            row += 1
            sheet.write_row(row, cells)
        if table.foot:
            row += 1
            sheet.write_row(row, table.foot, bold=True, top=1)
        for note in table.notes:
            row += 1
            sheet.write(row, 0, note, italic=True)
        row += 2
    sheet.set_page(first)
