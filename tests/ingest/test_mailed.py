"""The mailed questionnaire: every column that holds answers is read, and no other; what is not read is quoted."""

from __future__ import annotations

import pytest

from helpers.ingest.mailed import names_other_quarter
from helpers.ingest.quarter import read_quarter

Q = "2024Q3"
QUESTIONS = ("member", "quarter", "offices_total", "offices_connected", "training_sessions", "cloud_use")
NOW, PAST = ["TUN", Q, 1033, 968, 17, "production"], ["TUN", Q, 1030, 930, 4, "pilot"]
OTHER = ["CMR", Q, 229, 118, 5, "none"]
HEAD = ["Code", "Question", "Réponse"]


def page(head, *columns, questions=QUESTIONS):
    """Return a sheet: codes, labels, then some columns of answers."""
    return [head, *([name, "Texte", *cells] for name, *cells in zip(questions, *columns, strict=True))]


def read(raw, sheets):
    raw.write_sheets(Q, sheets, received_on="2024-10-10")
    return read_quarter(Q)


def sessions(received) -> dict[str, str]:
    """Return the training sessions of every return that is not refused at once, by member or what is written for it."""
    fine = [one for one in received.returns if not one.problems]
    return {one.member or one.member_text: one.answers["training_sessions"].value for one in fine}


def told(received) -> dict[str, str]:
    """Return what was seen by every finding that is no note, by its key."""
    return {found.key: found.observed for found in received.issues if found.severity != "note"}


@pytest.mark.parametrize(
    ("heading", "is_other"),
    [
        ("Réponse T3 2024", False), ("Réponse", False), ("3e trimestre 2024", False), ("2024-Q3", False),
        ("Situation au 30/09/2024", False), ("Réponse (avant le 30/10/2024)", False), ("الربع الثالث", False),
        ("Rappel T2 2024", True), ("T2", True), ("2023", True), ("T3 2025", True), ("2024Q2", True), ("2T 2024", True),
        ("Juin 2024", True), ("30/06/2024", True), ("2º trimestre de 2024", True), ("Second quarter of 2024", True),
        ("Trimestre précédent", True), ("Last quarter", True), ("Trimestre anterior", True), ("الربع السابق", True),
    ],
)  # fmt: skip
def test_a_heading_names_another_quarter(heading, is_other):
    assert names_other_quarter(heading, Q) is is_other


@pytest.mark.parametrize(
    ("heads", "past", "now"),
    [
        (["Rappel T2 2024", "Réponse"], PAST, NOW), (["T2 2024", "T3 2024"], PAST, [None, None, *NOW[2:]]),
        (["30/06/2024", "30/09/2024"], PAST, [None, None, *NOW[2:]]), (["A", "B"], ["TUN", "2024Q2", *PAST[2:]], NOW),
        (["Last quarter", "This quarter"], [None, None, *PAST[2:]], NOW),
    ],
)  # fmt: skip
def test_last_quarters_figures_are_never_taken_whatever_side_they_stand_on(raw, heads, past, now):
    for order in (1, -1):
        (raw.folder(Q) / "MANIFEST.csv").unlink(missing_ok=True)
        received = read(raw, {"Q": page([*HEAD[:2], *heads[::order]], *[past, now][::order])})
        assert (sessions(received), told(received)) == ({"TUN": "17"}, {})
        assert [found.key for found in received.issues if "OTHER_QUARTER" in found.key] == ["MAILED_OTHER_QUARTER"]


def test_two_columns_of_one_member_that_nothing_tells_apart_are_two_returns(raw):
    received = read(raw, {"Q": page([*HEAD[:2], None, None], PAST, NOW)})
    assert [one.answers["training_sessions"].value for one in received.returns] == ["4", "17"]
    assert len({one.identity for one in received.returns}) == 2


def test_a_sheet_of_another_quarter_alone_is_refused_with_its_heading(raw):
    assert told(read(raw, {"Q": page([*HEAD[:2], "T2 2024"], NOW)})) == {"V20.past": "T2 2024"}


@pytest.mark.parametrize("heads", [["Tunisie", "CMR"], ["A", "B"]])
@pytest.mark.parametrize("with_row", [True, False])
def test_members_side_by_side_are_a_return_each(raw, heads, with_row):
    first = 0 if with_row else 1
    columns = [NOW[first:], OTHER[first:]]
    received = read(raw, {"Q": page([*HEAD[:2], *heads], *columns, questions=QUESTIONS[first:])})
    is_known = with_row or heads[0] != "A"
    assert sessions(received) == ({"TUN": "17", "CMR": "5"} if is_known else {})
    assert bool(told(received)) is not is_known


