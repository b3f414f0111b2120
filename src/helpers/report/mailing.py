"""Letters and reminders as files to be sent: of each member a draft e-mail, and the list for a mail merge."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from helpers.durable import make_folder_durably, write_csv_durably, write_durably
from helpers.i18n import Translator
from helpers.ingest import issues
from helpers.plan import questionnaire, read_settings
from helpers.report import letters
from helpers.report.letters import MemberFeedback
from helpers.speech import say

LIST = "letters.csv"
_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_BOUNDARY = "=-papu-letter-="  # the same letter is the same bytes
_COUNTED = (issues.REFUSED, issues.WITHDRAWN, issues.WARNING)
_FILES = ("member", "name", "language", "subject", "email", "workbook")
_COLUMNS, _REMINDED = (*_FILES, "returns", *_COUNTED), (*_FILES, "situation", "due_on", "reminder", "last_reminded_on")
_BEFORE, _OVERDUE, _CLOSED = "before", "overdue", "closed"  # the due date, it is over, the first cut-off is over


def write_letter_files(
    folder: Path, feedback: Sequence[MemberFeedback], form: questionnaire.Form, quarter: str, as_of: date,
    sample: bool = False,
) -> list[Path]:  # fmt: skip
    """Write a draft e-mail for each member, with a workbook of what it sent, and their list; nothing of any other.

    Returns the files, the list last. The same letters give the same bytes. Raises OSError where nothing can be written.
    """
    make_folder_durably(folder)
    written, rows = [], []
    for letter in feedback:
        if letter.member is None:
            continue
        workbook, mail = (folder / f"{quarter}_{letter.code}.{kind}" for kind in ("xlsx", "eml"))
        attached = [] if letter.is_silent else [workbook]  # to whom sent nothing there is nothing to reply to in cells
        for path in attached:
            letters.write_letters_workbook(path, [letter], form, quarter, as_of, sample)
        lines = _list_lines(letter, form, quarter, as_of)
        known = _write_draft(mail, letter, letter.title(quarter), lines, attached, sample)
        counts = Counter(issue.severity for issue in letter.issues)
        rows.append((*known, len(letter.entries), *(counts[severity] for severity in _COUNTED)))
        written += [*attached, mail]
    write_csv_durably(folder / LIST, [_COLUMNS, *rows])
    return [*written, folder / LIST]


def _write_draft(
    path: Path, letter: MemberFeedback, subject: str, lines: Iterable[str], attached: Sequence[Path], sample: bool
) -> tuple[str, ...]:
    """Write an e-mail as a draft: whoever opens it writes the address and sends it. Return what the list says of it."""
    opening = [*([letter.text("sample"), ""] if sample else []), letter.text("salutation"), ""]
    message = EmailMessage()
    message["Subject"] = subject
    if address := read_settings().contact.get("email"):
        message["From"] = address
    message["X-Unsent"] = "1"  # Outlook opens it as a draft
    message.set_content("\n".join([*opening, *lines]) + "\n")
    message["Content-Language"] = letter.language  # of the text: what comes after it has none
    kind, subtype = _XLSX
    for file in attached:
        message.add_attachment(file.read_bytes(), maintype=kind, subtype=subtype, filename=file.name)
        message.set_boundary(_BOUNDARY)
    write_durably(path, message.as_bytes(policy=SMTP))
    name, workbook = letter.member.name[letter.language], "".join(file.name for file in attached)
    return letter.code, name, letter.language, message["Subject"], path.name, workbook


def _list_lines(letter: MemberFeedback, form: questionnaire.Form, quarter: str, as_of: date) -> Iterator[str]:
    """Yield the text of a letter: what was received, what is asked, until when, of whom."""
    if letter.entries:
        yield letter.text("received")
        yield from (f"  {line}" for line in letters.list_received(letter, letter.language))
    else:
        yield letter.say_nothing_read(letter.language, Translator(letter.language).quarter(quarter))
    yield ""
    if letter.issues:
        yield letter.text("findings")
        found = dict.fromkeys(_describe_issue(issue, form, letter.language) for issue in letter.issues)
        yield from (f"  {number}. {text}" for number, text in enumerate(found, start=1))
        yield from ("", letter.text("how_to"))
    elif letter.entries:
        yield letter.text("nothing_found")
    yield from ("", *letter.list_closing(quarter, as_of))


def _describe_issue(issue: issues.Issue, form: questionnaire.Form, language: str) -> str:
    """Return an issue in a sentence: what it is about, what was read, what to do; questions by the form's words."""
    said = form.word_questions(issue.say(language), language)
    name = letters.letter_text("observed", language)
    read = letters.letter_text("said_of", language, what=name, text=issue.observed) if issue.observed else ""
    subject = letters.name_subject(issue, form, language) + (f" ({read})" if read else "")
    return letters.one_line(letters.letter_text("said_of", language, what=subject, text=said))


