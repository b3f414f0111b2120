"""What a reader must not get wrong: one cell taken for another, a number too large, a link that leads elsewhere."""

from __future__ import annotations

import json
from datetime import date, datetime
from types import SimpleNamespace

import openpyxl
import pytest
from openpyxl.comments import Comment

import exports
from conftest import Formula, table_of
from exports import Said, odata
from helpers.ingest import rows, rules
from helpers.ingest.cells import read_answer
from helpers.ingest.issues import Place
from helpers.ingest.quarter import read_quarter
from helpers.ingest.registers import read_registers
from helpers.plan.questionnaire import ANSWERED, Answer
from helpers.tables import schema
from present import REPEAT

Q, DAY = "2024Q3", date(2024, 10, 10)
SEN: Said = {"member": "SEN", "quarter": Q, "submitted_on": "2024-10-10", "offices_total": 130, REPEAT: []}
ROW = {"member": "SEN", "quarter": Q, "submitted_on": DAY, "offices_total": 130}


def only(received):
    (one,) = received.returns
    return one


def rules_of(received) -> set[str]:
    return {found.rule for found in (*received.issues, *(note for one in received.returns for note in one.notes))}


def form_of(member: str, answer: object) -> list[list[object]]:
    """Return a mailed questionnaire with an answer of its own under one of its questions."""
    rows = [["member", "", member], ["quarter", "", Q], ["offices_total", "", 130], ["attended_meetings", "", answer]]
    return [["Code", "Question", "Réponse"], *rows]


def test_one_formula_in_several_questionnaires_keeps_the_value_of_each(raw):
    for member, stored in (("SEN", "yes"), ("KEN", "Non"), ("MAR", "no")):
        sheet = form_of(member, Formula('=IF(E1=1,"yes","no")', stored))
        raw.write_sheets(Q, {"Questionnaire": sheet}, name=f"{member}.xlsx", received_on="2024-10-10")
    said = {one.member: one.answers["attended_meetings"].value for one in read_quarter(Q).returns}
    assert said == {"SEN": "yes", "KEN": "no", "MAR": "no"}


def test_a_number_beyond_every_measure_is_withdrawn(raw, form):
    document = json.loads(odata().write(form, [SEN]))
    document["value"][0]["network"]["offices_total"] = 10**400
    raw.add(Q, "a.json", json.dumps(document).encode(), "2024-10-10")
    assert only(read_quarter(Q)).answers["offices_total"].rule == "V03"


def test_the_first_day_of_the_calendar_in_another_zone_is_no_crash(raw):
    moment = ROW | {"submitted_on": datetime(2024, 10, 10, 9)}
    raw.write_plain(Q, [moment], [{"member": "SEN", "kind": "hackathon", "submitted_on": "0001-01-01T00:00:00+05:00"}])
    assert "ITEM_ORPHAN" in rules_of(read_quarter(Q))


