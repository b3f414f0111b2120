"""The letters to focal points: member by member, in their language, complete, and safe to open."""

from __future__ import annotations

import csv
import re
import zipfile
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from conftest import table_of
from helpers import paths
from helpers.cli import main
from helpers.i18n import catalogue
from helpers.ingest import rules
from helpers.ingest.issues import SEVERITIES
from helpers.ingest.quarter import read_quarter
from helpers.ingest.registers import read_registers
from helpers.plan import read_settings
from helpers.report.letters import TEXTS, MemberFeedback, collect_feedback, format_letters, write_letters_workbook
from helpers.report.mailing import write_letter_files

Q = "2024Q3"
AS_OF = date(2024, 11, 14)
DAY = date(2024, 10, 10)
SEN = {"member": "SEN", "quarter": Q, "offices_total": 130, "staff_total": 1800, "submitted_on": DAY}


@pytest.fixture
def letters(raw, plan, form):
    """Return a maker of the letters of what was received."""

    def make(**how: object) -> list[MemberFeedback]:
        checked = rules.check_received(read_quarter(Q), read_registers(), plan, form, AS_OF)
        return collect_feedback(checked, plan, Q, **how)

    return make


def of(letters: list[MemberFeedback], code: str) -> MemberFeedback:
    return next(letter for letter in letters if letter.code == code)


def test_every_member_has_a_letter_in_its_language_and_the_silent_ones_too(raw, letters):
    raw.write_plain(Q, [SEN])
    made = letters()
    assert len(made) == 45
    assert [of(made, code).language for code in ("SEN", "KEN", "AGO", "EGY")] == ["fr", "en", "pt", "ar"]
    assert (len(of(made, "SEN").entries), of(made, "KEN").entries) == (1, ())


def test_a_letter_holds_what_was_withdrawn_and_questioned_by_severity_and_notes_only_when_asked(raw, letters):
    raw.write_plain(Q, [SEN | {"offices_connected": "douze", "staff_total": 100, "staff_women": " 40 "}])
    found = of(letters(), "SEN").issues
    assert [each.severity for each in found] == sorted([each.severity for each in found], key=SEVERITIES.index)
    assert {each.rule for each in found} == {"V03", "V05"}
    assert "NUM_NORMALISED" in {each.rule for each in of(letters(notes=True), "SEN").issues}


def test_findings_on_a_return_that_was_replaced_are_left_out(raw, letters):
    raw.write_plain(Q, [SEN | {"offices_connected": "douze"}, SEN | {"submitted_on": date(2024, 10, 20)}])
    letter = of(letters(), "SEN")
    assert (len(letter.entries), letter.issues) == (2, ())


def test_an_item_that_two_versions_share_is_reported_with_the_one_that_counts(raw, letters):
    times = [datetime(2024, 10, 10, hour) for hour in (9, 11)]
    rows = [SEN | {"submitted_on": time, "offices_total": 130 + n} for n, time in enumerate(times)]
    raw.write_plain(Q, rows, [{"member": "SEN", "submitted_on": DAY, "kind": "fête", "title": "X"}])
    assert "innovations.kind" in {issue.question for issue in of(letters(), "SEN").issues}


def test_what_names_no_member_goes_to_the_secretariat(raw, letters):
    raw.write_plain(Q, [SEN, SEN | {"member": "Atlantis"}, SEN | {"member": "CPV"}])
    raw.add(Q, "broken.xlsx", b"PK\x03\x04")
    last = letters()[-1]
    assert (last.code, last.language) == ("", "fr")
    assert sorted(issue.rule for issue in last.issues) == ["V01", "V01", "V20"]


def test_only_the_members_asked_for(raw, letters):
    raw.write_plain(Q, [SEN | {"member": "Atlantis"}])
    assert [letter.code for letter in letters(members=("SEN", "KEN"))] == ["SEN", "KEN"]


@pytest.mark.parametrize("language", ["fr", "en", "pt", "ar"])
def test_the_lines_say_what_was_seen_expected_and_to_be_done(raw, letters, form, language):
    raw.write_plain(Q, [SEN | {"offices_connected": 999}])
    made = letters(language=language, members=("SEN",))
    text = "\n".join(format_letters(made, form, Q, AS_OF, language))
    for said in ("(SEN)", "mail.xlsx", "V04", form.by_name["offices_connected"].label[language], "999", "≤ 130"):
        assert said in text
    assert made[0].issues[0].say(language) in text


