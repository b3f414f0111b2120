"""What each member's focal point is told of its return: what was received, and what remains to correct or confirm."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
    """Return a sentence of feedback.csv in a language."""
    return _read_texts()[key][language].format(**values)


@dataclass(frozen=True)
class MemberFeedback:
    """What one member is told, in its language; `member` is None for what names no member: the Secretariat's own."""

    member: Member | None
    language: str
    entries: tuple[versions.LedgerEntry, ...]
    findings: tuple[issues.Issue, ...]

    @property
    def code(self) -> str:
        """The member's code, blank without a member."""
        return self.member.member if self.member else ""


def collect_feedback(
    checked: rules.Checked,
    plan: Plan,
    quarter: str,
    members: Sequence[str] = (),
    language: str = "",
    notes: bool = False,
) -> list[MemberFeedback]:
    """Return a letter for each member valid in a quarter (or the members named), then one for what names none.

    Each is in its member's language unless one is given, the last in French. Findings stand by severity, in the order
    of the checks; those on a return that another has replaced are left out; `notes` adds what was only normalised.
    """
    entries = [entry for entry in checked.ledger if entry.quarter == quarter]
    replaced = {
        place for entry in entries if not entry.counts and entry.state != issues.REFUSED for place in _places(entry)
    }
    replaced -= {place for entry in entries if entry.counts for place in _places(entry)}
    kept = issues.SEVERITIES if notes else issues.SEVERITIES[:-1]
    kept_issues = [
        found for found in checked.issues
        if found.quarter == quarter and found.severity in kept
        and (found.source_file, found.sheet, found.row) not in replaced
    ]  # fmt: skip
    kept_issues.sort(key=lambda found: issues.SEVERITIES.index(found.severity))
    valid = plan.members_in(quarter)
    feedback = [
        MemberFeedback(
            member, language or member.language,
            tuple(entry for entry in entries if entry.member == member.member),
            tuple(found for found in kept_issues if found.member == member.member),
        )
        for member in valid
        if not members or member.member in members
    ]  # fmt: skip
    if not members:
        codes = {member.member for member in valid}
        others = tuple(found for found in kept_issues if found.member not in codes)
        orphans = tuple(entry for entry in entries if entry.member not in codes)
        feedback += [MemberFeedback(None, language or "fr", orphans, others)] if others or orphans else []
    return feedback


def _places(entry: versions.LedgerEntry) -> Iterator[tuple[str, str, str]]:
    """Yield where a return and its items stand."""
    for place in (*entry.received.place.all_rows, *(item.place for item in entry.received.items or ())):
        yield place.source_file, place.sheet, place.row


def _about(found: issues.Issue, form: questionnaire.Form, language: str) -> str:
    """Return what a finding is about: a question as the questionnaire words it, a whole return, a whole file."""
    name = found.question
    if not name:
        return letter_text("whole_return" if found.row else "whole_file", language)
    label = form.label_of(name).get(language) or name
    return f"{letter_text('innovations', language)} - {label}" if name.startswith(f"{questionnaire.REPEAT}.") else label


def _state(entry: versions.LedgerEntry, language: str) -> str:
    """Return what became of a return."""
    if entry.is_version and not entry.counts:
        return letter_text("superseded", language)
    return letter_text(entry.state, language)


# --- on a terminal ----------------------------------------------------------------------------------------------


def format_letters(
    letters: Sequence[MemberFeedback], form: questionnaire.Form, quarter: str, as_of: date, language: str
) -> Iterator[str]:
    """Yield the letters as lines of text, member by member, and a line that sums them up."""
    for letter in letters:
        who = f"{letter.member.name[language]} ({letter.code})" if letter.member else letter_text("others", language)
        states = Counter(f"{entry.received.file.name}: {_state(entry, language)}" for entry in letter.entries)
        became = "; ".join(f"{state} (x {times})" if times > 1 else state for state, times in states.items())
        nothing = (
            letter_text("nothing_received", language, quarter=Translator(language).quarter(quarter))
            if letter.member
            else ""
        )
        yield f"{who} - {became or nothing}"
        for found in letter.findings:
            yield from _finding_lines(found, form, language)
    entries = [entry for letter in letters for entry in letter.entries]
    yield letter_text(
        "summary", language, quarter=Translator(language).quarter(quarter), date=as_of.isoformat(),
        received=str(len(entries)),
        counting=str(sum(entry.counts for entry in entries)),
        silent=str(sum(not letter.entries for letter in letters if letter.member)),
    )  # fmt: skip


