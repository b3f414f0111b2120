"""Reminders: who has not answered, by when, which reminder it is; drafts without a recipient, and a log of them."""

from __future__ import annotations

import csv
import re
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import ROOT
from helpers import paths
from helpers.cli import main
from helpers.desk import reminders
from helpers.paths import DataRefused
from helpers.strings import LANGUAGES
from second.placing import place

Q = "2024Q3"  # on time by 30 October, cut-off on 14 November, revised from 29 December
DUE, CUTOFF = date(2024, 10, 30), date(2024, 11, 14)
SEN = {"member": "SEN", "quarter": Q, "offices_total": 130, "staff_total": 1800, "submitted_on": date(2024, 10, 10)}
KEN = SEN | {"member": "KEN", "offices_total": 640}


def read(folder: Path, code: str) -> tuple[EmailMessage, str]:
    message = message_from_bytes((folder / f"{Q}_{code}.eml").read_bytes(), policy=policy.default)
    return message, message.get_body().get_content().replace("\N{NO-BREAK SPACE}", " ")


def read_table(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["member"]: row for row in csv.DictReader(file)}


@pytest.fixture
def answered(raw):
    """Return a root in which one member has answered, and one only in a way that is refused."""
    raw.write_plain(Q, [SEN, KEN, KEN | {"offices_total": 641}])
    return raw


def test_who_has_answered_is_not_reminded_and_who_was_refused_gets_the_other_letter(answered, tmp_path):
    made = reminders.remind(Q, DUE, tmp_path / "out")
    assert len(made.reminders) == 43 and made.refused == ["KEN"]
    assert {path.name for path in (tmp_path / "out").glob("*.eml")} == {
        f"{Q}_{r.letter.code}.eml" for r in made.reminders
    }
    assert not {"SEN", "KEN"} & set(read_table(tmp_path / "out" / "letters.csv"))


def test_what_came_after_the_day_has_not_come_yet(answered, tmp_path):
    assert len(reminders.remind(Q, date(2024, 10, 9), tmp_path).reminders) == 45


@pytest.mark.parametrize(
    ("today", "situation", "said", "unsaid"),
    [
        (DUE, "before", "is expected by 30 October 2024", "29 December"),
        (date(2024, 10, 31), "overdue", "If it reaches us by 14 November 2024, it still counts", "is over"),
        (CUTOFF, "overdue", "What comes by 29 December 2024 counts in the revised edition", "is over"),
        (date(2024, 11, 15), "closed", "The first cut-off, on 14 November 2024, is over", "still counts"),
        (date(2025, 1, 10), "closed", "the quarter counts as not answered", "29 December"),
    ],
)
def test_a_reminder_says_by_when(answered, tmp_path, today, situation, said, unsaid):
    reminders.remind(Q, today, tmp_path)
    message, text = read(tmp_path, "GHA")
    assert message["Subject"] == "Reminder - Questionnaire Q3 2024: Ghana"
    assert said in text and unsaid not in text and "General Secretariat, digitalisation plan" in text
    row = read_table(tmp_path / "letters.csv")["GHA"]
    assert (row["situation"], row["due_on"], row["reminder"], row["last_reminded_on"]) == (
        situation,
        "2024-10-30",
        "1",
        "",
    )


def test_a_further_reminder_says_which_it_is_and_when_the_last_one_was_made(answered, tmp_path):
    reminders.remind(Q, date(2024, 10, 20), tmp_path / "1")
    reminders.remind(Q, date(2024, 10, 31), tmp_path / "2", members=["GHA"])
    reminders.remind(Q, date(2024, 11, 20), tmp_path / "3")
    message, text = read(tmp_path / "2", "GHA")
    assert message["Subject"].startswith("Reminder 2 - ") and "wrote to you about it on 20 October 2024" in text
    assert [read_table(tmp_path / "3" / "letters.csv")[code]["reminder"] for code in ("GHA", "TGO")] == ["3", "2"]
    assert "le 20 octobre 2024" in read(tmp_path / "3", "TGO")[1]


def test_a_reminder_made_again_on_its_day_is_the_same_and_logged_once(answered, tmp_path):
    for folder in ("1", "2"):
        reminders.remind(Q, DUE, tmp_path / folder)
    files = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert len(files) == 44 and all(
        (tmp_path / "1" / n).read_bytes() == (tmp_path / "2" / n).read_bytes() for n in files
    )
    assert len(reminders.read_log()) == 43


def test_another_quarter_and_the_plan_of_its_own_begin_anew(answered, tmp_path):
    reminders.remind("2024Q2", DUE, tmp_path / "1", members=["GHA"])
    reminders.remind(Q, date(2024, 10, 31), tmp_path / "2", members=["GHA"])
    assert [row[:4] for row in reminders.read_log()] == [
        ("2024Q2", "GHA", "2024-10-30", "1"), (Q, "GHA", "2024-10-31", "1"),
    ]  # fmt: skip


def test_the_log_is_read_as_a_spreadsheet_saves_it_and_one_that_cannot_be_read_is_refused(answered, tmp_path):
    paths.desk().mkdir(parents=True)
    log = paths.desk() / reminders.LOG
    log.write_text("quarter;member;made_on;reminder\r\n2024Q3;GHA;20/10/2024;1\r\n", encoding="cp1252")
    reminders.remind(Q, DUE, tmp_path / "1", members=["GHA"])
    assert [row[2] for row in reminders.read_log()] == ["2024-10-20", "2024-10-30"]
    log.write_text("quarter,member,made_on\n2024Q3,GHA,hier\n", encoding="utf-8")
    with pytest.raises(DataRefused, match="row 2"):
        reminders.remind(Q, DUE, tmp_path / "2")
    assert not (tmp_path / "2").exists()


