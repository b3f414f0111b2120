"""The same answers, whatever the tool and its settings: the tables they end in are the same bytes."""

from __future__ import annotations

import shutil
from datetime import date

import pandas as pd
import pytest

from exports import VARIANTS, Said
from helpers import rules, tables
from helpers.questionnaire import REPEAT
from helpers.registers import read_registers
from helpers.returns import read_quarter

Q = "2024Q3"
SOURCE = ["source_file", "sheet", "row"]
RETURNS: list[Said] = [
    {
        "member": "SEN", "quarter": Q, "submitted_on": "2024-10-10", "organisation": "La Poste",
        "form_language": "fr", "offices_total": 130, "staff_total": 1800, "staff_women": 700,
        "roadmap_status": "adopted", "roadmap_adopted_on": "2024-03-01", "domain_postal_iot": "in_progress",
        "offices_electrified": 120, "offices_connected": 90, "cloud_use": "pilot", "server_required": 0,
        "services_epost": "hybrid_mail e_postbox", "services_ecommerce": "none", "services_efinance":
        "mobile_wallet domestic_transfer international_remittance", "sectors_benefiting": "trade finance other",
        "ipp_tracked": "s10_barcode tracking_events", "project_dre": "none", "project_payments": "implementing",
        "nd_infrastructure": "offices_networked server_working", "trained_cumulative": 200, "training_sessions": 4,
        "attended_meetings": "yes", "sent_feedback": "no", "nd_participation": "none",
        "comment": "Merci ; à bientôt, « l'équipe »",
        "innovations": [
            {"kind": "solution", "reference": "SEN-S-1", "title": "Suivi", "date": "2024-08-02", "detail": "software",
             "local_experts": 3},
            {"kind": "hackathon", "reference": "UPU-H-7", "title": "Hack, poste; et colis"},
        ],
    },
    {
        "member": "COG", "quarter": Q, "submitted_on": "2024-10-12", "offices_total": "NA", "staff_total": 900,
        "roadmap_status": "completed", "cloud_use": "none", "sectors_benefiting": "none",
        "services_egovernment": "tax_payment", "comment": "=1+1", "innovations": [],
    },
    {
        "member": "EGY", "quarter": Q, "submitted_on": "2024-10-13", "offices_total": 4400, "staff_total": 51000,
        "organisation": "البريد", "uses_software_guidelines": "yes", "project_fitaf": "agreed",
        "comment": "مع الشكر", "innovations": [{"kind": "exhibition", "title": "معرض", "local_experts": 0}],
    },
]  # fmt: skip


def read_tables(form, plan) -> dict[str, pd.DataFrame]:
    verdict = rules.settle(read_quarter(Q), read_registers(), plan, form, date(2024, 11, 14))
    found = {name: tables.conform(name, rows) for name, rows in tables.tabulate(verdict, form).items()}
    answers, items = found["answers"].drop(columns=SOURCE), found["innovations"].drop(columns=SOURCE)
    return {"answers": answers, "innovations": items, "returns": found["returns"], "issues": found["issues"]}


def read_variant(name: str, raw, form, plan) -> dict[str, pd.DataFrame]:
    """Return the tables of the returns written in one variant, alone in its folder."""
    shutil.rmtree(raw.folder(Q))
    raw.add(Q, f"returns{VARIANTS[name].suffix}", VARIANTS[name].write(form, RETURNS))
    return read_tables(form, plan)


def as_bytes(table: pd.DataFrame) -> bytes:
    return table.sort_values(list(table.columns)).to_csv(index=False).encode()


@pytest.mark.parametrize("name", VARIANTS)
def test_the_same_answers_in_any_variant_end_in_the_same_bytes(raw, form, plan, name):
    wanted = read_variant("plain", raw, form, plan)
    found = read_variant(name, raw, form, plan)
    said = [found["issues"].loc[n, "message_en"] for n, s in enumerate(found["issues"]["severity"]) if s != "note"]
    assert said == []
    if VARIANTS[name].has_items:
        assert as_bytes(found["innovations"]) == as_bytes(wanted["innovations"])
    else:
        assert found["innovations"].empty
        wanted["answers"] = wanted["answers"].query(f"question != '{REPEAT}'")
        found["answers"] = found["answers"].query(f"question != '{REPEAT}'")
    assert as_bytes(found["answers"]) == as_bytes(wanted["answers"])
    received = ["member", "received_on", "state", "counts"]
    assert as_bytes(found["returns"][received]) == as_bytes(wanted["returns"][received])


def test_the_plain_reading_is_what_was_said(raw, form, plan):
    answers = read_variant("plain", raw, form, plan)["answers"].set_index(["member", "question"])
    for said in RETURNS:
        for question in [q for q in form.questions if q.name in said and q.name not in ("member", "quarter")]:
            if question.name in ("organisation", "form_language", "comment") or said[question.name] != "NA":
                assert answers.loc[(said["member"], question.name), "value"] == str(said[question.name])
