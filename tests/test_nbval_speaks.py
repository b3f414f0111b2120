"""What is told of an output that is not the stored one: which figure, from what, to what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from commands import write_notebook
from helpers.runs.notebook import run_notebook
from nbval_speaks import read_cells, tell

pytestmark = pytest.mark.slow


def html(rows: pd.DataFrame) -> dict:
    return {"output_type": "execute_result", "data": {"text/html": rows.to_html(), "text/plain": str(rows)}}


def members(value: object) -> pd.DataFrame:
    rows = pd.DataFrame({"member": ["KEN", "SEN"], "2.1.a": [value, "90"]}).set_index("member")
    return rows.rename_axis(columns="kpi")


def test_a_cell_of_a_table_is_told_by_quarter_row_and_column():
    assert tell("2024Q3", [html(members(510))], [html(members(512))]) == ["2024Q3, KEN, 2.1.a: stored 510, now 512"]


def test_the_same_table_tells_nothing():
    assert tell("2024Q3", [html(members(510))], [html(members(510))]) == []


def test_headings_that_span_rows_stand_before_each():
    rows = pd.DataFrame({"kpi": ["2.1.a", "2.1.a"], "component": ["a", "b"], "n": [1, 2]}).set_index(
        ["kpi", "component"]
    )
    assert read_cells(rows.to_html()) == {("2.1.a a", "n"): "1", ("2.1.a b", "n"): "2"}


def test_a_row_that_is_new_and_rows_of_one_name_are_told():
    more = pd.concat([members(510), members(7).head(1)])
    assert tell("2024Q3", [html(members(510))], [html(more)]) == ["2024Q3, KEN (2), 2.1.a: stored nothing, now 7"]


def test_a_table_of_the_report_is_told_by_its_first_column():
    table = "<table><caption>T</caption><thead><tr><th>ICP</th><th>Valeur</th></tr></thead><tbody>{}</tbody></table>"
    stored, now = ({"text/html": table.format(f"<tr><td>2.1.a</td><td>{n}&nbsp;%</td></tr>")} for n in (79, 80))
    assert tell("2024Q3", [{"data": stored}], [{"data": now}]) == ["2024Q3, 2.1.a, Valeur: stored 79 %, now 80 %"]


def figure(share: str, digest: str) -> dict:
    text = f"figure 3: Bureaux\nCourbe : {share} au T3 2024.\nSVG sha256 {digest}"
    return {"data": {"text/plain": text, "image/png": "iVBO"}}


def test_of_a_figure_the_words_that_changed_are_told():
    assert tell("2024Q3", [figure("86,7", "aa")], [figure("86,9", "bb")]) == [
        "2024Q3, figure 3: Bureaux: stored '86,7', now '86,9'"
    ]


def test_of_a_figure_whose_words_are_the_same_a_changed_stroke_is_told():
    assert tell("2024Q3", [figure("86,7", "aa")], [figure("86,7", "bb")]) == [
        "2024Q3, figure 3: Bureaux: drawn otherwise, its words unchanged"
    ]
    assert tell("2024Q3", [figure("86,7", "aa")], [figure("86,7", "aa")]) == []


STROKE = """
from helpers.report.blocks import ReportFigure
from helpers.report.drawing import Drawing
drawing = Drawing(figsize=(2, 1))
drawing.subplots().plot([0, 1], [0, 1], linewidth={width})
ReportFigure(drawing, "A line", "A line from 0 to 1.")
"""


@pytest.mark.slow
def test_nbval_fails_on_one_changed_stroke_and_says_so(tmp_path):
    path = write_notebook(tmp_path / "stroke.ipynb", STROKE.format(width=1.5))
    run_notebook(path, path, {})
    nbval = [sys.executable, "-m", "pytest", "-p", "nbval_speaks", "-p", "no:cacheprovider", "--nbval", str(path)]
    command = [*nbval, "--nbval-current-env", "--rootdir", str(tmp_path), "-c", os.devnull]
    settings = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    }
    assert subprocess.run(command, env=settings, capture_output=True).returncode == 0
    path.write_text(path.read_text(encoding="utf-8").replace("linewidth=1.5", "linewidth=1.6"), encoding="utf-8")
    ran = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert ran.returncode == 1 and "A line: drawn otherwise, its words unchanged" in ran.stdout


def test_a_sentence_is_shown_in_both_versions():
    assert tell("2024Q3", [{"text": "a"}], [{"text": "b"}]) == []
    stored, now = ({"data": {"text/plain": text}} for text in ("30 days", "31 days"))
    assert tell("2024Q3", [stored], [now]) == ["2024Q3: stored '30 days', now '31 days'"]
