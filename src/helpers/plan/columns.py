"""The columns of the plan's files, and what a cell of each may be: the first check of what a Secretariat edits."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from helpers.plan import files
from helpers.plan.files import COUNT, ISO3, LINE, NAME, NUMBER, QUARTER, one_of
from helpers.plan.rules import CHECKS, RULES
from helpers.plan.settings import FILE, Settings, read_settings_file
from helpers.plan.theme_figures import FIGURES, OF_TOTAL
from helpers.speech import to_say

GENERAL_UNITS = ("number", "percent", "stage")  # with words in the catalogues
UNIT_NAME = "name"  # among the forms of a unit, which are its plurals
ONE, OTHER = "one", "other"
PLURALS = ("zero", ONE, "two", "few", "many", OTHER)  # CLDR's categories
THEME_VALUES = ("value", "target", "of", "known", "since")  # what a theme's own sentences may name
AMBIGUOUS = "ambiguous"  # the source of an alias that may mean something else, which is never resolved
OF_ANSWERS = "of those that answered"
STOCK_MEASURES = ("count_known", "sum_known", "mean_index", "distinct_codes")  # of levels, which are carried forward
REGISTER_MEASURES = ("milestone", "register", "rate")  # of what the Secretariat records itself
MEASURES = (*STOCK_MEASURES, "count_ever", "distinct_items", "sum_flow", *REGISTER_MEASURES)
COMPANION_MEASURES = (*STOCK_MEASURES, "count_ever", "distinct_items", "sum_reported", "rate")
_PLACE = "(?:brief|(?:tile|point|call) [1-9])"
_SHOWN = files.Allowed(
    f"{_PLACE}(?:; {_PLACE})*", to_say("a list of places, such as tile 1; point 2; call 1; brief")
).or_blank()
_SORTED = to_say("tables sort codes as text, and 10 would come before 2")
_THEME = files.Allowed("[1-9]", to_say("a number from 1 to 9"), _SORTED)
_STEP = files.Allowed(r"[1-9]\.[1-9]", to_say("a code such as 2.1"), _SORTED)
_KPI = files.Allowed(r"[1-9]\.[1-9]\.[a-z]", to_say("a step, a dot and a small letter"), _SORTED)
_KPIS = files.Allowed(f"{_KPI.pattern}(?: {_KPI.pattern})*", to_say("codes of KPIs with a blank between"))
_DAY = files.Allowed(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}", to_say("a date such as 2024-07-31"), parse=date.fromisoformat
).or_blank()
_PART = f"(?:{NAME.pattern}|{_KPI.pattern})"
_PARTS = files.Allowed(
    f"{_PART}(?: {_PART})*", to_say("a name of small letters, digits and _, or several with a blank between")
)
_YES_NO = one_of(("yes", "no"))
_STAGE = files.Allowed("[1-9]", to_say("a number from 1 to 9"))
_REGION = files.Allowed("[A-Za-z][A-Za-z0-9_-]*", to_say("a name of letters and digits, such as Western"))
_REFERENCE = files.Allowed(
    "reference_(?!basis$)[a-z0-9_]+", to_say("a column of members.csv that begins with reference_")
)


class _CodeOf(NamedTuple):
    """What a cell may be: a code that a column of another file has."""

    file: str
    column: str
    blank: bool = False


_Columns = Mapping[str, files.Allowed | _CodeOf]


def _in_each(prefix: str, languages: Iterable[str], allowed: files.Allowed = LINE) -> dict[str, files.Allowed]:
    return {f"{prefix}_{language}": allowed for language in languages}


def _list_files(settings: Settings) -> Mapping[str, tuple[str, _Columns, _Columns]]:
    """Return of each file the columns of its key, what a cell of each column may be, and of each that it may lack."""
    languages, blank = settings.languages, LINE.or_blank()
    titles = _in_each("title", languages)
    own_sentences = _in_each("reached", languages, blank) | _in_each("below", languages, blank)
    return {
        "themes": ("theme", {"theme": _THEME, "leads": _KPI, **titles}, own_sentences),
        "steps": ("step", {
            "step": _STEP, "theme": _CodeOf("themes", "theme"), "due": QUARTER.or_blank(), "responsible": LINE,
            **titles,
        }, {}),
        "kpis": ("kpi", {
            "kpi": _KPI, "step": _CodeOf("steps", "step"), "measure": one_of(MEASURES), "source": LINE, "unit": NAME,
            "assessed": one_of(("value", "share")), "baseline": NUMBER.or_blank(), "target": NUMBER.or_blank(),
            "target_status": one_of(("proposed", "adopted")), **titles, "shown": _SHOWN,
        }, {"target_reference": blank}),
        "names": ("kpi name", {
            "kpi": _CodeOf("kpis", "kpi"), "name": one_of(("short", "measured", "own", "head")),
            **_in_each("text", languages),
        }, {}),
        "components": ("step code", {"step": _CodeOf("steps", "step"), "list": NAME, "code": NAME, **titles}, {}),
        "companions": ("kpi component", {
            "kpi": _CodeOf("kpis", "kpi"), "component": NAME, "unit": NAME, "measure": one_of(COMPANION_MEASURES),
            "source": LINE, "share": one_of((OF_TOTAL, OF_ANSWERS)).or_blank(), **_in_each("title", languages, blank),
        }, {}),
        "figures": ("", {
            "theme": _CodeOf("themes", "theme", blank=True), "figure": one_of(FIGURES), "kpis": _KPIS,
            "of": _PARTS.or_blank(), **_in_each("title", languages, blank),
        }, {}),
        "regions": ("region", {"region": _REGION, **titles}, {}),
        "units": ("unit form", {
            "unit": NAME, "form": one_of((UNIT_NAME, *PLURALS)), **_in_each("text", languages, blank),
        }, {}),
        "stages": ("product stage", {"product": NAME, "stage": _STAGE, **titles}, {}),
        "totals": ("question", {"question": NAME, "reference": _REFERENCE}, {}),
        "members": ("member", {
            "member": ISO3, "region": _CodeOf("regions", "region"), "language": one_of(languages),
            **_in_each("name", languages), "member_from": _DAY, "member_to": _DAY,
        }, _in_each("short", languages, blank)),
        "rules": ("", {
            "rule": one_of(RULES), "check": one_of(CHECKS), "question": LINE, "other": blank,
            "low": NUMBER.or_blank(), "high": NUMBER.or_blank(),
        }, {}),
        "aliases": ("alias iso3", {"alias": LINE, "iso3": ISO3, "member": _YES_NO}, {}),
        "tile_grid": ("iso3", {"iso3": ISO3, "row": COUNT, "column": COUNT, "member": _YES_NO}, {}),
    }  # fmt: skip


# A plan may have no row of these, such as other names, parts, rules of its own or totals with a reference.
_MAY_BE_EMPTY = ("aliases", "components", "companions", "figures", "names", "rules", "stages", "totals")


def _allow(kind: files.Allowed | _CodeOf, tables: Mapping[str, files.PlanTable]) -> files.Allowed:
    if not isinstance(kind, _CodeOf):
        return kind
    allowed = one_of(tables[kind.file].codes(kind.column), f"{kind.file}.csv")
    return allowed.or_blank() if kind.blank else allowed


@lru_cache(maxsize=files.MOST_PLANS)
def read_plan_files(folder: Path) -> Mapping[str, files.PlanTable]:
    """Read the files of the plan by name, each cell held against what its column may be; problems are kept."""
    settings, problems = read_settings_file(folder)
    tables = {"plan": files.PlanTable(FILE, problems=problems)}
    for name, (key, columns, optional) in _list_files(settings).items():
        allowed = {column: _allow(kind, tables) for column, kind in columns.items()}
        if name == "members":
            references = dict.fromkeys(filter(None, tables["totals"].codes("reference")), COUNT)
            allowed |= references | ({"reference_basis": LINE} if references else {})
        path, may_be_empty = folder / f"{name}.csv", name in _MAY_BE_EMPTY
        tables[name] = files.read_plan_table(path, allowed, tuple(key.split()), optional, may_be_empty=may_be_empty)
    return tables
