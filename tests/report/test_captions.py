"""Captions: titles that say the finding and stay true in the awkward cases, and figures of those cases."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from helpers.i18n.formats import Translator
from helpers.plan.plan import read_plan
from helpers.plan.quarters import shift
from helpers.report import drawing, figures
from helpers.report.figures import flows, heat, movements, over_time, parts, targets, tiles
from helpers.report.figures.tiles import caption_calendar, caption_member_map
from helpers.tables import replies
from helpers.tables.pipeline import EditionTables
from helpers.tables.schema import conform
from invented import BLANK, COLUMNS, empty, invent
from reports import report_of

pytestmark = pytest.mark.slow

FR, EN = Translator("fr"), Translator("en")
NOW, BEFORE = "2024Q3", "2024Q2"
WHAT = "Number of digital services offered by Member States"
MATCHED = "members that reported this figure in both quarters"


def services(*moves: float) -> EditionTables:
    """Return tables in which as many members offered 10 services each, and now so many more."""
    members = [member.member for member in read_plan().members_in(NOW)][: len(moves)]
    rows = [(BEFORE, member, "3.1.a", 10.0, BLANK, "reported", BEFORE) for member in members]
    rows += [(NOW, m, "3.1.a", 10.0 + move, BLANK, "reported", NOW) for m, move in zip(members, moves, strict=True)]
    return replace(invent(), member_values=pd.DataFrame(rows, columns=COLUMNS["member_values"].split()))


SLOPES = {
    "both ways": (services(2, 1, 0, -1), f"{WHAT}: up in 2 of the 4 {MATCHED}, down in 1"),
    "some risen": (services(2, 1, 0), f"{WHAT}: up in 2 of the 3 {MATCHED}, down in none"),
    "some fallen": (services(0, 0, -3), f"{WHAT}: down in 1 of the 3 {MATCHED}, up in none"),
    "all risen": (services(*range(1, 41)), f"{WHAT}: up in each of the 40 {MATCHED}"),
    "all fallen": (services(-1, -2, -3), f"{WHAT}: down in each of the 3 {MATCHED}"),
    "no change at all": (services(0, 0), f"{WHAT}: unchanged in the 2 {MATCHED}"),
    "one member": (services(1), f"{WHAT}: up in the only member that reported this figure in both quarters"),
    "one unchanged": (services(0), f"{WHAT}: unchanged in the only member that reported this figure in both quarters"),
    "ties": (services(*[3.0] * 45), f"{WHAT}: up in each of the 45 {MATCHED}"),
    "from 10 to 0": (services(-10), f"{WHAT}: down in the only member that reported this figure in both quarters"),
    "nobody in both": (services(), f"{WHAT}: no member reported it in both quarters"),
}


@pytest.mark.parametrize("case", SLOPES)
def test_slopes_say_how_many_moved_which_way(case):
    tables, title = SLOPES[case]
    assert movements.caption_slopes(report_of(tables, EN), "3.1.a")["title"] == title


@pytest.mark.parametrize("case", SLOPES)
def test_slopes_can_be_drawn_with_names_that_do_not_touch(case):
    tables, _ = SLOPES[case]
    figure = movements.plot_slopes(report_of(tables, FR), "3.1.a")
    assert "<svg" in drawing.draw_svg(figure)
    for axes in figure.axes[:5]:
        heights = sorted(axes.transData.transform(text.xy)[1] for text in axes.texts if text.get_text()[:1].isupper())
        assert all(b - a > 8 for a, b in zip(heights, heights[1:], strict=False))


def test_slopes_say_how_many_are_not_named():
    few, many = (
        movements.caption_slopes(report_of(services(*moves), EN), "3.1.a") for moves in ((1, 2), (0, *[1] * 44))
    )
    assert few["note"] == ""
    assert many["note"] == "9 members that moved less, or not at all, are not named"  # 8 of 13, 8 of 9, 8 of 10, 1
    assert many["n"] == "figure reported in both quarters: 45/45 members"


def test_french_slopes_agree_in_number():
    one, more = (movements.caption_slopes(report_of(services(*moves), FR), "3.1.a") for moves in ((0,), (0, 0)))
    assert one["title"].endswith("sans changement chez le seul membre ayant communiqué ce chiffre aux deux trimestres")
    assert more["title"].endswith("sans changement chez les 2 membres ayant communiqué ce chiffre aux deux trimestres")


# --- regions ----------------------------------------------------------------------------------------------------


def regions(now: list[float], then: list[float], past: str = "2023Q3") -> EditionTables:
    """Return tables with the regions' response rates now and then; a blank is a blank, and so is all else."""
    tables = invent()
    here = tables.kpis["kpi"].eq("6.1.a")
    tables.kpis.loc[here, "value"] = BLANK
    for quarter, values in ((NOW, now), (past, then)):
        for region, value in zip(read_plan().regions, values, strict=True):
            row = here & tables.kpis["quarter"].eq(quarter) & tables.kpis["scope"].eq(region)
            tables.kpis.loc[row, "value"] = value
    return tables


