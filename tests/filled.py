"""What every member answers in a quarter, for tests of the questionnaire: as in its newest return of the sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from helpers.plan import quarters, read_plan
from helpers.tables import pipeline

LAST = "2024Q3"  # of the sample's quarters


@dataclass
class Filled:
    """What a member answers, and its items, each by name."""

    answers: dict[str, str] = field(default_factory=dict)
    items: list[dict[str, str]] = field(default_factory=list)


def answer_as_before(quarter: str) -> dict[str, Filled]:
    """Return what each member answers in a quarter, with items of it; one that never answered says hardly anything."""
    source, said, start = pipeline.read_raw_data(LAST), {}, quarters.quarter_start(quarter)
    checked = pipeline.check_as_of(source, date(2025, 1, 10))
    for each in sorted(checked.returns, key=lambda each: each.entry.quarter):
        if each.entry.counts:
            own = Filled({name: answer.value for name, answer in each.answers.items() if answer.value})
            for n, item in enumerate(each.items or (), start=1):
                values = {name: answer.value for name, answer in item.answers.items() if answer.value}
                own.items.append(values | {"date": (start + timedelta(days=30 + n)).isoformat()})
            said[each.entry.member] = own
    for member in read_plan().members_in(quarter):
        own = said.setdefault(member.member, Filled({"attended_meetings": "yes", "has_innovations": "no"})).answers
        own |= {"member": member.member, "quarter": quarter, "form_language": own.get("form_language", member.language)}
    assert len(said) == 45 and len({own.answers["form_language"] for own in said.values()}) == 4
    return said


def as_submitted(own: Filled) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return answers and items as the form sends them, with what it computes."""
    answers = own.answers | {"pick_form_language": own.answers["form_language"]}
    items = []
    for item in own.items:
        typed = "pick_detail" if item["kind"] in ("solution", "adoption") else "write_detail"
        items.append(item | ({typed: item["detail"]} if "detail" in item else {}))
    return answers, items
