"""The tables of a member's brief: position, questions put to it, answers as understood."""

from __future__ import annotations

import pandas as pd

from helpers.i18n import Translator, is_blank
from helpers.plan import Member, quarters, questionnaire, read_plan
from helpers.report.blocks import Picture, Table
from helpers.report.figures import drawing, profile
from helpers.report.sentences import briefs, choices
from helpers.report.tables.sections import GROUP
from helpers.strings import mask_text
from helpers.tables import EditionTables, profiles

MOST_FINDINGS = 6


def find_member(member: str, quarter: str) -> Member:
    """Return a member by its ISO3 code.

    Raises ValueError, naming what is allowed, for a code that is no member's in the quarter.
    """
    found = read_plan().by_iso3.get(member.strip().upper())
    if not found or not found.valid_in(quarter):
        raise ValueError(f"{member!r} is no member in {quarter}; write the ISO3 code, such as SEN")
    return found


def _others(position: profiles.MemberPosition, values: tuple[float, ...], t: Translator) -> str:
    """Return the median of others; of a yes or no, how many say yes."""
    if position.kpi == "1.1.b":
        return t("{part} of {whole}", part=int(sum(values)), whole=len(values)) if values else t.missing
    return t.measured(position.middle(values), read_plan().by_kpi[position.kpi].assessed_unit)


def _past(past: profiles.PastValue, kpi: str, t: Translator) -> str:
    """Return a member's value of a past quarter: its level, else its count, with the mark of a carried one."""
    mark = " c" if past.basis == "carried" else ""
    if is_blank(past.value):
        return t.missing
    if kpi == "1.1.b":
        return (t("yes") if past.value else t("no")) + mark
    shown = (
        t.number(past.value) if is_blank(past.level) else t.measured(past.level, read_plan().by_kpi[kpi].assessed_unit)
    )
    return shown + mark


def tabulate_positions(tables: EditionTables, positions: list[profiles.MemberPosition], t: Translator) -> Table:
    """Tabulate a member's main figures beside the others': one row per KPI known of members."""
    rows = []
    for position in positions:
        kpi = position.kpi
        strip = (
            ""
            if kpi == "1.1.b"  # a yes or a no has no place on a line
            else Picture(drawing.svg(profile.plot_strip(position, t)), briefs.say_position(position, t), 34)
        )
        series = t.joined(
            t("{what}: {value}", what=t.quarter(past.quarter), value=_past(past, kpi, t)) for past in position.history
        )
        what = t("{what}, by quarter: {series}", what=briefs.say_own_name(kpi, t), series=series)
        rows.append(
            {
                t("KPI"): kpi,
                t("Indicator"): briefs.say_own_name(kpi, t),
                t.quarter(tables.quarter): choices.say_value(kpi, position, t),
                t.quarter(quarters.shift(tables.quarter, -1)): _past(
                    position.past(quarters.shift(tables.quarter, -1)), kpi, t
                ),
                t.quarter(quarters.shift(tables.quarter, -4)): _past(
                    position.past(quarters.shift(tables.quarter, -4)), kpi, t
                ),
                t("Region"): _others(position, position.region, t),
                t("Union"): _others(position, position.union, t),
                t("Among the members"): strip,
                t("History"): Picture(drawing.svg(profile.plot_history(position.history, t)), what, 22),
            }
        )
    return Table(pd.DataFrame(rows), (9, 38, 27, 15, 15, 14, 14, 36, 24), size=8, pad=1.6, middle=True, wide=6)


def tabulate_findings(tables: EditionTables, member: Member, t: Translator) -> Table:
    """Tabulate what the checks ask a member: one row per finding, the gravest first."""
    found = profiles.select_member_issues(tables, member.member)
    answers = {one.question.name: one for one in profiles.select_member_answers(tables, member.member)}
    rows = [
        {
            t("About"): briefs.say_question(row.question, t) if row.question else t("whole return"),
            t("We read"): briefs.say_read(row, answers, t),
            t("What became of it"): t(f"severity {row.severity}"),
            t("Please"): briefs.say_finding(row, t),
        }
        for row in found.head(MOST_FINDINGS).itertuples()
    ]
    columns = [t(name) for name in ("About", "We read", "What became of it", "Please")]
    return Table(pd.DataFrame(rows, columns=columns), (40, 22, 24, 84), size=8, pad=1.8)


def tabulate_answers(tables: EditionTables, member: Member, t: Translator) -> Table:
    """Tabulate a member's answers as they were understood: one row per question, by group, two columns to a page."""
    groups = questionnaire.read_form().groups
    rows = [
        {
            GROUP: t.localised(groups[one.question.group]),
            t("Question"): briefs.say_question(one.question.name, t),
            t("Answer"): briefs.say_answer(one, t),
        }
        for one in profiles.select_member_answers(tables, member.member)
    ]
    frame = pd.DataFrame(rows, columns=[GROUP, t("Question"), t("Answer")])
    return Table(frame, (50, 34), group=GROUP, size=8, pad=1.1, beside=2 if rows else 1)


def say_marks(t: Translator) -> str:
    """Return what the marks of the table of positions mean."""
    return t(
        "Region and Union: median of the members known, of the roadmap how many; c: carried forward; diamond: this "
        "member; triangle: the Union's median; darker: the region"
    )


def say_facts(tables: EditionTables, member: Member, t: Translator) -> list[str]:
    """Return what a brief's head says of a member: its region, and how its return came."""
    return [t("Region: {region}", region=t.region(member.region)), briefs.say_return(tables, member, t)]


def say_more_findings(tables: EditionTables, member: Member, t: Translator) -> str:
    """Return how many findings there was no room for; nothing where all are shown."""
    more = len(profiles.select_member_issues(tables, member.member)) - MOST_FINDINGS
    return t.plural("{n} more question is in the workbook of papu check.", more) if more > 0 else ""


def say_innovations(tables: EditionTables, member: Member, t: Translator) -> str:
    """Return what innovations a member reported this quarter, by kind."""
    items = profiles.select_member_innovations(tables, member.member)
    if not len(items):
        return t("Innovations reported this quarter: none.")
    titles = [mask_text(row.title or row.reference or t.missing)[:60] for row in items.itertuples()]
    return t("Innovations reported this quarter: {titles}.", titles=t.listed(titles))