RATE = "Questionnaire response rate"


@pytest.mark.parametrize(
    ("now", "then", "title"),
    [
        ([2.0] * 5, [1.0] * 5, "higher than in Q3 2023 in all 5 regions that can be compared"),
        ([2.0] * 5, [1.0, 1.0, 2.0, 3.0, 4.0], "higher than in Q3 2023 in 2 of the 5 regions that can be compared"),
        ([2.0] * 5, [1.0, BLANK, 3, 3, BLANK], "higher than in Q3 2023 in 1 of the 3 regions that can be compared"),
        ([2.0] * 5, [1.0, *[BLANK] * 4], "higher than in Q3 2023 in the only region that can be compared"),
        ([2.0] * 5, [2.0] * 5, "no region that can be compared stands higher than in Q3 2023"),
        ([2.04] * 5, [2.0] * 5, "no region that can be compared stands higher than in Q3 2023"),
        ([BLANK] * 5, [2.0] * 5, "no region can be compared with an earlier quarter"),
    ],
)
def test_regions_over_time_say_how_many_stand_higher_than_a_year_before(now, then, title):
    tables = regions(now, then)
    assert over_time.caption_regions_over_time(report_of(tables, EN), "6.1.a")["title"] == f"{RATE}: {title}"
    assert "<svg" in drawing.draw_svg(over_time.plot_regions_over_time(report_of(tables, FR), "6.1.a"))


def test_regions_over_time_fall_back_on_the_first_quarter_known():
    title = over_time.caption_regions_over_time(report_of(regions([2.0] * 5, [1.0] * 5, "2024Q1"), EN), "6.1.a")[
        "title"
    ]
    assert title == f"{RATE}: higher than in Q1 2024 in all 5 regions that can be compared"
    first = over_time.caption_regions_over_time(report_of(invent("2022Q3"), EN), "6.1.a")["title"]
    assert first.startswith(f"{RATE}: ") and "earlier" not in first  # there is none


def test_a_region_of_class_c_shows_bounds_and_no_point_value():
    tables = invent()
    tables.kpis.loc[tables.kpis["kpi"].eq("2.1.a"), "coverage_class"] = "C"
    tables.kpis.loc[tables.kpis["kpi"].eq("2.1.a"), ["share", "share_lower", "share_upper"]] = [0.777, 0.1, 0.9]
    assert "77.7" not in " ".join(
        map(str, over_time.caption_regions_over_time(report_of(tables, EN), "2.1.a").values())
    )
    shown = {
        text.get_text()
        for one in over_time.plot_regions_over_time(report_of(tables, EN), "2.1.a").axes
        for text in one.texts
    }
    assert {"10.0%", "90.0%"} <= shown and "77.7%" not in shown


# --- maps and calendar ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("per_region", "title"),
    [
        ("all", "In 5 of 5 regions at least half of the members have answered yes: Roadmap being implemented"),
        ("none", "In none of the 5 regions have half of the members answered yes: Roadmap being implemented"),
        ("Northern", "In 1 of 5 regions at least half of the members have answered yes: Roadmap being implemented"),
    ],
)
def test_the_roadmap_map_says_in_how_many_regions_half_do(per_region, title):
    rows = [
        (NOW, m.member, "1.1.b", float(per_region in ("all", m.region)), BLANK, "reported", NOW)
        for m in read_plan().members_in(NOW)
    ]
    tables = replace(invent(), member_values=pd.DataFrame(rows, columns=COLUMNS["member_values"].split()))
    assert caption_member_map(report_of(tables, EN), "1.1.b")["title"] == title


