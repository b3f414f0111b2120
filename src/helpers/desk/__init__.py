"""The work of the Secretariat's desk: what it sends out, reminds of, fetches and records."""

from helpers.desk.previous import read_previous
from helpers.desk.questionnaire import write_xlsform

__all__ = ["pull", "read_previous", "write_xlsform"]
