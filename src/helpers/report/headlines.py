"""The findings of an edition in sentences that stay true for any data: headings, main points, tiles."""

import itertools
from collections.abc import Sequence

from helpers import editions
from helpers.i18n import Translator, is_blank
from helpers.ingest import registers
from helpers.kpis import Reference, statuses
from helpers.plan import quarters, read_plan
from helpers.report import phrases
from helpers.report.blocks import Block, HeadlineTile, Sentence
from helpers.report.document import Report
from helpers.strings import fold
from helpers.tables import Claim, KpiFigure, queries, replies

MOST_POINTS = 8
LONG_TABLE = 8  # rows of decisions: more do not fit beneath the tiles
LARGE_MOVE = 1 / 3  # of what was reported in the quarter before: a flow that moves more is news


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


def add_change(report: Report) -> Block:
    """Add the heading of the change on the last quarter; nothing where there is none."""
    if report.tables.is_first:
        return Block("nothing", {})
    return report.heading(report.t("What the changes are made of"), kicker=report.t("Change on the last quarter"))


def add_annex(report: Report, letter: str, text: str) -> Block:
    """Add an annex's heading."""
    return report.heading(text, kicker=report.t("Annex {letter}", letter=report.t.annex(letter)))


def add_revisions(report: Report, text: Sentence) -> Block:
    """Add the heading of the revisions; nothing in a first edition, which has none to revise."""
    if report.tables.is_first:
        return Block("nothing", {})
    return report.heading(text, kicker=report.t("Annex {letter}: revisions", letter=report.t.annex("C")))


def name_reference(report: Report, kpi: str) -> str:
    """Return the reference of one of the Union's figures, which `papu explain` takes."""
    return report.t("ref. {reference}", reference=str(Reference(kpi, report.quarter)))


def describe_theme(report: Report, theme: int) -> Sentence:
    """Return a theme's finding, about its leading KPI: its figure, and what its status says of the target.

    The plan's own sentence is for a verdict that stands: reached, or due and not reached, whoever is missing.
    """
    t, figure = report.t, queries.select_figure(report.tables, read_plan().leads[theme])
    if is_blank(figure.assessed):
        return phrases.describe_unknown(figure, t)
    claims = [phrases.claim_level(report, figure), phrases.claim_status(figure)]
    value, target = phrases.format_level(report, figure), phrases.format_target(figure, t)
    record = next(record for record in read_plan().themes if record.theme == theme)
    is_settled = figure.robust is not False and (figure.is_reached or figure.is_missed)
    own = t.localised(record.reached if figure.is_reached else record.below) if is_settled else ""
    if own:
        known = {"of": t.number(figure.n_expected), "known": t.number(figure.n_known)}
        since = t.quarter(report.tables.first_collected)
        return Sentence(own.format(value=value, target=target, since=since, **known), *claims)
    what = phrases.name_kpi(figure.kpi.kpi, t)
    if is_blank(figure.target):
        return Sentence(t("{what}: {value}", what=what, value=value), *claims)
    due = t.quarter(figure.kpi.due) if figure.kpi.due else ""
    verdict = "reached" if figure.is_reached else "missed" if figure.is_missed else figure.status
    text = t(_VERDICTS[verdict], what=what, value=value, target=target, due=due)
    return Sentence(f"{text} {t('(to be confirmed: missing data)')}" if figure.robust is False else text, *claims)


_VERDICTS = {
    "reached": "{what}: {value}; the target of {target} is reached",
    "missed": "{what}: {value}, below the target of {target}",
    "on_track": "{what}: {value}, on track for the target of {target} in {due}",
    "at_risk": "{what}: {value}; the target of {target} in {due} is at risk",
    "off_track": "{what}: {value}, off track for the target of {target} in {due}",
    "not_assessable": "{what}: {value}; too few answers to hold it against the target of {target}",
}


def describe_scorecard(report: Report) -> str:
    """Return the heading of the scorecard."""
    return report.t.plural("The {n} indicator at a glance", len(read_plan().kpis))


def describe_answered(report: Report) -> Sentence:
    """Return how many returns were accepted, and whose were refused, as a title."""
    t, states = report.t, replies.select_responses(report.tables).set_index("member")["state"]
    accepted, refused = (states[states.isin(group)] for group in (replies.ANSWERED_STATES, [replies.ONLY_REFUSED]))
    claims = [phrases.claim_returns(report, group) for group in (replies.ANSWERED_STATES, (replies.ONLY_REFUSED,))]
    if not len(accepted) + len(refused):
        return Sentence(t("No member has answered"), *claims)
    text = t("Accepted returns: {n} of {of}", n=len(accepted), of=len(states))
    if len(refused):
        text += " " + t("({n} refused: {names})", n=len(refused), names=name_members(report, (replies.ONLY_REFUSED,)))
    return Sentence(text, *claims)


