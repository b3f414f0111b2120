"""Reads the registers as an edition must: whole, so with no fewer rows than the last edition rested on."""

import contextlib
import json
from datetime import date

from helpers import paths
from helpers.ingest import Registers, registers


def read_whole_registers() -> Registers:
    """Read the registers; one with fewer rows than the last published edition rested on is refused (V22)."""
    return registers.read_registers(_list_rested_on())


def _list_rested_on() -> dict[str, tuple[date, int]]:
    """Return for each register the date of the last edition made with it, and the rows known then."""
    made = []
    for path in (paths.root() / "reports").glob("????Q?/????-??-??/manifest.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            manifest = json.loads(path.read_text(encoding="utf-8"))
            rows = {row["file"]: row["rows"] for row in manifest["inputs"] if row.get("rows") is not None}
            made.append((manifest["ended_at"], date.fromisoformat(path.parent.name), rows))
    found = {}
    for _, day, rows in sorted(made, key=lambda edition: edition[:2]):
        found |= {file.removeprefix("registers/").removesuffix(".csv"): (day, n) for file, n in rows.items()}
    return found
