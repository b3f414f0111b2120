"""Letters to the focal points: what was received from each member, and what remains to correct or confirm."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from helpers.i18n import Translator, catalogue
from helpers.ingest import add, issues, received, rules, versions
from helpers.plan import Member, Plan, questionnaire, read_settings
from helpers.report.xlsx import REPLY, Book, SheetWriter, open_book
from helpers.strings import clean
from helpers.tables import manifest

TEXTS = Path(__file__).with_suffix(".csv")
# Issues that keep a whole file from being read although it was received: its members are not told to send it again.
_LOST = ("V20.tampered", "V20.missing", "V20.listed_twice", "V20.manifest_date")
_ISSUE_COLUMNS = ("severity", "question", "observed", "expected", "message", "place", "reply")
_RECEIVED_COLUMNS = ("received_on", "file", "version", "state")
_WIDTHS = (16, 30, 16, 18, 48, 30, 26)  # characters: as wide together as a landscape page can show
_CONTENTS_WIDTHS = (44, 12, 14, 16, 14)
_TITLE, _PART, _CENTRED = {"bold": True, "font_size": 14}, {"bold": True, "font_size": 12}, {"align": "center"}


def letter_text(key: str, language: str, **values: object) -> str:
    """Return a text of letters.csv in a language."""
    return catalogue.read_by_key(TEXTS)[key][language].format(**values)


@dataclass(frozen=True)
class MemberFeedback:
    """The letter to one member, in its language; without a `member`, the Secretariat's: registers, what names none.

    `lost` are files that were received and cannot be read now: the member's own or, where nobody knows whose they are,
    `strangers`. `lists` are the lists of offices that count.
    """

    member: Member | None
    language: str
    entries: tuple[versions.LedgerEntry, ...]
    issues: tuple[issues.Issue, ...]
    lost: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The member's code, blank without a member."""
        return self.member.member if self.member else ""

    @property
    def is_silent(self) -> bool:
        """Whether nothing is known to have come from the member."""
        return not self.entries and not self.lost

    def text(self, key: str, **values: str) -> str:
        """Return a text of letters.csv in the letter's language."""
        return letter_text(key, self.language, **values)

    def title(self, quarter: str) -> str:
        """Return what the letter is about: the questionnaire of a quarter, and the member."""
        if self.member is None:
            return self.text("others")
        named = Translator(self.language).quarter(quarter)
        return self.text("title", quarter=named, member=self.member.name[self.language])

    def list_closing(self, quarter: str, as_of: date) -> list[str]:
        """Return what refused returns count for, until when a reply counts, and whom to turn to; not to ourselves."""
        if self.member is None:
            return []
        t, settings = Translator(self.language), read_settings()
        is_refused = self.entries and not any(entry.counts for entry in self.entries)
        lines = [self.text("not_counted")] if is_refused else []
        if not settings.is_revised(quarter, as_of):
            lines.append(self.text("deadline", day=t.day(settings.revised_on(quarter))))
        return lines + ([self.text("contact", contact=name)] if (name := settings.name_contact(self.language)) else [])

    def say_nothing_read(self, language: str, quarter: str) -> str:
        """Say why no return was read: none came, or its file is lost, or a file is lost that may be the member's."""
        if self.lost:
            return letter_text("file_lost", language, file=", ".join(self.lost))
        key = "nothing_read" if self.strangers else "nothing_received"
        return letter_text(key, language, quarter=quarter, file=", ".join(self.strangers)) if self.member else ""


