"""Order: what a cell counts as when rows are sorted by it, read back from what it shows."""

from __future__ import annotations

import pytest

from helpers.i18n.formats import Translator
from helpers.report.html.order import order_column, sort_value

FR, EN = Translator("fr"), Translator("en")
CHIP = {"status": "on_track", "symbol": "▲", "word": "On track", "hollow": False, "remark": ""}
DRAWING = {"svg": "figures/a.svg", "alt": "1, 2", "width": 20}


@pytest.mark.parametrize(
    ("say", "cell", "weight"),
    [
        (FR, "1\u202f234\u202f567,5", 1234567.5),
        (EN, "1,234,567.5", 1234567.5),
        (FR, "−3", -3),
        (FR, "+107", 107),
        (FR, "86,7\u00a0% (39/45) c", 86.7),
        (EN, "86.7% (39/45)", 86.7),
        (FR, "74,1 à 87,9\u00a0%", 74.1),
        (FR, "≥\u00a014", 14),
        (FR, "3 sur 4", 75),
        (EN, "3 of 4 c", 75),
        (FR, {"strong": "13\u202f677", "more": "79,7\u00a0%"}, 13677),
        (EN, {"text": "42%", "band": 2}, 42),
        (EN, CHIP, 2),
    ],
)
def test_a_cell_counts_as_the_number_it_begins_with(t, cell, weight):
    assert sort_value(cell, t) == weight


@pytest.mark.parametrize("cell", ["", "s.d.", "1.1.a", "413e7ddd0f38", "2024Q3/EGY_2024Q3.xlsx", "oui", "1er", "⁦1.1.a⁩"])
def test_codes_digests_and_words_are_no_numbers(cell):
    assert sort_value(cell, FR) is None and sort_value(cell, EN) is None


def test_quarters_follow_each_other_in_any_language():
    for t in (FR, EN):
        shown = [t.quarter(quarter) for quarter in ("2023Q4", "2024Q1", "2024Q2")]
        assert [sort_value(f"{text}\nnot due", t) for text in shown] == sorted(sort_value(text, t) for text in shown)
        assert len({sort_value(text, t) for text in shown}) == 3


@pytest.mark.parametrize(
    ("cells", "kind", "keys"),
    [
        (["12", "s.d.", "9 c", "n.a."], "number", ["12", "", "9", ""]),
        (["25", "stade 4 sur 5", "79,7\u00a0%"], "number", ["25", "", "79.7"]),
        (["Kenya", "–", "Bénin"], "text", [None, "", None]),
        (["3 services", "Kenya", "Bénin"], "text", [None, None, None]),
        (["seul"], "", [None]),
        ([DRAWING, DRAWING], "", [None, None]),
    ],
)
def test_a_column_is_one_of_numbers_where_most_of_it_is_and_marks_come_last(cells, kind, keys):
    assert order_column(cells, FR) == (kind, keys)
