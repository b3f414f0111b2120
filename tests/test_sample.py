"""The invented sample: the committed files are what the script writes, say what they are, and hold what they should."""

from __future__ import annotations

import csv
import hashlib
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from helpers.plan.plan import read_plan
from helpers.plan.quarters import quarters_between

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
QUARTERS = quarters_between("2022Q3", "2024Q4")
REGISTERS = ("milestones", "workshops", "attendance", "confirmations", "questionnaires")
PLACES = (*(f"data/raw/{quarter}" for quarter in QUARTERS), "data/raw/registers", "tests/truth")


def make_sample(root: Path, truth: Path, with_errors: bool) -> None:
    """Write the sample under `root` and its truth into `truth`, with or without wrong figures."""
    if str(ROOT / "scripts") not in sys.path:
        sys.path.insert(0, str(ROOT / "scripts"))
    from make_sample import make_sample as write

    write(root, truth, with_errors)


def read(path: Path) -> list[dict[str, str]]:
    """Read a CSV of ours as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def files(root: Path) -> dict[str, Path]:
    """Return the sample's files below a root, by their path from it."""
    found = [p for place in PLACES for p in (root / place).iterdir() if p.is_file() and p.name != "edition.toml"]
    return {path.relative_to(root).as_posix(): path for path in found}


def content(path: Path) -> object:
    """Return what a file holds, however its bytes were compressed: that differs between builds of zlib."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    if path.name == "MANIFEST.csv":
        return [{name: text for name, text in row.items() if name != "sha256"} for row in read(path)]
    return path.read_bytes()


def manifest(quarter: str) -> list[dict[str, str]]:
    """Return the rows of a quarter's MANIFEST."""
    return read(ROOT / "data" / "raw" / quarter / "MANIFEST.csv")


def members_in(path: Path) -> set[str]:
    """Return the members that have a row in a workbook, whatever becomes of it."""
    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    column = next(n for n, name in enumerate(header) if str(name).split("/")[-1] == "member")
    plan = read_plan()
    return {plan.resolve(str(row[column])).iso3 for row in rows} & set(plan.by_iso3)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """Return a root into which the sample was written again."""
    root = tmp_path_factory.mktemp("sample")
    make_sample(root, root / "tests" / "truth", with_errors=True)
    return root


@pytest.fixture(scope="module")
def faultless(tmp_path_factory) -> Path:
    """Return a root with the sample that holds no wrong figure."""
    root = tmp_path_factory.mktemp("faultless")
    make_sample(root, root / "tests" / "truth", with_errors=False)
    return root


def test_the_committed_sample_is_what_the_script_writes(written):
    committed, again = files(ROOT), files(written)
    assert sorted(committed) == sorted(again)
    assert [name for name in committed if content(committed[name]) != content(again[name])] == []


def test_the_script_writes_the_same_bytes_each_time(written, tmp_path):
    make_sample(tmp_path, tmp_path / "tests" / "truth", with_errors=True)
    first, second = files(written), files(tmp_path)
    assert [name for name in first if first[name].read_bytes() != second[name].read_bytes()] == []


def test_writing_again_over_the_sample_leaves_it_as_it_was(written):
    before = {name: path.read_bytes() for name, path in files(written).items()}
    make_sample(written, written / "tests" / "truth", with_errors=True)
    assert {name: path.read_bytes() for name, path in files(written).items()} == before


def test_a_quarter_with_a_received_return_is_never_touched(tmp_path):
    folder = tmp_path / "data" / "raw" / "2022Q3"
    folder.mkdir(parents=True)
    (folder / "ken.xlsx").write_bytes(b"received")
    (folder / "MANIFEST.csv").write_text("file,sha256,received_on,channel,note\nken.xlsx,00,2022-10-20,mail,\n")
    with pytest.raises(SystemExit, match="ken.xlsx"):
        make_sample(tmp_path, tmp_path / "truth", with_errors=True)
    assert (folder / "ken.xlsx").read_bytes() == b"received"


