"""F27: an edition never rests on less than the one published before, unless that is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands import hashes
from helpers import cli, editions, paths
from helpers.runs.errors import ExitCode
from quick import DAY, LISTED, QUARTER, quick_root, run_edition  # noqa: F401

pytestmark = pytest.mark.slow

OTHER = b"member,quarter,offices_total\nKEN,2022Q3,623\n"
ROW = "2022Q3,digital_model,1,,D,2022-10-12"


@pytest.fixture
def published(quick) -> dict[str, str]:
    """Return the digests of an edition that rests on two files and a row of a register."""
    quick.add(QUARTER, "other.csv", OTHER, LISTED)
    quick.add(QUARTER, "Mme Exemple.csv", OTHER.replace(b"KEN", b"MAR"), LISTED)
    quick.write_register("milestones", ROW)
    run_edition()
    return state()


def state() -> dict[str, str]:
    root = paths.root()
    return hashes(root / "reports") | hashes(root / "data" / "processed")


def papu(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.main, words)
    return result.exit_code, result.output


def listing() -> Path:
    return paths.returns(QUARTER) / "MANIFEST.csv"


def unlist() -> None:
    rows = [row for row in listing().read_text().splitlines() if not row.startswith("other.csv")]
    listing().write_text("\n".join(rows) + "\n")


def receive_later() -> None:
    listing().write_text(listing().read_text().replace(LISTED, "2022-11-20"))


LOSSES = {
    "a file": (lambda: (paths.returns(QUARTER) / "other.csv").unlink(), "2022Q3/other.csv is gone"),
    "its bytes": (lambda: (paths.returns(QUARTER) / "other.csv").write_bytes(b""), "is not what MANIFEST.csv lists"),
    "the bytes of a file whose name is masked": (
        lambda: (paths.returns(QUARTER) / "Mme Exemple.csv").write_bytes(b""),
        "is not what MANIFEST.csv lists",
    ),
    "a quarter": (lambda: shutil.rmtree(paths.returns(QUARTER)), "2022Q3/mail.xlsx is gone"),
    "a register": (lambda: shutil.rmtree(paths.registers()), "registers/milestones.csv is gone"),
    "its rows": (
        lambda: (paths.registers() / "milestones.csv").write_text(""),
        "registers/milestones.csv no longer counts",
    ),
    "the list": (lambda: listing().unlink(), "2022Q3/MANIFEST.csv"),
    "a row of it": (unlist, "2022Q3/MANIFEST.csv has 2 rows instead of 3"),
    "a date in it": (receive_later, "2022Q3/mail.xlsx no longer counts"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_an_edition_is_not_replaced_by_one_that_rests_on_less(published, loss):
    lose, message = LOSSES[loss]
    lose()
    for words in (("run", QUARTER, "--language", "fr"), ("run", "--due", "--today", "2022-11-15", "--language", "fr")):
        code, said = papu(*words)
        assert (code, state()) == (ExitCode.DATA_REFUSED, published), said
        assert message in said
    code, said = papu("status", "--today", "2022-11-15", "--language", "fr")
    assert code == 0 and "what it rests on is missing: data/raw/" in said and message in said


def test_what_is_said_not_to_be_missed_is_left_out(published):
    (paths.returns(QUARTER) / "other.csv").unlink()
    code, said = papu("run", QUARTER, "--language", "fr", "--without", "2022Q3/nothing.csv")
    assert (code, state()) == (ExitCode.USAGE, published) and "nothing that is missing has this name" in said
    assert papu("run", QUARTER, "--language", "fr", "--without", "data/raw/2022Q3/other.csv")[0] == 0
    assert "2022Q3/other.csv" not in editions.read_published_edition(QUARTER, DAY).inputs
    assert papu("run", "--due", "--today", "2022-11-15", "--language", "fr")[1].startswith("2022-11-15 (UTC): nothing")


def test_a_later_edition_rests_on_what_the_one_before_it_rests_on(published):
    shutil.rmtree(paths.returns(QUARTER))
    code, said = papu("run", "2022Q4", "--language", "fr")
    assert (code, state()) == (ExitCode.DATA_REFUSED, published), said
    assert "the published edition of 2022Q3 as of 2022-11-14 rests on it" in said
    assert papu("run", "2022Q4", "--language", "fr", "--without", "2022Q3/*")[0] == 0
    assert editions.read_published_edition("2022Q4", "2023-02-14") is not None
