"""Puts what a benchmark measured into its part of docs/scale.md, between two marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scale.md"


def write_part(name: str, lines: Sequence[str]) -> None:
    """Replace the part of the page that has this name; it is an error where the page has none."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    text = PAGE.read_text(encoding="utf-8")
    before = re.search(re.escape(begin) + ".*?" + re.escape(end), text, re.S)[0]
    PAGE.write_text(text.replace(before, begin + "\n".join(lines) + "\n" + end), encoding="utf-8")
