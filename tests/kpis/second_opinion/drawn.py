"""Random returns, registers and plans as raw files: what the second opinion is asked about besides the sample."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from conftest import PLAN, Raw
from helpers.plan.plan import Member, read_plan
from helpers.plan.quarters import quarter_end, quarter_start, quarters_between
from helpers.plan.questionnaire import NONE_CODE, Question
from present import PERSONAL, SETTINGS

MEMBERS = read_plan(PLAN).members
Row = dict[str, object]
REFERENCES = ["", "", "", "H-1", " h-1 ", "É-2", "é-2", "S/3"]
TITLES = ["", "Ma Poste", "ma  poste!", "MÀ POSTE", "e-Guichet", "بريد"]
DETAILS = ["", "software", "application", "own", "upu", "other_post", "Maputo"]
KINDS = ["solution", "solution", "solution", "hackathon", "hackathon", "exhibition", "competition", "adoption", "fair"]


def number_of(rng: random.Random, question: str, said: Mapping[str, object], member: Member) -> object:
    """Draw a number near the edges that matter to its question: totals, references, zero."""
    offices = (
        said["offices_total"] if isinstance(said.get("offices_total"), int) else member.references["reference_offices"]
    )
    staff = said["staff_total"] if isinstance(said.get("staff_total"), int) else member.references["reference_staff"]
    if question in ("offices_total", "staff_total"):
        reference = (
            member.references["reference_offices"]
            if question == "offices_total"
            else member.references["reference_staff"]
        )
        return round(reference * rng.choice([0.1, 0.2, 0.6, 1, 1, 1, 1.1, 1.5, 5, 6]))
    if question.startswith("offices_"):
        return round(offices * rng.choice([0, 0.3, 0.5, 0.9, 1, 1, 1.2]))
    if question == "trained_cumulative":
        return round(staff * rng.choice([0, 0.05, 0.14, 0.15, 0.3, 1, 1.2, 1.3]))
    return rng.choice([0, 0, 1, 2, 19, 20, 20, 40])


def answer_of(
    rng: random.Random, question: Question, said: Mapping[str, object], member: Member, blank: float
) -> object:
    """Draw an answer of any kind: a value, a token of the methodology, nothing, or something against the rules."""
    luck = rng.random()
    if luck < blank:
        return rng.choice([None, "…", "ND", "NA", "NA", "NG", "néant", "??"])
    if question.type == "integer":
        return number_of(rng, question.name, said, member)
    if question.type == "select_one":
        return rng.choice(question.choices)
    if question.type == "select_multiple":
        codes = [code for code in question.choices if code != NONE_CODE]
        some = " ".join(rng.sample(codes, rng.randint(1, len(codes))))
        return rng.choice([NONE_CODE, "0", some, some, some, some, f"{codes[0]} {codes[0]}", f"{NONE_CODE} {some}"])
    return None


def return_of(rng: random.Random, raw: Raw, member: Member, quarter: str) -> Row:
    """Draw one return: full, patchy or nearly empty."""
    blank = rng.choice([0.02, 0.02, 0.15, 0.5, 0.97])
    row: Row = {"member": member.member, "quarter": quarter}
    for question in raw.form.questions:
        if question.name in ("member", "quarter", "form_language", *PERSONAL) or question.type in ("text", "date"):
            continue
        if not question.name.startswith("nd_"):
            row[question.name] = answer_of(rng, question, row, member, blank)
        elif rng.random() < 0.2:
            row[question.name] = rng.choice([code for code in question.choices if code != NONE_CODE])
    if rng.random() < 0.25:  # answers that agree: all offices connected, every family without services
        row["offices_connected"] = row["offices_total"]
        row |= {name: NONE_CODE for name in row if name.startswith("services_")}
    return row


def items_of(rng: random.Random) -> list[Row]:
    """Draw what a return says of innovations, with references that other members use too, or none."""
    return [
        {
            "kind": rng.choice(KINDS), "reference": rng.choice(REFERENCES), "title": rng.choice(TITLES),
            "detail": rng.choice(DETAILS),
        }
        for _ in range(rng.choice([0, 0, 1, 4]))
    ]  # fmt: skip


def write_returns(rng: random.Random, raw: Raw, quarter: str, rate: float) -> None:
    """Write a quarter's returns, with late, repeated and revised ones; a third of them without an innovations part."""
    rows: dict[bool, list[Row]] = {True: [], False: []}
    items: list[Row] = []
    for member in MEMBERS:
        if rng.random() >= rate:
            continue
        has_part, first = rng.random() < 0.7, return_of(rng, raw, member, quarter)
        day = quarter_end(quarter) + timedelta(days=rng.choice([1, 5, 29, 30, 31, 44, 45, 46, 80, 91]))
        for again in range(rng.choice([1, 1, 1, 2, 3])):
            row = first if rng.random() < 0.3 or not again else return_of(rng, raw, member, quarter)
            day += timedelta(days=rng.choice([0, 1, 20, 40]) if again else 0)
            rows[has_part].append(row | {"submitted_on": day})
            if has_part:
                items += [item | {"member": member.member, "submitted_on": day} for item in items_of(rng)]
    for has_part, some in rows.items():
        if some:
            raw.write_plain(quarter, some, items if has_part else None, name=f"mail{has_part}.xlsx")


