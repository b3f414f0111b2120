"""What the sample's editions come to is what was recorded: the figures of ten quarters, every byte of two editions."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from helpers.plan.plan import read_plan
from helpers.runs import diff
from helpers.tables.manifest import MANIFEST_JSON, read_published_edition

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import record_published as record  # noqa: E402


@pytest.fixture
def sample(tmp_path, monkeypatch) -> Path:
    """A root of its own with all that was received."""
    shutil.copytree(ROOT / "data" / "raw", tmp_path / "data" / "raw")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    return tmp_path


def test_each_quarter_gives_the_figures_that_were_recorded(sample):
    for name, text in record.figures().items():
        now = sample / f"{name}.csv"
        now.write_text(text, encoding="utf-8", newline="")
        assert diff.list_differences(name, record.PUBLISHED / f"{name}.csv", now) == []


def test_ten_quarters_of_every_kpi_and_scope_are_recorded():
    keys = [line.split(",")[:3] for line in (record.PUBLISHED / "kpis.csv").read_text("utf-8").splitlines()[1:]]
    assert len(keys) == len({tuple(key) for key in keys}) == 10 * 6 * len(read_plan().kpis)


@pytest.mark.slow
def test_two_editions_one_of_them_revised_are_the_bytes_that_were_recorded(sample):
    recorded = json.loads((record.PUBLISHED / record.EDITIONS).read_text("utf-8"))
    made = record.editions()
    assert made == recorded, "the design or the figures changed? then `make published`, and say why in CHANGELOG.md"
    (quarter, first, _), (_, revised, _) = record.ORDERS
    manifest = json.loads((sample / "reports" / quarter / revised / MANIFEST_JSON).read_text("utf-8"))
    assert manifest["revises"] == {"as_of": first, "input_id": read_published_edition(quarter, first).input_id}
    assert len(recorded[f"{quarter}/{first}"]) > len(recorded[f"{quarter}/{revised}"]) > 15
