"""Reminds members that have not answered, and keeps a log of what was made when: no reminder is the first twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from filelock import FileLock

from helpers import paths
from helpers.durable import make_folder_durably, write_csv_durably
from helpers.ingest import received, registers
from helpers.paths import DataRefused
from helpers.report import letters, mailing
from helpers.speech import say
from helpers.tables import pipeline

LOG, _COLUMNS = "reminders.csv", ("quarter", "member", "made_on", "reminder", "situation", "language", "email")
Days = Mapping[str, Sequence[date]]  # by member: the days on which a reminder was made, in order


@dataclass(frozen=True)
class Reminded:
    """What was made: the files, their list last, and the reminders.

    No reminder is for the members that are `refused`, as nothing counts of what they sent, or whose files are `lost`.
    """

    files: Sequence[Path]
    reminders: Sequence[mailing.Reminder]
    refused: Sequence[str]
    lost: Sequence[str]


def remind(
    quarter: str, today: date, folder: Path, members: Sequence[str] = (), language: str = "",
    questionnaires: Path | None = None,
) -> Reminded:  # fmt: skip
    """Write a reminder for each member from which nothing has come by a day, and log it; nothing is sent.

    `questionnaires` is a folder with a workbook a member, `<ISO3>.xlsx`, to go with it. Made again on the same day, the
    files are the same and the log too. Raises DataRefused where files were received that may be anybody's and cannot
    be read, ValueError for a folder with drafts of others, OSError where nothing can be written.
    """
    source = pipeline.read_raw_data(quarter)
    checked = pipeline.check_as_of(source, today)
    feedback = letters.collect_feedback(checked, source.plan, quarter, members, language=language)
    own = [letter for letter in feedback if letter.member]
    if strangers := sorted({name for letter in own for name in letter.strangers}):
        names = ", ".join(strangers)
        raise DataRefused(say("{files}: damaged or missing, and nobody knows whose; restore them first", files=names))
    with FileLock(paths.locks() / "reminders.lock"):
        rows, silent = read_log(), [letter for letter in own if letter.is_silent]
        made = list_days(rows, quarter)
        reminders = [_make(letter, quarter, today, made, questionnaires) for letter in silent]
        files = mailing.write_reminder_files(folder, reminders, source.received.is_sample)
        new = [_log_row(each) for each in reminders if today not in made.get(each.letter.code, ())]
        if new:
            make_folder_durably(paths.desk())
            write_csv_durably(paths.desk() / LOG, [_COLUMNS, *rows, *new])
    refused = [each.code for each in own if each.entries and not any(entry.counts for entry in each.entries)]
    return Reminded(files, reminders, refused, [each.code for each in own if each.lost and not each.entries])


def _make(
    letter: letters.MemberFeedback, quarter: str, today: date, made: Days, questionnaires: Path | None
) -> mailing.Reminder:
    before = [day for day in made.get(letter.code, ()) if day < today]
    workbook = questionnaires / f"{letter.code}.xlsx" if questionnaires else None
    attached = workbook if workbook and workbook.is_file() else None
    return mailing.Reminder(letter, quarter, today, len(before) + 1, before[-1] if before else None, attached)


def _log_row(reminder: mailing.Reminder) -> tuple[str, ...]:
    letter = reminder.letter
    known = (reminder.quarter, letter.code, reminder.made_on.isoformat(), str(reminder.number))
    return (*known, reminder.situation, letter.language, reminder.file)


def read_log() -> list[tuple[str, ...]]:
    """Return the rows of the log, also as a spreadsheet saves it. Raises DataRefused for one that cannot be read."""
    path = paths.desk() / LOG
    if not path.exists():
        return []
    header, *rows = received.split_manifest(path.read_bytes())
    found = []
    for number, cells in enumerate((row for row in rows if row), start=2):
        row = dict.fromkeys(_COLUMNS, "") | dict(zip(header, cells, strict=False))
        day, _ = registers.parse_written_day(row["made_on"])
        if day is None or set(_COLUMNS[:3]) - set(header):
            raise DataRefused(say("{file}, row {row}: cannot be read; restore it", file=f"data/desk/{LOG}", row=number))
        found.append(tuple({**row, "made_on": day.isoformat()}[column] for column in _COLUMNS))
    return found


def list_days(rows: Sequence[Sequence[str]], quarter: str) -> Days:
    """Return the days on which each member was reminded of a quarter, by the log."""
    own = [(row[1], date.fromisoformat(row[2])) for row in rows if row[0] == quarter]
    return {member: sorted({day for each, day in own if each == member}) for member, _ in own}
