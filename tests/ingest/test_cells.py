"""One cell: which texts are numbers, dates, choices or tokens, and which break a rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from helpers.ingest.cells import (
    Formula,
    ShownAs,
    find_decimal_mark,
    is_empty_cell,
    parse_count,
    parse_day,
    parse_instant,
    raw_text,
    read_answer,
)  # fmt: skip

NBSP, NARROW, THIN = "\u00a0", "\u202f", "\u2009"


@pytest.fixture
def read(form):
    """Return a reader of one cell as the answer to a question or a field of the repeat."""
    questions = dict(form.by_name) | {field.name: field for field in form.fields}

    def answer(question: str, cell: object) -> tuple[str, str, str]:
        found = read_answer(questions[question], cell)
        return found.value, found.state, found.rule

    return answer


# --- numbers in text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("7", 7), (" 623 ", 623), ("12345", 12345), ("1000000000", 10**9),
        ("1 234", 1234), (f"1{NBSP}234", 1234), (f"1{NARROW}234", 1234), (f"1{THIN}234", 1234),
        ("1.234", 1234), ("1,234", 1234), ("12 345 678", 12345678), ("1.234.567", 1234567), ("1,234,567", 1234567),
        (f"12{NARROW}345{NARROW}678", 12345678), ("999,999", 999999), ("10.000", 10000),
        ("12.0", 12), ("12.00", 12), ("12,0", 12), ("12,00", 12), ("0.0", 0), ("0,00", 0),
        ("1 234.0", 1234), ("1 234,00", 1234), ("1.234,00", 1234), ("1,234.0", 1234), (f"1{NBSP}234,0", 1234),
        ("٦٢٣", 623), ("۶۲۳", 623), ("١ ٢٣٤", 1234), ("٠", 0), ("1٢3", 123),
    ],
)  # fmt: skip
def test_a_text_is_the_count_it_writes(text, number):
    assert parse_count(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "", "-1", "+5", "1.5", "12,5", "12 345,67", "1 2345", "1 23", "12345 678", "1234 567", "1  234", " 1 234 56",
        "0 123", "0.123", "0,123", "0 000", "1.234.00", "1,234,0", "1.234,567", "1 234.567", f"1 234{NBSP}567",
        "12.000.0000", "12.", ".5", ",5", "12.0.0", "12,0,0", "5.000,000", "1'234", "1’234", "1e3", "1E3", "0x1F",
        "12%", "~500", "environ 40", "40 (2022)", "douze", "non", "nan", "inf", "TRUE", "(2)", "½", "²", "Ⅻ", "٫٥",
        "１２３", "1_000", "1e309", "--", "1/2", "1٬234",
    ],
)  # fmt: skip
def test_a_text_that_writes_no_count_is_none(text):
    assert parse_count(text) is None


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (623, ("623", "A", "")), (623.0, ("623", "A", "")), (0, ("0", "A", "")), (0.0, ("0", "A", "")),
        (10**9, ("1000000000", "A", "")), ("1 234", ("1234", "A", "")), ("٦٢٣", ("623", "A", "")),
        (10**9 + 1, ("", "O", "V03")), ("1000000001", ("", "O", "V03")), (-1, ("", "O", "V03")),
        (1.5, ("", "O", "V03")), (1e308, ("", "O", "V03")), (float("inf"), ("", "O", "V03")),
        (float("nan"), ("", "O", "V03")), (True, ("", "O", "V03")), (False, ("", "O", "V03")),
        ("TRUE", ("", "O", "V03")), ("FALSE", ("", "O", "V03")), ("douze", ("", "O", "V03")),
        ("#DIV/0!", ("", "O", "V03")),
    ],
)  # fmt: skip
def test_a_number_is_a_whole_count_up_to_a_milliard_or_withdrawn(read, cell, expected):
    assert read("offices_total", cell) == expected


@pytest.mark.parametrize(
    "cell", [date(2024, 9, 30), datetime(2024, 9, 30, 8, 30), time(8, 30), timedelta(hours=3), datetime(1900, 1, 5)]
)
def test_a_number_cell_formatted_as_a_date_time_or_duration_is_withdrawn(read, cell):
    assert read("offices_total", cell) == ("", "O", "V03")


# --- tokens -----------------------------------------------------------------------------------------------------

QUESTIONS = {
    "number": "offices_total",
    "date": "roadmap_adopted_on",
    "choice": "cloud_use",
    "choices": "services_epost",
    "text": "comment",
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize(
    ("cell", "state"),
    [
        (None, "O"), ("", "O"), ("   ", "O"), ("-", "O"), ("...", "O"), ("…", "O"), (f"{NBSP}-{NBSP}", "O"),
        ("NA", "M"), ("na", "M"), ("n.a.", "M"), ("N.A.", "M"), ("sans objet", "M"), (" Sans Objet ", "M"),
        ("ND", "L"), ("nd", "L"), ("n.d.", "L"), ("Non Disponible", "L"), ("\tnd\n", "L"),
    ],
)  # fmt: skip
def test_a_token_is_its_state_for_every_type_trimmed_and_in_any_case(read, question, cell, state):
    assert read(question, cell) == ("", state, "")


@pytest.mark.parametrize(
    "text", ["n/a", "N/A", "nsp", "n.a", "sans  objet", "sans-objet", "non  disponible", "--", "....", "?", "neant",
             "negligeable", "null"],
)  # fmt: skip
def test_a_text_that_is_nearly_a_token_is_none(read, text):
    assert read("offices_total", text) == ("", "O", "V03")


@pytest.mark.parametrize("text", ["NG", "ng", " Ng ", "négligeable", "NÉGLIGEABLE"])
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("offices_total", ("0", "N", "")),
        ("roadmap_adopted_on", ("", "O", "V03")),
        ("cloud_use", ("", "O", "V07")),
        ("services_epost", ("", "O", "V07")),
    ],
)
def test_negligible_is_0_and_flagged_for_a_number_only(read, text, question, expected):
    assert read(question, text) == expected


def test_negligible_in_a_text_is_plain_text(read):
    assert read("comment", "NG") == ("NG", "A", "")


@pytest.mark.parametrize("text", ["néant", "NÉANT", " nil ", "Nil"])
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("offices_total", ("0", "A", "")),
        ("comment", ("", "O", "")),
        ("roadmap_adopted_on", ("", "O", "V03")),
        ("cloud_use", ("", "O", "V07")),
        ("services_epost", ("", "O", "V07")),
    ],
)
def test_nil_is_an_explicit_0_for_a_number_and_nothing_for_a_text(read, text, question, expected):
    assert read(question, text) == expected


@pytest.mark.parametrize(
    ("text", "has_note"),
    [("néant", True), ("1 234", True), ("1,234", True), ("12.0", True), ("٦٢٣", True), ("623", False), (623, False),
     (623.0, False), ("NG", False)],
)  # fmt: skip
def test_what_was_normalised_in_a_number_is_noted(form, text, has_note):
    assert bool(read_answer(form.by_name["offices_total"], text).note) is has_note


def test_the_raw_text_is_kept_whatever_becomes_of_it(form):
    kept = {text: read_answer(form.by_name["offices_total"], text).raw for text in (" 1 234 ", "douze", "NA", "-")}
    assert all(text == raw for text, raw in kept.items())


# --- dates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [date(2024, 9, 30), datetime(2024, 9, 30), datetime(2024, 9, 30, 23, 59), "2024-09-30", " 2024-09-30 ",
     "2024-09-30T10:21:05", "2024-09-30T10:21:05.123Z", "2024-09-30T23:30:00.000-05:00", "2024-09-30T23:30:00+0100",
     "2024-09-30 10:21:05"],
)  # fmt: skip
def test_a_date_is_a_spreadsheets_an_iso_one_or_a_tools_timestamp(read, cell):
    assert read("roadmap_adopted_on", cell) == ("2024-09-30", "A", "")


@pytest.mark.parametrize(
    "cell",
    ["30/09/2024", "30.09.2024", "2024-9-30", "2024/09/30", "20240930", "30 septembre 2024", "2024-02-30", "2024-13-01",
     "2024-09", "45565", 45565, 45565.5, True, time(8, 30), timedelta(days=3), "2024-09-30 (provisoire)"],
)  # fmt: skip
def test_every_other_date_is_withdrawn_a_serial_number_too(read, cell):
    assert read("roadmap_adopted_on", cell) == ("", "O", "V03")


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        (date(2024, 9, 30), None),
        (datetime(2024, 9, 30), None),
        ("2024-09-30", None),
        (None, None),
        (datetime(2024, 9, 30, 8, 30), datetime(2024, 9, 30, 8, 30)),
        ("2024-09-30T08:30:00", datetime(2024, 9, 30, 8, 30)),
        ("2024-09-30T08:30:00Z", datetime(2024, 9, 30, 8, 30, tzinfo=UTC)),
        ("2024-09-30T08:30:00+03:00", datetime(2024, 9, 30, 8, 30, tzinfo=timezone(timedelta(hours=3)))),
    ],
)
def test_a_spreadsheet_date_at_midnight_has_no_time_of_day(cell, instant):
    assert parse_instant(cell) == instant


def test_the_day_is_the_date_part_as_written_whatever_the_zone():
    assert parse_day("2024-09-30T23:30:00-11:00") == date(2024, 9, 30)
    assert parse_day("2024-10-01T00:10:00+14:00") == date(2024, 10, 1)


# --- choices ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("pilot", ("pilot", "A", "")), (" pilot ", ("pilot", "A", "")), ("none", ("none", "A", "")),
        ("Pilot", ("", "O", "V07")), ("hybrid", ("", "O", "V07")), ("pilot production", ("", "O", "V07")),
        ("0", ("", "O", "V07")), (1, ("", "O", "V07")), (True, ("", "O", "V07")), ("TRUE", ("", "O", "V07")),
        (False, ("", "O", "V07")), (date(2024, 9, 30), ("", "O", "V07")),
    ],
)  # fmt: skip
def test_a_choice_is_one_code_of_its_list_compared_exactly(read, cell, expected):
    assert read("cloud_use", cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("hybrid_mail", ("hybrid_mail", "A", "")),
        ("e_postbox  hybrid_mail", ("hybrid_mail e_postbox", "A", "")),
        ("hybrid_mail hybrid_mail", ("hybrid_mail", "A", "")),
        ("none", ("none", "A", "")), ("none none", ("none", "A", "")),
        ("0", ("none", "A", "")), (0, ("none", "A", "")), (0.0, ("none", "A", "")),
        ("none hybrid_mail", ("", "O", "V07")), ("0 hybrid_mail", ("", "O", "V07")), ("0 0", ("", "O", "V07")),
        ("hybrid_mail fax", ("", "O", "V07")), ("Hybrid_mail", ("", "O", "V07")),
        ("hybrid_mail, e_postbox", ("", "O", "V07")), ("hybrid_mail;e_postbox", ("", "O", "V07")),
        ("1", ("", "O", "V07")), (True, ("", "O", "V07")), ("FALSE", ("", "O", "V07")),
        ("NA hybrid_mail", ("", "O", "V07")),
    ],
)  # fmt: skip
def test_select_many_is_its_codes_once_each_or_withdrawn_whole(read, cell, expected):
    assert read("services_epost", cell) == expected


# --- formulas and texts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "stored", "expected"),
    [
        ("offices_total", 623, ("623", "A", "")),
        ("offices_total", 623.0, ("623", "A", "")),
        ("offices_total", "1 234", ("1234", "A", "")),
        ("offices_total", "ND", ("", "L", "")),
        ("offices_total", "#REF!", ("", "O", "V03")),
        ("offices_total", None, ("", "O", "V03")),
        ("roadmap_adopted_on", datetime(2024, 9, 30), ("2024-09-30", "A", "")),
        ("roadmap_adopted_on", None, ("", "O", "V03")),
        ("cloud_use", "pilot", ("pilot", "A", "")),
        ("cloud_use", None, ("", "O", "V07")),
        ("services_epost", None, ("", "O", "V07")),
    ],
)
def test_a_formula_is_its_stored_value_and_withdrawn_without_one(read, question, stored, expected):
    assert read(question, Formula.of("=A1+A2", stored)) == expected


@pytest.mark.parametrize("stored", [None, 2, 2.0, True])
def test_a_text_that_a_tool_took_for_a_formula_is_its_text(read, stored):
    assert read("comment", Formula.of("=1+1", stored)) == ("=1+1", "A", "")


@pytest.mark.parametrize("text", ["=1+1", "<b>x</b>", '#read("x")', " blancs ", "@a", "-5", "ligne\nligne", "TRUE"])
def test_a_text_is_kept_as_it_is_written(read, text):
    assert read("comment", text) == (text, "A", "")


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (5, "5"), (5.0, "5"), (5.25, "5.25"), (True, "TRUE"), (False, "FALSE"), ("x", "x"),
     (date(2024, 9, 30), "2024-09-30"), (datetime(2024, 9, 30), "2024-09-30"),
     (datetime(2024, 9, 30, 8, 30), "2024-09-30T08:30:00")],
)  # fmt: skip
def test_a_cells_raw_text_is_what_a_person_saw(cell, text):
    assert raw_text(cell) == text


@pytest.mark.parametrize(("cell", "blank"), [(None, True), ("", True), (" \n", True), (0, False), ("-", False)])
def test_a_blank_cell_has_nothing_written_in_it(cell, blank):
    assert is_empty_cell(cell) is blank


def test_a_blank_is_never_0(form):
    answer = read_answer(form.by_name["offices_total"], None)
    assert (answer.number, answer.is_reported) == (None, False)


# --- what a person sees, and what a table shows of its numbers ------------------------------------------------------


def test_a_count_that_the_cell_shows_otherwise_is_withdrawn_with_both(form):
    found = read_answer(form.by_name["offices_connected"], ShownAs(1, "100%"))
    assert (found.raw, found.held, found.value, found.rule) == ("100%", "1", "", "V03")
    assert read_answer(form.by_name["offices_connected"], Formula.of("=A1", ShownAs(1, "100%"))).held == "1"
    assert read_answer(form.by_name["offices_connected"], ShownAs(7, "")).value == "7"


def test_a_count_in_a_cell_of_a_date_says_what_the_file_holds(form):
    found = read_answer(form.by_name["offices_connected"], datetime(1900, 1, 9))
    assert (found.raw, found.held, found.rule) == ("1900-01-09", "9", "V03")


def test_a_text_with_a_raised_digit_is_the_text(form):
    assert read_answer(form.by_name["comment"], ShownAs("surface en m2", "surface en m²")).value == "surface en m2"


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["9.000", "2088.000"], "."), (["9,000", "2088,000", "1.000"], ","), (["0.000", "5.000"], "."),
        (["9.000", "5.000", "7.000"], "."), (["9.000", "5.000"], ""), (["9.000", "5.120", "7.000"], ""),
        (["1.033", "2088"], ""), (["9.000", "9,000", "2088.000", "2088,000"], ""), ([], ""),
    ],
)  # fmt: skip
def test_three_decimals_are_told_from_thousands_by_the_whole_table(texts, mark):
    assert find_decimal_mark(texts) == mark


@pytest.mark.parametrize(
    ("text", "number"),
    [("9.000", 9), ("2088.000", 2088), ("9.500", None), ("1 033", 1033), ("1,000", 1000), ("x.0", None)],
)
def test_a_known_decimal_mark_is_never_one_of_thousands(text, number):
    assert parse_count(text, ".") == number
