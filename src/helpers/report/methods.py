"""How a KPI is measured and what it is read from, in words."""

from __future__ import annotations

from helpers.i18n import Translator
from helpers.plan import Kpi, questionnaire, sources


def describe_formula(kpi: Kpi, t: Translator) -> str:
    """Return how a KPI is measured, in its own words where the catalogue has them, else in its measure's."""
    own, on_share = f"formula {kpi.kpi}", kpi.assessed == "share"
    return t(own if t.has(own) else f"formula {kpi.measure}{' share' if on_share else ''}")


def describe_source(kpi: Kpi, t: Translator) -> str:
    """Return what a KPI is read from: in its own words where the catalogue has them, else the questions it asks."""
    own = f"source {kpi.kpi}"
    if t.has(own):
        return t(own)
    if kpi.is_from_registers:
        return t("register")
    asks = sources.source_of(kpi, questionnaire.read_form()).asks
    is_question = set(asks) <= set(questionnaire.read_form().by_name)
    return ("" if is_question else f"{questionnaire.REPEAT}: ") + t.enumerated(asks)