def test_whatever_a_file_makes_the_reader_raise_is_that_files_refusal(raw, monkeypatch):
    raw.write_plain(Q, [ROW], name="a.xlsx")
    monkeypatch.setattr("helpers.ingest.rows.open_file", lambda *_: 1 // 0)
    (found,) = read_quarter(Q).issues
    assert (found.rule, found.key) == ("V20", "V20.damaged")


def test_a_row_that_the_reader_cannot_take_is_refused_alone(raw, monkeypatch):
    def read(question, cell, *rest):
        return 1 // 0 if cell == 131 else read_answer(question, cell, *rest)

    raw.write_plain(Q, [ROW, ROW | {"member": "KEN", "offices_total": 131}], name="a.xlsx")
    monkeypatch.setattr("helpers.ingest.rows.read_answer", read)
    fine, refused = read_quarter(Q).returns
    assert (fine.answers["offices_total"].value, fine.problems) == ("130", ())
    assert (refused.member, [found.key for found in refused.problems]) == ("KEN", ["V20.row"])


def test_three_decimals_are_none_of_thousands_in_the_innovations_either(raw):
    items = [{"member": "SEN", "kind": "solution", "local_experts": text} for text in ("2.000", "3.000", "5.000")]
    raw.write_plain(Q, [ROW], items)
    assert [item.answers["local_experts"].value for item in only(read_quarter(Q)).items] == ["2", "3", "5"]


@pytest.mark.parametrize("digits", [4_301, 12_000])
def test_a_number_of_very_many_digits_withdraws_its_answer_only(raw, form, digits):
    content = odata().write(form, [SEN, SEN | {"member": "KEN", "offices_total": 131}])
    raw.add(Q, "a.json", content.replace(b'"offices_total": 131', b'"offices_total": ' + b"9" * digits), "2024-10-10")
    raw.add(Q, "b.csv", f"member,quarter,submitted_on,offices_total\nMAR,{Q},2024-10-10,{'9' * digits}\n".encode())
    said = {one.member: one.answers["offices_total"] for one in read_quarter(Q).returns}
    assert said["SEN"].value == "130"
    assert [said[member].rule for member in ("KEN", "MAR")] == ["V03", "V03"]


def test_an_item_whose_sure_key_names_nothing_is_not_given_by_its_row_number(raw):
    row = {"member": "SEN", "quarter": Q, "_id": 1, "_uuid": "aaa", "_submission_time": "2024-10-10T09:00:00"}
    item = {"kind": "hackathon", "title": "Hack", "_submission__uuid": "zzz", "_submission__id": 99, "_parent_index": 1}
    raw.write_kobo(Q, [row], [item])
    received = read_quarter(Q)
    assert (only(received).items, "ITEM_ORPHAN" in rules_of(received)) == ((), True)


def test_an_item_finds_a_return_whose_uuid_is_blank_by_its_id(raw):
    row = {"member": "SEN", "quarter": Q, "_id": 1, "_uuid": None, "_submission_time": "2024-10-10T09:00:00"}
    raw.write_kobo(Q, [row], [{"kind": "hackathon", "_submission__uuid": "zzz", "_submission__id": 1}])
    assert len(only(read_quarter(Q)).items) == 1


def test_items_without_an_id_of_their_own_are_all_kept(raw, form):
    root, child = exports.odk_tables(form, [SEN | {REPEAT: [{"kind": "solution", "title": "Un"}]}])
    child = [row[:-1] for row in child]
    other = [["Deux" if cell == "Un" else cell for cell in row] for row in child]
    for name, table in (("root.csv", root), ("a.csv", child), ("b.csv", other)):
        raw.add(Q, name, exports.text(table), "2024-10-15")
    assert [item.answers["title"].value for item in only(read_quarter(Q)).items] == ["Un", "Deux"]


@pytest.mark.parametrize(
    ("written", "state"), [("-", "L"), ("…", "L"), ("  ", "L"), (None, "L"), ("NA", "M"), ("x", "O"), (7, "A")]
)
def test_ticked_as_not_available_is_l_where_nothing_is_answered(raw, written, state):
    raw.write_plain(Q, [ROW | {"staff_total": written, "nd_network": "staff_total"}])
    assert only(read_quarter(Q)).answers["staff_total"].state == state


@pytest.mark.parametrize(
    ("summary", "ticked", "value", "noted"),
    [(None, 1, "hybrid_mail", False), ("e_postbox", 1, "e_postbox", True), ("hybrid_mail", 1, "hybrid_mail", False),
     (None, 0, "", False), ("e_postbox", 0, "e_postbox", False), ("hybrid_mail", 0, "hybrid_mail", True),
     ("hybrid_mail", None, "hybrid_mail", False)],
)  # fmt: skip
def test_a_blank_summary_is_told_by_its_split_columns_and_a_different_one_is_noted(raw, summary, ticked, value, noted):
    raw.write_plain(Q, [ROW | {"services_epost": summary, "services_epost/hybrid_mail": ticked}])
    received = read_quarter(Q)
    assert only(received).answers["services_epost"].value == value
    assert ("SPLIT_DIFFERS" in rules_of(received)) is noted


def test_an_unknown_code_of_a_mailed_questionnaire_is_noted_with_its_row(raw):
    sheet = [*form_of("SEN", "yes"), ["offices_conected", "", 3], ["", "Une remarque", ""]]
    raw.write_sheets(Q, {"Q": sheet}, received_on="2024-10-10")
    (found,) = [note for note in read_quarter(Q).issues if note.rule == "COLUMN_UNKNOWN"]
    assert (found.observed, found.row, "offices_connected" in found.message_en) == ("offices_conected", "6", True)


def test_a_mailed_questionnaire_left_blank_is_a_refused_return(raw, form):
    blank = [[question.name, question.label["fr"], None] for question in form.questions]
    raw.write_sheets(Q, {"Q": blank}, received_on="2024-10-10")
    received = read_quarter(Q)
    assert (len(received.returns), "ROW_TAGS" in rules_of(received)) == (1, False)


def test_a_line_of_a_comment_that_is_a_quarter_swallows_nothing(raw):
    text = 'quarter,member,comment,submitted_on\n2024Q3,SEN,"Voir\n2024Q3\net la suite",2024-10-10\n'
    raw.add(Q, "a.csv", text.encode())
    assert only(read_quarter(Q)).answers["comment"].value == "Voir\n2024Q3\net la suite"


# --- nothing personal -------------------------------------------------------------------------------------------

NAME, CALL = "Un nom", "771234567"


def test_nothing_personal_leaves_by_a_note(raw, plan, form):
    address = "x" * 40 + " focal.point.of.the.operator@example.org"
    rows = [ROW | {"focal_point_name": NAME, "comment": CALL}, {"focal_point_name": NAME}]
    rows += [ROW | {"member": "KEN", "comment": address}, ROW | {"member": "MAR", "organisation": f"Tél.{CALL}"}]
    raw.write_sheets(Q, {"returns": table_of(rows)})
    checked = rules.check_received(read_quarter(Q), read_registers(), plan, form, date(2024, 11, 14))
    found = schema.tabulate_ingested(checked, form)
    published = " ".join(table.to_csv() for table in found.values())
    assert {"TEXT_PII", "ROW_NOT_DATA"} <= set(found["issues"]["rule"])
    assert [said for said in (NAME, CALL, "focal.point", "@example") if said in published] == []


def test_who_commented_on_a_cell_is_not_told(raw):
    path = raw.write_plain(Q, [ROW], name="a.xlsx")
    book = openpyxl.load_workbook(path)
    book["returns"]["C2"].comment = Comment(f"{NAME}:\nvu", NAME)
    book.save(path)
    (raw.folder(Q) / "MANIFEST.csv").unlink()
    raw.list_file(path)
    (found,) = [note for note in read_quarter(Q).issues if note.rule == "CELL_COMMENT"]
    assert (found.observed, found.row) == ("C2: vu", "2")


@pytest.mark.parametrize(
    ("encoding", "note"), [("cp1252", "ENC_CP1252"), ("cp850", "ENC_CP850"), ("mac_roman", "ENC_MAC_ROMAN")]
)
@pytest.mark.parametrize("member", ["Sénégal", "Côte d'Ivoire", "SÉNÉGAL"])
def test_a_western_encoding_is_known_by_the_words_that_it_gives(raw, encoding, note, member):
    table = f"member,quarter,offices_total,comment,submitted_on\n{member},{Q},130,déjà bientôt,2024-10-10\n"
    raw.add(Q, "mail.csv", table.encode(encoding))
    received = read_quarter(Q)
    assert (only(received).member in ("SEN", "CIV"), only(received).answers["comment"].value) == (True, "déjà bientôt")
    assert [found.rule for found in received.issues if found.rule.startswith("ENC_")] == [note]


@pytest.mark.parametrize(("written", "read"), [("Logiciel", "software"), ("software", "software"), ("autre", "autre")])
def test_a_detail_in_words_is_read_as_the_code_of_the_list_of_its_kind(form, written, read):
    kind, listed = next(iter(form.repeat.details.items()))
    assert form.lists[listed]["software"]["fr"] == "Logiciel"
    answers = {name: Answer(text, text, ANSWERED) for name, text in (("kind", kind), ("detail", written))}
    reader = SimpleNamespace(form=form, notes=[])
    decoded = rows._decode_detail(answers, Place("2024Q3", "f.xlsx"), reader)
    assert (answers | decoded)["detail"] == Answer(written, read, ANSWERED)
    assert [note.observed for note in reader.notes] == ([written] if written != read else [])
