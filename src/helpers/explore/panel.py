"""The panel: widgets for what can be chosen, and a figure and a table that follow every change."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from helpers.explore import choices, showing
from helpers.explore.choices import Choice
from helpers.plan import read_plan
from helpers.report import html
from helpers.strings import fold

if TYPE_CHECKING:
    from helpers.explore.explorer import Explorer

# Widgets put every label at the left, where there is room for a few letters only; the list's label is above it.
_CSS = "<style>.papu-explorer .widget-select-multiple > label { text-align: start; }</style>"


class Panel:
    """The widgets of an explorer. Each change of the choice is drawn once."""

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
        kpis = [(f"{kpi.kpi}  {t.localised(kpi.title)}", kpi.kpi) for kpi in read_plan().kpis]
        scopes = [(t.region(scope), scope) for scope in read_plan().scopes]
        names = choices.list_quarters(self.report.tables)
        quarters = [(f"{t.short_quarter(quarter)} {quarter[:4]}", quarter) for quarter in names]
        look = {"style": {"description_width": "92px"}, "layout": widgets.Layout(width="auto", max_width="680px")}
        self.kpi = widgets.Dropdown(options=kpis, value=choice.kpi, description=t("Indicator"), **look)
        self.scope = widgets.Dropdown(options=scopes, value=choice.scope, description=t("Region"), **look)
        period = {"value": (choice.first, choice.last), "description": t("Quarters"), "continuous_update": False}
        self.quarters = widgets.SelectionRangeSlider(options=quarters, **period, **look)
        # As high as the figure without members.
        layout = widgets.Layout(width="220px", height="330px", flex_flow="column", align_items="stretch")
        style = {"description_width": "auto"}
        self.members = widgets.SelectMultiple(description=t("Members"), style=style, layout=layout)
        self.hint = widgets.HTML()

    def _lay_out(self, widgets: ModuleType) -> None:
        side = widgets.VBox([self.members, self.hint], layout=widgets.Layout(width="230px", flex="0 0 auto"))
        flow = "row-reverse wrap" if self.t.is_rtl else "row wrap"
        layout = widgets.Layout(flex_flow=flow, align_items="flex-start", justify_content="flex-start")
        row = widgets.HBox([side, self.figure], layout=layout)
        self.box = widgets.VBox([self.kpi, self.scope, self.quarters, self.message, row, self.table, self.links])
        self.box.add_class("papu-explorer")

    def _follow(self, _: object) -> None:
        if self._is_settling:
            return
        self._offer_members(self._read())
        self.redraw()

    def _read(self) -> Choice:
        """Return what the widgets hold; members that another region or KPI excludes are left out."""
        choice = Choice(self.kpi.value, self.scope.value, tuple(self.members.value), *self.quarters.value)
        return choices.drop_impossible_members(choice)

    def _offer_members(self, choice: Choice) -> None:
        """Offer the members of the scope, keeping those chosen; what that changes in the widgets is no choice."""
        possible = choices.list_choosable_members(choice)
        offered = [(f"{self.t.member(member, short=True)} ({member})", member) for member in possible]
        self._is_settling = True
        try:
            self.members.options = sorted(offered, key=lambda option: fold(option[0]))
            self.members.value = [member for member in choice.members if member in possible]
            self.members.disabled = not offered
        finally:
            self._is_settling = False
        hint = self.t("Ctrl or Cmd and a click: choose several.")
        if not read_plan().by_kpi[choice.kpi].has_member_values:
            hint = self.t("This indicator has no values of single members.")
        self.hint.value = f'<div dir="auto" style="line-height:1.3"><small>{html.as_html(hint)}</small></div>{_CSS}'

    def redraw(self) -> None:
        """Show what is chosen now, or the error, which nobody would see anywhere else."""
        try:
            self._show(choices.resolve_choice(self.report.tables, self._read()))
        except Exception as error:
            text = self.t("This choice cannot be shown: {what}", what=f"{type(error).__name__}: {error}")
            self.message.value = f'<p role="alert" style="margin:4px 0"><b>{html.as_html(text)}</b></p>'
            self.figure.value = self.table.value = self.links.value = ""

    def _show(self, choice: Choice) -> None:
        figure = showing.draw(self.report, choice)
        links = showing.show_links(self.report, showing.render_files(self.report, choice, figure))
        shown, table = showing.show_figure(self.report, choice, figure), showing.show_table(self.report, choice)
        self.explorer.choice = choice
        self.message.value, self.figure.value, self.table.value, self.links.value = "", shown, table, links
