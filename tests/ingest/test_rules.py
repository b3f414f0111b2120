"""The rules: values just inside and just outside each limit, and the order of the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from conftest import REGISTERS
from helpers.ingest.records import Received
from helpers.ingest.registers import Registers
from helpers.ingest.rules import check_received
from helpers.plan import rules
from helpers.plan.files import CsvRow

# SEN has 135 reference offices and 1,800 reference staff: V05 27-675 and 360-9,000; V06 68-270.
AS_OF = date(2024, 11, 14)
EARLIER = {"quarter": "2024Q2", "received": "2024-07-10", "row": 3}
HACKATHON = {"kind": "hackathon", "reference": "H-1", "title": "Hack", "date": date(2024, 9, 5)}


@pytest.fixture
def check(plan, form):
    """Return a function that checks returns; `confirmed` holds rows of the register."""

    def run(*returns, confirmed=(), as_of=AS_OF):
        names = ("quarter", "member", "question", "value", "recorded_on")
        rows = dict.fromkeys(REGISTERS, ())
        rows["confirmations"] = tuple(dict(zip(names, row, strict=True)) for row in confirmed)
        return check_received(Received((), tuple(returns), ()), Registers(rows), plan, form, as_of)

    return run


def found(checked, rule: str) -> list[str]:
    """Return the questions that a rule names, of the last quarter."""
    last = max(one.key[0] for one in checked.returns)
    return sorted(issue.question for issue in checked.issues if issue.rule == rule and issue.quarter == last)


def answer_of(checked, question: str) -> tuple[str, str, str]:
    """Return the value, state and broken rule of an answer."""
    answer = max(checked.returns, key=lambda one: one.key[0]).answers[question]
    return answer.value, answer.state, answer.rule


WITHDRAWN = ("", "O")

# --- hard rules -------------------------------------------------------------------------------------------------


def test_v03_withdraws_a_number_and_a_date_that_cannot_be_read(make_return, check):
    checked = check(make_return(offices_total="douze", roadmap_adopted_on="mars", staff_total=1800))
    assert found(checked, "V03") == ["offices_total", "roadmap_adopted_on"]
    assert answer_of(checked, "offices_total") == (*WITHDRAWN, "V03")
    assert answer_of(checked, "staff_total") == ("1800", "A", "")
    assert {issue.severity for issue in checked.issues} == {"withdrawn"}


def test_v07_withdraws_a_choice_and_a_whole_answer_of_many(make_return, check):
    checked = check(make_return(cloud_use="hybrid", services_epost="hybrid_mail fax", services_efinance="bill_payment"))
    assert found(checked, "V07") == ["cloud_use", "services_epost"]
    assert answer_of(checked, "services_epost") == (*WITHDRAWN, "V07")
    assert answer_of(checked, "services_efinance") == ("bill_payment", "A", "")


@pytest.mark.parametrize(
    ("item", "questions"),
    [
        (HACKATHON, []), (HACKATHON | {"kind": "congress"}, ["innovations.kind"]),
        (HACKATHON | {"kind": None}, ["innovations.kind"]), (HACKATHON | {"kind": "NA"}, ["innovations.kind"]),
        (HACKATHON | {"detail": "Secretariat"}, []), (HACKATHON | {"kind": "solution", "detail": "software"}, []),
        (HACKATHON | {"kind": "solution", "detail": "vendor"}, ["innovations.detail"]),
        (HACKATHON | {"kind": "solution", "detail": None}, []),
        (HACKATHON | {"kind": "adoption", "detail": "vendor"}, []),
        (HACKATHON | {"kind": "adoption", "detail": "software"}, ["innovations.detail"]),
    ],
)  # fmt: skip
def test_v07_looks_at_the_kind_of_an_item_and_the_detail_of_a_solution_or_adoption(make_return, check, item, questions):
    checked = check(make_return(offices_total=130, items=[item]))
    assert found(checked, "V07") == questions
    (item_checked,) = checked.returns[0].items
    assert (item_checked.answers["kind"].value == "") is (questions == ["innovations.kind"])
    if questions == ["innovations.detail"]:
        assert (item_checked.answers["kind"].value, item_checked.answers["detail"].value) == (item["kind"], "")


def test_v03_looks_at_the_date_and_the_number_of_an_item(make_return, check):
    checked = check(make_return(offices_total=130, items=[HACKATHON | {"date": "mai", "local_experts": "deux"}]))
    assert found(checked, "V03") == ["innovations.date", "innovations.local_experts"]


@pytest.mark.parametrize(
    ("question", "value", "valid"),
    [
        ("offices_total", 27, True), ("offices_total", 26, False), ("offices_total", 675, True),
        ("offices_total", 676, False), ("offices_total", 0, False), ("staff_total", 360, True),
        ("staff_total", 359, False), ("staff_total", 9000, True), ("staff_total", 9001, False),
    ],
)  # fmt: skip
def test_v05_holds_a_total_between_a_fifth_and_five_times_the_reference(make_return, check, question, value, valid):
    checked = check(make_return(**{question: value}))
    assert found(checked, "V05") == ([] if valid else [question])
    assert answer_of(checked, question)[0] == (str(value) if valid else "")


@pytest.mark.parametrize(
    ("row", "valid"),
    [
        (("2024Q3", "SEN", "offices_total", 20, None), True), (("2024Q3", "SEN", "offices_total", 21, None), False),
        (("2024Q3", "SEN", "offices_total", 20, date(2024, 11, 14)), True),
        (("2024Q3", "SEN", "offices_total", 20, date(2024, 11, 15)), False),
        (("2024Q2", "SEN", "offices_total", 20, None), False), (("2024Q3", "KEN", "offices_total", 20, None), False),
        (("2024Q3", "SEN", "staff_total", 20, None), False),
    ],
)  # fmt: skip
def test_v05_accepts_the_very_value_that_the_member_confirmed_by_then(make_return, check, row, valid):
    checked = check(make_return(offices_total=20), confirmed=[row])
    assert found(checked, "V05") == ([] if valid else ["offices_total"])


PARTS = ["offices_connected", "offices_networked", "offices_electrified"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("value", "valid"), [(130, True), (131, False)])
def test_v04_holds_a_part_of_the_offices_within_their_total(make_return, check, part, value, valid):
    checked = check(make_return(offices_total=130, **{part: value}))
    assert found(checked, "V04") == ([] if valid else [part])
    assert answer_of(checked, "offices_total")[0] == "130"
    assert answer_of(checked, part)[0] == (str(value) if valid else "")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("total", [None, "ND", "douze", 700])
@pytest.mark.parametrize(("value", "valid"), [(675, True), (676, False)])
def test_v04_takes_five_times_the_reference_without_a_total(make_return, check, part, total, value, valid):
    assert found(check(make_return(offices_total=total, **{part: value})), "V04") == ([] if valid else [part])


@pytest.mark.parametrize(("women", "total", "valid"), [(1800, 1800, True), (1801, 1800, False), (9000, None, True),
                                                        (9001, None, False)])  # fmt: skip
def test_v04_holds_women_within_the_staff(make_return, check, women, total, valid):
    assert found(check(make_return(staff_women=women, staff_total=total)), "V04") == ([] if valid else ["staff_women"])


@pytest.mark.parametrize(
    ("electrified", "alternative", "valid"),
    [(100, 100, True), (100, 101, False), (None, 5000, True), ("ND", 5000, True), (131, 5000, True)],
)
def test_v04_compares_alternative_power_with_the_electrified_offices(
    make_return, check, electrified, alternative, valid
):
    checked = check(
        make_return(offices_total=130, offices_electrified=electrified, offices_alternative_power=alternative)
    )
    assert ("offices_alternative_power" not in found(checked, "V04")) is valid


@pytest.mark.parametrize(("working", "required", "valid"), [(10, 10, True), (11, 10, False), (11, None, True)])
def test_v04_holds_a_number_within_the_total_that_a_kpi_measures_it_by(
    make_return, plan, form, working, required, valid
):
    kpi = replace(plan.by_kpi["2.1.a"], kpi="2.2.b", source="laptop_working over laptop_required")
    plan = replace(plan, kpis=(*plan.kpis, kpi))
    one = make_return(laptop_working=working, laptop_required=required)
    checked = check_received(Received((), (one,), ()), Registers(dict.fromkeys(REGISTERS, ())), plan, form, AS_OF)
    assert found(checked, "V04") == ([] if valid else ["laptop_working"])


def test_v05_comes_before_v04_so_that_a_withdrawn_total_limits_nothing(make_return, check):
    checked = check(make_return(offices_total=20, offices_connected=100))
    assert (found(checked, "V05"), found(checked, "V04")) == (["offices_total"], [])
    assert answer_of(checked, "offices_connected")[0] == "100"


@pytest.mark.parametrize(
    ("staff", "trained", "valid"),
    [
        (1800, 2160, True), (1800, 2161, False), (None, 10800, True), (None, 10801, False), ("douze", 10800, True),
        (10000, 10800, True), (10000, 10801, False), (0, 0, True),
    ],
)  # fmt: skip
def test_v10_holds_the_trained_within_1_2_times_the_staff(make_return, check, staff, trained, valid):
    checked = check(make_return(staff_total=staff, trained_cumulative=trained))
    assert found(checked, "V10") == ([] if valid else ["trained_cumulative"])
    assert answer_of(checked, "trained_cumulative")[0] == (str(trained) if valid else "")


def test_hard_rules_report_every_return_received_warnings_of_the_one_that_counts(make_return, check):
    slip = {"staff_total": "douze", "attended_meetings": "perhaps", "offices_total": 50}
    checked = check(make_return(row=2, **slip), make_return(row=3, received="2024-10-20", offices_total=51))
    assert found(checked, "V03") + found(checked, "V07") == ["staff_total", "attended_meetings"]
    assert [issue.row for issue in checked.issues if issue.rule == "V06"] == ["3"]


def test_the_values_of_a_refused_return_are_not_checked(make_return, check):
    checked = check(make_return("Atlantis", offices_total="douze"))
    assert [issue.rule for issue in checked.issues] == ["V01"]


# --- warnings on one return -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("offices", "warned"), [(68, False), (67, True), (270, False), (271, True)])
def test_v06_asks_about_offices_outside_half_to_twice_the_reference(make_return, check, offices, warned):
    checked = check(make_return(offices_total=offices))
    assert found(checked, "V06") == (["offices_total"] if warned else [])
    assert answer_of(checked, "offices_total")[:2] == (str(offices), "U" if warned else "A")


@pytest.mark.parametrize(("staff", "warned"), [(400, False), (399, True), (3000, False), (3001, True)])
def test_v06_asks_about_staff_per_office_outside_2_to_15(make_return, check, staff, warned):
    checked = check(make_return(offices_total=200, staff_total=staff))
    assert found(checked, "V06") == (["staff_total"] if warned else [])


def test_v06_says_that_the_value_was_confirmed(make_return, check):
    checked = check(make_return(offices_total=20), confirmed=[("2024Q3", "SEN", "offices_total", 20, None)])
    (warning,) = [issue for issue in checked.issues if issue.rule == "V06"]
    assert "confirmed" in warning.message_en
    assert "confirmé" in warning.message_fr


@pytest.mark.parametrize(
    ("answers", "warned"),
    [({"offices_total": 130, "staff_total": 1800, "trained_women": 1}, False), ({"audits_completed": 0}, True),
     ({"audits_completed": 0, "training_sessions": "NG"}, True), ({"audits_completed": 0, "server_working": 1}, False),
     ({"attended_meetings": "yes"}, False), ({"audits_completed": 0, "offices_total": 0}, True)],
)  # fmt: skip
def test_v12_asks_when_every_number_is_0(make_return, check, answers, warned):
    assert (found(check(make_return(**answers)), "V12") == [""]) is warned


@pytest.mark.parametrize(
    ("codes", "warned"),
    [("tracking_events", True), ("tracking_events online_labelling", True), ("s10_barcode tracking_events", False),
     ("online_labelling", False), ("none", False), (None, False)],
)  # fmt: skip
def test_v13_asks_about_tracking_without_a_barcode(make_return, check, codes, warned):
    checked = check(make_return(offices_total=130, ipp_tracked=codes))
    assert found(checked, "V13") == (["ipp_tracked"] if warned else [])


@pytest.mark.parametrize(
    ("status", "day", "warned"),
    [
        ("adopted", None, True), ("implementing", None, True), ("completed", "ND", True), ("adopted", "mars", True),
        ("drafted", None, False), ("none", None, False), (None, None, False), ("adopted", "2024-09-30", False),
        ("adopted", "2024-10-01", True), ("drafted", "2024-10-01", True), (None, "2024-10-01", True),
    ],
)  # fmt: skip
def test_v14_asks_for_the_date_of_an_adopted_roadmap_not_after_the_quarter(make_return, check, status, day, warned):
    checked = check(make_return(offices_total=130, roadmap_status=status, roadmap_adopted_on=day))
    assert found(checked, "V14") == (["roadmap_adopted_on"] if warned else [])


@pytest.mark.parametrize(
    ("item", "questions"),
    [
        (HACKATHON | {"date": "2024-07-01"}, []), (HACKATHON | {"date": "2024-09-30"}, []),
        (HACKATHON | {"date": "2024-06-30"}, ["innovations.date"]),
        (HACKATHON | {"date": "2024-10-01"}, ["innovations.date"]),
        (HACKATHON | {"date": "mai"}, ["innovations.date"]), (HACKATHON | {"date": None}, []),
        (HACKATHON | {"reference": None}, []), (HACKATHON | {"title": None}, []),
        (HACKATHON | {"reference": None, "title": None}, ["innovations.reference"]),
        (HACKATHON | {"reference": "-", "title": "néant"}, ["innovations.reference"]),
    ],
)  # fmt: skip
def test_v15_asks_about_the_date_and_the_name_of_an_innovation(make_return, check, item, questions):
    assert found(check(make_return(offices_total=130, items=[item])), "V15") == questions


KINDS = ["trained_capacity_building", "trained_upskilling", "trained_reskilling"]


@pytest.mark.parametrize(
    ("kinds", "sessions", "warned"),
    [
        ((5, 0, 0), 0, True), ((5, None, None), 0, True), ((5, 0, 0), 1, False), ((0, 0, 0), 2, True),
        ((0, 0, 0), 0, False), ((5, 0, 0), None, False), ((None, None, None), 2, False), ((0, 0, 0), None, False),
        ((0, 0, 0), "NA", False),
    ],
)  # fmt: skip
def test_v16_asks_about_training_without_a_session_and_the_reverse(make_return, check, kinds, sessions, warned):
    checked = check(make_return(**dict(zip(KINDS, kinds, strict=True)), training_sessions=sessions))
    assert found(checked, "V16") == (["training_sessions"] if warned else [])


@pytest.mark.parametrize(
    ("cumulative", "kinds", "warned"),
    [(50, (50, 10, 10), False), (49, (50, 10, 10), True), (50, (None, 51, None), True), (50, (None,) * 3, False)],
)
def test_v10_asks_about_a_cumulative_number_below_the_largest_kind(make_return, check, cumulative, kinds, warned):
    answers = dict(zip(KINDS, kinds, strict=True)) | {"trained_cumulative": cumulative}
    checked = check(make_return(staff_total=1800, training_sessions=1, **answers))
    assert found(checked, "V10") == (["trained_cumulative"] if warned else [])


@pytest.mark.parametrize(
    ("women", "kinds", "warned"),
    [(70, (50, 10, 10), False), (71, (50, 10, 10), True), (71, (50, 10, None), False), (1, (0, 0, 0), True)],
)
def test_v10_asks_about_more_women_than_trained_when_all_kinds_are_answered(make_return, check, women, kinds, warned):
    checked = check(make_return(**dict(zip(KINDS, kinds, strict=True)), trained_women=women))
    assert found(checked, "V10") == (["trained_women"] if warned else [])


# --- warnings against what was known ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question",
    ["offices_total", "offices_connected", "offices_networked", "offices_electrified", "offices_alternative_power"],
)
@pytest.mark.parametrize(("now", "warned"), [(90, False), (89, True)])
def test_v08_asks_about_a_stock_that_falls_by_more_than_a_tenth(make_return, check, question, now, warned):
    checked = check(make_return(**{question: now}), make_return(**EARLIER, **{question: 100}))
    assert found(checked, "V08") == ([question] if warned else [])


EPOST = [
    "hybrid_mail", "registered_email", "e_postbox", "online_tracking", "online_address_change", "electronic_telegram",
]  # fmt: skip


@pytest.mark.parametrize(("live", "warned"), [(9, False), (8, True)])
def test_v08_asks_about_live_services_that_fall(make_return, check, live, warned):
    ten = {"services_epost": " ".join(EPOST), "services_ecommerce": "online_shop merchant_portal fulfilment "
           "pickup_lockers", "services_egovernment": "none", "services_efinance": "NA"}  # fmt: skip
    fewer = ten | {"services_epost": " ".join(EPOST[: live - 4])}
    checked = check(make_return(**fewer), make_return(**EARLIER, **ten))
    assert found(checked, "V08") == (["services"] if warned else [])
    assert answer_of(checked, "services_epost")[1] == ("U" if warned else "A")


def test_v08_compares_with_the_last_known_value_of_any_age(make_return, check):
    old = make_return(quarter="2022Q3", received="2022-10-10", row=3, offices_connected=100)
    gap = make_return(quarter="2024Q2", received="2024-07-10", row=4, offices_connected="ND")
    assert found(check(make_return(offices_connected=89), gap, old), "V08") == ["offices_connected"]


def test_a_withdrawn_value_is_no_last_known_one(make_return, check):
    earlier = make_return(**EARLIER, offices_total=130, offices_connected=140)
    assert found(check(make_return(offices_total=130, offices_connected=40), earlier), "V08") == []


def test_only_versions_that_count_are_compared(make_return, check):
    first = make_return(**EARLIER, offices_connected=100)
    second = make_return(quarter="2024Q2", received="2024-07-20", row=4, offices_connected=80)
    assert found(check(make_return(offices_connected=75), first, second), "V08") == []


@pytest.mark.parametrize(("now", "warned"), [(65, False), (66, True), (35, False), (34, True)])
def test_v09_asks_about_a_share_connected_that_moves_by_more_than_15_points(make_return, check, now, warned):
    checked = check(
        make_return(offices_total=100, offices_connected=now),
        make_return(**EARLIER, offices_total=100, offices_connected=50),
    )
    assert found(checked, "V09") == (["offices_connected"] if warned else [])


def test_v09_needs_both_numbers_of_one_return(make_return, check):
    checked = check(make_return(offices_connected=90), make_return(**EARLIER, offices_total=100, offices_connected=50))
    assert found(checked, "V09") == []


@pytest.mark.parametrize(("now", "warned"), [(100, False), (99, True)])
def test_v10_asks_about_a_cumulative_number_that_falls(make_return, check, now, warned):
    checked = check(make_return(trained_cumulative=now), make_return(**EARLIER, trained_cumulative=100))
    assert found(checked, "V10") == (["trained_cumulative"] if warned else [])


HARDWARE = [f"{kind}_{part}" for kind in ("server", "laptop", "printer", "scanner", "scale")
            for part in ("required", "working")]  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "changed", "quarter", "warned"),
    [(10, 1, "2024Q2", True), (10, 2, "2024Q2", False), (9, 0, "2024Q2", False), (10, 0, "2024Q1", False)],
)
def test_v11_asks_about_ten_numbers_nine_in_ten_of_them_copied_forward(
    make_return, check, numbers, changed, quarter, warned
):
    then = {question: 10 + n for n, question in enumerate(HARDWARE[:numbers])}
    now = then | dict.fromkeys(HARDWARE[:changed], 90)
    earlier = make_return(quarter=quarter, received=f"{quarter[:4]}-07-10", row=3, **then)
    assert found(check(make_return(**now), earlier), "V11") == ([""] if warned else [])


@pytest.mark.parametrize(
    ("now", "warned"),
    [(950, True), (949, False), (1050, True), (1051, False), (9500, True), (95_000, True), (105_001, False),
     (1_000_000, False), (100, False), (0, False)],
)  # fmt: skip
def test_v18_asks_about_a_number_within_5_percent_of_10_100_or_1000_times_the_last(make_return, check, now, warned):
    checked = check(make_return(laptop_required=now), make_return(**EARLIER, laptop_required=100))
    assert found(checked, "V18") == (["laptop_required"] if warned else [])


def test_v18_has_nothing_to_compare_with_after_a_0(make_return, check):
    checked = check(make_return(laptop_required=0), make_return(**EARLIER, laptop_required=0))
    assert found(checked, "V18") == []


# --- warnings among members -------------------------------------------------------------------------------------

# log(1 + x) of 7 shares near one half and one of their own; median and MAD follow from the seven.
EIGHT = ["SEN", "KEN", "TUN", "DZA", "EGY", "MAR", "NGA", "GHA"]
SHARES = [48, 49, 50, 50, 51, 52, 53]


def of_members(make_return, plan, shares, members=EIGHT):
    return [
        make_return(member, row=n, offices_total=plan.by_iso3[member].references["reference_offices"] // 100 * 100,
                    offices_connected=plan.by_iso3[member].references["reference_offices"] // 100 * share)
        for n, (member, share) in enumerate(zip(members, shares, strict=True), 2)
    ]  # fmt: skip


@pytest.mark.parametrize(("last", "warned"), [(54, []), (60, ["offices_connected"]), (38, ["offices_connected"])])
def test_v17_asks_about_an_outlier_among_eight_members(make_return, check, plan, last, warned):
    checked = check(*of_members(make_return, plan, [*SHARES, last]))
    assert found(checked, "V17") == warned
    assert {issue.member for issue in checked.issues if issue.rule == "V17"} == ({"GHA"} if warned else set())


@pytest.mark.parametrize(("last", "warned"), [(10, []), (12, ["staff_total"])])
def test_v17_measures_on_the_logarithm_of_1_and_the_ratio(make_return, check, last, warned):
    # staff per office 4, 4.5, 5, 5, 5.5, 6, 6.5: ln(1 + x) has the median 1.832 and the MAD 0.120, so that 10 is at
    # 3.2 and 12 at 4.1 (without the logarithm 10 would be at 4.3)
    offices = dict(zip(EIGHT, (100, 500, 1000, 3000, 4000, 1000, 1000, 300), strict=True))
    ratios = (4, 4.5, 5, 5, 5.5, 6, 6.5, last)
    returns = [
        make_return(member, row=n, offices_total=total, staff_total=int(total * ratio))
        for n, ((member, total), ratio) in enumerate(zip(offices.items(), ratios, strict=True), 2)
    ]
    assert found(check(*returns), "V17") == warned


def test_v17_says_the_answer_what_it_is_compared_with_and_what_was_expected(make_return, check, plan):
    checked = check(*of_members(make_return, plan, [*SHARES, 5]))
    (issue,) = [issue for issue in checked.issues if issue.rule == "V17"]
    answers = next(each.answers for each in checked.returns if each.key[1] == "GHA")
    connected, total = (answers[name].value for name in ("offices_connected", "offices_total"))
    assert issue.observed == connected
    assert (
        f"offices_connected is {connected} for offices_total = {total}: far from the other members" in issue.message_en
    )
    low, high = map(float, issue.expected.split("-"))
    assert not low <= int(connected) <= high


def test_v17_says_nothing_of_seven_members_or_without_spread(make_return, check, plan):
    assert found(check(*of_members(make_return, plan, [*SHARES[:6], 5], EIGHT[:7])), "V17") == []
    assert found(check(*of_members(make_return, plan, [50] * 7 + [5])), "V17") == []


@pytest.mark.parametrize(
    ("titles", "warned"),
    [(("Salon de Dakar", "Salon de Nairobi"), True), (("Salon de Dakar", "  SALON de  Dakar! "), False)],
)
def test_v23_asks_about_one_reference_under_two_titles(make_return, check, titles, warned):
    sen, ken = (
        make_return(member, row=n, offices_total=offices, items=[HACKATHON | {"title": title, "reference": reference}])
        for n, (member, offices, title, reference) in enumerate(
            zip(("SEN", "KEN"), (130, 600), titles, ("Expo-1", " EXPO-1 "), strict=True), 2
        )
    )
    checked = check(sen, ken)
    assert found(checked, "V23") == (["innovations.reference"] * 2 if warned else [])


def test_v23_lets_one_member_use_a_reference_twice(make_return, check):
    items = [HACKATHON, HACKATHON | {"title": "Autre"}]
    assert found(check(make_return(offices_total=130, items=items)), "V23") == []


# --- rows of another plan -----------------------------------------------------------------------------------------


@pytest.fixture
def judge(plan, form):
    """Return a function that checks returns by the rows of another rules.csv, and lists rule and question of issues."""

    def run(rows: str, *returns):
        cells = [zip(COLUMNS, row.split(","), strict=True) for row in rows.splitlines()]
        made = tuple(rules.make_rule(CsvRow(row, "rules.csv", n)) for n, row in enumerate(cells, 2))
        registers = Registers(dict.fromkeys(REGISTERS, ()))
        checked = check_received(Received((), returns, ()), registers, replace(plan, rules=made), form, AS_OF)
        own = [issue for issue in checked.issues if issue.quarter == "2024Q3" and issue.rule not in ("V11", "V12")]
        return checked, [f"{issue.rule} {issue.question}" for issue in own]

    return run


COLUMNS = ("rule", "check", "question", "other", "low", "high")
TOTAL = "V05,reference,offices_total,,0.2,3"
BOTH = "laptop_required|printer_required"


@pytest.mark.parametrize(
    ("row", "just_inside", "just_outside", "said"),
    [
        # A row of rules.csv, the answers just inside and just outside its limit (the earlier ones in brackets).
        ("V04,part,laptop_working,laptop_required,,1", {"laptop_required": 10, "laptop_working": 10},
         {"laptop_required": 10, "laptop_working": 11}, "laptop_working is 11, at most 10 expected (laptop_required)"),
        ("V10,part,laptop_working,laptop_required,,1.5", {"laptop_required": 10, "laptop_working": 15},
         {"laptop_required": 10, "laptop_working": 16}, "is 16, at most 15 expected (laptop_required)"),
        (f"{TOTAL}\nV04,part,laptop_working,offices_total,,1", {"laptop_working": 405}, {"laptop_working": 406},
         "laptop_working is 406, at most 405 expected (3 × 135)"),
        (f"{TOTAL}\nV10,part,laptop_working,offices_total,,2", {"laptop_working": 810}, {"laptop_working": 811},
         "laptop_working is 811, at most 810 expected (3 × 135)"),
        ("V05,reference,staff_total,,0.5,2", {"staff_total": 900}, {"staff_total": 899}, "outside 900 to 3600"),
        ("V06,reference_soft,staff_total,,0.5,2", {"staff_total": 3600}, {"staff_total": 3601}, "outside 900 to 3600"),
        ("V06,ratio,laptop_required,printer_required,1,3", {"laptop_required": 30, "printer_required": 10},
         {"laptop_required": 31, "printer_required": 10}, "laptop_required is 3.1 times printer_required, 1 to 3 exp"),
        ("V08,fall,laptop_required,,0.25,", {"laptop_required": (100, 75)}, {"laptop_required": (100, 74)},
         "laptop_required falls from 100 (2024Q2) to 74"),
        ("V08,fall,laptop_*,,0.25,", {"laptop_required": (100, 75)}, {"laptop_working": (100, 74)}, "falls from 100"),
        ("V08,fall,codes in sectors_benefiting,,0.5,", {"sectors_benefiting": ("education health", "health")},
         {"sectors_benefiting": ("education health", "none")}, "sectors_benefiting falls from 2 (2024Q2) to 0"),
        ("V09,share_moves,laptop_working,laptop_required,,0.05", {"laptop_required": (100, 100),
         "laptop_working": (50, 55)}, {"laptop_required": (100, 100), "laptop_working": (50, 56)},
         "the share of laptop_working in laptop_required moves from 50.0% (2024Q2) to 56.0%"),
        ("V10,never_falls,laptop_required,,,", {"laptop_required": (100, 100)}, {"laptop_required": (100, 99)},
         "laptop_required, a running total, falls from 100 (2024Q2) to 99"),
        (f"V10,at_least_each,scale_required,{BOTH},,", {"scale_required": 9, "laptop_required": 4,
         "printer_required": 9}, {"scale_required": 8, "laptop_required": 4, "printer_required": 9},
         "scale_required, a running total, is 8, less than the 9 of the quarter"),
        (f"V10,at_most_sum,scale_required,{BOTH},,", {"scale_required": 13, "laptop_required": 4,
         "printer_required": 9}, {"scale_required": 14, "laptop_required": 4, "printer_required": 9},
         "scale_required is 14, out of 13 in all"),
        ("V13,needs_code,sectors_benefiting,health needs education,,", {"sectors_benefiting": "education health"},
         {"sectors_benefiting": "health"}, "health without education"),
        ("V14,needs_date,roadmap_adopted_on,cloud_use in production,,", {"cloud_use": "pilot"},
         {"cloud_use": "production"}, "cloud_use is “production” but roadmap_adopted_on has no date"),
        ("V14,needs_date,roadmap_adopted_on,cloud_use in pilot|production,,", {"roadmap_adopted_on": "2024-09-30"},
         {"roadmap_adopted_on": "2024-10-01"}, "roadmap_adopted_on: 2024-10-01, after the quarter's end"),
        (f"V16,both_or_neither,audits_completed,{BOTH},,", {"audits_completed": 1, "laptop_required": 4},
         {"audits_completed": 0, "laptop_required": 4}, "audits_completed is 0, for 4 in all"),
    ],
)  # fmt: skip
def test_a_check_holds_the_question_and_the_limit_of_its_row(
    make_return, judge, plan, row, just_inside, just_outside, said
):
    def ask(answers):
        pairs = {name: value if isinstance(value, tuple) else (None, value) for name, value in answers.items()}
        then, now = ({name: pair[n] for name, pair in pairs.items()} for n in (0, 1))
        return judge(row, make_return(**now), make_return(**EARLIER, **then))

    rule, _, question = row.splitlines()[-1].split(",")[:3]
    question = question.removeprefix("codes in ").replace("*", "working")
    assert ask(just_inside)[1] == []
    checked, found_now = ask(just_outside)
    assert found_now == [f"{rule} {question}"]
    assert said in " ".join(issue.message_en for issue in checked.issues)


def test_a_fall_of_codes_marks_every_question_that_they_are_counted_in(make_return, judge):
    then = {"ipp_ecompro": "s10_barcode", "ipp_tracked": "s10_barcode tracking_events", "ipp_small_packets": "none"}
    now = make_return(**then | {"ipp_tracked": "none"})
    checked, found_now = judge("V08,fall,codes in ipp_*,,0.10,", now, make_return(**EARLIER, **then))
    assert found_now == ["V08 ipp"]
    assert [answer_of(checked, question)[1] for question in then] == ["U"] * 3


@pytest.mark.parametrize(("most", "warned"), [("2", ["V17 laptop_working"]), ("5", [])])
def test_v17_takes_its_limit_and_its_numbers_from_its_row(make_return, judge, most, warned):
    returns = [
        make_return(member, row=n, laptop_required=1000, laptop_working=working)
        for n, (member, working) in enumerate(zip(EIGHT, (470, 480, 490, 500, 510, 520, 530, 570), strict=True), 2)
    ]
    assert judge(f"V17,outlier,laptop_working,laptop_required,,{most}", *returns)[1] == warned


def test_without_rows_only_what_a_kpi_says_of_its_number_withdraws_it(make_return, judge):
    answers = {"staff_total": 1, "staff_women": 9, "offices_total": 1, "roadmap_status": "adopted"}
    one = make_return(**answers, offices_connected=2, trained_cumulative=2)
    assert judge("", one)[1] == ["V04 offices_connected", "V10 trained_cumulative"]
    assert judge("", make_return(offices_connected=99_999, trained_cumulative=99_999))[1] == []


# --- states -----------------------------------------------------------------------------------------------------


def test_a_value_that_breaks_a_soft_rule_remains_as_unusual_and_a_negligible_one_remains_so(make_return, check):
    checked = check(
        make_return(offices_total=60, trained_women="NG", offices_connected="NG", trained_capacity_building=0),
        make_return(**EARLIER, offices_connected=50),
    )
    assert [answer_of(checked, name)[:2] for name in ("offices_total", "offices_connected", "trained_women")] == [
        ("60", "U"), ("0", "N"), ("0", "N"),
    ]  # fmt: skip


def test_a_return_on_hold_counts_and_its_values_are_unusual(make_return, check):
    checked = check(replace(make_return(offices_total=130, staff_total="ND", cloud_use="pilot"), on_hold=True))
    assert checked.ledger[0].counts
    assert [answer_of(checked, name)[1] for name in ("offices_total", "staff_total", "cloud_use")] == ["U", "L", "U"]


def test_an_issue_names_its_place(make_return, check):
    (issue,) = check(make_return(offices_total=20, staff_total=1800)).issues
    assert (issue.quarter, issue.member, issue.source_file, issue.sheet, issue.row) == (
        "2024Q3", "SEN", "mail.xlsx", "returns", "2",
    )  # fmt: skip
    assert (issue.observed, issue.severity, issue.rule) == ("20", "withdrawn", "V05")
