"""One answer, and the states it can have (SDMX OBS_STATUS)."""

from __future__ import annotations

from dataclasses import dataclass

ANSWERED, NEGLIGIBLE, UNUSUAL = "A", "N", "U"
NOT_APPLICABLE, NOT_AVAILABLE, MISSING = "M", "L", "O"
REPORTED = frozenset({ANSWERED, NEGLIGIBLE, UNUSUAL})


@dataclass(frozen=True)
class Answer:
    """One answer as read: `raw` as written, `value` as understood, `state` (SDMX OBS_STATUS).

    `rule` is the hard rule it broke in reading (V03, V07), `note` the catalogue's code of what was normalised.
    """

    raw: str
    value: str = ""
    state: str = MISSING
    rule: str = ""
    note: str = ""

    @property
    def number(self) -> int | None:
        """The count it stands for; None when it has none."""
        return int(self.value) if self.value and self.state in REPORTED else None

    @property
    def content(self) -> str:
        """What it says, to be compared: its value, or what was written where that could not be understood."""
        return self.value or (self.raw.strip() if self.rule else "")

    @property
    def is_reported(self) -> bool:
        """Tell whether it counts as reported: A, N or U (methodology, section 3)."""
        return self.state in REPORTED


BLANK = Answer("")
