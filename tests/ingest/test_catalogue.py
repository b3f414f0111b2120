"""Every bad and awkward input of formats.md, section 4: what counts, what is refused, and which issues it gives."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from unicodedata import normalize

import pytest

import catalogue_text as written
from catalogue import CATALOGUE, name_of, number_of
from catalogue_text import ASKED, BASE, MEMBERS, QUARTER, RECEIVED, csv_of, labels, questions
from conftest import ROOT, Raw
from helpers.ingest import received, rules
from helpers.ingest.issues import Issue
from helpers.ingest.quarter import read_quarter, read_returns
from helpers.ingest.registers import read_registers
from helpers.plan.questionnaire import LABEL_LANGUAGES, read_form
from helpers.tables import schema

AS_OF = date(2024, 11, 14)
ALL = " ".join(MEMBERS)
WIDE = len(written.columns())  # cells of a row of the plain table
ROW_OF = {member: str(row) for row, member in enumerate(MEMBERS, start=2)}


# --- what becomes of an input -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Want:
    """An issue that is expected: the key of its sentence, where it is, and what it is about.

    The row follows from the member where none is given.
    """

    key: str
    member: str = ""
    question: str = ""
    observed: str = ""
    row: str = ""
    sheet: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a quarter's files."""

    checked: rules.Checked
    form: object = field(repr=False)

    @property
    def counting(self) -> str:
        """The members whose return counts."""
        return " ".join(entry.member for entry in self.checked.ledger if entry.counts)

    @property
    def issues(self) -> list[Issue]:
        """The issues."""
        return list(self.checked.issues)

    def answers(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Return value and state of every answer that counts."""
        counting = [one for one in self.checked.returns if one.entry.counts]
        return {(one.key[1], name): (a.value, a.state) for one in counting for name, a in one.answers.items()}

    def tables(self) -> dict[str, object]:
        """Return its published tables."""
        return {
            name: schema.conform(name, rows) for name, rows in schema.tabulate_ingested(self.checked, self.form).items()
        }


def put(raw: Raw, key: str, name: str = "", quarter: str = QUARTER) -> Path:
    """Put an input of the catalogue where returns arrive."""
    content, path = CATALOGUE[key](), raw.folder(quarter) / (name or name_of(key))
    if number_of(key) != 22:
        return raw.add(quarter, path.name, content, RECEIVED)
    outside = raw.root / "outside.csv"
    outside.write_bytes(content)
    path.symlink_to(outside)
    return raw.list_file(path, RECEIVED)


@pytest.fixture
def receive(raw, plan, form) -> Callable[..., Outcome]:
    """Return the outcome of a quarter's files, after adding those of the catalogue that are named."""

    def outcome(*keys: str) -> Outcome:
        for key in keys:
            put(raw, key)
        return Outcome(rules.check_received(read_quarter(QUARTER), read_registers(), plan, form, AS_OF), form)

    return outcome


def describe(issues: Iterable[Issue]) -> list[Want]:
    """Return issues in the form of those expected, sorted; check that their messages are complete."""
    found = []
    for one in issues:
        assert one.quarter == QUARTER
        assert one.source_file
        assert len({one.say(language) for language in LABEL_LANGUAGES} - {""}) == len(LABEL_LANGUAGES)
        assert one.message_fr != one.message_en
        for message in (one.message_fr, one.message_en):
            assert re.match(rf"data/raw/{QUARTER}/.+\S\.$", message, re.DOTALL)
            assert not re.search(r"\{\w*\}", message.replace(one.observed, ""))
        key = one.key
        rule = "" if one.rule == key.partition(".")[0] else one.rule
        found.append(Want(key, one.member, one.question, one.observed, one.row, one.sheet, rule))
    return sorted(found, key=repr)


def expected(key: str, issues: Iterable[Want]) -> list[Want]:
    """Return expected issues with their rows and sheets."""
    sheet = "returns" if name_of(key).endswith((".xlsx", ".xlsm")) else ""
    return sorted(
        (
            Want(f.key, f.member, f.question, f.observed, f.row or ROW_OF.get(f.member, ""), f.sheet or sheet
                 if f.member or f.row or f.sheet else "", f.rule)
            for f in issues
        ),
        key=repr,
    )  # fmt: skip


def each(key: str, question: str, observed: Iterable[str], only: str = ALL) -> list[Want]:
    """Return an issue for each of the six members, or some of them, on one question."""
    pairs = zip(MEMBERS, observed, strict=True)
    return [Want(key, member, question, text) for member, text in pairs if member in only]


def numbers(member: str, **observed: str) -> list[Want]:
    """Return an issue for each number of a member that cannot be read."""
    return [Want("V03.number", member, question, text) for question, text in observed.items()]


def read_as(rule: str, member: str, **observed: str) -> list[Want]:
    """Return a note for each number of a member that was normalised."""
    return [Want("NUMBER_READ", member, question, text, rule=rule) for question, text in observed.items()]


def note(key: str, observed: str = "", row: str = "", sheet: str = "") -> Want:
    """Return a note on a file, or on one of its rows."""
    return Want(key, observed=observed, row=row, sheet=sheet)


# --- files that are refused -------------------------------------------------------------------------------------

# The sentence under V20, and what was seen.
REFUSED = {
    "1-empty.csv": ("empty", "0"),
    "2-only_blank_lines.csv": ("empty", "0"),
    "3-binary_garbage.xlsx": ("type", ""),
    "4-mixed_delimiters.csv": ("delimiters", "2"),
    "4-mixed_delimiters_and_commas.csv": ("delimiters", "2"),
    "5-unclosed_quote.csv": ("quote", "2"),
    "7-missing_key_column.csv": ("key", "member"),
    "8-no_header.csv": ("header", ""),
    "10-data_in_hidden_sheet.xlsx": ("hidden", "réponses"),
    "11-encrypted_password.xlsx": ("encrypted", ""),
    "12-truncated.xlsx": ("damaged", ""),
    "13-crc_error.xlsx": ("damaged", ""),
    "14-html_named_xls.xls": ("html", ""),
    "15-zip_bomb.xlsx": ("unpacked", "120000011"),
    "15-zip_bomb_that_lies.xlsx": ("damaged", ""),
    "16-sparse_dimension_bomb.xlsx": ("range", "1048576"),
    "16-rows_without_end.xlsx": ("resave", ""),
    "17-xxe.xlsx": ("dtd", "xl/sharedStrings.xml"),
    "17-dtd_in_another_part.xlsx": ("dtd", "xl/sharedStrings.dat"),
    "18-billion_laughs.xlsx": ("dtd", "xl/sharedStrings.xml"),
    "19-path_traversal_dots.csv.zip": ("name", "../../upap.csv"),
    "19-path_traversal_absolute.csv.zip": ("name", "/etc/upap.csv"),
    "19-path_traversal_backslash.csv.zip": ("name", "..\\upap.csv"),
    "20-zip_without_root_table.csv.zip": ("no_root", ""),
    "21-zip_nested.zip": ("nested", ""),
    "22-symlink_outside.csv": ("link", ""),
    "36-limesurvey_code_short.csv": ("header", ""),
    "46-quote_opens_a_cell.csv": ("quote", "3"),
    "46-quotes_pair_up.csv": ("quote", "3"),
    "46-quotes_pair_up_in_the_next_row.csv": ("quote", "3"),
    "104-legacy_biff.xls": ("xls", ""),
    "104-opendocument.ods": ("ods", ""),
}  # fmt: skip


@pytest.mark.parametrize("key", REFUSED)
def test_a_file_is_refused_by_itself_and_says_why(receive, key):
    outcome = receive(key)
    reason, observed = REFUSED[key]
    assert (describe(outcome.issues), outcome.counting) == ([Want(f"V20.{reason}", observed=observed)], "")
    assert [(found.severity, found.source_file) for found in outcome.issues] == [("refused", name_of(key))]


@pytest.mark.slow
def test_all_refused_files_together_are_one_issue_each_and_a_good_one_is_read(raw, receive):
    for key in REFUSED:
        put(raw, key, key)
    outcome = receive("90-good_base.csv")
    assert sorted((f.source_file, f.key) for f in outcome.issues) == sorted(
        (key, f"V20.{reason}") for key, (reason, _) in REFUSED.items()
    )
    assert outcome.counting == ALL


@pytest.mark.slow
def test_a_quarter_with_nothing_usable_ends_in_issues_and_empty_tables(raw, receive):
    for key in (*REFUSED, "9-wrong_quarter_inside.csv", "25-country_unknown.csv", "37-header_only.csv"):
        put(raw, key, key)
    found = receive("105-~$good_base.xlsx").tables()
    assert not found["returns"]["counts"].any()
    assert (len(found["answers"]), len(found["items"])) == (0, 0)
    assert set(REFUSED) <= set(found["issues"]["source_file"])


READ_APART = """
import json, resource, sys, tracemalloc
from datetime import date
from helpers.ingest import read_returns, registers, rules
from helpers.plan import questionnaire, read_plan
resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 3 << 29))
tracemalloc.start()
form, found = questionnaire.read_form(), read_returns(sys.argv[1:])
checked = rules.check_received(found, registers.read_registers(), read_plan(), form, date(2024, 11, 14))
megabytes = tracemalloc.get_traced_memory()[1] / 1e6
sizes = [len(one.answers["comment"].value) for one in checked.returns]
print(json.dumps([[found.rule for found in checked.issues], sizes, megabytes]))
"""
HEAVY = {
    **{key: (["V20"], []) for key in REFUSED if number_of(key) in (15, 16, 17, 18)},
    "23-endless_list.csv": (["V19"] * 1_000, []),
    "85-very_long_text.csv": (["TEXT_TOO_LONG"] * 2, [len(comment) for comment in written.LONG]),
}


@pytest.mark.slow
@pytest.mark.parametrize("key", HEAVY)
def test_a_bomb_or_an_endless_input_neither_fills_the_memory_nor_runs_on(raw, key):
    put(raw, key)
    command, alone = [sys.executable, "-c", READ_APART, QUARTER], {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=alone, capture_output=True, text=True, timeout=120, check=True)
    rules, sizes, megabytes = json.loads(done.stdout)
    assert (rules, sizes) == HEAVY[key]
    assert megabytes < 200


# --- files that are read: all their issues --------------------------------------------------------------

CODES, COUNTS, DATED = "services_efinance", "offices_connected", "roadmap_adopted_on"
UNANSWERED = ("", "O")
FRENCH = ("Sénégal", "Kenya", "Égypte", "Maroc", "Nigéria", "Ghana")
SILENT = (
    "90-good_base.csv", "91-good_base.xlsx", "92-one_row.csv", "97-utf8_bom.csv", "98-cr_only.csv",
    "100-date_1904.xlsx", "101-trailing_blank_area.xlsx", "102-numbers_stored_as_text.xlsx", "103-sheet_protected.xlsx",
)  # fmt: skip
DELIMITED = {"93-semicolon.csv": ";", "94-tab_named_csv.csv": "\\t", "95-pipe.csv": "|", "96-sep_hint_line.csv": ";"}

WANTED: Mapping[str, list[Want]] = {
    "6-duplicate_columns_conflict.csv": [
        Want("V20.duplicate", row["member"], observed=f"{row['offices_total']} | {100 + n}")
        for n, row in enumerate(BASE)
    ],
    "9-wrong_quarter_inside.csv": each("V02.other", "", ["2024Q2"] * 6),
    "24-ragged_short_row.csv": [Want("V20.short", "EGY", observed="5")],
    "25-country_unknown.csv": [
        Want("V01.unknown", observed="Wakanda", row="2"), Want("V01.unknown", observed="France", row="3"),
        Want("V01.unknown", observed="UPAP", row="4"), Want("V01.unknown", observed="Sénégall", row="5"),
        Want("V01.ambiguous", observed="Congo", row="6"), Want("V01.ambiguous", observed="NA", row="7"),
        Want("V01.unknown", observed="Kenyaa", row="8"), Want("V01.blank", row="9"),
        Want("V01.non_member", "RWA", observed="RWA", row="10"),
    ],
    "26-duplicate_conflict_same_date.csv": [Want("V19", "SEN"), Want("V19", "SEN", row="8")],
    "27-quarter_bad.csv": [
        *each("V02.unreadable", "", written.BAD_QUARTERS, "SEN KEN EGY"), Want("V02.blank", "MAR"),
        *each("V02.other", "", written.BAD_QUARTERS, "NGA GHA"),
    ],
    "28-negative_numbers.csv": [
        *numbers("SEN", staff_women="-3"), *numbers("KEN", training_sessions="-12"),
        *numbers("EGY", trained_women="(2)"),
    ],
    "29-connected_gt_total.csv": [Want("V04", "GHA", COUNTS, "999")],
    "30-totals_do_not_match.csv": [
        Want("V04", "SEN", "staff_women", "1801"), Want("V10.sum", "KEN", "trained_women", "61"),
    ],
    "31-numbers_with_text.csv": each("V03.number", "offices_total", written.WORDY),
    "32-non_ascii_digits.csv": [
        *read_as("NUM_DIGITS", "KEN", offices_total="٦٢٣"), *read_as("NUM_DIGITS", "EGY", offices_total="۴۴۱۲"),
        *each("V03.number", "offices_total", written.DIGITS, "MAR GHA"),
    ],
    "33-scientific_inf_nan.csv": each("V03.number", "offices_total", written.ENDLESS),
    "34-fractional_counts.csv": [
        *read_as("NUM_NORMALISED", "KEN", offices_total="623.0"), *numbers("SEN", training_sessions="1.5"),
        *numbers("GHA", trained_upskilling="60.00000001"),
    ],
    "35-select_multiple_forms.csv": each("V07.choice", CODES, written.MANY),
    "37-header_only.csv": [note("FILE_NO_ROWS")],
    "38-utf16le_bom.csv": [note("ENC_UTF16"), note("DELIMITER", "\\t")],
    "39-utf16be_nobom.csv": [note("ENC_UTF16_NOBOM")],
    "40-cp1252.csv": [note("ENC_CP1252"), Want("COUNTRY_NORMALISED", "SEN", observed="Sénégal")],
    "41-cp1256_arabic.csv": [note("ENC_CP1256"), Want("COUNTRY_NORMALISED", "EGY", observed="مصر")],
    "42-mojibake.csv": [Want("V01.unknown", observed="SÃ©nÃ©gal", row="2")],
    "43-nul_bytes.csv": [note("NUL_BYTES", "3")],
    "44-invalid_utf8_tail.csv": [note("ENC_INVALID_BYTES", "2")],
    "45-ragged_extra_cells.csv": [
        Want("V20.long", "KEN", observed=str(WIDE + 2)), Want("V20.long", "GHA", observed=str(WIDE + 1)),
    ],
    "46-quote_inside_a_cell.csv": [],
    "47-header_case_space.csv": [
        note("HEADER_NORMALISED", text) for text in ("MEMBER", " Offices_Total ", "Submitted_On")
    ],
    "48-header_french_labels.csv": [note("HEADER_LABEL_MAPPED", text) for text in labels(*written.LABELLED).values()],
    "49-header_nfd.csv": [
        note("HEADER_LABEL_MAPPED", normalize("NFD", text)) for text in labels(*written.LABELLED).values()
    ],
    "50-duplicate_columns_same.csv": [note("HEADER_DUPLICATE_SAME", "offices_total")],
    "51-unknown_question_codes.csv": [
        note("COLUMN_UNKNOWN.filled", "offices_conected"), note("COLUMN_UNKNOWN.filled", "couleur"),
    ],
    "52-missing_question_columns.csv": [note("COLUMN_MISSING", "offices_connected, training_sessions")],
    "53-form_version_drift.csv": [
        note("COLUMN_MISSING", "offices_connected, training_sessions"),
        note("COLUMN_UNKNOWN.filled", "bureaux_internet"), note("COLUMN_UNKNOWN.filled", "sessions_tenues"),
    ],
    "54-country_variants.csv": [
        *(Want("COUNTRY_NORMALISED", member, observed=name, row=str(row))
          for row, (name, member) in enumerate((written.NAMED | written.NO_MEMBERS).items(), start=2)),
        *(Want("V01.non_member", state, observed=name, row=str(row))
          for row, (name, state) in enumerate(written.NO_MEMBERS.items(), start=12)),
    ],
    "55-invisible_chars_in_key.csv": [
        note("HEADER_NORMALISED", "offices_\u200btotal"), Want("TEXT_INVISIBLE_STRIPPED", "SEN", "member"),
        Want("TEXT_INVISIBLE_STRIPPED", "KEN", "member"), Want("TEXT_INVISIBLE_STRIPPED", "MAR", "quarter"),
        Want("TEXT_INVISIBLE_STRIPPED", "NGA", "quarter"),
    ],
    "56-total_row_footnotes.csv": [
        note("ROW_NOT_DATA", "TOTAL", row="8"), note("ROW_NOT_DATA", "Source : directions", row="10"),
    ],
    "57-duplicate_exact.csv": [Want("DUPLICATE", "KEN", row="8")],
    "58-duplicate_revised.csv": [Want("RECEIPT_AFTER_FILE", "SEN", observed="2024-10-19", row="8")],
    "59-quarter_spellings.csv": [
        Want("QUARTER_NORMALISED" if row < 6 else "V02.unreadable", member, observed=text, row=str(row))
        for row, (member, text) in enumerate(written.SPELLED.items(), start=2) if text.strip() != QUARTER
    ],
    "60-decimal_comma.csv": [
        note("DELIMITER", ";"), *numbers("SEN", offices_connected="87,4"), *numbers("KEN", trained_women="39,5"),
    ],
    "61-thousands_separators.csv": [
        *(f for member in ("EGY", "KEN", "MAR") for f in read_as("NUM_THOUSANDS", member, **written.GROUPED[member])),
        *(f for member in ("NGA", "GHA") for f in numbers(member, **written.GROUPED[member])),
    ],
    "62-thousands_ambiguous.csv": [
        *read_as("NUM_AMBIGUOUS_SEP", "EGY", offices_total="4,412", staff_total="50.000"),
        *read_as("NUM_AMBIGUOUS_SEP", "MAR", offices_total="1.200"),
    ],
    "63-missing_tokens.csv": [
        *numbers("KEN", **written.NO_TOKENS),
        *read_as("NUM_MISSING_TOKEN", "SEN", trained_reskilling="néant", trained_capacity_building="nil"),
    ],
    "64-percentages.csv": each("V03.number", COUNTS, written.SHARES, "SEN KEN EGY MAR NGA"),
    "65-outlier_jump.csv": [],
    "66-all_missing_country.csv": [Want("V21", "MOZ", row="8")],
    "67-dates_mixed_answers.csv": each("V03.date", DATED, written.DATES, "SEN KEN EGY NGA GHA"),
    "67-dates_mixed_receipt.csv": each("DATE_INVALID", "", written.DAYS, "SEN KEN EGY NGA GHA"),
    "68-dates_bad_answers.csv": [
        *each("V03.date", DATED, written.BAD_DATES, "SEN KEN MAR NGA"), Want("V14.late", "EGY", DATED, "2062-10-10"),
    ],
    "68-dates_bad_receipt.csv": [
        *each("DATE_INVALID", "", written.BAD_DATES, "SEN KEN MAR NGA"),
        Want("RECEIPT_AFTER_FILE", "EGY", observed="2062-10-10"), Want("V02.early", "GHA", observed="2019-10-10"),
    ],
    "69-excel_serial_dates.xlsx": [
        Want("V03.date", "SEN", DATED, "45385"), Want("DATE_INVALID", "SEN", observed="45575"),
    ],
    "70-title_rows_above_header.xlsx": [note("HEADER_ROW_OFFSET", row="6")],
    "71-merged_two_level_header.xlsx": [note("HEADER_ROW_OFFSET", row="2")],
    "72-two_data_sheets.xlsx": [
        note("SHEET_NAME", "T2 2024"),
        *(Want("V02.other", member, observed="2024Q2", sheet="T2 2024") for member in MEMBERS),
    ],
    "73-hidden_row_column.xlsx": [note("SHEET_HIDDEN_ROWS", "G:G, 3:3", sheet="returns")],
    "74-formulas_without_stored_values.xlsx": each("V03.number", COUNTS, ["=C2-1"] * 6),
    "75-formula_errors.xlsx": [
        *numbers("SEN", offices_connected="#DIV/0!"), *numbers("KEN", staff_women="#REF!"),
        Want("V07.choice", "EGY", "cloud_use", "#N/A"), Want("V07.choice", "NGA", CODES, "#N/A"),
        Want("FORMULA_ERROR", "MAR", "comment", "#VALUE!"),
    ],
    "76-transposed_form.xlsx": [note("LAYOUT_VERTICAL", sheet="Questionnaire")],
    "76-transposed_form_with_faults.xlsx": [
        note("LAYOUT_VERTICAL", sheet="Questionnaire"),
        Want("V04", "SEN", COUNTS, "136", str(4 + [*questions()].index(COUNTS)), "Questionnaire"),
        Want("CHOICE_LABEL", "SEN", CODES, "Portefeuille mobile; Paiement de factures",
             str(4 + [*questions()].index(CODES)), "Questionnaire"),
    ],
    "77-one_sheet_per_country.xlsx": [note("LAYOUT_VERTICAL", sheet=member) for member in ("SEN", "KEN", "EGY")],
    "78-cell_comments.xlsx": [
        note("ROW_NOT_DATA", "to be checked with the regions", row="10"),
        note("CELL_COMMENT", "D3: Figure to be confirmed", row="3"),
    ],
    "79-csv_named_xlsx.xlsx": [note("FILE_EXT_MISMATCH", ".xlsx")],
    "80-xlsx_named_csv.csv": [note("FILE_EXT_MISMATCH", ".csv")],
    "81-macro_enabled.xlsm": [note("FILE_MACROS")],
    "82-csv_formula_injection.csv": each("TEXT_FORMULA", "comment", written.FORMULAS),
    "83-html_in_comment.csv": each("TEXT_MARKUP", "comment", written.MARKUP, "SEN KEN EGY"),
    "84-typst_latex_markdown_injection.csv": each("TEXT_MARKUP", "comment", written.SYNTAX, "SEN KEN EGY MAR NGA"),
    "86-emoji_rtl_controls.csv": each("TEXT_CONTROL", "comment", written.CONTROLS.values(), "EGY MAR NGA"),
    "87-pii_in_comments.csv": each(
        "TEXT_PII", "comment", ["Appeler […]", "écrire à […@…]", "[…] (bureau)", "", "", ""], "SEN KEN EGY"
    ),
    "88-google_forms_fr.csv": [
        note("SOURCE_GOOGLE_FORMS"), *each("COUNTRY_NORMALISED", "", FRENCH),
        *(Want("QUARTER_FROM_FOLDER", member, rule="SOURCE_GOOGLE_FORMS") for member in MEMBERS),
    ],
    "89-ms_forms_fr.xlsx": [
        note("SOURCE_MS_FORMS", sheet="Form1"),
        *(Want("COUNTRY_NORMALISED", m, observed=name, sheet="Form1") for m, name in zip(MEMBERS, FRENCH, strict=True)),
    ],
    **{key: [note("DELIMITER", mark)] for key, mark in DELIMITED.items()}, **{key: [] for key in SILENT},
    "99-newlines_in_cell.csv": numbers("GHA", training_sessions="cinq"),
    "99-newlines_in_narrow_csv.csv": [
        note("COLUMN_MISSING", ", ".join(name for name in questions() if name not in written.NARROW)),
    ],
    "105-~$good_base.xlsx": [note("FILE_LOCK")],
    "106-upload.csv.part": [note("FILE_PARTIAL")],
}  # fmt: skip

# The members whose return counts, where they are not all six.
COUNTING = {
    "9-wrong_quarter_inside.csv": "", "24-ragged_short_row.csv": "SEN KEN MAR NGA GHA", "25-country_unknown.csv": "",
    "26-duplicate_conflict_same_date.csv": "KEN EGY MAR NGA GHA", "27-quarter_bad.csv": "", "37-header_only.csv": "",
    "42-mojibake.csv": "KEN EGY MAR NGA GHA", "45-ragged_extra_cells.csv": "SEN EGY MAR NGA",
    "6-duplicate_columns_conflict.csv": "", "54-country_variants.csv": " ".join(written.NAMED.values()),
    "59-quarter_spellings.csv": "SEN KEN EGY MAR NGA", "68-dates_bad_receipt.csv": "SEN KEN MAR NGA",
    "76-transposed_form.xlsx": "SEN", "76-transposed_form_with_faults.xlsx": "SEN",
    "77-one_sheet_per_country.xlsx": "SEN KEN EGY", "92-one_row.csv": "SEN", "105-~$good_base.xlsx": "",
    "106-upload.csv.part": "",
}  # fmt: skip


@pytest.mark.parametrize("key", WANTED)
def test_what_counts_and_all_issues(receive, key):
    outcome = receive(key)
    assert describe(outcome.issues) == expected(key, WANTED[key])
    assert outcome.counting == COUNTING.get(key, ALL)
    answers = outcome.answers()
    withdrawn = [(f.member, f.question) for f in outcome.issues if f.severity == "withdrawn"]
    assert {answers[place] for place in withdrawn} <= {UNANSWERED}
    assert {found.source_file for found in outcome.issues} <= {name_of(key)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "rows"),
    [("23-many_duplicate_keys.xlsx", {"V19": 305}), ("23-many_identical_rows.xlsx", {"DUPLICATE": 299})],
)
def test_23_many_rows_of_one_member_and_day_conflict_or_repeat_one_another(receive, key, rows):
    outcome = receive(key)
    assert Counter(found.rule for found in outcome.issues) == rows
    assert outcome.counting == ("" if "V19" in rows else ALL)


