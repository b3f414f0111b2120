"""Make an edition twice, from the same raw data, and compare every file of the two byte by byte.

The manifest is left out: it tells when and from which commit an edition was made. Exit code 6 where a file differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from helpers import paths, provenance, runs


def read_files(folder: Path) -> dict[str, bytes]:
    """Return what a published folder holds, but for its manifest."""
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file() and p.name != provenance.MANIFEST}


def make(order: runs.Order) -> dict[str, bytes]:
    """Make the edition and return its files: the report's and the tables'."""
    report = runs.run_edition(order, print)
    return read_files(report) | read_files(paths.processed(order.quarter, order.as_of))


def main(quarter: str) -> int:
    """Compare two editions of a quarter; say which files differ."""
    order = runs.order(quarter)
    first, second = make(order), make(order)
    differing = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    for name in differing:
        print(f"{name}: the two editions differ")
    print(f"{len(first)} files compared, {len(differing)} differ")
    return 6 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
