"""Make one edition in every combination of time zone, locale and hash seed, and compare the bytes.

The full matrix runs from here; the tests make the recorded editions in two combinations of their own. The order of
files in a folder, the umask, the working folder, the name of the root and the processor instructions that numpy may use
change as well. Exit code 6 if a byte differs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHUFFLED = Path(__file__).with_name("shuffled")
ZONES = (
    "UTC", "Africa/Nairobi", "Pacific/Kiritimati", "America/Argentina/San_Luis", "Asia/Kathmandu", "Pacific/Pago_Pago",
)  # fmt: skip
LOCALES = ("C", "fr_FR.UTF-8", "tr_TR.UTF-8", "ar_EG.UTF-8", "pt_MZ.UTF-8")
SEEDS = ("0", "1", "random")
FOLDERS = ("plain", "an été's, 2 blanks", "with-a-name-of-" + "many-letters-" * 6)
UMASKS = (0o022, 0o077, 0o002)
# As on an older processor, which adds up sums in another order; ignored on processors of another kind.
PROCESSORS = ({}, {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4", "OPENBLAS_CORETYPE": "Nehalem"})
QUARTER = "2022Q3"


@dataclass(frozen=True)
class Combination:
    """The conditions of one run."""

    number: int
    zone: str
    locale: str
    seed: str

    @property
    def folder(self) -> str:
        """The name of the root folder."""
        return FOLDERS[self.number % len(FOLDERS)]

    @property
    def umask(self) -> int:
        """The permissions that new files do not get."""
        return UMASKS[self.number % len(UMASKS)]

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of the run."""
        return os.environ | {
            "TZ": self.zone, "LC_ALL": self.locale, "LANG": self.locale, "PYTHONHASHSEED": self.seed,
            "PYTHONPATH": str(SHUFFLED), "PAPU_SHUFFLE": str(self.number), **PROCESSORS[self.number % len(PROCESSORS)],
        }  # fmt: skip


def matrix() -> list[Combination]:
    """Return every combination."""
    return [Combination(n, *values) for n, values in enumerate(product(ZONES, LOCALES, SEEDS))]


def far_apart() -> list[Combination]:
    """Return two combinations that have no condition in common, nor with a run of every day."""
    return [Combination(n, ZONES[2 * n], LOCALES[n + 1], SEEDS[n]) for n in (1, 2)]


def make_root(folder: Path) -> Path:
    """Make a root with one quarter of the sample, its files written in reverse order."""
    raw = folder / "data" / "raw"
    for name in ("registers", QUARTER):
        (raw / name).mkdir(parents=True)
        for path in sorted((ROOT / "data" / "raw" / name).iterdir(), reverse=True):
            shutil.copyfile(path, raw / name / path.name)
    return folder


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every published file, except the manifest, which holds times."""
    files = [p for part in ("reports", "data/processed") for p in (folder / part).rglob("*") if p.is_file()]
    compared = sorted(path for path in files if path.name != "manifest.json")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in compared}


def papu(combination: Combination, root: Path, arguments: Sequence[str]) -> None:
    """Run `papu` on a root in a combination."""
    subprocess.run(
        [sys.executable, "-m", "helpers", *arguments], check=True, capture_output=True, umask=combination.umask,
        cwd=root.parent if combination.number % 2 else root, env=combination.environment | {"PAPU_ROOT": str(root)},
    )  # fmt: skip


def make(combination: Combination, arguments: Sequence[str]) -> dict[str, str]:
    """Run `papu` in a combination; return the digests of what it published."""
    with tempfile.TemporaryDirectory() as home:
        root = make_root(Path(home) / combination.folder)
        papu(combination, root, arguments)
        return digests(root)


def compare(combinations: Sequence[Combination], arguments: Sequence[str], workers: int = 2) -> list[str]:
    """Return a line for each file that differs from that of the first combination."""
    with ThreadPoolExecutor(workers) as pool:
        first, *others = pool.map(lambda combination: make(combination, arguments), combinations)
    if not first:
        raise AssertionError("nothing was published, so nothing was compared")
    return [
        f"{name} differs in {combination}"
        for combination, other in zip(combinations[1:], others, strict=True)
        for name in sorted(first.keys() | other.keys())
        if first.get(name) != other.get(name)
    ]


def main() -> int:
    """Run the full matrix."""
    began, combinations = time.monotonic(), matrix()
    lines = compare(combinations, ("run", QUARTER, "--language", "fr"))
    print(*lines, sep="\n", end="\n" if lines else "")
    print(f"{len(combinations)} editions, {len(lines)} differences, {(time.monotonic() - began) / 60:.1f} minutes")
    return 6 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
