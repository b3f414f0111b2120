"""The work of the Secretariat's desk: what it sends out, reminds of, fetches and records."""

from helpers.desk.mail_forms import write_mail_forms
from helpers.desk.previous import Previous, read_previous

__all__ = ["Previous", "read_previous", "write_mail_forms"]
