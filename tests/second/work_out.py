"""Works out the figures of the invented plan from what was said, measure by measure as the methodology words them.

It imports nothing of the workbook, reads no `source` of kpis.csv and no rules.csv: what each KPI means stands below a
second time, so that a wrong reading of the plan's files shows. Run from the repository:

    PYTHONPATH=tests python -m second.work_out

writes `expected/<quarter>/<day>/*.csv`. README.md has examples worked on paper.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import product

from second.counting import (
    EPSILON,
    ON_TIME_DAYS,
    QUARTERS_OF_PLAN,
    counting_codes,
    cutoff_of,
    end_of,
    members_of,
    quarters_to,
    read_members,
)  # fmt: skip
from second.measuring import (
    Day,
    Figure,
    Seen,
    attended,
    certain,
    count_ever,
    count_known,
    distinct_codes,
    distinct_items,
    gatherings,
    mean_index,
    milestone,
    rate,
    received_by,
    share_of,
    sum_flow,
    sum_known,
    values_of,
)  # fmt: skip
from second.reading import (
    GEAR,
    Read,
    any_in,
    both_offers,
    drill_score,
    every_fit,
    mean_fit,
    offers,
    one_offer,
    over,
    percent_aboard,
    share_of_papers,
    trades,
    voyages,
    within,
)  # fmt: skip
from second.returns import HERE, read

EDITIONS = (("2025Q1", "2025-05-10"), ("2025Q2", "2025-08-09"), ("2025Q4", "2026-02-09"), ("2025Q4", "2026-03-21"))
SCOPES = ("ISLU", "Windward", "Leeward", "Lagoon")
BASELINE, FIRST_STATUS = "2025Q1", "2025Q2"
PAPERS = ("papers_arrival", "papers_departure")


BERTHS, CREW = "berths_all", "crew_all"
PART_TAKEN = {"joined", "led"}
# Measure, what is read, and what limits it. Beside each its value in 2025Q1 as of 2025-05-10, member by member in the
# order XAA, XAB (revised), XAC (silent), XBA, XBB, XBC, XCA; README.md has the bounds of some.
LEVELS: dict[str, tuple[str, Read, dict[str, object]]] = {
    # 20 + 5 + · + (60 of 50 withdrawn) + 12 + 7 + 12 = 56; share (20 + 5 + 12 + 12)/(40 + 20 + 30 + 24) = 49/114
    "1.1.a": ("sum", over("berths_lit", BERTHS), {"total": BERTHS}),
    # (93.33 + 75 + · + 66.67 + (one of two kinds) + NA + 50)/4 = 71.25
    "1.1.b": ("mean", mean_fit, {}),
    # yes + no + · + yes + NA + no + blank = 2 of 4 known
    "2.1.a": ("count", any_in(["waste_plan"], {"yes"}), {}),
    # 100 + 34 + · + 80 + 25 + 0 + ("about 20" withdrawn) = 239
    "2.1.b": ("sum", over("waste_tonnes"), {}),
    # 5 + 2 + · + (freight blank) + (0 + 1) + 0 + (0 + 2) = 10; upper 10 + 2 × 7 = 24
    "3.1.b": ("sum", offers(), {"cap": 7}),
    # fishing three times, repair twice, diving once: 2
    "3.1.c": ("codes", trades, {}),
    # (75 + 12.5 + · + ND + 37.5 + 0 + (departure blank))/4 = 31.25
    "3.1.d": ("mean", share_of_papers(PAPERS), {}),
    # (80 + 75 + · + 50 + NA + 100 + (no crew told))/4 = 76.25
    "3.2.a": ("mean", percent_aboard, {}),
    # 25 + 30 + · + 12 + 90 + 0 + 10 = 167; share 157/(100 + 60 + 120 + 80 + 25) = 157/385
    "3.2.b": ("sum", over("crew_certified", CREW), {"total": CREW, "times": 1.5}),
}
FLOW = over("ferries_added")  # 2 + 1 + · + 0 (nil) + 1 + 0 + ND = 4


def measure_level(kpi: str, seen: Sequence[Seen]) -> Figure:
    """Measure a level."""
    kind, _, caps = LEVELS[kpi]
    if kind == "codes":
        return distinct_codes(seen, counting_codes("trades_served"), 2)
    if kind == "sum":
        return sum_known(seen, caps.get("total", ""))
    return {"count": count_known, "mean": mean_index}[kind](seen)


def measure(day: Day, kpi: str, scope: str) -> Figure:
    """Measure a KPI for the union or a region; blank where nothing of the quarter came, or for all members alone."""
    members = members_of(day.quarter, scope)
    if kpi in ("1.2.a", "4.1.a"):
        for_all = {"1.2.a": milestone, "4.1.a": lambda day: certain(len(gatherings(day)))}  # 1; G-1 alone: 1
        return for_all[kpi](day) if scope == "ISLU" else Figure()
    if kpi == "4.1.b":
        return certain(len({member for member, n in attended(day, members) if n}))  # XAA, XBB, XBC: 3
    if kpi == "4.1.c":
        return certain(sum(n for _, n in attended(day, members)))  # 3 + 3 + 1 = 7
    if kpi == "4.2.a":
        return rate(day, members)  # 6 of 7
    if not day.is_collected:
        return Figure()
    if kpi in LEVELS:
        _, read_one, caps = LEVELS[kpi]
        return measure_level(kpi, day.see(read_one, members, **caps))
    if kpi == "3.1.a":
        return sum_flow(day, scope, FLOW)
    return {
        # XAA joined, XCA led: 2; XBB and XBC did not say, XAC is silent: upper 5
        "2.1.c": lambda: count_ever(day, members, any_in(["cleanup_beach", "cleanup_reef"], PART_TAKEN), True),
        # XBA: 1; XAC, and XCA's yes without a voyage: upper 3
        "2.2.a": lambda: count_ever(day, members, voyages("trial", "fair")),
        # S-9 of XAA and s-9 of XAB: 1
        "2.2.b": lambda: distinct_items(day, members, voyages("survey")),
        # XAA's R-001 and Night Boat, XBA's R-001: 3
        "2.2.c": lambda: distinct_items(day, members, voyages("relief", own=True)),
    }[kpi]()


# Of each component: its measure, what is read, and what counts as having reported it where that is something else.
COMPONENTS: dict[tuple[str, str], tuple[str, Read, Read | None]] = {
    ("1.1.a", "solar"): ("share", over("berths_solar", BERTHS), None),
    **{("1.1.b", kind): ("share", within(f"{kind}_fit", f"{kind}_need"), None) for kind in GEAR},
    ("1.1.b", "all_fit"): ("sum", every_fit, None),
    ("2.1.a", "drill"): ("mean", drill_score, None),
    ("2.1.a", "drilled"): ("count", any_in(["spill_drill"], {"paper", "basin", "sea"}), None),
    ("2.1.a", "warned"): ("ever", any_in(["spill_warning"], {"yes"}), None),
    ("2.1.b", "sorted"): ("share", within("sorted_tonnes", "waste_tonnes"), None),
    ("2.1.c", "beach"): ("ever", any_in(["cleanup_beach"], PART_TAKEN), None),
    ("2.1.c", "reef"): ("ever", any_in(["cleanup_reef"], PART_TAKEN), None),
    ("2.2.b", "surveys"): ("items", voyages("survey", own=True), None),
    ("2.2.c", "food"): ("items", voyages("relief", detail="food", own=True), None),
    ("2.2.c", "water"): ("items", voyages("relief", detail="water", own=True), None),
    ("2.2.c", "helpers"): ("ever", voyages("relief"), None),
    ("3.1.b", "people"): ("sum", offers("offers_people"), one_offer("offers_people")),
    ("3.1.b", "goods"): ("sum", offers("offers_goods"), one_offer("offers_goods")),
    ("3.1.b", "both"): ("sum", both_offers, None),
    ("3.1.b", "distinct_offers"): ("offers", offers(), None),
    ("3.1.c", "named_by_one"): ("trades", trades, None),
    ("3.1.d", "arrival"): ("mean", share_of_papers(PAPERS[:1]), None),
    ("3.1.d", "departure"): ("mean", share_of_papers(PAPERS[1:]), None),
    ("3.2.b", "deck"): ("now", over("certified_deck"), None),
    ("3.2.b", "engine"): ("now", over("certified_engine"), None),
    ("3.2.b", "women"): ("now", over("certified_women"), None),
    ("4.2.a", "charts"): ("answered", any_in(["shared_charts"], {"yes"}), None),
    ("4.2.a", "radio"): ("answered", any_in(["answered_radio"], {"yes"}), None),
}


def measure_component(day: Day, kpi: str, name: str, scope: str) -> tuple[float | None, float | None, int | None]:
    """Return value, share and how many reported its own question, of one component."""
    members, cutoff = members_of(day.quarter, scope), min(cutoff_of(day.quarter), day.as_of)
    if name in ("first", "punctual", "all_in"):  # of the rate: by the cut-off, on time, by the day of the edition
        on_time = min(cutoff, end_of(day.quarter) + timedelta(days=ON_TIME_DAYS))
        n = received_by(day, members, {"first": cutoff, "punctual": on_time, "all_in": day.as_of}[name])
        return 100 * n / len(members), None, received_by(day, members, cutoff) if name == "punctual" else n
    kind, read_one, own = COMPONENTS[kpi, name]
    reports = [day.report(own or read_one, member.code) for member in members]
    n_reported = sum(report.value is not None for report in reports)
    now = sum(report.value for report in reports if report.value is not None) if n_reported else None
    if kind == "answered":
        return now, now / n_reported if n_reported else None, n_reported
    if not day.is_collected:
        return None, None, None
    if kind == "now":
        return now, None, n_reported
    if kind in ("ever", "items"):
        figure = (count_ever if kind == "ever" else distinct_items)(day, members, read_one)
        return figure.value, None, n_reported
    seen = day.see(read_one, members)
    known = values_of(seen, "reported", "carried")
    if kind in ("offers", "trades"):  # named by one member at least
        return len(frozenset().union(*(one.report.codes for one in seen))) if known else None, None, n_reported
    if kind == "mean":
        return sum(known) / len(known) if known else None, None, n_reported
    return sum(known) if known else None, share_of(seen) if kind == "share" else None, n_reported


# --- statuses -------------------------------------------------------------------------------------------------------


def status_of(kpi: dict[str, str], quarter: str, value: float, complete: bool, reached: str) -> str:
    """Section 5: the status of one figure, given when the target was first reached."""
    target, base = float(kpi["target"]), float(kpi["baseline"] or 0)
    if kpi["measure"] == "rate":
        return (
            "achieved" if value >= target - EPSILON else ("at_risk" if value >= 0.8 * target - EPSILON else "off_track")
        )
    if value >= target - EPSILON and complete:
        return "achieved" if (reached or quarter) <= kpi["due"] else "achieved_late"
    if quarter > kpi["due"]:
        return "overdue"
    passed, whole = (QUARTERS_OF_PLAN.index(q) - QUARTERS_OF_PLAN.index(BASELINE) for q in (quarter, kpi["due"]))
    elapsed = min(max(passed / whole, 0), 1)
    if kpi["measure"] == "milestone":
        behind = math.floor(target * elapsed + EPSILON) - value
        return "on_track" if behind <= 0 else "at_risk" if behind <= 1 else "off_track"
    ratio = (value - base) / ((target - base) * elapsed)
    return "on_track" if ratio >= 0.9 - EPSILON else "at_risk" if ratio >= 0.6 - EPSILON else "off_track"


def judge(kpi: dict[str, str], figures: dict[str, Figure]) -> Iterator[tuple[str, bool | None]]:
    """Return status and robustness of a KPI's figures, quarter by quarter."""
    reached = ""
    for quarter, figure in figures.items():
        if quarter < FIRST_STATUS:
            yield "", None
            continue
        share = kpi["assessed"] == "share"
        value, low, high = (
            (figure.share, figure.share_lower, figure.share_upper) if share
            else (figure.value, figure.lower, figure.upper)
        )  # fmt: skip
        low_reaches = bool(kpi["target"]) and low is not None and low >= float(kpi["target"]) - EPSILON
        if not kpi["target"] or value is None or (figure.coverage_class == "C" and not low_reaches):
            yield "not_assessable", None
            continue
        high = math.inf if high is None else high
        own, *bounds = (status_of(kpi, quarter, v, figure.complete, reached) for v in (value, low, high))
        if own in ("achieved", "achieved_late"):
            reached = reached or quarter
        yield own, set(bounds) == {own}


