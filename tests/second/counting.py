"""Which return of the invented union counts on a day, and which of its answers stand; written from the methodology.

Nothing here is the workbook's own code. Sections named in comments are those of the methodology.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from second.placing import list_codes, list_questions
from second.returns import Return, read, read_returns

ON_TIME_DAYS, CUTOFF_DAYS, CARRY = 20, 40, 2
EPSILON = 1e-9  # allowed in comparisons with a limit
QUARTERS_OF_PLAN = [f"{year}Q{n}" for year in (2025, 2026) for n in (1, 2, 3, 4)]
NA, ND, MISSING = "NA", "ND", ""
# V04 and V10 of rules.csv: the part, its total, and how many times the total the part may be.
PARTS = (
    ("berths_lit", "berths_all", 1.0), ("berths_solar", "berths_lit", 1.0), ("crew_women", "crew_all", 1.0),
    ("crew_aboard", "crew_all", 1.0), ("crew_certified", "crew_all", 1.5),
)  # fmt: skip
REFERENCES = {"berths_all": "reference_berths", "crew_all": "reference_crew"}
LOW, HIGH = 0.25, 4  # V05 of rules.csv


@dataclass(frozen=True)
class Member:
    """A member, with the dates between which it is one and what is assumed of it until it has reported."""

    code: str
    region: str
    first: date
    last: date
    references: Mapping[str, int]

    def valid_in(self, quarter: str) -> bool:
        """Section 1: valid in a quarter when it is a member on the quarter's last day."""
        return self.first <= end_of(quarter) <= self.last


