"""Extracts the value of a KPI or companion from the answers of one return (methodology, section 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from helpers.plan.questionnaire import NOT_APPLICABLE, UNANSWERED, Answer
from helpers.strings import fold

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
READINESS = {"none": 0, "planned": 1, "in_progress": 2, "operational": 3}
EQUIPPED_SHARE = 0.95
TRAINED_PER_STAFF = 1.2  # may exceed the staff: some of those trained have left since
# Answers that select nothing of the list: they never count as a code.
NEUTRAL_CODES = frozenset({"none", "other"})

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


def number(question: str, total: str = "") -> Extractor:
    """Read a count, with its total where it is a part of one."""

    def read(counted: CountedReturn) -> Extract:
        answer = answer_to(counted.answers, question)
        whole = answer_to(counted.answers, total).number if total else None
        return _no_extract(answer) if answer.number is None else Extract(answer.number, whole)

    return read


def percentage(question: str, total: str) -> Extractor:
    """Read a count in percent of its total, at most 100; not reported where the total is 0."""

    def read(counted: CountedReturn) -> Extract:
        part, whole = (answer_to(counted.answers, name) for name in (question, total))
        if part.number is None or whole.number is None:
            return _no_extract(part, whole)
        return Extract(100 * min(1, part.number / whole.number)) if whole.number else NO_EXTRACT

    return read


def choice(question: str, values: Mapping[str, float]) -> Extractor:
    """Read a choice as the number of its code; a code not listed counts 0."""

    def read(counted: CountedReturn) -> Extract:
        answer = answer_to(counted.answers, question)
        return Extract(values.get(answer.value, 0)) if answer.is_reported else _no_extract(answer)

    return read


def _ticked(answers: Answers, question: str) -> frozenset[str] | None:
    """Return the codes ticked: none for `none` and NA (not offered), None where not reported."""
    answer = answer_to(answers, question)
    if answer.state == NOT_APPLICABLE:
        return frozenset()
    return frozenset(answer.value.split()) - NEUTRAL_CODES if answer.is_reported else None


def selected_codes(question: str) -> Extractor:
    """Read the codes that are ticked and their number."""

    def read(counted: CountedReturn) -> Extract:
        answer = answer_to(counted.answers, question)
        if not answer.is_reported:
            return _no_extract(answer)
        codes = frozenset(answer.value.split()) - NEUTRAL_CODES
        return Extract(len(codes), codes=codes)

    return read


def live_services(counted: CountedReturn) -> Extract:
    """Read the number of live services of the four families (3.1.a); not reported where one family is not."""
    families = [_ticked(counted.answers, f"services_{family}") for family in SERVICE_FAMILIES]
    if any(family is None for family in families):
        return NO_EXTRACT
    codes = frozenset().union(*families)
    return Extract(sum(map(len, families)), codes=codes)


def family_of_services(family: str) -> Extractor:
    """Read the services of one family; reported only where the total is."""

    def read(counted: CountedReturn) -> Extract:
        codes = _ticked(counted.answers, f"services_{family}")
        return Extract(len(codes)) if live_services(counted).value is not None else NO_EXTRACT

    return read


def all_families(counted: CountedReturn) -> Extract:
    """Read whether each of the four families has a live service; reported only where the total is."""
    if live_services(counted).value is None:
        return NO_EXTRACT
    return Extract(float(all(_ticked(counted.answers, f"services_{family}") for family in SERVICE_FAMILIES)))


def reported_codes(question: str) -> Extractor:
    """Read the codes of a select-many question, where NA is reported and 0 (the rule of 3.1.a)."""

    def read(counted: CountedReturn) -> Extract:
        codes = _ticked(counted.answers, question)
        return NO_EXTRACT if codes is None else Extract(len(codes), codes=codes)

    return read


def ipp_product(name: str) -> Extractor:
    """Read the features that a product has, in percent of all."""

    def read(counted: CountedReturn) -> Extract:
        codes = _ticked(counted.answers, f"ipp_{name}")
        return NO_EXTRACT if codes is None else Extract(100 * len(codes) / IPP_FEATURES)

    return read


def ipp_index(counted: CountedReturn) -> Extract:
    """Read the index of the Integrated Product Plan (3.2.a), 0-100: the mean of its three products."""
    parts = [ipp_product(name)(counted).value for name in IPP_PRODUCTS]
    return NO_EXTRACT if None in parts else Extract(sum(parts) / len(parts))


def hardware_kind(kind: str) -> Extractor:
    """Read the working units of a kind, with those required as the total; NA when either number is."""

    def read(counted: CountedReturn) -> Extract:
        required, working = (answer_to(counted.answers, f"{kind}_{part}") for part in ("required", "working"))
        if required.number is None or working.number is None:
            return _no_extract(required, working)
        return Extract(min(working.number, required.number), required.number)

    return read


def _hardware_ratios(counted: CountedReturn) -> list[float] | None:
    """Return working/required of the kinds required; None when too few are known (2.2.a)."""
    kinds = [hardware_kind(kind)(counted) for kind in HARDWARE_KINDS]
    ratios = [kind.value / kind.total for kind in kinds if kind.value is not None and kind.total]
    if len(ratios) >= 3:
        return ratios
    required = [answer_to(counted.answers, f"{kind}_required") for kind in HARDWARE_KINDS]
    all_answered = all(answer.is_reported or answer.state == NOT_APPLICABLE for answer in required)
    n_required = sum(bool(answer.number) for answer in required)
    return ratios if all_answered and ratios and len(ratios) == n_required else None


def _hardware(counted: CountedReturn, value: Callable[[list[float]], float]) -> Extract:
    ratios = _hardware_ratios(counted)
    if ratios is not None:
        return Extract(value(ratios))
    required = [answer_to(counted.answers, f"{kind}_required") for kind in HARDWARE_KINDS]
    return Extract(ends=all(answer.state == NOT_APPLICABLE for answer in required))


def hardware_index(counted: CountedReturn) -> Extract:
    """Read the hardware coverage index (2.2.a), 0-100."""
    return _hardware(counted, lambda ratios: 100 * sum(ratios) / len(ratios))


def fully_equipped(counted: CountedReturn) -> Extract:
    """Read whether 95 % or more of every kind required is working; reported only where the index is."""
    return _hardware(counted, lambda ratios: float(all(ratio >= EQUIPPED_SHARE - 1e-9 for ratio in ratios)))


def any_of(questions: tuple[str, ...], codes: frozenset[str]) -> Extractor:
    """Read whether any of the questions has one of the codes; reported when one is answered, NA when all are NA."""

    def read(counted: CountedReturn) -> Extract:
        answers = [answer_to(counted.answers, question) for question in questions]
        reported = [answer for answer in answers if answer.is_reported]
        if not reported:
            return Extract(ends=all(answer.state == NOT_APPLICABLE for answer in answers))
        return Extract(float(any(codes.intersection(answer.value.split()) for answer in reported)))

    return read


def innovations(kinds: tuple[str, ...], detail: str = "", per_member: bool = False) -> Extractor:
    """Read the innovations of some kinds as codes; reported when the return has an innovations part."""

    def read(counted: CountedReturn) -> Extract:
        if counted.items is None:
            return NO_EXTRACT
        wanted = [i for i in counted.items if i.kind in kinds and (not detail or i.detail == detail)]
        keys = {item.key(counted.member) for item in wanted} - {""}
        codes = frozenset(f"{counted.member}: {key}" for key in keys) if per_member else frozenset(keys)
        return Extract(float(bool(codes)), codes=codes)

    return read


_RUNNING = frozenset({"implementing", "completed"})
_YES = {"yes": 1.0}

COMPANION_EXTRACTORS: Mapping[tuple[str, str], Extractor] = {
    ("1.1.b", "adopted_or_beyond"): any_of(("roadmap_status",), _RUNNING | {"adopted"}),
    **{
        ("1.1.b", domain): choice(f"domain_{domain}", {code: 100 * level / 3 for code, level in READINESS.items()})
        for domain in DOMAINS
    },
    ("2.1.a", "electrified"): number("offices_electrified", "offices_total"),
    ("2.1.a", "alternative_power"): number("offices_alternative_power", "offices_total"),
    ("2.1.a", "networked"): number("offices_networked", "offices_total"),
    ("2.1.a", "cloud_production"): choice("cloud_use", {"production": 1.0}),
    **{("2.2.a", kind): hardware_kind(kind) for kind in HARDWARE_KINDS},
    ("2.2.a", "fully_equipped"): fully_equipped,
    ("2.3.a", "shared_information"): choice("shared_system_information", _YES),
    ("2.3.a", "uses_guidelines"): choice("uses_software_guidelines", _YES),
    **{("3.1.a", family): family_of_services(family) for family in SERVICE_FAMILIES},
    ("3.1.a", "all_families"): all_families,
    ("3.1.a", "distinct_services"): live_services,
    ("3.1.b", "named_by_one"): selected_codes("sectors_benefiting"),
    **{("3.2.a", name): ipp_product(name) for name in IPP_PRODUCTS},
    **{("3.3.a", project): any_of((f"project_{project}",), _RUNNING) for project in PROJECTS},
    ("4.1.a", "software"): innovations(("solution",), "software", per_member=True),
    ("4.1.a", "application"): innovations(("solution",), "application", per_member=True),
    ("4.1.a", "members"): innovations(("solution",)),
    ("4.2.a", "exhibition"): innovations(("exhibition",)),
    ("4.2.a", "competition"): innovations(("competition",)),
    ("4.2.b", "adoptions"): innovations(("adoption",), per_member=True),
    **{("5.1.a", kind): number(f"trained_{kind}") for kind in (*TRAINING_KINDS, "women")},
    ("6.1.a", "meetings"): choice("attended_meetings", _YES),
    ("6.1.a", "initiatives"): choice("joined_initiatives", _YES),
    ("6.1.a", "feedback"): choice("sent_feedback", _YES),
}

# Companions of 3.1.a are reported only where its total is; n_reported counts their own question (section 7).
OWN_QUESTION_EXTRACTORS: Mapping[tuple[str, str], Extractor] = {
    ("3.1.a", family): reported_codes(f"services_{family}") for family in SERVICE_FAMILIES
}


# The measures of levels, which are carried forward.
STOCK_MEASURES = ("count_known", "sum_known", "mean_index", "distinct_codes")


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
