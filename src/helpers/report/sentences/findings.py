"""What the figures say: computed sentences that stay true for any data, and captions with their alternative text."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.i18n.formats import Words, is_blank
from helpers.i18n.terms import SYMBOLS
from helpers.plan.plan import read_plan
from helpers.plan.quarters import shift
from helpers.strings import fold
from helpers.tables import queries
from helpers.tables.pipeline import Tables
from helpers.tables.queries import Standing

SHARE_WORDS = {"2.1.a": "Share of post offices connected", "5.1.a": "Share of staff trained"}
REACHED = ("achieved", "achieved_late")
LEADING = {1: "1.1.b", 2: "2.1.a", 3: "3.1.a", 4: "4.1.a", 5: "5.1.a", 6: "6.1.a"}  # what a theme's title is about
_TITLES = {
    1: (
        "{value} of {of} members are implementing the roadmap: the proposed target of {target} is reached",
        "{value} of {of} members are implementing the roadmap, below the proposed target of {target}",
    ),
    2: (
        "{value} of known post offices are connected: the proposed target of {target} is reached",
        "{value} of known post offices are connected, below the proposed target of {target}",
    ),
    3: (
        "{value} digital services are live, members known: {known}/{of}: the proposed target of {target} is reached",
        "{value} digital services are live, members known: {known}/{of}, below the proposed target of {target}",
    ),
    4: (
        "{value} innovative solutions reported since {since}: the proposed target of {target} is reached",
        "{value} innovative solutions reported since {since}, below the proposed target of {target}",
    ),
    5: (
        "{value} of known staff have been trained: the proposed target of {target} is reached",
        "{value} of known staff have been trained, below the proposed target of {target}",
    ),
    6: (
        "{value} of questionnaires were returned: the proposed target of {target} is reached",
        "{value} of questionnaires were returned, below the proposed target of {target}",
    ),
}
Caption = dict[str, str]


# --- one figure in words ----------------------------------------------------------------------------------------


def say_name(kpi: str, say: Words) -> str:
    """Return what a KPI's target is about: its title, or the share."""
    if kpi in SHARE_WORDS:
        return say(SHARE_WORDS[kpi])
    record = read_plan().by_kpi[kpi]
    title = say.own(record.title)
    return say("{title}, share of the total", title=title) if record.assessed == "share" else title


def say_goal(standing: Standing, say: Words) -> str:
    """Return the proposed target as a number: `80 %`, `4`."""
    return say.goal(standing.goal, standing.unit)


def _decimals(standing: Standing) -> int:
    """Show one more decimal where rounding would make a figure below its target look like the target."""
    below = not is_blank(standing.goal) and standing.assessed < standing.goal - 1e-9
    return 2 if below and round(standing.assessed, 1) >= round(standing.goal, 1) else 1


def say_level(tables: Tables, standing: Standing, say: Words) -> str:
    """Return the figure a target is about, with its denominator where it is a share: `79,7 % (13 677/17 150)`."""
    if is_blank(standing.assessed):
        return say.interval(*standing.bounds, standing.unit)
    decimals = _decimals(standing)
    part, whole = queries.select_parts(tables, standing)
    if not is_blank(whole):
        return say.rate(part, whole, decimals)
    if standing.unit != "percent" or is_blank(standing.n_known):
        return say.measured(standing.assessed, standing.unit)
    return f"{say.percent(standing.assessed, decimals)} ({say.plural('{n} member', standing.n_known)})"


def say_bounds(standing: Standing, say: Words) -> str:
    """Return the bounds of the figure the target is about; a dash where non-response cannot change it."""
    return "–" if standing.is_certain else say.interval(*standing.bounds, standing.unit)


def say_behind(standing: Standing, say: Words) -> str:
    """Return who is behind a figure: `n = 33 of 45 members reported, 10 carried forward`."""
    if is_blank(standing.n_reported):
        return say("registers of the General Secretariat, no non-response") if standing.is_certain else say.missing
    if not standing.n_carried:
        return say("{n}/{of} members", n=standing.n_reported, of=standing.n_expected)
    return say(
        "{n}/{of} members; carried forward (c): {carried}",
        n=standing.n_reported,
        of=standing.n_expected,
        carried=standing.n_carried,
    )


def say_series(trend: Sequence[Standing], say: Words) -> str:
    return say.joined(
        f"{say.quarter(one.quarter)} "
        + (say.interval(*one.bounds, one.unit) if is_blank(one.assessed) else say.measured(one.assessed, one.unit))
        for one in trend
    )


def is_reached(standing: Standing) -> bool:
    """Tell whether a known figure reaches its proposed target."""
    return not is_blank(standing.assessed) and standing.assessed >= standing.goal - 1e-9


def say_unknown(standing: Standing, say: Words) -> str:
    what = say_name(standing.kpi.kpi, say)
    if is_blank(standing.bounds[0]):
        return say("{what}: no figure for {quarter}", what=what, quarter=say.quarter(standing.quarter))
    bounds = say.interval(*standing.bounds, standing.unit)
    return say("{what}: {interval}, too few answers to say more", what=what, interval=bounds)


def say_title(tables: Tables, theme: int, say: Words) -> str:
    """Return a theme's finding, about its leading KPI."""
    standing = queries.select_standing(tables, LEADING[theme])
    if is_blank(standing.assessed):
        return say_unknown(standing, say)
    sentence = _TITLES[theme][0 if is_reached(standing) else 1]
    since = say.quarter(min(tables.returns["quarter"], default=tables.quarter))
    level = say_level(tables, standing, say)
    values = {"value": level, "target": say_goal(standing, say), "since": since}
    if theme in (1, 3, 4):
        return say.plural(sentence, standing.assessed, **values, of=standing.n_expected, known=standing.n_known)
    return say(sentence, **values)


