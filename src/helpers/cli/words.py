"""The command of `papu` for translators: words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers.cli import options
from helpers.cli.options import Codes
from helpers.cli.papu import LOG_SENTENCES, main, print_lines, relative_path
from helpers.runs import ExitCode, RunError

if TYPE_CHECKING:
    from helpers.i18n import messages

_INSTALLED = {"site-packages", "dist-packages"}


@main.command(context_settings=LOG_SENTENCES)
@options.languages(help="A language of the plan, such as pt (default: all of them, with --check).")
@click.option("--check", "checks", is_flag=True, help="Print what a translator has to do.")
@options.output_path("--out", metavar="XLSX", help="Write every sentence as a sheet for a translator.")
@click.option("--from", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="XLSX",
              help="Take a sheet back: print what it would change.")  # fmt: skip
@click.option("--write", is_flag=True, help="With --from: write it into the catalogues.")
@click.option("--sign", "signer", metavar="NAME", help="Record who has read every sentence: a name or an office.")
def words_command(
    languages: Codes, checks: bool, out: Path | None, source: Path | None, write: bool, signer: str | None
) -> None:
    """Work on the translations: check them, write a sheet for a translator, take it back, sign them.

    The check names each sentence that is not translated, cannot be right, has a wording that the glossary rejects, or
    has changed since its language was signed, and the plan's own words that a language lacks.

    Exit codes: 0 done, or nothing to do, 2 usage, 3 a row of the sheet was refused (the others are taken), or there is
    something to do before signing, 6 the check found something to do, 7 nothing can be written there.
    """
    from helpers.plan import read_settings
    from helpers.runs import edition

    with options.check_arguments():
        edition.check_languages(languages)
    if sum((checks, out is not None, source is not None, signer is not None)) != 1:
        raise click.UsageError("give one of --check, --out, --from and --sign")
    if write and source is None:
        raise click.UsageError("--write goes with --from")
    if checks:
        _check(languages or read_settings().languages)
    elif len(languages) != 1:
        raise click.UsageError("give one --language, such as pt")
    elif out:
        _write_sheet(out, languages[0])
    elif source:
        _take_back(source, languages[0], write)
    else:
        _sign(languages[0], signer)


def _check(languages: Sequence[str]) -> None:
    from helpers.i18n import catalogue, messages
    from helpers.words import check

    n = 0
    for language in languages:
        known, reviewer = messages.read_messages(language), catalogue.read_reviewer(language)
        to_do = check.list_to_do(language, known)
        status = "official by plan.toml" if catalogue.is_official(language) else "unofficial: not signed"
        signed = f"signed by {reviewer}" if reviewer else status
        print_lines([f"{language}: {len(to_do) or 'nothing'} to do, {len(known)} sentences, {signed}"])
        print_lines(f"  {each}" for each in to_do)
        n += len(to_do)
    sys.exit(ExitCode.DIFFERENCES_FOUND if n else ExitCode.DONE)


def _write_sheet(out: Path, language: str) -> None:
    from helpers.words import examples, sheet

    printed = {each: examples.read_examples(each) for each in ("en", language)}
    n = sheet.write_sheet(out, language, printed, options.utc_today())
    missing = [f"no examples: {found.note}" for found in printed.values() if not found.texts]
    print_lines([f"{relative_path(out)}: {n} sentences", *missing])


def _take_back(source: Path, language: str, write: bool) -> None:
    from helpers.i18n import catalogue, messages
    from helpers.words import sheet

    if write:
        _check_editable()
    with options.check_arguments():
        read = sheet.read_sheet(source, language)
    print_lines(_format_changes(read.changes))
    print_lines(f"remark: {each}" for each in read.remarks)
    print_lines(f"not taken: {each}" for each in read.refused)
    n, refused = len(read.changes), len(read.refused)
    if not write:
        print_lines([f"{n} would change, {refused} not taken; nothing is written without --write"])
    else:
        files = messages.write_messages(language, [after for _, after in read.changes])
        print_lines([f"{n} changed, {refused} not taken", *map(relative_path, files)])
        if n and (reviewer := catalogue.read_reviewer(language)):
            print_lines([f"what changed is no longer signed by {reviewer} → papu words --check --language {language}"])
    sys.exit(ExitCode.DATA_REFUSED if read.refused else ExitCode.DONE)


def _format_changes(changes: Iterable[tuple[messages.Message, messages.Message]]) -> Iterator[str]:
    for before, after in changes:
        yield before.place
        for was, now in zip(before.forms, after.forms, strict=True):
            yield from (f"  - {was}", f"  + {now}") if was != now else ()


def _sign(language: str, signer: str) -> None:
    from helpers.i18n import catalogue, messages
    from helpers.words import check

    name = " ".join(signer.split())
    if not name or not name.isprintable() or set(';"\\') & set(name):
        raise click.UsageError('--sign takes the name of a person or an office, without ; " and \\')
    _check_editable()
    known = messages.read_messages(language)
    if to_do := check.check_sentences(language, known):
        message = f"{len(to_do)} to do before {language} can be signed; see papu words --check --language {language}"
        raise RunError(ExitCode.DATA_REFUSED, message)
    n, before = len(messages.list_unreviewed(language, known)), catalogue.read_reviewer(language)
    reviewer = f"{name}; {options.utc_today()}"
    messages.sign_catalogue(language, reviewer)
    since = f"; {n} of them new or changed since signed by {before}" if before else ""
    print_lines([f"{language}: {len(known)} sentences signed by {reviewer}{since}"])


def _check_editable() -> None:
    """Raise RunError where the catalogues are an installed package's, which its next installation would replace."""
    from helpers.i18n import catalogue

    folder = catalogue.LOCALES
    if _INSTALLED & set(folder.parts) or not os.access(folder, os.W_OK):
        message = f"{folder} is an installed package's, or cannot be written to; work in a checkout (make setup)"
        raise RunError(ExitCode.NOT_WRITABLE, message)