def test_every_row_of_the_catalogue_has_an_input_and_every_input_an_expectation():
    assert {number_of(key) for key in CATALOGUE} == set(range(1, 107))
    tested = {*REFUSED, *WANTED, *HEAVY, *(key for key in CATALOGUE if number_of(key) == 23)}
    assert tested == set(CATALOGUE)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("4-mixed_delimiters.csv", ["','", "';'", "2"]), ("5-unclosed_quote.csv", ["2"]),
        ("6-duplicate_columns_conflict.csv", ["offices_total"]), ("7-missing_key_column.csv", ["member"]),
        ("8-no_header.csv", [str(len(read_form().questions))]), ("10-data_in_hidden_sheet.xlsx", ["réponses"]),
        ("14-html_named_xls.xls", ["HTML", ".xlsx"]), ("17-xxe.xlsx", ["DTD"]), ("104-legacy_biff.xls", [".xlsx"]),
        ("24-ragged_short_row.csv", ["5", str(WIDE)]),
        ("25-country_unknown.csv", ["SEN", "KEN", "COD / COG", "NAM", "RWA"]), ("42-mojibake.csv", ["SEN"]),
        ("26-duplicate_conflict_same_date.csv", ["offices_connected", ":2", ":8"]),
        ("29-connected_gt_total.csv", ["offices_total", "360"]),
        ("51-unknown_question_codes.csv", ["offices_connected"]), ("72-two_data_sheets.xlsx", ["T2 2024", "2024Q2"]),
    ],
)  # fmt: skip
def test_the_messages_hold_what_helps(receive, key, words):
    issues = receive(key).issues
    for message in (" ".join(f.message_fr for f in issues), " ".join(f.message_en for f in issues)):
        assert [word for word in words if word not in message] == []


