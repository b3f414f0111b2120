"""plan.toml: what makes the plan this one: its code, period, days and languages, and the roles of its questions."""

import contextlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, get_origin, get_type_hints

from helpers import paths
from helpers.plan import files, quarters
from helpers.speech import say, say_of, to_say
from helpers.strings import LANGUAGES

FILE = "plan.toml"
Texts = Mapping[str, str]  # a text by language
LOOK = ("ink", "muted", "grid", "blue", "pale", "amber", "cover")  # the colours that a plan may choose
DEFAULT_INK = "#1B2733"  # the report's (report/look.py), where the plan names none
_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_COLOUR = re.compile("#[0-9A-Fa-f]{6}")
_MOST_DAYS = 366
_PERIOD = ("first_quarter", "baseline_quarter", "first_status_quarter", "last_quarter")  # in order


@dataclass(frozen=True)
class Identity:
    """The roles of the questions that say who answers; `personal` ones are read and compared, never written.

    The questions of `group` are `member` and `quarter`, called so in every form, and those of `personal` and `public`;
    any other is refused, so that nothing leaks. `language` is the one that asks for the language of the answers
    (nothing reads it yet), `remarks` the free text of the form, wherever it stands.
    """

    group: str
    member: str = "member"
    quarter: str = "quarter"
    personal: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    language: str = ""
    remarks: str = ""


@dataclass(frozen=True)
class Repeat:
    """The part of the form that is filled in for each item, and the roles of its fields; blank where there is none.

    `asked` is the question whether there is any item; `details` has the list of the details of some kinds.
    """

    ROLES: ClassVar = ("kind", "reference", "title", "date", "detail")

    name: str = ""
    asked: str = ""
    kind: str = ""
    reference: str = ""
    title: str = ""
    date: str = ""
    detail: str = ""
    details: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __bool__(self) -> bool:
        return bool(self.name)

    @cached_property
    def role_of(self) -> Mapping[str, str]:
        """The role of each field that has one."""
        return {name: role for role in self.ROLES if (name := getattr(self, role))}

    def question(self, role: str) -> str:
        """Return a field as issues name it: `repeat.date` of the one in the role `date`."""
        return f"{self.name}.{getattr(self, role, '') or role}"


@dataclass(frozen=True)
class Settings:
    """The plan as a whole: quarters as 2024Q3, days after a quarter's end, languages as codes."""

    OFFICE_KEYS: ClassVar = ("member", "office")  # in every list of offices, beside the columns of `offices`
    OPEN: ClassVar = "open"  # the column of `offices` that says which of them count

    code: str
    reference: str
    first_quarter: str
    last_quarter: str
    baseline_quarter: str
    first_status_quarter: str
    counted_from: date
    on_time_days: int
    cutoff_days: int
    revision_days: int
    carry_quarters: int
    languages: tuple[str, ...]
    official: tuple[str, ...]
    master_language: str
    union: Texts
    title: Texts
    identity: Identity
    repeat: Repeat = Repeat()
    look: Texts = field(default_factory=dict)
    responsible: Texts = field(default_factory=dict)  # names of the codes in steps.csv, such as WG_fr
    basis: Texts = field(default_factory=dict)  # names of the codes of reference_basis, such as public_fr
    contact: Texts = field(default_factory=dict)  # whom members turn to: email, and the office by language
    secretariat: Texts = field(default_factory=dict)  # the body that keeps the registers, with its article
    offices: Texts = field(default_factory=dict)  # each column of a list of offices: the question counted

    @cached_property
    def quarters(self) -> tuple[str, ...]:
        """All quarters of the plan, in order."""
        return tuple(quarters.quarters_between(self.first_quarter, self.last_quarter))

    @property
    def office_columns(self) -> tuple[str, ...]:
        """The columns of yes and no in a list of offices, OPEN first; none where the plan takes no such list."""
        return tuple(sorted(self.offices, key=lambda name: name != self.OPEN))

    def quarters_to(self, quarter: str) -> list[str]:
        """Return the quarters of the plan up to one, in order."""
        return quarters.quarters_between(self.first_quarter, quarter)

    def check_quarter(self, quarter: str) -> None:
        """Raise ValueError for a quarter outside the plan."""
        if not self.in_plan(quarter):
            period = f"{self.first_quarter}-{self.last_quarter}"
            raise ValueError(say("{quarter} is outside the plan, {period}; choose a quarter within it",
                                 quarter=quarter, period=period))  # fmt: skip

    def in_plan(self, quarter: str) -> bool:
        """Tell whether a quarter belongs to the plan."""
        return self.first_quarter <= quarter <= self.last_quarter

    def first_cutoff(self, quarter: str) -> date:
        """Return the first cut-off of a quarter, some days after its end (methodology, section 3)."""
        return quarters.quarter_end(quarter) + timedelta(days=self.cutoff_days)

    def on_time_by(self, quarter: str) -> date:
        """Return the last day on which a return of a quarter is on time."""
        return quarters.quarter_end(quarter) + timedelta(days=self.on_time_days)

    def revised_on(self, quarter: str) -> date:
        """Return the first day of a quarter's revised editions."""
        return quarters.quarter_end(quarter) + timedelta(days=self.revision_days)

    def is_revised(self, quarter: str, as_of: date) -> bool:
        """Tell whether an edition is a revised one."""
        return as_of >= self.revised_on(quarter)

    def resolve_date(self, quarter: str, as_of: str = "") -> date:
        """Return the date an edition is as of: the one given, else the quarter's first cut-off.

        Raises ValueError for a quarter outside the plan, or a date before the quarter's end.
        """
        quarter = quarters.parse_quarter(quarter)
        self.check_quarter(quarter)
        try:
            day = date.fromisoformat(as_of) if as_of else self.first_cutoff(quarter)
        except ValueError:
            raise ValueError(
                say("as_of {as_of!r} is not a date; write it as 2024-10-31, or leave it blank", as_of=as_of)
            ) from None
        if day <= quarters.quarter_end(quarter):
            raise ValueError(say(
                "as_of {day} is not after the end of {quarter}; give a later date, or none", day=day, quarter=quarter,
            ))  # fmt: skip
        return day

    def name_basis(self, code: str, language: str) -> str:
        """Return what a member's reference figures are based on; the code itself where the plan has no name for it."""
        return self.basis.get(f"{code}_{language}", code)

    def name_contact(self, language: str) -> str:
        """Return whom members turn to, an office and its address; blank where the plan names nobody."""
        return ", ".join(filter(None, (self.contact.get(language), self.contact.get("email"))))

    def short(self, name: str) -> Texts:
        """Return the short form of `union` or `title` by language; the whole one where the plan has none."""
        texts = getattr(self, name)
        return {language: texts.get(f"short_{language}") or texts.get(language, "") for language in self.languages}


