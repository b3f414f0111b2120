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

_CODES_IN = "codes in "  # before the name of a question whose codes are counted
_CODE_NEEDS = re.compile(r"(\S+) needs (\S+)")
_ANSWER_IN = re.compile(r"(\w+) in ([^\s|]+(?:\|[^\s|]+)*)")
# What a check is compared with, by its kind: how that is written, and the words for it.
_OTHERS = {
    "": ("", to_say("nothing")), "total": (r"\w+", to_say("a question")),
    "parts": (r"\w+(\|\w+)*", to_say("questions as a|b|c")), "code": (_CODE_NEEDS, to_say("`code needs code`")),
    "answer": (_ANSWER_IN, to_say("`question in code|code`")),
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """What a check takes: the rules that it may belong to, and what its cells must hold."""

    rules: tuple[str, ...]
    other: str = ""  # a kind of _OTHERS
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
        return self.question.startswith(_CODES_IN)

    @property
    def subject(self) -> str:
        """What an issue says that it is about: the question, or what the names of its questions have in common."""
        return self.question.removeprefix(_CODES_IN).rstrip("*_") if self.counts_codes else self.question

    def questions(self, form: Form) -> tuple[str, ...]:
        """Return its questions; `prefix_*` means all that begin so, in the form's order."""
        name = self.question.removeprefix(_CODES_IN)
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
        return _CODE_NEEDS.fullmatch(self.other).groups()

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
    name, check = row["check"], CHECKS[row["check"]]
    if row["rule"] not in check.rules:
        yield say("check {check} is one of rule {rules}, not of {rule}",
                  check=name, rules=", ".join(check.rules), rule=row["rule"])  # fmt: skip
    yield from (*_list_wrong_limits(row, check), *_list_wrong_others(row, check))
    one = to_say("question is {question!r}; write the name of one, or `prefix_*`")
    several = to_say("question is {question!r}; write the name of one, or `prefix_*`, or `codes in prefix_*`")
    pattern, told = (rf"(?:{_CODES_IN})?\w+\*?", several) if name == "fall" else (r"\w+\*?", one)
    if not re.fullmatch(pattern, row["question"]):
        yield say(told, question=row["question"])


def _list_wrong_limits(row: CsvRow, check: Check) -> Iterator[str]:
    name, low, high = row["check"], row["low"], row["high"]
    for limit, text, is_needed in (("low", low, check.low), ("high", high, check.high)):
        if is_needed and not text:
            yield say("{name} is blank; {check} needs a number there", name=limit, check=name)
        elif text and not is_needed:
            yield say("{name} is {text}, but {check} has no such limit; leave it blank",
                      name=limit, text=text, check=name)  # fmt: skip
    if low and high and float(low) >= float(high):
        yield say("low {low} is not below high {high}; correct one of them", low=low, high=high)
    for limit in ("low", "high") if name in ("fall", "share_moves") else ():
        if row[limit] and not 0 < float(row[limit]) < 1:
            yield say("{name} {value} is no part of 1; write 0.10 for 10 %", name=limit, value=row[limit])
    if name == "part" and high and float(high) < 1:
        yield say("high {high} is less than the whole; write 1, or more where a part may exceed it", high=high)


def _list_wrong_others(row: CsvRow, check: Check) -> Iterator[str]:
    pattern, written = _OTHERS[check.other]
    if not re.fullmatch(pattern, row["other"]):
        yield say("other is {other!r}; for {check} write {written}",
                  other=row["other"], check=row["check"], written=say(written))  # fmt: skip
    others = row["other"].split("|")
    if row["question"] in others:
        yield say("{question} is compared with itself; name another question", question=row["question"])
    if len(set(others)) < len(others):
        yield say("other is {other!r}, which names a question twice; name each once", other=row["other"])
    if found := _CODE_NEEDS.fullmatch(row["other"]):
        if found[1] == found[2]:
            yield say("{code} needs itself; name another answer", code=found[1])
        elif "none" in found.groups():
            yield say("none is ticked with no other answer; name another")


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
