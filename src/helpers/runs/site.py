"""Publishes the site: the index of the editions, the pages of the indicators and their data, all or none of it."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from helpers import editions, paths
from helpers.runs import ExitCode, RunError, publish, raise_run_errors
from helpers.runs.lock import lock_quarter
from helpers.runs.log import Reporter
from helpers.speech import say, say_many

WAIT = 120.0  # seconds, for another run that makes the site: an edition of another quarter may be made at once
_TRIES = 3  # where editions are published meanwhile


def describe_site_state() -> list[str]:
    """Return two digests: of all that the site is made of, and of what the pages of its indicators are made of.

    That is what is published, of the latter the newest edition and the languages alone, and plan, registers, code and
    environment.
    """
    told = ("quarter", "as_of", "languages", "input_id", "outputs", "is_sample", "revises")
    published = [asdict(edition) for edition in editions.list_published_editions()]
    facts = [[edition[name] for name in told] for edition in published]
    briefs = [sorted(editions.read_outputs(paths.briefs(each["quarter"], each["as_of"]))) for each in published]
    languages = sorted({language for edition in published for language in edition["languages"]})
    rest = editions.digest_folders({})
    states = (json.dumps([rest, part]) for part in ([facts, briefs], [facts[-1:], languages]))
    return [hashlib.sha256(state.encode()).hexdigest() for state in states]


def _read_state() -> list[str]:
    """Return the state of the site that is published; blank for one that is damaged, or not there."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        manifest = json.loads((paths.site() / editions.MANIFEST_JSON).read_bytes())
        if all(editions.has_digest(paths.site() / name, digest) for name, digest in read_site_outputs().items()):
            return list(manifest["state"])
    return []


def read_site_outputs() -> dict[str, str]:
    """Return the digests of the site's files, from its manifest; none without one."""
    return {name: str(facts["sha256"]) for name, facts in editions.read_outputs(paths.site()).items()}


def is_site_current() -> bool:
    """Whether the site is undamaged and of what is published now; so too where no file is published."""
    has_files = any(edition.outputs for edition in editions.list_published_editions())
    return not has_files or _read_state() == describe_site_state()


def update_site(report: Reporter) -> None:
    """Make and publish the site unless it is current. Raises RunError; what was published then stays as it was."""
    if is_site_current():
        return
    with raise_run_errors(paths.site()), lock_quarter(publish.SITE, WAIT):
        publish.recover(publish.SITE)
        for _ in range(_TRIES):
            if is_site_current():
                return
            state = describe_site_state()
            with publish.folder_beside(paths.site() / "site") as folder:
                made = build_site(folder / "site", state, may_keep=_read_state()[1:] == state[1:])
                if state == describe_site_state():  # else an edition was published meanwhile, and tables may be of both
                    _publish(made)
                    n, index = len(read_site_outputs()), f"{paths.site().name}/index.html"
                    report(say_many("index of the editions: {file}, {n} file",
                                    "index of the editions: {file}, {n} files", n, file=index))  # fmt: skip
    if not is_site_current():
        message = say("editions were published while their index was made; run it again")
        raise RunError(ExitCode.QUARTER_HELD, message)


def build_site(folder: Path, state: Sequence[str] = (), may_keep: bool = False) -> Path:
    """Make the site in a folder of its own, with its manifest; the same editions give the same bytes.

    The pages of the indicators and their data are those that are published where these `may_keep`.
    """
    from helpers.runs import pages  # it takes long to load, and is not asked where nothing changed
    from helpers.tables import manifest

    _begin_site(folder, paths.site() if may_keep else None)
    pages.make_pages(folder, editions.list_site_languages(), with_indicators=not may_keep)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    outputs = {path.relative_to(folder).as_posix(): manifest.describe_file(path) for path in files}
    text = json.dumps({"state": list(state), "outputs": outputs}, ensure_ascii=False, indent=1) + "\n"
    (folder / editions.MANIFEST_JSON).write_text(text, encoding="utf-8", newline="\n")
    return folder


def _begin_site(folder: Path, kept: Path | None) -> None:
    """Make the folders of the site, and the data of its indicators; what takes longest is copied if it is `kept`."""
    from helpers.tables import datapackage, manifest

    newest = editions.list_published_editions()[-1]
    found = manifest.read_published_tables(newest.quarter, newest.as_of)
    if found is None or newest.list_damaged():
        raise paths.DataRefused(say(
            "the newest edition, {quarter} as of {as_of}, is damaged, or its tables are gone: papu run {quarter} "
            "--as-of {as_of} makes it again", quarter=newest.quarter, as_of=newest.as_of,
        ))  # fmt: skip
    (folder / editions.LATEST).mkdir(parents=True)
    for name in (editions.INDICATORS, editions.DATA):
        shutil.copytree(kept / name, folder / name) if kept else (folder / name).mkdir()
    if not kept:
        datapackage.write_series(folder / editions.DATA, found)


def _publish(made: Path) -> None:
    """Move each file and folder of the site into place together; remove those that it no longer has."""
    before = {name.partition("/")[0] for name in read_site_outputs()}
    parts = sorted(made.iterdir())
    publish.move_into_place(*((part, paths.site() / part.name) for part in parts))
    for name in before - {part.name for part in parts}:
        path = paths.site() / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
