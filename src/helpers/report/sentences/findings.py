"""What the figures say: computed sentences that stay true for any data, and captions with their alternative text."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.i18n import Translator, is_blank, terms
from helpers.plan import quarters, read_plan
from helpers.strings import fold
from helpers.tables import EditionTables, KpiFigure, queries

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


def say_name(kpi: str, t: Translator) -> str:
    """Return what a KPI's target is about: its title, or the share."""
    if kpi in SHARE_WORDS:
        return t(SHARE_WORDS[kpi])
    record = read_plan().by_kpi[kpi]
    title = t.localised(record.title)
    return t("{title}, share of the total", title=title) if record.assessed == "share" else title


def say_goal(kpi_figure: KpiFigure, t: Translator) -> str:
    """Return the proposed target as a number: `80 %`, `4`."""
    return t.target(kpi_figure.assessed_target, kpi_figure.unit)


def _decimals(kpi_figure: KpiFigure) -> int:
    """Show one more decimal where rounding would make a figure below its target look like the target."""
    below = not is_blank(kpi_figure.assessed_target) and kpi_figure.assessed < kpi_figure.assessed_target - 1e-9
    return 2 if below and round(kpi_figure.assessed, 1) >= round(kpi_figure.assessed_target, 1) else 1


def say_level(tables: EditionTables, kpi_figure: KpiFigure, t: Translator) -> str:
    """Return the figure a target is about, with its denominator where it is a share: `79,7 % (13 677/17 150)`."""
    if is_blank(kpi_figure.assessed):
        return t.interval(*kpi_figure.bounds, kpi_figure.unit)
    decimals = _decimals(kpi_figure)
    part, whole = queries.select_rate_parts(tables, kpi_figure)
    if not is_blank(whole):
        return t.rate(part, whole, decimals)
    if kpi_figure.unit != "percent" or is_blank(kpi_figure.n_known):
        return t.measured(kpi_figure.assessed, kpi_figure.unit)
    return f"{t.percent(kpi_figure.assessed, decimals)} ({t.plural('{n} member', kpi_figure.n_known)})"


def say_bounds(kpi_figure: KpiFigure, t: Translator) -> str:
    """Return the bounds of the figure the target is about; a dash where non-response cannot change it."""
    return "–" if kpi_figure.is_certain else t.interval(*kpi_figure.bounds, kpi_figure.unit)


def say_behind(kpi_figure: KpiFigure, t: Translator) -> str:
    """Return who is behind a figure: `n = 33 of 45 members reported, 10 carried forward`."""
    if is_blank(kpi_figure.n_reported):
        return t("registers of the General Secretariat, no non-response") if kpi_figure.is_certain else t.missing
    if not kpi_figure.n_carried:
        return t("{n}/{of} members", n=kpi_figure.n_reported, of=kpi_figure.n_expected)
    return t(
        "{n}/{of} members; carried forward (c): {carried}",
        n=kpi_figure.n_reported,
        of=kpi_figure.n_expected,
        carried=kpi_figure.n_carried,
    )


def say_series(trend: Sequence[KpiFigure], t: Translator) -> str:
    return t.joined(
        f"{t.quarter(one.quarter)} "
        + (t.interval(*one.bounds, one.unit) if is_blank(one.assessed) else t.measured(one.assessed, one.unit))
        for one in trend
    )


def is_reached(kpi_figure: KpiFigure) -> bool:
    """Tell whether a known figure reaches its proposed target."""
    return not is_blank(kpi_figure.assessed) and kpi_figure.assessed >= kpi_figure.assessed_target - 1e-9


def say_unknown(kpi_figure: KpiFigure, t: Translator) -> str:
    what = say_name(kpi_figure.kpi.kpi, t)
    if is_blank(kpi_figure.bounds[0]):
        return t("{what}: no figure for {quarter}", what=what, quarter=t.quarter(kpi_figure.quarter))
    bounds = t.interval(*kpi_figure.bounds, kpi_figure.unit)
    return t("{what}: {interval}, too few answers to say more", what=what, interval=bounds)


def say_title(tables: EditionTables, theme: int, t: Translator) -> str:
    """Return a theme's finding, about its leading KPI."""
    kpi_figure = queries.select_figure(tables, LEADING[theme])
    if is_blank(kpi_figure.assessed):
        return say_unknown(kpi_figure, t)
    sentence = _TITLES[theme][0 if is_reached(kpi_figure) else 1]
    since = t.quarter(min(tables.returns["quarter"], default=tables.quarter))
    level = say_level(tables, kpi_figure, t)
    values = {"value": level, "target": say_goal(kpi_figure, t), "since": since}
    if theme in (1, 3, 4):
        return t.plural(sentence, kpi_figure.assessed, **values, of=kpi_figure.n_expected, known=kpi_figure.n_known)
    return t(sentence, **values)


# --- main points, tiles and lists -------------------------------------------------------------------------------


