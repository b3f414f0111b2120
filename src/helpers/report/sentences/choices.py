"""A choice in words: the caption of one KPI in one scope over chosen quarters, and what a member's value is."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.i18n import Translator, is_blank
from helpers.plan import read_plan
from helpers.report.sentences.captions import Caption, say_measure, say_period, say_trend_title
from helpers.report.sentences.findings import say_behind, say_bounds, say_goal, say_name, say_series
from helpers.tables import EditionTables, queries


def say_value(kpi: str, row: object, t: Translator) -> str:
    """Return a member's value (with denominator and basis) as a table has it: with its whole, `c` where carried."""
    if is_blank(row.value):
        return t.missing
    mark = " c" if row.basis == "carried" else ""
    if kpi == "1.1.b":
        return (t("yes") if row.value else t("no")) + mark
    if not is_blank(row.denominator):
        return t.rate(row.value, row.denominator) + mark
    record = read_plan().by_kpi[kpi]
    shown = t.counted if record.assessed == "share" else t.measured  # a share without its total is a number
    return shown(row.value, record.unit) + mark


def say_choice(
    tables: EditionTables, kpi: str, scope: str, members: Sequence[str], quarters: Sequence[str], t: Translator
) -> Caption:
    """Return the caption of a KPI in a scope: the finding, what is measured where, who is behind it, and its series."""
    trend = queries.select_trend(tables, kpi, scope, list(quarters))
    last = trend[-1]
    alt = [
        t(
            "Line chart. {what}, by quarter: {series}. Bounds in the last quarter: {interval}. Proposed target: "
            "{target}.",
            what=f"{say_name(kpi, t)}, {t.region(scope)}",
            series=say_series(trend, t),
            interval=say_bounds(last, t),
            target=say_goal(last, t),
        )
    ]
    if members:
        alt.append(t("Beneath, the members chosen in {quarter}: {lines}.", quarter=t.quarter(last.quarter),
                       lines=_say_members(tables, kpi, members, last, t)))  # fmt: skip
    return {
        "title": say_trend_title(tables, trend, t),
        "subtitle": t(
            "{measure}, {region}, {first} to {last}",
            measure=say_measure(last, t),
            region=t.region(scope),
            **say_period(trend, t),
        ),
        "n": say_behind(last, t),
        "alt": " ".join(alt),
    }


def _say_members(
    tables: EditionTables, kpi: str, members: Sequence[str], last: queries.KpiFigure, t: Translator
) -> str:
    """Return the value of each member in the last quarter chosen."""
    levels = queries.select_levels_over_time(tables, kpi, members, [last.quarter])
    return t.joined(
        t("{what}: {value}", what=t.member(row.member), value=say_value(kpi, row, t)) for row in levels.itertuples()
    )
