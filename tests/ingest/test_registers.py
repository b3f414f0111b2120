"""The registers: what stood on a day, which row replaces which, and rows that replace nothing."""

from __future__ import annotations

from datetime import date

import pytest

from conftest import REGISTERS
from helpers import paths
from helpers.ingest.registers import due_quarter, read_registers

DAY = date(2024, 11, 14)
KEYED = {
    "workshops": ("W1,5.2,,2024-09-01,Un,{}", "W1,5.3,,2024-09-02,Deux,{}", "step", ("5.2", "5.3")),
    "attendance": ("W1,SEN,1,2,{}", "W1,Sénégal,5,6,{}", "women", (1, 5)),
    "confirmations": ("2024Q3,SEN,offices_total,28,,,{}", "T3 2024,SEN,offices_total,30,,,{}", "value", (28, 30)),
    "questionnaires": (
        "E1,Un,2024-07-01,2024-08-31,SEN,,{}",
        "E1,Un,2024-07-01,2024-08-31,SEN,2024-08-20,{}",
        "returned_on",
        (None, date(2024, 8, 20)),
    ),
}
BAD = {
    "milestones": [
        "2024Q5,digital_model,1,,", "T3,digital_model,1,,", "2026Q1,digital_model,1,,", ",digital_model,1,,",
        "2024Q3,model,1,,", "2024Q3,,1,,", "2024Q3,digital_model,6,,", "2024Q3,digital_model,-1,,",
        "2024Q3,digital_model,un,,", "2024Q3,digital_model,,,", "2024Q3,digital_model,1,,,le 14",
    ],
    "workshops": ["W1,5.1,,2024-09-01,,", "W1,,,2024-09-01,,", "W1,5.2,,01/09/2024,,", "W1,5.2,,,,",
                  ",5.2,,2024-09-01,,"],
    "attendance": ["W1,SEN,deux,1,", "W1,SEN,1,-1,", "W1,SEN,1.5,1,"],
    "confirmations": ["2024,SEN,offices_total,28,,,", "2024Q3,SEN,offices_total,,,,", "2024Q3,SEN,offices_total,x,,,",
                      "2024Q3,SEN,offices_total,28,hier,,"],
    "questionnaires": ["E1,Un,,31/08/2024,SEN,,", "E1,Un,,,SEN,,", "E1,Un,,2024-08-31,SEN,oui,"],
}  # fmt: skip
GOOD = {
    "milestones": "2024Q3,digital_model,2,ecosystem,D,",
    "workshops": "W1,5.3,,2024-09-02,Un,",
    "attendance": "W1,SEN,3,4,",
    "confirmations": "2024Q3,SEN,offices_total,30,,,",
    "questionnaires": "E1,Un,2024-07-01,2024-08-31,SEN,2024-08-20,",
}


@pytest.mark.parametrize("name", KEYED)
def test_a_later_row_with_the_same_key_replaces_the_earlier_one(raw, name):
    first, second, column, (_, after) = KEYED[name]
    raw.write_register(name, first.format(""), second.format(""))
    (row,) = read_registers().at(DAY)[name]
    assert row[column] == after


@pytest.mark.parametrize("name", KEYED)
@pytest.mark.parametrize(("day", "which"), [("2024-10-20", 0), ("2024-10-21", 1), ("2024-10-22", 1)])
def test_a_row_stands_from_the_day_it_was_recorded_on(raw, name, day, which):
    first, second, column, values = KEYED[name]
    raw.write_register(name, first.format(""), second.format("2024-10-21"))
    (row,) = read_registers().at(date.fromisoformat(day))[name]
    assert row[column] == values[which]


def test_a_row_recorded_later_is_ignored_and_a_blank_was_always_there(raw):
    recorded = ((1, ""), (2, "2024-11-14"), (3, "2024-11-15"))
    raw.write_register("milestones", *(f"2024Q3,digital_model,{stage},,D,{day}" for stage, day in recorded))
    registers = read_registers()
    assert [row["stage"] for row in registers.at(date(2022, 1, 1))["milestones"]] == [1]
    assert [row["stage"] for row in registers.at(DAY)["milestones"]] == [1, 2]


def test_milestones_are_kept_row_by_row_in_file_order(raw):
    raw.write_register("milestones", "2024Q3,digital_model,2,,D,", "2024Q3,digital_model,1,a;b; c ,D,")
    rows = read_registers().at(DAY)["milestones"]
    assert [(row["stage"], row["parts"]) for row in rows] == [(2, frozenset()), (1, frozenset("abc"))]


