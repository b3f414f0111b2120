"""Captions of change: what totals' changes are made of, which members moved, where regions stand."""

from __future__ import annotations

import pandas as pd

from helpers.i18n import Translator, is_blank, terms
from helpers.plan import UNION, quarters, read_plan
from helpers.report.sentences.captions import Caption, say_measure
from helpers.report.sentences.findings import say_behind, say_goal, say_name
from helpers.tables import EditionTables, KpiFigure, queries

# --- totals -----------------------------------------------------------------------------------------------------


def say_changes(tables: EditionTables, kpis: tuple[str, ...], t: Translator) -> Caption:
    """Return the caption of what the changes of the totals are made of."""
    before = t.quarter(quarters.shift(tables.quarter, -1))
    falls = {kpi: fall for kpi in kpis if (fall := queries.select_waterfall(tables, kpi))}
    lines = t.joined(
        f"{t.localised(read_plan().by_kpi[kpi].title)} {t.signed(fall.after - fall.before)}"
        for kpi, fall in falls.items()
    )
    parts = ". ".join(
        t(
            "{what}: {before} in {quarter}, then {steps}, {after} in {now}",
            what=kpi,
            before=fall.before,
            quarter=before,
            steps=t.enumerated(f"{t(terms.CHANGE_WORDS[part])} {t.signed(change)}" for part, _, change in fall.steps),
            after=fall.after,
            now=t.quarter(tables.quarter),
        )
        for kpi, fall in falls.items()
    )
    subtitle = (
        "From each total published for {quarter} to this quarter's, by cause, Union; cut bars do not begin at 0"
        if any(fall.base for fall in falls.values())
        else "From each total published for {quarter} to this quarter's, by cause, Union"
    )
    if falls:
        title = t("Since {quarter}: {lines}", quarter=before, lines=lines)
    elif (tables.changes["quarter"] == tables.quarter).any():
        title = t("Too few members are known to compare the totals with {quarter}", quarter=before)
    else:
        title = t("There is no earlier quarter to compare with")
    return {
        "title": title,
        "subtitle": t(subtitle, quarter=before),
        "n": t("see the table that follows"),
        "alt": t("Waterfalls of the causes of change. {parts}.", parts=parts or t.missing),
    }


# --- members ----------------------------------------------------------------------------------------------------


def _slopes_title(tables: EditionTables, kpi: str, rows: pd.DataFrame, t: Translator) -> str:
    n, what = len(rows), say_name(kpi, t)
    up, down = int((rows["change"] > 0).sum()), int((rows["change"] < 0).sum())
    if not n:
        return t("{what}: no member reported it in both quarters", what=what)
    if up and down:
        sentence = "{what}: up in {up} of the {n} members that reported it in both quarters, down in {down}"
        return t.plural(sentence, n, what=what, up=up, down=down)
    if up == n:
        return t.plural("{what}: up in each of the {n} members that reported it in both quarters", n, what=what)
    if down == n:
        return t.plural("{what}: down in each of the {n} members that reported it in both quarters", n, what=what)
    if up:
        sentence = "{what}: up in {up} of the {n} members that reported it in both quarters, down in none"
        return t.plural(sentence, n, what=what, up=up)
    if down:
        sentence = "{what}: down in {down} of the {n} members that reported it in both quarters, up in none"
        return t.plural(sentence, n, what=what, down=down)
    return t.plural("{what}: unchanged in the {n} member that reported it in both quarters", n, what=what)


def _moved(rows: pd.DataFrame, unit: str, t: Translator) -> str:
    """Return members with how much each moved, the most first."""
    rows = rows.assign(far=-rows["change"].abs()).sort_values(["far", "member"])
    decimals = 1 if unit == "percent" else 0
    return t.enumerated(f"{row.member} {t.signed(row.change, decimals)}" for row in rows.itertuples())


