"""The panel: what can be chosen as widgets, and a figure and a table that follow every change."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

from helpers.explore import showing
from helpers.explore.choices import (
    Choice,
    drop_impossible_members,
    list_choosable_members,
    list_quarters,
    list_scopes,
    resolve_choice,
)
from helpers.plan import read_plan
from helpers.report import html
from helpers.strings import fold
from helpers.tables import queries

if TYPE_CHECKING:
    from helpers.explore.explorer import Explorer

_LIST = "330px"  # as high as the figure without members
# Widgets set the words of every control at its left, where there is room for a few letters; a list's stand above it.
_CSS = "<style>.papu-explorer .widget-select-multiple > label { text-align: start; }</style>"


class Panel:
    """The widgets of an explorer. One change of whatever is chosen is one drawing."""

    def __init__(self, explorer: Explorer, widgets: ModuleType) -> None:
        self.explorer, self.report, self.t = explorer, explorer.report, explorer.report.t
        self.message, self.figure, self.table, self.links = (widgets.HTML() for _ in range(4))
        self._add_controls(widgets)
        self._lay_out(widgets)
        self._is_settling = False
        self._offer_members(explorer.choice)
        for control in (self.kpi, self.scope, self.members, self.quarters):
            control.observe(self._follow, "value")
        self.redraw()

    def _add_controls(self, widgets: ModuleType) -> None:
        t, choice = self.t, self.explorer.choice
        style, wide = {"description_width": "92px"}, widgets.Layout(width="auto", max_width="680px")
        kpis = [(f"{kpi.kpi}  {t.localised(kpi.title)}", kpi.kpi) for kpi in read_plan().kpis]
        scopes = [(t.region(scope), scope) for scope in list_scopes()]
        quarters = [
            (f"{t.short_quarter(quarter)} {quarter[:4]}", quarter) for quarter in list_quarters(self.report.tables)
        ]
        self.kpi = widgets.Dropdown(
            options=kpis, value=choice.kpi, description=t("Indicator"), style=style, layout=wide
        )
        self.scope = widgets.Dropdown(
            options=scopes, value=choice.scope, description=t("Region"), style=style, layout=wide
        )
        self.quarters = widgets.SelectionRangeSlider(
            options=quarters, value=(choice.first, choice.last), description=t("Quarters"), style=style, layout=wide,
            continuous_update=False,
        )  # fmt: skip
        self.members = widgets.SelectMultiple(
            description=t("Members"), style={"description_width": "auto"},
            layout=widgets.Layout(width="220px", height=_LIST, flex_flow="column", align_items="stretch"),
        )  # fmt: skip
        self.hint = widgets.HTML()

    def _lay_out(self, widgets: ModuleType) -> None:
        side = widgets.VBox([self.members, self.hint], layout=widgets.Layout(width="230px", flex="0 0 auto"))
        flow = "row-reverse wrap" if self.t.is_rtl else "row wrap"
        row = widgets.HBox(
            [side, self.figure],
            layout=widgets.Layout(flex_flow=flow, align_items="flex-start", justify_content="flex-start"),
        )
        self.box = widgets.VBox([self.kpi, self.scope, self.quarters, self.message, row, self.table, self.links])
        self.box.add_class("papu-explorer")

    # --- following ----------------------------------------------------------------------------------------------

    def _follow(self, _: object) -> None:
        if self._is_settling:
            return
        self._offer_members(self._read())
        self.redraw()

    def _read(self) -> Choice:
        """Return what the widgets say; members that went with another region or KPI are left out."""
        first, last = self.quarters.value
        return drop_impossible_members(Choice(self.kpi.value, self.scope.value, tuple(self.members.value), first, last))

    def _offer_members(self, choice: Choice) -> None:
        """Offer the members of the scope, keeping those chosen; what that changes in the widgets is no choice."""
        offered = [
            (f"{self.t.member(member, short=True)} ({member})", member) for member in list_choosable_members(choice)
        ]
        self._is_settling = True
        try:
            self.members.options = sorted(offered, key=lambda one: fold(one[0]))
            self.members.value = [member for member in choice.members if member in dict(map(reversed, offered))]
            self.members.disabled = not offered
        finally:
            self._is_settling = False
        self.hint.value = (
            f'<div dir="auto" style="line-height:1.3"><small>{html.as_html(self._say_hint(choice))}</small></div>{_CSS}'
        )

    def _say_hint(self, choice: Choice) -> str:
        if not queries.has_member_values(choice.kpi):
            return self.t("This indicator has no values of single members.")
        return self.t("Ctrl or Cmd and a click: choose several.")

    def redraw(self) -> None:
        """Show what is chosen now; tell what goes wrong in the panel: nowhere else would it be seen."""
        try:
            self._show(resolve_choice(self.report.tables, self._read()))
        except Exception as error:
            said = self.t("This choice cannot be shown: {what}", what=f"{type(error).__name__}: {error}")
            self.message.value = f'<p role="alert" style="margin:4px 0"><b>{html.as_html(said)}</b></p>'
            self.figure.value = self.table.value = self.links.value = ""

    def _show(self, choice: Choice) -> None:
        figure = showing.draw(self.report, choice)
        links = showing.show_links(self.report, showing.render_files(self.report, choice, figure))
        shown, table = showing.show_figure(self.report, choice, figure), showing.show_table(self.report, choice)
        self.explorer.choice = replace(choice)
        self.message.value, self.figure.value, self.table.value, self.links.value = "", shown, table, links
