"""Letters to the focal points: what was received from each member, and what remains to correct or confirm."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from helpers.i18n import Translator, bidi, catalogue
from helpers.ingest import issues, rules, versions
from helpers.plan import Member, Plan, questionnaire
from helpers.report.xlsx.book import HEAD_FILL, Book, fit_row, open_book, set_page
from helpers.strings import clean

_TEXTS_FILE = Path(__file__).with_suffix(".csv")


@cache
def _read_texts() -> Mapping[str, Mapping[str, str]]:
    with _TEXTS_FILE.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def letter_text(key: str, language: str, **values: str) -> str:
    """Return a text of letters.csv in a language."""
    return _read_texts()[key][language].format(**values)


@dataclass(frozen=True)
class MemberFeedback:
    """The letter to one member, in its language; without a `member`, the Secretariat's: what names no member."""

    member: Member | None
    language: str
    entries: tuple[versions.LedgerEntry, ...]
    issues: tuple[issues.Issue, ...]

    @property
    def code(self) -> str:
        """The member's code, blank without a member."""
        return self.member.member if self.member else ""


def collect_feedback(
    checked: rules.Checked, plan: Plan, quarter: str, members: Sequence[str] = (), language: str = "",
    notes: bool = False,
) -> list[MemberFeedback]:  # fmt: skip
    """Return a letter for each member valid in a quarter (or the members named), then one for what names no member.

    Each is in its member's language unless one is given, the last in French. Issues are sorted by severity, then in the
    order of the checks; those of replaced returns are left out; `notes` adds what was only normalised.
    """
    entries = [entry for entry in checked.ledger if entry.quarter == quarter]
    shown = _list_shown_issues(checked, quarter, entries, notes)
    valid = {member.member: member for member in plan.members_in(quarter)}
    feedback = [
        _select_feedback(member, language or member.language, entries, shown, {code})
        for code, member in valid.items()
        if not members or code in members
    ]
    if members:
        return feedback
    others = {each.member for each in (*entries, *shown)} - set(valid)
    return feedback + ([_select_feedback(None, language or "fr", entries, shown, others)] if others else [])


def _select_feedback(
    member: Member | None, language: str, entries: Sequence[versions.LedgerEntry], shown: Sequence[issues.Issue],
    codes: Collection[str],
) -> MemberFeedback:  # fmt: skip
    return MemberFeedback(
        member, language,
        tuple(entry for entry in entries if entry.member in codes),
        tuple(issue for issue in shown if issue.member in codes),
    )  # fmt: skip


def _list_shown_issues(
    checked: rules.Checked, quarter: str, entries: Sequence[versions.LedgerEntry], notes: bool
) -> list[issues.Issue]:
    """Return a quarter's issues by severity, without those of replaced returns and, unless wanted, notes."""
    replaced = {place for entry in entries if not entry.counts and entry.state != issues.REFUSED
                for place in _places(entry)}  # fmt: skip
    replaced -= {place for entry in entries if entry.counts for place in _places(entry)}
    severities = issues.SEVERITIES if notes else issues.SEVERITIES[:-1]
    shown = [
        issue for issue in checked.issues
        if issue.quarter == quarter and issue.severity in severities
        and (issue.source_file, issue.sheet, issue.row) not in replaced
    ]  # fmt: skip
    return sorted(shown, key=lambda issue: severities.index(issue.severity))


def _places(entry: versions.LedgerEntry) -> Iterator[tuple[str, str, str]]:
    """Yield the file, sheet and row of a return and of its items."""
    for place in (*entry.received.place.all_rows, *(item.place for item in entry.received.items or ())):
        yield place.source_file, place.sheet, place.row


def _about(issue: issues.Issue, form: questionnaire.Form, language: str) -> str:
    """Return what an issue is about: a question as the questionnaire words it, a whole return, or a whole file."""
    name = issue.question
    if not name:
        return letter_text("whole_return" if issue.row else "whole_file", language)
    label = form.label_of(name).get(language) or name
    return f"{letter_text('innovations', language)} - {label}" if name.startswith(f"{questionnaire.REPEAT}.") else label


def _state(entry: versions.LedgerEntry, language: str) -> str:
    """Return what became of a return."""
    return letter_text("superseded" if entry.is_version and not entry.counts else entry.state, language)


def _recipient(letter: MemberFeedback, language: str) -> str:
    return f"{letter.member.name[language]} ({letter.code})" if letter.member else letter_text("others", language)


