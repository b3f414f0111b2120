"""The `papu` command."""

# Rooms are imported in the commands that use them: `papu --help` would take seconds to load them all.

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers import paths
from helpers.cli import options
from helpers.runs import ExitCode, Log, RunError, raise_run_errors
from helpers.strings import IN_LINES, escape

if TYPE_CHECKING:
    from helpers.runs import edition

Codes = tuple[str, ...]  # of languages or members
# For a command typed by people, who may keep what it prints in a file: its log is always sentences.
_LOG_SENTENCES = {"obj": Log(is_json=False)}


class _Command(click.Command):
    """A command that logs an error, with what to do next, and exits with its code (design, Contracts)."""

    def make_context(self, *args: object, **extra: object) -> click.Context:
        """Read the arguments; a plan that they cannot be held against is an error as any other."""
        try:
            return super().make_context(*args, **extra)
        except RunError as error:
            log = self.context_settings.get("obj") or Log()
            sys.exit(log.bind(command=self.name).error(error))

    def invoke(self, context: click.Context) -> None:
        from helpers.runs import publish

        context.obj = (context.obj or Log()).bind(command=self.name)
        try:
            with context.obj.take_warnings(), raise_run_errors():
                with options.check_arguments():
                    paths.out("", "")  # refuses a PAPU_OUT among what was received or published
                publish.recover_all(context.obj.info)
                super().invoke(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            sys.exit(context.obj.error(error))


def _bind_log(**facts: object) -> Log:
    """Add facts to every further line of the command's log, that of its error included."""
    context = click.get_current_context()
    context.obj = context.obj.bind(**facts)
    return context.obj


def _exit_on_signal(number: int, _: object) -> None:
    """Exit on Ctrl-C and SIGTERM; on the way out, a run ends its kernels and removes its private folder."""
    Log().info("papu: stopped before it was done; what was published is untouched; run it again")
    sys.exit(128 + number)


def _print(lines: Iterable[str]) -> None:
    try:
        for line in lines:
            click.echo(escape(line, IN_LINES))
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _to_json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)


def _relative_path(path: Path) -> str:
    root = paths.root()
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


_quarter = click.argument("quarter", callback=options.convert_quarter)
_optional_quarter = click.argument("quarter", required=False, callback=options.convert_quarter)
_as_of = click.option(
    "--as-of", default="", callback=options.parse_as_of,
    help="The date the edition is as of (default: 45 days after the quarter).",
)  # fmt: skip
_members = click.option("--member", "members", multiple=True, help="A member's ISO3 code (default: all of them).")
_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for another program.")
_language = functools.partial(click.option, "--language", callback=options.parse_language)
_main_language = click.option(
    "--language",
    callback=options.parse_main_language,
    help="The language of what is printed (default: the plan's first).",
)
_languages = functools.partial(click.option, "--language", "languages", multiple=True)
_received_path = click.Path(exists=True, readable=False, path_type=Path)
_output_path = functools.partial(click.option, type=click.Path(path_type=Path), callback=options.refuse_kept_folder)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The quarterly workbook of a union's action plan: from the returns of its members to the report."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_on_signal)


main.command_class = _Command


