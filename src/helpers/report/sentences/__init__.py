"""What the figures say: computed sentences that stay true for any data, and captions with alternative texts."""

from helpers.report.sentences.answers import say_answering, say_calendar, say_map, say_member_map
from helpers.report.sentences.briefs import (
    say_answer,
    say_asked,
    say_brief_points,
    say_finding,
    say_next_actions,
    say_own_name,
    say_position,
    say_question,
    say_read,
    say_return,
    say_standing,
)
from helpers.report.sentences.captions import (
    say_companions,
    say_families,
    say_measure,
    say_members,
    say_regions,
    say_trend,
    say_trends,
)
from helpers.report.sentences.choices import say_choice, say_value
from helpers.report.sentences.findings import (
    LEADING,
    is_reached,
    list_members,
    say_answered,
    say_behind,
    say_bounds,
    say_change,
    say_goal,
    say_issues,
    say_level,
    say_main_points,
    say_name,
    say_point,
    say_responses,
    say_scorecard,
    say_series,
    say_statuses,
    say_title,
    say_unknown,
)
from helpers.report.sentences.methods import say_formula, say_source
from helpers.report.sentences.movements import say_changes, say_regions_over_time, say_slopes

__all__ = [
    "LEADING", "is_reached", "list_members", "say_answer", "say_answered", "say_answering", "say_asked", "say_behind",
    "say_bounds", "say_brief_points", "say_calendar", "say_change", "say_changes", "say_choice", "say_companions",
    "say_families", "say_finding", "say_formula", "say_goal", "say_issues", "say_level", "say_main_points", "say_map",
    "say_measure", "say_member_map", "say_members", "say_name", "say_next_actions", "say_own_name", "say_point",
    "say_position", "say_question", "say_read", "say_regions", "say_regions_over_time", "say_responses", "say_return",
    "say_scorecard", "say_series", "say_slopes", "say_source", "say_standing", "say_statuses", "say_title",
    "say_trend", "say_trends", "say_unknown", "say_value",
]  # fmt: skip
