"""Record the sample's editions in tests/published, for the tests to compare later ones with.

Record them again only when the figures or the design change on purpose, and say why in CHANGELOG.md. The figures of all
ten quarters are kept as tables, so that `git diff` shows what changed; of two whole editions, the second a revised one,
the digests are kept.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from helpers import paths
from helpers.editions import MANIFEST_JSON
from helpers.plan import quarters, read_settings
from helpers.runs import edition
from helpers.tables import pipeline

PUBLISHED = Path(__file__).resolve().parents[1] / "tests" / "published"
EDITIONS = "editions.json"
TABLES = ("kpis", "kpi_components")
QUARTERS = tuple(quarters.quarters_between(read_settings().first_status_quarter, "2024Q4"))
# The edition that `make report` makes, and the revised one at 90 days.
ORDERS = (("2024Q3", "2024-11-14", ("fr", "en")), ("2024Q3", "2024-12-29", ("fr",)))


def figures() -> dict[str, str]:
    """Return the tables of figures as CSV: for each quarter, its own rows in its first edition."""
    rows: dict[str, list[list[str]]] = {name: [] for name in TABLES}
    for quarter in QUARTERS:
        tables = pipeline.load_tables(quarter)
        for name in TABLES:
            rows[name] += _rows_of(paths.out(quarter, tables.as_of) / f"{name}.csv", quarter, header=not rows[name])
    return {name: _as_csv(found) for name, found in rows.items()}


def _rows_of(path: Path, quarter: str, *, header: bool) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        head, *body = csv.reader(file)
    yield from [head] if header else []
    yield from (row for row in body if row[head.index("quarter")] == quarter)


def _as_csv(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each published file of a folder, except its manifest, which holds times."""
    return {path.name: _digest(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST_JSON}


def _digest(path: Path) -> str:
    """Return a file's digest; for a workbook that of its parts, as versions of Python compress them differently."""
    if path.suffix != ".xlsx":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            digest.update(part.filename.encode() + archive.read(part))
    return digest.hexdigest()


def run(quarter: str, as_of: str, languages: Sequence[str]) -> None:
    """Make an edition."""
    edition.run_edition(edition.make_request(quarter, languages, as_of), lambda _: None)


def editions(make: Callable[[str, str, Sequence[str]], object] = run) -> dict[str, dict[str, str]]:
    """Make the two editions, the revised one last; return the digests of their files."""
    found = {}
    for quarter, as_of, languages in ORDERS:
        make(quarter, as_of, languages)
        found[f"{quarter}/{as_of}"] = digests(paths.reports(quarter, as_of)) | digests(paths.processed(quarter, as_of))
    return found


def main() -> None:
    """Record the figures and the editions."""
    PUBLISHED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(paths.raw(), Path(folder) / "data" / "raw")
        os.environ["PAPU_ROOT"] = folder
        for name, text in figures().items():
            (PUBLISHED / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
        (PUBLISHED / EDITIONS).write_text(json.dumps(editions(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
