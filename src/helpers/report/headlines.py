"""The findings of an edition in sentences that stay true for any data: headings, main points, tiles."""

from collections.abc import Sequence

from helpers import editions
from helpers.i18n import Translator, is_blank, terms
from helpers.kpis import Reference
from helpers.plan import quarters, read_plan
from helpers.report import phrases
from helpers.report.blocks import Block, HeadlineTile
from helpers.report.document import Report
from helpers.strings import fold
from helpers.tables import KpiFigure, queries


def name_theme(theme: int, t: Translator) -> str:
    """Return a theme's number and title, as they head its rows in a table."""
    return f"{theme}  {_title_of(theme, t)}"


def _title_of(theme: int, t: Translator) -> str:
    return t.localised(next(record.title for record in read_plan().themes if record.theme == theme))


def add_theme(report: Report, theme: int) -> Block:
    """Add a theme's heading, which says its finding, and the Secretariat's note on it where there is one."""
    t, reference = report.t, name_reference(report, read_plan().leads[theme])
    kicker = t("Theme {n} · {title}", n=theme, title=_title_of(theme, t))
    heading = report.heading(describe_theme(report, theme), kicker=kicker, reference=reference)
    report.note(theme)
    return heading


def add_annex(report: Report, letter: str, text: str, *, page: bool = False) -> Block:
    """Add an annex's heading."""
    return report.heading(text, kicker=report.t("Annex {letter}", letter=letter), page=page)


def name_reference(report: Report, kpi: str) -> str:
    """Return the reference of one of the Union's figures, which `papu explain` takes."""
    return report.t("ref. {reference}", reference=str(Reference(kpi, report.quarter)))


def describe_theme(report: Report, theme: int) -> str:
    """Return a theme's finding, about its leading KPI."""
    t, figure = report.t, queries.select_figure(report.tables, read_plan().leads[theme])
    if is_blank(figure.assessed):
        return phrases.describe_unknown(figure, t)
    is_reached = phrases.is_reached(figure)
    value, target = phrases.format_level(report, figure), phrases.format_target(figure, t)
    record = next(record for record in read_plan().themes if record.theme == theme)
    own = t.localised(record.reached if is_reached else record.below)
    if own:
        since = t.quarter(report.tables.first_collected)
        values = {
            "value": value,
            "target": target,
            "of": t.number(figure.n_expected),
            "known": t.number(figure.n_known),
            "since": since,
        }
        return own.format_map(values)
    what = phrases.name_kpi(figure.kpi.kpi, t)
    if is_blank(figure.target):
        return t("{what}: {value}", what=what, value=value)
    words = (
        "{what}: {value}; the target of {target} is reached"
        if is_reached
        else "{what}: {value}, below the target of {target}"
    )
    return t(words, what=what, value=value, target=target)


def describe_scorecard(report: Report) -> str:
    """Return the heading of the scorecard."""
    return report.t.plural("The {n} indicator at a glance", len(read_plan().kpis))


def describe_answered(report: Report) -> str:
    """Return how many members answered, as a title."""
    states = queries.select_responses(report.tables)["state"]
    n = int(states.isin(queries.ANSWERED_STATES).sum())
    if not n:
        return report.t("No member has answered")
    return report.t.plural("{n} of {of} members has answered", n, of=len(states))


def describe_issues_found(report: Report) -> str:
    """Return how many issues the checks found for the quarter, as a title."""
    quarter, severities = report.t.quarter(report.quarter), queries.select_issues(report.tables)["severity"]
    counts = {name: int((severities == name).sum()) for name in ("refused", "withdrawn", "warning")}
    if not sum(counts.values()):
        return report.t("The checks found nothing for {quarter}", quarter=quarter)
    sentence = "{quarter} – refusals: {refused}; values withdrawn: {withdrawn}; warnings: {warning}"
    return report.t(sentence, **counts, quarter=quarter)


def describe_responses(report: Report) -> str:
    """Return how many members answered, by when."""
    t, states = report.t, queries.select_responses(report.tables)["state"]
    n, day = int(states.isin(queries.ANSWERED_STATES).sum()), t.day(report.as_of)
    if not n:
        sentence = "No member had an accepted return for {quarter} by {day}."
        return t(sentence, quarter=t.quarter(report.quarter), day=day)
    sentence = "{rate} of members had an accepted return by {day}, {on_time} of them within 30 days."
    on_time = int((states == queries.ON_TIME).sum())
    return t.plural(sentence, n, rate=t.rate(n, len(states)), day=day, on_time=on_time)


def _all_figures(report: Report) -> list[KpiFigure]:
    return [queries.select_figure(report.tables, kpi.kpi) for kpi in read_plan().kpis]


def count_reached(report: Report) -> tuple[int, int]:
    """Count the KPIs that reach their proposed target, and all of them."""
    figures = _all_figures(report)
    return sum(figure.is_reached for figure in figures), len(figures)


