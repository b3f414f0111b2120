"""The words of what rules propose, of the actions that were agreed on, and of what became of them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from helpers.durable import write_csv_durably
from helpers.i18n import Translator, is_blank
from helpers.ingest import registers
from helpers.plan import Kpi, quarters, questionnaire, read_plan, read_settings
from helpers.report import phrases
from helpers.report.document import Report
from helpers.strings import fold, mask_text
from helpers.tables import EditionTables, actions, queries

_WORDS = {
    "parts": "{what}: bring up to {percent} of what is needed: {details}",
    "unchanged": "{what}: take the step after “{details}”",
    "none": "{what}: plan some for the next quarter",
    "blank": "answer what was left blank twice: {details}",
    "near": "{what}: close the gap to the target",
}
_FINDINGS = {
    "parts": "{what}, less than {percent} of what is needed: {parts}.",
    "unchanged": "{what}: “{details}” since {since}; what would be the next step?",
    "none": "{what}: none in this quarter.",
    "blank": "Left blank in two returns running: {details}.",
}


def _name_details(advice: actions.Advice, t: Translator) -> list[str]:
    """Return the parts, the answer or the questions that advice is about, as the plan and the form word them."""
    plan, form, details = read_plan(), questionnaire.read_form(), advice.details
    if advice.kind == "parts":
        titles = {each.component: plan.title_of(each) for each in plan.parts_of(advice.kpi)}
    elif advice.kind == "unchanged":
        titles = form.by_name[actions.find_question(advice.kpi)].choice_labels
    else:
        titles = {name: form.label_of(name) for name in details}
    return [t.localised(titles.get(code) or {}) or code for code in details]


def _name_subject(advice: actions.Advice, t: Translator) -> str:
    if advice.kind == "none":  # what is counted in a quarter, not what has come together
        return t.localised(read_plan().by_kpi[advice.kpi].title)
    return phrases.name_own_kpi(advice.kpi, t) if advice.member else phrases.name_kpi(advice.kpi, t)


def word_proposal(advice: actions.Advice, t: Translator) -> str:
    """Return what is proposed, without the figures of the day: fit for a register, in which it stands for quarters."""
    limit, details = t.percent(100 * actions.LOW_PART, 0), t.enumerated(_name_details(advice, t))
    return t(_WORDS[advice.kind], what=_name_subject(advice, t), details=details, percent=limit)


def describe_advice(report: Report, advice: actions.Advice) -> str:
    """Return what figures suggest, with these figures."""
    t, what, details = report.t, _name_subject(advice, report.t), _name_details(advice, report.t)
    if advice.kind == "near":
        gap = phrases.describe_gap(report, queries.select_figure(report.tables, advice.kpi))
        return t("{what} ({gap})", what=what, gap=gap) + "."
    words = {"details": t.enumerated(details), "since": t.quarter(advice.since)}
    if advice.kind == "parts":
        pairs = zip(details, advice.numbers[::2], advice.numbers[1::2], strict=True)
        words["parts"] = t.joined(t("{name} {part}/{whole}", name=n, part=a, whole=b) for n, a, b in pairs)
    return t(_FINDINGS[advice.kind], what=what, percent=t.percent(100 * actions.LOW_PART, 0), **words)


def describe_action(action: actions.Action, t: Translator) -> str:
    """Return what was agreed: a proposal that was taken as it is in the reader's language, else as it was written."""
    advice, text = actions.Advice.of(action.id), " ".join(action.text.split())
    if advice:
        proposed = {fold(word_proposal(advice, Translator(language))) for language in read_settings().languages}
        if not text or fold(text) in proposed:
            return word_proposal(advice, t)
    written = mask_text(text) or action.id
    master = read_settings().master_language
    return written if t.language == master else f"{written} [{master}]"


