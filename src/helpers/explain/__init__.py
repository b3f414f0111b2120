"""Explains a figure: its definition, the cells that it comes from, and the steps to it and to its status."""

from helpers.explain.explain import explain, explain_figures
from helpers.explain.listing import narrow_to_member
from helpers.explain.records import Explanation
from helpers.explain.telling import format_explanation, to_json, write_explanation_workbook

__all__ = [
    "Explanation", "explain", "explain_figures", "format_explanation", "narrow_to_member", "to_json",
    "write_explanation_workbook",
]  # fmt: skip
