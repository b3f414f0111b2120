"""The sections that a notebook has by the plan: written from it, an analyst's own cells kept where they are."""

from __future__ import annotations

import copy
import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import PLAN, ROOT
from helpers import editions
from helpers.plan.plan import Plan, Theme
from helpers.plan.theme_figures import ThemeFigure
from helpers.runs import notebook, sections

NAMES = ("02_kpis", "03_report")


def read(name: str) -> dict:
    return json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))


def sources(written: dict) -> list[str]:
    return ["".join(cell["source"]) for cell in written["cells"]]


def own(source: str, **more: object) -> dict:
    """Return a cell of an analyst."""
    return {"cell_type": "markdown", "id": f"own-{len(source)}", "metadata": {}, "source": [source], **more}


def put(written: dict, cell: dict, behind: str) -> dict:
    """Put a cell behind the one of a source."""
    cells = list(written["cells"])
    cells.insert(sources(written).index(behind) + 1, cell)
    return written | {"cells": cells}


def without(plan: Plan, *themes: int) -> Plan:
    """Return the plan without some themes."""
    return replace(
        plan,
        themes=tuple(theme for theme in plan.themes if theme.theme not in themes),
        kpis=tuple(kpi for kpi in plan.kpis if kpi.theme not in themes),
        figures=tuple(figure for figure in plan.figures if figure.theme not in themes),
    )


@pytest.fixture
def longer(plan) -> Plan:
    """Return the plan with a theme more, whose only KPI has two figures and no title in English."""
    kpi = replace(plan.by_kpi["2.1.a"], kpi="7.1.a", theme=7, step="7.1", title={"fr": "Colis suivis", "en": ""})
    theme = Theme(7, "7.1.a", {"fr": "Suivi des colis", "en": ""})
    figures = [ThemeFigure(7, kind, ("7.1.a",), "", {}) for kind in ("trend", "members")]
    return replace(
        plan, themes=(*plan.themes, theme), kpis=(*plan.kpis, kpi), figures=(*plan.figures[:2], *figures, *plan.figures)
    )


