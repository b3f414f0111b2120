"""The explorer of `05_explore`: a KPI, a region, members and quarters chosen; one figure and one table that follow."""

from helpers.explore.choices import Choice, select_choice_rows
from helpers.explore.explorer import Explorer, choose

__all__ = ["Choice", "Explorer", "choose", "select_choice_rows"]
