"""How a choice is shown and kept: as HTML with its figure and its table, as CSV and as SVG."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pandas as pd

from helpers.explore.choices import Choice, select_choice_rows
from helpers.i18n import Translator, is_blank
from helpers.report import drawing, phrases
from helpers.report.figures.chosen import MOST_MEMBERS, caption_choice, plot_choice
from helpers.report.html.markup import NotebookView, as_attribute, as_html, render_cell
from helpers.report.look import PALETTE
from helpers.tables import EditionTables, KpiFigure, queries, schema

SAMPLE_NOTICE = "données fictives / invented sample"  # in a file, whatever its language
PIXELS_PER_INCH = 96
_SHEET = f"background:#FFFFFF;color:{PALETTE['ink']};padding:6px 10px;line-height:1.35"
_LINK = f"color:{PALETTE['blue']};text-decoration:underline"
_CELL = f"padding:2px 8px;border-bottom:1px solid {PALETTE['grid']};vertical-align:top"
_HEAD = f"padding:2px 8px;border-bottom:2px solid {PALETTE['grid']};vertical-align:bottom;background:#FFFFFF"


def draw(tables: EditionTables, choice: Choice, t: Translator) -> drawing.Drawing:
    """Draw the figure of a choice."""
    return plot_choice(REPORT(tables, t), choice.kpi, choice.scope, choice.members, choice.quarters)


# --- files ------------------------------------------------------------------------------------------------------


def render_rows(tables: EditionTables, choice: Choice) -> str:
    """Return the figures of a choice as CSV: one line per quarter, nothing rounded, marked where it is the sample.

    It begins with the mark by which spreadsheets know UTF-8.
    """
    rows = select_choice_rows(tables, choice)
    if tables.sample:
        rows = rows.assign(sample=SAMPLE_NOTICE)
    texts = [name for name in rows.columns if not pd.api.types.is_numeric_dtype(rows[name])]
    return "\ufeff" + schema.render_csv(rows, texts)


def render_files(tables: EditionTables, choice: Choice, t: Translator, drawn: str = "") -> dict[str, str]:
    """Return what can be downloaded: names and texts; `drawn` is the figure where it has been drawn."""
    name = f"{choice.name}_invented-sample" if tables.sample else choice.name
    drawn = drawn or drawing.draw_svg(draw(tables, choice, t))
    return {f"{name}.csv": render_rows(tables, choice), f"{name}_{t.language}.svg": drawn}


def show_links(files: dict[str, str], t: Translator) -> str:
    """Return the links by which the files are downloaded: each holds its file."""
    said = {"csv": t("Download the figures (CSV)"), "svg": t("Download the chart (SVG)")}
    kinds = {"csv": "text/csv;charset=utf-8", "svg": "image/svg+xml"}
    links = []
    for name, text in files.items():
        end = name.rsplit(".", 1)[1]
        held = base64.b64encode(text.encode("utf-8")).decode()
        target = f'download="{as_attribute(name)}" href="data:{kinds[end]};base64,{held}"'
        link = f'<a style="{_LINK}" {target}>{as_html(said[end])}</a>'
        links.append(link)
    return f'<p style="margin:4px 0">{" · ".join(links)}</p>'


# --- HTML -------------------------------------------------------------------------------------------------------


def _sheet(inside: str, t: Translator) -> str:
    return f'<div dir="{"rtl" if t.is_rtl else "ltr"}" lang="{t.language}" style="{_SHEET}">{inside}</div>'


def _small(texts: Sequence[str]) -> str:
    return f'<p style="margin:4px 0"><small>{"<br>".join(as_html(text) for text in texts if text)}</small></p>'


def show_figure(tables: EditionTables, choice: Choice, t: Translator, drawn: str) -> str:
    """Return a drawn choice as HTML: what it finds, what is measured, the figure, who is behind it."""
    members, quarters = choice.members[:MOST_MEMBERS], choice.quarters
    caption = caption_choice(REPORT(tables, t), choice.kpi, choice.scope, members, quarters)
    image = base64.b64encode(drawn.encode("utf-8")).decode()
    width = round(drawing.PAGE_WIDTH * PIXELS_PER_INCH)
    return _sheet(
        f'<div style="max-width:{width}px"><b>{as_html(caption["title"])}</b><br>{as_html(caption["subtitle"])}</div>'
        f'<img src="data:image/svg+xml;base64,{image}" alt="{as_attribute(caption["alt"])}" width="{width}">'
        + _small([caption["n"], *say_remarks(choice, t)]),
        t,
    )


def say_remarks(choice: Choice, t: Translator) -> list[str]:
    """Return what a reader must know of a choice: members that it cannot show, or not in the figure."""
    remarks = []
    if not queries.has_member_values(choice.kpi):
        remarks.append(t("This indicator has no values of single members."))
    left = choice.members[MOST_MEMBERS:]
    if left:
        names = t.enumerated(t.member(member) for member in left)
        remarks.append(
            t("The figure shows {n} members at most; in the table only: {names}.", n=MOST_MEMBERS, names=names)
        )
    return remarks


def show_table(tables: EditionTables, choice: Choice, t: Translator) -> str:
    """Return a choice's figures as an HTML table, one row per quarter, dressed for readers."""
    trend = queries.select_trend(tables, choice.kpi, choice.scope, choice.quarters)
    table = _table(_tabulate(tables, choice, trend, t), t)
    notes = [t("Targets and statuses are proposed: the plan has none.")]
    if any(one.is_bounds_only for one in trend):
        notes.append(t("(C): too few answers, bounds only."))
    if tables.sample:
        notes.append(t("invented sample (mark)"))
    return _sheet(f'<div style="overflow-x:auto">{table}</div>' + _small(notes), t)


