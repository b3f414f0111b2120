"""Selections: the rows behind a figure, in the awkward cases as well as in the usual one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from helpers.plan import Plan, read_plan
from helpers.tables import queries, replies
from helpers.tables.pipeline import EditionTables
from helpers.tables.replies import LATE, NO_RETURN, ON_TIME
from invented import BLANK, COLUMNS, empty, invent
from present import UNION

NOW, BEFORE, YEAR_BEFORE = "2024Q3", "2024Q2", "2023Q3"


def with_values(rows: list[tuple], tables: EditionTables | None = None) -> EditionTables:
    """Return tables whose members' values are these: quarter, member, KPI, value, denominator, basis."""
    values = pd.DataFrame([(*row, row[0]) for row in rows], columns=COLUMNS["member_values"].split())
    return replace(tables or invent(), member_values=values)


# --- members in both quarters -----------------------------------------------------------------------------------


def test_matched_members_reported_in_both_quarters_and_what_was_carried_is_left_out():
    tables = with_values(
        [
            (BEFORE, "KEN", "3.1.a", 4.0, BLANK, "reported"), (NOW, "KEN", "3.1.a", 6.0, BLANK, "reported"),
            (BEFORE, "UGA", "3.1.a", 5.0, BLANK, "reported"), (NOW, "UGA", "3.1.a", 5.0, BLANK, "carried"),
            (BEFORE, "SEN", "3.1.a", 3.0, BLANK, "carried"), (NOW, "SEN", "3.1.a", 2.0, BLANK, "reported"),
            (NOW, "TUN", "3.1.a", 7.0, BLANK, "reported"),
        ]
    )  # fmt: skip
    rows = queries.select_matched(tables, "3.1.a")
    assert rows.to_dict("records") == [
        {"member": "KEN", "region": "Eastern", "before": 4.0, "now": 6.0, "change": 2.0, "named": True}
    ]


def test_a_share_is_compared_in_percent_and_a_member_without_its_total_is_left_out():
    tables = with_values(
        [
            (BEFORE, "KEN", "2.1.a", 50.0, 100.0, "reported"), (NOW, "KEN", "2.1.a", 60.0, 120.0, "reported"),
            (BEFORE, "UGA", "2.1.a", 50.0, 100.0, "reported"), (NOW, "UGA", "2.1.a", 25.0, 100.0, "reported"),
            (BEFORE, "SEN", "2.1.a", 50.0, BLANK, "reported"), (NOW, "SEN", "2.1.a", 60.0, 100.0, "reported"),
            (BEFORE, "TUN", "2.1.a", 0.0, 0.0, "reported"), (NOW, "TUN", "2.1.a", 0.0, 0.0, "reported"),
        ]
    )  # fmt: skip
    rows = queries.select_matched(tables, "2.1.a").set_index("member")
    assert rows["change"].to_dict() == {"KEN": 0.0, "UGA": -25.0}
    assert rows["named"].to_dict() == {"KEN": False, "UGA": True}


@pytest.mark.parametrize(
    ("value", "total"), [(50.0, 90.0), (50.0, 200.0), (49.0, 90.0), (51.0, 200.0)]
)  # a share that the total moved, the number not at all or the other way
def test_a_share_moves_only_where_its_number_does(value, total):
    rows = [(BEFORE, "KEN", "2.1.a", 50.0, 100.0, "reported"), (NOW, "KEN", "2.1.a", value, total, "reported")]
    assert queries.select_matched(with_values(rows), "2.1.a")["change"].tolist() == [0.0]


@pytest.mark.parametrize(("now", "change"), [(4_000.0, 0.0), (4_004.0, 0.0), (4_006.0, 0.06), (3_994.0, -0.06)])
def test_a_share_that_moved_less_than_a_figure_shows_is_unchanged(now, change):
    rows = [(q, "EGY", "5.1.a", value, 10_000.0, "reported") for q, value in ((BEFORE, 4_000.0), (NOW, now))]
    assert queries.select_matched(with_values(rows), "5.1.a")["change"].tolist() == pytest.approx([change])


