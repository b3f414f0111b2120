"""The questionnaire as typed data: the XLSForm's questions and choices, and what the tools' headers stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from helpers import paths
from helpers.plan import PlanError, read_rows

LABEL_LANGUAGES = {"fr": "Français (fr)", "en": "English (en)"}
TYPES = ("integer", "date", "text", "select_one", "select_multiple")
# Personal data: read, compared, and never passed on (methodology, section 6).
PERSONAL = ("focal_point_name", "focal_point_email")
IDENTITY, REPEAT, NOTHING = "identity", "innovations", "none"
_DETAIL_LISTS = {"solution": "detail_solution", "adoption": "detail_adoption"}


@dataclass(frozen=True)
class Question:
    """One question: `group` is its group (for a field of the repeat: the repeat), `choices` its codes."""

    name: str
    group: str
    type: str
    choices: tuple[str, ...]
    label: Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """What a header stands for: a question, or one choice of a select-many question."""

    question: str
    choice: str = ""


@dataclass(frozen=True)
class Questionnaire:
    """The form: its questions in order, the fields of the repeat `innovations`, and its choice lists."""

    questions: tuple[Question, ...]
    fields: tuple[Question, ...]
    lists: Mapping[str, Mapping[str, Mapping[str, str]]]

    @cached_property
    def by_name(self) -> Mapping[str, Question]:
        """The questions by name."""
        return {question.name: question for question in self.questions}

    @cached_property
    def substantive(self) -> tuple[str, ...]:
        """The questions whose answer makes a return one: all but the identity group, comment and `nd_…` (V21)."""
        return tuple(
            q.name
            for q in self.questions
            if q.group != IDENTITY and q.name != "comment" and not q.name.startswith("nd_")
        )

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The questions that ask for a count."""
        return tuple(q.name for q in self.questions if q.type == "integer")

    @cached_property
    def detail_codes(self) -> Mapping[str, frozenset[str]]:
        """The codes that `detail` may have, by the kind of innovation that asks for one."""
        return {kind: frozenset(self.lists[name]) for kind, name in _DETAIL_LISTS.items()}

    def column(self, header: str) -> Column | None:
        """Return what a header of an export or a plain workbook stands for, None when it is no question's.

        Names are unique in the whole form, so the last part of a path is the question whatever groups stand before
        it; only a select-many question's own choices share names with other questions. A choice may be one that the
        form does not have: whoever ticks it is told so.
        """
        *path, leaf = header.split("/")
        parent = self.by_name.get(path[-1]) if path else None
        if parent and parent.type == "select_multiple":
            return Column(parent.name, leaf)
        return Column(leaf) if leaf in self.by_name else None

    def field(self, header: str) -> str | None:
        """Return the field of the repeat that a header stands for, None when it is none."""
        leaf = header.split("/")[-1]
        return leaf if any(field.name == leaf for field in self.fields) else None


def _label(row: Mapping[str, str]) -> dict[str, str]:
    return {language: row.get(f"label::{name}", "") for language, name in LABEL_LANGUAGES.items()}


def _choice_lists(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    lists: dict[str, dict[str, dict[str, str]]] = {}
    for number, row in enumerate(read_rows(path, ("list_name", "name")), start=2):
        codes = lists.setdefault(row["list_name"], {})
        if row["name"] in codes or not re.fullmatch(r"\S+", row["name"]):
            raise PlanError(f"{path.name}, row {number}: code {row['name']!r} is blank, has a blank or stands twice")
        codes[row["name"]] = _label(row)
    return lists


def _question(row: Mapping[str, str], group: str, lists: Mapping[str, Mapping]) -> Question:
    kind, _, name = row["type"].partition(" ")
    if kind not in TYPES or (kind.startswith("select") and name not in lists):
        raise ValueError(f"type {row['type']!r} is unknown, or its list is")
    return Question(row["name"], group, kind, tuple(lists[name]) if name else (), _label(row))


@cache
def _read(folder: Path) -> Questionnaire:
    lists = _choice_lists(folder / "choices.csv")
    questions, fields, groups, problems = [], [], [], []
    for number, row in enumerate(read_rows(folder / "survey.csv", ("type", "name")), start=2):
        if row["type"].startswith("begin"):
            groups.append(row["name"])
        elif row["type"].startswith("end"):
            groups.pop()
        elif row["type"] not in ("note", "calculate"):
            try:
                inside = fields if groups[-1] == REPEAT else questions
                inside.append(_question(row, groups[-1], lists))
            except (ValueError, IndexError) as reason:
                problems.append(f"survey.csv, row {number}: {reason}")
    names = [question.name for question in (*questions, *fields)]
    problems += [f"survey.csv: {name} stands twice" for name in sorted({n for n in names if names.count(n) > 1})]
    problems += [f"choices.csv: no list {name}" for name in _DETAIL_LISTS.values() if name not in lists]
    if problems:
        raise PlanError("\n".join(problems) + "\nCorrect the file, or restore it from the repository.")
    return Questionnaire(tuple(questions), tuple(fields), lists)


def read_questionnaire(folder: Path | None = None) -> Questionnaire:
    """Read the questionnaire from its XLSForm in text form (default: `data/raw/plan/questionnaire`).

    Raises PlanError with the file, the row and the reason of what is wrong.
    """
    return _read(folder or paths.questionnaire())
