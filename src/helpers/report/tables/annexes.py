"""The annexes' tables and texts: methods, data quality, revisions, and how to make the edition again."""

from __future__ import annotations

import pandas as pd

from helpers.i18n import Translator, is_blank, typeset
from helpers.kpis import Reference
from helpers.plan import UNION, read_plan
from helpers.report import methods
from helpers.report.blocks import Table, TwoLines
from helpers.report.sentences import findings
from helpers.report.tables.sections import GROUP, say_due, say_target, theme_name
from helpers.tables import EditionTables, queries


def say_methods_title(t: Translator) -> str:
    """Return the title of the table of methods."""
    return t.plural("How the {n} indicator is measured", len(read_plan().kpis))


def tabulate_methods(tables: EditionTables, t: Translator) -> Table:
    """Tabulate how each KPI is measured: one row per KPI."""
    rows = []
    for kpi in read_plan().kpis:
        kpi_figure = queries.select_figure(tables, kpi.kpi)
        baseline = t.percent(100 * kpi.baseline, 0) if kpi_figure.on_share else t.number(kpi.baseline)
        rows.append(
            {
                t("KPI"): kpi.kpi,
                t("How it is measured"): TwoLines(t.localised(kpi.title), methods.describe_formula(kpi, t)),
                t("Source"): _foldable(methods.describe_source(kpi, t)),
                t("Unit"): t(f"unit {kpi.unit}"),
                t("Baseline and target, proposed"): t(
                    "{baseline} to {target}", baseline=baseline, target=say_target(kpi_figure, t)
                ),
                t("Due"): say_due(kpi, tables.quarter, t),
            }
        )
    return Table(pd.DataFrame(rows), (9, 78, 35, 26, 24, 17), size=8, pad=2.2)


def _rules(tables: EditionTables) -> pd.DataFrame:
    return tables.issues[tables.issues["rule"].str.fullmatch(r"V\d\d").fillna(False).astype(bool)]


def tabulate_rules(tables: EditionTables, t: Translator) -> Table:
    """Tabulate the findings of the checks: one row per rule that found something, this quarter and before."""
    issues = _rules(tables)
    here = (issues["quarter"] == tables.quarter).fillna(False).astype(bool)
    rows = []
    for rule, part in issues.groupby("rule"):
        severities = t.enumerated(t(f"severity {name}") for name in sorted(set(part["severity"])))
        rows.append(
            {
                t("Rule"): rule,
                t("What it checks"): t(f"rule {rule}"),
                t("Consequence"): severities,
                t.quarter(tables.quarter): t.number(int(here[part.index].sum())),
                t("earlier quarters, registers"): t.number(int((~here[part.index]).sum())),
            }
        )
    frame = pd.DataFrame(
        rows,
        columns=[
            t("Rule"),
            t("What it checks"),
            t("Consequence"),
            t.quarter(tables.quarter),
            t("earlier quarters, registers"),
        ],
    )
    return Table(frame, (12, 92, 36, 16, 20), right=list(frame.columns[3:]), pad=2)


def tabulate_refused(tables: EditionTables, t: Translator) -> Table:
    """Tabulate what was refused or withdrawn this quarter: one row per finding."""
    issues = _rules(tables)
    issues = issues[(issues["quarter"] == tables.quarter) & issues["severity"].isin(("refused", "withdrawn"))]
    texts = issues.astype(object).where(issues.notna(), "")
    rows = [
        {
            t("Member"): row.member or "–",
            t("Rule"): f"{row.rule} {t(f'severity {row.severity}')}",
            t("Question"): _foldable(row.question) or t("whole return"),
            t("Finding"): _foldable(typeset(getattr(row, f"said_{t.language}"), t.language)),
            t("Place"): _foldable(say_place(row, t)),
        }
        for row in texts.itertuples()
    ]
    frame = pd.DataFrame(rows, columns=[t(name) for name in ("Member", "Rule", "Question", "Finding", "Place")])
    return Table(frame, (13, 19, 27, 75, 36), pad=1.8, size=8)


