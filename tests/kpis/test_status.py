"""Status: every word of the table at its limits, what was reached first, and what non-response could change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpers.kpis.statuses import Assessed, calculate_elapsed, compute_statuses


def at(quarter, value, lower=None, upper=None, grade="A", complete=True) -> Assessed:
    """Return a figure; its bounds are the value where none is given."""
    lower, upper = (value if bound is None else bound for bound in (lower, upper))
    return Assessed(quarter, value, lower, upper, grade, complete)


def statuses(kpi, *figures) -> list[str]:
    return [status for status, _ in compute_statuses(kpi, figures)]


@pytest.fixture
def count(plan):
    """Return a KPI that counts to 100 from 0 by 2023Q2: e = 0.25, 0.5, 0.75, 1."""
    return replace(plan.by_kpi["1.1.b"], due="2023Q2", baseline=0, target=100)


@pytest.mark.parametrize(
    ("due", "quarter", "part"),
    [
        ("2023Q2", "2022Q2", 0), ("2023Q2", "2022Q1", 0), ("2023Q2", "2022Q3", 1 / 4), ("2023Q2", "2023Q1", 3 / 4),
        ("2023Q2", "2023Q2", 1), ("2023Q2", "2024Q1", 1), ("2024Q3", "2022Q3", 1 / 9), ("2022Q3", "2022Q3", 1),
    ],
)  # fmt: skip
def test_the_time_elapsed_counts_quarters_from_2022q2_to_the_due_one(count, due, quarter, part):
    assert calculate_elapsed(replace(count, due=due), quarter).result == pytest.approx(part)


@pytest.mark.parametrize(
    ("quarter", "value", "status"),
    [
        # e = 0.5: r = v / 50
        ("2022Q4", 45, "on_track"), ("2022Q4", 44.9, "at_risk"), ("2022Q4", 30, "at_risk"),
        ("2022Q4", 29.9, "off_track"), ("2022Q4", 0, "off_track"), ("2022Q4", 99.9, "on_track"),
        ("2022Q4", 100, "achieved"),
        ("2023Q2", 100, "achieved"), ("2023Q2", 100 - 1e-10, "achieved"), ("2023Q2", 90, "on_track"),
        ("2023Q2", 60, "at_risk"), ("2023Q2", 59.9, "off_track"), ("2023Q3", 99.9, "overdue"), ("2023Q3", 0, "overdue"),
        ("2023Q3", 100, "achieved_late"), ("2024Q3", 130, "achieved_late"),
    ],
)  # fmt: skip
def test_a_figure_is_judged_against_the_way_it_should_have_gone(count, quarter, value, status):
    assert statuses(count, at(quarter, value)) == [status]


@pytest.mark.parametrize(
    ("value", "status"),
    [(0.69, "on_track"), (0.6899, "at_risk"), (0.66, "at_risk"), (0.6599, "off_track"), (0.5, "off_track")],
)
def test_progress_starts_from_the_baseline(count, value, status):
    # from 0.60 to 0.80, half the time gone: r = (v - 0.6) / 0.1
    assert statuses(replace(count, baseline=0.6, target=0.8), at("2022Q4", value)) == [status]


def test_achieved_in_time_stays_achieved_after_the_due_quarter(count):
    figures = [at("2023Q1", 100), at("2023Q2", 80), at("2023Q3", 100), at("2023Q4", 99)]
    assert statuses(count, *figures) == ["achieved", "at_risk", "achieved", "overdue"]


def test_first_reached_after_the_due_quarter_is_late_for_ever(count):
    figures = [at("2023Q2", 99), at("2023Q3", 100), at("2023Q4", 120)]
    assert statuses(count, *figures) == ["on_track", "achieved_late", "achieved_late"]


def test_a_quarter_that_could_not_be_assessed_did_not_reach_the_target(count):
    figures = [at("2023Q2", 100, lower=40, grade="C"), at("2023Q3", 100)]
    assert statuses(count, *figures) == ["not_assessable", "achieved_late"]


def test_before_2022q3_there_is_no_status(count):
    assert compute_statuses(count, [at("2022Q1", 100), at("2022Q2", 100), at("2022Q3", 100)]) == [
        ("", None), ("", None), ("achieved", True),
    ]  # fmt: skip


def test_what_was_reached_before_2022q3_is_no_history(count):
    figures = [at("2022Q2", 100), at("2022Q3", 99), at("2023Q3", 100)]
    assert statuses(count, *figures) == ["", "on_track", "achieved_late"]


# --- milestones -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quarter", "stage", "status"),
    [
        # due 2023Q1, e = 1/3, 2/3, 1: ⌊4e⌋ = 1, 2, 4
        ("2022Q3", 1, "on_track"), ("2022Q3", 0, "at_risk"), ("2022Q4", 2, "on_track"), ("2022Q4", 1, "at_risk"),
        ("2022Q4", 0, "off_track"), ("2022Q4", 4, "achieved"), ("2023Q1", 4, "achieved"), ("2023Q1", 3, "at_risk"),
        ("2023Q1", 2, "off_track"), ("2023Q1", 5, "achieved"), ("2023Q2", 3, "overdue"), ("2023Q2", 4, "achieved_late"),
    ],
)  # fmt: skip
def test_a_milestone_is_judged_by_its_stage(plan, quarter, stage, status):
    kpi = plan.by_kpi["1.1.a"]
    assert (kpi.due, kpi.target) == ("2023Q1", 4)
    assert compute_statuses(kpi, [at(quarter, stage)]) == [(status, True)]


@pytest.mark.parametrize(("quarter", "stage", "status"), [("2022Q4", 4, "on_track"), ("2023Q1", 5, "on_track"),
                                                          ("2023Q2", 5, "overdue")])  # fmt: skip
def test_a_milestone_with_parts_missing_is_not_achieved(plan, quarter, stage, status):
    assert statuses(plan.by_kpi["1.1.a"], at(quarter, stage, complete=False)) == [status]


def test_a_milestone_whose_last_part_comes_late_is_achieved_late(plan):
    figures = [at("2023Q1", 4, complete=False), at("2023Q2", 4)]
    assert statuses(plan.by_kpi["1.1.a"], *figures) == ["on_track", "achieved_late"]


# --- the rate ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "status"),
    [(66.6, "achieved"), (66.59, "at_risk"), (53.28, "at_risk"), (53.27, "off_track"), (0, "off_track")],
)
@pytest.mark.parametrize("quarter", ["2022Q3", "2024Q3", "2025Q4"])
def test_the_rate_is_judged_each_quarter_on_its_own(plan, quarter, value, status):
    assert statuses(plan.by_kpi["6.1.a"], at("2022Q3", 0), at(quarter, value))[-1] == status


# --- what cannot be assessed, and what non-response could change ------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "status"),
    [
        (at("2022Q4", 45, lower=40, grade="C"), "not_assessable"),
        (at("2022Q4", 120, lower=99.9, grade="C"), "not_assessable"),
        (at("2022Q4", 120, lower=100, grade="C"), "achieved"),
        (at("2023Q3", 120, lower=100, grade="C"), "achieved_late"),
        (Assessed("2022Q4", None, 100, 120, "C"), "not_assessable"),
        (Assessed("2022Q4", None, 0, 12, "A"), "not_assessable"),
        (Assessed("2022Q4", None, None, None, ""), "not_assessable"),
        (at("2022Q4", 45, grade="B"), "on_track"),
    ],
)
def test_class_c_is_assessed_only_where_its_lower_bound_reaches_the_target(count, figure, status):
    assert statuses(count, figure) == [status]


def test_without_a_target_nothing_is_assessable(count):
    assert compute_statuses(replace(count, target=None), [at("2022Q4", 45)]) == [("not_assessable", None)]


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (at("2022Q4", 46, 45, 99), ("on_track", True)),
        (at("2022Q4", 46, 44, 99), ("on_track", False)),
        (at("2022Q4", 46, 45, 100), ("on_track", False)),
        (at("2022Q4", 35, 30, 44), ("at_risk", True)),
        (at("2022Q4", 100, 100, 120), ("achieved", True)),
        (at("2022Q4", 110, 99, 120), ("achieved", False)),
        (Assessed("2022Q4", 46, 46, None, "B"), ("on_track", False)),
        (Assessed("2022Q4", 100, 100, None, "B"), ("achieved", True)),
        (at("2023Q3", 60, 10, 99), ("overdue", True)),
        (at("2023Q3", 60, 10, 100), ("overdue", False)),
    ],
)
def test_a_status_is_robust_when_both_bounds_give_the_same_and_a_blank_upper_reaches_the_target(
    count, figure, expected
):
    assert compute_statuses(count, [figure]) == [expected]


def test_only_the_quarters_own_figure_is_replaced_the_history_keeps_its_values(count):
    # 2023Q1 reached it by its value, though its lower bound did not: 2023Q3 is achieved, at its bounds too
    figures = [at("2023Q1", 100, 50, 100), at("2023Q3", 100, 100, 100)]
    assert compute_statuses(count, figures) == [("achieved", False), ("achieved", True)]


def test_robust_is_blank_when_not_assessable(count):
    assert compute_statuses(count, [at("2022Q4", 45, 10, 99, "C")]) == [("not_assessable", None)]
