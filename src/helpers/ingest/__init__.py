"""From received files to checked answers: reads, orders the versions of, and checks every return."""

from helpers.ingest.quarter import read_returns
from helpers.ingest.records import Received, ReceivedFile
from helpers.ingest.registers import Registers

__all__ = [
    "Received",
    "ReceivedFile",
    "Registers",
    "add",
    "confirmed",
    "issues",
    "offices",
    "read_returns",
    "received",
    "register_files",
    "registers",
    "rules",
    "versions",
]
