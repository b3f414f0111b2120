"""Captions of who answered, how regularly, and where members stand on a map."""

from __future__ import annotations

from helpers.i18n import Translator, terms
from helpers.plan import read_plan
from helpers.report.sentences.captions import Caption
from helpers.report.sentences.findings import say_behind
from helpers.tables import EditionTables, queries


def say_map(tables: EditionTables, t: Translator) -> Caption:
    """Return the caption of the map of who answered."""
    answers = queries.select_responses(tables)
    counts = {state: int((answers["state"] == state).sum()) for state in queries.RESPONSE_STATES}
    groups = [
        t(
            "{what} ({n}): {value}",
            n=counts[state],
            what=t(terms.RESPONSE_WORDS[state]),
            value=t.listed(list(answers[answers["state"] == state]["member"])),
        )
        for state in queries.RESPONSE_STATES
    ]
    return {
        "title": t("On time: {on_time}; late: {late}; refused: {refused}; no return: {missing}", **counts),
        "subtitle": t(
            "Accepted returns for {quarter} received by {day}; one tile per member, no boundaries are implied",
            quarter=t.quarter(tables.quarter),
            day=t.day(tables.as_of),
        ),
        "n": t("{n} members expected", n=len(answers)),
        "alt": t("Tile map of the members. {groups}.", groups=t.joined(groups)),
    }


def say_answering(tables: EditionTables, t: Translator) -> Caption:
    """Return the caption of the responses quarter by quarter."""
    counted = queries.count_responses(tables)
    answered = counted["on_time"] + counted["late"]
    last, first, of = int(answered.iloc[-1]), int(answered.iloc[0]), int(counted.iloc[-1].sum())
    shown = {"value": t.rate(last, of), "before": first, "quarter": t.quarter(counted.index[0])}
    if len(counted) == 1:
        title = t("{value} of members answered by the first cut-off", value=shown["value"])
    elif last == first:
        title = t("{value} of members answered by the first cut-off, as many as in {quarter}", **shown)
    else:
        title = t(
            "{value} of members answered by the first cut-off, up from {before} in {quarter}"
            if last > first
            else "{value} of members answered by the first cut-off, down from {before} in {quarter}",
            **shown,
        )
    lines = t.joined(
        f"{t.quarter(q)} " + "/".join(t.number(int(row[s])) for s in queries.RESPONSE_STATES)
        for q, row in counted.iterrows()
    )
    return {
        "title": title,
        "subtitle": t("Number of members by response, at each quarter's own first cut-off (quarter end + 45 days)"),
        "n": t("{n} members expected", n=of),
        "alt": t("Stacked bars, members on time/late/refused/no return: {lines}.", lines=lines),
    }


# --- where members stand ----------------------------------------------------------------------------------------

_MAP_TITLES = {
    "1.1.b": (
        "In {n} of {of} regions at least half of the members have reported that they implement the roadmap",
        "In none of the {of} regions have half of the members reported that they implement the roadmap",
    )
}
_MAP_MEASURES = {"1.1.b": "Members that implement the roadmap or have completed it"}


def say_member_map(tables: EditionTables, kpi: str, t: Translator) -> Caption:
    """Return the caption of the map of where members stand on a yes-or-no KPI."""
    rows = queries.select_yes_no_states(tables, kpi)
    met = (
        rows["state"].isin((queries.YES, queries.YES_CARRIED)).groupby(rows["region"], sort=False).agg(["sum", "size"])
    )
    n, of = int((2 * met["sum"] >= met["size"]).sum()), len(met)
    some, none = _MAP_TITLES[kpi]
    groups = [
        t(
            "{what} ({n}): {value}",
            n=int((rows["state"] == state).sum()),
            what=t(terms.STATE_WORDS[kpi][state]),
            value=t.listed(list(rows[rows["state"] == state]["member"])),
        )
        for state in queries.YES_NO_STATES
    ]
    return {
        "title": t.plural(some, n, of=of) if n else t(none, of=of),
        "subtitle": t(
            "{measure}, {quarter}; white with a c: carried forward; one tile per member, no boundaries are implied",
            measure=t(_MAP_MEASURES[kpi]),
            quarter=t.quarter(tables.quarter),
        ),
        "n": say_behind(queries.select_figure(tables, kpi), t),
        "alt": t("Tile map of the members. {groups}.", groups=t.joined(groups)),
    }


# --- how regularly ----------------------------------------------------------------------------------------------


def _calendar_title(tables: EditionTables, t: Translator) -> str:
    calendar = queries.select_calendar(tables)
    shares = calendar.groupby("member")["answered"].mean()
    every, never, of = int((shares == 1).sum()), int((shares == 0).sum()), len(shares)
    since = t.quarter(calendar["quarter"].min())
    if never == of:
        return t("No member has answered since {quarter}", quarter=since)
    if calendar["quarter"].nunique() == 1:
        return t.plural(
            "{n} of {of} members has answered for {quarter}, the first quarter", every, of=of, quarter=since
        )
    if not every:
        sentence = "No member has answered every quarter since {quarter}; {never} of {of} never"
        return t(sentence, quarter=since, never=never, of=of)
    if every == of:
        return t("All {of} members have answered every quarter since {quarter}", of=of, quarter=since)
    sentence = (
        "{n} of {of} members has answered every quarter since {quarter}; {never} never"
        if never
        else "{n} of {of} members has answered every quarter since {quarter}, and each at least once"
    )
    return t.plural(sentence, every, of=of, quarter=since, never=never)


def say_calendar(tables: EditionTables, t: Translator) -> Caption:
    """Return the caption of the calendar of responses."""
    calendar = queries.select_calendar(tables)
    shares = calendar.groupby("member")["answered"].mean()
    regions = []
    for region in read_plan().regions:
        rows = calendar[calendar["region"] == region]
        value = t.rate(int(rows["answered"].sum()), len(rows))
        regions.append(t("{what}: {value}", what=t.region(region), value=value))
    return {
        "title": _calendar_title(tables, t),
        "subtitle": t(
            "Accepted returns by member and quarter, each at its own first cut-off (quarter end + 45 days); a member "
            "has no cell before it joined"
        ),
        "n": t("{n} members expected", n=len(shares)),
        "alt": t(
            "Calendar of responses by member and quarter. Answered every quarter: {every}. Never: {never}. Quarters "
            "answered, of those asked, by region: {regions}.",
            every=t.enumerated(shares[shares == 1].index),
            never=t.enumerated(shares[shares == 0].index),
            regions=t.joined(regions),
        ),
    }