# --- their answers ---------------------------------------------------------------------------------------

SAME = [
    *SILENT, *DELIMITED, "38-utf16le_bom.csv", "39-utf16be_nobom.csv", "40-cp1252.csv", "43-nul_bytes.csv",
    "47-header_case_space.csv", "48-header_french_labels.csv", "49-header_nfd.csv",
    "50-duplicate_columns_same.csv", "51-unknown_question_codes.csv", "55-invisible_chars_in_key.csv",
    "56-total_row_footnotes.csv", "57-duplicate_exact.csv", "62-thousands_ambiguous.csv",
    "70-title_rows_above_header.xlsx", "71-merged_two_level_header.xlsx", "72-two_data_sheets.xlsx",
    "73-hidden_row_column.xlsx", "76-transposed_form.xlsx", "77-one_sheet_per_country.xlsx", "78-cell_comments.xlsx",
    "79-csv_named_xlsx.xlsx", "80-xlsx_named_csv.csv", "81-macro_enabled.xlsm", "88-google_forms_fr.csv",
    "89-ms_forms_fr.xlsx",
]  # fmt: skip


@pytest.mark.parametrize("key", SAME)
def test_the_answers_are_those_of_the_reference(receive, key):
    outcome = receive(key)
    counting = COUNTING.get(key, ALL).split()
    given = {(row["member"], name): str(row[name]) for row in BASE for name in ASKED if row["member"] in counting}
    assert {place: value for place, (value, _) in outcome.answers().items() if value} == given
    days = {row["member"]: row["submitted_on"] for row in BASE if row["member"] in counting}
    assert {e.member: e.received.received_on for e in outcome.checked.ledger if e.counts} == days


