"""What the tests share: the plan and the form, returns as read, and a root of their own with files as received."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import gc
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from helpers import paths
from helpers.ingest import received, registers
from helpers.ingest.cells import parse_instant, read_answer
from helpers.ingest.issues import Place
from helpers.ingest.records import ReceivedFile, ReceivedItem, ReceivedReturn
from helpers.plan.plan import Plan, read_plan
from helpers.plan.questionnaire import Form, read_form
from present import PERSONAL, REPEAT

os.environ["LANGUAGE"] = "C"  # whatever the locale of whoever runs the tests
ROOT = Path(__file__).resolve().parents[1]
PLAN = ROOT / "data" / "raw" / "plan"
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
MANIFEST = "file,sha256,received_on,channel,note\n"
REGISTERS = tuple(name for name in registers.COLUMNS if name not in registers.OPTIONAL)
# The KPIs of the plan's own document; whoever adds one adds it to the plan alone.
DOCUMENT = {
    "1.1.a", "1.1.b", "2.1.a", "2.2.a", "2.3.a", "3.1.a", "3.1.b", "3.2.a", "3.3.a", "4.1.a", "4.1.b", "4.2.a", "4.2.b",
    "5.1.a", "5.1.b", "5.1.c", "5.2.a", "5.3.a", "5.3.b", "6.1.a",
}  # fmt: skip
SYSTEM = ("_id", "_uuid", "_submission_time", "_validation_status", "meta/rootUuid", "_index")


@dataclass(frozen=True)
class Formula:
    """A cell to be written as a formula, with the value that is stored for it (blank: none)."""

    text: str
    stored: object = ""


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]], hidden: str = "") -> None:
    """Write sheets of plain cells; a Formula becomes one, dates keep their time of day."""
    with xlsxwriter.Workbook(path, OPTIONS) as book:
        day, moment = (book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            if name == hidden:
                sheet.hide()
            for at in ((r, c, cell) for r, row in enumerate(table) for c, cell in enumerate(row)):
                if isinstance(at[2], Formula):
                    sheet.write_formula(*at[:2], at[2].text, None, at[2].stored)
                elif isinstance(at[2], date):
                    sheet.write_datetime(*at, moment if isinstance(at[2], datetime) else day)
                elif at[2] is not None and at[2] != "":
                    sheet.write(*at)


def table_of(rows: Sequence[Mapping[str, object]], columns: Sequence[str] = ()) -> list[list[object]]:
    """Return records as a header and its rows; the header holds every name that occurs."""
    header = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    return [header, *([row.get(name) for name in header] for row in rows)]


@dataclass(frozen=True)
class Raw:
    """A root of its own: the plan, empty registers, and writers of files as they are received."""

    root: Path
    form: Form = field(repr=False)

    def folder(self, quarter: str) -> Path:
        """Return a quarter's folder, made where it is not there."""
        folder = self.root / "data" / "raw" / quarter
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def list_file(self, path: Path, received_on: str = "", channel: str = "mail", sha256: str = "") -> Path:
        """Enter a file in its quarter's MANIFEST, with the right digest unless another is given."""
        manifest = path.parent / "MANIFEST.csv"
        with manifest.open("a", encoding="utf-8", newline="") as file:
            file.write("" if file.tell() else MANIFEST)
            digest = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
            csv.writer(file, lineterminator="\n").writerow([path.name, digest, received_on, channel, ""])
        return path

    def add(self, quarter: str, name: str, content: bytes, received_on: str = "", **listed: str) -> Path:
        """Add a file of any bytes."""
        path = self.folder(quarter) / name
        path.write_bytes(content)
        return self.list_file(path, received_on, **listed)

    def write_sheets(
        self, quarter: str, sheets: Mapping[str, Sequence[Sequence[object]]], name: str = "mail.xlsx",
        received_on: str = "", hidden: str = "", **listed: str,
    ) -> Path:  # fmt: skip
        """Add a workbook of any sheets."""
        path = self.folder(quarter) / name
        write_workbook(path, sheets, hidden)
        return self.list_file(path, received_on, **listed)

    def write_plain(
        self, quarter: str, rows: Sequence[Mapping[str, object]], items: Sequence[Mapping[str, object]] | None = None,
        name: str = "mail.xlsx", received_on: str = "", channel: str = "mail",
    ) -> Path:  # fmt: skip
        """Add a plain workbook: sheet `returns`, and `innovations` unless items is None."""
        sheets = {"returns": table_of(rows, ("member", "quarter"))}
        if items is not None:
            sheets[REPEAT] = table_of(items, ("member", "kind"))
        return self.write_sheets(quarter, sheets, name, received_on, channel=channel)

    def write_kobo(
        self, quarter: str, rows: Sequence[Mapping[str, object]], items: Sequence[Mapping[str, object]] | None = None,
        name: str = "kobo.xlsx", received_on: str = "", channel: str = "kobo", summary: bool = True,
    ) -> Path:  # fmt: skip
        """Add a KoboToolbox export with XML names, group paths and split choices, and the repeat's sheet."""
        returns = table_of([self._exported(row, n, summary) for n, row in enumerate(rows, start=1)])
        sheets = {"UPAP numérique": returns}
        if items is not None:
            fields = {field.name: f"innovation/innovations/{field.name}" for field in self.form.fields}
            named = [{fields.get(key, key): cell for key, cell in item.items()} for item in items]
            sheets[REPEAT] = table_of(named, (*fields.values(), "_index", "_parent_table_name", "_parent_index"))
        return self.write_sheets(quarter, sheets, name, received_on, channel=channel)

    def _exported(self, row: Mapping[str, object], number: int, summary: bool) -> dict[str, object]:
        cells: dict[str, object] = {}
        for question in (q for q in self.form.questions if q.name in row):
            header, value = f"{question.group}/{question.name}", row[question.name]
            if question.type != "select_multiple" or summary:
                cells[header] = Formula(value, 0) if str(value).startswith("=") else value
            if question.type == "select_multiple":
                codes = str(value or "").split()
                cells |= {f"{header}/{code}": int(code in codes) if codes else None for code in question.choices}
        return cells | {"_index": number} | {name: cell for name, cell in row.items() if name in SYSTEM}

    def write_register(self, name: str, *rows: str) -> None:
        """Write a register of ours: its columns, then the rows as text."""
        text = "\n".join((",".join(registers.COLUMNS[name]), *rows)) + "\n"
        (paths.registers() / f"{name}.csv").write_text(text, encoding="utf-8")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that have slow tests, so that no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Keep what was collected out of every later search for garbage: it stays to the end, and it is much."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly wait for files to be complete: those of tests are, unless a test says otherwise."""
    monkeypatch.setattr(received, "SETTLED_AFTER", 0.05)