# --- the tables -----------------------------------------------------------------------------------------------------


def read_kpis() -> list[dict[str, str]]:
    """Return the rows of kpis.csv, each with the quarter in which it is due."""
    due = {row["step"]: row["due"] for row in read("plan", "steps.csv")}
    return [{**row, "due": due[row["step"]]} for row in read("plan", "kpis.csv")]


def list_kpi_rows(quarter: str, as_of: date) -> Iterator[dict[str, object]]:
    """Return the rows of kpis.csv."""
    for scope, kpi in product(SCOPES, read_kpis()):
        on_share = kpi["assessed"] == "share" or kpi["unit"] == "percent"
        judged = kpi if scope == "ISLU" or on_share else {**kpi, "target": "", "target_status": ""}
        figures = {name: measure(Day(name, as_of), kpi["kpi"], scope) for name in quarters_to(quarter)}
        for (name, figure), (status, robust) in zip(figures.items(), judge(judged, figures), strict=True):
            own = {key: value for key, value in vars(figure).items() if key != "complete"}
            yield {
                "quarter": name, "scope": scope, "kpi": kpi["kpi"], "unit": kpi["unit"], **own,
                "target": judged["target"] and float(judged["target"]), "target_status": judged["target_status"],
                "status": status, "robust": robust,
            }  # fmt: skip


