"""From received files to returns: damage is reported and stops nothing, and nothing is lost."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest

from conftest import Formula, table_of, write_workbook
from helpers.ingest import versions
from helpers.ingest.quarter import read_quarter, read_returns
from helpers.ingest.registers import read_registers
from helpers.ingest.rules import check_received
from helpers.tables import schema

Q = "2024Q3"
DAY = date(2024, 10, 10)
SEN = {"member": "SEN", "quarter": Q, "offices_total": 130, "offices_connected": 90, "submitted_on": DAY}
KEN = {"member": "KEN", "quarter": Q, "offices_total": 600, "submitted_on": DAY}
SUBMITTED = "2024-10-10T08:30:00"
KOBO = {"_id": 1, "_uuid": "u1", "_submission_time": SUBMITTED, "meta/rootUuid": "uuid:r1"}


def only(received):
    (one,) = received.returns
    return one


def keys(received) -> list[str]:
    return sorted(found.rule for found in received.issues)


def refused(received) -> list[tuple[str, str]]:
    return [(found.source_file, found.rule) for found in received.issues if found.severity == "refused"]


def values(one) -> dict[str, tuple[str, str]]:
    return {name: (a.value, a.state) for name, a in one.answers.items() if (a.value, a.state) != ("", "O")}


# --- both formats -----------------------------------------------------------------------------------------------

ANSWERED = {
    "member": "SEN", "quarter": Q, "organisation": "La Poste", "offices_total": 130, "staff_total": "1 800",
    "roadmap_status": "adopted", "roadmap_adopted_on": date(2024, 3, 1), "offices_electrified": "ND",
    "offices_connected": 90, "cloud_use": "pilot", "services_epost": "hybrid_mail e_postbox",
    "services_ecommerce": "none", "services_efinance": None, "sectors_benefiting": "trade finance other",
    "project_dre": "NA", "trained_women": 0, "attended_meetings": "yes", "comment": "Merci",
}  # fmt: skip
READ = {
    "organisation": ("La Poste", "A"), "offices_total": ("130", "A"), "staff_total": ("1800", "A"),
    "roadmap_status": ("adopted", "A"), "roadmap_adopted_on": ("2024-03-01", "A"), "offices_electrified": ("", "L"),
    "offices_connected": ("90", "A"), "cloud_use": ("pilot", "A"), "services_epost": ("hybrid_mail e_postbox", "A"),
    "services_ecommerce": ("none", "A"), "sectors_benefiting": ("trade finance other", "A"), "project_dre": ("", "M"),
    "trained_women": ("0", "A"), "attended_meetings": ("yes", "A"), "comment": ("Merci", "A"),
}  # fmt: skip


def test_a_plain_workbook_is_read(raw):
    raw.write_plain(Q, [ANSWERED | {"submitted_on": DAY}])
    assert values(only(read_quarter(Q))) == READ


@pytest.mark.parametrize("text", ["1", 1, 1.0, True, "TRUE"])
def test_a_split_choice_is_ticked_by_1_or_true(raw, text):
    header = ["identity/member", "identity/quarter", "services/services_epost/hybrid_mail",
              "services/services_epost/e_postbox", "_submission_time", "_uuid"]  # fmt: skip
    raw.write_sheets(Q, {"form": [header, ["SEN", Q, text, 0, SUBMITTED, "u1"]]})
    assert only(read_quarter(Q)).answers["services_epost"].value == "hybrid_mail"


def test_split_choices_all_blank_are_unanswered_and_none_is_a_choice_of_its_own(raw):
    header = ["member", "quarter", "services_epost/hybrid_mail", "services_epost/none", "submitted_on"]
    raw.write_sheets(Q, {"returns": [header, ["SEN", Q, None, None, DAY], ["KEN", Q, 0, 1, DAY]]})
    sen, ken = read_quarter(Q).returns
    assert (sen.answers["services_epost"].state, ken.answers["services_epost"].value) == ("O", "none")


def test_an_unknown_code_withdraws_the_answer_in_split_columns_as_in_one(raw):
    header = ["member", "quarter", "services_epost/hybrid_mail", "services_epost/fax", "submitted_on"]
    raw.write_sheets(Q, {"returns": [header, ["SEN", Q, 1, 1, DAY], ["KEN", Q, 1, 0, DAY]]})
    sen, ken = read_quarter(Q).returns
    assert (sen.answers["services_epost"].rule, sen.answers["services_epost"].value) == ("V07", "")
    assert ken.answers["services_epost"].value == "hybrid_mail"


def test_ticked_as_not_available_is_l_unless_answered(raw):
    raw.write_plain(Q, [SEN | {"nd_network": "offices_total staff_total", "staff_women": 0}])
    one = only(read_quarter(Q))
    assert [one.answers[name].state for name in ("offices_total", "staff_total", "staff_women")] == ["A", "L", "A"]
    assert [found.question for found in one.notes if found.rule == "ND_ANSWERED"] == ["offices_total"]


# --- headers, sheets and rows -----------------------------------------------------------------------------------


def test_an_unknown_column_of_the_innovations_is_noted_too(raw):
    raw.write_plain(Q, [SEN], [{"member": "SEN", "kind": "hackathon", "titre": "Hack"}])
    assert "titre" in [found.observed for found in read_quarter(Q).issues if found.rule == "COLUMN_UNKNOWN"]


@pytest.mark.parametrize("header", ["submitted_on", "Submitted_on"])
def test_a_date_of_receipt_that_is_there_twice_with_other_content_is_never_chosen_in_silence(raw, header):
    table = [["member", "quarter", "offices_total", "submitted_on", header], ["SEN", Q, 130, DAY, date(2024, 12, 24)]]
    raw.write_sheets(Q, {"returns": table})
    (refused,) = only(read_quarter(Q)).problems
    assert (refused.rule, "submitted_on" in refused.message_en) == ("V20", True)


def test_a_row_of_tags_under_the_header_is_noted_and_skipped(raw):
    header = ["member", "quarter", "offices_total", "submitted_on"]
    raw.write_sheets(Q, {"returns": [header, ["#country", None, "#offices", None], ["SEN", Q, 130, DAY]]})
    received = read_quarter(Q)
    assert (only(received).member, only(received).place.row) == ("SEN", "3")
    assert [found.row for found in received.issues if found.rule == "ROW_TAGS"] == ["2"]


def test_a_blank_row_is_skipped_and_rows_keep_their_numbers(raw):
    header = ["member", "quarter", "offices_total", "submitted_on"]
    rows = [["SEN", Q, 130, DAY], [None, "  ", None, None], ["KEN", Q, 600, DAY]]
    raw.write_sheets(Q, {"returns": [header, *rows]})
    assert [(one.member, one.place.row) for one in read_quarter(Q).returns] == [("SEN", "2"), ("KEN", "4")]


def test_the_only_sheet_is_read_under_any_name_with_a_note(raw):
    raw.write_sheets(Q, {"Feuil1": table_of([SEN])})
    received = read_quarter(Q)
    assert (only(received).place.sheet, "SHEET_NAME" in keys(received)) == ("Feuil1", True)


@pytest.mark.parametrize("second", ["Feuil2", "returns 2"])
def test_a_second_sheet_with_returns_is_never_passed_over_in_silence(raw, second):
    raw.write_sheets(Q, {"returns": table_of([SEN]), second: table_of([KEN])})
    received = read_quarter(Q)
    listed = {one.place.sheet for one in received.returns} | {found.sheet for found in received.issues}
    listed |= {found.observed for found in received.issues}
    assert second in listed


@pytest.mark.parametrize("declared", ["A1", "A1:B2", "A1:XFD1048576"])
def test_a_used_range_that_a_workbook_declares_wrongly_loses_nothing(raw, tmp_path, declared):
    write_workbook(tmp_path / "whole.xlsx", {"returns": table_of([SEN, KEN])})
    content = (tmp_path / "whole.xlsx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b'<dimension ref="A1:E3"/>' in sheet
    sheet = sheet.replace(b'ref="A1:E3"', f'ref="{declared}"'.encode())
    raw.add(Q, "mail.xlsx", repacked(content, xl__worksheets__sheet1_xml=sheet))
    assert [(one.member, one.received_on) for one in read_quarter(Q).returns] == [("SEN", DAY), ("KEN", DAY)]


def test_a_hidden_sheet_of_innovations_is_refused_asking_to_unhide(raw):
    items = table_of([{"member": "SEN", "kind": "hackathon", "reference": "H-1"}])
    raw.write_sheets(Q, {"returns": table_of([SEN]), "innovations": items}, hidden="innovations")
    received = read_quarter(Q)
    assert (received.returns, refused(received)) == ((), [("mail.xlsx", "V20")])


@pytest.mark.parametrize(
    ("status", "refuses", "holds"),
    [
        ("validation_status_not_approved", True, False),
        ("Not approved", True, False),
        ("validation_status_on_hold", False, True),
        ("On hold", False, True),
        ("validation_status_approved", False, False),
        (None, False, False),
    ],
)
def test_what_the_collection_tool_rejected_is_refused_and_what_it_holds_back_is_flagged(raw, status, refuses, holds):
    raw.write_kobo(Q, [{"member": "SEN", "quarter": Q, "offices_total": 130, **KOBO, "_validation_status": status}])
    one = only(read_quarter(Q))
    assert ([found.rule for found in one.problems], one.on_hold) == (["V20"] if refuses else [], holds)


# --- who, when, which -------------------------------------------------------------------------------------------


def test_the_rows_own_date_is_its_receipt_and_the_manifests_only_without_one(raw):
    raw.write_plain(Q, [SEN, KEN | {"submitted_on": None}], received_on="2024-10-20")
    assert [one.received_on for one in read_quarter(Q).returns] == [DAY, date(2024, 10, 20)]


@pytest.mark.parametrize(
    ("system", "identity"),
    [
        ({"_id": 7, "meta/rootUuid": "uuid:r", "_uuid": "u", "_submission_time": SUBMITTED}, "uuid:r"),
        ({"_id": 7, "_uuid": "u", "_submission_time": SUBMITTED}, "7@2024-10-10"),
        ({"_id": 7.0, "_uuid": "u", "_submission_time": SUBMITTED}, "7@2024-10-10"),
    ],
)
def test_a_submission_is_known_by_its_root_uuid_or_its_id_and_day(raw, system, identity):
    raw.write_kobo(Q, [{"member": "SEN", "quarter": Q, **system}])
    assert only(read_quarter(Q)).identity == identity


def test_a_row_of_a_plain_workbook_is_known_by_its_file_and_row(raw):
    raw.write_plain(Q, [SEN, KEN])
    raw.write_plain(Q, [SEN | {"offices_total": 131}], name="b.xlsx")
    assert len({one.identity for one in read_quarter(Q).returns}) == 3


def test_an_exported_code_is_never_ambiguous_and_a_name_is_noted(raw):
    raw.write_plain(Q, [SEN | {"member": "Sénégal", "quarter": "T3 2024"}, SEN | {"member": "NAM"}])
    sen, nam = read_quarter(Q).returns
    assert (sen.member, sorted(found.rule for found in sen.notes)) == (
        "SEN",
        ["COUNTRY_NORMALISED", "QUARTER_NORMALISED"],
    )
    assert (nam.member, nam.notes) == ("NAM", ())


def test_tokens_are_not_read_in_member_quarter_and_date_of_receipt(raw):
    raw.write_plain(Q, [SEN | {"member": "NA", "quarter": "NA", "submitted_on": "NA"}], received_on="2024-10-20")
    one = only(read_quarter(Q))
    assert (one.member, one.member_text, one.quarter_text) == ("", "NA", "NA")


def test_a_comment_that_a_tool_took_for_a_formula_survives_as_text(raw):
    raw.write_kobo(Q, [{"member": "SEN", "quarter": Q, "comment": "=1+1", **KOBO}])
    raw.write_plain(Q, [KEN | {"comment": "=1+1"}])
    assert [one.answers["comment"].value for one in read_quarter(Q).returns] == ["=1+1", "=1+1"]


def test_a_number_computed_in_the_workbook_is_its_stored_value(raw):
    raw.write_plain(Q, [SEN | {"offices_total": Formula("=100+30", 130), "staff_total": Formula("=1/3")}])
    one = only(read_quarter(Q))
    assert (one.answers["offices_total"].value, one.answers["staff_total"].rule) == ("130", "V03")


def test_personal_fields_are_read_apart_and_never_shown(raw, plan, form):
    person = {"focal_point_name": "Point Focal", "focal_point_email": "focal@example.org"}
    raw.write_plain(Q, [SEN | person | {"comment": "focal@example.org, +221 77 123 45 67"}])
    raw.write_kobo(Q, [{"member": "KEN", "quarter": Q, "offices_total": 600, **person, **KOBO}])
    received = read_quarter(Q)
    assert [dict(one.personal) for one in received.returns] == [person, person]
    assert not any(set(person) & set(one.answers) or "Point Focal" in repr(one) for one in received.returns)
    checked = check_received(received, read_registers(), plan, form, date(2024, 11, 14))
    for rows in schema.tabulate_ingested(checked, form).values():
        text = rows.to_csv()
        assert not any(part in text for part in ("Point Focal", "focal@", "123 45", "focal_point"))


# --- innovations ------------------------------------------------------------------------------------------------


def items_of(received) -> dict[str, list[str]]:
    return {
        f"{one.member}-{one.place.row}": [item.answers["reference"].value for item in one.items]
        for one in received.returns
    }


@pytest.mark.parametrize(
    "link",
    [
        {"_submission__uuid": "u2"},
        {"_submission__id": 2},
        {"_parent_index": 2},
        {"_submission__uuid": "u2", "_submission__id": 2, "_parent_index": 2},
        {"_submission__uuid": "", "_submission__id": 2},
    ],
)
def test_an_exported_item_belongs_to_its_submission_by_uuid_id_or_index(raw, link):
    rows = [
        {"member": "SEN", "quarter": Q, **KOBO},
        {"member": "KEN", "quarter": Q, "_id": 2, "_uuid": "u2", "_submission_time": SUBMITTED},
    ]
    raw.write_kobo(Q, rows, [{"kind": "hackathon", "reference": "H-1", **link}])
    assert items_of(read_quarter(Q)) == {"SEN-2": [], "KEN-3": ["H-1"]}


def test_an_item_belongs_to_the_returns_of_its_member_and_day(raw):
    late = date(2024, 10, 20)
    rows = [SEN, SEN | {"submitted_on": late}, KEN, SEN | {"submitted_on": late, "offices_total": 131}]
    items = [
        {"member": "SEN", "kind": "hackathon", "reference": "day", "submitted_on": late},
        {"member": "Sénégal", "kind": "hackathon", "reference": "member"},
        {"member": "KEN", "kind": "hackathon", "reference": "ken", "submitted_on": DAY},
    ]
    raw.write_plain(Q, rows, items)
    assert items_of(read_quarter(Q)) == {
        "SEN-2": ["member"], "SEN-3": ["day", "member"], "KEN-4": ["ken"], "SEN-5": ["day", "member"],
    }  # fmt: skip


def test_an_item_with_a_time_of_day_belongs_to_the_return_of_that_instant(raw):
    rows = [SEN | {"submitted_on": datetime(2024, 10, 10, hour)} for hour in (8, 9)]
    items = [{"member": "SEN", "kind": "hackathon", "reference": "H-9", "submitted_on": datetime(2024, 10, 10, 9)}]
    raw.write_plain(Q, rows, items)
    assert items_of(read_quarter(Q)) == {"SEN-2": [], "SEN-3": ["H-9"]}


@pytest.mark.parametrize(
    "item",
    [
        {"member": "TUN", "kind": "hackathon", "reference": "H-1"},
        {"member": None, "kind": "hackathon", "reference": "H-1"},
        {"member": "SEN", "kind": "hackathon", "reference": "H-1", "submitted_on": date(2024, 10, 11)},
    ],
)
def test_an_item_that_names_no_return_of_the_file_is_noted_and_does_not_count(raw, item):
    raw.write_plain(Q, [SEN], [item])
    received = read_quarter(Q)
    assert only(received).items == ()
    assert [(found.sheet, found.row) for found in received.issues if found.rule == "ITEM_ORPHAN"] == [
        ("innovations", "2")
    ]


def test_without_the_sheet_there_is_no_part_and_an_empty_sheet_is_an_empty_part(raw):
    raw.write_plain(Q, [SEN], name="a.xlsx")
    raw.write_plain(Q, [KEN], [], name="b.xlsx")
    assert [one.items for one in read_quarter(Q).returns] == [None, ()]


def test_an_innovations_column_that_is_there_twice_with_other_content_is_never_chosen_in_silence(raw):
    table = [["member", "kind", "reference", "reference"], ["SEN", "hackathon", "H-1", "H-2"]]
    raw.write_sheets(Q, {"returns": table_of([SEN]), "innovations": table})
    assert any("reference" in found.message_en for found in read_quarter(Q).issues if found.rule != "COLUMN_MISSING")


# --- damaged and hostile files ----------------------------------------------------------------------------------


def workbook_bytes(tmp_path: Path) -> bytes:
    write_workbook(tmp_path / "whole.xlsx", {"returns": table_of([KEN] * 3)})
    return (tmp_path / "whole.xlsx").read_bytes()


def repacked(content: bytes, **parts: bytes) -> bytes:
    """Return a workbook with some parts replaced or added (`__` stands for `/`, `_xml` for `.xml`)."""
    made, named = io.BytesIO(), {k.replace("__", "/").replace("_xml", ".xml"): v for k, v in parts.items()}
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, named.pop(name, None) or old.read(name))
        for name, part in named.items():
            new.writestr(name, part)
    return made.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


def encrypted(content: bytes) -> bytes:
    """Return a workbook whose central directory says that its members are encrypted."""
    made = bytearray(content)
    at = 0
    while (at := made.find(b"PK\x01\x02", at)) >= 0:
        made[at + 8] |= 1
        at += 4
    return bytes(made)


FAR = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>'
)
# What the catalogue of inputs does not hold (test_catalogue.py).
BAD = {
    "encrypted.xlsx": encrypted,
    "not_a_workbook.zip": lambda whole: zipped({"a.csv": b"member,quarter\nKEN,2024Q3\n"}),
    "many_members.xlsx": lambda whole: repacked(whole, **{f"xl__m{n}": b"x" for n in range(501)}),
    "far_column.xlsx": lambda whole: repacked(whole, xl__worksheets__sheet1_xml=FAR),
    "many_rows.csv": lambda whole: b"member,quarter\n" + b"KEN,2024Q3\n" * 20_001,
    "wide.csv": lambda whole: ("member,quarter," + "x," * 2_000 + "\n").encode(),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_is_one_refusal_and_the_others_stand(raw, tmp_path, name):
    raw.add(Q, name, BAD[name](workbook_bytes(tmp_path)), "2024-10-12")
    raw.write_plain(Q, [SEN], name="zz_good.xlsx")
    received = read_quarter(Q)
    assert refused(received) == [(name, "V20")]
    assert [(one.member, one.file.name) for one in received.returns] == [("SEN", "zz_good.xlsx")]
    assert received.issues[0].message_fr != received.issues[0].message_en


def test_two_links_are_two_refusals_and_not_one_file_read_twice(raw, tmp_path):
    for name in ("a.csv", "b.csv"):
        (raw.folder(Q) / name).symlink_to(tmp_path / "outside.csv")
    assert refused(read_quarter(Q)) == [("a.csv", "V20"), ("b.csv", "V20")]


def test_a_file_that_cannot_be_opened_is_one_refusal(raw, monkeypatch):
    raw.write_plain(Q, [KEN], name="a.xlsx")
    raw.write_plain(Q, [SEN], name="b.xlsx")
    opened = Path.open

    def denied(path: Path, *how: object, **named: object) -> io.IOBase:
        if path.name == "a.xlsx":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *how, **named)

    monkeypatch.setattr(Path, "open", denied)
    received = read_quarter(Q)
    assert (refused(received), [one.member for one in received.returns]) == ([("a.xlsx", "V20")], ["SEN"])
    assert str(raw.root) not in " ".join(found.message_en for found in received.issues)


# --- the folder and its MANIFEST --------------------------------------------------------------------------------


def test_a_listed_file_that_is_missing_is_a_warning(raw):
    raw.write_plain(Q, [KEN], name="gone.xlsx").unlink()
    raw.write_plain(Q, [SEN])
    received = read_quarter(Q)
    assert [(found.severity, found.source_file) for found in received.issues if found.rule == "V20"] == [
        ("warning", "gone.xlsx")
    ]
    assert only(received).member == "SEN"


def test_files_of_the_same_bytes_are_read_once_the_first_received(raw):
    content = f"member,quarter,offices_total\nSEN,{Q},130\n".encode()
    raw.add(Q, "a.csv", content, "2024-10-20")
    raw.add(Q, "b.csv", content, "2024-10-12")
    received = read_quarter(Q)
    assert (only(received).file.name, only(received).received_on) == ("b.csv", date(2024, 10, 12))
    assert [found.source_file for found in received.issues if found.rule == "FILE_DUPLICATE"] == ["a.csv"]


def test_what_is_no_return_is_passed_over(raw):
    raw.write_plain(Q, [SEN])
    folder = raw.folder(Q)
    for name in ("mail.xlsx.part", "~$mail.xlsx", ".hidden.csv", ".DS_Store", "edition.toml"):
        (folder / name).write_bytes(b"member,quarter\nKEN,2024Q3\n")
    (folder / "older").mkdir()
    (folder / "older" / "ken.csv").write_text(f"member,quarter,offices_total,submitted_on\nKEN,{Q},600,2024-10-10\n")
    received = read_quarter(Q)
    assert only(received).member == "SEN"
    assert {(f.rule, f.source_file) for f in received.issues if f.rule != "COLUMN_MISSING"} == {
        ("FILE_LOCK", "~$mail.xlsx"), ("FILE_PARTIAL", "mail.xlsx.part"), ("FOLDER", "older"),
    }  # fmt: skip
    severities = {found.rule: found.severity for found in received.issues}
    assert [severities[rule] for rule in ("FILE_LOCK", "FILE_PARTIAL", "FOLDER")] == ["note", "warning", "warning"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"name,digest\nmail.xlsx,00\n", b'file,sha256,received_on,channel,note\n"mail.xlsx,0\n'],
)
def test_a_manifest_that_cannot_be_read_is_a_refusal_and_returns_with_their_own_date_count(raw, content, plan, form):
    raw.write_plain(Q, [SEN, KEN | {"submitted_on": None}])
    (raw.folder(Q) / "MANIFEST.csv").write_bytes(content)
    received = read_quarter(Q)
    assert refused(received) == [("MANIFEST.csv", "V20")]
    ledger, _ = versions.build_ledger(received.returns, plan, form, date(2024, 11, 14))
    assert {entry.member: entry.state for entry in ledger} == {"SEN": "on_time", "KEN": "refused"}


def test_a_manifest_that_cannot_be_opened_names_no_machines_path(raw):
    raw.folder(Q).joinpath("MANIFEST.csv").mkdir()
    issues = read_quarter(Q).issues
    assert ("refused", "V20") in {(found.severity, found.rule) for found in issues}
    assert str(raw.root) not in " ".join(found.message_en + found.message_fr for found in issues)


def test_without_a_manifest_returns_with_their_own_date_count(raw):
    raw.write_plain(Q, [SEN])
    (raw.folder(Q) / "MANIFEST.csv").unlink()
    received = read_quarter(Q)
    assert (only(received).received_on, refused(received)) == (DAY, [])


def test_a_manifest_may_have_a_bom_and_quotes(raw):
    path = raw.write_plain(Q, [SEN | {"submitted_on": None}], name="a, b.xlsx", received_on="2024-10-12")
    manifest = path.parent / "MANIFEST.csv"
    manifest.write_bytes("\ufeff".encode() + manifest.read_bytes())
    assert only(read_quarter(Q)).received_on == date(2024, 10, 12)


HEAD = "file,sha256,received_on,channel,note\n"


def with_manifest(raw, text: str, encoding: str = "utf-8"):
    """Return what is read of two files without dates of their own, under a MANIFEST."""
    for code, name in (("SEN", "a.csv"), ("KEN", "b.csv")):
        raw.folder(Q).joinpath(name).write_text(f"member,quarter,offices_total\n{code},{Q},130\n")
    (raw.folder(Q) / "MANIFEST.csv").write_bytes(text.encode(encoding))
    return read_quarter(Q)


def said_of(received, name: str) -> str:
    return " ".join(found.message_en for found in received.issues if found.source_file == name and found.rule == "V20")


def test_two_rows_of_one_file_that_differ_refuse_it_and_equal_ones_do_not(raw):
    rows = "a.csv,,2024-10-10,mail,\nb.csv,,2024-10-11,mail,\na.csv,,2024-10-12,mail,\nb.csv,,2024-10-11,mail,again\n"
    received = with_manifest(raw, HEAD + rows)
    assert [one.member for one in received.returns] == ["KEN"]
    assert (refused(received), "rows 2, 4 of MANIFEST.csv" in said_of(received, "a.csv")) == ([("a.csv", "V20")], True)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2099-01-01", "has not come yet"), ("2024-06-29", "more than a quarter before the end of 2024Q3"),
        ("2024-13-01", "no date"), ("10/14/2024", "no date"), ("14/10/24", "no date"), ("45579", "no date"),
    ],
)  # fmt: skip
def test_a_day_of_receipt_that_cannot_be_refuses_its_file_with_its_row(raw, day, said):
    received = with_manifest(raw, f"{HEAD}b.csv,,2024-10-10,mail,\na.csv,,{day},mail,\n")
    assert ([one.member for one in received.returns], refused(received)) == (["KEN"], [("a.csv", "V20")])
    assert all(part in said_of(received, "a.csv") for part in (f"row 3 of MANIFEST.csv gives “{day}”", said))


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_manifest_saved_by_a_spreadsheet_is_read_days_first_with_a_warning_each(raw, encoding, mark):
    text = f"{HEAD}a.csv,,03/10/2024,mail,reçu à temps\nb.csv,,2024-10-11,mail,\n\n,,,,\n".replace(",", mark)
    received = with_manifest(raw, text.replace("\n", "\r\n"), encoding)
    assert [one.received_on for one in received.returns] == [date(2024, 10, 3), date(2024, 10, 11)]
    warned = [(each.row, each.observed) for each in received.issues if each.source_file == "MANIFEST.csv"]
    assert (warned, refused(received)) == ([("2", "03/10/2024")], [])


def test_a_row_of_the_manifest_that_is_too_long_or_names_no_file_is_a_warning_that_quotes_it(raw):
    received = with_manifest(
        raw, f"{HEAD}a, x.csv,,2024-10-10,mail,,\n,00,2024-10-10,mail,\na.csv,,2024-10-10,mail,a, b\n"
    )
    warned = {each.row: each.observed for each in received.issues if each.source_file == "MANIFEST.csv"}
    assert warned == {"3": "00 | 2024-10-10 | mail", "4": "a.csv | 2024-10-10 | mail | a | b"}
    assert [one.received_on for one in received.returns] == [None, None]


def test_names_of_files_and_sheets_are_masked_in_what_is_published_and_found_in_the_manifest(raw, plan, form):
    for number, code in enumerate(("SEN", "KEN")):
        rows = table_of([SEN | {"member": code, "submitted_on": None}])
        raw.write_sheets(Q, {"Mme Exemple": rows}, f"M. Exemple{'x' * number} 77123456{number}.xlsx", "2024-10-12")
    received = read_quarter(Q)
    assert [one.received_on for one in received.returns] == [date(2024, 10, 12)] * 2
    checked = check_received(received, read_registers(), plan, form, date(2024, 11, 14))
    tables = schema.tabulate_ingested(checked, form)
    assert tables["returns"]["source_file"].tolist() == ["M. […] […].xlsx", "[2] M. […] […].xlsx"]
    text = " ".join(rows.to_csv() for rows in tables.values())
    assert ("Exemple" in text, "77123456" in text) == (False, False)


def test_a_quarter_without_a_folder_holds_nothing(raw):
    received = read_quarter(Q)
    assert (received.files, received.returns, received.issues) == ((), (), ())


def test_sample_and_received_files_are_distinguished(raw):
    raw.write_plain("2024Q2", [SEN | {"quarter": "2024Q2"}], channel="sample")
    assert (read_quarter("2024Q2").is_sample, read_quarter("2024Q2").is_mixed) == (True, False)
    raw.write_plain(Q, [SEN])
    both = read_returns(["2024Q2", Q])
    assert (both.is_sample, both.is_mixed) == (True, True)


# --- nothing is lost --------------------------------------------------------------------------------------------


def test_every_row_of_every_file_ends_in_the_ledger_or_in_the_issues(raw, plan, form):
    kobo = [
        {"member": "SEN", "quarter": Q, "offices_total": 130, **KOBO},
        {"member": "TUN", "quarter": Q, "offices_total": 900, "_id": 2, "_uuid": "u2", "_submission_time": SUBMITTED},
    ]
    items = [
        {"kind": "hackathon", "reference": "H-1", "_parent_index": 1},
        {"kind": "hackathon", "reference": "H-2", "_parent_index": 9},
    ]
    raw.write_kobo(Q, kobo, items, name="k1.xlsx", received_on="2024-10-12")
    raw.write_kobo(Q, [kobo[0], kobo[1] | {"offices_total": 901}], name="k2.xlsx", received_on="2024-10-15")
    raw.write_plain(Q, [KEN, KEN, SEN | {"member": "RWA"}, SEN | {"quarter": "T2 2024"}, {"member": "MLI"}])
    raw.add(Q, "bad.xlsx", b"PK\x03\x04 cut")
    received = read_quarter(Q)
    checked = check_received(received, read_registers(), plan, form, date(2024, 11, 14))
    found = schema.tabulate_ingested(checked, form)
    listed = {(e.received.file.name, e.received.place.sheet, e.received.place.row) for e in checked.ledger}
    listed |= {(row.source_file, row.sheet, row.row) for row in found["issues"].itertuples()}
    listed |= {(row.source_file, row.sheet, row.row) for row in found["items"].itertuples()}
    written = {("k1.xlsx", "UPAP numérique", str(n)) for n in (2, 3)}
    written |= {("k2.xlsx", "UPAP numérique", str(n)) for n in (2, 3)}
    written |= {("k1.xlsx", "innovations", str(n)) for n in (2, 3)}
    written |= {("mail.xlsx", "returns", str(n)) for n in range(2, 7)} | {("bad.xlsx", "", "")}
    assert written - listed == set()