def test_only_as_many_are_named_as_there_is_room_for_those_that_moved_most_and_ties_by_name():
    members = [member.member for member in read_plan().members_in(NOW, "Western")]
    rows = [(BEFORE, member, "3.1.a", 1.0, BLANK, "reported") for member in members]
    rows += [(NOW, m, "3.1.a", 9.0 if m == members[-1] else 3.0, BLANK, "reported") for m in members]
    matched = queries.select_matched(with_values(rows), "3.1.a")
    named = set(matched[matched["named"]]["member"])
    assert named == {members[-1], *sorted(members[:-1])[: queries.NAMED_MOST - 1]}


@pytest.mark.parametrize("tables", [invent("2022Q3"), empty()], ids=["first quarter", "nobody"])
def test_without_two_quarters_nobody_is_matched_and_no_region_compared(tables):
    assert queries.select_matched(tables, "2.1.a").empty
    assert queries.compare_regions(tables, "2.1.a") == ("", {})
    assert queries.select_waterfall(tables, "2.1.a") is None


def test_a_median_needs_two():
    rows = pd.DataFrame({"region": ["a", "a", "b", "c"], "level": [1.0, 4.0, 2.0, BLANK]})
    assert queries.find_medians(rows) == {"a": 2.5}


# --- regions and totals -----------------------------------------------------------------------------------------


def with_shares(known: dict[str, dict[str, float]]) -> EditionTables:
    """Return tables with the regions' shares of 2.1.a in these quarters, blank in all others, and no member's."""
    tables = invent()
    values = tables.member_values
    tables = replace(tables, member_values=values[values["kpi"] != "2.1.a"])
    here = tables.kpis["kpi"].eq("2.1.a")
    tables.kpis.loc[here, ["share", "coverage_class"]] = [BLANK, "A"]
    for quarter, shares in known.items():
        for region, share in shares.items():
            row = here & tables.kpis["quarter"].eq(quarter) & tables.kpis["scope"].eq(region)
            tables.kpis.loc[row, "share"] = share
    return tables


def test_regions_are_compared_on_the_members_known_in_both_quarters():
    tables = with_shares({NOW: {"Northern": 0.9}, YEAR_BEFORE: {"Northern": 0.1}})
    rows = [
        (YEAR_BEFORE, "DZA", 30.0, 100.0), (NOW, "DZA", 40.0, 100.0), (YEAR_BEFORE, "EGY", 10.0, 100.0),
        (NOW, "EGY", 20.0, 100.0), (NOW, "TUN", 100.0, 100.0),
    ]  # fmt: skip
    values = [(quarter, member, "2.1.a", part, whole, "reported") for quarter, member, part, whole in rows]
    found = queries.compare_regions(with_values(values, tables), "2.1.a")
    assert found == (YEAR_BEFORE, {"Northern": (20.0, 30.0)})
    assert queries.compare_panel(with_values(values, tables), "2.1.a", YEAR_BEFORE) == (20.0, 30.0, 2)


def test_regions_are_compared_with_a_year_before_or_else_the_first_quarter_known():
    usual = with_shares(
        {NOW: {"Northern": 0.5, "Southern": 0.4}, YEAR_BEFORE: {"Northern": 0.3}, "2022Q3": {"Southern": 0.1}}
    )
    assert queries.compare_regions(usual, "2.1.a") == (YEAR_BEFORE, {"Northern": (30.0, 50.0)})
    late = with_shares({NOW: {"Northern": 0.5, "Southern": 0.4}, "2024Q1": {"Southern": 0.1}})
    assert queries.compare_regions(late, "2.1.a") == ("2024Q1", {"Southern": (10.0, 40.0)})
    assert queries.compare_regions(with_shares({NOW: {"Northern": 0.5}}), "2.1.a") == ("", {})


def waterfall(before: float, *steps: float) -> queries.Waterfall | None:
    """Return the waterfall of 3.1.a from a total and its five causes of change."""
    tables = invent()
    here = tables.changes["kpi"].eq("3.1.a") & tables.changes["scope"].eq(UNION)
    columns = ["before", "revisions", "matched", "carried_effect", "entered", "left", "after"]
    tables.changes.loc[here, columns] = [before, *steps, before + sum(steps)]
    known = tables.kpis["kpi"].eq("3.1.a")
    tables.kpis.loc[known, "coverage_class"] = "A"
    return queries.select_waterfall(tables, "3.1.a")


def test_a_waterfall_goes_from_one_total_to_the_next_step_by_step():
    fall = waterfall(100.0, 1, 5, -2, 3, -1)
    assert fall.levels == [100, 101, 106, 104, 107, 106] and fall.after == 106
    assert [change for _, _, change in fall.steps] == [1, 5, -2, 3, -1]
    assert [start for _, start, _ in fall.steps] == fall.levels[:-1]


