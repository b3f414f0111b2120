"""The words of what the desk sends out and fills in, in the languages that reports can be in."""

from pathlib import Path

from helpers.i18n import catalogue

_TEXTS = Path(__file__).with_suffix(".csv")


def desk_text(key: str, language: str, **values: object) -> str:
    """Return a text of texts.csv in a language, with the values in its {fields}."""
    return catalogue.read_by_key(_TEXTS)[key][language].format(**values)
