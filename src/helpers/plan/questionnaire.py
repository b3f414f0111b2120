"""The questionnaire as typed data: the XLSForm's questions, groups and choices with their labels; answers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from helpers import paths
from helpers.plan import files
from helpers.plan.columns import read_plan_files
from helpers.plan.files import ANY, LINE, NAME, NUMBER, QUARTER, Allowed, CsvRow, one_of
from helpers.plan.quarters import parse_quarter
from helpers.plan.settings import Identity, Repeat, read_settings_file
from helpers.speech import to_say

# How the form's columns call the languages that reports can be in.
LABEL_LANGUAGES = {"fr": "Français (fr)", "en": "English (en)", "pt": "Português (pt)", "ar": "العربية (ar)"}
TYPES = ("integer", "date", "text", "select_one", "select_multiple")
MEMBER_ASKED, QUARTER_ASKED, NONE_CODE = "member", "quarter", "none"  # called so in every form
# What a written form adds to the plan's questions (room `desk`) begins so: its names, then its labels.
ADDED = ("last_", "warn_", "confirm_", "pick_", "write_", "↳")
ANSWERED, NEGLIGIBLE, UNUSUAL = "A", "N", "U"  # item states (SDMX OBS_STATUS; methodology, section 3)
NOT_APPLICABLE, NOT_AVAILABLE, MISSING = "M", "L", "O"
REPORTED_STATES = frozenset({ANSWERED, NEGLIGIBLE, UNUSUAL})

Label = Mapping[str, str]  # a text by language


@dataclass(frozen=True, eq=False)
class Question:
    """One question: `path` lists the groups around it, `choice_labels` its codes with their labels.

    It is shown if one of the questions in `asked_if` has the code beside it; always where that is empty. `formerly` are
    its earlier names. `retired` codes are accepted in the returns of some quarter, and count nowhere. `scores` are what
    its codes are worth, where they have a score. `constraint` is XLSForm's, with what is said to who breaks it.
    """

    name: str
    path: tuple[str, ...]
    type: str
    label: Label
    choice_labels: Mapping[str, Label] = field(default_factory=dict)
    asked_if: tuple[tuple[str, str], ...] = ()
    formerly: tuple[str, ...] = ()
    listed: str = ""
    retired: frozenset[str] = frozenset()
    scores: Mapping[str, float] = field(default_factory=dict)
    hint: Label = field(default_factory=dict)
    constraint: str = ""
    constraint_message: Label = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The innermost group around it (for a field of the repeat: the repeat)."""
        return self.path[-1] if self.path else ""

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """Its codes, in the form's order."""
        return tuple(self.choice_labels)


@dataclass(frozen=True, eq=False)
class Form:
    """The form: its questions in order, the fields of its repeat, its groups, notes and choice lists.

    `identity` and `repeat` say what its questions and fields are for; `totals` has the column of members.csv that is
    used until a total is reported. `retired` has the codes that the form no longer offers, by list: the last quarter of
    each, and its label. `note_texts` has what the notes say, by name.
    """

    questions: tuple[Question, ...]
    fields: tuple[Question, ...]
    groups: Mapping[str, Label]
    notes: tuple[str, ...]
    lists: Mapping[str, Mapping[str, Label]]
    identity: Identity
    repeat: Repeat
    totals: Mapping[str, str]
    retired: Mapping[str, Mapping[str, tuple[str, Label]]] = field(default_factory=dict)
    note_texts: Mapping[str, Label] = field(default_factory=dict)

    def at(self, quarter: str) -> "Form":
        """Return the form for returns of a quarter, in which codes that it retired later are accepted."""
        accepted = {
            (listed, code) for listed, codes in self.retired.items() for code, (last, _) in codes.items()
            if quarter <= last
        }  # fmt: skip
        return _accept(self, frozenset(accepted)) if accepted else self

    @cached_property
    def by_name(self) -> Mapping[str, Question]:
        """The questions by name."""
        return {question.name: question for question in self.questions}

    def label_of(self, name: str) -> Label:
        """Return the label of a question, a field of the repeat (`repeat.date`) or a group; else an empty one."""
        return self._labels.get(name.removeprefix(f"{self.repeat.name}.")) or self.groups.get(name, {})

    @cached_property
    def _labels(self) -> Mapping[str, Label]:
        return {question.name: question.label for question in (*self.fields, *self.questions)}

    def word_questions(self, text: str, language: str) -> str:
        """Return a text with the labels of the questions that it names by their codes."""
        for name in sorted(self.by_name, key=len, reverse=True):
            text = re.sub(rf"\b{name}\b", lambda _, name=name: self.label_of(name).get(language) or name, text)
        return text

    def is_added(self, header: str) -> bool:
        """Tell whether a header, in whatever groups, is of something that a written form adds to these questions.

        Whoever exports may choose letters to join groups by: `network__last_offices_total` is what is added, too.
        """
        found = self._added.search(header)
        return bool(found) and not header.endswith(tuple(name for name in self.by_name if self._added.search(name)))

    @cached_property
    def _added(self) -> re.Pattern[str]:
        *prefixes, mark = ADDED
        names = "|".join(re.escape(each.name) for each in (*self.questions, *self.fields))
        about = rf"(?:v\d\d_)?(?:{names}|codes_\w+|reference_\w+)"
        return re.compile(rf"(?:{'|'.join(prefixes)}){about}$|confirm_before|{mark}|^previous$")

    @cached_property
    def substantive(self) -> tuple[str, ...]:
        """The questions one of which must be answered (V21): not identity, remarks, `nd_…` or if there are items."""
        names = [question.name for question in self.questions if question.group != self.identity.group]
        others = (self.identity.remarks, self.repeat.asked)
        return tuple(name for name in names if name not in others and not name.startswith("nd_"))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The questions that ask for a count."""
        return tuple(q.name for q in self.questions if q.type == "integer")

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of items that it knows."""
        return next((field.choices for field in self.fields if field.name == self.repeat.kind), ())

    @cached_property
    def detail_codes(self) -> Mapping[str, frozenset[str]]:
        """The codes allowed in the detail, by kind of item."""
        return {kind: frozenset(self.lists.get(name, ())) for kind, name in self.repeat.details.items()}


