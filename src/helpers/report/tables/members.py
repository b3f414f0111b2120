"""The report's tables of members: who answered, what each reports, whose reply would tell most."""

from __future__ import annotations

import pandas as pd

from helpers.i18n.formats import Words, is_blank
from helpers.i18n.terms import RESPONSE_WORDS
from helpers.plan.plan import UNION, read_plan
from helpers.report.blocks import Shade, Sheet
from helpers.report.sentences import choices, findings
from helpers.report.tables.sections import GROUP
from helpers.tables import profiles, queries
from helpers.tables.pipeline import Tables
from helpers.tables.profiles import PROFILE_KPIS
from helpers.tables.queries import LATE, NOT_RECEIVED, ON_TIME, REFUSED


def tabulate_responses(tables: Tables, say: Words) -> Sheet:
    """Tabulate the responses: one row per region, and the Union."""
    answers = queries.select_responses(tables)
    scopes = [(region, answers[answers["region"] == region]) for region in read_plan().regions]
    rows = []
    for scope, part in [*scopes, (UNION, answers)]:
        counts = {state: int((part["state"] == state).sum()) for state in (ON_TIME, LATE, REFUSED, NOT_RECEIVED)}
        rows.append(
            {
                say("Region"): say.region(scope),
                say("Members"): say.number(len(part)),
                **{say(RESPONSE_WORDS[state]): say.number(n) for state, n in counts.items()},
                say("Response rate"): say.rate(counts[ON_TIME] + counts[LATE], len(part)),
            }
        )
    frame = pd.DataFrame(rows)
    return Sheet(frame, (44, 18, 22, 20, 20, 22, 34), right=list(frame.columns[1:]))


def _shaded(text: str, band: int | None) -> str | Shade:
    return text if band is None else Shade(text, band)


def tabulate_members(tables: Tables, say: Words) -> Sheet:
    """Tabulate the members by region: one row per member, its answer and its main figures."""
    values = {kpi: queries.select_members(tables, kpi).set_index("member") for kpi in PROFILE_KPIS}
    bands = {kpi: queries.find_bands(tables, kpi) for kpi in PROFILE_KPIS}
    shown = {ON_TIME: "● ", LATE: "◆ ", REFUSED: "✗ ", NOT_RECEIVED: "○ "}
    rows = []
    for answer in queries.select_responses(tables).itertuples():
        rows.append(
            {
                GROUP: say.region(answer.region),
                say("Member"): say.member(answer.member, short=True),
                say("Return"): shown[answer.state]
                + say(RESPONSE_WORDS[answer.state])
                + (" r" if answer.version > 1 else ""),
                **{
                    f"{kpi}\n{say(_MEMBER_HEADS[kpi])}": _shaded(
                        choices.say_value(kpi, values[kpi].loc[answer.member], say), bands[kpi].get(answer.member)
                    )
                    for kpi in PROFILE_KPIS
                },
            }
        )
    frame = pd.DataFrame(rows)
    return Sheet(
        frame,
        (29, 19, 16, 30, 16, 15, 15, 15, 32, 14),
        right=list(frame.columns[4:]),
        group=GROUP,
        size=8,
        pad=1.2,
        wide=8,
    )


_MEMBER_HEADS = {
    "1.1.b": "roadmap",
    "2.1.a": "offices connected",
    "2.2.a": "hardware",
    "3.1.a": "services",
    "3.1.b": "sectors",
    "3.2.a": "IPP index",
    "5.1.a": "staff trained",
    "5.1.c": "sessions",
}


def say_missing(tables: Tables, say: Words) -> str:
    """Return who has not answered, by name."""
    names = findings.list_members(tables, (NOT_RECEIVED, REFUSED), say)
    return say("Without an accepted return for {quarter}: {names}.", quarter=say.quarter(tables.quarter), names=names)


def tabulate_open(tables: Tables, say: Words) -> Sheet:
    """Tabulate the statuses that non-response could change: one row per KPI, with who has not reported it."""
    rows = []
    for kpi, members in queries.select_open(tables).items():
        standing = queries.select_standing(tables, kpi)
        bounds = [value for value in standing.bounds if not is_blank(value)]
        rows.append(
            {
                say("KPI"): kpi,
                say("Indicator"): findings.say_name(kpi, say),
                say("Bounds"): findings.say_bounds(standing, say) if bounds else say.missing,
                say("Status against the proposed target"): say.status(standing.status, standing.robust),
                say("Members that did not report it"): say(
                    "{n}: {names}", n=len(members), names=say.enumerated(sorted(members))
                ),
            }
        )
    columns = ("KPI", "Indicator", "Bounds", "Status against the proposed target", "Members that did not report it")
    return Sheet(pd.DataFrame(rows, columns=[say(name) for name in columns]), (11, 46, 22, 36, 60), pad=2)


def say_open(tables: Tables, say: Words) -> str:
    """Return how many statuses hang on non-response, as a title."""
    n = len(queries.select_open(tables))
    return say.plural("{n} status would be settled by replies", n) if n else say("No status depends on non-response")


MOST_CALLS = 10
_CALL_KPIS = ("2.1.a", "3.1.a", "5.1.a", "2.2.a")


def tabulate_calls(tables: Tables, say: Words) -> Sheet:
    """Tabulate whose reply would tell most: one row per member, the ten that leave most open."""
    rows = [
        {
            say("Member"): say.member(call["member"]),
            say("Return"): say(RESPONSE_WORDS[call["state"]]),
            say("Open indicators it has not reported"): say.enumerated(call["open"]),
            **{kpi: say.number(0) if call[kpi] == 0 else say.percent(100 * call[kpi], 0) for kpi in _CALL_KPIS},
        }
        for call in profiles.select_calls(tables).head(MOST_CALLS).to_dict("records")
    ]
    columns = [say("Member"), say("Return"), say("Open indicators it has not reported"), *_CALL_KPIS]
    frame = pd.DataFrame(rows, columns=columns)
    return Sheet(frame, (38, 24, 48, 15, 15, 15, 15), right=list(_CALL_KPIS), pad=1.8)


def say_calls(tables: Tables, say: Words) -> str:
    """Return how few replies would close half of what is open on the offices connected; plainly when nobody is left."""
    calls = profiles.select_calls(tables)
    if not queries.select_responses(tables)["state"].isin((ON_TIME, LATE)).any():
        return say("No member has answered: all are to be called")
    if not len(calls):
        return say("Every member has reported: nobody is left to call")
    n = profiles.count_halving(calls, "2.1.a")
    if not n:
        return say.plural("{n} member has left an indicator unreported", len(calls))
    return say.plural("{n} reply would close half of what is open on the offices connected", n)


def say_tints(say: Words) -> str:
    """Return what the tints of the members' table mean."""
    return say(
        "The darker the blue, the higher the quarter of the members known that a value lies in; equal values share a "
        "tint."
    )


def say_member_marks(tables: Tables, say: Words) -> str:
    """Return the subtitle of the members' table: quarter and marks."""
    return say(
        "{quarter}; c: carried forward; r: revised return; {missing}: no data; {absent}: not applicable",
        quarter=say.quarter(tables.quarter),
        missing=say.missing,
        absent=say.not_applicable,
    )


def say_call_parts(tables: Tables, say: Words) -> str:
    """Return what the table of calls shows, as a subtitle."""
    return say(
        "Part of the width of the bounds that each member's reply would close, Union, {quarter}; the {n} members that "
        "leave most open",
        quarter=say.quarter(tables.quarter),
        n=MOST_CALLS,
    )
