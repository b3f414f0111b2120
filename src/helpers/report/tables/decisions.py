"""The tables of what is to be decided, and of what was agreed on: what is missing, who is responsible, by when."""

from datetime import date

from helpers.i18n import is_blank
from helpers.ingest import registers
from helpers.plan import read_plan
from helpers.report import phrases
from helpers.report.actions import describe_action, describe_levels, describe_outcome, name_responsible
from helpers.report.blocks import Column, Sentence, Table
from helpers.report.cells import Cell
from helpers.report.document import Report
from helpers.report.headlines import describe_to_decide, list_to_decide
from helpers.report.tables.themes import EMPTY, due_cell
from helpers.tables import Claim, KpiFigure, actions, profiles, queries

MOST_NAMED = 3  # members whose figure would tell most


def decisions(report: Report) -> Table:
    """Return what is to be decided: one row per target that is missed, at risk, or open to missing data."""
    t, rows = report.t, list_to_decide(report)
    responsible = {step.step: step.responsible for step in read_plan().steps}
    columns = (
        Column(t("KPI"), 10, lambda figure: figure.kpi.kpi),
        Column(t("Indicator"), 35, lambda figure: phrases.name_kpi(figure.kpi.kpi, t)),
        Column(t("Status against the proposed target"), 41, lambda figure: phrases.badge(figure, t)),
        Column(t("What is missing"), 28, lambda figure: _missing_cell(report, figure)),
        Column(t("What holds it"), 44, lambda figure: "\n".join(_list_holds(report, figure)) or "–"),
        Column(t("Who"), 31, lambda figure: name_responsible(responsible[figure.kpi.step], t)),
        Column(t("Due"), 20, lambda figure: due_cell(report, figure.kpi)),
    )
    title, source = describe_to_decide(report), phrases.describe_origin((figure.kpi for figure in rows), t)
    subtitle = t(
        "Targets missed, at risk, off track or not assessable, and those reached that missing data could undo, "
        "{quarter}",
        quarter=t.quarter(report.quarter),
    )
    layout = {"named_by": 1, "size": 8, "pad": 1.6, "wide": 8, "middle": True}
    return Table(rows, columns if rows else EMPTY, title, subtitle, source=source, **layout)


def _missing_cell(report: Report, figure: KpiFigure) -> Cell:
    """Return what is missing of the target; a dash where it is reached, or the figure is not known."""
    if figure.is_reached or is_blank(figure.target):
        return "–"
    if is_blank(figure.assessed):
        return "–" if is_blank(figure.lower) else phrases.format_bounds(figure, report.t)
    return phrases.describe_gap(report, figure)


def _list_holds(report: Report, figure: KpiFigure) -> list[str]:
    """Return what holds a target back, as far as the figures tell: the lowest region, the members without data."""
    t, holds = report.t, []
    if figure.is_missed and (lowest := queries.find_lowest_region(report.tables, figure.kpi.kpi)):
        region, level = lowest
        holds.append(t("lowest: {region}, {value}", region=t.region(region), value=t.measured(level, figure.unit)))
    missing = queries.list_without_data(report.tables, figure.kpi.kpi)
    if missing:
        first = profiles.list_widest(report.tables, figure.kpi.kpi, missing)[:MOST_NAMED]
        names = t.enumerated(t.member(member, short=True) for member in first)
        words = "no data of {n} members; first to ask: {names}" if first else "no data of {n} members"
        holds.append(t(words, n=len(missing), names=names))
    for action in actions.list_actions(report.tables):
        if (action.kpi, action.member, action.status) == (figure.kpi.kpi, "", registers.OPEN):
            what = describe_action(action, t)
            holds.append(t("agreed on: {action}, due on {day}", action=what, day=t.day(action.due)))
    return holds


def follow_up(report: Report) -> Table | None:
    """Return the actions that were agreed on and what became of each; None where there is none."""
    t, agreed, n_lost = report.t, actions.list_actions(report.tables), actions.count_lost(report.tables)
    if not agreed and not n_lost:
        return None
    columns = (
        Column(t("Member"), 28, lambda action: t.member(action.member) if action.member else t("Union")),
        Column(t("Action agreed on"), 66, lambda action: describe_action(action, t)),
        Column(t("Who"), 33, lambda action: name_responsible(action.responsible, t, action.member)),
        Column(t("Due"), 24, lambda action: t.day(action.due)),
        Column(t("What became of it"), 30, lambda action: describe_outcome(report, action)),
        Column(t("When agreed, and now"), 28, lambda action: describe_levels(report, action)),
    )
    counts = {status: sum(action.status == status for action in agreed) for status in registers.ACTION_STATUSES}
    counts |= {"n": len(agreed), "late": sum(each.is_overdue(date.fromisoformat(report.as_of)) for each in agreed)}
    sentence = "Actions agreed on: {n}; done: {done}; dropped: {dropped}; open: {open}, of which overdue: {late}"
    title = Sentence(t(sentence, **counts), Claim("actions", report.quarter, values=counts))
    subtitle = t("Those that are open, and those closed since the last edition; the figure that each is about")
    note, layout = t.joined(phrases.describe_lost_rows(n_lost, t)), {"size": 8, "pad": 1.6, "middle": True, "wide": 6}
    return Table(agreed, columns, title, subtitle, note=note, source=t("registers of the secretariat"), **layout)
