"""Faults that are quick to cause: runs that are stopped, inputs that change, files that are missing or damaged.

Those that take whole editions are in `tests/faults`; `docs/deployment.md` lists the test of each fault.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

import interrupted
from commands import hashes, papu, write_notebook
from helpers import cli, editions, paths
from helpers.cli import options
from helpers.editions import REPORT_NOTEBOOK
from helpers.ingest.quarter import read_quarter
from helpers.runs import lock, notebook
from helpers.runs.errors import ExitCode, RunError
from helpers.runs.notebook import check_executed, run_notebook
from helpers.runs.publish import list_unfinished, move_into_place, private_folder, recover
from helpers.tables import pipeline, schema
from quick import DAY, LISTED, QUARTER, ROW, make_report, quick_root, run_edition  # noqa: F401

pytestmark = pytest.mark.slow

# --- F1, F2, F6: publishing, stopped at every step ---------------------------------------------------------------


@pytest.fixture
def publish(tmp_path, monkeypatch) -> Callable[[], None]:
    """Return a function that publishes new tables and a new report over old ones."""
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    tables_, report = paths.processed(QUARTER, DAY), paths.reports(QUARTER, DAY)
    for target in (tables_, report):
        target.mkdir(parents=True)
        (target / "it.txt").write_text("old")

    def publish() -> None:
        recover(QUARTER)
        with private_folder(report) as folder:
            for name in ("tables", "report"):
                (folder / name).mkdir()
                (folder / name / "it.txt").write_text("new")
            move_into_place((folder / "tables", tables_), (folder / "report", report))

    return publish


def contents(folder: Path) -> dict[str, str]:
    """Return the text of every file in a folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def both(text: str) -> dict[str, str]:
    return {f"{name}/{QUARTER}/{DAY}/it.txt": text for name in ("data/processed", "reports")}


@pytest.mark.parametrize("strike", [interrupted.fill_disk, interrupted.lock_disk])
def test_f6_tables_and_report_stay_whichever_write_fails(publish, tmp_path, strike):
    writes = interrupted.list_writes(publish, tmp_path, tmp_path.parent / "seen")
    assert contents(tmp_path) == both("new") and len(writes) >= 9
    for nth in range(1, len(writes) + 1):
        for path in tmp_path.rglob("it.txt"):
            path.write_text("old")
        assert interrupted.run(publish, tmp_path, nth, strike) == 99
        assert contents(tmp_path) == both("old"), writes[nth - 1]


def test_f1_tables_and_report_are_both_old_or_both_new_wherever_a_run_was_killed(publish, tmp_path):
    seen = tmp_path.parent / "seen"
    writes, found = interrupted.list_writes(publish, tmp_path, seen, removals=True), set()
    for nth in range(1, len(writes) + 1):
        for path in tmp_path.rglob("it.txt"):
            path.write_text("old")
        assert interrupted.run(publish, tmp_path, nth, interrupted.kill, removals=True) == -9
        visible = {name: text for name, text in contents(tmp_path).items() if "/." not in name}
        assert visible.items() <= both("old").items() or visible.items() <= both("new").items(), writes[nth - 1]
        assert list_unfinished() or visible in (both("old"), both("new")), writes[nth - 1]
        recover(QUARTER)
        assert contents(tmp_path) in (both("old"), both("new")), writes[nth - 1]
        found.add(next(iter(contents(tmp_path).values())))
        publish()
        assert contents(tmp_path) == both("new"), writes[nth - 1]
    assert found == {"old", "new"}


# --- F3, F4, F5: a notebook that does not finish ------------------------------------------------------------------


DIES = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
SLEEPS = "import time\ntime.sleep(60)"


