"""The words of a member's brief: its answers, the issues found in its return, its next actions."""

import math

from helpers.i18n import Translator, is_blank, typeset
from helpers.plan import Member, quarters, questionnaire, read_plan, read_settings
from helpers.report import phrases
from helpers.report.actions import describe_action, describe_advice, describe_outcome
from helpers.report.document import Report
from helpers.speech import say
from helpers.strings import mask_text
from helpers.tables import actions, profiles, queries, replies

MOST_BLANK, MOST_ADVICE = 4, 4
_RETURN = {
    replies.ON_TIME: "return received on time, on {day}", replies.LATE: "return received late, on {day}",
    replies.ONLY_REFUSED: "return received but refused", replies.NO_RETURN: "no return received",
}  # fmt: skip


def find_member(member: str, quarter: str) -> Member:
    """Return a member by its ISO3 code; without one, the first that the plan has in the quarter.

    Raises ValueError, naming what is allowed, for a code of no member in the quarter.
    """
    quarter, code = quarters.parse_quarter(quarter), member.strip().upper()
    found = read_plan().by_iso3.get(code) if code else next(iter(read_plan().members_in(quarter)), None)
    if not found or not found.valid_in(quarter):
        raise ValueError(say("{member!r} is no member in {quarter}; write the ISO3 code of members.csv",
                             member=member, quarter=quarter))  # fmt: skip
    return found


def list_member_facts(report: Report, member: Member) -> list[str]:
    """Return the facts in a brief's head: the member's region, and how its return was received."""
    return [report.t("Region: {region}", region=report.t.region(member.region)), describe_return(report, member)]


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
    """Return one answer in words: numbers formatted, choices by their labels, a mark where there is no answer."""
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


def _short(text: str, most: int = 90) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def describe_positions(positions: list[profiles.MemberPosition], t: Translator) -> str:
    """Return on how many indicators a member is at or above the Union's median, as a title."""
    known = [position for position in positions if not is_blank(position.value)]
    measured = [each for each in known if not read_plan().by_kpi[each.kpi].is_yes_no and not is_blank(each.level)]
    if not known:
        return t("No figure of this member is known")
    above = sum(position.level >= position.middle(position.union) - 1e-9 for position in measured)
    counts = {"known": len(known), "of": len(positions), "above": above, "measured": len(measured)}
    if not measured:
        return t("Indicators known: {known} of {of}", **counts)
    sentence = "Indicators known: {known} of {of}; at the Union's median or above: {above} of {measured}"
    return t(sentence, **counts)


def _describe_movement(report: Report, member: Member) -> str:
    """Return which figures rose and fell on the quarter before, reported ones only."""
    t, quarter = report.t, report.t.quarter(quarters.shift(report.quarter, -1))
    matched = {kpi: queries.select_matched(report.tables, kpi) for kpi in read_plan().shown("brief")}
    own = {kpi: rows[rows["member"] == member.member]["change"] for kpi, rows in matched.items()}
    moves = {kpi: change for kpi, changes in own.items() for change in changes}  # one, or none
    rose = [phrases.name_own_kpi(kpi, t) for kpi, move in moves.items() if move > 0]
    fell = [phrases.name_own_kpi(kpi, t) for kpi, move in moves.items() if move < 0]
    if not moves:
        sentence = "No figure was reported in both quarters: nothing to compare with {quarter}."
    elif rose and fell:
        sentence = "Since {quarter}, up: {rose}; down: {fell}."
    elif rose:
        sentence = "Since {quarter}, up: {rose}."
    elif fell:
        sentence = "Since {quarter}, down: {fell}."
    else:
        sentence = "No figure reported in both quarters has changed since {quarter}."
    return t(sentence, quarter=quarter, rose=t.listed(rose), fell=t.listed(fell))


def brief_points(report: Report, member: Member) -> list[str]:
    """Return the brief's main points: response and movement."""
    answered, of = profiles.count_answered_quarters(report.tables, member.member)
    response = report.t("Quarters answered so far: {n} of {of}.", n=answered, of=of)
    if report.tables.is_first:
        return [response, report.t("There is no earlier quarter to compare with") + "."]
    return [response, _describe_movement(report, member)]


def describe_position(position: profiles.MemberPosition, t: Translator) -> str:
    """Return a member's position as the alternative text of its picture."""
    unit = read_plan().by_kpi[position.kpi].assessed_unit
    numbers = (position.level, position.middle(position.region), position.middle(position.union))
    value, region, union = (t.measured(number, unit) for number in numbers)
    what, n = phrases.name_own_kpi(position.kpi, t), len(position.union)
    sentence = "{what}: {value}; median of the region {region}, of the Union {union}; members known: {n}"
    return t(sentence, what=what, value=value, region=region, union=union, n=n)


