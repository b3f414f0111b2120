"""The figures that each theme of the report has, as data: figures.csv, and which of its rows cannot be meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpers.speech import say, to_say

if TYPE_CHECKING:
    from helpers.plan.files import PlanTable
    from helpers.plan.plan import Companion, Kpi, Plan

CHANGES = "changes"  # the figure of the section on change, which is no theme's
FIGURES = (
    "trend", "trends", "regions", "regions_over_time", "members", "member_map", "member_stages", "slopes", "companions",
    "families", "ladder", "flow", CHANGES,
)  # fmt: skip
_OF = {"companions": to_say("the unit of the companions shown, such as percent"),
       "families": to_say("the list of components.csv"),
       "member_stages": to_say("the companion that members meet before the KPI"),
       "flow": to_say("the companion that is a part of it"),
       "ladder": to_say("its steps in order: companions, and the KPI by its code")}  # fmt: skip
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
            yield row.say("{figure} of {kpis} occurs twice, first in row {before}; keep one", before=before)
        if unknown := ", ".join(kpi for kpi in figure.kpis if kpis and kpi not in kpis):
            yield row.say("names {unknown}, no KPI of kpis.csv; correct it, or leave it out", unknown=unknown)
        known = [plan.by_kpi[kpi] for kpi in figure.kpis if kpi in plan.by_kpi]
        for problem in (*_check_theme(figure, known), *_check_number(figure), *_check_words(figure)):
            yield row.tell(problem)
        for kpi in known:
            if problem := _check_kpi(figure.figure, kpi) or (figure.of and _check_parts(plan, figure, kpi)):
                yield row.tell(problem)


def _check_theme(figure: ThemeFigure, kpis: Collection[Kpi]) -> Iterator[str]:
    if figure.figure == CHANGES:
        if figure.theme:
            yield say("{figure} is a figure of the section on change; leave theme blank", figure=CHANGES)
        return
    if not figure.theme:
        yield say("theme is blank, as only that of {figure} may be; write the theme of its KPI", figure=CHANGES)
        return
    for kpi in kpis:
        if kpi.theme != figure.theme:
            yield say("{kpi} is of theme {own}, not {theme}; correct one of them",
                      kpi=kpi.kpi, own=kpi.theme, theme=figure.theme)  # fmt: skip


def _check_number(figure: ThemeFigure) -> Iterator[str]:
    least, most = _SEVERAL.get(figure.figure, (1, 1))
    if not least <= len(figure.kpis) <= most:
        number = say("{least} to {most} KPIs", least=least, most=most) if most > 1 else say("one KPI")
        yield say("{figure} is of {number}, not {n}; write a row for each figure",
                  figure=figure.figure, number=number, n=len(figure.kpis))  # fmt: skip
    if len(set(figure.kpis)) < len(figure.kpis):
        yield say("kpis has one of them twice; keep one")


def _check_words(figure: ThemeFigure) -> Iterator[str]:
    """Yield what is wrong with `of` and the title, which the figures of companions need and no other has."""
    if figure.figure not in _OF:
        if figure.of or any(figure.title.values()):
            yield say("{figure} has neither of nor title; leave them blank", figure=figure.figure)
        return
    if not figure.of:
        yield say("of is blank; write {words}", words=say(_OF[figure.figure]))
    if blank := ", ".join(language for language, title in figure.title.items() if not title):
        yield say("title is blank in {blank}; write what its parts are together in every language", blank=blank)


# The figures that only some KPIs can have: which ones, and what is said of any other.
_BY_MEMBER = to_say("{figure} is for what is known member by member; {measured}: choose trend")
_BY_REGION = to_say("{figure} is for what is known by region; {measured}: choose trend")
_KPIS_OF: Mapping[str, tuple[Callable[[Kpi], bool], str]] = {
    "member_map": (lambda kpi: kpi.is_yes_no and kpi.has_member_values,
                   to_say("member_map is for a yes or no of each member; {measured}: choose members or trend")),
    "members": (lambda kpi: kpi.has_member_values, _BY_MEMBER),
    "slopes": (lambda kpi: kpi.has_member_values, _BY_MEMBER),
    "member_stages": (lambda kpi: kpi.measure == "count_known",
                      to_say("{figure} is for count_known; {measured}: choose members or trend")),
    "ladder": (lambda kpi: kpi.assessed == "share",
               to_say("ladder is for a share; {measured}, without one: choose companions")),
    "regions": (lambda kpi: kpi.has_regions, _BY_REGION),
    "regions_over_time": (lambda kpi: kpi.has_regions, _BY_REGION),
    CHANGES: (lambda kpi: kpi.has_changes,
              to_say("{figure} is for sums of what members reported last; {measured}: leave it out")),
}  # fmt: skip


def _check_kpi(figure: str, kpi: Kpi) -> str:
    """Return why a KPI cannot have a figure, blank where it can."""
    can_have, told = _KPIS_OF.get(figure, (lambda _: True, ""))
    measured = say("{kpi} is {measure}", kpi=kpi.kpi, measure=kpi.measure)
    return "" if can_have(kpi) else say(told, figure=figure, measured=measured)


def _check_parts(plan: Plan, figure: ThemeFigure, kpi: Kpi) -> str:
    """Return why a figure cannot be made of a KPI's companions, blank where it can."""
    if figure.figure == "companions":
        return _check_companions(plan.parts_of(kpi.kpi, unit=figure.of), figure, kpi)
    if figure.figure == "families":
        return _check_families(plan.parts_of(kpi.kpi, listed=figure.of), figure, kpi)
    return _check_named(plan, figure, kpi) if figure.figure in _NAMED else ""


