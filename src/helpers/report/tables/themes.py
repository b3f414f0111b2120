"""Tables of KPIs: the scorecard, each theme's indicators and their companions, and what changed the totals."""

from helpers.i18n import Translator, is_blank, terms
from helpers.plan import Kpi, quarters, read_plan, read_settings, sources
from helpers.report import cells, phrases
from helpers.report.blocks import Column, Table
from helpers.report.cells import Cell, Number, Picture, Text, TwoLines
from helpers.report.document import Report
from helpers.report.drawing import draw_word
from helpers.report.figures.over_time import plot_sparkline
from helpers.report.headlines import describe_reached, list_figures, name_theme
from helpers.tables import KpiFigure, queries

TOO_FEW = "(C)"  # too few answers: bounds only
EMPTY = (Column("", 1, str),)  # a table that has nothing to report has no heads either


def due_cell(report: Report, kpi: Kpi) -> Cell:
    """Return when a KPI is due, and that it is not due yet."""
    if not kpi.due:
        return report.t("each quarter")
    return cells.quarter(kpi.due, report.t, report.t.not_due if kpi.due > report.quarter else "")


def target_cell(report: Report, figure: KpiFigure) -> Cell:
    """Return the target of a figure; a milestone's is a stage. A plan with both kinds marks those that are proposed."""
    if is_blank(figure.target):
        return report.t("none")
    if figure.kpi.unit == "stage" or read_plan().targets == "mixed":
        return Text(phrases.format_target(figure, report.t), figure.assessed_target)
    decimals = 0 if abs(figure.assessed_target - round(figure.assessed_target)) < 1e-9 else 1
    return Number(figure.assessed_target, figure.unit, decimals if figure.unit == "percent" else 0)


def _value_cell(report: Report, figure: KpiFigure) -> Cell:
    t = report.t
    if is_blank(figure.value):
        return t("bounds only") if figure.is_bounds_only else t.missing
    if figure.kpi.unit == "stage":
        stage, titles = int(figure.value), read_plan().stages[sources.product_of(figure.kpi.source)]
        name = t.localised(titles[stage - 1]) if stage else t("not started")
        return TwoLines(Text(t("stage {n} of {of}", n=stage, of=len(titles)), stage), name)
    level = phrases.level(report, figure)
    return TwoLines(Number(figure.value), level.text(t)) if figure.on_share else cells.split_at_bracket(level)


def _answers_cell(report: Report, figure: KpiFigure) -> Cell:
    t, n_lost = report.t, queries.count_missing_rows(report.tables, figure.kpi.kpi)
    if phrases.is_unreadable(report, figure):
        return t("not read")
    if n_lost and figure.is_certain:
        return t.plural("{n} row not read", n_lost)
    if is_blank(figure.n_reported):
        return t("register") if figure.is_certain else t.missing
    carried = f"\n+ {t.number(figure.n_carried)} c" if figure.n_carried else ""
    return Number(figure.n_reported, suffix=f"/{t.number(figure.n_expected)}{carried}")


def _previous_cell(report: Report, figure: KpiFigure) -> Cell:
    before = queries.select_figure(report.tables, figure.kpi.kpi, quarter=quarters.shift(report.quarter, -1))
    revised = report.tables.revisions
    revised = revised[(revised["quarter"] == before.quarter) & (revised["scope"] == read_plan().code)]
    mark = " r" if (revised["kpi"] == figure.kpi.kpi).any() else ""
    if not is_blank(before.value):
        return Number(before.value, before.kpi.unit, suffix=mark)
    return cells.interval(before.lower, before.upper, before.kpi.unit, report.t, suffix=mark)


def _spark_cell(report: Report, figure: KpiFigure) -> Cell:
    trend, t = queries.select_trend(report.tables, figure.kpi.kpi), report.t
    series = phrases.list_series(trend, t)
    alt = t("{what}, by quarter: {series}", what=phrases.name_kpi(figure.kpi.kpi, t), series=series)
    return Picture(draw_word(plot_sparkline, trend, 0.65, t), alt, 16.5, series)


