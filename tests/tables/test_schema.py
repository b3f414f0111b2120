"""The published tables: what is written, in what order, what is guarded, and what breaks the contract."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from helpers.ingest.records import Received
from helpers.ingest.registers import Registers
from helpers.ingest.rules import check_received
from helpers.tables import schema
from helpers.tables.schema import SchemaError, conform, read_parquet, read_table, write_parquet, write_table

CHANGES = [
    "quarter", "scope", "kpi", "before", "revisions", "matched", "carried_effect", "entered", "left", "after",
]  # fmt: skip
ITEMS = [
    "quarter", "member", "version", "kind", "reference", "title", "date", "detail", "others", "source_file",
    "sheet", "row",
]  # fmt: skip


def text_of(name: str, folder) -> str:
    return (folder / f"{name}.csv").read_bytes().decode("utf-8")


def change(quarter="2024Q3", scope="PAPU", kpi="2.1.a", **figures: float) -> dict[str, object]:
    zero = dict.fromkeys(CHANGES[3:], 0.0)
    return {"quarter": quarter, "scope": scope, "kpi": kpi} | zero | figures


def item(**said: object) -> dict[str, object]:
    row = dict.fromkeys(ITEMS, "") | {"quarter": "2024Q3", "member": "SEN", "version": 1, "kind": "hackathon"}
    return row | said


# --- writing ----------------------------------------------------------------------------------------------------


def test_figures_are_not_rounded_whole_ones_have_no_point_and_a_blank_is_blank(tmp_path):
    row = change(before=1 / 3, revisions=0.1 + 0.2, matched=1e-9, carried_effect=12.0, entered=-7.0, after=float("nan"))
    write_table("changes", pd.DataFrame([row]), tmp_path)
    header, line, end = text_of("changes", tmp_path).split("\n")
    assert header == ",".join(CHANGES)
    assert line == "2024Q3,PAPU,2.1.a,0.3333333333333333,0.30000000000000004,1e-09,12,-7,0,"
    assert end == ""


def test_booleans_are_true_and_false_and_a_blank_count_is_blank(tmp_path):
    common = {"quarter": "2024Q3", "received_on": "2024-10-10", "source_file": "a.xlsx", "sha256": "0"}
    rows = [
        common | {"member": "KEN", "version": 1, "state": "on_time", "counts": True},
        common | {"member": "SEN", "version": None, "state": "refused", "counts": False},
    ]
    write_table("returns", pd.DataFrame(rows), tmp_path)
    assert text_of("returns", tmp_path).splitlines()[1:] == [
        "2024Q3,KEN,1,2024-10-10,on_time,true,a.xlsx,0",
        "2024Q3,SEN,,2024-10-10,refused,false,a.xlsx,0",
    ]


def test_rows_are_sorted_by_their_columns_as_text(tmp_path):
    rows = [item(version=v, row=r) for v, r in ((10, "2"), (9, "2"), (2, "10"), (2, "9"))]
    write_table("items", pd.DataFrame(rows), tmp_path)
    lines = [line.split(",") for line in text_of("items", tmp_path).splitlines()[1:]]
    assert [(line[2], line[-1]) for line in lines] == [("10", "2"), ("2", "10"), ("2", "9"), ("9", "2")]


def test_figures_too_are_sorted_as_text(tmp_path):
    rows = [change(before=value) for value in (9.0, 10.0, -1.0, 0.5)]
    write_table("changes", pd.DataFrame(rows), tmp_path)
    lines = text_of("changes", tmp_path).splitlines()[1:]
    assert [line.split(",")[3] for line in lines] == ["-1", "0.5", "10", "9"]


def test_the_same_rows_in_any_order_are_the_same_bytes(tmp_path):
    rows = pd.DataFrame([item(title=title) for title in ("b", "a", "é", "A", "")])
    write_table("items", rows, tmp_path / "one")
    write_table("items", rows[::-1], tmp_path / "two")
    assert text_of("items", tmp_path / "one") == text_of("items", tmp_path / "two")


@pytest.mark.parametrize("name", [name for name in schema.SCHEMAS if name not in schema.PARQUET_TABLES])
def test_a_table_without_rows_is_its_header_and_reads_back(tmp_path, name):
    write_table(name, pd.DataFrame(), tmp_path)
    assert text_of(name, tmp_path) == ",".join(schema.SCHEMAS[name].columns) + "\n"
    assert len(read_table(name, tmp_path)) == 0


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("kpis", "quarter scope kpi unit value share lower upper share_lower share_upper n_reported n_carried "
         "n_expected coverage coverage_class target target_status status robust"),
        ("kpi_components", "quarter scope kpi component unit value share n_reported"),
        ("member_values", "quarter member kpi value denominator basis source_quarter"),
        ("changes", "quarter scope kpi before revisions matched carried_effect entered left after"),
        ("returns", "quarter member version received_on state counts source_file sha256"),
        ("issues", "severity rule quarter member question observed expected message_fr message_en source_file sheet "
         "row"),
        ("answers", "quarter member version question raw value obs_status source_file sheet row"),
        ("items", " ".join(ITEMS)),
    ],
)  # fmt: skip
def test_a_table_has_the_columns_of_the_methodology(name, columns):
    assert list(schema.SCHEMAS[name].columns) == columns.split()


# --- the formula guard ------------------------------------------------------------------------------------------

TEXTS = [
    "=1+1", "+SUM(A1)", "-cmd", "@x", "\tx", "\rx", "'=1+1", "'", "a=1", "-5", "+5", "-1.5", "12", "1e3", "a,b", 'a"b',
    "a\nb", "a\r\nb", "a\rb", " blanc ", "é", "السنغال", "NA", "nan", "None", "true", "-", "--", "",
]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-cmd", "@x", "\tx", "\rx", "-", "=cmd|' /C calc'!A0"])
def test_a_text_that_a_spreadsheet_would_run_is_guarded(tmp_path, text):
    write_table("items", pd.DataFrame([item(title=text)]), tmp_path)
    assert f"'{text}" in text_of("items", tmp_path)


@pytest.mark.parametrize("text", ["-5", "+5", "-1.5", "12", "a=1", "'x", "x"])
def test_a_number_and_a_harmless_text_are_written_as_they_are(tmp_path, text):
    write_table("items", pd.DataFrame([item(title=text)]), tmp_path)
    assert f",{text}," in text_of("items", tmp_path)


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_a_text_reads_back_as_it_was_written(tmp_path, text):
    write_table("items", pd.DataFrame([item(title=text)]), tmp_path)
    assert read_table("items", tmp_path)["title"].tolist() == [text]


def test_a_very_long_text_reads_back(tmp_path):
    text = "mot " * 50_000
    write_table("issues", pd.DataFrame([{"severity": "note", "message_fr": text}]), tmp_path)
    assert read_table("issues", tmp_path)["message_fr"].tolist() == [text]


def test_figures_flags_and_blanks_read_back_as_they_were_written(tmp_path):
    rows = [change(before=1 / 3, after=float("nan")), change(kpi="3.1.a", before=-2.5)]
    written = write_table("changes", pd.DataFrame(rows), tmp_path)
    pd.testing.assert_frame_equal(read_table("changes", tmp_path), written)


# --- the contract -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("returns", {"quarter": "2024Q3", "member": "SEN", "state": "perhaps", "counts": True}),
        ("issues", {"severity": "error", "rule": "V01"}),
        ("member_values", {"quarter": "2024Q3", "basis": "guessed", "value": 1.0}),
        ("answers", {"quarter": "2024Q3", "obs_status": "X"}),
        ("kpis", {"quarter": "2024Q3", "status": "late", "coverage_class": "A"}),
        ("kpis", {"quarter": "2024Q3", "status": "achieved", "coverage_class": "D"}),
    ],
)
def test_a_table_that_breaks_its_contract_is_never_written(tmp_path, name, row):
    with pytest.raises(SchemaError, match=name):
        write_table(name, pd.DataFrame([row]), tmp_path / "out")
    assert not list(tmp_path.rglob(f"{name}.*"))


def test_a_table_keeps_the_order_of_its_columns_whatever_it_is_given():
    rows = pd.DataFrame([dict(reversed(list(change().items())))])
    assert list(conform("changes", rows).columns) == CHANGES


# --- parquet ----------------------------------------------------------------------------------------------------

ANSWERS = pd.DataFrame(
    [
        {"quarter": "2024Q3", "member": "SEN", "version": n, "question": f"q{n}", "raw": str(n), "value": str(n),
         "obs_status": "A", "source_file": "a.xlsx", "sheet": "returns", "row": "2"}
        for n in range(200)
    ]
)  # fmt: skip


def test_answers_are_parquet_and_read_back_the_same(tmp_path):
    written = write_table("answers", ANSWERS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["answers.parquet"]
    pd.testing.assert_frame_equal(read_table("answers", tmp_path), written, check_dtype=False)


def test_parquet_is_the_same_bytes_each_time(tmp_path):
    for name in ("a", "b"):
        write_parquet(conform("answers", ANSWERS), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_one_bit_flipped_in_a_page_is_noticed(tmp_path):
    path = tmp_path / "answers.parquet"
    write_parquet(conform("answers", ANSWERS), path)
    whole, silent = path.read_bytes(), []
    for at in range(60, len(whole) // 2, 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            if not read_parquet(path).equals(conform("answers", ANSWERS).astype({"version": "int64"})):
                silent.append(at)
        except Exception:
            pass
    assert silent == []


# --- from the checks to the tables ------------------------------------------------------------------------------


@pytest.fixture
def tabulate(plan, form):
    """Return the tables of some returns."""

    def run(*returns):
        registers = Registers(dict.fromkeys(("milestones", "workshops", "attendance", "confirmations",
                                             "questionnaires"), ()))  # fmt: skip
        checked = check_received(Received((), returns, ()), registers, plan, form, date(2024, 11, 14))
        return schema.tabulate_ingested(checked, form)

    return run


def test_every_received_return_has_a_row_with_its_version_and_state(make_return, tabulate):
    found = tabulate(
        make_return(row=2, offices_total=130),
        make_return(row=3, received="2024-10-12", offices_total=130),
        make_return(row=4, received="2024-11-05", offices_total=131),
        make_return("Atlantis", row=5, offices_total=1),
    )["returns"]
    rows = conform("returns", found)[["member", "version", "state", "counts"]].astype(object)
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["", None, "refused", False], ["SEN", 1, "on_time", False], ["SEN", 1, "duplicate", False],
        ["SEN", 2, "revised", True],
    ]  # fmt: skip


def test_answers_have_one_row_a_version_and_question_with_raw_value_and_state(make_return, tabulate, form):
    found = tabulate(make_return(offices_total="1 30", staff_total="1 800", staff_women="ND", cloud_use="pilot"))
    said = {row.question: (row.raw, row.value, row.obs_status) for row in found["answers"].itertuples()}
    asked = {q.name for q in form.questions} - {"member", "quarter", "focal_point_name", "focal_point_email"}
    assert asked <= set(said)
    assert said["offices_total"] == ("1 30", "", "O")
    assert said["staff_total"] == ("1 800", "1800", "A")
    assert said["staff_women"] == ("ND", "", "L")
    assert said["offices_connected"] == ("", "", "O")


def test_duplicates_and_refused_returns_have_no_answers(make_return, tabulate):
    found = tabulate(
        make_return(row=2, offices_total=130),
        make_return(row=3, received="2024-10-12", offices_total=130),
        make_return("Rwanda", row=4, offices_total=130),
    )
    assert set(zip(found["answers"]["member"], found["answers"]["row"], strict=True)) == {("SEN", "2")}


def test_a_comment_is_masked_and_a_number_is_not(make_return, tabulate):
    found = tabulate(make_return(offices_total=130, comment="a@example.org ou +221 77 123 45 67"))
    said = {row.question: row.raw + row.value for row in found["answers"].itertuples()}
    assert "example" not in said["comment"]
    assert "123 45" not in said["comment"]
    assert said["offices_total"] == "130130"


def test_a_comment_that_is_a_telephone_number_is_masked(make_return, tabulate):
    found = tabulate(make_return(offices_total=130, comment="00221330000000"))
    assert "330000000" not in found["answers"].to_csv()


@pytest.mark.parametrize("question", ["offices_total", "roadmap_adopted_on", "cloud_use", "services_epost"])
def test_an_address_is_masked_whatever_question_it_was_written_under(make_return, tabulate, question):
    found = tabulate(make_return(staff_total=1800, **{question: "voir focal.point@example.org"}))
    assert not [name for name, rows in found.items() if "focal.point" in rows.to_csv()]


@pytest.mark.parametrize("question", ["cloud_use", "services_epost", "attended_meetings"])
def test_a_telephone_number_is_masked_where_a_choice_was_asked(make_return, tabulate, question):
    found = tabulate(make_return(staff_total=1800, **{question: "771234567"}))
    assert not [name for name, rows in found.items() if "771234567" in rows.to_csv()]


@pytest.mark.parametrize("reference", ["HACK-20240715-001", "2024 000 123 456", "REF/2024/07/15/001", "0000012345"])
def test_a_reference_is_published_as_it_was_given_for_it_tells_items_apart(make_return, tabulate, reference):
    part = [{"kind": "hackathon", "reference": reference, "title": "Hack", "date": "2024-07-15"}]
    found = tabulate(make_return(offices_total=130, items=part))
    assert found["items"]["reference"].tolist() == [reference]


def test_an_items_withdrawn_kind_is_blank_and_the_item_is_still_listed(make_return, tabulate):
    part = [{"kind": "congress", "reference": "C-1"}, {"kind": "solution", "reference": "S-1", "detail": "tool"}]
    found = tabulate(make_return(offices_total=130, items=part))["items"]
    assert found[["kind", "reference", "detail"]].to_numpy().tolist() == [["", "C-1", ""], ["solution", "S-1", ""]]


def test_an_issue_has_one_row_with_all_its_facts(make_return, tabulate):
    found = tabulate(make_return(offices_total="douze"))["issues"]
    row = found[["severity", "rule", "quarter", "member", "question", "observed", "source_file", "sheet", "row"]]
    assert row.to_numpy().tolist() == [
        ["withdrawn", "V03", "2024Q3", "SEN", "offices_total", "douze", "mail.xlsx", "returns", "2"]
    ]