def list_component_rows(quarter: str, as_of: date) -> Iterator[dict[str, object]]:
    """Return the rows of kpi_components.csv."""
    for name, scope, row in product(quarters_to(quarter), SCOPES, read("plan", "companions.csv")):
        value, share, n = measure_component(Day(name, as_of), row["kpi"], row["component"], scope)
        yield {
            "quarter": name, "scope": scope, "kpi": row["kpi"], "component": row["component"], "unit": row["unit"],
            "value": value, "share": share, "n_reported": n,
        }  # fmt: skip


def list_member_rows(quarter: str, as_of: date) -> Iterator[dict[str, object]]:
    """Return the rows of member_values.csv: the known members of levels, the reported ones of the flow."""
    for name in quarters_to(quarter):
        day, members = Day(name, as_of), members_of(name, "ISLU")
        for kpi, (_, read_one, caps) in sorted({**LEVELS, "3.1.a": ("flow", FLOW, {})}.items()):
            seen = day.see(read_one, members) if day.is_collected else []
            for one in seen:
                if one.basis == "reported" or (one.basis and kpi != "3.1.a"):
                    yield {
                        "quarter": name, "member": one.member.code, "kpi": kpi, "value": one.report.value,
                        "denominator": one.report.total if "total" in caps else None, "basis": one.basis,
                        "source_quarter": one.source,
                    }  # fmt: skip


