"""Errors become exit codes in one place, and a command logs them with its name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from helpers import paths
from helpers.cli import main
from helpers.paths import DataRefused
from helpers.plan.files import PlanError
from helpers.runs.errors import ExitCode, RunError, raise_run_errors
from helpers.runs.log import Log
from helpers.tables import pipeline


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DataRefused("no plan"), ExitCode.DATA_REFUSED, "no plan"),
        (PlanError("kpis.csv, row 3: no unit"), ExitCode.DATA_REFUSED, "kpis.csv, row 3: no unit"),
        (OSError(28, "No space left", "/r/.x.1.run/a"), ExitCode.NOT_WRITABLE, "cannot write /r/x: No space left"),
        (OSError(30, "Read-only", "/q/a.csv"), ExitCode.NOT_WRITABLE, "cannot write /q/a.csv: Read-only"),
        (OSError("odd"), ExitCode.NOT_WRITABLE, "cannot write /r/x: odd"),
    ],
)  # fmt: skip
def test_an_error_gets_its_exit_code_and_names_the_target_for_a_private_file(error, code, message):
    with pytest.raises(RunError) as caught, raise_run_errors(Path("/r/x")):
        raise error
    assert (caught.value.code, str(caught.value)) == (code, message)


@pytest.mark.parametrize("error", [ValueError("a defect"), KeyError("x"), RunError(4, "held"), click.UsageError("")])
def test_any_other_error_goes_on_as_it_is(error):
    with pytest.raises(type(error)) as caught, raise_run_errors():
        raise error
    assert caught.value is error


@pytest.mark.parametrize(("error", "code"), [(DataRefused("no plan"), 3), (OSError(28, "full", "a.csv"), 7)])
def test_a_command_of_the_desk_prints_the_error_in_sentences_with_the_next_step(raw, monkeypatch, error, code):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(pipeline, "read_raw_data", fail)
    result = CliRunner().invoke(main, ["check", "2024Q3", "--language", "en"])
    first, *_, last = result.stderr.splitlines()
    assert result.exit_code == code and first.startswith("papu check: ") and "Traceback" not in result.output
    assert last.startswith("  next: ") and last.endswith("then run it again")


@pytest.mark.parametrize("error", [ValueError("a defect\nof two lines"), KeyError("x"), MemoryError(), RuntimeError()])
def test_a_defect_is_one_line_and_its_traceback_is_in_the_file_that_it_names(raw, monkeypatch, error):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(pipeline, "read_raw_data", fail)
    result = CliRunner().invoke(main, ["check", "2024Q3", "--language", "en"])
    first, following = result.stderr.splitlines()
    assert result.exit_code == 1 and first.startswith(f"papu check: unexpected {type(error).__name__}: ")
    assert first.endswith(f"; its traceback is in {paths.error_log()}") and following.startswith("  next: ")
    assert f"\n{type(error).__name__}" in paths.error_log().read_text(encoding="utf-8")


def test_too_many_open_files_are_no_full_disk():
    with pytest.raises(RunError, match="ulimit -n") as caught, raise_run_errors():
        raise OSError(24, "Too many open files", "/q/a.csv")
    assert caught.value.code == 1


@pytest.mark.parametrize("folder", ["data/raw/x", "reports/2024Q3/2024-11-14", "data/processed/2024Q3", "link/x"])
@pytest.mark.parametrize("words", [("--out", "{}"), ("--excel", "{}/a.xlsx"), ()])
def test_nothing_is_written_among_what_was_received_or_published(raw, monkeypatch, folder, words):
    (raw.root / "link").symlink_to(raw.root / "data" / "raw")
    monkeypatch.chdir(raw.root)
    if not words:
        monkeypatch.setenv("PAPU_OUT", folder)
    before = sorted(raw.root.rglob("*"))
    result = CliRunner().invoke(main, ["check", "2024Q3", "--language", "en", *(word.format(folder) for word in words)])
    assert result.exit_code == 2 and "nothing else; write elsewhere" in result.output
    assert sorted(raw.root.rglob("*")) == before


def test_facts_bound_while_a_command_runs_are_in_the_line_of_its_error(raw, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise RunError(ExitCode.QUARTER_HELD, "2024Q3 is held")

    monkeypatch.setattr("helpers.runs.edition.run_edition", fail)
    result = CliRunner().invoke(main, ["run", "2024Q3"])
    told, line = map(json.loads, result.stderr.splitlines())
    assert "has no plan: read by the one that comes with the workbook" in told["message"]
    assert (result.exit_code, line["quarter"], line["as_of"]) == (4, "2024Q3", "2024-11-14")


@pytest.mark.slow
def test_the_reader_of_the_output_may_close_it_early(raw):
    command = [sys.executable, "-m", "helpers", "status"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run.stdout.close()
    assert (run.stderr.read(), run.wait()) == (b"", 0)
    run.stderr.close()


def test_on_a_terminal_the_name_of_the_command_comes_first(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert Log({"command": "verify"}).error(RunError(2, "there is no edition")) == 2
    assert capsys.readouterr().err == "papu verify: there is no edition\n"
