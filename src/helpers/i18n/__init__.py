"""Translates and formats: sentences, numbers, dates, quarters, reading direction. The only room that formats."""

from helpers.i18n.bidi import isolate
from helpers.i18n.catalogue import plain, typeset
from helpers.i18n.formats import Badge, Translator, is_blank

__all__ = [
    "Badge", "Translator", "bidi", "catalogue", "formats", "glossary", "is_blank", "isolate", "messages", "plain",
    "terms", "typeset",
]  # fmt: skip
