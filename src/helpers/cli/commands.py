"""The commands of `papu` on a plan and its editions: run, verify, doctor, status, briefs, explain, plan, init."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers import paths
from helpers.cli import collect, options
from helpers.cli.options import Codes
from helpers.cli.papu import LOG_SENTENCES, bind_log, main, print_lines, relative_path, to_json_text
from helpers.runs import ExitCode, RunError
from helpers.speech import say, say_many
from helpers.strings import escape

if TYPE_CHECKING:
    from helpers.runs import Log, cluster, edition


@main.command()
@options.optional_quarter
@click.option("--due", is_flag=True, help="Instead of QUARTER: whatever is due and not made of today's inputs.")
@options.quarter_option("--from", "first", help="Instead of QUARTER: the editions of this quarter and of later ones.")
@options.quarter_option("--to", "last", help="With --from: the last of these quarters.")
@options.languages(help="A language of the plan, such as fr (default: those that are official).")
@options.as_of
@options.today_option(help="With --due or --from: try another day, YYYY-MM-DD (default: today, UTC).")
@click.option("--only", is_flag=True, help="Only these languages: others that are published are removed.")
@click.option("--without", metavar="FILE", multiple=True, help="A file that is gone from data/raw, and not missed.")
@click.option("--dry-run", is_flag=True, help="Print what would be run, and write nothing.")
@click.option("--modified", is_flag=True, help="With --due or --from: run notebooks that are not those of the release.")
@options.cluster_options
def run_command(
    quarter: str, due: bool, first: str, last: str, languages: Codes, as_of: str, today: date | None, only: bool,
    without: Codes, dry_run: bool, modified: bool, cluster: cluster.Cluster | None,
) -> None:  # fmt: skip
    """Run the notebooks of QUARTER and publish its edition; or, with --due, every edition that is due.

    With --from and --to, it makes whatever is missing or out of date among the editions of these quarters that are
    past, the first and the revised ones, quarters side by side; one that fails does not stop the others. With --backend
    and --scheduler the reports are made on a cluster that is there already, and come back here as bytes.

    A quarter is due at its first cut-off, and its revised edition later, as plan.toml says. Nothing to do is exit
    code 0, and touches nothing. Where a server is set for papu pull, --due first fetches what was sent. Languages that
    are published stay (--only removes them). An edition never rests on less than the one published before: name what is
    gone from data/raw with --without to mean it.

    Exit codes: 0 done, 1 a notebook failed, 2 usage, 3 data refused, 4 another run holds the quarter, 5 the report
    failed, 7 nothing can be written there, 8 --due could not fetch returns (what is there made the edition).
    """
    if [bool(quarter), due, bool(first)].count(True) != 1 or bool(first) != bool(last):
        raise click.UsageError(say("give a QUARTER, such as 2024Q3, or --due, or --from QUARTER --to QUARTER"))
    if not quarter and (as_of or only) or quarter and (today or modified) or first and without:
        raise click.UsageError(
            say("--as-of and --only go with a QUARTER, --today and --modified without one, --without not with --from")
        )
    if not quarter:
        between = (first, last) if first else ()
        _run_due(today or options.utc_today(), between, languages, without, dry_run, modified, cluster)
        return
    from helpers.runs import edition

    with options.check_arguments():
        request = edition.make_request(quarter, languages, as_of)
        request = request if only else edition.keep_languages(request)
    if dry_run:
        _print_requests([request])
        return
    log = bind_log(quarter=request.quarter, as_of=request.as_of)
    if not paths.plan().is_relative_to(paths.root()):
        log.info(
            say("{folder} has no plan: read by the one that comes with the workbook", folder=relative_path(paths.raw()))
        )
    if not without and edition.is_current(request):
        log.info(say("{request} is made, and nothing has changed since", request=request))
        folder = paths.reports(request.quarter, request.as_of)
    else:
        folder = edition.run_edition(request, log.info, sys.stderr.isatty(), without, cluster)
    _print_published([folder])
    sys.exit(_update_site(log))


def _update_site(log: Log) -> int:
    """Bring the index of what is published up to date; return 0, or the exit code of what failed.

    What is published stays so, whatever becomes of its index.
    """
    from helpers.runs import site

    try:
        site.update_site(log.info)
    except Exception as error:
        log.info(say("what was made is published; only its index, reports/index.html, is not brought up to date"))
        return log.error(error)
    return ExitCode.DONE


def _run_due(
    today: date, between: Codes, languages: Codes, without: Codes, dry_run: bool, modified: bool,
    cluster: cluster.Cluster | None,
) -> None:  # fmt: skip
    """Make the editions that are due; where `between` names two quarters, those of theirs that are not up to date."""
    from helpers import editions
    from helpers.runs import schedule

    log = bind_log(today=today)
    # What is there makes the edition, whatever became of it.
    unfetched = [] if between else collect.pull_open(today, log, dry_run)
    with options.check_arguments():
        due = schedule.find_between(*between, today, languages) if between else schedule.find_due(today, languages)
    summary = schedule.describe_due(due, today, *between)
    print_lines([say("{day} (UTC): {what}", day=today, what=summary)])
    log.info(summary, on_terminal=False)
    if due and not modified and (changed := editions.list_modified()):
        message = say(
            "{names} not as released; restore what was released, or add --modified to mean it", names=", ".join(changed)
        )
        raise RunError(ExitCode.DATA_REFUSED, message)
    if dry_run:
        _print_requests(due)
        return
    if future := [request for request in due if request.as_of > options.utc_today().isoformat()]:
        raise click.UsageError(
            say("{request} is in the future; add --dry-run to see what it would run", request=future[0])
        )
    published, codes = schedule.run_due(due, log, sys.stderr.isatty(), without, cluster)
    _print_published(published)
    for failure in unfetched:
        log.info(say("not fetched, so that returns may be missing: {what}", what=failure))
    sys.exit([*codes, *(failure.code for failure in unfetched), _update_site(log)][0])


def _print_requests(due: Iterable[edition.EditionRequest]) -> None:
    for request in due:
        target = relative_path(paths.reports(request.quarter, request.as_of))
        print_lines([say("{quarter} as of {as_of}, in {languages}, into {target}:",
                         quarter=request.quarter, as_of=request.as_of,
                         languages=", ".join(request.languages), target=target)])  # fmt: skip
        print_lines(f"  {notebook}.ipynb → {name}.ipynb  {parameters}" for notebook, name, parameters in request.steps)


def _print_published(folders: Iterable[Path]) -> None:
    print_lines(relative_path(path) for folder in folders for path in sorted(folder.glob("*.pdf")))


@main.command()
@options.quarter_argument
@options.members_option
@options.languages(help="A language of the plan, such as fr (default: each member's own).")
@options.as_of
@click.option("--workers", type=click.IntRange(1), help="How many to make at a time (default: one a processor).")
@options.cluster_options
def briefs_command(
    quarter: str, members: Codes, languages: Codes, as_of: str, workers: int | None, cluster: cluster.Cluster | None
) -> None:
    """Make the brief of every member for QUARTER, in parallel; one that fails does not stop the others.

    With --backend and --scheduler they are made on a cluster that is there already, and come back here as bytes.

    Exit codes: 0 all done, 5 some could not be made (named), 2 usage, 3 data refused, 4 another run holds the
    quarter, 7 nothing can be written there.
    """
    if cluster and workers:
        raise click.UsageError(say("--workers is for this machine, and goes without --backend"))
    from helpers.runs import briefs

    with options.check_arguments():
        request = briefs.make_briefs_request(quarter, members, languages, as_of)
    log = bind_log(quarter=request.quarter, as_of=request.as_of)
    target, failures = briefs.run_briefs(request, log.info, sys.stderr.isatty(), workers or 0, cluster)
    counts = {"of": len(request.steps), "folder": relative_path(target)}
    if n := len(request.steps) - len(failures):
        print_lines([say_many("{n} of {of} briefs in {folder}", "{n} of {of} briefs in {folder}", n, **counts)])
    else:
        print_lines([say("{n} of {of} briefs made; nothing was written", n=0, **counts)])
    for failure in failures:
        log.error(RunError(ExitCode.REPORT_FAILED, failure))
    index = _update_site(log)
    sys.exit(ExitCode.REPORT_FAILED if failures else index)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--plan", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of another plan to begin with (default: this root's).",
)  # fmt: skip
def init_command(folder: Path, plan: Path | None) -> None:
    """Make FOLDER for a new plan: the files of a plan, registers with their heads, a README.

    Exit codes: 0 made, 2 usage, 3 the plan cannot be meant, 7 nothing can be written there.
    """
    from helpers.start import make_root

    try:
        made = make_root(folder, plan)
    except FileExistsError as error:
        raise click.UsageError(escape(str(error))) from error
    print_lines([str(folder / path) for path in made])


@main.command()
@options.main_language
@options.output_path("--html", help="Write it as a page for the browser too.")
def plan_command(language: str, html: Path | None) -> None:
    """Print the plan in words, to be proofread: themes, steps, KPIs, what they are read from, who is asked what.

    Exit codes: 0 printed, 2 usage, 3 the plan cannot be meant, 7 nothing can be written there.
    """
    from helpers.i18n import Translator
    from helpers.plan import checks
    from helpers.start import proofread

    (plan, form), t = checks.check_plan(), Translator(language)
    parts = proofread.list_parts(plan, form, t)
    print_lines(proofread.format_parts(parts))
    if html:
        html.write_text(proofread.format_page(parts, t), encoding="utf-8", newline="\n")


@main.command()
@options.today_option(help="The status on another day, YYYY-MM-DD (default: today, UTC).")
@options.languages(help="A language of the plan, such as fr (default: those that are official).")
@options.as_json_option
def status_command(today: date | None, languages: Codes, as_json: bool) -> None:
    """Print what was made, what failed and what to do about it, what runs now, what is due and what comes next.

    Exit codes: 0 whatever there is to report, 2 usage, 3 data refused.
    """
    from helpers.runs import schedule

    with options.check_arguments():
        status = schedule.read_status(today or options.utc_today(), languages)
    print_lines([to_json_text(schedule.status_to_json(status))] if as_json else schedule.format_status(status))
    if status.refusal:
        raise status.refusal


@main.command(context_settings=LOG_SENTENCES)
@options.as_json_option
def doctor_command(as_json: bool) -> None:
    """Print what is missing on this machine and in this root, each with its remedy; nothing is written.

    Exit codes: 0 nothing is missing, 6 something is to be mended.
    """
    from helpers.runs import doctor

    diagnoses = doctor.examine(options.utc_today())
    print_lines([to_json_text(list(map(asdict, diagnoses)))] if as_json else doctor.format_diagnoses(diagnoses))
    is_missing = any(each.state == doctor.TO_MEND for each in diagnoses)
    sys.exit(ExitCode.DIFFERENCES_FOUND if is_missing else ExitCode.DONE)


@main.command()
@options.quarter_argument
@options.as_of
def verify_command(quarter: str, as_of: str) -> None:
    """Build the published edition of QUARTER again in private, from its raw files, and compare every file of it.

    Prints what differs (table, row, column, what was and what is), and which raw files, code or libraries changed.

    Exit codes: 0 every byte is the same, 6 something differs, 2 there is no such edition, otherwise as papu run.
    """
    from helpers.runs import edition, verify

    with options.check_arguments():
        request = edition.make_request(quarter, (), as_of)
    log = bind_log(quarter=request.quarter, as_of=request.as_of)
    result = verify.verify(request.quarter, request.as_of, log.info)
    verify.verify_site(result)
    n, n_compared = len(result.different), result.compared
    compared = say_many("{n} file made again", "{n} files made again", n_compared)
    found = say_many("{n} difference", "{n} differences", n) if n else say("every byte is the same")
    edition_of = say("{quarter} as of {as_of}", quarter=request.quarter, as_of=request.as_of)
    print_lines([
        *(say("note: {note}", note=note) for note in result.notes), *result.different,
        say("{edition}: {compared}, {found}", edition=edition_of, compared=compared, found=found),
    ])  # fmt: skip
    sys.exit(ExitCode.DIFFERENCES_FOUND if result.different else ExitCode.DONE)


@main.command()
@click.argument("figure", metavar="KPI|REFERENCE")
@options.optional_quarter
@click.option("--scope", default="", help="The Union's code or a region (default: the Union).")
@click.option("--member", default="", help="Show the rows and cells of one member only, by its ISO3 code.")
@options.as_of
@options.main_language
@options.as_json_option
@options.output_path("--excel", help="Write it as a workbook too.")
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
    print_lines([to_json_text(to_json(shown, t))] if as_json else format_explanation(shown, t))
    if excel:
        write_explanation_workbook(excel, shown, t)
    if explanation.differences:
        names = ", ".join(step.name for step in explanation.differences)
        raise RunError(
            ExitCode.NOTEBOOK_FAILED,
            say("{request}: the rows do not give what is published: {names}", request=request, names=names),
        )
