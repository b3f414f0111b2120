"""Counts confirmed in what members send: rows of confirmations.csv, known from the day the file was received."""

from __future__ import annotations

import csv
from datetime import date

import pytest
from click.testing import CliRunner

from helpers import paths
from helpers.cli import desk, main
from helpers.desk import append_rows, record_confirmations
from helpers.ingest.registers import read_registers

Q = "2024Q4"
ROW = {"member": "SEN", "quarter": Q, "offices_total": 130, "staff_total": 1800}
SAID = ("2024Q3", "SEN", "offices_total", 28, "sen.xlsx")
DAYS = {"sen.xlsx": date(2025, 1, 12), "sen-2.xlsx": date(2025, 1, 30)}


def rows() -> list[dict[str, str]]:
    with (paths.registers() / "confirmations.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_confirmation_is_known_from_the_day_its_file_was_received(raw):
    recorded = record_confirmations([SAID], DAYS)
    assert (len(recorded.rows), recorded.n_known, recorded.refused) == (1, 0, ())
    assert rows() == [
        {
            "quarter": "2024Q3", "member": "SEN", "question": "offices_total", "value": "28",
            "confirmed_on": "2025-01-12", "note": "Confirmé par le membre dans sen.xlsx", "recorded_on": "2025-01-12",
        }
    ]  # fmt: skip
    known = [read_registers().confirmed(date(2025, 1, day)) for day in (11, 12)]
    assert known == [{}, {("2024Q3", "SEN", "offices_total"): 28}]


def test_it_is_never_recorded_twice_and_a_file_never_overrules_what_was_recorded_after_it(raw):
    record_confirmations([SAID, SAID], DAYS)
    assert record_confirmations([SAID], DAYS).n_known == 1
    by_hand = dict(zip(("quarter", "member", "question", "value"), SAID, strict=False)) | {"value": "30"}
    append_rows("confirmations", [by_hand | {"confirmed_on": "", "note": "by telephone"}], date(2025, 1, 20))
    assert record_confirmations([SAID], DAYS).n_known == 1
    assert record_confirmations([(*SAID[:4], "sen-2.xlsx")], DAYS).rows[0]["value"] == "28"  # it says so again, later
    assert [row["value"] for row in rows()] == ["28", "30", "28"]


def test_the_last_file_that_confirms_a_count_says_which(raw):
    record_confirmations([("2024Q3", "SEN", "offices_total", 31, "sen-2.xlsx"), SAID], DAYS)
    assert [(row["value"], row["recorded_on"]) for row in rows()] == [("28", "2025-01-12"), ("31", "2025-01-30")]


@pytest.mark.parametrize("said", [(*SAID[:2], "comment", *SAID[3:]), (*SAID[:3], 10**12, SAID[4])])
def test_what_cannot_be_is_refused_and_the_others_are_recorded(raw, said):
    recorded = record_confirmations([said, SAID], DAYS)
    assert len(recorded.rows) == 1 and len(recorded.refused) == 1 and "sen.xlsx" in recorded.refused[0]


def test_a_register_that_cannot_be_read_is_left_alone(raw):
    (paths.registers() / "confirmations.csv").write_bytes(b"quarter\n")
    assert "confirmations.csv" in record_confirmations([SAID], DAYS).refused[0]
    assert (paths.registers() / "confirmations.csv").read_bytes() == b"quarter\n"


class TestAdd:
    """`papu add` of a mailed questionnaire that confirms a count, and denies another."""

    @pytest.fixture
    def add(self, raw, tmp_path):
        rows = [["member", "", "SEN"], ["quarter", "", Q], ["offices_total", "", 30], ["staff_total", "", 1800]]
        asked = [["confirm/2024Q3/offices_total/28", "", "oui"], ["confirm/2024Q3/staff_total/900", "", "non"]]
        path = raw.write_sheets(Q, {"Questionnaire": [["Code", "Question", "Réponse"], *rows, *asked]}, "sen.xlsx")
        path = path.rename(tmp_path / "sen.xlsx")
        (raw.folder(Q) / "MANIFEST.csv").unlink()

        def run(*arguments: str):
            return CliRunner().invoke(main, ["add", str(path), "--quarter", Q, "--language", "en", *arguments])

        return run

    def test_what_the_files_confirm_is_recorded_and_said(self, add):
        done = add("--received-on", "2025-01-12")
        assert done.exit_code == 0, done.output
        assert "confirmations.csv: 1 added" in done.output and "+ 2024Q3, SEN, offices_total, 28" in done.output
        assert [(row["member"], row["recorded_on"]) for row in rows()] == [("SEN", "2025-01-12")]

    def test_a_dry_run_says_so_and_writes_nothing(self, add):
        done = add("--received-on", "2025-01-12", "--dry-run")
        assert "confirmations.csv: 1 would be added" in done.output and rows() == []

    def test_the_same_file_added_again_on_another_day_records_nothing(self, add):
        add("--received-on", "2025-01-12")
        assert "confirmations.csv: 1 there already" in add("--received-on", "2025-01-20").output
        assert len(rows()) == 1

    def test_a_killed_command_that_has_added_the_file_only_is_completed_with_the_day_of_the_file(
        self, add, monkeypatch
    ):
        with monkeypatch.context() as patched:
            patched.setattr(desk, "record_confirmed", lambda *given: ())
            add("--received-on", "2025-01-12")
        add("--received-on", "2025-01-20")
        assert [row["recorded_on"] for row in rows()] == ["2025-01-12"]
