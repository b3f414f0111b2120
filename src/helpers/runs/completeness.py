"""Finds what an edition published before rests on and one made now would not: it is never lost unnoticed."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from helpers import editions, paths
from helpers.ingest import ReceivedFile, received
from helpers.runs.errors import ExitCode, RunError
from helpers.speech import say, say_many
from helpers.tables import pipeline


def find_before(quarter: str, as_of: str) -> editions.PublishedEdition | None:
    """Return the edition that one made now would replace; else the last one before it, which rests on no other file."""
    made = [edition for edition in editions.list_published_editions() if edition.quarter <= quarter]
    earlier = [edition for edition in made if edition.as_of < as_of]
    return editions.read_published_edition(quarter, as_of) or max(earlier, key=lambda each: each.as_of, default=None)


def list_lost(before: editions.PublishedEdition, quarter: str, now: Mapping[str, ReceivedFile]) -> dict[str, str]:
    """Return what a published edition rests on and one of a quarter would not: what happened, by name in `data/raw`."""
    expected = before.inputs.keys()
    if before.quarter != quarter:  # the plan may be another one by then, and texts belong to their quarter
        expected = {name for name in expected if not name.startswith("plan/") and received.EDITION_TOML not in name}
    return {name: loss for name in sorted(expected) if (loss := _describe_loss(name, before, now.get(name)))}


def _describe_loss(name: str, before: editions.PublishedEdition, now: ReceivedFile | None) -> str:
    if now is None:
        return say("no longer counts") if (paths.raw() / name).is_file() else say("is gone")
    if now.rows is not None and now.rows < before.rows.get(name, 0):
        told = before.rows[name]
        return say_many("has {n} row instead of {before}", "has {n} rows instead of {before}", now.rows, before=told)
    if not now.quarter or now.sha256 == before.inputs[name]:
        return ""
    is_damaged = now.name in {issue.source_file for issue in received.find_damaged(now.quarter)}
    return say("is not what MANIFEST.csv lists") if is_damaged else ""


def describe_lost(lost: Mapping[str, str]) -> str:
    """Return what was lost as text."""
    return ", ".join(say("{file} {loss}", file=f"data/raw/{name}", loss=loss) for name, loss in lost.items())


def check_complete(quarter: str, as_of: str, without: Sequence[str] = ()) -> None:
    """Refuse an edition that would rest on less than the one published before, except `without` some files.

    Those are names below `data/raw`, or patterns of them. Raises RunError naming what is missing.
    """
    before = find_before(quarter, as_of)
    lost = list_lost(before, quarter, pipeline.list_current_files(quarter, as_of)) if before else {}
    for pattern in (text.removeprefix("data/raw/") for text in without):
        found = [name for name in lost if name == pattern or fnmatchcase(name, pattern)]
        if not found:
            raise RunError(
                ExitCode.USAGE, say("--without {pattern}: nothing that is missing has this name", pattern=pattern)
            )
        for name in found:
            del lost[name]
    if lost:
        rests = say(
            "the published edition of {quarter} as of {as_of} rests on it", quarter=before.quarter, as_of=before.as_of
        )
        remedy = say("put it back, or say --without FILE, for each, to mean it")
        raise RunError(
            ExitCode.DATA_REFUSED, say("{what}: {why}; {remedy}", what=describe_lost(lost), why=rests, remedy=remedy)
        )
