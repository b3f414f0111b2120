"""Every figure against a second opinion: the same tables in SQL, written from the methodology alone (decisions.md)."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from second_opinion import drawn, opinion

from conftest import DOCUMENT, REGISTERS, ROOT, Raw
from helpers import paths
from helpers.plan.quarters import quarter_end, quarters_between, shift
from helpers.tables import pipeline
from helpers.tables.pipeline import EditionTables

pytestmark = pytest.mark.slow
EDITIONS = (("2024Q3", ""), ("2024Q3", "2024-12-29"), ("2022Q3", ""), ("2024Q4", ""))
# Few and always the same: what a seed draws cannot be made smaller, so nothing is shrunk.
FEW = settings(
    max_examples=4, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def tables_of(made: EditionTables) -> dict[str, pd.DataFrame]:
    """Return the tables of an edition that the second opinion is asked about."""
    names = {"kpis": "kpis", "kpi_components": "components", "member_values": "member_values", "changes": "changes"}
    return {name: of_the_document(getattr(made, attribute)) for name, attribute in names.items()}


def of_the_document(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out the KPIs that the plan has gained: the SQL was written for those of the methodology."""
    return rows[rows["kpi"].isin(DOCUMENT)]


def second(made: EditionTables, published: Path | None = None) -> dict[str, pd.DataFrame]:
    """Return the same tables as the SQL makes them."""
    published = published or paths.out(made.quarter, made.as_of)
    found = opinion.compute(published, paths.registers(), paths.plan(), made.quarter, made.as_of)
    return {name: of_the_document(rows) for name, rows in found.items()}


def differences(made: EditionTables, ours: dict[str, pd.DataFrame]) -> list[str]:
    """Return every cell that differs, told as table, key, column, theirs, ours."""
    return [
        opinion.tell(cell)
        for name, theirs in tables_of(made).items()
        for cell in opinion.compare(name, theirs, ours[name])
    ]


@pytest.fixture(scope="module", params=EDITIONS, ids=lambda edition: "-".join(filter(None, edition)))
def edition(request, tmp_path_factory):
    """Return an edition of the sample, and a folder of its own where its tables lie."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPU_ROOT", str(ROOT))
        patch.setenv("PAPU_OUT", str(tmp_path_factory.mktemp("edition")))
        yield pipeline.load_tables(*request.param)


def test_the_sample_gives_the_same_figures(edition):
    made, ours = tables_of(edition), second(edition)
    assert {name: len(rows) for name, rows in ours.items()} == {name: len(rows) for name, rows in made.items()}
    assert differences(edition, ours) == []


@FEW
@example(seed=4, first="2022Q3", rates=[0.75, 0.3, 0.1, 0, 0.1, 0.1, 0.6], own_plan=True, days=90)
@example(seed=22, first="2022Q3", rates=[0.3, 0.75, 0.1], own_plan=True, days=45)
@example(seed=24, first="2022Q1", rates=[0.3, 0.75, 0.1], own_plan=False, days=90)
@given(
    seed=st.integers(0, 2**32 - 1),
    first=st.sampled_from(["2022Q3", "2022Q1", "2022Q4", "2023Q2", "2024Q1"]),
    rates=st.lists(st.sampled_from([0.6, 0.3, 0.75, 0.1, 0]), min_size=2, max_size=3),
    own_plan=st.booleans(),
    days=st.sampled_from([45, 10, 46, 90, 200]),
)
def test_any_returns_give_the_same_figures(raw, monkeypatch, seed, first, rates, own_plan, days):
    root = Path(tempfile.mkdtemp(dir=raw.root))
    monkeypatch.setenv("PAPU_ROOT", str(root))
    paths.registers().mkdir(parents=True)
    quarters = quarters_between(first, shift(first, len(rates) - 1))
    drawn.write_all(seed, Raw(root, raw.form), quarters, rates, own_plan)
    made = pipeline.load_tables(quarters[-1], str(quarter_end(quarters[-1]) + timedelta(days=days)))
    assert differences(made, second(made)) == []
    shutil.rmtree(root)


def test_what_is_rarely_drawn_gives_the_same_figures(raw):
    """A share that its own bound has to be widened for; a milestone that was complete only after its due quarter."""
    northern = [member for member in drawn.MEMBERS if member.region == "Northern"]
    for quarter, day in (("2022Q3", "2022-10-10"), ("2022Q4", "2023-01-10")):
        rows = []
        for member in northern:
            total, connected = member.references["reference_offices"], member.references["reference_offices"]
            if member.member == "LBY":
                total, connected = (5 * total, 0) if quarter == "2022Q3" else (round(0.2 * total), None)
            row = {"member": member.member, "quarter": quarter, "submitted_on": day}
            rows.append(row | {"offices_total": total, "offices_connected": connected})
        raw.write_plain(quarter, rows)
    parts = "information_platform;customer_experience;data_analytics;postal_iot;ecosystem;cybersecurity;human_skills"
    raw.write_register("milestones", "2022Q3,digital_model,4,postal_iot,D,", f"2023Q2,digital_model,4,{parts},D,")
    made = pipeline.load_tables("2023Q2")
    rows = made.kpis.set_index(["quarter", "scope", "kpi"])
    widened = rows.loc[("2022Q4", "Northern", "2.1.a")]
    assert (
        widened["share_lower"] == widened["share"]
        and rows.loc[("2023Q2", "PAPU", "1.1.a"), "status"] == "achieved_late"
    )
    assert differences(made, second(made)) == []


# --- that the comparison can fail -------------------------------------------------------------------------------


def one_quarter(raw: Raw) -> EditionTables:
    for name in REGISTERS:
        raw.write_register(name)
    answers = {"offices_total": 130, "offices_connected": 80, "roadmap_status": "completed"}
    raw.write_plain("2022Q3", [{"member": "SEN", "quarter": "2022Q3", "submitted_on": "2022-10-10"} | answers])
    return pipeline.load_tables("2022Q3")


def test_a_cell_that_was_changed_is_told(raw):
    made = one_quarter(raw)
    ours, row = second(made), made.kpis[(made.kpis["scope"] == "Western") & (made.kpis["kpi"] == "2.1.a")].index[0]
    assert differences(made, ours) == []
    changes = {
        "value": 80.0001,
        "upper": None,
        "n_carried": 1,
        "coverage_class": "A",
        "status": "overdue",
        "robust": True,
    }
    for column, changed in changes.items():
        kept = made.kpis.at[row, column]
        made.kpis.loc[row, column] = changed
        (told,) = differences(made, ours)
        assert told.startswith(f"kpis 2022Q3 Western 2.1.a {column}: theirs {changed if changed is not True else 1.0}")
        made.kpis.loc[row, column] = kept
    assert differences(replace(made, kpis=made.kpis.drop(index=row)), ours) == [
        "kpis 2022Q3 Western 2.1.a row: theirs None, ours there"
    ]


def test_an_answer_that_was_changed_makes_another_figure(raw):
    made = one_quarter(raw)
    folder = paths.out(made.quarter, made.as_of)
    answers = pd.read_parquet(folder / "answers.parquet")
    answers.loc[answers["question"] == "offices_connected", "value"] = "81"
    answers.to_parquet(folder / "answers.parquet", index=False)
    told = differences(made, second(made))
    assert "kpis 2022Q3 PAPU 2.1.a value: theirs 80.0, ours 81.0" in told
    assert all(" 2.1.a " in line for line in told)
