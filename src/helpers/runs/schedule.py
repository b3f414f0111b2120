"""Finds the editions that are due on a day, makes them, and reports the status of all editions and runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from helpers.i18n import catalogue
from helpers.plan import quarters
from helpers.runs import edition
from helpers.runs.errors import RunError, raise_run_errors
from helpers.runs.lock import find_lock_holder, lock_quarter
from helpers.runs.log import RUN_BEGAN, RUN_ENDED, Log, RunEvent, read_events
from helpers.tables import manifest, pipeline


@dataclass(frozen=True, order=True)
class ScheduledEdition:
    """An edition of the schedule: its date, on which it falls due, and its quarter."""

    as_of: date
    quarter: str

    @property
    def is_revised(self) -> bool:
        """Whether it is the quarter's revised edition."""
        return quarters.is_revised(self.quarter, self.as_of)

    def __str__(self) -> str:
        return f"{self.quarter} as of {self.as_of}{' (Rév. 1)' if self.is_revised else ''}"


@dataclass(frozen=True)
class DueEdition:
    """An edition to make, the reason, and its languages."""

    scheduled: ScheduledEdition
    reason: str
    languages: tuple[str, ...]

    @property
    def request(self) -> edition.EditionRequest:
        """The request that makes it."""
        return edition.make_request(self.scheduled.quarter, self.languages, self.scheduled.as_of.isoformat())

    def __str__(self) -> str:
        return f"{self.scheduled}, {self.reason}"


# --- what is due ------------------------------------------------------------------------------------------------


def list_schedule() -> list[ScheduledEdition]:
    """Return the schedule of the whole plan, in order of dates: a first and a revised edition of each quarter."""
    editions = []
    for quarter in _plan_quarters():
        revised_on = quarters.quarter_end(quarter) + timedelta(days=quarters.REVISION_DAYS)
        editions += [ScheduledEdition(day, quarter) for day in (quarters.first_cutoff(quarter), revised_on)]
    return sorted(editions)


def _plan_quarters() -> list[str]:
    return list(quarters.quarters_between(quarters.FIRST_QUARTER, quarters.LAST_QUARTER))


def last_day() -> date:
    """Return the day from which nothing is due: the cut-off of the quarter after the plan's last."""
    return quarters.first_cutoff(quarters.shift(quarters.LAST_QUARTER, 1))


def find_next(today: date) -> ScheduledEdition | None:
    """Return the first edition of the schedule that is not yet due; None after the last."""
    return next((scheduled for scheduled in list_schedule() if scheduled.as_of > today), None)


def read_complete_edition(scheduled: ScheduledEdition) -> manifest.PublishedEdition | None:
    """Return a published edition; None unless all its files are there."""
    published = manifest.read_published_edition(scheduled.quarter, scheduled.as_of.isoformat())
    return published if published and all(published.find(name).is_file() for name in published.outputs) else None