def _check_named(plan: Plan, figure: ThemeFigure, kpi: Kpi) -> str:
    """Return why companions named one by one cannot be shown, blank where they can."""
    parts, names = {part.component: part for part in plan.parts_of(kpi.kpi)}, figure.of.split()
    steps = [name for name in names if name != kpi.kpi]
    if unknown := ", ".join(name for name in steps if name not in parts):
        told = to_say("{kpi} has no companion {unknown} (companions.csv); correct of, or add the rows")
        return say(told, kpi=kpi.kpi, unknown=unknown)
    if figure.figure == "ladder":
        return _check_ladder(names, [parts[name] for name in steps], kpi)
    if len(names) != 1 or steps != names:
        return say("{figure} shows one companion, not {of}; write one", figure=figure.figure, of=figure.of)
    (name,), wanted = names, _NAMED[figure.figure]
    if parts[name].measure != wanted:
        told = to_say("{name} is {measure}; {figure} shows a companion that is {wanted}")
        return say(told, name=name, measure=parts[name].measure, figure=figure.figure, wanted=wanted)
    if figure.figure == "flow" and not plan.list_flow_questions(kpi.kpi):
        told = to_say(
            "{kpi} has no parts of its step (components.csv) that are sum_reported (companions.csv); add them"
        )
        return say(told, kpi=kpi.kpi)
    return ""


def _check_ladder(names: Sequence[str], shown: Collection[Companion], kpi: Kpi) -> str:
    if names.count(kpi.kpi) != 1 or len(set(names)) < len(names) or not 2 <= len(names) <= MOST_LINES:
        told = to_say("ladder has 2 to {most} steps, each once, {kpi} among them; correct of")
        return say(told, most=MOST_LINES, kpi=kpi.kpi)
    bare = ", ".join(companion.component for companion in shown if companion.share != OF_TOTAL)
    told = to_say("{kpi} has {bare} without a share of the total (companions.csv); leave it out")
    return say(told, kpi=kpi.kpi, bare=bare) if bare else ""


def _check_companions(shown: Collection[Companion], figure: ThemeFigure, kpi: Kpi) -> str:
    if not shown:
        told = to_say("{kpi} has no companion in {of} (companions.csv); correct of, or add the rows")
        return say(told, kpi=kpi.kpi, of=figure.of)
    bare = ", ".join(companion.component for companion in shown if not companion.has_percent)
    told = to_say("{kpi} has {bare} without a share to show in percent; write share in companions.csv")
    return say(told, kpi=kpi.kpi, bare=bare) if bare else ""


def _check_families(shown: Collection[Companion], figure: ThemeFigure, kpi: Kpi) -> str:
    if not shown:
        told = to_say("{kpi} has no companion of list {of} (components.csv); correct of, or add rows to companions.csv")
        return say(told, kpi=kpi.kpi, of=figure.of)
    if len(shown) > MOST_LINES:
        told = to_say("list {of} has {n} parts, and families shows {most} at most; choose companions")
        return say(told, of=figure.of, n=len(shown), most=MOST_LINES)
    if any(companion.unit == "percent" for companion in shown):
        return say("families is in numbers, and list {of} in percent; choose companions", of=figure.of)
    return ""
