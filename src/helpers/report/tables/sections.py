"""The report's tables, each as a sheet of dressed cells: what one row is stands in each function's first line."""

from __future__ import annotations

import pandas as pd

from helpers.i18n import Translator, is_blank, terms
from helpers.kpis import Reference
from helpers.plan import UNION, Kpi, quarters, read_plan
from helpers.report.blocks import HeadlineTile, Picture, Table, TwoLines
from helpers.report.figures import drawing, trends
from helpers.report.sentences import findings
from helpers.tables import EditionTables, KpiFigure, queries

COMPANION_WORDS = {
    ("1.1.b", "adopted_or_beyond"): "Roadmap adopted or beyond",
    ("2.1.a", "electrified"): "Offices with electricity",
    ("2.1.a", "alternative_power"): "Offices with alternative power",
    ("2.1.a", "networked"): "Offices networked",
    ("2.1.a", "cloud_production"): "Members with cloud computing in production",
    ("2.2.a", "fully_equipped"): "Members fully equipped",
    ("2.3.a", "shared_information"): "Members that have shared information",
    ("2.3.a", "uses_guidelines"): "Members that use the guidelines",
    ("3.1.a", "all_families"): "Members with all four families",
    ("3.1.a", "distinct_services"): "Distinct services, named by one member or more",
    ("3.1.b", "named_by_one"): "Sectors named by one member or more",
    ("4.1.a", "members"): "Members with a solution",
    ("4.2.b", "adoptions"): "Adoptions (member and solution)",
    ("5.1.a", "women"): "Women trained in the quarter",
    ("6.1.a", "monitoring"): "Monitoring returns by the first cut-off",
    ("6.1.a", "on_time"): "Monitoring returns on time",
    ("6.1.a", "with_late"): "Monitoring returns, late ones included",
}
GROUP = "group"  # the column whose values head groups of rows; it is not printed as a column
STAGES = ("not started", "benchmark done", "draft", "consulted", "adopted by the WG", "adopted and published")


# --- KPIs -------------------------------------------------------------------------------------------------------


def say_due(kpi: Kpi, quarter: str, t: Translator) -> str:
    """Return when a KPI is due, and that it is not due yet."""
    if not kpi.due:
        return t("each quarter")
    return t.quarter(kpi.due) + (f"\n{t.not_due}" if kpi.due > quarter else "")


def _headed(name: str, tables: EditionTables) -> str:
    """Return a column's name with the mark of provisional figures."""
    return f"{name} p" if not tables.is_revised else name


def _value(tables: EditionTables, kpi_figure: KpiFigure, t: Translator) -> object:
    if is_blank(kpi_figure.value):
        return t("bounds only") if kpi_figure.is_bounds_only else t.missing
    if kpi_figure.kpi.unit == "stage":
        stage = int(kpi_figure.value)
        return TwoLines(t("stage {n} of 5", n=stage), t(STAGES[stage]) if stage < len(STAGES) else "")
    level = findings.say_level(tables, kpi_figure, t)
    if kpi_figure.on_share:
        return TwoLines(t.number(kpi_figure.value), level)
    head, bracket, rest = level.partition(" (")
    return TwoLines(head, f"({rest}") if bracket else head


def _behind(kpi_figure: KpiFigure, t: Translator) -> str:
    if is_blank(kpi_figure.n_reported):
        return t("register") if kpi_figure.is_certain else t.missing
    carried = f"\n+ {t.number(kpi_figure.n_carried)} c" if kpi_figure.n_carried else ""
    return f"{t.number(kpi_figure.n_reported)}/{t.number(kpi_figure.n_expected)}{carried}"


def _previous(tables: EditionTables, kpi: str, t: Translator) -> str:
    before = queries.select_figure(tables, kpi, quarter=quarters.shift(tables.quarter, -1))
    revised = tables.revisions
    revised = revised[(revised["quarter"] == before.quarter) & (revised["scope"] == UNION) & (revised["kpi"] == kpi)]
    shown = (
        t.interval(before.lower, before.upper, before.kpi.unit)
        if is_blank(before.value)
        else t.measured(before.value, before.kpi.unit)
    )
    return shown + (" r" if len(revised) else "")


def say_target(kpi_figure: KpiFigure, t: Translator) -> str:
    """Return the proposed target of a standing as a table shows it."""
    if is_blank(kpi_figure.target):
        return t("none")
    return t("stage {n}", n=kpi_figure.target) if kpi_figure.kpi.unit == "stage" else findings.say_goal(kpi_figure, t)


def _spark(tables: EditionTables, kpi: str, t: Translator) -> Picture:
    trend = queries.select_trend(tables, kpi)
    series = findings.say_series(trend, t)
    return Picture(
        drawing.svg(trends.plot_sparkline(trend, t)),
        t("{what}, by quarter: {series}", what=findings.say_name(kpi, t), series=series),
        16.5,
        series,
    )


