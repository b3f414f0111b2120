"""Tables of a member's brief: its position, the questions it is asked, its answers as they were understood."""

from helpers.i18n import is_blank
from helpers.plan import Member, quarters, questionnaire, read_plan
from helpers.report import brief, phrases
from helpers.report.blocks import Column, Table
from helpers.report.cells import Cell, Number, Picture, Text, text_of
from helpers.report.document import Report
from helpers.report.drawing import draw_word
from helpers.report.figures.profile import plot_history, plot_strip
from helpers.strings import mask_text
from helpers.tables import pipeline, profiles, replies

MOST_ISSUES = 6


def _is_yes_no(kpi: str) -> bool:
    """Tell whether a KPI is a yes or a no, which has no place on a line, and no median."""
    return read_plan().by_kpi[kpi].is_yes_no


def _others_cell(report: Report, position: profiles.MemberPosition, values: tuple[float, ...]) -> Cell:
    """Return the median of others; of a yes or no, how many say yes."""
    t = report.t
    if not _is_yes_no(position.kpi):
        return Number(position.middle(values), read_plan().by_kpi[position.kpi].assessed_unit)
    if not values:
        return t.missing
    yes = int(sum(values))
    return Text(t("{part} of {whole}", part=yes, whole=len(values)), 100 * yes / len(values))


def _past_cell(report: Report, past: profiles.PastValue, kpi: str) -> Cell:
    """Return a member's value of a past quarter: its level, else its count, with the mark of a carried one."""
    t, mark = report.t, " c" if past.basis == "carried" else ""
    if is_blank(past.value):
        return t.missing
    if _is_yes_no(kpi):
        return Text((t("yes") if past.value else t("no")) + mark, past.value)
    if is_blank(past.level):
        return Number(past.value, suffix=mark)
    return Number(past.level, read_plan().by_kpi[kpi].assessed_unit, suffix=mark)


def _strip_cell(report: Report, position: profiles.MemberPosition) -> Cell:
    if _is_yes_no(position.kpi):
        return ""
    return Picture(draw_word(plot_strip, position, 1.45, report.t), brief.describe_position(position, report.t), 34)


def _history_cell(report: Report, position: profiles.MemberPosition) -> Picture:
    t = report.t
    series = t.joined(
        t("{what}: {value}", what=t.quarter(past.quarter), value=text_of(_past_cell(report, past, position.kpi), t))
        for past in position.history
    )
    alt = t("{what}, by quarter: {series}", what=phrases.name_own_kpi(position.kpi, t), series=series)
    return Picture(draw_word(plot_history, position.history, 0.95, t), alt, 22)


def positions(report: Report, member: Member) -> Table:
    """Return a member's main figures beside the others': one row per KPI known member by member."""
    t, found = report.t, profiles.select_positions(report.tables, member)

    def past(lag: int) -> Column:
        quarter = quarters.shift(report.quarter, -lag)
        return Column(t.quarter(quarter), 15, lambda position: _past_cell(report, position.past(quarter), position.kpi))

    columns = (
        Column(t("KPI"), 9, lambda position: position.kpi),
        Column(t("Indicator"), 38, lambda position: phrases.name_own_kpi(position.kpi, t)),
        Column(t.quarter(report.quarter), 27, lambda position: phrases.member_value(position.kpi, position, t)),
        past(1),
        Column(t("Proposed target"), 22, lambda position: brief.describe_target(position, t)),
        Column(t("Region"), 14, lambda position: _others_cell(report, position, position.region)),
        Column(t("Union"), 14, lambda position: _others_cell(report, position, position.union)),
        Column(t("Among the members"), 36, lambda position: _strip_cell(report, position)),
        Column(t("History"), 24, lambda position: _history_cell(report, position)),
    )
    subtitle = t(
        "Region and Union: median of the members known, of yes or no how many; c: carried forward; diamond: this "
        "member; triangle: the Union's median; darker: the region"
    )
    layout = {"named_by": 1, "size": 8, "pad": 1.6, "middle": True, "wide": 6}
    return Table(found, columns, brief.describe_positions(found, t), subtitle, **layout)


def issues(report: Report, member: Member) -> Table | None:
    """Return what the checks ask a member: one row per issue, the gravest first; None where it is nothing."""
    t, found = report.t, profiles.select_member_issues(report.tables, member.member)
    answers = {answer.question.name: answer for answer in profiles.select_member_answers(report.tables, member.member)}
    columns = (
        Column(t("About"), 40, lambda row: brief.name_question(row.question, t) if row.question else t("whole return")),
        Column(t("We read"), 22, lambda row: brief.describe_observed(row, answers)),
        Column(t("What became of it"), 24, lambda row: t(f"severity {row.severity}")),
        Column(t("Please"), 84, lambda row: brief.describe_issue_to_member(row, t)),
    )
    if not len(found):
        return None
    rows, more = list(found.head(MOST_ISSUES).itertuples()), len(found) - MOST_ISSUES
    title = t.plural("{n} question on this return, to answer", len(found))
    subtitle = t("What was read, what became of it, and what to do")
    note = t.plural("{n} more question is in the workbook of papu check.", more) if more > 0 else ""
    return Table(rows, columns, title, subtitle, note=note, size=8, pad=1.8)


def answers(report: Report, member: Member) -> Table | None:
    """Return a member's answers as they were understood: one row per question, by group; None without a return."""
    t, groups = report.t, questionnaire.read_form().groups
    rows = profiles.select_member_answers(report.tables, member.member)
    if not rows:
        return None
    columns = (
        Column(t("Question"), 50, lambda answer: brief.name_question(answer.question.name, t)),
        Column(t("Answer"), 34, lambda answer: brief.describe_answer(answer, t)),
    )
    title = t("The answers as they were understood")
    subtitle = t("{quarter}; {missing}: left blank", quarter=t.quarter(report.quarter), missing=t.missing)
    words, layout = {"subtitle": subtitle, "note": _items_note(report, member)}, {"size": 8, "pad": 1.1, "beside": 2}
    return Table(rows, columns, title, group=lambda row: t.localised(groups[row.question.group]), **words, **layout)


def _items_note(report: Report, member: Member) -> str:
    """Return which items of the repeat a member reported this quarter; blank without a return, or a repeat."""
    t, items, form = report.t, profiles.select_member_items(report.tables, member.member), questionnaire.read_form()
    if not form.repeat:
        return ""
    repeat = t.localised(form.label_of(form.repeat.name))
    if not len(items):
        if member.member not in replies.select_answered(report.tables):
            return ""
        is_none = profiles.has_items_part(report.tables, member.member)
        return t("{repeat}: none.", repeat=repeat) if is_none else t("{what}: {value}", what=repeat, value=t.missing)
    titles = [mask_text(row.title or row.reference or t.missing)[:60] for row in items.itertuples()]
    return t("{repeat}: {titles}.", repeat=repeat, titles=t.listed(titles))


def prepare_briefs(quarter: str, as_of: str) -> None:
    """Ask what a brief asks, for one member: processes forked from this one then know what is the same for all."""
    member = brief.find_member("", quarter)
    report = Report(quarter, as_of, tables=pipeline.keep_tables(quarter, as_of))
    brief.brief_points(report, member)
    brief.next_actions(report, member)
    for table in (positions(report, member), issues(report, member), answers(report, member)):
        report.add(table)