@pytest.mark.parametrize("name", NAMES)
def test_writing_twice_is_writing_once(name, longer):
    once = sections.write_sections(read(name), name, longer)
    assert sections.write_sections(copy.deepcopy(once), name, longer) == once
    ids = [cell["id"] for cell in once["cells"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", NAMES)
def test_from_another_plan_and_back_is_the_notebook_as_it_was(name, plan):
    there = sections.write_sections(read(name), name, without(plan, 1, 3, 6))
    assert sources(sections.write_sections(there, name, plan)) == sources(read(name))


def test_a_cell_of_the_plan_is_marked_by_tag_and_id(plan):
    written = sections.write_sections(read("03_report"), "03_report", plan)
    marked = [cell for cell in written["cells"] if cell["metadata"].get("tags") == ["plan"]]
    assert all(editions.find_plan_section(cell) for cell in marked)
    assert {editions.find_plan_section(cell) for cell in marked} == {*"123456", "change", "components"}


def test_the_report_has_the_figures_of_figures_csv_in_order(plan):
    calls = [source for source in sources(read("03_report")) if source.startswith("report.add(figures.")]
    with (PLAN / "figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(calls) == len(rows) + 5  # those of the responses and of all indicators belong to no theme
    named = {"companions": "companion_dots", "changes": "waterfalls"}
    names = [named.get(row["figure"], row["figure"]) for row in rows]
    assert [call for call in calls if '"' in call] == [
        f"report.add(figures.{name}(report, {codes(row)}{of(row)}))" for name, row in zip(names, rows, strict=True)
    ]


def codes(row: dict[str, str]) -> str:
    quoted = ", ".join(f'"{kpi}"' for kpi in row["kpis"].split())
    return f"({quoted})" if " " in row["kpis"] else quoted


def of(row: dict[str, str]) -> str:
    return f', "{row["of"]}"' if row["of"] else ""


def test_a_theme_more_has_its_section_before_the_change(longer):
    report = sources(sections.write_sections(read("03_report"), "03_report", longer))
    start = report.index(next(source for source in report if source.startswith("## Theme 7: Suivi des colis\n")))
    assert report[start + 1 : start + 6] == [
        "headlines.add_theme(report, 7)", "report.add(tables.theme(report, 7), in_workbook=True)",
        "**7.1.a** Colis suivis",
        'report.add(figures.trend(report, "7.1.a"))', 'report.add(figures.members(report, "7.1.a"))',
    ]  # fmt: skip
    assert report[start + 6].startswith("## Change\n")
    kpis = sources(sections.write_sections(read("02_kpis"), "02_kpis", longer))
    assert kpis.index("views.theme_members(tables, 7)") > kpis.index("views.theme_companions(tables, 6)")
    assert "views.theme_companions(tables, 7)" not in kpis  # it has none


@pytest.mark.parametrize("name", NAMES)
def test_a_theme_less_leaves_nothing_of_it(name, plan):
    left = sources(sections.write_sections(read(name), name, without(plan, 4)))
    assert not [source for source in left if "4.1.a" in source or ", 4)" in source or "Theme 4" in source]
    assert sum(source.startswith("## Theme") for source in left) == 5


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_of_no_sum_has_no_section_on_change(name, plan):
    kpis = tuple(kpi for kpi in plan.kpis if not kpi.has_changes)
    figures = tuple(figure for figure in plan.figures if set(figure.kpis) <= {kpi.kpi for kpi in kpis})
    found = sources(sections.write_sections(read(name), name, replace(plan, kpis=kpis, figures=figures)))
    assert any("changes" in source for source in sources(read(name)))
    assert not any(" made of" in source or "changes" in source.lower() for source in found)


def test_a_text_that_a_section_has_twice_has_two_ids(plan):
    figures = [ThemeFigure(2, kind, (kpi,), "", {}) for kind, kpi in
               (("trend", "2.1.a"), ("members", "2.2.a"), ("members", "2.1.a"))]  # fmt: skip
    written = sections.write_sections(read("03_report"), "03_report", replace(plan, figures=tuple(figures)))
    twice = [cell["id"] for cell in written["cells"] if "".join(cell["source"]).startswith("**2.1.a**")]
    assert len(twice) == 2 and twice[1] == f"{twice[0]}-2"
    assert sections.write_sections(written, "03_report", replace(plan, figures=tuple(figures))) == written


class TestOwnCells:
    CALL = 'report.add(figures.regions_over_time(report, "2.1.a"))'
    END = 'report.add(figures.members(report, "2.2.a"))'

    @pytest.mark.parametrize(
        "behind", [CALL, END, "## Theme 2", "report.add(tables.changes(report), in_workbook=True)", "report.cover()"]
    )
    def test_they_stay_behind_the_cell_that_they_followed(self, behind, plan, longer):
        behind = next(source for source in sources(read("03_report")) if source.startswith(behind))
        changed = put(put(read("03_report"), own("Second."), behind), own("First."), behind)
        for other in (plan, longer, without(plan, 1, 3)):
            changed = sections.write_sections(changed, "03_report", other)
            found = sources(changed)
            assert found[found.index(behind) + 1 : found.index(behind) + 3] == ["First.", "Second."]

    def test_they_go_to_the_end_of_their_section_where_the_cell_is_gone(self, plan):
        changed = put(read("03_report"), own("Mine."), self.CALL)
        other = replace(plan, figures=tuple(figure for figure in plan.figures if figure.figure != "regions_over_time"))
        found = sources(sections.write_sections(changed, "03_report", other))
        assert found.index("Mine.") == found.index(self.END) + 1

    @pytest.mark.parametrize(
        ("gone", "before"),
        [
            ((2,), 'report.add(figures.member_stages(report, "1.1.b", "adopted_or_beyond"))'),
            ((1, 2), "report.add(tables.calls(report))"),
        ],
    )
    def test_they_go_behind_the_section_before_where_theirs_is_gone(self, gone, before, plan):
        changed = put(read("03_report"), own("Mine."), self.CALL)
        found = sources(sections.write_sections(changed, "03_report", without(plan, *gone)))
        assert found.index("Mine.") == found.index(before) + 1

    def test_an_edited_cell_is_an_analysts_and_the_plans_comes_again(self, plan):
        changed = read("03_report")
        cell = changed["cells"][sources(changed).index(self.CALL)]
        cell["source"] = [self.CALL, "  # as in the letter"]
        written = sections.write_sections(changed, "03_report", plan)
        found = sources(written)
        place = found.index(f"{self.CALL}  # as in the letter")
        assert found[place + 1] == self.CALL and written["cells"][place]["metadata"] == {}
        ids = [cell["id"] for cell in written["cells"]]
        assert len(ids) == len(set(ids)) and sections.write_sections(written, "03_report", plan) == written

    def test_a_copied_cell_is_an_analysts(self, plan):
        copied = own(self.CALL, metadata={"tags": ["plan", "mine"]})
        written = sections.write_sections(put(read("03_report"), copied, self.END), "03_report", plan)
        place = sources(written).index(self.END) + 1
        assert written["cells"][place]["metadata"] == {"tags": ["mine"]}

    def test_a_notebook_without_cells_of_the_plan_is_left_alone(self, plan):
        for name in ("01_ingest", "04_country_brief", "05_explore"):
            assert sections.write_sections(read(name), name, plan) == read(name)
        mine = {"cells": [own("Mine.")], "metadata": {}}
        assert sections.write_sections(mine, "03_report", plan) == mine


class TestDigest:
    def digest(self, written: dict, folder: Path) -> str:
        path = folder / "03_report.ipynb"
        path.write_text(json.dumps(written), encoding="utf-8")
        return editions.digest_notebook(path)

    def test_what_another_plan_writes_is_as_released(self, plan, tmp_path):
        other = sections.write_sections(read("03_report"), "03_report", without(plan, 4))
        assert self.digest(other, tmp_path) == self.digest(read("03_report"), tmp_path)

    @pytest.mark.parametrize(
        "change",
        [
            lambda cells: cells[-1:] + [own("1 + 1", cell_type="code")],
            lambda cells: [cell for cell in cells if not editions.find_plan_section(cell)],
            lambda cells: [cell | {"source": [*cell["source"], " "]} for cell in cells],
        ],
    )
    def test_a_cell_of_ones_own_none_of_the_plan_or_an_edited_one_is_not(self, change, tmp_path):
        changed = read("03_report") | {"cells": change(read("03_report")["cells"])}
        assert self.digest(changed, tmp_path) != self.digest(read("03_report"), tmp_path)


def drop(path: Path, is_dropped: Callable[[list[str]], bool]) -> None:
    """Take rows out of a file of the plan."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *(row for row in rows if not is_dropped(row))])


@pytest.mark.slow
def test_a_root_with_data_only_and_another_plan_gets_its_own_sections(raw):
    folder = raw.root / "data" / "raw" / "plan"
    shutil.copytree(PLAN, folder)
    for name in ("themes", "steps", "kpis", "companions", "components", "names"):
        drop(folder / f"{name}.csv", lambda row: row[0].startswith("4"))
    drop(folder / "figures.csv", lambda row: row[0] == "4")
    raw.write_plain("2022Q3", [{"member": "SEN", "quarter": "2022Q3", "offices_total": 130}], received_on="2022-10-12")
    shipped = ROOT / "notebooks" / "02_kpis.ipynb"
    before = shipped.read_bytes()
    notebook.run_notebook(shipped, raw.root / "executed.ipynb", {"quarter": "2022Q3"})
    executed = json.loads((raw.root / "executed.ipynb").read_text(encoding="utf-8"))
    notebook.check_executed(executed, "02_kpis")
    found = sources(executed)
    assert "views.theme_figures(tables, 3)" in found and "views.theme_figures(tables, 4)" not in found
    assert shipped.read_bytes() == before and not (raw.root / "notebooks").exists()
