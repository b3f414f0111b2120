"""The action plan as typed data: themes, steps, KPIs, members, and the names that members are recognised by."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from helpers import paths
from helpers.plan import files
from helpers.plan.columns import (
    AMBIGUOUS,
    OF_TOTAL,
    OTHER,
    REGISTER_MEASURES,
    STOCK_MEASURES,
    UNIT_NAME,
    read_plan_files,
)  # fmt: skip
from helpers.plan.files import CsvRow
from helpers.plan.quarters import parse_quarter, quarter_end
from helpers.plan.rules import Rule, list_row_problems, make_rule
from helpers.plan.settings import Settings, Texts, read_settings_file
from helpers.plan.theme_figures import ThemeFigure
from helpers.strings import fold


@dataclass(frozen=True)
class Theme:
    """A theme; its title in the report is about the KPI that leads it.

    `reached` and `below` are its own sentences for a target that is reached or not, blank for the general one.
    """

    theme: int
    leads: str
    title: Texts
    reached: Texts = field(default_factory=dict)
    below: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A step of a theme; `due` is blank where its rates are due every quarter."""

    step: str
    theme: int
    due: str
    title: Texts
    responsible: str = ""


@dataclass(frozen=True)
class Kpi:
    """One of the KPIs; `target_status` tells whether its target is adopted or proposed. `row` is its row in kpis.csv.

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
    title: Texts
    shown: tuple[str, ...] = ()
    names: Mapping[str, Texts] = field(default_factory=dict)
    target_reference: str = ""
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
    def is_running_total(self) -> bool:
        """Tell whether it is what has come together since the first quarter collected."""
        return not self.is_stock and self.measure not in ("milestone", "rate")

    @property
    def has_regions(self) -> bool:
        """Tell whether it has figures by region: a product, or a workshop, is the whole Union's."""
        return self.measure != "milestone" and not self.source.startswith("workshops ")

    @property
    def has_changes(self) -> bool:
        """Tell whether changes.csv says what the change of its total is made of."""
        return self.measure == "sum_known"

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
    title: Texts
    row: int = 0

    @property
    def has_percent(self) -> bool:
        """Tell whether it can be shown in percent: as it is, or as its share."""
        return bool(self.share) or self.unit == "percent"

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
    title: Texts


@dataclass(frozen=True)
class Unit:
    """A unit: its name at the head of a column, and what a number of it is called, by CLDR's category of plurals."""

    unit: str
    name: Texts
    forms: Mapping[str, Texts]

    def say(self, form: str, language: str) -> str:
        """Return what a number of it is called, `{n}` in place of the number; in the form `other` where it has none."""
        texts = (self.forms.get(each, {}).get(language) for each in (form, OTHER))
        return next(filter(None, texts), "{n}")


@dataclass(frozen=True)
class Member:
    """A member; `references` are figures that are used until it has reported its own, by column."""

    member: str
    region: str
    language: str
    name: Texts
    short: Texts
    member_from: date
    member_to: date
    references: Mapping[str, int] = field(hash=False)
    reference_basis: str

    def valid_in(self, quarter: str) -> bool:
        """Tell whether it is a member on the last day of the quarter (methodology, section 1)."""
        return self.member_from <= quarter_end(quarter) <= self.member_to


@dataclass(frozen=True)
class Alias:
    """Another name of a state; an ambiguous one may mean this state, but also another, or something else."""

    name: str
    iso3: str
    is_ambiguous: bool = False


