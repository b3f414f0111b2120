"""One function per table of the report and of the briefs: each returns the table with its words."""

from helpers.report.tables.annexes import (
    coverage,
    describe_revisions,
    inputs,
    methods,
    references,
    refused,
    revisions,
    rules,
)
from helpers.report.tables.brief import answers, issues, positions
from helpers.report.tables.decisions import decisions, follow_up
from helpers.report.tables.members import calls, member_figures, open_statuses, responses
from helpers.report.tables.themes import changes, companions, history, scorecard, theme

__all__ = [
    "answers", "calls", "changes", "companions", "coverage", "decisions", "describe_revisions", "follow_up", "history",
    "inputs", "issues", "member_figures", "methods", "open_statuses", "positions", "references", "refused", "responses",
    "revisions", "rules", "scorecard", "theme",
]  # fmt: skip