def say_place(row: object, t: Translator) -> str:
    """Return where a finding stands: file, sheet and row."""
    if not row.source_file:
        return t("register")
    if not row.row:
        return row.source_file
    return t("{file}, {sheet}, row {row}", file=row.source_file, sheet=row.sheet, row=str(row.row))


def _foldable(text: object, most: int = 320) -> str:
    """Return a text that can be folded within its codes and paths, cut where it is endless."""
    plain = str(text) if len(str(text)) <= most else f"{str(text)[: most - 1]}…"
    return plain.replace("_", "_\u200b").replace("/", "/\u200b")


def tabulate_coverage(tables: EditionTables, t: Translator) -> Table:
    """Tabulate the coverage classes: one row per class with its KPIs."""
    kpi_figures = [queries.select_figure(tables, kpi.kpi) for kpi in read_plan().kpis]
    rows = [
        {t("Class"): name or "–", t("Meaning"): t(meaning), t("KPIs"): t.enumerated(found)}
        for name, meaning in _CLASSES.items()
        if (found := [one.kpi.kpi for one in kpi_figures if one.coverage_class == name]) or name
    ]
    return Table(pd.DataFrame(rows), (12, 92, 66), pad=2.2)


_CLASSES = {
    "A": "two thirds or more is known: value and bounds are shown",
    "B": "half or more is known, or fewer than a third reported this quarter: value and bounds are shown",
    "C": "less than half is known: bounds only are shown, no status unless the lower bound itself reaches the target",
    "": "no figure this quarter",
}


def tabulate_revisions(tables: EditionTables, t: Translator) -> Table:
    """Tabulate the Union's figures of past quarters that changed since first published: one row per figure."""
    rows = tables.revisions
    rows = rows[rows["scope"] == UNION].sort_values(["quarter", "kpi"], ascending=[False, True])
    found = []
    for row in rows.itertuples():
        kpi = read_plan().by_kpi[row.kpi]
        on_share = getattr(row, "figure", "value") == "share"
        unit, times = ("percent", 100) if on_share else (kpi.unit, 1)
        shown = [figure * times if not is_blank(figure) else figure for figure in (row.first, row.now)]
        low = queries.select_figure(tables, row.kpi, quarter=row.quarter).coverage_class == "C"
        if (
            low
            or [t.measured(figure, unit) for figure in shown][0] == [t.measured(figure, unit) for figure in shown][1]
        ):
            continue  # class C shows no point value; and what rounds to the same has not changed for a reader
        change = (
            t("{change} points", change=t.signed(shown[1] - shown[0], 1))
            if unit == "percent"
            else t.signed(shown[1] - shown[0])
        )
        found.append(
            {
                GROUP: t.quarter(row.quarter),
                t("KPI"): row.kpi,
                t("Indicator"): findings.say_name(row.kpi, t) if on_share else t.localised(kpi.title),
                t("first published"): t.measured(shown[0], unit),
                t("now (r)"): t.measured(shown[1], unit),
                t("Change"): t.missing if is_blank(shown[0]) or is_blank(shown[1]) else change,
                t("Why"): say_causes(row.causes, t),
            }
        )
    heads = ("KPI", "Indicator", "first published", "now (r)", "Change", "Why")
    frame = pd.DataFrame(found, columns=[GROUP, *(t(name) for name in heads)])
    return Table(frame, (11, 57, 22, 20, 21, 43), right=list(frame.columns[3:6]), group=GROUP, pad=1.8, size=8)


_CAUSES = {
    "late": "late returns: {names}",
    "revised": "revised returns: {names}",
    "register": "confirmations: {names}",
}


def say_causes(causes: str, t: Translator) -> str:
    """Return why a published figure has changed: returns late or revised, confirmations, rows of the registers."""
    if is_blank(causes) or not causes:
        return "–"
    if causes == "register":
        return t("rows of the registers")
    found = [token.split(":") for token in causes.split()]
    named = {kind: [member for cause, member in found if cause == kind] for kind in _CAUSES}
    return t.joined(t(_CAUSES[kind], names=t.enumerated(members)) for kind, members in named.items() if members)


