"""The plan in words, to be proofread before it is adopted: what is measured, when it is due, who is asked what."""

import textwrap
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from helpers.i18n import Translator
from helpers.plan import Kpi, Plan, checks, questionnaire, sources
from helpers.report import phrases
from helpers.strings import clean

_WIDTH = 100  # characters of a line on a terminal
_STYLE = (
    "body{font:16px/1.4 sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.3rem .5rem;text-align:start;"
    "vertical-align:top}"
)


@dataclass(frozen=True)
class PlanPart:
    """One part of the plan in words: a title, the heads of its columns, and its rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def list_parts(plan: Plan, form: questionnaire.Form, t: Translator) -> list[PlanPart]:
    """Return the plan in words, part by part, in a language."""
    settings = plan.settings
    days = {"on_time": settings.on_time_days, "cutoff": settings.cutoff_days, "revision": settings.revision_days}
    period = t("{lower} to {upper}", lower=t.quarter(settings.first_quarter), upper=t.quarter(settings.last_quarter))
    known = [t.quarter(each) for each in (settings.baseline_quarter, settings.first_status_quarter)]
    facts = [
        (t("Union"), t.localised(settings.union)), (t("Reference"), settings.reference),
        (t("Quarters"), period), (t("baseline"), known[0]), (t("Status from"), known[1]),
        (t("Days after a quarter's end"), t("on time {on_time}, first cut-off {cutoff}, revised {revision}", **days)),
        (t("carried forward"), t.plural("{n} quarter", settings.carry_quarters)),
        (t("Languages"), t.enumerated(questionnaire.LABEL_LANGUAGES[each] for each in settings.languages)),
    ]  # fmt: skip
    parts = [PlanPart(t.localised(settings.title).replace("\n", " "), (), facts)]
    heads = [t(word) for word in ("KPI", "Indicator", "Unit", "Baseline and target", "Due", "How it is measured")]
    for theme in plan.themes:
        title = t("Theme {n} · {title}", n=theme.theme, title=t.localised(theme.title))
        parts.append(PlanPart(title, [*heads, t("Source")], list(_list_steps(plan, theme.theme, t))))
    readers = list_readers(plan, form)
    asked = [
        (question.name, t.localised(question.label), ", ".join(readers.get(question.name, [])) or t("none"))
        for question in form.questions
    ]
    asked += [(f"{form.repeat.name}.{each.name}", t.localised(each.label), form.repeat.name) for each in form.fields]
    parts.append(PlanPart(t("Question"), (t("Question"), "", "KPI, rules.csv, plan.toml"), asked))
    rules = [(rule.rule, t(f"rule {rule.rule}"), _describe_rule(rule, form, t)) for rule in plan.rules]
    parts.append(PlanPart(t("Rule"), (t("Rule"), t("What it checks"), ""), rules))
    members = [
        (member.member, t.localised(member.name), t.region(member.region), _days(member.member_from, member.member_to))
        for member in plan.members
    ]
    heads = ("ISO3", t("Member"), t("Region"), "member_from - member_to")
    return [*parts, PlanPart(t("Members"), heads, members)]


def _list_steps(plan: Plan, theme: int, t: Translator) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a theme: each step, its KPIs, and the figures beside each."""
    for step in (step for step in plan.steps if step.theme == theme):
        due = t.quarter(step.due) if step.due else t("each quarter")
        yield step.step, t.localised(step.title), "", "", due, "", ""
        for kpi in (kpi for kpi in plan.kpis if kpi.step == step.step):
            yield kpi.kpi, t.localised(kpi.title), t.unit(kpi.unit), _target(kpi, t), "", *_measured(kpi, t)
            for companion in map(plan.as_kpi, plan.parts_of(kpi.kpi)):
                yield "", f"+ {t.localised(companion.title)}", t.unit(companion.unit), "", "", *_measured(companion, t)


def _measured(kpi: Kpi, t: Translator) -> tuple[str, str]:
    """Return how a KPI or a figure beside it is measured, and what it is read from, in words and as the plan has it."""
    formula = "" if kpi.source in sources.RETURN_COUNTS else phrases.describe_formula(kpi, t)  # its title says it
    return formula, f"{phrases.describe_source(kpi, t)} ({kpi.source})"


def _target(kpi: Kpi, t: Translator) -> str:
    """Return a KPI's baseline and target as they were set, with the status of the target."""
    if kpi.target is None:
        return t("none")
    factor = 100 if kpi.assessed == "share" else 1
    baseline, target = (t.target(factor * each, kpi.assessed_unit) for each in (kpi.baseline, kpi.target))
    between = t("{baseline} to {target}", baseline=baseline, target=target)
    return f"{between} ({t(f'targets: {kpi.target_status}')}) {kpi.target_reference}".strip()


