"""What the figures say: computed sentences that stay true for any data, and captions with their alternative text."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from helpers.i18n import Badge, Translator, is_blank
from helpers.plan import Kpi, quarters, questionnaire, read_plan, read_settings, sources
from helpers.report import cells
from helpers.report.blocks import Sentence
from helpers.report.cells import Number, Text
from helpers.report.document import Report
from helpers.strings import mask_text
from helpers.tables import Claim, KpiFigure, queries, replies

Caption = dict[str, str]
MOST_NAMES = 4  # of questions that a source is shown with; more are shown as the plan writes them: *_working


def codes(figures: Iterable[KpiFigure]) -> tuple[str, ...]:
    """Return the codes of the KPIs of some figures."""
    return tuple(figure.kpi.kpi for figure in figures)


def _claim(says: str, figure: KpiFigure, values: Mapping[str, float] | None = None, **details: object) -> Claim:
    """Return what is said of a figure; a value that is blank is left out."""
    scope = "" if figure.scope == read_plan().code else figure.scope
    known = {name: value for name, value in (values or {}).items() if not is_blank(value)}
    return Claim(says, figure.quarter, figure.kpi.kpi, scope, values=known, **details)


def claim_level(report: Report, figure: KpiFigure) -> Claim:
    """Return what is said by printing a figure with its parts and who is behind it; its bounds where it has none."""
    if is_blank(figure.assessed):
        return claim_bounds(figure)
    part, whole = queries.select_rate_parts(report.tables, figure)
    values = {"level": figure.assessed, "part": part, "whole": whole, "n": figure.n_known, "of": figure.n_expected}
    return _claim("level", figure, values)


def claim_bounds(figure: KpiFigure) -> Claim:
    """Return what is said by printing the bounds of a figure; an upper one that there is not is left out."""
    lower, upper = figure.bounds
    return _claim("bounds", figure, {"lower": lower, "upper": upper})


def claim_status(figure: KpiFigure) -> Claim:
    """Return what is said by printing a status: which it is, and whether missing data could change it."""
    certain = None if is_blank(figure.robust) else bool(figure.robust)
    return _claim("status", figure, which=(figure.status,), certain=certain)


def claim_change(report: Report, kpi: str) -> Claim:
    """Return what is said by the change of the Union's figure on the last quarter, as it is known now."""
    past = quarters.shift(report.quarter, -1)
    now, before = (queries.select_figure(report.tables, kpi, quarter=quarter) for quarter in (report.quarter, past))
    return Claim("change", report.quarter, kpi, since=past, values={"change": now.value - before.value})


def claim_returns(report: Report, states: Sequence[str]) -> Claim:
    """Return what is said by counting the members whose return has one of these states."""
    answers = replies.select_responses(report.tables)
    which = tuple(answers[answers["state"].isin(states)]["member"])
    values = {"n": len(which), "of": len(answers)}
    return Claim("returns", report.quarter, about=tuple(states), which=which, values=values)


def badge(figure: KpiFigure, t: Translator) -> Badge:
    """Return the status of a figure as it is shown."""
    return t.status(figure.shown_status, figure.robust)


def describe_gap(report: Report, figure: KpiFigure) -> Sentence:
    """Return what is missing of a target, in units: offices, parts of a product, points of an index."""
    t, target = report.t, figure.assessed_target
    if figure.kpi.measure == "milestone":
        return _describe_stage_gap(report, figure)
    part, whole = queries.select_rate_parts(report.tables, figure)
    if not is_blank(whole):
        needed = math.ceil(target * whole / 100 - 1e-9)
        claim = _claim("parts", figure, {"part": part, "whole": whole, "needed": needed})
        if figure.kpi.measure == "rate":
            text = t("{gap} short: {part} of {whole} questionnaires", gap=needed - part, part=part, whole=whole)
            return Sentence(text, claim)
        return Sentence(t("{gap} short", gap=t.counted(needed - part, figure.kpi.unit)), claim)
    gap = target - figure.assessed
    is_index = figure.unit == "percent"
    shown = t.plural("{gap} point", gap, gap=t.number(gap, 1)) if is_index else t.counted(gap, figure.unit)
    return Sentence(t("{gap} short", gap=shown), _claim("gap", figure, {"gap": gap}))


