"""papu doctor: what is missing on a machine and in a root is told with its remedy, all at once, in a second or so."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import namedtuple
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers import cli, editions, paths
from helpers.runs import doctor
from helpers.runs.doctor import IN_ORDER, REMARKED, TO_MEND

Q, TODAY = "2024Q3", date(2026, 11, 28)
ROW = {"member": "SEN", "quarter": Q, "submitted_on": "2024-10-10", "offices_total": 130}


def told(check: str, today: date = TODAY) -> list[tuple[str, str]]:
    """Return the state, and what is so with its remedy, that one check finds; the others are not made."""
    found = (doctor.Diagnosis(check, *each) for each in doctor._list_checks(today)[check]())
    return [(each.state, f"{each.what} → {each.remedy}") for each in found]


@pytest.fixture(autouse=True)
def only_its_own_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("PAPU_KOBO", "PAPU_ODK", "PAPU_COLLECT"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def received(raw):
    """Return a root with one real return."""
    raw.write_plain(Q, [ROW], received_on="2024-10-10")
    for folder in (paths.raw(), *paths.raw().parents):
        if folder.is_relative_to(raw.root):
            folder.chmod(0o755)
    return raw


def test_a_root_that_is_in_order_has_nothing_to_mend(received):
    for path in paths.returns(Q).iterdir():
        path.chmod(0o440)
    began = time.monotonic()
    result = CliRunner().invoke(cli.main, ["doctor"])
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "nothing is missing")
    assert time.monotonic() - began < 4  # 1 on an idle machine
    assert not any(paths.root().glob("build/*"))


def test_everything_is_told_at_once_and_as_json(received):
    (paths.registers() / "workshops.csv").unlink()
    next(paths.returns(Q).glob("*.xlsx")).write_bytes(b"changed")
    result = CliRunner().invoke(cli.main, ["doctor", "--json"])
    found = {each["check"] for each in json.loads(result.output) if each["state"] == TO_MEND}
    assert result.exit_code == 6 and {"registers", "returns"} <= found


def test_an_older_python_is_told(raw, monkeypatch):
    version = namedtuple("version", "major minor micro")
    monkeypatch.setattr("sys.version_info", version(3, 10, 2))
    assert told("python")[0][0] == TO_MEND and "install Python 3.11 or later" in told("python")[0][1]


def test_packages_that_are_not_those_of_the_lock_are_told(raw, monkeypatch):
    lock = paths.lock().read_text(encoding="utf-8")
    own = raw.root / "requirements.lock"
    own.write_text(lock.replace("click==", "click==0.") + 'absent-one==1.0 \\\nelsewhere==1.0 ; sys_platform == "x"\n')
    ((state, text),) = told("packages")
    assert state == TO_MEND and "absent-one, click " in text and "elsewhere" not in text and "make setup" in text


def test_too_few_open_files_and_a_folder_without_sockets_are_told(raw, monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "_read_open_files", lambda: 64)
    assert told("kernel") == [(TO_MEND, "64 files may be open at a time → ulimit -n 1024")]
    long = tmp_path / ("a" * 120)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    assert told("kernel")[0][0] == TO_MEND and "64 files" in told("kernel")[0][1]  # a run takes /tmp then, too
    monkeypatch.setattr("socket.socket.bind", lambda one, path: (_ for _ in ()).throw(PermissionError("no sockets")))
    assert "set TMPDIR to a folder on a local disk" in told("kernel")[0][1]
    monkeypatch.setattr("zmq.has", lambda capability: False)  # as on Windows
    assert "make editions in WSL" in told("kernel")[0][1]


def test_a_font_that_is_gone_is_told(raw, monkeypatch, tmp_path):
    shutil.copytree(paths.PACKAGE / "report" / "fonts", tmp_path / "src" / "helpers" / "report" / "fonts")
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "src" / "helpers")
    assert doctor._FONTS and list(doctor._check_fonts()) == [(IN_ORDER, "the 7 of the package")]
    (tmp_path / "src" / "helpers" / "report" / "fonts" / "PAPUSans-Bold.ttf").write_bytes(b"")
    assert list(doctor._check_fonts())[0][:2] == (TO_MEND, "not in the package: PAPUSans-Bold.ttf")


def test_every_font_of_the_package_is_looked_for():
    assert sorted(doctor._FONTS) == sorted(path.name for path in (paths.PACKAGE / "report" / "fonts").glob("*.ttf"))


def test_programs_that_are_not_there_are_only_noted(raw, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert {state for state, _ in told("programs")} == {REMARKED}


def test_settings_that_cannot_be_meant_are_told_without_a_secret(raw, monkeypatch):
    monkeypatch.setenv("PAPU_KOBO_URL", "http://kf.example")
    monkeypatch.setenv("PAPU_KOBO_TOKEN", "s3cr3t")
    found = [text for state, text in told("settings") if state == TO_MEND]
    assert len(found) == 2 and "PAPU_KOBO_ASSET is missing" in found[0] and "s3cr3t" not in "".join(found)
    monkeypatch.setenv("PAPU_ROOT", str(raw.root / "absent"))
    assert "correct PAPU_ROOT" in told("settings")[0][1]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="NOT CHECKED: root may write anywhere")
def test_folders_that_cannot_be_written_to_are_told(received):
    (received.root / "reports").mkdir(mode=0o500)
    assert told("folders")[0][0] == TO_MEND and "reports" in told("folders")[0][1]


def test_what_may_not_be_written_to_is_told_and_raw_data_may_be(received, monkeypatch):
    closed = {paths.raw()}
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: path not in closed and real(path, mode, **how))
    assert told("folders") == [(REMARKED, "data/raw is read-only: editions can be made, nothing can be added → ")]
    closed.add(received.root)
    assert told("folders")[0][0] == TO_MEND and "build" in told("folders")[0][1]


def test_a_full_disk_is_told(raw, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(3_000_000))
    assert {state for state, _ in told("space")} == {TO_MEND} and "3 MB free" in told("space")[0][1]


def test_a_clock_that_is_behind_is_told(raw):
    assert told("clock", date(1970, 1, 1))[0][0] == TO_MEND
    assert told("clock", date(2199, 1, 1)) == [(IN_ORDER, "2199-01-01 (UTC) → ")]


def test_a_plan_that_cannot_be_meant_is_told_problem_by_problem(raw):
    shutil.copytree(paths.plan(), raw.root / "data" / "raw" / "plan")
    for name in ("kpis.csv", "members.csv"):
        (raw.root / "data" / "raw" / "plan" / name).unlink()
    found = told("plan")
    assert len(found) >= 2 and {state for state, _ in found} == {TO_MEND}


def test_the_sample_beside_what_was_received_is_told(received):
    assert told("sample")[0][0] == IN_ORDER
    received.write_plain("2022Q3", [ROW | {"quarter": "2022Q3"}], received_on="2022-10-10", channel="sample")
    assert told("sample")[0][0] == TO_MEND and "PAPU_ROOT" in told("sample")[0][1]
    shutil.rmtree(paths.returns(Q))
    assert told("sample")[0][0] == REMARKED


@pytest.mark.skipif(os.name == "nt", reason="NOT CHECKED: Windows has no such permissions")
def test_returns_that_everybody_can_read_are_told(received, monkeypatch):
    path = next(paths.returns(Q).glob("*.xlsx"))
    path.chmod(0o644)
    path.parent.chmod(0o755)
    received.root.chmod(0o750)
    assert told("permissions")[0][0] == IN_ORDER  # nobody else gets as far
    monkeypatch.setattr(doctor, "_is_open", lambda folder: True)
    ((state, text), *_) = told("permissions")
    assert state == TO_MEND and f"{Q}/{path.name}" in text and f"chmod -R o-rwx {paths.raw()}" in text
    path.parent.chmod(0o750)
    assert told("permissions")[0][0] == IN_ORDER


@pytest.mark.skipif(os.name == "nt", reason="NOT CHECKED: Windows has no umask")
@pytest.mark.parametrize(("mask", "n"), [(0o022, 1), (0o027, 0), (0o002, 1), (0o077, 0)])
def test_a_umask_that_leaves_files_open_is_remarked(received, mask, n):
    before = os.umask(mask)
    try:
        assert sum(state == REMARKED for state, _ in told("permissions")) == n
    finally:
        assert os.umask(before) == mask


def test_a_damaged_file_and_a_row_that_cannot_be_are_told(received):
    path = received.add(Q, "b.csv", b"member,quarter\n", received_on="2199-01-01")
    found = [text for _, text in told("returns")]
    assert len(found) == 1 and "b.csv" in found[0] and "2199-01-01" in found[0]
    path.unlink()
    assert len(told("returns")) == 2


def test_changed_notebooks_are_told(raw, monkeypatch):
    monkeypatch.setattr(editions, "list_modified", lambda: ["03_report.ipynb"])
    assert told("notebooks")[0][0] == TO_MEND and "03_report.ipynb" in told("notebooks")[0][1]


def test_a_check_that_fails_itself_stops_no_other(raw, monkeypatch):
    def fail() -> list[str]:
        raise OSError("broken\nsecond line")

    monkeypatch.setattr(editions, "list_modified", fail)
    found = doctor.examine(TODAY)
    assert found[-1].state == TO_MEND and "cannot be checked: broken" in found[-1].what
    assert len({each.check for each in found}) == 15


def test_nothing_is_written(received):
    before = {path: path.stat().st_mtime_ns for path in Path(received.root).rglob("*")}
    doctor.examine(TODAY)
    assert {path: path.stat().st_mtime_ns for path in Path(received.root).rglob("*")} == before
