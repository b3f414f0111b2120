"""The tables of an edition: made, described, written and asked."""

from helpers.tables.pipeline import DataRefused, EditionTables
from helpers.tables.queries import KpiFigure

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
