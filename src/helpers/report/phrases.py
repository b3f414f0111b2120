"""What the figures say: computed sentences that stay true for any data, and captions with their alternative text."""

import re
from collections.abc import Sequence

from helpers.i18n import Translator, is_blank
from helpers.plan import Kpi, questionnaire, read_plan, read_settings, sources
from helpers.report import cells
from helpers.report.cells import Number, Text
from helpers.report.document import Report
from helpers.tables import KpiFigure, queries

Caption = dict[str, str]
MOST_NAMES = 4  # of questions that a source is shown with; more are shown as the plan writes them: *_working


def name_kpi(kpi: str, t: Translator) -> str:
    """Return what a KPI's target is about: its short name, else its title, or the share."""
    record = read_plan().by_kpi[kpi]
    if "short" in record.names:
        return t.localised(record.names["short"])
    title = t.localised(record.title)
    return t("{title}, share of the total", title=title) if record.assessed == "share" else title


def format_target(kpi_figure: KpiFigure, t: Translator) -> str:
    """Return the proposed target as a number: `80 %`, `4`."""
    return t.target(kpi_figure.assessed_target, kpi_figure.unit)


def _decimals(figure: KpiFigure) -> int:
    """Show one more decimal where rounding would make a figure below its target look like the target."""
    below = not is_blank(figure.assessed_target) and figure.assessed < figure.assessed_target - 1e-9
    return 2 if below and round(figure.assessed, 1) >= round(figure.assessed_target, 1) else 1


def level(report: Report, figure: KpiFigure) -> Number | Text:
    """Return the figure a target is about, with its denominator where it is a share: `79,7 % (13 677/17 150)`."""
    t = report.t
    if is_blank(figure.assessed):
        return cells.interval(*figure.bounds, figure.unit, t)
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
    return (
        Text("–")
        if figure.is_certain and not is_blank(figure.assessed)
        else cells.interval(*figure.bounds, figure.unit, t)
    )


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
    n_lost = queries.count_missing_rows(report.tables, kpi_figure.kpi.kpi)
    return t.joined([_describe_sources(kpi_figure, t), *describe_lost_rows(n_lost, t)])


def describe_lost_rows(n: int, t: Translator) -> list[str]:
    """Return how many rows of the registers are missing from a figure; nothing where none is."""
    return [t.plural("{n} row of the registers could not be read and is missing here", n)] if n else []


def _describe_sources(kpi_figure: KpiFigure, t: Translator) -> str:
    if is_blank(kpi_figure.n_reported):
        return t("registers of the General Secretariat, no non-response") if kpi_figure.is_certain else t.missing
    if not kpi_figure.n_carried:
        return t("{n}/{of} members", n=kpi_figure.n_reported, of=kpi_figure.n_expected)
    n, of, carried = kpi_figure.n_reported, kpi_figure.n_expected, kpi_figure.n_carried
    return t("{n}/{of} members; carried forward (c): {carried}", n=n, of=of, carried=carried)


def list_series(trend: Sequence[KpiFigure], t: Translator) -> str:
    """Return each quarter's figure, or its bounds where only these are known."""
    parts = []
    for point in trend:
        bounds, value = t.interval(*point.bounds, point.unit), t.measured(point.assessed, point.unit)
        parts.append(f"{t.quarter(point.quarter)} {bounds if is_blank(point.assessed) else value}")
    return t.joined(parts)


def is_reached(kpi_figure: KpiFigure) -> bool:
    """Tell whether a known figure reaches its proposed target."""
    return not is_blank(kpi_figure.assessed) and kpi_figure.assessed >= kpi_figure.assessed_target - 1e-9


def describe_unknown(kpi_figure: KpiFigure, t: Translator) -> str:
    """Return a KPI without a value in words: its bounds, or that there is no figure."""
    what = name_kpi(kpi_figure.kpi.kpi, t)
    if is_blank(kpi_figure.bounds[0]):
        return t("{what}: no figure for {quarter}", what=what, quarter=t.quarter(kpi_figure.quarter))
    bounds = t.interval(*kpi_figure.bounds, kpi_figure.unit)
    return t("{what}: {interval}, too few answers to say more", what=what, interval=bounds)


def name_period(trend: Sequence[KpiFigure], t: Translator) -> dict[str, str]:
    """Return the first and the last quarter of a trend, as sentences name them."""
    return {"first": t.quarter(trend[0].quarter), "last": t.quarter(trend[-1].quarter)}


def name_own_kpi(kpi: str, t: Translator) -> str:
    """Return what a KPI is called where it is about one member; its title where the plan has no such name."""
    record = read_plan().by_kpi[kpi]
    return t.localised(record.names.get("own", record.title))


def describe_trend(report: Report, trend: Sequence[KpiFigure]) -> str:
    """Return a trend's finding: its last figure, and whether it is up or down from the first one known."""
    t, last = report.t, trend[-1]
    if is_blank(last.assessed):
        return describe_unknown(last, t)
    first = next(point for point in trend if not is_blank(point.assessed))
    what, value, quarter = name_kpi(last.kpi.kpi, t), format_level(report, last), t.quarter(first.quarter)
    shown = {"what": what, "value": value, "quarter": quarter}
    if first is last:
        return t("{what}: {value}", **shown)
    if t.measured(first.assessed, first.unit) == t.measured(last.assessed, last.unit):
        return t("{what}: {value}, as in {quarter}", **shown)
    before = format_level(report, first)
    if last.assessed > first.assessed:
        return t("{what}: {value}, up from {before} in {quarter}", before=before, **shown)
    return t("{what}: {value}, down from {before} in {quarter}", before=before, **shown)


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
        return t("formula milestone", target=kpi.target, **values)
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