def describe_issues_found(report: Report) -> Sentence:
    """Return how many issues the checks found for the quarter, as a title."""
    quarter, severities = report.t.quarter(report.quarter), queries.select_issues(report.tables)["severity"]
    counts = {name: int((severities == name).sum()) for name in ("refused", "withdrawn", "warning")}
    claim = Claim("issues", report.quarter, values=counts)
    if not sum(counts.values()):
        return Sentence(report.t("The checks found nothing for {quarter}", quarter=quarter), claim)
    sentence = "{quarter} – refusals: {refused}; values withdrawn: {withdrawn}; warnings: {warning}"
    return Sentence(report.t(sentence, **counts, quarter=quarter), claim)


def describe_responses(report: Report) -> Sentence:
    """Return how many members answered, by when."""
    t, states = report.t, replies.select_responses(report.tables)["state"]
    n, day = int(states.isin(replies.ANSWERED_STATES).sum()), t.day(report.as_of)
    claims = [phrases.claim_returns(report, group) for group in (replies.ANSWERED_STATES, (replies.ON_TIME,))]
    if not n:
        sentence = "No member had an accepted return for {quarter} by {day}: what is read from returns is blank."
        return Sentence(t(sentence, quarter=t.quarter(report.quarter), day=day), *claims)
    sentence = "{rate} of members had an accepted return by {day}, {on_time} of them within 30 days."
    on_time = int((states == replies.ON_TIME).sum())
    return Sentence(t.plural(sentence, n, rate=t.rate(n, len(states)), day=day, on_time=on_time), *claims)


def list_figures(report: Report) -> list[KpiFigure]:
    """Return the Union's figure of each KPI, in the plan's order."""
    return [queries.select_figure(report.tables, kpi.kpi) for kpi in read_plan().kpis]


def describe_reached(report: Report) -> Sentence:
    """Return how many KPIs reach their target, and how many of them missing data could still move, as a title."""
    t, figures = report.t, list_figures(report)
    reached = [figure for figure in figures if figure.is_reached]
    open_ones = [figure for figure in reached if figure.robust is False]
    claims = [Claim("statuses", report.quarter, about=statuses.REACHED, which=phrases.codes(reached))]
    claims += [phrases.claim_status(figure) for figure in open_ones]
    if not reached:
        text = t("None of the {of} indicators is known to reach its proposed target", of=len(figures))
        return Sentence(text, *claims)
    text = t.plural("{n} of {of} indicators reaches its proposed target", len(reached), of=len(figures))
    if open_ones:
        text = t("{what}, {n} of them to be confirmed", what=text, n=len(open_ones))
    return Sentence(text, *claims)


def describe_statuses(report: Report) -> Sentence:
    """Return how many KPIs reached their target, and when; how many statuses are to be confirmed."""
    t, figures, quarter = report.t, list_figures(report), report.quarter
    about = {
        "n": statuses.REACHED, "achieved": (statuses.ACHIEVED,), "late": (statuses.ACHIEVED_LATE,),
        "unknown": (statuses.NOT_ASSESSABLE,),
    }  # fmt: skip
    which = {name: phrases.codes(each for each in figures if each.status in group) for name, group in about.items()}
    others = {
        "missed": phrases.codes(figure for figure in figures if figure.is_missed),
        "open": phrases.codes(figure for figure in figures if figure.is_open),
        "uncertain": phrases.codes(figure for figure in figures if figure.robust is False),
    }
    claims = [
        Claim("statuses", quarter, about=about[name], which=found, values={"n": len(found)})
        for name, found in which.items()
    ]
    claims += [Claim(says, quarter, which=found) for says, found in others.items()]
    counts = {name: len(found) for name, found in {**which, **others, "of": figures}.items()}
    sentence = (
        "Of {of} indicators, {n} reached the target ({achieved} by the due quarter, {late} later); due and not "
        "reached: {missed}; not due yet: {open}; not assessable: {unknown}."
    )
    texts = [t.plural(sentence, counts.pop("n"), **counts)]
    if others["uncertain"]:
        texts.append(t("To be confirmed, for missing data could change them: {n}.", n=counts["uncertain"]))
    elif not which["unknown"]:  # of what cannot be assessed, missing data would say more
        texts.append(t("Missing data can change no status."))
    return Sentence(" ".join(texts), *claims)