def collect_feedback(
    checked: rules.Checked, plan: Plan, quarter: str, members: Sequence[str] = (), language: str = "",
    notes: bool = False,
) -> list[MemberFeedback]:  # fmt: skip
    """Return a letter for each member valid in a quarter (or those given), then one for the registers and the rest.

    Each is in its member's language unless one is given, the last in French. Issues are sorted by severity, then in the
    order of the checks; those of replaced returns are left out; `notes` adds what was only normalised.
    """
    entries = [entry for entry in checked.ledger if entry.quarter == quarter]
    shown = _list_shown_issues(checked, quarter, entries, notes)
    valid = {member.member: member for member in plan.members_in(quarter)}
    senders = {issue: manifest.find_members(quarter, issue.source_file) for issue in shown if issue.key in _LOST}
    strangers = tuple(issue.source_file for issue, codes in senders.items() if not codes)

    def write(member: Member | None, own_language: str, codes: Collection[str]) -> MemberFeedback:
        returns = tuple(entry for entry in entries if entry.member in codes)
        lost = tuple(issue for issue, named in senders.items() if member and member.member in named)
        own = {each for each in shown if (member is None if each.is_register else each.member in codes)}
        own_issues = tuple(issue for issue in shown if issue in own or issue in lost)
        files = tuple(issue.source_file for issue in lost)
        lists = [each.file.name for (of, code), each in checked.lists.items() if of == quarter and code in codes]
        return MemberFeedback(member, language or own_language, returns, own_issues, files, strangers, tuple(lists))

    letters = [write(valid[code], valid[code].language, {code}) for code in valid if not members or code in members]
    if members:
        files = {entry.received.file.name for letter in letters for entry in letter.entries}
        shown = [i for i in shown if not i.member and not i.row and (i.source_file in files or i in senders)]
        entries = []
    others = {each.member for each in (*entries, *shown)} - set(valid)
    has_others = others or any(issue.is_register for issue in shown)
    return [*letters, write(None, plan.settings.master_language, others)] if has_others else letters


def _list_shown_issues(
    checked: rules.Checked, quarter: str, entries: Sequence[versions.LedgerEntry], notes: bool
) -> list[issues.Issue]:
    """Return the issues of a quarter and of the registers by severity; not of replaced returns; notes where wanted."""
    superseded = [entry for entry in entries if not entry.counts and entry.state != issues.REFUSED]
    replaced = {place for entry in superseded for place in _places(entry)}
    replaced -= {place for entry in entries if entry.counts for place in _places(entry)}
    severities = issues.SEVERITIES if notes else issues.SEVERITIES[:-1]
    about = [issue for issue in checked.issues if issue.is_register or issue.quarter == quarter]
    shown = [issue for issue in about if issue.severity in severities]
    shown = [issue for issue in shown if (issue.source_file, issue.sheet, issue.row) not in replaced]
    shown = [issue for issue in shown if notes or not issue.is_confirmed]
    return sorted(shown, key=lambda issue: severities.index(issue.severity))


def _places(entry: versions.LedgerEntry) -> Iterator[tuple[str, str, str]]:
    """Yield the file, sheet and row of a return and of its items."""
    for place in (*entry.received.place.all_rows, *(item.place for item in entry.received.items or ())):
        yield place.source_file, place.sheet, place.row


def name_subject(issue: issues.Issue, form: questionnaire.Form, language: str) -> str:
    """Return what an issue is about: a question as the questionnaire words it, a whole return, or a whole file."""
    name = issue.question
    if not name:
        return letter_text("whole_return" if issue.row else "whole_file", language)
    label = form.label_of(name).get(language) or name
    repeat = read_settings().repeat.name
    return f"{form.groups[repeat].get(language) or repeat} - {label}" if name.startswith(f"{repeat}.") else label


def _state(entry: versions.LedgerEntry, language: str) -> str:
    return letter_text("superseded" if entry.is_version and not entry.counts else entry.state, language)


def _recipient(letter: MemberFeedback, language: str) -> str:
    return f"{letter.member.name[language]} ({letter.code})" if letter.member else letter_text("others", language)


def format_letters(
    letters: Sequence[MemberFeedback], form: questionnaire.Form, quarter: str, as_of: date, language: str
) -> Iterator[str]:
    """Yield the letters as lines of text, member by member, and a line that sums them up."""
    named = Translator(language).quarter(quarter)
    yield from _letter_lines(letters, form, named, language)
    counts = {**_count_returns(letters), "silent": sum(letter.is_silent for letter in letters if letter.member)}
    yield letter_text("summary", language, quarter=named, date=as_of.isoformat(), **counts)


def list_received(letter: MemberFeedback, language: str) -> list[str]:
    """Return what was received from a member, file by file, and what became of it."""
    files = [(entry.received.file.name, _state(entry, language)) for entry in letter.entries]
    files += [(name, letter_text("list_read", language)) for name in letter.lists if letter.entries]
    states = Counter(letter_text("said_of", language, what=name, text=state) for name, state in files)
    return [f"{state} (x {times})" if times > 1 else state for state, times in states.items()]


