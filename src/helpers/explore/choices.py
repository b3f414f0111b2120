"""What can be chosen, and the figures of a choice as one frame."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import pandas as pd

from helpers.plan import quarters, read_plan
from helpers.speech import say, to_say
from helpers.tables import EditionTables, queries


@dataclass(frozen=True)
class Choice:
    """A KPI in a scope (the Union or a region), some of its members, from one quarter to another."""

    kpi: str
    scope: str
    members: tuple[str, ...]
    first: str
    last: str

    @property
    def quarters(self) -> list[str]:
        """The quarters chosen, in order."""
        return quarters.quarters_between(self.first, self.last)

    @property
    def name(self) -> str:
        """The choice as part of a file name: `2022Q3-2024Q3_KPI_SCOPE`."""
        period = self.first if self.first == self.last else f"{self.first}-{self.last}"
        return f"{period}_{self.kpi}_{self.scope}"


def list_quarters(tables: EditionTables) -> list[str]:
    """Return the quarters that can be chosen: from the first collected to the one reported."""
    return quarters.quarters_between(tables.first_collected, tables.quarter)


def list_choosable_members(choice: Choice) -> list[str]:
    """Return the members that can be chosen: those of the scope, where the KPI has values of members."""
    if not read_plan().by_kpi[choice.kpi].has_member_values:
        return []
    return [member.member for member in read_plan().members_in(choice.last, choice.scope)]


def drop_impossible_members(choice: Choice) -> Choice:
    """Return a choice without the members that it cannot show, such as those of another region."""
    possible = list_choosable_members(choice)
    return replace(choice, members=tuple(member for member in choice.members if member in possible))


def resolve_choice(tables: EditionTables, choice: Choice) -> Choice:
    """Return a choice as it can be shown: its quarters filled in where blank, its members once each.

    Raises ValueError that names everything that cannot be chosen, and what can.
    """
    members = tuple(dict.fromkeys(choice.members))
    first, last = choice.first or queries.select_quarters(tables)[0], choice.last or tables.quarter
    choice = Choice(choice.kpi, choice.scope, members, first, last)
    wrong = [
        *_unknown(to_say("no KPI {names}; choose among {known}"), [choice.kpi], read_plan().by_kpi),
        *_unknown(to_say("no region {names}; choose among {known}"), [choice.scope], read_plan().scopes),
        *_unknown(to_say("no quarter {names}; choose among {known}"), [first, last], list_quarters(tables)),
    ]
    if not wrong and first > last:
        wrong.append(say("{first} comes after {last}; give the earlier quarter first", first=first, last=last))
    if not wrong and read_plan().by_kpi[choice.kpi].has_member_values:
        no_member = to_say("no member of {scope} in {quarter} {names}; choose among {known}")
        wrong += _unknown(no_member, members, list_choosable_members(choice), scope=choice.scope, quarter=last)
    if wrong:
        raise ValueError(". ".join(wrong))
    return drop_impossible_members(choice)


def _unknown(told: str, names: Iterable[str], known: Iterable[str], **about: str) -> list[str]:
    """Return the sentence that names what is not known, in a list; an empty one where all of it is."""
    missing = [name for name in dict.fromkeys(names) if name not in known]
    return [say(told, names=", ".join(missing), known=", ".join(known), **about)] if missing else []


def select_choice_rows(tables: EditionTables, choice: Choice) -> pd.DataFrame:
    """Return the figures of a choice: one row per quarter.

    Shares are 0-1; value and share are blank in class C, where only the bounds are known. Each member chosen has its
    value (`XYZ`), for a share also its total (`XYZ_of`), and `reported` or `carried` (`XYZ_basis`).
    """
    trend = queries.select_trend(tables, choice.kpi, choice.scope, choice.quarters)
    rows = pd.DataFrame([asdict(figure) | {"kpi": choice.kpi, "unit": figure.kpi.unit} for figure in trend])
    if read_plan().targets == "proposed":
        rows = rows.rename(columns={"target": "proposed_target", "status": "proposed_status"})
    rows = rows.astype(dict.fromkeys(("n_reported", "n_carried", "n_expected"), "Int64") | {"robust": "boolean"})
    first = ["quarter", "scope", "kpi", "unit"]
    rows = rows[[*first, *(name for name in rows.columns if name not in first)]]
    return pd.concat([rows, *_member_columns(tables, choice)], axis="columns")


def _member_columns(tables: EditionTables, choice: Choice) -> list[pd.DataFrame]:
    if not choice.members:
        return []
    levels = queries.select_levels_over_time(tables, choice.kpi, choice.members, choice.quarters)
    is_share = read_plan().by_kpi[choice.kpi].assessed == "share"
    names = {"value": "", **({"denominator": "_of"} if is_share else {}), "basis": "_basis"}
    return [
        part[list(names)].rename(columns={name: member + end for name, end in names.items()}).reset_index(drop=True)
        for member, part in levels.groupby("member", sort=False)
    ]
