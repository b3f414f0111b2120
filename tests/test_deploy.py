"""The scheduler files: systemd accepts the units, and each scheduler runs the same command at the same time."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
COMMAND = ".venv/bin/papu run --due"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="NOT CHECKED: systemd-analyze is missing")
def test_systemd_accepts_the_units_for_this_checkout(tmp_path):
    (tmp_path / "checkout").symlink_to(ROOT)  # a path without blanks, wherever this checkout lies
    for name in ("papu.service", "papu.timer"):
        unit = (DEPLOY / name).read_text(encoding="utf-8").replace("/opt/papu", str(tmp_path / "checkout"))
        (tmp_path / name).write_text(unit.replace("User=papu", "User=root"), encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.glob("papu.*")))]
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
