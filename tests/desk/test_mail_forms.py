"""The questionnaire as a workbook for each member: filled in as a person does and read back, cell for cell."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from helpers.desk import write_mail_forms
from helpers.desk.limits import read_limits
from helpers.desk.previous import Asked, LastAnswer, Previous
from helpers.ingest import add, confirmed, registers, rules
from helpers.ingest.quarter import read_quarter
from helpers.ingest.records import ConfirmedCount, Received, ReceivedReturn
from helpers.plan import quarters
from helpers.plan.plan import read_plan
from helpers.plan.questionnaire import Form, Question, read_form
from mailed import ANSWERS, fill, rows_by_code
from second.placing import place

Q = "2024Q4"
PLACES = {"fr": "SEN", "en": "KEN", "pt": "MOZ", "ar": "EGY"}
PREVIOUS = Previous(
    {
        "offices_total": LastAnswer("1250", "2024Q3"), "staff_total": LastAnswer("7", "2024Q1"),
        "cloud_use": LastAnswer("pilot", "2024Q3"), "services_epost": LastAnswer("hybrid_mail e_postbox", "2024Q3"),
        "roadmap_adopted_on": LastAnswer("2021-05-20", "2024Q3"), "comment": LastAnswer("Une remarque", "2024Q3"),
    },
    (Asked("2024Q3", "offices_connected", 399, "V08"), Asked("2024Q3", "offices_total", 1250, "V05")),
)  # fmt: skip


# --- filling in, as a person does -------------------------------------------------------------------------------


def answers_of(form: Form, nothing: Sequence[str] = ()) -> dict[str, str]:
    """Return an answer to every question, in codes; those of `nothing` stay blank, and their group says so."""
    said: dict[str, str] = {}
    for n, question in enumerate(form.questions):
        choices = [code for code in question.choices if code != "none"]
        if question.name in ("member", "quarter", form.identity.language, *form.identity.personal, *nothing):
            continue
        if question.name.startswith("nd_"):
            ticked = [code for code in question.choices if code in nothing]
            said[question.name] = " ".join(ticked) or "none"
        elif question.name == form.repeat.asked:
            said[question.name] = "yes"
        elif question.type == "select_multiple":
            said[question.name] = " ".join(choices[n % 2 : n % 2 + 2])
        else:
            plain = {"integer": str(n), "date": f"2023-05-{n % 28 + 1:02}", "text": f"=Une remarque n° {n}\n«é» ملاحظة"}
            said[question.name] = plain.get(question.type) or question.choices[n % len(question.choices)]
    return said


def items_of(form: Form, quarter: str) -> list[dict[str, str]]:
    """Return an item of each kind, with a detail of its list where it has one."""
    items = []
    repeat, start = form.repeat, quarters.quarter_start(quarter)
    for n, kind in enumerate(form.kinds):
        details = list(form.lists.get(repeat.details.get(kind, ""), ()))
        plain = {"integer": str(n), "text": f"Texte {n}", "date": (start + timedelta(7 * n)).isoformat()}
        item = {field.name: plain.get(field.type, "") for field in form.fields}
        items.append(item | {repeat.kind: kind, repeat.detail: details[-1] if details else "Ville hôte"})
    return items


def read(path: Path, quarter: str = Q, day: str = "2025-01-20") -> Received:
    """Read a file as `papu add` does."""
    return add.Batch([path], quarter, date.fromisoformat(day), "mail").received


def warned(received: Received) -> list[tuple[str, str]]:
    """Return the findings of reading that are no notes."""
    found = [*received.issues, *(issue for each in received.returns for issue in (*each.notes, *each.problems))]
    return [(issue.key, issue.observed) for issue in found if issue.severity != "note"]


def read_again(one: ReceivedReturn, form: Form) -> dict[str, str]:
    """Return the answers of a return that are not blank, without those that it was sent with."""
    given = {name: answer.value for name, answer in one.answers.items() if answer.value}
    given.pop(form.identity.language, None)
    return given


def items_again(one: ReceivedReturn, form: Form) -> list[dict[str, str]]:
    roles = form.repeat.role_of
    return [{f.name: item.answers[roles.get(f.name, f.name)].value for f in form.fields} for item in one.items or ()]


@pytest.fixture
def write(raw, plan, form, tmp_path):
    """Return a writer of the workbook of one member: in a root of its own, with what it answered last."""

    def write_one(member: str, previous: Previous = PREVIOUS) -> Path:
        (path,) = write_mail_forms(tmp_path, plan, form, Q, {member: previous}, date(2024, 12, 1), [member])
        return path

    return write_one


# --- the round trip ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "member"), PLACES.items())
def test_what_is_filled_in_comes_back_cell_for_cell_without_a_warning(write, form, plan, language, member):
    assert plan.by_iso3[member].language == language
    unknown = ("staff_women", "cloud_use", "sectors_benefiting")
    said, items = answers_of(form, unknown), items_of(form, Q)
    yes = openpyxl.load_workbook(write(member)).worksheets[2]["C1"].value  # the first list: yes and no
    received = read(fill(write(member), form, language, said, items, {"confirm/2024Q3/offices_connected/399": yes}))
    (one,) = received.returns
    assert (one.member, one.quarter_text, one.answers["form_language"].value) == (member, Q, language)
    assert read_again(one, form) == said
    assert items_again(one, form) == items
    assert {one.answers[name].state for name in unknown} == {"L"}
    assert confirmed.list_confirmed(received) == [ConfirmedCount("2024Q3", member, "offices_connected", 399)]
    assert warned(received) == []


def test_a_blank_one_is_said_to_be_blank_and_nothing_else(write, plan, form):
    received = read(write("SEN"))
    assert warned(received) == []
    assert received.returns[0].items is None  # nobody said that there was none
    checked = rules.check_received(received, registers.read_registers(), plan, form, date.max)
    assert [each.key for each in checked.issues if each.severity != "note"] == ["V21"]


@pytest.mark.parametrize(("said", "expected"), [("no", ()), ("yes", None)])
def test_a_blank_sheet_of_items_is_what_the_question_says(write, form, said, expected):
    received = read(fill(write("SEN"), form, "fr", {"offices_total": "12", form.repeat.asked: said}))
    assert received.returns[0].items == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [("Non", ("CONFIRM.no", "Non")), ("peut-être", ("CONFIRM.unclear", "peut-être")), ("-", None), (None, None)],
)
def test_what_is_not_confirmed_is_told_and_a_blank_says_nothing(write, form, text, found):
    codes = dict.fromkeys(("confirm/2024Q3/offices_connected/399",), text)
    received = read(fill(write("SEN"), form, "fr", {"offices_total": "12"}, confirms=codes))
    assert confirmed.list_confirmed(received) == []
    assert warned(received) == ([found] if found else [])
    (issue,) = [each for each in received.returns[0].notes if each.rule == "CONFIRM"] or [None]
    assert issue is None or (issue.question, issue.member, issue.sheet) == ("offices_connected", "SEN", "Questionnaire")


def test_what_a_refused_return_says_is_no_confirmation(write, form, raw):
    path = fill(write("SEN"), form, "fr", {}, confirms={"confirm/2024Q3/offices_total/1250": "Oui"})
    received = read(path)
    assert confirmed.list_confirmed(received, path.name) == [ConfirmedCount("2024Q3", "SEN", "offices_total", 1250)]
    book = openpyxl.load_workbook(path)
    book.worksheets[0].cell(rows_by_code(book.worksheets[0])["member"], ANSWERS).value = "Atlantide"
    book.save(path)
    assert confirmed.list_confirmed(read(path)) == []


def test_of_members_side_by_side_each_confirms_in_its_own_column(raw):
    rows = [
        ["Code", "Question", "A", "B"], ["member", "", "TUN", "CMR"], ["quarter", "", Q, Q],
        ["offices_total", "", 10, 20], ["staff_total", "", 30, 40],
        ["confirm/2024Q3/offices_total/9", "", "oui", "non"],
    ]  # fmt: skip
    raw.write_sheets(Q, {"Q": rows, "Autre": [["confirm/2024Q3/staff_total/9", "", "oui"]]}, received_on="2025-01-10")
    received = read_quarter(Q)
    assert confirmed.list_confirmed(received) == [ConfirmedCount("2024Q3", "TUN", "offices_total", 9)]
    assert sorted(warned(received)) == [("CONFIRM.no", "non"), ("CONFIRM.unclear", "oui")]


def test_a_detail_in_words_is_its_code_and_any_other_word_stays(raw):
    raw.write_plain(Q, [{"member": "TUN", "quarter": Q, "offices_total": 5}], [
        {"member": "TUN", "kind": "solution", "title": "A", "detail": "Logiciel"},
        {"member": "TUN", "kind": "adoption", "title": "B", "detail": "Logiciel"},
        {"member": "TUN", "kind": "hackathon", "title": "C", "detail": "Logiciel"},
    ], received_on="2025-01-10")  # fmt: skip
    (one,) = read_quarter(Q).returns
    assert [item.answers["detail"].value for item in one.items] == ["software", "Logiciel", "Logiciel"]


# --- the workbook -----------------------------------------------------------------------------------------------


def validations(sheet: Worksheet) -> dict[str, object]:
    """Return what each cell of a sheet is held to."""
    return {str(each.sqref): each for each in sheet.data_validations.dataValidation}


def test_only_answers_can_be_written_and_each_is_held_to_its_limits(write):
    book = openpyxl.load_workbook(write("SEN"))
    questions, listed, lists = book.worksheets
    rows, rules_of = rows_by_code(questions), validations(questions)
    assert all(sheet.protection.sheet and not sheet.protection.password for sheet in book)
    assert lists.sheet_state == "hidden"
    free = {cell.column for row in questions.iter_rows() for cell in row if not cell.protection.locked}
    assert free == {ANSWERS}
    locked = [rows[name] for name in ("member", "quarter", "form_language", "services_epost")]
    assert all(questions.cell(row, ANSWERS).protection.locked for row in locked)
    women = rules_of[f"C{rows['staff_women']}"]
    total = f"$C${rows['staff_total']}"
    assert (women.type, women.formula1) == ("whole", "0")
    assert women.formula2 == f"MIN(1000000000,IF(COUNT({total})=1,{total},1000000000))"
    assert women.allowBlank is False  # else nothing is held while the total is blank
    assert women.error.startswith("Pas plus que l'effectif total.")
    assert rules_of[f"C{rows['comment']}"].formula1 == "2000"
    none, first, last = (rows[f"services_epost/{code}"] for code in ("none", "hybrid_mail", "electronic_telegram"))
    assert f"COUNTA($C${none})" in rules_of[f"C{first}"].formula1
    assert f"COUNTA($C${first}:$C${last})" in rules_of[f"C{none}"].formula1
    days = next(each for each in validations(listed).values() if each.type == "date")
    assert "1 octobre 2024" in days.error.replace("1er", "1") and "31 décembre 2024" in days.error
    for sheet in book:
        assert all(len(each.error or "") <= 255 for each in sheet.data_validations.dataValidation)


def test_every_choice_is_offered_in_the_members_language(write, form):
    book = openpyxl.load_workbook(write("EGY"))
    questions, _, lists = book.worksheets
    rows, rules_of = rows_by_code(questions), validations(questions)
    for question in form.questions:
        if question.type == "select_one" and question.name != "member":
            first, last = rules_of[f"C{rows[question.name]}"].formula1.rpartition("!")[2].replace("$C$", "").split(":")
            offered = [lists[f"C{row}"].value for row in range(int(first), int(last) + 1)]
            assert offered == [label["ar"] for label in question.choice_labels.values()]
    assert [sheet.sheet_view.rightToLeft for sheet in book] == [True, True, None]


def test_last_answers_stand_beside_with_their_quarter(write):
    sheet = openpyxl.load_workbook(write("SEN")).worksheets[0]
    rows = rows_by_code(sheet)
    beside = {name: sheet.cell(rows[name], 4).value for name in (
        "offices_total", "staff_total", "cloud_use", "services_epost/hybrid_mail", "services_epost/online_tracking",
        "roadmap_adopted_on", "comment",
    )}  # fmt: skip
    assert beside == {
        "offices_total": 1250, "staff_total": "7 (T1 2024)", "cloud_use": "Projet pilote",
        "services_epost/hybrid_mail": "✓", "services_epost/online_tracking": None,
        "roadmap_adopted_on": "2021-05-20", "comment": None,
    }  # fmt: skip
    assert "T3 2024" in sheet["D2"].value


def test_nothing_is_asked_to_be_confirmed_where_nothing_is_open(write):
    sheet = openpyxl.load_workbook(write("SEN", Previous())).worksheets[0]
    assert not [code for code in rows_by_code(sheet) if code.startswith("confirm")]


def test_the_same_inputs_give_the_same_bytes(write):
    assert write("MOZ").read_bytes() == write("MOZ").read_bytes()


@pytest.mark.parametrize(
    ("constraint", "lowest", "highest"),
    [
        ("", 0, 10**9), (". > 2 and . < 9", 3, 8), ("regex(., '^1') and . <= 7", 0, 7), (". >= 0 or . = 5", 0, 10**9),
        (". <= ${a}", 0, "=MIN(1000000000,IF(COUNT(A1)=1,A1,1000000000))"),
        ("(${a} = '' or ${b} = '' or . < 2 * ${a} + ${b}) and . <= 50", 0, "=MIN(50,IF(COUNT(A1,B1)=2,2*A1+B1-1,50))"),
        (". <= ${unknown}", 0, 10**9), (". >= 2.5 and . < 9.5", 3, 9), (". > 2.5 and . <= 30 + 7", 3, 37),
        (". < 1.5 * ${a}", 0, "=MIN(1000000000,IF(COUNT(A1)=1,ROUNDUP(1.5*A1,0)-1,1000000000))"),
    ],
)  # fmt: skip
def test_a_constraint_is_a_limit_where_it_is_one(constraint, lowest, highest):
    found = read_limits(Question("q", (), "integer", {}, constraint=constraint), {"a": "A1", "b": "B1"})
    assert (found.lowest, found.highest) == (lowest, highest)


# --- another plan, other programs -------------------------------------------------------------------------------


def test_another_plan_gets_its_workbooks_and_reads_them(tmp_path, monkeypatch):
    root = place(tmp_path / "root", [])
    monkeypatch.setenv("PAPU_ROOT", str(root))
    monkeypatch.delenv("PAPU_OUT", raising=False)
    plan, form, quarter = read_plan(), read_form(), "2025Q2"
    written = write_mail_forms(tmp_path, plan, form, quarter, {}, date(2025, 6, 1))
    assert [path.stem for path in written] == [member.member for member in plan.members_in(quarter)]
    said, items = answers_of(form), items_of(form, quarter)
    for path in written[:2]:
        language = plan.by_iso3[path.stem].language
        received = read(fill(path, form, language, said, items), quarter, "2025-07-10")
        (one,) = received.returns
        assert (one.member, read_again(one, form), items_again(one, form)) == (path.stem, said, items)
        assert warned(received) == []


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_libreoffice_saves_it_and_the_same_answers_come_back(write, form, tmp_path, language, when):
    member = PLACES[language]
    path, said, items = write(member), answers_of(form), items_of(form, Q)
    path = path if when == "after" else save_by_libreoffice(path, tmp_path)
    path = fill(path, form, language, said, items, {"confirm/2024Q3/offices_total/1250": "yes"})
    path = path if when == "before" else save_by_libreoffice(path, tmp_path)
    received = read(path)
    (one,) = received.returns
    assert (one.member, one.quarter_text) == (member, Q)
    assert (read_again(one, form), items_again(one, form)) == (said, items)
    assert confirmed.list_confirmed(received) == [ConfirmedCount("2024Q3", member, "offices_total", 1250)]
    assert warned(received) == []
    sheet = openpyxl.load_workbook(path).worksheets[0]
    rows, held = rows_by_code(sheet), validations(sheet)
    assert held[f"C{rows['offices_total']}"].type == "whole" and sheet.protection.sheet


def save_by_libreoffice(path: Path, tmp_path: Path) -> Path:
    """Open a workbook in LibreOffice and save it as .xlsx again."""
    out = tmp_path / "saved"
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return out / path.name
