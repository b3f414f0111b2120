"""The reference of a figure, as the report prints it and `papu explain` takes it: `KPI/QUARTER/REGION`."""

from typing import NamedTuple

from helpers.plan import quarters, read_plan
from helpers.speech import say


class Reference(NamedTuple):
    """A KPI, a quarter and a scope: a region, or blank for the Union."""

    kpi: str
    quarter: str
    scope: str = ""

    def __str__(self) -> str:
        return "/".join(self if self.scope not in ("", read_plan().code) else self[:2])


def parse_reference(text: str) -> Reference:
    """Parse a reference; raises ValueError with how one is written."""
    kpi, *rest = text.strip().split("/")
    if len(rest) not in (1, 2) or not all(rest):
        raise ValueError(say("{text!r} is not a reference; write KPI/QUARTER or KPI/QUARTER/REGION", text=text))
    return Reference(kpi, quarters.parse_quarter(rest[0]), *rest[1:])


def parse_request(figure: str, quarter: str = "", scope: str = "") -> Reference:
    """Return the figure of a reference, or of KPI, quarter and scope. Raises ValueError for both or neither."""
    if "/" in figure:
        if quarter or scope:
            raise ValueError(say("{figure} is complete; give no quarter or scope beside it", figure=figure))
        return parse_reference(figure)
    if not quarter:
        raise ValueError(say("give a KPI and a QUARTER, or a reference, KPI/QUARTER"))
    return Reference(figure, quarter, scope)
