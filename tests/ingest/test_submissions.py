"""One submission seen in several exports is one; an edited one is a version; innovations find their submission."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date

import openpyxl
import pytest

import exports
from exports import Said, kobo, kobo_csv, odata, odk_tables, odk_zip, workbook
from helpers import paths
from helpers.ingest import rules
from helpers.ingest.quarter import read_quarter
from helpers.ingest.registers import read_registers
from helpers.ingest.versions import build_ledger, read_histories
from helpers.tables import pipeline, schema
from present import REPEAT

Q = "2024Q3"
AS_OF = date(2024, 12, 31)
ITEM = {"kind": "solution", "reference": "S-1", "title": "Suivi"}
SEN: Said = {"member": "SEN", "quarter": Q, "submitted_on": "2024-10-10", "offices_total": 130, REPEAT: [ITEM]}
KEN: Said = {"member": "KEN", "quarter": Q, "submitted_on": "2024-10-11", "offices_total": 600, REPEAT: []}


def ledger(plan, form, as_of: date = AS_OF) -> list[tuple[str, int | None, str, str]]:
    """Return member, version, day of receipt and offices of every return, by member and version."""
    returns, _ = read_histories(read_quarter(Q).returns, as_of)
    entries, _ = build_ledger(returns, plan, form, as_of)
    said = [
        (e.member, e.version, str(e.received.received_on), e.received.answers["offices_total"].value) for e in entries
    ]
    return sorted(said, key=str)


def test_three_snapshots_of_a_form_under_three_settings_are_one_history(raw, plan, form):
    edited = SEN | {"offices_total": 131}
    raw.add(Q, "a.xlsx", kobo().write(form, [SEN]), "2024-10-15")
    raw.add(Q, "b.xlsx", kobo(language="pt", select="details").write(form, [edited, KEN]), "2024-10-22")
    raw.add(Q, "c.xlsx", kobo(groups=None, language="ar").write(form, [edited, KEN]), "2024-10-29")
    assert ledger(plan, form) == [
        ("KEN", 1, "2024-10-11", "600"), ("SEN", 1, "2024-10-10", "130"), ("SEN", 2, "2024-10-22", "131"),
    ]  # fmt: skip


def test_an_export_with_the_innovations_and_one_without_them_are_one_submission(raw, plan, form):
    raw.add(Q, "a.xlsx", kobo().write(form, [SEN]), "2024-10-15")
    raw.add(Q, "b.csv", kobo_csv().write(form, [SEN]), "2024-10-15")
    raw.add(Q, "c.csv", kobo_csv(language="fr").write(form, [SEN]), "2024-10-20")
    assert ledger(plan, form) == [("SEN", 1, "2024-10-10", "130")]
    checked = rules.resolve(read_quarter(Q), read_registers(), plan, form, AS_OF)
    (counting,) = [one for one in checked.returns if one.entry.counts]
    assert [item.answers["reference"].value for item in counting.items] == ["S-1"]


@pytest.mark.parametrize("second", [odata(), odata(expanded=False), odk_zip(split=True), odk_zip(groups=False)])
def test_a_submission_in_odks_zip_and_in_another_export_of_it_is_one(raw, plan, form, second):
    raw.add(Q, "a.zip", odk_zip().write(form, [SEN, KEN]), "2024-10-15")
    raw.add(Q, f"b{second.suffix}", second.write(form, [SEN, KEN | {"offices_total": 601}]), "2024-10-20")
    assert ledger(plan, form) == [
        ("KEN", 1, "2024-10-11", "600"), ("KEN", 2, "2024-10-20", "601"), ("SEN", 1, "2024-10-10", "130"),
    ]  # fmt: skip


# --- innovations in a file of their own -------------------------------------------------------------------------


def items_of(received) -> dict[str, list[str] | None]:
    """Return the titles of each member's innovations, None where the return came without such a part."""
    return {
        one.member: None if one.items is None else [item.answers["title"].value for item in one.items]
        for one in received.returns
    }


