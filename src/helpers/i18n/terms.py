"""The fixed terms of the report by their keys in the catalogue: statuses, responses, changes."""

SYMBOLS = {
    "achieved": "●", "achieved_late": "◉", "on_track": "▲", "at_risk": "◆", "off_track": "▼", "overdue": "■",
    "not_assessable": "◇", "missed": "✘",
}  # fmt: skip
STATUS_WORDS = {
    "achieved": "Achieved", "achieved_late": "Achieved late", "on_track": "On track", "at_risk": "At risk",
    "off_track": "Off track", "overdue": "Overdue", "not_assessable": "Not assessable",
    "missed": "Missed (rate)",
}  # fmt: skip
RESPONSE_WORDS = {"on_time": "on time", "late": "late", "refused": "refused", "missing": "no return"}
STATE_WORDS = {  # of a member that meets a KPI or not
    "yes": "yes", "yes_carried": "yes, carried forward (c)", "no": "not yet",
    "no_carried": "not yet, carried forward (c)", "unknown": "no data",
}  # fmt: skip
CHANGE_WORDS = {
    "revisions": "revisions of last quarter", "matched": "same members, both quarters",
    "carried_effect": "carried in or out", "entered": "newly known", "left": "no longer known",
}  # fmt: skip
