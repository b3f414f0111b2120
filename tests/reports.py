"""Whole reports made from tables, by the cells of the report notebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from helpers import paths
from helpers.i18n.catalogue import read_catalogue
from helpers.i18n.formats import Translator
from helpers.report import figures, sentences
from helpers.report.document import Report
from helpers.report.tables import annexes, members, sections
from invented import HOSTILE, Invented

NOTEBOOK = paths.notebooks() / "03_report.ipynb"


def cells() -> list[str]:
    """Return the report notebook's own cells, from the first block on: what is tested is what is published."""
    read = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in read if cell["cell_type"] == "code"]
    return code[next(n for n, cell in enumerate(code) if "edition.cover" in cell) :]


def write(tables: Invented, language: str, out: Path, change: Callable[[Report], object] = lambda _: None) -> Report:
    """Write every block of a report from tables, as the notebook does."""
    edition = Report(tables.quarter, tables.as_of, language, out, sample=tables.sample, input_id=tables.input_id)
    names = {
        "edition": edition, "tables": tables, "say": Translator(language), "figures": figures, "sentences": sentences,
        "annexes": annexes, "members": members, "sections": sections,
    }  # fmt: skip
    change(edition)
    for cell in cells()[:-1]:
        exec(compile(cell, "03_report", "exec"), names)
    return edition


def make(tables: Invented, language: str, out: Path, change: Callable[[Report], object] = lambda _: None) -> Report:
    """Make a whole report from tables, the last cell of the notebook included."""
    edition = write(tables, language, out, change)
    exec(compile(cells()[-1], "03_report", "exec"), {"edition": edition})
    return edition


def write_hostile(edition: Report) -> None:
    """Give an edition hostile texts where the Secretariat writes its own."""
    edition.authored = {"subject": HOSTILE, "decision": HOSTILE, "themes": {"1": HOSTILE, "2": HOSTILE * 20}}


def speaks(language: str) -> bool:
    """Tell whether a language's catalogue has every sentence of the French one."""
    return set(read_catalogue("fr")[0]) <= set(read_catalogue(language)[0])
