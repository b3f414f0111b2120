"""The action plan as typed data: themes, steps, KPIs, members, and the names that members are recognised by."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property, partial
from operator import attrgetter
from pathlib import Path

from helpers import paths
from helpers.plan.extractors import STOCK_MEASURES, Companion
from helpers.plan.files import CsvRow, PlanError, read_rows
from helpers.plan.quarters import parse_quarter, quarter_end
from helpers.strings import LANGUAGES, fold

UNION = "PAPU"
REGISTER_MEASURES = ("milestone", "register", "rate")  # of what the Secretariat records itself
MEASURES = (*STOCK_MEASURES, "count_ever", "distinct_items", "sum_flow", "sum_reported", *REGISTER_MEASURES)


@dataclass(frozen=True)
class Theme:
    """One of the 6 themes."""

    theme: int
    title: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One of the 13 steps; `due` is blank for theme 6, which is due every quarter."""

    step: str
    theme: int
    due: str
    title: Mapping[str, str]


@dataclass(frozen=True)
class Kpi:
    """One of the KPIs. Baseline and target are proposed: the plan has none. `row` is its row in kpis.csv."""

    kpi: str
    step: str
    theme: int
    due: str
    measure: str
    source: str
    unit: str
    assessed: str
    baseline: float
    target: float | None
    target_status: str
    title: Mapping[str, str]
    row: int = 0

    @property
    def assessed_unit(self) -> str:
        """The unit of the figure that the target is set on; a share is shown as a percentage."""
        return "percent" if self.assessed == "share" else self.unit

    @property
    def is_stock(self) -> bool:
        """Tell whether it is a level, which is carried forward, not a flow or a running total."""
        return self.measure in STOCK_MEASURES

    @property
    def is_from_registers(self) -> bool:
        """Tell whether it is read from the Secretariat's registers, not from returns."""
        return self.measure in REGISTER_MEASURES

    @property
    def has_member_values(self) -> bool:
        """Tell whether member_values.csv lists its values by member: those of stocks and flows."""
        return self.is_stock or self.measure == "sum_flow"

    @property
    def on_share(self) -> bool:
        """Tell whether the target is a share or a percentage, the only targets that regions are judged on."""
        return self.assessed == "share" or self.unit == "percent"


@dataclass(frozen=True)
class StepPart:
    """A part that the plan names within a step."""

    step: str
    list: str
    code: str
    title: Mapping[str, str]


@dataclass(frozen=True)
class Member:
    """A Member State, with the reference figures that are used until it has reported its own."""

    member: str
    region: str
    language: str
    name: Mapping[str, str]
    member_from: date
    member_to: date
    reference_offices: int
    reference_staff: int
    reference_basis: str

    def valid_in(self, quarter: str) -> bool:
        """Tell whether it is a member on the last day of the quarter (methodology, section 1)."""
        return self.member_from <= quarter_end(quarter) <= self.member_to


@dataclass(frozen=True)
class ResolvedName:
    """The state that a name means, blank where unknown or ambiguous (then with the candidates)."""

    iso3: str
    is_member: bool
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The whole plan, as `read_plan` returns it."""

    themes: tuple[Theme, ...]
    steps: tuple[Step, ...]
    kpis: tuple[Kpi, ...]
    components: tuple[StepPart, ...]
    companions: tuple[Companion, ...]
    members: tuple[Member, ...]
    aliases: tuple[tuple[str, str], ...]
    _valid: dict[tuple[str, str], tuple] = field(default_factory=dict, init=False, compare=False, repr=False)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The five regions, in the order of members.csv."""
        return tuple(dict.fromkeys(member.region for member in self.members))

    @cached_property
    def by_iso3(self) -> Mapping[str, Member]:
        """The members by ISO 3166 alpha-3 code."""
        return {member.member: member for member in self.members}

    @cached_property
    def by_kpi(self) -> Mapping[str, Kpi]:
        """The KPIs by code."""
        return {kpi.kpi: kpi for kpi in self.kpis}

    def members_in(self, quarter: str, scope: str = UNION) -> tuple[Member, ...]:
        """Return the members valid in a quarter: of the Union, or of one region."""
        if (quarter, scope) not in self._valid:
            valid = (m for m in self.members if m.valid_in(quarter) and scope in (UNION, m.region))
            self._valid[quarter, scope] = tuple(valid)
        return self._valid[quarter, scope]

    def part_codes(self, step: str) -> tuple[str, ...]:
        """Return the codes of the parts that the plan names within a step."""
        return tuple(part.code for part in self.components if part.step == step)

    @cached_property
    def _names(self) -> Mapping[str, set[str]]:
        names: dict[str, set[str]] = {}
        for member in self.members:
            for name in (member.member, *member.name.values()):
                names.setdefault(fold(name), set()).add(member.member)
        for alias, iso3 in self.aliases:
            names.setdefault(fold(alias), set()).add(iso3)
        names.pop("", None)
        return names

    def resolve(self, text: str) -> ResolvedName:
        """Return the state that a name means; only whole names match, never similar ones (methodology, section 1)."""
        name = fold(text)
        codes = tuple(sorted(_AMBIGUOUS.get(name) or self._names.get(name, ())))
        if len(codes) == 1 and name not in _AMBIGUOUS:
            return ResolvedName(codes[0], codes[0] in self.by_iso3)
        return ResolvedName("", False, codes)


