"""The house: each module imports only modules of the floors below it, and keeps to its own trade."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HELPERS = Path(__file__).resolve().parents[1] / "src" / "helpers"
# From the ground up; a package stands for all its modules.
FLOORS = (
    "paths", "plan", "words", "questionnaire", "headers", "cells", "issues", "returns", "registers", "versions",
    "indicators", "sources", "rules", "measures", "status", "evidence", "causes", "kpis", "tables", "datapackage",
    "excel", "feedback", "workbook", "provenance", "views", "selections", "profiles", "sentences", "explain", "charts",
    "edition", "explore", "journal", "kernel", "publishing", "runs", "briefs", "schedule", "differences",
    "verify", "__main__",
)  # fmt: skip
MODULES = sorted(path for path in HELPERS.rglob("*.py") if path != HELPERS / "__init__.py")


def floor(path: Path) -> str:
    return path.relative_to(HELPERS).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the modules of ours that a module imports, wherever in its text."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "helpers":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers."):
            names.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("helpers.")}
    return names


def test_every_module_has_its_floor():
    assert {floor(path) for path in MODULES} == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_only_from_floors_below(path):
    below = FLOORS[: FLOORS.index(floor(path))]
    allowed = {*below, floor(path)} if path.parent != HELPERS else set(below)
    assert imported(path) <= allowed


def mentions(word: str) -> set[str]:
    return {floor(path) for path in MODULES if re.search(word, path.read_text(encoding="utf-8"))}


def test_only_runs_knows_papermill():
    assert mentions(r"import papermill|nbclient") == {"runs"}


def test_only_charts_knows_matplotlib_and_only_edition_typst():
    assert mentions(r"\b(from|import) (matplotlib|seaborn)") <= {"charts"}
    assert mentions(r"\bimport typst") <= {"edition"}


def test_only_words_dresses_numbers():
    assert mentions(r"\b(from|import) babel") == {"words"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_says_what_it_is_for_and_stays_one_responsibility(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 450
