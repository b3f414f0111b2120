"""Write the invented sample: ten quarters of returns, the registers, and the truth behind them.

    python scripts/make_sample.py [--root DIR] [--truth DIR] [--without-errors]

Every figure is invented and says so: each file carries channel `sample` in its quarter's MANIFEST. The same command
writes the same bytes each time. The truth is what all members would answer each quarter, whether they answer or not;
`--without-errors` keeps who answers and when, and leaves out every wrong figure.
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
    """Write `truth.csv` (a row a quarter, member and question) and `truth_innovations.csv` (a row an innovation)."""
    write_csv(folder / "truth.csv", ("quarter", "member", "question", "value"), _true_answers())
    header = ("quarter", "member", "kind", "reference", "title", "detail")
    write_csv(folder / "truth_innovations.csv", header, _true_items())


def make_sample(root: Path, truth: Path, with_errors: bool) -> None:
    """Write `data/raw/<quarter>/` and `data/raw/registers/` under `root`, and the truth into `truth`.

    Only the sample's own files of an earlier run are replaced; a quarter that holds a return that was received is
    refused (SystemExit).
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
    chosen = parser.parse_args()
    make_sample(chosen.root, chosen.truth or chosen.root / "tests" / "truth", not chosen.without_errors)


if __name__ == "__main__":
    main()
