"""What an edition was made from, with what, and what came out: its manifest, written and read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.tables import schema
from helpers.tables.pipeline import EditionTables

MANIFEST_JSON = "manifest.json"


def describe_file(path: Path) -> dict[str, object]:
    """Return what a manifest tells of a file."""
    content = path.read_bytes()
    told: dict[str, object] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    if path.suffix == ".csv":
        told["rows"] = max(content.count(b"\n") - 1, 0)
    if path.suffix == ".parquet":
        told["rows"] = len(schema.read_parquet(path))
    return told


def _digest_of(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: (path.name, path)):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _commit() -> str:
    """Return the commit of the checkout, blank where there is none to tell."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "-C", str(paths.root()), "rev-parse", "HEAD"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return ""


def describe_code() -> dict[str, str]:
    """Return which code there is: its commit, and the digest of the package and the notebooks."""
    code = [path for path in paths.PACKAGE.rglob("*.*") if path.is_file() and path.suffix != ".pyc"]
    return {"commit": _commit(), "sha256": _digest_of([*code, *paths.notebooks().glob("*.ipynb")])}


def describe_environment() -> dict[str, str]:
    """Return what the code runs with: the digest of the lock file, the version of Python."""
    lock = paths.lock()
    return {"lock_sha256": _digest_of([lock]) if lock.is_file() else "", "python": sys.version.split()[0]}


def write_manifest(
    folder: Path,
    parameters: Mapping[str, object],
    outputs: Mapping[str, object],
    inputs: EditionTables,
    started: datetime,
    revises: Mapping[str, str] | None = None,
) -> None:
    """Write what an edition or its briefs were made from, with what, and what came out; it is not compared itself."""
    manifest = {
        "parameters": dict(parameters),
        "input_id": inputs.input_id,
        "sample": inputs.sample,
        "revises": revises,
        "inputs": json.loads(inputs.inputs.to_json(orient="records")),
        "outputs": dict(sorted(outputs.items())),
        "code": describe_code(),
        "environment": describe_environment(),
        "started_at": started.isoformat(timespec="seconds"),
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (folder / MANIFEST_JSON).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# --- read back --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublishedEdition:
    """A published edition, as its manifest tells: `inputs` and `outputs` are digests by file name."""

    quarter: str
    as_of: str
    languages: tuple[str, ...]
    input_id: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    code: Mapping[str, str]
    environment: Mapping[str, str]
    started_at: str
    ended_at: str

    def find(self, output: str) -> Path:
        """Return where an output of the manifest (`report/…`, `processed/…`) was published."""
        part, _, name = output.partition("/")
        folder = paths.reports if part == "report" else paths.processed
        return folder(self.quarter, self.as_of) / name


def read_published_edition(quarter: str, as_of: str) -> PublishedEdition | None:
    """Return a published edition; None where there is none, or no manifest that can be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        told = json.loads((paths.reports(quarter, as_of) / MANIFEST_JSON).read_text(encoding="utf-8"))
        return PublishedEdition(
            quarter, as_of, tuple(told["parameters"]["languages"]), told["input_id"],
            {row["file"]: row["sha256"] for row in told["inputs"]},
            {name: facts["sha256"] for name, facts in told["outputs"].items()},
            told["code"], told["environment"], told["started_at"], told["ended_at"],
        )  # fmt: skip
    return None


def list_published_editions(quarter: str = "*") -> list[PublishedEdition]:
    """Return the published editions that can be read, of one quarter or of all, in order of quarters and dates."""
    folders = sorted(path.parent for path in (paths.root() / "reports").glob(f"{quarter}/*/{MANIFEST_JSON}"))
    found = [read_published_edition(folder.parent.name, folder.name) for folder in folders]
    return [made for made in found if made is not None]


def find_revised(quarter: str, as_of: str) -> dict[str, str] | None:
    """Return the edition that one of a later date revises: the last one of its quarter before it, None without any."""
    earlier = [made for made in list_published_editions(quarter) if made.as_of < as_of]
    return {"as_of": earlier[-1].as_of, "input_id": earlier[-1].input_id} if earlier else None


def read_published_tables(quarter: str, as_of: str) -> EditionTables | None:
    """Return the tables of a published edition as they stand, None without one; what findings say is in two languages.

    Its inputs are those of the manifest, for they are not published as a table.
    """
    folder = paths.processed(quarter, as_of)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads((paths.reports(quarter, as_of) / MANIFEST_JSON).read_text(encoding="utf-8"))
        inputs = schema.conform("inputs", pd.DataFrame(told["inputs"]))
        found = {name: schema.read_table(name, folder) for name in schema.PUBLISHED_TABLES}
        found["components"] = found.pop("kpi_components")
        return EditionTables(quarter, as_of, **found, inputs=inputs)
    return None
