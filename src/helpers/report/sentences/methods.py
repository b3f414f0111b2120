"""How a KPI is measured and what it is read from, in words."""

from __future__ import annotations

from helpers.i18n.formats import Words
from helpers.plan.plan import Kpi
from helpers.plan.questionnaire import REPEAT, read_questionnaire
from helpers.plan.sources import is_kept, source_of


def say_formula(kpi: Kpi, say: Words) -> str:
    """Return how a KPI is measured, in its own words where the catalogue has them, else in its measure's."""
    own, on_share = f"formula {kpi.kpi}", kpi.assessed == "share"
    return say(own if say.has(own) else f"formula {kpi.measure}{' share' if on_share else ''}")


def say_source(kpi: Kpi, say: Words) -> str:
    """Return what a KPI is read from: in its own words where the catalogue has them, else the questions it asks."""
    own = f"source {kpi.kpi}"
    if say.has(own):
        return say(own)
    if is_kept(kpi):
        return say("register")
    asks = source_of(kpi, read_questionnaire()).asks
    is_question = set(asks) <= set(read_questionnaire().by_name)
    return ("" if is_question else f"{REPEAT}: ") + say.enumerated(asks)
