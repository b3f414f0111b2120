"""Captions: a figure's title that says the finding, its measure, who is behind it, and its alternative text."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from helpers.i18n import Translator, is_blank
from helpers.plan import UNION, quarters, read_plan
from helpers.report.sentences.findings import (
    REACHED,
    say_behind,
    say_bounds,
    say_goal,
    say_level,
    say_name,
    say_series,
    say_unknown,
)
from helpers.tables import EditionTables, KpiFigure, queries

Caption = dict[str, str]


def say_period(trend: Sequence[KpiFigure], t: Translator) -> dict[str, str]:
    """Return the first and the last quarter of a trend, as sentences name them."""
    return {"first": t.quarter(trend[0].quarter), "last": t.quarter(trend[-1].quarter)}


def say_trend_title(tables: EditionTables, trend: Sequence[KpiFigure], t: Translator) -> str:
    """Return a trend's finding: its last figure, and whether it is up or down from the first one known."""
    last, known = trend[-1], [one for one in trend if not is_blank(one.assessed)]
    if is_blank(last.assessed):
        return say_unknown(last, t)
    value, what = say_level(tables, last, t), say_name(last.kpi.kpi, t)
    first = known[0]
    shown = {
        "what": what,
        "value": value,
        "before": say_level(tables, first, t),
        "quarter": t.quarter(first.quarter),
    }
    if len(known) == 1:
        return t("{what}: {value}", what=what, value=value)
    if t.measured(first.assessed, first.unit) == t.measured(last.assessed, last.unit):
        return t("{what}: {value}, as in {quarter}", **shown)
    rise = last.assessed > first.assessed
    return t(
        "{what}: {value}, up from {before} in {quarter}"
        if rise
        else "{what}: {value}, down from {before} in {quarter}",
        **shown,
    )


def say_trend(tables: EditionTables, kpi: str, t: Translator) -> Caption:
    """Return the caption of one KPI's trend."""
    trend = queries.select_trend(tables, kpi)
    last = trend[-1]
    subtitle = (
        "{measure}, Union, {first} to {last}"
        if last.is_certain
        else ("{measure}, Union, {first} to {last}; band: where the true figure lies, whatever the others would answer")
    )
    return {
        "title": say_trend_title(tables, trend, t),
        "subtitle": t(subtitle, measure=say_measure(last, t), **say_period(trend, t)),
        "n": say_behind(last, t),
        "alt": t(
            "Line chart. {what}, by quarter: {series}. Bounds in the last quarter: {interval}. Proposed target: "
            "{target}.",
            what=say_name(kpi, t),
            series=say_series(trend, t),
            interval=say_bounds(last, t),
            target=say_goal(last, t),
        ),
    }


def say_measure(kpi_figure: KpiFigure, t: Translator) -> str:
    """Return the measure and its unit, as a subtitle names them."""
    if kpi_figure.kpi.kpi in _MEASURES:
        return t(_MEASURES[kpi_figure.kpi.kpi])
    if kpi_figure.on_share:
        return t("Share of the total of the members known, in %")
    return t({"percent": "Index from 0 to 100 %", "members": "Number of members"}.get(kpi_figure.unit, "Number"))


_MEASURES = {
    "2.1.a": "Offices connected in % of all offices of the members known",
    "5.1.a": "Staff trained since the start in % of all staff of the members known",
    "6.1.a": "Questionnaires returned by the first cut-off in % of those sent",
}


