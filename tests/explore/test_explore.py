"""The explorer: one choice, one frame; a figure and a table that follow; all marked, all escaped."""

from __future__ import annotations

import base64
import csv
import io
import re
import subprocess
import sys
from dataclasses import replace
from urllib.parse import unquote

import pandas as pd
import pytest

from conftest import DOCUMENT
from helpers import paths
from helpers.explore import choose, showing
from helpers.explore.choices import list_choosable_members
from helpers.explore.explorer import VIEW
from helpers.i18n import Translator
from helpers.plan import read_plan
from invented import empty, invent
from present import UNION
from reports import report_of

pytestmark = pytest.mark.slow

FULL, NOBODY = invent(), empty()
MARK = "données fictives / invented sample"
BLANK = float("nan")


def chosen(tables=FULL, language="en", **choice):
    return choose(report_of(tables, language), **choice)


def of_class_c(tables=None):
    """Return tables in which 2.1.a of the West is of class C in the last quarter, with a value all the same."""
    made = replace(tables or FULL, kpis=FULL.kpis.copy())
    here = made.kpis["kpi"].eq("2.1.a") & made.kpis["scope"].eq("Western") & made.kpis["quarter"].eq("2024Q3")
    made.kpis.loc[here, ["coverage_class", "status"]] = ["C", "not_assessable"]
    made.kpis.loc[here, ["value", "share", "share_lower", "share_upper"]] = [777.0, 0.77777, 0.125, 0.875]
    return made


def texts(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html)


# --- the frame --------------------------------------------------------------------------------------------------


def test_a_choice_is_one_frame_with_one_row_per_quarter():
    rows = chosen(kpi="2.1.a", region="Western", members="SEN GHA", first="2024Q1").rows
    assert list(rows["quarter"]) == ["2024Q1", "2024Q2", "2024Q3"]
    assert set(rows["scope"]) == {"Western"} and set(rows["kpi"]) == {"2.1.a"}
    assert list(rows.columns[-6:]) == ["SEN", "SEN_of", "SEN_basis", "GHA", "GHA_of", "GHA_basis"]
    assert {"proposed_target", "proposed_status"} < set(rows.columns) and "target" not in rows.columns


def test_figures_are_those_of_the_tables_unrounded():
    explorer = chosen(kpi="2.1.a", region="Western", members="SEN", first="2024Q3")
    published = FULL.kpis.query("kpi == '2.1.a' and scope == 'Western' and quarter == '2024Q3'").iloc[0]
    member = FULL.member_values.query("kpi == '2.1.a' and member == 'SEN' and quarter == '2024Q3'")
    row = explorer.rows.iloc[0]
    if published["coverage_class"] != "C":
        assert (row["value"], row["share"]) == (published["value"], published["share"])
    assert (row["lower"], row["upper"]) == (published["lower"], published["upper"])
    assert list(member["value"]) == [value for value in [row["SEN"]] if value == value]


def test_what_is_left_blank_is_the_plans_example_for_the_union():
    explorer = chosen(kpi="", region="", members="")
    assert (explorer.choice.kpi, explorer.choice.scope, explorer.choice.members) == (read_plan().example, UNION, ())


def test_class_c_has_bounds_only():
    explorer = chosen(of_class_c(), kpi="2.1.a", region="Western", first="2024Q3")
    row = explorer.rows.iloc[0]
    assert pd.isna(row["value"]) and pd.isna(row["share"]) and row["share_upper"] == 0.875
    html = texts(explorer._repr_mimebundle_()["text/html"])
    assert "777" not in html and "77.8" not in html
    assert "12.5 to 87.5%" in html and "(C): too few answers, range only." in html


def test_nobody_answered_is_blank_and_never_zero():
    explorer = chosen(NOBODY, kpi="3.1.a", members="SEN")
    row = explorer.rows.iloc[0]
    assert all(pd.isna(row[name]) for name in ("value", "lower", "upper", "SEN")) and row["n_reported"] == 0
    assert row["SEN_basis"] == ""
    html = texts(explorer._repr_mimebundle_()["text/html"])
    assert "n.d." in html and "nan" not in html.lower()


def test_one_quarter_is_enough():
    explorer = chosen(invent("2022Q3"), members="SEN KEN")
    assert explorer.choice.quarters == ["2022Q3"]
    assert "<svg" in showing.draw(explorer.report, explorer.choice).svg
    assert explorer.choice.name == "2022Q3_2.1.a_PAPU"


