"""The figures that each theme of the report has, as data: figures.csv, and which of its rows cannot be meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.plan.files import PlanTable
    from helpers.plan.plan import Companion, Kpi, Plan

CHANGES = "changes"  # the figure of the section on change, which is no theme's
FIGURES = (
    "trend", "trends", "regions", "regions_over_time", "members", "member_map", "member_stages", "slopes", "companions",
    "families", "ladder", "flow", CHANGES,
)  # fmt: skip
_OF = {
    "companions": "the unit of the companions shown, such as percent", "families": "the list of components.csv",
    "member_stages": "the companion that members meet before the KPI", "flow": "the companion that is a part of it",
    "ladder": "its steps in order: companions, and the KPI by its code",
}  # fmt: skip
_SEVERAL = {"trends": (2, 4), CHANGES: (1, 3)}  # how many KPIs fit side by side; every other figure is of one
_NAMED = {"member_stages": "count_known", "flow": "sum_reported", "ladder": ""}  # by name: what their companions are
OF_TOTAL = "of the total"  # the share of a companion that can be a step of a ladder
MOST_LINES = 5  # that the families of one figure can be told apart by


@dataclass(frozen=True)
class ThemeFigure:
    """A figure of a theme, or of the section on change (theme 0), in the order of the report.

    `of` says which companions of its KPI it shows: those of a unit, of a list, or by name. Such a figure has a title.
    """

    theme: int
    figure: str
    kpis: tuple[str, ...]
    of: str
    title: Mapping[str, str]
    row: int = 0


def list_figure_problems(plan: Plan, table: PlanTable, kpis: Collection[str]) -> Iterator[str]:
    """Yield the file, the row and the remedy of every figure that cannot be drawn; `kpis` are all codes of kpis.csv."""
    first: dict[tuple, int] = {}
    for figure, row in zip(plan.figures, table.rows, strict=True):
        before = first.setdefault((figure.figure, figure.kpis, figure.of), row.number)
        if before != row.number:
            yield row.say(f"{figure.figure} of {row['kpis']} occurs twice, first in row {before}; keep one")
        known = [plan.by_kpi[kpi] for kpi in figure.kpis if kpi in plan.by_kpi]
        if unknown := [kpi for kpi in figure.kpis if kpis and kpi not in kpis]:
            yield row.say(f"names {', '.join(unknown)}, no KPI of kpis.csv; correct it, or leave it out")
        for problem in (*_check_theme(figure, known), *_check_number(figure), *_check_words(figure)):
            yield row.say(problem)
        for kpi in known:
            if problem := _check_kpi(figure.figure, kpi) or _check_parts(plan, figure, kpi):
                yield row.say(problem)


def _check_theme(figure: ThemeFigure, kpis: Collection[Kpi]) -> Iterator[str]:
    if figure.figure == CHANGES:
        if figure.theme:
            yield f"{CHANGES} is a figure of the section on change; leave theme blank"
    elif not figure.theme:
        yield f"theme is blank, as only that of {CHANGES} may be; write the theme of its KPI"
    else:
        for kpi in kpis:
            if kpi.theme != figure.theme:
                yield f"{kpi.kpi} is of theme {kpi.theme}, not {figure.theme}; correct one of them"


def _check_number(figure: ThemeFigure) -> Iterator[str]:
    least, most = _SEVERAL.get(figure.figure, (1, 1))
    if not least <= len(figure.kpis) <= most:
        number = f"{least} to {most} KPIs" if most > 1 else "one KPI"
        yield f"{figure.figure} is of {number}, not {len(figure.kpis)}; write a row for each figure"
    if len(set(figure.kpis)) < len(figure.kpis):
        yield "kpis has one of them twice; keep one"


def _check_words(figure: ThemeFigure) -> Iterator[str]:
    """Yield what is wrong with `of` and the title, which the figures of companions need and no other has."""
    if figure.figure not in _OF:
        if figure.of or any(figure.title.values()):
            yield f"{figure.figure} has neither of nor title; leave them blank"
        return
    if not figure.of:
        yield f"of is blank; write {_OF[figure.figure]}"
    if blank := [language for language, title in figure.title.items() if not title]:
        yield f"title is blank in {', '.join(blank)}; write what its parts are together in every language"


def _check_kpi(figure: str, kpi: Kpi) -> str:
    """Return why a KPI cannot have a figure, blank where it can."""
    measured = f"{kpi.kpi} is {kpi.measure}"
    if figure == "member_map" and not (kpi.is_yes_no and kpi.has_member_values):
        return f"member_map is for a yes or no of each member; {measured}: choose members or trend"
    if figure in ("members", "slopes") and not kpi.has_member_values:
        return f"{figure} is for what is known member by member; {measured}: choose trend"
    if figure == "member_stages" and kpi.measure != "count_known":
        return f"{figure} is for count_known; {measured}: choose members or trend"
    if figure == "ladder" and kpi.assessed != "share":
        return f"ladder is for a share; {measured}, without one: choose companions"
    if figure in ("regions", "regions_over_time") and not kpi.has_regions:
        return f"{figure} is for what is known by region; {measured}: choose trend"
    if figure == CHANGES and not kpi.has_changes:
        return f"{CHANGES} is for sums of what members reported last; {measured}: leave it out"
    return ""


def _check_parts(plan: Plan, figure: ThemeFigure, kpi: Kpi) -> str:
    """Return why a figure cannot be made of a KPI's companions, blank where it can."""
    if not figure.of:
        return ""
    if figure.figure == "companions":
        return _check_companions(plan.parts_of(kpi.kpi, unit=figure.of), figure, kpi)
    if figure.figure == "families":
        return _check_families(plan.parts_of(kpi.kpi, listed=figure.of), figure, kpi)
    if figure.figure in _NAMED:
        return _check_named(plan, figure, kpi)
    return ""


