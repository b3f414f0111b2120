"""Adds rows to the registers: checked as they are read, never twice, all or none, each with its `recorded_on`."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from filelock import FileLock

from helpers import paths, strings
from helpers.durable import make_folder_durably, write_together_durably
from helpers.ingest import issues, received, register_files, registers
from helpers.paths import DataRefused
from helpers.plan import questionnaire, read_plan, sources
from helpers.speech import say

RECORDED_ON = "recorded_on"
TextRow = Mapping[str, str]  # a row's texts by column; the row of a withdrawn return is `of_row`


def lock_registers() -> FileLock:
    """Return the lock under which one command at a time adds to the registers."""
    return FileLock(paths.locks() / "registers.lock")


def read_register_files() -> dict[str, register_files.RegisterFile]:
    """Return the registers as their files have them; one that is not there yet is its head alone.

    Raises DataRefused, with all that is wrong, where one is there and nothing can rest on it.
    """
    folder = paths.registers()
    refused = [issue for issue in registers.read_registers().issues if issue.severity == issues.REFUSED]
    wrong = [f"{each.source_file}: {each.message_en}" for each in refused if os.path.lexists(folder / each.source_file)]
    if wrong:
        raise DataRefused("\n".join(wrong))
    return {name: register_files.read_register_file(name, folder / f"{name}.csv") for name in registers.COLUMNS}


def list_workshops(files: Mapping[str, register_files.RegisterFile]) -> list[str]:
    """Return the codes of the workshops that are registered, which attendance may name."""
    return [row["workshop"] for row in files["workshops"].rows]


def list_own_columns(name: str) -> list[str]:
    """Return the columns of a register that are filled in, as a row has them: all but `recorded_on`."""
    return [register_files.key_of_column(column) for column in registers.COLUMNS[name] if column != RECORDED_ON]


def normalise_row(name: str, texts: TextRow) -> dict[str, str]:
    """Return a row as it is written, in codes, whole numbers and days as 2024-10-31; what cannot be read as it is."""
    values, _ = registers.read_row(name, texts | {RECORDED_ON: ""}, read_plan())
    return {column: _write_value(values.get(column), texts[column]) for column in list_own_columns(name)}


def _write_value(value: object, text: str) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):  # parts, whose order is the writer's
        return ";".join(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))
    return text if value is None else str(value)


def find_fault(name: str, texts: TextRow, workshops: Sequence[str]) -> register_files.Fault | None:
    """Return why a new row cannot be taken: column, text, what is expected; `workshops` are those that are known.

    Besides what the register's own reading asks, a key is never blank, and what a row names must be there.
    """
    own = normalise_row(name, texts)
    _, fault = registers.read_row(name, texts | {RECORDED_ON: ""}, read_plan())
    return next(_list_formulas(own), None) or fault or next(_list_further_faults(name, own, workshops), None)


def _list_formulas(own: TextRow) -> Iterator[register_files.Fault]:
    """Yield the texts that a spreadsheet would take for a formula once the register is opened in one."""
    expected = say("a text that does not begin as a formula does")
    yield from ((column, text, expected) for column, text in own.items() if strings.guard_formula(text) != text)


def _list_further_faults(name: str, own: TextRow, workshops: Sequence[str]) -> Iterator[register_files.Fault]:
    never_blank = say("never blank: the row is known by it")
    yield from ((key, "", never_blank) for key in registers.KEYS.get(name, ()) if not own[key])
    if name == "attendance" and own["workshop"] not in workshops:
        yield "workshop", own["workshop"], "workshops.csv"
    if name == "confirmations" and own["question"] not in questionnaire.read_form().numbers:
        yield "question", own["question"], "survey.csv, integer"
    if name == registers.WITHDRAWALS and own["source_file"] not in list_received_files(own["quarter"]):
        yield "source_file", own["source_file"], f"data/raw/{own['quarter']}"
    if name == "milestones":
        parts = list_product_parts(own["product"])
        unknown = (part for part in own["parts"].split(";") if part and part not in parts)
        yield from (("parts", part, "; ".join(parts)) for part in unknown)


def list_product_parts(product: str) -> tuple[str, ...]:
    """Return the codes of the parts of a milestone's product: those of its step."""
    plan = read_plan()
    found = (kpi for kpi in plan.kpis if kpi.measure == "milestone" and sources.product_of(kpi.source) == product)
    return next((plan.part_codes(kpi.step) for kpi in found), ())


def list_received_files(quarter: str) -> list[str]:
    """Return the files received for a quarter, by the names that they are published under."""
    kept = (received.MANIFEST_CSV, received.EDITION_TOML)
    names = received.name_files(paths.returns(quarter)).items()
    return [shown for path, shown in names if path.is_file() and path.name not in kept and path.name[0] not in ".~"]


def select_new_rows(
    file: register_files.RegisterFile, rows: Sequence[TextRow], since: int | None = None
) -> list[TextRow]:
    """Return the rows that a register does not have yet: not as the last one with their key.

    What was added below the row `since`, from which they were written, is left out too, as often as it is there: the
    same workbook taken twice adds nothing.
    """
    keys = registers.KEYS.get(file.name) or list_own_columns(file.name)
    own = [normalise_row(file.name, row) for row in file.rows]
    numbered = zip(file.rows, own, strict=True)
    added = Counter(_freeze(each) for row, each in numbered if since is not None and int(row["row"]) > since)
    last, new = {tuple(row[key] for key in keys): row for row in own}, []
    for row in rows:
        key = tuple(row[key] for key in keys)
        if added[_freeze(row)]:
            added[_freeze(row)] -= 1
        elif last.get(key) != row:
            last[key] = row
            new.append(row)
    return new


def _freeze(row: TextRow) -> frozenset[tuple[str, str]]:
    return frozenset(row.items())


def write_rows(
    files: Mapping[str, register_files.RegisterFile], rows: Mapping[str, Sequence[TextRow]], recorded_on: date
) -> list[str]:  # fmt: skip
    """Write rows below those of their registers, all of them or none; return the registers that have grown.

    The caller holds the lock. Raises OSError, and ValueError as `RegisterFile.extend` does; nothing is written then.
    """
    day, contents = {RECORDED_ON: recorded_on.isoformat()}, {}
    for name, new in rows.items():
        if new:
            contents[paths.registers() / f"{name}.csv"] = files[name].extend([row | day for row in new])
    if contents:
        make_folder_durably(paths.registers())
        write_together_durably(contents)
    return [path.stem for path in contents]


def append_rows(register: str, rows: Sequence[TextRow], recorded_on: date) -> list[TextRow]:
    """Add rows to a register, in codes, but for those that it has already; return those that were added.

    Raises ValueError for rows that could not be read back, naming the first fault of each, DataRefused for a register
    that cannot be read, and OSError; nothing is written then.
    """
    with lock_registers():
        files = read_register_files()
        workshops = list_workshops(files)
        if found := [fault for row in rows if (fault := find_fault(register, row, workshops))]:
            said = (f"{register}.csv, {column}: {text!r} is not {expected}" for column, text, expected in found)
            raise ValueError("; ".join(said))
        new = select_new_rows(files[register], [normalise_row(register, row) for row in rows])
        write_rows(files, {register: new}, recorded_on)
    return new
