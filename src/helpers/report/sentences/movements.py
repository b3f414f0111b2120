"""Captions of change: what totals' changes are made of, which members moved, where regions stand."""

from __future__ import annotations

import pandas as pd

from helpers.i18n.formats import Words, is_blank
from helpers.i18n.terms import CHANGE_WORDS
from helpers.plan.plan import UNION, read_plan
from helpers.plan.quarters import shift
from helpers.report.sentences.captions import Caption, say_measure
from helpers.report.sentences.findings import say_behind, say_goal, say_name
from helpers.tables import queries
from helpers.tables.pipeline import Tables
from helpers.tables.queries import Standing

# --- totals -----------------------------------------------------------------------------------------------------


def say_changes(tables: Tables, kpis: tuple[str, ...], say: Words) -> Caption:
    """Return the caption of what the changes of the totals are made of."""
    before = say.quarter(shift(tables.quarter, -1))
    falls = {kpi: fall for kpi in kpis if (fall := queries.select_waterfall(tables, kpi))}
    lines = say.joined(
        f"{say.own(read_plan().by_kpi[kpi].title)} {say.signed(fall.after - fall.before)}"
        for kpi, fall in falls.items()
    )
    parts = ". ".join(
        say(
            "{what}: {before} in {quarter}, then {steps}, {after} in {now}",
            what=kpi,
            before=fall.before,
            quarter=before,
            steps=say.enumerated(f"{say(CHANGE_WORDS[part])} {say.signed(change)}" for part, _, change in fall.steps),
            after=fall.after,
            now=say.quarter(tables.quarter),
        )
        for kpi, fall in falls.items()
    )
    subtitle = (
        "From each total published for {quarter} to this quarter's, by cause, Union; cut bars do not begin at 0"
        if any(fall.base for fall in falls.values())
        else "From each total published for {quarter} to this quarter's, by cause, Union"
    )
    if falls:
        title = say("Since {quarter}: {lines}", quarter=before, lines=lines)
    elif (tables.changes["quarter"] == tables.quarter).any():
        title = say("Too few members are known to compare the totals with {quarter}", quarter=before)
    else:
        title = say("There is no earlier quarter to compare with")
    return {
        "title": title,
        "subtitle": say(subtitle, quarter=before),
        "n": say("see the table that follows"),
        "alt": say("Waterfalls of the causes of change. {parts}.", parts=parts or say.missing),
    }


# --- members ----------------------------------------------------------------------------------------------------


def _slopes_title(tables: Tables, kpi: str, rows: pd.DataFrame, say: Words) -> str:
    n, what = len(rows), say_name(kpi, say)
    up, down = int((rows["change"] > 0).sum()), int((rows["change"] < 0).sum())
    if not n:
        return say("{what}: no member reported it in both quarters", what=what)
    if up and down:
        sentence = "{what}: up in {up} of the {n} members that reported it in both quarters, down in {down}"
        return say.plural(sentence, n, what=what, up=up, down=down)
    if up == n:
        return say.plural("{what}: up in each of the {n} members that reported it in both quarters", n, what=what)
    if down == n:
        return say.plural("{what}: down in each of the {n} members that reported it in both quarters", n, what=what)
    if up:
        sentence = "{what}: up in {up} of the {n} members that reported it in both quarters, down in none"
        return say.plural(sentence, n, what=what, up=up)
    if down:
        sentence = "{what}: down in {down} of the {n} members that reported it in both quarters, up in none"
        return say.plural(sentence, n, what=what, down=down)
    return say.plural("{what}: unchanged in the {n} member that reported it in both quarters", n, what=what)


def _moved(rows: pd.DataFrame, unit: str, say: Words) -> str:
    """Return members with how much each moved, the most first."""
    rows = rows.assign(far=-rows["change"].abs()).sort_values(["far", "member"])
    decimals = 1 if unit == "percent" else 0
    return say.enumerated(f"{row.member} {say.signed(row.change, decimals)}" for row in rows.itertuples())


