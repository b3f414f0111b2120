"""Tables of members: who answered, what each reports, whose reply would narrow the bounds most."""

from helpers.i18n import terms
from helpers.kpis import statuses
from helpers.plan import read_plan
from helpers.report import cells, phrases
from helpers.report.blocks import Column, Sentence, Table
from helpers.report.cells import Cell, Number, Shade
from helpers.report.document import Report
from helpers.report.headlines import list_figures, name_members
from helpers.tables import Claim, KpiFigure, profiles, queries, replies

MOST_CALLS = 10
_WIDTH = 160  # of the columns of KPIs beside the members: more could not be read
_RESPONSE_SYMBOLS = {replies.ON_TIME: "●", replies.LATE: "◆", replies.ONLY_REFUSED: "✗", replies.NO_RETURN: "○"}


def responses(report: Report) -> Table:
    """Return the responses: one row per region, and the Union."""
    t, answers = report.t, replies.select_responses(report.tables)
    states = {region: part["state"] for region, part in answers.groupby("region")}
    states[read_plan().code] = answers["state"]

    def counts(state: str, width: float) -> Column:
        head = t(terms.RESPONSE_WORDS[state])
        return Column(head, width, lambda scope: Number(int((states[scope] == state).sum())), "end")

    def answered(scope: str) -> Cell:
        return cells.rate(int(states[scope].isin(replies.ANSWERED_STATES).sum()), len(states[scope]), t)

    columns = (
        Column(t("Region"), 44, lambda scope: t.region(scope)),
        Column(t("Members"), 18, lambda scope: Number(len(states[scope])), "end"),
        *(counts(*pair) for pair in zip(replies.RESPONSE_STATES, (22, 20, 20, 22), strict=True)),
        Column(t("Accepted returns"), 34, answered, "end"),
    )
    names, quarter = name_members(report, (replies.NO_RETURN, replies.ONLY_REFUSED)), t.quarter(report.quarter)
    subtitle = t("Members by response, {quarter}", quarter=quarter)
    note = t("Without an accepted return for {quarter}: {names}.", quarter=quarter, names=names)
    return Table([*read_plan().regions, read_plan().code], columns, t("Responses by region"), subtitle, note=note)


def _width(kpi: str) -> int:
    return 30 if read_plan().by_kpi[kpi].assessed == "share" else 16


def member_figures(report: Report) -> Table:
    """Return the members by region: one row per member, how it answered and its main figures."""
    t = report.t

    def response(row: object) -> str:
        words = f"{_RESPONSE_SYMBOLS[row.state]} {t(terms.RESPONSE_WORDS[row.state])}"
        return f"{words} r" if row.version > 1 else words

    def figures_of(kpi: str) -> Column:
        values = queries.select_members(report.tables, kpi).set_index("member")
        bands = queries.find_quartile_bands(report.tables, kpi)

        def cell(row: object) -> Cell:
            value = phrases.member_value(kpi, values.loc[row.member], t)
            return Shade(value, bands[row.member]) if row.member in bands else value

        record = read_plan().by_kpi[kpi]
        head, width = t.localised(record.names.get("head", record.title)), _width(kpi)
        return Column(f"{kpi}\n{head}", width, cell, "start" if record.is_yes_no else "end")

    shown = read_plan().shown("brief")
    fitting = [kpi for n, kpi in enumerate(shown) if sum(map(_width, shown[: n + 1])) <= _WIDTH]
    columns = (
        Column(t("Member"), 29, lambda row: t.member(row.member, short=True)),
        Column(t("Return"), 26, response),
        *map(figures_of, fitting),
    )
    rows, title = list(replies.select_responses(report.tables).itertuples()), t("Main figures of each member")
    marks = "{quarter}; c: carried forward; r: revised return; {missing}: no data; {absent}: not applicable"
    subtitle = t(marks, quarter=t.quarter(report.quarter), missing=t.missing, absent=t.not_applicable)
    note = t(
        "The darker the blue, the higher the quarter of the members known that a value lies in; equal values share "
        "a tint."
    )
    if left_out := shown[len(fitting) :]:
        note += " " + t("In member_values.csv and the briefs only: {names}.", names=t.enumerated(left_out))
    layout = {"size": 8, "pad": 0.8, "wide": 8}
    return Table(rows, columns, title, subtitle, note=note, group=lambda row: t.region(row.region), **layout)


