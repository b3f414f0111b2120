"""The schedule: what is due on a day is made once, and again when its inputs change; and the status of it all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from commands import hashes, papu, write_notebook
from conftest import ROOT
from helpers import editions, paths
from helpers.runs import edition, lock, log, schedule
from helpers.runs.edition import EditionRequest
from helpers.runs.errors import ExitCode, RunError
from helpers.runs.log import Log
from helpers.tables import pipeline
from quick import QUARTER, quick_root, write_notebooks  # noqa: F401

pytestmark = pytest.mark.slow

LOG = Log({"command": "run"})
FIRST, REVISED = date(2024, 11, 14), date(2024, 12, 29)  # of 2024Q3


def make(request: edition.EditionRequest, *_: object) -> Path:
    """Stand in for `run_locked_edition`: publish only a manifest with the current inputs."""
    with log.record_run({"command": "run", "quarter": request.quarter, "as_of": request.as_of}):
        inputs = pipeline.list_current_inputs(request.quarter, request.as_of)
        folder = paths.reports(request.quarter, request.as_of)
        folder.mkdir(parents=True, exist_ok=True)
        facts = {
            "parameters": {"languages": list(request.languages)}, "outputs": {}, "input_id": "0", "started_at": "",
            "ended_at": "", "code": {}, "environment": {},
            "inputs": [{"file": file, "sha256": digest} for file, digest in inputs.items()],
        }  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


@pytest.fixture
def root(raw, monkeypatch) -> Path:
    """Return a root of its own with one received file, in which editions are made without kernels."""
    raw.add("2024Q3", "mail.csv", b"member,quarter,offices_total\nSEN,2024Q3,130\n", "2024-10-10")
    monkeypatch.setattr(edition, "run_locked_edition", make)
    return raw.root


def run(today: date, *languages: str) -> tuple[list[str], list[int]]:
    """Run what is due on a day; return the editions published, as quarter and date, and the exit codes of failures."""
    published, codes = schedule.run_due(schedule.find_due(today, languages), LOG)
    return [f"{folder.parent.name} {folder.name}" for folder in published], codes


def days(first: str, count: int) -> list[date]:
    return [date.fromisoformat(first) + timedelta(days=n) for n in range(count)]


class TestDue:
    def test_an_edition_is_made_once_on_the_day_of_its_cutoff(self, root):
        run(date(2024, 11, 10))  # the quarter before, as on any new machine
        made = {day.isoformat(): run(day)[0] for day in days("2024-11-11", 7)}
        assert {day: editions for day, editions in made.items() if editions} == {"2024-11-14": ["2024Q3 2024-11-14"]}

    def test_missed_days_are_caught_up(self, root):
        run(date(2024, 11, 13))
        assert run(date(2024, 11, 17))[0] == ["2024Q3 2024-11-14"]
        assert run(date(2025, 4, 2))[0] == ["2024Q3 2024-12-29", "2024Q4 2025-02-14", "2024Q4 2025-03-31"]
        assert run(date(2025, 4, 3))[0] == []

    def test_on_a_new_machine_the_schedule_begins_with_the_latest_quarter(self, root):
        assert run(FIRST)[0] == ["2024Q3 2024-11-14"]

    def test_the_revised_edition_comes_at_90_days_and_the_first_stays(self, root):
        run(FIRST)
        before = hashes(root / "reports")
        assert run(REVISED - timedelta(days=1))[0] == []
        assert run(REVISED)[0] == ["2024Q3 2024-12-29"]
        assert before.items() <= hashes(root / "reports").items()

    def test_a_run_with_nothing_to_do_reports_it_and_writes_nothing(self, root):
        run(FIRST)
        before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
        result = papu("run", "--due", "--today", "2024-11-15", PAPU_ROOT=str(root))
        summary = (
            "nothing to do: 2024Q3 as of 2024-11-14 is made and its inputs have not changed; "
            "next: 2024Q3 as of 2024-12-29 (Rev. 1)"
        )
        assert (result.returncode, result.stdout) == (0, f"2024-11-15 (UTC): {summary}\n")
        assert json.loads(result.stderr)["message"] == summary
        assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before

    @pytest.mark.parametrize("today", ["2026-05-15", "2030-01-01"])
    def test_after_the_end_of_the_plan_what_is_still_due_is_made_and_then_nothing(self, root, today):
        run(FIRST)
        made, codes = run(date.fromisoformat(today))
        assert (made[0], made[-1], len(made), codes) == ("2024Q3 2024-12-29", "2025Q4 2026-03-31", 11, [])
        assert run(date.fromisoformat(today)) == ([], [])
        assert "the plan ended with 2025Q4" in schedule.describe_due({}, date.fromisoformat(today))

    def test_before_the_plans_first_cutoff_nothing_is_due(self, root):
        assert run(date(2022, 5, 14)) == ([], [])
        assert schedule.describe_due({}, date(2022, 5, 14)).endswith(
            "no edition is due yet; next: 2022Q3 as of 2022-11-14"
        )

    def test_the_last_edition_of_the_plan_is_made_and_called_the_last(self, root):
        assert run(date(2026, 3, 31))[0] == ["2025Q4 2026-02-14", "2025Q4 2026-03-31"]
        assert schedule.describe_due({}, date(2026, 4, 1)).endswith("it was the plan's last")

    def test_every_quarter_with_statuses_has_two_editions_on_different_days(self):
        editions = schedule.list_schedule()
        assert len(editions) == len({request.as_of for request in editions}) == 28
        assert [request.is_revised for request in editions[:4]] == [False, True, False, True]


class TestChangedInputs:
    def reasons(self, today: date, *languages: str) -> list[str]:
        return list(schedule.find_due(today, languages).values())

    def test_an_edition_is_made_again_for_a_new_file_which_is_named(self, root, raw):
        run(FIRST)
        raw.add("2024Q3", "more.csv", b"member,quarter,offices_total\nKEN,2024Q3,623\n", "2024-11-13")
        assert self.reasons(FIRST) == ["its inputs changed since: 2024Q3/MANIFEST.csv, 2024Q3/more.csv"]
        assert run(FIRST)[0] == ["2024Q3 2024-11-14"] and run(FIRST)[0] == []

    def test_an_edition_is_made_again_for_a_corrected_date_of_receipt(self, root, raw):
        run(FIRST)
        listing = raw.folder("2024Q3") / "MANIFEST.csv"
        listing.write_text(listing.read_text().replace("2024-10-10", "2024-11-12"))
        assert self.reasons(FIRST) == ["its inputs changed since: 2024Q3/MANIFEST.csv"]

    def test_a_file_received_after_its_date_does_not_count(self, root, raw):
        run(FIRST)
        raw.add("2024Q3", "late.csv", b"member,quarter,offices_total\nKEN,2024Q3,623\n", "2024-11-20")
        assert self.reasons(date(2024, 11, 21)) == []

    def test_an_edition_that_another_one_follows_is_final(self, root, raw):
        run(REVISED)
        raw.add("2024Q3", "found.csv", b"member,quarter,offices_total\nKEN,2024Q3,623\n", "2024-11-13")
        assert [str(request) for request in schedule.find_due(REVISED)] == ["2024Q3 as of 2024-12-29 (Rev. 1)"]

    def test_three_changed_inputs_are_named_and_the_others_counted(self, root, raw):
        run(FIRST, "fr")
        for n in range(4):
            raw.add("2024Q3", f"{n}.csv", b"member,quarter,offices_total\nKEN,2024Q3,623\n", "2024-10-10")
        changes = "its inputs changed since: 2024Q3/0.csv, 2024Q3/1.csv, 2024Q3/2.csv and 2 more"
        assert self.reasons(FIRST, "fr") == [changes]

    def test_another_language_is_added_to_those_published(self, root):
        run(FIRST, "fr")
        assert self.reasons(FIRST, "pt") == ["not there in pt"]
        run(FIRST, "pt")
        assert editions.read_published_edition("2024Q3", FIRST.isoformat()).languages == ("fr", "pt")
        assert self.reasons(FIRST, "fr") == self.reasons(FIRST, "pt") == []

    @pytest.mark.parametrize("spoil", ["{", "[]", '{"outputs": {"report/report_fr.pdf": {}}}'])
    def test_without_a_readable_manifest_and_all_its_files_there_is_no_edition(self, root, spoil):
        run(FIRST)
        (paths.reports("2024Q3", FIRST.isoformat()) / "manifest.json").write_text(spoil, encoding="utf-8")
        assert self.reasons(FIRST) == ["not made yet"]


class TestBetween:
    def find(self, first: str = "2024Q2", last: str = "2024Q3", today: date = REVISED) -> dict[str, str]:
        return {str(request): reason for request, reason in schedule.find_between(first, last, today).items()}

    def test_every_edition_of_the_quarters_that_is_past_is_made_and_then_nothing(self, root):
        due = schedule.find_between("2024Q2", "2024Q3", REVISED)
        published, codes = schedule.run_due(due, LOG)
        made = [f"{folder.parent.name} {folder.name}" for folder in published]
        assert made == ["2024Q2 2024-08-14", "2024Q2 2024-09-28", "2024Q3 2024-11-14", "2024Q3 2024-12-29"]
        assert codes == [] and self.find() == {}
        text = schedule.describe_due({}, REVISED, "2024Q2", "2024Q3")
        assert text.startswith("nothing to do: from 2024Q2 to 2024Q3, every edition that is past is made")

    def test_an_edition_is_not_made_before_its_day_nor_one_of_another_quarter(self, root):
        assert list(self.find("2024Q2", "2024Q4", FIRST)) == [
            "2024Q2 as of 2024-08-14", "2024Q2 as of 2024-09-28 (Rev. 1)", "2024Q3 as of 2024-11-14",
        ]  # fmt: skip

    def test_one_that_is_out_of_date_is_made_again_though_another_follows_it(self, root, raw):
        schedule.run_due(schedule.find_between("2024Q3", "2024Q3", REVISED), LOG)
        raw.add("2024Q3", "found.csv", b"member,quarter,offices_total\nKEN,2024Q3,623\n", "2024-11-13")
        reason = "its inputs changed since: 2024Q3/MANIFEST.csv, 2024Q3/found.csv"
        assert self.find() == {
            "2024Q2 as of 2024-08-14": "not made yet", "2024Q2 as of 2024-09-28 (Rev. 1)": "not made yet",
            "2024Q3 as of 2024-11-14": reason, "2024Q3 as of 2024-12-29 (Rev. 1)": reason,
        }  # fmt: skip

    def test_quarters_are_made_side_by_side_each_in_order_and_one_that_fails_stops_no_other(self, root, monkeypatch):
        together, order = threading.Barrier(2, timeout=20), []

        def make_or_fail(request: EditionRequest, *given: object) -> Path:
            if not request.is_revised:
                together.wait()  # the first editions of both quarters are under way at once
            order.append((request.quarter, request.as_of))
            if request.as_of == "2024-08-14":
                raise RunError(5, "the report failed")
            return make(request, *given)

        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        monkeypatch.setattr(edition, "run_locked_edition", make_or_fail)
        published, codes = schedule.run_due(schedule.find_between("2024Q2", "2024Q3", REVISED), LOG)
        assert [folder.name for folder in published] == ["2024-09-28", "2024-11-14", "2024-12-29"] and codes == [5]
        assert all([day for q, day in order if q == each] == sorted(day for q, day in order if q == each)
                   for each in ("2024Q2", "2024Q3"))  # fmt: skip
        assert self.find() == {"2024Q2 as of 2024-08-14": "not made yet"}


class TestFailure:
    def test_a_failure_is_reported_with_its_cell_and_the_next_step_and_tried_again(self, root, monkeypatch, capsys):
        def fail(request: edition.EditionRequest, report: Callable, *_: object) -> Path:
            with log.record_run({"command": "run", "quarter": request.quarter, "as_of": request.as_of}):
                raise RunError(1, "02_kpis.ipynb, cell 5: ValueError: boom", "02_kpis.ipynb", 5)

        with monkeypatch.context() as patch:
            patch.setattr(edition, "run_locked_edition", fail)
            assert run(FIRST) == ([], [1])
        error = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert (error["quarter"], error["notebook"], error["cell"]) == ("2024Q3", "02_kpis.ipynb", 5)
        status = "\n".join(schedule.format_status(schedule.read_status(FIRST)))
        assert "02_kpis.ipynb, cell 5: ValueError: boom" in status and "next: fix the cause" in status
        assert "due: 2024Q3 as of 2024-11-14, not made yet" in status
        assert run(FIRST)[0] == ["2024Q3 2024-11-14"]
        assert "did not succeed" not in "\n".join(schedule.format_status(schedule.read_status(FIRST)))

    def test_one_edition_that_fails_does_not_stop_the_next(self, root, monkeypatch):
        def fail_first(request: edition.EditionRequest, report: Callable, *_: object) -> Path:
            if request.as_of == FIRST.isoformat():
                raise RunError(5, "the report failed")
            return make(request, report)

        monkeypatch.setattr(edition, "run_locked_edition", fail_first)
        assert run(REVISED) == (["2024Q3 2024-12-29"], [5])

    def test_the_second_of_two_timers_learns_who_holds_the_quarter(self, root):
        with lock.lock_quarter("2024Q3"):
            assert run(FIRST) == ([], [4])
            status = schedule.read_status(FIRST)
            assert f"process {os.getpid()}" in status.held["2024Q3"]
        assert not schedule.read_status(FIRST).held

    def test_a_timer_that_comes_when_the_other_is_done_makes_nothing(self, root):
        due = schedule.find_due(FIRST)  # what it saw before the other published
        run(FIRST)
        assert schedule.run_due(due, LOG) == ([], [])

    def test_sample_and_received_returns_together_are_refused(self, root, raw):
        run(FIRST)
        raw.add("2024Q2", "s.csv", b"member,quarter\nKEN,2024Q2\n", "2024-07-13", channel="sample")
        with pytest.raises(RunError, match="invented sample and received returns") as caught:
            schedule.find_due(FIRST)
        assert caught.value.code == ExitCode.DATA_REFUSED


class TestStatus:
    def test_it_lists_what_was_made_what_is_due_and_what_comes_next(self, root):
        run(FIRST, "fr")
        status = json.loads(papu("status", "--json", "--today", "2024-12-30", PAPU_ROOT=str(root)).stdout)
        assert [(one["quarter"], one["as_of"], one["languages"]) for one in status["made"]] == [
            ("2024Q3", "2024-11-14", ["fr"])
        ]
        assert status["due"] == [{"quarter": "2024Q3", "as_of": "2024-12-29", "reason": "not made yet"}]
        assert status["next"] == "2024Q4 as of 2025-02-14" and status["failed"] == status["running"] == []

    def test_an_edition_says_which_notebooks_are_not_those_of_the_release(self, quick, capsys):
        shutil.copytree(ROOT / "notebooks", quick.root / "notebooks", ignore=shutil.ignore_patterns(".*"))
        path, lines = quick.root / "notebooks" / "02_kpis.ipynb", []
        asked = edition.make_request(QUARTER, ["fr"])
        for source, named in ((["Prose."], []), (["1 + 1"], ["02_kpis.ipynb"])):
            notebook = json.loads(path.read_text(encoding="utf-8"))
            cell = next(cell for cell in notebook["cells"] if (cell["cell_type"] == "code") == bool(named))
            cell["source"] = source
            path.write_text(json.dumps(notebook), encoding="utf-8")
            lines.clear()
            edition.run_edition(asked, lines.append)
            assert editions.read_published_edition(QUARTER, asked.as_of).modified == named
            assert ("not as released: 02_kpis.ipynb" in lines) == bool(named)
        status = schedule.read_status(FIRST)
        assert schedule.format_status(status)[1].endswith("; not as released: 02_kpis.ipynb")
        assert schedule.status_to_json(status)["made"][0]["modified"] == ["02_kpis.ipynb"]

    def test_a_killed_run_is_known_by_its_beginning(self, root):
        log.append_event(log.RUN_BEGAN, {"command": "run", "quarter": "2024Q3", "as_of": "2024-11-14"})
        assert "began and never ended: it was killed" in "\n".join(schedule.format_status(schedule.read_status(FIRST)))
        with lock.lock_quarter("2024Q3"):
            assert not schedule.read_status(FIRST).failed

    def test_other_folders_and_dangling_links_are_skipped(self, root):
        run(FIRST)
        (root / "reports" / "2024Q2").mkdir()
        (root / "reports" / "2024Q2" / "latest").symlink_to(root / "gone")
        (root / "reports" / "2024Q2" / "notes").mkdir()
        (root / "reports" / "2024Q2" / "notes" / "manifest.json").write_text("{}", encoding="utf-8")
        assert [str(request) for request in schedule.read_status(FIRST).published] == ["2024Q3 as of 2024-11-14"]

    @pytest.mark.parametrize("words", [("status",), ("run", "--due"), ("run", "2024Q3"), ("briefs", "2024Q3")])
    @pytest.mark.parametrize(("folder", "state"), [("", "is not there"), ("data/raw", "is empty")])
    def test_a_root_without_received_files_is_an_error_and_no_folder_is_made(self, tmp_path, words, folder, state):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        before = sorted(tmp_path.rglob("*"))
        result = papu(*words, PAPU_ROOT=str(tmp_path))
        assert result.returncode == ExitCode.DATA_REFUSED and sorted(tmp_path.rglob("*")) == before
        message = json.loads(result.stderr.splitlines()[-1])["message"]
        assert message.startswith(f"{tmp_path}/data/raw {state}: nothing was received there")


class TestCommand:
    @pytest.mark.parametrize(
        "words",
        [
            ("run",), ("run", "2024Q3", "--due"), ("run", "--due", "--as-of", "2024-11-14"),
            ("run", "2024Q3", "--today", "2024-11-14"), ("run", "--due", "--today", "soon"),
            ("run", "2024Q3", "--modified"), ("run", "--from", "2024Q3"), ("run", "--to", "2024Q3"),
            ("run", "--due", "--from", "2024Q3", "--to", "2024Q3"), ("run", "--from", "2024Q4", "--to", "2024Q3"),
            ("run", "--from", "2024Q3", "--to", "2024Q3", "--without", "2024Q3/mail.csv"),
            ("run", "--due", "--language", "xx", "--today", "2024-11-14"), ("status", "--today", "14/11/2024"),
        ],
    )  # fmt: skip
    def test_arguments_that_do_not_go_together_are_a_usage_error(self, words, tmp_path):
        assert papu(*words, PAPU_ROOT=str(tmp_path)).returncode == 2 and not list(tmp_path.iterdir())

    def test_where_nothing_is_due_nothing_that_runs_notebooks_is_loaded(self, root):
        code = (
            "import sys; from helpers.cli import main\n"
            "try: main(['run', '--due', '--today', '2022-01-01'])\n"
            "except SystemExit as end: print(end.code, {'joblib', 'jupyter_client', 'pandas'} & set(sys.modules))"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ended.stdout.splitlines()[-1] == "0 set()", ended.stdout

    def test_an_unexpected_error_of_one_edition_does_not_stop_the_next(self, root, monkeypatch):
        run(date(2024, 11, 13))

        def fail_once(request: EditionRequest, *given: object) -> Path:
            if request.as_of == "2024-11-14":
                raise KeyError("x")
            return make(request, *given)

        monkeypatch.setattr(edition, "run_locked_edition", fail_once)
        assert run(date(2025, 1, 2)) == (["2024Q3 2024-12-29"], [1])

    @pytest.mark.slow
    def test_after_a_failure_two_timers_make_one_edition(self, checkout):
        words, root = ["run", "--due", "--today", "2022-11-14", "--language", "fr"], {"PAPU_ROOT": str(checkout)}
        write_notebooks(checkout / "notebooks")
        refused = papu(*words, **root)
        assert refused.returncode == 3 and not (checkout / "reports").exists()
        assert "01_ingest.ipynb, 02_kpis.ipynb, 03_report.ipynb not as released" in refused.stderr
        words.append("--modified")
        kept = (checkout / "notebooks" / "02_kpis.ipynb").read_bytes()
        write_notebook(
            checkout / "notebooks" / "02_kpis.ipynb", "raise ValueError('boom')", declares=("quarter", "as_of")
        )
        failed = papu(*words, **root)
        last = json.loads(failed.stderr.splitlines()[-1])
        assert failed.returncode == 1 and (last["notebook"], last["exit_code"]) == ("02_kpis.ipynb", 1)
        assert "02_kpis.ipynb, cell" in papu("status", "--today", "2022-11-14", **root).stdout

        (checkout / "notebooks" / "02_kpis.ipynb").write_bytes(kept)
        timers = [
            subprocess.Popen([sys.executable, "-m", "helpers", *words], env=os.environ | root, stderr=subprocess.PIPE)
            for _ in range(2)
        ]
        logs = [timer.communicate(timeout=300)[1].decode() for timer in timers]
        assert sorted(timer.returncode for timer in timers) == [0, 4], logs
        assert sum("is held by process" in text for text in logs) == 1
        published = [line for line in record_of(checkout) if json.loads(line)["event"] == "published"]
        assert len(published) == 1
        assert papu(*words, **root).stdout.startswith("2022-11-14 (UTC): nothing to do")


def record_of(checkout: Path) -> list[str]:
    """Return the lines of the record of runs."""
    return (checkout / "build" / "runs.jsonl").read_text(encoding="utf-8").splitlines()
