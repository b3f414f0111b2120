"""Captions of who answered, how regularly, and where members stand on a map."""

from __future__ import annotations

from helpers.i18n.formats import Words
from helpers.i18n.terms import RESPONSE_WORDS, STATE_WORDS
from helpers.plan.plan import read_plan
from helpers.report.sentences.captions import Caption
from helpers.report.sentences.findings import say_behind
from helpers.tables import queries
from helpers.tables.pipeline import Tables
from helpers.tables.queries import RESPONSES, STATES, YES, YES_CARRIED


def say_map(tables: Tables, say: Words) -> Caption:
    """Return the caption of the map of who answered."""
    answers = queries.select_responses(tables)
    counts = {state: int((answers["state"] == state).sum()) for state in RESPONSES}
    groups = [
        say(
            "{what} ({n}): {value}",
            n=counts[state],
            what=say(RESPONSE_WORDS[state]),
            value=say.listed(list(answers[answers["state"] == state]["member"])),
        )
        for state in RESPONSES
    ]
    return {
        "title": say("On time: {on_time}; late: {late}; refused: {refused}; no return: {missing}", **counts),
        "subtitle": say(
            "Accepted returns for {quarter} received by {day}; one tile per member, no boundaries are implied",
            quarter=say.quarter(tables.quarter),
            day=say.day(tables.as_of),
        ),
        "n": say("{n} members expected", n=len(answers)),
        "alt": say("Tile map of the members. {groups}.", groups=say.joined(groups)),
    }


def say_answering(tables: Tables, say: Words) -> Caption:
    """Return the caption of the responses quarter by quarter."""
    counted = queries.count_responses(tables)
    answered = counted["on_time"] + counted["late"]
    last, first, of = int(answered.iloc[-1]), int(answered.iloc[0]), int(counted.iloc[-1].sum())
    shown = {"value": say.rate(last, of), "before": first, "quarter": say.quarter(counted.index[0])}
    if len(counted) == 1:
        title = say("{value} of members answered by the first cut-off", value=shown["value"])
    elif last == first:
        title = say("{value} of members answered by the first cut-off, as many as in {quarter}", **shown)
    else:
        title = say(
            "{value} of members answered by the first cut-off, up from {before} in {quarter}"
            if last > first
            else "{value} of members answered by the first cut-off, down from {before} in {quarter}",
            **shown,
        )
    lines = say.joined(
        f"{say.quarter(q)} " + "/".join(say.number(int(row[s])) for s in RESPONSES) for q, row in counted.iterrows()
    )
    return {
        "title": title,
        "subtitle": say("Number of members by response, at each quarter's own first cut-off (quarter end + 45 days)"),
        "n": say("{n} members expected", n=of),
        "alt": say("Stacked bars, members on time/late/refused/no return: {lines}.", lines=lines),
    }


# --- where members stand ----------------------------------------------------------------------------------------

_MAP_TITLES = {
    "1.1.b": (
        "In {n} of {of} regions at least half of the members have reported that they implement the roadmap",
        "In none of the {of} regions have half of the members reported that they implement the roadmap",
    )
}
_MAP_MEASURES = {"1.1.b": "Members that implement the roadmap or have completed it"}


def say_member_map(tables: Tables, kpi: str, say: Words) -> Caption:
    """Return the caption of the map of where members stand on a yes-or-no KPI."""
    rows = queries.select_states(tables, kpi)
    met = rows["state"].isin((YES, YES_CARRIED)).groupby(rows["region"], sort=False).agg(["sum", "size"])
    n, of = int((2 * met["sum"] >= met["size"]).sum()), len(met)
    some, none = _MAP_TITLES[kpi]
    groups = [
        say(
            "{what} ({n}): {value}",
            n=int((rows["state"] == state).sum()),
            what=say(STATE_WORDS[kpi][state]),
            value=say.listed(list(rows[rows["state"] == state]["member"])),
        )
        for state in STATES
    ]
    return {
        "title": say.plural(some, n, of=of) if n else say(none, of=of),
        "subtitle": say(
            "{measure}, {quarter}; white with a c: carried forward; one tile per member, no boundaries are implied",
            measure=say(_MAP_MEASURES[kpi]),
            quarter=say.quarter(tables.quarter),
        ),
        "n": say_behind(queries.select_standing(tables, kpi), say),
        "alt": say("Tile map of the members. {groups}.", groups=say.joined(groups)),
    }


# --- how regularly ----------------------------------------------------------------------------------------------


def _calendar_title(tables: Tables, say: Words) -> str:
    calendar = queries.select_calendar(tables)
    shares = calendar.groupby("member")["answered"].mean()
    every, never, of = int((shares == 1).sum()), int((shares == 0).sum()), len(shares)
    since = say.quarter(calendar["quarter"].min())
    if never == of:
        return say("No member has answered since {quarter}", quarter=since)
    if calendar["quarter"].nunique() == 1:
        return say.plural(
            "{n} of {of} members has answered for {quarter}, the first quarter", every, of=of, quarter=since
        )
    if not every:
        sentence = "No member has answered every quarter since {quarter}; {never} of {of} never"
        return say(sentence, quarter=since, never=never, of=of)
    if every == of:
        return say("All {of} members have answered every quarter since {quarter}", of=of, quarter=since)
    sentence = (
        "{n} of {of} members has answered every quarter since {quarter}; {never} never"
        if never
        else "{n} of {of} members has answered every quarter since {quarter}, and each at least once"
    )
    return say.plural(sentence, every, of=of, quarter=since, never=never)


def say_calendar(tables: Tables, say: Words) -> Caption:
    """Return the caption of the calendar of responses."""
    calendar = queries.select_calendar(tables)
    shares = calendar.groupby("member")["answered"].mean()
    regions = []
    for region in read_plan().regions:
        rows = calendar[calendar["region"] == region]
        value = say.rate(int(rows["answered"].sum()), len(rows))
        regions.append(say("{what}: {value}", what=say.region(region), value=value))
    return {
        "title": _calendar_title(tables, say),
        "subtitle": say(
            "Accepted returns by member and quarter, each at its own first cut-off (quarter end + 45 days); a member "
            "has no cell before it joined"
        ),
        "n": say("{n} members expected", n=len(shares)),
        "alt": say(
            "Calendar of responses by member and quarter. Answered every quarter: {every}. Never: {never}. Quarters "
            "answered, of those asked, by region: {regions}.",
            every=say.enumerated(shares[shares == 1].index),
            never=say.enumerated(shares[shares == 0].index),
            regions=say.joined(regions),
        ),
    }
