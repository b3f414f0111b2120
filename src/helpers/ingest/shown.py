"""What a spreadsheet shows of a number: its format may show another one (methodology, section 2c)."""

import operator
import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[(?P<bracket>[^\]]*)\]|(?P<plain>.)', re.DOTALL)
_CONDITION = re.compile(r"(?P<sign><=|>=|<>|<|>|=)(?P<limit>-?\d+(?:\.\d+)?)")
_COMPARE = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
_USUAL = {1: (None,), 2: (">=", "<"), 3: (">", "<", "=")}  # with 0: the condition of each section of a format
_DATE = re.compile(r"[ymdhsbegjat/:.,\-\s]*|.*(am/pm|a/p).*")  # with the French and German letters for year and day
_DATE_LETTER = re.compile("[ymdhs]")
_NUMBER = re.compile(r"[0#?][0#?,]*(?:\.(?P<decimals>[0#?]*))?,*")
_DIGIT = re.compile(r"(?<![A-Za-z])\d")  # "m2" is a unit
_ELAPSED = re.compile(r"[hms]+")
_GENERAL = re.compile(r"general|standard|g[ée]n[ée]ral|est[áa]ndar|geral|padr[ãa]o", re.IGNORECASE)


@dataclass(frozen=True)
class _Section:
    """One section of a number format: its text in pieces (is it literal, text), and when it applies."""

    pieces: tuple[tuple[bool, str], ...]
    condition: tuple[str, float] | None = None
    elapsed: bool = False

    @property
    def code(self) -> str:
        """The format without its literal texts."""
        return "".join(text for literal, text in self.pieces if not literal)

    @property
    def is_general(self) -> bool:
        return bool(_GENERAL.fullmatch(self.code.strip()))

    @property
    def is_date(self) -> bool:
        code = self.code.casefold()
        fits = _DATE.fullmatch(re.sub(r"s\.0+", "s", code)) and _DATE_LETTER.search(code)
        return self.elapsed or bool(fits and not self.is_general)


@lru_cache(maxsize=1_024)
def _read_sections(code: str) -> tuple[_Section, ...]:
    sections, pieces, condition, elapsed = [], [], None, False
    for token in (*_TOKEN.finditer(code), None):
        if token is None or token["plain"] == ";":
            sections.append(_Section(tuple(pieces), condition, elapsed))
            pieces, condition, elapsed = [], None, False
        elif token["bracket"] is not None:
            found = _CONDITION.fullmatch(token["bracket"])
            condition = (found["sign"], float(found["limit"])) if found else condition
            elapsed = elapsed or bool(_ELAPSED.fullmatch(token["bracket"].casefold()))
            if token["bracket"].startswith("$"):  # a currency: [$€-40C]
                pieces.append((True, token["bracket"][1:].partition("-")[0]))
        elif token["plain"]:
            pieces.append((False, token["plain"]))
        else:
            pieces.append((True, token["quoted"] or token["escaped"] or ""))
    return tuple(sections)


@lru_cache(maxsize=1_024)
def is_date_format(code: str) -> bool:
    """Tell whether a number format shows a date or a time."""
    return _read_sections(code)[0].is_date


def is_elapsed_format(code: str) -> bool:
    """Tell whether a number format shows a duration."""
    return _read_sections(code)[0].elapsed


def _choose(sections: tuple[_Section, ...], number: float) -> _Section:
    """Return the section of a format that a number falls under."""
    numeric = sections[:3]
    if any(section.condition for section in numeric):
        fits = (s for s in numeric if s.condition and _COMPARE[s.condition[0]](number, s.condition[1]))
        return next(fits, next((s for s in numeric if not s.condition), numeric[-1]))
    usual = _USUAL[len(numeric)]
    return next(s for s, sign in zip(numeric, usual, strict=True) if sign is None or _COMPARE[sign](number, 0))


@lru_cache(maxsize=16_384)
def show_number(number: float, code: str) -> str | None:
    """Return what a cell shows where that is another number than it holds (blank: nothing), else None.

    Units, currencies, grouping and decimals only dress the same number. Percentages, scaling by thousands, digits
    among literal texts, words and rounding make another.
    """
    section = _choose(_read_sections(code), number)
    if not code or section.is_general or section.is_date:
        return None
    plain = section.code
    found = _NUMBER.search(plain)
    literal = "".join(text for is_literal, text in section.pieces if is_literal)
    if not found:
        return None if "@" in plain else "".join(text for _, text in section.pieces).strip()
    decimals, scaled = len(found["decimals"] or ""), number * 100 ** plain.count("%")
    scaled /= 1000 ** (len(found[0]) - len(found[0].rstrip(",")))
    exponent = "e" in plain.casefold() and "/" not in plain
    written = f"{abs(scaled):.{decimals}{'e' if exponent else 'f'}}"
    same = "/" in plain or abs(float(written) - abs(number)) < 1e-9 * max(1, abs(number))
    if same and not _DIGIT.search(literal) and not re.search("[1-9]", plain) and "%" not in plain:
        return None
    return written if exponent else _compose(section, written)


def _compose(section: _Section, written: str) -> str:
    """Return a section's text with a number in place of its digits."""
    shown, pending = "", written
    for literal, text in section.pieces:
        if not literal and text in "0#?.,":
            shown, pending = shown + pending, ""
        else:
            shown += text
    return shown.strip()