def say_slopes(tables: EditionTables, kpi: str, t: Translator) -> Caption:
    """Return the caption of the members that reported a KPI in the last quarter and in this one."""
    rows, kpi_figure = queries.select_matched(tables, kpi), queries.select_figure(tables, kpi)
    two_quarters = {"before": t.quarter(quarters.shift(tables.quarter, -1)), "quarter": t.quarter(tables.quarter)}
    expected = len(read_plan().members_in(tables.quarter))
    unnamed = int((~rows["named"]).sum())
    what, unit = say_name(kpi, t), kpi_figure.unit
    medians = queries.find_medians(rows, "now")
    regions = t.joined(
        t("{what}: {value}", what=t.region(region), value=t.measured(medians.get(region), unit))
        for region in read_plan().regions
    )
    return {
        "title": _slopes_title(tables, kpi, rows, t),
        "subtitle": t(
            "{measure}, by member and region, {before} and {quarter}, on one scale; named: those that moved most",
            measure=say_measure(kpi_figure, t),
            **two_quarters,
        ),
        "n": t.plural("{n}/{of} members reported it in both quarters", len(rows), of=expected),
        "note": t.plural("{n} member that moved less or not at all is not named", unnamed) if unnamed else "",
        "alt": t(
            "Slope chart. {what}, {before} and {quarter}, members that reported it in both: {n}. Up: {up}. Down: "
            "{down}. Unchanged: {same}. Medians by region: {regions}.",
            what=what,
            n=len(rows),
            up=_moved(rows[rows["change"] > 0], unit, t),
            down=_moved(rows[rows["change"] < 0], unit, t),
            same=int((rows["change"] == 0).sum()),
            regions=regions,
            **two_quarters,
        ),
    }


# --- regions ----------------------------------------------------------------------------------------------------


def _region_line(trend: list[KpiFigure], t: Translator) -> str:
    """Return where a region's line begins and ends."""
    known = [one for one in trend if not is_blank(one.assessed)]
    what, last = t.region(trend[-1].scope), trend[-1]
    if is_blank(last.assessed):
        return t("{what}: {value}", what=what, value=t.interval(*last.bounds, last.unit))
    if len(known) == 1:
        return t("{what}: {value}", what=what, value=t.measured(last.assessed, last.unit))
    return t(
        "{what}: {before} in {quarter}, {value} in {now}",
        what=what,
        before=t.measured(known[0].assessed, last.unit),
        quarter=t.quarter(known[0].quarter),
        value=t.measured(last.assessed, last.unit),
        now=t.quarter(last.quarter),
    )


def say_regions_over_time(tables: EditionTables, kpi: str, t: Translator) -> Caption:
    """Return the caption of a KPI by region over the quarters."""
    trends = [queries.select_trend(tables, kpi, scope) for scope in (*read_plan().regions, UNION)]
    last, what = trends[-1][-1], say_name(kpi, t)
    past, found = queries.compare_regions(tables, kpi)
    shown = [[t.measured(figure, last.unit) for figure in pair] for pair in found.values()]
    rises = [now > then for then, now in found.values()]
    up = sum(rise and one != other for rise, (one, other) in zip(rises, shown, strict=True))
    if not found:
        title = t("{what}: no region can be compared with an earlier quarter", what=what)
    elif up == len(found):
        title = t.plural(
            "{what}: higher than in {quarter} in the {n} region known in both quarters",
            up,
            what=what,
            quarter=t.quarter(past),
        )
    elif up:
        sentence = "{what}: higher than in {quarter} in {n} of the {of} regions known in both quarters"
        title = t.plural(sentence, up, of=len(found), what=what, quarter=t.quarter(past))
    else:
        sentence = "{what}: no region known in both quarters stands higher than in {quarter}"
        title = t(sentence, what=what, quarter=t.quarter(past))
    subtitle = (
        "{measure}, by region and for the Union, {first} to {last}, on one scale"
        if last.is_certain
        else "{measure}, by region and for the Union, {first} to {last}, on one scale; band: bounds"
    )
    return {
        "title": title,
        "subtitle": t(
            subtitle,
            measure=say_measure(last, t),
            first=t.quarter(trends[0][0].quarter),
            last=t.quarter(last.quarter),
        ),
        "n": say_behind(last, t),
        "alt": t(
            "Small line charts, one per region and one for the Union. {what}. {lines}. Proposed target: {target}.",
            what=what,
            lines=t.joined(_region_line(trend, t) for trend in trends),
            target=say_goal(last, t),
        ),
    }
