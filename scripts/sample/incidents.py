"""What goes wrong in the sample's returns: gross errors, repeats, revisions, contradictions, strangers.

`happen` gives the returns as they were sent; `happen_without_errors` the same ones, at the same times, with no wrong
figure in them, so that the published bounds can be held against the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from helpers.plan import quarters
from sample.answers import Return, complete, received_at
from sample.innovations import items_of, outside
from sample.truth import Answers, answers_of, profile_of

Change = Callable[[Return], Answers]


@dataclass(frozen=True)
class Incident:
    """One thing that goes wrong: in which quarter, how, in which channel's file, and whose return it is."""

    quarter: str
    how: str
    channel: str
    member: str


INCIDENTS = tuple(
    Incident(*line.split())
    for line in """
    2022Q3 connected_over_total kobo CMR
    2022Q3 number_as_words mail MDG
    2022Q3 sent_twice kobo MAR
    2022Q4 unknown_code mail LBY
    2022Q4 negative mail COM
    2022Q4 revised_after_slip kobo ZMB
    2023Q1 staff_hundredfold kobo GHA
    2023Q1 contradicted mail GIN
    2023Q1 event_out_of_quarter kobo KEN
    2023Q2 connected_over_total mail CAF
    2023Q2 stranger mail RWA
    2023Q2 revised_after_gap kobo TGO
    2023Q3 number_as_words mail BEN
    2023Q3 women_over_staff mail GAB
    2023Q3 earlier_quarter mail LBY
    2023Q3 sent_twice kobo NER
    2023Q4 unknown_code mail AGO
    2023Q4 trained_over_staff kobo UGA
    2023Q4 misspelt mail LBY
    2024Q1 negative mail GIN
    2024Q1 copied_forward kobo LSO
    2024Q1 revised_after_slip mail BDI
    2024Q2 connected_over_total mail COM
    2024Q2 contradicted mail TCD
    2024Q2 edited_since kobo ZMB
    2024Q3 staff_hundredfold kobo NAM
    2024Q3 number_as_words mail GIN
    2024Q3 contradicted mail MDG
    2024Q3 sent_twice mail LBY
    2024Q3 revised_after_slip kobo UGA
    2024Q3 revised_without_items mail AGO
    2024Q4 unknown_code mail BEN
    2024Q4 not_approved kobo GNQ
    2024Q4 earlier_quarter mail MDG
    2024Q4 revised_after_gap mail GAB
    """.strip().splitlines()
)

# Texts that would do harm, or show what they should not, if they were ever run, rendered or printed as they are.
HOSTILE = {
    ("2023Q1", "kobo"): "=1+1",
    ("2023Q4", "mail"): "Réponses aux questions : focal.point@example.org",
    ("2024Q2", "mail"): "=1+1",
    ("2024Q3", "kobo"): '#read("x") $x$ *fort* \\input{x}',
    ("2024Q3", "mail"): "<b>Très urgent</b> & <script>alert(1)</script>",
    ("2024Q4", "kobo"): "<b>Merci</b> : focal.point@example.org",
}


# --- wrong figures: what replaces the true answers --------------------------------------------------------------


def _connected_over_total(one: Return) -> Answers:
    return {"offices_connected": int(_true(one, "offices_total") * 1.4) + 3}


def _number_as_words(one: Return) -> Answers:
    return {"trained_cumulative": f"environ {round(_true(one, 'trained_cumulative'), -1) or 10}"}


def _unknown_code(one: Return) -> Answers:
    return {"services_efinance": "mobile_wallet mobile_banking", "cloud_use": "hybrid"}


def _negative(one: Return) -> Answers:
    return {"laptop_working": -_true(one, "laptop_working") - 1}


def _staff_hundredfold(one: Return) -> Answers:
    return {"staff_total": _true(one, "staff_total") * 100}


def _women_over_staff(one: Return) -> Answers:
    return {"staff_women": _true(one, "staff_total") + 25}


def _trained_over_staff(one: Return) -> Answers:
    return {"trained_cumulative": _true(one, "staff_total") * 3}


def _copied_forward(one: Return) -> Answers:
    return answers_of(one.member, quarters.shift(one.quarter, -1))


def _nothing(one: Return) -> Answers:
    return {}


def _true(one: Return, question: str) -> int:
    return int(answers_of(one.member, one.quarter)[question])


WRONG: dict[str, Change] = {
    "connected_over_total": _connected_over_total,
    "number_as_words": _number_as_words,
    "unknown_code": _unknown_code,
    "negative": _negative,
    "staff_hundredfold": _staff_hundredfold,
    "women_over_staff": _women_over_staff,
    "trained_over_staff": _trained_over_staff,
    "copied_forward": _copied_forward,
}


# --- what happens to a return: the returns that stand in its place ----------------------------------------------


def _revision(one: Return, days: int) -> Return:
    """Return the full and true answers of the same member, mailed so many days later."""
    after = (one.received.date() - quarters.quarter_end(one.quarter)).days + days
    return replace(
        one,
        received=received_at(one.quarter, after, "revision", one.member),
        file=f"revised:{one.member}",
        answers=complete(profile_of(one.member), one.quarter),
    )


def _revised_after_slip(one: Return, wrong: Change) -> list[Return]:
    return [replace(one, answers=one.answers | wrong(one)), _revision(one, 12)]


def _revised_after_gap(one: Return, wrong: Change) -> list[Return]:
    gaps = {"offices_networked": "", "trained_capacity_building": "ND", "services_epost": "ND"}
    return [replace(one, answers=one.answers | gaps), _revision(one, 35)]


