"""Computes figures, their bounds and their statuses from checked answers."""

from helpers.kpis.observations import Snapshot
from helpers.kpis.reference import Reference, parse_reference, parse_request

__all__ = [
    "Reference", "Snapshot", "compute", "figures", "measures", "observations", "parse_reference", "parse_request",
    "register_measures", "statuses",
]  # fmt: skip
