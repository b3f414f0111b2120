"""What a sentence says, as data, and the published tables that it is held against."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from helpers.plan import Kpi, read_plan

_FILES = ("kpis", "kpi_components", "member_values", "returns", "issues", "revisions")


@dataclass(frozen=True)
class Claim:
    """One thing that a sentence says of one quarter: of which indicator and scope, compared with which quarter.

    `about` are the statuses, states, regions or components it is about; `values` its numbers by name; `which` the
    indicators, members, regions or statuses it names; `certain` whether non-response cannot change it.
    """

    says: str
    quarter: str
    kpi: str = ""
    scope: str = ""
    since: str = ""
    about: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    which: tuple[str, ...] | None = None
    certain: bool | None = None

    def __str__(self) -> str:
        subject = (self.says, self.kpi, self.scope, *self.about, self.quarter, self.since and f"since {self.since}")
        return " ".join(filter(None, subject))

    @classmethod
    def of(cls, data: Mapping[str, object]) -> "Claim":
        """Return a claim as claims.json has it."""
        which = data.get("which")
        return cls(**{**data, "about": tuple(data.get("about", ())), "which": None if which is None else tuple(which)})

    def as_data(self) -> dict[str, object]:
        """Return what it says, without what it leaves out."""
        said = {name: value for name, value in asdict(self).items() if value not in ("", (), {}, None)}
        return said if self.which is None else said | {"which": self.which}


class Facts:
    """The published tables of one edition, read from their files."""

    def __init__(self, folder: Path, as_of: str) -> None:
        self.as_of = as_of
        tables = {name: pd.read_csv(folder / f"{name}.csv", keep_default_na=False, dtype=str) for name in _FILES}
        numbers = {
            "kpis": (
                "value", "share", "lower", "upper", "share_lower", "share_upper", "n_reported", "n_carried",
                "n_expected", "target",
            ),
            "kpi_components": ("value", "share"), "member_values": ("value", "denominator"),
        }  # fmt: skip
        for name, columns in numbers.items():
            tables[name] = tables[name].assign(**{one: pd.to_numeric(tables[name][one]) for one in columns})
        self.kpis = tables["kpis"].set_index(["kpi", "scope", "quarter"])
        self.components = tables["kpi_components"].set_index(["kpi", "component", "scope", "quarter"])
        self.members, self.returns = tables["member_values"], tables["returns"]
        self.issues, self.revisions = tables["issues"], tables["revisions"]
        answers, counted = pd.read_parquet(folder / "answers.parquet"), self.returns[self.returns["counts"] == "true"]
        reported = answers[answers["obs_status"].isin(("A", "N", "U"))].astype({"version": str})
        self.answers = reported.merge(counted, on=["quarter", "member", "version"])  # those that count
        self.plan = read_plan()

    def row(self, claim: Claim, quarter: str = "") -> pd.Series:
        """Return the figure that a claim is about, as kpis.csv has it."""
        return self.kpis.loc[(claim.kpi, claim.scope or self.plan.code, quarter or claim.quarter)]

    def kpi(self, claim: Claim) -> Kpi:
        """Return the indicator that a claim is about."""
        return self.plan.by_kpi[claim.kpi]

    def known(self, claim: Claim, quarter: str = "", *, reported: bool = False) -> pd.DataFrame:
        """Return the values of a claim's indicator and scope by member, all that are known or those of the quarter."""
        quarter = quarter or claim.quarter
        names = [member.member for member in self.plan.members_in(quarter, claim.scope)]
        rows = self.members[(self.members["kpi"] == claim.kpi) & (self.members["quarter"] == quarter)]
        rows = rows[rows["member"].isin(names) & rows["value"].notna()].set_index("member")
        return rows[rows["basis"] == "reported"] if reported else rows

    def level(self, claim: Claim, quarter: str = "", column: str = "") -> float:
        """Return the figure a target is about, or with `column` one of its bounds; a share as a percentage."""
        row, on_share = self.row(claim, quarter), self.kpi(claim).assessed == "share"
        if not column and row["coverage_class"] == "C":
            return math.nan
        name = f"share_{column}".rstrip("_") if on_share else column or "value"
        return (100 if on_share else 1) * row[name]

    def states(self, quarter: str, limit: str) -> dict[str, str]:
        """Return how each member's return of a quarter stood on a day: on_time, late, refused or missing."""
        rows = self.returns[(self.returns["quarter"] == quarter) & (self.returns["received_on"] <= limit)]
        by = self.plan.settings.on_time_by(quarter).isoformat()
        first = rows[rows["state"] != "refused"].groupby("member")["received_on"].min()
        refused = set(rows["member"]) - set(first.index)
        found = {}
        for member in (each.member for each in self.plan.members_in(quarter)):
            without = "refused" if member in refused else "missing"
            found[member] = without if member not in first.index else "on_time" if first[member] <= by else "late"
        return found

    def target(self, claim: Claim) -> float:
        """Return the target of a claim's indicator as it is printed: a share as a percentage."""
        kpi = self.kpi(claim)
        return math.nan if kpi.target is None else (100 if kpi.assessed == "share" else 1) * kpi.target

    def statuses(self, quarter: str) -> dict[str, str]:
        """Return the Union's status of each indicator in a quarter."""
        found = {}
        for kpi in self.plan.by_kpi:
            place = (kpi, self.plan.code, quarter)
            found[kpi] = self.kpis.loc[place, "status"] if place in self.kpis.index else ""
        return found

    def together(self, kpi: Kpi, rows: pd.DataFrame) -> float:
        """Return the figure of some members together (methodology, section 5): a share, a mean or a sum."""
        if kpi.assessed == "share":
            rows = rows[rows["denominator"].notna()]
            return 100 * rows["value"].sum() / rows["denominator"].sum() if len(rows) else math.nan
        return rows["value"].mean() if kpi.measure == "mean_index" else rows["value"].sum()

    def levels(self, kpi: Kpi, rows: pd.DataFrame) -> pd.Series:
        """Return each member's own figure: its value, or its share in percent where its total is known."""
        if kpi.assessed != "share":
            return rows["value"]
        return 100 * (rows["value"] / rows["denominator"])[rows["denominator"] > 0]
