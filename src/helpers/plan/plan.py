"""The action plan as typed data: themes, steps, KPIs, members, and the names that members are recognised by."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from helpers import paths
from helpers.plan import files
from helpers.plan.extractors import STOCK_MEASURES
from helpers.plan.files import COUNT, ISO3, LINE, NAME, NUMBER, QUARTER, CsvRow, one_of
from helpers.plan.quarters import parse_quarter, quarter_end
from helpers.strings import LANGUAGES, fold

UNION = "PAPU"
OF_TOTAL, OF_ANSWERS = "of the total", "of those that answered"
REGISTER_MEASURES = ("milestone", "register", "rate")  # of what the Secretariat records itself
MEASURES = (*STOCK_MEASURES, "count_ever", "distinct_items", "sum_flow", *REGISTER_MEASURES)
COMPANION_MEASURES = (*STOCK_MEASURES, "count_ever", "distinct_items", "sum_reported", "rate")


@dataclass(frozen=True)
class Theme:
    """One of the 6 themes; its title in the report is about the KPI that leads it."""

    theme: int
    leads: str
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
    """One of the KPIs. Baseline and target are proposed: the plan has none. `row` is its row in kpis.csv.

    `names` are its other names: `short` what its target is about, `measured` what is measured, `own` what it is for one
    member, `head` that of a column. `shown` says where it is shown beside its theme: `tile 1`, `point 1`, `call 1`,
    `brief`.
    """

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
    shown: tuple[str, ...] = ()
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    row: int = 0

    @property
    def is_yes_no(self) -> bool:
        """Tell whether a member's value is a yes or a no."""
        return self.measure in ("count_known", "count_ever")

    @property
    def is_bounded(self) -> bool:
        """Tell whether each member's reply narrows its bounds by a part of their own."""
        return self.measure in ("count_known", "sum_known", "mean_index")

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
class Companion:
    """A figure shown beside a KPI; `share` says of what it has a share, blank without one."""

    kpi: str
    component: str
    unit: str
    measure: str
    source: str
    share: str
    title: Mapping[str, str]
    row: int = 0

    @property
    def is_stock(self) -> bool:
        """Tell whether it is a level, which is carried forward, not a flow or a running total."""
        return self.measure in STOCK_MEASURES


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
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Plan:
    """The whole plan, as `read_plan` returns it."""

    themes: tuple[Theme, ...]
    steps: tuple[Step, ...]
    kpis: tuple[Kpi, ...]
    components: tuple[StepPart, ...]
    companions: tuple[Companion, ...]
    members: tuple[Member, ...]
    aliases: tuple[tuple[str, str], ...]
    _valid: dict[tuple[str, str], tuple] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The five regions, in the order of members.csv."""
        return tuple(dict.fromkeys(member.region for member in self.members))

    @cached_property
    def by_iso3(self) -> Mapping[str, Member]:
        """The members by ISO 3166 alpha-3 code."""
        return {member.member: member for member in self.members}

    @cached_property
    def leads(self) -> Mapping[int, str]:
        """The KPI that leads each theme."""
        return {theme.theme: theme.leads for theme in self.themes}

    @cached_property
    def example(self) -> str:
        """The KPI by which a reader is shown how a figure is named: the first that leads and has a share, or leads."""
        leading = [kpi for kpi in self.leads.values() if kpi in self.by_kpi]
        return next((kpi for kpi in leading if self.by_kpi[kpi].assessed == "share"), leading[0])

    def shown(self, where: str) -> tuple[str, ...]:
        """Return the KPIs shown as `tile`, `point` or `call`, by their numbers, or in the `brief`, by their codes."""
        places = ((place, kpi.kpi) for kpi in self.kpis for place in kpi.shown if place.split()[0] == where)
        return tuple(kpi for _, kpi in sorted(places))

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
        own = [(name, m.member) for m in self.members for name in (m.member, *m.name.values())]
        names: dict[str, set[str]] = defaultdict(set)
        for name, iso3 in (*own, *self.aliases):
            names[fold(name)].add(iso3)
        return {name: codes for name, codes in names.items() if name}

    def resolve(self, text: str) -> ResolvedName:
        """Return the state that a name means; only whole names match, never similar ones (methodology, section 1)."""
        name = fold(text)
        codes = tuple(sorted(_AMBIGUOUS.get(name) or self._names.get(name, ())))
        if len(codes) == 1 and name not in _AMBIGUOUS:
            return ResolvedName(codes[0])
        return ResolvedName("", codes)


# Each has two meanings when written alone (methodology, section 1): "NA" is Namibia or "not available".
_AMBIGUOUS = {"congo": {"COD", "COG"}, fold("الكونغو"): {"COD", "COG"}, "na": {"NAM"}}
_TITLES = {f"title_{language}": LINE for language in LANGUAGES}
_TEXTS = {f"text_{language}": LINE for language in LANGUAGES}
_PLACE = "(?:brief|(?:tile|point|call) [1-9])"
_SHOWN = files.Allowed(
    f"{_PLACE}(?:; {_PLACE})*", "a list of places, such as tile 1; point 2; call 1; brief"
).or_blank()
_NAMES = {f"name_{language}": LINE for language in LANGUAGES}
_SORTED = "tables sort codes as text, and 10.1.a would come before 2.1.a"
_THEME = files.Allowed("[1-9]", "a number from 1 to 9", _SORTED)
_STEP = files.Allowed(r"[1-9]\.[1-9]", "a code such as 2.1", _SORTED)
_KPI = files.Allowed(r"[1-9]\.[1-9]\.[a-z]", "a code such as 2.1.a", _SORTED)
_DAY = files.Allowed("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2024-07-31", parse=date.fromisoformat).or_blank()
_YES_NO = one_of(("yes", "no"))


class _CodeOf(NamedTuple):
    """What a cell may be: a code that a column of another file has."""

    file: str
    column: str


# Each file: the columns of its key, and what a cell of each column may be.
_FILES: Mapping[str, tuple[str, Mapping[str, files.Allowed | _CodeOf]]] = {
    "themes": ("theme", {"theme": _THEME, "leads": _KPI, **_TITLES}),
    "steps": ("step", {
        "step": _STEP, "theme": _CodeOf("themes", "theme"), "due": QUARTER.or_blank(), "responsible": LINE, **_TITLES,
    }),
    "kpis": ("kpi", {
        "kpi": _KPI, "step": _CodeOf("steps", "step"), "measure": one_of(MEASURES), "source": LINE, "unit": NAME,
        "assessed": one_of(("value", "share")), "baseline": NUMBER.or_blank(), "target": NUMBER.or_blank(),
        "target_status": one_of(("proposed", "adopted")), **_TITLES, "shown": _SHOWN,
    }),
    "names": ("kpi name", {
        "kpi": _CodeOf("kpis", "kpi"), "name": one_of(("short", "measured", "own", "head")), **_TEXTS,
    }),
    "components": ("step code", {"step": _CodeOf("steps", "step"), "list": NAME, "code": NAME, **_TITLES}),
    "companions": ("kpi component", {
        "kpi": _CodeOf("kpis", "kpi"), "component": NAME, "unit": NAME, "measure": one_of(COMPANION_MEASURES),
        "source": LINE, "share": one_of((OF_TOTAL, OF_ANSWERS)).or_blank(),
        **{name: LINE.or_blank() for name in _TITLES},
    }),
    "members": ("member", {
        "member": ISO3, "region": LINE, "language": one_of(LANGUAGES), **_NAMES, "member_from": _DAY, "member_to": _DAY,
        "reference_offices": COUNT, "reference_staff": COUNT, "reference_basis": LINE,
    }),
    "aliases": ("alias iso3", {"alias": LINE, "iso3": ISO3, "papu_member": _YES_NO}),
    "tile_grid": ("iso3", {"iso3": ISO3, "row": COUNT, "column": COUNT, "papu_member": _YES_NO}),
}  # fmt: skip


@lru_cache(maxsize=files.MOST_PLANS)
def read_plan_files(folder: Path) -> Mapping[str, files.PlanTable]:
    """Read the files of the plan by name, each cell held against what its column may be; problems are kept."""
    tables: dict[str, files.PlanTable] = {}
    for name, (key, columns) in _FILES.items():
        allowed = {
            column: one_of(tables[kind.file].codes(kind.column), f"{kind.file}.csv")
            if isinstance(kind, _CodeOf) else kind
            for column, kind in columns.items()
        }  # fmt: skip
        tables[name] = files.read_plan_table(folder / f"{name}.csv", allowed, tuple(key.split()))
    return tables


def _texts(row: CsvRow, prefix: str) -> dict[str, str]:
    return {language: row.get(f"{prefix}_{language}", "") for language in LANGUAGES}


def _kpi(row: CsvRow, step: Step, names: Iterable[CsvRow]) -> Kpi:
    return Kpi(
        row["kpi"], step.step, step.theme, step.due, row["measure"], row["source"], row["unit"], row["assessed"],
        float(row["baseline"] or 0), float(row["target"]) if row["target"] else None, row["target_status"],
        _texts(row, "title"), tuple(filter(None, row["shown"].split("; "))),
        {each["name"]: _texts(each, "text") for each in names if each["kpi"] == row["kpi"]}, row.number,
    )  # fmt: skip


def _companion(row: CsvRow) -> Companion:
    names = ("kpi", "component", "unit", "measure", "source", "share")
    return Companion(*(row[name] for name in names), _texts(row, "title"), row.number)


def _member(row: CsvRow) -> Member:
    member_from, member_to = row["member_from"] or "0001-01-01", row["member_to"] or "9999-12-31"
    return Member(
        row["member"], row["region"], row["language"], _texts(row, "name"), date.fromisoformat(member_from),
        date.fromisoformat(member_to), int(row["reference_offices"]), int(row["reference_staff"]),
        row["reference_basis"],
    )  # fmt: skip


@lru_cache(maxsize=files.MOST_PLANS)
def make_plan(folder: Path) -> Plan:
    """Make the plan of the rows of its files that have no problem."""
    rows = {name: table.rows for name, table in read_plan_files(folder).items()}
    steps = {}
    for row in rows["steps"]:
        due = parse_quarter(row["due"]) if row["due"] else ""
        steps[row["step"]] = Step(row["step"], int(row["theme"]), due, _texts(row, "title"))
    kpis = [_kpi(row, steps[row["step"]], rows["names"]) for row in rows["kpis"] if row["step"] in steps]
    themes = (Theme(int(row["theme"]), row["leads"], _texts(row, "title")) for row in rows["themes"])
    return Plan(
        tuple(themes), tuple(steps.values()),
        tuple(sorted(kpis, key=lambda kpi: kpi.kpi)),  # a row added at the end of the file is listed with its theme
        tuple(StepPart(row["step"], row["list"], row["code"], _texts(row, "title")) for row in rows["components"]),
        tuple(map(_companion, rows["companions"])),
        tuple(map(_member, rows["members"])), tuple((row["alias"], row["iso3"]) for row in rows["aliases"]),
    )  # fmt: skip


def read_plan(folder: Path | None = None) -> Plan:
    """Read the plan (default: `data/raw/plan`). Raises PlanError with file, row and reason of all wrong cells."""
    folder = folder or paths.plan()
    files.refuse(problem for table in read_plan_files(folder).values() for problem in table.problems)
    return make_plan(folder)
