"""Letters as files to be sent: of each member a workbook and a draft e-mail, and the list for a mail merge."""

from collections import Counter
from collections.abc import Iterator, Sequence
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
from helpers.strings import clean

LIST = "letters.csv"
_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_BOUNDARY = "=-papu-letter-="  # the same letter is the same bytes
_COUNTED = (issues.REFUSED, issues.WITHDRAWN, issues.WARNING)
_COLUMNS = ("member", "name", "language", "subject", "email", "workbook", "returns", *_COUNTED)


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
        message = _compose(letter, form, quarter, as_of, attached, sample)
        write_durably(mail, message.as_bytes(policy=SMTP))
        counts = Counter(issue.severity for issue in letter.issues)
        name, files = letter.member.name[letter.language], (mail.name, "".join(path.name for path in attached))
        numbers = (len(letter.entries), *(counts[severity] for severity in _COUNTED))
        rows.append((letter.code, name, letter.language, message["Subject"], *files, *numbers))
        written += [*attached, mail]
    write_csv_durably(folder / LIST, [_COLUMNS, *rows])
    return [*written, folder / LIST]


def _compose(
    letter: MemberFeedback, form: questionnaire.Form, quarter: str, as_of: date, attached: Sequence[Path], sample: bool
) -> EmailMessage:
    """Return a letter as a draft: whoever opens it writes the address and sends it."""
    message = EmailMessage()
    message["Subject"] = letter.title(quarter)
    if address := read_settings().contact.get("email"):
        message["From"] = address
    message["Content-Language"] = letter.language
    message["X-Unsent"] = "1"  # Outlook opens it as a draft
    message.set_content("\n".join(_list_lines(letter, form, quarter, as_of, sample)) + "\n")
    kind, subtype = _XLSX
    for path in attached:
        message.add_attachment(path.read_bytes(), maintype=kind, subtype=subtype, filename=path.name)
        message.set_boundary(_BOUNDARY)
    return message


def _list_lines(
    letter: MemberFeedback, form: questionnaire.Form, quarter: str, as_of: date, sample: bool
) -> Iterator[str]:
    """Yield the text of a letter: what was received, what is asked, until when, of whom."""
    yield from (*([letter.text("sample"), ""] if sample else []), letter.text("salutation"), "")
    named = Translator(letter.language).quarter(quarter)
    if letter.entries:
        yield letter.text("received")
        yield from (f"  {line}" for line in letters.list_received(letter, letter.language))
    else:
        yield letter.say_nothing_read(letter.language, named)
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
    return " ".join(clean(letters.letter_text("said_of", language, what=subject, text=said)).split())
