"""Answers given by label → the codes they stand for: exactly, never nearly."""

from __future__ import annotations

from functools import cache, lru_cache

from helpers.ingest.headers import canonical_header
from helpers.plan import questionnaire

_JOINTS = " ;,،؛"  # the tools join labels by a blank (KoboToolbox), a comma (Google) or a semicolon (both)
_LONGEST = 2_000


@cache
def _codes(question: questionnaire.Question) -> dict[str, str]:
    """Return the codes of a question by what may be written for them: the code itself, or its label in a language."""
    labels = {
        canonical_header(text): code
        for code, label in question.choice_labels.items()
        for text in label.values()
        if text
    }
    return labels | {canonical_header(code): code for code in question.choices}


@cache
def _longest_first(question: questionnaire.Question) -> tuple[str, ...]:
    return tuple(sorted(_codes(question), key=lambda label: (-len(label), label)))


def _split(text: str, question: questionnaire.Question) -> list[str] | None:
    """Return the labels that a text is made of, the longest first tried; None when something else is in it.

    Labels hold blanks, and a tool may join them by one: only together do they say where one ends.
    """
    dead: set[str] = set()  # what is left of the text where no way on was found, so that it is not tried twice

    def rest_of(rest: str) -> list[str] | None:
        if not rest:
            return []
        if rest in dead:
            return None
        for label in _longest_first(question):
            if rest.startswith(label) and rest[len(label) : len(label) + 1] in ("", *_JOINTS):
                tail = rest_of(rest[len(label) :].lstrip(_JOINTS))
                if tail is not None:
                    return [label, *tail]
        dead.add(rest)
        return None

    return rest_of(text)


@lru_cache(maxsize=8192)
def decode(question: questionnaire.Question, text: str) -> str:
    """Return the code that a label stands for, or the codes of several, blank-separated; any other text as it is."""
    codes = _codes(question)
    name = canonical_header(text) if len(text) <= _LONGEST else ""
    if name in codes:
        return codes[name]
    labels = _split(name.strip(_JOINTS), question) if question.type == "select_multiple" else None
    return " ".join(codes[label] for label in labels) if labels else text