def say_slopes(tables: Tables, kpi: str, say: Words) -> Caption:
    """Return the caption of the members that reported a KPI in the last quarter and in this one."""
    rows, standing = queries.select_matched(tables, kpi), queries.select_standing(tables, kpi)
    quarters = {"before": say.quarter(shift(tables.quarter, -1)), "quarter": say.quarter(tables.quarter)}
    expected = len(read_plan().members_in(tables.quarter))
    unnamed = int((~rows["named"]).sum())
    what, unit = say_name(kpi, say), standing.unit
    medians = queries.find_medians(rows, "now")
    regions = say.joined(
        say("{what}: {value}", what=say.region(region), value=say.measured(medians.get(region), unit))
        for region in read_plan().regions
    )
    return {
        "title": _slopes_title(tables, kpi, rows, say),
        "subtitle": say(
            "{measure}, by member and region, {before} and {quarter}, on one scale; named: those that moved most",
            measure=say_measure(standing, say),
            **quarters,
        ),
        "n": say.plural("{n}/{of} members reported it in both quarters", len(rows), of=expected),
        "note": say.plural("{n} member that moved less or not at all is not named", unnamed) if unnamed else "",
        "alt": say(
            "Slope chart. {what}, {before} and {quarter}, members that reported it in both: {n}. Up: {up}. Down: "
            "{down}. Unchanged: {same}. Medians by region: {regions}.",
            what=what,
            n=len(rows),
            up=_moved(rows[rows["change"] > 0], unit, say),
            down=_moved(rows[rows["change"] < 0], unit, say),
            same=int((rows["change"] == 0).sum()),
            regions=regions,
            **quarters,
        ),
    }


# --- regions ----------------------------------------------------------------------------------------------------


def _region_line(trend: list[Standing], say: Words) -> str:
    """Return where a region's line begins and ends."""
    known = [one for one in trend if not is_blank(one.assessed)]
    what, last = say.region(trend[-1].scope), trend[-1]
    if is_blank(last.assessed):
        return say("{what}: {value}", what=what, value=say.interval(*last.bounds, last.unit))
    if len(known) == 1:
        return say("{what}: {value}", what=what, value=say.measured(last.assessed, last.unit))
    return say(
        "{what}: {before} in {quarter}, {value} in {now}",
        what=what,
        before=say.measured(known[0].assessed, last.unit),
        quarter=say.quarter(known[0].quarter),
        value=say.measured(last.assessed, last.unit),
        now=say.quarter(last.quarter),
    )


def say_regions_over_time(tables: Tables, kpi: str, say: Words) -> Caption:
    """Return the caption of a KPI by region over the quarters."""
    trends = [queries.select_trend(tables, kpi, scope) for scope in (*read_plan().regions, UNION)]
    last, what = trends[-1][-1], say_name(kpi, say)
    past, found = queries.compare_regions(tables, kpi)
    shown = [[say.measured(figure, last.unit) for figure in pair] for pair in found.values()]
    rises = [now > then for then, now in found.values()]
    up = sum(rise and one != other for rise, (one, other) in zip(rises, shown, strict=True))
    if not found:
        title = say("{what}: no region can be compared with an earlier quarter", what=what)
    elif up == len(found):
        title = say.plural(
            "{what}: higher than in {quarter} in the {n} region known in both quarters",
            up,
            what=what,
            quarter=say.quarter(past),
        )
    elif up:
        sentence = "{what}: higher than in {quarter} in {n} of the {of} regions known in both quarters"
        title = say.plural(sentence, up, of=len(found), what=what, quarter=say.quarter(past))
    else:
        sentence = "{what}: no region known in both quarters stands higher than in {quarter}"
        title = say(sentence, what=what, quarter=say.quarter(past))
    subtitle = (
        "{measure}, by region and for the Union, {first} to {last}, on one scale"
        if last.is_certain
        else "{measure}, by region and for the Union, {first} to {last}, on one scale; band: bounds"
    )
    return {
        "title": title,
        "subtitle": say(
            subtitle,
            measure=say_measure(last, say),
            first=say.quarter(trends[0][0].quarter),
            last=say.quarter(last.quarter),
        ),
        "n": say_behind(last, say),
        "alt": say(
            "Small line charts, one per region and one for the Union. {what}. {lines}. Proposed target: {target}.",
            what=what,
            lines=say.joined(_region_line(trend, say) for trend in trends),
            target=say_goal(last, say),
        ),
    }
