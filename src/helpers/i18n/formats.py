"""Translates and formats numbers, dates, quarters and sentences: the only module that formats."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

from helpers.i18n.bidi import RIGHT_TO_LEFT
from helpers.i18n.catalogue import NO_BREAK_SPACE, MissingTranslation, read_catalogue, typeset
from helpers.i18n.terms import STATUS_WORDS, SYMBOLS
from helpers.plan import quarters, read_plan
from helpers.speech import say
from helpers.strings import LANGUAGES

# The plurals of a language by their number, as CLDR and units.csv call them.
_PLURALS = {2: ("one", "other"), 6: ("zero", "one", "two", "few", "many", "other")}
# What "of" and an article become, in the languages that join them.
_JOINED = {
    "fr": {"de le": "du", "de les": "des"},
    "pt": {"de o": "do", "de a": "da", "de os": "dos", "de as": "das"},
}


@dataclass(frozen=True)
class Badge:
    """A status as it is shown: symbol and word, and whether it is drawn hollow because non-response could change it."""

    status: str
    symbol: str
    word: str
    hollow: bool = False
    remark: str = ""

    def __str__(self) -> str:
        return f"{self.symbol} {self.word}" + (f" ({self.remark})" if self.remark else "")


def is_blank(value: object) -> bool:
    """Tell whether a figure is blank (None, NaN or NA), which is never 0."""
    return value is None or str(value) == "<NA>" or value != value


class _Values(dict[str, str]):
    """The values that fill a sentence: those given, else what the sentence names of the plan."""

    def __init__(self, t: "Translator", values: Mapping[str, object]) -> None:
        super().__init__({name: value if isinstance(value, str) else t.number(value) for name, value in values.items()})
        self.t = t

    def __missing__(self, name: str) -> str:
        t, plan = self.t, read_plan()
        if name.startswith(("proposed", "Proposed")):  # a word that is left out where no target is
            word = "proposed (targets)" if name.endswith("_many") else "proposed (target)"
            return t(word) if plan.targets == "proposed" else ""
        if name == "secretariat":
            return t.localised(plan.settings.secretariat) or t("the secretariat")
        if name == "the_union":
            return t.localised(plan.settings.short("union"))
        if name == "counted_from":
            return t.day(plan.settings.counted_from)
        if name == "baseline_quarter":
            return t.quarter(plan.settings.baseline_quarter)
        if name in ("on_time_days", "cutoff_days", "carry_quarters"):
            return t.number(getattr(plan.settings, name))
        raise KeyError(name)


@dataclass(frozen=True)
class Translator:
    """One language: `t("sentence", name=value)` translates; its methods format numbers, dates and marks.

    The first text that is made of each sentence is kept in `said`, as its example for translators.
    """

    language: str
    said: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    fewest_for_percent = 5  # a percentage of fewer than this says more than is known: "3 of 4" instead

    @property
    def is_rtl(self) -> bool:
        """Whether it is read from right to left."""
        return self.language in RIGHT_TO_LEFT

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(say("no words in {language!r}; choose one of {known}", language=self.language,
                                 known=", ".join(LANGUAGES)))  # fmt: skip

    def _forms(self, sentence: str) -> tuple[str, ...]:
        forms = read_catalogue(self.language)[0].get(sentence, ())
        if not forms or not all(forms):
            file = f"locales/{self.language}.po"
            raise MissingTranslation(say("{language}: no translation of {sentence!r}; add it to {file}",
                                         language=self.language, sentence=sentence, file=file))  # fmt: skip
        return forms

    def __call__(self, sentence: str, **values: object) -> str:
        """Return a sentence of the catalogue with its named values filled in; numbers are formatted.

        What the sentence names of the plan, such as `{cutoff_days}`, is filled in too.
        """
        return self._say(sentence, self._forms(sentence)[0], values)

    def plural(self, sentence: str, n: float, **values: object) -> str:
        """Return the form of a sentence that goes with a number, which fills `{n}`."""
        forms, rule = self._forms(sentence), read_catalogue(self.language)[1]
        # A number with a fraction goes as its whole part in French and Portuguese, as a plural elsewhere (CLDR).
        whole = int(n) if n == int(n) or self.language in ("fr", "pt") else 100
        form = forms[min(rule(whole), len(forms) - 1)]
        return self._say(sentence, form, {"n": n, **values})

    def _say(self, sentence: str, form: str, values: Mapping[str, object]) -> str:
        text = self.fill(form, values)
        self.said.setdefault(sentence, text)
        return text

    def fill(self, form: str, values: Mapping[str, object]) -> str:
        """Return a text with its named values filled in, and what it names of the plan."""
        text = form.format_map(_Values(self, values))
        if "{secretariat}" in form and (joined := _JOINED.get(self.language)):
            text = re.sub(rf"\b({'|'.join(joined)})(?= )", lambda found: joined[found[1]], text)
        return text[:1].upper() + text[1:] if form.startswith("{Proposed}") else text

    def localised(self, texts: Mapping[str, str]) -> str:
        """Return a text of the plan in this language, typeset."""
        return typeset(texts.get(self.language) or texts.get("en", ""), self.language)

    def listed(self, names: list[str]) -> str:
        """Return names as a list in a sentence."""
        return format_list(names, locale=self.language) if names else self.nobody

    def joined(self, parts: Iterable[str]) -> str:
        """Return parts of one line, each as it is, separated as the language does."""
        return self("; ").join(parts)

    def enumerated(self, parts: Iterable[str]) -> str:
        """Return the items of an enumeration within a sentence, separated by commas; a word when empty."""
        return self(", ").join(parts) or self.nobody

    # marks: four different ones, never a blank cell

    @property
    def missing(self) -> str:
        """The mark of no data."""
        return self("no data (mark)")

    @property
    def not_applicable(self) -> str:
        """The mark of a figure that cannot exist here."""
        return self("not applicable (mark)")

    @property
    def not_due(self) -> str:
        """The words for a due quarter that has not come yet."""
        return self("not due")

    @property
    def nobody(self) -> str:
        """The word for an empty list."""
        return self("none")

    def number(self, value: object, decimals: int = 0) -> str:
        """Return a number: thousands, decimal mark, true minus; the mark of no data when blank."""
        if is_blank(value):
            return self.missing
        shown = format_decimal(float(value), "#,##0" + ("." + "0" * decimals if decimals else ""), self.language)
        return "0" if not decimals and shown == "-0" else shown.replace("-", "−")

    def signed(self, value: object, decimals: int = 0) -> str:
        """Return a change with its sign; 0 has none."""
        shown = self.number(value, decimals)
        return shown if is_blank(value) or value <= 0 or not re.search("[1-9]", shown) else f"+{shown}"

    def percent(self, value: object, decimals: int = 1) -> str:
        """Return a percentage given as 0-100, with the language's space before the sign."""
        if is_blank(value):
            return self.missing
        return self.number(value, decimals) + (NO_BREAK_SPACE + "%" if self.language == "fr" else "%")

    def rate(self, part: object, whole: object, decimals: int = 1) -> str:
        """Return a share with its denominator, `86,7 % (39/45)`; of fewer than 5 only `3 sur 4`."""
        if is_blank(part) or is_blank(whole):
            return self.missing
        if whole == 0:
            return self.not_applicable
        if whole < self.fewest_for_percent:
            return self("{part} of {whole}", part=self.number(part), whole=self.number(whole))
        return f"{self.percent(100 * part / whole, decimals)} ({self.number(part)}/{self.number(whole)})"

    def counted(self, value: object, unit: str) -> str:
        """Return a number with its unit: `25 bureaux`, `57,4 %`; alone where the unit has no words."""
        if is_blank(value) or unit == "percent":
            return self.percent(value)
        if unit == "stage":
            return self("stage {n}", n=value)
        if unit not in read_plan().units:
            return self.number(value)
        _, rule, count = read_catalogue(self.language)
        text = read_plan().units[unit].say(_PLURALS[count][rule(int(value))], self.language)
        return typeset(text, self.language).replace("{n}", self.number(value))

    def unit(self, unit: str) -> str:
        """Return the name of a unit, at the head of a column."""
        return self.localised(read_plan().units[unit].name) if unit in read_plan().units else self(f"unit {unit}")

    def signed_count(self, value: object, unit: str) -> str:
        """Return a change with its sign and its unit: `+107 bureaux`."""
        shown = self.counted(abs(value), unit)
        return shown if not value else f"{'+' if value > 0 else self.number(-1)[0]}{shown}"

    def measured(self, value: object, unit: str) -> str:
        """Return a number without its unit; percentages keep their sign."""
        return self.percent(value) if unit == "percent" else self.number(value)

    def target(self, value: float, unit: str) -> str:
        """Return a target as it was set: `80 %`, `66,6 %`, `4`."""
        if is_blank(value) or unit != "percent":
            return self.number(value)
        return self.percent(value, 0 if abs(value - round(value)) < 1e-9 else 1)

    def interval(self, lower: object, upper: object, unit: str = "") -> str:
        """Return bounds: `12 à 30`, `≥ 12` without a finite upper one, one number where they are equal."""
        decimals, sign = (1, self.percent(0, 0)[1:]) if unit == "percent" else (0, "")
        if is_blank(lower):
            return self.missing
        low = self.number(lower, decimals) if decimals else self.number(math.floor(lower + 1e-9))
        if is_blank(upper):
            return self("≥ {value}", value=f"{low}{sign}")
        high = self.number(upper, decimals) if decimals else self.number(math.ceil(upper - 1e-9))
        return f"{low}{sign}" if low == high else self("{lower} to {upper}", lower=low, upper=f"{high}{sign}")

    def quarter(self, quarter: str) -> str:
        """Return `T3 2024` or `Q3 2024`; the mark of no data when blank."""
        return self._name_quarter(quarter, "{name} {year}")

    def quarter_in_cell(self, quarter: str) -> str:
        """Return a quarter as a narrow column has room for: without the words that Arabic has before the year."""
        return self._name_quarter(quarter, "{name} {year} (cell)")

    def _name_quarter(self, quarter: str, words: str) -> str:
        if not quarter:
            return self.missing
        name = format_date(quarters.quarter_end(quarter), "QQQ", self.language)
        return self(words, name=name, year=quarter[:4])

    def short_quarter(self, quarter: str) -> str:
        """Return a quarter without its year, as an axis has room for: `T3`."""
        return self("Q{n} (axis)", n=quarter[5])

    def months(self, quarter: str) -> str:
        """Return the months of a quarter: `juillet à septembre 2024`."""
        ends = quarters.quarter_start(quarter), quarters.quarter_end(quarter)
        first, last = (format_date(day, "MMMM", self.language) for day in ends)
        return self("{first} to {last} {year}", first=first, last=last, year=quarter[:4])

    def day(self, day: date | str) -> str:
        """Return a date in words: `14 novembre 2024`, `1er octobre 2024`."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        shown = format_date(day, "d MMMM y" if self.language == "en" else "long", self.language)
        return f"1er{shown[1:]}" if self.language == "fr" and day.day == 1 else shown

    def status(self, status: str, robust: object = None) -> Badge:
        """Return a status as symbol and word; one that is not robust is hollow, with a remark on non-response."""
        hollow = not is_blank(robust) and not bool(robust)
        word, symbol = self(STATUS_WORDS[status]), SYMBOLS[status]
        return Badge(status, symbol, word, hollow, self("depends on non-response") if hollow else "")

    def region(self, scope: str) -> str:
        """Return the name of a region, or of the Union."""
        plan = read_plan()
        return self("Union") if scope in ("", plan.code) else self.localised(plan.region_titles[scope])

    def member(self, member: str, short: bool = False) -> str:
        """Return a member's name; `short` where a figure has little room."""
        record = read_plan().by_iso3.get(member)
        if record is None:
            return member
        return self.localised(record.short if short and record.short.get(self.language) else record.name)

    def annex(self, letter: str) -> str:
        """Return the letter of an annex in the language's own alphabet: `A`, or `أ`."""
        return self("letters of annexes")["ABCD".index(letter)]

    def label(self, is_revised: bool) -> str:
        """Return the edition's label, which follows from its date alone."""
        return self("Rev. 1") if is_revised else self("provisional")