def describe_outcome(report: Report, action: actions.Action) -> str:
    """Return what became of an action: done or dropped on a day, overdue, or open."""
    t = report.t
    if action.status == registers.DONE:
        return t("done on {day}", day=t.day(action.closed_on))
    if action.status == registers.DROPPED:
        return t("dropped on {day}", day=t.day(action.closed_on))
    return t("overdue") if action.is_overdue(date.fromisoformat(report.as_of)) else t("open (action)")


def describe_levels(report: Report, action: actions.Action) -> str:
    """Return what an action is about, when it was agreed on and now: a figure, or the answer; a dash for neither."""
    t, advice = report.t, actions.Advice.of(action.id)
    if advice and advice.kind == "unchanged":
        answers = [actions.find_answer(report.tables, advice, quarter) for quarter in (action.quarter, report.quarter)]
        words = [_name_details(replace(advice, details=(code,)), t)[0] if code else t.missing for code in answers]
    elif found := actions.compare_levels(report.tables, action):
        kpi, *levels = found
        words = [t.missing if is_blank(level) else _say_level(kpi, level, t) for level in levels]
        if kpi.is_yes_no and action.member:
            words = [t.missing if is_blank(level) else t("yes") if level else t("no") for level in levels]
    else:
        return "–"
    return t("{first} → {last}", first=words[0], last=words[1])


def _say_level(kpi: Kpi, level: float, t: Translator) -> str:
    return t("stage {n}", n=level) if kpi.unit == "stage" else t.measured(level, kpi.assessed_unit)


def name_responsible(codes: str, t: Translator, member: str = "") -> str:
    """Return who is responsible: the names that plan.toml has for codes such as `WG/GS`, else what is written.

    Without any code, it is the member.
    """
    if not codes:
        return _name_member(member, t)
    names, parts = read_settings().responsible, [code.strip() for code in codes.split("/")]
    return t.joined(names.get(f"{code}_{t.language}", mask_text(code)) for code in parts)


# --- for the desk -----------------------------------------------------------------------------------------------


def format_actions(tables: EditionTables, t: Translator, members: Collection[str] = ()) -> Iterator[str]:
    """Yield the agreed actions and the proposals as lines of text, of all members or of some."""
    report = Report(tables.quarter, tables.as_of, t.language, tables=tables)
    agreed = [each for each in actions.list_actions(tables) if not members or each.member in members]
    proposed = _choose(actions.list_proposals(tables), members)
    yield t("Agreed on: {n}", n=len(agreed))
    for action in agreed:
        what, due = describe_action(action, t), t.day(action.due)
        yield f"  {action.id}"
        yield f"    {_name_member(action.member, t)} – {what} – {due} – {describe_outcome(report, action)}"
    yield t("Proposed by rules: {n}", n=len(proposed))
    for advice in proposed:
        yield f"  {advice.id}"
        yield f"    {_name_member(advice.member, t)} – {describe_advice(report, advice)}"
        yield f"    → {word_proposal(advice, t)}"


def write_proposals(
    path: Path, tables: EditionTables, t: Translator, members: Collection[str], today: date
) -> None:  # fmt: skip
    """Write the proposals as rows of actions.csv, due at the next quarter's first cut-off; Excel knows it as UTF-8."""
    plan, due = read_plan(), read_settings().first_cutoff(quarters.shift(tables.quarter, 1))
    responsible = {step.step: step.responsible for step in plan.steps}
    rows = [
        (
            advice.id, advice.quarter, advice.kpi, advice.member, word_proposal(advice, t),
            "" if advice.member else responsible[plan.by_kpi[advice.kpi].step],
            due, registers.OPEN, "", today,
        )
        for advice in _choose(actions.list_proposals(tables), members)
    ]  # fmt: skip
    write_csv_durably(path, [registers.COLUMNS[registers.ACTIONS], *rows])


def _choose(proposed: Sequence[actions.Advice], members: Collection[str]) -> list[actions.Advice]:
    return [each for each in proposed if not members or each.member in members]


def _name_member(member: str, t: Translator) -> str:
    return t.member(member) if member else t("Union")
