"""The published bounds, held against the known truth of the invented universe."""

from __future__ import annotations

import csv
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from conftest import PLAN, ROOT
from helpers.plan.plan import Plan
from helpers.plan.quarters import quarters_between
from helpers.tables.pipeline import load_tables

pytestmark = pytest.mark.slow

QUARTERS = quarters_between("2022Q3", "2024Q3")
FAMILIES = [f"services_{family}" for family in ("epost", "ecommerce", "egovernment", "efinance")]
PRODUCTS = [f"ipp_{product}" for product in ("ecompro", "tracked", "small_packets")]
PROJECTS = [f"project_{project}" for project in ("dre", "payments", "fitaf")]
HARDWARE = ("server", "laptop", "printer", "scanner", "scale")
RUNNING = {"implementing", "completed"}
# The KPIs whose bounds are both finite, or the lower alone; a share has bounds of its own.
BOTH = ["1.1.b", "2.1.a", "2.2.a", "3.1.a", "3.1.b", "3.2.a", "3.3.a", "4.2.a", "5.1.a"]
LOWER = ["4.1.a", "4.1.b", "4.2.b", "5.1.b", "5.1.c"]
SHARES = ["2.1.a", "5.1.a"]

Said = dict[str, str]


def codes(answer: str) -> set[str]:
    return set(answer.split()) - {"none", "other"}


def hardware(said: Said) -> float:
    pairs = [(int(said[f"{kind}_working"]), int(said[f"{kind}_required"])) for kind in HARDWARE]
    ratios = [min(1, working / required) for working, required in pairs if required]
    return 100 * sum(ratios) / len(ratios)


def total(said: Iterable[Said], question: str) -> int:
    return sum(int(one[question]) for one in said)


class Truth:
    """What every member would have answered, and the KPIs that follow from it, written out one by one."""

    def __init__(self, folder: Path) -> None:
        self.said: dict[tuple[str, str], Said] = defaultdict(dict)
        with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                self.said[row["quarter"], row["member"]][row["question"]] = row["value"]
        with (folder / "truth_innovations.csv").open(encoding="utf-8", newline="") as file:
            self.items = list(csv.DictReader(file))

    def figures(self, quarter: str, members: set[str]) -> dict[str, float]:
        """Return each KPI's true value for some members; shares under the KPI and `share`."""
        now = [self.said[quarter, member] for member in sorted(members)]
        past = [(member, self.said[q, member]) for q in QUARTERS if q <= quarter for member in members]
        sectors = Counter(code for one in now for code in codes(one["sectors_benefiting"]))
        values = {
            "1.1.b": sum(one["roadmap_status"] in RUNNING for one in now),
            "2.1.a": total(now, "offices_connected"),
            "2.1.a share": total(now, "offices_connected") / total(now, "offices_total"),
            "2.2.a": sum(map(hardware, now)) / len(now),
            "3.1.a": sum(len(codes(one[family])) for one in now for family in FAMILIES),
            "3.1.b": sum(times >= 3 for times in sectors.values()),
            "3.2.a": sum(100 * len(codes(one[p])) / 5 for one in now for p in PRODUCTS) / (3 * len(now)),
            "3.3.a": len({member for member, one in past if any(one[p] in RUNNING for p in PROJECTS)}),
            "5.1.a": total(now, "trained_cumulative"),
            "5.1.a share": total(now, "trained_cumulative") / total(now, "staff_total"),
            "5.1.b": total((one for _, one in past), "audits_completed"),
            "5.1.c": total((one for _, one in past), "training_sessions"),
        }
        return values | self._innovations(quarter, members)

    def _innovations(self, quarter: str, members: set[str]) -> dict[str, float]:
        items = [i for i in self.items if i["quarter"] <= quarter and i["member"] in members]
        named = [(i["kind"], i["member"], i["reference"] or f"{i['member']} {i['title']}") for i in items]
        return {
            "4.1.a": len({(member, name) for kind, member, name in named if kind == "solution"}),
            "4.1.b": len({name for kind, _, name in named if kind == "hackathon"}),
            "4.2.a": len({member for kind, member, _ in named if kind in ("exhibition", "competition")}),
            "4.2.b": len({name for kind, _, name in named if kind == "adoption"}),
        }


def compare(rows: pd.DataFrame, truth: Truth, plan: Plan) -> list[tuple[str, bool]]:
    """Return one entry a bound compared: what it is, and whether it holds the truth to 1e-9."""
    found = []
    scopes = {scope: {m.member for m in plan.members if scope in (plan.code, m.region)} for scope in plan.scopes}
    true = {(q, s): truth.figures(q, members) for q in QUARTERS for s, members in scopes.items()}
    for row in rows.itertuples():
        figures, name = true[row.quarter, row.scope], f"{row.quarter} {row.scope} {row.kpi}"
        if row.kpi in BOTH + LOWER:
            found.append((f"{name} lower", row.lower <= figures[row.kpi] + 1e-9))
        if row.kpi in BOTH:
            found.append((f"{name} upper", figures[row.kpi] <= row.upper + 1e-9))
        if row.kpi in SHARES:
            share = figures[f"{row.kpi} share"]
            found.append((f"{name} share", row.share_lower - 1e-9 <= share <= row.share_upper + 1e-9))
    return found


EXPECTED = (2 * len(BOTH) + len(LOWER) + len(SHARES)) * 6 * len(QUARTERS)


@pytest.fixture(scope="module")
def faultless(tmp_path_factory) -> Path:
    """Return a root with the sample that holds no wrong figure, and its truth."""
    if str(ROOT / "scripts") not in sys.path:
        sys.path.insert(0, str(ROOT / "scripts"))
    from make_sample import make_sample

    root = tmp_path_factory.mktemp("bounds")
    shutil.copytree(PLAN, root / "data" / "raw" / "plan")
    make_sample(root, root / "truth", with_errors=False)
    return root


def test_without_wrong_figures_every_bound_holds_the_truth_in_every_quarter_and_region(faultless, monkeypatch, plan):
    monkeypatch.setenv("PAPU_ROOT", str(faultless))
    monkeypatch.setenv("PAPU_OUT", str(faultless / "out"))
    compared = compare(load_tables("2024Q3").kpis, Truth(faultless / "truth"), plan)
    assert len(compared) == EXPECTED
    assert [name for name, holds in compared if not holds] == []


def test_with_wrong_figures_it_is_told_how_often_the_bounds_hold(tmp_path, monkeypatch, plan, record_property):
    monkeypatch.setenv("PAPU_ROOT", str(ROOT))
    monkeypatch.setenv("PAPU_OUT", str(tmp_path))
    compared = compare(load_tables("2024Q3").kpis, Truth(ROOT / "tests" / "truth"), plan)
    held = sum(holds for _, holds in compared)
    said = f"{held} of {len(compared)} bounds hold the truth; not: {[name for name, holds in compared if not holds]}"
    record_property("bounds", said)
    print(said)
    assert len(compared) == EXPECTED