def theme_name(theme: int, t: Translator) -> str:
    """Return a theme's number and title, as they head its rows in a table."""
    title = next(one.title for one in read_plan().themes if one.theme == theme)
    return f"{theme}  {t.localised(title)}"


def theme_kicker(theme: int, t: Translator) -> str:
    """Return a theme's number and title, as they stand over its finding."""
    title = next(one.title for one in read_plan().themes if one.theme == theme)
    return t("Theme {n} · {title}", n=theme, title=t.localised(title))


def say_glance(t: Translator) -> str:
    """Return the heading of the scorecard."""
    return t.plural("The {n} indicator at a glance", len(read_plan().kpis))


def tabulate_scorecard(tables: EditionTables, t: Translator) -> Table:
    """Tabulate the KPIs by theme: one row per KPI, with its trend line."""
    rows = []
    for kpi in read_plan().kpis:
        kpi_figure = queries.select_figure(tables, kpi.kpi)
        rows.append(
            {
                GROUP: theme_name(kpi.theme, t),
                t("KPI"): kpi.kpi,
                t("Indicator"): t.localised(kpi.title),
                _headed(t("Value"), tables): _value(tables, kpi_figure, t),
                t("Bounds"): findings.say_bounds(kpi_figure, t),
                t("Proposed target"): say_target(kpi_figure, t),
                t("Due"): say_due(kpi, tables.quarter, t),
                t("Status against the proposed target"): t.status(kpi_figure.status, kpi_figure.robust),
                t.plural("{n} quarter", len(queries.select_quarters(tables))): _spark(tables, kpi.kpi, t),
                t("Answers"): _behind(kpi_figure, t),
            }
        )
    return Table(
        pd.DataFrame(rows),
        (8.5, 44, 25, 15, 15.5, 15, 37.5, 17, 15.5),
        figures=(_headed(t("Value"), tables), t("Proposed target")),
        group=GROUP,
        size=8,
        pad=1.2,
        middle=True,
        wide=11.5,
    )


def tabulate_theme(tables: EditionTables, theme: int, t: Translator) -> Table:
    """Tabulate one theme's KPIs: one row per KPI, with the quarter before."""
    rows = []
    for kpi in read_plan().kpis:
        if kpi.theme != theme:
            continue
        kpi_figure = queries.select_figure(tables, kpi.kpi)
        rows.append(
            {
                t("KPI"): kpi.kpi,
                t("Indicator"): t.localised(kpi.title),
                _headed(t.quarter(tables.quarter), tables): _value(tables, kpi_figure, t),
                t.quarter(quarters.shift(tables.quarter, -1)): _previous(tables, kpi.kpi, t),
                t("Bounds"): findings.say_bounds(kpi_figure, t),
                t("Proposed target"): say_target(kpi_figure, t),
                t("Due"): say_due(kpi, tables.quarter, t),
                t("Status against the proposed target"): t.status(kpi_figure.status, kpi_figure.robust),
                t("Answers"): _behind(kpi_figure, t),
            }
        )
    frame = pd.DataFrame(rows)
    figures = [*frame.columns[2:4], t("Proposed target")]
    widths = (8.5, 36, 25, 15.5, 16, 15.5, 15.5, 38, 16)
    return Table(frame, widths, figures=figures, size=8, pad=1.8, middle=True, wide=8)


def headline_tiles(tables: EditionTables, t: Translator) -> list[HeadlineTile]:
    """Return the four headline tiles."""
    tiles = []
    for kpi in ("2.1.a", "3.1.a", "1.1.b", "6.1.a"):
        kpi_figure = queries.select_figure(tables, kpi)
        level = (
            findings.say_level(tables, kpi_figure, t)
            if not is_blank(kpi_figure.assessed)
            else findings.say_bounds(kpi_figure, t)
        )
        value, bracket, rest = level.partition(" (")
        detail = (
            rest.rstrip(")")
            if bracket
            else ""
            if is_blank(kpi_figure.assessed)
            else t.counted(kpi_figure.value, kpi_figure.kpi.unit).removeprefix(value).strip()
        )
        tiles.append(
            HeadlineTile(
                findings.say_name(kpi, t),
                value,
                detail,
                findings.say_change(tables, kpi, t),
                findings.say_goal(kpi_figure, t),
                t.status(kpi_figure.status, kpi_figure.robust),
                findings.say_behind(kpi_figure, t),
                say_reference(tables, kpi, t),
            )
        )
    return tiles


def say_reference(tables: EditionTables, kpi: str, t: Translator) -> str:
    """Return the reference of one of the Union's figures, which `papu explain` takes."""
    return t("ref. {reference}", reference=str(Reference(kpi, tables.quarter)))


def theme_reference(tables: EditionTables, theme: int, t: Translator) -> str:
    """Return the reference of the figure that a theme's finding is about."""
    return say_reference(tables, findings.LEADING[theme], t)


# --- companions -------------------------------------------------------------------------------------------------