def test_the_log_is_no_input_of_an_edition_and_outlasts_make_clean(answered):
    assert not paths.desk().is_relative_to(paths.raw()) and not paths.desk().is_relative_to(paths.build())
    removed = re.search(r"(?ms)^clean:.*?rm -rf ([^\n]*)", (ROOT / "Makefile").read_text(encoding="utf-8"))[1]
    assert removed.split() == ["build", ".pytest_cache", ".ruff_cache"]


def test_the_questionnaire_goes_with_it_where_there_is_one(answered, tmp_path):
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "GHA.xlsx").write_bytes(b"the questionnaire of GHA")
    reminders.remind(Q, DUE, tmp_path / "out", questionnaires=tmp_path / "mail")
    message, text = read(tmp_path / "out", "GHA")
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("GHA.xlsx", b"the questionnaire of GHA")
    assert "The questionnaire is attached" in text
    message, text = read(tmp_path / "out", "NGA")
    assert [*message.iter_attachments()] == [] and "send it again on request" in text


def test_no_draft_has_a_recipient_or_anything_of_another_member(answered, plan, tmp_path):
    made = reminders.remind(Q, DUE, tmp_path)
    for reminder in made.reminders:
        member = reminder.letter.member
        message, text = read(tmp_path, member.member)
        assert message["To"] is None and message["X-Unsent"] == "1"
        others = [each for each in plan.members_in(Q) if each is not member]
        names = {each.name[member.language] for each in others} - set(member.name.values())
        assert [name for name in names if name in text and name not in member.name[member.language]] == []
        assert [each.member for each in others if re.search(rf"\b{each.member}\b", text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_in_the_language_of_the_member_or_the_one_given(answered, plan, tmp_path, language):
    own = next(each.member for each in plan.members if each.language == language and each.member not in ("SEN", "KEN"))
    reminders.remind(Q, DUE, tmp_path / "own", members=[own])
    reminders.remind(Q, DUE, tmp_path / "given", members=["GHA"], language=language)
    mine, given = read(tmp_path / "own", own)[0], read(tmp_path / "given", "GHA")[0]
    assert {message.get_body()["Content-Language"] for message in (mine, given)} == {language}
    assert "{" not in mine.get_body().get_content() + mine["Subject"]


def test_a_folder_with_the_drafts_of_others_is_refused_for_they_may_have_answered(answered, tmp_path):
    reminders.remind(Q, DUE, tmp_path)
    answered.write_plain(Q, [SEN | {"member": "GHA"}], name="gha.xlsx")
    with pytest.raises(ValueError, match=f"{Q}_GHA.eml; choose another folder"):
        reminders.remind(Q, date(2024, 10, 31), tmp_path)
    assert len(reminders.read_log()) == 43


def test_nobody_is_reminded_while_a_damaged_file_may_be_theirs(answered, tmp_path):
    path = answered.write_plain(Q, [SEN | {"member": "GHA"}], name="gha.xlsx")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataRefused, match="gha.xlsx: damaged or missing"):
        reminders.remind(Q, DUE, tmp_path / "out")


def test_before_anything_has_come_everybody_is_reminded(raw, tmp_path):
    assert len(reminders.remind(Q, DUE, tmp_path).reminders) == 45


def test_another_plan_has_its_own_days_members_and_languages(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPU_ROOT", str(place(tmp_path / "root")))
    made = reminders.remind("2026Q1", date(2026, 4, 21), tmp_path / "out")
    rows = read_table(tmp_path / "out" / "letters.csv")
    assert len(made.reminders) == len(rows) > 3 and {row["due_on"] for row in rows.values()} == {"2026-04-20"}
    assert {row["situation"] for row in rows.values()} == {"overdue"}
    assert {row["language"] for row in rows.values()} <= {"fr", "en"}


def test_the_command_says_what_was_made_and_who_gets_the_other_letter(answered, tmp_path):
    words = ["letters", Q, "--remind", "--out", str(tmp_path / "out"), "--language", "en"]
    words += ["--member", "GHA", "--member", "KEN"]
    first = CliRunner().invoke(main, [*words, "--today", "2024-10-30"])
    assert first.exit_code == 0 and f"{Q}_GHA.eml: reminder 1\n" in first.output, first.output
    assert "answered, but nothing of it counts; they get the other letter: KEN" in first.output
    again = CliRunner().invoke(main, [*words, "--today", "2024-11-02", "--attach", str(tmp_path)])
    assert f"{Q}_GHA.eml: reminder 2; the last one on 2024-10-30" in again.output
    assert "for GHA" in again.output


@pytest.mark.parametrize(
    "more",
    [
        ["--remind", "--as-of", "2024-11-14"], ["--today", "2024-11-14"], ["--attach", "."],
        ["--remind", "--today", "2999-01-01"], ["--remind", "--member", "XXX"], ["--remind", "--attach", "nowhere"],
    ],
)  # fmt: skip
def test_the_command_says_what_it_needs(answered, tmp_path, more):
    assert CliRunner().invoke(main, ["letters", Q, "--out", str(tmp_path / "out"), *more]).exit_code == 2
