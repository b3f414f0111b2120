"""How people write in a mailed workbook: names in their language, quarters their way, tokens, figures as text."""

from __future__ import annotations

import random
from dataclasses import replace

from helpers.plan import plan
from sample import form
from sample.answers import NOT_AVAILABLE, Return
from sample.truth import Answers, Value, draw, profile_of

UNAVAILABLE = ("ND", "n.d.", "non disponible")
BLANKS = ("", "", "-", "…")
ZEROS = ("NG", "négligeable", "néant", "nil")
NOT_APPLICABLE = ("NA", "sans objet")
QUARTERS = ("{year}Q{n}", "T{n} {year}", "Q{n} {year}", "{year}-Q{n}")
NARROW_SPACE = "\u202f"


def worded(one: Return) -> Return:
    """Return the return as its member writes it in a workbook: the same figures in other words."""
    rng = draw("wording", one.member, one.quarter)
    return replace(
        one,
        name=_name(one, rng),
        label=rng.choice(QUARTERS).format(year=one.label[:4], n=one.label[5]),
        answers=_tokens(one.answers, draw("tokens", one.member, one.quarter)),
    )


def _name(one: Return, rng: random.Random) -> str:
    """Return a code or a name of the member; a name that is neither was misspelt, and stays so."""
    if one.name != one.member or one.member not in plan.read_plan().by_iso3:
        return one.name
    who = profile_of(one.member)
    return rng.choice((who.member, who.names["fr"], who.names["en"], who.names[who.language]))


def _tokens(answers: Answers, rng: random.Random) -> Answers:
    counts = {question.name for question in form.questions() if question.type == "integer"}
    return {name: _token(name, value, name in counts, rng) for name, value in answers.items()} | _no_scanner(answers)


def _token(name: str, value: Value, is_count: bool, rng: random.Random) -> Value:
    """Return what stands in the cell; each answer draws once, so that one changes no other."""
    chance, word = rng.random(), rng.randrange(1000)
    if value == NOT_AVAILABLE:
        return UNAVAILABLE[word % len(UNAVAILABLE)]
    if value == "":
        return BLANKS[word % len(BLANKS)]
    if is_count and value == 0 and chance < 0.3:
        return ZEROS[word % len(ZEROS)]
    if name == "ipp_small_packets" and value == "none":
        return NOT_APPLICABLE[word % len(NOT_APPLICABLE)]
    if name == "services_egovernment" and value == "none" and chance < 0.5:
        return 0
    return value


def _no_scanner(answers: Answers) -> Answers:
    """Return "not applicable" for a kind of hardware that the member's plan asks for none of."""
    return dict.fromkeys(("scanner_required", "scanner_working"), "NA") if answers.get("scanner_required") == 0 else {}


def spelled(one: Return) -> Return:
    """Return the return with its thousands as text, in groups of three, as a word processor leaves them."""
    answers = {
        name: f"{value:,}".replace(",", NARROW_SPACE) if isinstance(value, int) and value >= 1000 else value
        for name, value in one.answers.items()
    }
    return replace(one, answers=answers)
