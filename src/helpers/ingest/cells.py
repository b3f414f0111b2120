"""From one cell of a return to an answer: its value and state (methodology, sections 3 and 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from helpers.plan import questionnaire
from helpers.strings import clean

MAX_COUNT = 10**9

TOKENS = {
    **dict.fromkeys(("", "-", "...", "…"), questionnaire.MISSING),
    **dict.fromkeys(("na", "n.a.", "sans objet"), questionnaire.NOT_APPLICABLE),
    **dict.fromkeys(("nd", "n.d.", "non disponible"), questionnaire.NOT_AVAILABLE),
}
_NEGLIGIBLE = {"ng", "négligeable"}
_ZERO = {"néant", "nil"}

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_PLAIN = re.compile(r"[0-9]+")
_GROUPED = re.compile("(?P<first>[0-9]{1,3})(?P<mark>[ \u00a0\u202f\u2009.,])[0-9]{3}(?:(?P=mark)[0-9]{3})*")
_THREE = re.compile(r"(?P<whole>[0-9]+)(?P<mark>[.,])(?P<last>[0-9]{3})")
_MIN_THREE = 3  # numbers of a table that end in three zeros, for them to be decimals
_WHOLE_TAIL = re.compile(r"(?P<whole>.*[0-9])(?P<mark>[.,])0{1,2}")
_DATE = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})(?P<time>[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")

_MARKUP = re.compile(r"<[A-Za-z!/][^<>]*>|#\w+\s*\(|\\[A-Za-z]+\s*\{|\{\{|\{%|\$\{|\]\(")
_ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#GETTING_DATA")
LONGEST_TEXT = 2_000
_SHARED = 200  # characters: the longest cell that is cached

CellValue = object  # what a spreadsheet cell holds: None, str, bool, int, float, date, datetime, time, timedelta


class Formula(str):
    """The text of a formula, with its stored value (None without one)."""

    stored: CellValue = None

    @classmethod
    def of(cls, text: str, stored: CellValue) -> Formula:
        """Make a formula from its text and stored value."""
        formula = cls(text)
        formula.stored = stored
        return formula


@dataclass(frozen=True)
class ShownAs:
    """A value whose cell shows something else: `text` (blank: nothing)."""

    value: CellValue
    text: str


def stored_value(cell: CellValue) -> CellValue:
    """Return the value that a cell holds; of a formula the stored value, or its text without one."""
    cell = cell.stored if isinstance(cell, Formula) and cell.stored is not None else cell
    return cell.value if isinstance(cell, ShownAs) else cell


def raw_text(cell: CellValue) -> str:
    """Return a cell's raw text: numbers without a false `.0`, dates in ISO, booleans as spreadsheets show them.

    Every line end is `\\n`: tools that export one submission write it differently.
    """
    cell = stored_value(cell)
    if isinstance(cell, str):
        return cell.replace("\r\n", "\n").replace("\r", "\n")
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


def is_empty_cell(cell: CellValue) -> bool:
    """Tell whether a cell is blank."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def text_remarks(text: str) -> list[str]:
    """Return the catalogue's codes for what needs care in a free text."""
    found = {
        "TEXT_CONTROL": clean(text) != text,
        "TEXT_FORMULA": len(text.strip()) > 1 and text[:1] in ("=", "+", "-", "@", "\t", "\r"),
        "TEXT_MARKUP": bool(_MARKUP.search(text)),
        "TEXT_TOO_LONG": len(text) > LONGEST_TEXT,
        "FORMULA_ERROR": text.strip() in _ERRORS,
    }
    return [key for key, holds in found.items() if holds]


def find_decimal_mark(texts: Iterable[str]) -> str:
    """Return the mark that a table's counts have before three decimals; blank where such a mark groups thousands.

    It is for decimals where a number has more than three digits before it, or every number with it ends in three zeros.
    """
    found = [match for text in texts if (match := _THREE.fullmatch(text.strip().translate(_DIGITS)))]
    marks = {match["mark"] for match in found if len(match["whole"]) > 3 or match["whole"] == "0"}
    if not marks and len(found) >= _MIN_THREE and all(match["last"] == "000" for match in found):
        marks = {match["mark"] for match in found}
    return marks.pop() if len(marks) == 1 else ""


def parse_count(text: str, decimal_mark: str = "") -> int | None:
    """Return the whole number ≥ 0 that a text writes, else None; with the `decimal_mark` "." 9.000 is 9 (section 3)."""
    plain = text.strip().translate(_DIGITS)
    if decimal_mark and decimal_mark in plain:
        whole, _, decimals = plain.partition(decimal_mark)
        return int(whole) if _PLAIN.fullmatch(whole) and len(whole) <= 12 and not decimals.strip("0") else None
    tail = _WHOLE_TAIL.fullmatch(plain)
    whole = tail["whole"] if tail else plain
    grouped = _GROUPED.fullmatch(whole)
    if grouped and int(grouped["first"]) and not (tail and tail["mark"] == grouped["mark"]):
        return int(whole.replace(grouped["mark"], ""))
    # "1.00" is a tail and "1.000" a group: a tail has one or two zeros, so the two never overlap.
    return int(whole) if _PLAIN.fullmatch(whole) and len(whole) <= 12 else None


def parse_day(cell: CellValue) -> date | None:
    """Return the day of a spreadsheet date, `YYYY-MM-DD` or a tool's ISO timestamp, as written; else None."""
    cell = stored_value(cell)
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = _DATE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    try:
        return date.fromisoformat(found["day"]) if found else None
    except ValueError:
        return None


