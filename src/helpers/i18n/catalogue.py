"""The catalogues of sentences, one per language, and which languages are official."""

import csv
import gettext
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from helpers.plan import read_settings

LOCALES = Path(__file__).with_name("locales")
NARROW_SPACE, NO_BREAK_SPACE = "\u202f", "\u00a0"


class MissingTranslation(KeyError):
    """A sentence without a translation: the message names the language, the sentence and the file to add it to."""


_MARKS = ((re.compile(r"(?<=\w)'(?=\w)"), "’"), (re.compile("([≥≤]) "), r"\1" + NO_BREAK_SPACE))
_FRENCH_MARKS = (
    (re.compile(r" ([;!?])"), NARROW_SPACE + r"\1"),
    (re.compile(r" ([:%»])"), NO_BREAK_SPACE + r"\1"),
    (re.compile("« "), "«" + NO_BREAK_SPACE),
    *_MARKS,
)


def typeset(text: str, language: str) -> str:
    """Give a text written on a plain keyboard its typographic spaces and apostrophes."""
    for plain, fine in _FRENCH_MARKS if language == "fr" else _MARKS:
        text = plain.sub(fine, text)
    return text


def plain(text: str) -> str:
    """Return a text with the spaces and apostrophes of a plain keyboard, which `typeset` replaces."""
    return text.replace(NARROW_SPACE, " ").replace(NO_BREAK_SPACE, " ").replace("’", "'")


def is_official(language: str) -> bool:
    """Tell whether a language is official: so by plan.toml, or one whose catalogue a reviewer has signed."""
    return language in read_settings().official or bool(read_reviewer(language))


def read_reviewer(language: str) -> str:
    """Return who signed a catalogue, and when; blank where nobody has."""
    header = (LOCALES / f"{language}.po").read_text(encoding="utf-8").partition("\n\n")[0]
    found = re.search(r'"X-Reviewed-By: *([^\s"\\][^"\\]*)', header)
    return found[1].strip() if found else ""


def official_languages() -> tuple[str, ...]:
    """Return the languages of an edition when none is requested."""
    return tuple(language for language in read_settings().languages if is_official(language))


def parse_catalogue(language: str) -> Catalog:
    """Read a catalogue as it is written, with the places of its sentences."""
    with (LOCALES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file by the names of its columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@cache
def read_by_key(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the texts of a CSV file by their key, each in every language."""
    return {row["key"]: row for row in read_csv(path)}


def key_of(message: Message) -> str:
    """Return the key of a sentence: its short English, in the first form of a plural."""
    return message.id[0] if message.pluralizable else message.id


def list_forms(message: Message) -> tuple[str, ...]:
    """Return the forms of a sentence: several where a number decides."""
    return tuple(message.string) if message.pluralizable else (message.string,)


@cache
def read_catalogue(language: str) -> tuple[Mapping[str, tuple[str, ...]], Callable[[int], int], int]:
    """Read a language's sentences, typeset, by their short English; the rule that picks a plural, and their number."""
    catalogue, sentences = parse_catalogue(language), {}
    for message in filter(lambda each: each.id, catalogue):
        sentences[key_of(message)] = tuple(typeset(form, language) for form in list_forms(message))
    return sentences, gettext.c2py(catalogue.plural_expr), catalogue.num_plurals
