"""The rules of the plan on its own questions: rules.csv, one row each (methodology, section 4)."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from helpers.plan.files import CsvRow
from helpers.speech import say, to_say

if TYPE_CHECKING:
    from helpers.plan.questionnaire import Form

_CODES_IN = re.compile(r"codes in (\w+\*?)")
_CODE_NEEDS = re.compile(r"(\S+) needs (\S+)")
_ANSWER_IN = re.compile(r"(\w+) in ([^\s|]+(?:\|[^\s|]+)*)")


@dataclass(frozen=True)
class Check:
    """What a check takes: the rules that it may belong to, and what its cells must hold."""

    rules: tuple[str, ...]
    other: str = ""  # blank: none; `total`, `parts`, `code`, `answer`
    low: bool = False
    high: bool = False
    type: str = "integer"


# The checks of rules.csv by name.
CHECKS: Mapping[str, Check] = {
    "part": Check(("V04", "V10"), "total", high=True),
    "reference": Check(("V05",), low=True, high=True),
    "reference_soft": Check(("V06",), low=True, high=True),
    "ratio": Check(("V06",), "total", low=True, high=True),
    "fall": Check(("V08",), low=True),
    "share_moves": Check(("V09",), "total", high=True),
    "never_falls": Check(("V10",)),
    "at_least_each": Check(("V10",), "parts"),
    "at_most_sum": Check(("V10",), "parts"),
    "needs_code": Check(("V13",), "code", type="select_multiple"),
    "needs_date": Check(("V14",), "answer", type="date"),
    "both_or_neither": Check(("V16",), "parts"),
    "outlier": Check(("V17",), "total", high=True),
}
RULES = tuple(dict.fromkeys(rule for check in CHECKS.values() for rule in check.rules))


@dataclass(frozen=True)
class Rule:
    """One row of rules.csv: a check of a question, alone or with another."""

    rule: str
    check: str
    question: str
    other: str
    low: float
    high: float
    row: int

    @property
    def counts_codes(self) -> bool:
        """Tell whether it is about the number of codes ticked in some questions."""
        return bool(_CODES_IN.fullmatch(self.question))

    @property
    def subject(self) -> str:
        """What an issue says that it is about: the question, or what the names of its questions have in common."""
        found = _CODES_IN.fullmatch(self.question)
        return found[1].rstrip("*_") if found else self.question

    def questions(self, form: Form) -> tuple[str, ...]:
        """Return its questions; `prefix_*` means all that begin so, in the form's order."""
        found = _CODES_IN.fullmatch(self.question)
        name = found[1] if found else self.question
        if not name.endswith("*"):
            return (name,)
        return tuple(question for question in form.substantive if question.startswith(name[:-1]))

    @property
    def others(self) -> tuple[str, ...]:
        """The questions that it is compared with."""
        kind = CHECKS[self.check].other
        if kind == "answer":
            return (_ANSWER_IN.fullmatch(self.other)[1],)
        return tuple(self.other.split("|")) if kind in ("total", "parts") else ()

    @property
    def needs(self) -> tuple[str, str]:
        """A code, and the one that it does not go without."""
        found = _CODE_NEEDS.fullmatch(self.other)
        return found[1], found[2]

    @property
    def answers(self) -> frozenset[str]:
        """The answers to the other question with which it is asked."""
        return frozenset(_ANSWER_IN.fullmatch(self.other)[2].split("|"))


@cache
def expand(rules: tuple[Rule, ...], form: Form) -> tuple[Rule, ...]:
    """Return the rules with one question each: `prefix_*` is a rule of every question that begins so.

    Only a rule on the number of codes keeps its questions together.
    """
    return tuple(
        replace(rule, question=question)
        for rule in rules
        for question in ((rule.question,) if rule.counts_codes else rule.questions(form))
    )


def list_wholes(question: str, rules: Collection[Rule]) -> set[str]:
    """Return what a question counts a part of, by the rules: its whole, what that is a part of, and so on."""
    found = {question}
    while more := {rule.other for rule in rules if rule.check == "part" and rule.question in found} - found:
        found |= more
    return found - {question}


def make_rule(row: CsvRow) -> Rule:
    """Make a rule of a row whose cells were found right; a limit that it has not is infinite."""
    low, high = (float(row[name]) if row[name] else math.inf for name in ("low", "high"))
    return Rule(row["rule"], row["check"], row["question"], row["other"], low, high, row.number)