def written(tmp_path: Path, made: list[MemberFeedback], form, name: str = "letters.xlsx") -> Path:
    path = tmp_path / name
    write_letters_workbook(path, made, form, Q, AS_OF, sample=True)
    return path


HOSTILE = ["=1+1", "+1", "@SUM(A1)", "-2+3", "\t=1", "http://example.org", "\x1b[31m\x00x", "x" * 40_000]


def test_the_workbook_has_a_sheet_a_member_after_its_contents(raw, letters, form, tmp_path):
    raw.write_plain(Q, [SEN | {"offices_connected": "douze"}])
    book = openpyxl.load_workbook(written(tmp_path, letters(), form))
    assert (len(book.sheetnames), book.sheetnames[0]) == (46, "Sommaire")
    sheet = book["SEN"]
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    for said in ("Questionnaire T3 2024 : Sénégal", "valeur écartée", "douze", "0, 1, 2, …"):
        assert said in cells
    assert any("inventées" in cell for cell in cells)
    assert any(cell.startswith("Bureaux connectés à Internet") for cell in cells)
    assert book["EGY"].sheet_view.rightToLeft and not sheet.sheet_view.rightToLeft
    assert any("Aucun retour" in str(cell.value) for cell in book["MLI"]["A"])


def test_the_workbook_holds_no_formula_no_foreign_link_and_no_control_character(raw, plan, letters, form, tmp_path):
    codes = [member.member for member in plan.members]
    rows = [SEN | {"member": code, "cloud_use": text} for code, text in zip(codes, HOSTILE, strict=False)]
    raw.write_plain(Q, rows, name="=cmd.xlsx")
    for number, text in enumerate(HOSTILE):
        raw.write_plain(Q, [SEN | {"member": text, "organisation": text}], name=f"{number}.xlsx")
    path = written(tmp_path, letters(), form)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, part in parts.items() if b"<f>" in part or b"<f " in part]
    assert not [name for name, part in parts.items() if b'TargetMode="External"' in part]
    book = openpyxl.load_workbook(path)
    texts = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {"=1+1", "+1", "@SUM(A1)", "-2+3"} <= set(texts)
    assert not [text for text in texts if "\x1b" in text or "\x00" in text]


def test_the_same_letters_are_the_same_bytes(raw, letters, form, tmp_path):
    raw.write_plain(Q, [SEN])
    first, second = (written(tmp_path, letters(), form, name) for name in ("a.xlsx", "b.xlsx"))
    assert first.read_bytes() == second.read_bytes()