@pytest.mark.parametrize(
    ("cell", "limit", "message"),
    [
        (DIES, "", "n.ipynb, cell 3: Kernel died"),
        (SLEEPS, "CELL_TIMEOUT", "n.ipynb, cell 3: A cell timed out while it was being executed, after"),
        (SLEEPS, "NOTEBOOK_TIMEOUT", "n.ipynb, cell 3: A cell timed out while it was being executed, after"),
        ("import sys\nsys.exit(0)", "", "n.ipynb, cell 3 of 4: SystemExit"),
    ],
    ids=["F3 kernel killed", "F4 cell timeout", "F4 notebook timeout", "F5 early exit"],
)
def test_a_notebook_that_does_not_finish_fails_and_names_the_cell(tmp_path, monkeypatch, cell, limit, message):
    if limit:
        monkeypatch.setattr(notebook, limit, 3)
    path = write_notebook(tmp_path / "n.ipynb", "1 + 1", cell, "2")
    for parameters in ({"quarter": "2024Q3"}, {}):
        with pytest.raises(RunError, match=re.escape(message)) as caught:
            run_notebook(path, tmp_path / "out.ipynb", parameters)
        assert (caught.value.code, caught.value.cell) == (ExitCode.NOTEBOOK_FAILED, 3)
        assert caught.value.line == cell.splitlines()[0]
    assert not (tmp_path / "out.ipynb").exists()
    wait_for_kernels()


def wait_for_kernels() -> None:
    """Check that no kernel of this process outlives its notebook by five seconds."""
    kernels = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ends meanwhile
            kernels += [child] if "helpers.runs.kernel" in child.cmdline() else []
    assert not psutil.wait_procs(kernels, timeout=5)[1]


# --- F6, F7: nothing can be written -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        ("OSError(28, 'No space left on device', 'kpis.csv')", 7), ("OSError(30, 'Read-only file system', 'a')", 7),
        ("PermissionError(13, 'Permission denied', 'a')", 7), ("OSError(28, 'Error writing bytes to file')", 7),
        ("FileNotFoundError(2, 'No such file', 'a')", 1), ("ValueError('[Errno 2] or so')", 1),
    ],
)  # fmt: skip
def test_f6_a_cell_that_cannot_write_gives_the_exit_code_for_it(tmp_path, raised, code):
    path = write_notebook(tmp_path / "n.ipynb", f"raise {raised}")
    with pytest.raises(RunError, match="n.ipynb, cell 2: ") as caught:
        run_notebook(path, tmp_path / "out.ipynb", {})
    assert caught.value.code == code


def test_f7_the_folder_that_cannot_be_written_is_named_and_nothing_is_touched(quick, tmp_path):
    run_edition()
    quick.write_plain(QUARTER, [ROW | {"member": "KEN"}], name="more.xlsx", received_on=LISTED)
    before = hashes(tmp_path / "reports") | hashes(tmp_path / "data")
    log = tmp_path.parent / "log"

    def run() -> None:
        with log.open("w") as file, contextlib.redirect_stderr(file):
            cli.main(["run", QUARTER, "--language", "fr"])

    assert interrupted.run(run, tmp_path / "reports", 1, interrupted.lock_disk) == ExitCode.NOT_WRITABLE
    error = json.loads(log.read_text().splitlines()[-1])
    assert error["message"] == f"cannot write {paths.reports(QUARTER, DAY)}: Read-only file system"
    assert (
        "folder's permissions" in error["next"] and hashes(tmp_path / "reports") | hashes(tmp_path / "data") == before
    )


# --- F8: two at once ----------------------------------------------------------------------------------------------


HOLD_LOCK = """import sys
from helpers.runs import lock
with lock.lock_quarter(sys.argv[1]):
    print('held', flush=True)
    sys.stdin.read()"""


def test_f8_a_second_run_learns_who_holds_the_quarter_and_a_dead_one_holds_nothing(raw, tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD_LOCK, QUARTER], text=True, **pipes) as holder:
        assert holder.stdout.readline() == "held\n"
        second = papu("run", QUARTER)
        assert second.returncode == ExitCode.QUARTER_HELD and not (tmp_path / "reports").exists()
        message = json.loads(second.stderr.splitlines()[-1])["message"]
        assert re.search(rf"held by process {holder.pid}, started \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00;", message)
        holder.kill()
        holder.wait()
    assert (paths.locks() / f"{QUARTER}.lock").is_file()
    with lock.lock_quarter(QUARTER):
        assert f"process {os.getpid()}" in lock.find_lock_holder(QUARTER)


# --- F11, F14: received files, half copied or changing -----------------------------------------------------------


HEAD = "member,quarter,submitted_on,offices_total\n"
TEXT = HEAD + "".join(f"{member},{QUARTER},2022-10-10,134\n" for member in ("SEN", "KEN", "TUN", "BEN", "MAR"))
LONG_AGO = 1e9


