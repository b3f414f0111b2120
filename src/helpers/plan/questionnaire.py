"""The questionnaire as typed data: the XLSForm's questions, groups and choices with their labels; answers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from helpers import paths
from helpers.plan.files import PlanError, read_rows

LABEL_LANGUAGES = {"fr": "Français (fr)", "en": "English (en)", "pt": "Português (pt)", "ar": "العربية (ar)"}
TYPES = ("integer", "date", "text", "select_one", "select_multiple")
# Personal data: read and compared, never written anywhere (methodology, section 6).
PERSONAL = ("focal_point_name", "focal_point_email")
REPEAT, NONE_CODE = "innovations", "none"
_DETAIL_LISTS = {"solution": "detail_solution", "adoption": "detail_adoption"}
ANSWERED, NEGLIGIBLE, UNUSUAL = "A", "N", "U"  # item states (SDMX OBS_STATUS; methodology, section 3)
NOT_APPLICABLE, NOT_AVAILABLE, MISSING = "M", "L", "O"
REPORTED_STATES = frozenset({ANSWERED, NEGLIGIBLE, UNUSUAL})

Label = Mapping[str, str]  # a text by language


@dataclass(frozen=True, eq=False)
class Question:
    """One question: `path` lists the groups around it, `choice_labels` its codes with their labels.

    It is shown if one of the questions in `asked_if` has the code beside it; always where that is empty.
    """

    name: str
    path: tuple[str, ...]
    type: str
    label: Label
    choice_labels: Mapping[str, Label] = field(default_factory=dict)
    asked_if: tuple[tuple[str, str], ...] = ()

    @property
    def group(self) -> str:
        """The innermost group around it (for a field of the repeat: the repeat)."""
        return self.path[-1]

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """Its codes, in the form's order."""
        return tuple(self.choice_labels)


@dataclass(frozen=True, eq=False)
class Form:
    """The form: its questions in order, the fields of the repeat `innovations`, its groups, notes and choice lists."""

    questions: tuple[Question, ...]
    fields: tuple[Question, ...]
    groups: Mapping[str, Label]
    notes: tuple[str, ...]
    lists: Mapping[str, Mapping[str, Label]]

    @cached_property
    def by_name(self) -> Mapping[str, Question]:
        """The questions by name."""
        return {question.name: question for question in self.questions}

    def label_of(self, name: str) -> Label:
        """Return the label of a question, a field of the repeat (`innovations.date`) or a group; else an empty one."""
        labels = {question.name: question.label for question in (*self.fields, *self.questions)}
        return labels.get(name.removeprefix(f"{REPEAT}.")) or self.groups.get(name, {})

    @cached_property
    def substantive(self) -> tuple[str, ...]:
        """The questions one of which a return must answer: all but the identity group, comment and `nd_…` (V21)."""
        names = [question.name for question in self.questions if question.group != "identity"]
        return tuple(name for name in names if name != "comment" and not name.startswith("nd_"))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The questions that ask for a count."""
        return tuple(q.name for q in self.questions if q.type == "integer")

    @cached_property
    def detail_codes(self) -> Mapping[str, frozenset[str]]:
        """The codes allowed in `detail`, by kind of innovation."""
        return {kind: frozenset(self.lists[name]) for kind, name in _DETAIL_LISTS.items()}


def _label(row: Mapping[str, str]) -> dict[str, str]:
    return {language: row.get(f"label::{name}", "") for language, name in LABEL_LANGUAGES.items()}


def _choice_lists(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    lists = {}
    for number, row in enumerate(read_rows(path, ("list_name", "name")), start=2):
        codes = lists.setdefault(row["list_name"], {})
        if row["name"] in codes or not re.fullmatch(r"\S+", row["name"]):
            raise PlanError(f"{path.name}, row {number}: code {row['name']!r} is blank, has a blank or occurs twice")
        codes[row["name"]] = _label(row)
    return lists


def _question(row: Mapping[str, str], path: Sequence[str], lists: Mapping[str, Mapping[str, Label]]) -> Question:
    kind, _, name = row["type"].partition(" ")
    if kind not in TYPES or (kind.startswith("select") and name not in lists):
        raise ValueError(f"type {row['type']!r} or its list is unknown")
    asked_if = tuple(re.findall(r"selected\(\$\{(\w+)\}, '(\w+)'\)", row.get("relevant", "")))
    return Question(row["name"], tuple(path), kind, _label(row), lists[name] if name else {}, asked_if)


@cache
def _read(folder: Path) -> Form:
    lists = _choice_lists(folder / "choices.csv")
    questions, fields, notes, problems = [], [], [], []
    groups, path = {}, []  # the path lists the groups that are open at a row
    for number, row in enumerate(read_rows(folder / "survey.csv", ("type", "name")), start=2):
        if row["type"].startswith("begin"):
            path.append(row["name"])
            groups[row["name"]] = _label(row)
        elif row["type"].startswith("end"):
            path.pop()
        elif row["type"] == "note":
            notes.append(row["name"])
        elif row["type"] != "calculate":
            try:
                inside = fields if path[-1] == REPEAT else questions
                inside.append(_question(row, path, lists))
            except (ValueError, IndexError) as reason:
                problems.append(f"survey.csv, row {number}: {reason}")
    names = [question.name for question in (*questions, *fields)]
    problems += [f"survey.csv: {name} occurs twice" for name in sorted({n for n in names if names.count(n) > 1})]
    problems += [f"choices.csv: no list {name}" for name in _DETAIL_LISTS.values() if name not in lists]
    if problems:
        raise PlanError("\n".join(problems) + "\nCorrect the file, or restore it from the repository.")
    return Form(tuple(questions), tuple(fields), groups, tuple(notes), lists)


def read_form(folder: Path | None = None) -> Form:
    """Read the questionnaire from its XLSForm in text form (default: `data/raw/plan/questionnaire`).

    Raises PlanError with the file, the row and the reason of everything that is wrong.
    """
    return _read(folder or paths.questionnaire())


@dataclass(frozen=True)
class Answer:
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
        """Tell whether it counts as reported: A, N or U (methodology, section 3)."""
        return self.state in REPORTED_STATES


UNANSWERED = Answer("")
