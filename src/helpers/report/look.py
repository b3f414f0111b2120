"""The report's look: its colours, measured for colour-blind readers, and its fonts."""

import re
from pathlib import Path

from helpers.plan import read_settings

FONTS = Path(__file__).with_name("fonts")
FONT, ARABIC_FONT = "PAPU Sans", "PAPU Sans Arabic"
INK, MUTED, GRID, BLUE, BAND, PALE = "#1B2733", "#55616D", "#D8DFE5", "#0072B2", "#CBE0EE", "#EEF3F7"
BAND_EDGE = "#5997C3"  # three times as dark as white, so that a band is seen by those who see little contrast
COVER, MOTIF, LIT = "#12355B", "#20507C", "#3C8FC4"
AMBER, VERMILION, OUTLINE_COLOUR, VIOLET, GREY = "#F0C040", "#A3320B", "#595959", "#6B4E9B", "#8A949D"
STATUS_COLOURS = {  # fill, text: measured for colour-blind readers (style guide)
    "achieved": (BLUE, "#FFFFFF"), "achieved_late": (BLUE, "#FFFFFF"),
    "on_track": (AMBER, "#000000"), "at_risk": (AMBER, "#000000"),
    "off_track": (VERMILION, "#FFFFFF"), "overdue": (VERMILION, "#FFFFFF"),
    "missed": (VERMILION, "#FFFFFF"),
    "not_assessable": ("#FFFFFF", OUTLINE_COLOUR), "no_data": ("#FFFFFF", OUTLINE_COLOUR),
}  # fmt: skip
BANDS = ("#F4F8FB", "#DDEBF5", "#BAD7EA", "#92C1E0")  # quartiles, from the lowest: lighter to darker in grey too
DARK = {  # for a screen that is set to dark: the ground, and what stands on it
    "page": "#10181F", "ink": "#E8EEF3", "muted": "#A8B5C0", "grid": "#34424E", "blue": "#7CC4EE", "pale": "#1A2630",
}  # fmt: skip
HEAT = ("#E4EEF6", "#8ABDE0")  # from 0 to 100 %: light enough for dark figures
PALETTE = {
    "ink": INK, "muted": MUTED, "grid": GRID, "blue": BLUE, "pale": PALE, "amber": AMBER, "cover": COVER,
    "motif": MOTIF, "lit": LIT,
}  # fmt: skip
# Of a colour: a plan's own has them too.
_TINTS = {"blue": (BAND, BAND_EDGE, *BANDS, *HEAT, "#9CC3DC"), "cover": (MOTIF, LIT)}


def _move_tint(tint: str, ours: str, own: str) -> str:
    """Return what a tint of a colour of ours is of a plan's own."""
    tints, before, after = ([int(colour[n : n + 2], 16) for n in (1, 3, 5)] for colour in (tint, ours, own))
    part = (765 - sum(tints)) / (765 - sum(before))  # how much of the colour is in it; the rest is white
    moved = (round(t + part * (a - b)) for t, b, a in zip(tints, before, after, strict=True))
    return "#" + "".join(f"{min(max(level, 0), 255):02x}" for level in moved)


def in_plan_colours(text: str) -> str:
    """Return a drawing or a page with the colours of plan.toml, and their tints, in place of ours."""
    chosen = {name: colour for name, colour in read_settings().look.items() if name in PALETTE}
    own = {
        tint.lower(): _move_tint(tint, PALETTE[name], colour)
        for name, colour in chosen.items()
        for tint in (PALETTE[name], *_TINTS.get(name, ()))
    }
    # In one pass: a colour of the plan may be another one of ours.
    return re.sub("|".join(own), lambda found: own[found[0].lower()], text, flags=re.IGNORECASE) if own else text