def cuts(content: bytes) -> list[bytes]:
    """Return the beginnings of a file, cut at twenty points."""
    return [content[: len(content) * part // 21] for part in range(1, 21)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_f11_a_truncated_file_is_refused_by_its_digest(raw, kind):
    whole = raw.write_plain(QUARTER, [ROW], received_on=LISTED)
    path = raw.add(QUARTER, "a.csv", TEXT.encode(), LISTED) if kind == "csv" else whole
    for part in cuts(path.read_bytes()):
        path.write_bytes(part)
        received = read_quarter(QUARTER)
        assert path.name not in {one.place.source_file for one in received.returns}
        assert {found.key for found in received.issues if found.source_file == path.name} == {"V20.tampered"}


def test_f11_a_truncated_workbook_that_is_not_listed_is_refused(raw):
    path = raw.write_plain(QUARTER, [ROW])
    (path.parent / "MANIFEST.csv").unlink()
    for part in cuts(path.read_bytes()):
        path.write_bytes(part)
        os.utime(path, (LONG_AGO, LONG_AGO))
        received = read_quarter(QUARTER)
        assert (received.returns, {found.rule for found in received.issues}) == ((), {"V20"})


def test_f11_a_csv_truncated_within_a_line_that_is_not_listed_is_refused(raw):
    path = raw.folder(QUARTER) / "a.csv"
    for part in cuts(TEXT.encode()):
        path.write_bytes(part)
        os.utime(path, (LONG_AGO, LONG_AGO))
        received = read_quarter(QUARTER)
        whole_lines = part.count(b"\n") - 1 if part.endswith(b"\n") else 0
        assert len(received.returns) == max(whole_lines, 0)
        assert whole_lines or {found.rule for found in received.issues} == {"V20"}


@pytest.mark.parametrize("moment", ["before the report", "after the report"])
@pytest.mark.parametrize("name", ["mail.xlsx", "MANIFEST.csv", "registers/milestones.csv"])
def test_f14_a_run_fails_if_an_input_changes_up_to_the_last_moment(quick, monkeypatch, moment, name):
    path = paths.raw() / name if "/" in name else paths.returns(QUARTER) / name

    def change() -> None:
        content = path.read_bytes()
        grown = b"2022Q3,digital_model,1,,D,2022-10-12\n" if "/" in name else b"x"
        path.write_bytes(content.replace(b"2022-10-10", b"2022-10-11") if name.startswith("M") else content + grown)

    def run_notebook(path: Path, *rest: object) -> None:
        if path.stem == REPORT_NOTEBOOK and moment.startswith("before"):
            change()
        make_report(path, *rest)
        if path.stem == REPORT_NOTEBOOK and moment.startswith("after"):
            change()

    monkeypatch.setattr(notebook, "run_notebook", run_notebook)
    with pytest.raises(RunError, match=rf"{path.name} changed during the run") as caught:
        run_edition()
    assert caught.value.code == ExitCode.DATA_REFUSED and not paths.reports(QUARTER, DAY).exists()


def test_f14_a_file_with_an_undecodable_name_does_not_count_as_changed(quick, tmp_path):
    odd = tmp_path / "data" / "raw" / QUARTER / os.fsdecode(b"caf\xe9.csv")
    odd.write_bytes(TEXT.replace("SEN", "AGO").encode())
    os.utime(odd, (LONG_AGO, LONG_AGO))
    run_edition()
    assert "caf\ufffd.csv" in (paths.processed(QUARTER, DAY) / "returns.csv").read_text(encoding="utf-8")


# --- F12: a flipped bit ------------------------------------------------------------------------------------------


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["answers.parquet", "first_returns.parquet", "kpis.csv", "returns.csv"])
def test_f12_a_damaged_table_of_the_build_folder_is_made_again(quick, name):
    pipeline.load_tables(QUARTER)
    path = paths.out(QUARTER, DAY) / name
    before = path.read_bytes()
    flip(path)
    pipeline.load_tables(QUARTER)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["answers.parquet", "kpis.csv"])
def test_f12_a_damaged_published_table_no_longer_has_its_digest(quick, name):
    run_edition()
    path = paths.processed(QUARTER, DAY) / name
    flip(path)
    resources = json.loads((paths.processed(QUARTER, DAY) / "datapackage.json").read_text())["resources"]
    digest = next(resource["hash"] for resource in resources if resource["path"] == name)
    assert digest != f"sha256:{hashes(path.parent)[name]}"
    if name.endswith("parquet"):
        with pytest.raises(OSError):
            schema.read_parquet(path)


