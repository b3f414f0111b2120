"""The notebooks: their shape, and that what is stored in them was really run."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from papermill import inspect_notebook

from helpers.editions import find_plan_section
from helpers.runs import notebook, sections

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
MODULES_THAT_REACH_OUT = {"os", "subprocess", "shutil", "socket", "requests", "urllib", "http", "ctypes"}


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def code(path: Path) -> list[dict]:
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def test_the_notebooks_of_an_edition_are_there():
    assert [path.stem for path in NOTEBOOKS] == ["01_ingest", "02_kpis", "03_report", "04_country_brief", "05_explore"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_every_cell_was_run_once_from_top_to_bottom(self, path):
        assert [cell["execution_count"] for cell in code(path)] == list(range(1, len(code(path)) + 1))
        notebook.check_executed(read(path), path.stem)

    def test_cells_show_what_came_back(self, path):
        shown = [cell for cell in code(path) if cell["outputs"]]
        assert len(shown) >= len(code(path)) - 3  # parameters, imports and a load show nothing

    def test_a_stored_figure_is_its_words_its_digest_and_a_picture_for_the_eye(self, path):
        outputs = [output.get("data", {}) for cell in code(path) for output in cell["outputs"]]
        assert not {"image/svg+xml", "image/jpeg"} & {kind for data in outputs for kind in data}
        for text in ("".join(data["text/plain"]) for data in outputs if "image/png" in data):
            is_ours = re.search(r"\nSVG sha256 [0-9a-f]{64}$", text) or "pages" in text  # a rendered document has pages
            assert is_ours or re.fullmatch(r"<Figure size [\d.]+x[\d.]+ with \d+ Axes>", text)  # a chart of an analyst

    def test_it_is_small_enough_to_be_read_as_a_difference(self, path):
        most_lines = 4_000 if path.stem == "03_report" else 5_000  # 02 shows whole tables, a line per cell
        assert path.stat().st_size < 800_000 and len(path.read_text(encoding="utf-8").splitlines()) < most_lines

    def test_it_opens_with_a_title_and_declares_its_parameters_first(self, path):
        cells = read(path)["cells"]
        assert cells[0]["cell_type"] == "markdown" and source(cells[0]).startswith("# ")
        first = next(cell for cell in cells if cell["cell_type"] == "code")
        assert first["metadata"]["tags"] == ["parameters"]
        for line in source(first).strip().splitlines():
            assert re.fullmatch(r"\w+: str = \"[^\"]*\"  # .+", line), line

    def test_its_defaults_are_frozen(self, path):
        assert 'quarter: str = "2024Q3"' in source(code(path)[0])

    def test_its_sections_are_those_that_the_plan_gives(self, path):
        written = sections.read_notebook(path)["cells"]
        assert list(map(source, written)) == list(map(source, read(path)["cells"])), "run `make notebooks`"

    def test_its_own_cells_have_no_word_of_the_plan(self, path, plan, form):
        words = {*plan.by_kpi, *plan.by_iso3, *plan.regions} | {name for name in form.by_name if "_" in name}
        words |= {name for member in plan.members for name in member.name.values()}
        words |= {text for theme in plan.themes for text in theme.title.values()}
        texts = [source(cell) for cell in read(path)["cells"] if not find_plan_section(cell)]
        assert not [word for text in texts for word in words if re.search(rf"\b{re.escape(word)}\b", text)]

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

    def test_it_ends_by_saying_where_to_go_from_here(self, path):
        last = read(path)["cells"][-1]
        assert last["cell_type"] == "markdown" and source(last).startswith("## Where to go from here\n\n")

    def test_it_keeps_no_widget_for_a_widget_dies_with_its_kernel(self, path):
        notebook = read(path)
        assert "widgets" not in notebook["metadata"] and "vnd.jupyter.widget" not in path.read_text(encoding="utf-8")

    def test_prose_comes_between_the_questions(self, path):
        kinds = "".join(cell["cell_type"][0] for cell in read(path)["cells"])
        assert max(map(len, kinds.split("m"))) <= 7  # calls in a row

    def test_it_runs_with_the_usual_kernel_and_keeps_no_path_or_time(self, path):
        notebook = read(path)
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        assert "papermill" not in notebook["metadata"]
        assert not re.search(r"/(home|root|work|tmp|Users)/", path.read_text(encoding="utf-8"))


# --- plain papermill --------------------------------------------------------------------------------------------


def papermill(folder: Path, *arguments: object) -> str:
    """Run papermill as anybody would type it, from a folder that is not the notebooks', and return what it says."""
    command = [sys.executable, "-m", "papermill", *map(str, arguments)]
    settings = os.environ | {"PAPU_ROOT": str(NOTEBOOKS[0].parents[1]), "PAPU_OUT": str(folder / "out")}
    ran = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_papermill_knows_each_parameter_with_its_type_default_and_meaning(path):
    known = inspect_notebook(path)
    for line in source(code(path)[0]).strip().splitlines():
        name, default, meaning = re.fullmatch(r"(\w+): str = (\"[^\"]*\")  # (.+)", line).groups()
        assert known.pop(name) == {
            "name": name, "inferred_type_name": "str", "default": default, "help": meaning,
        }  # fmt: skip
    assert not known


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_by_plain_papermill_from_anywhere(path, tmp_path):
    before = path.read_bytes()
    papermill(tmp_path, path, tmp_path / "executed.ipynb", "-p", "quarter", "2022Q3")
    notebook.check_executed(read(tmp_path / "executed.ipynb"), path.stem)
    assert path.read_bytes() == before and any((tmp_path / "out").iterdir())


def test_what_is_stored_of_an_output_leaves_its_widget_out_and_keeps_what_stands_beside_it():
    data = {"text/html": "<p>\n", "text/plain": "a", notebook.WIDGET_MIME: {"model_id": "1"}}
    cell = {"cell_type": "code", "source": "a", "metadata": {}, "execution_count": 1, "outputs": [{"data": data}]}
    kept = notebook.strip_notebook(
        {"metadata": {"kernelspec": {"name": "python3"}, "widgets": {"state": {}}}, "cells": [cell]}
    )
    assert kept["cells"][0]["outputs"] == [{"data": {"text/html": ["<p>\n"], "text/plain": ["a"]}}]
    assert set(kept["metadata"]) == {"kernelspec", "language_info"}
