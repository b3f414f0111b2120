"""What a cell shows of its number: which formats only dress it, and which show another."""

from __future__ import annotations

import pytest

from helpers.ingest.shown import is_date_format, is_elapsed_format, show_number

DRESSED = (
    "", "General", "Standard", "GENERAL", "Estándar", "0", "0.000", "#,##0", "@", "# ?/?", "#,##0.00_);[Red](#,##0.00)",
    '0 "bureaux"', "0 bureaux", '0 "m2"', "[$€-40C] #,##0.00", "#,##0 DH", "_-* #,##0\\ _€_-;\\-* #,##0\\ _€_-",
    "[>=10]0,;0", "[Blue]0",
)  # fmt: skip


@pytest.mark.parametrize("code", DRESSED)
def test_a_format_that_only_dresses_a_number_shows_it(code):
    assert show_number(9, code) is None


@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [
        (1, "0%", "100%"), (0.5, "0.0 %", "50.0 %"), (9000, "#,##0,", "9"), (12_000_000, "0.0,,", "12.0"),
        (9, '0"00"', "900"), (9, "0\\0", "90"), (9, '"1"0', "19"), (9, "10", "19"), (8.6, "0", "9"),
        (9.25, "0.0", "9.2"), (1_234_567, "0.00E+00", "1.23e+06"), (9, '"oui";;"non"', "oui"),
        (0, '"oui";;"non"', "non"), (9, ";;;", ""), (-3, "0;;0", ""), (12, "[<10]0;[>=10]0%", "1200%"),
    ],
)  # fmt: skip
def test_a_format_that_shows_another_number_is_found(number, code, shown):
    assert show_number(number, code) == shown


@pytest.mark.parametrize(
    "code", ["dd/mm/yyyy", "jj/mm/aaaa", "tt.mm.jjjj", "mmm-yy", "h:mm AM/PM", "yyyy-mm-dd h:mm:ss.000"]
)
def test_dates_and_times_are_known_in_the_letters_of_several_languages(code):
    assert is_date_format(code) and show_number(45_567, code) is None


@pytest.mark.parametrize(
    "code", ["Standard", "General", '0 "jours"', "[Red]0", "0.00E+00", "#,##0 DH", "@", "[$-40C]0"]
)
def test_words_and_colours_are_no_dates(code):
    assert not is_date_format(code) and not is_elapsed_format(code)


def test_a_duration_counts_hours_beyond_a_day():
    assert is_elapsed_format("[h]:mm") and is_date_format("[h]:mm") and not is_elapsed_format("h:mm")