def as_items(form, returns: list[Said]) -> bytes:
    """Return OData's own document of the repeat, as found behind the submissions' link."""
    rows = [
        {"__id": f"{n}", "__Submissions-id": f"uuid:{exports.identity(said)}", **item}
        for said in returns
        for n, item in enumerate(said[REPEAT])
    ]
    return json.dumps({"value": rows}).encode()


def test_odata_innovations_behind_the_link_are_joined_by_the_submissions_id(raw, form):
    raw.add(Q, "Submissions.json", odata(expanded=False).write(form, [SEN, KEN]), "2024-10-15")
    assert items_of(read_quarter(Q)) == {"SEN": None, "KEN": None}
    raw.add(Q, "innovations.json", as_items(form, [SEN, KEN]), "2024-10-15")
    received = read_quarter(Q)
    assert items_of(received) == {"SEN": ["Suivi"], "KEN": []}
    (item,) = received.returns[0].items
    assert (item.place.source_file, item.place.row, item.place.member) == ("innovations.json", "1", "SEN")


def test_odks_tables_taken_out_of_the_zip_are_joined_too(raw, form):
    root, child = odk_tables(form, [SEN, KEN])
    raw.add(Q, "b.csv", exports.text(child), "2024-10-15")
    raw.add(Q, "upap.csv", exports.text(root), "2024-10-15")
    assert items_of(read_quarter(Q)) == {"SEN": ["Suivi"], "KEN": []}


def test_innovations_without_their_submissions_are_refused_and_an_unknown_one_is_noted(raw, form):
    raw.add(Q, "items.json", as_items(form, [SEN]), "2024-10-15")
    (found,) = read_quarter(Q).issues
    assert (found.rule, found.source_file, "$expand" in found.message_en) == ("V20", "items.json", True)
    other = SEN | {"member": "MAR"}
    raw.add(Q, "both.json", as_items(form, [SEN, other]), "2024-10-16")
    raw.add(Q, "root.json", odata(expanded=False).write(form, [SEN]), "2024-10-16")
    orphans = [issue for issue in read_quarter(Q).issues if issue.rule == "ITEM_ORPHAN"]
    assert [(issue.source_file, issue.row) for issue in orphans] == [("both.json", "2")]


def test_items_follow_the_submission_and_never_the_name_of_a_sheet_or_the_order_of_rows(raw, form):
    main, items = exports.kobo_tables(form, [SEN, KEN | {REPEAT: [ITEM | {"title": "Hack"}]}]).values()
    items = [items[0], *reversed(items[1:])]
    raw.add(Q, "a.xlsx", workbook({"Feuille 9": items, "x": main}), "2024-10-15")
    assert items_of(read_quarter(Q)) == {"SEN": ["Suivi"], "KEN": ["Hack"]}


def test_pages_of_the_innovations_are_joined_together_and_each_item_once(raw, form):
    said = SEN | {REPEAT: [ITEM | {"title": title} for title in "ABC"]}
    rows = json.loads(as_items(form, [said]))["value"]
    raw.add(Q, "S.json", odata(expanded=False).write(form, [said, KEN]), "2024-10-15")
    for name, page in (("i0", rows[:2]), ("i1", rows[1:]), ("i2", rows[:1])):
        document = {"@odata.nextLink": "next", "value": page}
        raw.add(Q, f"{name}.json", json.dumps(document | {"x": name}).encode(), "2024-10-15")
    received = read_quarter(Q)
    assert items_of(received) == {"SEN": ["A", "B", "C"], "KEN": []}
    assert {found.rule for found in received.issues} == {"FILE_PAGED"}


