"""The plan's quarters, members and KPIs, the questionnaire, and how a KPI is read from a return."""

from helpers.plan.plan import Kpi, Member, Plan, read_plan
from helpers.plan.settings import read_settings

__all__ = [
    "Kpi", "Member", "Plan", "checks", "extractors", "quarters", "questionnaire", "read_plan",
    "read_settings", "sources",
]  # fmt: skip
