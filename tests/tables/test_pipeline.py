"""An edition: its date, what its tables rest on, when they are made again, and that it can be made again exactly."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from helpers import paths
from helpers.plan.settings import read_settings
from helpers.tables import pipeline, schema
from helpers.tables.pipeline import DataRefused, EditionTables, ingest, load_tables

pytestmark = pytest.mark.slow

Q, AS_OF = "2022Q4", "2023-02-14"
SUBMITTED = "2023-01-10T08:30:00"


def plain(member: str, day: date, **answers: object) -> dict[str, object]:
    return {"member": member, "quarter": Q, "submitted_on": day} | answers


def kobo(member: str, number: int, **answers: object) -> dict[str, object]:
    system = {"_id": number, "_uuid": f"u{number}", "_submission_time": SUBMITTED, "meta/rootUuid": f"uuid:r{number}"}
    return {"member": member, "quarter": Q} | answers | system


@pytest.fixture
def filled(raw):
    """Return a root with returns of two quarters and a register."""
    before = {"member": "SEN", "quarter": "2022Q3", "submitted_on": date(2022, 10, 10)}
    raw.write_plain("2022Q3", [before | {"offices_total": 130, "offices_connected": 80}], name="sen.xlsx",
                    received_on="2022-10-10")  # fmt: skip
    part = [{"kind": "hackathon", "reference": "H-1", "title": "=Hack", "_parent_index": 1}]
    submissions = [kobo("SEN", 1, offices_total=130, offices_connected=90), kobo("KEN", 2, offices_connected="douze")]
    raw.write_kobo(Q, submissions, part, name="k1.xlsx", received_on="2023-01-15")
    raw.write_plain(Q, [plain("TUN", date(2023, 1, 20), offices_connected=900)], name="tun.xlsx",
                    received_on="2023-01-20")  # fmt: skip
    raw.write_register("milestones", "2022Q3,digital_model,1,,D,2022-10-12")
    return raw


# --- the date of an edition -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quarter", "as_of", "day"),
    [
        ("2024Q3", "", date(2024, 11, 14)),
        ("2024Q4", "", date(2025, 2, 14)),
        ("2024Q3", "2024-10-01", date(2024, 10, 1)),
        ("2024Q3", "2025-06-30", date(2025, 6, 30)),
        ("2022Q1", "", date(2022, 5, 15)),
    ],
)
def test_an_edition_is_as_of_the_date_given_or_its_first_cutoff(quarter, as_of, day):
    assert read_settings().resolve_date(quarter, as_of) == day


@pytest.mark.parametrize(
    ("quarter", "as_of"),
    [("2021Q4", ""), ("2026Q1", ""), ("2024Q5", ""), ("T3", ""), ("", ""), ("2024Q3", "2024-09-30"),
     ("2024Q3", "2024-01-01"), ("2024Q3", "14/11/2024"), ("2024Q3", "2024-02-30"), ("2024Q3", "latest")],
)  # fmt: skip
def test_a_quarter_outside_the_plan_or_a_date_that_cannot_be_is_refused(quarter, as_of):
    with pytest.raises(ValueError, match=r"."):
        read_settings().resolve_date(quarter, as_of)


def edition_of(as_of: str = AS_OF, *inputs: tuple[str, str, str]) -> EditionTables:
    """Return an edition of some inputs: file, digest and channel."""
    nothing = pd.DataFrame()
    return EditionTables(Q, as_of, *[nothing] * 9, pd.DataFrame(inputs, columns=["file", "sha256", "channel"]))


@pytest.mark.parametrize(("as_of", "revised"), [("2023-03-30", False), ("2023-03-31", True), ("2023-06-30", True)])
def test_an_edition_is_a_revised_one_from_90_days_after_the_quarter(as_of, revised):
    assert edition_of(as_of).is_revised is revised


def test_the_input_id_follows_from_the_inputs_and_the_date():
    inputs = (("a.xlsx", "00", "mail"), ("b.xlsx", "01", "mail"))
    others = (("a.xlsx", "00", "mail"), ("b.xlsx", "02", "mail"))
    ids = [edition_of(AS_OF, *inputs), edition_of("2023-03-31", *inputs), edition_of(AS_OF, *others),
           edition_of(AS_OF, inputs[0]), edition_of(AS_OF, *inputs)]  # fmt: skip
    assert len({edition.input_id for edition in ids}) == 4


@pytest.mark.parametrize(("channels", "sample"), [(("mail", "plan"), False), (("sample", "plan"), True), ((), False)])
def test_an_edition_of_the_sample_says_so(channels, sample):
    assert edition_of(AS_OF, *(("a.xlsx", "00", channel) for channel in channels)).sample is sample


# --- what a notebook finds --------------------------------------------------------------------------------------


def test_a_notebook_finds_all_the_tables(filled):
    edition = load_tables(Q)
    assert (edition.quarter, edition.as_of, edition.sample) == (Q, AS_OF, False)
    connected = edition.kpis.query("quarter == @Q and scope == 'PAPU' and kpi == '2.1.a'")
    assert connected[["value", "n_reported"]].to_numpy().tolist() == [[990, 2]]
    assert edition.items["title"].tolist() == ["=Hack"]
    assert edition.issues["rule"].tolist().count("V03") == 1
    assert set(edition.answers["member"]) == {"SEN", "KEN", "TUN"}


def made_again(monkeypatch) -> list[str]:
    """Return a list of the steps that are run from now on."""
    steps: list[str] = []
    for name in ("write_ingested", "write_measured"):
        step = getattr(pipeline, name)

        def run(*given, name=name, step=step):
            steps.append(name)
            return step(*given)

        monkeypatch.setattr(pipeline, name, run)
    return steps


def test_tables_are_used_again_when_nothing_changed(filled, monkeypatch):
    first = load_tables(Q)
    steps = made_again(monkeypatch)
    again = load_tables(Q)
    assert steps == []
    assert again.kpis.equals(first.kpis)
    assert again.input_id == first.input_id


def test_tables_that_are_kept_are_loaded_as_long_as_they_are_those_of_what_is_there(filled, monkeypatch):
    monkeypatch.setattr(pipeline, "_kept", {})
    assert load_tables(Q) is not load_tables(Q)  # whoever changes what they loaded changes nobody else's
    kept = pipeline.keep_tables(Q, "")
    assert load_tables(Q) is kept
    assert load_tables(Q, "2023-01-12") is not kept
    filled.write_register("milestones", "2022Q3,digital_model,1,,D,2022-10-12", "2022Q4,digital_model,2,,D,2023-01-12")
    assert load_tables(Q) is not kept


def test_tables_are_made_again_when_a_return_comes_in(filled, monkeypatch):
    load_tables(Q)
    steps = made_again(monkeypatch)
    filled.write_plain(Q, [plain("MAR", date(2023, 2, 1), offices_connected=1000)], name="mar.xlsx",
                       received_on="2023-02-01")  # fmt: skip
    edition = load_tables(Q)
    assert steps == ["write_ingested", "write_measured"]
    assert "MAR" in set(edition.answers["member"])


def test_tables_are_made_again_when_a_register_changed(filled, monkeypatch):
    before = ingest(Q)["inputs"]
    steps = made_again(monkeypatch)
    filled.write_register("milestones", "2022Q3,digital_model,1,,D,2022-10-12", "2022Q4,digital_model,2,,D,2023-01-12")
    assert ingest(Q)["inputs"].equals(before) is False
    assert steps == ["write_ingested"]


def test_tables_are_made_again_for_another_date(filled, monkeypatch):
    ingest(Q)
    steps = made_again(monkeypatch)
    ingest(Q, "2023-01-12")
    ingest(Q, "2023-01-12")
    assert steps == ["write_ingested"]


def test_nothing_is_written_but_to_the_folder_of_the_edition(filled):
    before = {path: path.read_bytes() for path in paths.raw().rglob("*") if path.is_file()}
    load_tables(Q)
    assert {path: path.read_bytes() for path in paths.raw().rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in filled.root.iterdir()) == ["build", "data"]
    assert not (filled.root / "data" / "processed").exists()


# --- sample and received ----------------------------------------------------------------------------------------


def test_sample_and_received_returns_in_one_edition_are_refused(filled):
    filled.write_plain("2022Q3", [plain("KEN", date(2022, 10, 10)) | {"quarter": "2022Q3"}], name="k.xlsx",
                       channel="sample")  # fmt: skip
    with pytest.raises(DataRefused, match=r"2022Q3/k\.xlsx"):
        ingest(Q)


def test_a_sample_in_a_later_quarter_is_not_read(filled):
    filled.write_plain("2023Q1", [plain("KEN", date(2023, 4, 10)) | {"quarter": "2023Q1"}], channel="sample")
    assert pipeline.read_raw_data(Q).received.is_sample is False


# --- a past edition is made again exactly -----------------------------------------------------------------------


def published(out: Path) -> dict[str, bytes]:
    names = (*schema.PUBLISHED_TABLES, "inputs")
    return {name: path.read_bytes() for name in names for path in out.glob(f"{name}.*")}


def add_later_files(raw) -> None:
    """Add what comes in after 2023-02-14: returns, revisions, an edit, a copy, damage, registers."""
    late = date(2023, 3, 1)
    raw.write_plain(Q, [plain("MAR", late, offices_connected=1000), plain("SEN", late, offices_connected=1)],
                    [{"member": "MAR", "kind": "hackathon", "reference": "H-9"}], name="a_late.xlsx",
                    received_on="2023-03-01")  # fmt: skip
    raw.write_plain("2022Q3", [plain("KEN", late, offices_connected=5) | {"quarter": "2022Q3"}], name="a_late.xlsx",
                    received_on="2023-03-01")  # fmt: skip
    edited = [kobo("SEN", 1, offices_total=130, offices_connected=91), kobo("KEN", 2, offices_connected="douze")]
    raw.write_kobo(Q, edited, [], name="a_k2.xlsx", received_on="2023-03-02")
    raw.add(Q, "a_copy.xlsx", (raw.folder(Q) / "tun.xlsx").read_bytes(), "2023-03-03")
    raw.add(Q, "a_bad.xlsx", b"not a workbook at all", "2023-03-04")
    raw.write_plain("2023Q1", [plain("SEN", date(2023, 4, 10), offices_total=1) | {"quarter": "2023Q1"}])
    raw.write_register("milestones", "2022Q3,digital_model,1,,D,2022-10-12", "2022Q4,digital_model,4,,D,2023-03-01",
                       "2022Q4,digital_model,nine,,D,2023-03-01")  # fmt: skip
    raw.write_register("workshops", "W1,5.2,,2022-11-10,Un,2023-03-01")
    raw.write_register("questionnaires", "E1,Un,2022-10-01,2022-11-30,SEN,2022-11-30,2023-03-01")
    raw.write_register("confirmations", "2022Q4,SEN,offices_total,130,2023-03-01,,2023-03-01")


def test_an_edition_is_the_same_bytes_after_later_files_were_added(filled):
    first = load_tables(Q, AS_OF)
    before = published(paths.out(Q, AS_OF))
    add_later_files(filled)
    again = load_tables(Q, AS_OF)
    assert [name for name, content in published(paths.out(Q, AS_OF)).items() if content != before[name]] == []
    assert again.input_id == first.input_id


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [(",2023-01-20,", ",2023-02-13,", True), (",kobo,", ",mail,", True), (",mail,\n", ",mail,a remark\n", False)],
)
def test_what_a_manifest_says_of_a_file_is_part_of_what_an_edition_rests_on(filled, before, after, moves):
    first = load_tables(Q, AS_OF)
    manifest = filled.folder(Q) / "MANIFEST.csv"
    edited = manifest.read_text().replace(before, after)
    assert edited != manifest.read_text()
    manifest.write_text(edited)
    assert (load_tables(Q, AS_OF).input_id != first.input_id) is moves


def test_a_later_edition_sees_what_came_later(filled):
    first = load_tables(Q, AS_OF)
    add_later_files(filled)
    later = load_tables(Q, "2023-06-30")
    assert later.input_id != first.input_id
    assert len(later.returns) > len(first.returns)
    assert {"MAR", "KEN"} <= set(later.returns["member"])
    assert later.kpis.query("quarter == @Q and scope == 'PAPU' and kpi == '1.1.a'")["value"].tolist() == [4]


def test_what_lies_in_the_folder_without_being_a_return_does_not_change_an_edition(filled):
    ingest(Q, AS_OF)
    before = published(paths.out(Q, AS_OF))
    (filled.folder(Q) / "~$tun.xlsx").write_bytes(b"lock")
    (filled.folder(Q) / "next.xlsx.part").write_bytes(b"half")
    ingest(Q, AS_OF)
    after = published(paths.out(Q, AS_OF))
    assert {name for name, content in after.items() if content != before[name]} == {"issues"}  # each is noted