def say_responses(tables: EditionTables, t: Translator) -> str:
    """Return how many members answered, by when."""
    states = queries.select_responses(tables)["state"]
    n = int(states.isin(("on_time", "late")).sum())
    if not n:
        return t(
            "No member had an accepted return for {quarter} by {day}.",
            quarter=t.quarter(tables.quarter),
            day=t.day(tables.as_of),
        )
    return t.plural(
        "{rate} of members had an accepted return by {day}, {on_time} of them within 30 days.",
        n,
        rate=t.rate(n, len(states)),
        day=t.day(tables.as_of),
        on_time=int((states == "on_time").sum()),
    )


def say_statuses(tables: EditionTables, t: Translator) -> list[str]:
    """Return how many KPIs stand where against their proposed targets, and how many non-response could move."""
    kpi_figures = [queries.select_figure(tables, kpi.kpi) for kpi in read_plan().kpis]
    counts = {status: sum(one.status == status for one in kpi_figures) for status in terms.SYMBOLS}
    first = t(
        "Of {all} indicators: proposed target reached by the due quarter {achieved}, later {late}; overdue {overdue}; "
        "still in time {open}; not assessable {unknown}.",
        all=len(kpi_figures),
        achieved=counts["achieved"],
        late=counts["achieved_late"],
        overdue=counts["overdue"],
        open=counts["on_track"] + counts["at_risk"] + counts["off_track"],
        unknown=counts["not_assessable"],
    )
    fragile = sum(one.robust is False for one in kpi_figures)
    if not fragile:
        return [first, t("No status depends on the members that have not answered.")]
    return [first, t.plural("{n} status depends on the members that have not answered.", fragile)]


def say_point(tables: EditionTables, kpi: str, t: Translator) -> str:
    """Return one KPI as a main point: the figure, and what non-response leaves open."""
    kpi_figure = queries.select_figure(tables, kpi)
    if is_blank(kpi_figure.assessed):
        return say_unknown(kpi_figure, t) + "."
    return t(
        "{what}: {value}; with the members that have not answered, {interval} (proposed target {target}).",
        what=say_name(kpi, t),
        value=say_level(tables, kpi_figure, t),
        interval=say_bounds(kpi_figure, t),
        target=say_goal(kpi_figure, t),
    )


def say_main_points(tables: EditionTables, t: Translator) -> list[str]:
    """Return at most six main points, the most important first."""
    points = [say_responses(tables, t), *say_statuses(tables, t)]
    return [*points, *(say_point(tables, kpi, t) for kpi in ("2.1.a", "3.1.a", "5.1.a"))]


def say_change(tables: EditionTables, kpi: str, t: Translator) -> str:
    """Return the change on the last quarter, and what of it the same members make."""
    now, before = (
        queries.select_figure(tables, kpi, quarter=q) for q in (tables.quarter, quarters.shift(tables.quarter, -1))
    )
    last = t.quarter(before.quarter)
    if is_blank(now.assessed) or is_blank(before.assessed):
        return t("no comparison with {quarter}", quarter=last)
    if now.kpi.measure == "rate":
        change = now.value - before.value
        return t.plural("{change} point on {quarter}", abs(change), change=t.signed(change, 1), quarter=last)
    same, n = queries.sum_matched_change(tables, kpi)
    change = t.signed(now.value - before.value)
    if not n:
        return t("{change} on {quarter}; no member answered in both", change=change, quarter=last)
    return t.plural(
        "{change} on {quarter}, of which {same} from the {n} member that answered in both",
        n,
        change=change,
        quarter=last,
        same=t.signed(same),
    )


def list_members(tables: EditionTables, states: Sequence[str], t: Translator) -> str:
    """Return the names of the members whose return has one of these states."""
    answers = queries.select_responses(tables)
    return t.listed(sorted((t.member(m) for m in answers[answers["state"].isin(states)]["member"]), key=fold))


def say_answered(tables: EditionTables, t: Translator) -> str:
    """Return how many members answered, as a title."""
    states = queries.select_responses(tables)["state"]
    n = int(states.isin(("on_time", "late")).sum())
    return t.plural("{n} of {of} members has answered", n, of=len(states)) if n else t("No member has answered")


# --- titles of tables -------------------------------------------------------------------------------------------


def say_scorecard(tables: EditionTables, t: Translator) -> str:
    """Return how many KPIs reach their proposed target."""
    kpi_figures = [queries.select_figure(tables, kpi.kpi) for kpi in read_plan().kpis]
    reached = sum(one.status in REACHED for one in kpi_figures)
    if not reached:
        return t("None of the {of} indicators is known to reach its proposed target", of=len(kpi_figures))
    return t.plural("{n} of {of} indicators reaches its proposed target", reached, of=len(kpi_figures))


def say_issues(tables: EditionTables, t: Translator) -> str:
    """Return how many findings the checks made for the quarter."""
    issues = tables.issues[tables.issues["quarter"] == tables.quarter]
    counts = {name: int((issues["severity"] == name).sum()) for name in ("refused", "withdrawn", "warning")}
    if not sum(counts.values()):
        return t("The checks found nothing for {quarter}", quarter=t.quarter(tables.quarter))
    return t(
        "{quarter} – refusals: {refused}; values withdrawn: {withdrawn}; warnings: {warning}",
        **counts,
        quarter=t.quarter(tables.quarter),
    )
