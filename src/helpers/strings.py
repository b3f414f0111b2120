"""Compares, cleans and masks texts, whoever wrote them."""

from __future__ import annotations

import re
import unicodedata


def fold(text: str) -> str:
    """Return a name as names are compared: no accents, case, punctuation, format characters or spare blanks.

    Nor the Arabic stroke that only lengthens a word (tatweel, U+0640).
    """
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKD", text)
        if unicodedata.category(character) not in ("Mn", "Cf", "Me") and character != "\u0640"
    )
    kept = "".join(character if character.isalnum() else " " for character in plain.casefold())
    return " ".join(kept.split())


# What nobody sees and no answer needs: control characters, terminal escapes, and what turns the direction of a line.
_CONTROLS = re.compile(
    "\x1b\\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|[\ud800-\udfff]"
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def clean(text: str) -> str:
    """Return a text without the characters that nobody sees and that could disturb where it is shown."""
    return _CONTROLS.sub("", text)


def without_invisible(text: str) -> str:
    """Return a code without zero-width and direction marks: an answer to compare has no use for them."""
    return _INVISIBLE.sub("", text)


# Looked for from where a word begins only: a long text without an address takes no longer than it is long.
_EMAIL = re.compile(r"(?<![^\s@<>;,:\"'])[^\s@<>;,:\"']++@[^\s@<>;,:\"']+\.[^\s@<>;,:\"']+")
_PHONE = re.compile(
    r"(?<![\w.,])(?!\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})(?:\+|00)?\(?\d(?:[\s().\u00a0\u202f/-]{0,2}\d){7,40}(?!\w)"
)


def mask_addresses(text: str) -> str:
    """Hide e-mail addresses only: in a reference, whose digits tell items apart."""
    return _EMAIL.sub("[…@…]", text)


# A number that is said to be a telephone's, however short and however it is written.
_CALLED = re.compile(
    r"(?i)\b(t[ée]l|phone|portable|mobile|whatsapp|gsm|fax|هاتف)([a-zé]{0,8}[\s.:°n]{0,4})\+?\d(?:[\s().\u00a0\u2010-\u2015/-]{0,3}\d){5,40}"
)


def mask_text(text: str) -> str:
    """Hide e-mail addresses and telephone numbers of a free text (methodology, section 6)."""
    return _CALLED.sub(r"\1\2[…]", _PHONE.sub("[…]", mask_addresses(text)))


# A figure, or a range whose ends are so near each other that it is no telephone number.
_FIGURE = re.compile(r"\d{1,12}(?:[.,]\d+)?|(?P<low>\d{1,7}) ?[-–] ?(?P<high>\d{1,7})")


def mask(text: str) -> str:
    """Hide them in what may also be an answer: a figure stays."""
    found = _FIGURE.fullmatch(text.strip())
    is_figure = found and (not found["low"] or int(found["low"]) <= int(found["high"]) <= 2 * int(found["low"]))
    return text if is_figure or text.isdigit() else mask_text(text)


LANGUAGES = ("fr", "en", "pt", "ar")
