"""The command of `papu` for what the Secretariat records itself: registers."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers.cli import options
from helpers.cli.papu import LOG_SENTENCES, main, print_lines, relative_path
from helpers.runs import ExitCode
from helpers.speech import say

if TYPE_CHECKING:
    from helpers.desk import register_taking
    from helpers.ingest import Received


@main.command(context_settings=LOG_SENTENCES)
@options.output_path("--out", metavar="XLSX", help="Write the registers as a workbook to be filled in.")
@click.option("--from", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="XLSX",
              help="Take a workbook back: print the rows that it would add.")  # fmt: skip
@click.option("--as", "register", metavar="REGISTER", help="With --from: a list of others, whose rows are for it.")
@click.option("--set", "given", multiple=True, metavar="COLUMN=TEXT", help="With --as: what all rows share.")
@click.option("--write", is_flag=True, help="With --from: add them to the registers.")
@options.main_language
def registers_command(
    out: Path | None, source: Path | None, register: str | None, given: tuple[str, ...], write: bool, language: str
) -> None:  # fmt: skip
    """Fill in the registers in a workbook: what they have already, and rows with lists to choose from.

    Rows are only ever added: a correction is a further row. Each gets the day of recording. Where any row is refused,
    nothing is written. The same workbook may be taken twice: what it has added already is not added again.

    --as takes a list that others keep, a workbook or a CSV file with headings in any language of the plan: who came
    to a workshop (--as attendance --set workshop=A-2025-1), who returned a questionnaire and when.

    Exit codes: 0 done, or nothing to do, 2 usage, 3 a row was refused, or a register cannot be read, 7 nothing can be
    written there.
    """
    from helpers.desk import register_book, register_lists, register_taking

    if (out is None) == (source is None):
        raise click.UsageError(say("give one of --out and --from"))
    if write and source is None:
        raise click.UsageError(say("--write goes with --from"))
    if (register or given) and source is None or given and not register:
        raise click.UsageError(say("--as goes with --from, and --set with --as"))
    if out:
        counts = register_book.write_register_book(out, language, options.utc_today())
        print_lines([relative_path(out), *(f"  {name}: {n}" for name, n in counts.items())])
        return
    with options.check_arguments():
        if register:
            shared = dict(_split_given(each) for each in given)
            read = register_lists.take_list(source, register, shared, options.utc_today(), write)
        else:
            read = register_taking.take_register_book(source, options.utc_today(), write)
    print_lines(_list_lines(read, write))
    sys.exit(ExitCode.DATA_REFUSED if read.refused else ExitCode.DONE)


def _split_given(text: str) -> tuple[str, str]:
    column, mark, value = text.partition("=")
    if not mark or not value.strip():
        raise ValueError(say("--set {text}: write it as workshop=A-2025-1", text=text))
    return column.strip(), value.strip()


def record_confirmed(received: Received, kept: Collection[str], dry_run: bool) -> Iterator[str]:
    """Add the counts that some received files confirm to confirmations.csv; yield what is said of it."""
    from helpers.desk import record_confirmations
    from helpers.ingest import confirmed

    days = {file.name: file.received_on for file in received.files if file.received_on}
    counts = [
        (each.quarter, each.member, each.question, each.value, name)
        for name in kept if name in days for each in confirmed.list_confirmed(received, name)
    ]  # fmt: skip
    recorded = record_confirmations(counts, days, dry_run)
    if n := len(recorded.rows):
        if dry_run:
            yield say("confirmations.csv: {n} would be added; nothing is written (--dry-run)", n=n)
        else:
            yield say("confirmations.csv: {n} added", n=n)
        for row in recorded.rows:
            yield "  + " + ", ".join(row[column] for column in ("quarter", "member", "question", "value"))
    if recorded.n_known:
        yield say("confirmations.csv: {n} there already", n=recorded.n_known)
    yield from (say("not taken: {text}", text=text) for text in recorded.refused)


def _list_lines(read: register_taking.BookRows, write: bool) -> Iterator[str]:
    """Yield what a workbook adds, row by row as the registers have it, what is refused, and what became of it."""
    for name, rows in read.new.items():
        if rows:
            yield f"{name}.csv: + {len(rows)}"
            yield from (f"  + {_as_csv(list(row.values()))}" for row in rows)
    yield from (say("remark: {text}", text=text) for text in read.remarks)
    yield from (say("not taken: {text}", text=text) for text in read.refused)
    n, counts = sum(map(len, read.new.values())), {"known": read.n_known, "refused": len(read.refused)}
    if read.refused:
        yield say("nothing is written: {refused} refused; correct them in the workbook, and take it again", **counts)
    elif write:
        yield say("rows added: {n}; there already: {known}", n=n, **counts)
    else:
        yield say(
            "rows that would be added: {n}; there already: {known}; nothing is written without --write", n=n, **counts
        )


def _as_csv(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
