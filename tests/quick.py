"""Editions without kernels: a root with one return, and a stand-in for the notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import write_notebook
from conftest import Raw
from helpers import paths
from helpers.runs import edition, notebook, site
from helpers.tables import pipeline

QUARTER, DAY = "2022Q3", "2022-11-14"
LISTED = "2022-10-10"
ROW = {"member": "SEN", "quarter": QUARTER, "offices_total": 130, "offices_connected": 90}


def make_report(path: Path, executed: Path, parameters: dict, *_: object) -> None:
    """Stand in for `run_notebook`: make the tables, and a report that holds only what it was made from."""
    tables = pipeline.load_tables(parameters["quarter"], parameters["as_of"])
    work, language = paths.out(parameters["quarter"], parameters["as_of"]), parameters.get("language")
    for name in (f"report_{language}.pdf", f"report_{language}.html", f"tables_{language}.xlsx") if language else ():
        (work / name).write_text(tables.input_id, encoding="utf-8")
    (work / f"words_{language}.json").write_text("{}", encoding="utf-8")
    executed.write_text('{"cells": []}', encoding="utf-8")


REPORTS = """from helpers import paths
for name in (f"report_{language}.pdf", f"report_{language}.html", f"tables_{language}.xlsx"):
    (paths.out(quarter, as_of) / name).write_text("made", encoding="utf-8")"""
TABLES = "from helpers.tables import pipeline; tables = pipeline.load_tables(quarter, as_of)"


def write_notebooks(folder: Path) -> None:
    """Write small notebooks in place of those of an edition: they make its tables, and a report of one word."""
    for name, *sources in (("01_ingest", TABLES), ("02_kpis", "1"), ("03_report", REPORTS)):
        declares = ("quarter", "as_of", *(["language"] if name == "03_report" else []))
        write_notebook(folder / f"{name}.ipynb", *sources, declares=declares)


def write_brief_notebook(folder: Path, *more: str) -> None:
    """Write a small notebook in place of that of the briefs: it leaves a brief of one word, then runs more cells."""
    leaves = """import os, pathlib
out = pathlib.Path(os.environ["PAPU_OUT"])
out.mkdir(parents=True, exist_ok=True)
(out / f"brief_{member}_{language}.pdf").write_text(member)"""
    folder.mkdir(exist_ok=True)
    declares = ("quarter", "as_of", "member", "language")
    write_notebook(folder / "04_country_brief.ipynb", leaves, *more, declares=declares)


def run_edition(as_of: str = "") -> Path:
    """Publish an edition in French; return its folder."""
    return edition.run_edition(edition.make_request(QUARTER, ["fr"], as_of), lambda line: None)


@pytest.fixture(name="quick")
def quick_root(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> Raw:
    """Return a root of its own with one return, in which editions are made without kernels and without their site."""
    raw.write_plain(QUARTER, [ROW], received_on=LISTED)
    monkeypatch.setattr(site, "update_site", lambda report: None)
    monkeypatch.setattr(notebook, "run_notebook", make_report)
    return raw
