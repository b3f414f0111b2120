"""The `papu` command."""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers import paths
from helpers.runs import Log
from helpers.strings import LANGUAGES, clean

if TYPE_CHECKING:
    from helpers.explain import Explanation
    from helpers.i18n import Translator
    from helpers.runs import edition


def _quarter(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    from helpers.plan import quarters

    try:
        return "" if value is None else quarters.parse_quarter(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _date(context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a date; write it as 2024-10-31") from error


def _day(context: click.Context, parameter: click.Parameter, value: str | None) -> date:
    day = _date(context, parameter, value) or date.today()
    if day > date.today():
        raise click.BadParameter(f"{day} has not come yet; give the day the file was received")
    return day


def _utc_today() -> date:
    """Return today where the clock stands in UTC, so that a day is the same wherever the machine is."""
    return datetime.now(UTC).date()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The quarterly workbook of the Pan African Postal Union's digitalisation plan."""
    # A run that is ended ends its kernels and removes its private folder on the way out.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_on_signal)


def _exit_on_signal(number: int, _: object) -> None:
    Log().say("papu: ended before it was done; what was published before is untouched, run again")
    sys.exit(128 + number)


@main.command()
@click.argument("quarter", required=False, callback=_quarter)
@click.option("--due", is_flag=True, help="Instead of QUARTER: whatever is due and not made of today's inputs.")
@click.option("--language", "languages", multiple=True, help="fr, en, pt or ar (default: those that are official).")
@click.option("--as-of", default="", help="The date the edition is as of (default: 45 days after the quarter).")
@click.option("--today", callback=_date, help="With --due: try another day, YYYY-MM-DD (default: today, UTC).")
@click.option("--dry-run", is_flag=True, help="Say what would be run, and write nothing.")
def run_command(
    quarter: str, due: bool, languages: tuple[str, ...], as_of: str, today: date | None, dry_run: bool
) -> None:  # fmt: skip
    """Run the notebooks of QUARTER and publish its edition; or, with --due, every edition that is due.

    A quarter is due at its cut-off, 45 days after its end, and its revised edition at 90 days. Nothing to do is exit
    code 0, and touches nothing.

    Exit codes: 0 done, 1 a notebook failed, 2 usage, 3 data refused, 4 another run holds the quarter, 5 the report
    failed, 7 nothing can be written there.
    """
    if due == bool(quarter):
        raise click.UsageError("give a QUARTER, such as 2024Q3, or --due")
    if due and as_of or today and not due:
        raise click.UsageError("--as-of goes with a QUARTER, --today with --due")
    _run_due(today or _utc_today(), languages, dry_run) if due else _run_quarter(quarter, languages, as_of, dry_run)


def _run_quarter(quarter: str, languages: tuple[str, ...], as_of: str, dry_run: bool) -> None:
    from helpers.runs import RunError, edition

    try:
        order = edition.make_request(quarter, languages, as_of)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if dry_run:
        _print_request(order)
        return
    log = Log({"command": "run"}).about(quarter=order.quarter, as_of=order.as_of)
    try:
        _print_published(edition.run_edition(order, log.say, progress=sys.stderr.isatty()))
    except RunError as error:
        sys.exit(log.fail(error))


def _print_request(order: edition.EditionRequest) -> None:
    target = paths.reports(order.quarter, order.as_of)
    click.echo(f"{order.quarter} as of {order.as_of}, in {', '.join(order.languages)}, into {_relative_path(target)}:")
    for notebook, name, parameters in order.steps:
        click.echo(f"  {notebook}.ipynb → {name}.ipynb  {parameters}")


def _print_published(folder: Path) -> None:
    for path in sorted(folder.glob("*.pdf")):
        click.echo(_relative_path(path))


def _run_due(today: date, languages: tuple[str, ...], dry_run: bool) -> None:
    from helpers.runs import RunError, edition, schedule

    log = Log({"command": "run"}).about(today=today)
    try:
        due = schedule.find_due(today, languages)
    except RunError as error:
        sys.exit(log.fail(error))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    told = (
        "due: " + "; ".join(f"{one.slot}, {one.reason}" for one in due) if due else schedule.describe_nothing_due(today)
    )
    click.echo(f"{today} (UTC): {told}")
    log.note(told)
    if not due:
        return
    if dry_run:
        for one in due:
            _print_request(edition.make_request(one.slot.quarter, one.languages, one.slot.as_of.isoformat()))
        return
    ahead = [one for one in due if one.slot.as_of > _utc_today()]
    if ahead:
        raise click.UsageError(f"{ahead[0].slot} has not come yet; try a day to come with --dry-run")
    published, codes = schedule.run_due(today, languages, log, progress=sys.stderr.isatty())
    for folder in published:
        _print_published(folder)
    sys.exit(codes[0] if codes else 0)


@main.command()
@click.argument("quarter", callback=_quarter)
@click.option("--member", "members", multiple=True, help="A member's ISO3 code (default: all of them).")
@click.option("--language", "languages", multiple=True, help="fr, en, pt or ar (default: each member's own).")
@click.option("--as-of", default="", help="The date the edition is as of (default: 45 days after the quarter).")
@click.option("--workers", type=click.IntRange(1), help="How many to make at a time (default: one a processor).")
def briefs_command(
    quarter: str, members: tuple[str, ...], languages: tuple[str, ...], as_of: str, workers: int | None
) -> None:  # fmt: skip
    """Make the brief of every member for QUARTER, side by side; one that fails stops no other.

    Exit codes: 0 all done, 5 some could not be made (named), 2 usage, 3 data refused, 4 another run holds the
    quarter, 7 nothing can be written there.
    """
    from helpers.runs import ExitCode, RunError, briefs

    try:
        order = briefs.make_briefs_request(quarter, members, languages, as_of)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    log = Log({"command": "briefs"}).about(quarter=order.quarter, as_of=order.as_of)
    try:
        target, failures = briefs.run_briefs(order, log.say, progress=sys.stderr.isatty(), count=workers or 0)
    except RunError as error:
        sys.exit(log.fail(error))
    made = len(order.steps) - len(failures)
    where = f"in {_relative_path(target)}" if made else "made; nothing was written"
    click.echo(f"{made} of {len(order.steps)} briefs {where}")
    for failure in failures:
        log.fail(RunError(ExitCode.REPORT_FAILED, failure))
    sys.exit(ExitCode.REPORT_FAILED if failures else 0)


def _relative_path(path: Path) -> str:
    root = paths.root()
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


@main.command()
@click.option("--today", callback=_date, help="See it from another day, YYYY-MM-DD (default: today, UTC).")
@click.option("--language", "languages", multiple=True, help="Due in fr, en, pt or ar (default: those official).")
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON, for another program.")
def status_command(today: date | None, languages: tuple[str, ...], as_json: bool) -> None:
    """Say what was made, what failed and what to do about it, what runs now, what is due and what comes next.

    Exit codes: 0 said, whatever there is to say, 2 usage, 3 data refused.
    """
    from helpers.runs import RunError, schedule

    try:
        situation = schedule.read_status(today or _utc_today(), languages)
    except RunError as error:
        sys.exit(Log({"command": "status"}).fail(error))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        click.echo(json.dumps(schedule.status_to_json(situation), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(schedule.format_status(situation)))


@main.command()
@click.argument("quarter", callback=_quarter)
@click.option("--as-of", default="", help="The date the edition is as of (default: 45 days after the quarter).")
def verify_command(quarter: str, as_of: str) -> None:
    """Build the published edition of QUARTER again in private, from its raw files, and compare every file of it.

    Says what differs: table, row, column, what was and what is; and which raw files, code or libraries changed since.

    Exit codes: 0 every byte is the same, 6 something differs, 2 there is no such request, otherwise as papu run.
    """
    from helpers.runs import ExitCode, RunError, edition, verify

    log = Log({"command": "verify"})
    try:
        request = edition.make_request(quarter, (), as_of)
        checked = verify.verify(
            request.quarter, request.as_of, log.about(quarter=request.quarter, as_of=request.as_of).say
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except RunError as error:
        sys.exit(log.fail(error))
    for line in [f"note: {note}" for note in checked.notes] + checked.different:
        click.echo(line)
    found = f"{len(checked.different)} differences" if checked.different else "every byte is the same"
    click.echo(f"{request.quarter} as of {request.as_of}: {checked.compared} files made again, {found}")
    sys.exit(ExitCode.DIFFERENCES_FOUND if checked.different else 0)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--quarter", required=True, callback=_quarter, help="The quarter that the file is for.")
@click.option("--received-on", callback=_day, help="The day it was received, YYYY-MM-DD (default: today).")
@click.option("--channel", default="mail", show_default=True, help="How it came: mail, kobo, odk…")
@click.option("--note", default="", help="A remark to keep beside it in MANIFEST.csv.")
def add_command(file: Path, quarter: str, received_on: date, channel: str, note: str) -> None:
    """Add a received FILE to a quarter's folder: copied, never edited, listed in MANIFEST.csv with its digest.

    Nothing is ever overwritten: another file of the same name is given a free one. Then says what was read in it.

    Exit codes: 0 added (or there already), 2 usage, 3 the file was not added, 7 nothing can be written there.
    """
    from helpers.ingest import add, read_returns, versions
    from helpers.plan import quarters, read_plan
    from helpers.strings import mask_text

    if not quarters.in_plan(quarter):
        raise click.UsageError(f"{quarter} is outside the plan, 2022Q1-2025Q4; choose a quarter within it")
    try:
        name, is_new = add.add_file(file, quarter, received_on, channel, note)
    except add.NotAdded as error:
        click.echo(f"papu add: {error}", err=True)
        sys.exit(3)
    except FileNotFoundError as error:
        raise click.UsageError(f"there is no file {file}") from error
    except OSError as error:
        click.echo(f"papu add: cannot write {error.filename}: {error.strerror}", err=True)
        sys.exit(7)
    place = _relative_path(paths.returns(quarter) / name)
    click.echo(f"{place}: {f'added, received on {received_on}' if is_new else 'these bytes are there already'}")
    received = read_returns([quarter])
    read = [one for one in received.returns if one.place.source_file == name]
    members = ", ".join(one.member or mask_text(clean(one.member_text))[:40] or "?" for one in read)
    click.echo(f"  returns in it: {len(read)}" + (f" ({members})" if members else ""))
    plan, told = read_plan(), [found for found in received.issues if found.source_file == name]
    for one in read:
        told += [*versions.check_member(one, plan), *versions.check_quarter(one), *versions.check_receipt(one)]
    for found in told:
        if found.severity != "note":
            click.echo(f"  {found.message_fr}")
    if received.is_mixed:
        click.echo(
            "  it lies beside the invented sample: no edition can be made of both; remove the sample's folders, "
            "or work in a folder of its own (PAPU_ROOT)",
            err=True,
        )
    click.echo(f"  next: papu check {quarter}")


@main.command()
@click.argument("quarter", callback=_quarter)
@click.option("--as-of", default="", help="The date to check as of (default: 45 days after the quarter).")
@click.option("--member", "members", multiple=True, help="A member's ISO3 code (default: all of them).")
@click.option(
    "--language", type=click.Choice(LANGUAGES), help="Default: French here, the member's own in the workbook."
)
@click.option("--notes", is_flag=True, help="Tell what was only normalised, too.")
@click.option("--excel", type=click.Path(path_type=Path), help="Write it as a workbook, one sheet a member.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder for the tables (default: under build/).")
def check_command(
    quarter: str, as_of: str, members: tuple[str, ...], language: str | None, notes: bool, excel: Path | None,
    out: Path | None,
) -> None:  # fmt: skip
    """Read and check the returns of QUARTER, and of those before it, without running a notebook.

    Says, member by member, what was received and what remains to correct or confirm: fit to be sent to a focal point.

    Exit codes: 0 checked, whatever was found, 2 usage, 3 data refused, 7 nothing can be written there.
    """
    from helpers.report.letters import collect_feedback, format_letters, write_letters_workbook
    from helpers.tables import pipeline

    for chosen in (excel, out):
        if chosen and chosen.resolve().is_relative_to(paths.raw().resolve()):
            raise click.UsageError("data/raw holds what was received, nothing else; write elsewhere")
    try:
        day = pipeline.resolve_date(quarter, as_of)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        source = pipeline.read_raw_data(quarter)
        unknown = sorted(set(members) - set(source.plan.by_iso3))
        if unknown:
            raise click.UsageError(f"no member {', '.join(unknown)}; write the ISO3 code, such as SEN")
        folder, checked = out or paths.out(quarter, day.isoformat()), pipeline.check_as_of(source, day)
        pipeline.write_ingested(source, quarter, day, folder, checked)
        feedback = collect_feedback(checked, source.plan, quarter, members, notes=notes, language=language or "")
        for line in format_letters(feedback, source.form, quarter, day, language or "fr"):
            click.echo(line)
        if excel:
            write_letters_workbook(excel, feedback, source.form, quarter, day, source.received.is_sample)
    except pipeline.DataRefused as error:
        click.echo(f"papu check: {error}", err=True)
        sys.exit(3)
    except BrokenPipeError:  # whoever read the lines has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        click.echo(f"papu check: cannot write {error.filename}: {error.strerror}", err=True)
        sys.exit(7)
    click.echo(_relative_path(excel or folder))


@main.command()
@click.argument("figure", metavar="KPI|REFERENCE")
@click.argument("quarter", required=False, callback=_quarter)
@click.option("--scope", default="", help="PAPU or a region, such as Western (default: the Union).")
@click.option("--member", default="", help="Show the rows and cells of one member only, by its ISO3 code.")
@click.option("--as-of", default="", help="The date the edition is as of (default: 45 days after the quarter).")
@click.option("--language", type=click.Choice(LANGUAGES), default="fr", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON, for another program.")
@click.option("--excel", type=click.Path(path_type=Path), help="Write it as a workbook too.")
def explain_command(
    figure: str, quarter: str, scope: str, member: str, as_of: str, language: str, as_json: bool, excel: Path | None
) -> None:  # fmt: skip
    """Say how a figure was made: its definition, every member's cells, each step to it and to its status.

    KPI QUARTER, or a REFERENCE as the report prints it: 2.1.a/2024Q3, 2.1.a/2024Q3/Western. What is shown is added up
    again and held against what is published.

    Exit codes: 0 it is what is published, 1 it is not, 2 usage, 3 data refused, 7 the workbook cannot be written.
    """
    from helpers.explain import explain, narrow_to_member, write_explanation_workbook
    from helpers.i18n import Translator
    from helpers.kpis import parse_request
    from helpers.runs import ExitCode, RunError
    from helpers.tables import DataRefused

    if excel and excel.resolve().is_relative_to(paths.raw().resolve()):
        raise click.UsageError("data/raw holds what was received, nothing else; write elsewhere")
    log, t = Log({"command": "explain"}), Translator(language)
    try:
        asked = parse_request(figure, quarter, scope)
        found = explain(*asked, as_of)
        shown = narrow_to_member(found, member)
        _print_explanation(shown, t, as_json)
        if excel:
            write_explanation_workbook(excel, shown, t)
    except DataRefused as error:
        sys.exit(log.fail(RunError(ExitCode.DATA_REFUSED, str(error))))
    except ValueError as error:
        raise click.UsageError(clean(str(error))) from error
    except OSError as error:
        sys.exit(log.fail(RunError(ExitCode.NOT_WRITABLE, f"cannot write {error.filename}: {error.strerror}")))
    if found.differences:
        names = ", ".join(step.name for step in found.differences)
        sys.exit(
            log.fail(RunError(ExitCode.NOTEBOOK_FAILED, f"{asked}: the rows do not give what is published: {names}"))
        )


def _print_explanation(shown: Explanation, t: Translator, as_json: bool) -> None:
    from helpers.explain import format_explanation, to_json

    try:
        if as_json:
            click.echo(json.dumps(to_json(shown, t), ensure_ascii=False, indent=1))
        else:
            click.echo("\n".join(format_explanation(shown, t)))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the lines has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