@pytest.mark.parametrize("quarter", QUARTERS)
def test_every_file_is_in_its_manifest_as_sample_with_its_hash(quarter):
    folder, rows = ROOT / "data" / "raw" / quarter, manifest(quarter)
    there = {path.name for path in folder.iterdir() if path.name not in ("MANIFEST.csv", "edition.toml")}
    assert {row["file"] for row in rows} == there
    assert {row["channel"] for row in rows} == {"sample"}
    for row in rows:
        assert row["sha256"] == hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest(), row["file"]


@pytest.mark.parametrize("quarter", QUARTERS)
def test_each_quarter_has_one_export_of_the_form_and_some_mailed_workbooks(quarter):
    names = [row["file"] for row in manifest(quarter)]
    exports = [name for name in names if name.startswith("UPAP numérique - latest version - False - ")]
    assert len(exports) == 1
    assert 2 <= len(names) - len(exports) <= 6


def test_half_the_members_answer_at_first_and_three_quarters_at_the_end():
    members = {row["member"] for row in read(ROOT / "tests" / "truth" / "truth.csv")}
    rates = []
    for quarter in QUARTERS:
        folder = ROOT / "data" / "raw" / quarter
        answered = set().union(*(members_in(folder / row["file"]) for row in manifest(quarter)))
        rates.append(len(answered & members) / len(members))
    assert 0.45 <= rates[0] <= 0.58
    assert 0.72 <= rates[-1] <= 0.85
    assert rates == sorted(rates)


def test_the_truth_knows_every_member_in_every_quarter():
    truth = read(ROOT / "tests" / "truth" / "truth.csv")
    assert {row["quarter"] for row in truth} == set(QUARTERS)
    keys = {(row["quarter"], row["member"]) for row in truth if row["question"] == "offices_connected"}
    assert len(keys) == len(QUARTERS) * 45


def test_the_truth_keeps_within_the_caps_that_the_bounds_assume():
    count = {
        (row["member"], row["quarter"], row["question"]): int(row["value"])
        for row in read(ROOT / "tests" / "truth" / "truth.csv")
        if row["value"].isdecimal()
    }
    for member in read_plan().members:
        offices = [count[member.member, quarter, "offices_total"] for quarter in QUARTERS]
        staff = [count[member.member, quarter, "staff_total"] for quarter in QUARTERS]
        connected = [count[member.member, quarter, "offices_connected"] for quarter in QUARTERS]
        trained = [count[member.member, quarter, "trained_cumulative"] for quarter in QUARTERS]
        assert len(set(offices)) == 1 and max(connected) <= offices[0] <= member.references["reference_offices"]
        assert staff == sorted(staff, reverse=True) and staff[0] <= member.references["reference_staff"]
        assert trained == sorted(trained) and trained[-1] <= staff[-1]


def test_without_errors_no_figure_of_a_return_differs_from_the_truth(faultless):
    truth = {
        (row["quarter"], row["member"], row["question"]): row["value"]
        for row in read(faultless / "tests" / "truth" / "truth.csv")
    }
    differing = []
    for quarter in QUARTERS:
        for path in sorted((faultless / "data" / "raw" / quarter).glob("UPAP*.xlsx")):
            header, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
            for row in rows:
                answers = {name: value for name, value in zip(header, row, strict=True) if name.count("/") == 1}
                member = answers["identity/member"]
                for name, value in answers.items():
                    expected = truth.get((quarter, member, name.split("/")[1]))
                    if expected is not None and isinstance(value, (int, str)) and str(value) != expected:
                        differing.append((quarter, member, name, value, expected))
    assert differing == []


def test_without_errors_the_same_files_arrive_on_the_same_days(faultless):
    for quarter in QUARTERS:
        rows = read(faultless / "data" / "raw" / quarter / "MANIFEST.csv")
        sent = [(row["file"], row["received_on"]) for row in manifest(quarter)]
        assert [(row["file"], row["received_on"]) for row in rows] == sent


def test_nothing_in_the_sample_looks_like_a_person():
    for name, path in files(ROOT).items():
        if path.suffix == ".xlsx":
            for sheet in openpyxl.load_workbook(path):
                texts = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
                assert all("example.org" in text for text in texts if "@" in text), name


@pytest.mark.parametrize("register", REGISTERS)
def test_every_register_has_rows_and_says_when_they_were_recorded(register):
    rows = read(ROOT / "data" / "raw" / "registers" / f"{register}.csv")
    assert rows and all(row["recorded_on"] for row in rows)
