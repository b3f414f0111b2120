"""The two steps before the report, as notebooks take them: ingest, measure; and the tables each leaves behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.i18n import catalogue
from helpers.ingest import Received, ReceivedFile, Registers, read_returns, received, registers, rules
from helpers.kpis import compute, observations
from helpers.plan import Plan, PlanError, quarters, questionnaire, read_plan, sources
from helpers.tables import schema

FIRST_PREFIX = (
    "first_"  # prefix of the intermediate tables: each quarter's returns as they stood at its own first cut-off
)
_RETURN_TABLES = ("returns", "answers", "innovations")
_DONE_FILE = "{step}.done"


class DataRefused(ValueError):
    """Data that no edition can be made of: says why and what to do."""


@dataclass(frozen=True)
class EditionTables:
    """All the tables of an edition, as published (methodology, section 7), and what they rest on.

    `issues` has besides what each finding says in every language (`said_fr`…), without its place.
    """

    quarter: str
    as_of: str
    kpis: pd.DataFrame
    components: pd.DataFrame
    member_values: pd.DataFrame
    changes: pd.DataFrame
    revisions: pd.DataFrame
    returns: pd.DataFrame
    issues: pd.DataFrame
    answers: pd.DataFrame
    innovations: pd.DataFrame
    inputs: pd.DataFrame
    # What queries derive from the tables, each computed once.
    derived: dict[object, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def sample(self) -> bool:
        """Whether it is made of the invented sample: every page then says so."""
        return bool((self.inputs["channel"] == "sample").any())

    @property
    def input_id(self) -> str:
        """What the edition rests on, in one short name: the digest of its inputs and parameters."""
        said = [[self.quarter, self.as_of], *self.inputs[["file", "sha256"]].to_numpy().tolist()]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]

    @property
    def is_revised(self) -> bool:
        """Tell whether the edition is a revised one: from 90 days after the quarter's end."""
        return quarters.is_revised(self.quarter, date.fromisoformat(self.as_of))


def resolve_date(quarter: str, as_of: str = "") -> date:
    """Return the date an edition is as of: the one given, else the quarter's first cut-off.

    Raises ValueError for a quarter outside the plan, or a date before the quarter's end.
    """
    quarter = quarters.parse_quarter(quarter)
    if not quarters.in_plan(quarter):
        raise ValueError(f"{quarter} is outside the plan, 2022Q1-2025Q4; choose a quarter within it")
    day = date.fromisoformat(as_of) if as_of else quarters.first_cutoff(quarter)
    if day <= quarters.quarter_end(quarter):
        raise ValueError(f"as_of {day} is not after the end of {quarter}; give a later date, or none")
    return day


@dataclass(frozen=True)
class RawData:
    """Everything read from `data/raw` for a quarter, once."""

    plan: Plan
    form: questionnaire.Form
    received: Received
    registers: Registers


def read_raw_data(quarter: str) -> RawData:
    """Read the plan, the questionnaire, the registers and the returns of every quarter up to one.

    Raises DataRefused when the plan does not fit the form, or when invented and received returns lie together
    (methodology, section 6).
    """
    try:
        plan, form = read_plan(), questionnaire.read_form()
        sources.check_sources(plan, form, catalogue.known_units())
    except PlanError as reason:
        raise DataRefused(str(reason)) from reason
    received = read_returns(quarters.quarters_between(quarters.FIRST_QUARTER, quarter))
    if received.is_mixed:
        sample = sorted({f"{file.quarter}/{file.name}" for file in received.files if file.channel == "sample"})
        raise DataRefused(
            f"invented sample and received returns lie together in data/raw ({len(sample)} sample files, the first "
            f"{sample[0]}); remove the sample's folders, or work in a folder of its own (PAPU_ROOT)"
        )
    return RawData(plan, form, received, registers.read_registers())


def _received_up_to(received: Received, quarter: str) -> Received:
    return replace(received, returns=tuple(one for one in received.returns if one.place.quarter <= quarter))