# What stands in for what is wrong, so that the other files of the plan are read and told of at once.
_STAND_IN = Settings(
    "UNION", "plan.toml", "1900Q1", "2199Q4", "1900Q1", "1900Q1", date.min, 30, 45, 90, 4, LANGUAGES, LANGUAGES, "en",
    {}, {}, Identity("identity"),
)  # fmt: skip


def _wrong_type(name: str, value: object, kind: object) -> str:
    """Return what a value should be, blank where it is so."""
    if name.endswith("_quarter"):
        is_text = isinstance(value, str) and quarters.is_quarter(value)
        return "" if is_text and quarters.parse_quarter(value) == value else say('a quarter such as "2024Q3"')
    if kind is int:
        is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_DAYS
        return "" if is_count else say("a whole number such as 45")
    if kind is date:
        return "" if type(value) is date else say("a date such as 2024-07-31, without quotes")
    if get_origin(kind) is tuple:
        is_list = isinstance(value, list) and all(isinstance(each, str) and each for each in value)
        return "" if is_list else say('a list of texts such as ["fr", "en"]')
    if kind is str:
        is_line = isinstance(value, str) and bool(value.strip()) and value.isprintable()
        return "" if is_line else say("a text of one line")
    is_table = isinstance(value, dict) and all(isinstance(text, str) and text.strip() for text in value.values())
    return "" if is_table else say("a section of texts")


def _read_section(data: dict, kind: type, where: str, problems: list[str]) -> dict[str, object]:
    """Return the values of a dataclass found in a section of the file; what is wrong is left out, and said."""
    hints, known, found = get_type_hints(kind), [each.name for each in fields(kind)], {}
    for name in (name for name in data if name not in known):
        problems.append(say("{where}{name} is not known; leave it out, or correct its name: {hints}",
                            where=where, name=name, hints=", ".join(known)))  # fmt: skip
    for each in fields(kind):
        name, hint, value = each.name, hints[each.name], data.get(each.name)
        if name not in data:
            if each.default is each.default_factory:  # neither is given: it must be written
                problems.append(say("{where}{name} is missing; write it", where=where, name=name))
        elif hint in (Identity, Repeat) and isinstance(value, dict):
            inner = _read_section(value, hint, f"[{name}] ", problems)
            if hint is Repeat or "group" in inner:
                found[name] = hint(**inner)
        elif wrong := _wrong_type(name, value, hint):
            problems.append(say("{where}{name} is {value!r}; write {words}",
                                where=where, name=name, value=value, words=wrong))  # fmt: skip
        else:
            found[name] = tuple(value) if isinstance(value, list) else value
    return found


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.1, relative luminance)."""
    luminances = []
    for colour in (one, other):
        channels = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
        linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        luminances.append(sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def _check_look(look: Texts) -> Iterator[str]:
    """Yield what is wrong with the logo's name and the colours: what they are, and whether texts can be read."""
    texts_on = {"pale": look.get("ink", DEFAULT_INK), "amber": "#000000"}
    for name, text in look.items():
        beside = texts_on.get(name, "#FFFFFF")
        if name not in (*LOOK, "logo"):
            yield say("[look] {name} is not known; choose from {names}", name=name, names=", ".join((*LOOK, "logo")))
        elif name == "logo":
            if not re.fullmatch(r"[A-Za-z0-9_-]+\.svg", text):
                told = to_say(
                    "[look] logo is {text!r}; write the name of an SVG file beside plan.toml, such as logo.svg"
                )
                yield say(told, text=text)
        elif not _COLOUR.fullmatch(text):
            yield say("[look] {name} is {text!r}; write a colour such as #1F5A8A", name=name, text=text)
        elif name != "grid" and _COLOUR.fullmatch(beside) and _contrast(text, beside) < 4.5:
            dark = to_say("[look] {name} {text} is too dark for the text on it; choose a paler one")
            pale = to_say("[look] {name} {text} is too pale to be read on white, or white on it; choose a darker one")
            yield say(dark if name in texts_on else pale, name=name, text=text)


