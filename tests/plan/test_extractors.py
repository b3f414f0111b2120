"""What one return says: none, not applicable, not available and blank are four different things."""

from __future__ import annotations

import pytest

from helpers.ingest.cells import read_answer
from helpers.plan.extractors import NO_EXTRACT, CountedReturn, Extract, Item
from helpers.plan.sources import source_of

HARDWARE_KINDS = ("server", "laptop", "printer", "scanner", "scale")
FAMILIES = ("services_epost", "services_ecommerce", "services_egovernment", "services_efinance")
ENDS = Extract(ends=True)


@pytest.fixture
def say(plan, form):
    """Return what a return with these answers says for a KPI (`2.1.a`) or a companion (`2.1.a networked`)."""

    def read(name: str, items=None, own: bool = False, **answers: object) -> Extract:
        kpi, _, component = name.partition(" ")
        said = {question: read_answer(form.by_name[question], cell) for question, cell in answers.items()}
        companions = {(each.kpi, each.component): each for each in plan.companions}
        source = source_of(companions[kpi, component] if component else plan.by_kpi[kpi], form)
        return (source.own if own else source.read)(CountedReturn("SEN", said, items))

    return read


def value(reading: Extract) -> float | None:
    return reading.value


# --- counts and choices -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "running", "adopted"),
    [("none", 0, 0), ("drafted", 0, 0), ("adopted", 0, 1), ("implementing", 1, 1), ("completed", 1, 1)],
)
def test_a_roadmap_is_implemented_when_it_is_running_or_completed(say, status, running, adopted):
    assert say("1.1.b", roadmap_status=status) == Extract(running)
    assert say("1.1.b adopted_or_beyond", roadmap_status=status) == Extract(adopted)


@pytest.mark.parametrize(
    ("cell", "reading"), [("NA", ENDS), ("ND", NO_EXTRACT), (None, NO_EXTRACT), ("running", NO_EXTRACT)]
)
def test_a_choice_that_is_not_reported_says_nothing_and_only_na_ends_carrying(say, cell, reading):
    assert say("1.1.b", roadmap_status=cell) == reading


@pytest.mark.parametrize(
    ("level", "percent"), [("none", 0), ("planned", 100 / 3), ("in_progress", 200 / 3), ("operational", 100)]
)
def test_a_domain_is_ready_in_thirds(say, level, percent):
    assert say("1.1.b cybersecurity", domain_cybersecurity=level).value == pytest.approx(percent)


@pytest.mark.parametrize(
    ("connected", "total", "reading"),
    [
        (60, 90, Extract(60, 90)),
        (0, 90, Extract(0, 90)),
        ("NG", 90, Extract(0, 90)),
        (60, None, Extract(60)),
        (60, "NA", Extract(60)),
        ("ND", 90, NO_EXTRACT),
        (None, 90, NO_EXTRACT),
        ("NA", 90, ENDS),
        ("x", 90, NO_EXTRACT),
    ],
)
def test_connected_offices_come_with_the_total_of_their_own_return(say, connected, total, reading):
    assert say("2.1.a", offices_connected=connected, offices_total=total) == reading


# --- hardware ---------------------------------------------------------------------------------------------------


def kit(**kinds: tuple[object, object]) -> dict[str, object]:
    """Return the answers on hardware: required and working of the kinds named, the others blank."""
    cells = {kind: kinds.get(kind, (None, None)) for kind in HARDWARE_KINDS}
    return {f"{k}_required": both[0] for k, both in cells.items()} | {
        f"{k}_working": both[1] for k, both in cells.items()
    }


NO = (0, 0)


