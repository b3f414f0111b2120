"""The terms of the plan in each language, and the wordings never to be used for them."""

import csv
import re
from functools import cache
from pathlib import Path

GLOSSARY = Path(__file__).with_suffix(".csv")


@cache
def read_glossary() -> tuple[dict[str, str], ...]:
    """Return the terms: a column for each language, and `not_` with it for rejected wordings, separated by `|`."""
    with GLOSSARY.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def find_rejected(text: str, language: str) -> list[str]:
    """Return the rejected wordings that a text has, as whole words."""
    wordings = [each for row in read_glossary() for each in row[f"not_{language}"].split("|") if each.strip()]
    return [each for each in wordings if re.search(rf"(?<!\w){re.escape(each.strip())}(?!\w)", text)]
