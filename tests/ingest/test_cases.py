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
from helpers.plan.questionnaire import REPEAT
from helpers.tables import schema

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
