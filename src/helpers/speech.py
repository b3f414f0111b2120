"""What the command says, in the language of whoever types it: `--language`, else the locale, else English.

The sentences are written in English in the code; `locales/<language>/LC_MESSAGES/papu.po` has the others (gettext).
"""

import gettext
import os
from pathlib import Path

DOMAIN, _LOCALES = "papu", Path(__file__).with_name("locales")
gettext.bindtextdomain(DOMAIN, _LOCALES)


def say(sentence: str, **values: object) -> str:
    """Return a sentence of the command in its language, with the values in its {fields}."""
    said = gettext.dgettext(DOMAIN, sentence)
    return said.format(**values) if values else said


def speak(language: str) -> None:
    """Set the language of all that is said from here on, in this process and in those it starts."""
    os.environ["LANGUAGE"] = language