def _letter_lines(
    letters: Sequence[MemberFeedback], form: questionnaire.Form, named: str, language: str
) -> Iterator[str]:
    for letter in letters:
        received = "; ".join(list_received(letter, language))
        nothing = letter.say_nothing_read(language, named)
        yield " - ".join(filter(None, (_recipient(letter, language), received or nothing)))
        for issue in letter.issues:
            yield from _issue_lines(issue, form, language)


def _count_returns(letters: Sequence[MemberFeedback]) -> dict[str, int]:
    entries = [entry for letter in letters for entry in letter.entries]
    return {"received": len(entries), "counting": sum(entry.counts for entry in entries)}


def format_outcome(
    outcome: add.Outcome, checked: rules.Checked, plan: Plan, form: questionnaire.Form, batch: add.Batch, language: str
) -> Iterator[str]:  # fmt: skip
    """Yield what became of a file to be added, and what was read in it, as lines of text."""
    t, others = Translator(language), outcome.other_quarters
    words = {
        "date": batch.received_on.isoformat(), "what": outcome.issue.say(language) if outcome.issue else "",
        "quarter": t.quarter(batch.quarter), "other": others[0] if others else "",
        "others": ", ".join(f"{t.quarter(other)} ({other})" for other in others),
    }  # fmt: skip
    yield f"{outcome.file}: {letter_text(outcome.key, language, **words)}"
    if outcome.shown and not outcome.file.endswith(f"/{outcome.shown}"):
        yield f"  {letter_text('personal_name', language)}"
    if outcome.shown:
        yield from (f"  {line}" for line in _file_lines(checked, plan, form, batch.quarter, outcome.shown, language))


def _file_lines(
    checked: rules.Checked, plan: Plan, form: questionnaire.Form, quarter: str, file: str, language: str
) -> Iterator[str]:
    """Yield what was read in one file: how many returns, then member by member."""
    found = tuple(issue for issue in checked.issues if issue.source_file == file)
    # A list of offices holds no return: its note says what it does, and V24 what it makes of its member's return.
    members = {issue.member for issue in found} if file.startswith(f"{received.LISTS}/") else set()
    found += tuple(each for each in checked.issues if each.rule == "V24" and each.member in members - {""})
    ledger = (entry for entry in checked.ledger if entry.member in members or entry.received.file.name == file)
    own = replace(checked, ledger=tuple(ledger), issues=tuple(dict.fromkeys(found)))
    letters = collect_feedback(own, plan, quarter, language=language, notes=bool(members))
    letters = [letter for letter in letters if letter.entries or letter.issues]
    if not members:
        yield letter_text("file_holds", language, **_count_returns(letters))
    yield from _letter_lines(letters, form, Translator(language).quarter(quarter), language)


def _issue_lines(issue: issues.Issue, form: questionnaire.Form, language: str) -> Iterator[str]:
    """Yield an issue as lines: what it is about, what was seen and expected, what to do, and where."""
    margin = " " * 24
    code = f" ({issue.question})" if issue.question else ""
    yield f"  {letter_text(issue.severity, language):<16} {issue.rule:<4} {name_subject(issue, form, language)}{code}"
    facts = (("observed", issue.observed), ("expected", issue.expected))
    told = ((letter_text(key, language), one_line(text)) for key, text in facts if text)
    seen = " | ".join(letter_text("said_of", language, what=name, text=text) for name, text in told)
    place = (("file", issue.source_file), ("sheet", issue.sheet), ("row", issue.row))
    where = ", ".join(f"{letter_text(key, language).casefold()} {text}" for key, text in place if text)
    yield from (margin + one_line(text) for text in (seen, issue.say(language), where) if text)


def _union(language: str) -> str:
    return read_settings().short("union")[language]


def one_line(text: str) -> str:
    """Return a text on one line, without what could disturb a terminal."""
    return " ".join(clean(text).split())


def write_letters_workbook(
    path: Path, letters: Sequence[MemberFeedback], form: questionnaire.Form, quarter: str, as_of: date,
    sample: bool = False,
) -> None:  # fmt: skip
    """Write the letters as a workbook: a sheet a member, in its language, after a sheet of contents.

    The same letters give the same bytes. Raises OSError where nothing can be written.
    """
    language = read_settings().master_language
    with open_book(path, as_of, title=letter_text("title", language, quarter=quarter, member=_union(language))) as book:
        if len(letters) > 1:
            _write_contents(book, letters, quarter, as_of, sample)
        for letter in letters:
            _write_letter(book, letter, form, quarter, as_of, sample)