def _describe_stage_gap(report: Report, figure: KpiFigure) -> Sentence:
    """Return what is missing of a milestone: stages, parts that its product does not cover, or both."""
    t, plan, texts, claims = report.t, read_plan(), [], []
    if (gap := figure.target - figure.assessed) > 0:
        lower, upper = (t("stage {n}", n=stage) for stage in (figure.assessed, figure.target))
        texts.append(t("{lower} to {upper}", lower=lower, upper=upper))
        claims.append(_claim("gap", figure, {"gap": gap}))
    if parts := queries.list_missing_parts(report.tables, figure.kpi.kpi):
        titles = {part.code: part.title for part in plan.components if part.step == figure.kpi.step}
        texts.append(t("missing: {parts}", parts=t.enumerated(t.localised(titles[part]) for part in parts)))
        claims.append(_claim("missing parts", figure, which=parts))
    return Sentence(t.joined(texts), *claims)


def name_kpi(kpi: str, t: Translator) -> str:
    """Return what a KPI's target is about: its short name, else its title, or the share."""
    record = read_plan().by_kpi[kpi]
    if "short" in record.names:
        return t.localised(record.names["short"])
    title = t.localised(record.title)
    return t("{title}, share of the total", title=title) if record.assessed == "share" else title


def format_target(kpi_figure: KpiFigure, t: Translator) -> str:
    """Return the target as a number: `80 %`, `4`; a stage as one. In a plan with both, a proposed one says so."""
    if is_blank(kpi_figure.target):
        return t("none")
    target = t.target(kpi_figure.assessed_target, kpi_figure.unit)
    if kpi_figure.unit == "stage":
        target = t("stage {n}", n=kpi_figure.target)
    is_marked = read_plan().targets == "mixed" and kpi_figure.kpi.target_status == "proposed"
    return f"{target} ({t('proposed (target)').strip()})" if is_marked else target


def _decimals(figure: KpiFigure) -> int:
    """Show one more decimal where rounding would make a figure below its target look like the target."""
    below = not is_blank(figure.assessed_target) and figure.assessed < figure.assessed_target - 1e-9
    return 2 if below and round(figure.assessed, 1) >= round(figure.assessed_target, 1) else 1


def level(report: Report, figure: KpiFigure) -> Number | Text:
    """Return the figure a target is about, with its denominator where it is a share: `79,7 % (13 677/17 150)`."""
    t = report.t
    if is_blank(figure.assessed):
        return cells.interval(*figure.bounds, figure.unit, t)
    if figure.unit == "stage" and figure.assessed:
        return Text(t("stage {n}", n=figure.assessed), figure.assessed)
    decimals = _decimals(figure)
    part, whole = queries.select_rate_parts(report.tables, figure)
    if not is_blank(whole):
        return cells.rate(part, whole, t, decimals)
    if figure.unit != "percent" or is_blank(figure.n_known):
        return Number(figure.assessed, figure.unit)
    return Number(figure.assessed, "percent", decimals, suffix=f" ({t.counted(figure.n_known, 'members')})")


def format_level(report: Report, figure: KpiFigure) -> str:
    """Return the figure a target is about, in words."""
    return level(report, figure).text(report.t)


def bounds(figure: KpiFigure, t: Translator) -> Text:
    """Return the bounds of the figure the target is about; a dash where non-response cannot change it."""
    if figure.is_certain and not is_blank(figure.assessed):
        return Text("–")
    return cells.interval(*figure.bounds, figure.unit, t)


def format_bounds(figure: KpiFigure, t: Translator) -> str:
    """Return the bounds of the figure the target is about, in words."""
    return bounds(figure, t).words


def is_unreadable(report: Report, figure: KpiFigure) -> bool:
    """Tell whether a figure is blank because a register under it cannot be read."""
    return any(figure.kpi.kpi in kpis for kpis in queries.find_refused_registers(report.tables).values())


def describe_coverage(report: Report, kpi_figure: KpiFigure) -> str:
    """Return who is behind a figure, and what is missing from it: `33/45 members; carried forward (c): 10`."""
    t = report.t
    if is_unreadable(report, kpi_figure):
        return t("a register under it could not be read: blank, not 0")
    lost = describe_lost_rows(queries.count_missing_rows(report.tables, kpi_figure.kpi.kpi), t)
    return t.joined([_describe_sources(kpi_figure, t), *_list_others(report, kpi_figure), *lost])


def _list_others(report: Report, figure: KpiFigure) -> list[str]:
    """Return what the Union's rate of this quarter counts besides the quarterly returns, by title."""
    if figure.kpi.measure != "rate" or (figure.scope, figure.quarter) != (read_plan().code, report.quarter):
        return []
    counted = queries.count_questionnaires(report.tables)
    return [
        report.t("{name}: {part}/{whole}", name=mask_text(title), part=returned, whole=sent)
        for title, (returned, sent) in counted.items()
    ]


