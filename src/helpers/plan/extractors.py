"""Extracts the value of a KPI or companion from the answers of one return (methodology, section 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from helpers.plan.questionnaire import NOT_APPLICABLE, UNANSWERED, Answer
from helpers.strings import fold

OFFICE_KINDS = ("electrified", "alternative_power", "networked")
HARDWARE_KINDS = ("server", "laptop", "printer", "scanner", "scale")
SERVICE_FAMILIES = ("epost", "ecommerce", "egovernment", "efinance")
IPP_PRODUCTS = ("ecompro", "tracked", "small_packets")
IPP_FEATURES = 5
PROJECTS = ("dre", "payments", "fitaf")
TRAINING_KINDS = ("capacity_building", "upskilling", "reskilling")
DOMAINS = (
    "information_platform", "customer_experience", "data_analytics", "postal_iot", "ecosystem", "cybersecurity",
    "human_skills",
)  # fmt: skip
READINESS = {"none": 0.0, "planned": 100 / 3, "in_progress": 200 / 3, "operational": 100.0}  # percent
EQUIPPED_SHARE = 0.95
TRAINED_PER_STAFF = 1.2  # may exceed the staff: some of those trained have left since
# Answers that select nothing of the list: they never count as a code.
NEUTRAL_CODES = frozenset({"none", "other"})
_RUNNING, _YES = frozenset({"implementing", "completed"}), {"yes": 1.0}
# The measures of levels, which are carried forward.
STOCK_MEASURES = ("count_known", "sum_known", "mean_index", "distinct_codes")

Answers = Mapping[str, Answer]


@dataclass(frozen=True)
class Extract:
    """What one return reports: `value` is None if not reported; `ends` if not applicable, which ends carrying."""

    value: float | None = None
    total: float | None = None
    codes: frozenset[str] = frozenset()
    ends: bool = False


NO_EXTRACT = Extract()


@dataclass(frozen=True)
class Innovation:
    """One innovation of a counted return; withdrawn fields are blank."""

    kind: str
    reference: str
    title: str
    detail: str

    def key(self, member: str) -> str:
        """Return what identifies it: its reference, else the member and its title (4.x); blank without either."""
        reference = self.reference.strip().casefold()
        title = fold(self.title)
        return reference or (f"{member}: {title}" if title else "")


@dataclass(frozen=True)
class CountedReturn:
    """A member's return that counts for a quarter; `items` is None without an innovations part."""

    member: str
    answers: Answers
    items: tuple[Innovation, ...] | None = None


Extractor = Callable[[CountedReturn], Extract]


def answer_to(answers: Answers, question: str) -> Answer:
    """Return the answer to a question; one that the return does not have is unanswered."""
    return answers.get(question, UNANSWERED)


def _no_extract(*answers: Answer) -> Extract:
    return Extract(ends=any(answer.state == NOT_APPLICABLE for answer in answers))


# A function below that takes more than the return is made an extractor by `partial`, which fills in the rest.


def number(question: str, counted: CountedReturn, total: str = "") -> Extract:
    """Read a count, with its total where it is a part of one."""
    answer = answer_to(counted.answers, question)
    whole = answer_to(counted.answers, total).number if total else None
    return _no_extract(answer) if answer.number is None else Extract(answer.number, whole)


def percentage(question: str, total: str, counted: CountedReturn) -> Extract:
    """Read a count in percent of its total, at most 100; not reported where the total is 0."""
    part, whole = (answer_to(counted.answers, name) for name in (question, total))
    if part.number is None or whole.number is None:
        return _no_extract(part, whole)
    return Extract(100 * min(1, part.number / whole.number)) if whole.number else NO_EXTRACT


def choice(question: str, values: Mapping[str, float], counted: CountedReturn) -> Extract:
    """Read a choice as the number of its code; a code not listed counts 0."""
    answer = answer_to(counted.answers, question)
    return Extract(values.get(answer.value, 0)) if answer.is_reported else _no_extract(answer)


