"""The texts of an edition: made fit for print, whatever they hold; and those that the Secretariat writes itself."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from textwrap import wrap

from helpers import paths
from helpers.i18n import isolate
from helpers.plan import read_settings
from helpers.report.look import ARABIC_FONT, FONT, FONTS
from helpers.speech import say

EDITION_TEXT = "edition.toml"
LETTER_WIDTH = 0.2  # millimetres: about the width of a letter per point of its size
_INVISIBLE = {0x200E, 0x200F, *range(0x2066, 0x206A)}  # marks of direction: ours alone, never a text's own
_KEYS = ("as_of", "kind", "language", "logo", "status", "svg")  # texts of a block that are names, not words


@cache
def _letters() -> frozenset[int]:
    """Return the code points that the report's fonts can print, and the line break."""
    from matplotlib.ft2font import FT2Font  # it takes long to load: only drawings and pages need letters

    fonts = (FT2Font(str(FONTS / f"{name.replace(' ', '')}-Regular.ttf")) for name in (FONT, ARABIC_FONT))
    codes = {code for font in fonts for code in font.get_charmap() if code >= 0x20 and not 0xE000 <= code <= 0xF8FF}
    return frozenset(codes - _INVISIBLE | {0x0A})


def printable(text: str) -> str:
    """Return a text whose every letter the report can print: others as their code, `[U+1F600]`, so nothing is lost."""
    shown = text.replace("\t", " ").replace("\r", "")
    return "".join(c if ord(c) in _letters() else f"[U+{ord(c):04X}]" for c in shown)


def break_long_words(cell: object, most: int) -> object:
    """Let a text without blanks be broken where it is longer than its column, as a member may have written it."""
    if not isinstance(cell, str) or most < 1:
        return cell
    return re.sub(rf"[^\s\u200b]{{{most + 1},}}", lambda found: "\u200b".join(wrap(found[0], most)), cell)


def make_fit(value: object, language: str) -> object:
    """Make every text of a block printable, and keep what reads from left to right in order."""
    if isinstance(value, str):
        return "\n".join(isolate(line, language) for line in printable(value).split("\n"))
    if isinstance(value, Mapping):
        return {key: item if key in _KEYS else make_fit(item, language) for key, item in value.items()}
    return [make_fit(item, language) for item in value] if isinstance(value, list | tuple) else value


def read_edition_text(quarter: str, language: str) -> Mapping[str, object]:
    """Read the authored text of an edition in one language; none where there is no file.

    What it lacks in that language is taken from another, the official ones first, and marked with it: `… [fr]`.
    Raises ValueError with the file's name when it is not TOML.
    """
    path = paths.returns(quarter) / EDITION_TEXT
    if not path.is_file():
        return {}
    name, settings = f"data/raw/{quarter}/{EDITION_TEXT}", read_settings()
    try:
        authored = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as reason:
        raise ValueError(say("{file}: {reason}; correct it, or remove it", file=name, reason=reason)) from reason
    texts: dict[str, object] = {}
    for source in dict.fromkeys((language, *settings.official, *settings.languages)):
        found = authored.get(source, {})
        if not isinstance(found, dict):
            raise ValueError(
                say("{file}: [{section}] is not a table; correct it, or remove it", file=name, section=source)
            )
        mark = "" if source == language else f" [{source}]"
        _fill_in(texts, found, mark)
    return texts


def _fill_in(texts: dict[str, object], found: Mapping[str, object], mark: str) -> None:
    """Add the texts that are not there yet, with the mark of the language that they are in."""
    for key, text in found.items():
        if isinstance(text, Mapping):
            inner = texts.setdefault(key, {})
            if isinstance(inner, dict):
                _fill_in(inner, text, mark)
        elif str(text).strip() and not texts.get(key):
            texts[key] = f"{text}{mark}"
