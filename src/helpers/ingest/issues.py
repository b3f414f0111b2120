"""Issues: what the checks find, one record each, with a message in every language (methodology, section 4)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path

from helpers.ingest.cells import LONGEST_TEXT
from helpers.plan import read_settings
from helpers.strings import clean, mask, mask_text

SENTENCES = Path(__file__).with_name("issues.csv")
REFUSED, WITHDRAWN, WARNING, NOTE = "refused", "withdrawn", "warning", "note"
SEVERITIES = (REFUSED, WITHDRAWN, WARNING, NOTE)
_WORDS = ("V01", "V07", "ROW_NOT_DATA", "COLUMN_UNKNOWN", "ITEM_ORPHAN", "CHOICE_LABEL", "SPLIT_DIFFERS")  # no figures
_REGISTER_RULE = "V22"  # registers have one folder for all quarters
_PLACE_WORDS = {"fr": ("feuille", "ligne", " : "), "en": ("sheet", "row", ": ")}


@cache
def _read_sentences() -> dict[str, dict[str, str]]:
    """Read issues.csv by key: severity, what was expected, the sentence in each language.

    The part of a key before the first dot is the rule; {0}, {1}… are the details that the check gives. Keys of `phrase`
    are not issues but details with words of their own.
    """
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


@dataclass(frozen=True)
class Place:
    """Where something was read; `row_of` has sheet and row of each question where a return runs down the page.

    `file_of` has the file of each question that was counted in another one.
    """

    quarter: str = ""
    source_file: str = ""
    sheet: str = ""
    row: str = ""
    member: str = ""
    row_of: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False, repr=False)
    file_of: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def of(self, question: str) -> Place:
        """Return the place of the answer to a question."""
        if question in self.file_of:
            return replace(self, source_file=self.file_of[question], sheet="", row="")
        sheet, row = self.row_of.get(question, (self.sheet, self.row))
        return replace(self, sheet=sheet, row=row) if (sheet, row) != (self.sheet, self.row) else self

    @property
    def all_rows(self) -> list[Place]:
        """The places of a return: one for each row that it fills, and each other file that has a part of it."""
        places = sorted({(self.sheet, self.row), *self.row_of.values()})
        others = (self.of(question) for question in self.file_of)
        return list(dict.fromkeys([*(replace(self, sheet=sheet, row=row) for sheet, row in places), *others]))

    def say(self, language: str) -> str:
        """Return the place in French or English, as a person reads it."""
        sheet, row, _ = _PLACE_WORDS[language]
        path = f"data/raw/{self.quarter or 'registers'}/{self.source_file}".removesuffix("/")
        parts = (path, self.sheet and f"{sheet} {self.sheet}", self.row and f"{row} {self.row}", self.member)
        return ", ".join(filter(None, parts))


@dataclass(frozen=True)
class Phrase:
    """A detail with words in each language: its key in issues.csv, and the text that fills it."""

    key: str
    detail: str = ""

    def say(self, language: str) -> str:
        """Return the phrase in a language."""
        return _read_sentences()[self.key][language].format(self.detail)


Details = tuple[str | Phrase, ...]
CONFIRMED = Phrase("phrase.confirmed")  # among the details of an issue on a value that its member stands by


@dataclass(frozen=True)
class Issue:
    """One thing that a check found; `details` fill the sentence of `key`; known from `known_on` (None: always)."""

    severity: str
    rule: str
    quarter: str = ""
    member: str = ""
    question: str = ""
    observed: str = ""
    expected: str = ""
    source_file: str = ""
    sheet: str = ""
    row: str = ""
    key: str = ""
    details: Details = ()
    known_on: date | None = None

    @property
    def is_register(self) -> bool:
        """Whether it is about a register, which is the Secretariat's own."""
        return self.rule == _REGISTER_RULE or not self.quarter

    @property
    def place(self) -> Place:
        """Where it was found."""
        folder = "" if self.rule == _REGISTER_RULE else self.quarter
        return Place(folder, self.source_file, self.sheet, self.row, self.member)

    @property
    def is_confirmed(self) -> bool:
        """Whether the member has confirmed the value, so that nothing is asked."""
        return CONFIRMED in self.details

    def fill(self, column: str, language: str) -> str:
        """Return a text of issues.csv with the details of this issue in it."""
        texts = [detail.say(language) if isinstance(detail, Phrase) else detail for detail in self.details]
        ask = Phrase("phrase.ask").say(language) if not self.is_confirmed else CONFIRMED.say(language)
        plan = read_settings()
        words = {"observed": self.observed, "question": self.question, "quarter": self.quarter, "ask": ask,
                 "first": plan.first_quarter, "last": plan.last_quarter}  # fmt: skip
        return _read_sentences()[self.key][column].format(*texts, **words)

    def say(self, language: str) -> str:
        """Return what was seen and what to do, in a language, without the place."""
        return self.fill(language, language)

    def message(self, language: str) -> str:
        """Return the whole message in French or English: the place, what was seen, what to do."""
        return f"{self.place.say(language)}{_PLACE_WORDS[language][-1]}{self.say(language)}."

    @property
    def message_fr(self) -> str:
        """The message in French."""
        return self.message("fr")

    @property
    def message_en(self) -> str:
        """The message in English."""
        return self.message("en")


def _presentable(detail: object, rule: str) -> str | Phrase:
    """Mask personal data, remove control characters, and cut what is too long."""
    if isinstance(detail, Phrase):
        return replace(detail, detail=_presentable(detail.detail, rule))
    hide = mask_text if rule in _WORDS else mask
    shown = hide(clean(str(detail)))
    return shown if len(shown) <= LONGEST_TEXT else shown[:LONGEST_TEXT] + "…"


def make_issue(
    key: str, place: Place, *details: object, question: str = "", observed: str = "", rule: str = "",
    known_on: date | None = None,
) -> Issue:  # fmt: skip
    """Make the issue of a key of issues.csv at a place; personal data in its details and `observed` are masked."""
    place, severity, rule = place.of(question), _read_sentences()[key]["severity"], rule or key.partition(".")[0]
    issue = Issue(
        severity, rule, place.quarter, place.member, question, _presentable(observed, rule), "", place.source_file,
        place.sheet, place.row, key, tuple(_presentable(detail, rule) for detail in details), known_on,
    )  # fmt: skip
    return replace(issue, expected=issue.fill("expected", "en"))


def encode_details(details: Details) -> str:
    """Write the details of an issue as JSON: a text, or a phrase as an object."""
    parts = [asdict(detail) if isinstance(detail, Phrase) else detail for detail in details]
    return json.dumps(parts, ensure_ascii=False)


def decode_details(text: str) -> Details:
    """Read the details of an issue back from JSON."""
    return tuple(Phrase(**part) if isinstance(part, dict) else part for part in json.loads(text))


def issues_known_by(issues: Iterable[Issue], as_of: date) -> list[Issue]:
    """Return the issues of an edition: those whose file had been received by its date."""
    return [replace(issue, known_on=None) for issue in issues if issue.known_on is None or issue.known_on <= as_of]
