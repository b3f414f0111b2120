"""The KPIs and their companions, worked by hand in a small world of four members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
import pytest

from conftest import REGISTERS
from helpers.i18n.formats import Translator
from helpers.ingest.cells import read_answer
from helpers.ingest.registers import Registers
from helpers.kpis.compute import ComputedTables, compute_tables
from helpers.kpis.observations import CountedReturns
from helpers.plan.extractors import CountedReturn, Item
from helpers.plan.plan import Plan
from helpers.plan.quarters import quarters_between
from helpers.plan.questionnaire import Form
from helpers.plan.settings import read_settings
from helpers.report.tables.annexes import describe_causes

# Reference offices and staff; SEN and MLI are Western, KEN and UGA Eastern.
REFERENCES = {"SEN": (100, 1000), "MLI": (50, 500), "KEN": (200, 2000), "UGA": (50, 500)}
HARDWARE = ("server", "laptop", "printer", "scanner", "scale")


@dataclass(frozen=True)
class Sent:
    """A return that counts from the day it was received; `items` is None without an innovations part."""

    received: str
    answers: Mapping[str, object]
    items: tuple[Item, ...] | None = None


@dataclass(frozen=True)
class World:
    """What four members sent, by quarter and member, in the order received."""

    plan: Plan
    form: Form
    sent: Mapping[tuple[str, str], Sequence[Sent]]
    registers: Registers

    def returns(self, day: date) -> CountedReturns:
        """Return the returns that count at a date: the last received of each member and quarter."""
        there = {key: [s for s in sent if date.fromisoformat(s.received) <= day] for key, sent in self.sent.items()}
        there = {key: sent for key, sent in there.items() if sent}
        read = {
            key: {name: read_answer(self.form.by_name[name], cell) for name, cell in sent[-1].answers.items()}
            for key, sent in there.items()
        }
        counted = {key: CountedReturn(key[1], read[key], sent[-1].items) for key, sent in there.items()}
        return CountedReturns(
            counted, {key: [date.fromisoformat(s.received) for s in sent] for key, sent in there.items()}
        )

    def measure(self, quarter: str, as_of: str = "") -> ComputedTables:
        """Compute the tables of figures of an edition."""
        day = date.fromisoformat(as_of) if as_of else read_settings().first_cutoff(quarter)
        first = {
            q: self.returns(min(read_settings().first_cutoff(q), day)) for q in quarters_between("2022Q1", quarter)
        }
        return compute_tables(self.plan, self.form, quarter, day, self.returns(day), self.registers, first)


def register(**rows: Sequence[Mapping[str, object]]) -> Registers:
    return Registers({name: tuple({"recorded_on": None} | row for row in rows.get(name, ())) for name in REGISTERS})


@pytest.fixture(scope="module")
def build(plan, form):
    """Return a maker of worlds: returns by quarter and member, registers by name."""
    members = tuple(
        replace(plan.by_iso3[iso3], references={"reference_offices": offices, "reference_staff": staff})
        for iso3, (offices, staff) in REFERENCES.items()
    )

    def make(sent: Mapping[tuple[str, str], Sent | Sequence[Sent]], *, of: Sequence = members, **rows) -> World:
        listed = {key: [one] if isinstance(one, Sent) else list(one) for key, one in sent.items()}
        return World(replace(plan, members=tuple(of)), form, listed, register(**rows))

    return make


def cells(rows: pd.DataFrame, columns: str, **key: str) -> list[object]:
    """Return some cells of the one row with a key; a blank is None."""
    found = rows[(rows[list(key)] == pd.Series(key)).all(axis=1)]
    assert len(found) == 1, key
    return [None if pd.isna(cell) else cell for cell in found[columns.split()].iloc[0]]


def kit(**kinds: tuple[object, object]) -> dict[str, object]:
    """Return the answers on hardware, required and working, of the kinds named."""
    return {f"{k}_{part}": both[n] for k, both in kinds.items() for n, part in enumerate(("required", "working"))}


# --- one world, all 20 ------------------------------------------------------------------------------------------

THEN, NOW = "2022Q3", "2022Q4"
FIVE = "s10_barcode tracking_events advance_data customer_notification online_labelling"
SENT = {
    (THEN, "SEN"): Sent(
        "2022-10-10",
        {"project_dre": "implementing", "audits_completed": 1, "training_sessions": 2},
        (Item("solution", "SEN-1", "", "software"),),
    ),
    (THEN, "MLI"): Sent(
        "2022-10-20",
        {
            "roadmap_status": "completed",
            "domain_cybersecurity": "planned",
            "offices_total": 40,
            "offices_connected": 10,
            "offices_electrified": 20,
            "staff_total": 400,
            "trained_cumulative": 30,
            **kit(server=(4, 2), laptop=(4, 1), printer=(4, 0)),
            "shared_system_information": "yes",
            "services_epost": "hybrid_mail",
            "services_ecommerce": "none",
            "services_egovernment": "none",
            "services_efinance": "none",
            "sectors_benefiting": "trade education",
            "ipp_ecompro": "s10_barcode",
            "ipp_tracked": "s10_barcode",
            "ipp_small_packets": "s10_barcode",
            "project_payments": "completed",
            "trained_capacity_building": 9,
            "audits_completed": 3,
            "training_sessions": "ND",
        },
        (Item("solution", "SEN-1", "", "software"), Item("adoption", "A-1", "", "own")),
    ),
    (THEN, "KEN"): Sent(
        "2022-10-30",
        {
            "staff_total": 1800,
            "shared_system_information": "yes",
            "project_dre": "agreed",
            "audits_completed": 0,
            "training_sessions": 4,
        },
    ),
    (NOW, "SEN"): Sent(
        "2023-01-20",
        {
            "roadmap_status": "implementing",
            "domain_cybersecurity": "operational",
            "offices_total": 90,
            "offices_connected": 60,
            "offices_electrified": 80,
            "staff_total": 1000,
            "trained_cumulative": 100,
            **kit(server=(10, 5), laptop=(10, 10), printer=(10, 12), scanner=(0, 0)),
            "cloud_use": "production",
            "shared_system_information": "no",
            "services_epost": "hybrid_mail e_postbox",
            "services_ecommerce": "online_shop",
            "services_egovernment": "none",
            "services_efinance": "NA",
            "sectors_benefiting": "trade finance other",
            "ipp_ecompro": "s10_barcode tracking_events",
            "ipp_tracked": "none",
            "ipp_small_packets": "NA",
            "project_dre": "none",
            "trained_capacity_building": 5,
            "audits_completed": 2,
            "training_sessions": 1,
            "attended_meetings": "yes",
        },
        (Item("solution", " sen-1 ", "", "application"), Item("hackathon", "H-1", "", "")),
    ),
    (NOW, "KEN"): Sent(
        "2023-02-10",
        {
            "roadmap_status": "adopted",
            "domain_cybersecurity": "ND",
            "offices_total": 180,
            "offices_connected": 120,
            "trained_cumulative": 90,
            **kit(server=(10, 4), laptop=(20, 8), printer=(0, 0), scanner=(0, 0), scale=("NA", None)),
            "cloud_use": "pilot",
            "shared_system_information": "no",
            "uses_software_guidelines": "yes",
            "services_epost": "hybrid_mail",
            "services_ecommerce": "online_shop",
            "services_egovernment": "tax_payment",
            "services_efinance": "mobile_wallet bill_payment",
            "sectors_benefiting": "trade finance health",
            "ipp_ecompro": FIVE,
            "ipp_tracked": FIVE,
            "ipp_small_packets": "s10_barcode tracking_events",
            "project_dre": "agreed",
            "trained_capacity_building": "ND",
            "training_sessions": 0,
            "attended_meetings": "no",
        },
        (
            Item("hackathon", "h-1", "", ""),
            Item("adoption", "A-1", "", "own"),
            Item("exhibition", "E-1", "", ""),
        ),
    ),
}
ROWS = {
    "milestones": [
        {"quarter": THEN, "product": "digital_model", "stage": 2, "parts": frozenset()},
        {"quarter": NOW, "product": "digital_model", "stage": 3, "parts": frozenset()},
        {"quarter": NOW, "product": "digital_model", "stage": 1, "parts": frozenset()},
        {"quarter": "2023Q1", "product": "digital_model", "stage": 5, "parts": frozenset()},
    ],
    "workshops": [
        {"workshop": "old", "step": "5.2", "held_on": date(2021, 12, 31)},
        {"workshop": "W1", "step": "5.2", "held_on": date(2022, 11, 10)},
        {"workshop": "W2", "step": "5.3", "held_on": date(2022, 12, 31)},
        {"workshop": "next", "step": "5.3", "held_on": date(2023, 1, 1)},
    ],
    "attendance": [
        {"workshop": workshop, "member": member, "women": women, "men": men}
        for workshop, member, women, men in (
            ("old", "UGA", 2, 2), ("W1", "SEN", 1, 0), ("W1", "KEN", 0, 0), ("W1", "RWA", 1, 1), ("W2", "SEN", 2, 3),
            ("W2", "MLI", 0, 1), ("W2", "RWA", 5, 5), ("next", "KEN", 9, 9),
        )
    ],
    "questionnaires": [
        {"questionnaire": name, "due_on": date.fromisoformat(due), "member": member,
         "returned_on": date.fromisoformat(returned) if returned else None}
        for name, due, member, returned in (
            ("E1", "2022-11-30", "SEN", "2022-12-01"), ("E1", "2022-11-30", "KEN", ""),
            ("E1", "2022-11-30", "UGA", "2023-02-15"), ("E1", "2022-11-30", "RWA", "2022-11-30"),
            ("E2", "2023-01-01", "MLI", "2022-12-24"),
        )
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def measured(build):
    """Return the tables of 2022Q4 at its first cut-off, 2023-02-14."""
    return build(SENT, **ROWS).measure(NOW)


FIGURES = "value share lower upper share_lower share_upper"
BEHIND = "n_reported n_carried n_expected coverage coverage_class status robust"
# By KPI: the figures, then who is behind them and how they stand. In 2022Q4 SEN and KEN reported, MLI's answers of
# 2022Q3 are carried, UGA never answered: n 2, 1, 4; coverage 3/4, by reference offices or staff 350/400, 3500/4000.
WORKED = {
    # the latest quarter's last row: stage 1; due 2023Q1, e = 2/3, ⌊8/3⌋ = 2, one stage below
    "1.1.a": ([1, None, 1, 1, None, None], [None, None, None, 1, "A", "at_risk", True]),
    # SEN and MLI (carried) of SEN, KEN, MLI; lower SEN; upper 1 + 2; r = 2/(15 × 2/3) = 0.2, at the upper 0.3
    "1.1.b": ([2, None, 1, 3, None, None], [2, 1, 4, 3 / 4, "A", "off_track", True]),
    # 60 + 120 + 10; lower 60 + 120; upper 180 + MLI's 40 + UGA's reference 50; share 190/310; D = 90 + 180 + 40 + 50
    # = 360: 180/360 to 270/360; b 0.6, T 0.8, e = 2/4: r = 0.0129/0.1; at 0.75 on track
    "2.1.a": ([190, 190 / 310, 180, 270, 0.5, 0.75], [2, 1, 4, 350 / 400, "A", "off_track", False]),
    # SEN (1/2 + 1 + 1)/3 = 83.33, KEN (0.4 + 0.4)/2 = 40, MLI (1/2 + 1/4 + 0)/3 = 25: 148.33/3; lower 123.33/4; upper
    # (123.33 + 200)/4; T 60, e = 2/5: r = 2.06, lower 1.28, upper 80.8 ≥ 60
    "2.2.a": ([445 / 9, None, 370 / 12, 970 / 12, None, None], [2, 1, 4, 3 / 4, "A", "on_track", False]),
    # no row of the guidelines: stage 0; due 2023Q3, e = 2/5, ⌊1.6⌋ = 1
    "2.3.a": ([0, None, 0, 0, None, None], [None, None, None, 1, "A", "at_risk", True]),
    # SEN 3 (NA is 0), KEN 5, MLI 1; lower 8; upper 8 + 2 × 24; T 180, e = 2/7: 51.4; r = 0.175, at 56 1.09
    "3.1.a": ([9, None, 8, 56, None, None], [2, 1, 4, 3 / 4, "A", "off_track", False]),
    # trade is named by three; by reported members alone nothing is; r = 1/(6 × 2/7) = 0.58
    "3.1.b": ([1, None, 0, 12, None, None], [2, 1, 4, 3 / 4, "A", "off_track", False]),
    # SEN (40 + 0 + 0)/3 = 13.33, KEN (100 + 100 + 40)/3 = 80, MLI 20: 113.33/3; lower 93.33/4; upper 293.33/4;
    # T 50, e = 2/7: r = 2.64, lower 1.63, upper 73.3 ≥ 50
    "3.2.a": ([340 / 9, None, 280 / 12, 880 / 12, None, None], [2, 1, 4, 3 / 4, "A", "on_track", False]),
    # SEN (2022Q3) and MLI; upper 2 + UGA, for KEN reported in the quarter; coverage in q 2/4; due: r = 2/20, 3/20
    "3.3.a": ([2, None, 2, 3, None, None], [2, 0, 4, 1 / 2, "B", "off_track", True]),
    # (SEN, sen-1), (MLI, sen-1); parts came in 4 of 8 member-quarters; e = 2/4: r = 0.2; upper blank reaches T
    "4.1.a": ([2, None, 2, None, None, None], [2, 0, 4, 4 / 8, "B", "off_track", False]),
    # h-1 of two members is one event; r = 1/2.5
    "4.1.b": ([1, None, 1, None, None, None], [2, 0, 4, 4 / 8, "B", "off_track", False]),
    # KEN; upper 1 + MLI + UGA, for SEN had a part in both quarters; due 2022Q3
    "4.2.a": ([1, None, 1, 3, None, None], [2, 0, 4, 4 / 8, "B", "overdue", True]),
    # a-1 of two members is one solution; the upper blank would be achieved late
    "4.2.b": ([1, None, 1, None, None, None], [2, 0, 4, 4 / 8, "B", "overdue", False]),
    # 100 + 90 + 30; lower 190; upper 190 + 1.2 × 400 + 1.2 × 500; share (100 + 30)/(1000 + 400), KEN without its staff;
    # B = SEN: D = 1000 + 1800 + 400 + 500 = 3700; 100/3700 to (100 + 1.2 × 2700)/3700; T 0.15, e = 2/9: r = 2.79,
    # at the lower 0.81
    "5.1.a": ([220, 130 / 1400, 190, 1270, 100 / 3700, 3340 / 3700], [2, 1, 4, 3500 / 4000, "A", "on_track", False]),
    # SEN 1 + 2, KEN 0 and blank, MLI 3; reported 4 of 8, in the quarter by SEN alone; T 15, e = 2/9: r = 1.8
    "5.1.b": ([6, None, 6, None, None, None], [1, 0, 4, 4 / 8, "B", "on_track", False]),
    # SEN 2 + 1, KEN 4 + 0, MLI not available; r = 7/33.3
    "5.1.c": ([7, None, 7, None, None, None], [2, 0, 4, 4 / 8, "B", "off_track", False]),
    # SEN alone: KEN sent nobody, Rwanda is no member, UGA came before 2022; r = 1/30
    "5.2.a": ([1, None, 1, 1, None, None], [None, None, None, 1, "A", "off_track", True]),
    # W2, on the last day of the quarter; due 2023Q4, T 3, e = 2/6: r = 1
    "5.3.a": ([1, None, 1, 1, None, None], [None, None, None, 1, "A", "on_track", True]),
    # SEN 2 + 3, MLI 0 + 1; r = 6/40
    "5.3.b": ([6, None, 6, 6, None, None], [None, None, None, 1, "A", "off_track", True]),
    # (2 returns + SEN's questionnaire) of (4 + 3 asked), UGA's came the day after the cut-off; below 53.28
    "6.1.a": ([300 / 7, None, 300 / 7, 300 / 7, None, None], [2, 0, 4, 1, "A", "off_track", True]),
}


@pytest.mark.parametrize("kpi", WORKED)
def test_a_kpi_is_what_it_is_by_hand(measured, kpi):
    figures, behind = WORKED[kpi]
    row = {"quarter": NOW, "scope": "PAPU", "kpi": kpi}
    found = cells(measured.kpis, FIGURES, **row)
    assert [cell is None for cell in found] == [cell is None for cell in figures]
    assert [cell for cell in found if cell is not None] == pytest.approx([c for c in figures if c is not None])
    assert cells(measured.kpis, BEHIND, **row) == behind


def test_all_20_kpis_of_the_document_are_worked(plan):
    assert len(WORKED) == 20 and set(WORKED) <= {kpi.kpi for kpi in plan.kpis}


# By companion: value, share, and the members that answered its own question in 2022Q4.
COMPANIONS = {
    "1.1.b adopted_or_beyond": [3, None, 2],  # SEN, KEN, MLI carried
    "1.1.b cybersecurity": [(100 + 100 / 3) / 2, None, 1],  # SEN operational, MLI planned
    "2.1.a electrified": [100, 100 / 130, 1],  # SEN 80 of 90, MLI 20 of 40
    "2.1.a networked": [None, None, 0],
    "2.1.a cloud_production": [1, None, 2],
    "2.2.a server": [11, 11 / 24, 2],  # 5 of 10, 4 of 10, 2 of 4
    "2.2.a printer": [10, 10 / 14, 2],  # 10 of 10 (12 work), 0 of 0, 0 of 4
    "2.2.a scanner": [0, None, 2],  # nothing required: no share
    "2.2.a scale": [None, None, 0],
    "2.2.a fully_equipped": [0, None, 2],
    "2.3.a shared_information": [2, None, 2],  # KEN and MLI, once
    "2.3.a uses_guidelines": [1, None, 1],
    "3.1.a epost": [4, None, 2],
    "3.1.a efinance": [2, None, 2],  # an NA is 0 here, and so a report
    "3.1.a all_families": [1, None, 2],
    "3.1.a distinct_services": [6, None, 2],
    "3.1.b named_by_one": [4, None, 2],  # trade finance health education
    "3.2.a ecompro": [160 / 3, None, 2],  # 40, 100, 20
    "3.3.a dre": [1, None, 2],
    "3.3.a payments": [1, None, 0],
    "4.1.a software": [2, None, 2],
    "4.1.a application": [1, None, 2],
    "4.1.a members": [2, None, 2],
    "4.2.a exhibition": [1, None, 2],
    "4.2.a competition": [0, None, 2],
    "4.2.b adoptions": [2, None, 2],  # KEN and MLI
    "5.1.a capacity_building": [5, None, 1],  # in the quarter alone
    "5.1.a women": [None, None, 0],
    "6.1.a monitoring": [50, None, 2],
    "6.1.a on_time": [25, None, 2],  # SEN by 30 January
    "6.1.a with_late": [50, None, 2],
    "6.1.a meetings": [1, 0.5, 2],
    "6.1.a feedback": [None, None, 0],
}


@pytest.mark.parametrize("name", COMPANIONS)
def test_a_companion_is_what_it_is_by_hand(measured, name):
    kpi, component = name.split()
    key = {"quarter": NOW, "scope": "PAPU", "kpi": kpi, "component": component}
    found, expected = cells(measured.components, "value share n_reported", **key), COMPANIONS[name]
    assert [cell is None for cell in found] == [cell is None for cell in expected]
    assert [cell for cell in found if cell is not None] == pytest.approx([c for c in expected if c is not None])


def test_every_measure_has_a_companion_worked(plan):
    worked = {tuple(name.split()) for name in COMPANIONS}
    measures = {c.measure for c in plan.companions}
    assert {c.measure for c in plan.companions if (c.kpi, c.component) in worked} == measures


@pytest.mark.parametrize(
    ("scope", "kpi", "figures", "status"),
    [
        # SEN 60 of 90, MLI 10 of 40 carried: D = 130; b 0.6: off track, at 100/130 on track
        ("Western", "2.1.a", [70, 70 / 130, 60, 100, 60 / 130, 100 / 130, 1], "off_track"),
        # KEN 120 of 180, UGA's 50: D = 230; r = (0.6667 - 0.6)/0.1 = 0.667
        ("Eastern", "2.1.a", [120, 120 / 180, 120, 170, 120 / 230, 170 / 230, 200 / 250], "at_risk"),
        # (1 return + 1 questionnaire) of (2 + 1)
        ("Western", "6.1.a", [200 / 3, None, 200 / 3, 200 / 3, None, None, 1], "achieved"),
        # (1 + 0) of (2 + 2)
        ("Eastern", "6.1.a", [25, None, 25, 25, None, None, 1], "off_track"),
        ("Western", "1.1.b", [2, None, 1, 2, None, None, 1], "not_assessable"),
        # three members must name a sector in a region too
        ("Western", "3.1.b", [0, None, 0, 12, None, None, 1], "not_assessable"),
        ("Western", "5.2.a", [1, None, 1, 1, None, None, 1], "not_assessable"),
        ("Eastern", "5.3.b", [0, None, 0, 0, None, None, 1], "not_assessable"),
        ("Western", "5.3.a", [None] * 7, "not_assessable"),
        ("Western", "1.1.a", [None] * 7, "not_assessable"),
        ("Eastern", "2.3.a", [None] * 7, "not_assessable"),
    ],
)
def test_a_regions_row_has_the_same_rules(measured, scope, kpi, figures, status):
    key = {"quarter": NOW, "scope": scope, "kpi": kpi}
    found = cells(measured.kpis, f"{FIGURES} coverage", **key)
    assert [cell is None for cell in found] == [cell is None for cell in figures]
    assert [cell for cell in found if cell is not None] == pytest.approx([c for c in figures if c is not None])
    assert cells(measured.kpis, "status", **key) == [status]


def test_a_region_has_a_target_only_where_it_is_a_share_or_a_percentage(measured):
    western = measured.kpis[(measured.kpis["scope"] == "Western") & (measured.kpis["quarter"] == NOW)]
    with_target = western[western["target"].notna()]
    assert set(with_target["kpi"]) == {"2.1.a", "2.2.a", "3.2.a", "5.1.a", "6.1.a"}
    assert set(with_target["target_status"]) == {"proposed"}
    assert set(western[western["target"].isna()]["target_status"]) == {""}


def test_regions_add_up_to_the_union_for_sums(measured):
    now = measured.kpis[measured.kpis["quarter"] == NOW]
    for kpi in ("1.1.b", "2.1.a", "3.1.a", "3.3.a", "4.1.a", "4.2.a", "5.1.a", "5.1.b", "5.1.c", "5.2.a", "5.3.b"):
        of = now[now["kpi"] == kpi].set_index("scope")["value"].astype(float)
        assert of.drop("PAPU").sum() == pytest.approx(of["PAPU"]), kpi


def test_members_values_are_the_known_ones_of_stocks_and_the_reported_ones_of_flows(measured):
    rows = measured.member_values[measured.member_values["quarter"] == NOW]
    said = {
        kpi: [(r.member, r.value, r.denominator, r.basis, r.source_quarter) for r in part.itertuples()]
        for kpi, part in rows.astype(object).where(rows.notna(), None).groupby("kpi")
    }
    assert set(said) == {"1.1.b", "2.1.a", "2.2.a", "3.1.a", "3.1.b", "3.2.a", "5.1.a", "5.1.b", "5.1.c"}
    assert sorted(said["2.1.a"]) == [
        ("KEN", 120, 180, "reported", NOW), ("MLI", 10, 40, "carried", THEN), ("SEN", 60, 90, "reported", NOW),
    ]  # fmt: skip
    assert [(member, one, whole) for member, one, whole, *_ in sorted(said["5.1.a"])] == [
        ("KEN", 90, None), ("MLI", 30, 400), ("SEN", 100, 1000),
    ]  # fmt: skip
    assert [(member, one, whole) for member, one, whole, *_ in sorted(said["1.1.b"])] == [
        ("KEN", 0, None), ("MLI", 1, None), ("SEN", 1, None),
    ]  # fmt: skip
    assert [(member, one) for member, one, *_ in sorted(said["3.1.b"])] == [("KEN", 3), ("MLI", 2), ("SEN", 2)]
    assert [(member, one) for member, one, *_ in said["5.1.b"]] == [("SEN", 2)]


# --- carrying ---------------------------------------------------------------------------------------------------


def quarterly(first: str, last: str, member: str = "KEN", **answers: object) -> dict[tuple[str, str], Sent]:
    """Return one return a quarter of a member, received five days after the quarter."""
    following = zip(quarters_between(first, last), quarters_between(first, "2026Q1")[1:], strict=False)
    days = {q: f"{then[:4]}-{3 * int(then[5]) - 2:02}-05" for q, then in following}
    return {(q, member): Sent(day, answers) for q, day in days.items()}


def test_a_value_is_carried_for_four_quarters_and_dropped_after(build):
    sent = {("2022Q3", "SEN"): Sent("2022-10-05", {"offices_total": 90, "offices_connected": 60})}
    world = build(sent | quarterly("2022Q3", "2023Q4", offices_total=180, offices_connected=120))
    rows = world.measure("2023Q4").kpis
    found = [
        cells(rows, "value n_reported n_carried", quarter=q, scope="PAPU", kpi="2.1.a")
        for q in quarters_between("2022Q3", "2023Q4")
    ]
    assert found == [[180, 2, 0], [180, 1, 1], [180, 1, 1], [180, 1, 1], [180, 1, 1], [120, 1, 0]]
    values = world.measure("2023Q3").member_values
    assert cells(values, "basis source_quarter", quarter="2023Q3", member="SEN", kpi="2.1.a") == ["carried", "2022Q3"]


def test_the_cap_is_the_last_known_total_at_any_age(build):
    sent = {("2022Q3", "SEN"): Sent("2022-10-05", {"offices_total": 90, "offices_connected": 60})}
    world = build(sent | quarterly("2022Q3", "2023Q4", offices_total=180, offices_connected=120))
    # SEN's 90 of five quarters ago; references of MLI and UGA 50 each: 120 + 90 + 50 + 50
    assert cells(world.measure("2023Q4").kpis, "upper", quarter="2023Q4", scope="PAPU", kpi="2.1.a") == [310]


def test_a_cap_is_not_known_before_it_was_reported(build):
    sent = quarterly("2022Q4", "2022Q4", "SEN", offices_total=90)
    world = build(sent | quarterly("2022Q3", "2022Q4", offices_total=180, offices_connected=120))
    rows = world.measure("2022Q4").kpis
    # SEN by its reference of 100 in 2022Q3, by its own 90 in 2022Q4
    uppers = [cells(rows, "upper", quarter=q, scope="PAPU", kpi="2.1.a") for q in ("2022Q3", "2022Q4")]
    assert uppers == [[120 + 100 + 50 + 50], [120 + 90 + 50 + 50]]


def test_a_cap_is_never_below_the_value_carried_in_the_sum_nor_in_its_share(build):
    sent = {
        ("2022Q3", "SEN"): Sent("2022-10-05", {"offices_total": 90, "offices_connected": 60}),
        ("2022Q4", "SEN"): Sent("2023-01-05", {"offices_total": 50}),
    }
    world = build(sent | quarterly("2022Q3", "2022Q4", offices_total=180, offices_connected=120))
    found = cells(world.measure("2022Q4").kpis, FIGURES, quarter="2022Q4", scope="PAPU", kpi="2.1.a")
    # SEN stands in with its 60, not with 50: 120 + 60 + 50 + 50 of D = 180 + 60 + 50 + 50
    assert found == pytest.approx([180, 180 / 270, 120, 280, 120 / 340, 280 / 340])


@pytest.mark.parametrize(("cell", "value"), [("NA", 120), ("ND", 180), (None, 180), ("x", 180), (50, 170)])
def test_nothing_is_carried_past_an_na(build, cell, value):
    sent = {
        ("2022Q3", "SEN"): Sent("2022-10-05", {"offices_total": 90, "offices_connected": 60}),
        ("2022Q4", "SEN"): Sent("2023-01-05", {"offices_total": 90, "offices_connected": cell}),
    }
    world = build(sent | quarterly("2022Q3", "2023Q1", offices_total=180, offices_connected=120))
    assert cells(world.measure("2023Q1").kpis, "value", quarter="2023Q1", scope="PAPU", kpi="2.1.a") == [value]


def test_a_value_and_its_total_come_from_one_return(build):
    sent = {
        ("2022Q3", "SEN"): Sent("2022-10-05", {"offices_total": 90, "offices_connected": 60}),
        ("2022Q4", "SEN"): Sent("2023-01-05", {"offices_total": 80}),
    }
    world = build(sent | quarterly("2022Q3", "2022Q4", offices_total=180, offices_connected=120))
    found = cells(world.measure("2022Q4").kpis, "value share", quarter="2022Q4", scope="PAPU", kpi="2.1.a")
    assert found == [180, 180 / 270]


def test_companions_of_a_stock_are_carried_like_it(build):
    sent = {("2022Q3", "SEN"): Sent("2022-10-05", {"offices_total": 90, "offices_networked": 30})}
    rows = build(sent | quarterly("2022Q4", "2023Q4", offices_total=180)).measure("2023Q4").components
    key = {"scope": "PAPU", "kpi": "2.1.a", "component": "networked"}
    assert cells(rows, "value share n_reported", quarter="2023Q3", **key) == [30, 30 / 90, 0]
    assert cells(rows, "value share n_reported", quarter="2023Q4", **key) == [None, None, 0]


# --- quarters without returns, and the first ones ---------------------------------------------------------------


@pytest.fixture(scope="module")
def with_gap(build):
    """Return the tables of 2023Q1 of a world without any return in 2022Q4."""
    sent = quarterly("2022Q3", "2022Q3", **SENT[NOW, "SEN"].answers) | quarterly("2023Q1", "2023Q1", offices_total=180)
    return build(sent, **ROWS).measure("2023Q1")


@pytest.mark.parametrize("kpi", ["1.1.b", "2.1.a", "2.2.a", "3.1.a", "3.1.b", "3.2.a", "3.3.a", "4.1.a", "4.1.b",
                                 "4.2.a", "4.2.b", "5.1.a", "5.1.b", "5.1.c"])  # fmt: skip
def test_in_a_quarter_without_returns_what_rests_on_them_is_blank(with_gap, kpi):
    key = {"quarter": NOW, "scope": "PAPU", "kpi": kpi}
    assert cells(with_gap.kpis, f"{FIGURES} n_reported n_carried coverage robust", **key) == [None] * 10
    assert cells(with_gap.kpis, "coverage_class status", **key) == ["", "not_assessable"]
    components = with_gap.components[(with_gap.components["quarter"] == NOW) & (with_gap.components["kpi"] == kpi)]
    assert components[["value", "share", "n_reported"]].isna().all(axis=None)


def test_in_a_quarter_without_returns_registers_and_the_rate_are_computed_as_always(with_gap):
    values = {
        kpi: cells(with_gap.kpis, "value coverage_class", quarter=NOW, scope="PAPU", kpi=kpi)
        for kpi in ("1.1.a", "2.3.a", "5.2.a", "5.3.a", "5.3.b", "6.1.a")
    }
    # 6.1.a: 1 questionnaire of 4 members and 3 asked
    assert values["6.1.a"] == [pytest.approx(100 / 7), "A"]
    assert [values[kpi][0] for kpi in ("1.1.a", "2.3.a", "5.2.a", "5.3.a", "5.3.b")] == [1, 0, 1, 1, 6]
    key = {"quarter": NOW, "scope": "PAPU", "kpi": "6.1.a"}
    assert cells(with_gap.components, "value n_reported", component="monitoring", **key) == [0, 0]


def test_in_a_quarter_without_returns_there_are_no_members_values_and_the_change_counts_a_blank_as_0(with_gap):
    assert NOW not in set(with_gap.member_values["quarter"])
    rows = with_gap.changes[(with_gap.changes["scope"] == "PAPU") & (with_gap.changes["kpi"] == "2.1.a")]
    columns = ["quarter", "before", "revisions", "matched", "carried_effect", "entered", "left", "after"]
    assert rows[columns].to_numpy().tolist() == [
        [NOW, 60, 0, 0, 0, 0, -60, 0],
        ["2023Q1", 0, 0, 0, 0, 60, 0, 60],
    ]


def test_a_carried_value_passes_over_a_quarter_without_returns(with_gap):
    assert cells(with_gap.kpis, "value n_carried", quarter="2023Q1", scope="PAPU", kpi="2.1.a") == [60, 1]


@pytest.mark.parametrize(
    ("first", "begins"), [("2022Q2", "2022Q2"), ("2022Q3", "2022Q3"), ("2023Q1", "2022Q3"), ("2022Q1", "2022Q1")]
)
def test_the_tables_begin_with_2022q3_or_the_first_collected_if_earlier(build, first, begins):
    rows = build(quarterly(first, "2023Q1", offices_connected=60)).measure("2023Q1").kpis
    assert sorted(set(rows["quarter"])) == quarters_between(begins, "2023Q1")
    assert len(rows) == len({*rows["kpi"]}) * 6 * len(quarters_between(begins, "2023Q1"))  # the Union, five regions


def test_before_2022q3_there_is_no_status(build):
    rows = build(quarterly("2022Q2", "2022Q3", offices_connected=60)).measure("2022Q3").kpis
    assert set(rows[rows["quarter"] == "2022Q2"]["status"]) == {""}
    assert "" not in set(rows[rows["quarter"] == "2022Q3"]["status"])


def test_without_any_return_the_bounds_of_nothing_are_not_given_and_the_rate_is_0(build):
    rows = build({}).measure("2022Q3").kpis
    assert cells(rows, "value lower upper status", quarter="2022Q3", scope="PAPU", kpi="2.1.a") == [
        None, None, None, "not_assessable",
    ]  # fmt: skip
    assert cells(rows, "value status", quarter="2022Q3", scope="PAPU", kpi="6.1.a") == [0, "off_track"]


def test_when_no_member_is_known_the_value_is_blank_and_the_bounds_are_given(build):
    rows = build(quarterly("2022Q3", "2022Q3", offices_total=180)).measure("2022Q3").kpis

    def figure(kpi: str) -> list[object]:
        return cells(rows, "value lower upper", quarter="2022Q3", scope="PAPU", kpi=kpi)

    assert figure("1.1.b") == [None, 0, 4]
    assert figure("2.1.a") == [None, 0, 100 + 50 + 180 + 50]  # KEN's own total, else the references
    assert figure("3.1.a") == [None, 0, 96]
    assert figure("2.2.a") == [None, 0, 100]
    assert figure("3.1.b") == [None, 0, 12]
    assert figure("3.3.a") == [None, 0, 4]
    assert figure("4.1.b") == [None, 0, None]
    assert figure("5.1.b") == [None, 0, None]


# --- flows, ever, items: since the first collected ---------------------------------------------------------------


def everyone(first: str, last: str, **answers: object) -> dict[tuple[str, str], Sent]:
    return {key: one for member in REFERENCES for key, one in quarterly(first, last, member, **answers).items()}


def test_a_flow_has_an_upper_bound_when_every_member_reported_every_quarter(build):
    sent = everyone("2022Q3", "2022Q4", audits_completed=2)
    found = cells(build(sent).measure("2022Q4").kpis, "value lower upper coverage", quarter="2022Q4", scope="PAPU",
                  kpi="5.1.b")  # fmt: skip
    assert found == [16, 16, 16, 1]


def test_flows_count_members_of_the_flows_quarter_and_items_members_of_the_last(build, plan):
    members = [replace(plan.by_iso3[m], member_to=date(2022, 12, 30) if m == "UGA" else date.max) for m in REFERENCES]
    hackathon = (Item("hackathon", "H-1", "", ""),)
    sent = {key: replace(one, items=()) for key, one in everyone("2022Q3", "2022Q4", audits_completed=2).items()}
    sent["2022Q3", "UGA"] = replace(sent["2022Q3", "UGA"], items=hackathon)
    del sent["2022Q4", "UGA"]
    rows = build(sent, of=members).measure("2022Q4").kpis
    # 4 members in 2022Q3, 3 in 2022Q4: 7 × 2; the event of a member that left is not seen
    assert cells(rows, "value upper n_expected", quarter="2022Q4", scope="PAPU", kpi="5.1.b") == [14, 14, 3]
    assert cells(rows, "value n_expected", quarter="2022Q4", scope="PAPU", kpi="4.1.b") == [0, 3]
    assert cells(rows, "value n_expected", quarter="2022Q3", scope="PAPU", kpi="4.1.b") == [1, 4]


def test_a_member_that_joined_later_was_expected_from_then_on(build, plan):
    members = [plan.by_iso3[m] for m in ("SEN", "MLI", "KEN")]
    members.append(replace(plan.by_iso3["UGA"], member_from=date(2022, 12, 1)))
    sent = {key: replace(one, items=()) for key, one in everyone("2022Q3", "2022Q4").items()}
    del sent["2022Q3", "UGA"]
    rows = build(sent, of=members).measure("2022Q4").kpis
    assert cells(rows, "coverage n_expected", quarter="2022Q3", scope="PAPU", kpi="4.1.b") == [1, 3]
    assert cells(rows, "coverage n_expected", quarter="2022Q4", scope="PAPU", kpi="4.1.b") == [1, 4]


def test_a_project_that_one_quarter_denies_was_still_implemented(build):
    sent = quarterly("2022Q3", "2022Q3", "SEN", project_fitaf="completed")
    sent |= quarterly("2022Q4", "2022Q4", "SEN", project_fitaf="none")
    sent |= quarterly("2022Q4", "2022Q4", "KEN", project_fitaf="agreed")
    rows = build(sent).measure("2022Q4").kpis
    # KEN's one answer says it all, though it sent none in 2022Q3: 1 + MLI + UGA
    assert cells(rows, "value lower upper", quarter="2022Q4", scope="PAPU", kpi="3.3.a") == [1, 1, 3]


def test_an_event_without_a_reference_is_told_apart_by_member_and_title(build):
    part = (Item("hackathon", "", "Hack d'été", ""), Item("hackathon", " ", "HACK d’ete!", ""),
            Item("hackathon", "", "", ""))  # fmt: skip
    sent = {(NOW, member): Sent("2023-01-05", {}, part) for member in ("SEN", "KEN")}
    assert cells(build(sent).measure(NOW).kpis, "value", quarter=NOW, scope="PAPU", kpi="4.1.b") == [2]


# --- milestones -------------------------------------------------------------------------------------------------


def test_the_digital_model_is_achieved_with_stage_4_and_all_its_parts(build, plan):
    parts = frozenset(plan.part_codes("1.1"))
    rows = [
        {"quarter": "2022Q3", "product": "digital_model", "stage": 4, "parts": parts - {"ecosystem"}},
        {"quarter": "2022Q4", "product": "digital_model", "stage": 4, "parts": parts},
        {"quarter": "2023Q1", "product": "digital_model", "stage": 5, "parts": parts, "recorded_on": date(2023, 9, 1)},
    ]
    found = build({}, milestones=rows).measure("2023Q1").kpis
    stages = [
        cells(found, "value status", quarter=q, scope="PAPU", kpi="1.1.a") for q in ("2022Q3", "2022Q4", "2023Q1")
    ]
    assert stages == [[4, "on_track"], [4, "achieved"], [4, "achieved"]]


# --- the response rate ------------------------------------------------------------------------------------------


def test_the_rate_of_each_quarter_is_of_its_own_first_cutoff(build):
    sent = {("2022Q3", "SEN"): Sent("2022-10-30", {"offices_total": 90}),
            ("2022Q3", "KEN"): Sent("2022-11-14", {"offices_total": 180}),
            ("2022Q3", "MLI"): Sent("2022-11-15", {"offices_total": 40})}  # fmt: skip
    found = build(sent).measure("2022Q3", as_of="2023-06-30")
    key = {"quarter": "2022Q3", "scope": "PAPU", "kpi": "6.1.a"}
    assert cells(found.kpis, "value n_reported", **key) == [50, 2]
    parts = {part: cells(found.components, "value n_reported", component=part, **key)
             for part in ("monitoring", "on_time", "with_late")}  # fmt: skip
    assert parts == {"monitoring": [50, 2], "on_time": [25, 2], "with_late": [75, 3]}


def test_an_edition_before_the_first_cutoff_takes_its_own_date(build):
    sent = {("2022Q3", "SEN"): Sent("2022-10-10", {"offices_total": 90}),
            ("2022Q3", "KEN"): Sent("2022-10-20", {"offices_total": 180})}  # fmt: skip
    found = build(sent).measure("2022Q3", as_of="2022-10-15")
    assert cells(found.kpis, "value n_reported", quarter="2022Q3", scope="PAPU", kpi="6.1.a") == [25, 1]


def test_the_first_accepted_version_says_when_a_member_answered(build):
    versions = [Sent("2022-10-30", {"offices_total": 90}), Sent("2022-12-24", {"offices_total": 91})]
    found = build({("2022Q3", "SEN"): versions}).measure("2022Q3", as_of="2022-12-31")
    key = {"quarter": "2022Q3", "scope": "PAPU", "kpi": "6.1.a"}
    for part in ("monitoring", "on_time"):
        assert cells(found.components, "value", component=part, **key) == [25]


@pytest.mark.parametrize(("day", "rate"), [(date(2022, 11, 14), 20), (date(2022, 11, 15), 0), (None, 0)])
def test_a_questionnaire_counts_as_returned_until_the_day_of_the_cutoff(build, day, rate):
    row = {"questionnaire": "E1", "member": "SEN", "due_on": date(2022, 8, 31), "returned_on": day}
    found = build({}, questionnaires=[row]).measure("2022Q3", as_of="2023-06-30")
    assert cells(found.kpis, "value", quarter="2022Q3", scope="PAPU", kpi="6.1.a") == [rate]  # of 4 + 1 asked


def test_a_questionnaire_recorded_after_the_cutoff_was_not_asked_by_then(build):
    row = {"questionnaire": "E1", "member": "SEN", "due_on": date(2022, 8, 31), "returned_on": date(2022, 8, 20)}
    for day, rate in ((date(2022, 11, 14), 20), (date(2022, 11, 15), 0)):  # 1 of 4 + 1 asked; not asked yet
        found = build({}, questionnaires=[row | {"recorded_on": day}]).measure("2022Q3", as_of="2023-06-30")
        assert cells(found.kpis, "value", quarter="2022Q3", scope="PAPU", kpi="6.1.a") == [rate]


# --- changes and revisions --------------------------------------------------------------------------------------

SOURCES = "before revisions matched carried_effect entered left after"


def connected(received: str, offices: int) -> Sent:
    return Sent(received, {"offices_total": 200, "offices_connected": offices})


@pytest.fixture(scope="module")
def revised(build):
    """Return the tables of 2022Q4 as of 2023-03-01, after a revision and a late return for 2022Q3."""
    return build(
        {
            ("2022Q3", "SEN"): [connected("2022-10-10", 60), connected("2023-01-20", 55)],
            ("2022Q3", "MLI"): connected("2022-12-01", 10),
            ("2022Q3", "KEN"): connected("2022-10-12", 120),
            ("2022Q4", "SEN"): connected("2023-01-10", 70),
            ("2022Q4", "UGA"): connected("2023-02-20", 30),
        }
    ).measure("2022Q4", as_of="2023-03-01")


def test_a_change_is_split_into_its_sources(revised):
    # 2022Q3: 60 + 120 = 180 at its first cut-off, 55 + 120 + 10 = 185 now; SEN 55 → 70 reported in both; KEN and MLI
    # carried as they were; UGA came in; 2022Q4: 70 + 120 + 10 + 30 = 230
    found = cells(revised.changes, SOURCES, quarter="2022Q4", scope="PAPU", kpi="2.1.a")
    assert found == [180, 5, 15, 0, 30, 0, 230]


def test_a_change_begins_with_the_second_quarter_and_adds_up_exactly_everywhere(revised):
    assert set(revised.changes["quarter"]) == {"2022Q4"}
    assert set(revised.changes["kpi"]) == {"2.1.a", "3.1.a", "5.1.a"}
    sources = revised.changes[SOURCES.split()].astype(float)
    assert (sources.drop(columns="after").sum(axis=1) == sources["after"]).all()


def test_what_changed_by_carrying_is_told_apart_from_what_was_reported_in_both(build):
    sent = {
        ("2022Q3", "SEN"): connected("2022-10-10", 60),
        ("2022Q4", "KEN"): connected("2023-01-10", 120),
        ("2023Q1", "SEN"): connected("2023-04-10", 75),
    }
    rows = build(sent).measure("2023Q1").changes
    # 2022Q4: SEN 60 carried, KEN came in. 2023Q1: SEN carried → 75 reported, KEN carried
    assert cells(rows, SOURCES, quarter="2022Q4", scope="PAPU", kpi="2.1.a") == [60, 0, 0, 0, 120, 0, 180]
    assert cells(rows, SOURCES, quarter="2023Q1", scope="PAPU", kpi="2.1.a") == [180, 0, 0, 15, 0, 0, 195]


def test_a_member_dropped_after_four_quarters_left(build):
    sent = {("2022Q3", "SEN"): connected("2022-10-10", 60)}
    sent |= quarterly("2022Q3", "2023Q4", offices_total=180, offices_connected=120)
    rows = build(sent).measure("2023Q4").changes
    assert cells(rows, SOURCES, quarter="2023Q4", scope="PAPU", kpi="2.1.a") == [180, 0, 0, 0, 0, -60, 120]


def test_before_is_never_taken_at_a_date_after_the_editions_own(build):
    sent = {("2022Q3", "SEN"): connected("2022-10-10", 60), ("2022Q3", "KEN"): connected("2022-11-10", 120),
            ("2022Q4", "SEN"): connected("2022-10-20", 60)}  # fmt: skip
    rows = build(sent).measure("2022Q4", as_of="2022-11-01").changes
    assert cells(rows, SOURCES, quarter="2022Q4", scope="PAPU", kpi="2.1.a") == [60, 0, 0, 0, 0, 0, 60]


def test_what_is_no_longer_what_it_was_at_its_first_cutoff_is_listed(revised):
    rows = revised.revisions
    assert cells(rows, "first now", quarter="2022Q3", scope="PAPU", kpi="2.1.a", figure="value") == [180, 185]
    assert cells(rows, "first now", quarter="2022Q4", scope="Eastern", kpi="2.1.a", figure="value") == [120, 150]
    assert set(rows["kpi"]) == {"2.1.a"}


def test_a_milestone_recorded_after_the_first_cutoff_is_a_revision(build):
    rows = [{"quarter": "2022Q3", "product": "digital_model", "stage": 2, "parts": frozenset(),
             "recorded_on": date(2022, 11, 15)}]  # fmt: skip
    found = build({}, milestones=rows).measure("2022Q3", as_of="2023-06-30").revisions
    assert cells(found, "first now", quarter="2022Q3", scope="PAPU", kpi="1.1.a", figure="value") == [0, 2]
    assert set(found["causes"]) == {"register"}


def test_a_revision_names_the_members_that_caused_it_and_how(build):
    sent = {("2022Q3", "SEN"): connected("2022-10-10", 60), ("2022Q3", "KEN"): connected("2022-12-10", 120)}
    late = build(sent).measure("2022Q3", as_of="2023-06-30").revisions
    assert cells(late, "causes", quarter="2022Q3", scope="PAPU", kpi="2.1.a", figure="value") == ["late:KEN"]
    assert "Western" not in set(late["scope"])


def causes(world: World, kpi: str, *, quarter: str = NOW, scope: str = "PAPU", figure: str = "value") -> str:
    """Return why a figure is, half a year later, not what was first published."""
    rows = world.measure(NOW, as_of="2023-08-31").revisions
    return cells(rows, "causes", quarter=quarter, scope=scope, kpi=kpi, figure=figure)[0]


LATE = "2023-03-20"  # after the first cut-off of 2022Q4


def solutions(received: str, *references: str, kind: str = "solution", **answers: object) -> Sent:
    return Sent(received, answers, tuple(Item(kind, reference, "", "software") for reference in references))


def test_a_late_return_without_an_item_is_no_cause_of_a_change_of_items(build):
    sent = {(NOW, "SEN"): solutions("2023-01-10", "S-1"), (NOW, "KEN"): solutions(LATE, "S-2"),
            (NOW, "UGA"): solutions(LATE), (NOW, "MLI"): solutions(LATE, "H-1", kind="hackathon")}  # fmt: skip
    assert causes(build(sent), "4.1.a") == "late:KEN"
    assert causes(build(sent), "4.1.b") == "late:MLI"


def test_a_late_return_that_names_an_event_already_told_is_no_cause(build):
    sent = {(NOW, "SEN"): solutions("2023-01-10", "H-1", kind="hackathon"),
            (NOW, "KEN"): solutions(LATE, "H-1", kind="hackathon"),
            (NOW, "UGA"): solutions(LATE, "H-1", "H-2", kind="hackathon")}  # fmt: skip
    assert causes(build(sent), "4.1.b") == "late:UGA"


def test_a_late_return_that_repeats_the_value_carried_is_no_cause(build):
    sent = {(THEN, "SEN"): connected("2022-10-10", 60), (NOW, "SEN"): connected(LATE, 60),
            (NOW, "MLI"): connected("2023-01-10", 10), (NOW, "KEN"): connected(LATE, 120)}  # fmt: skip
    assert [causes(build(sent), "2.1.a", figure=figure) for figure in ("value", "share")] == ["late:KEN", "late:KEN"]


def test_a_total_revised_changes_the_share_alone(build):
    sent = {(NOW, "SEN"): [connected("2023-01-10", 60), Sent(LATE, {"offices_total": 90, "offices_connected": 60})],
            (NOW, "KEN"): Sent(LATE, {"offices_connected": 120})}  # fmt: skip
    assert causes(build(sent), "2.1.a") == "late:KEN"
    assert causes(build(sent), "2.1.a", figure="share") == "revised:SEN"


def test_a_late_0_changes_a_mean_but_no_sum(build):
    offers = {"ipp_ecompro": FIVE, "ipp_tracked": FIVE, "ipp_small_packets": FIVE, "services_epost": "hybrid_mail",
              "services_ecommerce": "none", "services_egovernment": "none", "services_efinance": "none"}  # fmt: skip
    nothing = dict.fromkeys(offers, "none")
    sent = {
        (NOW, "SEN"): Sent("2023-01-10", offers),
        (NOW, "KEN"): Sent(LATE, nothing),
        (NOW, "UGA"): Sent(LATE, offers),
    }
    assert causes(build(sent), "3.1.a") == "late:UGA"
    assert causes(build(sent), "3.2.a") == "late:KEN late:UGA"


def test_the_sectors_that_three_name_now_are_what_counts(build):
    said = {"SEN": ("2023-01-10", "trade finance"), "KEN": ("2023-01-10", "trade"), "UGA": (LATE, "trade"),
            "MLI": (LATE, "health")}  # fmt: skip
    sent = {(NOW, member): Sent(day, {"sectors_benefiting": codes}) for member, (day, codes) in said.items()}
    assert causes(build(sent), "3.1.b") == "late:UGA"


def test_a_confirmation_is_no_revised_return(build):
    def world(ken: Mapping[str, object], **more: Sent) -> World:
        sent = {"SEN": connected("2022-10-10", 60), "KEN": Sent("2022-10-12", ken)} | more
        return build({(THEN, member): one for member, one in sent.items()})

    total = {"offices_total": 900, "offices_connected": 120}  # withdrawn (V05) until it is confirmed
    withdrawn = world({"offices_connected": 120}).returns(date(2022, 11, 14))
    confirmed, day = world(total, MLI=connected("2022-12-01", 10)), date(2023, 6, 30)
    rows = compute_tables(confirmed.plan, confirmed.form, THEN, day, confirmed.returns(day), confirmed.registers,
                   {THEN: withdrawn}).revisions  # fmt: skip
    key = {"quarter": THEN, "kpi": "2.1.a", "figure": "share"}
    assert cells(rows, "causes", scope="Eastern", **key) == ["register:KEN"]
    assert cells(rows, "causes", scope="PAPU", **key) == ["late:MLI register:KEN"]


def test_the_return_behind_the_change_says_whether_it_was_late_or_revised(build):
    sent = {
        (THEN, "SEN"): [connected("2022-10-10", 60), connected(LATE, 65)],  # carried into 2022Q4
        (THEN, "MLI"): solutions(LATE, "S-1", audits_completed=3, project_dre="completed"),
        (NOW, "MLI"): solutions("2023-01-10", audits_completed=1, project_dre="none", **connected("", 10).answers),
        (NOW, "KEN"): connected(LATE, 120),
    }
    assert causes(build(sent), "2.1.a") == "late:KEN revised:SEN"
    assert [causes(build(sent), kpi) for kpi in ("3.3.a", "4.1.a", "5.1.b")] == ["late:MLI"] * 3


def test_not_applicable_ends_what_was_carried(build):
    sent = {("2022Q2", "SEN"): connected("2022-07-10", 60), (NOW, "KEN"): connected("2023-01-10", 120),
            (THEN, "SEN"): Sent(LATE, {"offices_total": "NA", "offices_connected": "NA"})}  # fmt: skip
    assert causes(build(sent), "2.1.a") == "late:SEN"


def test_a_member_that_has_left_since_still_changes_its_old_quarters_flow(build, plan):
    members = [plan.by_iso3[m] for m in ("SEN", "MLI", "KEN")]
    members.append(replace(plan.by_iso3["UGA"], member_to=date(2022, 12, 1)))
    sent = {(NOW, "SEN"): Sent("2023-01-10", {"training_sessions": 2}),
            (THEN, "UGA"): Sent(LATE, {"training_sessions": 4})}  # fmt: skip
    assert causes(build(sent, of=members), "5.1.c") == "late:UGA"


def test_a_figure_first_blank_and_then_0_has_its_cause(build):
    sent = {(NOW, "SEN"): connected("2023-01-10", 60), (NOW, "KEN"): solutions(LATE, training_sessions=0),
            (NOW, "UGA"): Sent(LATE, {"roadmap_status": "adopted"})}  # fmt: skip
    assert [causes(build(sent), kpi) for kpi in ("1.1.b", "4.1.a", "5.1.c")] == ["late:UGA", "late:KEN", "late:KEN"]


def test_the_first_return_of_a_quarter_is_why_what_is_carried_has_a_figure(build):
    sent = {(THEN, "SEN"): connected("2022-10-10", 60), (NOW, "KEN"): Sent(LATE, {"training_sessions": 1})}
    assert causes(build(sent), "2.1.a", scope="Western") == "late:KEN"


@pytest.mark.parametrize(
    ("causes", "words"),
    [
        ("late:KEN late:MLI revised:SEN", "late returns: KEN, MLI; revised returns: SEN"),
        ("late:KEN register:MOZ", "late returns: KEN; confirmations: MOZ"),
        ("register", "rows of the registers"),
        ("", "–"),
        (None, "–"),
    ],
)
def test_the_causes_are_put_in_words(causes, words):
    assert describe_causes(causes, Translator("en")) == words


# --- KPIs that the document does not have -----------------------------------------------------------------------

ADDED = {
    (THEN, "MLI"): Sent("2022-10-20", {"offices_networked": 10, "offices_total": 40, "audits_completed": 2}),
    (NOW, "SEN"): Sent(
        "2023-01-20",
        {
            "offices_networked": 30, "offices_total": 90, "audits_completed": 4, "staff_women": 30, "staff_total": 100,
            "laptop_working": 5, "laptop_required": 10, "ipp_tracked": FIVE, "cloud_use": "production",
        },
    ),
    (NOW, "KEN"): Sent(
        "2023-01-20", {"offices_total": 180, "staff_women": 50, "staff_total": 100, "cloud_use": "none"}
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "source", "figures", "behind"),
    [
        # SEN 30 and MLI 10 carried; upper 30 + MLI's 40 + KEN's 180 + UGA's reference 50; share 40/130; D = 90 + 270;
        # coverage by reference offices, SEN 100 and MLI 50 of 400
        (
            "sum_known", "offices_networked over offices_total",
            [40, 40 / 130, 30, 300, 30 / 360, 300 / 360], [1, 1, 0.375],
        ),
        # nothing says how many audits the others may have
        ("sum_known", "audits_completed", [6, None, 4, None, None, None], [1, 1, 0.5]),
        # a total without a reference: a part is no more than its whole, and that is all
        ("sum_known", "laptop_working over laptop_required", [5, 0.5, 5, None, 0, 1], [1, 0, 0.25]),
        # SEN 30, KEN 50: 80/2; lower 80/4; upper 280/4
        ("mean_index", "staff_women over staff_total", [40, None, 20, 70, None, None], [2, 0, 0.5]),
        ("distinct_codes", "ipp_tracked", [0, None, 0, 5, None, None], [1, 0, 0.25]),
        # upper 1 + MLI, UGA
        ("count_known", "cloud_use in production", [1, None, 1, 3, None, None], [2, 0, 0.5]),
        # KEN, MLI and UGA did not report it in both quarters; coverage 2 of 8 member-quarters
        ("count_ever", "cloud_use in production", [1, None, 1, 4, None, None], [2, 0, 0.25]),
        ("sum_flow", "audits_completed", [6, None, 6, None, None, None], [1, 0, 0.25]),
    ],
)  # fmt: skip
def test_a_kpi_that_is_added_is_measured_by_its_source(build, plan, measure, source, figures, behind):
    added = replace(plan.by_kpi["2.1.a"], kpi="2.1.b", measure=measure, source=source)
    world = build(ADDED)
    rows = replace(world, plan=replace(world.plan, kpis=(*world.plan.kpis, added))).measure(NOW)
    row = {"quarter": NOW, "scope": "PAPU", "kpi": "2.1.b"}
    assert cells(rows.kpis, FIGURES, **row) == [None if one is None else pytest.approx(one) for one in figures]
    assert cells(rows.kpis, "n_reported n_carried coverage", **row) == behind
    assert ("2.1.b" in set(rows.changes["kpi"])) is (measure == "sum_known")


def test_a_sum_without_a_cap_is_bounded_once_every_member_has_reported(build, plan):
    added = replace(plan.by_kpi["2.1.a"], kpi="2.1.b", source="audits_completed")
    world = build({(NOW, member): Sent("2023-01-20", {"audits_completed": 2}) for member in REFERENCES})
    rows = replace(world, plan=replace(world.plan, kpis=(added,))).measure(NOW).kpis
    assert cells(rows, "value lower upper", quarter=NOW, scope="PAPU", kpi="2.1.b") == [8, 8, 8]
