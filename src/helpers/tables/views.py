"""What the notebooks show of the tables: small frames, each an answer to one question, ready to read."""

from collections.abc import Mapping

import pandas as pd

from helpers.plan import questionnaire, read_plan
from helpers.tables.kpi_figures import find_rows, select_rows
from helpers.tables.pipeline import EditionTables

_STATES = {
    "A": "answered", "U": "questioned", "N": "negligible", "M": "not applicable", "L": "not available", "O": "missing",
}  # fmt: skip
_FIGURES = (
    "unit", "value", "lower", "upper", "share", "share_lower", "share_upper", "n_reported", "n_carried", "n_expected",
    "coverage_class", "target", "status", "robust",
)  # fmt: skip

IngestedTables = Mapping[str, pd.DataFrame]


def count_files(inputs: pd.DataFrame) -> pd.DataFrame:
    """Count the input files of an edition: one row per channel; invented data are named (methodology, section 6)."""
    words = {"sample": "données fictives / invented sample", "": "received, channel not told"}
    return inputs.groupby(inputs["channel"].replace(words))["file"].agg(files="size")


def count_rows(ingested: IngestedTables) -> pd.DataFrame:
    """Count what was kept: one row per table and quarter."""
    counts = {name: rows["quarter"].value_counts() for name, rows in ingested.items() if "quarter" in rows}
    return pd.DataFrame(counts).fillna(0).astype(int).sort_index().rename({"": "registers"}).rename_axis("quarter")


def who_answered(ingested: IngestedTables, quarter: str) -> pd.DataFrame:
    """Show who answered a quarter: one row per region, its members by the state of their return that counts."""
    states = ingested["returns"].query("quarter == @quarter and counts").set_index("member")["state"]
    members = read_plan().members_in(quarter)
    rows = [(member.region, states.get(member.member, "no return")) for member in members]
    answers = pd.DataFrame(rows, columns=["region", "state"])
    table = pd.crosstab(answers["region"], answers["state"]).reindex(read_plan().regions)
    return table.assign(members=table.sum(axis=1)).rename_axis(columns=None)


def list_versions(ingested: IngestedTables, quarter: str) -> pd.DataFrame:
    """List every return of the members that sent more than one: which version counts, and why the others do not."""
    returns = ingested["returns"].query("quarter == @quarter")
    several = returns[returns.duplicated("member", keep=False) & (returns["member"] != "")]
    return several[["member", "version", "received_on", "state", "counts", "source_file"]].reset_index(drop=True)


def count_issues(ingested: IngestedTables, quarter: str) -> pd.DataFrame:
    """Count the issues of a quarter: one row per rule and severity."""
    issues = ingested["issues"].query("quarter == @quarter")
    return issues.groupby(["severity", "rule"]).size().rename("findings").reset_index()


def list_issues(ingested: IngestedTables, quarter: str, severity: str) -> pd.DataFrame:
    """List the issues of one severity: which member, what was seen, what was expected, and in which file and row."""
    issues = ingested["issues"].query("quarter == @quarter and severity == @severity")
    columns = ["rule", "member", "question", "observed", "expected", "source_file", "sheet", "row"]
    return issues[columns].reset_index(drop=True)


def _select_counting(ingested: IngestedTables, table: str, quarter: str) -> pd.DataFrame:
    counting = ingested["returns"].query("quarter == @quarter and counts")[["member", "version"]]
    return ingested[table].query("quarter == @quarter").merge(counting, on=["member", "version"])


def count_states(ingested: IngestedTables, quarter: str) -> pd.DataFrame:
    """Count the states of the answers that count: one row per group of the questionnaire."""
    answers = _select_counting(ingested, "answers", quarter)
    groups = {question.name: question.group for question in questionnaire.read_form().questions}
    answers = answers.assign(group=answers["question"].map(groups), state=answers["obs_status"].map(_STATES))
    return pd.crosstab(answers["group"], answers["state"]).rename_axis(columns=None)


