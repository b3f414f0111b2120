"""Determinism: an edition has the same bytes under any conditions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import determinism  # noqa: E402


def test_the_six_combinations_cover_each_condition():
    chosen = determinism.six()
    assert {one.zone for one in chosen} == set(determinism.ZONES) and len({one.folder for one in chosen}) == 3
    assert {one.locale for one in chosen} == set(determinism.LOCALES) and len({one.umask for one in chosen}) == 3
    assert {one.seed for one in chosen} == set(determinism.SEEDS)
    assert len(determinism.matrix()) == 6 * 5 * 3


def test_folders_are_really_listed_in_another_order(tmp_path):
    for n in range(30):
        (tmp_path / f"{n:02}").touch()
    program = "import os, sys, pathlib; print([p.name for p in pathlib.Path(sys.argv[1]).iterdir()], os.listdir('.'))"
    environment = os.environ | {"PYTHONPATH": str(determinism.SHUFFLED)}
    orders = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, cwd=tmp_path,
            env=environment | {"PAPU_SHUFFLE": seed},
        ).stdout
        for seed in "123"
    }  # fmt: skip
    assert len(orders) == 3


@pytest.mark.slow
def test_an_edition_has_the_same_bytes_under_six_conditions():
    assert determinism.compare(determinism.six(), ("run", determinism.QUARTER, "--language", "fr")) == []


@pytest.mark.slow
def test_briefs_have_the_same_bytes_with_one_worker_and_with_four():
    members = [word for member in ("SEN", "KEN", "TUN", "AGO") for word in ("--member", member)]
    one, four = (
        determinism.make(combination, ("briefs", determinism.QUARTER, *members, "--workers", workers))
        for combination, workers in zip(determinism.six()[:2], ("1", "4"), strict=True)
    )
    assert len(one) == 8 and one == four
