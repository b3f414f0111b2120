"""The tables of an edition: how they are made, described, written and queried."""

from helpers.tables.kpi_figures import KpiFigure
from helpers.tables.pipeline import DataRefused, EditionTables

__all__ = [
    "DataRefused",
    "EditionTables",
    "KpiFigure",
    "datapackage",
    "manifest",
    "pipeline",
    "profiles",
    "queries",
    "schema",
    "views",
]
