"""The notebooks' frames: true for any quarter, also one that nobody answered."""

from __future__ import annotations

import json
from datetime import date

import matplotlib
import pytest
import seaborn

from helpers import paths
from helpers.plan import read_plan
from helpers.tables import EditionTables, pipeline, views
from invented import empty, invent

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


class TestTidy:
    """One row per figure, for pandas and seaborn to take as it is."""

    FIGURE = ["quarter", "scope", "kpi", "component", "figure"]

    def test_a_figure_has_one_row_and_each_scope_is_of_one_kind(self):
        rows = views.tidy(invent())
        assert tuple(rows.columns) == views.TIDY and not rows.duplicated(self.FIGURE).any()
        assert rows.groupby("scope_kind")["scope"].nunique().to_dict() == {"union": 1, "region": 5, "member": 45}
        assert rows["region"].isna().eq(rows["scope_kind"].eq("union")).all()
        assert rows["member"].notna().eq(rows["scope_kind"].eq("member")).all()

    def test_its_values_are_those_of_the_published_tables_and_a_share_is_in_percent(self):
        tables = invent()
        wide = views.tidy(tables, kpi="2.1.a", scope_kind="region", component="").set_index(
            ["quarter", "scope", "figure"]
        )
        rows = tables.kpis[tables.kpis["kpi"].eq("2.1.a") & tables.kpis["scope"].ne("PAPU")]
        for row in rows.itertuples():
            number, share = (wide.loc[(row.quarter, row.scope, figure)] for figure in ("number", "share"))
            assert (number["is_assessed"], share["is_assessed"]) == (False, True)
            assert share["lower"] == pytest.approx(100 * row.share_lower)
            if row.coverage_class == "C":
                assert number.isna()["value"] and share.isna()["value"]
            else:
                assert (number["value"], share["value"]) == pytest.approx((row.value, 100 * row.share), nan_ok=True)

    def test_a_member_has_its_own_figure_and_how_it_is_known(self):
        tables = invent()
        rows = views.tidy(tables, kpi="2.1.a", scope_kind="member", is_assessed=True).set_index(["quarter", "member"])
        own = tables.member_values[tables.member_values["kpi"].eq("2.1.a")].set_index(["quarter", "member"])
        expected = 100 * own["value"] / own["denominator"]
        assert rows["value"].to_dict() == pytest.approx(expected.loc[rows.index].to_dict())
        assert set(rows["basis"]) == {"reported", "carried"}

    def test_seaborn_draws_it_and_pandas_groups_it(self):
        rows = views.tidy(invent(), kpi="6.1.a", scope_kind="region", is_assessed=True)
        assert len(rows.groupby(["region", "quarter"])["value"].mean()) == len(rows)
        with matplotlib.rc_context({"backend": "agg"}):
            chart = seaborn.relplot(data=rows, x="quarter", y="value", hue="region", kind="line")
        assert [text.get_text() for text in chart.legend.get_texts()] == list(read_plan().regions)

    def test_nobody_answered_is_no_number(self):
        assert views.tidy(empty())["value"].dropna().empty
