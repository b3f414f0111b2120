"""Reads the Secretariat's registers: files that grow by appending, as known on any day (methodology, section 2)."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from helpers import paths
from helpers.ingest.admit import Unreadable
from helpers.ingest.cells import MAX_COUNT, parse_count, parse_day
from helpers.ingest.issues import Issue, Place, issues_known_by, make_issue
from helpers.ingest.register_files import COLUMNS, Fault, list_raw_rows, read_content, split_register
from helpers.plan import Plan, quarters, read_plan, read_settings, sources

WITHDRAWALS, ACTIONS = OPTIONAL = "withdrawals", "actions"  # the registers that need not be there
OPEN, DONE, DROPPED = ACTION_STATUSES = "open", "done", "dropped"
KEYS = {
    "workshops": ("workshop",),
    "attendance": ("workshop", "member"),
    "confirmations": ("quarter", "member", "question"),
    "questionnaires": ("questionnaire", "member"),
    ACTIONS: ("id",),
}
# The rows of one quarter and product all stand, but a later one corrects one that cannot be read.
_CORRECTED_BY = KEYS | {"milestones": ("quarter", "product"), WITHDRAWALS: ("quarter", "source_file", "of_row")}
_DAY_FIRST = re.compile(
    r"(?P<day>\d{1,2})(?P<mark>[/.-])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?"
)
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
_SERIALS, _SERIAL_0 = range(36_526, 73_051), date(1899, 12, 30)  # 2000-2099
# The sentence of each reason of a refusal; the others share those of V20.
_SENTENCES = {"type": "V22.csv"} | {key: f"V22.{key}" for key in ("absent", "columns", "twice", "cut", "csv", "fewer")}

RegisterRow = Mapping[str, object]
_Cell = tuple[str, Callable[[str], object], str]  # its column, how to read it (None: it cannot be), what is expected
RestedOn = Mapping[str, tuple[date, int]]  # by register: the date of the last edition, and the rows known then


class _UnusualDate(NamedTuple):
    """A date of a register that is not written as YYYY-MM-DD: the cell, how it was read, when its row was recorded."""

    register: str
    column: str
    key: str
    text: str
    day: date
    recorded_on: date | None


@dataclass(frozen=True)
class Registers:
    """The rows of each register in file order, each with its `recorded_on` (None: always known).

    `lost` are the rows that cannot be read, with what of them can be; `refused` the registers that cannot be read.
    """

    rows: Mapping[str, tuple[RegisterRow, ...]]
    issues: tuple[Issue, ...] = ()
    lost: Mapping[str, tuple[RegisterRow, ...]] = field(default_factory=dict)
    refused: Collection[str] = ()
    dates: tuple[_UnusualDate, ...] = ()
    _at: dict[date, Mapping[str, list[RegisterRow]]] = field(default_factory=dict, repr=False)

    def at(self, day: date) -> Mapping[str, list[RegisterRow]]:
        """Return each register as known on a day: of rows with one key, the last one recorded by then."""
        if day not in self._at:
            known = {name: _known(rows, day) for name, rows in self.rows.items()}
            for name in known.keys() & KEYS.keys():
                known[name] = list({_key_of(row, KEYS[name]): row for row in known[name]}.values())
            self._at[day] = known
        return self._at[day]

    def refused_at(self, day: date) -> list[str]:
        """Return the registers that nothing can rest on: refused, or without any row that can be read."""
        known = self.at(day)
        return [
            name for name, rows in self.rows.items()
            if name in self.refused or (not known[name] and _known(self.lost.get(name, ()), day))
        ]  # fmt: skip

    def lost_at(self, name: str, day: date) -> list[RegisterRow]:
        """Return the rows of a register that are missing from its figures and that no later row corrects."""
        key, lost = _CORRECTED_BY[name], _known(self.lost.get(name, ()), day)
        last = {_key_of(row, key): int(row["row"]) for row in self.at(day)[name] if "row" in row}
        open_ = [row for row in lost if last.get(_key_of(row, key), 0) < int(row["row"])]
        return open_ + (self._unheld(day) if name == "attendance" else [])

    def _unheld(self, day: date) -> list[RegisterRow]:
        """Return the attendance at workshops that the register of workshops does not have."""
        workshops = {row["workshop"] for row in self.at(day)["workshops"]}
        is_readable = "workshops" not in self.refused_at(day)
        return [row for row in _known(self.rows["attendance"], day) if is_readable and row["workshop"] not in workshops]

    def count_at(self, name: str, day: date) -> int:
        """Return how many rows of a register were known on a day, those included that cannot be read."""
        return len(_known(self.rows[name], day)) + len(_known(self.lost.get(name, ()), day))

    def issues_at(self, day: date) -> list[Issue]:
        """Return the issues of rows recorded by a day, attendance at unknown workshops included."""
        unheld = (
            _bad_row_issue(read_plan(), "attendance", row, "workshop", row["workshop"], "workshops.csv")
            for row in self._unheld(day)
        )
        return [*issues_known_by(self.issues, day), *self._list_dates(day), *unheld]

    def _list_dates(self, day: date) -> Iterator[Issue]:
        """Yield one issue per column and way of writing dates, with their number and the first as an example."""
        grouped: dict[tuple[str, str, str], list[_UnusualDate]] = defaultdict(list)
        for unusual in self.dates:
            if unusual.recorded_on is None or unusual.recorded_on <= day:
                grouped[unusual.register, unusual.column, unusual.key].append(unusual)
        for (name, column, key), found in grouped.items():
            issue = make_issue(key, Place("", f"{name}.csv"), column, len(found), found[0].day.isoformat())
            yield replace(issue, observed=found[0].text)  # a date that was read is no telephone number to be masked

    def confirmed(self, day: date) -> dict[tuple[str, str, str], int]:
        """Return the values that members confirmed, as known on a day, by quarter, member and question."""
        return {(r["quarter"], r["member"], r["question"]): r["value"] for r in self.at(day)["confirmations"]}

    def withdrawn(self, day: date) -> set[tuple[str, str, str]]:
        """Return what the Secretariat has withdrawn by a day: quarter, file and row (blank: the whole file)."""
        return {(r["quarter"], r["source_file"], str(r["of_row"] or "")) for r in self.at(day).get(WITHDRAWALS, ())}


def _known(rows: Sequence[RegisterRow], day: date) -> list[RegisterRow]:
    return [row for row in rows if row["recorded_on"] is None or row["recorded_on"] <= day]


def _key_of(row: RegisterRow, columns: Sequence[str]) -> tuple[object, ...]:
    return tuple(row.get(column) for column in columns)


def _plan_quarter(text: str) -> str | None:
    quarter = quarters.parse_quarter(text) if quarters.is_quarter(text) else ""
    return quarter if read_settings().in_plan(quarter) else None


def parse_written_day(text: str) -> tuple[date | None, str]:
    """Return the day that a cell of a register writes, and the key of the warning on how, blank for YYYY-MM-DD."""
    if day := parse_day(text):
        return day, ""
    serial, written = _SERIAL.fullmatch(text), _DAY_FIRST.fullmatch(text)
    if serial and int(serial[1]) in _SERIALS:
        return _SERIAL_0 + timedelta(days=int(serial[1])), "V22.serial"
    try:
        return date(*(int(written[part]) for part in ("year", "month", "day"))), "V22.day_first"
    except (TypeError, ValueError):  # not a date at all, or one that cannot be
        return None, ""


def _one_of(choices: Collection[str]) -> tuple[Callable[[str], str | None], str]:
    return (lambda text: text if text in choices else None), " | ".join(choices)


def _count(text: str, most: int = MAX_COUNT) -> int | None:
    count = parse_count(text)
    return count if count is not None and count <= most else None


_QUARTER, _DAY = (_plan_quarter, "2024Q3"), (lambda text: parse_written_day(text)[0], "YYYY-MM-DD")
_COUNT, _COUNT_OR_ZERO = (_count, "0, 1, 2, …"), (lambda text: _count(text or "0"), "0, 1, 2, …")
_MAY_BE_BLANK = ("recorded_on", "confirmed_on", "returned_on", "sent_on", "of_row", "due", "closed_on")


def _list_cells(name: str, plan: Plan) -> Sequence[_Cell]:
    """Return a register's cells in the order of checking."""
    is_step, steps = _one_of(sources.workshop_steps(plan))
    highest = max(map(len, plan.stages.values()), default=0)
    member = "member", lambda text: plan.resolve(text).iso3 or None, "ISO3"
    cells = {
        "milestones": (
            ("quarter", *_QUARTER),
            ("product", *_one_of(plan.stages)),
            ("stage", lambda text: _count(text, highest), f"0-{highest}"),
            ("parts", lambda text: frozenset(part.strip() for part in text.split(";") if part.strip()), ""),
        ),
        "workshops": (
            ("workshop", lambda text: text or None, "code"), ("held_on", *_DAY),
            ("step", lambda text: is_step(text.replace(",", ".")), steps),  # a spreadsheet takes 5.2 for a number
        ),
        "attendance": (member, ("women", *_COUNT_OR_ZERO), ("men", *_COUNT_OR_ZERO)),
        "confirmations": (("quarter", *_QUARTER), member, ("confirmed_on", *_DAY), ("value", *_COUNT)),
        "questionnaires": (("due_on", *_DAY), ("returned_on", *_DAY), ("sent_on", *_DAY), member),
        WITHDRAWALS: (
            ("quarter", *_QUARTER), ("source_file", lambda text: text or None, "mail.xlsx"), ("of_row", *_COUNT),
        ),
        ACTIONS: (
            ("id", lambda text: text or None, "code"), ("quarter", *_QUARTER),
            ("kpi", lambda text: text if text in ("", *plan.by_kpi) else None, "kpis.csv"),
            ("member", lambda text: plan.resolve(text).iso3 or None if text else "", "ISO3"),
            ("status", *_one_of(ACTION_STATUSES)), ("due", *_DAY), ("closed_on", *_DAY),
        ),
    }  # fmt: skip
    return ("recorded_on", *_DAY), *cells[name]


