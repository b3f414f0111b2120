"""The `papu` command."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from helpers import paths


def _quarter(context: click.Context, parameter: click.Parameter, value: str) -> str:
    from helpers.plan import parse_quarter

    try:
        return parse_quarter(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The quarterly workbook of the Pan African Postal Union's digitalisation plan."""
    # A run that is ended ends its kernels and removes its private folder on the way out.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)


def _end(number: int, _: object) -> None:
    click.echo("papu: ended before it was done; what was published before is untouched, run again", err=True)
    sys.exit(128 + number)


@main.command()
@click.argument("quarter", callback=_quarter)
@click.option("--language", "languages", multiple=True, help="A language of the report: fr, en (default: both).")
@click.option("--as-of", default="", help="The date the edition is as of (default: 45 days after the quarter).")
@click.option("--dry-run", is_flag=True, help="Say what would be run, and write nothing.")
def run(quarter: str, languages: tuple[str, ...], as_of: str, dry_run: bool) -> None:
    """Run the notebooks of QUARTER and publish its edition.

    Exit codes: 0 done, 1 a notebook failed, 2 usage, 3 data refused, 4 another run holds the quarter, 5 the report
    failed, 7 nothing can be written there.
    """
    from helpers import runs

    try:
        order = runs.order(quarter, languages, as_of)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    target = paths.reports(order.quarter, order.as_of)
    if dry_run:
        click.echo(f"{order.quarter} as of {order.as_of}, in {', '.join(order.languages)}, into {_short(target)}:")
        for notebook, name, parameters in order.steps:
            click.echo(f"  {notebook}.ipynb → {name}.ipynb  {parameters}")
        return
    try:
        published = runs.run_edition(order, click.echo, progress=sys.stderr.isatty())
    except runs.RunError as error:
        click.echo(f"papu run: {error}", err=True)
        sys.exit(error.code)
    for path in sorted(published.glob("*.pdf")):
        click.echo(_short(path))


def _short(path: Path) -> str:
    root = paths.root()
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


@main.command()
@click.argument("quarter", callback=_quarter)
@click.option("--as-of", default="", help="The date to check as of (default: 45 days after the quarter).")
@click.option("--out", type=click.Path(path_type=Path), help="The folder for the tables (default: under build/).")
def check(quarter: str, as_of: str, out: Path | None) -> None:
    """Read and check the returns of QUARTER, and of those before it, without running a notebook."""
    from helpers import workbook

    try:
        day = workbook.settle_date(quarter, as_of)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        folder = out or paths.out(quarter, day.isoformat())
        found = workbook.ingest(workbook.read_source(quarter), quarter, day, folder)
    except workbook.DataRefused as error:
        click.echo(f"papu check: {error}", err=True)
        sys.exit(3)
    except OSError as error:
        click.echo(f"papu check: cannot write {error.filename}: {error.strerror}", err=True)
        sys.exit(7)
    issues = found["issues"][found["issues"]["quarter"] == quarter]
    for row in issues[issues["severity"] != "note"].itertuples():
        click.echo(f"{row.severity:<10}{row.rule:<5}{row.message_fr}")
    returns = found["returns"][found["returns"]["quarter"] == quarter]
    counting = int(returns["counts"].sum())
    click.echo(f"{quarter} as of {day}: {len(returns)} returns received, {counting} count; {_short(folder)}")


if __name__ == "__main__":
    main(prog_name="papu")
