"""The measures: one figure and its bounds from where each member stands, with literal numbers."""

from __future__ import annotations

from math import inf

import pytest

from helpers.kpis.figures import Figure, add, divide
from helpers.kpis.measures import (
    MemberHistory,
    Observation,
    classify_coverage,
    count_ever,
    count_known,
    distinct_codes,
    distinct_items,
    mean_index,
    sum_flow,
    sum_known,
    sum_known_share,
    sum_reported,
)

UNKNOWN = Observation("UGA")


def reported(value, total=None, cap=0.0, total_cap=0.0, codes="") -> Observation:
    return Observation("SEN", value, total, frozenset(codes.split()), "reported", "2024Q3", cap, total_cap)


def carried(value, total=None, cap=0.0, total_cap=0.0, codes="") -> Observation:
    return Observation("MLI", value, total, frozenset(codes.split()), "carried", "2024Q2", cap, total_cap)


def unknown(cap=0.0, total_cap=0.0) -> Observation:
    return Observation("UGA", cap=cap, total_cap=total_cap)


def past(ever=False, always=False, reported_once=True, codes="") -> MemberHistory:
    return MemberHistory("SEN", ever, always, reported_once, frozenset(codes.split()))


@pytest.mark.parametrize(
    ("members", "figure"),
    [
        # 1 reported and 1 carried meet it; 1 reported does not; 2 of 4 did not report, so at most 1 + 2
        ([reported(1), reported(0), carried(1), UNKNOWN], Figure(2, 1, 3)),
        ([reported(0), reported(0)], Figure(0, 0, 0)),
        ([carried(1), UNKNOWN], Figure(1, 0, 2)),
        ([UNKNOWN, UNKNOWN], Figure(None, 0, 2)),
        ([], Figure(None, 0, 0)),
    ],
)
def test_count_known(members, figure):
    assert count_known(members) == figure


@pytest.mark.parametrize(
    ("members", "figure"),
    [
        # 60 + 120 reported, 10 carried (cap 40), cap 50 unknown: 180 + 40 + 50
        ([reported(60), reported(120), carried(10, cap=40), unknown(cap=50)], Figure(190, 180, 270)),
        # a cap is never below the value carried
        ([reported(5), carried(45, cap=40)], Figure(50, 5, 50)),
        ([unknown(cap=24), unknown(cap=24)], Figure(None, 0, 48)),
        ([reported(0)], Figure(0, 0, 0)),
    ],
)
def test_sum_known(members, figure):
    assert sum_known(members) == figure


@pytest.mark.parametrize(
    ("members", "share"),
    [
        ([reported(60, 90), carried(10, 40), UNKNOWN], 70 / 130),
        ([reported(60, 90), reported(50)], 60 / 90),
        ([reported(60)], None),
        ([reported(0, 0)], None),
        ([UNKNOWN], None),
    ],
)
def test_a_share_is_over_the_members_whose_own_return_has_the_total(members, share):
    assert sum_known_share(members).share == share


@pytest.mark.parametrize(
    ("members", "bounds"),
    [
        # B = 60 of 90; others stand in with 40 and 50: D = 180
        ([reported(60, 90), carried(10, 40, 40, 40), unknown(50, 50)], (60 / 180, 150 / 180)),
        # a member that reported the value without its total is not in B
        ([reported(60, 90), reported(30, None, 50, 50)], (60 / 140, 110 / 140)),
        # its cap never below the value carried: 45 of 45
        ([reported(60, 90), carried(45, 48, 45, 45)], (60 / 135, 105 / 135)),
        # a cap of the value that is more than that of the total: 1.2 × 100 of 100
        ([reported(10, 100), unknown(120, 100)], (10 / 200, 130 / 200)),
        # widened to hold the share: the carried 0 of 900 makes it 50/1000, its cap is only 100
        ([reported(50, 100), carried(0, 900, 100, 100)], (50 / 1000, 150 / 200)),
        # given even when the share is blank
        ([unknown(50, 50)], (0, 1)),
        ([], (None, None)),
    ],
)
def test_share_bounds(members, bounds):
    figure = sum_known_share(members)
    assert (figure.share_lower, figure.share_upper) == (pytest.approx(bounds) if members else bounds)


def test_a_sum_with_its_share_has_both_and_their_bounds():
    figure = sum_known_share([reported(60, 90), carried(10, 40, 40, 40), unknown(50, 50)])
    assert (figure.value, figure.lower, figure.upper) == (70, 60, 150)
    assert (figure.share, figure.share_lower, figure.share_upper) == pytest.approx((70 / 130, 1 / 3, 5 / 6))