def _check_offices(columns: Texts) -> Iterator[str]:
    """Yield what is wrong with the columns of a list of offices; without any, no such list is taken."""
    if columns and Settings.OPEN not in columns:
        yield say("[offices] has no {column}, which says which offices count; name the question for their number",
                  column=Settings.OPEN)  # fmt: skip
    keys = Settings.OFFICE_KEYS
    if taken := [name for name in columns if name in keys or not re.fullmatch("[a-z][a-z0-9_]*", name)]:
        yield say("[offices] {names} cannot be a column of yes and no; call it otherwise", names=", ".join(taken))
    if len(set(columns.values())) < len(columns):
        yield say("[offices] counts two columns for one question; name a question for each")


def _check_period(s: Settings) -> Iterator[str]:
    for earlier, later in pairwise(_PERIOD):
        if getattr(s, earlier) > getattr(s, later):
            yield say("{later} is before {earlier}; correct one of them",
                      later=f"{later} {getattr(s, later)}", earlier=f"{earlier} {getattr(s, earlier)}")  # fmt: skip
    if s.first_status_quarter == s.baseline_quarter:
        told = to_say("first_status_quarter is {quarter}, as the baseline's; nothing can have been done by then")
        yield say(told, quarter=s.first_status_quarter)
    if s.counted_from > quarters.quarter_end(s.last_quarter):
        yield say("counted_from {day} is after the plan's end; correct it", day=s.counted_from)


def _check_days(s: Settings) -> Iterator[str]:
    if not 0 < s.on_time_days <= s.cutoff_days < s.revision_days:
        yield say("on_time_days, cutoff_days and revision_days must grow in this order, such as 30, 45, 90")
    if not 1 <= s.carry_quarters <= 8:
        yield say("carry_quarters is {n}; write 1 to 8", n=s.carry_quarters)


def _check_languages(s: Settings) -> Iterator[str]:
    if unknown := ", ".join(sorted(set(s.languages) - set(LANGUAGES))):
        yield say("languages has {unknown}; reports can be in {known}", unknown=unknown, known=", ".join(LANGUAGES))
    if not s.languages or len(set(s.languages)) < len(s.languages):
        yield say("languages: name each language once, one at least")
    if unknown := ", ".join(each for each in (*s.official, s.master_language) if each not in s.languages):
        yield say("official and master_language name {unknown}, which is not among languages", unknown=unknown)


def _check_titles(s: Settings) -> Iterator[str]:
    """Yield what is wrong with the names of the Union and the plan, which stand in every language."""
    allowed = {name for language in s.languages for name in (language, f"short_{language}")}
    for name, texts in (("union", s.union), ("title", s.title)):
        short = [language for language in s.languages if f"short_{language}" in texts]
        if 0 < len(short) < len(s.languages):
            yield say("[{name}] has a short form in {short} only; write it in every language, or in none",
                      name=name, short=", ".join(short))  # fmt: skip
        if lacking := [language for language in s.languages if language not in texts]:
            yield say("[{name}] has no {lacking}; write it in every language", name=name, lacking=", ".join(lacking))
        if unknown := sorted(set(texts) - allowed):
            yield say("[{name}] has {unknown}, no language of the plan; leave it out",
                      name=name, unknown=", ".join(unknown))  # fmt: skip


