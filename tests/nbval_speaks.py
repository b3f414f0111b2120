"""A pytest plugin: where a notebook's output is not the stored one, it is said which figure changed, from what to what.

nbval shows the lines of HTML that differ, the new ones marked as missing. Before them this plugin puts, of a table,
`2024Q3, KEN, 2.1.a: stored 510, now 512`; of a figure, which words changed, or that only its strokes did; of a text,
both versions. Its kernels run nothing of their user, as those of an edition.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path

import pytest

# jsonschema, which nbformat asks to check notebooks, would check web addresses with it: two seconds to import.
sys.modules.setdefault("rfc3987_syntax", None)
_FOLDER = tempfile.TemporaryDirectory(prefix="nbval", ignore_cleanup_errors=True)
MOST = 30  # lines told of one cell
Row = list[str]


class _Tables(HTMLParser):
    """Reads the tables of an output: rows of texts, cells that span rows said again in each, and how many head it."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[bool, Row, int]] = []  # in the head?, texts, how many of them are row headings
        self._spans: dict[int, tuple[int, str]] = {}
        self._in_head = self._in_cell = False

    def handle_starttag(self, tag: str, attributes: Sequence[tuple[str, str | None]]) -> None:
        if tag == "thead":
            self._in_head = True
        elif tag == "tr":
            self.rows.append((self._in_head, [], 0))
            self._fill()
        elif tag in ("td", "th") and self.rows:
            self._in_cell, self._span = True, int(dict(attributes).get("rowspan") or 1)
            in_head, row, headings = self.rows[-1]
            row.append("")
            self.rows[-1] = in_head, row, headings + (tag == "th")

    def _fill(self) -> None:
        """Say again what spans from the rows above."""
        in_head, row, headings = self.rows[-1]
        while len(row) in self._spans:
            left, text = self._spans.pop(len(row))
            if left > 1:
                self._spans[len(row)] = left - 1, text
            row.append(text)
            headings += 1
        self.rows[-1] = in_head, row, headings

    def handle_data(self, text: str) -> None:
        if self._in_cell:
            self.rows[-1][1][-1] += text

    def handle_endtag(self, tag: str) -> None:
        if tag == "thead":
            self._in_head = False
        elif tag in ("td", "th") and self._in_cell:
            self._in_cell, row = False, self.rows[-1][1]
            row[-1] = " ".join(row[-1].split())
            if self._span > 1:
                self._spans[len(row) - 1] = self._span - 1, row[-1]
            self._fill()


def read_cells(html: str) -> dict[tuple[str, str], str]:
    """Return the cells of an output's tables by the heading of their row and of their column."""
    reader, cells, columns = _Tables(), {}, []
    reader.feed(html)
    for in_head, row, headings in reader.rows:
        if in_head:
            # pandas heads a table twice, with the columns' names and with those of the index.
            columns = [new or old for old, new in zip_longest(columns, row, fillvalue="")]
            continue
        label = " ".join(row[: headings or 1])
        for place, text in list(enumerate(row))[headings or 1 :]:
            column, n = columns[place] if place < len(columns) else str(place + 1), 1
            while (key := (label if n == 1 else f"{label} ({n})", column)) in cells:
                n += 1
            cells[key] = text
    return cells


def _text(data: Mapping, kind: str) -> str:
    value = data.get(kind, "")
    return value if isinstance(value, str) else "".join(value)


def _changed_words(stored: str, now: str) -> Iterator[str]:
    """Yield the words that differ between two texts: those stored, and those there now."""
    before, after = stored.split(), now.split()
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield f"stored {' '.join(before[a:b])!r}, now {' '.join(after[c:d])!r}"


def _describe_figure(name: str, stored: str, now: str) -> Iterator[str]:
    """Yield what changed of a figure: words of its title and description, else its strokes alone."""
    (*before, digest), (*after, digest_now) = stored.splitlines(), now.splitlines() or [""]
    changed = list(_changed_words(" ".join(before), " ".join(after)))
    yield from (f"{name}: {one}" for one in changed)
    if digest != digest_now and not changed:
        yield f"{name}: drawn otherwise, its words unchanged"


def _tell_output(quarter: str, stored: Mapping, now: Mapping) -> Iterator[str]:
    """Yield how one output differs from the stored one; both are by mime type."""
    text, text_now = _text(stored, "text/plain"), _text(now, "text/plain")
    if "image/png" in stored and text:
        yield from _describe_figure(f"{quarter}, {text.splitlines()[0]}", text, text_now)
        return
    was, is_ = (read_cells(_text(one, "text/html")) for one in (stored, now))
    for row, column in was.keys() | is_.keys():
        before, after = was.get((row, column), "nothing"), is_.get((row, column), "nothing")
        if before != after:
            yield f"{quarter}, {row}, {column}: stored {before or 'blank'}, now {after or 'blank'}"
    if not (was or is_) and text != text_now:
        yield f"{quarter}: stored {text[:200]!r}, now {text_now[:200]!r}"


def tell(quarter: str, stored: Sequence[Mapping], now: Sequence[Mapping]) -> list[str]:
    """Tell how the outputs of a cell differ from those stored, in a person's words."""
    lines = []
    for before, after in zip_longest(stored, now, fillvalue={}):
        lines += sorted(_tell_output(quarter, before.get("data", before), after.get("data", after)))
    return lines[:MOST] + ([f"and {len(lines) - MOST} more"] if len(lines) > MOST else [])


def _quarter(item: pytest.Item) -> str:
    found = re.search(
        r'^quarter: str = "([^"]+)"', "\n".join(cell.source for cell in item.parent.nb.cells), re.MULTILINE
    )
    return found[1] if found else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Isolate the kernel that nbval starts for the first cell of a notebook."""
    if type(item).__name__ != "IPyNbCell":
        return (yield)
    from helpers.runs import fork, notebook  # not before pytest needs it

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", fork.name_provisioner())
        for name, value in notebook.isolate_kernel(Path(_FOLDER.name)).items():
            patch.setenv(name, value)
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Put what changed before what nbval says of it."""
    report = yield
    if report.failed and type(item).__name__ == "IPyNbCell" and item.test_outputs is not None:
        lines = tell(_quarter(item), item.cell.outputs, item.test_outputs)
        report.longrepr = "\n".join([*lines, "", str(report.longrepr)]) if lines else report.longrepr
    return report