def test_a_column_headed_by_another_member_than_it_names_belongs_to_nobody(raw):
    received = read(raw, {"Q": page([*HEAD[:2], "Ghana", "Cameroun"], NOW, OTHER)})
    assert sessions(received) == {"Ghana / TUN": "17", "CMR": "5"}


MOVED = {"own": [*NOW[:4], None, NOW[5]], "beside": [None] * 4 + [17, None]}


@pytest.mark.parametrize(
    ("head", "beside", "further", "value", "finding"),
    [
        (None, MOVED["beside"], [], "17", {"MAILED_SHIFTED": "D6: 17"}),
        ("Remarques", MOVED["beside"], [], "", {"MAILED_UNREAD": "D6: 17"}),
        (
            None,
            [None] * 3 + [5, 17, None],
            [],
            "",
            {"MAILED_UNREAD": "D5: 5; D6: 17"},
        ),  # not one too far: a row has both
        (None, [None] * 6, MOVED["beside"], "", {"MAILED_UNREAD": "E6: 17"}),
    ],
)
def test_an_answer_beside_its_column_is_read_or_quoted(raw, head, beside, further, value, finding):
    columns = [MOVED["own"], beside, *([further] if further else [])]
    received = read(raw, {"Q": page([*HEAD, head], *columns)})
    assert (sessions(received), told(received)) == ({"TUN": value}, finding)


def test_nothing_personal_is_quoted(raw):
    names = ["focal_point_name", "focal_point_email"]
    rows = page(
        [*HEAD, None], [*NOW, None, None], [None] * 6 + ["Un nom", "a@example.org"], questions=[*QUESTIONS, *names]
    )
    assert told(read(raw, {"Q": rows})) == {"MAILED_SHIFTED": "D8: […]; D9: […]"}


def test_a_cell_without_a_code_is_told(raw):
    rows = [*page(HEAD, NOW), [None, "Autre chose", 5], ["zzz", None, 6], [None, None, 7]]
    received = read(raw, {"Q": rows})
    unknown = [(found.observed, found.row) for found in received.issues if found.key == "COLUMN_UNKNOWN.filled"]
    assert unknown == [("Autre chose", "8"), ("zzz", "9")]
    assert told(received)["MAILED_UNREAD"] == "C10: 7"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (page(HEAD, NOW[:3], questions=QUESTIONS[:3]), page(HEAD, NOW[3:], questions=QUESTIONS[3:])),
        (page(HEAD, NOW[:4], questions=QUESTIONS[:4]), [["training_sessions", "Texte", None, 17]]),
        (page(HEAD, NOW[:4], questions=QUESTIONS[:4]), [HEAD, ["member", "", "TUN"], ["training_sessions", "", 17]]),
    ],
)
def test_the_sheets_of_a_file_are_one_questionnaire(raw, first, second):
    received = read(raw, {"Un": first, "Deux": second})
    assert (sessions(received), told(received)) == ({"TUN": "17"}, {})
    assert received.returns[0].place.of("training_sessions").sheet == "Deux"


@pytest.mark.parametrize(("heads", "is_read"), [(["A", "B"], True), (["TUN", "CMR"], True), (["X", "Y"], False)])
def test_a_second_sheet_with_several_members_follows_its_headings(raw, heads, is_read):
    first = page([*HEAD[:2], "A", "B"], NOW[:4], OTHER[:4], questions=QUESTIONS[:4])
    second = page([*HEAD[:2], *heads], NOW[4:], OTHER[4:], questions=QUESTIONS[4:])
    received = read(raw, {"Un": first, "Deux": second})
    assert sessions(received) == ({"TUN": "17", "CMR": "5"} if is_read else {"TUN": "", "CMR": ""})
    assert told(received) == ({} if is_read else {"MAILED_UNREAD": "C2: 17; C3: production; D2: 5; D3: none"})


@pytest.mark.parametrize("head", ["Définition", "Exemple"])
def test_a_list_of_codes_is_no_return(raw, head):
    cells = NOW if head == "Exemple" else [f"Définition de {name}" for name in QUESTIONS]
    received = read(raw, {"Q": page(HEAD, OTHER), "Dictionnaire": page([*HEAD[:2], head], cells)})
    assert (sessions(received), told(received)) == ({"CMR": "5"}, {})
    assert [found.observed for found in received.issues if found.key == "SHEET_CODEBOOK"] == ["Dictionnaire"]


def test_a_hidden_list_of_codes_refuses_nothing_and_hidden_answers_do(raw):
    for cells, rules in ((["x"] * 6, {}), (NOW, {"V20.hidden": "H"})):
        (raw.folder(Q) / "MANIFEST.csv").unlink(missing_ok=True)
        sheets = {"Q": page(HEAD, OTHER), "H": page(HEAD, cells)}
        raw.write_sheets(Q, sheets, received_on="2024-10-10", hidden="H")
        assert told(read_quarter(Q)) == rules
