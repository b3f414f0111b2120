"""The command of `papu` that writes what is sent out: the questionnaire."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from helpers import paths
from helpers.cli import options
from helpers.cli.papu import LOG_SENTENCES, main, print_lines, relative_path
from helpers.speech import say


@main.command(context_settings=LOG_SENTENCES)
@options.quarter_argument
@options.output_path("--out", metavar="FOLDER", help="The folder of the files (default: data/desk/QUARTER).")
@options.today_option(help="The last answers as known that day, YYYY-MM-DD (default: today).")
def questionnaire_command(quarter: str, out: Path | None, today: date | None) -> None:
    """Write the questionnaire of QUARTER: an XLSForm for KoboToolbox and ODK, and a workbook to be mailed a member.

    questionnaire.xlsx is taken by both tools as it is; previous.csv, the members' last answers, is attached to it
    there. Its version grows by itself where the form has changed. mail/ has each member's workbook, in its language.

    Exit codes: 0 written, 2 usage, 3 data refused, 7 nothing can be written there.
    """
    from helpers import desk
    from helpers.plan import checks

    plan, form = checks.check_plan()
    with options.check_arguments():
        plan.settings.check_quarter(quarter)
    day = today or options.utc_today()
    previous = desk.read_previous(quarter, day)
    folder = out or paths.desk() / quarter
    written = desk.write_xlsform(folder, plan, form, quarter, previous, day)
    mailed = desk.write_mail_forms(folder, plan, form, quarter, previous, day)
    print_lines(relative_path(path) for path in written.files)
    print_lines([say("{folder}: {n} workbooks", folder=relative_path(mailed[0].parent), n=len(mailed))])
    print_lines([say("version {version}", version=written.version)])
    print_lines(say("to mend: {finding}", finding=finding) for finding in written.findings)
