"""Fetches one form's export and adds it to a quarter's folder, by the rules of `papu add`, if anything in it is new."""

import contextlib
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from helpers import paths
from helpers.desk.pull.exports import Deployed, fetch_export
from helpers.desk.pull.fetch import FetchLimits, NotFetched
from helpers.desk.pull.news import News, compare_export
from helpers.desk.pull.sources import Source
from helpers.ingest import add, issues, received, registers
from helpers.plan import quarters, questionnaire, read_settings
from helpers.speech import say


@dataclass(frozen=True)
class Pulled:
    """What came of a pull: what is new, the batch that was read, what became of its file, and what to look at."""

    news: News
    batch: add.Batch
    outcomes: tuple[add.Outcome, ...] = ()
    warnings: tuple[str, ...] = ()


def list_open(today: date) -> list[str]:
    """Return the quarters whose returns are collected on a day: from the quarter's end to its revised edition's day."""
    settings = read_settings()
    return [each for each in settings.quarters if quarters.quarter_end(each) < today <= settings.revised_on(each)]


def pull(
    source: Source, quarter: str, now: datetime, limits: FetchLimits | None = None, dry_run: bool = False,
    language: str = "en",
) -> Pulled:  # fmt: skip
    """Fetch what was sent to a form and add it for a quarter, as received on the day of `now` (UTC), if it has news.

    `language` is that of the findings in an error.
    Raises NotFetched where the server gives nothing, DataRefused for another form, for what cannot be read and beside
    the invented sample, OSError where nothing can be written. Nothing is added then.
    """
    _refuse_sample()
    alone = contextlib.nullcontext() if dry_run else _lock_pull(quarter)
    with alone, tempfile.TemporaryDirectory(prefix="papu-") as folder:
        export = fetch_export(source, limits or FetchLimits())
        warnings = check_form(export.form, source)
        path = Path(folder, f"{source.tool}-{now:%Y-%m-%d-%H-%M-%S}{export.suffix}")
        path.write_bytes(export.content)
        batch = add.Batch([path], quarter, now.date(), source.tool)
        (first,) = batch.add(dry_run=True)
        if first.issue:
            what = first.issue.say(language)
            raise paths.DataRefused(say("{source}: {what}; nothing was added", source=source, what=what))
        if first.key != "would_add":  # the same bytes, or returns of other quarters only
            count = sum(each.file.name == first.shown for each in batch.received.returns) if first.shown else 0
            return Pulled(News(count), batch, warnings=warnings)
        _refuse_unreadable(source, batch, first.shown, language)
        withdrawn = registers.read_registers().withdrawn(now.date())
        news = compare_export(batch.received, first.shown, source.tool, withdrawn)
        note = f"papu pull: {source}"
        return Pulled(news, batch, tuple(batch.add(note, dry_run=dry_run)) if news else (), warnings)


def check_form(deployed: Deployed, source: Source) -> tuple[str, ...]:
    """Hold the deployed form against the plan's: return warnings, raise DataRefused for another form.

    The questionnaire that is written from the plan has the plan's version, or a later one.
    """
    row = questionnaire.read_form_files(paths.questionnaire())["settings"].rows[0]
    form_id, version = row["form_id"], row["version"]
    facts = {"source": source, "form": form_id, "other": deployed.form_id, "version": version}
    if deployed.form_id and deployed.form_id.casefold() != form_id.casefold():
        message = say("{source} is the form {other}, the plan's is {form}; correct the asset or form, or the form_id "
                      "of settings.csv; nothing was added", **facts)  # fmt: skip
        raise paths.DataRefused(message)
    if not deployed.form_id:
        return (say("{source} does not say which form it is; the plan's is {form}", **facts),)
    if not deployed.version.isdecimal() or int(deployed.version) < int(version):
        deployed_version = deployed.version or "?"
        return (say("{source} is deployed in version {deployed}, the plan's is {version}: deploy the questionnaire of "
                    "the plan, unless it changed on purpose", deployed=deployed_version, **facts),)  # fmt: skip
    return ()


def _refuse_sample() -> None:
    """Raise DataRefused where data/raw holds the invented sample: no edition could be made of both."""
    for quarter in read_settings().quarters:
        if received.SAMPLE_CHANNEL in received.list_channels(quarter):
            message = say("data/raw holds the invented sample ({quarter}); remove its folders, or work in a folder of "
                          "your own (PAPU_ROOT); nothing was fetched", quarter=quarter)  # fmt: skip
            raise paths.DataRefused(message)


def _refuse_unreadable(source: Source, batch: add.Batch, shown: str, language: str) -> None:
    """Raise DataRefused for a file in which no return is read for a reason of the whole file."""
    found = [each for each in batch.received.issues if each.source_file == shown and each.severity == issues.REFUSED]
    if found and not any(each.file.name == shown for each in batch.received.returns):
        what = "; ".join(dict.fromkeys(each.say(language) for each in found))
        raise paths.DataRefused(say("{source} sent what cannot be read: {what}; nothing was added",
                                    source=source, what=what))  # fmt: skip


def _lock_pull(quarter: str) -> contextlib.AbstractContextManager:
    """Lock a quarter for one pull at a time, until the context is left: two at once would each add what is new."""
    try:
        return FileLock(paths.locks() / f"{quarter}.pull.lock").acquire(timeout=0)
    except Timeout:
        raise NotFetched(say("another papu pull works on {quarter}; wait for its end", quarter=quarter)) from None
