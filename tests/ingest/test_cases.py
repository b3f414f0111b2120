"""Files as people and tools really send them, in `cases/`: what must be read of each, refused or told."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from helpers.ingest import rules
from helpers.ingest.quarter import read_quarter
from helpers.ingest.registers import read_registers
from helpers.tables import schema
from present import REPEAT

Q, AS_OF = "2024Q3", date(2024, 11, 14)
CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """What must come out of a case.

    `answers` are values by member and question (None: nothing of the member counts), `told` the keys of the findings
    that are no notes, `noted` some keys of notes.
    """

    answers: dict[str, str | None]
    told: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()


WANTED = {
    "two_headers_csv": Case(
        {"BWA training_sessions": "7", "BWA offices_networked": "40", "SEN training_sessions": "5",
         "GHA training_sessions": "9"},
        ("V17", "V17", "V17"), ("HEADER_AGAIN",),
    ),
    "shifted_by_comma": Case({"GHA training_sessions": None, "CMR training_sessions": "5"}, ("V20.long",)),
    "split_ticked_by_label": Case({
        "TUN services_epost": "hybrid_mail registered_email", "GHA services_epost": "hybrid_mail online_tracking",
        "ZMB services_epost": "",
    }),
    "mailed_next_column": Case({"TUN training_sessions": "17", "TUN offices_connected": "968"}, ("MAILED_SHIFTED",)),
    "mailed_several_members": Case({
        "TUN training_sessions": "17", "CMR training_sessions": "5", "GHA training_sessions": "9",
        "TUN offices_connected": "968",
    }),
    "mailed_reminder_column": Case(
        {"TUN training_sessions": "17", "TUN offices_connected": "968"}, noted=("MAILED_OTHER_QUARTER",)
    ),
    "mailed_two_sheets": Case({"TUN training_sessions": "17", "TUN offices_total": "1033"}),
    "kobo_renamed_group": Case(
        {"GHA offices_connected": "263", "TUN offices_connected": "968", "CMR offices_connected": "118"},
        noted=("HEADER_MERGED",),
    ),
    "kobo_renamed_duplicate": Case({"GHA offices_connected": "263"}, noted=("HEADER_NORMALISED",)),
    "google_labels_edited": Case({"GHA staff_women": "801", "GHA offices_total": "352"}, noted=("HEADER_NORMALISED",)),
    "innovations_two_sheets": Case({"ZMB innovations": "1", "TUN innovations": "1"}, ("V03.number",) * 3),
    "codebook_sheet": Case({"GHA offices_total": "352"}, noted=("SHEET_CODEBOOK",)),
    "no_items_in_export": Case(
        {"DZA innovations": "0", "LBY innovations": "0", "MAR innovations": "0", "EGY innovations": "1"},
        ("V05",) * 4 + ("V04", "V14.missing", "V16"), ("PART_EMPTY",),
    ),
    "odata_next_link": Case({"GHA offices_total": "352"}, ("FILE_PAGED",)),
    "percent_format": Case({"GHA offices_connected": "", "TUN training_sessions": ""}, ("V03.number",) * 2),
    "superscript_mark": Case({"GHA training_sessions": "", "CMR offices_networked": ""}, ("V03.number",) * 2),
    "merged_answer": Case({"GHA cloud_use": ""}, ("CELL_MERGED",)),
    "format_standard": Case({"GHA training_sessions": "9"}),
    "formula_empty_text": Case({"GHA offices_total": "352"}),
    "x000d": Case({"GHA staff_women": "801", "CMR training_sessions": "5"}, noted=("HEADER_NORMALISED",)),
    "styles_empty_fill": Case({"GHA offices_connected": "263"}),
    "styles_font_family": Case({"GHA offices_connected": "263"}),
    "workbook_elsewhere": Case({"GHA offices_connected": "263"}),
    "three_decimals": Case(
        {"GHA training_sessions": "9", "CMR training_sessions": "5", "AGO trained_women": "7",
         "GHA offices_total": "352"}
    ),
    "cp850": Case({"SEN offices_total": "139", "CIV offices_total": "187"}, noted=("ENC_CP850",)),
    "kobo_chosen_columns": Case({"GHA offices_total": None, "CMR offices_connected": "118"}, ("V20.rejected",)),
    "kobo_times_rewritten": Case({"GHA offices_connected": "263"}, noted=("DATE_AMBIGUOUS.day",)),
    "rejected_later": Case({"GHA offices_total": None, "CMR offices_connected": "118"}, ("V20.rejected",)),
    "two_snapshots": Case({"NGA offices_total": "1500", "NER offices_total": None}, ("V20.rejected",)),
    "partial_correction": Case({"TUN offices_total": ""}, ("REVISION_EMPTIES",)),
    "carriage_return": Case({"DZA comment": "ligne 1\nligne 2"}, noted=("DUPLICATE",)),
}  # fmt: skip


@pytest.mark.parametrize("name", WANTED)
def test_a_case_gives_its_right_figures_and_tells_what_it_withholds(raw, plan, form, name):
    shutil.copytree(CASES / name, raw.folder(Q), dirs_exist_ok=True)
    checked = rules.check_received(read_quarter(Q), read_registers(), plan, form, AS_OF)
    counting = {one.key[1]: one for one in checked.returns if one.entry.counts}
    found = {}
    for place in WANTED[name].answers:
        member, question = place.split()
        one = counting.get(member)
        if question == REPEAT and one:
            found[place] = None if one.items is None else str(len(one.items))
        else:
            found[place] = one.answers[question].value if one else None
    assert found == WANTED[name].answers
    told = [issue.key for issue in checked.issues if issue.severity != "note"]
    assert sorted(told) == sorted(WANTED[name].told)
    assert set(WANTED[name].noted) <= {issue.key for issue in checked.issues}


def test_an_answer_on_a_second_sheet_is_placed_there(raw, plan, form):
    shutil.copytree(CASES / "mailed_two_sheets", raw.folder(Q), dirs_exist_ok=True)
    checked = rules.check_received(read_quarter(Q), read_registers(), plan, form, AS_OF)
    answers = schema.tabulate_ingested(checked, form)["answers"].set_index("question")
    places = {name: tuple(answers.loc[name, ["sheet", "row"]]) for name in ("offices_total", "training_sessions")}
    assert places == {"offices_total": ("Questionnaire", "5"), "training_sessions": ("Partie 2", "12")}


def test_a_form_for_all_quarters_gives_this_quarters_returns_and_one_note(raw, plan, form):
    shutil.copytree(CASES / "one_form_for_all_quarters", raw.folder(Q), dirs_exist_ok=True)
    checked = rules.check_received(read_quarter(Q), read_registers(), plan, form, AS_OF)
    assert len(checked.ledger) == 45 and all(entry.counts for entry in checked.ledger)
    keys = [issue.key for issue in checked.issues]
    assert keys.count("OTHER_QUARTERS") == 1
    assert not {"V02.other", "ITEM_ORPHAN", "OTHER_QUARTERS.only"} & set(keys)


@pytest.mark.parametrize(("as_of", "offices"), [(date(2024, 11, 4), "600"), (AS_OF, "1500")])
def test_a_return_under_a_wrong_name_counts_until_the_export_that_does_not_approve_it(raw, plan, form, as_of, offices):
    shutil.copytree(CASES / "two_snapshots", raw.folder(Q), dirs_exist_ok=True)
    checked = rules.check_received(read_quarter(Q), read_registers(), plan, form, as_of)
    (one,) = [each for each in checked.returns if each.entry.counts]
    assert (one.key[1], one.answers["offices_total"].value) == ("NGA", offices)