def describe_statuses(report: Report) -> list[str]:
    """Return how many KPIs have each status, and how many statuses non-response could change."""
    t, figures = report.t, _all_figures(report)
    counts = {status: sum(figure.status == status for figure in figures) for status in terms.SYMBOLS}
    first = t(
        "Of {all} indicators: proposed target reached by the due quarter {achieved}, later {late}; overdue {overdue}; "
        "still in time {open}; not assessable {unknown}.",
        all=len(figures),
        achieved=counts["achieved"],
        late=counts["achieved_late"],
        overdue=counts["overdue"],
        open=counts["on_track"] + counts["at_risk"] + counts["off_track"],
        unknown=counts["not_assessable"],
    )
    fragile = sum(figure.robust is False for figure in figures)
    if not fragile:
        return [first, t("No status depends on the members that have not answered.")]
    return [first, t.plural("{n} status depends on the members that have not answered.", fragile)]


def describe_point(report: Report, kpi: str) -> str:
    """Return one KPI as a main point: the figure, and what non-response leaves open."""
    t, figure = report.t, queries.select_figure(report.tables, kpi)
    if is_blank(figure.assessed):
        return phrases.describe_unknown(figure, t) + "."
    sentence = "{what}: {value}; with the members that have not answered, {interval} (proposed target {target})."
    what, value = phrases.name_kpi(kpi, t), phrases.format_level(report, figure)
    interval, target = phrases.format_bounds(figure, t), phrases.format_target(figure, t)
    return t(sentence, what=what, value=value, interval=interval, target=target)


def describe_registers(report: Report) -> list[str]:
    """Return which registers cannot be read and which indicators are blank because of it; nothing where all can."""
    t, refused = report.t, queries.find_refused_registers(report.tables)
    blank, points = {kpi for kpis in refused.values() for kpi in kpis}, []
    if blank:
        names = t.enumerated(f"{name}.csv" for name, kpis in refused.items() if kpis)
        sentence = "Registers that could not be read: {names}. Indicators that are blank, not 0, because of it: {kpis}."
        points.append(t(sentence, names=names, kpis=t.enumerated(sorted(blank))))
    if "confirmations" in refused:
        points.append(t("confirmations.csv could not be read: the values that members confirmed stay withdrawn."))
    return points


def main_points(report: Report) -> list[str]:
    """Return at most six main points, the most important first."""
    points = [*describe_registers(report), describe_responses(report), *describe_statuses(report)]
    return [*points, *(describe_point(report, kpi) for kpi in read_plan().shown("point"))][:6]


def describe_change(report: Report, kpi: str) -> str:
    """Return the change on the last quarter, and how much of it is that of the same members."""
    t, past = report.t, quarters.shift(report.quarter, -1)
    now, before = (queries.select_figure(report.tables, kpi, quarter=quarter) for quarter in (report.quarter, past))
    last = t.quarter(past)
    if report.tables.is_first:
        return t("There is no earlier quarter to compare with")
    if is_blank(now.assessed) or is_blank(before.assessed):
        return t("no comparison with {quarter}", quarter=last)
    change = now.value - before.value
    if now.kpi.measure == "rate":
        return t.plural("{change} point on {quarter}", abs(change), change=t.signed(change, 1), quarter=last)
    same, n = queries.sum_matched_change(report.tables, kpi)
    if not n:
        return t("{change} on {quarter}; no member answered in both", change=t.signed(change), quarter=last)
    sentence = "{change} on {quarter}, of which {same} from the {n} member that answered in both"
    return t.plural(sentence, n, change=t.signed(change), quarter=last, same=t.signed(same))


def tiles(report: Report) -> list[HeadlineTile]:
    """Return the headline tiles."""
    return [_tile(report, kpi) for kpi in read_plan().shown("tile")]


def _tile(report: Report, kpi: str) -> HeadlineTile:
    t, figure = report.t, queries.select_figure(report.tables, kpi)
    is_known = not is_blank(figure.assessed)
    level = phrases.format_level(report, figure) if is_known else phrases.format_bounds(figure, t)
    value, bracket, rest = level.partition(" (")
    if bracket:
        detail = rest.rstrip(")")
    else:
        detail = t.counted(figure.value, figure.kpi.unit).removeprefix(value).strip() if is_known else ""
    return HeadlineTile(
        phrases.name_kpi(kpi, t),
        value,
        detail,
        describe_change(report, kpi),
        phrases.format_target(figure, t),
        t.status(figure.status, figure.robust),
        phrases.describe_coverage(report, figure),
        name_reference(report, kpi),
    )


def name_members(report: Report, states: Sequence[str]) -> str:
    """Return the names of the members whose return has one of these states."""
    answers = queries.select_responses(report.tables)
    found = answers[answers["state"].isin(states)]["member"]
    return report.t.listed(sorted((report.t.member(member) for member in found), key=fold))


def describe_explain(report: Report) -> str:
    """Return how a figure of the report is taken apart, with the command for the first of the references."""
    figure = Reference(read_plan().example, report.quarter)
    return report.t(
        "How a figure was made, from the cells of the returns to the status, is told by this command with one of the "
        "references below: {command}",
        command=f"papu explain {figure} --as-of {report.as_of} --language {report.t.language}",
    )


def describe_reproduce(report: Report) -> str:
    """Return how this edition is made again, with its command."""
    text = report.t(
        "With the files below in data/raw, this command gives the same document, to the byte: {command}",
        command=f"papu run {report.quarter} --as-of {report.as_of} --language {report.t.language}",
    )
    modified = editions.list_modified()
    made_with = "Made with notebooks that differ from those of the release: {names}"
    return f"{text}. {report.t(made_with, names=', '.join(modified))}" if modified else text