def describe_each_coverage(report: Report, kpi_figures: Sequence[KpiFigure]) -> str:
    """Return who is behind several figures, once for those where it is the same."""
    t, groups = report.t, dict[str, list[str]]()
    for kpi_figure in kpi_figures:
        groups.setdefault(describe_coverage(report, kpi_figure), []).append(kpi_figure.kpi.kpi)
    return t.joined(t("{what}: {value}", what=t.enumerated(kpis), value=behind) for behind, kpis in groups.items())


def describe_origin(kpis: Iterable[Kpi], t: Translator) -> str:
    """Return where the figures of some KPIs come from: the members' returns, the Secretariat's registers, or both."""
    # A rate counts the members' returns and, from a register, what else they were sent.
    is_register = {
        each for kpi in kpis for each in ({True, False} if kpi.measure == "rate" else {kpi.is_from_registers})
    }
    names = {False: t("quarterly returns of the members"), True: t("registers of the secretariat")}
    return t.joined(names[each] for each in sorted(is_register))


def describe_lost_rows(n: int, t: Translator) -> list[str]:
    """Return how many rows of the registers are missing from a figure; nothing where none is."""
    return [t.plural("{n} row of the registers could not be read and is missing here", n)] if n else []


def _describe_sources(kpi_figure: KpiFigure, t: Translator) -> str:
    if is_blank(kpi_figure.n_reported):
        return t("registers of the secretariat, no non-response") if kpi_figure.is_certain else t.missing
    n, of, carried = kpi_figure.n_reported, kpi_figure.n_expected, kpi_figure.n_carried
    if kpi_figure.kpi.measure == "rate":
        return t("quarterly returns: {n}/{of}", n=n, of=of)
    if not carried:
        return t("{n}/{of} members", n=n, of=of)
    return t("{n}/{of} members; carried forward (c): {carried}", n=n, of=of, carried=carried)


def list_series(trend: Sequence[KpiFigure], t: Translator) -> str:
    """Return each quarter's figure, or its bounds where only these are known."""
    parts = []
    for point in trend:
        bounds, value = t.interval(*point.bounds, point.unit), t.measured(point.assessed, point.unit)
        parts.append(f"{t.quarter(point.quarter)} {bounds if is_blank(point.assessed) else value}")
    return t.joined(parts)


def describe_unknown(kpi_figure: KpiFigure, t: Translator) -> Sentence:
    """Return a KPI without a value in words: its bounds, or that there is no figure."""
    what = name_kpi(kpi_figure.kpi.kpi, t)
    if is_blank(kpi_figure.bounds[0]):
        return Sentence(t("{what}: no figure for {quarter}", what=what, quarter=t.quarter(kpi_figure.quarter)))
    bounds = t.interval(*kpi_figure.bounds, kpi_figure.unit)
    text = t("{what}: {interval}, too few answers to say more", what=what, interval=bounds)
    return Sentence(text, claim_bounds(kpi_figure))


def name_period(trend: Sequence[KpiFigure], t: Translator) -> str:
    """Return the quarters of a trend, from the first to the last, as sentences name them."""
    return name_span([point.quarter for point in trend], t)


def name_span(quarters_shown: Sequence[str], t: Translator) -> str:
    """Return the first and the last of some quarters in words; of one, its name alone."""
    first, *others = [t.quarter(quarter) for quarter in dict.fromkeys(quarters_shown)]
    return t("{lower} to {upper}", lower=first, upper=others[-1]) if others else first


def name_own_kpi(kpi: str, t: Translator) -> str:
    """Return what a KPI is called where it is about one member; its title where the plan has no such name."""
    record = read_plan().by_kpi[kpi]
    return t.localised(record.names.get("own", record.title))


def describe_trend(report: Report, trend: Sequence[KpiFigure]) -> Sentence:
    """Return a trend's finding: its last figure, and what it was when first known.

    Of what is known member by member, two quarters are compared on the members known in both (methodology, section 5);
    a running total is what came together, and compares with itself; a rate asks others each quarter, and compares with
    its target.
    """
    t, last = report.t, trend[-1]
    if is_blank(last.assessed):
        return describe_unknown(last, t)
    first = next(point for point in trend if not is_blank(point.assessed))
    what, value, quarter = name_kpi(last.kpi.kpi, t), format_level(report, last), t.quarter(first.quarter)
    shown, claim = {"what": what, "value": value, "quarter": quarter}, claim_level(report, last)
    if first is last:
        return Sentence(t("{what}: {value}", **shown), claim)
    if last.kpi.measure == "rate" and not is_blank(last.target):
        known = [point for point in trend if not is_blank(point.assessed)]
        shown |= {"n": sum(point.is_reached for point in known), "of": len(known)}
        text = t("{what}: {value}; target met in {n} of {of} quarters", **shown)
        return Sentence(text, claim, *map(claim_status, known))
    if last.kpi.is_stock and last.kpi.measure != "distinct_codes":
        before, now, n = queries.compare_panel(report.tables, last.kpi.kpi, first.quarter, last.quarter, last.scope)
        if not n:
            return Sentence(t("{what}: {value}", **shown), claim)
        panel = _claim("panel", last, {"before": before, "now": now, "n": n}, since=first.quarter)
        shown |= {"before": t.measured(before, last.unit), "now": t.measured(now, last.unit), "n": n}
        text = t("{what}: {value}; the same {n} members: {before} in {quarter}, {now} now", **shown)
        return Sentence(text, claim, panel)
    text = t("{what}: {value}; in {quarter}: {before}", before=format_level(report, first), **shown)
    return Sentence(text, claim, claim_level(report, first))