def answers(quarters: dict[str, int], quarter: str = NOW) -> EditionTables:
    """Return tables in which the first so many members answered each of these quarters, at once."""
    rows = [
        (one, m.member, 1, f"{shift(one, 1)[:4]}-{3 * int(shift(one, 1)[5]) - 2:02}-05", "on_time", True, "f.xlsx", "0")
        for one, n in quarters.items()
        for m in read_plan().members_in(one)[:n]
    ]
    returns = pd.DataFrame(rows, columns=COLUMNS["returns"].split())
    return replace(invent(quarter), returns=returns)


NINE = ["2022Q3", "2022Q4", "2023Q1", "2023Q2", "2023Q3", "2023Q4", "2024Q1", "2024Q2", "2024Q3"]


@pytest.mark.parametrize(
    ("tables", "title"),
    [
        (
            answers(dict.fromkeys(NINE, 21)),
            "21 of 45 members have answered every quarter since Q3 2022; never answered: 24",
        ),
        (
            answers(dict.fromkeys(NINE, 1)),
            "1 of 45 members has answered every quarter since Q3 2022; never answered: 44",
        ),
        (answers(dict.fromkeys(NINE, 45)), "All 45 members have answered every quarter since Q3 2022"),
        (answers({NOW: 5}), "No member has answered every quarter since Q3 2022; never answered: 40 of 45"),
        (answers({}), "No member has answered since Q3 2022"),
        (
            answers(dict.fromkeys(NINE, 3) | {NOW: 45}),
            "3 of 45 members have answered every quarter since Q3 2022, and all have at least once",
        ),
        (answers({"2022Q3": 7}, "2022Q3"), "7 of 45 members have answered for Q3 2022, the first quarter"),
        (empty(), "No member has answered since Q3 2022"),
    ],
)
def test_the_calendar_says_how_regularly_members_answer(tables, title):
    caption = caption_calendar(report_of(tables, EN))
    n = 45 * len(replies.select_quarters(tables))  # of each member in each quarter
    assert caption["title"] == title and caption["n"] == f"{n} returns expected"
    assert "<svg" in drawing.draw_svg(tiles.plot_calendar(report_of(tables, FR)))


# --- totals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tables", [invent("2022Q3"), empty()], ids=["first quarter", "nobody answered"])
def test_changes_without_an_earlier_quarter_are_not_shown(tables):
    report = report_of(tables, EN)
    assert figures.slopes(report, "3.1.a") is None
    assert figures.waterfalls(report, ("2.1.a", "3.1.a", "5.1.a")) is None


def test_changes_of_totals_that_too_few_are_known_for_give_no_number():
    tables = invent()
    tables.kpis["coverage_class"] = "C"
    caption = movements.caption_changes(report_of(tables, EN), ("2.1.a",))
    assert caption["title"] == "Too few members have data to compare the totals with Q2 2024"
    assert "106" not in " ".join(caption.values())


def test_cut_bars_are_said_only_where_bars_are_cut():
    tables = invent()
    tables.kpis["coverage_class"] = "A"
    assert movements.caption_changes(report_of(tables, EN), ("2.1.a",))["subtitle"].endswith(
        "truncated bars do not begin at 0"
    )
    tables.changes["matched"], tables.changes["after"] = 500.0, 601.0
    assert movements.caption_changes(report_of(tables, EN), ("2.1.a",))["subtitle"].endswith("by cause, PAPU")


# --- all indicators against their targets -----------------------------------------------------------------------


def rate_of(*figures: float) -> EditionTables:
    """Return tables in which only the response rate is known, in this quarter and those before: target 66.6 %."""
    tables = invent()
    tables.kpis.loc[:, ["value", "share", "status"]] = [BLANK, BLANK, "not_assessable"]
    for lag, value in enumerate(figures):
        here = tables.kpis["kpi"].eq("6.1.a") & tables.kpis["quarter"].eq(shift(NOW, -lag))
        here &= tables.kpis["scope"].eq(read_plan().code)
        tables.kpis.loc[here, ["value", "status"]] = [value, "achieved" if value >= 66.6 else "at_risk"]
    return tables


@pytest.mark.parametrize(
    ("tables", "title"),
    [
        (
            rate_of(33.3, 70),
            "1 proposed target is due and not reached; widest gap: Questionnaire response rate, at 50% of the way",
        ),
        (rate_of(70, 33.3), "1 of 20 indicators reaches its proposed target"),
        (empty(), "None of the 20 indicators is known to reach its proposed target"),
    ],
)
def test_distances_name_the_widest_gap(tables, title):
    caption = targets.caption_distances(report_of(tables, EN))
    assert caption["title"] == title and caption["alt"].startswith(f"{title}. ")


