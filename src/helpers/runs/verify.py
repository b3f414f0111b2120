"""Verification: an edition built again in private from its raw files, and whatever differs told as a person would."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from helpers import paths
from helpers.ingest import received
from helpers.runs import diff, edition
from helpers.runs.edition import EditionRequest, Reporter
from helpers.runs.errors import ExitCode, RunError
from helpers.tables import manifest, pipeline


@dataclass
class Verification:
    """What a verification found: `different` proves the edition not to be what it says; `notes` explain why."""

    compared: int = 0
    different: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_edition(quarter: str, as_of: str) -> manifest.PublishedEdition:
    """Return the published edition to verify. Raises RunError where there is none."""
    made = manifest.read_published_edition(quarter, as_of)
    if made is None:
        raise RunError(
            ExitCode.USAGE, f"there is no edition of {quarter} as of {as_of} with a manifest that can be read"
        )
    return made


# --- what it was made from, and what it is now ------------------------------------------------------------------


def _compare_digests(before: Mapping[str, str], now: Mapping[str, str], where: str) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        if name not in now:
            yield f"{where}{name}: is gone"
        elif name not in before:
            yield f"{where}{name}: came since; it is left out"
        elif before[name] != now[name]:
            yield f"{where}{name}: changed since"


def _find_published(made: manifest.PublishedEdition) -> dict[str, Path]:
    """Return the published files that are there, by their names in the manifest."""
    return {name: path for name in made.outputs if (path := made.find(name)).is_file()}


def _compare_code(made: manifest.PublishedEdition) -> Iterator[str]:
    code, environment = manifest.describe_code(), manifest.describe_environment()
    if made.code.get("sha256") != code["sha256"]:
        yield f"the code is another: it was made by {_describe_code(made.code)}, this is {_describe_code(code)}"
    if made.environment.get("lock_sha256") != environment["lock_sha256"]:
        yield "the lock file is another: the versions of the libraries may be others"
    if made.environment.get("python") != environment["python"]:
        yield f"Python is another: {made.environment.get('python')} then, {environment['python']} now"


def _describe_code(code: Mapping[str, str]) -> str:
    return f"commit {code.get('commit', '')[:10] or 'unknown'} (sha256 {code.get('sha256', '')[:10]})"


# --- building it again ------------------------------------------------------------------------------------------


def _find_new_inputs(made: manifest.PublishedEdition, current: Mapping[str, str]) -> set[str]:
    ours = ("plan/", "registers/")
    came = current.keys() - made.inputs.keys()
    return {name for name in came if not name.startswith(ours) and not name.endswith(f"/{received.MANIFEST_CSV}")}


def _copy_raw(root: Path, left_out: set[str]) -> None:
    """Copy what was received into a root of its own, but for the files that came since and their MANIFEST rows."""
    raw = root / "data" / "raw"
    shutil.copytree(paths.raw(), raw, symlinks=True)
    if (paths.root() / "notebooks").is_dir():
        shutil.copytree(paths.notebooks(), root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    for name in left_out:
        (raw / name).unlink(missing_ok=True)
        _unlist(raw / name)


def _unlist(path: Path) -> None:
    """Take a file's row out of the MANIFEST beside it."""
    manifest = path.parent / received.MANIFEST_CSV
    if manifest.is_file():
        reader = csv.reader(io.StringIO(manifest.read_text(encoding="utf-8-sig"), newline=""))
        kept = [row for row in reader if not row or row[0].strip() != path.name]
        with manifest.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(kept)


@contextmanager
def _private_root(left_out: set[str]) -> Iterator[Path]:
    """Give a run a root of its own, with the raw files of the edition; remove it after."""
    paths.build().mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ.get(name) for name in ("PAPU_ROOT", "PAPU_OUT")}
    with tempfile.TemporaryDirectory(prefix="verify-", dir=paths.build(), ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        _copy_raw(root, left_out)
        os.environ |= {"PAPU_ROOT": folder, "PAPU_OUT": str(root / "run" / "work")}
        try:
            yield root
        finally:
            for name, value in kept.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _rebuild(made: manifest.PublishedEdition, root: Path, say: Reporter) -> dict[str, Path]:
    """Build the edition in its own root; return its files by their names in the manifest."""
    (root / "run").mkdir()
    order = EditionRequest(made.quarter, made.as_of, made.languages)
    kept, report, _ = edition.build_edition(order, root / "run", say)
    files = {f"processed/{path.name}": path for path in kept.iterdir()}
    files |= {f"report/{path.name}": path for path in report.iterdir() if path.name != manifest.MANIFEST_JSON}
    return files


# --- the verdict ------------------------------------------------------------------------------------------------


def _compare(
    made: manifest.PublishedEdition, published: Mapping[str, Path], rebuilt: Mapping[str, Path]
) -> Iterator[str]:
    for name in sorted(made.outputs.keys() | rebuilt.keys()):
        if name not in rebuilt:
            yield f"{name}: is not made any more"
        elif name not in made.outputs:
            yield f"{name}: is made now and was not then"
        elif name in published:
            yield from diff.list_differences(name, published[name], rebuilt[name])


def verify(quarter: str, as_of: str, say: Reporter) -> Verification:
    """Build a published edition again from the raw files of its manifest, and compare every file byte by byte.

    Nothing that is published is touched. Raises RunError where there is no such edition or it cannot be built.
    """
    made = find_edition(quarter, as_of)
    try:
        return _verify(made, say)
    except pipeline.DataRefused as error:
        raise RunError(ExitCode.DATA_REFUSED, str(error)) from error
    except OSError as error:
        raise edition.not_writable(error, paths.build()) from error


def _verify(made: manifest.PublishedEdition, say: Reporter) -> Verification:
    quarter, as_of, verdict = made.quarter, made.as_of, Verification()
    verdict.notes += _compare_code(made)
    current = pipeline.list_current_inputs(quarter, as_of)
    verdict.notes += _compare_digests(made.inputs, current, "data/raw/")
    published = _find_published(made)  # before the root is another
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in published.items()}
    changed = _compare_digests(made.outputs, digests, "")
    verdict.different += [f"{one} it was published" if one.endswith("since") else one for one in changed]
    with _private_root(_find_new_inputs(made, current)) as root:
        rebuilt = _rebuild(made, root, say)
        verdict.compared = len(rebuilt)
        verdict.different += _compare(made, published, rebuilt)
    return verdict
