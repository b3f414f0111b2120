"""Builds a published edition again in private, from its raw files, and the site; lists what differs."""

import contextlib
import csv
import hashlib
import io
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers import editions, paths
from helpers.ingest import received
from helpers.runs import ExitCode, RunError, diff, edition, notebook, publish, raise_run_errors, site, snapshot
from helpers.runs.log import Reporter
from helpers.speech import say, say_of, to_say
from helpers.tables import claims, pipeline


@dataclass
class Verification:
    """`different`: what is not as it was published, for whatever reason; `notes`: what changed around the edition."""

    compared: int = 0
    different: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add_differences(
        self, outputs: Mapping[str, str], before: Mapping[str, Path], rebuilt: Mapping[str, Path]
    ) -> None:
        """Add what differs of some `outputs` (digests by name): what is there `before`, and what was made again."""
        digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in before.items()}
        self.compared += len(rebuilt)
        self.different += _compare_digests(outputs, digests, to_say("{name}: changed since it was published"))
        self.different += _compare_files(outputs, before, rebuilt)


def verify(quarter: str, as_of: str, report: Reporter) -> Verification:
    """Build a published edition again from the raw files of its manifest, and compare every file byte by byte.

    Nothing that is published is touched. Raises RunError if there is no such edition or it cannot be built.
    """
    published = editions.read_published_edition(quarter, as_of)
    if published is None:
        message = say("there is no edition of {quarter} as of {as_of} with a manifest that can be read",
                      quarter=quarter, as_of=as_of)  # fmt: skip
        raise RunError(ExitCode.USAGE, message)
    notebook.prepare_kernels()
    with raise_run_errors(paths.build()):
        inputs = pipeline.list_current_inputs(quarter, as_of)
        before = {name: path for name in published.outputs if (path := published.find(name)).is_file()}
        result = Verification(notes=[*_compare_code(published), *_compare_inputs(published.inputs, inputs)])
        with _private_copy(quarter, inputs.keys() - published.inputs.keys()) as folder:
            result.add_differences(published.outputs, before, _rebuild(published, folder, report))
        result.different += _check_claims(published)
    return result


def _compare_digests(before: Mapping[str, str], now: Mapping[str, str], changed: str) -> Iterator[str]:
    """Yield what became of each file, where its digest is `changed` in that sentence."""
    for name in sorted(before.keys() | now.keys()):
        if name not in now:
            yield say("{name}: is gone", name=name)
        elif name not in before:
            yield say("{name}: was added since; it is left out", name=name)
        elif before[name] != now[name]:
            yield say(changed, name=name)


def _compare_inputs(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    old, new = ({f"data/raw/{name}": digest for name, digest in each.items()} for each in (before, now))
    return _compare_digests(old, new, to_say("{name}: changed since"))


def _compare_code(published: editions.PublishedEdition) -> Iterator[str]:
    code, environment = editions.describe_code(), editions.describe_environment()
    if published.code.get("sha256") != code["sha256"]:
        yield say("the code differs: {before} then, {now} now", before=_describe_code(published.code),
                  now=_describe_code(code))  # fmt: skip
    if published.environment.get("lock_sha256") != environment["lock_sha256"]:
        yield say("the lock file differs: so may the versions of the libraries")
    if published.environment.get("python") != environment["python"]:
        before, now = published.environment.get("python"), environment["python"]
        yield say("Python differs: {before} then, {now} now", before=before, now=now)


def _describe_code(code: Mapping[str, str]) -> str:
    commit, digest = code.get("commit", "")[:10] or say("unknown"), code.get("sha256", "")[:10]
    return say("commit {commit} (sha256 {digest})", commit=commit, digest=digest)


@contextlib.contextmanager
def _private_copy(quarter: str, new_inputs: set[str]) -> Iterator[Path]:
    """Copy the raw files without later returns, let helpers and notebooks read them; yield a private folder."""
    paths.build().mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="verify-", dir=paths.build(), ignore_cleanup_errors=True) as folder,
        snapshot.take_snapshot(quarter, folder),
    ):
        for name in new_inputs:
            if not name.startswith(("plan/", "registers/")) and not name.endswith(f"/{received.MANIFEST_CSV}"):
                (paths.raw() / name).unlink(missing_ok=True)
                _unlist(*name.split("/", 1))
        with paths.set_variables(PAPU_OUT=str(Path(folder) / "work")):
            yield Path(folder)


def _unlist(quarter: str, name: str) -> None:
    """Remove a file's row from the MANIFEST.csv of its quarter."""
    listing = paths.returns(quarter) / received.MANIFEST_CSV
    if listing.is_file():
        reader = csv.reader(io.StringIO(listing.read_text(encoding="utf-8-sig"), newline=""))
        kept = [row for row in reader if not row or row[0].strip() != name]
        with listing.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(kept)


def _rebuild(published: editions.PublishedEdition, folder: Path, report: Reporter) -> dict[str, Path]:
    """Build the edition in a private folder; return its files by their names in the manifest."""
    request = edition.EditionRequest(published.quarter, published.as_of, published.languages)
    tables_folder, report_folder, _ = edition.build_edition(request, folder, report)
    files = edition.name_outputs(tables_folder, report_folder)
    return {name: path for name, path in files.items() if path.name != editions.MANIFEST_JSON}


def _check_claims(published: editions.PublishedEdition) -> Iterator[str]:
    """Yield what the published report says and the published tables do not; nothing of an edition before claims."""
    name = f"report/{claims.CLAIMS_JSON}"
    if (path := published.find(name)).is_file():
        folder = paths.processed(published.quarter, published.as_of)
        yield from (say_of(name, false) for false in claims.check(path, folder, published.as_of))


def _compare_files(outputs: Collection[str], before: Mapping[str, Path], rebuilt: Mapping[str, Path]) -> Iterator[str]:
    for name in sorted({*outputs, *rebuilt}):
        if name not in rebuilt:
            yield say("{name}: is no longer made", name=name)
        elif name not in outputs:
            yield say("{name}: is new", name=name)
        elif name in before:
            yield from diff.list_differences(name, before[name], rebuilt[name])


def verify_site(result: Verification) -> None:
    """Make the site again in private, of what is published, and add to a verification what differs."""
    published, folder = site.read_site_outputs(), paths.site()
    if not published:
        told = to_say("{file}: not made yet, or its manifest cannot be read; papu run makes it")
        result.notes.append(say(told, file=f"{folder.name}/index.html"))
        return
    with raise_run_errors(paths.build()), publish.folder_beside(paths.build() / "site") as private:
        made = site.build_site(private / "site")
        rebuilt = {f"{folder.name}/{name}": made / name for name in editions.read_outputs(made)}
        outputs = {f"{folder.name}/{name}": digest for name, digest in published.items()}
        before = {name: path for name in outputs if (path := folder.parent / name).is_file()}
        result.add_differences(outputs, before, rebuilt)