def selected_codes(question: str, counted: CountedReturn) -> Extract:
    """Read the codes that are ticked and their number."""
    answer = answer_to(counted.answers, question)
    if not answer.is_reported:
        return _no_extract(answer)
    codes = frozenset(answer.value.split()) - NEUTRAL_CODES
    return Extract(len(codes), codes=codes)


def reported_codes(question: str, counted: CountedReturn) -> Extract:
    """Read the codes that are ticked, where NA (not offered) is reported and 0 (the rule of 3.1.a)."""
    if answer_to(counted.answers, question).state == NOT_APPLICABLE:
        return Extract(0)
    return selected_codes(question, counted)


def live_services(counted: CountedReturn) -> Extract:
    """Read the number of live services of the four families (3.1.a); not reported where one family is not."""
    families = [reported_codes(f"services_{family}", counted) for family in SERVICE_FAMILIES]
    if any(family.value is None for family in families):
        return NO_EXTRACT
    codes = frozenset().union(*(family.codes for family in families))
    return Extract(sum(family.value for family in families), codes=codes)


def family_of_services(family: str, counted: CountedReturn) -> Extract:
    """Read the services of one family; reported only where the total is."""
    n_services = reported_codes(f"services_{family}", counted).value
    return NO_EXTRACT if live_services(counted).value is None else Extract(n_services)


def all_families(counted: CountedReturn) -> Extract:
    """Read whether each of the four families has a live service; reported only where the total is."""
    families = [family_of_services(family, counted).value for family in SERVICE_FAMILIES]
    return NO_EXTRACT if None in families else Extract(float(all(families)))


def ipp_product(name: str, counted: CountedReturn) -> Extract:
    """Read the features that a product has, in percent of all."""
    n_features = reported_codes(f"ipp_{name}", counted).value
    return NO_EXTRACT if n_features is None else Extract(100 * n_features / IPP_FEATURES)


def ipp_index(counted: CountedReturn) -> Extract:
    """Read the index of the Integrated Product Plan (3.2.a), 0-100: the mean of its three products."""
    parts = [ipp_product(name, counted).value for name in IPP_PRODUCTS]
    return NO_EXTRACT if None in parts else Extract(sum(parts) / len(parts))


def hardware_kind(kind: str, counted: CountedReturn) -> Extract:
    """Read the working units of a kind, with those required as the total; NA when either number is."""
    required, working = (answer_to(counted.answers, f"{kind}_{part}") for part in ("required", "working"))
    if required.number is None or working.number is None:
        return _no_extract(required, working)
    return Extract(min(working.number, required.number), required.number)


def _hardware(counted: CountedReturn, summarise: Callable[[list[float]], float]) -> Extract:
    """Summarise working/required of the kinds required (2.2.a); reported where three, or all required, are known."""
    kinds = [hardware_kind(kind, counted) for kind in HARDWARE_KINDS]
    ratios = [kind.value / kind.total for kind in kinds if kind.value is not None and kind.total]
    required = [answer_to(counted.answers, f"{kind}_required") for kind in HARDWARE_KINDS]
    all_answered = all(answer.is_reported or answer.state == NOT_APPLICABLE for answer in required)
    all_known = all_answered and len(ratios) == sum(bool(answer.number) for answer in required)
    if len(ratios) >= 3 or (ratios and all_known):
        return Extract(summarise(ratios))
    return Extract(ends=all(answer.state == NOT_APPLICABLE for answer in required))


def hardware_index(counted: CountedReturn) -> Extract:
    """Read the hardware coverage index (2.2.a), 0-100."""
    return _hardware(counted, lambda ratios: 100 * sum(ratios) / len(ratios))


def fully_equipped(counted: CountedReturn) -> Extract:
    """Read whether 95 % or more of every kind required is working; reported only where the index is."""
    return _hardware(counted, lambda ratios: float(all(ratio >= EQUIPPED_SHARE - 1e-9 for ratio in ratios)))