@pytest.mark.parametrize(
    ("before", "steps", "base"),
    [
        (100.0, (1, 5, -2, 3, -1), 96.5),  # small steps: the axis begins above 0
        (100.0, (0, 50, 0, 0, 0), 0.0),  # large ones: at 0
        (100.0, (0, 0, 0, 0, 0), 0.0),  # no change
        (0.0, (0, 0, 0, 0, 0), 0.0),  # nothing at all
        (0.0, (0, 0, 0, 40, 0), 0.0),
        (40.0, (0, 0, 0, 0, -40), 0.0),
    ],
)
def test_its_axis_begins_at_0_unless_the_steps_could_not_be_seen(before, steps, base):
    assert waterfall(before, *steps).base == base


def test_a_total_of_too_few_members_has_no_waterfall():
    known = invent()
    known.kpis.loc[known.kpis["kpi"].eq("3.1.a"), "coverage_class"] = "A"
    assert queries.select_waterfall(known, "3.1.a")
    few = replace(known, kpis=known.kpis.copy())
    here = few.kpis["kpi"].eq("3.1.a") & few.kpis["scope"].eq(UNION) & few.kpis["quarter"].eq(BEFORE)
    few.kpis.loc[here, "coverage_class"] = "C"
    assert queries.select_waterfall(few, "3.1.a") is None


# --- states and answers -----------------------------------------------------------------------------------------


def test_a_member_is_at_yes_or_no_reported_or_carried_or_unknown():
    tables = with_values(
        [
            (NOW, "KEN", "1.1.b", 1.0, BLANK, "reported"), (NOW, "UGA", "1.1.b", 0.0, BLANK, "reported"),
            (NOW, "SEN", "1.1.b", 1.0, BLANK, "carried"), (NOW, "TUN", "1.1.b", 0.0, BLANK, "carried"),
            (BEFORE, "EGY", "1.1.b", 1.0, BLANK, "reported"),
        ]
    )  # fmt: skip
    states = queries.select_yes_no_states(tables, "1.1.b").set_index("member")["state"]
    shown = {member: states[member] for member in ("KEN", "UGA", "SEN", "TUN", "EGY")}
    assert shown == {"KEN": "yes", "UGA": "no", "SEN": "yes_carried", "TUN": "no_carried", "EGY": "unknown"}
    assert len(states) == 45 and set(queries.select_yes_no_states(empty(), "1.1.b")["state"]) == {"unknown"}


def returned(quarter: str, member: str, day: str) -> tuple:
    return (quarter, member, 1, day, "on_time", True, "file.xlsx", "0" * 64)


def test_the_calendar_counts_each_quarter_as_of_its_own_first_cutoff():
    returns = pd.DataFrame(
        [
            returned(BEFORE, "KEN", "2024-07-10"),
            returned(BEFORE, "UGA", "2024-08-10"),
            returned(BEFORE, "SEN", "2024-08-20"),  # after the first cut-off: it has not answered by then
            returned(NOW, "SEN", "2024-10-10"),
        ],
        columns=COLUMNS["returns"].split(),
    )
    calendar = replies.select_calendar(replace(invent(), returns=returns)).set_index(["quarter", "member"])["state"]
    assert [calendar[BEFORE, member] for member in ("KEN", "UGA", "SEN")] == [ON_TIME, LATE, NO_RETURN]
    assert calendar[NOW, "SEN"] == ON_TIME and len(calendar) == 9 * 45


def test_a_member_has_no_cell_before_it_joined_and_none_after_it_left(monkeypatch):
    plan = read_plan()
    changed = {
        "KEN": replace(plan.by_iso3["KEN"], member_from=date(2024, 2, 1)),
        "UGA": replace(plan.by_iso3["UGA"], member_to=date(2024, 3, 1)),
    }
    members = tuple(changed.get(member.member, member) for member in plan.members)
    other: Plan = replace(plan, members=members)
    monkeypatch.setattr(replies, "read_plan", lambda: other)
    calendar = replies.select_calendar(invent())
    assert calendar[calendar["member"] == "KEN"]["quarter"].tolist() == ["2024Q1", "2024Q2", "2024Q3"]
    assert "UGA" not in set(calendar["member"])
