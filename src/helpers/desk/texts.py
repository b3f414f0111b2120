"""The words of what the desk sends out and fills in, in the languages that reports can be in."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_TEXTS = Path(__file__).with_suffix(".csv")


@cache
def read_texts(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Return a file of texts: by key, then by language."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def desk_text(key: str, language: str, **values: object) -> str:
    """Return a text of texts.csv in a language, with the values in its {fields}."""
    return read_texts(_TEXTS)[key][language].format(**values)