def comments(texts: Iterable[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the six members' comments as they are kept."""
    return {(member, "comment"): (text, "A") for member, text in zip(MEMBERS, texts, strict=True)}


ANSWERS: Mapping[str, Mapping[tuple[str, str], tuple[str, str]]] = {
    "29-connected_gt_total.csv": {("GHA", "offices_total"): ("360", "A")},
    "30-totals_do_not_match.csv": {("SEN", "staff_total"): ("1800", "A"), ("KEN", "trained_women"): ("61", "U")},
    "32-non_ascii_digits.csv": {("KEN", "offices_total"): ("623", "A"), ("EGY", "offices_total"): ("4412", "A")},
    "34-fractional_counts.csv": {("KEN", "offices_total"): ("623", "A")},
    "41-cp1256_arabic.csv": {("EGY", "comment"): ("مع الشكر", "A")},
    "42-mojibake.csv": {("KEN", "comment"): ("DonnÃ©es relues", "A")},
    "44-invalid_utf8_tail.csv": {("KEN", "comment"): ("Thank you \ufffd\ufffd", "A")},
    "46-quote_inside_a_cell.csv": {("KEN", "comment"): ('Screens of 15" needed', "A")},
    "52-missing_question_columns.csv": {("SEN", COUNTS): UNANSWERED, ("SEN", "training_sessions"): UNANSWERED},
    "53-form_version_drift.csv": {("SEN", COUNTS): UNANSWERED, ("SEN", "training_sessions"): UNANSWERED},
    "58-duplicate_revised.csv": {("SEN", COUNTS): ("95", "A")},
    "61-thousands_separators.csv": {
        ("EGY", "offices_total"): ("4412", "A"), ("EGY", "staff_total"): ("50000", "A"),
        ("KEN", "staff_total"): ("3000", "A"), ("MAR", "staff_total"): ("8000", "A"),
        ("MAR", "offices_total"): ("1200", "A"),
    },
    "63-missing_tokens.csv": {("SEN", name): (value, state) for name, (_, value, state) in written.TOKENS.items()},
    "64-percentages.csv": {("GHA", COUNTS): ("1", "A")},
    "67-dates_mixed_answers.csv": {("MAR", DATED): ("2024-04-03", "A")},
    "68-dates_bad_answers.csv": {("EGY", DATED): ("2062-10-10", "U"), ("GHA", DATED): ("2019-10-10", "A")},
    "75-formula_errors.xlsx": {("MAR", "comment"): UNANSWERED},
    "76-transposed_form_with_faults.xlsx": {("SEN", CODES): ("mobile_wallet bill_payment", "A")},
    "82-csv_formula_injection.csv": comments(written.FORMULAS),
    "83-html_in_comment.csv": comments(written.MARKUP),
    "84-typst_latex_markdown_injection.csv": comments(written.SYNTAX),
    "86-emoji_rtl_controls.csv": comments(written.CONTROLS.values()),
    "99-newlines_in_cell.csv": {("SEN", "comment"): (written.SPREAD.replace("\r\n", "\n"), "A")},
    "99-newlines_in_narrow_csv.csv": {("SEN", "comment"): (written.SENTENCE, "A")},
}  # fmt: skip


@pytest.mark.parametrize("key", ANSWERS)
def test_what_remains_of_an_awkward_answer(receive, key):
    answers = receive(key).answers()
    assert {place: answers[place] for place in ANSWERS[key]} == ANSWERS[key]


@pytest.mark.parametrize(
    "key", ["67-dates_mixed_receipt.csv", "68-dates_bad_receipt.csv", "69-excel_serial_dates.xlsx"]
)
def test_where_a_date_of_receipt_cannot_be_read_the_manifests_holds(receive, key):
    outcome = receive(key)
    unread = {found.member for found in outcome.issues if found.rule == "DATE_INVALID"}
    days = {e.member: e.received.received_on.isoformat() for e in outcome.checked.ledger if e.member in unread}
    assert (len(days) > 0, days) == (True, dict.fromkeys(unread, RECEIVED))


def test_65_a_jump_is_questioned_and_never_altered(raw, plan, form):
    before = [row | {"quarter": "2024Q2", "submitted_on": row["submitted_on"] - timedelta(days=92)} for row in BASE]
    raw.add("2024Q2", "before.csv", csv_of(before), "2024-07-16")
    put(raw, "65-outlier_jump.csv")
    checked = rules.check_received(read_returns(["2024Q2", QUARTER]), read_registers(), plan, form, AS_OF)
    warned = {(found.rule, found.severity, found.member, found.question) for found in checked.issues}
    assert warned == {
        ("V08", "warning", "SEN", COUNTS), ("V09", "warning", "SEN", COUNTS),
        ("V18", "warning", "EGY", "trained_upskilling"),
    }  # fmt: skip
    assert Outcome(checked, form).answers()["SEN", COUNTS] == ("1", "U")


def test_82_a_text_like_a_formula_is_written_as_text(receive, tmp_path):
    found = receive("82-csv_formula_injection.csv").tables()
    schema.write_table("issues", found["issues"], tmp_path)
    published = (tmp_path / "issues.csv").read_text(encoding="utf-8")
    assert not re.search(r'(^|,)"?[=+@\t]', published)
    back = schema.read_table("issues", tmp_path)
    assert set(back["observed"]) == set(written.FORMULAS)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["87-pii_in_comments.csv", "88-google_forms_fr.csv"])
def test_personal_data_is_in_no_table(receive, key):
    published = " ".join(rows.to_csv() for rows in receive(key).tables().values())
    for part in (*written.PERSONAL[:3], "focal.point", "example.org", "000 00", "00 00 00"):
        assert part not in published


# --- what no file can show --------------------------------------------------------------------------------------


def place(raw: Raw, name: str = "mail.csv", content: bytes = b"") -> Path:
    """Put a file that nobody listed where returns arrive."""
    path = raw.folder(QUARTER) / name
    path.write_bytes(content or csv_of())
    return path


def test_a_file_that_is_being_written_is_not_read_and_a_complete_one_is(raw, receive, monkeypatch):
    monkeypatch.setattr(received, "SETTLED_AFTER", 60.0)
    place(raw, "settled.csv", csv_of(BASE[:1]))
    growing = place(raw, "growing.csv", csv_of(BASE[:2]))
    monkeypatch.setattr(time, "sleep", lambda seconds: growing.write_bytes(csv_of(BASE[:4])))
    outcome = receive()
    assert describe(outcome.issues) == [note("FILE_CHANGING")]
    assert (outcome.issues[0].source_file, outcome.counting) == ("growing.csv", "SEN")
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert "FILE_CHANGING" not in {issue.rule for issue in receive().issues}
    assert len(receive().counting.split()) > 1


def test_a_file_that_bears_a_time_to_come_is_read_at_once(raw, receive, monkeypatch):
    path, ahead = place(raw), time.time() + 86_400
    os.utime(path, (ahead, ahead))
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("waited for a time to come"))
    assert (describe(receive().issues), receive().counting) == ([], ALL)


