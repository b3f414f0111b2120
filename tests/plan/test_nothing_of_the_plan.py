"""Nothing of the present plan is in the package: another plan needs no line of Python (plan_model)."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from conftest import PLAN
from helpers import paths
from helpers.plan.settings import read_settings

# What the package calls so for any plan, with what it means there.
RESERVED = {
    "member": "the question who answers, in every form",
    "quarter": "the question for which quarter, in every form",
    "none": "the choice of nothing, in every list",
    "other": "the choice of something else",
    "comment": "a column of messages and a word of several tools",
    "kind": "the role of a field of the repeat",
    "reference": "the role of a field of the repeat, and the reference of a figure",
    "title": "the role of a field of the repeat, and a title",
    "date": "the role of a field of the repeat, and a type of question",
    "detail": "the role of a field of the repeat",
    "identity": "a section of plan.toml",
    "network": "what faults are of",
    "model": "a word of statistics",
    "services": "a word of English",
    "people": "a word of English",
    "Central": "ODK Central, a tool",
    "Western": "an encoding of texts",
    "product": "what a milestone is the stage of",
    "trait": "a line, in French",
    "members": "what a union is made of, in every plan",
}
_SUFFIXES = (".py", ".po", ".csv", ".jinja", ".typ", ".css", ".js", ".json", ".mplstyle", ".md")


def rows_of(name: str) -> list[dict[str, str]]:
    with (PLAN / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def list_words() -> dict[str, set[str]]:
    """Return the words of the present plan, by what they are."""
    settings = read_settings(PLAN)
    unions = {settings.code, *settings.union.values(), *settings.title.values(), settings.reference}
    members = rows_of("members.csv")
    bodies = {*settings.responsible.values(), *settings.contact.values(), *settings.secretariat.values()}
    called = [text for row in rows_of("units.csv") if row["unit"] == "members" for text in list(row.values())[2:]]
    return {
        "KPI": {row["kpi"] for row in rows_of("kpis.csv")},
        "question": {row["name"] for row in rows_of("questionnaire/survey.csv")},
        "member": {row["member"] for row in members}
        | {row[name] for row in members for name in row if "name_" in name},
        "region": {row["region"] for row in rows_of("regions.csv")},
        "product": {row["product"] for row in rows_of("stages.csv")},
        "column": {row["reference"] for row in rows_of("totals.csv")},
        "list of parts": {row["list"] for row in rows_of("components.csv")},
        "quarter": {settings.first_quarter, settings.last_quarter, settings.baseline_quarter},
        "body": {re.sub(r"^(the|les?|la|os?|as?) ", "", text) for text in bodies},
        "what a member is": {text.replace("{n} ", "") for text in called},
        "union": {text.replace("\n", " ") for text in unions},
    }


def find_words(words: set[str]) -> list[str]:
    """Return where words are in the package, as whole words, with the line."""
    wanted = sorted(words - RESERVED.keys() - {""}, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, wanted))})(?![\w])")
    found = []
    for path in sorted(path for path in paths.PACKAGE.rglob("*") if path.suffix in _SUFFIXES):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            line = line.replace("PAPU Sans", "")  # the name of the fonts
            found += [f"{path.relative_to(paths.PACKAGE)}:{number}: {word}" for word in pattern.findall(line)]
    return found


@pytest.mark.parametrize("what", list_words())
def test_no_word_of_the_present_plan_is_in_the_package(what):
    assert find_words(list_words()[what]) == []


def test_every_reserved_word_is_one_of_the_plan():
    assert set(RESERVED) <= set().union(*list_words().values()) | {"none", "other"}


def test_a_word_of_the_plan_is_found_where_it_is(tmp_path: Path, monkeypatch):
    (tmp_path / "a.py").write_text('KPI = "2.1.a"\nASKED = ("offices_total", "12.1.a")\n', encoding="utf-8")
    monkeypatch.setattr(paths, "PACKAGE", tmp_path)
    assert find_words({"2.1.a", "offices_total"}) == ["a.py:1: 2.1.a", "a.py:2: offices_total"]
