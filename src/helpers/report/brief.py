"""What a member's brief says: its answers in words, what was found, and what is asked of it."""

import re

from helpers.i18n import Translator, is_blank, typeset
from helpers.plan import Member, quarters, questionnaire, read_plan
from helpers.report.document import Report
from helpers.strings import mask_text
from helpers.tables import profiles, queries

_LONGEST_ANSWER = 90
_RETURN = {
    queries.ON_TIME: "return received on time, on {day}",
    queries.LATE: "return received late, on {day}",
    queries.ONLY_REFUSED: "return received but refused",
    queries.NO_RETURN: "no return received",
}
_NAMES = {
    "1.1.b": "Roadmap being implemented",
    "2.1.a": "Post offices connected",
    "2.2.a": "Required hardware in service",
    "3.1.a": "Digital services live",
    "3.1.b": "Sectors that benefit",
    "3.2.a": "Index of the integrated product plan",
    "5.1.a": "Staff trained since 2022",
    "5.1.c": "Training sessions in the quarter",
}
_OWN_KPIS = (*profiles.BOUNDED_KPIS, "3.1.b")  # those whose bounds one member's reply narrows


def find_member(member: str, quarter: str) -> Member:
    """Return a member by its ISO3 code.

    Raises ValueError, naming what is allowed, for a code of no member in the quarter.
    """
    quarter, found = quarters.parse_quarter(quarter), read_plan().by_iso3.get(member.strip().upper())
    if not found or not found.valid_in(quarter):
        raise ValueError(f"{member!r} is no member in {quarter}; write the ISO3 code, such as SEN")
    return found


def list_member_facts(report: Report, member: Member) -> list[str]:
    """Return what a brief's head says of a member: its region, and how its return was received."""
    region = report.t("Region: {region}", region=report.t.region(member.region))
    return [region, describe_return(report, member)]


def name_own_kpi(kpi: str, t: Translator) -> str:
    """Return what a KPI is for one member: its own offices, services or staff."""
    return t(_NAMES[kpi])


def describe_return(report: Report, member: Member) -> str:
    """Return whether and when a member's return came."""
    t = report.t
    answer = profiles.select_member_response(report.tables, member.member)
    came = t(_RETURN[answer.state], day=t.day(answer.received_on) if answer.received_on else "")
    return t("{came}, revised since (version {n})", came=came, n=answer.version) if answer.version > 1 else came


def name_question(name: str, t: Translator) -> str:
    """Return a question as the questionnaire words it."""
    return t.localised(questionnaire.read_form().label_of(name)) or name


def describe_answer(given: profiles.MemberAnswer, t: Translator) -> str:
    """Return one answer in words: numbers dressed, choices by their labels, the four marks for what is none."""
    marks = {"O": t.missing, "M": t.not_applicable, "L": t("not available (mark)")}
    if given.state == "O" and not given.is_blank:
        return t("{value} (not used)", value=_short(mask_text(given.raw)))
    if given.state in marks:
        return marks[given.state]
    if given.state == "U":
        return t("{value} (questioned)", value=_short(mask_text(given.raw)))
    if given.question.type == "integer":
        return t.number(float(given.value))
    if given.question.type == "date":
        return t.day(given.value)
    labels = given.question.choice_labels
    return _short(t.listed([t.localised(labels[code]) if code in labels else code for code in given.value.split()]))


def _short(text: str, most: int = _LONGEST_ANSWER) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


# --- points -----------------------------------------------------------------------------------------------------


def describe_positions(positions: list[profiles.MemberPosition], t: Translator) -> str:
    """Return on how many indicators a member stands at or above the Union's median, as a title."""
    known = [one for one in positions if not is_blank(one.level) and one.kpi != "1.1.b"]
    if not known:
        return t("No figure of this member is known")
    above = sum(one.level >= one.middle(one.union) - 1e-9 for one in known)
    return t(
        "Indicators known: {known}; at or above the Union's median: {above}; below: {below}",
        known=len(known),
        above=above,
        below=len(known) - above,
    )


def _moves(positions: list[profiles.MemberPosition], quarter: str) -> dict[str, float]:
    """Return the change on a quarter of each KPI reported in both; what cannot be compared is left out."""
    moves = {}
    for one in positions:
        past = one.past(quarter)
        if one.basis == past.basis == "reported" and not is_blank(one.level - past.level):
            moves[one.kpi] = one.level - past.level
    return moves