def _revised_without_items(one: Return, wrong: Change) -> list[Return]:
    gaps = {"audits_completed": "", "training_sessions": ""}
    return [replace(one, answers=one.answers | gaps), replace(_revision(one, 9), items=None)]


def _sent_twice(one: Return, wrong: Change) -> list[Return]:
    later = timedelta(minutes=2) if one.file == "kobo" else timedelta(days=2)
    return [one, replace(one, received=one.received + later)]


def _contradicted(one: Return, wrong: Change) -> list[Return]:
    """Two rows of one day with other figures: nothing says which is the later (V19)."""
    if wrong is _nothing:
        return [one]
    return [one, replace(one, answers=one.answers | {"offices_networked": 1, "training_sessions": 9})]


def _misspelt(one: Return, wrong: Change) -> list[Return]:
    true_name = profile_of(one.member).names["fr"]
    return [one if wrong is _nothing else replace(one, name=true_name[:-1] + 2 * true_name[-1])]


def _not_approved(one: Return, wrong: Change) -> list[Return]:
    return [replace(one, validation="" if wrong is _nothing else "validation_status_not_approved")]


def _edited_since(one: Return, wrong: Change) -> list[Return]:
    return [replace(one, edited=True)]


def _event_out_of_quarter(one: Return, wrong: Change) -> list[Return]:
    if wrong is _nothing or not one.items:
        return [one]
    return [replace(one, items=(outside(one.items[0], one.quarter), *one.items[1:]))]


HAPPENS: dict[str, Callable[[Return, Change], list[Return]]] = {
    "revised_after_slip": _revised_after_slip,
    "revised_after_gap": _revised_after_gap,
    "revised_without_items": _revised_without_items,
    "sent_twice": _sent_twice,
    "contradicted": _contradicted,
    "misspelt": _misspelt,
    "not_approved": _not_approved,
    "edited_since": _edited_since,
    "event_out_of_quarter": _event_out_of_quarter,
}


def _stranger(returns: Sequence[Return], incident: Incident) -> Return:
    """Return a plausible return of a state that is no member of the Union."""
    model = next(one for one in returns if one.file == incident.channel)
    answers = model.answers | {"organisation": "Opérateur désigné - Rwanda",
                               "focal_point_email": "focal.point.rwa@example.org"}  # fmt: skip
    return replace(model, member=incident.member, name="Rwanda", answers=answers, items=())


def _earlier_quarter(returns: Sequence[Return], incident: Incident) -> Return:
    """Return last quarter's answers of a member that sends nothing for this one, labelled as last quarter's."""
    before = quarters.shift(incident.quarter, -1)
    model = next(one for one in returns if one.file == incident.channel)
    answers, items = complete(profile_of(incident.member), before), items_of(incident.member, before)
    return replace(model, member=incident.member, name=incident.member, label=before, answers=answers, items=items)


STRANGERS = {"stranger": _stranger, "earlier_quarter": _earlier_quarter}


# --- all of a quarter -------------------------------------------------------------------------------------------


def _victims(returns: Sequence[Return], incidents: Sequence[Incident]) -> dict[str, Incident]:
    """Return which member each incident befalls; raise ValueError for one whose return does not come that way."""
    victims = {incident.member: incident for incident in incidents if incident.how not in STRANGERS}
    came_by = {one.member: one.file for one in returns}
    astray = [str(incident) for incident in victims.values() if came_by.get(incident.member) != incident.channel]
    if astray or len(victims) < sum(incident.how not in STRANGERS for incident in incidents):
        raise ValueError(f"choose other members in INCIDENTS, each once a quarter: {'; '.join(astray)}")
    return victims


def _slip(incident: Incident) -> Change:
    """Return the wrong figures that an incident brings into a return."""
    return WRONG.get(incident.how, _connected_over_total)


def _befall(one: Return, incident: Incident | None, slip: Callable[[Incident], Change]) -> list[Return]:
    if incident is None:
        return [one]
    if incident.how in HAPPENS:
        return HAPPENS[incident.how](one, slip(incident))
    return [replace(one, answers=one.answers | slip(incident)(one))]


def _with_hostile_comment(returns: Sequence[Return], quarter: str) -> list[Return]:
    """Put the quarter's hostile comments into the first return of their channel."""
    changed = list(returns)
    for (when, channel), text in HOSTILE.items():
        if when == quarter:
            place = next(n for n, one in enumerate(changed) if one.file == channel)
            changed[place] = replace(changed[place], answers=changed[place].answers | {"comment": text})
    return changed


def _of(quarter: str) -> list[Incident]:
    return [incident for incident in INCIDENTS if incident.quarter == quarter]


def happen(returns: Sequence[Return]) -> list[Return]:
    """Return a quarter's returns as they were sent, with all that went wrong."""
    quarter = returns[0].quarter
    said = _with_hostile_comment(returns, quarter)
    victims = _victims(returns, _of(quarter))
    sent = [version for one in said for version in _befall(one, victims.get(one.member), _slip)]
    return sent + [STRANGERS[i.how](returns, i) for i in _of(quarter) if i.how in STRANGERS]


def happen_without_errors(returns: Sequence[Return]) -> list[Return]:
    """Return the same returns, at the same times, with every figure true: gaps, repeats and revisions stay."""
    quarter = returns[0].quarter
    said = _with_hostile_comment(returns, quarter)
    victims = _victims(returns, _of(quarter))
    return [version for one in said for version in _befall(one, victims.get(one.member), lambda _: _nothing)]
