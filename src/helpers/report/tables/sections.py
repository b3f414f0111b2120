"""The report's tables, each as a sheet of dressed cells: what one row is stands in each function's first line."""

from __future__ import annotations

import pandas as pd

from helpers.i18n.formats import Words, is_blank
from helpers.i18n.terms import CHANGE_WORDS
from helpers.kpis.reference import Reference
from helpers.plan.plan import UNION, Kpi, read_plan
from helpers.plan.quarters import shift
from helpers.report.blocks import Picture, Sheet, Tile, Two
from helpers.report.figures import drawing, trends
from helpers.report.sentences import findings
from helpers.tables import queries
from helpers.tables.pipeline import Tables
from helpers.tables.queries import Standing

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


def say_due(kpi: Kpi, quarter: str, say: Words) -> str:
    """Return when a KPI is due, and that it is not due yet."""
    if not kpi.due:
        return say("each quarter")
    return say.quarter(kpi.due) + (f"\n{say.not_due}" if kpi.due > quarter else "")


def _headed(name: str, tables: Tables) -> str:
    """Return a column's name with the mark of provisional figures."""
    return f"{name} p" if not tables.is_revised else name


def _value(tables: Tables, standing: Standing, say: Words) -> object:
    if is_blank(standing.value):
        return say("bounds only") if standing.is_bounds_only else say.missing
    if standing.kpi.unit == "stage":
        stage = int(standing.value)
        return Two(say("stage {n} of 5", n=stage), say(STAGES[stage]) if stage < len(STAGES) else "")
    level = findings.say_level(tables, standing, say)
    if standing.on_share:
        return Two(say.number(standing.value), level)
    head, bracket, rest = level.partition(" (")
    return Two(head, f"({rest}") if bracket else head


def _behind(standing: Standing, say: Words) -> str:
    if is_blank(standing.n_reported):
        return say("register") if standing.is_certain else say.missing
    carried = f"\n+ {say.number(standing.n_carried)} c" if standing.n_carried else ""
    return f"{say.number(standing.n_reported)}/{say.number(standing.n_expected)}{carried}"


def _previous(tables: Tables, kpi: str, say: Words) -> str:
    before = queries.select_standing(tables, kpi, quarter=shift(tables.quarter, -1))
    revised = tables.revisions
    revised = revised[(revised["quarter"] == before.quarter) & (revised["scope"] == UNION) & (revised["kpi"] == kpi)]
    shown = (
        say.interval(before.lower, before.upper, before.kpi.unit)
        if is_blank(before.value)
        else say.measured(before.value, before.kpi.unit)
    )
    return shown + (" r" if len(revised) else "")


def say_target(standing: Standing, say: Words) -> str:
    """Return the proposed target of a standing as a table shows it."""
    if is_blank(standing.target):
        return say("none")
    return say("stage {n}", n=standing.target) if standing.kpi.unit == "stage" else findings.say_goal(standing, say)


def _spark(tables: Tables, kpi: str, say: Words) -> Picture:
    trend = queries.select_trend(tables, kpi)
    series = findings.say_series(trend, say)
    return Picture(
        drawing.svg(trends.plot_sparkline(trend, say)),
        say("{what}, by quarter: {series}", what=findings.say_name(kpi, say), series=series),
        16.5,
        series,
    )


def theme_name(theme: int, say: Words) -> str:
    """Return a theme's number and title, as they head its rows in a table."""
    title = next(one.title for one in read_plan().themes if one.theme == theme)
    return f"{theme}  {say.own(title)}"


def theme_kicker(theme: int, say: Words) -> str:
    """Return a theme's number and title, as they stand over its finding."""
    title = next(one.title for one in read_plan().themes if one.theme == theme)
    return say("Theme {n} · {title}", n=theme, title=say.own(title))


def say_glance(say: Words) -> str:
    """Return the heading of the scorecard."""
    return say.plural("The {n} indicator at a glance", len(read_plan().kpis))