@pytest.mark.parametrize(
    ("kinds", "index"),
    [
        # three kinds: (0.5 + 1 + 0)/3; more working than required counts as all
        ({"server": (10, 5), "laptop": (10, 12), "scale": (4, 0)}, 50),
        # a fourth that is required without its other number is left out
        ({"server": (10, 5), "laptop": (10, 12), "scale": (4, 0), "printer": (9, None)}, 50),
        # fewer than three, all that is required, all five said: (0.4 + 0.8)/2
        ({"server": (10, 4), "laptop": (10, 8), "printer": NO, "scanner": (0, None), "scale": ("NA", None)}, 60),
        ({"server": (10, 4), "laptop": NO, "printer": NO, "scanner": NO, "scale": NO}, 40),
        # fewer than three, and one required is left blank, not available or not read
        ({"server": (10, 4), "laptop": (10, 8), "printer": NO, "scanner": NO}, None),
        ({"server": (10, 4), "laptop": (10, 8), "printer": NO, "scanner": NO, "scale": ("ND", 1)}, None),
        ({"server": (10, 4), "laptop": (10, 8), "printer": NO, "scanner": NO, "scale": ("x", 1)}, None),
        # fewer than three, and a kind required has no number working
        ({"server": (10, 4), "laptop": (10, None), "printer": NO, "scanner": NO, "scale": NO}, None),
        # nothing required at all
        (dict.fromkeys(HARDWARE_KINDS, NO), None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_hardware_index_needs_three_kinds_or_all_that_are_required(say, kinds, index):
    found = say("2.2.a", **kit(**kinds))
    assert found.value == (None if index is None else pytest.approx(index))
    assert found.ends is False


@pytest.mark.parametrize(("scale", "ends"), [(("NA", None), True), ((0, 0), False), (("ND", None), False)])
def test_hardware_is_not_applicable_when_all_five_required_are(say, scale, ends):
    kinds = dict.fromkeys(HARDWARE_KINDS, ("NA", "NA")) | {"scale": scale}
    assert say("2.2.a", **kit(**kinds)) == Extract(ends=ends)


@pytest.mark.parametrize(
    ("required", "working", "reading"),
    [
        (10, 5, Extract(5, 10)), (10, 15, Extract(10, 10)), (0, 3, Extract(0, 0)), (10, None, NO_EXTRACT),
        (None, 5, NO_EXTRACT), ("NA", 5, ENDS), (10, "NA", ENDS), ("ND", "NA", ENDS), ("ND", 5, NO_EXTRACT),
    ],
)  # fmt: skip
def test_a_kind_of_hardware_needs_both_its_numbers(say, required, working, reading):
    assert say("2.2.a laptop", laptop_required=required, laptop_working=working) == reading


@pytest.mark.parametrize(("working", "equipped"), [(95, 1), (94, 0), (120, 1)])
def test_fully_equipped_is_every_kind_at_95_percent(say, working, equipped):
    kinds = {"server": (100, working), "laptop": (10, 10), "scale": (10, 10)}
    assert say("2.2.a fully_equipped", **kit(**kinds)) == Extract(equipped)
    assert say("2.2.a fully_equipped", **kit(server=(100, working))) == NO_EXTRACT


# --- services and products --------------------------------------------------------------------------------------

ALL = dict(zip(FAMILIES, ("hybrid_mail e_postbox", "online_shop", "none", "NA"), strict=True))


def test_services_add_up_over_the_families_none_and_na_being_0(say):
    found = say("3.1.a", **ALL)
    assert (found.value, found.codes) == (3, {"hybrid_mail", "e_postbox", "online_shop"})


@pytest.mark.parametrize("cell", [None, "ND", "-", "fax", "hybrid_mail fax", "none hybrid_mail"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_blank_withdrawn_or_not_available_leaves_the_total_unreported(say, family, cell):
    assert say("3.1.a", **ALL | {family: cell}) == NO_EXTRACT


def test_four_families_of_none_and_na_are_an_answer_of_0(say):
    assert say("3.1.a", **dict(zip(FAMILIES, ("none", "0", "NA", "NA"), strict=True))).value == 0


def test_a_family_is_of_the_record_of_the_total_while_its_own_question_may_be_answered(say):
    assert say("3.1.a epost", **ALL).value == 2
    without = ALL | {"services_efinance": "ND"}
    assert say("3.1.a epost", **without) == NO_EXTRACT
    assert say("3.1.a epost", own=True, **without).value is not None
    assert say("3.1.a efinance", own=True, **without) == NO_EXTRACT


@pytest.mark.parametrize(
    ("efinance", "egovernment", "reading"),
    [("mobile_wallet", "tax_payment", 1), ("none", "tax_payment", 0), ("NA", "none", 0)],
)
def test_a_service_in_all_four_families(say, efinance, egovernment, reading):
    answers = ALL | {"services_efinance": efinance, "services_egovernment": egovernment}
    assert say("3.1.a all_families", **answers) == Extract(reading)


@pytest.mark.parametrize(
    ("cell", "codes", "reported", "ends"),
    [
        ("trade finance", {"trade", "finance"}, True, False), ("trade other", {"trade"}, True, False),
        ("other", set(), True, False), ("none", set(), True, False), ("0", set(), True, False),
        ("NA", set(), False, True), ("ND", set(), False, False), (None, set(), False, False),
    ],
)  # fmt: skip
def test_sectors_other_and_none_are_answers_that_name_no_code(say, cell, codes, reported, ends):
    found = say("3.1.b", sectors_benefiting=cell)
    assert found == Extract(len(codes) if reported else None, codes=frozenset(codes), ends=ends)


PRODUCTS = ("ipp_ecompro", "ipp_tracked", "ipp_small_packets")
FIVE = "s10_barcode tracking_events advance_data customer_notification online_labelling"


@pytest.mark.parametrize(
    ("cells", "index"),
    [
        # (2/5 + 5/5 + 0)/3 = 46.67 %
        (("s10_barcode tracking_events", FIVE, "none"), 140 / 3),
        ((FIVE, FIVE, FIVE), 100), (("none", "0", "NA"), 0), (("NA", "NA", "NA"), 0), ((FIVE, "NA", "none"), 100 / 3),
        ((FIVE, FIVE, None), None), ((FIVE, FIVE, "ND"), None), ((FIVE, FIVE, "s10"), None),
    ],
)  # fmt: skip
def test_the_product_index_has_the_services_rule(say, cells, index):
    found = say("3.2.a", **dict(zip(PRODUCTS, cells, strict=True)))
    assert found.value == (None if index is None else pytest.approx(index))


def test_a_product_is_known_on_its_own(say):
    assert say("3.2.a ecompro", ipp_ecompro="s10_barcode") == Extract(20.0)
    assert say("3.2.a ecompro", ipp_ecompro="NA") == Extract(0.0)
    assert say("3.2.a ecompro", ipp_ecompro="ND") == NO_EXTRACT


@pytest.mark.parametrize(
    ("cells", "met"),
    [
        (("implementing", "none", None), 1), (("completed", None, None), 1), (("agreed", "none", "none"), 0),
        (("agreed", None, "ND"), 0), ((None, "NA", "ND"), None), ((None, None, None), None),
    ],
)  # fmt: skip
def test_projects_are_reported_when_one_of_the_three_is_answered(say, cells, met):
    found = say("3.3.a", **dict(zip(("project_dre", "project_payments", "project_fitaf"), cells, strict=True)))
    assert found.value == met


# --- innovations ------------------------------------------------------------------------------------------------


def test_without_a_part_nothing_is_reported_and_an_empty_part_is_a_0(say):
    assert [value(say(kpi, items=None)) for kpi in ("4.1.a", "4.1.b", "4.2.a", "4.2.b")] == [None] * 4
    assert [value(say(kpi, items=())) for kpi in ("4.1.a", "4.1.b", "4.2.a", "4.2.b")] == [0] * 4


@pytest.mark.parametrize(
    ("item", "key"),
    [
        (Item("hackathon", "H-1", "Hack", ""), "h-1"),
        (Item("hackathon", "  h-1 ", "Autre", ""), "h-1"),
        (Item("hackathon", "", "Le Hackathon d'été !", ""), "SEN: le hackathon d ete"),
        (Item("hackathon", " ", " LE HACKATHON D'ÉTÉ", ""), "SEN: le hackathon d ete"),
        (Item("hackathon", "", "", ""), ""),
        (Item("hackathon", "", "!?", ""), ""),
    ],
)
def test_an_item_is_known_by_its_reference_else_by_member_and_title(item, key):
    assert item.key("SEN") == key


def test_an_item_without_reference_and_title_does_not_count(say):
    assert say("4.1.b", items=(Item("hackathon", "", "", ""),)).codes == frozenset()


def test_items_count_under_their_own_kind_only(say):
    items = (
        Item("solution", "S-1", "", "software"),
        Item("solution", "s-1", "", "application"),
        Item("hackathon", "H-1", "", ""),
        Item("exhibition", "E-1", "", ""),
        Item("adoption", "A-1", "", "own"),
        Item("", "X", "", ""),
    )
    codes = {name: len(say(name, items=items).codes) for name in (
        "4.1.a", "4.1.a software", "4.1.a application", "4.1.b", "4.2.a", "4.2.a exhibition", "4.2.a competition",
        "4.2.b", "4.2.b adoptions",
    )}  # fmt: skip
    assert codes == {
        "4.1.a": 1, "4.1.a software": 1, "4.1.a application": 1, "4.1.b": 1, "4.2.a": 1, "4.2.a exhibition": 1,
        "4.2.a competition": 0, "4.2.b": 1, "4.2.b adoptions": 1,
    }  # fmt: skip


# --- people and participation -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "answers", "reading"),
    [
        ("5.1.a", {"trained_cumulative": 100, "staff_total": 1000}, Extract(100, 1000)),
        ("5.1.a", {"trained_cumulative": 100, "staff_total": "ND"}, Extract(100)),
        ("5.1.a women", {"trained_women": 4}, Extract(4)),
        ("5.1.b", {"audits_completed": 0}, Extract(0)),
        ("5.1.b", {"audits_completed": "NA"}, ENDS),
        ("5.1.c", {"training_sessions": None}, NO_EXTRACT),
        ("6.1.a meetings", {"attended_meetings": "yes"}, Extract(1)),
        ("6.1.a meetings", {"attended_meetings": "no"}, Extract(0)),
        ("6.1.a meetings", {"attended_meetings": "ND"}, NO_EXTRACT),
        ("2.3.a shared_information", {"shared_system_information": "yes"}, Extract(1)),
        ("2.1.a cloud_production", {"cloud_use": "pilot"}, Extract(0)),
    ],
)
def test_people_participation_and_the_rest(say, name, answers, reading):
    assert say(name, **answers) == reading