def open_statuses(report: Report) -> Table:
    """Return the statuses that non-response could change: one row per KPI, with who has not reported it."""
    t, unsettled = report.t, queries.select_open_statuses(report.tables)
    figures = [queries.select_figure(report.tables, kpi) for kpi in unsettled]
    answered = set(replies.select_answered(report.tables))

    def members(figure: KpiFigure, has_answered: bool) -> str:
        codes = [code for code in sorted(unsettled[figure.kpi.kpi]) if (code in answered) is has_answered]
        return t("{n}: {names}", n=len(codes), names=t.enumerated(codes)) if codes else t.number(0)

    columns = (
        Column(t("KPI"), 11, lambda figure: figure.kpi.kpi),
        Column(t("Indicator"), 40, lambda figure: phrases.name_kpi(figure.kpi.kpi, t)),
        Column(t("Bounds"), 20, lambda figure: phrases.bounds(figure, t)),
        Column(t("Status against the proposed target"), 36, lambda figure: phrases.badge(figure, t)),
        Column(t("No return"), 44, lambda figure: members(figure, False)),
        Column(t("Returned, without this figure"), 34, lambda figure: members(figure, True)),
    )
    title = t.plural("{n} status depends on missing data", len(figures))
    subtitle = t("Union, {quarter}: the status changes between the bounds", quarter=t.quarter(report.quarter))
    claims = [Claim("uncertain", report.quarter, which=phrases.codes(figures))]
    if not figures:
        status = statuses.NOT_ASSESSABLE
        unknown = [figure for figure in list_figures(report) if figure.status == status]
        sentence = "No status depends on non-response; not assessable, for lack of figures: {n}"
        title = t(sentence, n=len(unknown)) if unknown else t("No status depends on non-response")
        claims.append(Claim("statuses", report.quarter, about=(status,), which=phrases.codes(unknown)))
    return Table(figures, columns, Sentence(title, *claims), subtitle, pad=1.3)


def calls(report: Report) -> Table:
    """Return the members to call first: one row per member, the ten whose reply would narrow the bounds most."""
    t, found = report.t, profiles.select_calls(report.tables)

    def part_of_width(kpi: str) -> Column:
        return Column(kpi, 15, lambda call: Number(100 * call[kpi], "percent", 0) if call[kpi] else Number(0), "end")

    columns = (
        Column(t("Member"), 38, lambda call: t.member(call["member"])),
        Column(t("Return"), 24, lambda call: t(terms.RESPONSE_WORDS[call["state"]])),
        Column(t("Open indicators it has not reported"), 48, lambda call: t.enumerated(call["open"])),
        *(part_of_width(kpi) for kpi in read_plan().shown("call")),
    )
    subtitle = (
        "Part of the width of the bounds that each member's reply would close, Union, {quarter}; the {n} members "
        "that leave most open"
    )
    subtitle, rows = t(subtitle, quarter=t.quarter(report.quarter), n=MOST_CALLS), found.head(MOST_CALLS)
    return Table(rows.to_dict("records"), columns, _calls_title(report, found), subtitle, pad=1.2)


def _calls_title(report: Report, found: object) -> str:
    """Return how few replies would close half of what is open on the first KPI to call for."""
    t = report.t
    if not replies.select_responses(report.tables)["state"].isin(replies.ANSWERED_STATES).any():
        return t("No member has answered: all are to be called")
    if not len(found):
        return t("Every member has reported: nobody is left to call")
    kpi = next(iter(read_plan().shown("call")), "")
    n = profiles.count_halving(found, kpi) if kpi else 0
    if not n:
        return t.plural("{n} member has left an indicator unreported", len(found))
    return t.plural("{n} reply would close half of what is open: {what}", n, what=phrases.name_kpi(kpi, t))
