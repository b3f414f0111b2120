"""The questionnaire as the sample needs it: its questions in order, their groups, types and choices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from helpers import paths
from helpers.plan import read_rows

REPEAT = "innovations"


@dataclass(frozen=True)
class Question:
    """One question: `path` holds the groups (and the repeat) around it, `choices` its list's codes."""

    name: str
    type: str
    path: tuple[str, ...]
    choices: tuple[str, ...]

    @property
    def header(self) -> str:
        """Return the header of an export with XML names and group paths."""
        return "/".join((*self.path, self.name))


@cache
def choices() -> dict[str, tuple[str, ...]]:
    """Return the codes of every choice list, in order."""
    lists: dict[str, tuple[str, ...]] = {}
    for row in read_rows(paths.plan() / "questionnaire" / "choices.csv", ("list_name", "name")):
        lists[row["list_name"]] = (*lists.get(row["list_name"], ()), row["name"])
    return lists


@cache
def _every_question() -> tuple[Question, ...]:
    questions: list[Question] = []
    path: tuple[str, ...] = ()
    for row in read_rows(paths.plan() / "questionnaire" / "survey.csv", ("type", "name")):
        kind, _, listed = row["type"].partition(" ")
        if kind.startswith("begin_"):
            path = (*path, row["name"])
        elif kind.startswith("end_"):
            path = path[:-1]
        elif kind != "note":
            questions.append(Question(row["name"], kind, path, choices().get(listed, ())))
    return tuple(questions)


def questions() -> tuple[Question, ...]:
    """Return the questions of a return, in order, without those of the repeat."""
    return tuple(question for question in _every_question() if REPEAT not in question.path)


def item_questions() -> tuple[Question, ...]:
    """Return the questions of one innovation, in order."""
    return tuple(question for question in _every_question() if REPEAT in question.path)


def settings() -> dict[str, str]:
    """Return the form's settings: title, id, version."""
    return read_rows(paths.plan() / "questionnaire" / "settings.csv", ("form_title", "version"))[0]