def list_row_problems(row: CsvRow) -> Iterator[str]:
    """Yield what is wrong with the cells of a row, whatever the form has."""
    check, low, high = CHECKS[row["check"]], row["low"], row["high"]
    if row["rule"] not in check.rules:
        yield say("check {check} is one of rule {rules}, not of {rule}", check=row["check"],
                  rules=", ".join(check.rules), rule=row["rule"])  # fmt: skip
    for name, text, is_needed in (("low", low, check.low), ("high", high, check.high)):
        if is_needed and not text:
            yield say("{name} is blank; {check} needs a number there", name=name, check=row["check"])
        elif text and not is_needed:
            yield say("{name} is {text}, but {check} has no such limit; leave it blank", name=name,
                      text=text, check=row["check"])  # fmt: skip
    if low and high and float(low) >= float(high):
        yield say("low {low} is not below high {high}; correct one of them", low=low, high=high)
    for name in ("low", "high") if row["check"] in ("fall", "share_moves") else ():
        if row[name] and not 0 < float(row[name]) < 1:
            yield say("{name} {value} is no part of 1; write 0.10 for 10 %", name=name, value=row[name])
    if row["check"] == "part" and high and float(high) < 1:
        yield say("high {high} is less than the whole; write 1, or more where a part may exceed it", high=high)
    written = {
        "": say("nothing"), "total": say("a question"), "parts": say("questions as a|b|c"),
        "code": say("`code needs code`"), "answer": say("`question in code|code`"),
    }[check.other]  # fmt: skip
    patterns = {"": "", "total": r"\w+", "parts": r"\w+(\|\w+)*", "code": _CODE_NEEDS, "answer": _ANSWER_IN}
    if not re.fullmatch(patterns[check.other], row["other"]):
        yield say(
            "other is {other!r}; for {check} write {written}", other=row["other"], check=row["check"], written=written
        )
    others = row["other"].split("|")
    if row["question"] in others:
        yield say("{question} is compared with itself; name another question", question=row["question"])
    if len(set(others)) < len(others):
        yield say("other is {other!r}, which names a question twice; name each once", other=row["other"])
    if (found := _CODE_NEEDS.fullmatch(row["other"])) and found[1] == found[2]:
        yield say("{code} needs itself; name another answer", code=found[1])
    elif found and "none" in found.groups():
        yield say("none is ticked with no other answer; name another")
    is_code_count = bool(_CODES_IN.fullmatch(row["question"]))
    if not (re.fullmatch(r"\w+\*?", row["question"]) or (is_code_count and row["check"] == "fall")):
        one = to_say("question is {question!r}; write the name of one, or `prefix_*`")
        several = to_say("question is {question!r}; write the name of one, or `prefix_*`, or `codes in prefix_*`")
        yield say(several if row["check"] == "fall" else one, question=row["question"])


def list_form_problems(rule: Rule, form: Form) -> Iterator[str]:
    """Yield what is wrong with a rule, held against the form."""
    kind = "select_multiple" if rule.counts_codes else CHECKS[rule.check].type
    names = rule.questions(form)
    if not names:
        yield say("{question}: no question of the form begins so", question=rule.question)
    yield from _list_wrong(names, kind, form)
    yield from _list_wrong(rule.others, "select_one" if rule.check == "needs_date" else "integer", form)
    if rule.check.startswith("reference") and rule.question in form.by_name and rule.question not in form.totals:
        yield say("{question} has no reference; name it in totals.csv, or leave the rule out", question=rule.question)
    asked = ((name, rule.needs) for name in names if rule.check == "needs_code")
    answered = ((name, rule.answers) for name in rule.others if rule.check == "needs_date")
    for name, codes in (*asked, *answered):
        unknown = [code for code in codes if name in form.by_name and code not in form.by_name[name].choices]
        if unknown:
            yield say("{codes} is no answer to {name}; choose from {choices}", codes=", ".join(unknown),
                      name=name, choices=", ".join(form.by_name[name].choices))  # fmt: skip


def _list_wrong(names: tuple[str, ...], kind: str, form: Form) -> Iterator[str]:
    for name in names:
        question = form.by_name.get(name)
        if question is None:
            yield say("{name} is no question of the form; correct its name, or add it to survey.csv", name=name)
        elif question.type != kind:
            yield say("{name} is of type {type}, where it takes {kind}", name=name, type=question.type, kind=kind)
