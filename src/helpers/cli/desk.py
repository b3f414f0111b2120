"""The commands of `papu` for the Secretariat's desk: add, check, letters, actions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers import paths
from helpers.cli import options
from helpers.cli.options import Codes
from helpers.cli.papu import LOG_SENTENCES, main, print_lines, relative_path
from helpers.cli.records import record_confirmed
from helpers.runs import ExitCode
from helpers.speech import say

if TYPE_CHECKING:
    from helpers.tables import pipeline


@main.command(context_settings=LOG_SENTENCES)
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=options.received_path)
@click.option("--quarter", required=True, callback=options.convert_quarter, help="The quarter that the files are for.")
@click.option(
    "--received-on", callback=options.parse_past_date, help="The day they were received, YYYY-MM-DD (default: today)."
)
@click.option("--channel", default="mail", show_default=True, help="How they came: mail, kobo, odk…")
@click.option("--note", default="", help="A remark to keep beside each in MANIFEST.csv.")
@click.option("--as", "name", default="", metavar="NAME", help="Keep the one file given under another name.")
@click.option("--anyway", is_flag=True, help="Add also a file that holds returns of other quarters only.")
@click.option("--dry-run", is_flag=True, help="Print what would be added and what is read, and write nothing.")
@options.main_language
def add_command(
    files: tuple[Path, ...], quarter: str, received_on: date, channel: str, note: str, name: str, anyway: bool,
    dry_run: bool, language: str,
) -> None:  # fmt: skip
    """Add received FILES to a quarter's folder: copied, never edited, listed in MANIFEST.csv with their digests.

    Of a folder, its files are added. Nothing is ever overwritten: another file of the same name is given a free one.
    Prints what was read in each, member by member, whatever it holds; a file with returns of other quarters only is not
    added unless --anyway.

    Exit codes: 0 all added (or there already), 2 usage, 3 a file was not added (the others are), 7 nothing can be
    written there.
    """
    from helpers.ingest import add, received, registers, rules
    from helpers.plan import checks
    from helpers.report import letters

    plan, form = checks.check_plan()
    with options.check_arguments():
        plan.settings.check_quarter(quarter)
    if received.is_long_before(received_on, quarter):
        raise click.UsageError(say(
            "{received_on} is more than a quarter before the end of {quarter}; check both", received_on=received_on,
            quarter=quarter,
        ))  # fmt: skip
    if name and (len(files) > 1 or files[0].is_dir()):
        raise click.UsageError(say("--as names one file; give the others without it"))
    form = form.at(quarter)
    batch, is_complete = add.Batch(files, quarter, received_on, channel, name), True
    checked = rules.check_received(batch.received, registers.read_registers(), plan, form, date.max)
    kept = []
    for outcome in batch.add(note, anyway, dry_run):
        print_lines(letters.format_outcome(outcome, checked, plan, form, batch, language))
        is_complete &= not outcome.is_refused
        kept += [] if outcome.is_refused else [outcome.shown]
    print_lines(record_confirmed(batch.received, kept, dry_run))
    if not batch.files:
        raise click.UsageError(say("no file was given that can be added; name the files themselves"))
    if batch.received.is_mixed:
        click.echo(letters.letter_text("beside_sample", language), err=True)
    print_lines([f"→ papu check {quarter}"])
    sys.exit(ExitCode.DONE if is_complete else ExitCode.DATA_REFUSED)


def _check_choice(quarter: str, as_of: str, members: Codes) -> date:
    """Return the day that an edition is as of, once quarter, day and members are known to be the plan's."""
    from helpers.plan import read_settings

    with options.check_arguments():
        day = read_settings().resolve_date(quarter, as_of)
        _check_members(members)
    return day


def _check_members(members: Codes) -> None:
    """Raise ValueError for members that the plan does not have."""
    from helpers.plan import read_plan

    if unknown := sorted(set(members) - set(read_plan().by_iso3)):
        raise ValueError(say("no member {names}; write the ISO3 code of members.csv", names=", ".join(unknown)))


def _read_raw_data(quarter: str, as_of: str, members: Codes) -> tuple[pipeline.RawData, date]:
    """Return what was received for a quarter, and the day it is read as of."""
    from helpers.tables import pipeline

    day = _check_choice(quarter, as_of, members)
    return pipeline.read_raw_data(quarter), day


@main.command(context_settings=LOG_SENTENCES)
@options.quarter_argument
@options.as_of
@options.members_option
@options.language(help="Default: the locale's, else the plan's first, here; the member's own in the workbook.")
@click.option("--notes", is_flag=True, help="Include what was only normalised.")
@options.output_path("--excel", help="Write it as a workbook, one sheet a member.")
@options.output_path("--out", help="The folder for the tables (default: under build/).")
def check_command(
    quarter: str, as_of: str, members: Codes, language: str, notes: bool, excel: Path | None,
    out: Path | None,
) -> None:  # fmt: skip
    """Read and check the returns of QUARTER, and of those before it, without running a notebook.

    Prints, member by member, what was received and what remains to correct or confirm: fit to be sent to a focal point.

    Exit codes: 0 checked, whatever was found, 2 usage, 3 data refused, 7 nothing can be written there.
    """
    from helpers.report import letters
    from helpers.tables import pipeline

    source, day = _read_raw_data(quarter, as_of, members)
    folder, checked = out or paths.out(quarter, day.isoformat()), pipeline.check_as_of(source, day)
    pipeline.write_checked(source, checked, quarter, day, folder)
    feedback = letters.collect_feedback(checked, source.plan, quarter, members, notes=notes, language=language)
    print_lines(letters.format_letters(feedback, source.form, quarter, day, language or options.find_main_language()))
    if excel:
        letters.write_letters_workbook(excel, feedback, source.form, quarter, day, source.received.is_sample)
    print_lines([relative_path(excel or folder)])


