"""Layout: in no language does a word of a table stick out of its column, whatever a member wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache

import pytest
from PIL import ImageFont

from helpers.report import look
from helpers.report.document import TEXT_WIDTH
from helpers.strings import LANGUAGES
from reports import whole_report  # noqa: F401

pytestmark = pytest.mark.slow

MILLIMETRES = 25.4 / 72
INSET = 6  # points, left and right of a cell's text together
FONTS = {"latin": "PAPUSans", "arabic": "PAPUSansArabic"}


@cache
def font(script: str, bold: bool, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(look.FONTS / f"{FONTS[script]}-{'Bold' if bold else 'Regular'}.ttf", size * 16)


def measure(word: str, bold: bool, size: float) -> float:
    """Return how wide a word is set, in points."""
    script = "arabic" if re.search("[\u0600-\u06ff]", word) else "latin"
    return font(script, bold, size).getlength(word) / 16


def words_of(text: str) -> list[str]:
    """Return the pieces that a line cannot be broken within."""
    return [piece for piece in re.split(r"[ \n\u200b]|(?<=[-–])", re.sub("[\u2066-\u2069]", "", text)) if piece]


def texts_of(cell: object, size: float) -> Iterator[tuple[str, bool, float]]:
    """Yield the texts of a cell as report.typ sets them: text, whether bold, size."""
    if isinstance(cell, str):
        yield cell, False, size
    elif "strong" in cell:
        yield from ((cell["strong"], True, size), (cell["more"], False, 8))
    elif "band" in cell:
        yield cell["text"], False, size
    elif "status" in cell:
        yield from ((cell["word"], True, 8), (cell["remark"], False, 8))


def overflowing(block: dict) -> list[str]:
    """Return the words of a table that are wider than their column."""
    whole = (TEXT_WIDTH + 2 * block["wide"] - 6 * (block["beside"] - 1)) / block["beside"]
    found = []
    for place, name in enumerate(block["columns"]):
        room = whole * block["widths"][place] / sum(block["widths"]) / MILLIMETRES - INSET
        texts = [(name, True, 8)]
        for row in block["rows"]:
            texts += texts_of(row["cells"][place], block["size"]) if "cells" in row else []
        for text, bold, size in texts:
            badge = 8 + 5.6 + 3 if bold and size == 8 and text != name else 0  # a status has a frame and a symbol
            found += [f"{name}: {w}" for w in words_of(text) if measure(w, bold, size) + badge > room + 0.5]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_a_table_is_wider_than_its_column(language, whole):
    blocks = json.loads((whole(language) / f"report_{language}.json").read_text("utf-8"))["blocks"]
    sheets = [block for block in blocks if block["kind"] == "table"]
    assert len(sheets) > 15
    assert {block["title"]: found for block in sheets if (found := overflowing(block))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_ours_is_broken_to_fit_its_column(language, whole):
    text = (whole(language) / f"report_{language}.json").read_text("utf-8")
    broken = re.findall(r"\w+(?<![_/])\u200b\w+", text)
    assert broken and {word for word in broken if set(word) != set("n\u200b")} == set()  # only the endless word


def test_a_word_without_blanks_is_found_when_it_sticks_out():
    block = {
        "wide": 0,
        "beside": 1,
        "columns": ["a", "b"],
        "widths": [1, 9],
        "size": 8,
        "rows": [{"cells": ["n" * 40, "x"]}],
    }
    assert overflowing(block) == ["a: " + "n" * 40]
