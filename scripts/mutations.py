"""Change raw cells at random, one at a time, and check that a published table changes: `mutations.py 200 --nbval 10`.

Each change is made in a copy of the raw files, which goes through ingest and KPIs for the edition of its quarter. Some
also go through nbval, which must fail and name a figure. Prints how many changed a table, and the reason for each that
did not; exit code 1 if one has no reason.
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
from helpers.plan import questionnaire, read_settings
from helpers.tables import pipeline, schema

ROOT = Path(__file__).resolve().parents[1]
QUARTER = "2024Q3"  # of the notebooks' stored outputs; the registers are checked in its edition


@dataclass(frozen=True)
class Cell:
    """A raw cell: its place, value and heading."""

    file: str  # below data/raw
    sheet: str
    place: str
    value: object
    heading: str

    @property
    def quarter(self) -> str:
        """The quarter of the edition that must change."""
        return QUARTER if self.file.startswith("registers/") else self.file.partition("/")[0]

    @property
    def changed(self) -> str:
        """Another value of the same kind."""
        if isinstance(self.value, (int, float)) or str(self.value).isdigit():
            return str(int(float(self.value)) + 1)
        return f"{self.value}x"


# --- the cells --------------------------------------------------------------------------------------------------


def list_cells() -> list[Cell]:
    """List every filled cell of the returns and the registers, without the headings."""
    found: list[Cell] = []
    for path in sorted((ROOT / "data" / "raw").glob("20*/*.xlsx")):
        found += _list_sheet_cells(path, f"{path.parent.name}/{path.name}")
    for path in sorted((ROOT / "data" / "raw" / "registers").glob("*.csv")):
        header, *rows = csv.reader(path.open(encoding="utf-8-sig", newline=""))
        found += [
            Cell(f"registers/{path.name}", "", f"{r},{c}", value, header[c])
            for r, row in enumerate(rows, start=1) for c, value in enumerate(row) if value
        ]  # fmt: skip
    return found


def _list_sheet_cells(path: Path, name: str) -> Iterator[Cell]:
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
    """Change one cell in the XML of its sheet, and nothing else in the file."""
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    text = parts[cell.sheet].decode("utf-8")
    found = re.search(rf'<c r="{cell.place}"( s="\d+")?[^>]*>.*?</c>', text)
    start = f'<c r="{cell.place}"{found[1] or ""}'
    number = re.fullmatch(r'<c [^>]*?(?: t="n")?><v>([-\d.]+)</v></c>', found[0]) if ' t="s"' not in found[0] else None
    if number:
        was = float(number[1])
        # 0 and 1 are exchanged: they may be ticks, and 2 would mean the same as 1.
        new = f"{start}><v>{1 - was if was in (0, 1) else was + 1:.15g}</v></c>"
    else:
        new = f'{start} t="inlineStr"><is><t>{escape(cell.changed)}</t></is></c>'
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
    for name in ("plan", "registers", *read_settings().quarters_to(quarter)):
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


def _digest_tables(folder: Path) -> dict[str, str]:
    """Return the digest of each published table, without the digests of raw files, which change anyway."""
    digests = {}
    for name in schema.PUBLISHED_TABLES:
        rows = schema.read_table(name, folder)
        text = rows.drop(columns="sha256", errors="ignore").to_csv(index=False)
        digests[name] = hashlib.sha256(text.encode()).hexdigest()
    return digests


def measure(cell: Cell | None, quarter: str) -> dict[str, str]:
    """Compute the tables of a root with one cell changed; return the digests of the published ones."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PAPU_ROOT"] = str(make_root(Path(folder), cell, quarter))
        day = read_settings().resolve_date(quarter)
        out = paths.out(quarter, day.isoformat())
        pipeline.write_ingested(pipeline.read_raw_data(quarter), quarter, day, out)
        pipeline.write_measured(quarter, day, out)
        return _digest_tables(out)


def _measure(job: tuple[Cell | None, str]) -> dict[str, str]:
    return measure(*job)


# --- its effect --------------------------------------------------------------------------------------------------


def _received_after(cell: Cell) -> bool:
    """Whether the cell's row, or its whole file, was received after the date of the edition."""
    day = read_settings().resolve_date(cell.quarter).isoformat()
    if not cell.sheet:
        rows = list(csv.DictReader((ROOT / "data" / "raw" / cell.file).open(encoding="utf-8-sig", newline="")))
        row = rows[int(cell.place.partition(",")[0]) - 1]
        return row.get("recorded_on", "") > day or row.get("quarter", "") > QUARTER
    return cell.file not in pipeline.list_current_inputs(cell.quarter, day)


