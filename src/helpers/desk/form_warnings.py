"""What the form asks at once of an unusual answer, which the checks would ask later: V05, V08, V09, V18.

Each is an expression of the form that is true where the rule would find something (methodology, section 4).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from helpers.plan import Plan, checks, questionnaire

_FACTORS, _NEAR = (10, 100, 1000), 0.05  # of V18
_UNCOUNTED = (questionnaire.NONE_CODE, "other")  # choices that are no service and no feature of their own


@dataclass(frozen=True)
class FormWarning:
    """One warning: by which rule, its text, what it is about, after which question it is said, and when.

    `values` are those of its text; `reads` the calculations that it needs, by name: the column of the attached file.
    """

    rule: str
    key: str
    question: str
    after: str
    expression: str
    values: Mapping[str, str]
    reads: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_last(self) -> bool:
        """Whether it compares with a last answer, and not only with a member's reference."""
        return self.key != "reference"


def list_form_warnings(plan: Plan, form: questionnaire.Form) -> list[FormWarning]:
    """Return the warnings on the answers of a form, in the order of its rules."""
    by_check = {"reference": _reference, "fall": _fall, "share_moves": _share}
    found = [
        by_check[rule.check](rule, form) for rule in checks.expand(plan.rules, form) if rule.check in by_check
    ]  # fmt: skip
    return [*found, *map(_magnitude, form.numbers)]


def _reference(rule: checks.Rule, form: questionnaire.Form) -> FormWarning:
    name, last = rule.question, f"last_{form.totals[rule.question]}"
    expression = f"${{{name}}} < {rule.low:g} * ${{{last}}} or ${{{name}}} > {rule.high:g} * ${{{last}}}"
    reads = {last: form.totals[name]}
    return FormWarning(rule.rule, "reference", name, name, expression, {"reference": last}, reads)


def _fall(rule: checks.Rule, form: questionnaire.Form) -> FormWarning:
    percent = {"percent": f"{100 * rule.low:g}"}
    if not rule.counts_codes:
        name = rule.question
        expression = f"${{{name}}} < {1 - rule.low:g} * ${{last_{name}}}"
        return FormWarning(rule.rule, "fall", name, name, expression, {"last": f"last_{name}"} | percent)
    names, last = rule.questions(form), f"last_codes_{rule.subject}"
    answered = " and ".join(f"${{{name}}} != ''" for name in names)
    counted = " + ".join(_count_codes(form.by_name[name]) for name in names)
    expression = f"{answered} and ({counted}) < {1 - rule.low:g} * ${{{last}}}"
    reads = {last: f"codes_{rule.subject}"}
    return FormWarning(
        rule.rule, "fall_codes", f"codes_{rule.subject}", names[-1], expression, {"last": last} | percent, reads
    )


def _count_codes(question: questionnaire.Question) -> str:
    """Return what counts the codes ticked in a question as `extractors.all_codes` does."""
    left_out = (f" - if(selected(${{{question.name}}}, '{c}'), 1, 0)" for c in _UNCOUNTED if c in question.choices)
    return f"count-selected(${{{question.name}}}){''.join(left_out)}"


def _share(rule: checks.Rule, form: questionnaire.Form) -> FormWarning:
    part, whole = rule.question, rule.other
    now, last = f"${{{part}}} div ${{{whole}}}", f"${{last_{part}}} div ${{last_{whole}}}"
    expression = f"({now} - {last}) > {rule.high:g} or ({last} - {now}) > {rule.high:g}"
    values = {"percent": f"{100 * rule.high:g}", "other": whole, "last": f"last_{part}", "last_other": f"last_{whole}"}
    return FormWarning(rule.rule, "share_moves", part, part, expression, values)


def _magnitude(name: str) -> FormWarning:
    ratio = f"${{{name}}} div ${{last_{name}}}"
    near = (f"({ratio} >= {n * (1 - _NEAR):g} and {ratio} <= {n * (1 + _NEAR):g})" for n in _FACTORS)
    return FormWarning("V18", "magnitude", name, name, " or ".join(near), {"last": f"last_{name}"})


def count_codes(names: Iterable[str], answers: Mapping[str, str]) -> str:
    """Return how many codes the last answers to some questions have, as the form counts them; blank without one."""
    known = [answers.get(name, "") for name in names]
    codes = [set(each.split()) - set(_UNCOUNTED) for each in known]
    return str(sum(map(len, codes))) if all(known) else ""
