"""From the labels in an answer to its codes: exact matches only."""

from collections.abc import Mapping
from functools import cache, lru_cache

from helpers.ingest.cells import CellValue, raw_text
from helpers.ingest.headers import canonical_header
from helpers.plan import questionnaire

_JOINTS = " ;,،؛"  # between labels: a blank (KoboToolbox), a comma (Google) or a semicolon (both)
_LONGEST = 2_000
# Marks in the column of a choice; "n/a" is what an older KoboToolbox writes for a blank.
_TICKED = frozenset(("1", "1.0", "true", "vrai", "verdadeiro", "yes", "oui", "sim", "نعم", "x", "✓", "✔", "☑", "☒"))
_UNTICKED = frozenset(("", "0", "0.0", "false", "faux", "falso", "no", "non", "não", "لا", "-", "...", "…", "n/a", "☐"))


@cache
def _codes(question: questionnaire.Question) -> dict[str, str]:
    """Return the codes of a question by the texts for them (the code, its label in each language), longest first."""
    choices = question.choice_labels.items()
    labels = {canonical_header(text): code for code, label in choices for text in label.values() if text}
    codes = labels | {canonical_header(code): code for code in question.choices}
    return dict(sorted(codes.items(), key=lambda item: (-len(item[0]), item[0])))


def _split(text: str, question: questionnaire.Question) -> list[str] | None:
    """Split a text into labels, which may hold blanks and be joined by one; None when it holds anything else."""
    failed: set[str] = set()  # rests of the text that cannot be split, so that none is tried twice

    def rest_of(rest: str) -> list[str] | None:
        if not rest:
            return []
        if rest in failed:
            return None
        for label in _codes(question):
            if rest.startswith(label) and rest[len(label) : len(label) + 1] in ("", *_JOINTS):
                tail = rest_of(rest[len(label) :].lstrip(_JOINTS))
                if tail is not None:
                    return [label, *tail]
        failed.add(rest)
        return None

    return rest_of(text)


@lru_cache(maxsize=8192)
def decode(question: questionnaire.Question, text: str) -> str:
    """Return the code of a label, or of several (blank-separated); any other text unchanged."""
    codes = _codes(question)
    name = canonical_header(text) if len(text) <= _LONGEST else ""
    if name in codes:
        return codes[name]
    labels = _split(name.strip(_JOINTS), question) if question.type == "select_multiple" else None
    return " ".join(codes[label] for label in labels) if labels else text


def read_mark(cell: CellValue) -> bool | None:
    """Tell whether a usual mark, or a word for yes or no, ticks a cell; None if unclear."""
    mark = canonical_header(raw_text(cell))
    return True if mark in _TICKED else False if mark in _UNTICKED else None


def read_tick(question: questionnaire.Question, choice: str, cell: CellValue) -> bool | None:
    """Tell whether the column of a choice is ticked, by a usual mark or the choice's code or label; None if unclear."""
    mark = canonical_header(raw_text(cell))
    labels = question.choice_labels.get(choice, {}).values()
    return True if mark and mark in map(canonical_header, (choice, *labels)) else read_mark(cell)


def find_code(labels: Mapping[str, questionnaire.Label], text: str) -> str:
    """Return the code that a text is, or whose label it is in any language; blank for any other text."""
    name = canonical_header(text)
    found = (code for code, label in labels.items() if name in map(canonical_header, (code, *label.values())))
    return next(found, "") if name else ""
