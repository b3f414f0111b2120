"""Finds the editions that are due on a day, makes them, and reports the status of all editions and runs."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import editions, paths
from helpers.i18n import catalogue
from helpers.plan import checks, quarters, read_settings
from helpers.runs import RunError, edition, publish, raise_run_errors, site
from helpers.runs.edition import EditionRequest
from helpers.runs.errors import NEXT_STEPS
from helpers.runs.lock import find_lock_holder, lock_quarter
from helpers.runs.log import RUN_BEGAN, RUN_ENDED, Log, Reporter, RunEvent, read_events
from helpers.speech import say, say_of, to_say

if TYPE_CHECKING:
    from helpers.runs.cluster import Cluster

SITE_INDEX = "reports/index.html"
WAITING = 4  # quarters made at once, a processor, where a cluster does most of the work and this machine waits

DueEditions = Mapping[EditionRequest, str]  # why each is due, in order of dates


def list_schedule() -> list[EditionRequest]:
    """Return the schedule of the whole plan, in order of dates: two editions of each quarter that has statuses."""
    settings = read_settings()
    editions = [
        EditionRequest(quarter, day.isoformat())
        for quarter in settings.quarters if quarter >= settings.first_status_quarter
        for day in (settings.first_cutoff(quarter), settings.revised_on(quarter))
    ]  # fmt: skip
    return sorted(editions, key=lambda request: request.as_of)


def find_next(today: date) -> EditionRequest | None:
    """Return the first edition of the schedule that is not yet due; None after the last."""
    return next((request for request in list_schedule() if request.as_of > today.isoformat()), None)


def list_made(today: date) -> list[EditionRequest]:
    """Return the editions of up to a day of which a report or a manifest is there, whatever its state."""
    reports, made = paths.site(), set()
    for path in (*reports.glob("*/????-??-??/report_*.pdf"), *reports.glob(f"*/????-??-??/{editions.MANIFEST_JSON}")):
        with contextlib.suppress(ValueError):
            made.add(replace(edition.make_request(path.parts[-3], (), path.parts[-2]), languages=()))
    return [request for request in made if request.as_of <= today.isoformat()]


def describe_damage(request: EditionRequest) -> str:
    """Return which files of an edition are no longer what was published; blank if none."""
    published = request.read_published()
    damaged = published.list_damaged() if published else [f"report/{editions.MANIFEST_JSON}"]
    return _tell_damage(_name_some(damaged)) if damaged else ""


def _tell_damage(names: str) -> str:
    return say("damaged since it was published: {names}", names=names)


def _name_some(names: Sequence[str]) -> str:
    named, n = ", ".join(names[:3]), len(names) - 3
    return say("{names} and {n} more", names=named, n=n) if n > 0 else named


def describe_reason(request: EditionRequest) -> str:
    """Return why an edition must be made, or made again; blank if it need not. Raises RunError for refused data."""
    published = request.read_published()
    if published is None:
        return say("not made yet")
    if damage := describe_damage(request):
        return damage
    if missing := [language for language in request.languages if language not in published.languages]:
        return say("not there in {languages}", languages=", ".join(missing))
    if published.state == editions.digest_state(request.quarter):
        return ""
    from helpers.runs import completeness  # it takes long to load, and is not asked where nothing changed
    from helpers.tables import pipeline

    with raise_run_errors():
        now = pipeline.list_current_files(request.quarter, request.as_of)
    if lost := completeness.list_lost(published, request.quarter, now):
        return say("what it rests on is missing: {what}", what=completeness.describe_lost(lost))
    before, digests = published.inputs, {name: file.sha256 for name, file in now.items()}
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != digests.get(name))
    return say("its inputs changed since: {names}", names=_name_some(changed)) if changed else ""


def select_scheduled(today: date) -> list[EditionRequest]:
    """Return the editions to check on a day: the last one published, and those that fell due since.

    If none is published, those of the latest quarter only: `papu run QUARTER` makes any earlier one.
    """
    past = [request for request in list_schedule() if request.as_of <= today.isoformat()]
    if published := [number for number, request in enumerate(past) if request.read_published()]:
        return past[published[-1] :]
    latest = max((request.quarter for request in past), default="")
    return [request for request in past if request.quarter == latest]


def find_between(first: str, last: str, today: date, languages: Sequence[str] = ()) -> DueEditions:
    """Return the scheduled editions of quarters `first` to `last`, of up to a day, that are missing or out of date.

    Those already followed by another one too. Languages already published are kept. Raises RunError for refused data,
    ValueError for an unknown quarter or language.
    """
    wanted, _ = (edition.make_request(quarter, languages).languages for quarter in (first, last))
    if first > last:
        raise ValueError(say("{first} is after {last}", first=first, last=last))
    with raise_run_errors():
        paths.check_raw_folder()
    past = [request for request in list_schedule() if request.as_of <= today.isoformat()]
    asked = [replace(request, languages=wanted) for request in past if first <= request.quarter <= last]
    kept = map(edition.keep_languages, asked)
    return {request: reason for request in kept if (reason := describe_reason(request))}


def find_due(today: date, languages: Sequence[str] = ()) -> DueEditions:
    """Return the editions due on a day that are not published or whose inputs changed since, and the damaged ones.

    A published edition that another one follows is final unless it is damaged. Languages already published are kept.
    Raises RunError for refused data, ValueError for a language without a catalogue.
    """
    edition.check_languages(languages)
    with raise_run_errors():
        paths.check_raw_folder()
    wanted, due = tuple(languages or catalogue.official_languages()), {}
    selected, made = select_scheduled(today), list_made(today)
    for request in sorted({*selected, *made}, key=lambda request: (request.as_of, request.quarter)):
        is_final = request not in selected or (request.read_published() is not None and request != selected[-1])
        asked = request if is_final else replace(request, languages=wanted)
        if reason := describe_damage(request) if is_final else describe_reason(asked):
            kept = edition.keep_languages(asked)
            due[kept if kept.languages else replace(kept, languages=wanted)] = reason
    return due


def describe_due(due: DueEditions, today: date, first: str = "", last: str = "") -> str:
    """Return one line on what is due on a day; if nothing is, on why, and on what will be next.

    With two quarters, on what is missing or out of date among theirs.
    """
    if due:
        listed = (say("{request}, {reason}", request=request, reason=reason) for request, reason in due.items())
        return say("due: {editions}", editions=say("; ").join(listed))
    if first:
        return say(
            "nothing to do: from {first} to {last}, every edition that is past is made and its inputs have not changed",
            first=first, last=last,
        )  # fmt: skip
    settings = read_settings()
    if today >= settings.first_cutoff(quarters.shift(settings.last_quarter, 1)):  # when the next quarter would be due
        return say(
            "nothing to do: the plan ended with {last_quarter}; no new edition is ever due any more",
            last_quarter=settings.last_quarter,
        )
    latest = next((request for request in reversed(select_scheduled(today)) if request.read_published()), None)
    reason = (say("{latest} is made and its inputs have not changed", latest=latest) if latest
              else say("no edition is due yet"))  # fmt: skip
    following = find_next(today)
    after = say("next: {request}", request=following) if following else say("it was the plan's last")
    return say("nothing to do: {reason}; {after}", reason=reason, after=after)


def run_due(
    due: DueEditions, log: Log, progress: bool = False, without: Sequence[str] = (), cluster: Cluster | None = None
) -> tuple[list[Path], list[int]]:
    """Make the editions that are due, `without` some files; one that fails does not stop the others.

    Quarters are made side by side, the editions of each in order: a revised one names the one that it revises.
    Returns the folders published and the exit code of each failure, in the order of `due`.
    """
    if not due:
        return [], []
    from helpers.runs import parallel  # it takes a while to load, and most days there is nothing to make

    by_quarter: dict[str, list[EditionRequest]] = {}
    for request in due:
        by_quarter.setdefault(request.quarter, []).append(request)
    run = functools.partial(_run_quarter, due, log, progress and len(by_quarter) == 1, without, cluster)
    at_once = 1 if cluster and not cluster.is_concurrent else (os.cpu_count() or 1) * (WAITING if cluster else 1)
    workers, outcomes = min(len(by_quarter), at_once), {}
    with contextlib.closing(parallel.call_each(run, by_quarter.values(), workers)) as all_run:
        for of_quarter in all_run:
            outcomes |= of_quarter
    ordered = [outcomes[request] for request in due]
    return [each for each in ordered if isinstance(each, Path)], [each for each in ordered if isinstance(each, int)]


def _run_quarter(
    due: DueEditions, log: Log, progress: bool, without: Sequence[str], cluster: Cluster | None,
    wanted: Sequence[EditionRequest],
) -> dict[EditionRequest, Path | int | None]:  # fmt: skip
    """Make editions of one quarter; return the folder of each or its exit code, None where it need not be made.

    Each reason is checked again once the quarter is locked, so that an edition that another timer made meanwhile is not
    made twice.
    """
    from helpers.runs import parallel

    outcomes = dict.fromkeys(wanted)
    for request in wanted:
        if parallel.is_ended():
            break
        describe = describe_damage if due[request].startswith(_tell_damage("")) else describe_reason
        edition_log = log.bind(quarter=request.quarter, as_of=request.as_of)
        report = edition_log.info if len(wanted) == len(due) else _name_edition(request, edition_log.info)
        try:
            with lock_quarter(request.quarter):
                if reason := describe(request):
                    edition_log.info(say("{request}, in {languages}: {reason}", request=request,
                                         languages=", ".join(request.languages), reason=reason))  # fmt: skip
                    outcomes[request] = edition.run_locked_edition(request, report, progress, without, cluster)
        except Exception as error:  # whatever it is, the next edition may still be made
            if parallel.is_ended():
                break  # it failed because it was ended
            outcomes[request] = edition_log.error(error)
    return outcomes


def _name_edition(request: EditionRequest, report: Reporter) -> Reporter:
    """Return a reporter that says which of several editions a line is about."""
    return lambda line: report(say_of(request, line))


@dataclass(frozen=True)
class RunStatus:
    """The status on a day: published editions, runs that failed or go on, what is due and what comes next.

    `problems`: publications that are not complete, and briefs that are damaged or of other inputs than their edition.
    `refusal` is the error for which nothing can be made.
    """

    today: date
    published: Mapping[EditionRequest, editions.PublishedEdition]
    failed: Sequence[RunEvent]
    held: Mapping[str, str]
    due: DueEditions
    following: EditionRequest | None
    problems: Sequence[str] = ()
    refusal: RunError | None = None


def read_status(today: date, languages: Sequence[str] = ()) -> RunStatus:
    """Return the status on a day; raises ValueError for a language without a catalogue."""
    all_made = sorted(editions.list_published_editions(), key=lambda made: (made.as_of, made.quarter))
    published = {EditionRequest(made.quarter, made.as_of, made.languages): made for made in all_made}
    held = {quarter: holder for quarter in read_settings().quarters if (holder := find_lock_holder(quarter))}
    last = {(event.command, event.quarter, event.as_of): event for event in read_events()}.values()
    running = [event for event in last if event.event == RUN_BEGAN and event.quarter in held]
    failed = [event for event in last if event.facts.get("exit_code") != 0 and event not in running]
    due, refusal = {}, None
    try:
        with raise_run_errors():
            checks.check_plan()
        due = find_due(today, languages)
    except RunError as error:
        refusal = error
    unfinished = map(_relative, publish.list_unfinished())
    problems = [say("{folder}: its publication is not complete", folder=folder) for folder in unfinished]
    problems += [problem for made in all_made if (problem := _describe_briefs(made))]
    stale = say("{file}: not of what is published now; papu run makes it again", file=SITE_INDEX)
    problems += [] if site.is_site_current() else [stale]
    return RunStatus(today, published, failed, held, due, find_next(today), problems, refusal)


def _relative(path: Path) -> Path:
    return path.relative_to(paths.root())


def _describe_briefs(made: editions.PublishedEdition) -> str:
    """Return what is wrong with the briefs of an edition; blank if nothing is, or there are none."""
    folder = paths.briefs(made.quarter, made.as_of)
    outputs = editions.read_outputs(folder)
    damaged = [name for name, facts in outputs.items() if not editions.has_digest(folder / name, facts["sha256"])]
    stale = [name for name, facts in outputs.items() if facts.get("input_id") != made.input_id]
    found = [_tell_damage(_name_some(damaged))] if damaged else []
    found += [say("made of other inputs than the edition: {names}", names=_name_some(stale))] if stale else []
    again = to_say("{folder}: {found}; papu briefs {quarter} makes them again")
    return say(again, folder=_relative(folder), found="; ".join(found), quarter=made.quarter) if found else ""


def _describe_failure(event: RunEvent) -> Iterator[str]:
    endings = {RUN_BEGAN: say("began and never ended: it was killed"), RUN_ENDED: say("was stopped by a signal")}
    ending = endings.get(event.event) or say("failed")
    edition_of = say("{quarter} as of {as_of}", quarter=event.quarter, as_of=event.as_of)
    yield "  " + say("{edition}, papu {command}: {ending}, {at}", edition=edition_of, command=event.command,
                     ending=ending, at=event.at)  # fmt: skip
    details = [event.facts.get("message"), event.facts.get("line"), *event.facts.get("failures", ())]
    yield from (f"    {text}" for text in details if text)
    remedy = NEXT_STEPS.get(event.facts.get("exit_code")) or to_say("run it again")
    yield "    " + say_of(say("next"), say(remedy))


def _describe_made(request: EditionRequest, published: editions.PublishedEdition) -> str:
    told = say("{request}: {languages}; made {at}, input id {id}", request=request, at=published.ended_at,
               languages=", ".join(published.languages), id=published.input_id)  # fmt: skip
    modified = say("not as released: {names}", names=", ".join(published.modified))
    return f"{told}; {modified}" if published.modified else told


def format_status(status: RunStatus) -> list[str]:
    """Return the status as lines for a person."""
    lines = [say("editions made, on {day} (UTC):", day=status.today)]
    lines += [f"  {_describe_made(*made)}" for made in status.published.items()] or ["  " + say("none")]
    lines += [say("running: {quarter} is held by {holder}", quarter=quarter, holder=holder)
              for quarter, holder in status.held.items()]  # fmt: skip
    if status.failed:
        lines += [say("did not succeed:"), *(line for event in status.failed for line in _describe_failure(event))]
    lines += [*status.problems]
    if status.refusal:
        lines += [say("no edition can be made: {why}", why=str(status.refusal).splitlines()[0])]
    due = to_say("due: {request}, {reason}; papu run --due makes it")
    lines += [say(due, request=request, reason=reason) for request, reason in status.due.items()]
    return lines if status.due or status.refusal else [*lines, describe_due({}, status.today)]


def status_to_json(status: RunStatus) -> dict[str, object]:
    """Return the status as plain data, for another program."""
    return {
        "today": status.today.isoformat(),
        "made": [
            {"quarter": request.quarter, "as_of": request.as_of, "revised": request.is_revised}
            | {key: getattr(published, key) for key in ("languages", "input_id", "started_at", "ended_at", "modified")}
            for request, published in status.published.items()
        ],
        "running": [{"quarter": quarter, "holder": holder} for quarter, holder in status.held.items()],
        "failed": [{**vars(event), "facts": dict(event.facts)} for event in status.failed],
        "due": [{"quarter": due.quarter, "as_of": due.as_of, "reason": reason} for due, reason in status.due.items()],
        "next": str(status.following or ""),
        "problems": list(status.problems),
        "refused": str(status.refusal or ""),
    }
