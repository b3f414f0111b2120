"""figures.csv: which figures a theme has, and the rows that cannot be meant, each with its place and its remedy."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from conftest import PLAN, ROOT
from helpers.plan import theme_figures
from helpers.plan.plan import make_plan, read_plan_files
from helpers.report import figures
from helpers.report.figures.over_time import LINE_STYLES

TITLE = "Par type,By kind,Por tipo,حسب النوع"
NONE = ",,,"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a plan of one's own, with no figure."""
    folder = tmp_path / "plan"
    shutil.copytree(PLAN, folder)
    return folder


def problems(folder: Path, *rows: str) -> list[str]:
    """Return what is told of rows of figures.csv: theme, figure, KPIs, of, titles."""
    header = "theme,figure,kpis,of,title_fr,title_en,title_pt,title_ar"
    (folder / "figures.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    tables = read_plan_files(folder)
    assert tables["figures"].problems == ()
    return list(theme_figures.list_figure_problems(make_plan(folder), tables["figures"], tables["kpis"].codes("kpi")))


def test_the_plan_says_which_figures_a_theme_has(plan):
    assert [(one.figure, one.kpis, one.of) for one in plan.figures_of(1)] == [
        ("trend", ("1.1.b",), ""), ("companions", ("1.1.b",), "percent"),
        ("member_stages", ("1.1.b",), "adopted_or_beyond"),
    ]  # fmt: skip
    assert [one.kpis for one in plan.figures_of(0)] == [("2.1.a", "3.1.a", "5.1.a")]
    assert plan.figures_of(1)[1].title["en"] == "Readiness by domain"


@pytest.mark.parametrize(
    "row",
    [
        f"2,members,2.2.a,,{NONE}", f"3,slopes,3.1.a,,{NONE}", f"5,members,5.1.c,,{NONE}", f"6,regions,6.1.a,,{NONE}",
        f"4,trends,4.1.a 4.2.b,,{NONE}", f"1,trend,1.1.a,,{NONE}", f"5,regions_over_time,5.2.a,,{NONE}",
        f"2,companions,2.1.a,offices,{TITLE}", f"6,companions,6.1.a,members,{TITLE}",
        f"4,families,4.1.a,solution_kind,{TITLE}", f",changes,3.1.a,,{NONE}", f"5,flow,5.1.a,women,{TITLE}",
        f"1,member_stages,1.1.b,adopted_or_beyond,{TITLE}", f"2,ladder,2.1.a,electrified 2.1.a,{TITLE}",
        f"2,ladder,2.1.a,electrified alternative_power 2.1.a networked,{TITLE}", f"1,member_map,1.1.b,,{NONE}",
    ],
)  # fmt: skip
def test_a_figure_that_a_kpi_can_have_is_allowed(folder, row):
    assert problems(folder, row) == []


def test_the_row_that_contributing_gives_is_one_of_them(folder):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text[text.index("## Add a figure of a theme") : text.index("## Add a chart")]
    assert problems(folder, re.search(r"```csv\n(.+?)\n```", section)[1]) == []
    named = {name for row in re.findall(r"^\| (`.+?) \|", section, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert named - {"figure"} == set(theme_figures.FIGURES)


REFUSED = [
    (f"2,trend,2.9.a,,{NONE}", "names 2.9.a, no KPI of kpis.csv; correct it, or leave it out"),
    (f"3,trend,2.1.a,,{NONE}", "2.1.a is of theme 2, not 3; correct one of them"),
    (f",trend,2.1.a,,{NONE}", "theme is blank, as only that of changes may be; write the theme of its KPI"),
    (f"2,changes,2.1.a,,{NONE}", "changes is a figure of the section on change; leave theme blank"),
    (f"2,trend,2.1.a 2.2.a,,{NONE}", "trend is of one KPI, not 2; write a row for each figure"),
    (f"4,trends,4.1.a,,{NONE}", "trends is of 2 to 4 KPIs, not 1; write a row for each figure"),
    (f"5,trends,5.1.b 5.1.c 5.2.a 5.3.a 5.3.b,,{NONE}", "trends is of 2 to 4 KPIs, not 5; write a row for each figure"),
    (f"4,trends,4.1.a 4.1.a,,{NONE}", "kpis has one of them twice; keep one"),
    (
        f"2,member_map,2.1.a,,{NONE}",
        "member_map is for a yes or no of each member; 2.1.a is sum_known: choose members or trend",
    ),
    (
        f"3,member_map,3.3.a,,{NONE}",
        "member_map is for a yes or no of each member; 3.3.a is count_ever: choose members or trend",
    ),
    (
        f"4,members,4.1.a,,{NONE}",
        "members is for what is known member by member; 4.1.a is distinct_items: choose trend",
    ),
    (f"6,slopes,6.1.a,,{NONE}", "slopes is for what is known member by member; 6.1.a is rate: choose trend"),
    (
        f"1,regions_over_time,1.1.a,,{NONE}",
        "regions_over_time is for what is known by region; 1.1.a is milestone: choose trend",
    ),
    (
        f"5,regions_over_time,5.3.a,,{NONE}",
        "regions_over_time is for what is known by region; 5.3.a is register: choose trend",
    ),
    (
        f",changes,2.1.a 2.2.a,,{NONE}",
        "changes is for sums of what members reported last; 2.2.a is mean_index: leave it out",
    ),
    (f"2,trend,2.1.a,percent,{NONE}", "trend has neither of nor title; leave them blank"),
    (f"2,trend,2.1.a,,{TITLE}", "trend has neither of nor title; leave them blank"),
    (f"1,companions,1.1.b,,{TITLE}", "of is blank; write the unit of the companions shown, such as percent"),
    (f"3,families,3.1.a,,{TITLE}", "of is blank; write the list of components.csv"),
    (
        "1,companions,1.1.b,percent,Par type,,Por tipo,",
        "title is blank in en, ar; write what its parts are together in every language",
    ),
    (
        f"1,companions,1.1.b,items,{TITLE}",
        "1.1.b has no companion in items (companions.csv); correct of, or add the rows",
    ),
    (
        f"3,companions,3.1.a,services,{TITLE}",
        "3.1.a has epost, ecommerce, egovernment, efinance, distinct_services without a share to show in percent; "
        "write share in companions.csv",
    ),
    (
        f"3,families,3.1.a,product,{TITLE}",
        "3.1.a has no companion of list product (components.csv); correct of, or add rows to companions.csv",
    ),
    (f"1,families,1.1.b,domain,{TITLE}", "list domain has 7 parts, and families shows 5 at most; choose companions"),
    (f"5,flow,5.1.a,,{TITLE}", "of is blank; write the companion that is a part of it"),
    (f"5,flow,5.1.a,men,{TITLE}", "5.1.a has no companion men (companions.csv); correct of, or add the rows"),
    (f"5,flow,5.1.a,women upskilling,{TITLE}", "flow shows one companion, not women upskilling; write one"),
    (
        f"2,flow,2.1.a,networked,{TITLE}",
        "networked is sum_known; flow shows a companion that is sum_reported",
    ),
    (
        f"1,member_stages,1.1.b,cybersecurity,{TITLE}",
        "cybersecurity is mean_index; member_stages shows a companion that is count_known",
    ),
    (
        f"2,member_stages,2.1.a,cloud_production,{TITLE}",
        "member_stages is for count_known; 2.1.a is sum_known: choose members or trend",
    ),
    (
        f"2,ladder,2.1.a,electrified networked,{TITLE}",
        "ladder has 2 to 5 steps, each once, 2.1.a among them; correct of",
    ),
    (
        f"2,ladder,2.1.a,2.1.a cloud_production,{TITLE}",
        "2.1.a has cloud_production without a share of the total (companions.csv); leave it out",
    ),
    (
        f"3,ladder,3.1.a,3.1.a epost,{TITLE}",
        "ladder is for a share; 3.1.a is sum_known, without one: choose companions",
    ),
    (f"3,families,3.2.a,product,{TITLE}", "families is in numbers, and list product in percent; choose companions"),
]


@pytest.mark.parametrize(("row", "said"), REFUSED)
def test_a_figure_that_a_kpi_cannot_have_is_told_with_its_row_and_what_to_do(folder, row, said):
    assert problems(folder, row) == [f"figures.csv, row 2: {said}"]


def test_a_row_that_occurs_twice_is_told(folder):
    row = f"2,trend,2.1.a,,{NONE}"
    assert problems(folder, row, f"2,members,2.1.a,,{NONE}", row) == [
        "figures.csv, row 4: trend of 2.1.a occurs twice, first in row 2; keep one"
    ]


def test_all_problems_come_at_once(folder):
    said = problems(folder, f"3,slopes,6.1.a,percent,{NONE}", f"2,trend,9.1.a,,{NONE}")
    assert [problem.partition(":")[0] for problem in said] == ["figures.csv, row 2"] * 3 + ["figures.csv, row 3"]


def test_what_kpis_csv_does_not_tell_is_not_told_again_of_its_figures(folder):
    (folder / "kpis.csv").write_text("", encoding="utf-8")
    assert problems(folder, f"2,trend,2.1.a,,{NONE}") == []


def test_every_kind_can_be_drawn_and_every_family_has_a_line_of_its_own():
    named = {"companions": "companion_dots", "changes": "waterfalls"}
    assert {named.get(kind, kind) for kind in theme_figures.FIGURES} <= set(figures.__all__)
    assert len(LINE_STYLES) == theme_figures.MOST_LINES