def _day(rng: random.Random, first: date, last: date) -> date:
    return first + timedelta(days=rng.randint(0, (last - first).days))


def write_registers(rng: random.Random, raw: Raw, quarters: Sequence[str], confirmed_late: bool = False) -> None:
    """Write the registers: several rows of one key, rows recorded later, non-members, aliases, rows nobody can read.

    Each that has rows has one that can be read: one without any is refused, which the SQL does not know.
    """
    first, last = quarter_start("2022Q1") - timedelta(days=20), quarter_end(quarters[-1]) + timedelta(days=100)
    codes = [member.member for member in MEMBERS]
    anyone = [*codes[:20], "Sénégal", "Egypt", "CPV", "Atlantis"]
    parts = {
        product: [
            c["code"] for c in csv.DictReader((PLAN / "components.csv").open(encoding="utf-8")) if c["list"] == name
        ]
        for product, name in (("digital_model", "domain"), ("software_guidelines", "trait"))
    }

    def recorded() -> object:
        return rng.choice(["", "", "", _day(rng, first, last), _day(rng, first, last), rng.choice(["", "2024-13-01"])])

    stones = []
    for _ in range(rng.randint(0, 12)):
        product = rng.choice(list(parts))
        some = rng.choice([parts[product], parts[product], parts[product][:3]])
        quarter = rng.choice([*quarters, *quarters, "T3 2023", "2026Q1", "soon"])
        stones.append(
            f"{quarter},{product},{rng.choice([0, 1, 2, 3, 4, 4, 5, 6, 'x'])},{';'.join(some)},D,{recorded()}"
        )
    raw.write_register("milestones", *(["2022Q3,digital_model,0,,D,"] if stones else []), *stones)
    names = ["A", "B", "C", "D"]
    held = []
    for _ in range(rng.randint(0, 10)):
        day = rng.choice([*(_day(rng, first, last) for _ in range(4)), "May"])
        held.append(f"{rng.choice(names)},{rng.choice(['5.2', '5.2', '5.3', '5.3', '5.4'])},t,{day},T,{recorded()}")
    raw.write_register("workshops", *(["A,5.2,t,2022-03-01,T,"] if held else []), *held)
    came = []
    for _ in range(rng.randint(0, 40)):
        women, men = rng.choice([0, 1, "", 7, "x"]), rng.choice([0, 0, 2, ""])
        came.append(f"{rng.choice([*names, 'E'])},{rng.choice(anyone)},{women},{men},{recorded()}")
    raw.write_register("attendance", *(["A,CPV,0,0,"] if came else []), *came)
    asked = []
    for _ in range(rng.randint(0, 40)):
        due = rng.choice([*(quarter_end(q) - timedelta(days=rng.choice([0, 9, 91])) for q in quarters), "soon"])
        asked.append(
            f"{rng.choice('XYZ')},T,{_day(rng, first, last)},{due},{rng.choice(anyone)},"
            f"{rng.choice(['', _day(rng, first, last), SETTINGS.first_cutoff(rng.choice(quarters))])},{recorded()}"
        )
    raw.write_register("questionnaires", *(["X,T,,2022-02-01,CPV,,"] if asked else []), *asked)
    raw.write_register("confirmations", *(
        f"{rng.choice(quarters)},{m.member},offices_total,{round(m.references['reference_offices'] * 6)},,n,"
        f"{_day(rng, first, last) if confirmed_late else ''}"
        for m in rng.sample(MEMBERS, 8)
    ))  # fmt: skip


def write_plan(rng: random.Random, raw: Raw) -> None:
    """Write a plan of its own: members that join and leave, targets that are near, far, or not there."""
    folder = raw.root / "data" / "raw" / "plan"
    shutil.copytree(PLAN, folder)
    for name in ("members", "kpis"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if name == "members" and rng.random() < 0.25:
                joined = rng.choice(["", "2022-09-30", "2022-12-31", "2023-01-01"])
                left = rng.choice(["", "", "2022-12-30", "2022-12-31", "2023-09-30"])
                row |= {"member_from": joined, "member_to": left if left >= joined else ""}
            elif name == "kpis" and row["measure"] != "milestone" and rng.random() < 0.5:
                share = row["assessed"] == "share"
                targets = ["0.2", "0.5", "0.8"] if share else ["1", "3", "10", "20"]
                above = [target for target in targets if float(target) > float(row["baseline"] or 0)]
                row["target"] = rng.choice(above or [row["target"]])
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def write_all(
    seed: int, raw: Raw, quarters: Sequence[str], rates: Sequence[float], own_plan: bool, **register: bool
) -> None:
    """Write an edition's inputs: returns at these rates of response, registers, and where asked a plan of its own."""
    rng = random.Random(seed)
    if own_plan:
        write_plan(rng, raw)
    for quarter, rate in zip(quarters, rates, strict=True):
        write_returns(rng, raw, quarter, rate)
    write_registers(
        rng, raw, quarters_between("2022Q3", quarters[-1]) if quarters[-1] > "2022Q3" else quarters, **register
    )