def parse_instant(cell: CellValue) -> datetime | None:
    """Return the instant, None without a time of day (a spreadsheet date at 00:00 has none)."""
    cell = stored_value(cell)
    if isinstance(cell, datetime):
        return cell if cell.time() != time() else None
    found = _DATE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if not found or not found["time"]:
        return None
    try:
        return datetime.fromisoformat(cell.strip())
    except ValueError:
        return None


def _answered(raw: str, value: str, note: str = "") -> questionnaire.Answer:
    return questionnaire.Answer(raw, value, questionnaire.ANSWERED, note=note)


def _read_count(cell: CellValue, raw: str, decimal_mark: str) -> questionnaire.Answer:
    text = raw.strip()
    if isinstance(cell, datetime):
        from openpyxl.utils.datetime import to_excel  # it takes long to load, and few need it

        return questionnaire.Answer(raw, rule="V03", held=raw_text(to_excel(cell)))
    if isinstance(cell, (bool, date, time, timedelta, Formula)):
        return questionnaire.Answer(raw, rule="V03")
    if isinstance(cell, (int, float)):
        number = int(cell) if isinstance(cell, int) or cell.is_integer() else None
    elif text.casefold() in _NEGLIGIBLE:
        return questionnaire.Answer(raw, "0", questionnaire.NEGLIGIBLE)
    elif text.casefold() in _ZERO:
        return _answered(raw, "0", "NUM_MISSING_TOKEN")
    else:
        number = parse_count(text, decimal_mark)
    if number is None or not 0 <= number <= MAX_COUNT:
        return questionnaire.Answer(raw, rule="V03")
    is_as_written = str(number) == raw or isinstance(cell, (int, float))
    return _answered(raw, str(number), "" if is_as_written else _number_note(text))


def _number_note(text: str) -> str:
    """Return the catalogue's code of how a number in text was normalised."""
    if text.translate(_DIGITS) != text:
        return "NUM_DIGITS"
    if any(mark in text for mark in " \u00a0\u202f\u2009"):
        return "NUM_THOUSANDS"
    return "NUM_AMBIGUOUS_SEP" if _GROUPED.fullmatch(text) else "NUM_NORMALISED"


def _read_choices(question: questionnaire.Question, raw: str) -> questionnaire.Answer:
    codes = raw.split()
    if codes == ["0"]:
        return _answered(raw, questionnaire.NONE_CODE, "CHOICE_ZERO")
    if not set(codes) <= set(question.choices) or (questionnaire.NONE_CODE in codes and len(set(codes)) > 1):
        return questionnaire.Answer(raw, rule="V07")
    counted = [code for code in question.choices if code in codes and code not in question.retired]
    note = "CHOICE_RETIRED" if question.retired.intersection(codes) else ""
    return _answered(raw, " ".join(counted) or questionnaire.NONE_CODE, note)


def _read_text(raw: str) -> questionnaire.Answer:
    # A text "néant" means that there is nothing to say, and a formula's error means nothing.
    is_nothing = raw.strip().casefold() in _ZERO or raw.strip() in _ERRORS or not clean(raw).strip()
    return questionnaire.Answer(raw) if is_nothing else _answered(raw, clean(raw))


def _read_cell(question: questionnaire.Question, cell: CellValue, decimal_mark: str = "") -> questionnaire.Answer:
    if question.type == "text" and isinstance(cell, Formula) and not isinstance(cell.stored, str):
        return _read_text(str(cell))  # a text that began with "=", which the collection tool wrote as a formula
    shown = cell.stored if isinstance(cell, Formula) else cell
    cell = stored_value(cell)
    raw = raw_text(cell)
    if isinstance(shown, ShownAs) and shown.text and question.type in ("integer", "date"):
        return questionnaire.Answer(shown.text, rule="V03", held=raw)
    token = TOKENS.get(raw.strip().casefold()) if isinstance(cell, str) or cell is None else None
    if token is not None:
        return questionnaire.Answer(raw, state=token)
    if question.type == "integer":
        return _read_count(cell, raw, decimal_mark)
    if question.type == "text":
        return _read_text(raw)
    if question.type == "date":
        day = None if isinstance(cell, Formula) else parse_day(cell)
        return _answered(raw, day.isoformat()) if day else questionnaire.Answer(raw, rule="V03")
    if isinstance(cell, Formula):
        return questionnaire.Answer(raw, rule="V07")
    if question.type == "select_multiple":
        return _read_choices(question, raw)
    code = raw.strip()
    if code in question.retired:  # nobody knows which of today's codes it would be
        return _answered(raw, "", "CHOICE_RETIRED")
    return _answered(raw, code) if code in question.choices else questionnaire.Answer(raw, rule="V07")


@lru_cache(maxsize=16_384)
def _read_shared(question: questionnaire.Question, kind: type, cell: CellValue, mark: str) -> questionnaire.Answer:
    """Read a cell that many returns share: a code, a token, a small count. `kind` keeps 1, 1.0 and TRUE apart."""
    return _read_cell(question, cell, mark)


def read_answer(question: questionnaire.Question, cell: CellValue, decimal_mark: str = "") -> questionnaire.Answer:
    """Read one cell as the answer to a question; `decimal_mark` as `find_decimal_mark` found it in its table.

    Tokens are compared trimmed and in any case. A value that breaks V03 or V07 is withdrawn: state O, with the rule and
    the raw text.
    """
    if question.type == "text" or isinstance(cell, Formula) or (isinstance(cell, str) and len(cell) > _SHARED):
        return _read_cell(question, cell, decimal_mark)
    return _read_shared(question, type(cell), cell, decimal_mark)
