"""The annexes' tables and texts: methods, data quality, revisions, and how to make the edition again."""

from __future__ import annotations

import pandas as pd

from helpers.i18n.catalogue import typeset
from helpers.i18n.formats import Words, is_blank
from helpers.kpis.reference import Reference
from helpers.plan.plan import UNION, read_plan
from helpers.report.blocks import Sheet, Two
from helpers.report.sentences import findings, methods
from helpers.report.tables.sections import GROUP, say_due, say_target, theme_name
from helpers.tables import queries
from helpers.tables.pipeline import Tables


def say_methods_title(say: Words) -> str:
    """Return the title of the table of methods."""
    return say.plural("How the {n} indicator is measured", len(read_plan().kpis))


def tabulate_methods(tables: Tables, say: Words) -> Sheet:
    """Tabulate how each KPI is measured: one row per KPI."""
    rows = []
    for kpi in read_plan().kpis:
        standing = queries.select_standing(tables, kpi.kpi)
        baseline = say.percent(100 * kpi.baseline, 0) if standing.on_share else say.number(kpi.baseline)
        rows.append(
            {
                say("KPI"): kpi.kpi,
                say("How it is measured"): Two(say.own(kpi.title), methods.say_formula(kpi, say)),
                say("Source"): _foldable(methods.say_source(kpi, say)),
                say("Unit"): say(f"unit {kpi.unit}"),
                say("Baseline and target, proposed"): say(
                    "{baseline} to {target}", baseline=baseline, target=say_target(standing, say)
                ),
                say("Due"): say_due(kpi, tables.quarter, say),
            }
        )
    return Sheet(pd.DataFrame(rows), (9, 78, 35, 26, 24, 17), size=8, pad=2.2)


def _rules(tables: Tables) -> pd.DataFrame:
    return tables.issues[tables.issues["rule"].str.fullmatch(r"V\d\d").fillna(False).astype(bool)]


def tabulate_rules(tables: Tables, say: Words) -> Sheet:
    """Tabulate the findings of the checks: one row per rule that found something, this quarter and before."""
    issues = _rules(tables)
    here = (issues["quarter"] == tables.quarter).fillna(False).astype(bool)
    rows = []
    for rule, part in issues.groupby("rule"):
        severities = say.enumerated(say(f"severity {name}") for name in sorted(set(part["severity"])))
        rows.append(
            {
                say("Rule"): rule,
                say("What it checks"): say(f"rule {rule}"),
                say("Consequence"): severities,
                say.quarter(tables.quarter): say.number(int(here[part.index].sum())),
                say("earlier quarters, registers"): say.number(int((~here[part.index]).sum())),
            }
        )
    frame = pd.DataFrame(
        rows,
        columns=[
            say("Rule"),
            say("What it checks"),
            say("Consequence"),
            say.quarter(tables.quarter),
            say("earlier quarters, registers"),
        ],
    )
    return Sheet(frame, (12, 92, 36, 16, 20), right=list(frame.columns[3:]), pad=2)


def tabulate_refused(tables: Tables, say: Words) -> Sheet:
    """Tabulate what was refused or withdrawn this quarter: one row per finding."""
    issues = _rules(tables)
    issues = issues[(issues["quarter"] == tables.quarter) & issues["severity"].isin(("refused", "withdrawn"))]
    texts = issues.astype(object).where(issues.notna(), "")
    rows = [
        {
            say("Member"): row.member or "–",
            say("Rule"): f"{row.rule} {say(f'severity {row.severity}')}",
            say("Question"): _foldable(row.question) or say("whole return"),
            say("Finding"): _foldable(typeset(getattr(row, f"said_{say.language}"), say.language)),
            say("Place"): _foldable(say_place(row, say)),
        }
        for row in texts.itertuples()
    ]
    frame = pd.DataFrame(rows, columns=[say(name) for name in ("Member", "Rule", "Question", "Finding", "Place")])
    return Sheet(frame, (13, 19, 27, 75, 36), pad=1.8, size=8)