@pytest.mark.parametrize(
    ("members", "figure"),
    [
        # (80 + 40 + 30)/3 known; lower (80 + 40)/4; upper (120 + 200)/4
        ([reported(80.0), reported(40.0), carried(30.0), UNKNOWN], Figure(50, 30, 80)),
        ([reported(100.0)], Figure(100, 100, 100)),
        ([UNKNOWN, UNKNOWN], Figure(None, 0, 100)),
        ([], Figure()),
    ],
)
def test_mean_index(members, figure):
    assert mean_index(members) == figure


@pytest.mark.parametrize(
    ("members", "figure"),
    [
        ([reported(2, codes="trade finance"), reported(1, codes="trade"), carried(1, codes="trade")], Figure(1, 0, 3)),
        ([reported(1, codes="trade")] * 3 + [UNKNOWN], Figure(1, 1, 3)),
        ([reported(1, codes="trade")] * 2, Figure(0, 0, 3)),
        ([UNKNOWN], Figure(None, 0, 3)),
    ],
)
def test_distinct_codes_are_those_named_by_three_known_members(members, figure):
    assert distinct_codes(members, ("trade", "finance", "health"), 3) == figure


def test_codes_named_by_one():
    members = [reported(2, codes="trade finance"), carried(1, codes="trade")]
    assert distinct_codes(members, ("trade", "finance", "health"), 1) == Figure(2, 2, 3)
    assert distinct_codes([UNKNOWN], ("trade",), 1).value is None


@pytest.mark.parametrize(
    ("members", "figure"),
    [
        # 1 met it; of the others 1 reported always, 2 not: 1 + 2
        ([past(ever=True), past(always=True), past(), past(reported_once=False)], Figure(1, 1, 3)),
        ([past(always=True)], Figure(0, 0, 0)),
        ([past(ever=True), past(ever=True, always=True)], Figure(2, 2, 2)),
        ([past(reported_once=False)] * 2, Figure(None, 0, 2)),
    ],
)
def test_count_ever(members, figure):
    assert count_ever(members) == figure


@pytest.mark.parametrize(
    ("members", "figure"),
    [
        ([past(codes="a b"), past(codes="b"), past()], Figure(2, 2, None)),
        ([past()], Figure(0, 0, None)),
        ([past(reported_once=False)], Figure(None, 0, None)),
    ],
)
def test_distinct_items(members, figure):
    assert distinct_items(members) == figure


@pytest.mark.parametrize(
    ("flow", "figure"),
    [
        ([1, 2, 0, 3], Figure(6, 6, 6)),
        ([1, None, 2], Figure(3, 3, None)),
        ([0, 0], Figure(0, 0, 0)),
        ([None, None], Figure(None, 0, None)),
    ],
)
def test_sum_flow_has_an_upper_bound_only_when_every_member_reported(flow, figure):
    observations = [Observation("SEN", value, basis="" if value is None else "reported") for value in flow]
    assert sum_flow(observations) == figure


@pytest.mark.parametrize(
    ("members", "total"), [([reported(3), reported(0), carried(9)], 3), ([carried(9)], None), ([reported(0)], 0)]
)
def test_sum_reported_is_of_the_quarter_itself(members, total):
    assert sum_reported(members) == total


@pytest.mark.parametrize(
    ("coverage", "answered", "grade"),
    [
        (1, 1, "A"), (2 / 3, 2 / 3, "A"), (0.6666, 0.6666, "B"), (1 / 2, 1 / 2, "B"), (0.4999, 0.4999, "C"),
        (0, 0, "C"), (0.9, 1 / 3, "A"), (0.9, 0.3332, "B"), (0.55, 0.1, "B"), (0.4, 0.1, "C"),
        (30 / 45, 15 / 45, "A"), (29 / 45, 15 / 45, "B"), (30 / 45, 14 / 45, "B"),
    ],
)  # fmt: skip
def test_coverage_class_is_at_best_b_when_fewer_than_a_third_answered(coverage, answered, grade):
    assert classify_coverage(coverage, answered * 45, 45).result == grade


def test_without_a_cap_a_sum_has_no_upper_bound_and_a_share_lies_between_0_and_1():
    members = [reported(4, 8, cap=inf), Observation("UGA", cap=inf, total_cap=inf)]
    assert sum_known_share(members) == Figure(4, 4, None, 0.5, 0, 1)
    assert sum_known_share(members[:1]) == Figure(4, 4, 4, 0.5, 0.5, 0.5)
    assert sum_known_share(members, 1.5).share_upper == 1.5  # a number that may exceed its total


def test_a_figure_carries_its_terms_and_the_arithmetic_of_its_numbers():
    figure = mean_index([reported(80.0), carried(30.0), UNKNOWN])
    assert [(term.name, term.value, term.lower, term.cap) for term in figure.terms] == [
        ("SEN", 80, 80, None), ("MLI", 30, 0, 100), ("UGA", None, 0, 100),
    ]  # fmt: skip
    assert figure.calculations["value"] == divide(add([80, 30]), 2)
    assert figure.calculations["upper"] == divide(add([100, 100], start=80), 3)
