"""Captions: a figure's title that says the finding, its measure, who is behind it, and its alternative text."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from helpers.i18n.formats import Words, is_blank
from helpers.plan.plan import UNION, read_plan
from helpers.plan.quarters import shift
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
from helpers.tables import queries
from helpers.tables.pipeline import Tables
from helpers.tables.queries import Standing

Caption = dict[str, str]


def say_period(trend: Sequence[Standing], say: Words) -> dict[str, str]:
    """Return the first and the last quarter of a trend, as sentences name them."""
    return {"first": say.quarter(trend[0].quarter), "last": say.quarter(trend[-1].quarter)}


def say_trend_title(tables: Tables, trend: Sequence[Standing], say: Words) -> str:
    """Return a trend's finding: its last figure, and whether it is up or down from the first one known."""
    last, known = trend[-1], [one for one in trend if not is_blank(one.assessed)]
    if is_blank(last.assessed):
        return say_unknown(last, say)
    value, what = say_level(tables, last, say), say_name(last.kpi.kpi, say)
    first = known[0]
    shown = {
        "what": what,
        "value": value,
        "before": say_level(tables, first, say),
        "quarter": say.quarter(first.quarter),
    }
    if len(known) == 1:
        return say("{what}: {value}", what=what, value=value)
    if say.measured(first.assessed, first.unit) == say.measured(last.assessed, last.unit):
        return say("{what}: {value}, as in {quarter}", **shown)
    rise = last.assessed > first.assessed
    return say(
        "{what}: {value}, up from {before} in {quarter}"
        if rise
        else "{what}: {value}, down from {before} in {quarter}",
        **shown,
    )


def say_trend(tables: Tables, kpi: str, say: Words) -> Caption:
    """Return the caption of one KPI's trend."""
    trend = queries.select_trend(tables, kpi)
    last = trend[-1]
    subtitle = (
        "{measure}, Union, {first} to {last}"
        if last.is_certain
        else ("{measure}, Union, {first} to {last}; band: where the true figure lies, whatever the others would answer")
    )
    return {
        "title": say_trend_title(tables, trend, say),
        "subtitle": say(subtitle, measure=say_measure(last, say), **say_period(trend, say)),
        "n": say_behind(last, say),
        "alt": say(
            "Line chart. {what}, by quarter: {series}. Bounds in the last quarter: {interval}. Proposed target: "
            "{target}.",
            what=say_name(kpi, say),
            series=say_series(trend, say),
            interval=say_bounds(last, say),
            target=say_goal(last, say),
        ),
    }


def say_measure(standing: Standing, say: Words) -> str:
    """Return the measure and its unit, as a subtitle names them."""
    if standing.kpi.kpi in _MEASURES:
        return say(_MEASURES[standing.kpi.kpi])
    if standing.on_share:
        return say("Share of the total of the members known, in %")
    return say({"percent": "Index from 0 to 100 %", "members": "Number of members"}.get(standing.unit, "Number"))


_MEASURES = {
    "2.1.a": "Offices connected in % of all offices of the members known",
    "5.1.a": "Staff trained since the start in % of all staff of the members known",
    "6.1.a": "Questionnaires returned by the first cut-off in % of those sent",
}


def say_trends(tables: Tables, kpis: Sequence[str], say: Words) -> Caption:
    """Return the caption of several KPIs' trends."""
    trends = [queries.select_trend(tables, kpi) for kpi in kpis]
    reached = sum(trend[-1].status in REACHED for trend in trends)
    if reached == len(kpis):
        title = say("All {of} of these indicators reach their proposed target", of=reached)
    elif reached:
        title = say.plural("{n} of these {of} indicators reaches its proposed target", reached, of=len(kpis))
    else:
        title = say("None of these {of} indicators is known to reach its proposed target", of=len(kpis))
    lines = [
        say(
            "{what}, proposed target {target}: {series}",
            what=f"{kpi} {say_name(kpi, say)}",
            target=say_goal(trend[-1], say),
            series=say_series(trend, say),
        )
        for kpi, trend in zip(kpis, trends, strict=True)
    ]
    return {
        "title": title,
        "subtitle": say(
            "Totals since the first quarter collected, Union, {first} to {last}; bars: bounds only",
            **say_period(trends[0], say),
        ),
        "n": _behind_each([trend[-1] for trend in trends], say),
        "alt": say("Small line charts. {lines}.", lines=". ".join(lines)),
    }


def _behind_each(standings: Sequence[Standing], say: Words) -> str:
    """Return who is behind several figures, said once where it is the same."""
    groups: dict[str, list[str]] = {}
    for one in standings:
        groups.setdefault(say_behind(one, say), []).append(one.kpi.kpi)
    return say.joined(
        say("{what}: {value}", what=say.enumerated(kpis), value=behind) for behind, kpis in groups.items()
    )


