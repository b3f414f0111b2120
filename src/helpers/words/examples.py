"""What the sentences look like in use: where the code says each, and how the newest edition prints it."""

import ast
import contextlib
import inspect
import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from helpers import editions, paths
from helpers.explain import explain_figures, format_explanation
from helpers.i18n import Translator, catalogue, messages
from helpers.plan import checks, quarters, read_plan, read_settings
from helpers.report import Report, actions, blocks, brief, figures, headlines, tables
from helpers.start import proofread
from helpers.tables import EditionTables, pipeline

# What is said there, by the beginning of the module's path; the first that fits.
_USES = {
    "report/figures": "figure of the report", "report/tables/brief": "table of a member's brief",
    "report/tables": "table of the report", "report/brief": "brief of a member", "report/letters": "letter to a member",
    "report/mailing": "letter to a member", "report/actions": "papu actions, and the report's actions",
    "report/headlines": "title or main point of the report", "report/phrases": "figures in words, report and briefs",
    "report/html": "web page of the report", "report/xlsx": "workbook of tables", "report": "report",
    "explain": "papu explain", "explore": "explorer of figures", "start": "papu plan", "i18n": "everywhere",
    "notebooks": "heading of the report",
}  # fmt: skip
_NAMED = re.compile(r"(formula|source|rule|unit|severity|channel|targets:?) \w")
_TABLES = {"issues.csv": "finding of papu check, in letters and briefs", "letters.csv": "letter to a member"}
_FIGURES = {"companions": "companion_dots", "changes": "waterfalls"}  # that figures.csv calls otherwise
_OF_SEVERAL = ("trends", "changes")  # figures that take KPIs side by side
_MOST_PLACES = 3


@dataclass(frozen=True, eq=False)
class _Recorder(Translator):
    """A translator that keeps the first text it makes of each sentence; what it lacks, it says in English."""

    made: dict[str, str] = field(default_factory=dict)
    __hash__, __eq__ = object.__hash__, object.__eq__  # what is remembered for another translator is not recorded

    def _forms(self, sentence: str) -> tuple[str, ...]:
        try:
            return super()._forms(sentence)
        except catalogue.MissingTranslation:
            return Translator("en")._forms(sentence)

    def __call__(self, sentence: str, **values: object) -> str:
        text = super().__call__(sentence, **values)
        self.made.setdefault(sentence, text)
        return text

    def plural(self, sentence: str, n: float, **values: object) -> str:
        text = super().plural(sentence, n, **values)
        self.made.setdefault(sentence, text)
        return text


def describe_use(file: str, key: str) -> str:
    """Return what a sentence is part of, and the modules that say it."""
    if file in _TABLES:
        return _TABLES[file]
    if named := _NAMED.match(key):
        return f"{named[1].rstrip(':')}, in the report's annexes and the commands"
    places = _find_places().get(key, ())
    uses = [next(use for start, use in _USES.items() if place.startswith(start)) for place in places]
    more = "…" if len(places) > _MOST_PLACES else ""
    shown = "; ".join(dict.fromkeys(uses[:_MOST_PLACES])) + f" ({', '.join(places[:_MOST_PLACES])}{more})"
    return shown if places else "nowhere found in the code"