def papu(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


def test_the_command_prints_the_table_and_writes_the_workbook(raw, tmp_path):
    raw.write_plain(Q, [SEN | {"offices_connected": 999}])
    path = tmp_path / "letters.xlsx"
    code, said = papu("check", Q, "--member", "SEN", "--excel", str(path))
    assert (code, "au plus 130 attendus" in said, path.exists()) == (0, True, True)
    assert "T3 2024, au 2024-11-14" in said
    code, said = papu("check", Q, "--member", "SEN", "--language", "en")
    assert (code, "at most 130 expected" in said) == (0, True)


def test_the_command_says_what_it_cannot_do(raw, tmp_path):
    raw.write_plain(Q, [SEN])
    assert papu("check", Q, "--member", "XXX")[0] == 2
    assert papu("check", "2031Q1")[0] == 2
    assert papu("check", Q, "--excel", str(raw.folder(Q) / "letters.xlsx"))[0] == 2
    assert papu("check", Q, "--out", str(raw.folder(Q)))[0] == 2
    code, said = papu("check", Q, "--excel", str(tmp_path / "none" / "letters.xlsx"))
    assert (code, "écriture impossible" in said) == (7, True)


def test_a_quarter_that_nobody_answered_gets_letters_too(raw):
    code, said = papu("check", Q)
    assert (code, said.count("Aucun retour reçu")) == (0, 45)


@pytest.mark.parametrize("key", list(catalogue.read_by_key(TEXTS)))
def test_every_word_of_a_letter_is_said_in_the_four_languages(key):
    said = [catalogue.read_by_key(TEXTS)[key][language] for language in ("fr", "en", "pt", "ar")]
    assert all(said)
    assert len({tuple(sorted(re.findall(r"\{\w+\}", text))) for text in said}) == 1


def test_a_file_that_cannot_be_read_is_reported_as_a_file_and_many_refusals_in_one_line(raw, letters, form):
    raw.write_plain(Q, [SEN | {"member": f"Atlantis {n}"} for n in range(9)])
    raw.add(Q, "broken.xlsx", b"PK\x03\x04")
    text = list(format_letters(letters(language="en")[-1:], form, Q, AS_OF, "en"))
    assert text[0].endswith("mail.xlsx: rejected (x 9)")
    assert sum("The whole file" in line for line in text) == 1


def published(raw, made: str) -> None:
    """Publish a table of returns that says whose file `mail.xlsx` was."""
    folder = raw.root / "data" / "processed" / Q / "2024-11-14"
    folder.mkdir(parents=True)
    columns = "quarter,member,version,received_on,state,counts,source_file,sha256"
    (folder / "returns.csv").write_text(f"{columns}\n{Q},{made},1,2024-10-10,on_time,true,mail.xlsx,00\n")


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:-1]), Path.unlink])
def test_a_member_whose_file_is_damaged_or_gone_is_not_told_that_nothing_came(raw, letters, form, damage):
    damage(raw.write_plain(Q, [SEN], received_on="2024-10-10"))
    published(raw, "SEN")
    made = letters(language="en")
    assert [issue.source_file for issue in of(made, "SEN").issues] == ["mail.xlsx"]
    lines = list(format_letters(made, form, Q, AS_OF, "en"))
    assert any(line.startswith("Senegal (SEN) - Your file mail.xlsx reached us but it is damaged") for line in lines)
    assert any(line.startswith("Kenya (KEN) - No return received so far") for line in lines)
    assert "members without a return: 44" in lines[-1]


def test_where_nobody_knows_whose_a_damaged_file_is_no_member_is_told_that_nothing_came(raw, letters, form):
    path = raw.write_plain(Q, [SEN], received_on="2024-10-10")
    path.write_bytes(path.read_bytes()[:-1])
    lines = list(format_letters(letters(language="en"), form, Q, AS_OF, "en"))
    assert sum("a file received is damaged or missing here (mail.xlsx)" in line for line in lines) == 45
    assert not any("No return received" in line for line in lines)
    assert any("put the original back" in line for line in lines)


def test_what_concerns_a_whole_file_is_shown_unasked_also_for_one_member(raw, letters):
    raw.write_plain(Q, [SEN, SEN | {"member": "KEN"}])
    (raw.folder(Q) / "older").mkdir()
    assert [(issue.rule, issue.severity) for issue in letters()[-1].issues] == [("FOLDER", "warning")]
    raw.write_sheets(Q, {"returns": table_of([SEN | {"offices_total": 131}]), "Notes": [["Prices", 12]]}, "b.xlsx")
    *_, last = letters(members=("SEN",))
    assert (last.code, [issue.rule for issue in last.issues]) == ("", ["SHEET_UNKNOWN"])


def test_nothing_is_asked_that_the_member_has_confirmed(raw, letters):
    raw.write_plain(Q, [SEN | {"offices_total": 20, "offices_connected": 9}])
    assert "V05" in {issue.rule for issue in of(letters(), "SEN").issues}
    raw.write_register("confirmations", f"{Q},SEN,offices_total,20,2024-11-01,,2024-11-01")
    assert "offices_total" not in {issue.question for issue in of(letters(), "SEN").issues}
    (confirmed,) = [each for each in of(letters(notes=True), "SEN").issues if each.rule == "V06" and each.is_confirmed]
    assert confirmed.say("en").endswith("(value confirmed)")