def say_trends(tables: EditionTables, kpis: Sequence[str], t: Translator) -> Caption:
    """Return the caption of several KPIs' trends."""
    trends = [queries.select_trend(tables, kpi) for kpi in kpis]
    reached = sum(trend[-1].status in REACHED for trend in trends)
    if reached == len(kpis):
        title = t("All {of} of these indicators reach their proposed target", of=reached)
    elif reached:
        title = t.plural("{n} of these {of} indicators reaches its proposed target", reached, of=len(kpis))
    else:
        title = t("None of these {of} indicators is known to reach its proposed target", of=len(kpis))
    lines = [
        t(
            "{what}, proposed target {target}: {series}",
            what=f"{kpi} {say_name(kpi, t)}",
            target=say_goal(trend[-1], t),
            series=say_series(trend, t),
        )
        for kpi, trend in zip(kpis, trends, strict=True)
    ]
    return {
        "title": title,
        "subtitle": t(
            "Totals since the first quarter collected, Union, {first} to {last}; bars: bounds only",
            **say_period(trends[0], t),
        ),
        "n": _behind_each([trend[-1] for trend in trends], t),
        "alt": t("Small line charts. {lines}.", lines=". ".join(lines)),
    }


def _behind_each(kpi_figures: Sequence[KpiFigure], t: Translator) -> str:
    """Return who is behind several figures, said once where it is the same."""
    groups: dict[str, list[str]] = {}
    for one in kpi_figures:
        groups.setdefault(say_behind(one, t), []).append(one.kpi.kpi)
    return t.joined(t("{what}: {value}", what=t.enumerated(kpis), value=behind) for behind, kpis in groups.items())


def say_members(tables: EditionTables, kpi: str, t: Translator) -> Caption:
    """Return the caption of a KPI member by member."""
    kpi_figure, rows = queries.select_figure(tables, kpi), queries.select_members(tables, kpi)
    known = rows.dropna(subset=["value"])
    values = list(known["value"] if known["denominator"].isna().all() else 100 * known["value"] / known["denominator"])
    values = [value for value in values if not is_blank(value)]
    what = say_name(kpi, t)
    low, high, middle = (
        [t.measured(f(values), kpi_figure.unit) for f in (min, max, statistics.median)] if values else [t.missing] * 3
    )
    if len(values) < 2:
        title = (
            t.plural("{what}: known for {n} member", len(values), what=what)
            if values
            else t("{what}: no member's value is known", what=what)
        )
    elif low == high:
        title = t("{what}: {value} in each of the {n} known members", what=what, value=low, n=len(values))
    else:
        title = t(
            "{what}: half of the {n} known members stand at {middle} or more", what=what, n=len(values), middle=middle
        )
    regions = t.joined(
        t("{what}: {value}", what=t.region(region), value=f"{part['value'].notna().sum()}/{len(part)}")
        for region, part in rows.groupby("region", sort=False)
    )
    return {
        "title": title,
        "subtitle": t(
            "{measure}, by member, {quarter}; sorted within regions, not ranked",
            quarter=t.quarter(tables.quarter),
            measure=say_measure(kpi_figure, t),
        ),
        "n": say_behind(kpi_figure, t),
        "alt": t(
            "Dots by member. {what}: from {low} to {high}, median {middle}; {reported} reported, {carried} carried "
            "forward, {missing} without data. Known by region: {regions}.",
            what=what,
            low=low,
            high=high,
            middle=middle,
            reported=int((rows["basis"] == "reported").sum()),
            carried=int((rows["basis"] == "carried").sum()),
            missing=int(rows["value"].isna().sum()),
            regions=regions,
        ),
    }


def _extremes(values: dict[str, float], what: str, show: object, t: Translator) -> str:
    """Return which of several parts is highest and lowest; ties and blanks are said as such."""
    known = {name: value for name, value in values.items() if not is_blank(value)}
    if not known:
        return t("{what}: no figure", what=what)
    low, high = min(known.values()), max(known.values())
    if show(low) == show(high):
        return t("{what}: {value} throughout", what=what, value=show(high))
    tops, ends = ([name for name, v in known.items() if show(v) == show(end)] for end in (high, low))
    return t(
        "{what}: most for {top} ({high}), least for {end} ({low})",
        what=what,
        top=t.listed(tops),
        high=show(high),
        end=t.listed(ends),
        low=show(low),
    )