def say_place(row: object, say: Words) -> str:
    """Return where a finding stands: file, sheet and row."""
    if not row.source_file:
        return say("register")
    if not row.row:
        return row.source_file
    return say("{file}, {sheet}, row {row}", file=row.source_file, sheet=row.sheet, row=str(row.row))


def _foldable(text: object, most: int = 320) -> str:
    """Return a text that can be folded within its codes and paths, cut where it is endless."""
    plain = str(text) if len(str(text)) <= most else f"{str(text)[: most - 1]}…"
    return plain.replace("_", "_\u200b").replace("/", "/\u200b")


def tabulate_coverage(tables: Tables, say: Words) -> Sheet:
    """Tabulate the coverage classes: one row per class with its KPIs."""
    standings = [queries.select_standing(tables, kpi.kpi) for kpi in read_plan().kpis]
    rows = [
        {say("Class"): name or "–", say("Meaning"): say(meaning), say("KPIs"): say.enumerated(found)}
        for name, meaning in _CLASSES.items()
        if (found := [one.kpi.kpi for one in standings if one.coverage_class == name]) or name
    ]
    return Sheet(pd.DataFrame(rows), (12, 92, 66), pad=2.2)


_CLASSES = {
    "A": "two thirds or more is known: value and bounds are shown",
    "B": "half or more is known, or fewer than a third reported this quarter: value and bounds are shown",
    "C": "less than half is known: bounds only are shown, no status unless the lower bound itself reaches the target",
    "": "no figure this quarter",
}


def tabulate_revisions(tables: Tables, say: Words) -> Sheet:
    """Tabulate the Union's figures of past quarters that changed since first published: one row per figure."""
    rows = tables.revisions
    rows = rows[rows["scope"] == UNION].sort_values(["quarter", "kpi"], ascending=[False, True])
    found = []
    for row in rows.itertuples():
        kpi = read_plan().by_kpi[row.kpi]
        on_share = getattr(row, "figure", "value") == "share"
        unit, times = ("percent", 100) if on_share else (kpi.unit, 1)
        shown = [figure * times if not is_blank(figure) else figure for figure in (row.first, row.now)]
        low = queries.select_standing(tables, row.kpi, quarter=row.quarter).coverage_class == "C"
        if (
            low
            or [say.measured(figure, unit) for figure in shown][0]
            == [say.measured(figure, unit) for figure in shown][1]
        ):
            continue  # class C shows no point value; and what rounds to the same has not changed for a reader
        change = (
            say("{change} points", change=say.signed(shown[1] - shown[0], 1))
            if unit == "percent"
            else say.signed(shown[1] - shown[0])
        )
        found.append(
            {
                GROUP: say.quarter(row.quarter),
                say("KPI"): row.kpi,
                say("Indicator"): findings.say_name(row.kpi, say) if on_share else say.own(kpi.title),
                say("first published"): say.measured(shown[0], unit),
                say("now (r)"): say.measured(shown[1], unit),
                say("Change"): say.missing if is_blank(shown[0]) or is_blank(shown[1]) else change,
                say("Why"): say_causes(row.causes, say),
            }
        )
    heads = ("KPI", "Indicator", "first published", "now (r)", "Change", "Why")
    frame = pd.DataFrame(found, columns=[GROUP, *(say(name) for name in heads)])
    return Sheet(frame, (11, 57, 22, 20, 21, 43), right=list(frame.columns[3:6]), group=GROUP, pad=1.8, size=8)


_CAUSES = {
    "late": "late returns: {names}",
    "revised": "revised returns: {names}",
    "register": "confirmations: {names}",
}


def say_causes(causes: str, say: Words) -> str:
    """Return why a published figure has changed: returns late or revised, confirmations, rows of the registers."""
    if is_blank(causes) or not causes:
        return "–"
    if causes == "register":
        return say("rows of the registers")
    found = [token.split(":") for token in causes.split()]
    named = {kind: [member for cause, member in found if cause == kind] for kind in _CAUSES}
    return say.joined(say(_CAUSES[kind], names=say.enumerated(members)) for kind, members in named.items() if members)


