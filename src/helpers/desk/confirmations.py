"""Counts that members confirm in what they send: rows of confirmations.csv, with the file that each came in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from helpers.desk import register_rows
from helpers.desk.register_rows import TextRow
from helpers.desk.texts import desk_text
from helpers.ingest import registers
from helpers.paths import DataRefused
from helpers.plan import read_settings
from helpers.speech import say

REGISTER = "confirmations"
Confirmed = tuple[str, str, str, int, str]  # quarter, member, question, the count confirmed, and the file that says so


@dataclass(frozen=True)
class Recorded:
    """What became of confirmations: rows added (or that would be), how many were known before, and what was refused."""

    rows: tuple[TextRow, ...] = ()
    n_known: int = 0
    refused: tuple[str, ...] = ()


def record_confirmations(
    confirmed: Iterable[Confirmed], received_on: Mapping[str, date], dry_run: bool = False
) -> Recorded:  # fmt: skip
    """Add the counts that received files confirm to confirmations.csv, never twice; nothing if `dry_run`.

    Each is confirmed, and recorded, on the day its file was received: the answers beside it are known from that day on,
    so that an edition as of any day has both or neither. What the register says last is not added again, nor what the
    same file said before. Raises OSError; what was added by then stays, and recording it again adds the rest.
    """
    try:
        files = register_rows.read_register_files()
    except DataRefused as reason:
        return Recorded(refused=tuple(str(reason).splitlines()))
    rows = [register_rows.normalise_row(REGISTER, row) for row in files[REGISTER].rows]
    last = {_key_of(row): row["value"] for row in rows}
    said = {(*_key_of(row), row["value"], row["note"]) for row in rows}
    new: dict[date, list[TextRow]] = defaultdict(list)
    n_known, refused = 0, []
    for row, day in _list_rows(confirmed, received_on):
        if fault := register_rows.find_fault(REGISTER, row, ()):
            column, text, _ = fault
            refused.append(say("{note}: {column} is “{text}”, which cannot be taken", column=column, text=text, **row))
        elif last.get(_key_of(row)) == row["value"] or (*_key_of(row), row["value"], row["note"]) in said:
            n_known += 1
        else:
            last[_key_of(row)] = row["value"]
            new[day].append(row)
    if not dry_run:
        new = {day: register_rows.append_rows(REGISTER, rows, day) for day, rows in new.items()}
    return Recorded(tuple(row for rows in new.values() for row in rows), n_known, tuple(refused))


def _list_rows(confirmed: Iterable[Confirmed], received_on: Mapping[str, date]) -> Iterator[tuple[TextRow, date]]:
    """Yield what was confirmed as rows of the register, each with the day its file was received, earliest first."""
    language = read_settings().master_language
    for quarter, member, question, value, file in sorted(
        dict.fromkeys(confirmed), key=lambda each: received_on[each[-1]]
    ):
        day, note = received_on[file], desk_text("register_confirmed_in", language, file=file)
        row = {"quarter": quarter, "member": member, "question": question, "value": str(value)}
        yield row | {"confirmed_on": day.isoformat(), "note": note}, day


def _key_of(row: TextRow) -> tuple[str, ...]:
    return tuple(row[column] for column in registers.KEYS[REGISTER])