class TestFiles:
    """`papu letters`: one workbook and one draft a member, and their list."""

    @pytest.fixture
    def folder(self, raw, letters, form, tmp_path) -> Path:
        wrong = SEN | {"offices_connected": "douze", "focal_point_name": "Awa Canari"}
        raw.write_plain(Q, [wrong, {"member": "KEN", "quarter": Q, "offices_total": 640, "submitted_on": DAY}])
        write_letter_files(tmp_path / "out", letters(), form, Q, AS_OF)
        return tmp_path / "out"

    @staticmethod
    def read(folder: Path, code: str) -> tuple[EmailMessage, str]:
        message = message_from_bytes((folder / f"{Q}_{code}.eml").read_bytes(), policy=policy.default)
        return message, message.get_body().get_content()

    def test_each_member_has_two_files_and_a_line_of_the_list(self, folder):
        with (folder / "letters.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = {row["member"]: row for row in csv.DictReader(file)}
        assert len(rows) == 45 and len(list(folder.iterdir())) == 48  # a workbook only of what the two sent
        assert (rows["SEN"]["returns"], rows["SEN"]["withdrawn"], rows["KEN"]["language"]) == ("1", "1", "en")
        message, _ = self.read(folder, "KEN")
        assert message["Subject"] == rows["KEN"]["subject"] == "Questionnaire Q3 2024: Kenya"
        (attached,) = message.iter_attachments()
        assert attached.get_filename() == rows["KEN"]["workbook"] == f"{Q}_KEN.xlsx"
        assert attached.get_content() == (folder / f"{Q}_KEN.xlsx").read_bytes()

    def test_a_draft_has_salutation_finding_deadline_and_contact_and_no_recipient(self, folder):
        message, text = self.read(folder, "SEN")
        assert message["To"] is None and message["X-Unsent"] == "1"
        for said in ("Madame, Monsieur,", "douze", "29 décembre 2024", "Secrétariat général, plan"):
            assert said in text.replace("\N{NO-BREAK SPACE}", " ")

    def test_a_draft_is_from_the_address_of_the_plan_where_it_has_one(self, letters, form, tmp_path, monkeypatch):
        address = "digital@union.example"
        monkeypatch.setitem(read_settings().contact, "email", address)
        write_letter_files(tmp_path, letters(), form, Q, AS_OF)
        message, text = self.read(tmp_path, "KEN")
        assert message["From"] == address and f"General Secretariat, digitalisation plan, {address}" in text

    def test_whoever_sent_nothing_is_not_told_that_nothing_is_to_be_corrected(self, folder):
        _, text = self.read(folder, "GHA")
        assert "No return received so far" in text and "Nothing to correct" not in text
        assert not (folder / f"{Q}_GHA.xlsx").exists()

    def test_a_refused_return_is_said_to_count_as_none(self, raw, letters, form, tmp_path):
        raw.write_plain(Q, [SEN, SEN | {"offices_total": 131}])
        write_letter_files(tmp_path, letters(), form, Q, AS_OF)
        _, text = self.read(tmp_path, "SEN")
        assert (
            text.count("(130 / 131)") == 1
            and "offices_total" not in text
            and "ce trimestre compte comme sans réponse" in text
        )

    def test_no_file_has_anything_of_another_member_or_of_a_person(self, folder, plan):
        for member in plan.members_in(Q):
            _, text = self.read(folder, member.member)
            for path in folder.glob(f"{Q}_{member.member}.xlsx"):
                book = openpyxl.load_workbook(path)
                text += "\n".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value)
            others = [each for each in plan.members_in(Q) if each is not member]
            names = {each.name[language] for each in others for language in ("fr", "en")} - set(member.name.values())
            named = [name for name in names if name not in " ".join(member.name.values()) and name in text]
            assert named == [] and "Canari" not in text
            assert [each.member for each in others if re.search(rf"\b{each.member}\b", text)] == []
            assert ("douze" in text) == (member.member == "SEN")

    def test_the_same_letters_are_the_same_bytes(self, folder, letters, form, tmp_path):
        write_letter_files(tmp_path / "again", letters(), form, Q, AS_OF)
        for path in folder.iterdir():
            assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()

    def test_after_the_revised_edition_no_day_is_named(self, letters):
        letter = of(letters(), "SEN")
        assert len(letter.list_closing(Q, AS_OF)) == 2 and len(letter.list_closing(Q, date(2025, 1, 2))) == 1

    @pytest.mark.slow
    def test_the_command_writes_them(self, raw, tmp_path):
        raw.write_plain(Q, [SEN])
        done = CliRunner().invoke(main, ["letters", Q, "--out", str(tmp_path / "out"), "--member", "SEN"])
        assert done.exit_code == 0, done.output
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
            f"{Q}_SEN.eml", f"{Q}_SEN.xlsx", "letters.csv",
        ]  # fmt: skip
        assert CliRunner().invoke(main, ["letters", Q, "--out", str(paths.raw() / "x")]).exit_code == 2
