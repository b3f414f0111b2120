"""What the project promises about itself: its commands, its environment, its files."""

from __future__ import annotations

import ast
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


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/operations.md", "docs/deployment.md"])
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


# --- the pages --------------------------------------------------------------------------------------------------

PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
HELPERS = ROOT / "src" / "helpers"


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page):
    text = read(page)
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]+))?\)", text):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text(encoding="utf-8")), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_every_source_file_a_page_names_exists(page):
    named = re.findall(r"`([\w./]+/[\w./]+\.(?:py|po|typ|css))`", read(page))
    places = (ROOT, HELPERS, ROOT / "tests", ROOT / "src")
    assert [name for name in named if not any((place / name).is_file() for place in places)] == []
    tests = re.findall(r"`((?:\w+/)?test_\w+)`", read(page)) if page == "docs/deployment.md" else []
    assert [name for name in tests if not (ROOT / "tests" / f"{name}.py").is_file()] == []


def test_the_page_on_architecture_fits_a_screen_and_follows_the_code():
    lines = read("docs/architecture.md").splitlines()
    assert len(lines) <= 60
    steps = [re.findall(r"`([^`]+)`", line)[:2] for line in lines if re.match(r"\| \d+ \|", line)]
    assert len(steps) > 9
    for file, name in steps:
        assert re.search(rf"\b(def|class) {name.rpartition('.')[2]}\b", (HELPERS / file).read_text("utf-8")), name


def public_classes() -> dict[str, str]:
    return {
        node.name: path.relative_to(HELPERS).as_posix()
        for path in sorted(HELPERS.rglob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


@pytest.mark.slow
def test_terminology_has_every_public_class_and_where_it_is():
    rows = re.findall(r"^\| `([^`]+)` \| .+ \| `([^`]+)` \|$", read("docs/terminology.md"), re.MULTILINE)
    words = [word for word, _ in rows]
    assert words == sorted(words, key=lambda word: (word.casefold(), word))
    assert [word for word, file in rows if word not in (HELPERS / file).read_text(encoding="utf-8")] == []
    table = dict(rows)
    assert {name: table.get(name) for name in public_classes()} == public_classes()
