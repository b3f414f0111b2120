"""Holds the form against itself and against the roles that plan.toml gives its questions."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

from helpers.plan import quarters, questionnaire
from helpers.plan.files import CsvRow, PlanTable
from helpers.plan.plan import Plan
from helpers.plan.questionnaire import LABEL_LANGUAGES, MEMBER_ASKED, NONE_CODE, QUARTER_ASKED, Form, Question
from helpers.plan.settings import FILE
from helpers.speech import say, say_of, to_say

_SVG = "{http://www.w3.org/2000/svg}"
# What an attribute of a drawing has where it takes something from elsewhere, or is to change a reference later.
_OUTSIDE = re.compile(r"(?i)url\(\s*[\"']?\s*[^#\"'\s]|\bhref$|^\s*(?:javascript|data|https?|ftp|file):")
_EXPRESSIONS = (
    "constraint", "relevant", "calculation", "choice_filter", "repeat_count", "default", "instance_name",
)  # fmt: skip
_COMPUTED = re.compile(r"\$\{|[a-zA-Z][\w:-]*\(")  # what a default has that is no answer as it is
# The functions that an expression may call: those of the ODK XForms specification.
_FUNCTIONS = """
abs acos area asin atan atan2 base64-decode boolean boolean-from-string checklist coalesce concat contains cos count
count-non-empty count-selected current date date-time decimal-date-time decimal-time digest distance ends-with exp
exp10 extract-signed false format-date format-date-time geofence if indexed-repeat instance int intersects join
jr:choice-name jr:itext log log10 max min normalize-space not now number once pi position pow pulldata random
randomize regex round selected selected-at sin sqrt starts-with string string-length substr substring-after substring-
before sum tan today translate true uuid version weighted-checklist
"""
# The parts of an expression (XPath), each with the letter for it: a sign that is none of them is an `e`.
_PARTS = re.compile(
    r"""\s+|(?P<p>\.{0,2}/[\w./@*-]+)|(?P<x>'[^']*'|"[^"]*"|\$\{[^{}]*\}|\d+(?:\.\d+)?|\.\.?)"""
    r"""|(?P<o>(?:and|or|div|mod)\b|[!<>]?=|[<>+*|])|(?P<m>-)|(?P<f>[a-zA-Z][\w:-]*(?=\s*\())|(?P<n>[a-zA-Z_][\w-]*)"""
    r"""|(?P<b>[][(),])|(?P<e>.)"""
)
# What is a value again: a function of values, a value in brackets, two with an operator between, a path from a value.
_VALUE = re.compile(r"f\((?:x(?:,x)*)?\)|(?<!f)\(x\)|x\[x\]|x[om]m*x|(?<![])x])m+x|xp|(?<![])x])p|n")
_VALUE_OF = r"(\.|\$\{\w+\})"
_CONDITION = re.compile(rf"(?:(?<=selected\()\s*{_VALUE_OF}\s*,|{_VALUE_OF}\s*!?=)\s*(['\"])(.+?)\3")


@dataclass(frozen=True)
class CheckedFiles:
    """The files of the plan and the form, and what was made of their right rows."""

    tables: Mapping[str, PlanTable]
    plan: Plan
    form: Form
    folder: Path

    def rows(self, name: str) -> Sequence[CsvRow]:
        """Return the right rows of a file."""
        return self.tables[name].rows

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The members' codes."""
        return self.tables["members"].codes("member")

    @cached_property
    def quarters(self) -> tuple[str, ...]:
        """The quarters of the plan."""
        return self.plan.settings.quarters

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the plan."""
        return self.plan.settings.languages

    @cached_property
    def label_columns(self) -> tuple[str, ...]:
        """The columns of the form's labels."""
        return questionnaire.label_columns(self.languages)


def _same_labels(rows: Sequence[CsvRow], columns: Sequence[str]) -> Iterator[str]:
    """Yield the labels of a question or code that mean another one, in any language or by its name: both are read."""
    names = {name: row["name"] for row in rows for name in (row["name"], *row.get("formerly", "").split())}
    owners = {name.casefold(): owner for name, owner in names.items()}
    for row in rows:
        for text in (row[column] for column in columns):
            owner = owners.setdefault(" ".join(text.casefold().split()), row["name"]) if text else row["name"]
            if owner != row["name"]:
                is_name = text.casefold() in map(str.casefold, names)
                twice = to_say("label {text!r} is also that of {owner}; each needs one of its own")
                named = to_say("label {text!r} is the name of {owner}; each needs one of its own")
                yield row.say(named if is_name else twice, text=text, owner=owner)


