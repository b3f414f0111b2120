"""Pages that are kept in two languages say the same: headings, tables, commands, files, codes."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from helpers.i18n import glossary

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAIRS = [
    (path.with_name(path.name.replace("_fr.md", english)), path)
    for path in sorted(DOCS.glob("*_fr.md"))
    for english in (".md", "_en.md")
    if path.with_name(path.name.replace("_fr.md", english)).is_file()
]
# What stands for a word of the reader's own in a command or path, which each language writes in its own words.
OWN_WORDS = {"FICHIER": "FILE", "DOSSIER": "FOLDER", "TRIMESTRE": "QUARTER", "NOM": "NAME", "ICP": "KPI"}
CODE = re.compile(r"\b(?:V\d\d|F\d+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b")
STRICT = [pair for pair in PAIRS if not pair[1].name.startswith("guide")]  # prose, whose code is run by test_guide


def _sections(path: Path) -> list[str]:
    """Return the text under each heading, headings first; without blocks of code."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.split(r"(?m)^(?=#+ )", text)[1:]


def _quoted(section: str) -> Counter[str]:
    """Count what a section quotes: commands, options, files, names."""
    found = Counter()
    for text in re.findall(r"`([^`]+)`", section):
        for own, english in OWN_WORDS.items():
            text = re.sub(rf"(?<!\w){own}(?!\w)", english, text)
        text = text.replace("<trimestre>", "<quarter>").replace("<langue>", "<language>")
        found[" ".join(text.split())] += 1
    return found


def _rows(section: str) -> list[str]:
    return [line for line in section.splitlines() if line.startswith("|")]


def _name(pair: tuple[Path, Path]) -> str:
    return pair[1].stem


def test_what_a_desk_reads_is_there_in_french():
    assert {path.name for _, path in PAIRS} >= {"operations_fr.md", "deployment_fr.md", "inputs_fr.md", "guide_fr.md"}


@pytest.mark.parametrize("pair", PAIRS, ids=_name)
def test_both_have_the_same_headings_and_lead_to_each_other(pair):
    english, french = (_sections(path) for path in pair)
    assert [part.split(" ")[0] for part in english] == [part.split(" ")[0] for part in french]
    assert f"]({pair[0].name})" in french[0] and f"]({pair[1].name})" in english[0]


@pytest.mark.parametrize("pair", STRICT, ids=_name)
def test_each_section_has_the_same_lists_tables_and_codes(pair):
    for english, french in zip(*map(_sections, pair), strict=True):
        title = english.partition("\n")[0]
        assert len(re.findall(r"(?m)^(?:- |\d+\. )", english)) == len(re.findall(r"(?m)^(?:- |\d+\. )", french)), title
        assert len(_rows(english)) == len(_rows(french)), title
        for row, other in zip(_rows(english), _rows(french), strict=True):
            assert row.count("|") == other.count("|") and CODE.findall(row) == CODE.findall(other), (row, other)
            assert _quoted(row) == _quoted(other), (row, other)


@pytest.mark.parametrize("pair", STRICT, ids=_name)
def test_each_section_quotes_the_same_commands_options_and_files(pair):
    for english, french in zip(*map(_sections, pair), strict=True):
        assert _quoted(english) == _quoted(french), english.partition("\n")[0]


@pytest.mark.parametrize("pair", STRICT, ids=_name)
def test_the_french_keeps_to_the_glossary(pair):
    found = [(line, each) for line in pair[1].read_text(encoding="utf-8").splitlines()
             for each in glossary.find_rejected(re.sub(r"`[^`]*`", "", line), "fr")]  # fmt: skip
    assert found == []
