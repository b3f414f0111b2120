"""What the project promises about itself: its commands, its environment, its files."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import rattler

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from write_environment import environment, locked  # noqa: E402


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/operations.md"])
def test_every_make_command_a_page_names_exists(page):
    named = set(
        re.findall(r"\bmake ([a-z-]+)", " ".join(re.findall(r"`[^`]+`|^    .+$|```.+?```", read(page), re.S | re.M)))
    )
    assert named
    assert named <= targets()


def test_every_target_explains_itself():
    assert {line.split(":")[0] for line in read("Makefile").splitlines() if "## " in line} >= targets()


def test_environment_yml_pins_what_the_lock_pins():
    assert read("environment.yml") == environment(read("requirements.lock"))


def test_environment_yml_is_one_that_conda_can_read():
    lines = [line.strip() for line in read("environment.yml").splitlines()]
    specs = [line[2:] for line in lines if line.startswith("- python") or line == "- pip"]
    assert [rattler.MatchSpec(spec).name.normalized for spec in specs] == ["python", "pip"]
    wanted = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"]
    assert f"python{wanted}" in specs


def test_the_lock_holds_every_dependency_with_hashes_and_no_address():
    project = tomllib.loads(read("pyproject.toml"))
    declared = [*project["project"]["dependencies"], *(d for g in project["dependency-groups"].values() for d in g)]
    names = {re.split(r"[\[<>=]", name)[0].lower() for name in declared}
    pinned = {pin.split("==")[0] for pin in locked(read("requirements.lock"))}
    assert names <= pinned
    assert read("requirements.lock").count("--hash=sha256:") >= len(pinned)
    assert "://" not in read("requirements.lock")


def test_the_readme_shows_the_scorecard_first():
    picture = re.search(r"!\[[^\]]+\]\(([^)]+)\)", read("README.md"))
    assert picture and (ROOT / picture[1]).is_file()


def test_the_command_lists_what_it_can_do():
    told = subprocess.run(
        [sys.executable, "-m", "helpers", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "run" in told and "check" in told