@main.command()
@_optional_quarter
@click.option("--due", is_flag=True, help="Instead of QUARTER: whatever is due and not made of today's inputs.")
@_languages(help="A language of the plan, such as fr (default: those that are official).")
@_as_of
@click.option(
    "--today", callback=options.parse_date, help="With --due: try another day, YYYY-MM-DD (default: today, UTC)."
)
@click.option("--only", is_flag=True, help="Only these languages: others that are published are removed.")
@click.option("--without", metavar="FILE", multiple=True, help="A file that is gone from data/raw, and not missed.")
@click.option("--dry-run", is_flag=True, help="Print what would be run, and write nothing.")
@click.option("--modified", is_flag=True, help="With --due: run notebooks that are not those of the release.")
def run_command(
    quarter: str, due: bool, languages: Codes, as_of: str, today: date | None, only: bool, without: Codes,
    dry_run: bool, modified: bool,
) -> None:  # fmt: skip
    """Run the notebooks of QUARTER and publish its edition; or, with --due, every edition that is due.

    A quarter is due at its cut-off, 45 days after its end, and its revised edition at 90 days. Nothing to do is exit
    code 0, and touches nothing. Languages that are published stay (--only removes them). An edition never rests on
    less than the one published before: name what is gone from data/raw with --without to mean it.

    Exit codes: 0 done, 1 a notebook failed, 2 usage, 3 data refused, 4 another run holds the quarter, 5 the report
    failed, 7 nothing can be written there.
    """
    if due == bool(quarter):
        raise click.UsageError("give a QUARTER, such as 2024Q3, or --due")
    if due and (as_of or only) or (today or modified) and not due:
        raise click.UsageError("--as-of and --only go with a QUARTER, --today and --modified with --due")
    if due:
        _run_due(today or options.utc_today(), languages, without, dry_run, modified)
        return
    from helpers.runs import edition

    with options.check_arguments():
        request = edition.make_request(quarter, languages, as_of)
        request = request if only else edition.keep_languages(request)
    if dry_run:
        _print_requests([request])
        return
    log = _bind_log(quarter=request.quarter, as_of=request.as_of)
    if not without and edition.is_current(request):
        log.info(f"{request} is made, and nothing has changed since")
        _print_published([paths.reports(request.quarter, request.as_of)])
        return
    _print_published([edition.run_edition(request, log.info, progress=sys.stderr.isatty(), without=without)])


def _run_due(today: date, languages: Codes, without: Codes, dry_run: bool, modified: bool) -> None:
    from helpers import editions
    from helpers.runs import schedule

    log = _bind_log(today=today)
    with options.check_arguments():
        due = schedule.find_due(today, languages)
    summary = schedule.describe_due(due, today)
    _print([f"{today} (UTC): {summary}"])
    log.info(summary, on_terminal=False)
    if due and not modified and (changed := editions.list_modified()):
        message = f"{', '.join(changed)} not as released; restore what was released, or add --modified to mean it"
        raise RunError(ExitCode.DATA_REFUSED, message)
    if dry_run:
        _print_requests(due)
        return
    if future := [request for request in due if request.as_of > options.utc_today().isoformat()]:
        raise click.UsageError(f"{future[0]} is in the future; add --dry-run to see what it would run")
    published, codes = schedule.run_due(due, log, progress=sys.stderr.isatty(), without=without)
    _print_published(published)
    sys.exit(codes[0] if codes else ExitCode.DONE)


def _print_requests(due: Iterable[edition.EditionRequest]) -> None:
    for request in due:
        target = _relative_path(paths.reports(request.quarter, request.as_of))
        _print([f"{request.quarter} as of {request.as_of}, in {', '.join(request.languages)}, into {target}:"])
        _print(f"  {notebook}.ipynb → {name}.ipynb  {parameters}" for notebook, name, parameters in request.steps)


def _print_published(folders: Iterable[Path]) -> None:
    _print(_relative_path(path) for folder in folders for path in sorted(folder.glob("*.pdf")))


@main.command()
@_quarter
@_members
@_languages(help="A language of the plan, such as fr (default: each member's own).")
@_as_of
@click.option("--workers", type=click.IntRange(1), help="How many to make at a time (default: one a processor).")
def briefs_command(quarter: str, members: Codes, languages: Codes, as_of: str, workers: int | None) -> None:
    """Make the brief of every member for QUARTER, in parallel; one that fails does not stop the others.

    Exit codes: 0 all done, 5 some could not be made (named), 2 usage, 3 data refused, 4 another run holds the
    quarter, 7 nothing can be written there.
    """
    from helpers.runs import briefs

    with options.check_arguments():
        request = briefs.make_briefs_request(quarter, members, languages, as_of)
    log = _bind_log(quarter=request.quarter, as_of=request.as_of)
    target, failures = briefs.run_briefs(request, log.info, progress=sys.stderr.isatty(), workers=workers or 0)
    n_tasks = len(request.steps)
    where = f"in {_relative_path(target)}" if len(failures) < n_tasks else "made; nothing was written"
    _print([f"{n_tasks - len(failures)} of {n_tasks} briefs {where}"])
    for failure in failures:
        log.error(RunError(ExitCode.REPORT_FAILED, failure))
    sys.exit(ExitCode.REPORT_FAILED if failures else ExitCode.DONE)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--plan", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of another plan to begin with (default: this root's).",
)  # fmt: skip
def init_command(folder: Path, plan: Path | None) -> None:
    """Make FOLDER for a new plan: the files of a plan, registers with their heads, an empty quarter, a README.

    Exit codes: 0 made, 2 usage, 3 the plan cannot be meant, 7 nothing can be written there.
    """
    from helpers.start import make_root

    try:
        made = make_root(folder, plan)
    except FileExistsError as error:
        raise click.UsageError(escape(str(error))) from error
    _print([str(folder / path) for path in made])