def _sheet_name(letter: MemberFeedback) -> str:
    return letter.code or letter.text("files")


def _write_contents(book: Book, letters: Sequence[MemberFeedback], quarter: str, as_of: date, sample: bool) -> None:
    languages = {letter.language for letter in letters}
    language = languages.pop() if len(languages) == 1 else read_settings().master_language
    sheet = book.add_sheet(letter_text("contents", language), language, _CONTENTS_WIDTHS)
    named = Translator(language).quarter(quarter)
    sheet.write(0, 0, letter_text("title", language, quarter=named, member=_union(language)), **_TITLE)
    sheet.write(1, 0, letter_text("as_of", language, date=as_of.isoformat()))
    if sample:
        sheet.write(2, 0, letter_text("sample", language), **_PART)
    counted = (issues.REFUSED, issues.WITHDRAWN, issues.WARNING)
    heads = [letter_text(word, language) for word in ("member", "returns", *counted)]
    sheet.write_heads(4, heads, [{}, *[_CENTRED] * 4])
    for row, letter in enumerate(letters, start=5):
        sheet.link(row, 0, _sheet_name(letter), _recipient(letter, language))
        sheet.write(row, 1, len(letter.entries), **_CENTRED)
        for column, severity in enumerate(counted, start=2):
            sheet.write(row, column, sum(issue.severity == severity for issue in letter.issues), **_CENTRED)
    sheet.set_page(4)


def _write_letter(
    book: Book, letter: MemberFeedback, form: questionnaire.Form, quarter: str, as_of: date, sample: bool
) -> None:  # fmt: skip
    text, sheet = letter.text, book.add_sheet(_sheet_name(letter), letter.language, _WIDTHS)
    sheet.write(0, 0, letter.title(quarter), **_TITLE)
    marks = [text("as_of", date=as_of.isoformat())]
    marks += [text("sample")] if sample else []
    marks += [text("unofficial")] if not catalogue.is_official(letter.language) else []
    sheet.write(1, 0, " - ".join(marks), italic=True)
    row = _write_opening(sheet, letter, quarter, as_of)
    row = _write_received(sheet, letter, row, Translator(letter.language).quarter(quarter))
    if not letter.issues and letter.member and not letter.entries:
        return sheet.set_page(row)  # nothing came: nothing was found in it
    sheet.write(row, 0, text("findings"), **_PART)
    if not letter.issues:
        sheet.write(row + 1, 0, text("nothing_found"))
        return sheet.set_page(row)
    sheet.write(row + 1, 0, text("how_to"), italic=True)
    sheet.write_heads(row + 2, [text(head) for head in _ISSUE_COLUMNS])
    for number, issue in enumerate(letter.issues, start=row + 3):
        question = name_subject(issue, form, letter.language) + (f"\n{issue.question}" if issue.question else "")
        place = [f"{text(key)} {at}" for key, at in (("sheet", issue.sheet), ("row", issue.row)) if at]
        place = "\n".join([issue.source_file, *place])
        texts = (issue.observed, issue.expected, issue.say(letter.language), place)
        sheet.write_row(number, [text(issue.severity), question, *texts, ""])
        sheet.write(number, len(_ISSUE_COLUMNS) - 1, "", **REPLY)
    return sheet.set_page(row + 2)


def _write_opening(sheet: SheetWriter, letter: MemberFeedback, quarter: str, as_of: date) -> int:
    """Write the salutation, until when a reply counts and whom to turn to; return the row after them."""
    lines = [letter.text("salutation"), *letter.list_closing(quarter, as_of)] if letter.member else []
    for row, line in enumerate(lines, start=3):
        sheet.write(row, 0, line)
    return 4 + len(lines) if lines else 3


def _write_received(sheet: SheetWriter, letter: MemberFeedback, row: int, quarter: str) -> int:
    """Write what was received from a row on; return the row after it."""
    sheet.write(row, 0, letter.text("received"), **_PART)
    if not letter.entries:
        sheet.write(row + 1, 0, letter.say_nothing_read(letter.language, quarter))
        return row + 3
    sheet.write_heads(row + 1, [letter.text(head) for head in _RECEIVED_COLUMNS])
    for place, entry in enumerate(letter.entries, start=row + 2):
        values = (entry.received.received_on, entry.received.file.name, str(entry.version or ""))
        sheet.write_row(place, [*values, _state(entry, letter.language)])
    return row + 3 + len(letter.entries)