def _describe_changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Name the inputs that were added, removed or changed; blank if none was."""
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    named = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return f"its inputs changed since: {named}" if changed else ""


def describe_reason(scheduled: ScheduledEdition, languages: Sequence[str]) -> str:
    """Return why an edition must be made, or made again; blank if it need not. Raises RunError for refused data."""
    published = read_complete_edition(scheduled)
    if published is None:
        return "not made yet"
    missing = [language for language in languages if language not in published.languages]
    if missing:
        return f"not there in {', '.join(missing)}"
    with raise_run_errors():
        now = pipeline.list_current_inputs(scheduled.quarter, scheduled.as_of.isoformat())
    return _describe_changes(published.inputs, now)


def select_scheduled(today: date) -> list[ScheduledEdition]:
    """Return the editions to check on a day: the last one published, and those that fell due since.

    If none is published, those of the latest quarter only: `papu run QUARTER` makes any earlier one.
    """
    past = [scheduled for scheduled in list_schedule() if scheduled.as_of <= today]
    if not past or today >= last_day():
        return []
    published = [number for number, scheduled in enumerate(past) if read_complete_edition(scheduled)]
    if published:
        return past[published[-1] :]
    latest = max(scheduled.quarter for scheduled in past)
    return [scheduled for scheduled in past if scheduled.quarter == latest]


def find_due(today: date, languages: Sequence[str] = ()) -> list[DueEdition]:
    """Return the editions due on a day that are not published or whose inputs changed since, in order of dates.

    A published edition that another one follows is final. Languages already published are kept. Raises RunError for
    refused data, ValueError for a language without a catalogue.
    """
    edition.check_languages(languages)
    wanted, due = tuple(languages or catalogue.official_languages()), []
    selected = select_scheduled(today)
    for scheduled in selected:
        published = read_complete_edition(scheduled)
        is_final = published is not None and scheduled != selected[-1]
        reason = "" if is_final else describe_reason(scheduled, wanted)
        if reason:
            kept = published.languages if published else ()
            due.append(DueEdition(scheduled, reason, tuple(dict.fromkeys([*kept, *wanted]))))
    return due


def describe_due(due: Sequence[DueEdition], today: date) -> str:
    """Return one line on what is due, or on why nothing is."""
    return "due: " + "; ".join(map(str, due)) if due else describe_nothing_due(today)


def describe_nothing_due(today: date) -> str:
    """Return why nothing is due on a day, and what will be next."""
    if today >= last_day():
        return f"nothing to do: the plan ended with {quarters.LAST_QUARTER}; nothing is ever due any more"
    latest = next((one for one in reversed(select_scheduled(today)) if read_complete_edition(one)), None)
    reason = f"{latest} is made and its inputs have not changed" if latest else "no edition is due yet"
    following = find_next(today)
    return f"nothing to do: {reason}; " + (f"next: {following}" if following else "it was the plan's last")


def run_due(due: Sequence[DueEdition], log: Log, progress: bool = False) -> tuple[list[Path], list[int]]:
    """Make the editions that are due, in order; one that fails does not stop the next.

    Returns the folders published and the exit code of each failure. Each reason is checked again once its quarter is
    locked, so that an edition that another timer made meanwhile is not made twice.
    """
    published, codes = [], []
    for one in due:
        request = one.request
        edition_log = log.bind(quarter=request.quarter, as_of=request.as_of)
        try:
            with lock_quarter(request.quarter):
                reason = describe_reason(one.scheduled, one.languages)
                if reason:
                    edition_log.info(f"{one.scheduled}, in {', '.join(request.languages)}: {reason}")
                    published.append(edition.run_locked_edition(request, edition_log.info, progress))
        except RunError as error:
            codes.append(edition_log.error(error))
    return published, codes


# --- status -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunStatus:
    """The status on a day: published editions, runs that failed or go on, what is due and what comes next."""

    today: date
    published: Mapping[ScheduledEdition, manifest.PublishedEdition]
    failed: Sequence[RunEvent]
    held: Mapping[str, str]
    due: Sequence[DueEdition]
    following: ScheduledEdition | None


def _find_published() -> dict[ScheduledEdition, manifest.PublishedEdition]:
    """Return every published edition with a readable manifest, also those of a date outside the schedule."""
    found = {}
    for published in manifest.list_published_editions():
        with contextlib.suppress(ValueError):
            found[ScheduledEdition(date.fromisoformat(published.as_of), published.quarter)] = published
    return dict(sorted(found.items()))


def _find_failed(held: Mapping[str, str]) -> list[RunEvent]:
    """Return the last event of each edition and command if the run did not succeed and is not still running."""
    last = {(event.command, *event.edition): event for event in read_events()}.values()
    running = [event for event in last if event.event == RUN_BEGAN and event.quarter in held]
    return [event for event in last if event.facts.get("exit_code") != 0 and event not in running]


def read_status(today: date, languages: Sequence[str] = ()) -> RunStatus:
    """Return the status on a day; raises as `find_due` does."""
    held = {quarter: holder for quarter in _plan_quarters() if (holder := find_lock_holder(quarter))}
    return RunStatus(today, _find_published(), _find_failed(held), held, find_due(today, languages), find_next(today))


def _describe_failure(event: RunEvent) -> Iterator[str]:
    endings = {RUN_BEGAN: "began and never ended: it was killed", RUN_ENDED: "was ended from outside"}
    ending = endings.get(event.event, event.event)
    yield f"  {event.quarter} as of {event.as_of}, papu {event.command}: {ending}, {event.at}"
    details = [event.facts.get("message"), event.facts.get("line"), *event.facts.get("failures", ())]
    yield from (f"    {text}" for text in details if text)
    yield f"    next: {event.facts.get('next') or 'run it again'}"


def format_status(status: RunStatus) -> list[str]:
    """Return the status as lines for a person."""
    lines = [f"editions made, on {status.today} (UTC):"]
    lines += [
        f"  {scheduled}: {', '.join(published.languages)}; made {published.ended_at}, input id {published.input_id}"
        for scheduled, published in status.published.items()
    ] or ["  none"]
    lines += [f"running: {quarter} is held by {holder}" for quarter, holder in status.held.items()]
    if status.failed:
        lines += ["did not succeed:", *(line for event in status.failed for line in _describe_failure(event))]
    lines += [f"due: {one}; papu run --due makes it" for one in status.due]
    return lines if status.due else [*lines, describe_nothing_due(status.today)]


def status_to_json(status: RunStatus) -> dict[str, object]:
    """Return the status as plain data, for another program."""
    return {
        "today": status.today.isoformat(),
        "made": [
            {"quarter": scheduled.quarter, "as_of": scheduled.as_of.isoformat(), "revised": scheduled.is_revised}
            | {key: getattr(published, key) for key in ("languages", "input_id", "started_at", "ended_at")}
            for scheduled, published in status.published.items()
        ],
        "running": [{"quarter": quarter, "holder": holder} for quarter, holder in status.held.items()],
        "failed": [{**vars(event), "facts": dict(event.facts)} for event in status.failed],
        "due": [
            {"quarter": one.scheduled.quarter, "as_of": one.scheduled.as_of.isoformat(), "reason": one.reason}
            for one in status.due
        ],
        "next": str(status.following or ""),
    }
