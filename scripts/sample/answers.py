"""Who answers, when and how completely: the returns of a quarter before anything in them goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache

from helpers.plan import quarters, read_settings
from sample import form
from sample.innovations import Item, items_of
from sample.truth import QUARTERS, Answers, Profile, answers_of, draw, profiles

# Of 45 members: about half answer at first, three quarters at the end; some of them only after the first cut-off.
ANSWERING = dict(zip(QUARTERS, (24, 26, 27, 28, 30, 31, 32, 34, 36, 36), strict=True))
AFTER_CUTOFF = dict(zip(QUARTERS, (1, 2, 1, 1, 2, 1, 2, 1, 2, 2), strict=True))
AFTER_REVISION = ("2022Q4", "2023Q3", "2024Q1", "2024Q3")
LATE, EXPORTED_AFTER_DAYS = 3, 43
# Members that always answer (they make good examples), and one whose unusual network needs its confirmations.
FAITHFUL = {"SEN": 2022, "KEN": 2022, "TUN": 2022, "MOZ": 2023}

NOT_AVAILABLE = "ND"
# Answered together or not at all: half of a block would be a wrong figure, not a missing one.
BLOCKS = (
    tuple(q.name for q in form.questions() if q.name.endswith(("_required", "_working"))),
    ("project_dre", "project_payments", "project_fitaf"),
)
ALWAYS_ANSWERED = ("offices_total", "offices_connected", "roadmap_status")
OFTEN_MISSING = {"audits_completed": 0.33, "trained_women": 0.12, "offices_alternative_power": 0.12}

COMMENTS = {
    "fr": ("Les chiffres du matériel sont provisoires.", "Le plan d'équipement est en cours de révision.",
           "Deux bureaux ruraux ont été raccordés ce trimestre.", "Les audits sont tenus tous les deux ans."),
    "en": ("Training figures cover headquarters and regions.", "The cloud pilot ends next quarter.",
           "Two rural offices were reconnected after repairs.", "Equipment is on order; delivery is expected soon."),
    "pt": ("Os dados da formação são provisórios.", "A ligação por satélite está em fase de teste."),
    "ar": ("الأرقام الخاصة بالتدريب أولية.", "تم ربط مكتبين ريفيين خلال هذا الفصل."),
}  # fmt: skip
ORGANISATIONS = {"fr": "Opérateur désigné - {}", "en": "Designated operator of {}", "pt": "Operador designado - {}",
                 "ar": "المستثمر المعين - {}"}  # fmt: skip
FOCAL_POINTS = {"fr": "Point focal", "en": "Focal point", "pt": "Ponto focal", "ar": "جهة الاتصال"}


@dataclass(frozen=True)
class Return:
    """One return as sent; `answers` may hold any text that a person would type.

    `file` says in which file it comes: kobo, mail, late, single:ISO3, last:ISO3 or revised:ISO3. `items` is None where
    the file has no part for innovations. `name` and `label` are the member and the quarter as written.
    """

    member: str
    quarter: str
    received: datetime
    file: str
    answers: Answers
    items: tuple[Item, ...] | None
    name: str
    label: str
    validation: str = ""
    edited: bool = False


def by_mail(who: Profile) -> bool:
    """Tell whether a member fills in a workbook and mails it; the others use the form."""
    habits = {"ar": 0.7, "pt": 0.6, "fr": 0.38, "en": 0.34}
    return who.member not in FAITHFUL and draw("channel", who.member).random() < habits[who.language]


@cache
def answering(quarter: str) -> tuple[Profile, ...]:
    """Return the members that answer for a quarter, the readiest first; weak performers answer less often."""

    def readiness(who: Profile) -> float:
        steady, moment = draw("steady", who.member).random(), draw("moment", who.member, quarter).random()
        faithful = int(quarter[:4]) >= FAITHFUL.get(who.member, 9999)
        return 2.0 * faithful + 0.6 * who.strength + 0.25 * steady + 0.45 * moment

    return tuple(sorted(profiles(), key=readiness, reverse=True)[: ANSWERING[quarter]])


def _delay(quarter: str, place: int) -> int:
    """Return after how many days the member in this place of the readiness order answers."""
    rng, from_last = draw("delay", quarter, place), ANSWERING[quarter] - place
    if from_last == 1 and quarter in AFTER_REVISION:
        return rng.randrange(93, 119)
    if from_last <= AFTER_CUTOFF[quarter]:
        return rng.randrange(48, 80)
    if from_last <= AFTER_CUTOFF[quarter] + LATE:
        return rng.randrange(32, 43)
    return rng.randrange(6, 30)


def _gaps(who: Profile, quarter: str) -> Answers:
    """Return the questions that a member leaves blank or says are not available."""
    rng = draw("gaps", who.member, quarter)
    base = 0.005 + 0.06 * (1 - who.strength)
    blocks = [*BLOCKS, *((q.name,) for q in form.questions() if not any(q.name in block for block in BLOCKS))]
    gaps: Answers = {}
    for block in blocks:
        missing, available = rng.random() < OFTEN_MISSING.get(block[0], base), rng.random() < 0.5
        if missing and block[0] not in ALWAYS_ANSWERED:
            gaps |= dict.fromkeys(block, "" if available else NOT_AVAILABLE)
    return gaps


def _identity(who: Profile) -> Answers:
    name = who.names[who.language]
    return {
        "organisation": ORGANISATIONS[who.language].format(name),
        "focal_point_name": FOCAL_POINTS[who.language],
        "focal_point_email": f"focal.point.{who.member.lower()}@example.org",
        "form_language": who.language,
    }


def _comment(who: Profile, quarter: str) -> Answers:
    rng = draw("comment", who.member, quarter)
    return {"comment": rng.choice(COMMENTS[who.language])} if rng.random() < 0.22 else {}


def complete(who: Profile, quarter: str) -> Answers:
    """Return a member's full and true answers, with its identity and comment."""
    return _identity(who) | answers_of(who.member, quarter) | _comment(who, quarter)


def received_at(quarter: str, days: int, *key: object) -> datetime:
    """Return a moment of a working day so many days after the end of the quarter."""
    rng = draw("time", quarter, days, *key)
    moment = time(rng.randrange(6, 18), rng.randrange(60), rng.randrange(60))
    return datetime.combine(quarters.quarter_end(quarter) + timedelta(days=days), moment)


def _file(who: Profile, days: int) -> str:
    """Return in which file a return comes: what misses the export of the form comes by mail."""
    if days > read_settings().revision_days:
        return f"last:{who.member}"
    if days > EXPORTED_AFTER_DAYS:
        return "late"
    return "mail" if by_mail(who) else "kobo"


def returns_of(quarter: str) -> list[Return]:
    """Return one return of each answering member: true, with gaps, in the readiness order."""
    return _with_single_file(
        [_return_of(who, quarter, _delay(quarter, place)) for place, who in enumerate(answering(quarter))]
    )


def _return_of(who: Profile, quarter: str, days: int) -> Return:
    return Return(
        member=who.member,
        quarter=quarter,
        received=received_at(quarter, days, who.member),
        file=_file(who, days),
        answers=complete(who, quarter) | _gaps(who, quarter),
        items=items_of(who.member, quarter),
        name=who.member,
        label=quarter,
    )


def _with_single_file(returns: list[Return]) -> list[Return]:
    """Let the first member that mails send a workbook of its own; the Secretariat compiles the others."""
    mailed = sorted((r for r in returns if r.file == "mail"), key=lambda r: r.received)
    return [replace(r, file=f"single:{r.member}") if r is mailed[0] else r for r in returns]