def say_members(tables: Tables, kpi: str, say: Words) -> Caption:
    """Return the caption of a KPI member by member."""
    standing, rows = queries.select_standing(tables, kpi), queries.select_members(tables, kpi)
    known = rows.dropna(subset=["value"])
    values = list(known["value"] if known["denominator"].isna().all() else 100 * known["value"] / known["denominator"])
    values = [value for value in values if not is_blank(value)]
    what = say_name(kpi, say)
    low, high, middle = (
        [say.measured(f(values), standing.unit) for f in (min, max, statistics.median)] if values else [say.missing] * 3
    )
    if len(values) < 2:
        title = (
            say.plural("{what}: known for {n} member", len(values), what=what)
            if values
            else say("{what}: no member's value is known", what=what)
        )
    elif low == high:
        title = say("{what}: {value} in each of the {n} known members", what=what, value=low, n=len(values))
    else:
        title = say(
            "{what}: half of the {n} known members stand at {middle} or more", what=what, n=len(values), middle=middle
        )
    regions = say.joined(
        say("{what}: {value}", what=say.region(region), value=f"{part['value'].notna().sum()}/{len(part)}")
        for region, part in rows.groupby("region", sort=False)
    )
    return {
        "title": title,
        "subtitle": say(
            "{measure}, by member, {quarter}; sorted within regions, not ranked",
            quarter=say.quarter(tables.quarter),
            measure=say_measure(standing, say),
        ),
        "n": say_behind(standing, say),
        "alt": say(
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


def _extremes(values: dict[str, float], what: str, show: object, say: Words) -> str:
    """Return which of several parts is highest and lowest; ties and blanks are said as such."""
    known = {name: value for name, value in values.items() if not is_blank(value)}
    if not known:
        return say("{what}: no figure", what=what)
    low, high = min(known.values()), max(known.values())
    if show(low) == show(high):
        return say("{what}: {value} throughout", what=what, value=show(high))
    tops, ends = ([name for name, v in known.items() if show(v) == show(end)] for end in (high, low))
    return say(
        "{what}: most for {top} ({high}), least for {end} ({low})",
        what=what,
        top=say.listed(tops),
        high=show(high),
        end=say.listed(ends),
        low=show(low),
    )


def say_companions(
    tables: Tables, kpi: str, names: dict[str, str], say: Words, what: str, on_share: bool = False
) -> Caption:
    """Return the caption of a KPI's companions in percent, now and a year before."""
    now, then = (queries.select_components(tables, kpi, quarter=q) for q in (tables.quarter, shift(tables.quarter, -4)))
    values, past = (
        {name: queries.percent_of(rows, code, on_share) for code, name in names.items()} for rows in (now, then)
    )
    lines = say.joined(f"{name} {say.percent(values[name])} ({say.percent(past[name])})" for name in values)
    reported = [n for n in now["n_reported"].reindex(list(names)) if not is_blank(n)]
    return {
        "title": _extremes(values, what, say.percent, say),
        "subtitle": say(
            "In %, Union, {quarter} (full) and {before} (hollow)",
            quarter=say.quarter(tables.quarter),
            before=say.quarter(shift(tables.quarter, -4)),
        ),
        "n": say("{n} members reported", n=say.interval(min(reported), max(reported))) if reported else say.missing,
        "alt": say("Pairs of dots. {what}, now (a year before): {lines}.", what=what, lines=lines),
    }


def say_families(tables: Tables, kpi: str, names: dict[str, str], say: Words) -> Caption:
    """Return the caption of a KPI's companions in numbers, quarter by quarter."""
    quarters = queries.select_quarters(tables)
    standing = queries.select_standing(tables, kpi)
    rows = {
        quarter: queries.select_components(tables, kpi, quarter=quarter)["value"].reindex(list(names))
        for quarter in quarters
    }
    last = {
        name: float("nan") if standing.is_bounds_only else rows[tables.quarter][code] for code, name in names.items()
    }
    lines = say.joined(
        f"{name}: " + say.enumerated(say.number(rows[quarter][code]) for quarter in quarters)
        for code, name in names.items()
    )
    return {
        "title": _extremes(last, say("Services by family"), say.number, say),
        "subtitle": say(
            "Number of live services of the members known, Union, {first} to {last}",
            first=say.quarter(quarters[0]),
            last=say.quarter(quarters[-1]),
        ),
        "n": say_behind(standing, say),
        "alt": say(
            "Lines by family, {first} to {last}. {lines}.",
            first=say.quarter(quarters[0]),
            last=say.quarter(quarters[-1]),
            lines=lines,
        ),
    }


def say_regions(tables: Tables, kpi: str, say: Words) -> Caption:
    """Return the caption of a KPI by region."""
    scopes = [*read_plan().regions, UNION]
    standings = {scope: queries.select_standing(tables, kpi, scope) for scope in scopes}
    reached = sum(standings[scope].status in REACHED for scope in scopes[:-1])
    title = (
        say.plural("{n} of {of} regions reaches the proposed target", reached, of=len(scopes) - 1)
        if reached
        else say("None of the {of} regions is known to reach the proposed target", of=len(scopes) - 1)
    )
    lines = say.joined(
        f"{say.region(scope)} {say.measured(one.assessed, one.unit)}"
        + ("" if one.is_certain else f" [{say.interval(*one.bounds, one.unit)}]")
        for scope, one in standings.items()
    )
    return {
        "title": title,
        "subtitle": say(
            "{measure}, by region, {quarter}; bar: bounds",
            measure=say_measure(standings[UNION], say),
            quarter=say.quarter(tables.quarter),
        )
        if not standings[UNION].is_certain
        else say(
            "{measure}, by region, {quarter}",
            measure=say_measure(standings[UNION], say),
            quarter=say.quarter(tables.quarter),
        ),
        "n": say_behind(standings[UNION], say),
        "alt": say(
            "Dots by region. {what}: {lines}. Proposed target: {target}.",
            what=say_name(kpi, say),
            lines=lines,
            target=say_goal(standings[UNION], say),
        ),
    }
