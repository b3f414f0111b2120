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
        "yes": "roadmap implemented or completed",
        "yes_carried": "the same, carried forward (c)",
        "no": "not yet",
        "no_carried": "not yet, carried forward (c)",
        "unknown": "no data",
    }
}
CHANGE_WORDS = {
    "revisions": "revisions of last quarter",
    "matched": "same members, both quarters",
    "carried_effect": "carried in or out",
    "entered": "newly known",
    "left": "no longer known",
}
UNIT_WORDS = {
    "members": ("{n} member", "{n} members"), "offices": ("{n} office", "{n} offices"),
    "services": ("{n} service", "{n} services"), "sectors": ("{n} sector", "{n} sectors"),
    "persons": ("{n} person", "{n} persons"), "reports": ("{n} report", "{n} reports"),
    "sessions": ("{n} session", "{n} sessions"), "workshops": ("{n} workshop", "{n} workshops"),
    "attendances": ("{n} attendance", "{n} attendances"), "solutions": ("{n} solution", "{n} solutions"),
    "events": ("{n} event", "{n} events"), "items": ("{n} item", "{n} items"),
    "adoptions": ("{n} adoption", "{n} adoptions"), "stage": ("stage {n}", "stage {n}"),
}  # fmt: skip