@dataclass(frozen=True)
class ResolvedName:
    """The state that a name means, blank where unknown or ambiguous (then with the candidates)."""

    iso3: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Plan:
    """The whole plan, as `read_plan` returns it."""

    settings: Settings
    themes: tuple[Theme, ...]
    steps: tuple[Step, ...]
    kpis: tuple[Kpi, ...]
    components: tuple[StepPart, ...]
    companions: tuple[Companion, ...]
    region_titles: Mapping[str, Texts]
    units: Mapping[str, Unit]
    stages: Mapping[str, tuple[Texts, ...]]  # of each milestone product, from its first
    members: tuple[Member, ...]
    aliases: tuple[Alias, ...]
    rules: tuple[Rule, ...] = ()
    figures: tuple[ThemeFigure, ...] = ()
    _valid: dict[tuple[str, str], tuple] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions, in the order of regions.csv."""
        return tuple(self.region_titles)

    @property
    def code(self) -> str:
        """The code of the Union, the scope of its own figures."""
        return self.settings.code

    @cached_property
    def targets(self) -> str:
        """Whether its targets are `adopted`, `proposed` or `mixed`; proposed where there is none."""
        found = {kpi.target_status for kpi in self.kpis if kpi.target is not None}
        return "mixed" if len(found) > 1 else next(iter(found), "proposed")

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """The Union and its regions: what figures are about."""
        return (self.code, *self.regions)

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

    def figures_of(self, theme: int) -> tuple[ThemeFigure, ...]:
        """Return the figures of a theme, in order; 0: those of the section on change."""
        return tuple(figure for figure in self.figures if figure.theme == theme)

    def parts_of(self, kpi: str, unit: str = "", listed: str = "") -> tuple[Companion, ...]:
        """Return a KPI's companions, those of a unit or of a list of its step's parts where one is given."""
        step = self.by_kpi[kpi].step if kpi in self.by_kpi else ""
        codes = {part.code for part in self.components if (part.step, part.list) == (step, listed)}
        return tuple(
            companion
            for companion in self.companions
            if companion.kpi == kpi and unit in ("", companion.unit) and (not listed or companion.component in codes)
        )

    def title_of(self, companion: Companion) -> Texts:
        """Return the title of a companion: its own, or that of the part of the step that it is."""
        if any(companion.title.values()):
            return companion.title
        step, code = self.by_kpi[companion.kpi].step, companion.component
        return next(part.title for part in self.components if (part.step, part.code) == (step, code))

    def as_kpi(self, companion: Companion) -> Kpi:
        """Return a companion as the KPI it would be, to be said in the same words; its target is none."""
        how = {name: getattr(companion, name) for name in ("unit", "measure", "source")}
        assessed = "share" if companion.share == OF_TOTAL else "value"
        return replace(
            self.by_kpi[companion.kpi], title=self.title_of(companion), assessed=assessed, target=None, **how
        )

    def members_in(self, quarter: str, scope: str = "") -> tuple[Member, ...]:
        """Return the members valid in a quarter: of the Union (default), or of one region."""
        if (quarter, scope) not in self._valid:
            valid = (m for m in self.members if m.valid_in(quarter) and scope in ("", self.code, m.region))
            self._valid[quarter, scope] = tuple(valid)
        return self._valid[quarter, scope]

    def part_codes(self, step: str) -> tuple[str, ...]:
        """Return the codes of the parts that the plan names within a step."""
        return tuple(part.code for part in self.components if part.step == step)

    def list_flow_questions(self, kpi: str) -> list[str]:
        """Return the questions on the quarter alone that are parts of a KPI: those named as parts of its step."""
        codes = self.part_codes(self.by_kpi[kpi].step)
        return [
            part.source for part in self.parts_of(kpi) if part.measure == "sum_reported" and part.component in codes
        ]

    @cached_property
    def _names(self) -> Mapping[str, set[str]]:
        own = [(name, m.member) for m in self.members for name in (m.member, *m.name.values())]
        names: dict[str, set[str]] = defaultdict(set)
        for name, iso3 in (*own, *((alias.name, alias.iso3) for alias in self.aliases)):
            names[fold(name)].add(iso3)
        return {name: codes for name, codes in names.items() if name}

    @cached_property
    def _ambiguous(self) -> Mapping[str, set[str]]:
        """The names that have two meanings when written alone (methodology, section 1), with the states they may be."""
        names: dict[str, set[str]] = defaultdict(set)
        for alias in self.aliases:
            if alias.is_ambiguous:
                names[fold(alias.name)].add(alias.iso3)
        return names

    def resolve(self, text: str) -> ResolvedName:
        """Return the state that a name means; only whole names match, never similar ones (methodology, section 1)."""
        name = fold(text)
        codes = tuple(sorted(self._ambiguous.get(name) or self._names.get(name, ())))
        if len(codes) == 1 and name not in self._ambiguous:
            return ResolvedName(codes[0])
        return ResolvedName("", codes)


@dataclass(frozen=True)
class _Maker:
    """Makes the typed rows of the plan, with their texts in its languages."""

    languages: tuple[str, ...]

    def texts(self, row: CsvRow, prefix: str = "title") -> dict[str, str]:
        """Return the texts of a row by language."""
        return {language: row.get(f"{prefix}_{language}", "") for language in self.languages}

    def theme(self, row: CsvRow) -> Theme:
        texts = (self.texts(row, prefix) for prefix in ("title", "reached", "below"))
        return Theme(int(row["theme"]), row["leads"], *texts)

    def step(self, row: CsvRow) -> Step:
        due = parse_quarter(row["due"]) if row["due"] else ""
        return Step(row["step"], int(row["theme"]), due, self.texts(row), row["responsible"])

    def kpi(self, row: CsvRow, step: Step, names: Iterable[CsvRow]) -> Kpi:
        return Kpi(
            row["kpi"], step.step, step.theme, step.due, row["measure"], row["source"], row["unit"], row["assessed"],
            float(row["baseline"] or 0), float(row["target"]) if row["target"] else None, row["target_status"],
            self.texts(row), tuple(filter(None, row["shown"].split("; "))),
            {each["name"]: self.texts(each, "text") for each in names if each["kpi"] == row["kpi"]},
            row.get("target_reference", ""), row.number,
        )  # fmt: skip

    def companion(self, row: CsvRow) -> Companion:
        names = ("kpi", "component", "unit", "measure", "source", "share")
        return Companion(*(row[name] for name in names), self.texts(row), row.number)

    def figure(self, row: CsvRow) -> ThemeFigure:
        kpis = tuple(row["kpis"].split())
        return ThemeFigure(int(row["theme"] or 0), row["figure"], kpis, row["of"], self.texts(row), row.number)

    def units(self, rows: Iterable[CsvRow]) -> dict[str, Unit]:
        forms: dict[str, dict[str, Texts]] = defaultdict(dict)
        for row in rows:
            forms[row["unit"]][row["form"]] = self.texts(row, "text")
        return {unit: Unit(unit, each.pop(UNIT_NAME, {}), each) for unit, each in forms.items()}

    def stages(self, rows: Iterable[CsvRow]) -> dict[str, tuple[Texts, ...]]:
        stages: dict[str, list[Texts]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: int(row["stage"])):
            stages[row["product"]].append(self.texts(row))
        return {product: tuple(titles) for product, titles in stages.items()}

    def member(self, row: CsvRow, references: Iterable[str]) -> Member:
        days = (row["member_from"] or "0001-01-01", row["member_to"] or "9999-12-31")
        return Member(
            row["member"], row["region"], row["language"], self.texts(row, "name"), self.texts(row, "short"),
            *map(date.fromisoformat, days), {column: int(row[column]) for column in references},
            row.get("reference_basis", ""),
        )  # fmt: skip


@lru_cache(maxsize=files.MOST_PLANS)
def make_plan(folder: Path) -> Plan:
    """Make the plan of the rows of its files that have no problem."""
    settings = read_settings_file(folder)[0]
    make, rows = _Maker(settings.languages), {name: table.rows for name, table in read_plan_files(folder).items()}
    steps = {row["step"]: make.step(row) for row in rows["steps"]}
    kpis = [make.kpi(row, steps[row["step"]], rows["names"]) for row in rows["kpis"] if row["step"] in steps]
    references = tuple(dict.fromkeys(row["reference"] for row in rows["totals"]))
    return Plan(
        settings,
        tuple(map(make.theme, rows["themes"])), tuple(steps.values()),
        tuple(sorted(kpis, key=lambda kpi: kpi.kpi)),  # a row added at the end of the file is listed with its theme
        tuple(StepPart(row["step"], row["list"], row["code"], make.texts(row)) for row in rows["components"]),
        tuple(map(make.companion, rows["companions"])),
        {row["region"]: make.texts(row) for row in rows["regions"]}, make.units(rows["units"]),
        make.stages(rows["stages"]), tuple(make.member(row, references) for row in rows["members"]),
        tuple(Alias(row["alias"], row["iso3"], row.get("source", "") == AMBIGUOUS) for row in rows["aliases"]),
        tuple(make_rule(row) for row in rows["rules"] if not any(list_row_problems(row))),
        tuple(map(make.figure, rows["figures"])),
    )  # fmt: skip


@lru_cache(maxsize=files.MOST_PLANS)
def _read_checked(folder: Path) -> Plan:
    files.refuse(problem for table in read_plan_files(folder).values() for problem in table.problems)
    return make_plan(folder)


def read_plan(folder: Path | None = None) -> Plan:
    """Read the plan (default: `data/raw/plan`). Raises PlanError with file, row and reason of all wrong cells."""
    return _read_checked(folder or paths.plan())
