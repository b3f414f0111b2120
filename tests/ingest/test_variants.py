"""The same answers, whatever the tool and its settings: the tables they end in are the same bytes."""

from __future__ import annotations

import shutil
from datetime import date

import pandas as pd
import pytest

from exports import VARIANTS
from helpers.ingest import rules
from helpers.ingest.quarter import read_quarter
from helpers.ingest.registers import read_registers
from helpers.tables import schema
from present import REPEAT
from received import RETURNS

pytestmark = pytest.mark.slow

Q = "2024Q3"
SOURCE = ["source_file", "sheet", "row"]


def read_tables(form, plan) -> dict[str, pd.DataFrame]:
    checked = rules.resolve(read_quarter(Q), read_registers(), plan, form, date(2024, 11, 14))
    found = {name: schema.conform(name, rows) for name, rows in schema.tabulate_ingested(checked, form).items()}
    answers, items = found["answers"].drop(columns=SOURCE), found["items"].drop(columns=SOURCE)
    return {"answers": answers, "items": items, "returns": found["returns"], "issues": found["issues"]}


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
        assert as_bytes(found["items"]) == as_bytes(wanted["items"])
    else:
        assert found["items"].empty
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