# --- reminders --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reminder:
    """A reminder to a member that has not answered: made on which day, which one it is, and when the last one was.

    `workbook` is the questionnaire to go with it, if there is one.
    """

    letter: MemberFeedback
    quarter: str
    made_on: date
    number: int = 1
    last_on: date | None = None
    workbook: Path | None = None

    @property
    def situation(self) -> str:
        """Whether the due date, or the first cut-off too, is over."""
        settings = read_settings()
        if self.made_on <= settings.on_time_by(self.quarter):
            return _BEFORE
        return _OVERDUE if self.made_on <= settings.first_cutoff(self.quarter) else _CLOSED

    @property
    def file(self) -> str:
        """The name of its draft."""
        return f"{self.quarter}_{self.letter.code}.eml"

    @property
    def subject(self) -> str:
        """What it is about, and which one it is."""
        key, title = "remind_title" if self.number == 1 else "remind_title_again", self.letter.title(self.quarter)
        return self.letter.text(key, title=title, n=str(self.number))

    def list_lines(self) -> Iterator[str]:
        """Yield its text: what is missing, by when, what to do, of whom to ask."""
        letter, settings, t = self.letter, read_settings(), Translator(self.letter.language)
        days = {"due": settings.on_time_by(self.quarter), "cutoff": settings.first_cutoff(self.quarter)}
        said = {"quarter": t.quarter(self.quarter), **{name: t.day(day) for name, day in days.items()}}
        yield letter.text(f"remind_{self.situation}", **said)
        if self.last_on:
            yield letter.text("remind_again", day=t.day(self.last_on))
        asked = letter.text("remind_attached" if self.workbook else "remind_ask")
        yield from ("", asked, letter.text("remind_crossed"))
        # Who is not late yet is not told of the revised edition, as if there were time until then.
        day = settings.revised_on(self.quarter) if self.situation == _BEFORE else self.made_on
        yield from ("", *letter.list_closing(self.quarter, day))


def write_reminder_files(folder: Path, reminders: Sequence[Reminder], sample: bool = False) -> list[Path]:
    """Write a draft e-mail for each reminder, and their list; nothing of any other member. Returns the list last.

    The same reminders give the same bytes. Raises ValueError where the folder has drafts of others, who may have
    answered since; OSError where nothing can be written.
    """
    others = sorted({path.name for path in folder.glob("*.eml")} - {reminder.file for reminder in reminders})
    if others:
        raise ValueError(say("{folder} has drafts of others: {files}; choose another folder", folder=folder,
                             files=", ".join(others)))  # fmt: skip
    make_folder_durably(folder)
    rows = []
    for reminder in reminders:
        path, attached = folder / reminder.file, [reminder.workbook] if reminder.workbook else []
        known = _write_draft(path, reminder.letter, reminder.subject, reminder.list_lines(), attached, sample)
        due = read_settings().on_time_by(reminder.quarter)
        rows.append((*known, reminder.situation, due, reminder.number, reminder.last_on))
    write_csv_durably(folder / LIST, [_REMINDED, *rows])
    return [*(folder / reminder.file for reminder in reminders), folder / LIST]