def list_items(ingested: IngestedTables, quarter: str) -> pd.DataFrame:
    """List the items of the returns that count: one row each."""
    items = _select_counting(ingested, "items", quarter)
    return items[["member", "kind", "reference", "title", "date", "detail"]]


def _of_theme(rows: pd.DataFrame, theme: int, **wanted: str) -> pd.DataFrame:
    codes = [kpi.kpi for kpi in read_plan().kpis if kpi.theme == theme]
    return select_rows(rows[rows["kpi"].isin(codes)], **wanted)


def _map_on_share() -> dict[str, bool]:
    """Return of each KPI whether its target is about the share."""
    return {kpi.kpi: kpi.assessed == "share" for kpi in read_plan().kpis}


def _with_assessed(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the figure that the status is about: the value, or the share."""
    on_share = rows["kpi"].map(_map_on_share())
    return rows.assign(assessed=rows["share"].where(on_share, rows["value"]))


def summarise_theme(tables: EditionTables, theme: int) -> str:
    """Summarise a theme in a sentence: statuses, how many are not robust, how many members reported."""
    rows = _of_theme(tables.kpis, theme, quarter=tables.quarter, scope=read_plan().code)
    counts = rows["status"].replace("", "not_assessable").value_counts().sort_index()
    statuses = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in counts.items())
    unsure = int((rows["robust"] == False).sum())  # noqa: E712, a blank is neither
    depends = f"{unsure} of these statuses" if unsure else "none of these statuses"
    kind = "proposed " if read_plan().targets == "proposed" else ""
    from_members = rows.dropna(subset=["n_reported"])
    reported = ", ".join(f"{row.kpi} {row.n_reported}/{row.n_expected}" for row in from_members.itertuples())
    return (
        f"{len(rows)} KPIs against their {kind}targets: {statuses or 'no figure'}; {depends} could change with the "
        f"members that did not report. Members that reported: {reported or 'none is asked'}."
    )


def theme_figures(tables: EditionTables, theme: int) -> pd.DataFrame:
    """Show a theme's KPIs for the Union: value, bounds, number of members, proposed target and status."""
    rows = _of_theme(tables.kpis, theme, quarter=tables.quarter, scope=read_plan().code)
    return rows.set_index("kpi")[list(_FIGURES)].dropna(axis="columns", how="all")


def theme_companions(tables: EditionTables, theme: int) -> pd.DataFrame:
    """Show the figures beside a theme's KPIs for the Union."""
    rows = _of_theme(tables.components, theme, quarter=tables.quarter, scope=read_plan().code)
    columns = ["unit", "value", "share", "n_reported"]
    return rows.set_index(["kpi", "component"])[columns].dropna(axis="columns", how="all")


def theme_regions(tables: EditionTables, theme: int) -> pd.DataFrame:
    """Show a theme's KPIs by region: one row per region; shares where the target is on the share."""
    rows = _with_assessed(_of_theme(tables.kpis, theme, quarter=tables.quarter))
    return rows.pivot(index="scope", columns="kpi", values="assessed").reindex(list(read_plan().scopes))


def theme_members(tables: EditionTables, theme: int) -> pd.DataFrame:
    """Show what each member adds to a theme's KPIs, `c` marking a value carried from an earlier quarter."""
    rows = _of_theme(tables.member_values, theme, quarter=tables.quarter)
    marks = rows["basis"].map({"carried": " c", "reported": ""})
    texts = [f"{value:g}{mark}" for value, mark in zip(rows["value"], marks, strict=True)]
    marked = rows.assign(text=pd.Series(texts, index=rows.index, dtype="str"))
    members = [member.member for member in read_plan().members_in(tables.quarter)]
    return marked.pivot(index="member", columns="kpi", values="text").reindex(members).fillna("")


def theme_history(tables: EditionTables, theme: int) -> pd.DataFrame:
    """Show a theme's KPIs over the quarters for the Union: the figure that is assessed."""
    rows = _with_assessed(_of_theme(tables.kpis, theme, scope=read_plan().code))
    return rows.pivot(index="kpi", columns="quarter", values="assessed")


def sum_changes(tables: EditionTables) -> pd.DataFrame:
    """Show why the Union's sums changed on the previous quarter: before plus all five parts is after, exactly."""
    rows = find_rows(tables, "changes", quarter=tables.quarter, scope=read_plan().code)
    return rows.set_index("kpi").drop(columns=["quarter", "scope"])


# --- one frame for analysts ---------------------------------------------------------------------------------------

TIDY = (
    "quarter", "scope", "scope_kind", "region", "member", "theme", "kpi", "component", "figure", "is_assessed", "unit",
    "value", "lower", "upper", "basis", "status", "robust", "n_reported",
)  # fmt: skip


def tidy(tables: EditionTables, **wanted: object) -> pd.DataFrame:
    """Return every figure of an edition as a tidy frame, one row each, for pandas and seaborn to take as it is.

    `wanted` keeps rows by their values: `tidy(tables, kpi="…", scope_kind="region", is_assessed=True)` gives what
    `seaborn.relplot(data=…, x="quarter", y="value", hue="region")` draws. `scope_kind` is union, region or member, and
    region and member are blank where a row has none; `component` is blank for a KPI's own figure. `figure` is number,
    or share, which is in percent; `is_assessed` marks that of the two which the target is about. `basis` of a member is
    reported or carried. A value is blank where it is not known, and in class C, where only its bounds are.
    """
    plan = read_plan()
    place = ["quarter", "scope", "kpi"]
    components = tables.components.merge(tables.kpis[[*place, "coverage_class"]], on=place, how="left")
    parts = [_tidy_totals(tables.kpis), _tidy_totals(components), _tidy_members(tables)]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["quarter"] >= tables.first_collected]
    places = {scope: n for n, scope in enumerate((*plan.scopes, *plan.by_iso3))}
    members = {member: record.region for member, record in plan.by_iso3.items()}
    texts = {name: rows[name].fillna("") for name in ("component", "basis", "status")}
    rows = rows.assign(
        **texts,
        scope_kind=rows["scope"].map({plan.code: "union"} | dict.fromkeys(plan.regions, "region")).fillna("member"),
        region=rows["scope"].map(members | {region: region for region in plan.regions}),
        member=rows["scope"].where(rows["scope"].isin(list(members))),
        theme=rows["kpi"].map({kpi.kpi: kpi.theme for kpi in plan.kpis}),
        is_assessed=rows["component"].isna() & rows["figure"].eq("share").eq(rows["kpi"].map(_map_on_share())),
        place=rows["scope"].map(places),
    ).sort_values(["quarter", "kpi", "component", "figure", "place"], kind="stable")
    return select_rows(rows[list(TIDY)], **wanted).reset_index(drop=True)


def _split_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each number, and one in percent for each share that there is."""
    on_share = {"share": "value", "share_lower": "lower", "share_upper": "upper"}
    shares = rows.dropna(subset=[name for name in on_share if name in rows], how="all").assign(unit="percent")
    for name, figure in on_share.items():
        shares = shares.assign(**{figure: 100 * shares[name]}) if name in shares else shares
    return pd.concat([rows.assign(figure="number"), shares.assign(figure="share")])


def _tidy_totals(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without the figures of class C, of which only the bounds are known."""
    is_open = rows["coverage_class"].eq("C")
    return _split_shares(rows.assign(value=rows["value"].mask(is_open), share=rows["share"].mask(is_open)))


def _tidy_members(tables: EditionTables) -> pd.DataFrame:
    rows, plan = tables.member_values, read_plan()
    whole = rows["denominator"].where(rows["denominator"] > 0).where(rows["kpi"].map(_map_on_share()))
    units = rows["kpi"].map({kpi.kpi: kpi.unit for kpi in plan.kpis})
    return _split_shares(rows.assign(scope=rows["member"], unit=units, share=rows["value"] / whole))