@lru_cache(maxsize=64)
def _accept(form: Form, accepted: frozenset[tuple[str, str]]) -> Form:
    """Return the form with some retired codes, before the others: a label that both have means the code of today."""
    again: dict[str, dict[str, Label]] = {}
    for listed, code in sorted(accepted):
        again.setdefault(listed, {})[code] = form.retired[listed][code][1]

    def reopen(question: Question) -> Question:
        codes = again.get(question.listed, {})
        return replace(question, choice_labels={**codes, **question.choice_labels}, retired=frozenset(codes))

    return replace(
        form, questions=tuple(map(reopen, form.questions)), fields=tuple(map(reopen, form.fields)),
        lists={name: {**again.get(name, {}), **codes} for name, codes in form.lists.items()},
    )  # fmt: skip


def label_columns(languages: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of the labels in some languages."""
    return tuple(f"label::{LABEL_LANGUAGES[language]}" for language in languages)


_CODE = Allowed("[A-Za-z0-9_.-]+", to_say("a code of letters and digits, without blanks"))
_NAMES = Allowed("[a-z0-9_]+( [a-z0-9_]+)*", to_say("names of questions, separated by a blank")).or_blank()
_OTHER_TYPES = ("begin_group", "end_group", "begin_repeat", "end_repeat", "note", "calculate")


def _types(lists: Iterable[str]) -> Allowed:
    plain = one_of((*_OTHER_TYPES, *TYPES[:3])).pattern
    known = one_of(lists).pattern
    words = to_say("one of {codes}, select_one or select_multiple with a list of choices.csv, or a group")
    return Allowed(f"{plain}|select_(?:one|multiple) (?:{known})", words, codes=", ".join(TYPES[:3]))


@lru_cache(maxsize=files.MOST_PLANS)
def read_form_files(folder: Path) -> Mapping[str, files.PlanTable]:
    """Read the files of the form by name, each cell held against what its column may be; problems are kept."""
    languages = read_settings_file(folder.parent)[0].languages
    labels = label_columns(languages)
    columns = {"list_name": NAME, "name": _CODE, **dict.fromkeys(labels, LINE.or_blank())}
    optional = {"until": QUARTER.or_blank(), "score": NUMBER.or_blank()}
    choices = files.read_plan_table(folder / "choices.csv", columns, ("list_name", "name"), optional)
    columns = {"type": _types(choices.codes("list_name")), "name": NAME.or_blank(), **dict.fromkeys(labels, ANY)}
    optional = {"formerly": _NAMES, "required": one_of(("yes", "no")).or_blank()}
    survey = files.read_plan_table(folder / "survey.csv", columns, ("name",), optional)
    columns = {
        "form_title": LINE, "form_id": NAME,
        "version": Allowed("20[0-9]{8}", to_say("a date and two digits, as 2026120101")),
        "default_language": one_of(LABEL_LANGUAGES[language] for language in languages),
    }  # fmt: skip
    return {"survey": survey, "choices": choices, "settings": files.read_plan_table(folder / "settings.csv", columns)}


def _label(row: CsvRow, column: str = "label") -> dict[str, str]:
    return {language: row.get(f"{column}::{name}", "") for language, name in LABEL_LANGUAGES.items()}


def _question(
    row: CsvRow,
    path: Sequence[str],
    lists: Mapping[str, Mapping[str, Label]],
    scores: Mapping[str, Mapping[str, float]],
) -> Question:
    kind, _, listed = row["type"].partition(" ")
    asked_if = tuple(re.findall(r"""selected\(\s*\$\{(\w+)\}\s*,\s*['"]([^'"]+)""", row.get("relevant", "")))
    formerly = tuple(row.get("formerly", "").split())
    return Question(
        row["name"], tuple(path), kind, _label(row), lists.get(listed, {}), asked_if, formerly, listed,
        scores=scores.get(listed, {}), hint=_label(row, "hint"), constraint=row.get("constraint", ""),
        constraint_message=_label(row, "constraint_message"),
    )  # fmt: skip


@lru_cache(maxsize=files.MOST_PLANS)
def make_form(folder: Path) -> tuple[Form, tuple[str, ...]]:
    """Make the form of the rows of its files; with it the problems of its groups, which hold the questions."""
    survey, choices = (read_form_files(folder)[name] for name in ("survey", "choices"))
    settings, totals = read_settings_file(folder.parent)[0], read_plan_files(folder.parent)["totals"]
    lists, retired, scores = _read_choices(choices.rows)
    questions, fields, notes, problems = [], [], {}, []
    groups, opened = {}, []  # the rows of the groups that are open
    for row in survey.every_row:
        kind, _, inner = row["type"].partition("_")
        if kind == "begin":
            opened.append(row)
            groups[row["name"]] = _label(row)
        elif kind == "end":
            if not opened or opened.pop()["type"] != f"begin_{inner}":
                problems.append(
                    row.say("{type} closes no {inner} that is open; restore its begin_{inner}", inner=inner)
                )
        elif row["type"] == "note":
            notes[row["name"]] = _label(row)
        elif row["type"] != "calculate" and row["name"]:
            path = [group["name"] for group in opened]
            (fields if settings.repeat.name in path[-1:] else questions).append(_question(row, path, lists, scores))
            if not path:
                problems.append(row.say("{name} is in no group; move it into one"))
    problems += [row.say("{name} is opened and never closed; add its end") for row in opened]
    form = Form(
        tuple(questions), tuple(fields), groups, tuple(notes), lists, settings.identity, settings.repeat,
        {row["question"]: row["reference"] for row in totals.rows}, retired, notes,
    )  # fmt: skip
    return form, tuple(problems)


def _read_choices(rows: Iterable[CsvRow]) -> tuple[dict[str, dict], dict[str, dict], dict[str, dict]]:
    """Return, by list and code, the labels, the last quarter and label of the retired codes, and the scores."""
    lists, retired, scores = defaultdict(dict), defaultdict(dict), defaultdict(dict)
    for row in rows:
        listed, code = row["list_name"], row["name"]
        if last := row.get("until"):
            retired[listed][code] = parse_quarter(last), _label(row)
            continue
        lists[listed][code] = _label(row)
        if row.get("score"):
            scores[listed][code] = float(row["score"])
    return lists, retired, scores


def read_form(folder: Path | None = None) -> Form:
    """Read the form (default: that of the plan). Raises PlanError with file, row and reason of all that is wrong."""
    folder = folder or paths.questionnaire()
    form, problems = make_form(folder)
    in_files = (problem for table in read_form_files(folder).values() for problem in table.problems)
    files.refuse([*read_settings_file(folder.parent)[1], *in_files, *problems])
    return form


class Answer(NamedTuple):
    """One answer: `raw` as written, `value` as understood, `state` its SDMX OBS_STATUS.

    `rule` is the hard rule that it breaks (V03, V07), `note` the code of what was normalised, `held` what the file
    holds where a person sees another number.
    """

    raw: str
    value: str = ""
    state: str = MISSING
    rule: str = ""
    note: str = ""
    held: str = ""

    @property
    def number(self) -> int | None:
        """The count given; None where none is."""
        return int(self.value) if self.value and self.state in REPORTED_STATES else None

    @property
    def content(self) -> str:
        """The text by which answers are compared: the value, or the raw text where it broke a rule."""
        return self.value or (self.raw.strip() if self.rule else "")

    @property
    def is_reported(self) -> bool:
        """Tell whether it counts as reported: A, N or U (methodology, section 3), and not only a retired choice."""
        return self.state in REPORTED_STATES and bool(self.value)


UNANSWERED = Answer("")