def _check_choices(f: CheckedFiles) -> Iterator[str]:
    details = f.form.repeat.details.values()
    table, used, live = f.tables["choices"], set(details), defaultdict(list)
    used |= {question.listed for question in (*f.form.questions, *f.form.fields)}
    for row in table.rows:
        if last := row.get("until"):
            if quarters.parse_quarter(last) not in f.quarters:
                yield row.say("until {quarter} is not within {first}-{last}; correct it", quarter=last,
                              first=f.quarters[0], last=f.quarters[-1])  # fmt: skip
        else:
            live[row["list_name"]].append(row)
            for column in (column for column in f.label_columns if not row[column]):
                yield row.say("{column} is blank; write it in every language", column=column)
        if row["list_name"] not in used and f.tables["survey"].every_row:  # none: survey.csv is told of
            yield row.say("list {list_name} is that of no question, and of no kind in plan.toml; correct it")
        if row["list_name"] == "member" and f.members:  # none: members.csv is told of
            yield from _check_member_label(row, f)
    for rows in live.values():
        yield from _same_labels(rows, f.label_columns)
    missing = ", ".join(code for code in f.members if code not in {row["name"] for row in live["member"]})
    if missing and table.every_row:
        yield say("choices.csv: list member lacks {missing}, a member in members.csv; add the row", missing=missing)
    yield from (say("choices.csv: has no list {name}", name=name) for name in details if not live[name])


def _check_member_label(row: CsvRow, f: CheckedFiles) -> Iterator[str]:
    labels = [row[column] for column in f.label_columns]
    if row["name"] not in f.members:
        yield row.say("{name} is no member in members.csv; leave it out, or add the member")
    elif wrong := [label for label in labels if f.plan.resolve(label).iso3 != row["name"]]:
        yield row.say("label {wrong!r} is no name of {name}; write that of members.csv", wrong=wrong[0])


def is_expression(text: str) -> bool:
    """Tell whether a text is one expression: values, operators and brackets that fit together."""
    found = (part for part in _PARTS.finditer(text) if part.lastgroup)
    shape = "".join(part[0] if part.lastgroup == "b" else part.lastgroup for part in found)
    while (shorter := _VALUE.sub("x", shape)) != shape:
        shape = shorter
    return shape == "x"


