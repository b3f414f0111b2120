"""An edition is current while nothing that it was made from has changed: then nothing is read, run or written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers import cli, editions, paths
from helpers.runs import edition
from quick import DAY, QUARTER, quick_root, run_edition  # noqa: F401

pytestmark = pytest.mark.slow


def is_current(*languages: str) -> bool:
    return edition.is_current(edition.make_request(QUARTER, languages or ["fr"]))


def seen(root: Path) -> dict[str, tuple[int, int]]:
    """Return when every file and folder of a root was last written, and its size."""
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in root.rglob("*")}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (f"{QUARTER}/late.csv", True),
        (f"{QUARTER}/folder/part.csv", True),
        ("2022Q2/late.csv", True),
        ("registers/partners.csv", True),
        (f"{QUARTER}/.~lock.mail.xlsx#", False),
        ("2023Q1/mail.csv", False),
    ],
)
def test_it_is_current_until_a_file_that_it_may_rest_on_comes_or_changes(quick, name, changes):
    assert not is_current()
    run_edition()
    assert is_current()
    path = paths.raw() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    assert is_current() is not changes
    state = editions.digest_state(QUARTER)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_text("y", encoding="utf-8")
    os.utime(path, ns=times)  # as large and as old as before: only its content tells
    assert (editions.digest_state(QUARTER) != state) is changes


def test_it_is_not_current_in_another_language_by_other_code_or_with_a_damaged_file(quick, monkeypatch):
    run_edition()
    assert not is_current("fr", "en")
    with monkeypatch.context() as patch:
        patch.setattr(editions, "describe_code", lambda: {"sha256": "other"})
        assert not is_current()
    with monkeypatch.context() as patch:
        patch.setattr(editions, "describe_environment", lambda: {"python": "other"})
        assert not is_current()
    assert is_current()
    (paths.processed(QUARTER, DAY) / "kpis.csv").write_text("x", encoding="utf-8")
    assert not is_current()


@pytest.mark.parametrize("words", [["run", QUARTER, "--language", "fr"], ["run", "--due", "--today", "2022-11-20"]])
def test_a_run_without_anything_to_do_touches_nothing(quick, words, monkeypatch):
    run_edition()
    before = seen(quick.root)
    monkeypatch.setattr(edition, "run_locked_edition", None)
    ran = CliRunner().invoke(cli.main, [*words, "--language", "fr"])
    assert ran.exit_code == 0, ran.output
    assert seen(quick.root) == before


def test_what_is_said_not_to_be_missed_is_looked_at_though_nothing_changed(quick):
    run_edition()
    ran = CliRunner().invoke(cli.main, ["run", QUARTER, "--language", "fr", "--without", "gone.csv"])
    assert ran.exit_code == 2 and "nothing that is missing has this name" in ran.output