def _describe_movement(positions: list[profiles.MemberPosition], quarter: str, t: Translator) -> str:
    """Return which figures rose and fell on the quarter before, reported ones only."""
    before = quarters.shift(quarter, -1)
    moves, quarter = _moves(positions, before), t.quarter(before)
    rose, fell = (
        t.listed([name_own_kpi(kpi, t) for kpi, move in moves.items() if side * move > 1e-9]) for side in (1, -1)
    )
    if not moves:
        return t("No figure was reported in both quarters: nothing to compare with {quarter}.", quarter=quarter)
    if rose != t.nobody and fell != t.nobody:
        return t("Since {quarter}, up: {rose}; down: {fell}.", quarter=quarter, rose=rose, fell=fell)
    if rose != t.nobody:
        return t("Since {quarter}, up: {rose}.", quarter=quarter, rose=rose)
    if fell != t.nobody:
        return t("Since {quarter}, down: {fell}.", quarter=quarter, fell=fell)
    return t("No figure reported in both quarters has changed since {quarter}.", quarter=quarter)


def brief_points(report: Report, member: Member) -> list[str]:
    """Return the brief's main points: response and movement."""
    t = report.t
    answered, of = profiles.count_answered_quarters(report.tables, member.member)
    return [
        t("Quarters answered so far: {n} of {of}.", n=answered, of=of),
        _describe_movement(profiles.select_positions(report.tables, member), report.quarter, t),
    ]


def describe_position(position: profiles.MemberPosition, t: Translator) -> str:
    """Return a member's position as the alternative text of its picture."""
    unit = read_plan().by_kpi[position.kpi].assessed_unit
    return t(
        "{what}: {value}; median of the region {region}, of the Union {union}; members known: {n}",
        what=name_own_kpi(position.kpi, t),
        value=t.measured(position.level, unit),
        region=t.measured(position.middle(position.region), unit),
        union=t.measured(position.middle(position.union), unit),
        n=len(position.union),
    )


# --- what is asked ----------------------------------------------------------------------------------------------


def describe_issue_to_member(row: object, t: Translator) -> str:
    """Return a finding as it is put to the member: questions by the questionnaire's words, not by their codes."""
    told = typeset(getattr(row, f"said_{t.language}"), t.language)
    for name in sorted(questionnaire.read_form().by_name, key=len, reverse=True):
        told = re.sub(rf"\b{name}\b", lambda _, name=name: name_question(name, t), told)
    return _short(told, 240)


def describe_observed(row: object, answers: dict[str, profiles.MemberAnswer]) -> str:
    """Return what was read where a finding stands: the answer as it was written, else what the check saw."""
    given = answers.get(row.question)
    text = given.raw if given and given.raw.strip() else str(row.observed)
    return _short(mask_text(text), 60) if row.question and text else "–"


def next_actions(report: Report, member: Member) -> list[str]:
    """Return what is asked of a member next; thanks where nothing is."""
    t = report.t
    actions, quarter = [], t.quarter(report.quarter)
    state = profiles.select_member_response(report.tables, member.member).state
    findings = len(profiles.select_member_issues(report.tables, member.member))
    blanks = [one for one in profiles.select_member_answers(report.tables, member.member) if one.is_blank]
    if state == queries.NO_RETURN:
        actions.append(
            t("Send the questionnaire for {quarter}: it will be counted in the next edition.", quarter=quarter)
        )
    if state == queries.ONLY_REFUSED:
        actions.append(t("Correct the return for {quarter} and send it again.", quarter=quarter))
    if findings:
        actions.append(t.plural("Answer the {n} question listed here: confirm or correct.", findings))
    unsettled = profiles.select_unsettled_issues(report.tables, member.member)
    if len(unsettled):
        names = t.listed([name_question(name, t) for name in unsettled["question"]])
        actions.append(
            t(
                "Still open from {quarter}: {names}.",
                quarter=t.quarter(quarters.shift(report.quarter, -1)),
                names=names,
            )
        )
    if blanks:
        actions.append(t.plural("Complete the {n} question left blank, marked in the answers.", len(blanks)))
    held = [kpi for kpi in _OWN_KPIS if member.member in queries.select_open_statuses(report.tables).get(kpi, ())]
    if held:
        names = t.listed([name_own_kpi(kpi, t) for kpi in held])
        actions.append(t("A figure for these would help to settle the Union's status: {names}.", names=names))
    return actions or [t("Nothing is asked for {quarter}: thank you.", quarter=quarter)]
