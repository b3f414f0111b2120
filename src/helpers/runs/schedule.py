"""What is due on a day: which editions of the plan, whether they are made, and making those that are not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from helpers.i18n.catalogue import official_languages
from helpers.plan.quarters import (
    FIRST_QUARTER,
    LAST_QUARTER,
    REVISION_DAYS,
    first_cutoff,
    is_revised,
    quarter_end,
    quarters_between,
    shift,
)
from helpers.runs import edition, notebook
from helpers.runs.log import BEGAN, ENDED, Event, Log, read_events
from helpers.tables import manifest, pipeline
from helpers.tables.manifest import Made


@dataclass(frozen=True, order=True)
class Slot:
    """An edition of the schedule: its date, from which it is due, and its quarter."""

    as_of: date
    quarter: str

    @property
    def is_revised(self) -> bool:
        """Whether it is the quarter's revised edition."""
        return is_revised(self.quarter, self.as_of)

    def __str__(self) -> str:
        return f"{self.quarter} as of {self.as_of}{' (Rév. 1)' if self.is_revised else ''}"


@dataclass(frozen=True)
class Due:
    """An edition to be made, why, and in which languages."""

    slot: Slot
    reason: str
    languages: tuple[str, ...]


# --- the schedule -----------------------------------------------------------------------------------------------


def _slots() -> list[Slot]:
    """Return the schedule of the whole plan: of each quarter its first and its revised edition, in order of dates."""
    quarters = quarters_between(FIRST_QUARTER, LAST_QUARTER)
    revised = [Slot(quarter_end(quarter) + timedelta(days=REVISION_DAYS), quarter) for quarter in quarters]
    return sorted([*(Slot(first_cutoff(quarter), quarter) for quarter in quarters), *revised])


def last_day() -> date:
    """Return the day from which nothing is ever due: that of the first edition the plan no longer has."""
    return first_cutoff(shift(LAST_QUARTER, 1))


def find_next(today: date) -> Slot | None:
    """Return the first edition that is not yet due on a day; None when the schedule has no more."""
    return next((slot for slot in _slots() if slot.as_of > today), None)


def read_made(slot: Slot) -> Made | None:
    """Return a published edition; None where it is not there whole."""
    made = manifest.read_made(slot.quarter, slot.as_of.isoformat())
    return made if made and all(made.find(output).is_file() for output in made.outputs) else None