def describe_news(report: Report) -> list[Sentence]:
    """Return what changed on the last quarter: targets reached, targets no longer reached; nothing without a past."""
    t, past, points = report.t, quarters.shift(report.quarter, -1), []
    if not report.tables.had_statuses:
        return points
    pairs = [(now, queries.select_figure(report.tables, now.kpi.kpi, quarter=past)) for now in list_figures(report)]
    moved = [(now, then) for now, then in pairs if now.is_reached is not then.is_reached and _is_assessed(now)]
    for says, text in (("newly reached", "Reached this quarter: {kpis}."), ("lost", "No longer reached: {kpis}.")):
        which = phrases.codes(now for now, _ in moved if now.is_reached is (says == "newly reached"))
        if which:
            names = t.joined(phrases.name_kpi(kpi, t) for kpi in which)
            points.append(Sentence(t(text, kpis=names), Claim(says, report.quarter, since=past, which=which)))
    gone = [then for now, then in pairs if now.status == statuses.NOT_ASSESSABLE and _is_assessed(then)]
    if gone:
        counts = {"n": len(gone), "reached": sum(then.is_reached for then in gone)}
        text = "{n} indicator can no longer be assessed, for lack of figures; of them, reached before: {reached}."
        claim = Claim("unassessable", report.quarter, since=past, which=phrases.codes(gone), values=counts)
        points.append(Sentence(t.plural(text, len(gone), reached=counts["reached"]), claim))
    return points


def _is_assessed(figure: KpiFigure) -> bool:
    return figure.status not in ("", statuses.NOT_ASSESSABLE)


def describe_missed(report: Report) -> list[Sentence]:
    """Return the targets that are due and not reached, each with what is missing; nothing where there is none."""
    t, found = report.t, [figure for figure in list_figures(report) if figure.is_missed]
    if not found:
        return []
    lines, claims = [], [Claim("missed", report.quarter, which=phrases.codes(found))]
    for figure in found:
        gap = phrases.describe_gap(report, figure)
        lines.append(t("{what} ({gap})", what=phrases.name_kpi(figure.kpi.kpi, t), gap=gap))
        claims += gap.claims
    return [Sentence(t("Due and not reached: {lines}.", lines=t.joined(lines)), *claims)]


def list_to_decide(report: Report) -> list[KpiFigure]:
    """Return the figures that ask for a decision: missed, at risk, or reached or not as missing data may turn out."""
    asks = (statuses.AT_RISK, statuses.OFF_TRACK, statuses.NOT_ASSESSABLE)

    def is_asked(figure: KpiFigure) -> bool:
        is_open = figure.robust is False and figure.status != statuses.ON_TRACK
        return not is_blank(figure.target) and (figure.is_missed or is_open or figure.status in asks)

    return [figure for figure in list_figures(report) if is_asked(figure)]


def add_decisions(report: Report) -> Block:
    """Add the heading of what is to be decided; on a page of its own where the table is long."""
    is_long = len(list_to_decide(report)) > LONG_TABLE
    return report.heading(report.t("Decisions and follow-up"), page=is_long)


def describe_to_decide(report: Report) -> Sentence:
    """Return how many targets ask for a decision, as a title."""
    found = list_to_decide(report)
    if not found:
        return Sentence(report.t("No target asks for a decision"))
    text = report.t.plural("{n} target asks for a decision", len(found))
    return Sentence(text, *map(phrases.claim_status, found))


def describe_flows(report: Report) -> list[Sentence]:
    """Return what was reported of the quarter alone, where the same members reported far more or less than before."""
    t, past, points = report.t, quarters.shift(report.quarter, -1), []
    for kpi in read_plan().kpis:
        before, now, n = queries.compare_flow(report.tables, kpi.kpi)
        if n and max(before, now) > 0 and abs(now - before) >= LARGE_MOVE * before:
            claim = Claim("flow", report.quarter, kpi.kpi, since=past, values={"before": before, "now": now, "n": n})
            text = t(
                "{what}, in the quarter alone: {now}, against {before} in {quarter} (the same members: {n}).",
                what=t.localised(kpi.title), now=t.number(now), before=t.number(before), quarter=t.quarter(past), n=n,
            )  # fmt: skip
            points.append(Sentence(text, claim))
    return points


def describe_point(report: Report, kpi: str) -> Sentence:
    """Return one KPI as a main point: the figure, what missing data leave open, who reaches the target, who carries it.

    A region without which the verdict would be another is named.
    """
    t, figure = report.t, queries.select_figure(report.tables, kpi)
    if is_blank(figure.assessed):
        unknown = phrases.describe_unknown(figure, t)
        return Sentence(f"{unknown}.", *unknown.claims)
    what, value = phrases.name_kpi(kpi, t), phrases.format_level(report, figure)
    interval, target = phrases.format_bounds(figure, t), phrases.format_target(figure, t)
    sentence, claims = "{what}: {value} (target {target}).", [phrases.claim_level(report, figure)]
    if not figure.is_certain:
        sentence = "{what}: {value}; once missing data are allowed for, {interval} (target {target})."
        claims.append(phrases.claim_bounds(figure))
    texts = [t(sentence, what=what, value=value, interval=interval, target=target)]
    n, of = queries.count_reaching(report.tables, kpi)
    if of and figure.kpi.on_share and not is_blank(figure.target):
        texts.append(t("Members that reach it themselves: {n} of {of}.", n=n, of=of))
        claims.append(Claim("reaching", report.quarter, kpi, values={"n": n, "of": of}))
    region, level = queries.find_carrying_region(report.tables, kpi)
    if region:
        shown = t.measured(level, figure.unit)
        texts.append(t("Without {region}: {level}.", region=t.region(region), level=shown))
        claims.append(Claim("without", report.quarter, kpi, about=(region,), values={"level": level}))
    return Sentence(" ".join(texts), *claims)