@pytest.mark.parametrize(
    "extra", [["kind", "site"], ["date", "title"], ["network/offices/kind", "network/offices/title"]]
)
def test_another_repeat_of_a_form_is_not_taken_for_the_innovations(raw, form, extra):
    main, items = exports.kobo_tables(form, [SEN]).values()
    visits = [[*extra, "_index", "_parent_table_name", "_parent_index"], ["solution", "x", 1, "UPAP numérique", 1]]
    raw.add(Q, "a.xlsx", workbook({"UPAP": main, "visits": visits}), "2024-10-15")
    raw.add(Q, "b.xlsx", workbook({"UPAP": main, "visits": visits, REPEAT: items}), "2024-10-16")
    received = read_quarter(Q)
    assert [one.items and len(one.items) for one in received.returns] == [None, 1]
    assert [found.observed for found in received.issues if found.rule == "SHEET_UNKNOWN"] == ["visits", "visits"]


def test_a_form_whose_name_ends_in_audit_is_a_form(raw, form):
    root, child = odk_tables(form, [SEN])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("upap_audit.csv", exports.text(root))
        archive.writestr("upap_audit-innovations.csv", exports.text(child))
        archive.writestr("__MACOSX/._upap_audit.csv", b"\0\5\x16\7")
    raw.add(Q, "upap_audit.csv.zip", target.getvalue(), "2024-10-15")
    assert items_of(read_quarter(Q)) == {"SEN": ["Suivi"]}


def kobo_with(form, said: Said, **system: object) -> bytes:
    """Return a KoboToolbox export of one return with some of its system columns set, or left out (None)."""
    main, items = exports.kobo_tables(form, [said]).values()
    for name, value in system.items():
        place = main[0].index(name.replace("rootUuid", "meta/rootUuid"))
        for row, cell in zip(main, (None if value is None else main[0][place], value), strict=True):
            row[place] = cell
    return workbook({"UPAP": main, REPEAT: items})


def test_an_export_without_the_root_id_and_one_with_it_tell_one_history(raw, plan, form):
    raw.add(Q, "a.xlsx", kobo_with(form, SEN, rootUuid=None), "2024-10-15")
    raw.add(Q, "b.xlsx", kobo().write(form, [SEN | {"offices_total": 131}]), "2024-10-22")
    assert ledger(plan, form) == [("SEN", 1, "2024-10-10", "130"), ("SEN", 2, "2024-10-22", "131")]


def test_two_servers_may_give_two_submissions_one_number(raw, plan, form):
    raw.add(Q, "a.xlsx", kobo_with(form, SEN, rootUuid=None), "2024-10-15")
    raw.add(Q, "b.xlsx", kobo_with(form, KEN, rootUuid=None), "2024-10-22")
    assert ledger(plan, form) == [("KEN", 1, "2024-10-11", "600"), ("SEN", 1, "2024-10-10", "130")]


def test_a_return_that_was_only_approved_later_keeps_its_own_date(raw, plan, form):
    raw.add(Q, "a.xlsx", kobo_with(form, SEN, _validation_status="validation_status_not_approved"), "2024-10-15")
    raw.add(Q, "b.xlsx", kobo_with(form, SEN, _validation_status="validation_status_approved"), "2024-11-05")
    assert ledger(plan, form, date(2024, 11, 4)) == [("SEN", None, "2024-10-10", "130")]
    assert ledger(plan, form) == [("SEN", 1, "2024-10-10", "130")]


@pytest.mark.parametrize("column", ["_validation_status", "_review_status", "system_review_state"])
def test_a_return_that_a_later_export_does_not_approve_no_longer_stands(raw, plan, form, column):
    edited = SEN | {"offices_total": 131}
    raw.add(Q, "a.xlsx", kobo().write(form, [SEN, KEN]), "2024-10-15")
    raw.add(Q, "b.xlsx", kobo().write(form, [edited, KEN]), "2024-10-22")
    main, items = exports.kobo_tables(form, [edited, KEN]).values()
    main[0][main[0].index("_validation_status")] = column
    main[1][main[0].index(column)] = "validation_status_not_approved"
    raw.add(Q, "c.xlsx", workbook({"UPAP": main, REPEAT: items}), "2024-11-05")
    stood = [("KEN", 1, "2024-10-11", "600"), ("SEN", 1, "2024-10-10", "130"), ("SEN", 2, "2024-10-22", "131")]
    assert ledger(plan, form, date(2024, 11, 4)) == stood
    assert ledger(plan, form) == [
        ("KEN", 1, "2024-10-11", "600"), ("SEN", None, "2024-10-10", "130"), ("SEN", None, "2024-10-22", "131"),
    ]  # fmt: skip