def list_readers(plan: Plan, form: questionnaire.Form) -> dict[str, list[str]]:
    """Return what reads each question: KPIs and companions, rules, roles in plan.toml."""
    readers: dict[str, list[str]] = defaultdict(list)
    for each in (*plan.kpis, *plan.companions):
        if each.measure not in ("milestone", "register", "rate"):
            source = sources.source_of(each, form)
            asks = source.asks if set(source.asks) <= set(form.by_name) else (form.repeat.asked,)
            for name in (*asks, source.total):
                readers[name].append(each.kpi)
    for rule in plan.rules:
        for name in (*rule.questions(form), *rule.others):
            readers[name].append(f"{rule.rule} {rule.check}")
    identity = form.identity
    for name in (identity.member, identity.quarter, *identity.personal, *identity.public, identity.remarks):
        readers[name].append("plan.toml")
    for name in form.by_name:
        readers[name] += ["nd_"] * name.startswith("nd_") + [form.repeat.name] * (name == form.repeat.asked)
    return {name: list(dict.fromkeys(found)) for name, found in readers.items()}


# What a rule allows, in signs that every language reads; `rule V04` and its kind say it in words.
_ALLOWED = {
    "part": "{what} ≤ {times}{others}",
    "reference": "{low} × {reference} ≤ {what} ≤ {high} × {reference}",
    "reference_soft": "{low} × {reference} ≤ {what} ≤ {high} × {reference}",
    "ratio": "{low} ≤ {what} ÷ {others} ≤ {high}",
    "fall": "{what} ≥ {left} × {before}",
    "share_moves": "|Δ {what} ÷ {others}| ≤ {high_percent}",
    "never_falls": "{what} ≥ {before}",
    "at_least_each": "{what} ≥ max({listed})",
    "at_most_sum": "{what} ≤ {others}",
    "needs_code": "{what}: {code} → {needed}",
    "needs_date": "{others}: {codes} → {what}",
    "both_or_neither": "{what} > 0 ↔ {others} > 0",
    "outlier": "|z| ≤ {high}: {what} ÷ {others}",
}


def _describe_rule(rule: checks.Rule, form: questionnaire.Form, t: Translator) -> str:
    """Return what a rule allows, its questions by their labels and names."""

    def name(question: str) -> str:
        return f"{t.localised(form.by_name[question].label)} ({question})" if question in form.by_name else question

    def label(code: str) -> str:
        names = (*rule.questions(form), *rule.others)
        found = (form.by_name[each].choice_labels for each in names if each in form.by_name)
        return next(t.localised(labels[code]) for labels in found if code in labels)

    values = {
        "what": name(rule.question), "others": " + ".join(map(name, rule.others)),
        "listed": "; ".join(map(name, rule.others)), "low": t.number(rule.low, 1), "high": t.number(rule.high, 1),
        "left": t.percent(100 * (1 - rule.low), 0), "high_percent": t.percent(100 * rule.high, 0),
        "times": "" if rule.high == 1 else f"{t.number(rule.high, 1)} × ",
        "reference": t("Reference"), "before": t("known from earlier"),
    }  # fmt: skip
    if rule.check == "needs_code":
        values["code"], values["needed"] = map(label, rule.needs)
    if rule.check == "needs_date":
        values["codes"] = t.enumerated(map(label, sorted(rule.answers, key=form.by_name[rule.others[0]].choices.index)))
    return _ALLOWED[rule.check].format_map(values)


def _days(first: date, last: date) -> str:
    return f"{'' if first == date.min else first} - {'' if last == date.max else last}".strip(" -")


def format_parts(parts: Sequence[PlanPart]) -> list[str]:
    """Return the parts as lines for a terminal: a row's first cell, then the others beneath one another."""
    lines = []
    for part in parts:
        title = textwrap.wrap(clean(part.title), _WIDTH)
        lines += ["", *title, "=" * max(map(len, title))]
        for row in part.rows:
            first, *others = (clean(str(cell)) for cell in row)
            shown = [text for text in others if text]
            lines += textwrap.wrap(f"{first:<7}  {shown[0] if shown else ''}", _WIDTH, subsequent_indent=" " * 9)
            for text in shown[1:]:
                lines += textwrap.wrap(text, _WIDTH, initial_indent=" " * 11, subsequent_indent=" " * 11)
    return lines[1:]


def format_page(parts: Sequence[PlanPart], t: Translator) -> str:
    """Return the parts as a page for the browser, which asks nothing of any server."""
    tables = []
    for part in parts:
        heads = "".join(f"<th>{escape(head)}</th>" for head in part.heads)
        rows = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in part.rows)
        tables.append(f"<h2>{escape(part.title)}</h2><table>{f'<tr>{heads}</tr>' if heads else ''}{rows}</table>")
    direction = "rtl" if t.is_rtl else "ltr"
    return (
        f'<!DOCTYPE html>\n<html lang="{t.language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{escape(parts[0].title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(parts[0].title)}</h1>{''.join(tables)}</body></html>\n"
    )
