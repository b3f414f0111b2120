"""The bad and awkward text files of formats.md, section 4, and the six returns that stand in all of them.

A writer of the bytes of each file, keyed by its row of the catalogue and its name.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache

from conftest import PLAN
from exports import Table, labelled, text
from helpers.plan.questionnaire import Question, read_form

Row = dict[str, object]
Writers = dict[str, Callable[[], bytes]]

QUARTER, RECEIVED = "2024Q3", "2024-10-16"
MEMBERS = ("SEN", "KEN", "EGY", "MAR", "NGA", "GHA")
ASKED = (
    "offices_total", "staff_total", "staff_women", "offices_electrified", "offices_connected", "services_efinance",
    "trained_upskilling", "trained_women", "trained_cumulative", "training_sessions", "comment",
)  # fmt: skip
# Close to the reference figures of members.csv, so that no rule of the methodology has anything to say.
FIGURES = (
    (135, 1800, 620, 130, 92, "mobile_wallet bill_payment", 40, 18, 410, 4, "Données consolidées"),
    (623, 3000, 1240, 604, 510, "mobile_wallet", 85, 40, 900, 6, "Thank you"),
    (4412, 50000, 14300, 4390, 3950, "online_account", 1200, 380, 9100, 31, "Merci"),
    (1200, 8000, 2700, 1190, 870, "mobile_wallet micro_insurance", 210, 96, 2050, 12, "Chiffres relus"),
    (955, 12000, 4900, 801, 402, "none", 330, 150, 1700, 9, "Figures of the last day"),
    (360, 2000, 830, 322, 197, "domestic_transfer bill_payment", 61, 30, 510, 5, "Merci"),
)
BASE: tuple[Row, ...] = tuple(
    {"member": member, "quarter": QUARTER, "submitted_on": date(2024, 10, 10) + timedelta(days=n)}
    | dict(zip(ASKED, figures, strict=True))
    for n, (member, figures) in enumerate(zip(MEMBERS, FIGURES, strict=True))
)
SMALL: Row = {"quarter": QUARTER, "submitted_on": "2024-10-10", "trained_upskilling": 5, "training_sessions": 1}


# --- tables -----------------------------------------------------------------------------------------------------


@cache
def questions() -> dict[str, Question]:
    """Return the questions that the files ask: all that make a return one, its key columns and the comment."""
    form = read_form(PLAN / "questionnaire")
    return {name: form.by_name[name] for name in ("member", "quarter", *form.substantive, "comment")}


@cache
def columns() -> tuple[str, ...]:
    """Return the header of a file that lacks nothing."""
    return (*questions(), "submitted_on")


def edited(**edits: Row) -> list[Row]:
    """Return the six returns, some answers of some members replaced."""
    return [row | edits.get(str(row["member"]), {}) for row in BASE]


def each(question: str, values: Sequence[object]) -> list[Row]:
    """Return the six returns with one answer of each replaced, in their order."""
    return [row | {question: value} for row, value in zip(BASE, values, strict=True)]


def table_of(returns: Sequence[Row] = BASE, header: Sequence[str] = ()) -> Table:
    """Return a header, the whole one unless another is given, and the returns under it."""
    header = header or columns()
    return [list(header), *([row.get(name) for name in header] for row in returns)]


def csv_of(returns: Sequence[Row] = BASE, header: Sequence[str] = (), **how: str) -> bytes:
    """Return returns as plain CSV: UTF-8, commas and line feeds unless told otherwise."""
    return text(table_of(returns, header), **how)


def renamed(names: dict[str, str], returns: Sequence[Row] = BASE, header: Sequence[str] = ()) -> bytes:
    """Return a CSV with some headers written in another way."""
    head, *body = table_of(returns, header)
    return text([[names.get(str(name), name) for name in head], *body])


def labels(*names: str) -> dict[str, str]:
    """Return the French labels of questions by their names."""
    return {name: questions()[name].label["fr"] for name in names}


# --- what is written in them ------------------------------------------------------------------------------------

UNKNOWN = ("Wakanda", "France", "UPAP", "Sénégall", "Congo", "NA", "Kenyaa", "", "RWA")
BAD_QUARTERS = ("2024Q5", "Q3", "2024", "", "2019Q3", "2026Q1")
WORDY = ("135 bureaux", "environ 600", "4400-4500", ">1200", "955*", "360 (2023)")
DIGITS = ("135", "٦٢٣", "۴۴۱۲", "１２００", "955", "36l")
ENDLESS = ("1.35E2", "1E400", "inf", "NaN", "99999999999999999999", "-inf")
MANY = (
    "mobile_wallet,bill_payment", "mobile_wallet;bill_payment", "Portefeuille mobile", "mobile_wallet drones",
    "none mobile_wallet", "Mobile_Wallet",
)  # fmt: skip
SHARES = ("187 %", "0.819", "53,6 %", "0.959", "76%", "1")
DATES = ("03/04/2024", "04/13/2024", "3.4.2024", "2024-04-03T10:00:00+02:00", "3 avril 2024", "45385")
DAYS = ("03/10/2024", "10/13/2024", "3.10.2024", "2024-10-03T10:00:00+02:00", "3 octobre 2024", "45568")
BAD_DATES = ("2024-02-30", "0000-00-00", "2062-10-10", "1900-01-00", "hier", "2019-10-10")
SPREAD = 'Ligne 1\nligne 2 ; "citation", fin\r\n'
SENTENCE = "Bonjour,\nnous avons, en 2024, ouvert, équipé, et relié cinq bureaux."
NARROW = ("member", "quarter", "offices_total", "comment", "submitted_on")
NAMED = {
    "Cote d'Ivoire": "CIV", "RDC": "COD", "Swaziland": "SWZ", "مصر": "EGY", "Moçambique": "MOZ", "SN": "SEN",
    "kenya": "KEN", "NIGÉRIA": "NGA", "République  centrafricaine ": "CAF", "Chade": "TCD",
}  # fmt: skip
NO_MEMBERS = {"Cap-Vert": "CPV", "Guinea-Bissau": "GNB", "São Tomé e Príncipe": "STP"}
SPELLED = {
    "SEN": "2024Q3", "KEN": "2024-Q3", "EGY": "T3 2024", "MAR": "Q3 2024", "NGA": " 2024Q3 ", "GHA": "2024-T3",
    "TUN": "3e trimestre 2024", "DZA": "q3 2024", "ZAF": "T3-2024",
}  # fmt: skip
GROUPED = {
    "EGY": {"offices_total": "4 412", "staff_total": "50\u00a0000"}, "KEN": {"staff_total": "3\u202f000"},
    "MAR": {"staff_total": "8\u2009000", "offices_total": "1 200,0"}, "NGA": {"staff_total": "12'000"},
    "GHA": {"staff_total": "2’000"},
}  # fmt: skip
# What SEN writes is a token (with the value and the state that it stands for); what KEN writes is none.
TOKENS = {
    "staff_women": ("", "", "O"), "server_required": ("-", "", "O"), "server_working": ("...", "", "O"),
    "laptop_required": ("…", "", "O"), "laptop_working": ("NA", "", "M"), "printer_required": ("n.a.", "", "M"),
    "printer_working": ("Sans objet", "", "M"), "scanner_required": ("ND", "", "L"),
    "scanner_working": ("N.D.", "", "L"), "scale_required": ("non disponible", "", "L"),
    "scale_working": ("NG", "0", "N"), "offices_networked": ("négligeable", "0", "N"),
    "trained_reskilling": ("néant", "0", "A"), "trained_capacity_building": ("nil", "0", "A"),
}  # fmt: skip
NO_TOKENS = {
    "staff_women": "?", "server_required": "N/A", "server_working": "pas de données", "laptop_required": "null",
    "laptop_working": "neant", "printer_required": "--", "printer_working": "—", "scanner_required": "s.o.",
    "scanner_working": "negligeable", "scale_required": "non renseigné",
}  # fmt: skip
FORMULAS = ("=1+1", "+1+1", "@SUM(A1)", "-2+3", "\t=1+1", '=HYPERLINK("https://example.org","x")')
MARKUP = ("<script>alert(1)</script>", "a <b>bold</b> word", "<img src=x onerror=alert(1)>", *["Merci"] * 3)
SYNTAX = (
    '#read("/etc/hostname")', "\\input{/etc/hostname}", "[link](https://example.org)", "{{ 7*7 }}", "{% raw %}",
    "Merci",
)  # fmt: skip
LONG = ("x" * 200_000, "mot " * 9_000, *["Merci"] * 4)
# A text with what nobody sees, and the text that is kept of it.
CONTROLS = {
    "Merci 😀 👩‍💻": "Merci 😀 👩‍💻", "e\u0301le\u0300ve": "e\u0301le\u0300ve", "\u202eabc\u202c fin": "abc fin",
    "\x1b[31mrouge\x1b[0m": "rouge", "bip\x07 et \x08recul": "bip et recul", "مع الشكر": "مع الشكر",
}  # fmt: skip
PERSONAL = ("Appeler +000 00 000 00 00", "écrire à focal.point@example.org", "00 00 00 00 00 (bureau)", *["Merci"] * 3)


# --- files that take more than an edit --------------------------------------------------------------------------


def _duplicate_columns_conflict() -> bytes:
    head, *body = table_of()
    return text([[*head, "offices_total"], *([*row, 100 + n] for n, row in enumerate(body))])


def _limesurvey() -> bytes:
    """A BOM, every cell quoted, sub-questions in brackets, an incomplete row, a masked formula, a blank last line."""
    head = ["id", "submitdate", "lastpage", "startlanguage", "seed", "G01Q01", "G02Q02[SQ001]", "G02Q03[other]"]
    body = [[1, "2024-10-10 09:30:00", 3, "fr", 11, "A1", "Y", "'=1+1"], [2, "", 1, "fr", 12, "A2", "", ""],
            [3, "1980-01-01 00:00:00", 3, "en", 13, "A3", "", "x"]]  # fmt: skip
    lines = [",".join(f'"{cell}"' for cell in row) for row in (head, *body)]
    return ("\ufeff" + "\r\n".join([*lines, "", ""])).encode()


def _ragged_short_row() -> bytes:
    head, *body = table_of()
    return text([head, *body[:2], body[2][:5], *body[3:]])


def _ragged_extra_cells() -> bytes:
    head, *body = table_of()
    return text([head, body[0], [*body[1], "drones", 1], *body[2:5], [*body[5], "x"]])


def _total_row_footnotes() -> bytes:
    head, *body = table_of()
    blanks = [""] * len(head)
    return text([head, *body, ["TOTAL", "", 7685, *blanks[3:]], blanks, ["Source : directions", *blanks[1:]]])


def _google_forms_fr() -> bytes:
    """A form in French: labels, ticked boxes joined by a comma, an e-mail column, no question on the quarter."""
    asked = [question for name, question in questions().items() if name != "quarter"]
    table: Table = [["Horodateur", "Adresse e-mail", *(question.label["fr"] for question in asked)]]
    for row in BASE:
        answers = [labelled(question, row.get(question.name), "fr", ", ") for question in asked]
        table.append([f"{row['submitted_on']:%d/%m/%Y} 09:30:05", "focal.point@example.org", *answers])
    return text(table)


MIXED_KINDS = {"trained_capacity_building": 10, "trained_upskilling": 20, "trained_reskilling": 30, "trained_women": 61}
OLDER = {"offices_connected": "bureaux_internet", "training_sessions": "sessions_tenues"}
LABELLED = ("offices_total", "staff_women", "services_efinance", "offices_electrified")

TEXTS: Writers = {
    # Nothing, or only blanks; random bytes under a workbook's name.
    "1-empty.csv": lambda: b"",
    "2-only_blank_lines.csv": lambda: b"\r\n  \r\n\r\n",
    "3-binary_garbage.xlsx": lambda: random.Random(3).randbytes(4_000),
    # A header with commas over a body with semicolons; the same with commas within the body's cells.
    "4-mixed_delimiters.csv": lambda: csv_of([]) + text(table_of()[1:], ";"),
    "4-mixed_delimiters_and_commas.csv": lambda: (
        csv_of([]) + text(table_of(each("comment", ["Merci, à bientôt"] * 6))[1:], ";")
    ),
    # A quoted cell on line 2 that is never closed.
    "5-unclosed_quote.csv": lambda: csv_of().replace("Données".encode(), '"Données'.encode()),
    "6-duplicate_columns_conflict.csv": _duplicate_columns_conflict,
    "7-missing_key_column.csv": lambda: csv_of(header=columns()[1:]),
    "8-no_header.csv": lambda: text(table_of()[1:]),
    "9-wrong_quarter_inside.csv": lambda: csv_of([row | {"quarter": "2024Q2"} for row in BASE]),
    # What a web system calls .xls.
    "14-html_named_xls.xls": lambda: b"<html><table><tr><td>member</td><td>quarter</td></tr></table></html>",
    # A thousand rows of one member, all of one day and none like another.
    "23-endless_list.csv": lambda: csv_of([BASE[0] | {"staff_women": number} for number in range(1_000)]),
    # The third return is cut after five cells.
    "24-ragged_short_row.csv": _ragged_short_row,
    "25-country_unknown.csv": lambda: csv_of([BASE[0] | {"member": name} for name in UNKNOWN]),
    "26-duplicate_conflict_same_date.csv": lambda: csv_of([*BASE, BASE[0] | {"offices_connected": 93}]),
    "27-quarter_bad.csv": lambda: csv_of(each("quarter", BAD_QUARTERS)),
    "28-negative_numbers.csv": lambda: csv_of(
        edited(SEN={"staff_women": "-3"}, KEN={"training_sessions": "-12"}, EGY={"trained_women": "(2)"})
    ),
    "29-connected_gt_total.csv": lambda: csv_of(edited(GHA={"offices_connected": 999})),
    "30-totals_do_not_match.csv": lambda: csv_of(edited(SEN={"staff_women": 1801}, KEN=MIXED_KINDS)),
    "31-numbers_with_text.csv": lambda: csv_of(each("offices_total", WORDY)),
    "32-non_ascii_digits.csv": lambda: csv_of(each("offices_total", DIGITS)),
    "33-scientific_inf_nan.csv": lambda: csv_of(each("offices_total", ENDLESS)),
    "34-fractional_counts.csv": lambda: csv_of(
        edited(
            SEN={"training_sessions": "1.5"}, KEN={"offices_total": "623.0"}, GHA={"trained_upskilling": "60.00000001"}
        )
    ),
    "35-select_multiple_forms.csv": lambda: csv_of(each("services_efinance", MANY)),
    "36-limesurvey_code_short.csv": _limesurvey,
    "37-header_only.csv": lambda: csv_of([]),
    # A spreadsheet's "Unicode text"; UTF-16BE that does not say so; one byte a letter, for é and for Arabic.
    "38-utf16le_bom.csv": lambda: (
        "\ufeff".encode("utf-16-le") + csv_of(delimiter="\t", end="\r\n", encoding="utf-16-le")
    ),
    "39-utf16be_nobom.csv": lambda: csv_of(encoding="utf-16-be"),
    "40-cp1252.csv": lambda: csv_of(edited(SEN={"member": "Sénégal"}), encoding="cp1252"),
    "41-cp1256_arabic.csv": lambda: csv_of(
        edited(SEN={"comment": "Merci"}, EGY={"member": "مصر", "comment": "مع الشكر"}), encoding="cp1256"
    ),
    # UTF-8 that was read as Windows-1252 and saved again.
    "42-mojibake.csv": lambda: (
        csv_of(edited(SEN={"member": "Sénégal"}, KEN={"comment": "Données relues"})).decode("cp1252").encode()
    ),
    "43-nul_bytes.csv": lambda: csv_of().replace(b"Thank you", b"Thank\0 you") + b"\0\0",
    "44-invalid_utf8_tail.csv": lambda: csv_of().replace(b"Thank you", b"Thank you \xff\xfe"),
    "45-ragged_extra_cells.csv": _ragged_extra_cells,
    # A stray quote within a cell, at the start of one, and two that pair up over rows though they are strays.
    "46-quote_inside_a_cell.csv": lambda: csv_of().replace(b"Thank you", b'Screens of 15" needed'),
    "46-quote_opens_a_cell.csv": lambda: csv_of().replace(b"Thank you", b'"Thank you'),
    "46-quotes_pair_up.csv": lambda: csv_of().replace(b"Thank you", b'"Thank you').replace(b"Chiffres relus", b'15"'),
    "46-quotes_pair_up_in_the_next_row.csv": lambda: (
        csv_of().replace(b"Thank you", b'"Thank you').replace(b"Merci", b'15"', 1)
    ),
    "47-header_case_space.csv": lambda: renamed(
        {"member": "MEMBER", "offices_total": " Offices_Total ", "submitted_on": "Submitted_On"}
    ),
    # Labels instead of names; in decomposed letters too, as macOS writes them.
    "48-header_french_labels.csv": lambda: renamed(labels(*LABELLED)),
    "49-header_nfd.csv": lambda: renamed(
        {name: unicodedata.normalize("NFD", label) for name, label in labels(*LABELLED).items()}
    ),
    "50-duplicate_columns_same.csv": lambda: csv_of(header=(*columns(), "offices_total")),
    "51-unknown_question_codes.csv": lambda: csv_of(
        [row | {"offices_conected": 12, "couleur": "bleu"} for row in BASE], (*columns(), "offices_conected", "couleur")
    ),
    "52-missing_question_columns.csv": lambda: csv_of(header=[name for name in columns() if name not in OLDER]),
    "53-form_version_drift.csv": lambda: renamed(
        OLDER, [row | {"__version__": "2024070101"} for row in BASE], (*columns(), "__version__")
    ),
    "54-country_variants.csv": lambda: csv_of([SMALL | {"member": name} for name in (*NAMED, *NO_MEMBERS)]),
    # Zero-width and direction marks, and no-break blanks, around codes and within a header.
    "55-invisible_chars_in_key.csv": lambda: renamed(
        {"offices_total": "offices_\u200btotal"},
        edited(
            SEN={"member": "\u200bSEN"},
            KEN={"member": "KEN\u200e"},
            EGY={"member": "\u00a0EGY\u00a0"},
            MAR={"quarter": "\u200f2024Q3"},
            NGA={"quarter": "2024Q3\u2060"},
        ),
    ),
    "56-total_row_footnotes.csv": _total_row_footnotes,
    "57-duplicate_exact.csv": lambda: csv_of([*BASE, BASE[1]]),
    "58-duplicate_revised.csv": lambda: csv_of(
        [*BASE, BASE[0] | {"offices_connected": 95, "submitted_on": "2024-10-19"}]
    ),
    "59-quarter_spellings.csv": lambda: csv_of([SMALL | {"member": m, "quarter": q} for m, q in SPELLED.items()]),
    "60-decimal_comma.csv": lambda: csv_of(
        edited(SEN={"offices_connected": "87,4"}, KEN={"trained_women": "39,5"}), delimiter=";"
    ),
    "61-thousands_separators.csv": lambda: csv_of(edited(**GROUPED)),
    "62-thousands_ambiguous.csv": lambda: csv_of(
        edited(EGY={"offices_total": "4,412", "staff_total": "50.000"}, MAR={"offices_total": "1.200"})
    ),
    "63-missing_tokens.csv": lambda: csv_of(
        edited(SEN={name: token for name, (token, _, _) in TOKENS.items()}, KEN=NO_TOKENS)
    ),
    "64-percentages.csv": lambda: csv_of(each("offices_connected", SHARES)),
    "65-outlier_jump.csv": lambda: csv_of(
        edited(SEN={"offices_connected": 1}, EGY={"trained_upskilling": 12_000, "trained_cumulative": 20_000})
    ),
    "66-all_missing_country.csv": lambda: csv_of(
        [*BASE, {"member": "MOZ", "quarter": QUARTER, "submitted_on": "2024-10-16"}]
    ),
    "67-dates_mixed_answers.csv": lambda: csv_of(each("roadmap_adopted_on", DATES)),
    "67-dates_mixed_receipt.csv": lambda: csv_of(each("submitted_on", DAYS)),
    "68-dates_bad_answers.csv": lambda: csv_of(each("roadmap_adopted_on", BAD_DATES)),
    "68-dates_bad_receipt.csv": lambda: csv_of(each("submitted_on", BAD_DATES)),
    "79-csv_named_xlsx.xlsx": lambda: csv_of(),
    "82-csv_formula_injection.csv": lambda: csv_of(each("comment", FORMULAS)),
    "83-html_in_comment.csv": lambda: csv_of(each("comment", MARKUP)),
    "84-typst_latex_markdown_injection.csv": lambda: csv_of(each("comment", SYNTAX)),
    # A cell of 200 000 characters (the csv module's own limit is 131 072), and one of 9 000 words.
    "85-very_long_text.csv": lambda: csv_of(each("comment", LONG)),
    "86-emoji_rtl_controls.csv": lambda: csv_of(each("comment", [*CONTROLS])),
    "87-pii_in_comments.csv": lambda: csv_of(each("comment", PERSONAL)),
    "88-google_forms_fr.csv": _google_forms_fr,
    "90-good_base.csv": lambda: csv_of(),
    "92-one_row.csv": lambda: csv_of(BASE[:1]),
    "93-semicolon.csv": lambda: csv_of(delimiter=";", end="\r\n"),
    "94-tab_named_csv.csv": lambda: csv_of(delimiter="\t"),
    "95-pipe.csv": lambda: csv_of(delimiter="|"),
    "96-sep_hint_line.csv": lambda: b"sep=;\r\n" + csv_of(delimiter=";", end="\r\n"),
    "97-utf8_bom.csv": lambda: csv_of(encoding="utf-8-sig"),
    "98-cr_only.csv": lambda: csv_of(end="\r"),
    # Line breaks, quotes and delimiters within quoted cells; below them, a number that cannot be read.
    "99-newlines_in_cell.csv": lambda: csv_of(
        edited(SEN={"comment": SPREAD}, KEN={"comment": SPREAD}, GHA={"training_sessions": "cinq"})
    ),
    # As many commas on one line of a comment as the file has columns, less one.
    "99-newlines_in_narrow_csv.csv": lambda: csv_of(edited(SEN={"comment": SENTENCE}), NARROW),
    "106-upload.csv.part": lambda: csv_of(),
}