def test_a_submission_that_odk_has_deleted_is_refused(raw, plan, form):
    (one,) = json.loads(odata().write(form, [SEN]))["value"]
    one["__system"]["deletedAt"] = "2024-10-12T00:00:00.000Z"
    raw.add(Q, "a.json", json.dumps({"value": [one]}).encode(), "2024-10-15")
    (refused,) = read_quarter(Q).returns[0].problems
    assert (refused.rule, "deletedAt" in refused.observed) == ("V20", True)


def test_a_column_of_a_choice_by_name_does_not_undo_the_labels(raw, form):
    main, _ = exports.kobo_tables(form, [SEN | {"services_epost": "hybrid_mail"}], language="fr").values()
    main = [[*main[0], "services_epost/drones"], [*main[1], None]]
    raw.add(Q, "a.xlsx", workbook({"UPAP": main}), "2024-10-15")
    assert read_quarter(Q).returns[0].answers["services_epost"].value == "hybrid_mail"


# --- the mailed questionnaire -----------------------------------------------------------------------------------


def test_an_answer_of_a_mailed_questionnaire_is_placed_on_its_own_row(raw, plan, form):
    said = SEN | {"offices_connected": 999, "staff_total": 1800, "roadmap_status": "adopted"}
    raw.add(Q, "mail.xlsx", exports.mailed("fr").write(form, [said]), "2024-10-15")
    checked = rules.check_received(read_quarter(Q), read_registers(), plan, form, AS_OF)
    found = schema.tabulate_ingested(checked, form)
    rows = found["answers"].set_index("question")["row"]
    lines = [row[0] for row in rows_written(form, said)]
    for name in ("offices_total", "offices_connected", "comment"):
        assert rows[name] == str(lines.index(name) + 1)
    warned = {issue.question: issue.row for issue in checked.issues if issue.severity in ("withdrawn", "warning")}
    assert warned == {name: rows[name] for name in ("offices_connected", "roadmap_adopted_on")}


def rows_written(form, said: Said) -> list[list[object]]:
    """Return the rows of a member's sheet as they were written."""
    book = openpyxl.load_workbook(io.BytesIO(exports.mailed("fr").write(form, [said])))
    return [[cell.value for cell in row] for row in book["SEN"].iter_rows()]


# --- one form for all quarters --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", [kobo(), kobo(language="fr", select="details"), odata(), exports.odk_zip()])
def test_rows_of_other_quarters_are_passed_over_with_one_note_and_so_are_their_innovations(raw, plan, form, tool):
    before = SEN | {"quarter": "2024Q2", "submitted_on": "2024-10-01", "offices_total": 129}
    raw.add(Q, "a" + tool.suffix, tool.write(form, [before, KEN | {"quarter": "2024Q1"}, SEN]), "2024-10-15")
    received = read_quarter(Q)
    assert ledger(plan, form) == [("SEN", 1, "2024-10-10", "130")]
    (one,) = received.returns
    assert len(one.items) == 1
    told = [each for each in received.issues if each.key in ("OTHER_QUARTERS", "ITEM_ORPHAN")]
    assert [(each.key, sorted(each.observed.split(", "))) for each in told] == [
        ("OTHER_QUARTERS", ["2024Q1: 1", "2024Q2: 1"])
    ]


