"""The fixed terms of the report by their keys in the catalogue: statuses, regions, responses, units."""

SYMBOLS = {
    "achieved": "●", "achieved_late": "◉", "on_track": "▲", "at_risk": "◆", "off_track": "▼", "overdue": "■",
    "not_assessable": "◇",
}  # fmt: skip
STATUS_WORDS = {
    "achieved": "Achieved", "achieved_late": "Achieved late", "on_track": "On track", "at_risk": "At risk",
    "off_track": "Off track", "overdue": "Overdue", "not_assessable": "Not assessable",
}  # fmt: skip
REGION_WORDS = {
    "PAPU": "Union", "Northern": "Northern Africa", "Western": "Western Africa", "Central": "Central Africa",
    "Eastern": "Eastern Africa", "Southern": "Southern Africa",
}  # fmt: skip
SHORT_NAMES = {"COD": "DR Congo", "CAF": "Central African Rep.", "TZA": "Tanzania"}
RESPONSE_WORDS = {"on_time": "on time", "late": "late", "refused": "refused", "missing": "no return"}
STATE_WORDS = {  # of the KPIs that a member meets or not
    "1.1.b": {
        "yes": "roadmap implemented or completed", "yes_carried": "the same, carried forward (c)",
        "no": "not yet", "no_carried": "not yet, carried forward (c)", "unknown": "no data",
    }
}  # fmt: skip
CHANGE_WORDS = {
    "revisions": "revisions of last quarter", "matched": "same members, both quarters",
    "carried_effect": "carried in or out", "entered": "newly known", "left": "no longer known",
}  # fmt: skip
UNIT_WORDS = {
    "members": "{n} member", "offices": "{n} office", "services": "{n} service", "sectors": "{n} sector",
    "persons": "{n} person", "reports": "{n} report", "sessions": "{n} session", "workshops": "{n} workshop",
    "attendances": "{n} attendance", "solutions": "{n} solution", "events": "{n} event", "items": "{n} item",
    "adoptions": "{n} adoption", "stage": "stage {n}",
}  # fmt: skip