def say_revisions(tables: Tables, say: Words) -> str:
    """Return how many of the Union's figures read otherwise than when first published; plainly when none does."""
    n = len(tabulate_revisions(tables, say).frame)
    if not n:
        return say("No published figure has changed since the last edition")
    return say.plural("{n} published figure has changed since first published", n)


def tabulate_inputs(tables: Tables, say: Words) -> Sheet:
    """Tabulate the files the edition rests on: one row per file, by channel, in two columns to a page."""
    inputs = tables.inputs.sort_values(["channel", "file"], key=lambda names: names.replace(_LAST))
    frame = pd.DataFrame(
        {
            GROUP: [say(f"channel {name}") if name in _CHANNELS else str(name) for name in inputs["channel"]],
            say("File (in data/raw)"): [_foldable(name) for name in inputs["file"]],
            "sha256": inputs["sha256"].astype(str).str[:12],
        }
    )
    return Sheet(frame, (62, 22), group=GROUP, pad=1.2, size=8, beside=2)


_LAST = {"plan": "~plan", "register": "~register"}  # what was received comes first
_CHANNELS = ("sample", "plan", "register")


def say_references(tables: Tables, say: Words) -> str:
    """Return whose reference figures are invented for the sample, as long as they stand."""
    names = [m.member for m in read_plan().members_in(tables.quarter) if m.reference_basis == "invented for the sample"]
    if not names:
        return say("All reference figures come from public sources.")
    return say.plural(
        "The reference figures (offices, staff) of {n} member are invented for the sample: {names}.",
        len(names),
        names=say.enumerated(names),
    )


def say_methods(say: Words) -> str:
    """Return how bounds, classes and statuses come about, in one paragraph."""
    return say("methods")


def say_refused(tables: Tables, say: Words) -> str:
    """Return how much was refused and withdrawn this quarter; plainly when nothing was."""
    n = len(tabulate_refused(tables, say).frame)
    if not n:
        return say("Nothing was refused or withdrawn for {quarter}", quarter=say.quarter(tables.quarter))
    return say.plural(
        "{n} finding for {quarter}, as received; the full list is in issues.csv", n, quarter=say.quarter(tables.quarter)
    )


def say_explain(tables: Tables, say: Words) -> str:
    """Return how a figure of the report is taken apart, with the command for the first of the references."""
    figure = Reference(findings.LEADING[2], tables.quarter)
    return say(
        "How a figure was made, from the cells of the returns to the status, is told by this command with one of the "
        "references below: {command}",
        command=f"papu explain {figure} --as-of {tables.as_of} --language {say.language}",
    )


def tabulate_references(tables: Tables, say: Words) -> Sheet:
    """Tabulate the references of the Union's figures: one row per KPI, in two columns to a page."""
    rows = [
        {
            GROUP: theme_name(kpi.theme, say),
            say("Reference"): str(Reference(kpi.kpi, tables.quarter)),
            say("Indicator"): say.own(kpi.title),
        }
        for kpi in read_plan().kpis
    ]
    return Sheet(pd.DataFrame(rows), (20, 64), group=GROUP, pad=1.2, size=8, beside=2)


def say_regional_reference(tables: Tables, say: Words) -> str:
    """Return how the figure of a region is referred to."""
    figure = Reference(findings.LEADING[2], tables.quarter, read_plan().regions[1])
    return say("for a region: {reference}", reference=str(figure))


def say_reproduce(tables: Tables, say: Words) -> str:
    """Return how this edition is made again, with its command."""
    return say(
        "With the files below in data/raw, this command gives the same document, to the byte: {command}",
        command=f"papu run {tables.quarter} --as-of {tables.as_of} --language {say.language}",
    )
