"""The work of the Secretariat's desk: what it sends out, reminds of, fetches and records."""

from helpers.desk.previous import Previous, read_previous

__all__ = ["Previous", "pull", "read_previous"]