def _check_named(plan: Plan, figure: ThemeFigure, kpi: Kpi) -> str:
    """Return why companions named one by one cannot be shown, blank where they can."""
    parts, names = {part.component: part for part in plan.parts_of(kpi.kpi)}, figure.of.split()
    steps = [name for name in names if name != kpi.kpi]
    if unknown := [name for name in steps if name not in parts]:
        return f"{kpi.kpi} has no companion {', '.join(unknown)} (companions.csv); correct of, or add the rows"
    if figure.figure == "ladder":
        return _check_ladder(names, [parts[name] for name in steps], kpi)
    if len(names) != 1 or steps != names:
        return f"{figure.figure} shows one companion, not {figure.of}; write one"
    measure = _NAMED[figure.figure]
    if parts[names[0]].measure != measure:
        return f"{names[0]} is {parts[names[0]].measure}; {figure.figure} shows a companion that is {measure}"
    if figure.figure == "flow" and not plan.list_flow_questions(kpi.kpi):
        return f"{kpi.kpi} has no parts of its step (components.csv) that are sum_reported (companions.csv); add them"
    return ""


def _check_ladder(names: Sequence[str], shown: Collection[Companion], kpi: Kpi) -> str:
    if names.count(kpi.kpi) != 1 or len(set(names)) < len(names) or not 2 <= len(names) <= MOST_LINES:
        return f"ladder has 2 to {MOST_LINES} steps, each once, {kpi.kpi} among them; correct of"
    if bare := [companion.component for companion in shown if companion.share != OF_TOTAL]:
        return f"{kpi.kpi} has {', '.join(bare)} without a share of the total (companions.csv); leave it out"
    return ""


def _check_companions(shown: Collection[Companion], figure: ThemeFigure, kpi: Kpi) -> str:
    if not shown:
        return f"{kpi.kpi} has no companion in {figure.of} (companions.csv); correct of, or add the rows"
    if bare := [companion.component for companion in shown if not companion.has_percent]:
        return f"{kpi.kpi} has {', '.join(bare)} without a share to show in percent; write share in companions.csv"
    return ""


def _check_families(shown: Collection[Companion], figure: ThemeFigure, kpi: Kpi) -> str:
    if not shown:
        remedy = "correct of, or add rows to companions.csv"
        return f"{kpi.kpi} has no companion of list {figure.of} (components.csv); {remedy}"
    if len(shown) > MOST_LINES:
        return f"list {figure.of} has {len(shown)} parts, and families shows {MOST_LINES} at most; choose companions"
    if any(companion.unit == "percent" for companion in shown):
        return f"families is in numbers, and list {figure.of} in percent; choose companions"
    return ""
