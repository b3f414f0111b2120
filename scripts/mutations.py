"""Change one raw cell at a time, at random, and see whether a published table changes: `mutations.py 200 --nbval 10`.

Each change is made in a copy of the raw files and goes through ingest and KPIs only, at the edition of the file's own
quarter; some go through nbval too, which must fail and name a figure. Prints how many changed a table, and for each
that did not, why; exits with 1 where one is not accounted for.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl

from helpers import paths
from helpers.plan.quarters import FIRST_QUARTER, quarters_between
from helpers.plan.questionnaire import PERSONAL
from helpers.tables import pipeline, schema

ROOT = Path(__file__).resolve().parents[1]
QUARTER = "2024Q3"  # that of the notebooks' stored outputs, and of the registers' rows


@dataclass(frozen=True)
class Cell:
    """A raw cell: where it stands, what is written there, and under which heading."""

    file: str  # below data/raw
    sheet: str
    place: str
    value: object
    heading: str

    @property
    def quarter(self) -> str:
        """The quarter at whose edition the change is looked at."""
        return QUARTER if self.file.startswith("registers/") else self.file.partition("/")[0]

    @property
    def changed(self) -> str:
        """Another value of the same kind."""
        if isinstance(self.value, (int, float)) or str(self.value).isdigit():
            return str(int(float(self.value)) + 1)
        return f"{self.value}x"


# --- the cells --------------------------------------------------------------------------------------------------


def list_cells() -> list[Cell]:
    """List every cell that holds something, but headings, of the returns and the registers."""
    found: list[Cell] = []
    for path in sorted((ROOT / "data" / "raw").glob("20*/*.xlsx")):
        found += _cells_of(path, f"{path.parent.name}/{path.name}")
    for path in sorted((ROOT / "data" / "raw" / "registers").glob("*.csv")):
        header, *rows = csv.reader(path.open(encoding="utf-8-sig", newline=""))
        found += [
            Cell(f"registers/{path.name}", "", f"{r},{c}", value, header[c])
            for r, row in enumerate(rows, start=1) for c, value in enumerate(row) if value
        ]  # fmt: skip
    return found


def _cells_of(path: Path, name: str) -> Iterator[Cell]:
    book = openpyxl.load_workbook(path)
    for number, sheet in enumerate(book.worksheets, start=1):
        headings = {cell.column: str(cell.value or "") for cell in sheet[1]}
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                if cell.value is not None and not str(cell.value).startswith("="):
                    value = cell.value if cell.data_type in "ns" else cell.internal_value
                    yield Cell(name, f"xl/worksheets/sheet{number}.xml", cell.coordinate, value, headings[cell.column])


# --- one change -------------------------------------------------------------------------------------------------


def _change_workbook(path: Path, cell: Cell) -> None:
    """Write another value into one cell of a sheet's own XML: nothing else of the file changes."""
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    text = parts[cell.sheet].decode("utf-8")
    found = re.search(rf'<c r="{cell.place}"( s="\d+")?[^>]*>.*?</c>', text)
    look = f'<c r="{cell.place}"{found[1] or ""}'
    number = re.fullmatch(r'<c [^>]*?(?: t="n")?><v>([-\d.]+)</v></c>', found[0]) if ' t="s"' not in found[0] else None
    if number:
        was = float(number[1])
        # What is ticked or not is turned round: 2 would say no more than 1.
        new = f"{look}><v>{1 - was if was in (0, 1) else was + 1:.15g}</v></c>"
    else:
        new = f'{look} t="inlineStr"><is><t>{escape(cell.changed)}</t></is></c>'
    parts[cell.sheet] = (text[: found.start()] + new + text[found.end() :]).encode("utf-8")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _change_csv(path: Path, cell: Cell) -> None:
    rows = list(csv.reader(path.open(encoding="utf-8-sig", newline="")))
    row, column = map(int, cell.place.split(","))
    rows[row][column] = cell.changed
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def make_root(folder: Path, cell: Cell | None, quarter: str) -> Path:
    """Copy the raw files up to a quarter, with one cell changed and the file's digest in its MANIFEST."""
    raw = folder / "data" / "raw"
    for name in ("plan", "registers", *quarters_between(FIRST_QUARTER, quarter)):
        if (ROOT / "data" / "raw" / name).is_dir():
            shutil.copytree(ROOT / "data" / "raw" / name, raw / name)
    if cell:
        path = raw / cell.file
        before = hashlib.sha256(path.read_bytes()).hexdigest()
        (_change_workbook if cell.sheet else _change_csv)(path, cell)
        manifest = path.parent / "MANIFEST.csv"
        if manifest.is_file():
            after = hashlib.sha256(path.read_bytes()).hexdigest()
            manifest.write_bytes(manifest.read_bytes().replace(before.encode(), after.encode()))
    return folder


def _published(folder: Path) -> dict[str, str]:
    """Return the digest of each published table; of the returns without their files' digests, which change anyway."""
    found = {}
    for name in schema.PUBLISHED_TABLES:
        rows = schema.read_table(name, folder)
        kept = rows.drop(columns=[column for column in ("sha256",) if column in rows])
        found[name] = hashlib.sha256(kept.to_csv(index=False).encode()).hexdigest()
    return found