def _check_expressions(row: CsvRow, answers: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Check what a row asks of questions: they are there, with their answers; `answers` has those of each name."""
    for column, text in row.items():
        for name in dict.fromkeys(re.findall(r"\$\{([^}]*)\}", text)):
            if name not in answers:
                yield row.say("{column} names {name}, which is no question of the form", column=column, name=name)
    for column, text in ((column, row[column]) for column in _EXPRESSIONS if row.get(column)):
        if column == "default" and not _COMPUTED.search(text):
            continue
        if not is_expression(text):
            yield row.say("{column} {text!r} is no expression; correct its brackets, quotes and operators",
                          column=column, text=text)  # fmt: skip
        for called in sorted({part["f"] for part in _PARTS.finditer(text) if part["f"]} - {*_FUNCTIONS.split()}):
            near = difflib.get_close_matches(called.casefold(), _FUNCTIONS.split(), n=1) or [
                say("one of ODK's functions")
            ]
            yield row.say("{column} calls {called}(), which is no function of ODK; write {near}",
                          column=column, called=called, near=near[0])  # fmt: skip
        for condition in _CONDITION.finditer(text):
            name, code = (condition[1] or condition[2]).strip("${}").replace(".", row.get("name", "")), condition[4]
            if answers.get(name) and code not in answers[name]:
                yield row.say(
                    "{column} names {code}, which is no answer to {name}", column=column, code=code, name=name
                )


def _check_texts(row: CsvRow, languages: Iterable[str]) -> Iterator[str]:
    """Check the texts of a row of the survey: each in all languages."""
    written = [LABEL_LANGUAGES[language] for language in languages]
    is_asked = not row["type"].startswith(("end", "calculate"))
    for prefix, is_needed in (("label", is_asked), ("hint", False), ("constraint_message", row.get("constraint"))):
        lacking = [name for name in written if not row.get(f"{prefix}::{name}")]
        if lacking and (is_needed or len(lacking) < len(written)):
            yield row.say("{prefix} is blank in {lacking}; write it in every language",
                          prefix=prefix, lacking=", ".join(lacking))  # fmt: skip
    if not row["name"] and not row["type"].startswith("end"):
        yield row.say("name is blank; write one")


def _check_survey(f: CheckedFiles) -> Iterator[str]:
    table = f.tables["survey"]
    names = table.codes("name")
    for row in table.rows:
        yield from _check_texts(row, f.languages)
    answers = dict.fromkeys(names, ()) | {each.name: each.choices for each in (*f.form.questions, *f.form.fields)}
    for row in (*table.rows, *f.rows("choices"), *f.rows("settings")) if names else ():
        yield from _check_expressions(row, answers)
        for text in (row.get(column, "") for column in f.label_columns):
            if set("{}") & set(re.sub(r"\$\{\w*\}", "", text)):
                yield row.say("label {text!r} has a brace; leave it out", text=text)
    for row in table.rows:
        for text in (row["name"], *(row[column] for column in f.label_columns)):
            if text.startswith(questionnaire.ADDED):
                yield row.say("{text!r} begins as what `papu questionnaire` adds to a form; write another", text=text)
    for row in f.rows("settings")[1:]:
        yield row.say("a second row; keep one")
    yield from _same_labels([row for row in table.rows if row["name"]], f.label_columns)
    row_of, owners = {row["name"]: row for row in table.every_row}, {name: name for name in names}
    for question in (*f.form.questions, *f.form.fields):
        row = row_of[question.name]
        yield from _check_question(question, row, f.form)
        for earlier in question.formerly:
            if (owner := owners.setdefault(earlier, question.name)) != question.name:
                yield row.say("formerly names {earlier}, which is {owner}'s name; leave it to one question",
                              earlier=earlier, owner=owner)  # fmt: skip


def _check_question(question: Question, row: CsvRow, form: Form) -> Iterator[str]:
    """Check that a question is open to be written, can be answered by none, and lists what there is (`nd_…`)."""
    identity, name = form.identity, question.name
    public = (MEMBER_ASKED, QUARTER_ASKED, *identity.personal, *identity.public)
    if identity.group in question.path and name not in public:
        yield row.say("{name} is neither personal nor public: name it in one of these lists of plan.toml, [identity]")
    if question.type == "select_multiple" and question.choices and NONE_CODE not in question.choices:
        yield row.say("{name} cannot be answered by none: add `none` to list {listed}", listed=question.listed)
    beside = {each for each in form.substantive if question.group in form.by_name[each].path}
    unknown = ", ".join(sorted(set(question.choices) - {*beside, NONE_CODE}))
    if unknown and name.startswith("nd_"):
        yield row.say("list {listed} has {unknown}, no question of {group}",
                      listed=question.listed, unknown=unknown, group=question.group)  # fmt: skip


def _check_logo(path: Path) -> str:
    """Return why a file cannot be the logo, blank where it can: a drawing that is whole and asks for nothing else."""
    if path.is_symlink() or not path.is_file():
        return say("is not a file beside plan.toml")
    text = path.read_text(encoding="utf-8", errors="replace")
    if found := re.search(r"<!DOCTYPE|<!ENTITY|<\?(?!xml\s)", text):
        return say("has a document type or a style sheet ({found}), which could name other files", found=found[0])
    try:
        drawing = ElementTree.fromstring(text)
    except ElementTree.ParseError as reason:
        return say("is no whole SVG ({reason})", reason=reason)
    if drawing.tag != f"{_SVG}svg" or not ("viewBox" in drawing.attrib or {"width", "height"} <= drawing.attrib.keys()):
        return say("is no SVG with a viewBox")
    for element in drawing.iter():
        name = element.tag.rpartition("}")[2].lower()
        if name in ("script", "foreignobject", "image", "a", "style"):
            return say("has an element {name}", name=name)
        for attribute, value in element.attrib.items():
            plain = attribute.rpartition("}")[2].lower()
            names_other = plain in ("src", "base") or (plain == "href" and not value.startswith("#"))
            if plain.startswith("on") or names_other or _OUTSIDE.search(value):
                return say("has an attribute {plain} {value!r}", plain=plain, value=value[:40])
    return ""


def _check_settings(f: CheckedFiles) -> Iterator[str]:
    """Check that the questions and fields to which plan.toml gives a role are there, and are of the right type."""
    table, repeat = f.tables["survey"], f.form.repeat
    if not table.every_row:
        return
    logo = f.plan.settings.look.get("logo", "")
    if logo and (problem := _check_logo(f.folder / logo)):
        told = to_say("plan.toml: [look] logo is {logo}, which {problem}; draw it again as a plain SVG, or leave the "
                      "line out")  # fmt: skip
        yield say(told, logo=logo, problem=problem)
    yield from (say_of(FILE, problem) for problem in _list_wrong_questions(f))
    repeats = [row for row in table.every_row if row["type"] == "begin_repeat"]
    for row in repeats:
        if row["name"] != repeat.name:
            yield row.say("repeat {name} is not the one of plan.toml, [repeat]; name it there, or leave it out")
    if repeat and repeat.name not in [row["name"] for row in repeats]:
        yield say("{file}: has no begin_repeat {name}, which plan.toml names in [repeat]; restore it",
                  file=table.file, name=repeat.name)  # fmt: skip
    yield from (say_of(FILE, problem) for problem in _list_wrong_fields(f.form) if repeat)


def _list_wrong_questions(f: CheckedFiles) -> Iterator[str]:
    """Yield the roles whose question is not in the form, or not of the type and in the group that it takes."""
    identity, form = f.form.identity, f.form
    listed = (*identity.personal, *identity.public)
    types = {MEMBER_ASKED: "select_one", QUARTER_ASKED: "text", **dict.fromkeys(listed, "")}
    types |= {identity.language: "", identity.remarks: "text", form.repeat.asked: "select_one"}
    counted = ((name, "integer") for name in f.plan.settings.offices.values())
    for name, kind in (*types.items(), *counted):
        question = form.by_name.get(name)
        if name and question is None:
            yield say("{name} is no question of the form; correct its name, or add it to survey.csv", name=name)
        elif name and kind and question.type != kind:
            told = to_say("{name} is of type {type}, where it takes {kind}; name another question")
            yield say(told, name=name, type=question.type, kind=kind)
    for name in listed:
        if name in form.by_name and identity.group not in form.by_name[name].path:
            told = to_say("{name} is not in the group {group}; move it there, or leave it out")
            yield say(told, name=name, group=identity.group)


def _list_wrong_fields(form: Form) -> Iterator[str]:
    """Yield the roles of the form's repeat whose field is not in it, or not of the type that it takes."""
    about = {"where": "[repeat] ", "repeat": form.repeat.name}
    kinds = {"kind": "select_one", "reference": "text", "title": "text", "date": "date", "detail": "text"}
    fields = {field.name: field for field in form.fields}
    for name, role in form.repeat.role_of.items():
        if name not in fields:
            told = to_say("{where}{role} is {name}, no field of {repeat} in survey.csv; correct its name")
            yield say(told, role=role, name=name, **about)
        elif fields[name].type != kinds[role]:
            told = to_say("{where}{role} is {name}, of type {type}, where it takes {kind}")
            yield say(told, role=role, name=name, type=fields[name].type, kind=kinds[role], **about)
    for name in (name for name in kinds if name in fields and name not in form.repeat.role_of):
        told = to_say("{where}has no {name}, though {repeat} has a field {name}; give it that role, or rename it")
        yield say(told, name=name, **about)
    for kind in form.repeat.details:
        if form.kinds and kind not in form.kinds:
            yield say("{where}details: {kind} is no kind of {repeat}; correct it", kind=kind, **about)


FORM_CHECKS = (_check_choices, _check_survey, _check_settings)
