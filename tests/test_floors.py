"""The house: twelve rooms and the command on their floors, each with its door; a module keeps to its own trade."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HELPERS = ROOT / "src" / "helpers"
# From the ground up: a room imports only from those before it.
FLOORS = (
    "speech",
    "paths",
    "strings",
    "durable",
    "plan",
    "i18n",
    "editions",
    "ingest",
    "kpis",
    "tables",
    "report",
    "explain",
    "explore",
    "start",
    "words",
    "desk",
    "runs",
    "cli",
)
ROOMS = tuple(name for name in FLOORS if (HELPERS / name).is_dir())
MOST_NAMES = 13  # of a door
MOST_LINES = 450  # of a module: more than one responsibility
MODULES = sorted(path for path in HELPERS.rglob("*.py") if path.parent != HELPERS or path.stem in FLOORS)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def floor(path: Path) -> str:
    return path.relative_to(HELPERS).parts[0].removesuffix(".py")


def module(path: Path) -> str:
    return ".".join(path.relative_to(HELPERS).with_suffix("").parts).removesuffix(".__init__")


@cache
def parse(path: Path) -> ast.Module:
    """Return the code of a module, parsed once for all that is asked of it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def list_imports(path: Path) -> tuple[tuple[str, str], ...]:
    """Return each import of ours in a module, as `imports` yields them."""
    return tuple(imports(parse(path)))


def imports(code: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each import of ours, wherever in some code: the module, and the name taken from it."""
    for node in ast.walk(code):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "helpers":
            yield from ((node.module.removeprefix("helpers").removeprefix("."), alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.partition(".")[0] == "helpers")


def door(room: str) -> set[str]:
    return set(importlib.import_module(f"helpers.{room}").__all__)


def past_the_door(imported: Iterable[tuple[str, str]], own: str = "") -> list[str]:
    """Return the imports from other rooms than one's own that take what their door does not offer."""
    wrong = []
    for source, name in imported:
        room = source.partition(".")[0]
        if room == own and own in ROOMS:
            continue
        if source == "" and name in FLOORS or source in set(FLOORS) - set(ROOMS):
            continue
        if source not in ROOMS or name not in door(source):
            wrong.append(f"from helpers.{source} import {name}".replace("helpers. ", "helpers "))
    return wrong


def test_every_module_stands_in_a_room_or_on_a_floor_of_its_own():
    assert {floor(path) for path in MODULES} == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_a_room_imports_only_from_rooms_below(path):
    own = floor(path)
    used = {(source or name).partition(".")[0] for source, name in list_imports(path)}
    assert used <= {*FLOORS[: FLOORS.index(own)], *([own] if own in ROOMS else [])}


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_other_rooms_are_entered_by_their_doors(path):
    assert past_the_door(list_imports(path), floor(path)) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_enter_by_the_doors(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert past_the_door(imports(ast.parse(code))) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_offers_few_names_all_of_them_there(room):
    offered = importlib.import_module(f"helpers.{room}").__all__
    assert 0 < len(offered) == len(set(offered)) <= MOST_NAMES
    assert [name for name in offered if not _is_there(room, name)] == []


def _is_there(room: str, name: str) -> bool:
    if hasattr(importlib.import_module(f"helpers.{room}"), name):
        return True
    folder = HELPERS / room
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()


def test_no_import_within_a_room_goes_in_a_circle():
    known = {module(path): path for path in MODULES}
    graph = {}
    for name, path in known.items():
        used = set()
        for node in parse(path).body:  # what is imported as the module is
            for source, imported in imports(node) if isinstance(node, ast.ImportFrom) else ():
                used.add(f"{source}.{imported}" if f"{source}.{imported}" in known else source)
        graph[name] = used & known.keys() - {name}
    while leaves := {name for name, used in graph.items() if not used & graph.keys()}:
        graph = {name: used for name, used in graph.items() if name not in leaves}
    assert sorted(graph) == []


def _public_names(path: Path) -> Iterator[str]:
    for node in parse(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))


def test_no_public_name_is_defined_twice():
    names = Counter(name for path in MODULES for name in set(_public_names(path)) if not name.startswith("_"))
    assert sorted(name for name, times in names.items() if times > 1) == []


def mentions(word: str) -> set[str]:
    return {floor(path) for path in MODULES if re.search(word, path.read_text(encoding="utf-8"))}


def test_only_runs_knows_papermill():
    assert mentions(r"import papermill|nbclient") == {"runs"}


def test_only_the_report_knows_how_things_look():
    assert mentions(r"\b(from|import) (matplotlib|seaborn|typst|xlsxwriter)") <= {"report"}


def test_only_i18n_formats_numbers():
    assert mentions(r"\b(from|import) babel") == {"i18n"}


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_a_module_says_what_it_is_for_and_stays_one_responsibility(path):
    assert ast.get_docstring(parse(path))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