def measure(cell: Cell | None, quarter: str) -> dict[str, str]:
    """Take a root with one cell changed through ingest and KPIs; return the digests of the published tables."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PAPU_ROOT"] = str(make_root(Path(folder), cell, quarter))
        day, out = pipeline.resolve_date(quarter), paths.out(quarter, pipeline.resolve_date(quarter).isoformat())
        pipeline.write_ingested(pipeline.read_raw_data(quarter), quarter, day, out)
        pipeline.write_measured(quarter, day, out)
        return _published(out)


def _measure(job: tuple[Cell | None, str]) -> dict[str, str]:
    return measure(*job)


# --- what became of it ------------------------------------------------------------------------------------------


def _received_after(cell: Cell) -> bool:
    """Tell whether the cell's row, or its whole file, came after the date of the edition."""
    day = pipeline.resolve_date(cell.quarter).isoformat()
    if not cell.sheet:
        rows = list(csv.DictReader((ROOT / "data" / "raw" / cell.file).open(encoding="utf-8-sig", newline="")))
        row = rows[int(cell.place.partition(",")[0]) - 1]
        return row.get("recorded_on", "") > day or row.get("quarter", "") > QUARTER
    return cell.file not in pipeline.list_current_inputs(cell.quarter, day)


def explain(cell: Cell) -> str:
    """Say why a change of a cell changes no published table; blank where nothing accounts for it."""
    name = re.split(r"[/.:|-]", cell.heading)[-1] if not cell.heading.startswith("_") else cell.heading
    if name in PERSONAL or cell.heading in PERSONAL:
        return "personal data: compared, never published"
    if cell.heading.startswith("_") or cell.heading in ("meta/rootUuid", "start", "end", "today", "deviceid"):
        return "a column of the tool's own"
    if not cell.sheet and name in ("reference", "note", "recorded_on", "title", "topic", "questionnaire", "sent_on"):
        return "a register's column that no figure uses, or uses as a name only"
    if cell.file == "registers/attendance.csv" and name in ("women", "men") and "5.2" in _row(cell, "workshops"):
        return "attendances of step 5.2, where whoever came at all counts once"
    return "not there yet at the date of the edition" if _received_after(cell) else ""


def _row(cell: Cell, register: str) -> list[str]:
    """Return the row of a register that the row of a cell names first."""
    folder = ROOT / "data" / "raw"
    rows = list(csv.reader((folder / cell.file).open(encoding="utf-8-sig", newline="")))
    named = rows[int(cell.place.partition(",")[0])][0]
    others = csv.reader((folder / "registers" / f"{register}.csv").open(encoding="utf-8-sig", newline=""))
    return next((row for row in others if row and row[0] == named), [])


def through_nbval(cell: Cell) -> str:
    """Take a change through nbval; return the first figure that it names, blank where it passes or names none."""
    with tempfile.TemporaryDirectory() as folder:
        root = make_root(Path(folder), cell, QUARTER)
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider",
             *(str(ROOT / "notebooks" / f"{name}.ipynb") for name in ("01_ingest", "02_kpis"))],
            cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PAPU_ROOT": str(root)},
        )  # fmt: skip
    told = re.search(rf"^{QUARTER}, .*: stored .*, now .*$", ran.stdout, re.MULTILINE)
    return told[0] if ran.returncode == 1 and told else ""


def main() -> int:
    """Try so many cells; tell what became of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--nbval", type=int, default=10)
    parser.add_argument("--seed", default="0")
    asked = parser.parse_args()
    chosen = random.Random(asked.seed).sample(list_cells(), asked.count)
    quarters = sorted({cell.quarter for cell in chosen})
    with ProcessPoolExecutor(2) as pool:
        before = dict(zip(quarters, pool.map(_measure, [(None, quarter) for quarter in quarters]), strict=True))
        after = list(pool.map(_measure, [(cell, cell.quarter) for cell in chosen]))
    changed = {cell: [t for t, digest in found.items() if digest != before[cell.quarter][t]]
               for cell, found in zip(chosen, after, strict=True)}  # fmt: skip
    same = [(cell, explain(cell)) for cell in chosen if not changed[cell]]
    print(f"{asked.count} cells changed one at a time: {asked.count - len(same)} changed a published table")
    for table, n in Counter(table for names in changed.values() for table in names).most_common():
        print(f"  {table}: {n}")
    for reason, n in Counter(reason or "NOT ACCOUNTED FOR" for _, reason in same).most_common():
        print(f"{n} changed none: {reason}")
    lost = [cell for cell, reason in same if not reason]
    print(*lost, sep="\n", end="\n" if lost else "")
    stored = [cell for cell in chosen if cell.quarter == QUARTER and changed[cell]]  # those that moved a figure first
    shown = sorted(stored, key=lambda cell: not {"kpis", "member_values"} & set(changed[cell]))[: asked.nbval]
    named = {cell: through_nbval(cell) for cell in shown}
    for cell, line in named.items():
        print(f"nbval, {cell.file} {cell.place} ({cell.heading}): {line or 'NOT CAUGHT'}")
    print(f"{sum(map(bool, named.values()))} of {len(named)} caught and named by nbval")
    return 1 if lost or not all(named.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
