"""Select how the members answered: whose return came on time, late, refused or not at all, quarter by quarter."""

from datetime import date

import pandas as pd

from helpers.plan import quarters, read_plan, read_settings
from helpers.tables.kpi_figures import computed_once, find_rows
from helpers.tables.pipeline import EditionTables

ON_TIME, LATE, ONLY_REFUSED, NO_RETURN = "on_time", "late", "refused", "missing"
ANSWERED_STATES = (ON_TIME, LATE)
RESPONSE_STATES = (ON_TIME, LATE, ONLY_REFUSED, NO_RETURN)
SPARK_QUARTERS = 9


@computed_once
def select_quarters(tables: EditionTables) -> list[str]:
    """Return the last nine quarters since the first collected, up to the one reported."""
    first = max(tables.first_collected, quarters.shift(tables.quarter, 1 - SPARK_QUARTERS))
    return quarters.quarters_between(first, tables.quarter)


@computed_once
def select_responses(tables: EditionTables, quarter: str = "", by: date | None = None) -> pd.DataFrame:
    """Return how each member answered: member, region, state, received_on (first accepted), version."""
    quarter = quarter or tables.quarter
    limit = (by or date.fromisoformat(tables.as_of)).isoformat()
    on_time = read_settings().on_time_by(quarter).isoformat()
    rows = find_rows(tables, "returns", quarter=quarter)
    rows = rows[rows["received_on"] <= limit]
    refused = set(rows[rows["state"] == "refused"]["member"])
    accepted = rows[rows["state"] != "refused"].groupby("member")
    first, version = accepted["received_on"].min(), accepted["version"].max()
    found = []
    for member in read_plan().members_in(quarter):
        day = first.get(member.member, "")
        without = ONLY_REFUSED if member.member in refused else NO_RETURN
        state = (ON_TIME if day <= on_time else LATE) if day else without
        found.append((member.member, member.region, state, day, version.get(member.member, 0)))
    return pd.DataFrame(found, columns=["member", "region", "state", "received_on", "version"])


def select_answered(tables: EditionTables) -> list[str]:
    """Return the members with an accepted return of the quarter reported."""
    rows = select_responses(tables)
    return list(rows[rows["state"].isin(ANSWERED_STATES)]["member"])


def _select_at_first_cutoff(tables: EditionTables, quarter: str) -> pd.DataFrame:
    """Return how each member answered as of the quarter's own first cut-off."""
    return select_responses(
        tables, quarter, min(read_settings().first_cutoff(quarter), date.fromisoformat(tables.as_of))
    )


@computed_once
def select_calendar(tables: EditionTables) -> pd.DataFrame:
    """Return how today's members answered, each quarter as of its own first cut-off: one row per member and quarter.

    A quarter in which a member was not valid has no row.
    """
    today = {member.member for member in read_plan().members_in(tables.quarter)}
    parts = [_select_at_first_cutoff(tables, quarter).assign(quarter=quarter) for quarter in select_quarters(tables)]
    rows = pd.concat(parts)
    rows = rows[rows["member"].isin(today)].reset_index(drop=True)
    return rows[["member", "region", "quarter", "state"]].assign(answered=rows["state"].isin(ANSWERED_STATES))


@computed_once
def count_responses(tables: EditionTables) -> pd.DataFrame:
    """Count members by state as of each quarter's own first cut-off, so that quarters compare: one row per quarter."""
    states = {quarter: _select_at_first_cutoff(tables, quarter)["state"] for quarter in select_quarters(tables)}
    counted = pd.DataFrame({quarter: column.value_counts() for quarter, column in states.items()})
    return counted.T.reindex(columns=list(RESPONSE_STATES)).fillna(0).astype(int)
