"""Makes the pages of the site, the languages side by side: each in a process forked from one that has imported all."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers import editions, paths
from helpers.runs import ExitCode, RunError, fork, notebook
from helpers.runs.log import keep_traceback
from helpers.speech import say

MODULE = "helpers.runs.pages"  # this one, as a program: FOLDER, LANGUAGE and, with those of indicators, a third word


def make_pages(folder: Path, languages: Sequence[str], with_indicators: bool) -> None:
    """Make the pages of a site that is begun in each language; raises RunError where one cannot be made."""
    commands = [[MODULE, str(folder), language, *["indicators"] * with_indicators] for language in languages]
    try:
        fork.run_modules(commands, os.environ | paths.variables() | notebook.isolate_kernel(Path()))
    except OSError:  # there is no fork: one after another, here
        for language in languages:
            _make(folder, language, with_indicators)
    if missing := [language for language in languages if not (folder / editions.name_index(language)).is_file()]:
        raise RunError(ExitCode.REPORT_FAILED, say(
            "the pages in {languages} could not be made; {path} says why", languages=", ".join(missing),
            path=paths.error_log(),
        ))  # fmt: skip


def _make(folder: Path, language: str, with_indicators: bool) -> None:
    from helpers.report import site

    try:
        site.write_pages(folder, language, with_indicators)
    except Exception as error:
        keep_traceback(error)


if __name__ == "__main__":
    _make(Path(sys.argv[1]), sys.argv[2], bool(sys.argv[3:]))