def _finding_lines(found: issues.Issue, form: questionnaire.Form, language: str) -> Iterator[str]:
    """Yield a finding: what it is about, what was seen and expected, what to do, and where it stands."""
    margin = " " * 24
    code = f" ({found.question})" if found.question else ""
    yield f"  {letter_text(found.severity, language):<16} {found.rule:<5}{_about(found, form, language)}{code}"
    told = ((letter_text("observed", language), found.observed), (letter_text("expected", language), found.expected))
    seen = " | ".join(f"{name}: {_one_line(text)}" for name, text in told if text)
    place = (("file", found.source_file), ("sheet", found.sheet), ("row", found.row))
    where = ", ".join(f"{letter_text(key, language).casefold()} {text}" for key, text in place if text)
    yield from (margin + _one_line(text) for text in (seen, found.say(language), where) if text)


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


# --- as a workbook ----------------------------------------------------------------------------------------------

_FINDING = ("severity", "question", "observed", "expected", "message", "place", "reply")
_RECEIVED = ("received_on", "file", "version", "state")
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
        who = f"{letter.member.name[language]} ({letter.code})" if letter.member else letter_text("others", language)
        made.link(sheet, row, 0, _name(letter), who, made.body(language))
        sheet.write_number(row, 1, len(letter.entries), made.counts)
        for column, severity in enumerate((issues.REFUSED, issues.WITHDRAWN, issues.WARNING), start=2):
            sheet.write_number(row, column, sum(found.severity == severity for found in letter.findings), made.counts)
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
    if not letter.findings:
        made.write(sheet, row + 1, 0, letter_text("nothing_found", language), made.plain)
        return set_page(sheet, row)
    made.write(sheet, row + 1, 0, letter_text("how_to", language), made.remark)
    made.write_row(sheet, row + 2, [letter_text(head, language) for head in _FINDING], made.head)
    for number, found in enumerate(letter.findings, start=row + 3):
        asked = _about(found, form, language) + (f"\n{found.question}" if found.question else "")
        place = [
            found.source_file,
            *(f"{letter_text(k, language)} {t}" for k, t in (("sheet", found.sheet), ("row", found.row)) if t),
        ]
        cells = [letter_text(found.severity, language), asked, found.observed, found.expected, found.say(language)]
        made.write_row(sheet, number, [*cells, "\n".join(place)], made.body(language))
        made.write(sheet, number, len(_FINDING) - 1, "", made.reply)
    return set_page(sheet, row + 2)


def _write_received(made: _LettersBook, sheet: Worksheet, letter: MemberFeedback, quarter: str) -> int:
    """Write what was received; return the row after it."""
    language = letter.language
    made.write(sheet, 3, 0, letter_text("received", language), made.part)
    if not letter.entries:
        nothing = letter_text("nothing_received", language, quarter=quarter) if letter.member else ""
        made.write(sheet, 4, 0, nothing, made.plain)
        return 6
    made.write_row(sheet, 4, [letter_text(head, language) for head in _RECEIVED], made.head)
    for row, entry in enumerate(letter.entries, start=5):
        cells = ["", entry.received.file.name, str(entry.version or ""), _state(entry, language)]
        made.write_row(sheet, row, cells, made.body(language))
        if entry.received.received_on:
            sheet.write_datetime(row, 0, entry.received.received_on, made.day)
    return 6 + len(letter.entries)