def describe_registers(report: Report) -> list[str]:
    """Return which registers cannot be read and which indicators are blank because of it; nothing where all can."""
    t, refused = report.t, queries.find_refused_registers(report.tables)
    blank, points = set(itertools.chain(*refused.values())), []
    if blank:
        names = t.enumerated(f"{name}.csv" for name, kpis in refused.items() if kpis)
        sentence = "Registers that could not be read: {names}. Indicators that are blank, not 0, because of it: {kpis}."
        points.append(t(sentence, names=names, kpis=t.enumerated(sorted(blank))))
    if "confirmations" in refused:
        points.append(t("confirmations.csv could not be read: the values that members confirmed stay withdrawn."))
    if registers.ACTIONS in refused:
        points.append(t("actions.csv could not be read: what was agreed on is not told."))
    return points


def main_points(report: Report) -> list[Sentence]:
    """Return the main points, the most important first: what came back, where the targets stand, what is new."""
    points = [*describe_registers(report), describe_responses(report), describe_statuses(report)]
    points += [*describe_news(report), *describe_missed(report), *describe_flows(report)]
    return [*points, *(describe_point(report, kpi) for kpi in read_plan().shown("point"))][:MOST_POINTS]


def describe_change(report: Report, kpi: str) -> Sentence:
    """Return the change on the last quarter as it is known now, and how much of it is that of the same members."""
    t, past = report.t, quarters.shift(report.quarter, -1)
    now, before = (queries.select_figure(report.tables, kpi, quarter=quarter) for quarter in (report.quarter, past))
    last = t.quarter(past)
    if report.tables.is_first:
        return Sentence("")
    if is_blank(now.assessed) or is_blank(before.assessed):
        return Sentence(t("no comparison with {quarter}", quarter=last))
    claim = phrases.claim_change(report, kpi)
    change = claim.values["change"]
    if now.kpi.unit == "percent":
        text = t.plural("{change} point on {quarter}", abs(change), change=t.signed(change, 1), quarter=last)
        return Sentence(text, claim)
    shown = t.signed_count(change, now.kpi.unit)
    if now.kpi.measure not in ("count_known", "sum_known"):  # what does not add up over the members
        return Sentence(t("{change} on {quarter}", change=shown, quarter=last), claim)
    same, n = queries.sum_matched_change(report.tables, kpi)
    if not n:
        text = t("{change} on {quarter}; no member reported it in both", change=shown, quarter=last)
        return Sentence(text, claim)
    sentence = "{change} on {quarter}, of which {same} from the {n} member that reported it in both"
    text = t.plural(sentence, n, change=shown, quarter=last, same=t.signed(same))
    return Sentence(text, claim, Claim("matched", report.quarter, kpi, since=past, values={"change": same, "n": n}))


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
    change, target = describe_change(report, kpi), phrases.format_target(figure, t)
    behind, reference = phrases.describe_coverage(report, figure), name_reference(report, kpi)
    badge = phrases.badge(figure, t)
    return HeadlineTile(phrases.name_kpi(kpi, t), value, detail, change, target, badge, behind, reference)


def name_members(report: Report, states: Sequence[str]) -> str:
    """Return the names of the members whose return has one of these states."""
    answers = replies.select_responses(report.tables)
    found = answers[answers["state"].isin(states)]["member"]
    return report.t.listed(sorted((report.t.member(member) for member in found), key=fold))


def describe_explain(report: Report) -> str:
    """Return how a figure of the report is taken apart, with the command for the first of the references."""
    figure = Reference(read_plan().example, report.quarter)
    return report.t(
        "How a figure was made, from the cells of the returns to the status, is told by this command with one of the "
        "references of the workbook of tables: {command}",
        command=f"papu explain {figure} --as-of {report.as_of} --language {report.t.language}",
    )


def describe_reproduce(report: Report) -> str:
    """Return how this edition is made again, with its command."""
    text = report.t(
        "The same document, to the byte, from the files that the workbook of tables lists: {command}",
        command=f"papu run {report.quarter} --as-of {report.as_of} --language {report.t.language}",
    )
    modified = editions.list_modified()
    made_with = "Made with notebooks that differ from those of the release: {names}"
    return f"{text}. {report.t(made_with, names=', '.join(modified))}" if modified else text
