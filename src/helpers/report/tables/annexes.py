"""Tables of the annexes: methods, data quality, revisions, and the files that the edition is made from."""

from collections import defaultdict

import pandas as pd

from helpers.i18n import Translator, is_blank, typeset
from helpers.kpis import Reference
from helpers.plan import Kpi, read_plan, read_settings
from helpers.report import phrases
from helpers.report.blocks import Column, Sentence, Table
from helpers.report.cells import Cell, Number, TwoLines, text_of
from helpers.report.document import Report
from helpers.report.headlines import describe_issues_found, list_figures, name_theme
from helpers.report.tables.themes import due_cell, target_cell
from helpers.tables import Claim, profiles, queries

MATERIAL = 0.05  # of the figure first published: smaller revisions are in the workbook only
_LONGEST_TEXT = 320
_CLASSES = {
    "A": "two thirds or more is known: value and bounds are shown",
    "B": "half or more is known, or fewer than a third reported this quarter: value and bounds are shown",
    "C": "less than half is known: bounds only are shown, no status unless the lower bound itself reaches the target",
    "": "no figure this quarter",
}
_CAUSES = {"late": "late returns: {names}", "revised": "revised returns: {names}", "register": "confirmations: {names}"}
_LAST_CHANNELS = {"plan": "~plan", "register": "~register"}  # what was received comes first
_NAMED_CHANNELS = ("sample", "plan", "register")


def _foldable(text: object) -> str:
    """Return a text that may break within its codes and paths, cut where it is very long."""
    plain = str(text) if len(str(text)) <= _LONGEST_TEXT else f"{str(text)[: _LONGEST_TEXT - 1]}…"
    return plain.replace("_", "_\u200b").replace("/", "/\u200b")


def methods(report: Report) -> Table:
    """Return how each KPI is measured: one row per KPI."""
    t, plan = report.t, read_plan()

    def limits(kpi: Kpi) -> str:
        figure = queries.select_figure(report.tables, kpi.kpi)
        baseline = t.percent(100 * kpi.baseline, 0) if figure.on_share else t.number(kpi.baseline)
        if kpi.target is None:
            return t("none")
        both = t("{baseline} to {target}", baseline=baseline, target=text_of(target_cell(report, figure), t))
        return f"{both}\n{kpi.target_reference}" if kpi.target_reference else both

    how = t("How it is measured")
    columns = (
        Column(t("KPI"), 9, lambda kpi: kpi.kpi),
        Column(how, 78, lambda kpi: TwoLines(t.localised(kpi.title), phrases.describe_formula(kpi, t))),
        Column(t("Source"), 35, lambda kpi: _foldable(phrases.describe_source(kpi, t))),
        Column(t("Unit"), 26, lambda kpi: t.unit(kpi.unit)),
        Column(t("Baseline and target"), 24, limits),
        Column(t("Due"), 17, lambda kpi: due_cell(report, kpi)),
    )
    title = t.plural("How the {n} indicator is measured", len(plan.kpis))
    subtitle = t("Measure, source questions, unit, baseline and target, due quarter")
    words = {"reference": plan.settings.reference, "targets": t(f"targets: {plan.targets}")}
    source = t("action plan {reference}; targets and baselines: {targets}", **words)
    return Table(plan.kpis, columns, title, subtitle, source=source, size=8, pad=0.6)


def references(report: Report) -> Table:
    """Return the references of the Union's figures: one row per KPI, in two columns to a page."""
    t, plan = report.t, read_plan()
    regional = Reference(plan.example, report.quarter, plan.regions[1])
    columns = (
        Column(t("Reference"), 20, lambda kpi: str(Reference(kpi.kpi, report.quarter))),
        Column(t("Indicator"), 64, lambda kpi: t.localised(kpi.title)),
    )
    title = t("References of the headlines")
    subtitle = t("All indicators by theme, Union, {quarter}", quarter=t.quarter(report.quarter))
    words = {"note": t("for a region: {reference}", reference=str(regional)), "source": "papu explain"}
    layout = {"named_by": 1, "pad": 1.2, "size": 8, "beside": 2}
    return Table(plan.kpis, columns, title, subtitle, **words, **layout, group=lambda kpi: name_theme(kpi.theme, t))


def _consequence(rule: str, severity: str, t: Translator) -> str:
    """Return what became of what a rule found: of a register no return is refused."""
    return t("refused" if (rule, severity) == ("V22", "refused") else f"severity {severity}")


def _of_rules(issues: pd.DataFrame) -> pd.DataFrame:
    return issues[issues["rule"].str.fullmatch(r"V\d\d").fillna(False).astype(bool)]