def any_of(questions: tuple[str, ...], codes: frozenset[str], counted: CountedReturn) -> Extract:
    """Read whether any of the questions has one of the codes; reported when one is answered, NA when all are NA."""
    answers = [answer_to(counted.answers, question) for question in questions]
    reported = [answer for answer in answers if answer.is_reported]
    if not reported:
        return Extract(ends=all(answer.state == NOT_APPLICABLE for answer in answers))
    return Extract(float(any(codes.intersection(answer.value.split()) for answer in reported)))


def innovations(kinds: tuple[str, ...], counted: CountedReturn, detail: str = "", per_member: bool = False) -> Extract:
    """Read the innovations of some kinds as codes; reported when the return has an innovations part."""
    if counted.items is None:
        return NO_EXTRACT
    wanted = [i for i in counted.items if i.kind in kinds and (not detail or i.detail == detail)]
    keys = {item.key(counted.member) for item in wanted} - {""}
    codes = frozenset(f"{counted.member}: {key}" for key in keys) if per_member else frozenset(keys)
    return Extract(float(bool(codes)), codes=codes)


COMPANION_EXTRACTORS: Mapping[tuple[str, str], Extractor] = {
    ("1.1.b", "adopted_or_beyond"): partial(any_of, ("roadmap_status",), _RUNNING | {"adopted"}),
    **{("1.1.b", domain): partial(choice, f"domain_{domain}", READINESS) for domain in DOMAINS},
    **{("2.1.a", kind): partial(number, f"offices_{kind}", total="offices_total") for kind in OFFICE_KINDS},
    ("2.1.a", "cloud_production"): partial(choice, "cloud_use", {"production": 1.0}),
    **{("2.2.a", kind): partial(hardware_kind, kind) for kind in HARDWARE_KINDS},
    ("2.2.a", "fully_equipped"): fully_equipped,
    ("2.3.a", "shared_information"): partial(choice, "shared_system_information", _YES),
    ("2.3.a", "uses_guidelines"): partial(choice, "uses_software_guidelines", _YES),
    **{("3.1.a", family): partial(family_of_services, family) for family in SERVICE_FAMILIES},
    ("3.1.a", "all_families"): all_families,
    ("3.1.a", "distinct_services"): live_services,
    ("3.1.b", "named_by_one"): partial(selected_codes, "sectors_benefiting"),
    **{("3.2.a", name): partial(ipp_product, name) for name in IPP_PRODUCTS},
    **{("3.3.a", project): partial(any_of, (f"project_{project}",), _RUNNING) for project in PROJECTS},
    ("4.1.a", "software"): partial(innovations, ("solution",), detail="software", per_member=True),
    ("4.1.a", "application"): partial(innovations, ("solution",), detail="application", per_member=True),
    ("4.1.a", "members"): partial(innovations, ("solution",)),
    ("4.2.a", "exhibition"): partial(innovations, ("exhibition",)),
    ("4.2.a", "competition"): partial(innovations, ("competition",)),
    ("4.2.b", "adoptions"): partial(innovations, ("adoption",), per_member=True),
    **{("5.1.a", kind): partial(number, f"trained_{kind}") for kind in (*TRAINING_KINDS, "women")},
    ("6.1.a", "meetings"): partial(choice, "attended_meetings", _YES),
    ("6.1.a", "initiatives"): partial(choice, "joined_initiatives", _YES),
    ("6.1.a", "feedback"): partial(choice, "sent_feedback", _YES),
}

# Companions that are no answers, but shares of the returns received.
RATE_COMPANIONS = (("6.1.a", "monitoring"), ("6.1.a", "on_time"), ("6.1.a", "with_late"))
# Companions of 3.1.a are reported only where its total is; n_reported counts their own question (section 7).
OWN_QUESTION_EXTRACTORS: Mapping[tuple[str, str], Extractor] = {
    ("3.1.a", family): partial(reported_codes, f"services_{family}") for family in SERVICE_FAMILIES
}


@dataclass(frozen=True)
class Companion:
    """A figure shown beside a KPI."""

    kpi: str
    component: str
    unit: str
    measure: str

    @property
    def is_stock(self) -> bool:
        """Tell whether it is a level, which is carried forward, not a flow or a running total."""
        return self.measure in STOCK_MEASURES