@lru_cache(maxsize=32)
def _read_register(name: str, content: bytes, plan: Plan) -> Registers:
    """Read one register. Raises Unreadable where nothing can rest on it, such as a last row that was cut."""
    records, place = split_register(name, content), Place("", f"{name}.csv")
    issues = [make_issue(remark.key, place, observed=remark.observed) for remark in records.remarks]
    rows, lost, dates, cells = [], [], [], _list_cells(name, plan)
    for texts, fault in list_raw_rows(records, name):
        values, fault = _read_row(name, texts, cells, plan, fault)
        if fault:
            lost.append(texts | values)
            issues.append(_bad_row_issue(plan, name, texts, *fault, values["recorded_on"]))
            continue
        rows.append(texts | values)
        for column, value in values.items():
            if isinstance(value, date) and (key := parse_written_day(texts[column])[1]):
                dates.append(_UnusualDate(name, column, key, texts[column], value, values["recorded_on"]))
    last, is_filled = str(len(records.lines)), any(remark.key == "NUL_BYTES" for remark in records.remarks)
    if is_filled or (not records.is_whole and lost and lost[-1]["row"] == last):
        raise Unreadable("cut", observed=last)
    return Registers({name: tuple(rows)}, tuple(issues), {name: tuple(lost)}, dates=tuple(dates))


