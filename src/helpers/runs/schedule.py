"""What is due on a day: which editions of the plan, whether they are made, and making those that are not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from helpers.i18n import catalogue
from helpers.plan import quarters
from helpers.runs import edition, errors
from helpers.runs.log import RUN_BEGAN, RUN_ENDED, Log, RunEvent, read_events
from helpers.tables import manifest, pipeline


@dataclass(frozen=True, order=True)
class ScheduledEdition:
    """An edition of the schedule: its date, from which it is due, and its quarter."""

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
    """An edition to be made, why, and in which languages."""

    slot: ScheduledEdition
    reason: str
    languages: tuple[str, ...]


# --- the schedule -----------------------------------------------------------------------------------------------


def _schedule() -> list[ScheduledEdition]:
    """Return the schedule of the whole plan: of each quarter its first and its revised edition, in order of dates."""
    names = quarters.quarters_between(quarters.FIRST_QUARTER, quarters.LAST_QUARTER)
    revised = [
        ScheduledEdition(quarters.quarter_end(quarter) + timedelta(days=quarters.REVISION_DAYS), quarter)
        for quarter in names
    ]
    return sorted([*(ScheduledEdition(quarters.first_cutoff(quarter), quarter) for quarter in names), *revised])


def last_day() -> date:
    """Return the day from which nothing is ever due: that of the first edition the plan no longer has."""
    return quarters.first_cutoff(quarters.shift(quarters.LAST_QUARTER, 1))


def find_next(today: date) -> ScheduledEdition | None:
    """Return the first edition that is not yet due on a day; None when the schedule has no more."""
    return next((slot for slot in _schedule() if slot.as_of > today), None)


def _read_slot(slot: ScheduledEdition) -> manifest.PublishedEdition | None:
    """Return a published edition; None where it is not there whole."""
    made = manifest.read_published_edition(slot.quarter, slot.as_of.isoformat())
    return made if made and all(made.find(output).is_file() for output in made.outputs) else None


def _describe_changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say which inputs came, went or changed; blank when none did."""
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    named = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return f"its inputs changed since: {named}" if changed else ""


def describe_reason(slot: ScheduledEdition, languages: Sequence[str]) -> str:
    """Say why an edition is to be made, or made again; blank when there is nothing to do.

    Raises RunError where its inputs cannot be those of an edition.
    """
    made = _read_slot(slot)
    if made is None:
        return "not made yet"
    missing = [language for language in languages if language not in made.languages]
    if missing:
        return f"not there in {', '.join(missing)}"
    try:
        return _describe_changes(made.inputs, pipeline.list_current_inputs(slot.quarter, slot.as_of.isoformat()))
    except pipeline.DataRefused as refused:
        raise errors.RunError(errors.ExitCode.DATA_REFUSED, str(refused)) from refused


def select_scheduled(today: date) -> list[ScheduledEdition]:
    """Return the editions to look at on a day: the last one made, and those whose date has come since.

    Where none is made yet, the schedule begins with the latest quarter whose cut-off has come: nobody waits for the
    editions of years past, and `papu run QUARTER` makes any of them. An edition that another followed stands as it is.
    """
    come = [slot for slot in _schedule() if slot.as_of <= today]
    if not come or today >= last_day():
        return []
    made = [place for place, slot in enumerate(come) if _read_slot(slot)]
    current = max(slot.quarter for slot in come)
    return come[made[-1] :] if made else [slot for slot in come if slot.quarter == current]


def find_due(today: date, languages: Sequence[str] = ()) -> list[DueEdition]:
    """Return the editions due on a day that are not made, or whose inputs have changed since, in order of dates.

    Raises RunError where the inputs cannot be those of an edition, ValueError for a language without a catalogue.
    """
    edition.check_languages(languages)
    wanted, due = tuple(languages or catalogue.official_languages()), []
    slots = select_scheduled(today)
    for slot in slots:
        followed = slot != slots[-1] and _read_slot(slot) is not None
        reason = "" if followed else describe_reason(slot, wanted)
        if reason:
            due.append(DueEdition(slot, reason, _add_languages(slot, wanted)))
    return due