@main.command()
@_main_language
@_output_path("--html", help="Write it as a page for the browser too.")
def plan_command(language: str, html: Path | None) -> None:
    """Print the plan in words, to be proofread: themes, steps, KPIs, what they are read from, who is asked what.

    Exit codes: 0 printed, 2 usage, 3 the plan cannot be meant, 7 nothing can be written there.
    """
    from helpers.i18n import Translator
    from helpers.plan import checks
    from helpers.start import proofread

    (plan, form), t = checks.check_plan(), Translator(language)
    parts = proofread.list_parts(plan, form, t)
    _print(proofread.format_parts(parts))
    if html:
        html.write_text(proofread.format_page(parts, t), encoding="utf-8", newline="\n")


@main.command()
@click.option(
    "--today", callback=options.parse_date, help="The status on another day, YYYY-MM-DD (default: today, UTC)."
)
@_languages(help="A language of the plan, such as fr (default: those that are official).")
@_json
def status_command(today: date | None, languages: Codes, as_json: bool) -> None:
    """Print what was made, what failed and what to do about it, what runs now, what is due and what comes next.

    Exit codes: 0 whatever there is to report, 2 usage, 3 data refused.
    """
    from helpers.runs import schedule

    with options.check_arguments():
        status = schedule.read_status(today or options.utc_today(), languages)
    _print([_to_json(schedule.status_to_json(status))] if as_json else schedule.format_status(status))
    if status.refusal:
        raise status.refusal


@main.command()
@_quarter
@_as_of
def verify_command(quarter: str, as_of: str) -> None:
    """Build the published edition of QUARTER again in private, from its raw files, and compare every file of it.

    Prints what differs (table, row, column, what was and what is), and which raw files, code or libraries changed.

    Exit codes: 0 every byte is the same, 6 something differs, 2 there is no such edition, otherwise as papu run.
    """
    from helpers.runs import edition, verify

    with options.check_arguments():
        request = edition.make_request(quarter, (), as_of)
    log = _bind_log(quarter=request.quarter, as_of=request.as_of)
    result = verify.verify(request.quarter, request.as_of, log.info)
    found = f"{len(result.different)} differences" if result.different else "every byte is the same"
    _print([
        *(f"note: {note}" for note in result.notes), *result.different,
        f"{request.quarter} as of {request.as_of}: {result.compared} files made again, {found}",
    ])  # fmt: skip
    sys.exit(ExitCode.DIFFERENCES_FOUND if result.different else ExitCode.DONE)


@main.command(context_settings=_LOG_SENTENCES)
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=_received_path)
@click.option("--quarter", required=True, callback=options.convert_quarter, help="The quarter that the files are for.")
@click.option(
    "--received-on", callback=options.parse_past_date, help="The day they were received, YYYY-MM-DD (default: today)."
)
@click.option("--channel", default="mail", show_default=True, help="How they came: mail, kobo, odk…")
@click.option("--note", default="", help="A remark to keep beside each in MANIFEST.csv.")
@click.option("--as", "name", default="", metavar="NAME", help="Keep the one file given under another name.")
@click.option("--anyway", is_flag=True, help="Add also a file that holds returns of other quarters only.")
@click.option("--dry-run", is_flag=True, help="Print what would be added and what is read, and write nothing.")
@_main_language
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
        raise click.UsageError(f"{received_on} is more than a quarter before the end of {quarter}; check both")
    if name and (len(files) > 1 or files[0].is_dir()):
        raise click.UsageError("--as names one file; give the others without it")
    form = form.at(quarter)
    batch, is_complete = add.Batch(files, quarter, received_on, channel, name), True
    checked = rules.check_received(batch.received, registers.read_registers(), plan, form, date.max)
    for outcome in batch.add(note, anyway, dry_run):
        _print(letters.format_outcome(outcome, checked, plan, form, batch, language))
        is_complete &= not outcome.is_refused
    if not batch.files:
        raise click.UsageError("no file was given that can be added; name the files themselves")
    if batch.received.is_mixed:
        click.echo(letters.letter_text("beside_sample", language), err=True)
    _print([f"→ papu check {quarter}"])
    sys.exit(ExitCode.DONE if is_complete else ExitCode.DATA_REFUSED)