def test_a_key_is_the_workshop_and_the_member(raw):
    raw.write_register("workshops", "W1,5.2,,2024-09-01,,", "W2,5.2,,2024-09-01,,")
    raw.write_register("attendance", "W1,SEN,1,1,", "W1,KEN,1,1,", "W2,SEN,1,1,")
    assert len(read_registers().at(DAY)["attendance"]) == 3


@pytest.mark.parametrize(
    ("name", "bad"), [(name, row) for name, rows in BAD.items() for row in rows], ids=lambda part: part
)
def test_a_row_that_cannot_be_read_is_a_warning_and_replaces_nothing(raw, name, bad):
    raw.write_register("workshops", "W1,5.3,,2024-09-02,Un,")
    raw.write_register(name, GOOD[name], bad)
    registers = read_registers()
    assert len(registers.at(DAY)[name]) == 1
    (found,) = registers.issues_at(DAY)
    assert (found.severity, found.rule, found.source_file, found.row) == ("warning", "V22", f"{name}.csv", "3")


def test_attendance_at_a_workshop_nobody_knows_is_a_warning(raw):
    raw.write_register("attendance", "W9,SEN,1,1,")
    assert [(found.rule, found.source_file, found.member) for found in read_registers().issues_at(DAY)] == [
        ("V22", "attendance.csv", "SEN")
    ]


def test_a_bad_row_recorded_later_does_not_exist_yet(raw):
    raw.write_register("workshops", "W1,5.3,,2024-09-02,Un,")
    raw.write_register("attendance", "W1,SEN,deux,1,2024-11-15")
    registers = read_registers()
    assert [len(registers.issues_at(day)) for day in (DAY, date(2024, 11, 15))] == [0, 1]


@pytest.mark.parametrize(
    ("row", "counts"),
    [("W1,SEN,,3,", (0, 3)), ("W1,SEN,2,,", (2, 0)), ("W1,SEN,,,", (0, 0)), ("W1,SEN,0,1 234,", (0, 1234))],
)
def test_a_blank_attendance_count_is_0(raw, row, counts):
    raw.write_register("workshops", "W1,5.3,,2024-09-02,Un,")
    raw.write_register("attendance", row)
    (read,) = read_registers().at(DAY)["attendance"]
    assert (read["women"], read["men"]) == counts
    assert read_registers().issues_at(DAY) == []


@pytest.mark.parametrize("name", REGISTERS)
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"a,b\n1,2\n"])
def test_a_register_that_is_missing_or_no_csv_of_ours_is_a_warning_and_the_others_stand(raw, name, content):
    for other, row in GOOD.items():
        raw.write_register(other, row)
    path = paths.registers() / f"{name}.csv"
    path.unlink() if content is None else path.write_bytes(content)
    registers = read_registers()
    found = [one for one in registers.issues_at(DAY) if one.source_file == f"{name}.csv"]
    assert [(one.severity, one.rule) for one in found] == [("warning", "V22")]
    assert {other for other, rows in registers.at(DAY).items() if rows} == set(REGISTERS) - {name}


def test_the_repositorys_registers_read_with_a_bom_and_blank_lines(raw):
    text = f"\ufeff{REGISTERS['workshops']}\r\nW1,5.2,,2024-09-01,,\r\n\r\n,,,,,\r\n"
    (paths.registers() / "workshops.csv").write_bytes(text.encode())
    registers = read_registers()
    assert (len(registers.at(DAY)["workshops"]), registers.issues_at(DAY)) == (1, [])


def test_confirmations_are_known_by_quarter_member_and_question(raw):
    raw.write_register(
        "confirmations", "2024Q3,Mozambique,offices_total,28,2024-11-05,,2024-11-05", "2024Q3,MOZ,staff_total,290,,,"
    )
    registers = read_registers()
    assert registers.confirmed(date(2024, 11, 4)) == {("2024Q3", "MOZ", "staff_total"): 290}
    assert registers.confirmed(date(2024, 11, 5))["2024Q3", "MOZ", "offices_total"] == 28


@pytest.mark.parametrize(("due", "quarter"), [(date(2024, 9, 30), "2024Q3"), (date(2024, 10, 1), "2024Q4")])
def test_a_questionnaire_belongs_to_the_quarter_it_was_due_in(due, quarter):
    assert due_quarter({"due_on": due}) == quarter
