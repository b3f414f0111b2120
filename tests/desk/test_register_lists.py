"""Lists that others keep, taken into a register; a questionnaire sent to everybody."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from conftest import write_workbook
from helpers import paths
from helpers.desk import register_book, register_lists, register_taking
from helpers.plan import read_plan, sources

DAY = date(2025, 2, 3)


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a register."""
    with (paths.registers() / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def workshop(raw) -> str:
    """Return the code of a workshop that is in its register."""
    step = next(iter(sources.workshop_steps(read_plan())))
    raw.write_register("workshops", f"A-2025-1,{step},,2025-01-20,Atelier,2025-01-21")
    return "A-2025-1"


def take(path: Path, name: str, write: bool = True, **given: str) -> register_taking.BookRows:
    """Take a list into a register."""
    return register_lists.take_list(path, name, given, DAY, write)


def test_who_came_is_taken_from_the_host_s_french_spreadsheet(raw, workshop, tmp_path):
    path = tmp_path / "présence.csv"
    text = "Liste de présence\r\n\r\nPays;Femmes;Hommes;Observations\r\nSénégal;2;1;\r\nCôte d’Ivoire;0;3;en ligne\r\n"
    path.write_bytes(text.encode("cp1252"))
    read = take(path, "attendance", workshop=workshop)
    assert not read.refused and [each for each in read.remarks if "Observations" in each]
    assert [(row["member"], row["women"], row["men"], row["recorded_on"]) for row in rows("attendance")] == [
        ("SEN", "2", "1", "2025-02-03"), ("CIV", "0", "3", "2025-02-03"),
    ]  # fmt: skip
    assert take(path, "attendance", workshop=workshop).new["attendance"] == []  # twice adds nothing


def test_who_replied_is_taken_from_a_workbook_with_real_dates(raw, tmp_path):
    path, sent = tmp_path / "replies.xlsx", {"questionnaire": "ENQ-2025-1", "title": "Enquête", "sent_on": "2025-01-06",
                                             "due_on": "2025-01-31"}  # fmt: skip
    write_workbook(path, {"Replies": [["Member", "Received on"], ["Kenya", date(2025, 1, 20)], ["Togo", None]]})
    assert not take(path, "questionnaires", **sent).refused
    assert [(row["member"], row["returned_on"]) for row in rows("questionnaires")] == [
        ("KEN", "2025-01-20"),
        ("TGO", ""),
    ]


def test_all_that_is_wrong_is_refused_at_once_and_nothing_is_written(raw, workshop, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Country,Women,Men\nSenegal,two,1\nAtlantis,1,1\nTOTAL,3,2\n", encoding="utf-8")
    read = take(path, "attendance", workshop=workshop)
    assert len(read.refused) == 3 and "two" in read.refused[0] and "row 2" in read.refused[0]
    assert rows("attendance") == []


def test_nothing_is_written_unless_it_is_meant(raw, workshop, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("member,women,men\nSEN,2,1\n", encoding="utf-8")
    assert len(take(path, "attendance", write=False, workshop=workshop).new["attendance"]) == 1
    assert rows("attendance") == []


@pytest.mark.parametrize(
    "name, given, text, said",
    [
        ("guests", {}, "member\nSEN\n", "guests is no register"),
        ("attendance", {"hall": "2"}, "member\nSEN\n", "hall: no column of attendance"),
        ("attendance", {"workshop": "A-2025-1"}, "Gast,Zahl\nSEN,2\n", "no row under headings such as member, women"),
    ],
)
def test_what_cannot_be_a_list_of_the_register_is_told(raw, tmp_path, name, given, text, said):
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        take(path, name, **given)


def test_a_questionnaire_sent_to_all_members_is_one_row_of_the_workbook(raw, tmp_path):
    path = tmp_path / "registers.xlsx"
    register_book.write_register_book(path, "fr", DAY)
    book = openpyxl.load_workbook(path)
    sheet = next(each for each in book if "questionnaire" in [cell.value for cell in each[1]])
    places = {cell.value: cell.column for cell in sheet[1]}
    typed = {"questionnaire": "ENQ-2025-1", "title": "Enquête", "member": "Tous les membres"}
    typed |= {"sent_on": date(2025, 1, 6), "due_on": date(2025, 2, 28)}
    for column, value in typed.items():
        sheet.cell(3, places[column], value)
    book.save(path)
    read = register_taking.take_register_book(path, DAY, write=True)
    members = [member.member for member in read_plan().members_in("2025Q1")]
    assert not read.refused and [row["member"] for row in rows("questionnaires")] == members
    assert {row["due_on"] for row in rows("questionnaires")} == {"2025-02-28"}
    assert not any(register_taking.take_register_book(path, DAY, write=True).new.values())