def scorecard(report: Report) -> Table:
    """Return the scorecard: one row per KPI, by theme, with its trend line."""
    t = report.t
    n_quarters, mark = len(queries.select_quarters(report.tables)), "" if report.tables.is_revised else " p"
    columns = (
        Column(t("KPI"), 8.5, lambda figure: figure.kpi.kpi),
        Column(t("Indicator"), 44, lambda figure: t.localised(figure.kpi.title)),
        Column(t("Value") + mark, 25, lambda figure: _value_cell(report, figure)),
        Column(t("Bounds"), 15, lambda figure: phrases.bounds(figure, t)),
        Column(t("Proposed target"), 15.5, lambda figure: target_cell(report, figure)),
        Column(t("Due"), 15, lambda figure: due_cell(report, figure.kpi)),
        Column(t("Status against the proposed target"), 37.5, lambda figure: phrases.badge(figure, t)),
        Column(t.plural("{n} quarter", n_quarters), 17, lambda figure: _spark_cell(report, figure)),
        Column(t("Answers"), 15.5, lambda figure: _answers_cell(report, figure)),
    )
    subtitle = t("All indicators by theme, Union, {quarter}", quarter=t.quarter(report.quarter))
    milestones = [kpi.kpi for kpi in read_plan().kpis if kpi.measure == "milestone"]
    notes = [t("milestones", kpis=t.listed(milestones))] if milestones else []  # what their stages mean
    notes.append(t("Trend lines: dashes, proposed target; tick, due quarter."))
    shares = t("A share is that of the members whose total is known: its number may be less than the count above it.")
    if any(kpi.assessed == "share" for kpi in read_plan().kpis):
        notes.append(shares)
    layout = {"named_by": 1, "size": 8, "pad": 1.2, "middle": True, "wide": 11.5, "whole": True, "reserve": 18}
    words = {"title": describe_reached(report), "subtitle": subtitle, "note": " ".join(notes)}
    words["source"] = phrases.describe_origin(read_plan().kpis, t)
    return Table(list_figures(report), columns, group=lambda row: name_theme(row.kpi.theme, t), **words, **layout)


def theme(report: Report, number: int) -> Table:
    """Return one theme's KPIs: one row per KPI, with the quarter before."""
    t, mark = report.t, "" if report.tables.is_revised else " p"
    past = t.quarter(quarters.shift(report.quarter, -1))
    previous = Column(past, 15.5, lambda figure: _previous_cell(report, figure))
    columns = (
        Column(t("KPI"), 8.5, lambda figure: figure.kpi.kpi),
        Column(t("Indicator"), 36, lambda figure: t.localised(figure.kpi.title)),
        Column(t.quarter(report.quarter) + mark, 25, lambda figure: _value_cell(report, figure)),
        *([] if report.tables.is_first else [previous]),
        Column(t("Bounds"), 16, lambda figure: phrases.bounds(figure, t)),
        Column(t("Proposed target"), 15.5, lambda figure: target_cell(report, figure)),
        Column(t("Due"), 15.5, lambda figure: due_cell(report, figure.kpi)),
        Column(t("Status against the proposed target"), 38, lambda figure: phrases.badge(figure, t)),
        Column(t("Answers"), 16, lambda figure: _answers_cell(report, figure)),
    )
    subtitle = "Union, {quarter} and the quarter before; p provisional, r revised, c carried forward"
    if report.tables.is_revised:
        subtitle = "Union, {quarter} and the quarter before; r revised, c carried forward"
    title, subtitle = t("Indicators of theme {n}", n=number), t(subtitle, quarter=t.quarter(report.quarter))
    figures = [figure for figure in list_figures(report) if figure.kpi.theme == number]
    source = phrases.describe_origin((figure.kpi for figure in figures), t)
    layout = {"named_by": 1, "size": 8, "pad": 1.8, "middle": True, "wide": 8}
    return Table(figures, columns, title, subtitle, source=source, **layout)


def history(report: Report, kpi: str) -> Table:
    """Return one KPI in every quarter since the first collected: one row per quarter, the latest first."""
    t = report.t
    names = quarters.quarters_between(report.tables.first_collected, report.quarter)

    def status(figure: KpiFigure) -> Cell:
        return phrases.badge(figure, t) if figure.quarter >= read_settings().first_status_quarter else "–"

    columns = (
        Column(t("Quarter"), 12, lambda figure: cells.quarter(figure.quarter, t)),
        Column(t("Value"), 30, lambda figure: _value_cell(report, figure), "end"),
        Column(t("Status against the proposed target"), 40, status),
        Column(t("Bounds"), 20, lambda figure: phrases.bounds(figure, t), "end"),
        Column(t("Answers"), 15, lambda figure: _answers_cell(report, figure), "end"),
    )
    figures = queries.select_trend(report.tables, kpi, names=names)[::-1]
    return Table(figures, columns, t("Figures by quarter"), source=phrases.describe_origin([figures[0].kpi], t))