def tabulate_scorecard(tables: Tables, say: Words) -> Sheet:
    """Tabulate the KPIs by theme: one row per KPI, with its trend line."""
    rows = []
    for kpi in read_plan().kpis:
        standing = queries.select_standing(tables, kpi.kpi)
        rows.append(
            {
                GROUP: theme_name(kpi.theme, say),
                say("KPI"): kpi.kpi,
                say("Indicator"): say.own(kpi.title),
                _headed(say("Value"), tables): _value(tables, standing, say),
                say("Bounds"): findings.say_bounds(standing, say),
                say("Proposed target"): say_target(standing, say),
                say("Due"): say_due(kpi, tables.quarter, say),
                say("Status against the proposed target"): say.status(standing.status, standing.robust),
                say.plural("{n} quarter", len(queries.select_quarters(tables))): _spark(tables, kpi.kpi, say),
                say("Answers"): _behind(standing, say),
            }
        )
    return Sheet(
        pd.DataFrame(rows),
        (8.5, 44, 25, 15, 15.5, 15, 37.5, 17, 15.5),
        figures=(_headed(say("Value"), tables), say("Proposed target")),
        group=GROUP,
        size=8,
        pad=1.2,
        middle=True,
        wide=11.5,
    )


def tabulate_theme(tables: Tables, theme: int, say: Words) -> Sheet:
    """Tabulate one theme's KPIs: one row per KPI, with the quarter before."""
    rows = []
    for kpi in read_plan().kpis:
        if kpi.theme != theme:
            continue
        standing = queries.select_standing(tables, kpi.kpi)
        rows.append(
            {
                say("KPI"): kpi.kpi,
                say("Indicator"): say.own(kpi.title),
                _headed(say.quarter(tables.quarter), tables): _value(tables, standing, say),
                say.quarter(shift(tables.quarter, -1)): _previous(tables, kpi.kpi, say),
                say("Bounds"): findings.say_bounds(standing, say),
                say("Proposed target"): say_target(standing, say),
                say("Due"): say_due(kpi, tables.quarter, say),
                say("Status against the proposed target"): say.status(standing.status, standing.robust),
                say("Answers"): _behind(standing, say),
            }
        )
    frame = pd.DataFrame(rows)
    figures = [*frame.columns[2:4], say("Proposed target")]
    widths = (8.5, 36, 25, 15.5, 16, 15.5, 15.5, 38, 16)
    return Sheet(frame, widths, figures=figures, size=8, pad=1.8, middle=True, wide=8)


def headline_tiles(tables: Tables, say: Words) -> list[Tile]:
    """Return the four headline tiles."""
    tiles = []
    for kpi in ("2.1.a", "3.1.a", "1.1.b", "6.1.a"):
        standing = queries.select_standing(tables, kpi)
        level = (
            findings.say_level(tables, standing, say)
            if not is_blank(standing.assessed)
            else findings.say_bounds(standing, say)
        )
        value, bracket, rest = level.partition(" (")
        detail = (
            rest.rstrip(")")
            if bracket
            else ""
            if is_blank(standing.assessed)
            else say.counted(standing.value, standing.kpi.unit).removeprefix(value).strip()
        )
        tiles.append(
            Tile(
                findings.say_name(kpi, say),
                value,
                detail,
                findings.say_change(tables, kpi, say),
                findings.say_goal(standing, say),
                say.status(standing.status, standing.robust),
                findings.say_behind(standing, say),
                say_reference(tables, kpi, say),
            )
        )
    return tiles


def say_reference(tables: Tables, kpi: str, say: Words) -> str:
    """Return the reference of one of the Union's figures, which `papu explain` takes."""
    return say("ref. {reference}", reference=str(Reference(kpi, tables.quarter)))


def theme_reference(tables: Tables, theme: int, say: Words) -> str:
    """Return the reference of the figure that a theme's finding is about."""
    return say_reference(tables, findings.LEADING[theme], say)


# --- companions -------------------------------------------------------------------------------------------------


def companion_names(kpi: str, say: Words, unit: str = "") -> dict[str, str]:
    """Return a KPI's companions by code with their names, those of one unit where one is given."""
    plan = read_plan()
    titles = {part.code: part.title for part in plan.components if part.step == plan.by_kpi[kpi].step}
    return {
        part.component: say(COMPANION_WORDS[kpi, part.component])
        if (kpi, part.component) in COMPANION_WORDS
        else say.own(titles.get(part.component, {"en": part.component}))
        for part in plan.companions
        if part.kpi == kpi and unit in ("", part.unit)
    }


