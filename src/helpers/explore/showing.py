"""How a choice is shown and kept: as HTML with its figure and its table, as CSV and as SVG."""

import base64
from collections.abc import Sequence
from functools import partial

import pandas as pd

from helpers.explore.choices import Choice, select_choice_rows
from helpers.i18n import Badge, is_blank
from helpers.plan import read_plan
from helpers.report import Report, blocks, figures, html, phrases
from helpers.tables import KpiFigure, queries, schema

_WIDTH = 642  # pixels: a figure is as wide on the screen as on the page
_SHEET = f"background:#FFFFFF;color:{html.PALETTE['ink']};padding:6px 10px;line-height:1.35"
_LINK = f"color:{html.PALETTE['blue']};text-decoration:underline"
_CELL = f"padding:2px 8px;border-bottom:1px solid {html.PALETTE['grid']};vertical-align:top"
_HEAD = f"padding:2px 8px;border-bottom:2px solid {html.PALETTE['grid']};vertical-align:bottom;background:#FFFFFF"


def draw(report: Report, choice: Choice) -> blocks.ReportFigure:
    """Draw the figure of a choice, with its words."""
    members = choice.members[: figures.MOST_MEMBERS]
    return figures.selection(report, choice.kpi, choice.scope, members, choice.quarters)


def render_rows(report: Report, choice: Choice) -> str:
    """Return the figures of a choice as CSV: one line per quarter, not rounded, marked where they are invented.

    It begins with the mark by which spreadsheets recognise UTF-8.
    """
    rows = select_choice_rows(report.tables, choice)
    if report.tables.sample:
        rows = rows.assign(sample="données fictives / invented sample")  # whatever the language
    texts = [name for name in rows.columns if not pd.api.types.is_numeric_dtype(rows[name])]
    return "\ufeff" + schema.render_csv(rows, texts)


def render_files(report: Report, choice: Choice, figure: blocks.ReportFigure | None = None) -> dict[str, str]:
    """Return what can be downloaded, as texts by file name; `figure` is the figure if it is already drawn."""
    name = f"{choice.name}_invented-sample" if report.tables.sample else choice.name
    figure = figure or draw(report, choice)
    return {f"{name}.csv": render_rows(report, choice), f"{name}_{report.t.language}.svg": figure.whole_svg}


def show_links(report: Report, files: dict[str, str]) -> str:
    """Return the download links; each contains its file."""
    kinds = {
        "csv": ("text/csv;charset=utf-8", report.t("Download the figures (CSV)")),
        "svg": ("image/svg+xml", report.t("Download the chart (SVG)")),
    }
    links = []
    for name, text in files.items():
        media_type, label = kinds[name.rsplit(".", 1)[1]]
        content = base64.b64encode(text.encode()).decode()
        target = f'download="{html.as_attribute(name)}" href="data:{media_type};base64,{content}"'
        links.append(f'<a style="{_LINK}" {target}>{html.as_html(label)}</a>')
    return f'<p style="margin:4px 0">{" · ".join(links)}</p>'


def _sheet(report: Report, inside: str) -> str:
    direction = "rtl" if report.t.is_rtl else "ltr"
    return f'<div dir="{direction}" lang="{report.t.language}" style="{_SHEET}">{inside}</div>'


def _small(texts: Sequence[str]) -> str:
    return f'<p style="margin:4px 0"><small>{"<br>".join(html.as_html(text) for text in texts if text)}</small></p>'


def show_figure(report: Report, choice: Choice, figure: blocks.ReportFigure) -> str:
    """Return the figure of a choice as HTML: title, subtitle, image, number of members, remarks."""
    title, subtitle = html.as_html(figure.title), html.as_html(figure.subtitle)
    words = f'<div style="max-width:{_WIDTH}px"><b>{title}</b><br>{subtitle}</div>'
    content, alt = base64.b64encode(figure.whole_svg.encode()).decode(), html.as_attribute(figure.alt)
    image = f'<img src="data:image/svg+xml;base64,{content}" alt="{alt}" width="{_WIDTH}">'
    return _sheet(report, words + image + _small([figure.n, *_remarks(report, choice)]))


def _remarks(report: Report, choice: Choice) -> list[str]:
    """Return what a reader must know: that there are no values of members, or which are left out of the figure."""
    t, most, remarks = report.t, figures.MOST_MEMBERS, []
    if not read_plan().by_kpi[choice.kpi].has_member_values:
        remarks.append(t("This indicator has no values of single members."))
    if left := choice.members[most:]:
        names = t.enumerated(t.member(member) for member in left)
        remarks.append(t("The figure shows {n} members at most; in the table only: {names}.", n=most, names=names))
    return remarks