def say_companions(
    tables: EditionTables, kpi: str, names: dict[str, str], t: Translator, what: str, on_share: bool = False
) -> Caption:
    """Return the caption of a KPI's companions in percent, now and a year before."""
    now, then = (
        queries.select_companions(tables, kpi, quarter=q) for q in (tables.quarter, quarters.shift(tables.quarter, -4))
    )
    values, past = (
        {name: queries.companion_percent(rows, code, on_share) for code, name in names.items()} for rows in (now, then)
    )
    lines = t.joined(f"{name} {t.percent(values[name])} ({t.percent(past[name])})" for name in values)
    reported = [n for n in now["n_reported"].reindex(list(names)) if not is_blank(n)]
    return {
        "title": _extremes(values, what, t.percent, t),
        "subtitle": t(
            "In %, Union, {quarter} (full) and {before} (hollow)",
            quarter=t.quarter(tables.quarter),
            before=t.quarter(quarters.shift(tables.quarter, -4)),
        ),
        "n": t("{n} members reported", n=t.interval(min(reported), max(reported))) if reported else t.missing,
        "alt": t("Pairs of dots. {what}, now (a year before): {lines}.", what=what, lines=lines),
    }


def say_families(tables: EditionTables, kpi: str, names: dict[str, str], t: Translator) -> Caption:
    """Return the caption of a KPI's companions in numbers, quarter by quarter."""
    quarters = queries.select_quarters(tables)
    kpi_figure = queries.select_figure(tables, kpi)
    rows = {
        quarter: queries.select_companions(tables, kpi, quarter=quarter)["value"].reindex(list(names))
        for quarter in quarters
    }
    last = {
        name: float("nan") if kpi_figure.is_bounds_only else rows[tables.quarter][code] for code, name in names.items()
    }
    lines = t.joined(
        f"{name}: " + t.enumerated(t.number(rows[quarter][code]) for quarter in quarters)
        for code, name in names.items()
    )
    return {
        "title": _extremes(last, t("Services by family"), t.number, t),
        "subtitle": t(
            "Number of live services of the members known, Union, {first} to {last}",
            first=t.quarter(quarters[0]),
            last=t.quarter(quarters[-1]),
        ),
        "n": say_behind(kpi_figure, t),
        "alt": t(
            "Lines by family, {first} to {last}. {lines}.",
            first=t.quarter(quarters[0]),
            last=t.quarter(quarters[-1]),
            lines=lines,
        ),
    }


def say_regions(tables: EditionTables, kpi: str, t: Translator) -> Caption:
    """Return the caption of a KPI by region."""
    scopes = [*read_plan().regions, UNION]
    kpi_figures = {scope: queries.select_figure(tables, kpi, scope) for scope in scopes}
    reached = sum(kpi_figures[scope].status in REACHED for scope in scopes[:-1])
    title = (
        t.plural("{n} of {of} regions reaches the proposed target", reached, of=len(scopes) - 1)
        if reached
        else t("None of the {of} regions is known to reach the proposed target", of=len(scopes) - 1)
    )
    lines = t.joined(
        f"{t.region(scope)} {t.measured(one.assessed, one.unit)}"
        + ("" if one.is_certain else f" [{t.interval(*one.bounds, one.unit)}]")
        for scope, one in kpi_figures.items()
    )
    return {
        "title": title,
        "subtitle": t(
            "{measure}, by region, {quarter}; bar: bounds",
            measure=say_measure(kpi_figures[UNION], t),
            quarter=t.quarter(tables.quarter),
        )
        if not kpi_figures[UNION].is_certain
        else t(
            "{measure}, by region, {quarter}",
            measure=say_measure(kpi_figures[UNION], t),
            quarter=t.quarter(tables.quarter),
        ),
        "n": say_behind(kpi_figures[UNION], t),
        "alt": t(
            "Dots by region. {what}: {lines}. Proposed target: {target}.",
            what=say_name(kpi, t),
            lines=lines,
            target=say_goal(kpi_figures[UNION], t),
        ),
    }
