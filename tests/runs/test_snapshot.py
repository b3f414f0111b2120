"""F38: a run reads what was there when it began; what is added meanwhile is for the next run."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pytest

from helpers import editions, paths
from helpers.editions import INGEST, REPORT_NOTEBOOK
from helpers.ingest import add
from helpers.ingest.quarter import read_quarter
from helpers.runs import notebook, schedule, snapshot
from quick import DAY, QUARTER, make_report, quick_root, run_edition  # noqa: F401

pytestmark = pytest.mark.slow

LATE = b"member,quarter,offices_total\nKEN,2022Q3,623\n"


@pytest.mark.parametrize("step", [INGEST, REPORT_NOTEBOOK])
def test_a_return_added_while_a_run_reads_is_left_for_the_next_one(quick, tmp_path, monkeypatch, step):
    run_edition()
    before = editions.read_published_edition(QUARTER, DAY)
    late = tmp_path / "late.csv"
    late.write_bytes(LATE)

    def run_notebook(path: Path, *rest: object) -> None:
        if path.stem == step:
            with paths.set_variables(PAPU_SNAPSHOT=""):  # another process does not read the copy
                add.add_file(late, QUARTER, date(2022, 10, 12))
        make_report(path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(notebook, "run_notebook", run_notebook)
        run_edition()
    assert editions.read_published_edition(QUARTER, DAY).inputs == before.inputs
    assert "KEN" not in (paths.processed(QUARTER, DAY) / "returns.csv").read_text(encoding="utf-8")
    assert list(schedule.find_due(date(2022, 11, 15), ["fr"]).values()) == [
        "its inputs changed since: 2022Q3/MANIFEST.csv, 2022Q3/late.csv"
    ]
    run_edition()
    assert "KEN" in (paths.processed(QUARTER, DAY) / "returns.csv").read_text(encoding="utf-8")
    assert [path.name for path in paths.locks().iterdir() if path.suffix == ".raw"] == []


def test_a_file_that_is_still_being_written_was_not_there_when_the_run_began(raw, monkeypatch):
    growing = raw.folder(QUARTER) / "growing.csv"
    growing.write_bytes(LATE[:-3])
    monkeypatch.setattr(time, "sleep", lambda _: growing.write_bytes(LATE))
    paths.locks().mkdir()
    with snapshot.take_snapshot(QUARTER, paths.locks()):
        assert read_quarter(QUARTER).files == ()
    monkeypatch.undo()


def test_a_copy_shows_what_is_there_links_and_special_files_included(raw):
    raw.write_plain(QUARTER, [{"member": "SEN", "quarter": QUARTER, "offices_total": 130}], received_on="2022-10-10")
    folder = raw.folder(QUARTER)
    (folder / "link.csv").symlink_to(folder / "mail.xlsx")
    os.mkfifo(folder / "pipe.csv")
    (folder / "within").mkdir()
    paths.locks().mkdir()
    before = read_quarter(QUARTER)
    with snapshot.take_snapshot(QUARTER, paths.locks()):
        assert read_quarter(QUARTER) == before and paths.returns(QUARTER) != folder
    assert {found.key for found in before.issues} >= {"V20.link", "V20.special", "FOLDER"}
    assert paths.returns(QUARTER) == folder and not list(paths.locks().iterdir())