def test_a_first_edition_shows_one_status_and_names_no_earlier_quarter():
    first, later = (targets.caption_distances(report_of(invent(quarter), EN)) for quarter in ("2022Q3", NOW))
    assert "2022" in first["subtitle"] and "Q2 2022" not in " ".join(first.values())
    assert later["subtitle"].endswith("status at the end of that quarter and in Q2 2024")
    for quarter, heads in (("2022Q3", {"Q3"}), (NOW, {"Q2", "Q3"})):
        marks = targets.plot_distances(report_of(invent(quarter), EN)).axes[1]
        assert {text.get_text() for text in marks.texts} == heads


HELD = "targets that regions are held to"


@pytest.mark.parametrize(
    ("now", "title"),
    [
        (
            [70.0, 10, 10, 10, 10],
            f"1 of 25 proposed {HELD} is reached; most: Northern Africa; fewest: Western Africa, ",
        ),
        ([70.0] * 5, f"5 of 25 proposed {HELD} are reached"),
        ([10.0] * 5, f"None of the 25 proposed {HELD} is known to be reached"),
    ],
)
def test_the_heat_table_says_where_most_targets_are_reached(now, title):
    tables = regions(now, now)
    tables.kpis["status"] = "at_risk"
    tables.kpis.loc[tables.kpis["kpi"].eq("6.1.a") & tables.kpis["value"].ge(66.6), "status"] = "achieved"
    caption = heat.caption_heat(report_of(tables, EN))
    assert caption["title"].startswith(title) and caption["alt"].startswith(f"{caption['title']}. ")
    assert caption["note"] == "No value by region: 1.1.a, 2.3.a, 5.3.a."


def test_the_heat_table_has_the_figure_of_each_region_or_a_mark_and_no_number_of_class_c():
    tables = invent()
    here = tables.kpis["scope"].eq("Western")
    tables.kpis.loc[here & tables.kpis["kpi"].eq("2.1.a"), ["coverage_class", "share", "share_lower"]] = [
        "C",
        0.777,
        0.1,
    ]
    tables.kpis.loc[here & tables.kpis["kpi"].eq("6.1.a"), "value"] = BLANK
    figure = heat.plot_heat(report_of(tables, EN))
    shown = [text.get_text() for text in figure.axes[0].texts][: 17 * 6]
    assert shown[6 + 1] == "(C)" and shown[16 * 6 + 1] == "n.d."  # 2.1.a is the second row, Western the second column
    assert "77.7%" not in shown


def test_each_status_has_a_mark_of_its_own_shape():
    shapes = [*targets.MARKERS.values()]
    assert len(set(shapes)) == len(shapes) - 1  # that which came late is told by a dot within


# --- what leads to an indicator, and what was reported of a quarter alone ----------------------------------------


def shares(electrified: float, connected: float, networked: float, **regions: float) -> EditionTables:
    """Return tables with the shares of the three steps in the Union, and the last of them in some regions."""
    tables = invent()
    here = tables.kpis["kpi"].eq("2.1.a") & tables.kpis["quarter"].eq(NOW)
    tables.kpis.loc[here, ["share", "coverage_class"]] = [connected, "A"]
    kept = tables.components["kpi"].ne("2.1.a") | tables.components["quarter"].ne(NOW)
    steps = {"PAPU": (electrified, networked)} | {region: (BLANK, share) for region, share in regions.items()}
    rows = [
        (NOW, scope, "2.1.a", component, "offices", 1.0, share, 40)
        for scope, both in steps.items()
        for component, share in zip(("electrified", "networked"), both, strict=True)
    ]
    more = pd.DataFrame(rows, columns=COLUMNS["components"].split())
    return replace(tables, components=pd.concat([tables.components[kept], more], ignore_index=True))


OF = ("2.1.a", "electrified 2.1.a networked")
STEPS = (
    "From electricity to the network: Offices with electricity 90.0%, Post offices connected 80.0%, Offices networked"
)


