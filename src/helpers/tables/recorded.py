"""Reads the registers as an edition must: whole, so with no fewer rows than the last edition rested on."""

from datetime import date

from helpers import editions
from helpers.ingest import Registers, registers


def read_whole_registers() -> Registers:
    """Read the registers; one with fewer rows than the last published edition rested on is refused (V22)."""
    return registers.read_registers(_list_rested_on())


def _list_rested_on() -> dict[str, tuple[date, int]]:
    """Return for each register the date of the last edition made with it, and the rows known then."""
    found = {}
    for edition in sorted(editions.list_published_editions(), key=lambda edition: (edition.ended_at, edition.as_of)):
        day = date.fromisoformat(edition.as_of)
        found |= {file.removeprefix("registers/").removesuffix(".csv"): (day, n) for file, n in edition.rows.items()}
    return found
