"""The scheduler files: systemd accepts the units, and each scheduler runs the same command at the same time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from helpers import paths

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
COMMAND = ".venv/bin/papu run --due"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="NOT CHECKED: systemd-analyze is missing")
def test_systemd_accepts_the_units_for_this_checkout(tmp_path):
    (tmp_path / "checkout").symlink_to(ROOT)  # a path without blanks, wherever this checkout lies
    (tmp_path / "papu.service.d").mkdir()
    for name in ("papu.service", "papu.timer", "papu-failed@.service", "pull.conf"):
        unit = (DEPLOY / name).read_text(encoding="utf-8").replace("/opt/papu", str(tmp_path / "checkout"))
        where = tmp_path / ("papu.service.d" if name == "pull.conf" else "") / name
        where.write_text(unit.replace("User=papu", "User=root"), encoding="utf-8")
    units = sorted(path for path in tmp_path.glob("papu*.*") if path.is_file())
    command = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    result = subprocess.run(command, capture_output=True, text=True)
    ours = [line for line in result.stderr.splitlines() if "papu" in line]
    assert (result.returncode, ours) == (0, [])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="NOT CHECKED: systemd-analyze is missing")
def test_an_unknown_key_in_a_unit_would_be_noticed(tmp_path):
    unit = (DEPLOY / "papu.timer").read_text(encoding="utf-8").replace("Persistent=", "Persistant=")
    (tmp_path / "papu.timer").write_text(unit, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "papu.timer")]
    assert "Persistant" in subprocess.run(command, capture_output=True, text=True).stderr


def test_the_timer_catches_up_after_the_machine_was_off():
    assert "Persistent=true" in (DEPLOY / "papu.timer").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["papu.service", "crontab", "github-workflow.yml"])
def test_every_scheduler_runs_the_same_command(name):
    text = (DEPLOY / name).read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if COMMAND in line and not line.startswith("#")]) == 1


@pytest.mark.parametrize("path", [DEPLOY / "github-workflow.yml", *sorted((ROOT / ".github" / "workflows").iterdir())])
def test_a_workflow_pins_its_actions_by_commit_and_has_read_access_only(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used)


def test_every_scheduler_runs_it_at_the_same_time():
    assert "OnCalendar=*-*-* 22:30:00 UTC" in (DEPLOY / "papu.timer").read_text(encoding="utf-8")
    assert "CRON_TZ=UTC\n30 22 * * * " in (DEPLOY / "crontab").read_text(encoding="utf-8")
    assert '- cron: "30 22 * * *"' in (DEPLOY / "github-workflow.yml").read_text(encoding="utf-8")


# --- a failure is mailed ----------------------------------------------------------------------------------------


def write_program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_failed_unit_is_mailed_with_the_end_of_its_log(tmp_path):
    write_program(tmp_path / "bin" / "journalctl", 'echo "asked: $*"; echo "the last line"')
    sendmail = write_program(
        tmp_path / "bin" / "sendmail", f'echo "given: $*" > {tmp_path}/mail; cat >> {tmp_path}/mail'
    )
    variables = {
        "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
        "PAPU_MAIL_TO": "desk@union.example",
        "SENDMAIL": str(sendmail),
    }
    subprocess.run(["/bin/sh", str(DEPLOY / "mail_failure.sh"), "papu.service"], check=True, env=variables)
    given, to, subject, kind, blank, *body = (tmp_path / "mail").read_text(encoding="utf-8").splitlines()
    assert (given, to, blank) == ("given: -t", "To: desk@union.example", "")
    assert subject.startswith("Subject: papu.service failed on ") and kind.startswith("Content-Type: text/plain")
    assert body[-2].startswith("asked: --unit=papu.service") and body[-1] == "the last line"


def test_the_unit_starts_the_mail_when_it_has_failed():
    service = (DEPLOY / "papu.service").read_text(encoding="utf-8")
    assert "\nOnFailure=papu-failed@%n.service\n" in service
    mail = (DEPLOY / "papu-failed@.service").read_text(encoding="utf-8")
    assert "ExecStart=/bin/sh /opt/papu/deploy/mail_failure.sh %i" in mail


@pytest.mark.parametrize(("code", "printed"), [(0, ""), (4, ""), (3, "it failed\n"), (8, "it failed\n")])
def test_cron_prints_the_end_of_the_log_when_the_run_failed_and_only_then(tmp_path, code, printed):
    (line,) = [one for one in (DEPLOY / "crontab").read_text(encoding="utf-8").splitlines() if one.startswith("30 ")]
    assert "%" not in line  # cron ends a command there
    root = tmp_path / "papu"
    write_program(root / ".venv" / "bin" / "papu", f"echo published; echo 'it failed' >&2; exit {code}")
    command = line.removeprefix("30 22 * * * ").replace("/opt/papu", str(root))
    result = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == (printed, "")
    log = root / "build" / "papu.log"
    assert log.read_text(encoding="utf-8") == "it failed\n" and log.stat().st_mode & 0o777 == 0o660


def test_logs_that_grow_are_rotated_and_the_record_is_not():
    text = (DEPLOY / "logrotate").read_text(encoding="utf-8")
    rotated, _, rules = "".join(line for line in text.splitlines(True) if not line.startswith("#")).partition("{")
    assert rotated.split() == ["/opt/papu/build/papu.log", "/opt/papu/build/errors.log"]
    known = {"su", "monthly", "maxsize", "rotate", "compress", "delaycompress", "missingok", "notifempty", "create"}
    assert {rule.split()[0] for rule in rules.strip().removesuffix("}").strip().splitlines()} == known
    assert "papu.log" in (DEPLOY / "crontab").read_text(encoding="utf-8")
    assert paths.error_log().name == "errors.log"


def test_fetching_first_opens_the_network_and_the_folder_of_what_is_received():
    service, pull = ((DEPLOY / name).read_text(encoding="utf-8") for name in ("papu.service", "pull.conf"))
    assert "\nPrivateNetwork=yes\n" in service and "\nPrivateNetwork=no\n" in pull
    assert "\nReadOnlyPaths=/opt/papu/data/raw\n" in service and "\nReadOnlyPaths=\n" in pull
    assert "PAPU_COLLECT=" in pull


# --- the container ----------------------------------------------------------------------------------------------


def read_containerfile() -> list[tuple[str, str]]:
    """Return the instructions of Containerfile, each with its arguments."""
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip() and not line.startswith("#")]


def test_the_container_does_what_the_makefile_does():
    runs = [" ".join(text.split()) for name, text in read_containerfile() if name == "RUN"]
    installs = [text for text in runs if "pip install" in text]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--require-hashes --requirement requirements.lock" in installs[0] and "--require-hashes" in makefile
    own = "--no-deps --no-build-isolation --editable ."
    assert own in installs[1] and own in makefile
    assert "python -m compileall -q src" in installs[1] and "-m compileall -q src" in makefile
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert all(f"\n{needed}==" in lock for needed in ("hatchling", "editables"))  # what an editable install builds with


def test_the_container_runs_what_is_due_as_a_user_of_its_own_on_a_volume():
    said = read_containerfile()
    (base,) = [text for name, text in said if name == "FROM"]
    assert base == "docker.io/library/python:3.13-slim"
    assert 'python-version: "3.13"' in (DEPLOY / "github-workflow.yml").read_text(encoding="utf-8")
    assert ("USER", "10001:10001") in said and ("VOLUME", "/srv/papu") in said
    assert said[-1] == ("CMD", '["sh", "-c", "umask 007 && exec papu run --due"]')
    assert any(name == "ENV" and "PAPU_ROOT=/srv/papu" in text for name, text in said)


def copy_as_the_container(target: Path) -> None:
    for name, text in read_containerfile():
        if name == "COPY":
            *sources, to = text.split()
            for source in sources:
                where = target / to / source if to.endswith("/") else target / to
                where.parent.mkdir(parents=True, exist_ok=True)
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, where, ignore=shutil.ignore_patterns("__pycache__", ".*"))
                else:
                    shutil.copy(ROOT / source, where if to.endswith("/") else where / source)


@pytest.mark.slow
def test_what_the_container_copies_is_all_that_the_command_needs(tmp_path):
    program, root = tmp_path / "opt", tmp_path / "srv"
    program.mkdir()
    copy_as_the_container(program)
    assert not list((program / "data" / "raw").glob("20*"))
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(program / "src"),
        "PAPU_ROOT": str(root),
        "HOME": str(tmp_path),
    }

    def papu(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "helpers", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=variables, cwd=tmp_path)

    assert papu("init", str(root)).returncode == 0
    checked = papu("doctor")
    assert checked.returncode == 0 and "nothing is missing" in checked.stdout
    where = "import helpers; print(helpers.__file__)"
    found = subprocess.run([sys.executable, "-c", where], capture_output=True, text=True, env=variables, cwd=tmp_path)
    assert found.stdout.startswith(str(program))  # it was the copy that ran
    due = papu("run", "--due", "--today", "2022-10-01")
    assert due.returncode == 0 and "nothing to do" in due.stdout


def test_the_context_of_the_container_holds_what_it_copies_and_nothing_received():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {each for name, text in read_containerfile() if name == "COPY" for each in text.split()[:-1]}
    assert kept == copied


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_page_names_every_file_of_the_folder():
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    units = {path.name for path in DEPLOY.iterdir()} - {"mail_failure.sh"}  # which the unit names
    assert [name for name in sorted({*units, "Containerfile"}) if name not in page] == []


def test_the_backup_of_the_page_can_be_restored(tmp_path):
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^tar --create .+$", page, re.MULTILINE)
    root, other = tmp_path / "srv", tmp_path / "other"
    for name in ("data/raw/2024Q4/a.csv", "reports/2024Q4/x.pdf", "build/y", ".runs/z", "data/raw/.hidden"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")
    subprocess.run(["/bin/sh", "-c", command.replace("/srv/papu", str(root))], check=True, cwd=tmp_path)
    (archive,) = tmp_path.glob("papu-20??-??-??.tar.gz")
    other.mkdir()
    subprocess.run(["tar", "--extract", "--file", str(archive), "--directory", str(other)], check=True)
    found = sorted(str(path.relative_to(other)) for path in other.rglob("*") if path.is_file())
    assert found == ["data/raw/.hidden", "data/raw/2024Q4/a.csv", "reports/2024Q4/x.pdf"]


def test_the_rights_of_the_page_leave_the_group_its_own_and_others_none(tmp_path):
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"chmod -R u\+rwX,\S+ /srv/papu && find .+$", page, re.MULTILINE)
    (tmp_path / "srv" / "data").mkdir(parents=True)
    path = tmp_path / "srv" / "data" / "a.csv"
    path.write_text("x", encoding="utf-8")
    path.chmod(0o644)
    subprocess.run(["/bin/sh", "-c", command.replace("/srv/papu", str(tmp_path / "srv"))], check=True)
    assert (path.stat().st_mode & 0o7777, path.parent.stat().st_mode & 0o7777) == (0o660, 0o2770)