@main.command(context_settings=LOG_SENTENCES)
@options.quarter_argument
@options.as_of
@options.members_option
@options.language(help="Default: each member's own.")
@options.output_path("--out", required=True, metavar="FOLDER", help="The folder for the files, made if need be.")
@click.option("--remind", is_flag=True, help="Write reminders to the members that have not answered instead.")
@click.option("--today", callback=options.parse_today, help="With --remind: the day they are made (default: today).")
@click.option("--attach", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER",
              help="With --remind: a folder with each member's questionnaire, <ISO3>.xlsx.")  # fmt: skip
def letters_command(
    quarter: str, as_of: str, members: Codes, language: str, out: Path, remind: bool, today: date | None,
    attach: Path | None,
) -> None:  # fmt: skip
    """Write what `papu check` found for QUARTER as files to be sent: one workbook and one draft e-mail a member.

    With --remind, a draft for each member from which nothing has come: before the due date, after it, after the first
    cut-off, the first reminder or a further one. What was made is logged in data/desk/reminders.csv.

    The drafts have no recipient: the addresses of focal points are kept nowhere here. letters.csv lists them for a mail
    merge. No file has anything of another member.

    Exit codes: 0 written, 2 usage, 3 data refused, 7 nothing can be written there.
    """
    from helpers.report import letters, mailing
    from helpers.tables import pipeline

    if remind and as_of:
        raise click.UsageError(say("--remind goes with --today, not with --as-of"))
    if not remind and (today or attach):
        raise click.UsageError(say("--today and --attach go with --remind"))
    if remind:
        print_lines(_remind(quarter, today or options.utc_today(), members, language, out, attach))
        return
    source, day = _read_raw_data(quarter, as_of, members)
    checked = pipeline.check_as_of(source, day)
    feedback = letters.collect_feedback(checked, source.plan, quarter, members, language=language)
    files = mailing.write_letter_files(out, feedback, source.form, quarter, day, source.received.is_sample)
    print_lines(relative_path(path) for path in files)


def _remind(
    quarter: str, today: date, members: Codes, language: str, out: Path, attach: Path | None
) -> Iterator[str]:  # fmt: skip
    """Write the reminders; yield what was made, which one it is for each member, and who gets another letter."""
    from helpers.desk import reminders
    from helpers.plan import read_settings

    with options.check_arguments():
        read_settings().check_quarter(quarter)
        _check_members(members)
        made = reminders.remind(quarter, today, out, members, language, attach)
    for each, path in zip(made.reminders, made.files, strict=False):
        facts = {"file": relative_path(path), "n": each.number, "day": each.last_on}
        if each.last_on:
            yield say("{file}: reminder {n}; the last one on {day}", **facts)
        else:
            yield say("{file}: reminder {n}", **facts)
    yield relative_path(made.files[-1])
    if attach and (bare := [each.letter.code for each in made.reminders if not each.workbook]):
        yield say("no workbook in {folder} for {members}", folder=attach, members=", ".join(bare))
    if made.refused:
        answered = say(
            "answered, but nothing of it counts; they get the other letter: {members}", members=", ".join(made.refused)
        )
        yield f"{answered} → papu letters {quarter}"
    if made.lost:
        yield say("answered, but the file is damaged or gone here; restore it: {members}", members=", ".join(made.lost))


@main.command(context_settings=LOG_SENTENCES)
@options.quarter_argument
@options.as_of
@options.members_option
@options.main_language
@options.output_path("--out", metavar="CSV", help="Write the proposals as rows of actions.csv too.")
def actions_command(quarter: str, as_of: str, members: Codes, language: str, out: Path | None) -> None:
    """Print the actions that rules propose for QUARTER, and how those stand that were agreed on.

    A proposal becomes an action with its row in data/raw/registers/actions.csv: as it is, edited, or dropped and then
    not proposed again. The next edition and the briefs print what became of each.

    Exit codes: 0 printed, 2 usage, 3 data refused, 7 nothing can be written there.
    """
    from helpers.i18n import Translator
    from helpers.report import actions
    from helpers.tables import pipeline

    day = _check_choice(quarter, as_of, members)
    tables = pipeline.load_tables(quarter, day.isoformat())
    print_lines(actions.format_actions(tables, Translator(language), members))
    if out:
        actions.write_proposals(out, tables, Translator(language), members, options.utc_today())
        print_lines([relative_path(out)])