def _companion_value(row: object, unit: str, expected: float, say: Words) -> str:
    if not is_blank(expected) and not is_blank(row.value):
        return say.rate(round(row.value * expected / 100), expected)
    if is_blank(row.value) or is_blank(row.share) or not row.share:
        return say.measured(row.value, unit)
    whole = row.value / row.share
    if abs(whole - round(whole)) < 1e-6:
        return f"{say.number(row.value)}\n{say.rate(row.value, round(whole))}"
    return say.number(row.value)


def tabulate_companions(tables: Tables, theme: int, say: Words) -> Sheet:
    """Tabulate the companions of one theme's KPIs: one row per companion, now, a quarter and a year before."""
    past = {quarter: say.quarter(quarter) for quarter in (shift(tables.quarter, -1), shift(tables.quarter, -4))}
    rows = []
    for kpi in (one for one in read_plan().kpis if one.theme == theme):
        now = queries.select_components(tables, kpi.kpi)
        older = {quarter: queries.select_components(tables, kpi.kpi, quarter=quarter) for quarter in past}
        low = {
            q: queries.select_standing(tables, kpi.kpi, quarter=q).coverage_class == "C"
            for q in (tables.quarter, *past)
        }
        of = queries.select_standing(tables, kpi.kpi).n_expected
        for code, name in companion_names(kpi.kpi, say).items():
            row = now.loc[code] if code in now.index else None
            companion = next(c for c in read_plan().companions if (c.kpi, c.component) == (kpi.kpi, code))
            unit, expected = companion.unit, of if companion.measure == "rate" else None
            shown = (
                say.missing
                if row is None
                else "(C)"
                if low[tables.quarter]
                else _companion_value(row, unit, expected, say)
            )
            rows.append(
                {
                    GROUP: f"{kpi.kpi}  {say.own(kpi.title)}",
                    say("Component"): name,
                    say.quarter(tables.quarter): shown,
                    **{
                        past[q]: say.missing
                        if code not in one.index
                        else "(C)"
                        if low[q]
                        else say.measured(one.at[code, "value"], unit)
                        for q, one in older.items()
                    },
                    say("Members reporting"): say.missing if row is None else say.number(row.n_reported),
                }
            )
    frame = pd.DataFrame(rows)
    return Sheet(frame, (80, 38, 20, 20, 20), right=list(frame.columns[2:]) if len(frame) else (), group=GROUP, pad=2)


# --- change -----------------------------------------------------------------------------------------------------


def tabulate_changes(tables: Tables, say: Words) -> Sheet:
    """Tabulate what the change of each total is made of: one row per total and scope."""
    rows = tables.changes[tables.changes["quarter"] == tables.quarter].set_index(["kpi", "scope"])
    found = []
    for kpi in sorted({kpi for kpi, _ in rows.index}):
        for scope in (UNION, *read_plan().regions):
            if (kpi, scope) in rows.index:
                row = rows.loc[(kpi, scope)]
                found.append(
                    {
                        GROUP: f"{kpi}  {say.own(read_plan().by_kpi[kpi].title)}",
                        say("Scope"): say.region(scope),
                        say("before"): say.number(row["before"]),
                        **{say(word): say.signed(row[part]) for part, word in CHANGE_WORDS.items()},
                        say("after"): say.number(row["after"]),
                    }
                )
    frame = pd.DataFrame(found)
    return Sheet(frame, (30, 18, 22, 25, 20, 25, 20, 18), right=list(frame.columns[2:]), group=GROUP, pad=2)


# --- names and subtitles ---


def family_names(say: Words) -> dict[str, str]:
    """Return the four service families by code with their names."""
    families = {part.code for part in read_plan().components if part.list == "service_family"}
    return {code: name for code, name in companion_names("3.1.a", say).items() if code in families}


def say_before(tables: Tables, say: Words) -> str:
    """Return the quarter before the one reported."""
    return say.quarter(shift(tables.quarter, -1))


def say_quarters(tables: Tables, say: Words) -> str:
    """Return the subtitle of a theme's indicators: scope, quarters and marks."""
    sentence = (
        "Union, {quarter} and the quarter before; p provisional, r revised, c carried forward"
        if not tables.is_revised
        else "Union, {quarter} and the quarter before; r revised, c carried forward"
    )
    return say(sentence, quarter=say.quarter(tables.quarter))