# --- on a terminal ----------------------------------------------------------------------------------------------


def format_letters(
    letters: Sequence[MemberFeedback], form: questionnaire.Form, quarter: str, as_of: date, language: str
) -> Iterator[str]:
    """Yield the letters as lines of text, member by member, and a line that sums them up."""
    named = Translator(language).quarter(quarter)
    for letter in letters:
        states = Counter(f"{entry.received.file.name}: {_state(entry, language)}" for entry in letter.entries)
        received = "; ".join(f"{state} (x {times})" if times > 1 else state for state, times in states.items())
        nothing = letter_text("nothing_received", language, quarter=named) if letter.member else ""
        yield f"{_recipient(letter, language)} - {received or nothing}"
        for issue in letter.issues:
            yield from _issue_lines(issue, form, language)
    entries = [entry for letter in letters for entry in letter.entries]
    yield letter_text(
        "summary", language, quarter=named, date=as_of.isoformat(), received=str(len(entries)),
        counting=str(sum(entry.counts for entry in entries)),
        silent=str(sum(not letter.entries for letter in letters if letter.member)),
    )  # fmt: skip


def _issue_lines(issue: issues.Issue, form: questionnaire.Form, language: str) -> Iterator[str]:
    """Yield an issue as lines: what it is about, what was seen and expected, what to do, and where."""
    margin = " " * 24
    code = f" ({issue.question})" if issue.question else ""
    yield f"  {letter_text(issue.severity, language):<16} {issue.rule:<5}{_about(issue, form, language)}{code}"
    facts = (("observed", issue.observed), ("expected", issue.expected))
    seen = " | ".join(f"{letter_text(key, language)}: {_one_line(text)}" for key, text in facts if text)
    place = (("file", issue.source_file), ("sheet", issue.sheet), ("row", issue.row))
    where = ", ".join(f"{letter_text(key, language).casefold()} {text}" for key, text in place if text)
    yield from (margin + _one_line(text) for text in (seen, issue.say(language), where) if text)


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


# --- as a workbook ----------------------------------------------------------------------------------------------

_ISSUE_COLUMNS = ("severity", "question", "observed", "expected", "message", "place", "reply")
_RECEIVED_COLUMNS = ("received_on", "file", "version", "state")
_WIDTHS = (16, 30, 16, 18, 48, 30, 26)  # characters: as wide together as a landscape page can show


class _LettersBook(Book):
    """The workbook of the letters, with its looks."""

    def __init__(self, book: Book) -> None:
        super().__init__(book.book)
        self.plain, self.day = self.style(), self.style(num_format="yyyy-mm-dd", align="left", valign="top")
        self.head = self.text(bold=True, bottom=1, bg_color=HEAD_FILL)
        self.counts = self.style(align="center", valign="top")
        self.counts_head = self.text(bold=True, bottom=1, bg_color=HEAD_FILL, align="center")
        self.title, self.part = self.style(bold=True, font_size=14), self.style(bold=True, font_size=12)
        self.remark = self.style(italic=True)
        self.reply = self.text(bg_color="#FFF8DC", border=1, border_color="#C8B560")

    def body(self, language: str) -> Format:
        """Return the format of a text in a language."""
        return self.text(reading_order=2) if language in bidi.RIGHT_TO_LEFT else self.text()

    def write_row(self, sheet: Worksheet, row: int, texts: Sequence[str], style: Format) -> None:
        """Write a row of texts, as high as the longest of them needs."""
        for column, text in enumerate(texts):
            self.write(sheet, row, column, text, style)
        fit_row(sheet, row, texts, _WIDTHS)


def write_letters_workbook(
    path: Path,
    letters: Sequence[MemberFeedback],
    form: questionnaire.Form,
    quarter: str,
    as_of: date,
    sample: bool = False,
) -> None:
    """Write the letters as a workbook: a sheet a member, in its language, after a sheet of contents.

    The same letters give the same bytes. Raises OSError where nothing can be written.
    """
    with open_book(path, as_of, title=letter_text("title", "fr", quarter=quarter, member="UPAP")) as book:
        made = _LettersBook(book)
        if len(letters) > 1:
            _write_contents(made, letters, quarter, as_of, sample)
        for letter in letters:
            _write_letter(made, letter, form, quarter, as_of, sample)


def _name(letter: MemberFeedback) -> str:
    return letter.code or letter_text("files", letter.language)


