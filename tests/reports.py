"""Whole reports made from tables, by the cells of the report notebook."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from helpers import paths
from helpers.i18n.catalogue import read_catalogue
from helpers.i18n.formats import Translator
from helpers.report import Report, figures, headlines, tables
from helpers.report.blocks import Table
from helpers.report.cells import Cell, Number
from helpers.tables import EditionTables, pipeline
from invented import HOSTILE, Invented, empty, invent

NOTEBOOK = paths.notebooks() / "03_report.ipynb"


def report_of(found: Invented, t: Translator | str = "fr", out: Path | None = None) -> Report:
    """Return an empty report on tables, in a language."""
    language = t if isinstance(t, str) else t.language
    return Report(found.quarter, found.as_of, language, tables=found, out=out)


def cells() -> list[str]:
    """Return the report notebook's own cells, from the first block on: what is tested is what is published."""
    read = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in read if cell["cell_type"] == "code"]
    return code[next(n for n, cell in enumerate(code) if "report.cover" in cell) :]


def write(found: Invented, language: str, out: Path, change: Callable[[Report], object] = lambda _: None) -> Report:
    """Write every block of a report from tables, as the notebook does."""
    report = report_of(found, language, out)
    names = {"report": report, "t": report.t, "figures": figures, "headlines": headlines, "tables": tables}
    change(report)
    for cell in cells()[:-1]:
        exec(compile(cell, "03_report", "exec"), names)
    return report


def make(found: Invented, language: str, out: Path, change: Callable[[Report], object] = lambda _: None) -> Report:
    """Make a whole report from tables, the last cell of the notebook included."""
    report = write(found, language, out, change)
    exec(compile(cells()[-1], "03_report", "exec"), {"report": report})
    return report


def printed(table: Table, t: Translator) -> pd.DataFrame:
    """Return a table as it is printed: a column per head, every cell as text, without the rows that head a group."""
    rows = [[print_cell(cell, t) for cell in row] for row in table.body if not isinstance(row, str)]
    return pd.DataFrame(rows, columns=[column.head for column in table.columns])


def print_cell(cell: Cell, t: Translator) -> str:
    """Return a cell as it is printed."""
    return cell.text(t) if isinstance(cell, Number) else str(cell)


def write_hostile(report: Report) -> None:
    """Give a report hostile texts where the Secretariat writes its own."""
    report.authored = {"subject": HOSTILE, "decision": HOSTILE, "themes": {"1": HOSTILE, "2": HOSTILE * 20}}


def has_catalogue(language: str) -> bool:
    """Tell whether a language's catalogue has every sentence of the French one."""
    return set(read_catalogue("fr")[0]) <= set(read_catalogue(language)[0])


# --- reports that several tests read ----------------------------------------------------------------------------

LONG_WORD = "n" * 300
OTHERS = {"first quarter": lambda: invent("2022Q3"), "nobody answered": empty}


def _make(name: str, folder: Path) -> None:
    if name in OTHERS:
        make(OTHERS[name](), "fr", folder)
        return
    tables = invent()
    tables.issues.loc[:, ["observed", "question", "source_file"]] = LONG_WORD
    make(tables, name, folder, write_hostile)


@pytest.fixture(name="whole", scope="session")
def whole_report(tmp_path_factory) -> Callable[[str], Path]:
    """Return what gives the folder of a whole report of invented tables, made when it is first asked for.

    By a language: all quarters, hostile texts and endless words in it; the languages share a folder. By a name of
    OTHERS: in French.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def get(name: str) -> Path:
        folder, done = shared / (name if name in OTHERS else "whole"), shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                folder.mkdir(exist_ok=True)
                _make(name, folder)
                done.touch()
        return folder

    return get


@pytest.fixture(name="sample", scope="session")
def sample_tables(tmp_path_factory) -> Callable[[str], EditionTables]:
    """Return what reads the sample's tables of a quarter, made when they are first asked for, anew for each caller."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def get(quarter: str) -> EditionTables:
        with pytest.MonkeyPatch.context() as patch, FileLock(shared / f"{quarter}.lock"):
            patch.delenv("PAPU_ROOT", raising=False)
            patch.setenv("PAPU_OUT", str(shared / "sample"))
            return pipeline.load_tables(quarter)

    return get
