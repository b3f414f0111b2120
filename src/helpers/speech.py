"""What the command says, in the language of whoever types it: `--language`, else the locale, else English.

The sentences are written in English in the code; `locales/<language>/LC_MESSAGES/papu.po` has the others (gettext).
"""

import functools
import gettext
import itertools
import locale
import os
import re
from pathlib import Path

DOMAIN, _LOCALES = "papu", Path(__file__).with_name("locales")
SPOKEN = ("en", *sorted(path.name for path in _LOCALES.iterdir()))
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts, as in gettext
gettext.bindtextdomain(DOMAIN, _LOCALES)  # where click looks, too


def _catalogue() -> gettext.NullTranslations:
    """Return the catalogue of the language that the variables name now."""
    return _find_catalogue(tuple(map(os.environ.get, _VARIABLES)))


@functools.cache
def _find_catalogue(variables: tuple[str | None, ...]) -> gettext.NullTranslations:
    """Find it once for what the variables hold: gettext reads them, and looks for the file at every sentence."""
    return gettext.translation(DOMAIN, _LOCALES, fallback=True)


def say(sentence: str, /, **values: object) -> str:
    """Return a sentence of the command in its language, with the values in its {fields}."""
    said = _catalogue().gettext(sentence) if sentence else ""  # gettext keeps the catalogue's header under ""
    return said.format(**values) if values else said


def say_many(one: str, many: str, n: int, /, **values: object) -> str:
    """Return the form of a sentence that a number {n} takes, with the values in its {fields}."""
    return _catalogue().ngettext(one, many, n).format(n=n, **values)


def say_of(what: object, said: object) -> str:
    """Return `what: said`, with the colon as the language writes it."""
    return say("{what}: {said}", what=what, said=said)


def to_say(sentence: str) -> str:
    """Mark a sentence for the catalogues where it is only kept, to be looked up when it is said."""
    return sentence


def say_in_all(sentence: str) -> tuple[str, ...]:
    """Return a sentence without values in every language that the command speaks."""
    found = (gettext.translation(DOMAIN, _LOCALES, [each], fallback=True) for each in SPOKEN)
    return tuple(dict.fromkeys(each.gettext(sentence) for each in found))


def spoken() -> str:
    """Return the language in which the command speaks."""
    return next((each for each in list_locale_languages() if each in SPOKEN), SPOKEN[0])


def list_locale_languages() -> list[str]:
    """Return the languages that the locale names, the preferred one first; none in the locale C (POSIX)."""
    names = next(filter(None, map(os.environ.get, _VARIABLES)), "") or _read_windows_language()
    codes = [re.split("[_.@-]", name)[0].casefold() for name in names.split(":")]
    return list(itertools.takewhile(lambda code: code not in ("", "c", "posix"), codes))


def _read_windows_language() -> str:
    """Return the language of the user's Windows, which sets no variable; blank on other systems."""
    if os.name != "nt":
        return ""
    import ctypes

    return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")


def speak(language: str = "") -> None:
    """Set the language of all that is said from here on, in this process and in those it starts.

    Without one, or where the command does not speak it, that of the locale. No other follows it: gettext would look a
    sentence that one lacks, English has none, up in the next.
    """
    languages = [*filter(None, [language]), *list_locale_languages()]
    n_unspoken = sum(1 for _ in itertools.takewhile(lambda each: each not in SPOKEN, languages))
    os.environ["LANGUAGE"] = ":".join(languages[: n_unspoken + 1]) or "C"