def rules(report: Report) -> Table:
    """Return the issues that the checks found: one row per rule, this quarter and before."""
    t, issues = report.t, _of_rules(report.tables.issues)
    is_now = (issues["quarter"] == report.quarter).fillna(False).astype(bool)

    def consequences(found: tuple[str, pd.DataFrame]) -> str:
        return t.enumerated(_consequence(found[0], name, t) for name in sorted(set(found[1]["severity"])))

    columns = (
        Column(t("Rule"), 12, lambda found: found[0]),
        Column(t("What it checks"), 92, lambda found: t(f"rule {found[0]}")),
        Column(t("Consequence"), 36, consequences),
        Column(t.quarter(report.quarter), 16, lambda found: Number(int(is_now[found[1].index].sum())), "end"),
        Column(t("earlier quarters, registers"), 20, lambda found: Number(int((~is_now[found[1].index]).sum())), "end"),
    )
    subtitle = t("Findings of the checks, by rule")
    note = t("A refused return stops no other; a withdrawn value counts as not answered; a warning changes nothing.")
    words = {"subtitle": subtitle, "note": note, "source": t("checks of the returns and registers")}
    return Table(list(issues.groupby("rule")), columns, describe_issues_found(report), pad=0.6, **words)


def refused(report: Report) -> Table:
    """Return what was refused or withdrawn this quarter, registers included: one row per issue of a sheet."""
    t, issues = report.t, _of_rules(queries.select_issues(report.tables))
    issues = issues[issues["severity"].isin(("refused", "withdrawn"))]
    replaced = profiles.find_replaced(report.tables, issues)
    issues = issues.astype(object).where(issues.notna(), "").assign(is_replaced=replaced)
    same = ["severity", "rule", "member", "question", "source_file", "sheet", f"said_{t.language}"]
    issues_of_rows = issues.assign(row=issues.groupby(same)["row"].transform(t.enumerated)).drop_duplicates(same)
    rows, quarter = list(issues_of_rows.itertuples()), t.quarter(report.quarter)

    def about(row: object) -> str:
        return _foldable(row.question) or t("register" if row.rule == "V22" else "whole return")

    def finding(row: object) -> str:
        said = typeset(getattr(row, f"said_{t.language}"), t.language)
        return _foldable(f"{said} {t('(replaced since by another return)')}" if row.is_replaced else said)

    columns = (
        Column(t("Member"), 13, lambda row: row.member or "–"),
        Column(t("Rule"), 19, lambda row: f"{row.rule} {_consequence(row.rule, row.severity, t)}"),
        Column(t("Question"), 27, about),
        Column(t("Finding"), 75, finding),
        Column(t("Place"), 36, lambda row: _foldable(_place(report, row))),
    )
    subtitle = t("Nothing was refused or withdrawn for {quarter}", quarter=quarter)
    if rows:
        found = "{n} finding for {quarter}, as received; the full list is in issues.csv"
        subtitle = t.plural(found, len(issues), quarter=quarter)
    words = {"subtitle": subtitle, "source": t("checks of the returns and registers")}
    return Table(rows, columns, t("Refused returns and withdrawn values"), pad=0.6, size=8, **words)


def _place(report: Report, row: object) -> str:
    """Return where the issue is: file, sheet and row."""
    if not row.source_file:
        return report.t("register")
    if not row.row:
        return row.source_file
    words = "{file}, {sheet}, row {row}" if row.sheet else "{file}, row {row}"
    return report.t(words, file=row.source_file, sheet=row.sheet, row=str(row.row))


def coverage(report: Report) -> Table:
    """Return the coverage classes: one row per class with its KPIs."""
    t = report.t
    figures = list_figures(report)
    kpis = {name: phrases.codes(one for one in figures if one.coverage_class == name) for name in _CLASSES}
    columns = (
        Column(t("Class"), 12, lambda name: name or "–"),
        Column(t("Meaning"), 92, lambda name: t(_CLASSES[name])),
        Column(t("KPIs"), 66, lambda name: t.enumerated(kpis[name])),
    )
    rows = [name for name in kpis if kpis[name] or name]
    subtitle = t("By class, Union, {quarter}", quarter=t.quarter(report.quarter))
    return Table(rows, columns, t("Coverage of the indicators"), subtitle, note=_describe_references(report), pad=1)


def _describe_references(report: Report) -> str:
    """Return what the reference figures are based on, with the members of each basis; blank where there is none."""
    t, bases = report.t, defaultdict(list)
    for member in read_plan().members_in(report.quarter):
        if member.references:
            bases[read_settings().name_basis(member.reference_basis, t.language)].append(member.member)
    shown = [t("{what}: {value}", what=basis, value=t.enumerated(names)) for basis, names in bases.items()]
    return t("Reference figures, by their basis: {bases}.", bases=t.joined(shown)) if shown else ""


