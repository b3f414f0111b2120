"""The tables of an edition: how they are made, described, written and queried."""

from helpers.tables.facts import Claim
from helpers.tables.kpi_figures import KpiFigure
from helpers.tables.pipeline import EditionTables

__all__ = [
    "Claim", "EditionTables", "KpiFigure", "actions", "claims", "datapackage", "manifest", "pipeline", "profiles",
    "queries", "replies", "schema", "views",
]  # fmt: skip
