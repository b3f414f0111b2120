"""What the sample's editions come to is what was recorded: the figures of ten quarters, every byte of two editions."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from helpers.editions import MANIFEST_JSON, read_published_edition
from helpers.plan.plan import read_plan
from helpers.runs import diff

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import determinism  # noqa: E402
import record_published as record  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture
def sample(tmp_path, monkeypatch) -> Path:
    """A root of its own, under an awkward name, with all that was received."""
    root = tmp_path / determinism.FOLDERS[1]
    shutil.copytree(ROOT / "data" / "raw", root / "data" / "raw")
    monkeypatch.setenv("PAPU_ROOT", str(root))
    return root


def test_each_quarter_gives_the_figures_that_were_recorded(sample):
    for name, text in record.figures().items():
        now = sample / f"{name}.csv"
        now.write_text(text, encoding="utf-8", newline="")
        assert diff.list_differences(name, record.PUBLISHED / f"{name}.csv", now) == []


def test_ten_quarters_of_every_kpi_and_scope_are_recorded():
    keys = [line.split(",")[:3] for line in (record.PUBLISHED / "kpis.csv").read_text("utf-8").splitlines()[1:]]
    assert len(keys) == len({tuple(key) for key in keys}) == 10 * 6 * len(read_plan().kpis)


@pytest.mark.slow
def test_two_editions_one_of_them_revised_are_the_bytes_that_were_recorded_under_any_conditions(sample):
    recorded = json.loads((record.PUBLISHED / record.EDITIONS).read_text("utf-8"))
    conditions = iter(determinism.far_apart())

    def run(quarter: str, as_of: str, languages: Sequence[str]) -> None:
        chosen = [word for language in languages for word in ("--language", language)]
        determinism.papu(next(conditions), sample, ("run", quarter, "--as-of", as_of, *chosen))

    made = record.editions(run)
    assert made == recorded, "the design or the figures changed? then `make published`, and say why in CHANGELOG.md"
    (quarter, first, _), (_, revised, _) = record.ORDERS
    manifest = json.loads((sample / "reports" / quarter / revised / MANIFEST_JSON).read_text("utf-8"))
    assert manifest["revises"] == {"as_of": first, "input_id": read_published_edition(quarter, first).input_id}
    assert len(recorded[f"{quarter}/{first}"]) > len(recorded[f"{quarter}/{revised}"]) > 15