def read_row(name: str, texts: Mapping[str, str], plan: Plan) -> tuple[RegisterRow, Fault | None]:
    """Return what a row of a register says, by column, and what cannot be read in it."""
    return _read_row(name, texts, _list_cells(name, plan), plan, None)


def _read_row(
    name: str, texts: Mapping[str, str], cells: Sequence[_Cell], plan: Plan, fault: Fault | None
) -> tuple[RegisterRow, Fault | None]:
    """Read the cells of a row, None where one cannot be read; return also the first fault of the row."""
    values: dict[str, object] = {}
    for column, read, expected in cells:
        try:
            values[column] = read(texts[column])
        except ValueError:  # a number of more digits than Python reads
            values[column] = None
        if values[column] is None and (texts[column] or column not in _MAY_BE_BLANK):
            fault = fault or (column, texts[column], expected)
    if not fault and name == "milestones" and values["stage"] > (highest := len(plan.stages[values["product"]])):
        fault = "stage", texts["stage"], f"0-{highest}"  # another product may have more stages
    if not fault and name == ACTIONS:
        fault = _find_unclear(values, texts)
    return values, fault


def _find_unclear(action: RegisterRow, texts: Mapping[str, str]) -> Fault | None:
    """Return what an action does not say: its day, unless dropped at once, and the day it was closed, unless open."""
    if action["status"] != DROPPED and action["due"] is None:
        return "due", "", "YYYY-MM-DD"
    if action["status"] == OPEN and action["closed_on"]:
        return "status", f"{OPEN}, {texts['closed_on']}", f"{DONE} | {DROPPED}"
    if action["status"] != OPEN and action["due"] and action["closed_on"] is None:
        return "closed_on", "", "YYYY-MM-DD"
    return None