@pytest.mark.parametrize("kpi", [kpi.kpi for kpi in read_plan().kpis])
@pytest.mark.parametrize("scope", ["PAPU", "Central"])
def test_every_kpi_can_be_chosen_in_every_scope(kpi, scope):
    for tables in (FULL, NOBODY):
        html = chosen(tables, "fr", kpi=kpi, region=scope)._repr_mimebundle_()["text/html"]
        assert "nan" not in texts(html).lower() and "{" not in texts(html)


# --- what can be chosen -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kpi", ["1.1.a", "3.3.a", "4.1.a", "5.2.a", "6.1.a"])
def test_a_kpi_without_values_of_members_says_so_and_shows_none(kpi):
    explorer = chosen(kpi=kpi, members="SEN KEN")
    assert explorer.choice.members == () and list_choosable_members(explorer.choice) == []
    assert "This indicator has no values of single members." in explorer._repr_mimebundle_()["text/html"]


def test_the_plan_and_the_tables_agree_on_who_has_values_of_members():
    assert {kpi.kpi for kpi in read_plan().kpis if kpi.has_member_values} & DOCUMENT == {
        "1.1.b", "2.1.a", "2.2.a", "3.1.a", "3.1.b", "3.2.a", "5.1.a", "5.1.b", "5.1.c",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"kpi": "9.9.z"}, "no KPI 9.9.z; choose among 1.1.a"),
        ({"region": "West"}, "no region West; choose among PAPU, Northern"),
        ({"first": "2019Q1"}, "no quarter 2019Q1; choose among 2022Q3"),
        ({"first": "2024Q2", "last": "2023Q1"}, "2024Q2 comes after 2023Q1"),
        ({"region": "Eastern", "members": "SEN KEN"}, "no member of Eastern in 2024Q3 SEN; choose among"),
        ({"members": "XXX <b>"}, "no member of PAPU in 2024Q3 XXX, <b>"),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_what_can(choice, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        chosen(**choice)


# --- files ------------------------------------------------------------------------------------------------------


def test_the_csv_is_safe_marked_whole_and_opens_in_a_spreadsheet():
    explorer = chosen(kpi="2.1.a", region="Western", members="SEN")
    text = showing.render_rows(explorer.report, explorer.choice)
    assert text.startswith("\ufeff")
    header, *rows = csv.reader(io.StringIO(text[1:]))
    assert len(rows) == len(explorer.rows) and header[-1] == "sample" and {row[-1] for row in rows} == {MARK}
    values = [float(row[header.index("lower")]) for row in rows]
    assert values == list(explorer.rows["lower"])


def test_a_text_that_a_spreadsheet_would_run_is_kept_a_text():
    tables = replace(FULL, kpis=FULL.kpis.copy())
    tables.kpis["coverage_class"] = "=1+1"
    explorer = chosen(tables, kpi="3.1.a")
    text = showing.render_rows(explorer.report, explorer.choice)
    assert ",'=1+1," in text and ",=1+1," not in text


def test_files_are_named_for_the_quarters_the_kpi_and_the_region(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPU_OUT", str(tmp_path / "out"))
    explorer = chosen(language="fr", kpi="5.1.a", region="Central", first="2023Q4")
    name = "2023Q4-2024Q3_5.1.a_Central_invented-sample"
    assert explorer.save() == [f"{name}.csv", f"{name}_fr.svg"]
    folder = paths.out("2024Q3", "2024-11-14")
    assert (folder / f"{name}.csv").read_bytes().startswith(b"\xef\xbb\xbfquarter,scope,kpi")
    assert "<svg" in (folder / f"{name}_fr.svg").read_text("utf-8")


def test_what_was_received_bears_no_mark_of_invention():
    tables = replace(FULL, sample=False)
    explorer = chosen(tables)
    files = showing.render_files(explorer.report, explorer.choice)
    shown = explorer._repr_mimebundle_()["text/html"] + files["2022Q3-2024Q3_2.1.a_PAPU.csv"]
    assert "fictives" not in shown and "sample" not in shown + " ".join(files)


# --- shown ------------------------------------------------------------------------------------------------------


def test_what_is_stored_is_the_same_each_time_marked_and_says_proposed():
    first, second = (chosen(members="SEN KEN")._repr_mimebundle_() for _ in range(2))
    assert first["text/plain"] == "2.1.a, PAPU, 2022Q3 to 2024Q3: SEN KEN"
    assert first["text/html"] == second["text/html"]
    shown = texts(first["text/html"])
    assert MARK.capitalize() in shown and "all targets in this report are proposed" in shown
    assert "Proposed target" in shown and "Status against the proposed target" in shown


def test_a_region_that_is_not_judged_has_no_status():
    assert "Not assessable" not in texts(chosen(kpi="3.1.a", region="Central")._repr_mimebundle_()["text/html"])


def test_no_percentage_of_fewer_than_five():
    tables = replace(FULL, member_values=FULL.member_values.copy())
    here = tables.member_values["kpi"].eq("2.1.a") & tables.member_values["member"].eq("SEN")
    tables.member_values.loc[here, ["value", "denominator"]] = [3.0, 4.0]
    html = texts(chosen(tables, kpi="2.1.a", members="SEN")._repr_mimebundle_()["text/html"])
    assert "3 of 4" in html and "75.0%" not in html


def test_free_text_is_escaped(monkeypatch):
    monkeypatch.setattr(Translator, "member", lambda self, member, short=False: "<script>alert(1)</script>")
    html = chosen(members="SEN")._repr_mimebundle_()["text/html"]
    assert "<script" not in html and "&lt;script&gt;" in html


def test_arabic_is_set_from_right_to_left():
    html = chosen(language="ar", members="SEN")._repr_mimebundle_()["text/html"]
    assert 'dir="rtl" lang="ar"' in html and "text-align:left" not in html


def test_it_works_without_widgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # as where it is not installed
    assert set(chosen()._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_importing_it_brings_no_widgets():
    probe = "import helpers.explore, sys; print('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "False\n"


# --- the panel --------------------------------------------------------------------------------------------------


@pytest.fixture
def explorer():
    """Return an explorer whose panel is open."""
    pytest.importorskip("ipywidgets")
    made = chosen(kpi="2.1.a", region="Western", members="SEN GHA")
    assert VIEW in made._repr_mimebundle_()
    return made


def downloads(panel) -> dict[str, str]:
    links = re.findall(r'download="([^"]+)" href="data:[^,]+;base64,([^"]+)"', panel.links.value)
    return {unquote(name): base64.b64decode(held).decode("utf-8") for name, held in links}


def test_figure_table_and_downloads_follow_a_change(explorer):
    panel = explorer.panel
    before = [one.value for one in (panel.figure, panel.table, panel.links)]
    panel.kpi.value = "3.1.a"
    after = [one.value for one in (panel.figure, panel.table, panel.links)]
    assert all(now != was for now, was in zip(after, before, strict=True))
    assert explorer.choice.kpi == "3.1.a" and set(explorer.rows["kpi"]) == {"3.1.a"}
    name = "2022Q3-2024Q3_3.1.a_Western_invented-sample"
    assert set(downloads(panel)) == {f"{name}.csv", f"{name}_en.svg"}
    assert downloads(panel)[f"{name}.csv"] == showing.render_rows(explorer.report, explorer.choice)


def test_members_are_those_of_the_region_and_the_chosen_are_kept_where_they_can_be(explorer):
    panel = explorer.panel
    offered = {member for _, member in panel.members.options}
    assert offered == {member.member for member in read_plan().members_in("2024Q3", "Western")}
    panel.scope.value = "PAPU"
    assert set(panel.members.value) == {"SEN", "GHA"} and len(panel.members.options) == 45
    panel.scope.value = "Central"
    assert panel.members.value == () and explorer.choice.members == ()


def test_one_change_is_one_drawing(explorer, monkeypatch):
    drawn = []
    monkeypatch.setattr(explorer.panel, "redraw", lambda: drawn.append(explorer.panel._read().scope))
    explorer.panel.scope.value = "Eastern"
    explorer.panel.kpi.value = "1.1.a"
    explorer.panel.quarters.value = ("2023Q1", "2024Q1")
    assert drawn == ["Eastern"] * 3


def test_a_kpi_without_values_of_members_closes_the_list(explorer):
    explorer.panel.kpi.value = "6.1.a"
    assert explorer.panel.members.disabled and "no values of single members" in explorer.panel.hint.value
    explorer.panel.kpi.value = "2.1.a"
    assert not explorer.panel.members.disabled


def test_an_error_is_shown_in_the_panel_and_goes_with_the_next_choice(explorer, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(showing, "show_table", lambda *_: 1 / 0)
        explorer.panel.kpi.value = "3.1.a"
    assert "This choice cannot be shown: ZeroDivisionError: division by zero" in explorer.panel.message.value
    assert explorer.panel.figure.value == explorer.panel.table.value == explorer.panel.links.value == ""
    explorer.panel.kpi.value = "5.1.a"
    assert explorer.panel.message.value == "" and "<img" in explorer.panel.figure.value