def companion_names(kpi: str, t: Translator, unit: str = "") -> dict[str, str]:
    """Return a KPI's companions by code with their names, those of one unit where one is given."""
    plan = read_plan()
    titles = {part.code: part.title for part in plan.components if part.step == plan.by_kpi[kpi].step}
    return {
        part.component: t(COMPANION_WORDS[kpi, part.component])
        if (kpi, part.component) in COMPANION_WORDS
        else t.localised(titles.get(part.component, {"en": part.component}))
        for part in plan.companions
        if part.kpi == kpi and unit in ("", part.unit)
    }


def _companion_value(row: object, unit: str, expected: float, t: Translator) -> str:
    if not is_blank(expected) and not is_blank(row.value):
        return t.rate(round(row.value * expected / 100), expected)
    if is_blank(row.value) or is_blank(row.share) or not row.share:
        return t.measured(row.value, unit)
    whole = row.value / row.share
    if abs(whole - round(whole)) < 1e-6:
        return f"{t.number(row.value)}\n{t.rate(row.value, round(whole))}"
    return t.number(row.value)


def tabulate_companions(tables: EditionTables, theme: int, t: Translator) -> Table:
    """Tabulate the companions of one theme's KPIs: one row per companion, now, a quarter and a year before."""
    past = {
        quarter: t.quarter(quarter)
        for quarter in (quarters.shift(tables.quarter, -1), quarters.shift(tables.quarter, -4))
    }
    rows = []
    for kpi in (one for one in read_plan().kpis if one.theme == theme):
        now = queries.select_companions(tables, kpi.kpi)
        older = {quarter: queries.select_companions(tables, kpi.kpi, quarter=quarter) for quarter in past}
        low = {
            q: queries.select_figure(tables, kpi.kpi, quarter=q).coverage_class == "C" for q in (tables.quarter, *past)
        }
        of = queries.select_figure(tables, kpi.kpi).n_expected
        for code, name in companion_names(kpi.kpi, t).items():
            row = now.loc[code] if code in now.index else None
            companion = next(c for c in read_plan().companions if (c.kpi, c.component) == (kpi.kpi, code))
            unit, expected = companion.unit, of if companion.measure == "rate" else None
            shown = (
                t.missing if row is None else "(C)" if low[tables.quarter] else _companion_value(row, unit, expected, t)
            )
            rows.append(
                {
                    GROUP: f"{kpi.kpi}  {t.localised(kpi.title)}",
                    t("Component"): name,
                    t.quarter(tables.quarter): shown,
                    **{
                        past[q]: t.missing
                        if code not in one.index
                        else "(C)"
                        if low[q]
                        else t.measured(one.at[code, "value"], unit)
                        for q, one in older.items()
                    },
                    t("Members reporting"): t.missing if row is None else t.number(row.n_reported),
                }
            )
    frame = pd.DataFrame(rows)
    return Table(frame, (80, 38, 20, 20, 20), right=list(frame.columns[2:]) if len(frame) else (), group=GROUP, pad=2)


# --- change -----------------------------------------------------------------------------------------------------


def tabulate_changes(tables: EditionTables, t: Translator) -> Table:
    """Tabulate what the change of each total is made of: one row per total and scope."""
    rows = tables.changes[tables.changes["quarter"] == tables.quarter].set_index(["kpi", "scope"])
    found = []
    for kpi in sorted({kpi for kpi, _ in rows.index}):
        for scope in (UNION, *read_plan().regions):
            if (kpi, scope) in rows.index:
                row = rows.loc[(kpi, scope)]
                found.append(
                    {
                        GROUP: f"{kpi}  {t.localised(read_plan().by_kpi[kpi].title)}",
                        t("Scope"): t.region(scope),
                        t("before"): t.number(row["before"]),
                        **{t(word): t.signed(row[part]) for part, word in terms.CHANGE_WORDS.items()},
                        t("after"): t.number(row["after"]),
                    }
                )
    frame = pd.DataFrame(found)
    return Table(frame, (30, 18, 22, 25, 20, 25, 20, 18), right=list(frame.columns[2:]), group=GROUP, pad=2)


# --- names and subtitles ---


def family_names(t: Translator) -> dict[str, str]:
    """Return the four service families by code with their names."""
    families = {part.code for part in read_plan().components if part.list == "service_family"}
    return {code: name for code, name in companion_names("3.1.a", t).items() if code in families}


def say_before(tables: EditionTables, t: Translator) -> str:
    """Return the quarter before the one reported."""
    return t.quarter(quarters.shift(tables.quarter, -1))


def say_quarters(tables: EditionTables, t: Translator) -> str:
    """Return the subtitle of a theme's indicators: scope, quarters and marks."""
    sentence = (
        "Union, {quarter} and the quarter before; p provisional, r revised, c carried forward"
        if not tables.is_revised
        else "Union, {quarter} and the quarter before; r revised, c carried forward"
    )
    return t(sentence, quarter=t.quarter(tables.quarter))