def _write_contents(
    made: _LettersBook, letters: Sequence[MemberFeedback], quarter: str, as_of: date, sample: bool
) -> None:
    languages = {letter.language for letter in letters}
    language = languages.pop() if len(languages) == 1 else "fr"
    sheet = made.add_sheet(letter_text("contents", language), language)
    made.write(
        sheet,
        0,
        0,
        letter_text("title", language, quarter=Translator(language).quarter(quarter), member="UPAP"),
        made.title,
    )
    made.write(sheet, 1, 0, letter_text("as_of", language, date=as_of.isoformat()), made.body(language))
    if sample:
        made.write(sheet, 2, 0, letter_text("sample", language), made.part)
    heads = [
        letter_text(word, language) for word in ("member", "returns", issues.REFUSED, issues.WITHDRAWN, issues.WARNING)
    ]
    for column, (head, width) in enumerate(zip(heads, (44, 12, 14, 16, 14), strict=True)):
        made.write(sheet, 4, column, head, made.counts_head if column else made.head)
        sheet.set_column(column, column, width)
    for row, letter in enumerate(letters, start=5):
        made.link(sheet, row, 0, _name(letter), _recipient(letter, language), made.body(language))
        sheet.write_number(row, 1, len(letter.entries), made.counts)
        for column, severity in enumerate((issues.REFUSED, issues.WITHDRAWN, issues.WARNING), start=2):
            sheet.write_number(row, column, sum(issue.severity == severity for issue in letter.issues), made.counts)
    set_page(sheet, 4)


def _write_letter(
    made: _LettersBook, letter: MemberFeedback, form: questionnaire.Form, quarter: str, as_of: date, sample: bool
) -> None:  # fmt: skip
    language, sheet = letter.language, made.add_sheet(_name(letter), letter.language)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    named, who = Translator(language).quarter(quarter), letter.member
    title = (
        letter_text("title", language, quarter=named, member=who.name[language])
        if who
        else letter_text("others", language)
    )
    made.write(sheet, 0, 0, title, made.title)
    marks = [letter_text("as_of", language, date=as_of.isoformat())]
    marks += [letter_text("sample", language)] if sample else []
    marks += [letter_text("unofficial", language)] if not catalogue.is_official(language) else []
    made.write(sheet, 1, 0, " - ".join(marks), made.remark)
    row = _write_received(made, sheet, letter, named)
    made.write(sheet, row, 0, letter_text("findings", language), made.part)
    if not letter.issues:
        made.write(sheet, row + 1, 0, letter_text("nothing_found", language), made.plain)
        return set_page(sheet, row)
    made.write(sheet, row + 1, 0, letter_text("how_to", language), made.remark)
    made.write_row(sheet, row + 2, [letter_text(head, language) for head in _ISSUE_COLUMNS], made.head)
    for number, issue in enumerate(letter.issues, start=row + 3):
        asked = _about(issue, form, language) + (f"\n{issue.question}" if issue.question else "")
        place = [
            issue.source_file,
            *(f"{letter_text(k, language)} {t}" for k, t in (("sheet", issue.sheet), ("row", issue.row)) if t),
        ]
        cells = [letter_text(issue.severity, language), asked, issue.observed, issue.expected, issue.say(language)]
        made.write_row(sheet, number, [*cells, "\n".join(place)], made.body(language))
        made.write(sheet, number, len(_ISSUE_COLUMNS) - 1, "", made.reply)
    return set_page(sheet, row + 2)


def _write_received(made: _LettersBook, sheet: Worksheet, letter: MemberFeedback, quarter: str) -> int:
    """Write what was received; return the row after it."""
    language = letter.language
    made.write(sheet, 3, 0, letter_text("received", language), made.part)
    if not letter.entries:
        nothing = letter_text("nothing_received", language, quarter=quarter) if letter.member else ""
        made.write(sheet, 4, 0, nothing, made.plain)
        return 6
    made.write_row(sheet, 4, [letter_text(head, language) for head in _RECEIVED_COLUMNS], made.head)
    for row, entry in enumerate(letter.entries, start=5):
        cells = ["", entry.received.file.name, str(entry.version or ""), _state(entry, language)]
        made.write_row(sheet, row, cells, made.body(language))
        if entry.received.received_on:
            sheet.write_datetime(row, 0, entry.received.received_on, made.day)
    return 6 + len(letter.entries)
