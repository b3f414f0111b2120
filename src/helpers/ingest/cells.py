"""One cell of a return: from what was written to a value and its state (methodology, sections 3 and 4)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from helpers.plan import questionnaire
from helpers.strings import clean

MAX_COUNT = 10**9

_TOKENS = {
    "": questionnaire.MISSING,
    "-": questionnaire.MISSING,
    "...": questionnaire.MISSING,
    "…": questionnaire.MISSING,
    "na": questionnaire.NOT_APPLICABLE,
    "n.a.": questionnaire.NOT_APPLICABLE,
    "sans objet": questionnaire.NOT_APPLICABLE,
    "nd": questionnaire.NOT_AVAILABLE,
    "n.d.": questionnaire.NOT_AVAILABLE,
    "non disponible": questionnaire.NOT_AVAILABLE,
}
_NEGLIGIBLE = {"ng", "négligeable"}
_ZERO = {"néant", "nil"}

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_PLAIN = re.compile(r"[0-9]+")
_GROUPED = re.compile("(?P<first>[0-9]{1,3})(?P<mark>[ \u00a0\u202f\u2009.,])[0-9]{3}(?:(?P=mark)[0-9]{3})*")
_WHOLE_TAIL = re.compile(r"(?P<whole>.*[0-9])(?P<mark>[.,])0{1,2}")
_DATE = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})(?P<time>[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")

_MARKUP = re.compile(r"<[A-Za-z!/][^<>]*>|#\w+\s*\(|\\[A-Za-z]+\s*\{|\{\{|\{%|\$\{|\]\(")
_ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#GETTING_DATA")
LONGEST_TEXT = 2_000
_SHARED = 200  # characters: the longest cell worth remembering

CellValue = object  # what a spreadsheet cell holds: None, str, bool, int, float, date, datetime, time, timedelta


class Formula(str):
    """The text of a formula, with the value that was stored for it (None: stored without one)."""

    stored: CellValue = None

    @classmethod
    def of(cls, text: str, stored: CellValue) -> Formula:
        """Make a formula of its text and its stored value."""
        formula = cls(text)
        formula.stored = stored
        return formula


def stored_value(cell: CellValue) -> CellValue:
    """Return a cell's value: of a formula, the stored one, or its text where none was stored."""
    return cell.stored if isinstance(cell, Formula) and cell.stored is not None else cell


def raw_text(cell: CellValue) -> str:
    """Return a cell's raw text: numbers without a false `.0`, dates in ISO, booleans as spreadsheets show them."""
    cell = stored_value(cell)
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
    """Tell whether nothing is written in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def text_remarks(text: str) -> list[str]:
    """Name what a free text holds that has to be handled with care, by the catalogue's codes."""
    found = {
        "TEXT_CONTROL": clean(text) != text,
        "TEXT_FORMULA": len(text.strip()) > 1 and text[:1] in ("=", "+", "-", "@", "\t", "\r"),
        "TEXT_MARKUP": bool(_MARKUP.search(text)),
        "TEXT_TOO_LONG": len(text) > LONGEST_TEXT,
        "FORMULA_ERROR": text.strip() in _ERRORS,
    }
    return [key for key, holds in found.items() if holds]


def parse_count(text: str) -> int | None:
    """Return the whole number ≥ 0 that a text writes, None when it writes none (section 3, Numbers in text)."""
    plain = text.strip().translate(_DIGITS)
    tail = _WHOLE_TAIL.fullmatch(plain)
    whole = tail["whole"] if tail else plain
    grouped = _GROUPED.fullmatch(whole)
    if grouped and int(grouped["first"]) and not (tail and tail["mark"] == grouped["mark"]):
        return int(whole.replace(grouped["mark"], ""))
    # "1.00" may be a tail; "1.000" is a group: a tail is only ever one or two noughts, so they never overlap.
    return int(whole) if _PLAIN.fullmatch(whole) and len(whole) <= 12 else None


def parse_day(cell: CellValue) -> date | None:
    """Return the day that a spreadsheet date, `YYYY-MM-DD` or a tool's ISO timestamp names, as written."""
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
    """Return the instant within the day, None where no time of day is given (a spreadsheet date at 00:00 has none)."""
    cell = stored_value(cell)
    if isinstance(cell, datetime):
        return cell if cell.time() != time() else None
    found = _DATE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if not found or not found["time"]:
        return None
    try:
        return datetime.fromisoformat(cell.strip().replace("Z", "+00:00"))
    except ValueError:
        return None


def _token(text: str) -> str | None:
    return _TOKENS.get(text.casefold())