@cache
def _find_places() -> Mapping[str, list[str]]:
    """Return the modules and notebooks in which each text is a literal."""
    places = defaultdict(list)
    for path in sorted(paths.PACKAGE.rglob("*.py")):
        name = path.relative_to(paths.PACKAGE).as_posix()
        if name.startswith(tuple(_USES)):
            _add_literals(name, path.read_text(encoding="utf-8"), places)
    for path in sorted(paths.notebooks().glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        _add_literals(f"notebooks/{path.stem}", code, places)
    return places


def _add_literals(place: str, code: str, places: Mapping[str, list[str]]) -> None:
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    for text in {node.value for node in nodes if isinstance(node.value, str)}:
        places[text].append(place)


def find_newest_edition() -> tuple[str, str]:
    """Return the quarter and date of the newest published edition; of none, those that the next one would have."""
    if published := editions.list_published_editions():
        newest = max(published, key=lambda edition: (edition.quarter, edition.as_of))
        return newest.quarter, newest.as_of
    paths.check_raw_folder()
    settings, folders = read_settings(), [path for path in paths.raw().iterdir() if path.is_dir()]
    known = sorted(path.name for path in folders if quarters.is_quarter(path.name) and settings.in_plan(path.name))
    due = [quarter for quarter in known if settings.first_cutoff(quarter) <= quarters.today()]
    if not due:
        raise paths.DataRefused(f"{paths.raw()} has no quarter that an edition can be made of; add its returns first")
    return due[-1], settings.first_cutoff(due[-1]).isoformat()


def collect_examples(language: str) -> dict[tuple[str, str], str]:
    """Return how the newest edition prints each sentence, by file and key, as far as it does.

    The blocks of its report are built in the language, and of what was really received nothing that a member alone
    reads: its brief, its findings.
    """
    try:
        edition, t = pipeline.load_tables(*find_newest_edition()), _Recorder(language)
    except paths.DataRefused:  # nothing was received yet
        return {}
    with tempfile.TemporaryDirectory() as folder:
        _print_report(_start_report(edition, t, Path(folder)))
        if edition.sample:
            _print_brief(edition, t, Path(folder))
    _print_commands(edition, t)
    found = {(messages.catalogue_path(language).name, key): text for key, text in t.made.items()}
    if edition.sample:
        issues = edition.issues.drop_duplicates("key")
        found |= {
            ("issues.csv", key): said for key, said in zip(issues["key"], issues[f"said_{language}"], strict=True)
        }
    return found


def _start_report(edition: EditionTables, t: Translator, out: Path, name: str = "report") -> Report:
    report = Report(edition.quarter, edition.as_of, t.language, tables=edition, out=out, name=name)
    report.t = t
    return report


def _print_report(report: Report) -> None:
    plan = read_plan()
    themes, kpis = [theme.theme for theme in plan.themes], [kpi.kpi for kpi in plan.kpis]
    for make in (Report.cover, Report.contents, Report.legend):
        _make(report, make)
    for module in (headlines, tables, figures):
        # Figures of single KPIs are the plan's choice, below.
        _make_all(report, module, {"theme": themes, "number": themes, "kpi": kpis if module is headlines else ()})
    for figure in plan.figures:
        make = getattr(figures, _FIGURES.get(figure.figure, figure.figure))
        chosen = figure.kpis if figure.figure in _OF_SEVERAL else figure.kpis[0]
        _make(report, make, chosen, *([figure.of] if figure.of else []))
    for text, places in _find_places().items():
        if any(place.startswith("notebooks") for place in places):  # a heading, or no sentence at all
            _make(report, lambda report, text=text: report.t(text))
    _make(report, Report.document)


def _print_brief(edition: EditionTables, t: Translator, out: Path) -> None:
    """Build the briefs of the first member with a return that counts, and of the first without one."""
    answered = set(edition.returns.query("quarter == @edition.quarter and state != 'refused'")["member"])
    members = sorted(read_plan().members, key=lambda member: member.member)
    chosen = {member.member in answered: member for member in reversed(members)}
    for member in chosen.values():
        report = _start_report(edition, t, out, f"brief_{member.member}")
        for module in (brief, tables):
            _make_all(report, module, {"member": [member]})
        _make(report, lambda report: report.actions([]))
        _make(report, lambda report: report.head("", []))
        _make(report, Report.document)


def _print_commands(edition: EditionTables, t: Translator) -> None:
    """Print the plan in words, the actions, and the explanation of each figure."""
    plan, form = checks.check_plan()
    proofread.list_parts(plan, form, t)
    list(actions.format_actions(edition, t))
    for explanation in explain_figures(edition, [(kpi, plan.code) for kpi in plan.kpis]):
        list(format_explanation(explanation, t))


def _make_all(report: Report, module: ModuleType, arguments: Mapping[str, Sequence[object]]) -> None:
    """Call what a module offers that takes a report alone, or with one of some arguments, once with each value."""
    for name in getattr(module, "__all__", vars(module)):
        make = getattr(module, name)
        if name.startswith("_") or not inspect.isfunction(make):
            continue
        taken = inspect.signature(make).parameters.values()
        first, *others = [each.name for each in taken if each.default is inspect.Parameter.empty] or [""]
        if first == "report" and not others:
            _make(report, make)
        elif first == "report" and len(others) == 1:
            for value in arguments.get(others[0], ()):
                _make(report, make, value)


def _make(report: Report, make: Callable[..., object], *arguments: object) -> None:
    """Make a part of the report; one that this edition cannot have leaves its sentences without an example."""
    with contextlib.suppress(LookupError, ValueError, TypeError, AttributeError):
        made = make(report, *arguments)
        if isinstance(made, blocks.ReportFigure | blocks.Table):
            report.add(made)
