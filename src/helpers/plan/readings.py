"""What one return says: from a member's answers to one reading, for KPIs and companions (methodology, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from helpers.plan.answers import BLANK, NOT_APPLICABLE, Answer
from helpers.strings import fold

HARDWARE = ("server", "laptop", "printer", "scanner", "scale")
FAMILIES = ("epost", "ecommerce", "egovernment", "efinance")
IPP_PRODUCTS = ("ecompro", "tracked", "small_packets")
FEATURES = 5
PROJECTS = ("dre", "payments", "fitaf")
TRAINING_KINDS = ("capacity_building", "upskilling", "reskilling")
DOMAINS = (
    "information_platform", "customer_experience", "data_analytics", "postal_iot", "ecosystem", "cybersecurity",
    "human_skills",
)  # fmt: skip
READINESS = {"none": 0, "planned": 1, "in_progress": 2, "operational": 3}
EQUIPPED = 0.95
TRAINED_PER_STAFF = 1.2  # more than the staff: some of those trained have left since
# Answers that say "answered, nothing listed": they never count as a code.
NO_CODES = frozenset({"none", "other"})

Answers = Mapping[str, Answer]


@dataclass(frozen=True)
class Reading:
    """What one return says: `value` None when not reported; `ends` when not applicable, which ends carrying."""

    value: float | None = None
    total: float | None = None
    codes: frozenset[str] = frozenset()
    ends: bool = False


NOTHING = Reading()


@dataclass(frozen=True)
class Item:
    """One innovation of a counted return, as understood; blank where withdrawn."""

    kind: str
    reference: str
    title: str
    detail: str

    def key(self, member: str) -> str:
        """Return what makes it one across members: its reference, else the member and the title (4.x); blank: none."""
        reference = self.reference.strip().casefold()
        title = fold(self.title)
        return reference or (f"{member}: {title}" if title else "")


@dataclass(frozen=True)
class Counted:
    """The return of a member that counts for a quarter: `items` is None without an innovations part."""

    member: str
    answers: Answers
    items: tuple[Item, ...] | None = None


Read = Callable[[Counted], Reading]


def answer_to(answers: Answers, question: str) -> Answer:
    """Return the answer to a question; a question that was never there is unanswered."""
    return answers.get(question, BLANK)


def _unread(*answers: Answer) -> Reading:
    return Reading(ends=any(answer.state == NOT_APPLICABLE for answer in answers))


def number(question: str, total: str = "") -> Read:
    """Read a count, with the total it is a part of where there is one."""

    def read(counted: Counted) -> Reading:
        answer = answer_to(counted.answers, question)
        whole = answer_to(counted.answers, total).number if total else None
        return _unread(answer) if answer.number is None else Reading(answer.number, whole)

    return read


def percentage(question: str, total: str) -> Read:
    """Read a count in percent of its total, at most 100; nothing to measure against a total of 0."""

    def read(counted: Counted) -> Reading:
        part, whole = (answer_to(counted.answers, name) for name in (question, total))
        if part.number is None or whole.number is None:
            return _unread(part, whole)
        return Reading(100 * min(1, part.number / whole.number)) if whole.number else NOTHING

    return read


def choice(question: str, values: Mapping[str, float]) -> Read:
    """Read a choice as the number that each code stands for; a code not named stands for 0."""

    def read(counted: Counted) -> Reading:
        answer = answer_to(counted.answers, question)
        return Reading(values.get(answer.value, 0)) if answer.is_reported else _unread(answer)

    return read


def _ticked(answers: Answers, question: str) -> frozenset[str] | None:
    """Return the codes ticked; none where `none` or NA (not offered); None where it cannot be known."""
    answer = answer_to(answers, question)
    if answer.state == NOT_APPLICABLE:
        return frozenset()
    return frozenset(answer.value.split()) - NO_CODES if answer.is_reported else None


def codes_of(question: str) -> Read:
    """Read the codes that are ticked and how many they are."""

    def read(counted: Counted) -> Reading:
        answer = answer_to(counted.answers, question)
        if not answer.is_reported:
            return _unread(answer)
        codes = frozenset(answer.value.split()) - NO_CODES
        return Reading(len(codes), codes=codes)

    return read


def services(counted: Counted) -> Reading:
    """Read the number of live services over the four families (3.1.a); one family unknown, the total is."""
    families = [_ticked(counted.answers, f"services_{family}") for family in FAMILIES]
    if any(family is None for family in families):
        return NOTHING
    codes = frozenset().union(*families)
    return Reading(sum(map(len, families)), codes=codes)


def family_of_services(family: str) -> Read:
    """Read one family of the services total: from the same record as the total."""

    def read(counted: Counted) -> Reading:
        codes = _ticked(counted.answers, f"services_{family}")
        return Reading(len(codes)) if services(counted).value is not None else NOTHING

    return read


def all_families(counted: Counted) -> Reading:
    """Read whether a service lives in each of the four families: from the same record as the total."""
    if services(counted).value is None:
        return NOTHING
    return Reading(float(all(_ticked(counted.answers, f"services_{family}") for family in FAMILIES)))


def ticked(question: str) -> Read:
    """Read whether a select-many question was reported, NA included, which is 0 there (the rule of 3.1.a)."""

    def read(counted: Counted) -> Reading:
        codes = _ticked(counted.answers, question)
        return NOTHING if codes is None else Reading(len(codes), codes=codes)

    return read


def product(name: str) -> Read:
    """Read the share of the features that a product has, in percent."""

    def read(counted: Counted) -> Reading:
        codes = _ticked(counted.answers, f"ipp_{name}")
        return NOTHING if codes is None else Reading(100 * len(codes) / FEATURES)

    return read


def products(counted: Counted) -> Reading:
    """Read the index of the Integrated Product Plan (3.2.a): the mean over its three products."""
    parts = [product(name)(counted).value for name in IPP_PRODUCTS]
    return NOTHING if None in parts else Reading(sum(parts) / len(parts))


def hardware_kind(kind: str) -> Read:
    """Read the units of a kind that work, of those required; not applicable when either number is."""

    def read(counted: Counted) -> Reading:
        required, working = (answer_to(counted.answers, f"{kind}_{part}") for part in ("required", "working"))
        if required.number is None or working.number is None:
            return _unread(required, working)
        return Reading(min(working.number, required.number), required.number)

    return read


def _hardware_ratios(counted: Counted) -> list[float] | None:
    """Return working/required of the kinds required, None when they are too few to stand for all (2.2.a)."""
    kinds = [hardware_kind(kind)(counted) for kind in HARDWARE]
    ratios = [kind.value / kind.total for kind in kinds if kind.value is not None and kind.total]
    if len(ratios) >= 3:
        return ratios
    required = [answer_to(counted.answers, f"{kind}_required") for kind in HARDWARE]
    all_said = all(answer.is_reported or answer.state == NOT_APPLICABLE for answer in required)
    wanted = sum(bool(answer.number) for answer in required)
    return ratios if all_said and ratios and len(ratios) == wanted else None


def _hardware(counted: Counted, value: Callable[[list[float]], float]) -> Reading:
    ratios = _hardware_ratios(counted)
    if ratios is not None:
        return Reading(value(ratios))
    required = [answer_to(counted.answers, f"{kind}_required") for kind in HARDWARE]
    return Reading(ends=all(answer.state == NOT_APPLICABLE for answer in required))


def hardware(counted: Counted) -> Reading:
    """Read the hardware coverage index (2.2.a), 0-100."""
    return _hardware(counted, lambda ratios: 100 * sum(ratios) / len(ratios))


def fully_equipped(counted: Counted) -> Reading:
    """Read whether every kind required is there at 95 % or more: from the same record as the index."""
    return _hardware(counted, lambda ratios: float(all(ratio >= EQUIPPED - 1e-9 for ratio in ratios)))


def any_of(questions: tuple[str, ...], codes: frozenset[str]) -> Read:
    """Read whether any of the questions has one of the codes; reported when at least one is answered.

    Not applicable, which ends carrying, only when all of them are.
    """

    def read(counted: Counted) -> Reading:
        answers = [answer_to(counted.answers, question) for question in questions]
        said = [answer for answer in answers if answer.is_reported]
        if not said:
            return Reading(ends=all(answer.state == NOT_APPLICABLE for answer in answers))
        return Reading(float(any(codes.intersection(answer.value.split()) for answer in said)))

    return read


def items(kinds: tuple[str, ...], detail: str = "", per_member: bool = False) -> Read:
    """Read the innovations of some kinds as codes: reported when the return came with an innovations part."""

    def read(counted: Counted) -> Reading:
        if counted.items is None:
            return NOTHING
        wanted = [i for i in counted.items if i.kind in kinds and (not detail or i.detail == detail)]
        keys = {item.key(counted.member) for item in wanted} - {""}
        codes = frozenset(f"{counted.member}: {key}" for key in keys) if per_member else frozenset(keys)
        return Reading(float(bool(codes)), codes=codes)

    return read


_RUNNING = frozenset({"implementing", "completed"})
_YES = {"yes": 1.0}

COMPANION_READS: Mapping[tuple[str, str], Read] = {
    ("1.1.b", "adopted_or_beyond"): any_of(("roadmap_status",), _RUNNING | {"adopted"}),
    **{
        ("1.1.b", domain): choice(f"domain_{domain}", {code: 100 * level / 3 for code, level in READINESS.items()})
        for domain in DOMAINS
    },
    ("2.1.a", "electrified"): number("offices_electrified", "offices_total"),
    ("2.1.a", "alternative_power"): number("offices_alternative_power", "offices_total"),
    ("2.1.a", "networked"): number("offices_networked", "offices_total"),
    ("2.1.a", "cloud_production"): choice("cloud_use", {"production": 1.0}),
    **{("2.2.a", kind): hardware_kind(kind) for kind in HARDWARE},
    ("2.2.a", "fully_equipped"): fully_equipped,
    ("2.3.a", "shared_information"): choice("shared_system_information", _YES),
    ("2.3.a", "uses_guidelines"): choice("uses_software_guidelines", _YES),
    **{("3.1.a", family): family_of_services(family) for family in FAMILIES},
    ("3.1.a", "all_families"): all_families,
    ("3.1.a", "distinct_services"): services,
    ("3.1.b", "named_by_one"): codes_of("sectors_benefiting"),
    **{("3.2.a", name): product(name) for name in IPP_PRODUCTS},
    **{("3.3.a", project): any_of((f"project_{project}",), _RUNNING) for project in PROJECTS},
    ("4.1.a", "software"): items(("solution",), "software", per_member=True),
    ("4.1.a", "application"): items(("solution",), "application", per_member=True),
    ("4.1.a", "members"): items(("solution",)),
    ("4.2.a", "exhibition"): items(("exhibition",)),
    ("4.2.a", "competition"): items(("competition",)),
    ("4.2.b", "adoptions"): items(("adoption",), per_member=True),
    **{("5.1.a", kind): number(f"trained_{kind}") for kind in (*TRAINING_KINDS, "women")},
    ("6.1.a", "meetings"): choice("attended_meetings", _YES),
    ("6.1.a", "initiatives"): choice("joined_initiatives", _YES),
    ("6.1.a", "feedback"): choice("sent_feedback", _YES),
}

# Companions taken from their KPI's record, whose own question may be answered where the record is not (section 7).
OWN_QUESTION: Mapping[tuple[str, str], Read] = {("3.1.a", family): ticked(f"services_{family}") for family in FAMILIES}
