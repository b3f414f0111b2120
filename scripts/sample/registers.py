"""The registers of the invented sample: milestones, workshops, attendance, confirmations, questionnaires, actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from helpers.i18n import Translator
from helpers.ingest import registers
from helpers.plan import plan, quarters
from helpers.report.actions import word_proposal
from helpers.tables.actions import Advice
from sample.answers import answering
from sample.files import write_csv
from sample.truth import QUARTERS, REORGANISED, draw, profiles

Row = Sequence[object]
REFERENCE = "Document d'exemple n° {} (invented for the sample)"

# quarter, product, stage, how many of the product's parts are covered, recorded on
MILESTONES = (
    ("2022Q3", "digital_model", 1, 2, "2022-10-12"),
    ("2022Q4", "digital_model", 2, 4, "2023-01-16"),
    ("2022Q4", "software_guidelines", 1, 0, "2023-01-16"),
    ("2023Q1", "digital_model", 3, 6, "2023-04-13"),
    ("2023Q1", "software_guidelines", 2, 3, "2023-04-13"),
    ("2023Q2", "digital_model", 4, 7, "2023-07-11"),
    ("2023Q4", "software_guidelines", 3, 4, "2024-01-15"),
    ("2024Q2", "software_guidelines", 4, 5, "2024-07-15"),
)
PRODUCT_STEPS = {"digital_model": "1.1", "software_guidelines": "2.3"}

# workshop, step, topic, held on, title, chance that a member attends
WORKSHOPS = (
    ("A-2022-1", "5.2", "digital_transformation", "2022-11-15", "Atelier sur la transformation numérique", 0.45),
    ("A-2022-2", "5.2", "financial_inclusion", "2022-12-06", "Atelier sur l'inclusion financière", 0.3),
    ("F-2023-1", "5.3", "it_systems", "2023-05-23", "Formation aux systèmes informatiques", 0.4),
    ("A-2023-1", "5.2", "digital_transformation", "2023-09-19", "Second atelier sur la transformation numérique", 0.4),
    ("F-2023-2", "5.3", "tools", "2023-10-10", "Formation aux outils numériques", 0.35),
    ("F-2024-1", "5.3", "cybersecurity", "2024-02-20", "Formation à la cybersécurité", 0.45),
    ("F-2024-2", "5.3", "cybersecurity", "2024-09-17", "Formation à la cybersécurité, second niveau", 0.35),
)

# questionnaire, title, sent on, due on, share of the members that return it
QUESTIONNAIRES = (
    ("ENQ-2023-1", "Enquête sur l'adressage numérique", "2023-01-16", "2023-02-28", 0.44),
    ("ENQ-2023-2", "Enquête sur la cybersécurité des opérateurs", "2023-10-02", "2023-11-30", 0.58),
    ("ENQ-2024-1", "Enquête sur le commerce électronique", "2024-04-15", "2024-05-31", 0.6),
    ("ENQ-2024-2", "Enquête sur l'usage des directives logicielles", "2024-07-15", "2024-08-31", 0.67),
)

# quarter, KPI, member, rule or the Secretariat's own words, due, then how it stands, day by day
ACTIONS = (
    ("2024Q1", "2.1.a", "", "near", "2024-09-30", ("open 2024-06-03",)),
    ("2024Q1", "1.1.b", "GHA", "unchanged/drafted", "2024-09-30", ("open 2024-06-03", "done 2024-09-05")),
    ("2024Q1", "1.1.b", "SWZ", "unchanged/drafted", "2024-12-31", ("open 2024-06-03", "done 2024-10-01")),
    ("2024Q1", "5.1.a", "BFA", "none", "2024-09-30", ("open 2024-06-03", "done 2024-10-08")),
    ("2024Q1", "2.2.a", "KEN", "Commander 300 imprimantes et 400 ordinateurs portables", "2024-12-31",
     ("open 2024-06-10",)),
    ("2024Q1", "5.1.a", "SEN", "none", "", ("dropped 2024-06-03",)),
    ("2024Q2", "5.1.a", "KEN", "none", "2024-10-31", ("open 2024-09-02",)),
    ("2024Q2", "2.2.a", "TGO", "parts/scale", "2025-03-31", ("open 2024-09-02", "dropped 2024-10-21")),
    ("2024Q2", "2.3.a", "", "Ajouter la cybersécurité aux directives", "2024-12-31", ("open 2024-09-02",)),
)  # fmt: skip


def _milestones() -> list[Row]:
    return [
        (quarter, product, stage, ";".join(plan.read_plan().part_codes(PRODUCT_STEPS[product])[:parts]),
         REFERENCE.format(number), recorded)
        for number, (quarter, product, stage, parts, recorded) in enumerate(MILESTONES, start=1)
    ]  # fmt: skip


def _after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _workshops() -> list[Row]:
    return [(code, step, topic, held, title, _after(held, 8)) for code, step, topic, held, title, _ in WORKSHOPS]


def _attendance() -> list[Row]:
    """Return one row a workshop and member that attended; later rows of one key correct earlier ones."""
    rows: list[Row] = []
    for code, _, _, held, _, chance in WORKSHOPS:
        for who in profiles():
            rng = draw("attendance", code, who.member)
            if rng.random() < chance * (0.5 + who.strength):
                rows.append((code, who.member, rng.randrange(0, 3), rng.randrange(0, 3), _after(held, 8)))
    # A guest that is no member counts nowhere; a member's list is corrected three weeks later.
    rows.append(("F-2023-1", "RWA", 1, 1, "2023-05-31"))
    rows.append(("F-2024-1", "SEN", 3, 2, _after("2024-02-20", 21)))
    return rows


def _unreadable_attendance() -> list[Row]:
    """Return what cannot be read: a count in words, and a workshop that nobody knows (V22)."""
    return [("F-2023-2", "GHA", "deux", 1, "2023-10-18"), ("F-2023-9", "KEN", 1, 1, "2023-10-18")]


def _confirmations() -> list[Row]:
    """Return the confirmations of the networks that are far smaller than their reference (V05)."""
    note = "Réseau réorganisé en 2021 : chiffre confirmé par le membre"
    rows: list[Row] = []
    for member, (offices, _) in REORGANISED.items():
        for quarter in QUARTERS:
            if any(who.member == member for who in answering(quarter)):
                # In 2023Q1 the confirmation came after the first cut-off: that edition had to leave the value out.
                days = 60 if quarter == "2023Q1" else 36
                said = (quarters.quarter_end(quarter) + timedelta(days=days)).isoformat()
                rows.append((quarter, member, "offices_total", offices, said, note, said))
    return rows


def _questionnaires() -> list[Row]:
    """Return one row a questionnaire and member asked; a reply after the due day or the cut-off stands as it came."""
    rows: list[Row] = []
    for code, title, sent, due, share in QUESTIONNAIRES:
        for who in profiles():
            rng = draw("questionnaire", code, who.member)
            span = (date.fromisoformat(due) - date.fromisoformat(sent)).days
            days = rng.randrange(10, span) if rng.random() < 0.9 else rng.randrange(span + 2, span + 120)
            returned = _after(sent, days) if rng.random() < share * (0.55 + 0.9 * who.strength) else ""
            rows.append((code, title, sent, due, who.member, returned, returned or sent))
    return rows


def _actions() -> list[Row]:
    """Return the actions that were agreed on: proposals as they are, words of the Secretariat's own, one turned down.

    A row for each day on which one changed; a proposal is known by its id.
    """
    responsible, t, rows = {step.step: step.responsible for step in plan.read_plan().steps}, Translator("fr"), []
    for number, (quarter, kpi, member, what, due, days) in enumerate(ACTIONS, start=1):
        proposal = Advice.of(f"{kpi}/{quarter}/{member or 'PAPU'}/{what}")
        known = proposal.id if proposal else f"SG-{quarter}-{number}"
        words = word_proposal(proposal, t) if proposal else what
        for status, day in map(str.split, days):
            closed = day if status != "open" and due else ""
            who = "" if member else responsible[kpi.rpartition(".")[0]]
            rows.append((known, quarter, kpi, member, words, who, due, status, closed, day))
    return sorted(rows, key=lambda row: row[-1])


def write_registers(folder: Path, with_errors: bool) -> None:
    """Write the registers; `with_errors` adds the rows that cannot be read."""
    attendance = _attendance() + (_unreadable_attendance() if with_errors else [])
    write_csv(
        folder / "milestones.csv", ("quarter", "product", "stage", "parts", "reference", "recorded_on"), _milestones()
    )
    write_csv(folder / "workshops.csv", ("workshop", "step", "topic", "held_on", "title", "recorded_on"), _workshops())
    write_csv(folder / "attendance.csv", ("workshop", "member", "women", "men", "recorded_on"), attendance)
    write_csv(
        folder / "confirmations.csv",
        ("quarter", "member", "question", "value", "confirmed_on", "note", "recorded_on"),
        _confirmations(),
    )
    write_csv(
        folder / "questionnaires.csv",
        ("questionnaire", "title", "sent_on", "due_on", "member", "returned_on", "recorded_on"),
        _questionnaires(),
    )
    write_csv(folder / "actions.csv", registers.COLUMNS[registers.ACTIONS], _actions())