def describe_target(position: profiles.MemberPosition, t: Translator) -> str:
    """Return the target that a member can be held against, one on a share or an index, and what it is short of it."""
    kpi = read_plan().by_kpi[position.kpi]
    if not kpi.on_share or kpi.target is None:
        return "–"
    target = (100 if kpi.assessed == "share" else 1) * kpi.target
    shown = t.target(target, "percent")
    if is_blank(position.level):
        return shown
    gap = target - position.level
    if gap <= 1e-9:
        return f"{shown}\n{t('Achieved')}"
    if kpi.assessed == "share":
        short = t.counted(math.ceil(gap / 100 * position.denominator - 1e-9), kpi.unit)
    else:
        short = t.plural("{gap} point", gap, gap=t.number(gap, 1))
    return f"{shown}\n{t('{gap} short', gap=short)}"


def describe_issue_to_member(row: object, t: Translator) -> str:
    """Return an issue as the member reads it: questions by the questionnaire's words, not by their codes."""
    message = typeset(getattr(row, f"said_{t.language}"), t.language)
    return _short(questionnaire.read_form().word_questions(message, t.language), 420)


def describe_observed(row: object, answers: dict[str, profiles.MemberAnswer]) -> str:
    """Return what was read where an issue was found: the answer as it was written, else what the check saw."""
    given = answers.get(row.question)
    text = given.raw if given and given.raw.strip() else str(row.observed)
    return _short(mask_text(text), 60) if row.question and text else "–"


def next_actions(report: Report, member: Member) -> list[str]:
    """Return what was agreed on with a member, what it is asked now, and what its figures suggest.

    Advice that has become an action is not given again.
    """
    t, agreed = report.t, [each for each in actions.list_actions(report.tables) if each.member == member.member]
    sentence = "Agreed on in {quarter}: {action}; due on {due}: {outcome}."
    lines = []
    for each in agreed:
        action, outcome = describe_action(each, t), describe_outcome(report, each)
        lines.append(t(sentence, quarter=t.quarter(each.quarter), action=action, due=t.day(each.due), outcome=outcome))
    underway, found = actions.list_rules_underway(agreed), actions.list_advice(report.tables, member)
    advice = [each for each in found if each.kind != "blank" and each.rule not in underway]
    lines += [*_list_requests(report, member), *(describe_advice(report, each) for each in advice[:MOST_ADVICE])]
    contact = read_settings().name_contact(t.language)
    return [*lines, t("Replies and questions: {contact}.", contact=contact)] if contact else lines


def _list_requests(report: Report, member: Member) -> list[str]:
    """Return what a member is asked; thanks where it is nothing."""
    t, tables, code = report.t, report.tables, member.member
    quarter, asked = t.quarter(report.quarter), []
    state = profiles.select_member_response(tables, code).state
    if state == replies.NO_RETURN:
        asked.append(t("Send the questionnaire for {quarter}.", quarter=quarter))
    if state == replies.ONLY_REFUSED:
        resend = "Correct the return for {quarter} and send it again; until then it counts as not received."
        asked.append(t(resend, quarter=quarter))
    if n := len(profiles.select_member_issues(tables, code)):
        asked.append(t.plural("Answer the {n} question listed here: confirm or correct.", n))
    unsettled = profiles.select_unsettled_issues(tables, code)["question"]
    if len(unsettled):
        names, before = t.listed([name_question(name, t) for name in unsettled]), quarters.shift(report.quarter, -1)
        asked.append(t("Still open from {quarter}: {names}.", quarter=t.quarter(before), names=names))
    if blank := [each.question.name for each in profiles.select_member_answers(tables, code) if each.is_blank]:
        names = t.listed([name_question(name, t) for name in blank[:MOST_BLANK]]) + " …" * (len(blank) > MOST_BLANK)
        asked.append(t.plural("Complete the {n} question left blank: {names}.", len(blank), names=names))
    if asked and not tables.is_revised:
        day = t.day(read_settings().revised_on(report.quarter))
        asked.append(t("What comes by {day} counts in the revised edition.", day=day))
    open_statuses, plan = queries.select_open_statuses(tables), read_plan()
    shown = [kpi for kpi in plan.shown("brief") if code in open_statuses.get(kpi, ())]
    if held := [kpi for kpi in shown if plan.by_kpi[kpi].is_stock]:
        names = t.listed([phrases.name_own_kpi(kpi, t) for kpi in held])
        asked.append(t("A figure for these would help to settle the Union's status: {names}.", names=names))
    return asked or [t("Nothing is asked for {quarter}: thank you.", quarter=quarter)]