def check_at_first_cutoffs(source: RawData, quarter: str, as_of: date) -> Iterator[tuple[str, rules.Checked]]:
    """Settle each quarter's returns as they stood at its own first cut-off, never later than a date."""
    for past in quarters.quarters_between(quarters.FIRST_QUARTER, quarter):
        cutoff = min(quarters.first_cutoff(past), as_of)
        if any(one.place.quarter <= past for one in source.received.returns):
            yield (
                past,
                rules.resolve(
                    _received_up_to(source.received, past), source.registers, source.plan, source.form, cutoff
                ),
            )


def _digest(content: bytes) -> tuple[str, int]:
    return hashlib.sha256(content).hexdigest(), len(content)


def list_inputs(source: RawData, checked: rules.Checked, quarter: str, as_of: date) -> list[tuple[str, ReceivedFile]]:
    """List what an edition rests on, as known on its date, so that what comes later does not change it.

    Registers and MANIFESTs grow: of them, the rows that stood on that date are what is hashed.
    """
    used = {entry.received.file for entry in checked.ledger}
    files = [f for f in source.received.files if f in used or (f.received_on is not None and f.received_on <= as_of)]
    inputs = [(f"{file.quarter}/{file.name}", file) for file in files]
    recorded = {f"registers/{name}.csv": rows for name, rows in source.registers.at(as_of).items()}
    for past in quarters.quarters_between(quarters.FIRST_QUARTER, quarter):
        named = {file.name for file in used if file.quarter == past}
        if rows := received.list_manifest_rows(paths.returns(past), past, as_of, named):
            recorded[f"{past}/{received.MANIFEST_CSV}"] = rows
    for name, rows in recorded.items():
        content = json.dumps(rows, default=_json_value, sort_keys=True).encode()
        inputs.append((name, ReceivedFile("", name, *_digest(content), "register", None)))
    texts = {f"plan/{path.relative_to(paths.plan()).as_posix()}": path for path in paths.plan().rglob("*.csv")}
    texts[f"{quarter}/{received.EDITION_TOML}"] = paths.returns(quarter) / received.EDITION_TOML
    for name, path in sorted(texts.items()):
        if path.is_file():
            inputs.append((name, ReceivedFile("", name, *_digest(path.read_bytes()), "plan", None)))
    return inputs


