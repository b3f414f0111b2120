"""Order: what a table's rows are sorted by in the page, from the values that its cells carry."""

from __future__ import annotations

import pytest

from helpers.i18n.formats import Translator
from helpers.report import cells
from helpers.report.cells import Number, Picture, Shade, Text, TwoLines
from helpers.report.html.page import order_column

FR, EN = Translator("fr"), Translator("en")
DRAWING = Picture("<svg/>", "1, 2", 20)


def keys(*column: cells.Cell, t: Translator = FR) -> list[str | None]:
    return order_column(column, t)[1]


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        (Number(1234567.5, decimals=1), "1234567.5"),
        (Number(-3, is_signed=True), "-3"),
        (Number(39 / 45 * 100, "percent"), "86.66666667"),  # the value, not what is printed of it
        (Number(9, suffix=" c"), "9"),
        (cells.rate(39, 45, FR), "86.66666667"),
        (cells.rate(3, 4, FR), "75"),  # printed as "3 sur 4"
        (cells.interval(74.1, 87.9, "percent", FR), "74.1"),
        (TwoLines(Number(13677), "79,7 %"), "13677"),
        (Shade(Number(42, "percent"), 2), "42"),
        (FR.status("on_track"), "2"),
    ],
)
def test_a_cell_is_sorted_by_the_number_it_carries(cell, key):
    assert order_column([cell, Number(1)], FR) == ("number", [key, "1"])


@pytest.mark.parametrize("cell", ["1.1.a", "413e7ddd0f38", "2024Q3/EGY_2024Q3.xlsx", "12", Text("12 %")])
def test_texts_are_no_numbers_whatever_they_look_like(cell):
    assert order_column([cell, cell], FR) == ("text", [None, None])


def test_quarters_follow_each_other_in_any_language():
    for t in (FR, EN):
        column = [cells.quarter(name, t, "not due") for name in ("2023Q4", "2024Q1", "2024Q2")]
        shown = [float(key) for key in keys(*column, t=t)]
        assert shown == [shown[0], shown[0] + 1, shown[0] + 2]


@pytest.mark.parametrize(
    ("column", "kind", "expected"),
    [
        ([Number(12), Number(None), Number(9, suffix=" c"), "n.a."], "number", ["12", "", "9", ""]),
        ([Number(25), "–", Text("stade 4 sur 5"), Number(79.7, "percent")], "number", ["25", "", "", "79.7"]),
        (["Kenya", "–", "Bénin"], "text", [None, "", None]),
        (["Kenya", "s.d.", "(C)", "", "Bénin"], "text", [None, "", "", "", None]),
        ([Number(3), "Kenya", "Bénin"], "text", [None, None, None]),
        (["seul"], "", [None]),
        ([DRAWING, DRAWING], "", [None, None]),
    ],
)
def test_a_column_is_one_of_numbers_where_most_of_it_is_and_marks_come_last(column, kind, expected):
    assert order_column(column, FR) == (kind, expected)
