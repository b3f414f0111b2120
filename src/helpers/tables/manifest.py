"""Writes the manifest of an edition: its inputs, outputs, parameters, code and environment; reads its tables."""

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.editions import (
    EDITION_NOTEBOOKS,
    MANIFEST_JSON,
    describe_code,
    describe_environment,
    digest_state,
    read_input_rows,
)  # fmt: skip
from helpers.tables import schema
from helpers.tables.pipeline import EditionTables


def describe_file(path: Path) -> dict[str, object]:
    """Return the facts on a file: its digest, size in bytes and, for a table, rows."""
    content = path.read_bytes()
    facts: dict[str, object] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    if path.suffix == ".csv":
        facts["rows"] = max(content.count(b"\n") - 1, 0)
    if path.suffix == ".parquet":
        facts["rows"] = len(schema.read_parquet(path))
    return facts


def write_manifest(
    folder: Path, parameters: Mapping[str, object], outputs: Mapping[str, object], inputs: EditionTables,
    started: datetime, revises: Mapping[str, str] | None = None, notebooks: Sequence[str] = EDITION_NOTEBOOKS,
) -> None:  # fmt: skip
    """Write the manifest of an edition or of its briefs; `verify` does not compare it."""
    manifest = {
        "parameters": dict(parameters),
        "input_id": inputs.input_id,
        "sample": inputs.sample,
        "revises": revises,
        "inputs": json.loads(inputs.inputs.to_json(orient="records")),
        "outputs": dict(sorted(outputs.items())),
        "state": digest_state(inputs.quarter),
        "code": describe_code(notebooks),
        "environment": describe_environment(),
        "started_at": started.isoformat(timespec="seconds"),
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (folder / MANIFEST_JSON).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def find_members(quarter: str, file: str) -> tuple[str, ...]:
    """Return the members whose returns a received file held, by the last published edition that lists it."""
    for path in sorted((paths.root() / "data" / "processed").glob("????Q?/????-??-??/returns.csv"), reverse=True):
        with contextlib.suppress(OSError, ValueError, KeyError):
            rows = schema.read_table("returns", path.parent).query("quarter == @quarter and source_file == @file")
            if len(rows):
                return tuple(sorted({*rows["member"]} - {""}))
    return ()


def read_published_tables(quarter: str, as_of: str) -> EditionTables | None:
    """Return the tables of a published edition, None without one; its issues have the two published messages only.

    The inputs come from the manifest, since they are not published as a table.
    """
    folder = paths.processed(quarter, as_of)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        inputs = schema.conform("inputs", pd.DataFrame(read_input_rows(quarter, as_of)))
        tables = {name: schema.read_table(name, folder) for name in schema.PUBLISHED_TABLES}
        tables["components"] = tables.pop("kpi_components")
        return EditionTables(quarter, as_of, **tables, inputs=inputs)
    return None