def _read_or_refuse(name: str, day: date = date.min, before: int = 0) -> Registers:
    """Read one register; where nothing can rest on it, or it has fewer rows of a day than `before`, refuse it."""
    place = Place("", f"{name}.csv")
    try:
        register = _read_register(name, read_content(paths.registers() / place.source_file), read_plan())
        n_rows = register.count_at(name, day)
        if n_rows < before:
            raise Unreadable("fewer", before, day.isoformat(), observed=str(n_rows))
        return register
    except Unreadable as reason:
        key = _SENTENCES.get(reason.reason, f"V20.{reason.reason}")
        issue = make_issue(key, place, *reason.details, observed=reason.observed, rule="V22")
        return Registers({name: ()}, (issue,), refused=(name,))


def _bad_row_issue(
    plan: Plan, name: str, row: RegisterRow, column: str, text: str, expected: str, known_on: date | None = None
) -> Issue:
    """Return the issue of a register row that cannot be read (V22), with the member and quarter that it names."""
    member, quarter = plan.resolve(str(row.get("member", ""))).iso3, str(row.get("quarter", ""))
    quarter = quarters.parse_quarter(quarter) if quarters.is_quarter(quarter) else ""
    place = Place(quarter, f"{name}.csv", row=str(row["row"]), member=member)
    return make_issue("V22", place, expected, column, observed=text, known_on=known_on)


def read_registers(rested_on: RestedOn | None = None) -> Registers:
    """Read the five registers, and the withdrawals and actions where there are any.

    A row that cannot be read is ignored with a warning (V22) and replaces nothing. A register that cannot be read, or
    has fewer rows than the last edition rested on, is refused (V22).
    """
    rested_on = rested_on or {}
    names = [
        name for name in COLUMNS
        if name not in OPTIONAL or name in rested_on or (paths.registers() / f"{name}.csv").exists()
    ]  # fmt: skip
    read = [_read_or_refuse(name, *rested_on.get(name, ())) for name in names]
    return Registers(
        {name: rows for each in read for name, rows in each.rows.items()},
        tuple(issue for each in read for issue in each.issues),
        {name: lost for each in read for name, lost in each.lost.items()},
        frozenset(name for each in read for name in each.refused),
        tuple(unusual for each in read for unusual in each.dates),
    )


def due_quarter(row: RegisterRow) -> str:
    """Return the quarter in which a questionnaire was due."""
    return quarters.quarter_of(row["due_on"])
