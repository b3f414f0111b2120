"""The report's tables of members: who answered, what each reports, whose reply would tell most."""

from __future__ import annotations

import pandas as pd

from helpers.i18n import Translator, is_blank, terms
from helpers.plan import UNION, read_plan
from helpers.report.blocks import Shade, Table
from helpers.report.sentences import choices, findings
from helpers.report.tables.sections import GROUP
from helpers.tables import EditionTables, profiles, queries


def tabulate_responses(tables: EditionTables, t: Translator) -> Table:
    """Tabulate the responses: one row per region, and the Union."""
    answers = queries.select_responses(tables)
    scopes = [(region, answers[answers["region"] == region]) for region in read_plan().regions]
    rows = []
    for scope, part in [*scopes, (UNION, answers)]:
        counts = {
            state: int((part["state"] == state).sum())
            for state in (queries.ON_TIME, queries.LATE, queries.ONLY_REFUSED, queries.NO_RETURN)
        }
        rows.append(
            {
                t("Region"): t.region(scope),
                t("Members"): t.number(len(part)),
                **{t(terms.RESPONSE_WORDS[state]): t.number(n) for state, n in counts.items()},
                t("Response rate"): t.rate(counts[queries.ON_TIME] + counts[queries.LATE], len(part)),
            }
        )
    frame = pd.DataFrame(rows)
    return Table(frame, (44, 18, 22, 20, 20, 22, 34), right=list(frame.columns[1:]))


def _shaded(text: str, band: int | None) -> str | Shade:
    return text if band is None else Shade(text, band)


def tabulate_members(tables: EditionTables, t: Translator) -> Table:
    """Tabulate the members by region: one row per member, its answer and its main figures."""
    values = {kpi: queries.select_members(tables, kpi).set_index("member") for kpi in profiles.PROFILE_KPIS}
    bands = {kpi: queries.find_quartile_bands(tables, kpi) for kpi in profiles.PROFILE_KPIS}
    shown = {queries.ON_TIME: "● ", queries.LATE: "◆ ", queries.ONLY_REFUSED: "✗ ", queries.NO_RETURN: "○ "}
    rows = []
    for answer in queries.select_responses(tables).itertuples():
        rows.append(
            {
                GROUP: t.region(answer.region),
                t("Member"): t.member(answer.member, short=True),
                t("Return"): shown[answer.state]
                + t(terms.RESPONSE_WORDS[answer.state])
                + (" r" if answer.version > 1 else ""),
                **{
                    f"{kpi}\n{t(_MEMBER_HEADS[kpi])}": _shaded(
                        choices.say_value(kpi, values[kpi].loc[answer.member], t), bands[kpi].get(answer.member)
                    )
                    for kpi in profiles.PROFILE_KPIS
                },
            }
        )
    frame = pd.DataFrame(rows)
    return Table(
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


def say_missing(tables: EditionTables, t: Translator) -> str:
    """Return who has not answered, by name."""
    names = findings.list_members(tables, (queries.NO_RETURN, queries.ONLY_REFUSED), t)
    return t("Without an accepted return for {quarter}: {names}.", quarter=t.quarter(tables.quarter), names=names)


def tabulate_open(tables: EditionTables, t: Translator) -> Table:
    """Tabulate the statuses that non-response could change: one row per KPI, with who has not reported it."""
    rows = []
    for kpi, members in queries.select_open_statuses(tables).items():
        kpi_figure = queries.select_figure(tables, kpi)
        bounds = [value for value in kpi_figure.bounds if not is_blank(value)]
        rows.append(
            {
                t("KPI"): kpi,
                t("Indicator"): findings.say_name(kpi, t),
                t("Bounds"): findings.say_bounds(kpi_figure, t) if bounds else t.missing,
                t("Status against the proposed target"): t.status(kpi_figure.status, kpi_figure.robust),
                t("Members that did not report it"): t(
                    "{n}: {names}", n=len(members), names=t.enumerated(sorted(members))
                ),
            }
        )
    columns = ("KPI", "Indicator", "Bounds", "Status against the proposed target", "Members that did not report it")
    return Table(pd.DataFrame(rows, columns=[t(name) for name in columns]), (11, 46, 22, 36, 60), pad=2)


def say_open(tables: EditionTables, t: Translator) -> str:
    """Return how many statuses hang on non-response, as a title."""
    n = len(queries.select_open_statuses(tables))
    return t.plural("{n} status would be settled by replies", n) if n else t("No status depends on non-response")


MOST_CALLS = 10
_CALL_KPIS = ("2.1.a", "3.1.a", "5.1.a", "2.2.a")


def tabulate_calls(tables: EditionTables, t: Translator) -> Table:
    """Tabulate whose reply would tell most: one row per member, the ten that leave most open."""
    rows = [
        {
            t("Member"): t.member(call["member"]),
            t("Return"): t(terms.RESPONSE_WORDS[call["state"]]),
            t("Open indicators it has not reported"): t.enumerated(call["open"]),
            **{kpi: t.number(0) if call[kpi] == 0 else t.percent(100 * call[kpi], 0) for kpi in _CALL_KPIS},
        }
        for call in profiles.select_calls(tables).head(MOST_CALLS).to_dict("records")
    ]
    columns = [t("Member"), t("Return"), t("Open indicators it has not reported"), *_CALL_KPIS]
    frame = pd.DataFrame(rows, columns=columns)
    return Table(frame, (38, 24, 48, 15, 15, 15, 15), right=list(_CALL_KPIS), pad=1.8)


def say_calls(tables: EditionTables, t: Translator) -> str:
    """Return how few replies would close half of what is open on the offices connected; plainly when nobody is left."""
    calls = profiles.select_calls(tables)
    if not queries.select_responses(tables)["state"].isin((queries.ON_TIME, queries.LATE)).any():
        return t("No member has answered: all are to be called")
    if not len(calls):
        return t("Every member has reported: nobody is left to call")
    n = profiles.count_halving(calls, "2.1.a")
    if not n:
        return t.plural("{n} member has left an indicator unreported", len(calls))
    return t.plural("{n} reply would close half of what is open on the offices connected", n)


def say_tints(t: Translator) -> str:
    """Return what the tints of the members' table mean."""
    return t(
        "The darker the blue, the higher the quarter of the members known that a value lies in; equal values share a "
        "tint."
    )


def say_member_marks(tables: EditionTables, t: Translator) -> str:
    """Return the subtitle of the members' table: quarter and marks."""
    return t(
        "{quarter}; c: carried forward; r: revised return; {missing}: no data; {absent}: not applicable",
        quarter=t.quarter(tables.quarter),
        missing=t.missing,
        absent=t.not_applicable,
    )


def say_call_parts(tables: EditionTables, t: Translator) -> str:
    """Return what the table of calls shows, as a subtitle."""
    return t(
        "Part of the width of the bounds that each member's reply would close, Union, {quarter}; the {n} members that "
        "leave most open",
        quarter=t.quarter(tables.quarter),
        n=MOST_CALLS,
    )