@pytest.fixture(autouse=True)
def unspoken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no command that a test runs here decide in what language the next one speaks."""
    monkeypatch.setenv("LANGUAGE", "C")


@pytest.fixture(scope="session", autouse=True)
def raw_is_never_written() -> Iterator[None]:
    """Make sure that no test, and so nothing that a test runs, changed what was received."""
    before = _digests(ROOT / "data" / "raw")
    yield
    assert _digests(ROOT / "data" / "raw") == before


def _digests(folder: Path) -> dict[Path, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module", autouse=True)
def memory_is_given_back() -> Iterator[None]:
    """Give back the memory of a module's tables and drawings: a worker would keep the most that any module took."""
    yield
    readers = [vars(module) for name, module in sys.modules.items() if name.startswith("helpers.ingest.")]
    for cached in (value for names in readers for value in names.values() if hasattr(value, "cache_clear")):
        cached.cache_clear()  # headers spelled in every way, for forms and separators that only one module has
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # only glibc keeps it
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@pytest.fixture(scope="session")
def plan() -> Plan:
    """Return the plan."""
    return read_plan(PLAN)


@pytest.fixture(scope="session")
def form() -> Form:
    """Return the questionnaire."""
    return read_form(PLAN / "questionnaire")


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Form) -> Raw:
    """Return a root of its own, with data only, in which `helpers.paths` then looks; the plan is the shipped one."""
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    monkeypatch.delenv("PAPU_OUT", raising=False)
    paths.registers().mkdir(parents=True)
    made = Raw(tmp_path, form)
    for name in REGISTERS:
        made.write_register(name)
    return made


@pytest.fixture
def make_return(form: Form, plan: Plan) -> Callable[..., ReceivedReturn]:
    """Return a maker of returns as read: answers by question, items as records (None: without the part)."""

    def make(
        member: str = "SEN", quarter: str = "2024Q3", received: str = "2024-10-10", *,
        items: Sequence[Mapping[str, object]] | None = None, name: str = "mail.xlsx", row: int = 2,
        listed: str = "", identity: str = "", label: str | None = None, **answers: object,
    ) -> ReceivedReturn:  # fmt: skip
        place = Place(quarter, name, "returns", str(row), plan.resolve(member).iso3)
        file = ReceivedFile(quarter, name, "0" * 64, 1, "mail", date.fromisoformat(listed) if listed else None)
        read = {q.name: read_answer(q, answers.get(q.name)) for q in form.questions if q.name not in PERSONAL}
        part = [
            ReceivedItem({f.name: read_answer(f, item.get(f.name)) for f in form.fields}, place) for item in items or ()
        ]
        return ReceivedReturn(
            place, file, place.member, member, quarter if label is None else label,
            date.fromisoformat(received[:10]) if received else None, parse_instant(received),
            identity or f"{name}/{row}", {n: a for n, a in read.items() if n not in ("member", "quarter")},
            {field: str(answers.get(field, "")) for field in PERSONAL}, None if items is None else tuple(part),
        )  # fmt: skip

    return make


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of its own: the notebooks, the plan, the registers and two quarters of the sample."""
    root = tmp_path / "a checkout, été"
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    for name in ("plan", "registers", "2022Q3", "2022Q4"):
        shutil.copytree(ROOT / "data" / "raw" / name, root / "data" / "raw" / name)
    return root