def _tabulate(
    tables: EditionTables, choice: Choice, trend: Sequence[KpiFigure], t: Translator
) -> list[dict[str, object]]:
    """Return the rows of the table, one per quarter: what stands under each head."""
    levels = None
    if choice.members:
        levels = queries.select_levels_over_time(tables, choice.kpi, choice.members, choice.quarters)
    rows = []
    for one in trend:
        own = [] if levels is None else levels[levels["quarter"] == one.quarter].itertuples()
        values = {t.member(row.member): phrases.format_member_value(choice.kpi, row, t) for row in own}
        rows.append(_figure(tables, one, t) | values | _standing(one, t))
    return rows


def _figure(tables: EditionTables, one: KpiFigure, t: Translator) -> dict[str, str]:
    known = t.missing if is_blank(one.assessed) else phrases.format_level(REPORT(tables, t), one)
    return {
        t("Quarter"): t.quarter(one.quarter),
        t("Value"): "(C)" if one.is_bounds_only else known,
        t("Bounds"): phrases.format_bounds(one, t),
    }


def _standing(one: KpiFigure, t: Translator) -> dict[str, object]:
    """Return who is behind a figure, and how it stands against its target."""
    judged = not is_blank(one.assessed_target)  # of many KPIs only the Union has a target, and so a status
    asked = t.missing if is_blank(one.n_reported) else f"{t.number(one.n_reported)}/{t.number(one.n_expected)}"
    return {
        t("Members that reported"): "–" if is_blank(one.n_reported) and one.is_certain else asked,
        t("carried forward (c)"): "–" if is_blank(one.n_carried) else t.number(one.n_carried),
        t("Class"): one.coverage_class or "–",
        t("Proposed target"): phrases.format_target(one, t) if judged else "–",
        t("Status against the proposed target"): vars(t.status(one.status, one.robust)) if judged else "–",
    }


def _table(rows: Sequence[dict[str, object]], t: Translator) -> str:
    start = "right" if t.is_rtl else "left"
    heads = "".join(f'<th scope="col" style="{_HEAD};text-align:{start}">{as_html(name)}</th>' for name in rows[0])
    bodies = []
    for row in rows:
        first, *rest = row.values()
        cells = "".join(f'<td style="{_side(cell, start)}">{render_cell(cell, NotebookView())}</td>' for cell in rest)
        bodies.append(f'<tr><th scope="row" style="{_side(first, start)}">{as_html(first)}</th>{cells}</tr>\n')
    table = f'<table style="border-collapse:collapse;font-size:12.5px"><thead><tr>{heads}</tr></thead>\n<tbody>\n'
    return table + "".join(bodies) + "</tbody></table>"


def _side(cell: object, start: str) -> str:
    """Return the looks of a cell: figures stay on one line, the words of a status need not."""
    return f"{_CELL};text-align:{start};" + ("white-space:nowrap" if isinstance(cell, str) else "min-width:170px")


def show_static(tables: EditionTables, choice: Choice, t: Translator) -> str:
    """Return a choice as HTML that needs nothing else: figure, table, and how to choose."""
    drawn = drawing.draw_svg(draw(tables, choice, t))
    how = t("To choose here, run this notebook in JupyterLab or VS Code; elsewhere, change its parameters.")
    parts = (show_figure(tables, choice, t, drawn), show_table(tables, choice, t), _sheet(_small([how]), t))
    return "\n".join(parts)
