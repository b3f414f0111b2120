"""Write the invented sample: ten quarters of returns, the registers, and the truth behind them.

    python scripts/make_sample.py [--root DIR] [--truth DIR] [--without-errors]

Every figure is invented: each file has channel `sample` in its quarter's MANIFEST. The same command always writes the
same bytes. The truth is what every member would answer each quarter, whether it answers or not; `--without-errors`
leaves out every wrong figure, and changes neither who answers nor when.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from helpers import paths
from sample.answers import returns_of
from sample.files import write_csv, write_quarter
from sample.incidents import happen, happen_without_errors
from sample.innovations import items_of
from sample.registers import write_registers
from sample.truth import QUARTERS, answers_of, profiles


def _true_answers() -> Iterator[tuple[object, ...]]:
    for quarter in QUARTERS:
        for who in profiles():
            for question, value in answers_of(who.member, quarter).items():
                yield quarter, who.member, question, value


def _true_items() -> Iterator[tuple[object, ...]]:
    for quarter in QUARTERS:
        for who in profiles():
            for item in items_of(who.member, quarter):
                yield quarter, who.member, item.kind, item.reference, item.title, item.detail


def write_truth(folder: Path) -> None:
    """Write `truth.csv` (one row per quarter, member and question) and `truth_innovations.csv` (one per innovation)."""
    write_csv(folder / "truth.csv", ("quarter", "member", "question", "value"), _true_answers())
    header = ("quarter", "member", "kind", "reference", "title", "detail")
    write_csv(folder / "truth_innovations.csv", header, _true_items())


def make_sample(root: Path, truth: Path, with_errors: bool) -> None:
    """Write `data/raw/<quarter>/` and `data/raw/registers/` under `root`, and the truth into `truth`.

    Replaces only files of the sample. Raises SystemExit for a quarter that holds a return that was received.
    """
    for quarter in QUARTERS:
        sent = happen(returns_of(quarter)) if with_errors else happen_without_errors(returns_of(quarter))
        write_quarter(root / "data" / "raw" / quarter, quarter, sent)
    write_registers(root / "data" / "raw" / "registers", with_errors)
    write_truth(truth)


def main() -> None:
    """Read the command line and write the sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=paths.root(), help="where data/raw is (default: this checkout)")
    parser.add_argument("--truth", type=Path, help="where the truth goes (default: tests/truth under the root)")
    parser.add_argument("--without-errors", action="store_true", help="the same returns without a wrong figure")
    options = parser.parse_args()
    truth = options.truth or options.root / "tests" / "truth"
    make_sample(options.root, truth, not options.without_errors)


if __name__ == "__main__":
    main()