def describe_measure(kpi_figure: KpiFigure, t: Translator) -> str:
    """Return the measure and its unit, as a subtitle names them."""
    if "measured" in kpi_figure.kpi.names:
        return t.localised(kpi_figure.kpi.names["measured"])
    if kpi_figure.on_share:
        return t("Share of the total of the members known, in %")
    return t({"percent": "Index from 0 to 100 %", "members": "Number of members"}.get(kpi_figure.unit, "Number"))


def member_value(kpi: str, row: object, t: Translator) -> Number | Text:
    """Return a member's value (with denominator and basis): with its whole, `c` where carried."""
    mark = " c" if row.basis == "carried" else ""
    if is_blank(row.value):
        return Text(t.missing)
    record = read_plan().by_kpi[kpi]
    if record.is_yes_no:
        return Text((t("yes") if row.value else t("no")) + mark, row.value)
    if not is_blank(row.denominator):
        return cells.rate(row.value, row.denominator, t, suffix=mark)
    if record.assessed == "share" and record.unit != "percent":  # a share without its total is a number
        return Text(t.counted(row.value, record.unit) + mark, row.value)
    return Number(row.value, record.unit, suffix=mark)


def format_member_value(kpi: str, row: object, t: Translator) -> str:
    """Return a member's value in words."""
    return member_value(kpi, row, t).text(t)


def companion_names(report: Report, kpi: str, unit: str = "", listed: str = "") -> dict[str, str]:
    """Return a KPI's companions by code with their names, those of one unit or list where one is given."""
    plan, t = read_plan(), report.t
    return {each.component: t.localised(plan.title_of(each)) for each in plan.parts_of(kpi, unit, listed)}


def name_figure(figure: str, kpi: str, of: str, t: Translator) -> str:
    """Return what the companions of a figure are: the title that the plan gives the figure, else the KPI's own."""
    plan, asked = read_plan(), (figure, (kpi,), of)
    titles = (planned.title for planned in plan.figures if (planned.figure, planned.kpis, planned.of) == asked)
    return t.localised(next(titles, plan.by_kpi[kpi].title))


def describe_formula(kpi: Kpi, t: Translator) -> str:
    """Return how a KPI is measured, in the words of its measure and of what its source says."""
    if kpi.measure == "register":
        step, counted = sources.workshops_of(kpi.source)
        return t(f"formula {counted or 'workshops'}", step=step)
    if kpi.is_from_registers:
        if kpi.measure == "rate":
            return t("formula rate")
        plan = read_plan()
        values = {"highest": len(plan.stages[sources.product_of(kpi.source)]), "n": len(plan.part_codes(kpi.step))}
        return t("formula milestone" if values["n"] else "formula milestone without parts", target=kpi.target, **values)
    form = questionnaire.read_form()
    source = sources.source_of(kpi, form)
    kind = source.kind
    if kpi.assessed == "share":
        kind = "part" if source.reference else f"{kind} share"
    repeat = t.localised(form.label_of(form.repeat.name)) if form.repeat else ""
    times = t.number(source.times, len(f"{source.times:g}".partition(".")[2]))
    return t(f"formula {kind}", times=times, cap=source.cap, of=len(source.codes), least=source.least, repeat=repeat)


def describe_source(kpi: Kpi, t: Translator) -> str:
    """Return what a KPI is read from: a register, or the questions it asks."""
    if registers := sources.registers_of(kpi):
        return t(f"source {registers[-1]}")
    form = questionnaire.read_form()
    source = sources.source_of(kpi, form)
    if not set(source.asks) <= set(form.by_name):
        return f"{read_settings().repeat.name}: {t.enumerated(source.asks)}"
    names = source.asks if len(source.asks) <= MOST_NAMES else re.findall(r"\*\w+", kpi.source)
    codes = f": {t.enumerated(source.codes)}" if kpi.measure in ("count_known", "count_ever") and source.codes else ""
    return t.enumerated(names) + codes
