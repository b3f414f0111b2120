"""Reads the Secretariat's registers: files that grow by appending, as known on any day (methodology, section 2)."""

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from helpers import paths
from helpers.ingest.cells import parse_count, parse_day
from helpers.ingest.issues import Issue, Place, issues_known_by, make_issue
from helpers.plan import Plan, quarters, read_plan, sources

_COLUMNS = {
    "milestones": ("quarter", "product", "stage", "parts", "reference"),
    "workshops": ("workshop", "step", "topic", "held_on", "title"),
    "attendance": ("workshop", "member", "women", "men"),
    "confirmations": ("quarter", "member", "question", "value", "confirmed_on", "note"),
    "questionnaires": ("questionnaire", "title", "sent_on", "due_on", "member", "returned_on"),
}
_KEYS = {
    "workshops": ("workshop",),
    "attendance": ("workshop", "member"),
    "confirmations": ("quarter", "member", "question"),
    "questionnaires": ("questionnaire", "member"),
}

RegisterRow = Mapping[str, object]


@dataclass(frozen=True)
class Registers:
    """The rows of each register in file order, each with its `recorded_on` (None: always known)."""

    rows: Mapping[str, tuple[RegisterRow, ...]]
    issues: tuple[Issue, ...] = ()
    _at: dict[date, Mapping[str, list[RegisterRow]]] = field(default_factory=dict, repr=False)

    def at(self, day: date) -> Mapping[str, list[RegisterRow]]:
        """Return each register as known on a day: of rows with one key, the last one recorded by then."""
        if day not in self._at:
            known = {name: [row for row in rows if _is_known(row, day)] for name, rows in self.rows.items()}
            self._at[day] = {name: _latest(rows, _KEYS.get(name)) for name, rows in known.items()}
        return self._at[day]

    def issues_at(self, day: date) -> list[Issue]:
        """Return the issues of rows recorded by a day, attendance at unknown workshops included."""
        workshops = {row["workshop"] for row in self.at(day)["workshops"]}
        lost = [r for r in self.rows["attendance"] if _is_known(r, day) and r["workshop"] not in workshops]
        unknown = [_bad_row_issue("attendance", r, "workshop", r["workshop"], "workshops.csv", None) for r in lost]
        return [*issues_known_by(self.issues, day), *unknown]

    def confirmed(self, day: date) -> dict[tuple[str, str, str], int]:
        """Return the values that members confirmed, as known on a day, by quarter, member and question."""
        return {(r["quarter"], r["member"], r["question"]): r["value"] for r in self.at(day)["confirmations"]}


def _is_known(row: RegisterRow, day: date) -> bool:
    return row["recorded_on"] is None or row["recorded_on"] <= day


def _latest(rows: list[RegisterRow], key: tuple[str, ...] | None) -> list[RegisterRow]:
    return list({tuple(row[name] for name in key): row for row in rows}.values()) if key else rows


def _quarter_or_blank(text: str) -> str:
    try:
        return quarters.parse_quarter(text)
    except ValueError:
        return ""


def _plan_quarter(text: str) -> str | None:
    quarter = _quarter_or_blank(text)
    return quarter if quarters.in_plan(quarter) else None


def _one_of(choices: Collection[str]) -> tuple[Callable[[str], str | None], str]:
    return (lambda text: text if text in choices else None), " | ".join(choices)


_QUARTER, _DAY, _COUNT = (_plan_quarter, "2024Q3"), (parse_day, "YYYY-MM-DD"), (parse_count, "0, 1, 2, …")
_COUNT_OR_ZERO = (lambda text: parse_count(text or "0"), "0, 1, 2, …")
_MAY_BE_BLANK = ("recorded_on", "confirmed_on", "returned_on", "sent_on")
# The cells of each register, in the order of checking: how to read one (None: it cannot be read), what is expected.
_CELLS: Mapping[str, Sequence[tuple[str, Callable[[str], object], str]]] = {
    "milestones": (
        ("stage", *_COUNT),
        ("quarter", *_QUARTER),
        ("product", *_one_of(sources.MILESTONE_PRODUCTS)),
        ("stage", lambda text: parse_count(text) if parse_count(text) <= 5 else None, "0-5"),
        ("parts", lambda text: frozenset(part.strip() for part in text.split(";") if part.strip()), ""),
    ),
    "workshops": (
        ("workshop", lambda text: text or None, "code"), ("held_on", *_DAY), ("step", *_one_of(sources.WORKSHOP_STEPS)),
    ),
    "attendance": (("women", *_COUNT_OR_ZERO), ("men", *_COUNT_OR_ZERO)),
    "confirmations": (("quarter", *_QUARTER), ("confirmed_on", *_DAY), ("value", *_COUNT)),
    "questionnaires": (("due_on", *_DAY), ("returned_on", *_DAY), ("sent_on", *_DAY)),
}  # fmt: skip


def _raw_rows(name: str) -> tuple[list[dict[str, str]], list[Issue]]:
    path = paths.registers() / f"{name}.csv"
    try:
        reader = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
        rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
        rows = [row for row in rows if any(row.values())]
        missing = [column for column in _COLUMNS[name] if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(", ".join(missing))
    except (OSError, ValueError, csv.Error) as reason:
        observed = str(getattr(reason, "strerror", None) or reason)
        return [], [make_issue("V22", Place("", path.name), ", ".join(_COLUMNS[name]), "*", observed=observed)]
    return rows, []


def _read_register(name: str, plan: Plan) -> tuple[tuple[RegisterRow, ...], list[Issue]]:
    raw, issues = _raw_rows(name)
    rows = []
    for number, row in enumerate(raw, start=2):
        row["row"] = str(number)
        if "member" in row:
            row["member"] = plan.resolve(row["member"]).iso3 or row["member"]
        values: dict[str, object] = {}
        for column, read, expected in (("recorded_on", *_DAY), *_CELLS[name]):
            text = row.get(column, "")
            values[column] = read(text)
            if values[column] is None and (text or column not in _MAY_BE_BLANK):
                issues.append(_bad_row_issue(name, row, column, text, expected, values["recorded_on"]))
                break
        else:
            rows.append(row | values)
    return tuple(rows), issues


def _bad_row_issue(name: str, row: RegisterRow, column: str, text: str, expected: str, known_on: date | None) -> Issue:
    """Return the issue of a register row that cannot be read (V22), with the member and quarter that it names."""
    member = read_plan().resolve(str(row.get("member", ""))).iso3
    place = Place(_quarter_or_blank(str(row.get("quarter", ""))), f"{name}.csv", row=str(row["row"]), member=member)
    return make_issue("V22", place, expected, column, observed=text, known_on=known_on)


def read_registers() -> Registers:
    """Read the five registers. A row that cannot be read is ignored with a warning (V22) and replaces nothing."""
    plan = read_plan()
    rows, issues = {}, []
    for name in _COLUMNS:
        rows[name], found = _read_register(name, plan)
        issues += found
    return Registers(rows, tuple(issues))


def due_quarter(row: RegisterRow) -> str:
    """Return the quarter in which a questionnaire was due."""
    return quarters.quarter_of(row["due_on"])
