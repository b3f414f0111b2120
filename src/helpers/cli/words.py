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
from helpers.speech import say, say_many, say_of

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
        raise click.UsageError(say("give one of --check, --out, --from and --sign"))
    if write and source is None:
        raise click.UsageError(say("--write goes with --from"))
    if checks:
        _check(languages or read_settings().languages)
    elif len(languages) != 1:
        raise click.UsageError(say("give one --language, such as pt"))
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
        is_official = catalogue.is_official(language)
        status = say("official by plan.toml") if is_official else say("unofficial: not signed")
        signed = say("signed by {reviewer}", reviewer=reviewer) if reviewer else status
        counted = say("{n} to do", n=len(to_do)) if to_do else say("nothing to do")
        sentences = say_many("{n} sentence", "{n} sentences", len(known))
        print_lines([say_of(language, f"{counted}, {sentences}, {signed}")])
        print_lines(f"  {each}" for each in to_do)
        n += len(to_do)
    sys.exit(ExitCode.DIFFERENCES_FOUND if n else ExitCode.DONE)


def _write_sheet(out: Path, language: str) -> None:
    from helpers.words import examples, sheet

    printed = {each: examples.read_examples(each) for each in ("en", language)}
    n = sheet.write_sheet(out, language, printed, options.utc_today())
    missing = [say("no examples: {why}", why=found.note) for found in printed.values() if not found.texts]
    sentences = say_many("{n} sentence", "{n} sentences", n)
    print_lines([say_of(relative_path(out), sentences), *missing])


def _take_back(source: Path, language: str, write: bool) -> None:
    from helpers.i18n import catalogue, messages
    from helpers.words import sheet

    if write:
        _check_editable()
    with options.check_arguments():
        read = sheet.read_sheet(source, language)
    print_lines(_format_changes(read.changes))
    print_lines(say("remark: {remark}", remark=each) for each in read.remarks)
    print_lines(say("not taken: {what}", what=each) for each in read.refused)
    n, refused = len(read.changes), len(read.refused)
    if not write:
        print_lines(
            [say("{n} would change, {refused} not taken; nothing is written without --write", n=n, refused=refused)]
        )
    else:
        files = messages.write_messages(language, [after for _, after in read.changes])
        print_lines([say("{n} changed, {refused} not taken", n=n, refused=refused), *map(relative_path, files)])
        if n and (reviewer := catalogue.read_reviewer(language)):
            lost = say("what changed is no longer signed by {reviewer}", reviewer=reviewer)
            print_lines([f"{lost} → papu words --check --language {language}"])
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
        raise click.UsageError(say('--sign takes the name of a person or an office, without ; " and \\'))
    _check_editable()
    known = messages.read_messages(language)
    if to_do := check.check_sentences(language, known):
        message = say(
            "{n} to do before {language} can be signed; see papu words --check --language {language}", n=len(to_do),
            language=language,
        )  # fmt: skip
        raise RunError(ExitCode.DATA_REFUSED, message)
    n, before = len(messages.list_unreviewed(language, known)), catalogue.read_reviewer(language)
    reviewer = f"{name}; {options.utc_today()}"
    messages.sign_catalogue(language, reviewer)
    signed = say_many("{n} sentence signed by {reviewer}", "{n} sentences signed by {reviewer}", len(known),
                      reviewer=reviewer)  # fmt: skip
    since = say_many("; {n} of them new or changed since signed by {before}",
                     "; {n} of them new or changed since signed by {before}", n, before=before)  # fmt: skip
    value = f"{signed}{since if before else ''}"
    print_lines([say_of(language, value)])


def _check_editable() -> None:
    """Raise RunError where the catalogues are an installed package's, which its next installation would replace."""
    from helpers.i18n import catalogue

    folder = catalogue.LOCALES
    if _INSTALLED & set(folder.parts) or not os.access(folder, os.W_OK):
        message = say(
            "{folder} is an installed package's, or cannot be written to; work in a checkout (make setup)",
            folder=folder,
        )
        raise RunError(ExitCode.NOT_WRITABLE, message)
