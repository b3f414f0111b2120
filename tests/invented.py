"""An invented set of tables for the tests of the report: seeded, every quarter from the first, every awkward mark."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pandas as pd

from helpers.plan.plan import read_plan
from helpers.plan.quarters import quarter_end, quarters_between
from helpers.plan.settings import read_settings
from helpers.tables.pipeline import EditionTables
from helpers.tables.schema import conform
from present import UNION

FIRST = "2022Q3"
COLUMNS = {
    "kpis": "quarter scope kpi unit value share lower upper share_lower share_upper n_reported n_carried n_expected "
    "coverage coverage_class target target_status status robust",
    "components": "quarter scope kpi component unit value share n_reported",
    "member_values": "quarter member kpi value denominator basis source_quarter",
    "changes": "quarter scope kpi before revisions matched carried_effect entered left after",
    "revisions": "quarter scope kpi figure first now causes",
    "returns": "quarter member version received_on state counts source_file sha256",
    "issues": "severity rule quarter member question observed expected message_fr message_en source_file sheet row "
    "said_fr said_en said_pt said_ar key",
    "inputs": "file sha256 size channel",
}
HOSTILE = '#read("/etc/passwd") $x^2$ \\textbf{a} <b>b</b> & `c` // d *e* _f_ @g [h] العربية 中文 \x07 \ue000 😀'
BLANK = float("nan")


@dataclass(frozen=True)
class Invented:
    """Tables like those of `workbook.measured`, invented."""

    quarter: str
    as_of: str
    kpis: pd.DataFrame
    components: pd.DataFrame
    member_values: pd.DataFrame
    changes: pd.DataFrame
    revisions: pd.DataFrame
    returns: pd.DataFrame
    issues: pd.DataFrame
    inputs: pd.DataFrame
    sample: bool = True
    is_revised: bool = False
    input_id: str = "0123456789ab"
    items: pd.DataFrame = field(default_factory=lambda: conform("items", pd.DataFrame()))
    answers: pd.DataFrame = field(default_factory=lambda: conform("answers", pd.DataFrame()))
    derived: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    counted_returns = EditionTables.counted_returns

    @property
    def first_collected(self) -> str:
        """The first quarter of the tables."""
        return min(self.kpis["quarter"], default=self.quarter)

    @property
    def is_first(self) -> bool:
        """Whether there is no quarter before."""
        return self.first_collected == self.quarter

    @property
    def had_statuses(self) -> bool:
        """Whether the quarter before has statuses."""
        return not self.is_first and self.quarter > read_settings().first_status_quarter


def _frame(name: str, rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS[name].split())


def _kpi_row(kpi, scope: str, quarter: str, n: int, of: int, chance: random.Random) -> tuple:
    certain = kpi.measure in ("milestone", "register", "rate")
    target = kpi.target if scope == UNION or kpi.on_share else BLANK
    figure = (
        float(chance.randint(0, 5)) if kpi.unit == "stage" else round((kpi.target or 1) * chance.uniform(0.3, 1.2), 2)
    )
    value = figure if kpi.assessed == "value" else float(chance.randint(50, 9000))
    share = min(figure, 1.0) if kpi.assessed == "share" else BLANK
    lower, upper = (value, value) if certain else (value * 0.7, BLANK if kpi.measure == "sum_flow" else value * 1.4)
    low, high = (share * 0.7, min(1.0, share * 1.3)) if kpi.assessed == "share" else (BLANK, BLANK)
    known = (BLANK, BLANK, BLANK) if kpi.measure in ("milestone", "register") else (n, 3 if kpi.is_stock else 0, of)
    grade = "A" if certain else chance.choice("AABC")
    status = chance.choice(("achieved", "achieved_late", "on_track", "at_risk", "off_track", "overdue"))
    if status not in ("achieved", "achieved_late") and kpi.due:  # overdue after the due quarter, and never before
        status = "overdue" if quarter > kpi.due else {"overdue": "off_track"}.get(status, status)
    status = "not_assessable" if grade == "C" or target != target else status
    robust = None if status == "not_assessable" else chance.random() < 0.6 or certain
    return (quarter, scope, kpi.kpi, kpi.unit, value, share, lower, upper, low, high, *known, 0.8, grade, target,
            "proposed" if target == target else "", status, robust)  # fmt: skip


def _returns(quarter: str, chance: random.Random) -> list[tuple]:
    rows = []
    for member in read_plan().members_in(quarter):
        draw = chance.random()
        if draw < 0.75:
            day = quarter_end(quarter) + timedelta(days=chance.randint(1, 44))
            state = "on_time" if (day - quarter_end(quarter)).days <= 30 else "late"
            state, counts = ("refused", False) if draw < 0.02 else (state, True)
            rows.append((quarter, member.member, 1, day.isoformat(), state, counts, "file.xlsx", "0" * 64))
    return rows


def _member_values(quarter: str, answered: set[str], chance: random.Random) -> list[tuple]:
    rows = []
    for kpi in read_plan().kpis:
        for member in read_plan().members_in(quarter):
            carried = member.member not in answered
            if not kpi.is_stock or (carried and chance.random() < 0.5):
                continue
            whole = float(chance.randint(3, 4000)) if kpi.assessed == "share" else BLANK
            value = float(round(whole * chance.random())) if whole == whole else float(chance.randint(0, 12))
            value = float(value > 6) if kpi.kpi == "1.1.b" else value
            rows.append((quarter, member.member, kpi.kpi, value, whole, "carried" if carried else "reported", quarter))
    return rows


def invent(quarter: str = "2024Q3", seed: int = 7) -> Invented:
    """Invent the tables of an edition; the same seed gives the same tables."""
    chance, plan = random.Random(seed), read_plan()
    quarters = quarters_between(FIRST, quarter)
    returns = [row for one in quarters for row in _returns(one, chance)]
    kpis, components, values = [], [], []
    for one in quarters:
        answered = {row[1] for row in returns if row[0] == one and row[4] != "refused"}
        values += _member_values(one, answered, chance)
        for scope in (UNION, *plan.regions):
            of = len(plan.members_in(one, scope))
            n = len(answered & {member.member for member in plan.members_in(one, scope)})
            kpis += [_kpi_row(kpi, scope, one, n, of, chance) for kpi in plan.kpis]
            for c in plan.companions:
                value = float(chance.randint(1, 99))
                share = value / 100 if c.kpi in ("2.1.a", "2.2.a") else BLANK
                components.append((one, scope, c.kpi, c.component, c.unit, value, share, n))
    changes = [
        (one, scope, kpi, 100.0, 1.0, 5.0, -2.0, 3.0, -1.0, 106.0)
        for one in quarters[1:] for scope in (UNION, *plan.regions) for kpi in ("2.1.a", "3.1.a", "5.1.a")
    ]  # fmt: skip
    revisions = [(one, UNION, "3.1.a", "value", 50.0, 51.0, "late:KEN revised:SEN") for one in quarters[:-1]]
    issues = [
        (
            "withdrawn",
            "V04",
            quarter,
            "KEN",
            "offices_connected",
            HOSTILE,
            "≤ 600",
            HOSTILE,
            HOSTILE,
            "a.xlsx",
            "r",
            "4",
            *[HOSTILE] * 4,
        ),
        (
            "refused",
            "V01",
            quarter,
            "",
            "",
            "Atlantis",
            "",
            "Atlantis",
            "Atlantis",
            "b.xlsx",
            "r",
            "9",
            *["Atlantis"] * 4,
        ),
        (
            "note",
            "NUM_THOUSANDS",
            quarter,
            "SEN",
            "staff_total",
            "1 200",
            "1200",
            "…",
            "…",
            "a.xlsx",
            "r",
            "5",
            *["…"] * 4,
        ),
    ]
    inputs = [(f"{one}/file.xlsx", f"{n:064x}", 1000 + n, "sample") for n, one in enumerate(quarters)]
    return Invented(
        quarter, read_settings().first_cutoff(quarter).isoformat(),
        _frame("kpis", kpis), _frame("components", components), _frame("member_values", values),
        _frame("changes", changes), _frame("revisions", revisions),
        _frame("returns", returns), _frame("issues", [(*issue, issue[1]) for issue in issues]),
        _frame("inputs", inputs),
    )  # fmt: skip


def empty(quarter: str = "2022Q3") -> Invented:
    """Return the tables of a quarter that nobody answered: every figure blank, no row elsewhere."""
    full = invent(quarter)
    blanks = dict.fromkeys(("value", "share", "lower", "upper", "share_lower", "share_upper"), BLANK)
    nobody = {"n_reported": 0, "n_carried": 0, "coverage_class": "C", "status": "not_assessable", "robust": None}
    bare = {name: _frame(name, []) for name in COLUMNS if name not in ("kpis", "inputs")}
    return replace(full, kpis=full.kpis.assign(**blanks, **nobody), **bare)
