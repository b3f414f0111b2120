"""The registers: what stood on a day, which row replaces which, and rows that replace nothing."""

from __future__ import annotations

import codecs
import csv
import io
from datetime import date
from pathlib import Path

import pytest

from conftest import REGISTERS
from helpers import paths
from helpers.ingest.registers import COLUMNS, due_quarter, read_registers

DAY = date(2024, 11, 14)
CASES = Path(__file__).with_name("cases")
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
    "workshops": ["W1,5.1,,2024-09-01,,", "W1,,,2024-09-01,,", "W1,5.2,,31/02/2024,,", "W1,5.2,,01/09/24,,",
                  "W1,5.2,,09/13/2024,,", "W1,5.2,,1/9-2024,,", "W1,5.2,,4567,,", "W1,5.2,,99999,,", "W1,5.2,,,,",
                  ",5.2,,2024-09-01,,", "W1,5.2,,2024-09-01,Un, deux,,", "W1,févr-05,,2024-09-01,,"],
    "attendance": ["W1,SEN,deux,1,", "W1,SEN,1,-1,", "W1,SEN,1.5,1,", "W1,SEN,TRUE,1,", "W1,Atlantis,1,1,", "W1,,1,1,",
                   "W1,SEN", "W1,SEN,1", "W1,SEN,1000000001,1,", f"W1,SEN,\"1{',000' * 1500}\",1,"],
    "confirmations": ["2024,SEN,offices_total,28,,,", "2024Q3,SEN,offices_total,,,,", "2024Q3,SEN,offices_total,x,,,",
                      "2024Q3,SEN,offices_total,28,hier,,"],
    "questionnaires": ["E1,Un,,31/13/2024,SEN,,", "E1,Un,,,SEN,,", "E1,Un,,2024-08-31,SEN,oui,"],
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
@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe", b"a,b\n1,2\n", b"PK\x03\x04", b"%PDF-", b"{}", b"\n\n", b"\x01\x02" * 9]
)
def test_a_register_that_is_missing_or_no_csv_of_ours_is_refused_and_the_others_stand(raw, name, content):
    for other, row in GOOD.items():
        raw.write_register(other, row)
    path = paths.registers() / f"{name}.csv"
    path.unlink() if content is None else path.write_bytes(content)
    registers = read_registers()
    found = [one for one in registers.issues_at(DAY) if one.source_file == f"{name}.csv"]
    assert [(one.severity, one.rule) for one in found] == [("refused", "V22")]
    assert registers.refused_at(DAY) == [name]
    assert {other for other, rows in registers.at(DAY).items() if rows} == set(REGISTERS) - {name}


