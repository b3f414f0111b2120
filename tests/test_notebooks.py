"""The notebooks: their shape, and that what is stored in them was really run."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from helpers import runs

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
MODULES_THAT_REACH_OUT = {"os", "subprocess", "shutil", "socket", "requests", "urllib", "http", "ctypes"}


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def code(path: Path) -> list[dict]:
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def test_the_notebooks_of_an_edition_are_there():
    assert [path.stem for path in NOTEBOOKS] == ["01_ingest", "02_kpis", "03_report", "04_country_brief"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_every_cell_was_run_once_from_top_to_bottom(self, path):
        assert [cell["execution_count"] for cell in code(path)] == list(range(1, len(code(path)) + 1))
        runs.check_executed(read(path), path.stem)

    def test_cells_show_what_came_back(self, path):
        shown = [cell for cell in code(path) if cell["outputs"]]
        assert len(shown) >= len(code(path)) - 3  # parameters, imports and a load show nothing

    def test_figures_are_stored_as_svg_so_that_they_are_compared(self, path):
        kinds = {kind for cell in code(path) for output in cell["outputs"] for kind in output.get("data", {})}
        assert "image/jpeg" not in kinds

    def test_it_opens_with_a_title_and_declares_its_parameters_first(self, path):
        cells = read(path)["cells"]
        assert cells[0]["cell_type"] == "markdown" and source(cells[0]).startswith("# ")
        first = next(cell for cell in cells if cell["cell_type"] == "code")
        assert first["metadata"]["tags"] == ["parameters"]
        for line in source(first).strip().splitlines():
            assert re.fullmatch(r"\w+: str = \"[^\"]*\"  # .+", line), line

    def test_its_defaults_are_frozen(self, path):
        assert 'quarter: str = "2024Q3"' in source(code(path)[0])

    def test_cells_are_short_and_define_nothing(self, path):
        for cell in code(path):
            tree = ast.parse(source(cell))
            assert len(source(cell).splitlines()) <= 12
            banned = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda)
            assert not [node for node in ast.walk(tree) if isinstance(node, banned)], source(cell)
            assert not re.search(r"^\s*[%!]|;\s*$|#[0-9A-Fa-f]{6}|sys\.exit", source(cell), re.MULTILINE), source(cell)

    def test_cells_import_our_helpers_and_nothing_that_reaches_out(self, path):
        for cell in code(path):
            for node in ast.walk(ast.parse(source(cell))):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                    assert not {name.split(".")[0] for name in names} & MODULES_THAT_REACH_OUT

    def test_prose_comes_between_the_questions(self, path):
        kinds = [cell["cell_type"] for cell in read(path)["cells"]]
        assert kinds.count("markdown") >= kinds.count("code") // 2

    def test_it_runs_with_the_usual_kernel_and_keeps_no_path_or_time(self, path):
        notebook = read(path)
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        assert "papermill" not in notebook["metadata"]
        assert not re.search(r"/(home|root|work|tmp|Users)/", path.read_text(encoding="utf-8"))