def test_a_file_that_was_changed_after_it_was_listed_is_refused(raw, receive):
    raw.add(QUARTER, "mail.csv", csv_of(), RECEIVED, sha256="0" * 64)
    (refusal,) = receive().issues
    assert (refusal.key, refusal.rule, receive().counting) == ("V20.tampered", "V20", "")


def test_a_file_over_20_mb_is_refused(raw, receive):
    raw.add(QUARTER, "mail.csv", csv_of() + b"\n" * 20_000_000, RECEIVED)
    assert describe(receive().issues) == [note("V20.large", str(len(csv_of()) + 20_000_000))]


def test_a_folder_that_cannot_be_written_to_is_read(raw, receive):
    folder = put(raw, "90-good_base.csv").parent
    folder.chmod(0o555)
    try:
        assert (describe(receive().issues), receive().counting) == ([], ALL)
    finally:
        folder.chmod(0o755)


# --- the table of inputs ----------------------------------------------------------------------------------------


def test_the_page_on_inputs_has_every_row_of_the_catalogue_on_one_line():
    page = (ROOT / "docs" / "inputs.md").read_text(encoding="utf-8")
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in page.splitlines() if re.match(r"\| *\d", line)]
    assert [int(cells[0]) for cells in rows] == list(range(1, 107))
    assert all(len(cells) == 4 and cells[1].strip() and cells[2].strip() for cells in rows)


def test_the_page_on_inputs_names_the_codes_of_the_issues():
    page = (ROOT / "docs" / "inputs.md").read_text(encoding="utf-8")
    lines = {int(m[1]): line for line in page.splitlines() if (m := re.match(r"\| *(\d+)", line))}
    silent = {"COUNTRY_NORMALISED", "HEADER_NORMALISED", "COLUMN_MISSING", "DELIMITER", "SHEET_NAME"}
    for key, issues in WANTED.items():
        rules = {found.rule or found.key.partition(".")[0] for found in issues} - silent
        assert {rule for rule in rules if rule not in lines[number_of(key)]} == set(), key
    assert all("V20" in lines[number_of(key)] for key in REFUSED)
