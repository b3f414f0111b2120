"""The glossary: one term for one thing in every language, and the wordings that are never used for it."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from helpers.i18n.catalogue import read_csv

_GLOSSARY = Path(__file__).with_name("glossary.csv")
_MARKS = str.maketrans({"’": "'", "\u00a0": " ", "\u202f": " ", "ـ": ""})
_VOWELS = re.compile("[\u064b-\u0652]")  # signs above and below Arabic letters, which many texts leave out
_NAMES = re.compile(r"\{\w+\}")  # what fills a sentence is no wording of its own


@cache
def read_glossary() -> Sequence[Mapping[str, str]]:
    """Return the rows of glossary.csv: a term by language, and in `not_en`… the wordings never used for it."""
    return read_csv(_GLOSSARY)


def list_rejected(row: Mapping[str, str], language: str) -> list[str]:
    """Return the wordings that a term is never given in a language; `*` stands for any ending."""
    return [wording for wording in row[f"not_{language}"].split("|") if wording]


def plain_words(text: str) -> str:
    """Return a text as wordings are compared: small letters, plain marks, no vowel signs, no names of values."""
    return _NAMES.sub(" ", _VOWELS.sub("", text.translate(_MARKS))).lower()


@cache
def _wording(text: str) -> re.Pattern[str]:
    """Return what finds a wording as whole words; a hyphen joins two words into one."""
    end = "" if text.endswith("*") else r"(?![\w-])"
    return re.compile(r"(?<![\w-])" + re.escape(plain_words(text.removesuffix("*"))) + end)


@cache
def _holders(wording: str, language: str) -> tuple[re.Pattern[str], ...]:
    """Return what finds the terms that hold a wording: in “African Union” the word “Union” is no mistake."""
    terms = [plain_words(row[language]) for row in read_glossary()]
    longer = [term for term in terms if term != plain_words(wording) and _wording(wording).search(term)]
    return tuple(re.compile(re.escape(term)) for term in longer)


def find_rejected(text: str, language: str) -> list[tuple[str, str]]:
    """Return the wordings of a text that the glossary rejects, each with the term to use."""
    text, found = plain_words(text), []
    for row in read_glossary():
        for wording in list_rejected(row, language):
            rest = text
            for holder in _holders(wording, language):
                rest = holder.sub(" ", rest)
            if _wording(wording).search(rest):
                found.append((wording, row[language]))
    return found