# --- F16: the clock -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "day", "message"),
    [
        ("2024-12-31T23:59:59+00:00", "2024-12-31", "due: 2024Q3 as of 2024-11-14, not made yet; 2024Q3 as of 2024-12"),
        ("2025-01-01T00:00:00+00:00", "2025-01-01", "due: 2024Q3 as of 2024-11-14, not made yet; 2024Q3 as of 2024-12"),
        ("2024-02-29T12:00:00+00:00", "2024-02-29", "due: 2023Q4 as of 2024-02-14, not made yet"),
        ("2025-01-01T09:00:00+14:00", "2024-12-31", "due: 2024Q3 as of 2024-11-14"),
        ("2024-11-13T23:00:00-11:00", "2024-11-14", "due: 2024Q3 as of 2024-11-14, not made yet"),
    ],
)
def test_f16_what_is_due_depends_on_the_day_in_utc_which_is_printed(raw, monkeypatch, moment, day, message):
    class Frozen(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromisoformat(moment).astimezone(tz)

    monkeypatch.setattr(options, "datetime", Frozen)
    result = CliRunner().invoke(cli.main, ["run", "--due", "--dry-run"])
    assert result.exit_code == 0 and result.output.startswith(f"{day} (UTC): {message}")


@pytest.mark.parametrize("words", [("run",), ("check",), ("briefs",), ("verify",), ("add", "a.csv")])
def test_f16_no_command_assumes_a_quarter(words):
    assert CliRunner().invoke(cli.main, words).exit_code == 2


# --- F22: folders deleted by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ["reports", "reports/2022Q3/2022-11-14", "data/processed", "build", ".runs"])
def test_f22_deleted_folders_are_made_again(quick, tmp_path, gone):
    run_edition()
    before = hashes(tmp_path / "reports") | hashes(tmp_path / "data")
    shutil.rmtree(tmp_path / gone)
    (tmp_path / "reports" / QUARTER).mkdir(parents=True, exist_ok=True)
    (tmp_path / "reports" / QUARTER / "latest").symlink_to(tmp_path / "gone")
    result = CliRunner().invoke(cli.main, ["status", "--today", "2022-11-15"])
    listed = "none" if gone.startswith("reports") else "2022Q3 as of 2022-11-14: fr"
    assert result.exit_code == 0 and f"  {listed}" in result.output
    run_edition()
    assert before.items() <= (hashes(tmp_path / "reports") | hashes(tmp_path / "data")).items()
    assert editions.read_published_edition(QUARTER, DAY)


# --- F24: stored notebooks ---------------------------------------------------------------------------------------


def stored(*cells: tuple[int | None, str]) -> dict:
    """Return a stored notebook, given the execution count and the error of each cell."""
    outputs = {True: [{"output_type": "error", "ename": "ValueError"}], False: [{"output_type": "stream"}]}
    facts = {"cell_type": "code", "source": "a", "metadata": {}}
    return {"cells": [facts | {"execution_count": n, "outputs": outputs[bool(raised)]} for n, raised in cells]}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([(2, ""), (1, "")], "n.ipynb, cell 1 of 2: it did not run, or not in order"),
        ([(1, ""), (None, "")], "n.ipynb, cell 2 of 2: it did not run"),
        ([(1, ""), (3, "")], "n.ipynb, cell 2 of 2: it did not run, or not in order"),
        ([(1, ""), (2, "ValueError")], "n.ipynb, cell 2 of 2: ValueError"),
    ],
    ids=["reordered", "without a count", "run twice", "error"],
)
def test_f24_a_stored_notebook_not_run_from_top_to_bottom_is_refused(cells, message):
    with pytest.raises(RunError, match=message):
        check_executed(stored(*cells), "n")
    check_executed(stored((1, ""), (2, "")), "n")


# --- F18: short sockets -------------------------------------------------------------------------------------------


def test_f18_a_kernel_starts_even_if_the_temporary_folder_has_a_long_name(tmp_path, monkeypatch):
    long = tmp_path / ("l'été à " * 12)
    long.mkdir()
    monkeypatch.setattr(notebook.tempfile, "tempdir", str(long))
    run_notebook(write_notebook(tmp_path / "n.ipynb", "1"), tmp_path / "out.ipynb", {})
    assert (tmp_path / "out.ipynb").is_file()
