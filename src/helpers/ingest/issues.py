"""What the checks have to say: one record per finding, in French and English (methodology, section 4)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path

from helpers.ingest.cells import LONGEST_TEXT
from helpers.strings import clean, mask

SENTENCES = Path(__file__).with_name("issues.csv")
REFUSED, WITHDRAWN, WARNING, NOTE = "refused", "withdrawn", "warning", "note"
SEVERITIES = (REFUSED, WITHDRAWN, WARNING, NOTE)


def _presentable(text: str) -> str:
    """Return a text as a finding shows it: nothing personal, nothing that disturbs a line, cut where it is endless."""
    shown = mask(clean(text))
    return shown if len(shown) <= LONGEST_TEXT else shown[:LONGEST_TEXT] + "…"


@dataclass(frozen=True)
class Issue:
    """One finding. `known_on` is the day from which it exists (None: always); it and `sentence` are not published."""

    severity: str
    rule: str
    quarter: str = ""
    member: str = ""
    question: str = ""
    observed: str = ""
    expected: str = ""
    message_fr: str = ""
    message_en: str = ""
    source_file: str = ""
    sheet: str = ""
    row: str = ""
    known_on: date | None = None
    sentence: Sentence | None = field(default=None, compare=False, repr=False)

    def say(self, language: str) -> str:
        """Return what it says in a language, without the place: what was seen, and what to do."""
        return self.sentence.say(language)


@dataclass(frozen=True)
class Place:
    """Where something was read: the file of a quarter, its sheet and row, and the member once it is known.

    `row_of` tells the row of each question where a return runs down the page.
    """

    quarter: str = ""
    source_file: str = ""
    sheet: str = ""
    row: str = ""
    member: str = ""
    row_of: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def of(self, question: str) -> Place:
        """Return where the answer to a question stands."""
        return replace(self, row=self.row_of[question]) if question in self.row_of else self

    @property
    def all_rows(self) -> list[Place]:
        """The places of a return: one, or one a row where it runs down the page."""
        return [replace(self, row=row) for row in sorted({self.row, *self.row_of.values()})]

    def say(self, language: str) -> str:
        """Return the place as a person reads it."""
        words = {"fr": ("feuille", "ligne"), "en": ("sheet", "row")}[language]
        folder = self.quarter or "registers"
        parts = [f"data/raw/{folder}/{self.source_file}" if self.source_file else f"data/raw/{folder}"]
        parts += [f"{words[0]} {self.sheet}"] if self.sheet else []
        parts += [f"{words[1]} {self.row}"] if self.row else []
        parts += [self.member] if self.member else []
        return ", ".join(parts)


@cache
def _read_sentences() -> dict[str, dict[str, str]]:
    """Read what each finding says: severity, what was expected, the sentence in each language.

    A key's part before the first dot is the rule; {0}, {1}… are the details that the check gives. A key of `phrase`
    is no finding: it is a detail that has words of its own.
    """
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


@dataclass(frozen=True)
class Phrase:
    """A detail that is said in words: its key in issues.csv, and what fills it."""

    key: str
    detail: str = ""

    def say(self, language: str) -> str:
        """Return it in a language."""
        return _read_sentences()[self.key][language].format(self.detail)


@dataclass(frozen=True)
class Sentence:
    """What a finding has to say, before it is said in a language."""

    key: str
    details: tuple[object, ...]
    words: Mapping[str, str]

    def say(self, language: str) -> str:
        """Return it in a language, personal data hidden."""
        return _read_sentences()[self.key][language].format(*self.values(language), **self.words)

    def values(self, language: str) -> list[str]:
        """Return its details as they stand in a sentence."""
        said = (detail.say(language) if isinstance(detail, Phrase) else str(detail) for detail in self.details)
        return [_presentable(text) for text in said]


def rule_of(key: str) -> str:
    """Return the rule that a sentence's key belongs to."""
    return key.partition(".")[0]


def make_issue(
    key: str, place: Place, *details: object, question: str = "", observed: str = "", rule: str = "",
    known_on: date | None = None,
) -> Issue:  # fmt: skip
    """Make the finding of a key at a place; `details` fill the sentence, in both languages."""
    found, place = _read_sentences()[key], place.of(question)
    words = {"observed": _presentable(observed), "question": question, "quarter": place.quarter}
    sentence = Sentence(key, details, words)
    said = (f"{place.say('fr')} : {sentence.say('fr')}.", f"{place.say('en')}: {sentence.say('en')}.")
    return Issue(
        found["severity"], rule or rule_of(key), place.quarter, place.member, question, words["observed"],
        found["expected"].format(*sentence.values("en"), **words), *said, place.source_file, place.sheet, place.row,
        known_on, sentence,
    )  # fmt: skip


def issues_known_by(issues: Iterable[Issue], as_of: date) -> list[Issue]:
    """Return the findings that exist for an edition: those whose file had been received by then."""
    return [replace(found, known_on=None) for found in issues if found.known_on is None or found.known_on <= as_of]