def say_revisions(tables: EditionTables, t: Translator) -> str:
    """Return how many of the Union's figures read otherwise than when first published; plainly when none does."""
    n = len(tabulate_revisions(tables, t).frame)
    if not n:
        return t("No published figure has changed since the last edition")
    return t.plural("{n} published figure has changed since first published", n)


def tabulate_inputs(tables: EditionTables, t: Translator) -> Table:
    """Tabulate the files the edition rests on: one row per file, by channel, in two columns to a page."""
    inputs = tables.inputs.sort_values(["channel", "file"], key=lambda names: names.replace(_LAST))
    frame = pd.DataFrame(
        {
            GROUP: [t(f"channel {name}") if name in _CHANNELS else str(name) for name in inputs["channel"]],
            t("File (in data/raw)"): [_foldable(name) for name in inputs["file"]],
            "sha256": inputs["sha256"].astype(str).str[:12],
        }
    )
    return Table(frame, (62, 22), group=GROUP, pad=1.2, size=8, beside=2)


_LAST = {"plan": "~plan", "register": "~register"}  # what was received comes first
_CHANNELS = ("sample", "plan", "register")


def say_references(tables: EditionTables, t: Translator) -> str:
    """Return whose reference figures are invented for the sample, as long as they stand."""
    names = [m.member for m in read_plan().members_in(tables.quarter) if m.reference_basis == "invented for the sample"]
    if not names:
        return t("All reference figures come from public sources.")
    return t.plural(
        "The reference figures (offices, staff) of {n} member are invented for the sample: {names}.",
        len(names),
        names=t.enumerated(names),
    )


def say_methods(t: Translator) -> str:
    """Return how bounds, classes and statuses come about, in one paragraph."""
    return t("methods")


def say_refused(tables: EditionTables, t: Translator) -> str:
    """Return how much was refused and withdrawn this quarter; plainly when nothing was."""
    n = len(tabulate_refused(tables, t).frame)
    if not n:
        return t("Nothing was refused or withdrawn for {quarter}", quarter=t.quarter(tables.quarter))
    return t.plural(
        "{n} finding for {quarter}, as received; the full list is in issues.csv", n, quarter=t.quarter(tables.quarter)
    )


def say_explain(tables: EditionTables, t: Translator) -> str:
    """Return how a figure of the report is taken apart, with the command for the first of the references."""
    figure = Reference(findings.LEADING[2], tables.quarter)
    return t(
        "How a figure was made, from the cells of the returns to the status, is told by this command with one of the "
        "references below: {command}",
        command=f"papu explain {figure} --as-of {tables.as_of} --language {t.language}",
    )


def tabulate_references(tables: EditionTables, t: Translator) -> Table:
    """Tabulate the references of the Union's figures: one row per KPI, in two columns to a page."""
    rows = [
        {
            GROUP: theme_name(kpi.theme, t),
            t("Reference"): str(Reference(kpi.kpi, tables.quarter)),
            t("Indicator"): t.localised(kpi.title),
        }
        for kpi in read_plan().kpis
    ]
    return Table(pd.DataFrame(rows), (20, 64), group=GROUP, pad=1.2, size=8, beside=2)


def say_regional_reference(tables: EditionTables, t: Translator) -> str:
    """Return how the figure of a region is referred to."""
    figure = Reference(findings.LEADING[2], tables.quarter, read_plan().regions[1])
    return t("for a region: {reference}", reference=str(figure))


def say_reproduce(tables: EditionTables, t: Translator) -> str:
    """Return how this edition is made again, with its command."""
    return t(
        "With the files below in data/raw, this command gives the same document, to the byte: {command}",
        command=f"papu run {tables.quarter} --as-of {tables.as_of} --language {t.language}",
    )
