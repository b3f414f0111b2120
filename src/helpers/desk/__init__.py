"""The work of the Secretariat's desk: what it sends out, reminds of, fetches and records."""

from helpers.desk.confirmations import record_confirmations
from helpers.desk.previous import Previous, read_previous
from helpers.desk.register_rows import append_rows

__all__ = [
    "Previous",
    "append_rows",
    "read_previous",
    "record_confirmations",
    "register_book",
    "register_taking",
    "reminders",
]