def end_of(quarter: str) -> date:
    """Return the last day of a quarter."""
    year, n = int(quarter[:4]), int(quarter[5])
    return date(year + n // 4, 3 * n % 12 + 1, 1) - timedelta(days=1)


def cutoff_of(quarter: str) -> date:
    """Return the first cut-off of a quarter."""
    return end_of(quarter) + timedelta(days=CUTOFF_DAYS)


def quarters_to(quarter: str) -> list[str]:
    """Return the quarters from the first collected, which is the plan's first, to one."""
    return QUARTERS_OF_PLAN[: QUARTERS_OF_PLAN.index(quarter) + 1]


@cache
def read_members() -> tuple[Member, ...]:
    """Return the members, in the order of members.csv."""
    return tuple(
        Member(
            row["member"], row["region"], date.fromisoformat(row["member_from"] or "0001-01-01"),
            date.fromisoformat(row["member_to"] or "9999-12-31"),
            {question: int(row[column]) for question, column in REFERENCES.items()},
        )
        for row in read("plan", "members.csv")
    )  # fmt: skip


def members_of(quarter: str, scope: str) -> list[Member]:
    """Return the members expected in a quarter: of the union, or of a region."""
    return [m for m in read_members() if m.valid_in(quarter) and scope in ("ISLU", m.region)]


def read_register(name: str, as_of: date, key: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """Return the rows recorded by a day; of those with one key the last."""
    rows = [row for row in read("registers", f"{name}.csv") if row["recorded_on"] <= as_of.isoformat()]
    return list({tuple(row[k] for k in key): row for row in rows}.values()) if key else rows


def retired_codes(quarter: str) -> set[tuple[str, str]]:
    """Return the codes that the form no longer offers but accepts in returns of a quarter, with their list."""
    rows = read("plan", "questionnaire", "choices.csv")
    return {(row["list_name"], row["name"]) for row in rows if row["until"] and quarter <= row["until"]}


def _understand(question: Mapping[str, str], text: str, quarter: str) -> str:
    """Section 3, and V03 and V07: what an answer says; blank where it says nothing, or was withdrawn."""
    kind, _, listed = question["type"].partition(" ")
    if text in (NA, ND, ""):
        return text
    if kind == "integer":
        return "0" if text == "nil" else text if text.isdigit() else MISSING  # V03
    if not kind.startswith("select"):
        return text
    if kind == "select_multiple" and text == "0":
        return "none"
    live = {row["name"] for row in read("plan", "questionnaire", "choices.csv")
            if row["list_name"] == listed and not row["until"]}  # fmt: skip
    retired = {code for name, code in retired_codes(quarter) if name == listed}
    codes = text.split()
    if set(codes) - live - retired:
        return MISSING  # V07: one unknown code withdraws the whole answer
    return " ".join(code for code in codes if code not in retired)  # a retired code counts nowhere


@dataclass(frozen=True)
class Counted:
    """A return that counts, with the answers that stand; `voyages` is None where that part was not reported."""

    member: str
    quarter: str
    answers: Mapping[str, str]
    voyages: tuple[Mapping[str, str], ...] | None

    def number(self, question: str) -> int | None:
        """Return a count, None where none stands."""
        text = self.answers.get(question, "")
        return int(text) if text.isdigit() else None

    def is_na(self, question: str) -> bool:
        """Tell whether the question was said not to apply."""
        return self.answers.get(question) == NA

    def codes(self, question: str) -> list[str] | None:
        """Return the codes of a choice, `none` and `other` included; None where it was not answered."""
        text = self.answers.get(question, "")
        return None if text in ("", NA, ND) else text.split()


def _judge(one: Return, as_of: date) -> Counted:
    """Section 4: the hard rules, in the order V03, V07, V05, V04, V10."""
    member = next(m for m in read_members() if m.code == one.member)
    questions, _ = list_questions()
    answers = {q["name"]: _understand(q, one.said[q["name"]], one.quarter) for q in questions}
    for name, text in answers.items():  # a question both answered and ticked keeps its answer
        ticked = [code for nd, codes in one.said.items() if nd.startswith("nd_") for code in codes.split()]
        if text == MISSING and name in ticked and not one.said[name]:
            answers[name] = ND
    counted = Counted(one.member, one.quarter, answers, None)
    confirmed = {(row["quarter"], row["member"], row["question"], row["value"])
                 for row in read_register("confirmations", as_of)}  # fmt: skip
    for total in REFERENCES:  # V05
        value, reference = counted.number(total), member.references[total]
        is_confirmed = (one.quarter, one.member, total, str(value)) in confirmed
        if value is not None and not is_confirmed and not LOW * reference <= value <= HIGH * reference:
            answers[total] = MISSING
    for part, total, times in PARTS:  # V04, V10
        value, most = counted.number(part), counted.number(total)
        if most is None and total in REFERENCES:
            most = HIGH * member.references[total]
        if value is not None and most is not None and value > times * most:
            answers[part] = MISSING
    # Section 2c: no voyage is a part that is there and empty; yes without any is not reported, nor is no answer.
    asked = answers["any_voyage"]
    voyages = one.voyages or (() if asked == "no" else None)
    return Counted(one.member, one.quarter, answers, voyages)


@cache
def count_returns(as_of: date) -> tuple[dict[tuple[str, str], Counted], dict[tuple[str, str], date]]:
    """Section 3: the latest accepted return of each quarter and member, and the day of the first accepted one."""
    members = {m.code: m for m in read_members()}
    accepted = [r for r in read_returns() if r.received <= as_of and members[r.member].valid_in(r.quarter)]  # V01
    latest, first = {}, {}
    for one in sorted(accepted, key=lambda r: r.received):
        latest[one.quarter, one.member] = _judge(one, as_of)
        first.setdefault((one.quarter, one.member), one.received)
    return latest, first


def counting_codes(question: str) -> list[str]:
    """Return the codes of a question's list that can count: not those retired, `none` or `other`."""
    row = next(q for q in list_questions()[0] if q["name"] == question)
    gone = {r["name"] for r in read("plan", "questionnaire", "choices.csv") if r["until"]}
    return [code for code in list_codes(row) if code not in (*gone, "none", "other")]
