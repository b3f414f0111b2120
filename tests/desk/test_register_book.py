"""Registers as a workbook: written, filled in by openpyxl or LibreOffice, taken back as rows below those there."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

import interrupted
from conftest import PLAN, REGISTERS, ROOT, Raw
from helpers import paths
from helpers.cli import main
from helpers.desk import append_rows
from helpers.desk.register_book import write_register_book
from helpers.desk.register_rows import read_register_files
from helpers.desk.register_taking import BookRows, take_register_book
from helpers.ingest.registers import COLUMNS, read_registers
from helpers.plan.questionnaire import read_form
from helpers.tables import pipeline
from second.placing import place

TODAY, LATER = date(2025, 1, 20), date(2025, 1, 21)
SHEETS = {
    "milestones": "Jalons", "workshops": "Ateliers", "attendance": "Présences", "confirmations": "Confirmations",
    "questionnaires": "Questionnaires", "withdrawals": "Retours écartés", "actions": "Mesures convenues",
}  # fmt: skip
WORKSHOP = {
    "workshop": "A-2025-1", "step": 5.2, "topic": "Inclusion financière", "held_on": datetime(2025, 1, 12),
    "title": "Un atelier",
}  # fmt: skip


def write_two_rows(raw: Raw) -> None:
    """Write one row into two of the registers of a root."""
    raw.write_register("workshops", "W1,5.2,,2024-09-01,Un,2024-09-02")
    raw.write_register("attendance", "W1,Sénégal,3,4,2024-09-02")


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> bytes:
    """Return the workbook of a root with these rows, as it is written; what a test fills in is a copy."""
    root = tmp_path_factory.mktemp("root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPU_ROOT", str(root))
        paths.registers().mkdir(parents=True)
        raw = Raw(root, read_form(PLAN / "questionnaire"))
        for name in REGISTERS:
            raw.write_register(name)
        write_two_rows(raw)
        write_register_book(root / "registers.xlsx", "fr", TODAY)
    return (root / "registers.xlsx").read_bytes()


@pytest.fixture
def book(raw, written, tmp_path) -> Path:
    """Return the workbook of a root with one row in two of its registers."""
    write_two_rows(raw)
    (tmp_path / "registers.xlsx").write_bytes(written)
    return tmp_path / "registers.xlsx"


def find_empty(sheet: Worksheet) -> int:
    """Return the first row to be filled in."""
    return next(n for n in range(3, sheet.max_row + 1) if not any(cell.value for cell in sheet[n]))


def column_of(rule: DataValidation) -> int:
    """Return the column that a rule of a sheet is for."""
    return next(iter(rule.sqref.ranges)).min_col


def fill(path: Path, **rows: list[dict[str, object]]) -> None:
    """Write rows into the workbook, as a person does, by the codes of the columns."""
    book = openpyxl.load_workbook(path)
    for name, new in rows.items():
        sheet = book[SHEETS[name]]
        codes = [cell.value for cell in sheet[1]]
        for number, row in enumerate(new, start=find_empty(sheet)):
            for column, value in row.items():
                sheet.cell(number, codes.index(column) + 1).value = value
    book.save(path)


def change(path: Path, name: str, edit: Callable[[Worksheet], object]) -> None:
    """Change the sheet of a register as nobody should."""
    book = openpyxl.load_workbook(path)
    edit(book[SHEETS[name]])
    book.save(path)


def rows_of(name: str) -> list[dict[str, str]]:
    with (paths.registers() / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def take(path: Path, day: date = TODAY) -> BookRows:
    return take_register_book(path, day, write=True)


def test_each_register_has_a_sheet_with_codes_words_what_is_there_and_rows_to_fill(book):
    read = openpyxl.load_workbook(book)
    assert read.sheetnames == ["Lire d'abord", *SHEETS.values(), "Listes"]
    sheet = read["Présences"]
    assert [cell.value for cell in sheet[1]] == ["csv_row<=2", *COLUMNS["attendance"]]
    assert [cell.value for cell in sheet[2]][1:4] == ["Code de l'atelier", "Membre", "Femmes"]
    assert [cell.value for cell in sheet[3]] == ["2", "W1", "Sénégal (SEN)", "3", "4", "2024-09-02"]
    assert sheet.protection.sheet and all(cell.protection.locked for cell in sheet[3])
    assert [cell.protection.locked for cell in sheet[203]] == [True, False, False, False, False, True]


def list_offered(lists, rule) -> list[str]:
    """Return what a drop-down list offers."""
    return [cell.value for (cell,) in lists[rule.formula1.partition("!")[2].replace("$", "")]]


def test_lists_are_in_words_sorted_by_them_and_days_and_numbers_are_held(book):
    read = openpyxl.load_workbook(book)
    rules = {
        (sheet, column_of(rule)): rule
        for sheet in read.sheetnames for rule in read[sheet].data_validations.dataValidation
    }  # fmt: skip
    assert rules["Présences", 2].formula1 == "'Ateliers'!$B$3:$B$203"
    members = rules["Présences", 3]
    assert (members.type, members.errorStyle or "stop", members.error) == ("list", "stop", "Choisir dans la liste.")
    names = list_offered(read["Listes"], members)
    assert names[0] == "Afrique du Sud (ZAF)" and len(names) == 45
    assert (rules["Présences", 4].type, rules["Ateliers", 5].type) == ("whole", "date")
    assert rules["Ateliers", 4].errorStyle == "information"  # another topic may be told


def test_what_is_filled_in_becomes_rows_below_with_the_day_they_were_recorded_on(book):
    fill(
        book,
        workshops=[WORKSHOP],
        attendance=[{"workshop": "A-2025-1", "member": "Kenya (KEN)", "women": 2.0, "men": "1"}],
        milestones=[{"quarter": "T4 2024", "product": "Modèle de bureau de poste numérique", "stage": 2}],
        confirmations=[
            {
                "quarter": "2024Q4", "member": "Sénégal", "question": "offices_total", "value": 28,
                "confirmed_on": "12/01/2025",
            }
        ],
        questionnaires=[{"questionnaire": "E1", "title": "Un", "due_on": datetime(2025, 2, 28), "member": "KEN"}],
        actions=[
            {"id": "x", "quarter": "2024Q4", "kpi": "2.1.a", "action": "Voir", "due": 45_700, "status": "en cours"}
        ],
    )  # fmt: skip
    read = take(book)
    assert (read.refused, sum(map(len, read.new.values()))) == ([], 6)
    assert rows_of("workshops")[1:] == [
        {
            "workshop": "A-2025-1", "step": "5.2", "topic": "financial_inclusion", "held_on": "2025-01-12",
            "title": "Un atelier", "recorded_on": "2025-01-20",
        }
    ]  # fmt: skip
    assert list(rows_of("attendance")[1].values()) == ["A-2025-1", "KEN", "2", "1", "2025-01-20"]
    assert list(rows_of("milestones")[0].values()) == ["2024Q4", "digital_model", "2", "", "", "2025-01-20"]
    assert rows_of("confirmations")[0]["confirmed_on"] == "2025-01-12"
    assert (rows_of("actions")[0]["due"], rows_of("actions")[0]["status"]) == ("2025-02-12", "open")
    registers = read_registers()
    assert registers.issues == () and [len(registers.at(day)["workshops"]) for day in (date(2025, 1, 19), TODAY)] == [
        1,
        2,
    ]
    assert registers.confirmed(TODAY) == {("2024Q4", "SEN", "offices_total"): 28}


def test_nothing_is_written_without_write_and_the_same_workbook_taken_twice_adds_nothing(book):
    before = (paths.registers() / "workshops.csv").read_bytes()
    again = {"workshop": "A-2025-1", "member": "KEN"}
    fill(book, workshops=[WORKSHOP], attendance=[again | {"women": 1}, again | {"women": 2}, again | {"women": 1}])
    assert len(take_register_book(book, TODAY).new["attendance"]) == 3
    assert (paths.registers() / "workshops.csv").read_bytes() == before
    take(book)
    once = (paths.registers() / "attendance.csv").read_bytes()
    read = take(book, LATER)
    assert (read.refused, read.n_known, [*map(len, read.new.values())]) == ([], 4, [0] * 7)
    assert (paths.registers() / "attendance.csv").read_bytes() == once


def test_a_workbook_from_before_others_added_rows_is_taken_and_what_is_there_already_is_not_added(book):
    append_rows(
        "workshops", [WORKSHOP | {"step": "5.2", "topic": "financial_inclusion", "held_on": "2025-01-12"}], TODAY
    )
    fill(book, workshops=[WORKSHOP, WORKSHOP | {"workshop": "A-2025-2"}])
    read = take(book)
    assert [row["workshop"] for row in read.new["workshops"]] == ["A-2025-2"]
    assert [row["workshop"] for row in rows_of("workshops")] == ["W1", "A-2025-1", "A-2025-2"]


REFUSED = [
    ("attendance", {"workshop": "W9", "member": "KEN"}, "Présences, row 4: workshop is “W9”"),
    ("attendance", {"workshop": "W1", "member": "Atlantis"}, "member is “Atlantis”"),
    ("attendance", {"workshop": "W1", "member": "KEN", "women": 1.5}, "women is “1.5”"),
    ("attendance", {"workshop": "W1", "member": "KEN", "women": "=1+1"}, "women is “=1+1”"),
    ("workshops", WORKSHOP | {"held_on": "31/02/2025"}, "held_on is “31/02/2025”"),
    ("workshops", WORKSHOP | {"step": "5.1"}, "step is “5.1”"),
    ("workshops", WORKSHOP | {"title": "@SUM(A1)"}, "title is “@SUM(A1)”"),
    (
        "confirmations",
        {"quarter": "2024Q4", "member": "KEN", "question": "comment", "value": 1},
        "question is “comment”",
    ),
    ("milestones", {"quarter": "2024Q4", "product": "digital_model", "stage": 9}, "stage is “9”"),
    ("milestones", {"quarter": "2024Q4", "product": "digital_model", "stage": 1, "parts": "x; y"}, "parts is “x”"),
    ("milestones", {"quarter": "2031Q1", "product": "digital_model", "stage": 1}, "quarter is “2031Q1”"),
    ("questionnaires", {"due_on": "2025-02-01", "member": "KEN"}, "questionnaire is “”"),
    ("withdrawals", {"quarter": "2024Q4", "source_file": "none.xlsx"}, "source_file is “none.xlsx”"),
    ("actions", {"id": "x", "quarter": "2024Q4", "status": "fini"}, "status is “fini”"),
    ("actions", {"id": "x", "quarter": "2024Q4", "status": "open"}, "due is “”"),
]  # fmt: skip


@pytest.mark.parametrize(
    "refused",
    [REFUSED, *(pytest.param([each], marks=pytest.mark.slow) for each in REFUSED)],
    ids=len,
)
def test_rows_that_cannot_be_are_refused_by_sheet_and_row_and_then_none_is_written(book, refused):
    before = {path.name: path.read_bytes() for path in paths.registers().iterdir()}
    rows = {"questionnaires": [{"questionnaire": "E1", "due_on": "2025-02-28", "member": "SEN"}]}
    for name, row, _ in refused:
        rows.setdefault(name, []).append(row)
    fill(book, **rows)
    told = take(book).refused
    assert [sum(said in each for each in told) for *_, said in refused] == [1] * len(refused) == [1] * len(told), told
    assert {path.name: path.read_bytes() for path in paths.registers().iterdir()} == before


def test_all_refusals_come_at_once(book):
    fill(book, attendance=[{"workshop": "W1", "member": name} for name in ("Atlantis", "KEN", "Utopie")])
    assert [each.split(":")[0] for each in take(book).refused] == ["Présences, row 4", "Présences, row 6"]


def test_a_row_that_is_there_is_never_changed_nor_removed(book):
    change(book, "attendance", lambda sheet: setattr(sheet["D3"], "value", 5))
    (said,) = take(book).refused
    assert "women is “5”, and “3” in row 2 of attendance.csv; rows are never changed" in said
    change(book, "attendance", lambda sheet: sheet.delete_rows(3))
    (said,) = take(book).refused
    assert "row 2 of attendance.csv is missing here" in said
    change(book, "attendance", lambda sheet: setattr(sheet["A3"], "value", "new"))
    assert "the first column is not filled in" in take(book).refused[0]


def test_a_workbook_of_another_root_or_no_workbook_is_refused(book, tmp_path):
    fill(book, attendance=[{"workshop": "W1", "member": "KEN"}])
    (paths.registers() / "attendance.csv").write_text(",".join(COLUMNS["attendance"]) + "\n", encoding="utf-8")
    assert "row 2 of attendance.csv is not there" in take(book).refused[0]
    for content, said in ((b"quarter,member\n", "no Excel workbook"), (None, "no sheet of a register")):
        path = tmp_path / "other.xlsx"
        openpyxl.Workbook().save(path) if content is None else path.write_bytes(content)
        with pytest.raises(ValueError, match=said):
            take(path)


def test_a_sheet_may_be_left_out_renamed_or_moved_and_one_that_is_there_twice_is_refused(book):
    fill(book, attendance=[{"workshop": "W1", "member": "KEN", "women": 1}])
    read = openpyxl.load_workbook(book)
    del read["Jalons"]
    read["Présences"].title = "Mes présences"
    read.move_sheet("Mes présences", -3)
    read.save(book)
    taken = take_register_book(book, TODAY)
    assert [len(taken.new["attendance"]), taken.remarks] == [1, ["no sheet of milestones: nothing is taken for it"]]
    read.copy_worksheet(read["Ateliers"])
    read.save(book)
    assert "there is another sheet of this register" in take(book).refused[0]


def test_registers_that_are_not_there_yet_are_made_with_their_heads_and_only_those_that_get_rows(raw, tmp_path):
    shutil.rmtree(paths.registers())
    write_register_book(book := tmp_path / "registers.xlsx", "en", TODAY)
    read = openpyxl.load_workbook(book)
    for column, value in zip("BCEF", ("A-1", "5.2", "12/01/2025", "One"), strict=True):
        read["Workshops"][f"{column}3"].value = value
    read.save(book)
    assert take(book).refused == []
    assert [path.name for path in paths.registers().iterdir()] == ["workshops.csv"]
    assert rows_of("workshops")[0]["held_on"] == "2025-01-12"


STYLES = {
    "french": (";", "cp1252", "\r\n", b""), "utf-8 with its mark": (",", "utf-8", "\r\n", b"\xef\xbb\xbf"),
    "utf-16": ("\t", "utf-16-le", "\r\n", b"\xff\xfe"), "plain": (",", "utf-8", "\n", b""),
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("title", ["Été", "حلقة عمل"])
def test_rows_are_added_in_the_way_of_the_file(raw, style, ends, title):
    mark, codec, end, bom = STYLES[style]
    step = "5,2" if mark == ";" else "5.2"
    lines = [
        mark.join(("Step", "workshop", "title", "Held on", "topic", "recorded_on", "seen")),
        mark.join((step, "W1", "Déjà", "12/01/2024", "", "13/01/2024", "x")),
    ]
    path = paths.registers() / "workshops.csv"
    path.write_bytes(bom + (end.join(lines) + (end if ends else "")).encode(codec))
    before = path.read_bytes()
    new = {"workshop": "W2", "step": "5.3", "topic": "tools", "held_on": "2025-01-12", "title": title}
    assert append_rows("workshops", [new], TODAY) == [new]
    after, registers = path.read_bytes(), read_registers()
    assert [row["title"] for row in registers.at(TODAY)["workshops"]] == ["Déjà", title]
    assert "W2" in after.decode("utf-8-sig" if after.startswith(b"\xef") else codec).splitlines()[-1].split(mark)[1]
    is_kept = style != "utf-16" and (title == "Été" or codec != "cp1252")
    assert after.startswith(before) == is_kept


def test_a_register_that_cannot_be_read_is_not_added_to(raw, book):
    (paths.registers() / "attendance.csv").write_bytes(b"workshop,member\nW1,SEN\n")
    with pytest.raises(paths.DataRefused, match=r"attendance.csv: columns that the register lacks"):
        take(book)
    with pytest.raises(paths.DataRefused, match="attendance.csv"):
        append_rows("workshops", [], TODAY)


@pytest.mark.slow
def test_a_killed_write_leaves_each_register_whole_and_taking_it_again_completes_it(book, tmp_path):
    fill(book, workshops=[WORKSHOP], attendance=[{"workshop": "A-2025-1", "member": "KEN", "women": 1}])
    old = {name: (paths.registers() / f"{name}.csv").read_bytes() for name in ("workshops", "attendance")}
    writes = interrupted.list_writes(lambda: take(book) and None, paths.registers(), tmp_path / "seen")
    new = {name: (paths.registers() / f"{name}.csv").read_bytes() for name in old}
    for nth in range(1, len(writes) + 1):
        for name, content in old.items():
            (paths.registers() / f"{name}.csv").write_bytes(content)
        assert interrupted.run(lambda: take(book) and None, paths.registers(), nth, interrupted.kill) == -signal.SIGKILL
        now = {name: (paths.registers() / f"{name}.csv").read_bytes() for name in old}
        assert all(now[name] in (old[name], new[name]) for name in old)
        assert take(book).refused == []
        assert {name: (paths.registers() / f"{name}.csv").read_bytes() for name in old} == new
        assert not [path.name for path in paths.registers().iterdir() if path.name.startswith(".")]


def test_a_full_disk_changes_no_register(book):
    fill(book, workshops=[WORKSHOP], attendance=[{"workshop": "A-2025-1", "member": "KEN", "women": 1}])
    before = {path.name: path.read_bytes() for path in paths.registers().iterdir()}
    code = interrupted.run(lambda: take(book) and None, paths.registers(), 2, interrupted.fill_disk)
    assert code != 0 and {path.name: path.read_bytes() for path in paths.registers().iterdir()} == before


def test_the_command_shows_what_it_would_write_then_writes_it(book):
    fill(book, workshops=[WORKSHOP])
    shown = CliRunner().invoke(main, ["registers", "--language", "en", "--from", str(book)])
    assert shown.exit_code == 0 and "+ A-2025-1,5.2,financial_inclusion,2025-01-12,Un atelier" in shown.output
    assert "nothing is written without --write" in shown.output and len(rows_of("workshops")) == 1
    done = CliRunner().invoke(main, ["registers", "--language", "en", "--from", str(book), "--write"])
    assert done.exit_code == 0 and "rows added: 1" in done.output and len(rows_of("workshops")) == 2
    fill(book, attendance=[{"workshop": "W1", "member": "Atlantis"}])
    refused = CliRunner().invoke(main, ["registers", "--language", "en", "--from", str(book), "--write"])
    assert refused.exit_code == 3 and "not taken: Présences, row 4: member is “Atlantis”" in refused.output


@pytest.mark.parametrize(
    "arguments", [[], ["--write", "--out", "x.xlsx"], ["--out", "x.xlsx", "--from", "pyproject.toml"]]
)
def test_the_command_says_what_it_needs(raw, arguments):
    assert CliRunner().invoke(main, ["registers", *arguments]).exit_code == 2


@pytest.mark.parametrize(
    "language", ["ar", *(pytest.param(each, marks=pytest.mark.slow) for each in ("fr", "en", "pt"))]
)
def test_in_each_language_the_lists_are_read_as_their_codes_and_the_bytes_are_the_same(raw, tmp_path, language):
    shutil.copytree(ROOT / "data" / "raw" / "registers", paths.registers(), dirs_exist_ok=True)
    first, second = (tmp_path / name for name in ("a.xlsx", "b.xlsx"))
    for path in (first, second):
        write_register_book(path, language, TODAY)
    assert first.read_bytes() == second.read_bytes()
    read = openpyxl.load_workbook(first)
    sheet, lists = read.worksheets[3], read.worksheets[-1]
    (rule,) = (each for each in sheet.data_validations.dataValidation if column_of(each) == 3)
    entries = list_offered(lists, rule)
    empty = find_empty(sheet)
    for number, entry in enumerate(entries, start=empty):
        sheet.cell(number, 2).value, sheet.cell(number, 3).value, sheet.cell(number, 4).value = "A-2022-1", entry, 7
    read.save(first)
    taken = take_register_book(first, TODAY)
    assert taken.refused == [] and {row["member"] for row in taken.new["attendance"]} == {
        row["member"] for row in csv.DictReader((ROOT / "data/raw/plan/members.csv").open(encoding="utf-8"))
    }
    assert bool(sheet.sheet_view.rightToLeft) == (language == "ar")


@pytest.mark.slow
def test_the_figures_of_an_edition_follow_what_was_filled_in_from_the_day_it_was_recorded(book):
    Raw(paths.root(), read_form(PLAN / "questionnaire")).write_plain(
        "2024Q3", [{"member": "SEN", "quarter": "2024Q3", "offices_total": 130}], received_on="2024-10-10"
    )
    session = WORKSHOP | {"workshop": "F1", "step": "5.3", "topic": "tools", "held_on": "12/09/2024"}
    fill(book, workshops=[session], attendance=[{"workshop": "F1", "member": "SEN", "women": 2, "men": 3}])
    take(book, date(2024, 12, 1))
    values = {}
    for as_of in ("2024-11-30", "2024-12-01"):
        kpis = pipeline.load_tables("2024Q3", as_of).kpis
        own = kpis[(kpis["quarter"] == "2024Q3") & (kpis["scope"] == "PAPU")].set_index("kpi")["value"]
        values[as_of] = [own["5.3.a"], own["5.3.b"]]
    assert values == {"2024-11-30": [0, 0], "2024-12-01": [1, 5]}


def test_another_plan_has_its_own_lists(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPU_ROOT", str(place(tmp_path / "root")))
    write_register_book(path := tmp_path / "registers.xlsx", "en", TODAY)
    read = openpyxl.load_workbook(path)
    new = {
        "Milestones": ("2026Q1", "harbour_code", 4, "mooring;lights", "Invented paper 5"),
        "Workshops": ("G-4", "4.1", "tides", "12/01/2026", "Invented gathering"),
        "Attendance": ("G-4", "XAA", 2, 1),
        "Confirmations": ("2025Q4", "XAC", "berths_all", 40, "2026-01-12"),
    }
    for title, cells in new.items():
        empty = find_empty(read[title])
        for column, cell in enumerate(cells, start=2):
            read[title].cell(empty, column).value = cell
    read.save(path)
    taken = take(path)
    assert taken.refused == [] and [len(rows) for rows in taken.new.values() if rows] == [1, 1, 1, 1]
    assert rows_of("milestones")[-1]["parts"] == "mooring;lights" and read_registers().issues == ()


SOFFICE = shutil.which("soffice")


@pytest.mark.slow
@pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not installed")
def test_a_workbook_that_libreoffice_saved_is_taken_the_same(book, tmp_path):
    row = {"workshop": "A-2025-1", "member": "Kenya (KEN)", "women": 2, "men": 1}
    fill(book, workshops=[WORKSHOP], attendance=[row])
    convert = [
        SOFFICE,
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    subprocess.run(
        [*convert, "--outdir", str(tmp_path / "saved"), str(book)],
        check=True,
        capture_output=True,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    plain, saved = (take_register_book(path, TODAY) for path in (book, tmp_path / "saved" / book.name))
    assert saved.refused == [] and saved.new == plain.new
    assert take(tmp_path / "saved" / book.name).refused == []
    assert {name: len(file.rows) for name, file in read_register_files().items() if file.rows} == {
        "workshops": 2,
        "attendance": 2,
    }


@pytest.mark.slow
def test_two_who_take_the_same_workbook_at_once_add_its_rows_once(book):
    fill(book, workshops=[WORKSHOP], attendance=[{"workshop": "A-2025-1", "member": "KEN", "women": 1}])
    call = [sys.executable, "-m", "helpers", "registers", "--from", str(book), "--write"]
    running = [subprocess.Popen(call, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait(60) for each in running] == [0, 0]
    assert [row["workshop"] for row in rows_of("workshops")] == ["W1", "A-2025-1"] and len(rows_of("attendance")) == 2
