"""What the desk writes to members, in every language: texts.csv."""

import csv
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("texts.csv")


@cache
def _read_texts() -> dict[str, dict[str, str]]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def desk_text(key: str, language: str, **values: object) -> str:
    """Return a text of texts.csv in a language, filled in. Raises KeyError for a key that is not there."""
    return _read_texts()[key][language].format(**values)