@main.command(context_settings=_LOG_SENTENCES)
@_quarter
@_as_of
@_members
@_language(help="Default: the plan's first here, the member's own in the workbook.")
@click.option("--notes", is_flag=True, help="Include what was only normalised.")
@_output_path("--excel", help="Write it as a workbook, one sheet a member.")
@_output_path("--out", help="The folder for the tables (default: under build/).")
def check_command(
    quarter: str, as_of: str, members: Codes, language: str, notes: bool, excel: Path | None,
    out: Path | None,
) -> None:  # fmt: skip
    """Read and check the returns of QUARTER, and of those before it, without running a notebook.

    Prints, member by member, what was received and what remains to correct or confirm: fit to be sent to a focal point.

    Exit codes: 0 checked, whatever was found, 2 usage, 3 data refused, 7 nothing can be written there.
    """
    from helpers.plan import read_settings
    from helpers.report import letters
    from helpers.tables import pipeline

    with options.check_arguments():
        day = read_settings().resolve_date(quarter, as_of)
    source = pipeline.read_raw_data(quarter)
    if unknown := sorted(set(members) - set(source.plan.by_iso3)):
        raise click.UsageError(f"no member {', '.join(unknown)}; write the ISO3 code of members.csv")
    folder, checked = out or paths.out(quarter, day.isoformat()), pipeline.check_as_of(source, day)
    pipeline.write_checked(source, checked, quarter, day, folder)
    feedback = letters.collect_feedback(checked, source.plan, quarter, members, notes=notes, language=language)
    _print(
        letters.format_letters(feedback, source.form, quarter, day, language or source.plan.settings.master_language)
    )
    if excel:
        letters.write_letters_workbook(excel, feedback, source.form, quarter, day, source.received.is_sample)
    _print([_relative_path(excel or folder)])


@main.command()
@click.argument("figure", metavar="KPI|REFERENCE")
@_optional_quarter
@click.option("--scope", default="", help="The Union's code or a region (default: the Union).")
@click.option("--member", default="", help="Show the rows and cells of one member only, by its ISO3 code.")
@_as_of
@_main_language
@_json
@_output_path("--excel", help="Write it as a workbook too.")
def explain_command(
    figure: str, quarter: str, scope: str, member: str, as_of: str, language: str, as_json: bool, excel: Path | None
) -> None:  # fmt: skip
    """Show how a figure was made: its definition, every member's cells, each step to it and to its status.

    KPI QUARTER, or a REFERENCE as the report prints it: KPI/QUARTER, KPI/QUARTER/REGION. The rows shown are added
    up again and compared with what is published.

    Exit codes: 0 it is what is published, 1 it is not, 2 usage, 3 data refused, 7 the workbook cannot be written.
    """
    from helpers.explain import explain, format_explanation, narrow_to_member, to_json, write_explanation_workbook
    from helpers.i18n import Translator
    from helpers.kpis import parse_request

    with options.check_arguments():
        request = parse_request(figure, quarter, scope)
        explanation = explain(*request, as_of)
        shown = narrow_to_member(explanation, member)
    t = Translator(language)
    _print([_to_json(to_json(shown, t))] if as_json else format_explanation(shown, t))
    if excel:
        write_explanation_workbook(excel, shown, t)
    if explanation.differences:
        names = ", ".join(step.name for step in explanation.differences)
        raise RunError(ExitCode.NOTEBOOK_FAILED, f"{request}: the rows do not give what is published: {names}")
