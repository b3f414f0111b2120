"""Reads the Secretariat's registers: files that grow by appending, as known on any day (methodology, section 2)."""

import csv
import io
from collections.abc import Callable, Mapping
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


class _BadRow(ValueError):
    """A register row that cannot be read (V22): its column, the text there, what was expected."""


@dataclass(frozen=True)
class Registers:
    """The rows of each register in file order, each with its `recorded_on` (None: always known)."""

    rows: Mapping[str, tuple[RegisterRow, ...]]
    issues: tuple[Issue, ...] = ()
    _at: dict[date, Mapping[str, list[RegisterRow]]] = field(default_factory=dict, repr=False)

    def at(self, day: date) -> Mapping[str, list[RegisterRow]]:
        """Return each register as known on a day: of rows with one key, the last one recorded by then."""
        if day not in self._at:
            self._at[day] = {
                name: _latest([row for row in rows if _is_known(row, day)], _KEYS.get(name))
                for name, rows in self.rows.items()
            }
        return self._at[day]

    def issues_at(self, day: date) -> list[Issue]:
        """Return the issues of rows recorded by a day, attendance at unknown workshops included."""
        workshops = {row["workshop"] for row in self.at(day)["workshops"]}
        lost = [r for r in self.rows["attendance"] if _is_known(r, day) and r["workshop"] not in workshops]
        unknown = [_bad_row_issue("attendance", r, "workshop", r["workshop"], "workshops.csv") for r in lost]
        return [*issues_known_by(self.issues, day), *unknown]

    def confirmed(self, day: date) -> dict[tuple[str, str, str], int]:
        """Return the values that members confirmed, as known on a day, by quarter, member and question."""
        return {(r["quarter"], r["member"], r["question"]): r["value"] for r in self.at(day)["confirmations"]}


def _is_known(row: RegisterRow, day: date) -> bool:
    return row["recorded_on"] is None or row["recorded_on"] <= day


def _latest(rows: list[RegisterRow], key: tuple[str, ...] | None) -> list[RegisterRow]:
    return list({tuple(row[name] for name in key): row for row in rows}.values()) if key else rows


# --- cells of a register ----------------------------------------------------------------------------------------


def _require(row: Mapping[str, str], name: str, found: object, expected: str) -> object:
    if found is None:
        raise _BadRow(name, row[name], expected)
    return found


def _quarter(row: Mapping[str, str], name: str) -> str:
    quarter = _quarter_or_blank(row, name)
    return _require(row, name, quarter if quarter and quarters.in_plan(quarter) else None, "2024Q3")


def _quarter_or_blank(row: RegisterRow, name: str) -> str:
    try:
        return quarters.parse_quarter(str(row.get(name, "")))
    except ValueError:
        return ""


def _day(row: Mapping[str, str], name: str) -> date:
    return _require(row, name, parse_day(row[name]), "YYYY-MM-DD")


def _day_or_blank(row: Mapping[str, str], name: str) -> date | None:
    return _day(row, name) if row[name] else None


def _count(row: Mapping[str, str], name: str, blank: int | None = None) -> int:
    return _require(row, name, parse_count(row[name]) if row[name] else blank, "0, 1, 2, …")


def _choice(row: Mapping[str, str], name: str, choices: object) -> str:
    return _require(row, name, row[name] if row[name] in choices else None, " | ".join(choices))


def _milestone(row: Mapping[str, str]) -> RegisterRow:
    stage = _count(row, "stage")
    return {
        "quarter": _quarter(row, "quarter"), "product": _choice(row, "product", sources.MILESTONE_PRODUCTS),
        "stage": _require(row, "stage", stage if stage <= 5 else None, "0-5"),
        "parts": frozenset(part.strip() for part in row["parts"].split(";") if part.strip()),
    }  # fmt: skip


def _workshop(row: Mapping[str, str]) -> RegisterRow:
    name, held_on = _require(row, "workshop", row["workshop"] or None, "code"), _day(row, "held_on")
    return {"workshop": name, "step": _choice(row, "step", sources.WORKSHOP_STEPS), "held_on": held_on}


def _attendance(row: Mapping[str, str]) -> RegisterRow:
    return {"women": _count(row, "women", 0), "men": _count(row, "men", 0)}


def _confirmation(row: Mapping[str, str]) -> RegisterRow:
    quarter, confirmed_on = _quarter(row, "quarter"), _day_or_blank(row, "confirmed_on")
    return {"quarter": quarter, "confirmed_on": confirmed_on, "value": _count(row, "value")}


def _questionnaire(row: Mapping[str, str]) -> RegisterRow:
    due_on, returned_on = _day(row, "due_on"), _day_or_blank(row, "returned_on")
    return {"due_on": due_on, "returned_on": returned_on, "sent_on": _day_or_blank(row, "sent_on")}


_READERS: Mapping[str, Callable[[Mapping[str, str]], RegisterRow]] = {
    "milestones": _milestone, "workshops": _workshop, "attendance": _attendance,
    "confirmations": _confirmation, "questionnaires": _questionnaire,
}  # fmt: skip


# --- a register -------------------------------------------------------------------------------------------------


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
        row["row"], recorded_on = str(number), None
        if "member" in row:
            row["member"] = plan.resolve(row["member"]).iso3 or row["member"]
        try:
            recorded_on = _day_or_blank(row, "recorded_on") if "recorded_on" in row else None
            rows.append(row | dict(_READERS[name](row)) | {"recorded_on": recorded_on})
        except _BadRow as bad:
            issues.append(_bad_row_issue(name, row, *bad.args, known_on=recorded_on))
    return tuple(rows), issues


def _bad_row_issue(
    name: str, row: RegisterRow, column: str, observed: str, expected: str, known_on: date | None = None
) -> Issue:
    """Return the issue of a register row that cannot be read (V22), with the member and quarter that it names."""
    member = read_plan().resolve(str(row.get("member", ""))).iso3
    place = Place(_quarter_or_blank(row, "quarter"), f"{name}.csv", row=str(row["row"]), member=member)
    return make_issue("V22", place, expected, column, observed=observed, known_on=known_on)


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
