"""The table of what is to be decided: what is missing of each target, what holds it, who is responsible, by when."""

from helpers.i18n import Translator, is_blank
from helpers.plan import read_plan, read_settings
from helpers.report import phrases
from helpers.report.blocks import Column, Table
from helpers.report.cells import Cell
from helpers.report.document import Report
from helpers.report.headlines import describe_to_decide, list_to_decide
from helpers.report.tables.themes import EMPTY, due_cell
from helpers.tables import KpiFigure, profiles, queries

MOST_NAMED = 3  # members whose figure would tell most


def decisions(report: Report) -> Table:
    """Return what is to be decided: one row per target that is missed, at risk, or open to missing data."""
    t, rows = report.t, list_to_decide(report)
    columns = (
        Column(t("KPI"), 10, lambda figure: figure.kpi.kpi),
        Column(t("Indicator"), 37, lambda figure: phrases.name_kpi(figure.kpi.kpi, t)),
        Column(t("Status against the proposed target"), 35, lambda figure: phrases.badge(figure, t)),
        Column(t("What is missing"), 28, lambda figure: _missing_cell(report, figure)),
        Column(t("What holds it"), 46, lambda figure: "\n".join(_list_holds(report, figure)) or "–"),
        Column(t("Who"), 33, lambda figure: name_responsible(figure.kpi.step, t)),
        Column(t("Due"), 20, lambda figure: due_cell(report, figure.kpi)),
    )
    title, source = describe_to_decide(report), phrases.describe_origin((figure.kpi for figure in rows), t)
    subtitle = t(
        "Targets due and not reached, at risk, or open to missing data, Union, {quarter}",
        quarter=t.quarter(report.quarter),
    )
    layout = {"size": 8, "pad": 1.6, "wide": 8, "middle": True}
    return Table(rows, columns if rows else EMPTY, title, subtitle, source=source, **layout)


def name_responsible(step: str, t: Translator) -> str:
    """Return who is responsible for a step: the names that plan.toml has for its codes, else the codes."""
    names, record = read_settings().responsible, next(each for each in read_plan().steps if each.step == step)
    codes = record.responsible.split("/")
    return t.joined(names.get(f"{code}_{t.language}", code) for code in codes)


def _missing_cell(report: Report, figure: KpiFigure) -> Cell:
    """Return what is missing of the target; a dash where it is reached, or the figure is not known."""
    if is_blank(figure.assessed) or figure.is_reached or is_blank(figure.target):
        return "–"
    return phrases.describe_gap(report, figure)


def _list_holds(report: Report, figure: KpiFigure) -> list[str]:
    """Return what holds a target back, as far as the figures tell: the lowest region, the members without data."""
    t, holds = report.t, []
    if figure.is_missed and (lowest := queries.find_lowest_region(report.tables, figure.kpi.kpi)):
        region, level = lowest
        holds.append(t("lowest: {region}, {value}", region=t.region(region), value=t.measured(level, figure.unit)))
    missing = queries.list_without_data(report.tables, figure.kpi.kpi)
    if missing:
        first = profiles.order_by_width(report.tables, figure.kpi.kpi, missing)[:MOST_NAMED]
        names = t.enumerated(t.member(member, short=True) for member in first)
        holds.append(t("no data of {n} members; first to ask: {names}", n=len(missing), names=names))
    return holds
