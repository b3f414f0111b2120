"""The notebooks' frames: true for any quarter, also one that nobody answered."""

from __future__ import annotations

import json
from datetime import date

import pytest

from helpers import paths
from helpers.plan import read_plan
from helpers.tables import EditionTables, pipeline, views

pytestmark = pytest.mark.slow

Q = "2022Q3"


def run_cells(name: str, quarter: str) -> dict[str, object]:
    """Run the code cells of a notebook in order, for a quarter, and return what they leave."""
    names: dict[str, object] = {}
    for cell in json.loads((paths.notebooks() / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            names |= {"quarter": quarter} if "parameters" in cell["metadata"].get("tags", ()) else {}
    return names


def run_notebooks(quarter: str) -> EditionTables:
    """Run the notebooks of the report, and return the tables that it was made of."""
    for name in ("01_ingest", "02_kpis", "03_report"):
        names = run_cells(name, quarter)
    return names["report"].tables


def test_the_notebooks_run_in_a_quarter_that_nobody_answered(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPU_OUT", str(tmp_path))
    kpis = run_notebooks("2025Q1").kpis
    rows = kpis[(kpis["quarter"] == "2025Q1") & (kpis["scope"] == "PAPU")].set_index("kpi")
    assert rows.loc["2.1.a", ["value", "share", "lower", "n_reported"]].isna().all()
    assert rows.loc["2.1.a", "status"] == "not_assessable"
    assert rows.loc["6.1.a", "n_reported"] == 0
    assert (tmp_path / "report_fr.pdf").is_file()


def test_the_notebooks_run_in_a_quarter_before_the_first_return(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPU_OUT", str(tmp_path))
    assert run_notebooks("2022Q2").kpis.empty
    assert (tmp_path / "report_fr.pdf").is_file()


class TestFrames:
    @pytest.fixture
    def tables(self, raw):
        returns = [
            {"member": "SEN", "quarter": Q, "submitted_on": date(2022, 10, 10), "offices_total": 130,
             "offices_connected": 80},
            {"member": "KEN", "quarter": Q, "submitted_on": date(2022, 11, 10), "offices_total": 600,
             "offices_connected": "many"},
        ]  # fmt: skip
        raw.write_plain(Q, returns, received_on="2022-11-12")
        return pipeline.load_tables(Q)

    def test_who_answered_counts_each_member_once_in_its_region(self, tables):
        found = views.who_answered({"returns": tables.returns}, Q)
        assert found["members"].to_dict() == {"Northern": 5, "Western": 13, "Central": 8, "Eastern": 9, "Southern": 10}
        assert (found.loc["Western", "on_time"], found.loc["Eastern", "late"]) == (1, 1)

    def test_a_withdrawn_value_is_listed_with_its_place(self, tables):
        found = views.list_issues({"issues": tables.issues}, Q, "withdrawn")
        assert found[["rule", "member", "question", "observed", "row"]].to_numpy().tolist() == [
            ["V03", "KEN", "offices_connected", "many", "3"]
        ]

    def test_what_members_add_marks_what_was_carried(self, tables):
        found = views.theme_members(tables, 2)
        assert found.loc["SEN", "2.1.a"] == "80"
        assert found.loc["KEN", "2.1.a"] == ""
        assert len(found) == len(read_plan().members_in(Q))

    def test_a_themes_figures_are_the_unions(self, tables):
        found = views.theme_figures(tables, 2)
        assert (found.loc["2.1.a", "value"], found.loc["2.1.a", "n_reported"]) == (80, 1)