def _find_companion(report: Report, companion: sources.Companion, quarter: str) -> object | None:
    """Return the row of a companion's figures in a quarter; None where the tables have none."""
    rows = queries.select_companions(report.tables, companion.kpi, quarter=quarter)
    return rows.loc[companion.component] if companion.component in rows.index else None


def _companion_cell(report: Report, companion: sources.Companion, quarter: str) -> Cell:
    """Return a companion's figure; that of the report's quarter with its denominator, if it is a rate or a share."""
    t, row = report.t, _find_companion(report, companion, quarter)
    figure = queries.select_figure(report.tables, companion.kpi, quarter=quarter)
    if row is None:
        return t.missing
    if figure.coverage_class == "C":
        return TOO_FEW
    if is_blank(row.value) or quarter != report.quarter:
        return Number(row.value, companion.unit)
    if companion.measure == "rate" and not is_blank(figure.n_expected):
        return cells.rate(round(row.value * figure.n_expected / 100), figure.n_expected, t)
    if is_blank(row.share) or not row.share:
        return Number(row.value, companion.unit)
    whole = row.value / row.share
    is_count = abs(whole - round(whole)) < 1e-6
    return Number(row.value, suffix=f"\n{t.rate(row.value, round(whole))}" if is_count else "")


def companions(report: Report, number: int) -> Table:
    """Return the companions of one theme's KPIs: one row per companion, now, a quarter and a year before."""
    t, now, plan = report.t, report.quarter, read_plan()
    earlier = [quarters.shift(now, -lag) for lag in (1, 4)]
    kpis = [kpi.kpi for kpi in plan.kpis if kpi.theme == number]
    rows = [companion for kpi in kpis for companion in plan.companions if companion.kpi == kpi]
    names = {kpi: phrases.companion_names(report, kpi) for kpi in kpis}

    def figures_of(quarter: str, width: float) -> Column:
        return Column(t.quarter(quarter), width, lambda companion: _companion_cell(report, companion, quarter), "end")

    def n_reported(companion: sources.Companion) -> Cell:
        row = _find_companion(report, companion, now)
        return t.missing if row is None else Number(row.n_reported)

    columns = (
        Column(t("Component"), 80, lambda companion: names[companion.kpi][companion.component]),
        figures_of(now, 38),
        *(figures_of(past, 20) for past in earlier if past >= report.tables.first_collected),
        Column(t("Members reporting"), 20, n_reported, "end"),
    )
    title = t("Components of theme {n}", n=number)
    is_first = number == min(record.theme for record in read_plan().themes)  # the words under the title are said once
    subtitle = t("Figures shown beside the indicators, Union; (C): too few answers") if is_first else ""
    columns = columns if rows else EMPTY
    return Table(rows, columns, title, subtitle, group=lambda companion: _name_with_code(companion.kpi, t), pad=0.8)


def _name_with_code(kpi: str, t: Translator) -> str:
    return f"{kpi}  {t.localised(read_plan().by_kpi[kpi].title)}"


def changes(report: Report) -> Table | None:
    """Return what the change of each total is made of: one row per total and scope; None without an earlier quarter."""
    t, found = report.t, report.tables.changes
    if report.tables.is_first:
        return None
    found = found[found["quarter"] == report.quarter].set_index(["kpi", "scope"])
    places = [(kpi, scope) for kpi in sorted({kpi for kpi, _ in found.index}) for scope in read_plan().scopes]
    rows = [(kpi, scope, found.loc[kpi, scope]) for kpi, scope in places if (kpi, scope) in found.index]

    def signed(part: str, head: str, width: float) -> Column:
        return Column(head, width, lambda row: Number(row[2][part], is_signed=True), "end")

    widths = dict(zip(terms.CHANGE_WORDS, (22, 25, 20, 25, 20), strict=True))
    columns = (
        Column(t("Scope"), 30, lambda row: t.region(row[1])),
        Column(t("before"), 18, lambda row: Number(row[2]["before"]), "end"),
        *(signed(part, t(word), widths[part]) for part, word in terms.CHANGE_WORDS.items()),
        Column(t("after"), 18, lambda row: Number(row[2]["after"]), "end"),
    )
    before = t.quarter(quarters.shift(report.quarter, -1))
    title = t("Change of the totals, by cause")
    subtitle = t("From the figure published for {quarter}; the parts add up exactly", quarter=before)
    columns = columns if rows else EMPTY
    return Table(rows, columns, title, subtitle, group=lambda row: _name_with_code(row[0], t), pad=2)