# --- main points, tiles and lists -------------------------------------------------------------------------------


def say_responses(tables: Tables, say: Words) -> str:
    """Return how many members answered, by when."""
    states = queries.select_responses(tables)["state"]
    n = int(states.isin(("on_time", "late")).sum())
    if not n:
        return say(
            "No member had an accepted return for {quarter} by {day}.",
            quarter=say.quarter(tables.quarter),
            day=say.day(tables.as_of),
        )
    return say.plural(
        "{rate} of members had an accepted return by {day}, {on_time} of them within 30 days.",
        n,
        rate=say.rate(n, len(states)),
        day=say.day(tables.as_of),
        on_time=int((states == "on_time").sum()),
    )


def say_statuses(tables: Tables, say: Words) -> list[str]:
    """Return how many KPIs stand where against their proposed targets, and how many non-response could move."""
    standings = [queries.select_standing(tables, kpi.kpi) for kpi in read_plan().kpis]
    counts = {status: sum(one.status == status for one in standings) for status in SYMBOLS}
    first = say(
        "Of {all} indicators: proposed target reached by the due quarter {achieved}, later {late}; overdue {overdue}; "
        "still in time {open}; not assessable {unknown}.",
        all=len(standings),
        achieved=counts["achieved"],
        late=counts["achieved_late"],
        overdue=counts["overdue"],
        open=counts["on_track"] + counts["at_risk"] + counts["off_track"],
        unknown=counts["not_assessable"],
    )
    fragile = sum(one.robust is False for one in standings)
    if not fragile:
        return [first, say("No status depends on the members that have not answered.")]
    return [first, say.plural("{n} status depends on the members that have not answered.", fragile)]


def say_point(tables: Tables, kpi: str, say: Words) -> str:
    """Return one KPI as a main point: the figure, and what non-response leaves open."""
    standing = queries.select_standing(tables, kpi)
    if is_blank(standing.assessed):
        return say_unknown(standing, say) + "."
    return say(
        "{what}: {value}; with the members that have not answered, {interval} (proposed target {target}).",
        what=say_name(kpi, say),
        value=say_level(tables, standing, say),
        interval=say_bounds(standing, say),
        target=say_goal(standing, say),
    )


def say_main_points(tables: Tables, say: Words) -> list[str]:
    """Return at most six main points, the most important first."""
    points = [say_responses(tables, say), *say_statuses(tables, say)]
    return [*points, *(say_point(tables, kpi, say) for kpi in ("2.1.a", "3.1.a", "5.1.a"))]


def say_change(tables: Tables, kpi: str, say: Words) -> str:
    """Return the change on the last quarter, and what of it the same members make."""
    now, before = (queries.select_standing(tables, kpi, quarter=q) for q in (tables.quarter, shift(tables.quarter, -1)))
    last = say.quarter(before.quarter)
    if is_blank(now.assessed) or is_blank(before.assessed):
        return say("no comparison with {quarter}", quarter=last)
    if now.kpi.measure == "rate":
        change = now.value - before.value
        return say.plural("{change} point on {quarter}", abs(change), change=say.signed(change, 1), quarter=last)
    same, n = queries.matched_change(tables, kpi)
    change = say.signed(now.value - before.value)
    if not n:
        return say("{change} on {quarter}; no member answered in both", change=change, quarter=last)
    return say.plural(
        "{change} on {quarter}, of which {same} from the {n} member that answered in both",
        n,
        change=change,
        quarter=last,
        same=say.signed(same),
    )


def list_members(tables: Tables, states: Sequence[str], say: Words) -> str:
    """Return the names of the members whose return has one of these states."""
    answers = queries.select_responses(tables)
    return say.listed(sorted((say.member(m) for m in answers[answers["state"].isin(states)]["member"]), key=fold))


def say_answered(tables: Tables, say: Words) -> str:
    """Return how many members answered, as a title."""
    states = queries.select_responses(tables)["state"]
    n = int(states.isin(("on_time", "late")).sum())
    return say.plural("{n} of {of} members has answered", n, of=len(states)) if n else say("No member has answered")


# --- titles of tables -------------------------------------------------------------------------------------------


def say_scorecard(tables: Tables, say: Words) -> str:
    """Return how many KPIs reach their proposed target."""
    standings = [queries.select_standing(tables, kpi.kpi) for kpi in read_plan().kpis]
    reached = sum(one.status in REACHED for one in standings)
    if not reached:
        return say("None of the {of} indicators is known to reach its proposed target", of=len(standings))
    return say.plural("{n} of {of} indicators reaches its proposed target", reached, of=len(standings))


def say_issues(tables: Tables, say: Words) -> str:
    """Return how many findings the checks made for the quarter."""
    issues = tables.issues[tables.issues["quarter"] == tables.quarter]
    counts = {name: int((issues["severity"] == name).sum()) for name in ("refused", "withdrawn", "warning")}
    if not sum(counts.values()):
        return say("The checks found nothing for {quarter}", quarter=say.quarter(tables.quarter))
    return say(
        "{quarter} – refusals: {refused}; values withdrawn: {withdrawn}; warnings: {warning}",
        **counts,
        quarter=say.quarter(tables.quarter),
    )
