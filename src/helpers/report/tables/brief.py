"""The tables of a member's brief: position, questions put to it, answers as understood."""

from __future__ import annotations

import pandas as pd

from helpers.i18n.formats import Words, is_blank
from helpers.plan.plan import Member, read_plan
from helpers.plan.quarters import shift
from helpers.plan.questionnaire import read_questionnaire
from helpers.report.blocks import Picture, Sheet
from helpers.report.figures import drawing, profile
from helpers.report.sentences import briefs, choices
from helpers.report.tables.sections import GROUP
from helpers.strings import mask_text
from helpers.tables import profiles
from helpers.tables.pipeline import Tables
from helpers.tables.profiles import Past, Position

MOST_FINDINGS = 6


def find_member(member: str, quarter: str) -> Member:
    """Return a member by its ISO3 code.

    Raises ValueError, naming what is allowed, for a code that is no member's in the quarter.
    """
    found = read_plan().by_iso3.get(member.strip().upper())
    if not found or not found.valid_in(quarter):
        raise ValueError(f"{member!r} is no member in {quarter}; write the ISO3 code, such as SEN")
    return found


def _others(position: Position, values: tuple[float, ...], say: Words) -> str:
    """Return the median of others; of a yes or no, how many say yes."""
    if position.kpi == "1.1.b":
        return say("{part} of {whole}", part=int(sum(values)), whole=len(values)) if values else say.missing
    return say.measured(position.middle(values), read_plan().by_kpi[position.kpi].assessed_unit)


def _past(past: Past, kpi: str, say: Words) -> str:
    """Return a member's value of a past quarter: its level, else its count, with the mark of a carried one."""
    mark = " c" if past.basis == "carried" else ""
    if is_blank(past.value):
        return say.missing
    if kpi == "1.1.b":
        return (say("yes") if past.value else say("no")) + mark
    shown = (
        say.number(past.value)
        if is_blank(past.level)
        else say.measured(past.level, read_plan().by_kpi[kpi].assessed_unit)
    )
    return shown + mark


def tabulate_positions(tables: Tables, positions: list[Position], say: Words) -> Sheet:
    """Tabulate a member's main figures beside the others': one row per KPI known of members."""
    rows = []
    for position in positions:
        kpi = position.kpi
        strip = (
            ""
            if kpi == "1.1.b"  # a yes or a no has no place on a line
            else Picture(drawing.svg(profile.plot_strip(position, say)), briefs.say_position(position, say), 34)
        )
        series = say.joined(
            say("{what}: {value}", what=say.quarter(past.quarter), value=_past(past, kpi, say))
            for past in position.history
        )
        what = say("{what}, by quarter: {series}", what=briefs.say_own_name(kpi, say), series=series)
        rows.append(
            {
                say("KPI"): kpi,
                say("Indicator"): briefs.say_own_name(kpi, say),
                say.quarter(tables.quarter): choices.say_value(kpi, position, say),
                say.quarter(shift(tables.quarter, -1)): _past(position.past(shift(tables.quarter, -1)), kpi, say),
                say.quarter(shift(tables.quarter, -4)): _past(position.past(shift(tables.quarter, -4)), kpi, say),
                say("Region"): _others(position, position.region, say),
                say("Union"): _others(position, position.union, say),
                say("Among the members"): strip,
                say("History"): Picture(drawing.svg(profile.plot_history(position.history, say)), what, 22),
            }
        )
    return Sheet(pd.DataFrame(rows), (9, 38, 27, 15, 15, 14, 14, 36, 24), size=8, pad=1.6, middle=True, wide=6)


def tabulate_findings(tables: Tables, member: Member, say: Words) -> Sheet:
    """Tabulate what the checks ask a member: one row per finding, the gravest first."""
    found = profiles.select_findings(tables, member.member)
    answers = {one.question.name: one for one in profiles.select_answers(tables, member.member)}
    rows = [
        {
            say("About"): briefs.say_question(row.question, say) if row.question else say("whole return"),
            say("We read"): briefs.say_read(row, answers, say),
            say("What became of it"): say(f"severity {row.severity}"),
            say("Please"): briefs.say_finding(row, say),
        }
        for row in found.head(MOST_FINDINGS).itertuples()
    ]
    columns = [say(name) for name in ("About", "We read", "What became of it", "Please")]
    return Sheet(pd.DataFrame(rows, columns=columns), (40, 22, 24, 84), size=8, pad=1.8)


def tabulate_answers(tables: Tables, member: Member, say: Words) -> Sheet:
    """Tabulate a member's answers as they were understood: one row per question, by group, two columns to a page."""
    groups = read_questionnaire().groups
    rows = [
        {
            GROUP: say.own(groups[one.question.group]),
            say("Question"): briefs.say_question(one.question.name, say),
            say("Answer"): briefs.say_answer(one, say),
        }
        for one in profiles.select_answers(tables, member.member)
    ]
    frame = pd.DataFrame(rows, columns=[GROUP, say("Question"), say("Answer")])
    return Sheet(frame, (50, 34), group=GROUP, size=8, pad=1.1, beside=2 if rows else 1)


def say_marks(say: Words) -> str:
    """Return what the marks of the table of positions mean."""
    return say(
        "Region and Union: median of the members known, of the roadmap how many; c: carried forward; diamond: this "
        "member; triangle: the Union's median; darker: the region"
    )


def say_facts(tables: Tables, member: Member, say: Words) -> list[str]:
    """Return what a brief's head says of a member: its region, and how its return came."""
    return [say("Region: {region}", region=say.region(member.region)), briefs.say_return(tables, member, say)]


def say_more_findings(tables: Tables, member: Member, say: Words) -> str:
    """Return how many findings there was no room for; nothing where all are shown."""
    more = len(profiles.select_findings(tables, member.member)) - MOST_FINDINGS
    return say.plural("{n} more question is in the workbook of papu check.", more) if more > 0 else ""


def say_innovations(tables: Tables, member: Member, say: Words) -> str:
    """Return what innovations a member reported this quarter, by kind."""
    items = profiles.select_innovations(tables, member.member)
    if not len(items):
        return say("Innovations reported this quarter: none.")
    titles = [mask_text(row.title or row.reference or say.missing)[:60] for row in items.itertuples()]
    return say("Innovations reported this quarter: {titles}.", titles=say.listed(titles))