def _check_contact(s: Settings) -> Iterator[str]:
    if unknown := sorted(set(s.contact) - {"email", *s.languages}):
        yield say("[contact] has {unknown}; write email, and the office in each language of the plan",
                  unknown=", ".join(unknown))  # fmt: skip
    if unknown := sorted(set(s.secretariat) - set(s.languages)):
        yield say("[secretariat] has {unknown}, no language of the plan; leave it out", unknown=", ".join(unknown))
    if not _ADDRESS.fullmatch(address := s.contact.get("email", "x@x.x")):
        yield say("[contact] email is {address!r}; write one address, such as digital@union.example", address=address)
    for name, what, texts in (("contact", say("an office"), s.contact), ("secretariat", say("a name"), s.secretariat)):
        written = [language for language in s.languages if language in texts]
        if 0 < len(written) < len(s.languages):
            yield say("[{name}] has {what} in {written} only; write it in every language, or in none",
                      name=name, what=what, written=", ".join(written))  # fmt: skip


def _check_roles(s: Settings) -> Iterator[str]:
    """Yield the questions and fields with two roles, or with one that they cannot have."""
    for name in ("member", "quarter"):
        if getattr(s.identity, name) != name:
            yield say("[identity] {name} is {value}; that question is called {name} in every form",
                      name=name, value=getattr(s.identity, name))  # fmt: skip
    if both := ", ".join(sorted(set(s.identity.personal) & set(s.identity.public))):
        yield say("[identity] {both} is both personal and public; keep it in one", both=both)
    language, remarks = s.identity.language, s.identity.remarks
    for role, question in (("language", language), ("remarks", remarks)):
        if question and question in s.identity.personal:
            told = to_say("[identity] {role} is {question}, which is personal; name another question")
            yield say(told, role=role, question=question)
    if language and language == remarks:
        yield say("[identity] language and remarks are both {language}; name two questions", language=language)
    given = Counter(name for role in Repeat.ROLES if (name := getattr(s.repeat, role)))
    if twice := ", ".join(sorted(name for name, times in given.items() if times > 1)):
        yield say("[repeat] names {twice} in two roles; name a field for each", twice=twice)


def _check_meaning(s: Settings) -> Iterator[str]:
    """Yield what cannot be meant, though each value is of the right kind."""
    yield from _check_period(s)
    if not s.official:
        yield say("official names no language; name one at least")
    yield from (*_check_days(s), *_check_languages(s))
    if not re.fullmatch("[A-Z][A-Za-z0-9_-]{1,15}", s.code):
        yield say("code is {code!r}; write 2 to 16 letters and digits, a capital first", code=s.code)
    yield from (*_check_titles(s), *_check_contact(s))
    for name in ("union", "title", "responsible", "basis", "contact", "secretariat"):
        if braced := [key for key, text in getattr(s, name).items() if set("{}") & set(text)]:
            yield say("[{name}] {braced} has a brace; leave it out", name=name, braced=", ".join(braced))
    yield from (*_check_roles(s), *_check_look(s.look), *_check_offices(s.offices))
    missing = [role for role in ("asked", "kind", "reference", "title", "date") if not getattr(s.repeat, role)]
    if s.repeat and missing:
        yield say("[repeat] has no {missing}; name the question or field in each role", missing=", ".join(missing))


@lru_cache(maxsize=files.MOST_PLANS)
def read_settings_file(folder: Path) -> tuple[Settings, tuple[str, ...]]:
    """Read plan.toml; with it what is wrong in it, which something else stands in for."""
    problems: list[str] = []
    stand_in = replace(_STAND_IN, languages=_guess_languages(folder))
    try:
        data = tomllib.loads((folder / FILE).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        why = getattr(reason, "strerror", "") or str(reason)
        problem = say("{file}: cannot be read ({why}); correct that line, or restore the file", file=FILE, why=say(why))
        return stand_in, (problem,)
    found = _read_section(data, Settings, "", problems)
    settings = replace(stand_in, **found)
    problems += [] if problems else _check_meaning(settings)
    return settings if not problems else _standing_in(settings), tuple(say_of(FILE, problem) for problem in problems)


def _guess_languages(folder: Path) -> tuple[str, ...]:
    """Return the languages that regions.csv has columns for, so that no other is asked for in the other files."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        header = (folder / "regions.csv").read_text(encoding="utf-8-sig").partition("\n")[0]
        return tuple(name for name in LANGUAGES if f"title_{name}" in header) or LANGUAGES
    return LANGUAGES


def _standing_in(settings: Settings) -> Settings:
    """Return settings that the other files can be read by: with a period, and languages that there are words for."""
    known = tuple(language for language in settings.languages if language in LANGUAGES)
    period = {name: getattr(_STAND_IN, name) for name in _PERIOD}
    return replace(settings, **period, languages=known or LANGUAGES)


def read_settings(folder: Path | None = None) -> Settings:
    """Return what plan.toml says (default: that of `data/raw/plan`). Raises PlanError with all that is wrong."""
    settings, problems = read_settings_file(folder or paths.plan())
    files.refuse(problems)
    return settings
