"""The work of the Secretariat's desk: what it sends out, reminds of, fetches and records."""

from helpers.desk.confirmations import record_confirmations
from helpers.desk.mail_forms import write_mail_forms
from helpers.desk.previous import read_previous
from helpers.desk.questionnaire import write_xlsform
from helpers.desk.register_rows import append_rows

__all__ = [
    "append_rows", "pull", "read_previous", "record_confirmations", "register_book", "register_lists",
    "register_taking", "reminders", "write_mail_forms", "write_xlsform",
]  # fmt: skip