def test_an_export_without_any_row_of_the_quarter_is_a_warning(raw, plan, form):
    raw.add(Q, "a.xlsx", kobo().write(form, [SEN | {"quarter": "2024Q2"}]), "2024-10-15")
    assert ledger(plan, form) == []
    (told,) = [each for each in read_quarter(Q).issues if each.severity != "note"]
    assert (told.key, told.severity, told.observed) == ("OTHER_QUARTERS.only", "warning", "2024Q2: 1")


def test_what_a_person_sends_for_another_quarter_is_refused(raw, plan, form):
    raw.write_plain(
        Q, [{name: SEN[name] for name in ("member", "submitted_on", "offices_total")} | {"quarter": "2024Q2"}]
    )
    assert ledger(plan, form) == [("SEN", None, "2024-10-10", "130")]


# --- what the Secretariat withdraws ---------------------------------------------------------------------------------

FIRST = {"member": "SEN", "quarter": Q, "submitted_on": "2024-10-10", "offices_total": 130}
SECOND = FIRST | {"submitted_on": "2024-10-12", "offices_total": 135}


def state_of(raw, plan, form, *rows: str, as_of: date = AS_OF) -> list[tuple[str, str, str]]:
    """Return file, state and offices of each return, after rows of withdrawals.csv."""
    text = "\n".join(("quarter,source_file,row,recorded_on,note", *rows)) + "\n"
    (paths.registers() / "withdrawals.csv").write_text(text, encoding="utf-8")
    checked = rules.check_received(read_quarter(Q), read_registers(), plan, form, as_of)
    return [(e.received.file.name, e.state, e.received.answers["offices_total"].value) for e in checked.ledger]


@pytest.mark.parametrize("row", ["2", ""])
def test_a_withdrawn_return_is_refused_from_its_day_and_the_one_before_counts_again(raw, plan, form, row):
    raw.write_plain(Q, [FIRST], name="a.xlsx")
    raw.write_plain(Q, [SECOND], name="b.xlsx")
    withdrawn = f"{Q},b.xlsx,{row},2024-11-01,filed twice"
    before = state_of(raw, plan, form, withdrawn, as_of=date(2024, 10, 31))
    assert sorted(before) == [("a.xlsx", "on_time", "130"), ("b.xlsx", "revised", "135")]
    assert sorted(state_of(raw, plan, form, withdrawn)) == [("a.xlsx", "on_time", "130"), ("b.xlsx", "refused", "135")]


def test_a_row_withdraws_its_submission_from_every_export_and_a_file_only_itself(raw, plan, form):
    raw.add(Q, "a.xlsx", kobo().write(form, [SEN, KEN]), "2024-10-15")
    raw.add(Q, "b.xlsx", kobo().write(form, [SEN | {"offices_total": 131}, KEN]), "2024-10-22")
    by_row = sorted(state_of(raw, plan, form, f"{Q},a.xlsx,2,,"))
    assert by_row == [("a.xlsx", "on_time", "600"), ("a.xlsx", "refused", "130"), ("b.xlsx", "refused", "131")]
    by_file = sorted(state_of(raw, plan, form, f"{Q},a.xlsx,,,"))
    assert by_file == [
        ("a.xlsx", "refused", "130"), ("a.xlsx", "refused", "600"),
        ("b.xlsx", "on_time", "131"), ("b.xlsx", "on_time", "600"),
    ]  # fmt: skip


def test_what_cannot_be_read_of_the_withdrawals_is_told(raw, plan, form):
    raw.write_plain(Q, [FIRST])
    state_of(raw, plan, form, f"{Q},mail.xlsx,two,,")
    (issue,) = [each for each in read_registers().issues if each.source_file == "withdrawals.csv"]
    assert (issue.rule, issue.row, issue.observed) == ("V22", "2", "two")
    (paths.registers() / "withdrawals.csv").write_text("quarter;file\n", encoding="utf-8")
    with pytest.raises(paths.DataRefused, match="withdrawals.csv"):
        pipeline.read_raw_data(Q)