# Each has two meanings when written alone (methodology, section 1): "NA" is Namibia or "not available".
_AMBIGUOUS = {"congo": {"COD", "COG"}, fold("الكونغو"): {"COD", "COG"}, "na": {"NAM"}}
_ROW = "(row)"  # key of the row's number, added to its columns


def _texts(row: CsvRow, prefix: str) -> dict[str, str]:
    return {language: row.get(f"{prefix}_{language}", "") for language in LANGUAGES}


def _theme(row: CsvRow) -> Theme:
    return Theme(int(row["theme"]), _texts(row, "title"))


def _step(row: CsvRow) -> Step:
    due = parse_quarter(row["due"]) if row["due"] else ""
    return Step(row["step"], int(row["theme"]), due, _texts(row, "title"))


def _kpi(row: CsvRow, steps: Mapping[str, Step]) -> Kpi:
    if row["step"] not in steps:
        raise ValueError(f"unknown step {row['step']!r}")
    step = steps[row["step"]]
    if row["measure"] not in MEASURES or row["assessed"] not in ("value", "share"):
        raise ValueError(f"unknown measure {row['measure']!r} or assessed figure {row['assessed']!r}")
    return Kpi(
        row["kpi"], step.step, step.theme, step.due, row["measure"], row["source"], row["unit"], row["assessed"],
        float(row["baseline"] or 0), float(row["target"]) if row["target"] else None, row["target_status"],
        _texts(row, "title"), int(row[_ROW]),
    )  # fmt: skip


def _member(row: CsvRow) -> Member:
    if not re.fullmatch("[A-Z]{3}", row["member"]) or row["language"] not in LANGUAGES:
        raise ValueError(f"{row['member']!r} is not an ISO3 code, or {row['language']!r} is not a language")
    offices, staff = int(row["reference_offices"]), int(row["reference_staff"])
    if offices < 1 or staff < 1:
        raise ValueError("every member needs reference offices and staff above 0")
    member_from, member_to = row["member_from"] or "0001-01-01", row["member_to"] or "9999-12-31"
    return Member(
        row["member"], row["region"], row["language"], _texts(row, "name"), date.fromisoformat(member_from),
        date.fromisoformat(member_to), offices, staff, row["reference_basis"],
    )  # fmt: skip


def _companion(row: CsvRow, kpis: set[str]) -> Companion:
    if row["kpi"] not in kpis or row["measure"] not in MEASURES:
        raise ValueError(f"unknown KPI {row['kpi']!r} or measure {row['measure']!r}")
    return Companion(row["kpi"], row["component"], row["unit"], row["measure"])


def _step_part(row: CsvRow, steps: Mapping[str, Step]) -> StepPart:
    if row["step"] not in steps:
        raise ValueError(f"unknown step {row['step']!r}")
    return StepPart(row["step"], row["list"], row["code"], _texts(row, "title"))


def _records(path: Path, columns: str, make: Callable[[CsvRow], object], *key: str) -> tuple:
    """Make a record of every row; no two may have the same key, which is the whole record where none is given.

    Raises PlanError with the file, the row and the reason of every row that is wrong.
    """
    records, problems = [], []
    for number, row in enumerate(read_rows(path, tuple(columns.split())), start=2):
        try:
            records.append(make(row | {_ROW: str(number)}))
        except (ValueError, KeyError) as reason:
            problems.append(f"{path.name}, row {number}: {reason}")
    keys = Counter(str(attrgetter(*key)(record) if key else record) for record in records)
    problems += [f"{path.name}: {name} occurs twice" for name, times in sorted(keys.items()) if times > 1]
    if problems:
        raise PlanError("\n".join(problems) + "\nCorrect the file, or restore it from the repository.")
    return tuple(records)


@cache
def _read(folder: Path) -> Plan:
    themes = _records(folder / "themes.csv", "theme title_fr title_en", _theme, "theme")
    steps = _records(folder / "steps.csv", "step theme due responsible title_fr title_en", _step, "step")
    by_step = {step.step: step for step in steps}
    columns = "kpi step measure source unit assessed baseline target target_status title_fr title_en"
    kpis = _records(folder / "kpis.csv", columns, partial(_kpi, steps=by_step), "kpi")
    columns = "step list code title_fr title_en"
    parts = _records(folder / "components.csv", columns, partial(_step_part, steps=by_step), "step", "code")
    columns, codes = "kpi component unit measure", {kpi.kpi for kpi in kpis}
    companions = _records(folder / "companions.csv", columns, partial(_companion, kpis=codes), "kpi", "component")
    columns = "member region language name_fr name_en member_from member_to reference_offices reference_staff"
    members = _records(folder / "members.csv", columns, _member, "member")
    aliases = _records(folder / "aliases.csv", "alias iso3", lambda row: (row["alias"], row["iso3"]))
    kpis = tuple(sorted(kpis, key=lambda kpi: kpi.kpi))  # a row added at the end of the file is listed with its theme
    return Plan(themes, steps, kpis, parts, companions, members, aliases)


def read_plan(folder: Path | None = None) -> Plan:
    """Read the plan from its folder (default: `data/raw/plan`).

    Raises PlanError with the file, the row and the reason of everything that is wrong.
    """
    return _read(folder or paths.plan())