@pytest.mark.parametrize(("name", "column"), [(name, column) for name in REGISTERS for column in COLUMNS[name]])
def test_a_register_without_one_of_its_columns_is_refused_by_the_name_of_the_column(raw, name, column):
    columns, cells = list(COLUMNS[name]), next(csv.reader([GOOD[name]]))
    kept = [n for n, each in enumerate(columns) if each != column]
    lines = [",".join(row[n] for n in kept) for row in (columns, cells)]
    (paths.registers() / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    registers = read_registers()
    (found,) = registers.issues_at(DAY)
    assert (registers.refused_at(DAY), found.severity, found.expected) == ([name], "refused", column)
    assert f"columns that the register lacks: {column}" in found.message_en


def test_a_header_alone_says_nothing_yet_and_a_register_of_which_no_row_can_be_read_says_nothing(raw):
    assert (read_registers().refused_at(DAY), read_registers().issues_at(DAY)) == ([], [])
    raw.write_register("workshops", "W1,05-févr,,2024-09-01,,")  # what a spreadsheet makes of 5.2
    assert read_registers().refused_at(DAY) == ["workshops"]


@pytest.mark.parametrize(
    ("end", "is_refused"),
    [
        ("W2,GHA,10,12,\n", False), ("W2,GHA,10,12,", False), ("W2,GHA,10,12,2024-10-01", False),
        ("W2,GHA,10,12,2024-10-0", True), ("W2,GHA,10,1", True), ("W2,GH", True), ("W2", True),
        ('W2,GHA,10,12,"', True), ('W2,"GHA,10,12,\n', True), ("W2,GHA,10,12,\0\0\0", True), ("W2,GHA,10,12\n", False),
        ('"W2,GHA,10,12,\nW2,SEN,1,1,\n",TUN,1,1,\n', True),
    ],
)  # fmt: skip
def test_a_register_that_stops_within_a_line_or_a_quoted_cell_is_refused(raw, end, is_refused):
    raw.write_register("workshops", "W1,5.2,,2024-09-01,,", "W2,5.2,,2024-09-01,,")
    text = f"{','.join(COLUMNS['attendance'])}\nW1,GHA,3,4,\nW1,TUN,2,2,\n{end}"
    (paths.registers() / "attendance.csv").write_text(text, encoding="utf-8", newline="")
    registers = read_registers()
    assert ("attendance" in registers.refused_at(DAY)) is is_refused
    assert [row["women"] for row in registers.at(DAY)["attendance"]] == ([] if is_refused else [3, 2, 10])


@pytest.mark.parametrize(("rows", "is_refused"), [(1, True), (2, False), (3, False)])
def test_a_register_with_fewer_rows_than_the_last_edition_rested_on_is_refused(raw, rows, is_refused):
    lines = ["W1,5.2,,2024-09-01,,", "W2,5.9,,2024-09-01,,", "W3,5.3,,2024-09-01,,", "W4,5.3,,2024-09-01,,2024-11-15"]
    raw.write_register("workshops", *lines[:rows], lines[3])  # the last is not known on the day of the edition
    registers = read_registers({"workshops": (DAY, 2)})
    assert (registers.refused_at(DAY) == ["workshops"]) is is_refused
    assert read_registers().count_at("workshops", DAY) == rows
    if is_refused:
        (found,) = registers.issues_at(DAY)
        assert (found.observed, found.expected) == ("1", "≥ 2")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("name", REGISTERS)
def test_a_register_saved_by_a_spreadsheet_is_the_same_register(raw, name, delimiter, encoding):
    raw.write_register("workshops", GOOD["workshops"])
    titled = GOOD[name].replace("Un", "Atelier élargi à Yaoundé")
    raw.write_register(name, titled)
    expected = read_registers()
    text = io.StringIO(newline="")
    blank = [""] * len(list(COLUMNS[name]))
    rows = [list(COLUMNS[name]), blank, next(csv.reader([titled])), blank]
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    (paths.registers() / f"{name}.csv").write_bytes(codecs.encode(text.getvalue(), encoding))
    (found,) = read_registers().at(DAY)[name]
    assert found | {"row": "2"} == expected.at(DAY)[name][0]
    assert [one.severity for one in read_registers().issues_at(DAY) if one.severity != "note"] == []


@pytest.mark.parametrize(
    "header",
    ["Workshop,STEP,Topic,Held on,title,Recorded_On", " workshop ,step,topic,\u200bheld_on,title,recorded_on\u00a0",
     "registre des ateliers\n\nworkshop,step,topic,held-on,title,recorded_on",
     "workshop,step,topic,held_on,title,recorded_on,remarks"],
)  # fmt: skip
def test_headings_may_be_untidy(raw, header):
    (paths.registers() / "workshops.csv").write_text(f'{header}\nW1,"5,2",,2024-09-01,Un,\n', encoding="utf-8")
    (found,) = read_registers().at(DAY)["workshops"]
    assert (found["workshop"], found["step"], found["held_on"]) == ("W1", "5.2", date(2024, 9, 1))


def test_columns_may_be_in_any_order_and_a_second_header_begins_another_order(raw):
    raw.write_register("workshops", GOOD["workshops"])
    text = (
        "member,workshop,men,women,recorded_on\nSEN,W1,4,3,\n" + f"{','.join(COLUMNS['attendance'])}\n"
        'W1,KEN,"12,0",13.0,\n'
    )
    (paths.registers() / "attendance.csv").write_text(text, encoding="utf-8")
    rows = read_registers().at(DAY)["attendance"]
    assert [(row["member"], row["women"], row["men"]) for row in rows] == [("SEN", 3, 4), ("KEN", 12, 13)]


@pytest.mark.parametrize("quarter", ["2024Q3", "2024-Q3", "T3 2024", "Q3 2024", " T3 2024 "])
def test_a_quarter_is_spelled_as_people_do(raw, quarter):
    raw.write_register("milestones", f"{quarter},digital_model,2,,D,")
    assert [row["quarter"] for row in read_registers().at(DAY)["milestones"]] == ["2024Q3"]


@pytest.mark.parametrize(
    ("written", "day", "key"),
    [
        ("2024-04-03", date(2024, 4, 3), ""), ("2024-04-03 00:00:00", date(2024, 4, 3), ""),
        ("03/04/2024", date(2024, 4, 3), "V22.day_first"), ("3.4.2024", date(2024, 4, 3), "V22.day_first"),
        ("03-04-2024", date(2024, 4, 3), "V22.day_first"), ("03/04/2024 00:00", date(2024, 4, 3), "V22.day_first"),
        ("٠٣/٠٤/٢٠٢٤", date(2024, 4, 3), "V22.day_first"),
        ("45567", date(2024, 10, 2), "V22.serial"), ("45567.5", date(2024, 10, 2), "V22.serial"),
    ],
)  # fmt: skip
def test_a_date_is_iso_a_spreadsheets_number_or_day_first_the_latter_two_with_a_warning(raw, written, day, key):
    raw.write_register("workshops", f"W1,5.2,,{written},,")
    registers = read_registers()
    assert [row["held_on"] for row in registers.at(DAY)["workshops"]] == [day]
    assert [(one.key, one.severity, one.observed) for one in registers.issues_at(DAY)] == (
        [(key, "warning", written)] if key else []
    )


def test_unusual_dates_are_one_warning_a_column_and_only_of_rows_known_on_the_day(raw):
    rows = [f"W{n},5.2,,0{n}/09/2024,,{day}" for n, day in enumerate(("", "2024-10-01", "2024-11-15"), start=1)]
    raw.write_register("workshops", *rows)
    (found,) = read_registers().issues_at(DAY)
    assert found.message_en == (
        "data/raw/registers/workshops.csv: held_on: dates read day first (2), such as “01/09/2024” (2024-09-01); "
        "check them, and write YYYY-MM-DD."
    )


def test_a_row_that_cannot_be_read_is_missing_until_a_later_one_corrects_it(raw):
    raw.write_register("workshops", GOOD["workshops"])
    raw.write_register("attendance", "W1,SEN,deux,1,", "W1,KEN,1,un,", "W1,KEN,1,1,", "W9,KEN,1,1,2024-11-14")
    lost = read_registers().lost_at("attendance", DAY)
    assert [(row["workshop"], row["member"]) for row in lost] == [("W1", "SEN"), ("W9", "KEN")]
    assert len(read_registers().lost_at("attendance", date(2024, 11, 13))) == 1


@pytest.mark.parametrize("case", ["registers_semicolons", "registers_dates"])
def test_registers_opened_and_saved_by_a_french_spreadsheet_are_read(raw, case):
    for name in REGISTERS:
        (paths.registers() / f"{name}.csv").write_bytes((CASES / case / f"{name}.csv").read_bytes())
    known = read_registers().at(DAY)
    assert [row["held_on"] for row in known["workshops"]] == [date(2024, 3, 5), date(2024, 4, 11)]
    assert [(row["member"], row["women"], row["men"]) for row in known["attendance"]] == [
        ("GHA", 3, 4), ("TUN", 2, 2), ("GHA", 10, 12),
    ]  # fmt: skip
    assert [(row["quarter"], row["stage"]) for row in known["milestones"]] == [("2023Q4", 3), ("2024Q2", 4)]
    asked = [(row["due_on"], row["returned_on"]) for row in known["questionnaires"]]
    assert asked == [(date(2024, 8, 15), date(2024, 8, 1)), (date(2024, 8, 15), None)]
    issues = read_registers().issues_at(DAY)
    assert read_registers().refused_at(DAY) == []
    assert {one.rule for one in issues if one.severity == "warning"} == (
        {"V22"} if case == "registers_dates" else set()
    )


def test_the_repositorys_registers_read_with_a_bom_and_blank_lines(raw):
    text = f"\ufeff{','.join(COLUMNS['workshops'])}\r\nW1,5.2,,2024-09-01,,\r\n\r\n,,,,,\r\n"
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
