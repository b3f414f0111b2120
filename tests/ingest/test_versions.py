"""Which version counts: on time, late, revised, duplicate or refused; conflicts; snapshots; the date of the edition."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from itertools import combinations, permutations

import pytest

from helpers.ingest import versions
from helpers.ingest.versions import build_ledger, read_histories

AS_OF = date(2024, 11, 14)
MORNING, NOON, EVENING = (f"2024-10-10T{hour:02}:00:00" for hour in (8, 12, 18))


@pytest.fixture
def enter(plan, form):
    """Return a function that enters returns in the ledger; gives the ledger and the issues."""

    def run(*returns, as_of=AS_OF):
        histories, repeated = read_histories(returns, as_of)
        ledger, issues = build_ledger(histories, plan, form, as_of)
        return ledger, [*repeated, *issues]

    return run


def states(ledger) -> list[tuple[str, str, int | None, bool]]:
    """Return row, state, version and whether it counts, by row."""
    found = [(e.received.file.name, e.received.place.row, e.state, e.version, e.counts) for e in ledger]
    return [tuple(rest) for _, *rest in sorted(found)]


def rules(issues, severity: str = "refused") -> list[str]:
    return sorted(found.rule for found in issues if found.severity == severity)


# --- in time or not ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "state"),
    [("2024-07-01", "on_time"), ("2024-10-30", "on_time"), ("2024-10-31", "late"), ("2024-11-14", "late")],
)
def test_a_return_is_on_time_until_30_days_after_the_quarter(make_return, enter, received, state):
    ledger, _ = enter(make_return(received=received, offices_total=130))
    assert states(ledger) == [("2", state, 1, True)]


@pytest.mark.parametrize(("received", "exists"), [("2024-11-14", True), ("2024-11-14T23:59:00", True),
                                                  ("2024-11-15", False)])  # fmt: skip
def test_a_return_received_after_the_date_does_not_exist(make_return, enter, received, exists):
    ledger, issues = enter(make_return(received=received, offices_total=130))
    assert (len(ledger), issues) == (int(exists), [])


def test_a_later_return_replaces_an_earlier_one_whole_and_counts(make_return, enter):
    first = make_return(row=2, received="2024-10-10", offices_total=130, staff_total=1800)
    second = make_return(row=3, received="2024-11-05", offices_total=131)
    for order in ((first, second), (second, first)):
        ledger, _ = enter(*order)
        assert states(ledger) == [("2", "on_time", 1, False), ("3", "revised", 2, True)]


def test_a_later_return_that_is_hidden_by_the_date_leaves_the_earlier_one(make_return, enter):
    first = make_return(row=2, received="2024-10-10", offices_total=130)
    second = make_return(row=3, received="2024-11-05", offices_total=131)
    ledger, _ = enter(first, second, as_of=date(2024, 11, 4))
    assert states(ledger) == [("2", "on_time", 1, True)]


def test_versions_are_numbered_by_member_and_quarter(make_return, enter):
    ledger, _ = enter(
        make_return(row=2, offices_total=130),
        make_return("KEN", row=3, offices_total=600),
        make_return(quarter="2024Q2", row=4, received="2024-07-10", offices_total=129),
    )
    assert states(ledger) == [("2", "on_time", 1, True), ("3", "on_time", 1, True), ("4", "on_time", 1, True)]


# --- duplicates -------------------------------------------------------------------------------------------------


def test_equal_answers_are_a_duplicate_that_bears_the_number_it_repeats(make_return, enter):
    ledger, issues = enter(
        make_return(row=2, received="2024-10-10", offices_total=130),
        make_return(row=3, received="2024-10-12", offices_total="130,0"),
    )
    assert states(ledger) == [("2", "on_time", 1, True), ("3", "duplicate", 1, False)]
    assert rules(issues) == []


def test_an_answer_taken_back_is_a_third_version_not_a_duplicate(make_return, enter):
    said = ((2, "2024-10-10", 130), (3, "2024-10-12", 131), (4, "2024-10-14", 130))
    ledger, _ = enter(*(make_return(row=row, received=day, offices_total=offices) for row, day, offices in said))
    assert states(ledger) == [("2", "on_time", 1, False), ("3", "revised", 2, False), ("4", "revised", 3, True)]


@pytest.mark.parametrize(
    ("question", "cells", "state"),
    [
        ("comment", ("a", "b"), "revised"), ("focal_point_email", ("a@example.org", "b@example.org"), "revised"),
        ("offices_total", (130, None), "revised"), ("offices_total", ("NA", "ND"), "revised"),
        ("staff_total", ("douze", "treize"), "revised"), ("staff_total", ("1 800", 1800), "duplicate"),
        ("services_epost", ("hybrid_mail e_postbox", "e_postbox hybrid_mail"), "duplicate"),
    ],
)  # fmt: skip
def test_all_answers_as_read_are_compared(make_return, enter, question, cells, state):
    common = {"offices_connected": 90}
    first, second = (
        make_return(row=n, received=day, **common, **{question: cell})
        for n, (day, cell) in enumerate(zip(("2024-10-10", "2024-10-12"), cells, strict=True), 2)
    )
    ledger, _ = enter(first, second)
    assert [state for _, state, _, _ in states(ledger)] == ["on_time", state]


def test_how_member_and_quarter_are_written_is_not_compared(make_return, enter):
    first = make_return("SEN", row=2, received="2024-10-10", offices_total=130)
    second = make_return("Sénégal", row=3, received="2024-10-12", label="T3 2024", offices_total=130)
    assert states(enter(first, second)[0])[1][1] == "duplicate"


HACKATHON = {"kind": "hackathon", "reference": "H-1"}


@pytest.mark.parametrize(
    ("earlier", "later", "state"),
    [
        ([HACKATHON], [HACKATHON], "duplicate"), ([HACKATHON], [HACKATHON | {"reference": "H-2"}], "revised"),
        ([HACKATHON], [], "revised"), ([HACKATHON], None, "duplicate"), ([], None, "duplicate"),
        (None, [HACKATHON], "revised"), (None, [], "revised"), (None, None, "duplicate"),
    ],
)  # fmt: skip
def test_a_part_that_only_the_earlier_has_is_not_compared_and_one_added_is_a_revision(
    make_return, enter, earlier, later, state
):
    ledger, _ = enter(
        make_return(row=2, received="2024-10-10", offices_total=130, items=earlier),
        make_return(row=3, received="2024-10-12", offices_total=130, items=later),
    )
    assert [state for _, state, _, _ in states(ledger)] == ["on_time", state]


def test_the_order_of_innovations_does_not_make_a_revision(make_return, enter):
    other = {"kind": "adoption", "reference": "A-1"}
    ledger, _ = enter(
        make_return(row=2, received="2024-10-10", offices_total=130, items=[HACKATHON, other]),
        make_return(row=3, received="2024-10-12", offices_total=130, items=[other, HACKATHON]),
    )
    assert states(ledger)[1][1] == "duplicate"


@pytest.mark.parametrize(("earlier", "warnings"), [([HACKATHON], ["HIDES_ITEMS"]), ([], []), (None, [])])
def test_a_revision_without_a_part_that_hides_earlier_items_is_a_warning(make_return, enter, earlier, warnings):
    ledger, issues = enter(
        make_return(row=2, received="2024-10-10", offices_total=130, items=earlier),
        make_return(row=3, received="2024-10-12", offices_total=131),
    )
    assert states(ledger)[1] == ("3", "revised", 2, True)
    assert rules(issues, "warning") == warnings


# --- what cannot be ordered (V19) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "told"),
    [
        ({"offices_total": 131, "staff_total": 900}, []),
        ({"offices_total": 131}, [("1", "1", "network")]),
        ({"offices_total": 131, "staff_total": "ND"}, []),
        ({"offices_total": 131, "staff_total": "beaucoup"}, []),
        ({"comment": "corrigé", "cloud_use": "pilot"}, [("2", "1", "network")]),
    ],
)
def test_answers_that_a_revision_leaves_blank_are_told_with_their_groups(make_return, enter, later, told):
    first = make_return(offices_total=130, staff_total=900, comment="reçu")
    _, issues = enter(first, make_return(received="2024-10-12", name="b.xlsx", **later))
    found = [(each.observed, *each.details) for each in issues if each.key == "REVISION_EMPTIES"]
    assert found == told and rules(issues, "warning") == ["REVISION_EMPTIES"] * len(told)


@pytest.mark.parametrize(
    "moments",
    [("2024-10-10", "2024-10-10"), ("2024-10-10", NOON), (NOON, "2024-10-10"), (NOON, NOON),
     ("2024-10-10T12:00:00+02:00", "2024-10-10T10:00:00Z"), ("2024-10-10T12:00:00", "2024-10-10T12:00:00Z")],
)  # fmt: skip
def test_different_returns_that_nothing_orders_are_all_refused(make_return, enter, moments):
    one, other = (
        make_return(row=n, received=moment, offices_total=130, staff_total=staff)
        for n, (moment, staff) in enumerate(zip(moments, (1800, 1801), strict=True), 2)
    )
    ledger, issues = enter(one, other)
    assert states(ledger) == [("2", "refused", None, False), ("3", "refused", None, False)]
    assert rules(issues) == ["V19", "V19"]
    assert all("staff_total" in found.message_en and "offices_total" not in found.message_en for found in issues)


@pytest.mark.parametrize(
    "moments",
    [(MORNING, NOON), ("2024-10-10T12:00:00+02:00", "2024-10-10T11:00:00Z"),
     ("2024-10-10T23:00:00-05:00", "2024-10-11")],
)  # fmt: skip
def test_returns_of_one_day_are_ordered_by_their_instants(make_return, enter, moments):
    one, other = (make_return(row=n, received=moment, offices_total=129 + n) for n, moment in enumerate(moments, 2))
    ledger, _ = enter(other, one)
    assert states(ledger) == [("2", "on_time", 1, False), ("3", "revised", 2, True)]


def test_an_earlier_and_a_later_version_still_count(make_return, enter):
    days, offices = ("2024-10-09", "2024-10-10", "2024-10-10", "2024-10-11"), (128, 129, 130, 131)
    returns = [make_return(row=n, received=days[n - 2], offices_total=offices[n - 2]) for n in range(2, 6)]
    ledger, _ = enter(*returns)
    assert states(ledger) == [
        ("2", "on_time", 1, False), ("3", "refused", None, False), ("4", "refused", None, False),
        ("5", "revised", 2, True),
    ]  # fmt: skip
    assert states(enter(*returns[:3])[0])[0] == ("2", "on_time", 1, True)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_if_any_two_of_a_chain_differ_all_are_refused(make_return, enter, order):
    chain = [
        make_return(row=2, received=MORNING, offices_total=130),
        make_return(row=3, received="2024-10-10", offices_total=130),
        make_return(row=4, received=EVENING, offices_total=131),
    ]
    ledger, issues = enter(*(chain[n] for n in order))
    assert states(ledger) == [(row, "refused", None, False) for row in ("2", "3", "4")]
    assert rules(issues) == ["V19"] * 3


def test_parts_that_differ_across_a_return_without_one_are_a_conflict(make_return, enter):
    parts = ([HACKATHON], None, [HACKATHON | {"reference": "H-2"}])
    ledger, issues = enter(
        *(make_return(row=n, received="2024-10-10", offices_total=130, items=part) for n, part in enumerate(parts, 2))
    )
    assert {state for _, state, _, _ in states(ledger)} == {"refused"}
    assert all("innovations" in found.message_en for found in issues)


def test_ordered_returns_of_a_day_are_no_chain(make_return, enter):
    ledger, issues = enter(
        *(make_return(row=n, received=at, offices_total=128 + n) for n, at in enumerate((MORNING, NOON, EVENING), 2))
    )
    assert [version for _, _, version, _ in states(ledger)] == [1, 2, 3]
    assert rules(issues) == []


@pytest.mark.parametrize("parts", [(None, [HACKATHON]), ([HACKATHON], None), (None, [])])
def test_of_equal_returns_of_one_day_the_one_with_the_part_stands(make_return, enter, parts):
    ledger, issues = enter(
        *(make_return(row=n, received="2024-10-10", offices_total=130, items=part) for n, part in enumerate(parts, 2))
    )
    by_part = {entry.received.items is not None: (entry.state, entry.version, entry.counts) for entry in ledger}
    assert by_part == {True: ("on_time", 1, True), False: ("duplicate", 1, False)}
    assert rules(issues) == []


def test_other_innovations_of_one_day_are_a_conflict_too(make_return, enter):
    ledger, issues = enter(
        make_return(row=2, received="2024-10-10", offices_total=130, items=[HACKATHON]),
        make_return(row=3, received="2024-10-10", offices_total=130, items=[]),
    )
    assert rules(issues) == ["V19", "V19"]
    assert all("innovations" in found.message_en for found in issues)


def test_only_returns_that_pass_the_other_rules_are_in_conflict(make_return, enter):
    ledger, issues = enter(
        make_return(row=2, received="2024-10-10", offices_total=130),
        make_return(row=3, received="2024-10-10"),
        make_return(row=4, received="2024-10-10", label="2024Q2", offices_total=99),
    )
    assert states(ledger)[0] == ("2", "on_time", 1, True)
    assert rules(issues) == ["V02", "V21"]


def tied(returns) -> set[frozenset[str]]:
    """Group returns that nothing orders the slow way: every pair is compared, groups that touch become one."""
    groups = [{one} for one in range(len(returns))]
    for a, b in combinations(range(len(returns)), 2):
        if not versions._is_ordered(returns[a], returns[b]):
            touched = [group for group in groups if a in group or b in group]
            groups = [group for group in groups if group not in touched] + [set().union(*touched)]
    return {frozenset(returns[n].place.row for n in group) for group in groups}


def test_returns_are_grouped_as_if_every_pair_were_compared(make_return):
    chance = random.Random(1)
    received = ["2024-10-10", MORNING, NOON, "2024-10-11", "2024-10-11T08:00:00", "2024-10-12T08:00:00"]
    for _ in range(300):
        returns = [
            make_return(row=row, received=chance.choice(received), listed=chance.choice(["2024-10-12", "2024-10-20"]),
                        identity=chance.choice(["a", "b", "", ""]), offices_total=1)
            for row in range(2, 2 + chance.randrange(2, 9))
        ]  # fmt: skip
        found = {frozenset(one.place.row for one in cluster) for cluster in versions._clusters(returns)}
        assert found == tied(returns)


def test_a_list_pasted_in_is_refused_row_by_row_in_short(make_return, enter):
    ledger, issues = enter(*(make_return(row=row, offices_total=row) for row in range(2, 502)))
    assert {entry.state for entry in ledger} == {"refused"}
    assert rules(issues) == ["V19"] * 500
    assert max(len(found.message_en) for found in issues) < 400
    assert "(+495)" in issues[0].message_en


# --- snapshots of one submission --------------------------------------------------------------------------------


@pytest.fixture
def snapshot(make_return):
    """Return a maker of one submission as three exports show it: the tools keep its first date."""

    def make(listed: str, offices: int, received: str = MORNING):
        return make_return(
            name=f"{listed}.xlsx", listed=listed, received=received, identity="uuid:r1", offices_total=offices
        )

    return make


def test_the_same_submission_in_three_exports_is_one_return(snapshot, enter):
    ledger, issues = enter(*(snapshot(day, 130) for day in ("2024-11-01", "2024-10-12", "2024-10-20")))
    assert [(e.received.file.name, e.state, e.counts) for e in ledger] == [("2024-10-12.xlsx", "on_time", True)]
    assert [(found.rule, found.source_file) for found in issues] == [
        ("DUP_IDENTICAL", "2024-10-20.xlsx"), ("DUP_IDENTICAL", "2024-11-01.xlsx"),
    ]  # fmt: skip


def test_an_edit_is_a_version_received_on_the_date_of_the_first_export_that_has_it(snapshot, enter):
    days = ("2024-10-12", "2024-10-20", "2024-11-01")
    ledger, _ = enter(*(snapshot(day, offices) for day, offices in zip(days, (130, 131, 131), strict=True)))
    assert [(e.received.received_on.isoformat(), e.state, e.version, e.counts) for e in ledger] == [
        ("2024-10-10", "on_time", 1, False), ("2024-10-20", "revised", 2, True),
    ]  # fmt: skip


def test_an_edit_and_an_edit_back_are_two_further_versions(snapshot, enter):
    days = ("2024-10-12", "2024-10-20", "2024-11-01")
    snapshots = [snapshot(day, offices) for day, offices in zip(days, (130, 131, 130), strict=True)]
    ledger, _ = enter(*snapshots)
    assert [(e.received.received_on.isoformat(), e.version, e.counts) for e in ledger] == [
        ("2024-10-10", 1, False), ("2024-10-20", 2, False), ("2024-11-01", 3, True),
    ]  # fmt: skip
    ledger, _ = enter(*snapshots, as_of=date(2024, 10, 25))
    assert [(e.version, e.counts) for e in ledger] == [(1, False), (2, True)]


def test_an_edit_exported_on_the_day_of_the_submission_is_ordered_by_the_exports(snapshot, enter):
    ledger, issues = enter(snapshot("2024-10-10", 130), snapshot("2024-10-11", 131))
    assert [(e.version, e.counts) for e in ledger] == [(1, False), (2, True)]
    assert rules(issues) == []


@pytest.mark.parametrize("first_on", ["2024-10-12", "2024-10-20"])
def test_exports_of_one_day_are_ordered_by_the_moment_in_their_names(snapshot, enter, first_on):
    def at(moment: str, listed: str, offices: int):
        made = snapshot(listed, offices)
        name = f"kobo-{moment}.xlsx"
        return replace(made, file=replace(made.file, name=name), place=replace(made.place, source_file=name))

    moments = (f"{first_on}-08-00-00", "2024-10-20-10-00-00", "2024-10-20-11-00-00")
    days = (first_on, "2024-10-20", "2024-10-20")
    copies = [at(moment, day, offices) for moment, day, offices in zip(moments, days, (130, 131, 132), strict=True)]
    ledger, issues = enter(*reversed(copies))
    assert [(e.received.answers["offices_total"].value, e.version, e.counts) for e in ledger] == [
        ("130", 1, False), ("131", 2, False), ("132", 3, True),
    ]  # fmt: skip
    assert rules(issues) == []


def test_edits_of_one_day_that_nothing_orders_are_a_conflict(make_return, enter):
    def copy(name: str, listed: str, offices: int):
        return make_return(name=name, listed=listed, received=MORNING, identity="uuid:r1", offices_total=offices)

    ledger, issues = enter(
        copy("a.xlsx", "2024-10-12", 130), copy("b.xlsx", "2024-10-20", 131), copy("c.xlsx", "2024-10-20", 132)
    )
    assert [(e.received.answers["offices_total"].value, e.counts) for e in ledger if e.counts] == [("130", True)]
    assert rules(issues) == ["V19", "V19"]


def test_a_submission_whose_member_is_corrected_counts_for_the_one_it_names_now(make_return, enter):
    def copy(member: str, listed: str):
        return make_return(
            member, name=f"{listed}.xlsx", listed=listed, received=MORNING, identity="uuid:r1", offices_total=130
        )

    wrong, corrected = copy("NGA", "2024-10-12"), copy("NER", "2024-10-20")
    ledger, issues = enter(wrong, corrected)
    assert [(e.member, e.state, e.counts) for e in ledger] == [("NGA", "refused", False), ("NER", "on_time", True)]
    assert [found.say("en") for found in issues if found.rule == "V20"] == [
        "a submission corrected in the collection tool: it now names NER as its member"
    ]
    ledger, _ = enter(wrong, corrected, as_of=date(2024, 10, 15))
    assert [(e.member, e.counts) for e in ledger] == [("NGA", True)]


def test_one_identity_in_two_quarters_is_two_submissions(make_return, enter):
    ledger, _ = enter(
        make_return(row=2, identity="7", offices_total=130),
        make_return(row=3, identity="7", quarter="2024Q2", received="2024-07-10", offices_total=130),
    )
    assert [state for _, state, _, _ in states(ledger)] == ["on_time", "on_time"]


# --- refused at once --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "named"),
    [("Sénégall", "SEN"), ("Atlantis", ""), ("Congo", "COD / COG"), ("NA", "NAM"), ("Rwanda", "RWA")],
)
def test_a_member_that_does_not_resolve_to_one_is_refused_with_those_that_may_be_meant(
    make_return, enter, member, named
):
    ledger, issues = enter(make_return(member, offices_total=130))
    assert (states(ledger), rules(issues)) == ([("2", "refused", None, False)], ["V01"])
    assert named in issues[0].message_en


@pytest.mark.parametrize(("last", "refused"), [(date(2024, 9, 29), ["V01"]), (date(2024, 9, 30), [])])
def test_a_state_that_is_no_member_on_the_quarters_last_day_is_refused(make_return, plan, form, last, refused):
    members = tuple(replace(m, member_to=last) if m.member == "SEN" else m for m in plan.members)
    _, issues = build_ledger([make_return(offices_total=130)], replace(plan, members=members), form, AS_OF)
    assert rules(issues) == refused


@pytest.mark.parametrize(
    ("label", "received", "refused"),
    [("2024Q3", "2024-07-01", []), ("T3 2024", "2024-10-10", []), ("2024Q3", "2024-06-30", ["V02"]),
     ("2024Q4", "2024-10-10", ["V02"]), ("2021Q4", "2024-10-10", ["V02"]), ("  ", "2024-10-10", ["V02"]),
     ("NA", "2024-10-10", ["V02"])],
)  # fmt: skip
def test_the_quarter_inside_is_the_folders_and_has_begun(make_return, enter, label, received, refused):
    _, issues = enter(make_return(label=label, received=received, offices_total=130))
    assert rules(issues) == refused


def test_a_quarter_outside_the_plan_is_refused(make_return, enter):
    _, issues = enter(make_return(quarter="2026Q1", received="2026-04-10", offices_total=130), as_of=date(2026, 5, 15))
    assert rules(issues) == ["V02"]


def test_a_return_without_a_date_of_receipt_is_refused(make_return, enter):
    ledger, issues = enter(make_return(received="", offices_total=130))
    assert (states(ledger), rules(issues)) == ([("2", "refused", None, False)], ["V20"])


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        ({}, ["V21"]), ({"comment": "Rien", "organisation": "Poste", "form_language": "fr"}, ["V21"]),
        ({"focal_point_name": "X", "focal_point_email": "x@example.org"}, ["V21"]),
        ({"offices_total": "-", "staff_total": "..."}, ["V21"]), ({"offices_total": 0}, []),
        ({"offices_total": "NA"}, []), ({"offices_total": "ND"}, []), ({"offices_total": "douze"}, []),
        ({"cloud_use": "hybrid"}, []), ({"sent_feedback": "no"}, []),
    ],
)  # fmt: skip
def test_a_return_with_no_answer_is_refused(make_return, enter, answers, refused):
    _, issues = enter(make_return(**answers))
    assert rules(issues) == refused


def test_an_innovation_alone_makes_a_return(make_return, enter):
    assert rules(enter(make_return(items=[HACKATHON]))[1]) == []
    assert rules(enter(make_return(items=[]))[1]) == ["V21"]


def test_an_empty_return_supersedes_nothing(make_return, enter):
    ledger, _ = enter(make_return(row=2, offices_total=130), make_return(row=3, received="2024-10-12"))
    assert states(ledger) == [("2", "on_time", 1, True), ("3", "refused", None, False)]


def test_all_that_refuses_a_return_is_listed(make_return, enter):
    _, issues = enter(make_return("Atlantis", label="T3", received=""))
    assert rules(issues) == ["V01", "V02", "V20", "V21"]
