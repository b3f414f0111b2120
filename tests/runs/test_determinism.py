"""Determinism: briefs have the same bytes under any conditions, and the conditions are real.

That editions have is tested with the recorded ones (tests/test_published.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import determinism  # noqa: E402


def test_the_two_combinations_of_the_tests_have_nothing_in_common():
    one, other = determinism.far_apart()
    conditions = ("zone", "locale", "seed", "folder", "umask")
    assert not [name for name in conditions if getattr(one, name) == getattr(other, name)]
    assert one.zone != "UTC" != other.zone and len(determinism.matrix()) == 6 * 5 * 3


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
def test_briefs_have_the_same_bytes_with_one_worker_and_with_two():
    members = [word for member in ("AGO", "EGY") for word in ("--member", member)]
    one, two = (
        determinism.make(combination, ("briefs", determinism.QUARTER, *members, "--workers", workers))
        for combination, workers in zip(determinism.far_apart(), ("1", "2"), strict=True)
    )
    assert len(one) == 4 and one == two