def _select_revisions(report: Report) -> list[object]:
    """Return the Union's figures of past quarters that differ from those first published, latest first.

    Class C shows no point value; and what rounds to the same has not changed for a reader.
    """
    found = report.tables.revisions
    found = found[found["scope"] == read_plan().code].sort_values(["quarter", "kpi"], ascending=[False, True])

    def is_shown(row: object) -> bool:
        first, now = (cell.text(report.t) for cell in _revised_cells(row))
        figure = queries.select_figure(report.tables, row.kpi, quarter=row.quarter)
        return figure.coverage_class != "C" and first != now

    return [row for row in found.itertuples() if is_shown(row)]


def _revised_cells(row: object) -> tuple[Number, Number]:
    """Return a revised figure as first published, and now; a share as a percentage."""
    times, unit = (100, "percent") if row.figure == "share" else (1, read_plan().by_kpi[row.kpi].unit)
    return tuple(Number(None if is_blank(value) else value * times, unit) for value in (row.first, row.now))


def _revision_change(report: Report, row: object) -> Cell:
    t, (first, now) = report.t, _revised_cells(row)
    if first.order is None or now.order is None:
        return t.missing
    # The difference of what is printed, so that it adds up for a reader.
    difference = round(float(now.value), now.places) - round(float(first.value), first.places)
    change = Number(difference, is_signed=True, decimals=first.places)
    return t.plural("{change} point", abs(difference), change=change.text(t)) if first.is_percent else change


def describe_causes(causes: object, t: Translator) -> str:
    """Return why a published figure has changed: returns late or revised, confirmations, rows of the registers."""
    if is_blank(causes) or not causes:
        return "–"
    if causes == "register":
        return t("rows of the registers")
    found = [token.split(":") for token in str(causes).split()]
    named = {kind: [member for cause, member in found if cause == kind] for kind in _CAUSES}
    return t.joined(t(_CAUSES[kind], names=t.enumerated(members)) for kind, members in named.items() if members)


def revisions(report: Report, material: bool = False) -> Table | None:
    """Return the Union's figures that changed since first published, or the `material` ones; None in a first one."""
    t = report.t
    if report.tables.is_first:
        return None

    def name(row: object) -> str:
        is_share = row.figure == "share"
        return phrases.name_kpi(row.kpi, t) if is_share else t.localised(read_plan().by_kpi[row.kpi].title)

    columns = (
        Column(t("KPI"), 11, lambda row: row.kpi),
        Column(t("Indicator"), 57, name),
        Column(t("first published"), 22, lambda row: _revised_cells(row)[0], "end"),
        Column(t("now (r)"), 20, lambda row: _revised_cells(row)[1], "end"),
        Column(t("Change"), 21, lambda row: _revision_change(report, row), "end"),
        Column(t("Why"), 43, lambda row: describe_causes(row.causes, t)),
    )
    rows, title = _select_revisions(report), t("Figures changed since first published")
    shown = [row for row in rows if _is_material(row)] if material else rows
    subtitle = t("Union, past quarters; first published: as of each quarter's own first cut-off")
    n = len(rows) - len(shown)
    note = t.plural("{n} smaller change is in the workbook only.", n) if n else ""
    layout = {"named_by": 1, "pad": 0.6, "size": 8}
    return Table(shown, columns, title, subtitle, note=note, group=lambda row: t.quarter(row.quarter), **layout)


def _is_material(row: object) -> bool:
    """Tell whether a revision matters to a reader: a twentieth of the figure or more, or from or to none."""
    if is_blank(row.first) or is_blank(row.now) or not row.first:
        return True
    return abs(row.now - row.first) >= MATERIAL * abs(row.first)


def describe_revisions(report: Report) -> Sentence:
    """Return how many of the Union's figures differ from those first published; a plain sentence when none does."""
    n = len(_select_revisions(report))
    claim = Claim("revised", report.quarter, values={"n": n})
    if not n:
        return Sentence(report.t("No published figure has changed since the last edition"), claim)
    return Sentence(report.t.plural("{n} published figure has changed since first published", n), claim)


def inputs(report: Report) -> Table:
    """Return the files that the edition is made from: one row per file, by channel, in two columns to a page."""
    t = report.t
    files = report.tables.inputs.sort_values(["channel", "file"], key=lambda names: names.replace(_LAST_CHANNELS))

    def channel(row: object) -> str:
        return t(f"channel {row.channel}") if row.channel in _NAMED_CHANNELS else str(row.channel)

    columns = (
        Column(t("File (in data/raw)"), 62, lambda row: _foldable(row.file)),
        Column("sha256", 22, lambda row: str(row.sha256)[:12]),
    )
    rows, title = list(files.itertuples()), t("Files this edition rests on")
    subtitle = t("Input id {id}; first 12 digits of each file's sha256", id=report.tables.input_id)
    layout = {"pad": 1.2, "size": 8, "beside": 2, "whole": True, "reserve": 50}
    return Table(rows, columns, title, subtitle, source="MANIFEST.csv", group=channel, **layout)
