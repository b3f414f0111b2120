"""The truth of the invented universe: what every member would answer each quarter, were it to answer in full.

Nothing here is a real figure. Reference offices and staff come from the member table; all else is drawn from a fixed
seed, growing from the connected shares of `synthetic_universe.csv`. The truth keeps within the caps that the published
bounds assume (methodology, section 5): offices and staff never above the reference nor rising, parts within wholes,
projects that never go back.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from helpers.plan import files, plan, quarters
from sample import form

SEED = "upap-2022-2025"
QUARTERS = tuple(quarters.quarters_between("2022Q3", "2024Q4"))
FAMILIES = ("epost", "ecommerce", "egovernment", "efinance")
PRODUCTS = ("ecompro", "tracked", "small_packets")
PROJECTS = ("dre", "payments", "fitaf")
UNITS_PER_OFFICE = {"server": 0.12, "laptop": 1.4, "printer": 1.0, "scanner": 0.8, "scale": 1.2}

# A network so much smaller than its reference that V05 asks for a confirmation (registers.py gives it).
REORGANISED = {"MOZ": (28, 290)}
# Small networks whose equipment plan asks for no scanner.
NO_SCANNER = ("GMB", "BDI", "COM")
# A network that loses half its connected offices from this quarter on: a true fall, which V08 and V09 ask about.
SHAKEN = ("SDN", "2023Q2")

Value = int | str
Answers = dict[str, Value]


def draw(*key: object) -> random.Random:
    """Return a generator of its own for a topic, so that one more draw here changes nothing there."""
    return random.Random("/".join((SEED, *map(str, key))))


@dataclass(frozen=True)
class Profile:
    """One member of the invented universe; `strength` (0-1) drives how far and how fast it advances."""

    member: str
    language: str
    names: dict[str, str]
    offices: int
    staff: int
    connected_share: float
    strength: float


@cache
def profiles() -> tuple[Profile, ...]:
    """Return the profile of each member, in the order of the member table."""
    rows = files.read_rows(Path(__file__).with_name("synthetic_universe.csv"), ("member", "connected_2022q3_percent"))
    shares = {row["member"]: int(row["connected_2022q3_percent"]) / 100 for row in rows}
    return tuple(_profile(member, shares[member.member]) for member in plan.read_plan().members)


def _profile(member: plan.Member, share: float) -> Profile:
    rng = draw("profile", member.member)
    offices = max(3, int(member.references["reference_offices"] * rng.uniform(0.86, 1.0)))
    staff = max(20, int(member.references["reference_staff"] * rng.uniform(0.86, 0.99)))
    offices, staff = REORGANISED.get(member.member, (offices, staff))
    strength = min(0.95, max(0.08, 0.14 + 0.7 * share + rng.uniform(-0.14, 0.14)))
    return Profile(member.member, member.language, dict(member.name), offices, staff, share, strength)


# --- one group a function: the answers of one member, `i` quarters after 2022Q3 ---------------------------------


def _network(who: Profile, i: int) -> Answers:
    women = draw("women", who.member).uniform(0.24, 0.5)
    staff = round(who.staff * (1 - 0.003 * i))
    return {"offices_total": who.offices, "staff_total": staff, "staff_women": round(staff * women)}


def _model(who: Profile, i: int) -> Answers:
    rng = draw("roadmap", who.member)
    drafted = (0.42 - who.strength) * 30 + 5 + rng.uniform(-6, 2)
    adopted = drafted + rng.uniform(1.5, 4)
    implementing = adopted + rng.uniform(0.8, 3)
    completed = implementing + rng.uniform(6, 11)
    begun = sum(i >= moment for moment in (drafted, adopted, implementing, completed))
    answers: Answers = {"roadmap_status": form.choices()["roadmap_status"][begun]}
    if begun >= 2:
        answers["roadmap_adopted_on"] = (date(2022, 9, 28) + timedelta(days=int(adopted * 91))).isoformat()
    return answers | _domains(who, i)


def _domains(who: Profile, i: int) -> Answers:
    steps = form.choices()["readiness"]
    answers: Answers = {}
    for n, part in enumerate(plan.read_plan().part_codes("1.1")):
        rng = draw("domain", who.member, part)
        reached = 2.6 * who.strength + 0.13 * i - 0.14 * n + rng.uniform(-0.6, 0.6)
        answers[f"domain_{part}"] = steps[min(3, max(0, int(reached)))]
    return answers


def _offices(who: Profile, i: int) -> Answers:
    rng = draw("offices", who.member)
    share = min(0.985, who.connected_share + rng.uniform(0.002, 0.019) * i)
    if who.member == SHAKEN[0] and QUARTERS[i] >= SHAKEN[1]:
        share /= 2
    connected = round(who.offices * share)
    electrified = connected + round((who.offices - connected) * rng.uniform(0.45, 0.9))
    return {
        "offices_electrified": electrified,
        "offices_alternative_power": round(electrified * rng.uniform(0.02, 0.3)),
        "offices_connected": connected,
        "offices_networked": round(connected * min(1.0, rng.uniform(0.45, 0.85) + 0.012 * i)),
    }


def _hardware(who: Profile, i: int) -> Answers:
    answers: Answers = {}
    for kind, rate in UNITS_PER_OFFICE.items():
        rng = draw("hardware", who.member, kind)
        required = 0 if kind == "scanner" and who.member in NO_SCANNER else max(2, round(who.offices * rate))
        covered = min(1.05, 0.12 + 0.6 * who.strength + 0.022 * i + rng.uniform(-0.12, 0.12))
        answers |= {f"{kind}_required": required, f"{kind}_working": round(required * covered)}
    return answers


def _software(who: Profile, i: int) -> Answers:
    rng, now = draw("software", who.member), draw("software", who.member, i)
    cloud = who.strength + 0.025 * i + rng.uniform(-0.1, 0.1)
    guided = i >= 5 and who.strength + 0.06 * (i - 5) > rng.uniform(0.45, 1.1)
    return {
        "cloud_use": "production" if cloud > 0.86 else "pilot" if cloud > 0.62 else "none",
        "shared_system_information": "yes" if now.random() < 0.04 + 0.2 * who.strength else "no",
        "uses_software_guidelines": "yes" if guided else "no",
    }


def _services(who: Profile, i: int) -> Answers:
    rng = draw("services", who.member)
    listed = [(family, code) for family in FAMILIES for code in form.choices()[f"service_{family}"]]
    catalogue = [(family, code) for family, code in listed if code != "none"]
    rng.shuffle(catalogue)
    live = catalogue[: max(0, int(rng.uniform(-0.3, 0.9) + 4.8 * who.strength + i * (0.06 + 0.62 * who.strength)))]
    answers: Answers = {f"services_{family}": _ticked(f"service_{family}", [c for f, c in live if f == family])
                        for family in FAMILIES}  # fmt: skip
    sectors = [code for code in form.choices()["sector"] if code != "none"]
    # The first sectors to use a post's digital services are the same nearly everywhere; the others differ.
    sectors.sort(key=lambda code: rng.random() + 0.8 * (code not in ("trade", "finance", "public_administration")))
    return answers | {"sectors_benefiting": _ticked("sector", sectors[: (len(live) + 1) // 2])}


def _ticked(listed: str, codes: list[str]) -> str:
    """Return a select-many answer as the tools write it: the codes in the order of their list, or `none`."""
    return " ".join(code for code in form.choices()[listed] if code in codes) or "none"


def _products(who: Profile, i: int) -> Answers:
    features = form.choices()["feature"][:5]
    answers: Answers = {}
    for product in PRODUCTS:
        ease = draw("product", who.member, product).uniform(-0.16, 0.2) - 0.1 * (product == "small_packets")
        n = min(5, max(0, int(5 * (0.08 + 0.62 * who.strength + 0.028 * i + ease))))
        answers[f"ipp_{product}"] = _ticked("feature", list(features[:n]))
    return answers


def _projects(who: Profile, i: int) -> Answers:
    answers: Answers = {}
    for n, project in enumerate(PROJECTS):
        rng = draw("project", who.member, project)
        agreed = (0.46 - who.strength) * 26 + 3 * n + rng.uniform(-5, 5)
        implementing = agreed + rng.uniform(1.5, 4)
        done = sum(i >= moment for moment in (agreed, implementing, implementing + rng.uniform(5, 9)))
        answers[f"project_{project}"] = form.choices()["project_status"][done]
    return answers


def _trained_in(who: Profile, i: int) -> tuple[int, int, int]:
    """Return the distinct employees trained in a quarter, by kind; many quarters have no session."""
    rng = draw("training", who.member, i)
    if rng.random() > 0.3 + 0.35 * who.strength:
        return 0, 0, 0
    people = max(3, round(who.staff * (0.012 + 0.05 * who.strength * rng.uniform(0.5, 1.4))))
    first = round(people * rng.uniform(0.4, 0.6))
    second = round((people - first) * rng.uniform(0.5, 0.9))
    return first, second, people - first - second


def _people(who: Profile, i: int) -> Answers:
    rng, kinds = draw("people", who.member, i), _trained_in(who, i)
    trained = sum(kinds)
    # The count begins two quarters before the first return; a third of those trained in a quarter were trained before.
    since = sum(max(*_trained_in(who, n), round(0.67 * sum(_trained_in(who, n)))) for n in range(-2, i + 1))
    sessions = min(4, 1 + int(rng.expovariate(1.7))) if trained else 0
    return {
        "trained_capacity_building": kinds[0],
        "trained_upskilling": kinds[1],
        "trained_reskilling": kinds[2],
        "trained_women": round(trained * rng.uniform(0.25, 0.55)),
        "trained_cumulative": min(since, int(0.95 * who.staff * 0.97)),
        "audits_completed": int(rng.random() < 0.02 + 0.08 * who.strength),
        "training_sessions": sessions,
    }


def _participation(who: Profile, i: int) -> Answers:
    rng = draw("participation", who.member, i)
    chances = {"attended_meetings": 0.55, "joined_initiatives": 0.35, "sent_feedback": 0.25}
    return {name: "yes" if rng.random() < base + 0.35 * who.strength else "no" for name, base in chances.items()}


GROUPS = (
    _network, _model, _offices, _hardware, _software, _services, _products, _projects, _people, _participation,
)  # fmt: skip


@cache
def profile_of(member: str) -> Profile:
    """Return the profile of one member."""
    return next(profile for profile in profiles() if profile.member == member)


@cache
def _answers_of(member: str, quarter: str) -> Answers:
    answers: Answers = {}
    for group in GROUPS:
        answers |= group(profile_of(member), QUARTERS.index(quarter))
    return {question.name: answers[question.name] for question in form.questions() if question.name in answers}


def answers_of(member: str, quarter: str) -> Answers:
    """Return the true answers of one member and quarter, in the questionnaire's order."""
    return dict(_answers_of(member, quarter))