def list_change_rows(quarter: str, as_of: date) -> Iterator[dict[str, object]]:
    """Return the rows of changes.csv: of each sum what made it change on the quarter before."""
    names = quarters_to(quarter)
    sums = [kpi for kpi, (kind, _, _) in LEVELS.items() if kind == "sum"]
    for (past, name), scope, kpi in product(zip(names, names[1:], strict=False), SCOPES, sums):
        read_one = LEVELS[kpi][1]

        def known(day: Day, scope: str = scope, read_one: Read = read_one) -> dict[str, Seen]:
            seen = day.see(read_one, members_of(day.quarter, scope)) if day.is_collected else []
            return {one.member.code: one for one in seen if one.basis}

        first = known(Day(past, min(cutoff_of(past), as_of)))
        before, now = known(Day(past, as_of)), known(Day(name, as_of))
        value = {code: one.report.value for code, one in now.items()}
        was = {code: one.report.value for code, one in before.items()}
        both = [code for code in now if code in before]
        matched = {code for code in both if before[code].basis == now[code].basis == "reported"}
        published = sum(one.report.value for one in first.values())
        yield {
            "quarter": name, "scope": scope, "kpi": kpi, "before": published,
            "revisions": sum(was.values()) - published, "matched": sum(value[c] - was[c] for c in matched),
            "carried_effect": sum(value[c] - was[c] for c in both if c not in matched),
            "entered": sum(value[c] for c in now if c not in before),
            "left": -sum(was[c] for c in before if c not in now), "after": sum(value.values()),
        }  # fmt: skip


TABLES = {
    "kpis": list_kpi_rows, "kpi_components": list_component_rows, "member_values": list_member_rows,
    "changes": list_change_rows,
}  # fmt: skip


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return "" if value is None else str(value)


def main() -> None:
    """Write the tables of every edition."""
    assert {m.region for m in read_members()} == set(SCOPES[1:])
    for quarter, day in EDITIONS:
        folder = HERE / "expected" / quarter / day
        folder.mkdir(parents=True, exist_ok=True)
        for name, list_rows in TABLES.items():
            rows = [
                {key: _text(value) for key, value in row.items()} for row in list_rows(quarter, date.fromisoformat(day))
            ]
            if rows:
                with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(rows)


if __name__ == "__main__":
    main()