def find_reason(cell: Cell) -> str:
    """Return why a change of a cell changes no published table; blank if there is no reason."""
    name = re.split(r"[/.:|-]", cell.heading)[-1] if not cell.heading.startswith("_") else cell.heading
    if name in questionnaire.PERSONAL or cell.heading in questionnaire.PERSONAL:
        return "personal data: compared, never published"
    if cell.heading.startswith("_") or cell.heading in ("meta/rootUuid", "start", "end", "today", "deviceid"):
        return "a column that the collection tool adds"
    if not cell.sheet and name in ("reference", "note", "recorded_on", "title", "topic", "questionnaire", "sent_on"):
        return "a register's column that no figure uses, or uses as a name only"
    if cell.file == "registers/attendance.csv" and name in ("women", "men") and "5.2" in _row(cell, "workshops"):
        return "attendances of step 5.2, where each member counts once"
    return "received after the date of the edition" if _received_after(cell) else ""


def _row(cell: Cell, register: str) -> list[str]:
    """Return the row of a register whose key is the first column of the cell's row."""
    folder = ROOT / "data" / "raw"
    rows = list(csv.reader((folder / cell.file).open(encoding="utf-8-sig", newline="")))
    named = rows[int(cell.place.partition(",")[0])][0]
    others = csv.reader((folder / "registers" / f"{register}.csv").open(encoding="utf-8-sig", newline=""))
    return next((row for row in others if row and row[0] == named), [])


def run_nbval(cell: Cell) -> str:
    """Run nbval on a change; return the first figure that it names, blank if it passes or names none."""
    with tempfile.TemporaryDirectory() as folder:
        root = make_root(Path(folder), cell, QUARTER)
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider",
             *(str(ROOT / "notebooks" / f"{name}.ipynb") for name in ("01_ingest", "02_kpis"))],
            cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PAPU_ROOT": str(root)},
        )  # fmt: skip
    found = re.search(rf"^{QUARTER}, .*: stored .*, now .*$", ran.stdout, re.MULTILINE)
    return found[0] if ran.returncode == 1 and found else ""


def find_changed_tables(chosen: list[Cell]) -> dict[Cell, list[str]]:
    """Change each cell; return the published tables that change."""
    edition_quarters = sorted({cell.quarter for cell in chosen})
    with ProcessPoolExecutor(2) as pool:
        unchanged = pool.map(_measure, [(None, quarter) for quarter in edition_quarters])
        before = dict(zip(edition_quarters, unchanged, strict=True))
        after = list(pool.map(_measure, [(cell, cell.quarter) for cell in chosen]))
    return {
        cell: [table for table, digest in digests.items() if digest != before[cell.quarter][table]]
        for cell, digests in zip(chosen, after, strict=True)
    }


def report_tables(changed: dict[Cell, list[str]]) -> bool:
    """Print how many cells changed which table, and why the others did not; return whether all have a reason."""
    reasons = {cell: find_reason(cell) for cell, tables in changed.items() if not tables}
    print(f"{len(changed)} cells changed one at a time: {len(changed) - len(reasons)} changed a published table")
    for table, n in Counter(table for tables in changed.values() for table in tables).most_common():
        print(f"  {table}: {n}")
    for reason, n in Counter(reason or "WITHOUT A REASON" for reason in reasons.values()).most_common():
        print(f"{n} changed none: {reason}")
    for cell, reason in reasons.items():
        if not reason:
            print(cell)
    return all(reasons.values())


def report_nbval(cells: list[Cell]) -> bool:
    """Print what nbval names for each changed cell; return whether it caught them all."""
    figures = {cell: run_nbval(cell) for cell in cells}
    for cell, figure in figures.items():
        print(f"nbval, {cell.file} {cell.place} ({cell.heading}): {figure or 'NOT CAUGHT'}")
    print(f"{sum(map(bool, figures.values()))} of {len(figures)} caught and named by nbval")
    return all(figures.values())


def main() -> int:
    """Read the command line, change the cells and report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--nbval", type=int, default=10)
    parser.add_argument("--seed", default="0")
    options = parser.parse_args()
    changed = find_changed_tables(random.Random(options.seed).sample(list_cells(), options.count))
    # For nbval, cells that change a figure come first.
    stored = [cell for cell, tables in changed.items() if tables and cell.quarter == QUARTER]
    stored.sort(key=lambda cell: not {"kpis", "member_values"} & set(changed[cell]))
    results = [report_tables(changed), report_nbval(stored[: options.nbval])]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
