"""The explorer: shows a choice as a live panel where there are widgets, as figure and table elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers import paths
from helpers.explore import showing
from helpers.explore.choices import Choice, resolve_choice, select_choice_rows
from helpers.explore.panel import Panel
from helpers.plan import read_plan
from helpers.report import Report, blocks

VIEW = "application/vnd.jupyter.widget-view+json"


def choose(
    report: Report, kpi: str = "", region: str = "", members: str | Sequence[str] = (), first: str = "", last: str = ""
) -> Explorer:
    """Return an explorer that starts from a choice: members as ISO3 codes with a blank between.

    A blank KPI is the plan's example, a blank region the Union; blank quarters are the last nine.
    Raises ValueError for what cannot be chosen, naming what can.
    """
    names = tuple(members.split() if isinstance(members, str) else members)
    return Explorer(report, Choice(kpi or read_plan().example, region or read_plan().code, names, first, last))


class Explorer:
    """A choice, which the panel may change: its figures (`rows`), its `figure`, and both as files (`save`)."""

    def __init__(self, report: Report, choice: Choice) -> None:
        self.report = report
        self.choice = resolve_choice(report.tables, choice)
        self.panel: Panel | None = None

    def __repr__(self) -> str:
        chosen, names = self.choice, " ".join(self.choice.members) or "no member"
        return f"{chosen.kpi}, {chosen.scope}, {chosen.first} to {chosen.last}: {names}"

    @property
    def rows(self) -> pd.DataFrame:
        """The figures of what is chosen now: one row per quarter (`select_choice_rows`)."""
        return select_choice_rows(self.report.tables, self.choice)

    @property
    def figure(self) -> blocks.ReportFigure:
        """The figure of what is chosen now, with its words."""
        return showing.draw(self.report, self.choice)

    def save(self) -> list[str]:
        """Write what is chosen now as CSV and SVG where the notebooks write, and return the names of both files."""
        folder = paths.out(self.report.quarter, self.report.as_of)
        folder.mkdir(parents=True, exist_ok=True)
        files = showing.render_files(self.report, self.choice)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        return list(files)

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        static = showing.show_static(self.report, self.choice)
        return {"text/plain": repr(self), "text/html": static} | self._view()

    def _view(self) -> dict[str, object]:
        """Return the live panel's view; none without ipywidgets, which only analysts have (dependency group `lab`)."""
        try:
            import ipywidgets
        except ImportError:
            return {}
        self.panel = self.panel or Panel(self, ipywidgets)
        return {kind: view for kind, view in self.panel.box._repr_mimebundle_().items() if kind == VIEW}
