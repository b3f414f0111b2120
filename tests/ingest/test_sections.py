"""A row that is a header again begins a table of its own; rows under one that is not understood are refused."""

from __future__ import annotations

import pytest

import exports
from helpers.ingest.quarter import read_quarter

Q, DAY = "2024Q3", "2024-10-10"
HEAD = ["member", "quarter", "submitted_on", "offices_total", "training_sessions", "cloud_use"]
ROWS = [["SEN", Q, DAY, 130, 9, "pilot"], ["KEN", Q, DAY, 600, 5, "none"]]
OTHER = ["member", "quarter", "submitted_on", "training_sessions", "offices_total", "cloud_use"]
MAR = ["MAR", Q, DAY, 7, 1800, "pilot"]


def read(raw, table, suffix):
    content = exports.text(table) if suffix == ".csv" else exports.workbook({"returns": table})
    raw.add(Q, f"a{suffix}", content, DAY)
    return read_quarter(Q)


def sessions(received) -> dict[str, str]:
    fine = [one for one in received.returns if not one.problems]
    return {one.member: one.answers["training_sessions"].value for one in fine}


def refused(received) -> list[tuple[str, str, str]]:
    found = [*received.issues, *(problem for one in received.returns for problem in one.problems)]
    return [(each.key, each.row, each.observed) for each in found if each.severity == "refused"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("language", ["", "fr", "en", "pt", "ar"])
def test_rows_are_read_under_the_header_above_them(raw, form, suffix, language):
    second = [form.by_name[name].label[language] if language and name in form.by_name else name for name in OTHER]
    received = read(raw, [HEAD, *ROWS, second, MAR], suffix)
    assert (sessions(received), refused(received)) == ({"SEN": "9", "KEN": "5", "MAR": "7"}, [])
    assert [found.row for found in received.issues if found.key == "HEADER_AGAIN"] == ["4"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize(
    "second",
    [
        ["pays", *OTHER[1:]], ["member", "trimestre", *OTHER[2:]],
        ["Pays", "Période", "Envoi", "Sessions", "Bureaux", "Nuage"],
    ],
)  # fmt: skip
def test_rows_under_a_header_that_is_not_understood_are_refused_up_to_the_next_one(raw, suffix, second):
    table = [HEAD, *ROWS, second, MAR, MAR, HEAD, ["GHA", Q, DAY, 350, 8, "none"]]
    received = read(raw, table, suffix)
    assert sessions(received) == {"SEN": "9", "KEN": "5", "GHA": "8"}
    assert refused(received) == [("V20.header_again", "4", "5-6")]


def test_the_same_header_again_is_a_note(raw, form):
    content = exports.kobo_csv().write(form, [{"member": "SEN", "quarter": Q, "submitted_on": DAY, "innovations": []}])
    head, row = content.split(b"\r\n")[:2]
    raw.add(Q, "a.csv", b"\r\n".join([head, row, head, row.replace(b"SEN", b"KEN"), b""]), DAY)
    received = read_quarter(Q)
    assert (len(received.returns), refused(received)) == (2, [])
    assert [found.row for found in received.issues if found.key == "ROW_NOT_DATA"] == ["3"]


def test_a_row_of_answers_that_are_names_of_questions_is_no_header(raw):
    head = ["member", "quarter", "submitted_on", *(f"nd_{group}" for group in ("network", "model", "people"))]
    row = ["Sénégall", "", DAY, "offices_total", "roadmap_status", "trained_women"]
    received = read(raw, [head, row, ["KEN", Q, DAY, "staff_total", "", ""]], ".csv")
    assert [one.member for one in received.returns] == ["", "KEN"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_innovations_under_the_returns_are_innovations(raw, suffix):
    items = [["member", "kind", "title"], ["KEN", "solution", "Suivi"], ["kind", "title", "member"]]
    items += [["hackathon", "Colis", "SEN"]]
    received = read(raw, [HEAD, *ROWS, *items], suffix)
    assert {one.member: len(one.items) for one in received.returns} == {"SEN": 1, "KEN": 1}


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_row_beyond_the_header_is_refused(raw, suffix):
    received = read(raw, [HEAD, [*ROWS[0][:3], "un", *ROWS[0][3:]], ROWS[1]], suffix)
    assert (sessions(received), refused(received)) == ({"KEN": "5"}, [("V20.long", "2", "7")])


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_column_without_a_header_that_most_rows_fill_is_told(raw, suffix):
    received = read(raw, [[*HEAD, ""], [*ROWS[0], "vu"], [*ROWS[1], "lu"]], suffix)
    assert (sessions(received), refused(received)) == ({"SEN": "9", "KEN": "5"}, [])
    assert ("COLUMN_UNNAMED", "G2: vu; G3: lu") in [(found.key, found.observed) for found in received.issues]


def test_two_columns_of_one_question_are_one_where_no_row_fills_both_differently(raw):
    head = [*HEAD, "offices_total", "services_epost/hybrid_mail", "old/services_epost/hybrid_mail"]
    rows = [
        [*ROWS[0][:3], "", *ROWS[0][4:], 130, 1, 0],
        [*ROWS[1], 601, "", "x"],
        ["MAR", Q, DAY, "", 3, "", 1800, 0, ""],
    ]
    received = read(raw, [head, *rows], ".csv")
    assert refused(received) == [("V20.duplicate", "3", "600 | 601")]
    answers = [(one.answers["offices_total"].value, one.answers["services_epost"].value) for one in received.returns]
    assert answers == [("130", "hybrid_mail"), ("600", "hybrid_mail"), ("1800", "")]


@pytest.mark.parametrize(
    ("mark", "value"),
    [(mark, "hybrid_mail") for mark in ("1", "TRUE", "VRAI", "yes", "Oui", "sim", "نعم", "x", "X", "✓", "hybrid_mail",
     "Courrier hybride", "Hybrid mail", "البريد الهجين")]
    + [(mark, "e_postbox") for mark in ("0", "FALSE", "FAUX", "no", "non", "não", "لا", "")],
)  # fmt: skip
def test_the_column_of_a_choice_is_ticked_or_not_by_usual_marks(raw, mark, value):
    head = [*HEAD, "services_epost/hybrid_mail", "services_epost/e_postbox"]
    received = read(raw, [head, [*ROWS[0], mark, "" if value == "hybrid_mail" else 1]], ".csv")
    assert received.returns[0].answers["services_epost"].value == value


@pytest.mark.parametrize("mark", ["peut-être", "2", "e_postbox", "NA"])
def test_any_other_mark_withdraws_the_answer(raw, mark):
    head = [*HEAD, "services_epost/hybrid_mail", "services_epost/e_postbox"]
    answer = read(raw, [head, [*ROWS[0], mark, 1]], ".csv").returns[0].answers["services_epost"]
    assert (answer.value, answer.rule, answer.raw) == ("", "V07", f"hybrid_mail: {mark}")


def test_a_sheet_without_a_header_is_told_where_returns_or_innovations_stand_on_it(raw):
    sheets = {"returns": [HEAD, *ROWS], "returns (2)": [MAR], "innovations (2)": [["KEN", "hackathon", "Colis"]]}
    raw.write_sheets(Q, sheets | {"Lisez-moi": [["Bonjour", "à tous"]]}, received_on=DAY)
    found = {(each.key, each.sheet or each.observed) for each in read_quarter(Q).issues if "SHEET_UNK" in each.key}
    assert found == {
        ("SHEET_UNKNOWN.filled", "returns (2)"), ("SHEET_UNKNOWN.filled", "innovations (2)"),
        ("SHEET_UNKNOWN", "Lisez-moi"),
    }  # fmt: skip