def _json_value(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def check_as_of(source: RawData, as_of: date) -> rules.Checked:
    """Check all that was read, as it stood on a date."""
    return rules.check_received(source.received, source.registers, source.plan, source.form, as_of)


def list_current_inputs(quarter: str, as_of: str) -> dict[str, str]:
    """Return the files an edition would rest on if it were made now, each with its digest; nothing is written.

    Raises DataRefused as an edition would.
    """
    source, day = read_raw_data(quarter), resolve_date(quarter, as_of)
    return {name: file.sha256 for name, file in list_inputs(source, check_as_of(source, day), quarter, day)}


def write_ingested(
    source: RawData, quarter: str, as_of: date, out: Path, checked: rules.Checked | None = None
) -> dict[str, pd.DataFrame]:
    """Keep one quarter's checked returns and all before them: the tables of 01, written to `out`."""
    checked = checked or check_as_of(source, as_of)
    found = schema.tabulate_ingested(checked, source.form)
    found["inputs"] = schema.tabulate_files(list_inputs(source, checked, quarter, as_of))
    written = {name: schema.write_table(name, rows, out) for name, rows in found.items()}
    firsts: dict[str, list[pd.DataFrame]] = {name: [] for name in _RETURN_TABLES}
    for past, first in check_at_first_cutoffs(source, quarter, as_of):
        for name, rows in schema.tabulate_ingested(first, source.form).items():
            if name in _RETURN_TABLES:
                firsts[name].append(schema.conform(name, rows).assign(edition=past))
    for name, parts in firsts.items():
        stacked = pd.concat(parts) if parts else schema.conform(name, pd.DataFrame()).assign(edition="")
        schema.write_parquet(stacked, out / f"{FIRST_PREFIX}{name}.parquet")
    _mark_done(out, "ingest", quarter, as_of)
    return written


def write_measured(quarter: str, as_of: date, out: Path) -> compute.ComputedTables:
    """Compute every figure from the tables that `ingest` left in `out`: the tables of 02, written beside them."""
    evidence = observations.read_counted_returns(*(schema.read_table(name, out) for name in _RETURN_TABLES))
    firsts = {name: schema.read_parquet(out / f"{FIRST_PREFIX}{name}.parquet") for name in _RETURN_TABLES}
    editions = sorted(firsts["returns"]["edition"].unique())
    first = {
        past: observations.read_counted_returns(*(rows[rows["edition"] == past] for rows in firsts.values()))
        for past in editions
    }
    measured = compute.compute_tables(
        read_plan(), questionnaire.read_form(), quarter, as_of, evidence, registers.read_registers(), first
    )
    written = {
        name: schema.write_table(name, rows, out)
        for name, rows in (
            ("kpis", measured.kpis), ("kpi_components", measured.components), ("changes", measured.changes),
            ("member_values", measured.member_values), ("revisions", measured.revisions),
        )
    }  # fmt: skip
    _mark_done(out, "measure", quarter, as_of)
    return compute.ComputedTables(
        written["kpis"], written["kpi_components"], written["member_values"], written["changes"], written["revisions"]
    )


# --- what a notebook asks for -----------------------------------------------------------------------------------


def _fingerprint(quarter: str, as_of: date) -> str:
    """Say what a step's tables in a build folder rest on, so that a notebook run alone never reads stale ones."""
    folders = [
        paths.plan(),
        paths.registers(),
        *(paths.returns(q) for q in quarters.quarters_between(quarters.FIRST_QUARTER, quarter)),
    ]
    files = sorted(path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file())
    code = sorted(paths.PACKAGE.rglob("*.py"))
    facts = [(path.as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in [*files, *code]]
    return hashlib.sha256(json.dumps([quarter, as_of.isoformat(), facts]).encode()).hexdigest()


def _digest_outputs(out: Path, step: str) -> str:
    """Return the digest of the tables that a step left, so that one damaged since is made again."""
    firsts = [f"{FIRST_PREFIX}{name}" for name in _RETURN_TABLES]
    names = [*schema.INGESTED_TABLES, *firsts] if step == "ingest" else schema.MEASURED_TABLES
    digest = hashlib.sha256()
    for path in sorted(path for name in names for path in out.glob(f"{name}.*")):
        digest.update(f"{path.name} {_digest(path.read_bytes())}".encode())
    return digest.hexdigest()


def _mark_done(out: Path, step: str, quarter: str, as_of: date) -> None:
    text = f"{_fingerprint(quarter, as_of)} {_digest_outputs(out, step)}"
    (out / _DONE_FILE.format(step=step)).write_text(text, encoding="utf-8")


def _is_ready(out: Path, step: str, quarter: str, as_of: date) -> bool:
    mark = out / _DONE_FILE.format(step=step)
    return (
        mark.is_file()
        and mark.read_text(encoding="utf-8") == f"{_fingerprint(quarter, as_of)} {_digest_outputs(out, step)}"
    )


def ingest(quarter: str, as_of: str = "") -> dict[str, pd.DataFrame]:
    """Return the tables of returns, answers, innovations, issues and inputs; make them where they are not there."""
    quarter, day = quarters.parse_quarter(quarter), resolve_date(quarter, as_of)
    out = paths.out(quarter, day.isoformat())
    if not _is_ready(out, "ingest", quarter, day):
        return write_ingested(read_raw_data(quarter), quarter, day, out)
    return {name: schema.read_table(name, out) for name in schema.INGESTED_TABLES}


def load_tables(quarter: str, as_of: str = "") -> EditionTables:
    """Return all the tables of an edition; make them where they are not there."""
    quarter, day = quarters.parse_quarter(quarter), resolve_date(quarter, as_of)
    out = paths.out(quarter, day.isoformat())
    kept = ingest(quarter, as_of)
    if not _is_ready(out, "measure", quarter, day):
        write_measured(quarter, day, out)
    figures: Mapping[str, pd.DataFrame] = {name: schema.read_table(name, out) for name in schema.MEASURED_TABLES}
    return EditionTables(
        quarter, day.isoformat(), figures["kpis"], figures["kpi_components"], figures["member_values"],
        figures["changes"], figures["revisions"], kept["returns"],
        kept["issues"].merge(kept["told"], on="message_fr", how="left"), kept["answers"], kept["innovations"],
        kept["inputs"],
    )  # fmt: skip
