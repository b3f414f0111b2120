"""From the constraint of a question to the limits that a spreadsheet can hold a cell to."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from helpers.plan import questionnaire

MOST = 10**9  # of a count that has no other limit: more is no count (methodology, V03)
LONGEST_FORMULA = 255  # characters, a limit of the format for one formula of a validation
_REFERENCE = re.compile(r"\$\{(\w+)\}")
_BLANK = r"\$\{\w+\}\s*=\s*''"
_UNLESS_BLANK = re.compile(rf"\(\s*(?:{_BLANK}\s+or\s+)+(?P<limit>\..*?)\s*\)")
_LIMIT = re.compile(r"\.\s*(?P<sign><=|>=|<|>)\s*(?P<value>[^<>=]+)")
_LENGTH = re.compile(r"string-length\(\s*\.\s*\)\s*(?P<sign><=|<)\s*(?P<value>\d+)")
_PRODUCT = re.compile(r"(?:(?P<times>\d+(?:\.\d+)?)\s*\*\s*)?\$\{(?P<name>\w+)\}|(?P<number>\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Limits:
    """The limits of a count: whole numbers, or formulas (with their `=`) where another answer limits it."""

    lowest: int | str
    highest: int | str

    @property
    def are_fixed(self) -> bool:
        """Whether no other answer limits it."""
        return isinstance(self.lowest, int) and isinstance(self.highest, int)


def read_limits(question: questionnaire.Question, cells: Mapping[str, str]) -> Limits:
    """Return the limits of a count by its constraint; `cells` are the addresses of the answers that may limit it.

    A limit by other answers holds once all of them are numbers. What no limit expresses is left to the checks.
    """
    lowest, highest = [0], [MOST]
    by_others: dict[str, list[str]] = {"MAX": [], "MIN": []}
    for sign, value, names in _list_limits(question.constraint):
        chosen, step = ("MAX", sign == ">") if ">" in sign else ("MIN", -(sign == "<"))
        if not names:
            number = sum(map(float, value.split("+")))
            if chosen == "MAX":
                lowest.append(math.floor(number) + 1 if step else math.ceil(number))
            else:
                highest.append(math.ceil(number) - 1 if step else math.floor(number))
        elif set(names) <= cells.keys():
            named = _REFERENCE.sub(lambda found: cells[found[1]], value)
            counted = ",".join(cells[name] for name in names)
            if step and "." in value:  # may be no whole number
                named = f"{'ROUNDDOWN' if step > 0 else 'ROUNDUP'}({named},0)"
            shift = f"{step:+}" if step else ""
            by_others[chosen].append(f"IF(COUNT({counted})={len(names)},{named}{shift},{{fixed}})")
    return Limits(_join("MAX", max(lowest), by_others["MAX"]), _join("MIN", min(highest), by_others["MIN"]))


def _join(function: str, fixed: int, others: list[str]) -> int | str:
    formula = f"={function}({','.join([str(fixed), *(each.format(fixed=fixed) for each in others)])})"
    return formula if others and len(formula) <= LONGEST_FORMULA else fixed


def _list_limits(constraint: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the comparisons with sums that a constraint is made of: sign, the sum, and the questions in it."""
    for part in _split(constraint):
        guarded = _UNLESS_BLANK.fullmatch(part)
        found = _LIMIT.fullmatch(guarded["limit"] if guarded else part)
        terms = [term.strip() for term in found["value"].split("+")] if found else []
        if found and all(_PRODUCT.fullmatch(term) for term in terms):
            value = "+".join(term.replace(" ", "") for term in terms)
            yield found["sign"], value, list(dict.fromkeys(_REFERENCE.findall(value)))


def _split(constraint: str) -> Iterator[str]:
    """Yield the parts of a constraint that `and` joins outside brackets."""
    depth, part = 0, ""
    for token in re.split(r"(\(|\)|\s+and\s+)", constraint):
        depth += (token == "(") - (token == ")")
        if token.strip() == "and" and not depth:
            yield part.strip()
            part = ""
        else:
            part += token
    yield part.strip()


def longest_text(question: questionnaire.Question, otherwise: int) -> int:
    """Return how many characters the constraint of a text lets it have."""
    found = next((found for part in _split(question.constraint) if (found := _LENGTH.fullmatch(part))), None)
    return int(found["value"]) - (found["sign"] == "<") if found else otherwise


def is_past(question: questionnaire.Question) -> bool:
    """Tell whether the constraint of a date keeps it from lying in the future."""
    return any(re.fullmatch(r"\.\s*<=?\s*today\(\s*\)", part) for part in _split(question.constraint))
