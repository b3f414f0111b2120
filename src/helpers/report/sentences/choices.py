"""A choice in words: the caption of one KPI in one scope over chosen quarters, and what a member's value is."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.i18n.formats import Words, is_blank
from helpers.plan.plan import read_plan
from helpers.report.sentences.captions import Caption, say_measure, say_period, say_trend_title
from helpers.report.sentences.findings import say_behind, say_bounds, say_goal, say_name, say_series
from helpers.tables import queries
from helpers.tables.pipeline import Tables


def say_value(kpi: str, row: object, say: Words) -> str:
    """Return a member's value (with denominator and basis) as a table has it: with its whole, `c` where carried."""
    if is_blank(row.value):
        return say.missing
    mark = " c" if row.basis == "carried" else ""
    if kpi == "1.1.b":
        return (say("yes") if row.value else say("no")) + mark
    if not is_blank(row.denominator):
        return say.rate(row.value, row.denominator) + mark
    record = read_plan().by_kpi[kpi]
    shown = say.counted if record.assessed == "share" else say.measured  # a share without its total is a number
    return shown(row.value, record.unit) + mark


def say_choice(
    tables: Tables, kpi: str, scope: str, members: Sequence[str], quarters: Sequence[str], say: Words
) -> Caption:
    """Return the caption of a KPI in a scope: the finding, what is measured where, who is behind it, and its series."""
    trend = queries.select_trend(tables, kpi, scope, list(quarters))
    last = trend[-1]
    alt = [
        say(
            "Line chart. {what}, by quarter: {series}. Bounds in the last quarter: {interval}. Proposed target: "
            "{target}.",
            what=f"{say_name(kpi, say)}, {say.region(scope)}",
            series=say_series(trend, say),
            interval=say_bounds(last, say),
            target=say_goal(last, say),
        )
    ]
    if members:
        alt.append(say("Beneath, the members chosen in {quarter}: {lines}.", quarter=say.quarter(last.quarter),
                       lines=_say_members(tables, kpi, members, last, say)))  # fmt: skip
    return {
        "title": say_trend_title(tables, trend, say),
        "subtitle": say(
            "{measure}, {region}, {first} to {last}",
            measure=say_measure(last, say),
            region=say.region(scope),
            **say_period(trend, say),
        ),
        "n": say_behind(last, say),
        "alt": " ".join(alt),
    }


def _say_members(tables: Tables, kpi: str, members: Sequence[str], last: queries.Standing, say: Words) -> str:
    """Return the value of each member in the last quarter chosen."""
    levels = queries.select_levels_over_time(tables, kpi, members, [last.quarter])
    return say.joined(
        say("{what}: {value}", what=say.member(row.member), value=say_value(kpi, row, say))
        for row in levels.itertuples()
    )
