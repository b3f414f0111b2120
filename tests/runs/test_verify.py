"""Verification: an untouched edition passes; a change in it, or in what it was made from, is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands import hashes, papu
from helpers import editions, paths
from helpers.cli import main
from helpers.runs import verify
from quick import DAY, LISTED, QUARTER, ROW, quick_root, run_edition  # noqa: F401

pytestmark = pytest.mark.slow


@pytest.fixture
def published(quick) -> Path:
    """Return the folder of an edition made without kernels."""
    return run_edition()


def check() -> verify.Verification:
    return verify.verify(QUARTER, DAY, print)


class TestResult:
    def test_an_untouched_edition_passes_and_stays_untouched(self, published):
        before = hashes(paths.root())
        result = check()
        assert (result.different, result.notes) == ([], []) and result.compared > 10
        assert hashes(paths.root()) == before

    def test_a_figure_changed_after_publication_is_named_by_row_and_column(self, published):
        table = paths.processed(QUARTER, DAY) / "member_values.csv"
        table.write_text(table.read_text().replace("2.1.a,90,", "2.1.a,95,"))
        assert check().different == [
            "processed/member_values.csv: changed since it was published",
            "processed/member_values.csv: 2022Q3 SEN 2.1.a, value: was 95, is 90",
        ]

    def test_a_changed_raw_file_is_named_with_every_figure_it_changes(self, published, raw):
        shutil.rmtree(raw.folder(QUARTER))
        raw.write_plain(QUARTER, [ROW | {"offices_connected": 91}], received_on=LISTED)
        result = check()
        assert result.notes == [
            "data/raw/2022Q3/MANIFEST.csv: changed since", "data/raw/2022Q3/mail.xlsx: changed since",
        ]  # fmt: skip
        assert "processed/member_values.csv: 2022Q3 SEN 2.1.a, value: was 90, is 91" in result.different

    def test_a_new_file_with_an_earlier_date_is_left_out(self, published, raw):
        raw.add(QUARTER, "late.csv", b"member,quarter,offices_total\nKEN,2022Q3,623\n", "2022-10-12")
        result = check()
        assert result.notes == [
            "data/raw/2022Q3/MANIFEST.csv: changed since", "data/raw/2022Q3/late.csv: was added since; it is left out",
        ]  # fmt: skip
        assert result.different == []

    def test_a_missing_raw_file_is_named(self, published, raw):
        raw.add(QUARTER, "other.csv", b"member,quarter,offices_total\nKEN,2022Q3,623\n", "2022-10-12")
        run_edition()
        (raw.folder(QUARTER) / "other.csv").unlink()
        result = check()
        assert result.notes == ["data/raw/2022Q3/other.csv: is gone"] and result.different

    def test_a_missing_or_unreadable_output_is_named(self, published):
        (published / "report_fr.pdf").unlink()
        (paths.processed(QUARTER, DAY) / "kpis.csv").write_bytes(b"\x00\xff")
        different = "\n".join(check().different)
        assert "report/report_fr.pdf: is gone" in different and "processed/kpis.csv: cannot be read" in different

    def test_another_version_of_code_lock_file_or_python_is_noted(self, published):
        manifest = json.loads((published / "manifest.json").read_text())
        manifest["code"]["sha256"] = manifest["environment"]["lock_sha256"] = "0" * 64
        manifest["environment"]["python"] = "3.99.0"
        (published / "manifest.json").write_text(json.dumps(manifest))
        assert [note.split(" differs")[0] for note in check().notes] == ["the code", "the lock file", "Python"]

    @pytest.mark.parametrize("content", [None, "{", "{}"])
    def test_without_an_edition_there_is_nothing_to_verify(self, raw, content):
        if content:
            paths.reports(QUARTER, DAY).mkdir(parents=True)
            (paths.reports(QUARTER, DAY) / "manifest.json").write_text(content)
        result = papu("verify", QUARTER, PAPU_ROOT=str(raw.root))
        assert result.returncode == 2 and "there is no edition of 2022Q3 as of 2022-11-14" in result.stderr


class TestRevision:
    def test_the_folder_of_the_briefs_is_not_an_edition(self, published):
        shutil.copytree(published, paths.briefs(QUARTER, DAY))
        assert [edition.as_of for edition in editions.list_published_editions(QUARTER)] == [DAY]

    def test_a_later_date_makes_a_revised_edition_that_names_the_one_it_revises(self, published):
        first = editions.read_published_edition(QUARTER, DAY)
        before = hashes(published)
        later = run_edition("2023-01-20")
        revises = json.loads((later / "manifest.json").read_text())["revises"]
        assert revises == {"as_of": DAY, "input_id": first.input_id} and hashes(published) == before
        assert json.loads((published / "manifest.json").read_text())["revises"] is None


def test_the_command_finds_a_changed_byte_of_the_pdf(published):
    pdf = published / "report_fr.pdf"
    content = bytearray(pdf.read_bytes())
    content[len(content) // 2] ^= 1
    pdf.write_bytes(content)
    result = CliRunner().invoke(main, ["verify", QUARTER], catch_exceptions=False)
    assert result.exit_code == 6 and "report/report_fr.pdf: differs from byte" in result.output