@pytest.mark.parametrize(
    ("tables", "title"),
    [
        (shares(0.9, 0.8, 0.5, Western=0.4, Eastern=0.3), f"{STEPS} 50.0%; lowest: Eastern Africa, 30.0%"),
        (shares(0.9, 0.8, 0.5, Western=0.4), f"{STEPS} 50.0%"),
        (shares(0.9, 0.8, BLANK), f"{STEPS} n.d."),
        (empty(), "Share of post offices connected: no figure for Q3 2022"),
    ],
)
def test_a_ladder_says_each_step_and_where_the_last_is_lowest(tables, title):
    caption = parts.caption_ladder(report_of(tables, EN), *OF)
    assert caption["title"] == title and caption["alt"].startswith(f"{title}. ")


def trained(*quarters: dict[str, tuple[str, str, str, str]]) -> EditionTables:
    """Return tables in which members gave these four numbers now, and in the quarters before."""
    names = ("trained_capacity_building", "trained_upskilling", "trained_reskilling", "trained_women")
    returns, answers = [], []
    for lag, given in enumerate(quarters):
        quarter = shift(NOW, -lag)
        for member, numbers in given.items():
            returns.append((quarter, member, 1, f"{quarter[:4]}-12-01", "on_time", True, "f.xlsx", "0"))
            answers += [
                {
                    "quarter": quarter,
                    "member": member,
                    "version": 1,
                    "question": name,
                    "value": number,
                    "obs_status": "A",
                }
                for name, number in zip(names, numbers, strict=True)
                if number
            ]
    tables = invent()
    frames = {"returns": pd.DataFrame(returns, columns=COLUMNS["returns"].split())}
    return replace(tables, **frames, answers=conform("answers", pd.DataFrame(answers)) if answers else tables.answers)


ALONE = "Number of employees trained, in the quarter alone"


@pytest.mark.parametrize(
    ("tables", "title"),
    [
        (
            trained({"SEN": ("5", "3", "2", "4"), "KEN": ("1", "1", "1", "")}, {"SEN": ("9", "9", "2", "4")}),
            f"{ALONE}: 13; women: 40.0%; same members (1): 10, against 20 in Q2 2024",
        ),
        (trained({"SEN": ("0", "0", "0", "0")}), f"{ALONE}: 0; women: n.d."),
        (trained({"SEN": ("5", "3", "2", "")}), f"{ALONE}: 10; women: n.d."),
        (trained(), f"{ALONE}: no figure"),
    ],
)
def test_a_flow_is_that_of_the_members_that_gave_all_its_parts(tables, title):
    caption = flows.caption_flow(report_of(tables, EN), "5.1.a", "women")
    assert caption["title"] == title and caption["alt"].startswith(f"{title}. ")
    assert "<svg" in drawing.draw_svg(flows.plot_flow(report_of(tables, FR), "5.1.a", "women"))


def roadmap(**answers: str) -> EditionTables:
    """Return tables in which these members answered so of their roadmap."""
    met = {member: float(answer in ("implementing", "completed")) for member, answer in answers.items()}
    rows = [(NOW, member, "1.1.b", value, BLANK, "reported", NOW) for member, value in met.items()]
    returns = [(NOW, member, 1, "2024-10-05", "on_time", True, "f.xlsx", "0") for member in answers]
    given = [
        {
            "quarter": NOW,
            "member": member,
            "version": 1,
            "question": "roadmap_status",
            "value": answer,
            "obs_status": "A",
        }
        for member, answer in answers.items()
    ]
    frames = {"member_values": rows, "returns": returns}
    made = {name: pd.DataFrame(part, columns=COLUMNS[name].split()) for name, part in frames.items()}
    return replace(invent(), **made, answers=conform("answers", pd.DataFrame(given)))


STAGE = "Roadmap adopted, not yet implemented"


@pytest.mark.parametrize(
    ("tables", "title"),
    [
        (roadmap(SEN="adopted", KEN="implementing", MAR="drafted", TUN="adopted"), f"{STAGE} (2): Tunisia and Senegal"),
        (roadmap(SEN="drafted", KEN="completed"), f"{STAGE}: no member"),
        (
            roadmap(**dict.fromkeys(["SEN", "KEN", "MAR", "TUN", "GHA", "TGO", "BEN", "NER", "MLI"], "adopted")),
            f"{STAGE}: 9 members",
        ),
    ],
)
def test_the_map_of_stages_names_the_members_between(tables, title):
    caption = tiles.caption_member_stages(report_of(tables, EN), "1.1.b", "adopted_or_beyond")
    assert caption["title"] == title and caption["alt"].startswith(f"{title}. ")
