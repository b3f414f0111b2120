"""The plan's quarters, members and KPIs, the questionnaire, and how a KPI is read from a return."""

from helpers.plan.plan import UNION, Kpi, Member, Plan, read_plan

__all__ = [
    "Kpi", "Member", "Plan", "UNION", "checks", "extractors", "quarters", "questionnaire", "read_plan", "sources",
]  # fmt: skip