def show_table(report: Report, choice: Choice) -> str:
    """Return a choice's figures as an HTML table: one row per quarter."""
    t = report.t
    trend = queries.select_trend(report.tables, choice.kpi, choice.scope, choice.quarters)
    notes = [t("Targets: ") + t(f"targets {read_plan().targets}") + "."]
    if any(figure.is_bounds_only for figure in trend):
        notes.append(t("(C): too few answers, bounds only."))
    if report.tables.sample:
        notes.append(t("invented sample (mark)"))
    table = _render_table(report, trend, _columns(report, choice))
    return _sheet(report, f'<div style="overflow-x:auto">{table}</div>' + _small(notes))


def _columns(report: Report, choice: Choice) -> list[blocks.Column]:
    """Return the columns of the table: the figure, the members chosen, how many reported, the status."""
    t = report.t

    def value(row: KpiFigure) -> blocks.Cell:
        if row.is_bounds_only:
            return "(C)"
        return t.missing if is_blank(row.assessed) else phrases.level(report, row)

    def reported(row: KpiFigure) -> str:
        if is_blank(row.n_reported):
            return "–" if row.is_certain else t.missing
        return f"{t.number(row.n_reported)}/{t.number(row.n_expected)}"

    def judged(row: KpiFigure, cell: blocks.Cell) -> blocks.Cell:
        """Many KPIs have a target, and so a status, for the Union only."""
        return "–" if is_blank(row.assessed_target) else cell

    return [
        blocks.Column(t("Quarter"), 1, lambda row: t.quarter(row.quarter)),
        blocks.Column(t("Value"), 1, value),
        blocks.Column(t("Bounds"), 1, lambda row: phrases.bounds(row, t)),
        *_member_columns(report, choice),
        blocks.Column(t("Members that reported"), 1, reported),
        blocks.Column(
            t("carried forward (c)"), 1, lambda row: "–" if is_blank(row.n_carried) else t.number(row.n_carried)
        ),
        blocks.Column(t("Class"), 1, lambda row: row.coverage_class or "–"),
        blocks.Column(t("Proposed target"), 1, lambda row: judged(row, phrases.format_target(row, t))),
        blocks.Column(
            t("Status against the proposed target"), 1, lambda row: judged(row, t.status(row.status, row.robust))
        ),
    ]


def _member_columns(report: Report, choice: Choice) -> list[blocks.Column]:
    if not choice.members:
        return []
    levels = queries.select_levels_over_time(report.tables, choice.kpi, choice.members, choice.quarters)
    found = {(level.member, level.quarter): level for level in levels.itertuples()}

    def cell(row: KpiFigure, member: str) -> blocks.Cell:
        return phrases.member_value(choice.kpi, found[member, row.quarter], report.t)

    return [blocks.Column(report.t.member(member), 1, partial(cell, member=member)) for member in choice.members]


def _render_table(report: Report, trend: Sequence[KpiFigure], columns: Sequence[blocks.Column]) -> str:
    start = "right" if report.t.is_rtl else "left"
    head = f'<th scope="col" style="{_HEAD};text-align:{start}">'
    heads = "".join(f"{head}{html.as_html(column.head)}</th>" for column in columns)
    body = ""
    for figure in trend:
        cells = [column.value(figure) for column in columns]
        first, *rest = (f'style="{_style(cell, start)}">{blocks.cell_as_html(cell, report.t)}' for cell in cells)
        body += f'<tr><th scope="row" {first}</th>{"".join(f"<td {cell}</td>" for cell in rest)}</tr>\n'
    table = '<table style="border-collapse:collapse;font-size:12.5px">'
    return f"{table}<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody></table>"


def _style(cell: blocks.Cell, start: str) -> str:
    """Return the style of a cell: a number stays on one line, the words of a status need not."""
    return f"{_CELL};text-align:{start};" + ("min-width:170px" if isinstance(cell, Badge) else "white-space:nowrap")


def show_static(report: Report, choice: Choice) -> str:
    """Return a choice as self-contained HTML: figure, table, and how to choose."""
    how = report.t("To choose here, run this notebook in JupyterLab or VS Code; elsewhere, change its parameters.")
    figure = show_figure(report, choice, draw(report, choice))
    return "\n".join((figure, show_table(report, choice), _sheet(report, _small([how]))))