def _read_count(cell: CellValue, raw: str) -> questionnaire.Answer:
    if isinstance(cell, (bool, datetime, date, time, timedelta, Formula)):
        return questionnaire.Answer(raw, rule="V03")
    if isinstance(cell, int):
        number = cell
    elif isinstance(cell, float):
        number = int(cell) if cell.is_integer() else None
    else:
        text = raw.strip()
        if text.casefold() in _NEGLIGIBLE:
            return questionnaire.Answer(raw, "0", questionnaire.NEGLIGIBLE)
        if text.casefold() in _ZERO:
            return questionnaire.Answer(raw, "0", questionnaire.ANSWERED, note="NUM_MISSING_TOKEN")
        number = parse_count(text)
    if number is None or not 0 <= number <= MAX_COUNT:
        return questionnaire.Answer(raw, rule="V03")
    as_written = str(number) == raw or isinstance(cell, (int, float))
    return questionnaire.Answer(raw, str(number), questionnaire.ANSWERED, note="" if as_written else _number_note(raw))


def _number_note(raw: str) -> str:
    """Name the normalisation of a number in text, by the catalogue's codes."""
    if raw.strip().translate(_DIGITS) != raw.strip():
        return "NUM_DIGITS"
    if any(mark in raw.strip() for mark in " \u00a0\u202f\u2009"):
        return "NUM_THOUSANDS"
    return "NUM_AMBIGUOUS_SEP" if _GROUPED.fullmatch(raw.strip()) else "NUM_NORMALISED"


def _read_date(cell: CellValue, raw: str) -> questionnaire.Answer:
    day = None if isinstance(cell, Formula) else parse_day(cell)
    return (
        questionnaire.Answer(raw, day.isoformat(), questionnaire.ANSWERED)
        if day
        else questionnaire.Answer(raw, rule="V03")
    )


def _read_choice(question: questionnaire.Question, raw: str) -> questionnaire.Answer:
    code = raw.strip()
    return (
        questionnaire.Answer(raw, code, questionnaire.ANSWERED)
        if code in question.choices
        else questionnaire.Answer(raw, rule="V07")
    )


def _read_choices(question: questionnaire.Question, raw: str) -> questionnaire.Answer:
    codes = raw.split()
    if codes == ["0"]:
        return questionnaire.Answer(raw, questionnaire.NONE_CODE, questionnaire.ANSWERED, note="CHOICE_ZERO")
    if not set(codes) <= set(question.choices) or (questionnaire.NONE_CODE in codes and len(set(codes)) > 1):
        return questionnaire.Answer(raw, rule="V07")
    return questionnaire.Answer(
        raw, " ".join(code for code in question.choices if code in codes), questionnaire.ANSWERED
    )


def _read_text(raw: str) -> questionnaire.Answer:
    # "néant" under a text says that there is nothing to say, and a formula's error says nothing at all.
    if raw.strip().casefold() in _ZERO or raw.strip() in _ERRORS or not clean(raw).strip():
        return questionnaire.Answer(raw)
    return questionnaire.Answer(raw, clean(raw), questionnaire.ANSWERED)


def _read(question: questionnaire.Question, cell: CellValue) -> questionnaire.Answer:
    if question.type == "text" and isinstance(cell, Formula) and not isinstance(cell.stored, str):
        return _read_text(str(cell))  # an answer that began with "=": a collection tool wrote it as a formula
    cell = stored_value(cell)
    raw = raw_text(cell)
    token = _token(raw.strip()) if isinstance(cell, str) or cell is None else None
    if token is not None:
        return questionnaire.Answer(raw, state=token)
    if question.type == "integer":
        return _read_count(cell, raw)
    if question.type == "date":
        return _read_date(cell, raw)
    if question.type == "text":
        return _read_text(raw)
    if isinstance(cell, Formula):
        return questionnaire.Answer(raw, rule="V07")
    return _read_choice(question, raw) if question.type == "select_one" else _read_choices(question, raw)


@lru_cache(maxsize=16_384)
def _read_again(question: questionnaire.Question, kind: type, cell: CellValue) -> questionnaire.Answer:
    """Read a cell that many returns share: codes, tokens, small counts. 1, 1.0 and TRUE are equal but not the same."""
    return _read(question, cell)


def read_answer(question: questionnaire.Question, cell: CellValue) -> questionnaire.Answer:
    """Read one cell as the answer to a question.

    Tokens are compared trimmed and without regard to case. A value that breaks V03 or V07 is withdrawn at once:
    its state is O, its rule is named, its raw text kept.
    """
    if question.type == "text" or isinstance(cell, Formula) or (isinstance(cell, str) and len(cell) > _SHARED):
        return _read(question, cell)
    return _read_again(question, type(cell), cell)
