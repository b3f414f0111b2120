"""The command of `papu` that fetches returns from the server of a collection tool: pull."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from helpers.cli import options
from helpers.cli.papu import LOG_SENTENCES, bind_log, main, print_lines
from helpers.cli.records import record_confirmed
from helpers.runs import ExitCode, Log, RunError, raise_run_errors
from helpers.speech import say

if TYPE_CHECKING:
    from helpers.desk import pull

_SET_BY = ("PAPU_COLLECT", "PAPU_KOBO_", "PAPU_ODK_")


@main.command(context_settings=LOG_SENTENCES)
@options.quarter_argument
@click.option("--dry-run", is_flag=True, help="Print what would be added and what is read, and write nothing.")
@options.main_language
def pull_command(quarter: str, dry_run: bool, language: str) -> None:
    """Fetch the returns of QUARTER from KoboToolbox or ODK Central, and add what is new as papu add does.

    The server, the form and the token are in the environment, or in a file outside data and checkout that PAPU_COLLECT
    names (docs/operations.md). What was fetched before and has not changed is not added again.

    Exit codes: 0 fetched, whether anything is new or not, 2 usage, 3 data refused (another form, or nothing that can be
    read), 7 nothing can be written there, 8 the server does not answer or lets nothing be read.
    """
    from helpers.desk import pull
    from helpers.plan import checks

    plan, _ = checks.check_plan()
    with options.check_arguments():
        plan.settings.check_quarter(quarter)
        sources = pull.read_sources()
    if not sources:
        raise click.UsageError(say("nothing says where to fetch from: set PAPU_KOBO_URL, PAPU_KOBO_ASSET and "
                                   "PAPU_KOBO_TOKEN, or PAPU_COLLECT (docs/operations.md)"))  # fmt: skip
    log = bind_log(quarter=quarter)
    failed = list(_pull_each(sources, [quarter], log, dry_run, language))
    print_lines([f"→ papu check {quarter}"])
    sys.exit(failed[0].code if failed else ExitCode.DONE)


def pull_open(today: date, log: Log, dry_run: bool = False) -> list[RunError]:
    """Fetch the returns of every quarter that is collected on a day; return what failed, which stops nothing."""
    if not any(text and name.startswith(_SET_BY) for name, text in os.environ.items()):
        return []
    from helpers.desk import pull
    from helpers.plan import read_settings

    try:
        with raise_run_errors():
            sources, quarters = pull.read_sources(), pull.list_open(today)
    except ValueError as error:
        failed = RunError(ExitCode.USAGE, str(error))
        log.error(failed)
        return [failed]
    if dry_run:
        print_lines(say("would fetch {quarter} first, from {source}", quarter=quarter, source=source)
                    for quarter in quarters for source in sources)  # fmt: skip
        return []
    return list(_pull_each(sources, quarters, log, language=read_settings().master_language))


def _pull_each(
    sources: Iterable[pull.Source], quarters: Iterable[str], log: Log, dry_run: bool = False, language: str = ""
) -> Iterator[RunError]:
    """Fetch each quarter from each source, and say what came; yield what failed."""
    from helpers.desk import pull

    for quarter in quarters:
        for source in sources:
            try:
                with raise_run_errors():
                    _pull_one(source, quarter, log, dry_run, language)
            except Exception as error:  # whatever it is, the others may still be fetched
                known = RunError(ExitCode.NOT_FETCHED, str(error)) if isinstance(error, pull.NotFetched) else error
                yield RunError(log.bind(quarter=quarter).error(known), str(error))


def _pull_one(source: pull.Source, quarter: str, log: Log, dry_run: bool, language: str) -> None:
    from helpers.desk import pull
    from helpers.ingest import registers, rules
    from helpers.plan import checks
    from helpers.report import letters

    plan, form = checks.check_plan()
    pulled = pull.pull(source, quarter, datetime.now(UTC), dry_run=dry_run, language=language)
    for warning in pulled.warnings:
        log.info(warning)
    lines = list(pull.format_news(pulled.news, str(source), quarter, language))
    print_lines(lines)
    log.bind(quarter=quarter).info("; ".join(map(str.strip, lines)), on_terminal=False)
    if pulled.outcomes:
        form = form.at(quarter)
        checked = rules.check_received(pulled.batch.received, registers.read_registers(), plan, form, date.max)
        for outcome in pulled.outcomes:
            print_lines(letters.format_outcome(outcome, checked, plan, form, pulled.batch, language))
        kept = [outcome.shown for outcome in pulled.outcomes if not outcome.is_refused]
        print_lines(record_confirmed(pulled.batch.received, kept, dry_run))