def _say_changed(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say which inputs came, went or changed; blank when none did."""
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    named = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return f"its inputs changed since: {named}" if changed else ""


def say_reason(slot: Slot, languages: Sequence[str]) -> str:
    """Say why an edition is to be made, or made again; blank when there is nothing to do.

    Raises RunError where its inputs cannot be those of an edition.
    """
    made = read_made(slot)
    if made is None:
        return "not made yet"
    missing = [language for language in languages if language not in made.languages]
    if missing:
        return f"not there in {', '.join(missing)}"
    try:
        return _say_changed(made.inputs, pipeline.list_current(slot.quarter, slot.as_of.isoformat()))
    except pipeline.DataRefused as refused:
        raise notebook.RunError(notebook.REFUSED, str(refused)) from refused


def select_slots(today: date) -> list[Slot]:
    """Return the editions to look at on a day: the last one made, and those whose date has come since.

    Where none is made yet, the schedule begins with the latest quarter whose cut-off has come: nobody waits for the
    editions of years past, and `papu run QUARTER` makes any of them. An edition that another followed stands as it is.
    """
    come = [slot for slot in _slots() if slot.as_of <= today]
    if not come or today >= last_day():
        return []
    made = [place for place, slot in enumerate(come) if read_made(slot)]
    current = max(slot.quarter for slot in come)
    return come[made[-1] :] if made else [slot for slot in come if slot.quarter == current]


def find_due(today: date, languages: Sequence[str] = ()) -> list[Due]:
    """Return the editions due on a day that are not made, or whose inputs have changed since, in order of dates.

    Raises RunError where the inputs cannot be those of an edition, ValueError for a language without a catalogue.
    """
    edition.check_languages(languages)
    wanted, due = tuple(languages or official_languages()), []
    slots = select_slots(today)
    for slot in slots:
        followed = slot != slots[-1] and read_made(slot) is not None
        reason = "" if followed else say_reason(slot, wanted)
        if reason:
            due.append(Due(slot, reason, _add_languages(slot, wanted)))
    return due


def _add_languages(slot: Slot, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the languages asked for and those it is made in: none disappears because another was asked for."""
    made = read_made(slot)
    return tuple(dict.fromkeys([*(made.languages if made else ()), *wanted]))


def say_nothing(today: date) -> str:
    """Say why nothing is due on a day, and what will be next."""
    if today >= last_day():
        return f"nothing to do: the plan ended with {LAST_QUARTER}; nothing is ever due any more"
    latest = next((slot for slot in reversed(select_slots(today)) if read_made(slot)), None)
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
        order = edition.order(due.slot.quarter, due.languages, due.slot.as_of.isoformat())
        about = log.about(quarter=order.quarter, as_of=order.as_of)
        try:
            with edition.hold(order.quarter):
                reason = say_reason(due.slot, due.languages)
                if reason:
                    about.say(f"{due.slot}, in {', '.join(order.languages)}: {reason}")
                    published.append(edition.make_edition(order, about.say, progress))
        except notebook.RunError as error:
            codes.append(about.fail(error))
    return published, codes


# --- what ran ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Situation:
    """Where things stand on a day: editions made, runs that failed last or go on, what is due now and next."""

    today: date
    made: Mapping[Slot, Made]
    failed: Sequence[Event]
    held: Mapping[str, str]
    due: Sequence[Due]
    following: Slot | None


def _find_made() -> dict[Slot, Made]:
    """Return every published edition that can be read, those made on a date of somebody's own included."""
    found = {}
    for made in manifest.list_made():
        with contextlib.suppress(ValueError):
            found[Slot(date.fromisoformat(made.as_of), made.quarter)] = made
    return dict(sorted(found.items()))


def _find_failed(held: Mapping[str, str]) -> list[Event]:
    """Return the last event of each edition and command where it was no success; one still running is none."""
    last = {(event.command, *event.edition): event for event in read_events()}
    going = [event for event in last.values() if event.event == BEGAN and event.quarter in held]
    return [event for event in last.values() if event.facts.get("exit_code") != 0 and event not in going]


def find_situation(today: date, languages: Sequence[str] = ()) -> Situation:
    """Return where things stand on a day; raises as `find_due` does."""
    quarters = quarters_between(FIRST_QUARTER, LAST_QUARTER)
    held = {quarter: who for quarter in quarters if (who := edition.find_holder(quarter))}
    return Situation(today, _find_made(), _find_failed(held), held, find_due(today, languages), find_next(today))


def _say_failed(event: Event) -> Iterator[str]:
    what = {BEGAN: "began and never ended: it was killed", ENDED: "was ended from outside"}.get(
        event.event, event.event
    )
    yield f"  {event.quarter} as of {event.as_of}, papu {event.command}: {what}, {event.at}"
    said = [event.facts.get("message"), event.facts.get("line"), *event.facts.get("failures", ())]
    yield from (f"    {text}" for text in said if text)
    yield f"    next: {event.facts.get('next') or 'run it again'}"


def list_lines(situation: Situation) -> list[str]:
    """Tell where things stand, line by line, for a person."""
    lines = [f"editions made, on {situation.today} (UTC):"]
    for slot, made in situation.made.items():
        lines.append(f"  {slot}: {', '.join(made.languages)}; made {made.ended_at}, input id {made.input_id}")
    if not situation.made:
        lines.append("  none")
    lines += [f"running: {quarter} is held by {who}" for quarter, who in situation.held.items()]
    if situation.failed:
        lines += ["did not succeed:", *(line for event in situation.failed for line in _say_failed(event))]
    lines += [f"due: {one.slot}, {one.reason}; papu run --due makes it" for one in situation.due]
    return [*lines, *([] if situation.due else [say_nothing(situation.today)])]


def tell(situation: Situation) -> dict[str, object]:
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