def _add_languages(slot: ScheduledEdition, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the languages asked for and those it is made in: none disappears because another was asked for."""
    made = _read_slot(slot)
    return tuple(dict.fromkeys([*(made.languages if made else ()), *wanted]))


def describe_nothing_due(today: date) -> str:
    """Say why nothing is due on a day, and what will be next."""
    if today >= last_day():
        return f"nothing to do: the plan ended with {quarters.LAST_QUARTER}; nothing is ever due any more"
    latest = next((slot for slot in reversed(select_scheduled(today)) if _read_slot(slot)), None)
    stands = f"{latest} is made and its inputs have not changed" if latest else "no edition is due yet"
    following = find_next(today)
    return f"nothing to do: {stands}; " + (f"next: {following}" if following else "it was the plan's last")


# --- running what is due ----------------------------------------------------------------------------------------


def run_due(today: date, languages: Sequence[str], log: Log, progress: bool = False) -> tuple[list[Path], list[int]]:
    """Make the editions due on a day, in order; one that fails does not stop the next.

    Returns the folders published and the exit code of each that failed. Each is looked at again once its quarter is
    held, so that of two timers one makes it and the other finds it made.
    """
    published, codes = [], []
    for due in find_due(today, languages):
        order = edition.make_request(due.slot.quarter, due.languages, due.slot.as_of.isoformat())
        about = log.about(quarter=order.quarter, as_of=order.as_of)
        try:
            with edition.lock_quarter(order.quarter):
                reason = describe_reason(due.slot, due.languages)
                if reason:
                    about.say(f"{due.slot}, in {', '.join(order.languages)}: {reason}")
                    published.append(edition.run_locked_edition(order, about.say, progress))
        except errors.RunError as error:
            codes.append(about.fail(error))
    return published, codes


# --- what ran ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunStatus:
    """Where things stand on a day: editions made, runs that failed last or go on, what is due now and next."""

    today: date
    made: Mapping[ScheduledEdition, manifest.PublishedEdition]
    failed: Sequence[RunEvent]
    held: Mapping[str, str]
    due: Sequence[DueEdition]
    following: ScheduledEdition | None


def _find_made() -> dict[ScheduledEdition, manifest.PublishedEdition]:
    """Return every published edition that can be read, those made on a date of somebody's own included."""
    found = {}
    for made in manifest.list_published_editions():
        with contextlib.suppress(ValueError):
            found[ScheduledEdition(date.fromisoformat(made.as_of), made.quarter)] = made
    return dict(sorted(found.items()))


def _find_failed(held: Mapping[str, str]) -> list[RunEvent]:
    """Return the last event of each edition and command where it was no success; one still running is none."""
    last = {(event.command, *event.edition): event for event in read_events()}
    going = [event for event in last.values() if event.event == RUN_BEGAN and event.quarter in held]
    return [event for event in last.values() if event.facts.get("exit_code") != 0 and event not in going]


def read_status(today: date, languages: Sequence[str] = ()) -> RunStatus:
    """Return where things stand on a day; raises as `find_due` does."""
    names = quarters.quarters_between(quarters.FIRST_QUARTER, quarters.LAST_QUARTER)
    held = {quarter: who for quarter in names if (who := edition.find_lock_holder(quarter))}
    return RunStatus(today, _find_made(), _find_failed(held), held, find_due(today, languages), find_next(today))


def _describe_failure(event: RunEvent) -> Iterator[str]:
    what = {RUN_BEGAN: "began and never ended: it was killed", RUN_ENDED: "was ended from outside"}.get(
        event.event, event.event
    )
    yield f"  {event.quarter} as of {event.as_of}, papu {event.command}: {what}, {event.at}"
    said = [event.facts.get("message"), event.facts.get("line"), *event.facts.get("failures", ())]
    yield from (f"    {text}" for text in said if text)
    yield f"    next: {event.facts.get('next') or 'run it again'}"


def format_status(situation: RunStatus) -> list[str]:
    """Tell where things stand, line by line, for a person."""
    lines = [f"editions made, on {situation.today} (UTC):"]
    for slot, made in situation.made.items():
        lines.append(f"  {slot}: {', '.join(made.languages)}; made {made.ended_at}, input id {made.input_id}")
    if not situation.made:
        lines.append("  none")
    lines += [f"running: {quarter} is held by {who}" for quarter, who in situation.held.items()]
    if situation.failed:
        lines += ["did not succeed:", *(line for event in situation.failed for line in _describe_failure(event))]
    lines += [f"due: {one.slot}, {one.reason}; papu run --due makes it" for one in situation.due]
    return [*lines, *([] if situation.due else [describe_nothing_due(situation.today)])]


def status_to_json(situation: RunStatus) -> dict[str, object]:
    """Tell where things stand as plain data, for another program."""
    return {
        "today": situation.today.isoformat(),
        "made": [
            {"quarter": slot.quarter, "as_of": slot.as_of.isoformat(), "revised": slot.is_revised}
            | {key: getattr(made, key) for key in ("languages", "input_id", "started_at", "ended_at")}
            for slot, made in situation.made.items()
        ],
        "running": [{"quarter": quarter, "holder": who} for quarter, who in situation.held.items()],
        "failed": [{**vars(event), "facts": dict(event.facts)} for event in situation.failed],
        "due": [
            {"quarter": one.slot.quarter, "as_of": one.slot.as_of.isoformat(), "reason": one.reason}
            for one in situation.due
        ],
        "next": str(situation.following or ""),
    }
