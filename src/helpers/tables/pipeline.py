"""The steps before the report: ingest the returns, measure the KPIs, and load the tables that both leave behind."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.ingest import Received, ReceivedFile, Registers, read_returns, received, registers, rules
from helpers.kpis import compute, observations
from helpers.paths import DataRefused
from helpers.plan import Plan, checks, quarters, questionnaire, read_plan, read_settings
from helpers.speech import say, spoken
from helpers.tables import schema
from helpers.tables.recorded import read_whole_registers

FIRST_PREFIX = "first_"  # of the build tables that hold each quarter's returns as of its own first cut-off
_RETURN_TABLES = ("returns", "answers", "items")


@dataclass(frozen=True)
class EditionTables:
    """All tables of an edition as published (methodology, section 7), and its inputs.

    `issues` also has `key`, `details` and, in each language, the sentence without its place (`said_fr`…).
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
    items: pd.DataFrame
    inputs: pd.DataFrame
    # What queries derive from the tables, each computed once.
    derived: dict[object, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def sample(self) -> bool:
        """Whether the inputs are the invented sample, which every page must then state."""
        return bool((self.inputs["channel"] == "sample").any())

    @property
    def input_id(self) -> str:
        """A short id of the inputs and parameters: 12 digits of their SHA-256."""
        facts = [[self.quarter, self.as_of], *self.inputs[["file", "sha256"]].to_numpy().tolist()]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]

    @cached_property
    def counted_returns(self) -> pd.DataFrame:
        """The rows of the returns that count."""
        return self.returns[self.returns["counts"].fillna(False).astype(bool)]

    @cached_property
    def first_collected(self) -> str:
        """The earliest quarter with an accepted return, the one reported without any: nothing was asked before it."""
        return min(self.returns.loc[self.returns["state"] != "refused", "quarter"], default=self.quarter)

    @property
    def is_first(self) -> bool:
        """Whether the quarter reported is the first collected, so that nothing compares with an earlier one."""
        return self.first_collected == self.quarter

    @property
    def had_statuses(self) -> bool:
        """Whether the quarter before has statuses, which those of the quarter reported compare with."""
        return not self.is_first and self.quarter > read_settings().first_status_quarter

    @property
    def is_revised(self) -> bool:
        """Whether it is a revised edition: as of `revision_days` or more after the quarter's end."""
        return read_settings().is_revised(self.quarter, date.fromisoformat(self.as_of))


@dataclass(frozen=True)
class RawData:
    """Everything read from `data/raw` for a quarter."""

    plan: Plan
    form: questionnaire.Form
    received: Received
    registers: Registers


def read_raw_data(quarter: str) -> RawData:
    """Read the plan, the questionnaire, the registers and the returns of every quarter up to this one.

    Raises DataRefused without received files, when the plan or the form cannot be meant, when sample and real returns
    are mixed (methodology, section 6), or when nobody can tell which returns are withdrawn.
    """
    paths.check_raw_folder()
    try:
        plan, form = checks.check_plan()
    except checks.PlanError as reason:
        raise DataRefused(str(reason)) from reason
    received = read_returns(read_settings().quarters_to(quarter))
    if received.is_mixed:
        sample = sorted({f"{file.quarter}/{file.name}" for file in received.files if file.channel == "sample"})
        raise DataRefused(say(
            "invented sample and received returns lie together in data/raw ({n} sample files, the first {first}); "
            "remove the sample's folders, or work in a folder of its own (PAPU_ROOT)", n=len(sample), first=sample[0],
        ))  # fmt: skip
    recorded = read_whole_registers()
    if registers.WITHDRAWALS in recorded.refused:
        refusal = next(issue for issue in recorded.issues if issue.source_file == f"{registers.WITHDRAWALS}.csv")
        raise DataRefused(refusal.message_fr if spoken() == "fr" else refusal.message_en)
    return RawData(plan, form, received, recorded)


def check_as_of(source: RawData, as_of: date) -> rules.Checked:
    """Check all returns received by a date."""
    return rules.check_received(source.received, source.registers, source.plan, source.form, as_of)


def _digest_file(name: str, content: bytes, channel: str, rows: int | None = None) -> ReceivedFile:
    return ReceivedFile("", name, hashlib.sha256(content).hexdigest(), len(content), channel, None, rows)


def list_inputs(source: RawData, checked: rules.Checked, quarter: str, as_of: date) -> list[tuple[str, ReceivedFile]]:
    """List the input files of an edition: returns, registers, MANIFESTs and the plan, each with its digest.

    Registers and MANIFESTs grow: only their rows known at `as_of` are hashed, so that later rows change nothing.
    """
    used = {entry.received.file for entry in checked.ledger}
    files = [f for f in source.received.files if f in used or (f.received_on is not None and f.received_on <= as_of)]
    inputs = [(f"{file.quarter}/{file.name}", file) for file in files]
    # A register's rows that cannot be read are counted too: they were there.
    counts = {f"registers/{name}.csv": source.registers.count_at(name, as_of) for name in source.registers.rows}
    for name, rows in _list_recorded_rows(source, used, quarter, as_of).items():
        content = json.dumps(rows, default=_as_json, sort_keys=True).encode()
        inputs.append((name, _digest_file(name, content, "register", counts.get(name, len(rows)))))
    inside = [path.relative_to(paths.plan()) for path in paths.plan().rglob("*")]
    plans = {f"plan/{path.as_posix()}": paths.plan() / path for path in inside if path.parts[-1][0] != "."}
    plans[f"{quarter}/{received.EDITION_TOML}"] = paths.returns(quarter) / received.EDITION_TOML
    found = [(name, path) for name, path in sorted(plans.items()) if path.is_file()]
    return inputs + [(name, _digest_file(name, path.read_bytes(), "plan")) for name, path in found]


def _list_recorded_rows(source: RawData, used: set[ReceivedFile], quarter: str, as_of: date) -> dict[str, Sequence]:
    """Return the rows of the registers and MANIFESTs that were known on a date, by file."""
    refused = source.registers.refused_at(as_of)  # nothing rests on these
    known = source.registers.at(as_of).items()
    # One that need not be there is no input before its first row.
    used_ones = ((name, rows) for name, rows in known if rows or name not in registers.OPTIONAL)
    recorded = {f"registers/{name}.csv": rows for name, rows in used_ones if name not in refused}
    for past in read_settings().quarters_to(quarter):
        names = {file.name for file in used if file.quarter == past}
        if rows := received.list_manifest_rows(paths.returns(past), past, as_of, names):
            recorded[f"{past}/{received.MANIFEST_CSV}"] = rows
    return recorded


def _as_json(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def list_current_files(quarter: str, as_of: str) -> dict[str, ReceivedFile]:
    """Return the inputs that an edition made now would have, by their names below `data/raw`. Writes nothing.

    Raises DataRefused as an edition would.
    """
    source, day = read_raw_data(quarter), read_settings().resolve_date(quarter, as_of)
    return dict(list_inputs(source, check_as_of(source, day), quarter, day))


def list_current_inputs(quarter: str, as_of: str) -> dict[str, str]:
    """Return the digests of `list_current_files`."""
    return {name: file.sha256 for name, file in list_current_files(quarter, as_of).items()}


def write_checked(source: RawData, checked: rules.Checked, quarter: str, as_of: date, out: Path) -> None:
    """Write the tables of the checked returns of a quarter and of all before it to `out`."""
    tables = schema.tabulate_ingested(checked, source.form)
    tables["inputs"] = schema.tabulate_files(list_inputs(source, checked, quarter, as_of))
    for name, rows in tables.items():
        schema.write_table(name, rows, out)


def write_ingested(source: RawData, quarter: str, as_of: date, out: Path) -> None:
    """Check the returns, and write to `out` all that `write_measured` needs."""
    write_checked(source, check_as_of(source, as_of), quarter, as_of, out)
    _write_first_cutoffs(source, quarter, as_of, out)
    _mark_done(out, "ingest", quarter, as_of)


def _write_first_cutoffs(source: RawData, quarter: str, as_of: date, out: Path) -> None:
    """Write each quarter's returns as known at its own first cut-off, or at `as_of` if earlier: `edition` names it."""
    firsts = {name: [pd.DataFrame(columns=["edition"])] for name in _RETURN_TABLES}
    for past in read_settings().quarters_to(quarter):
        returns = tuple(each for each in source.received.returns if each.place.quarter <= past)
        if not returns:
            continue
        known, cutoff = replace(source.received, returns=returns), min(read_settings().first_cutoff(past), as_of)
        first = rules.resolve(known, source.registers, source.plan, source.form, cutoff)
        tables = schema.tabulate_versions(first, source.form)
        for name, parts in firsts.items():
            parts.append(tables[name].assign(edition=past))
    for name, parts in firsts.items():
        rows = pd.concat(parts, ignore_index=True)
        table = schema.conform(name, rows).assign(edition=rows["edition"].astype(str))
        schema.write_parquet(table, out / f"{FIRST_PREFIX}{name}.parquet")


def write_measured(quarter: str, as_of: date, out: Path) -> None:
    """Compute every figure from the tables that `ingest` left in `out`, and write the tables of figures beside them."""
    counted = observations.read_counted_returns(*(schema.read_table(name, out) for name in _RETURN_TABLES))
    firsts = {name: schema.read_parquet(out / f"{FIRST_PREFIX}{name}.parquet") for name in _RETURN_TABLES}
    first_counted = {
        past: observations.read_counted_returns(*(rows[rows["edition"] == past] for rows in firsts.values()))
        for past in sorted(firsts["returns"]["edition"].unique())
    }
    plan, form, recorded = read_plan(), questionnaire.read_form(), read_whole_registers()
    computed = compute.compute_tables(plan, form, quarter, as_of, counted, recorded, first_counted)
    for name, rows in vars(computed).items():
        schema.write_table("kpi_components" if name == "components" else name, rows, out)
    _mark_done(out, "measure", quarter, as_of)


def _fingerprint(quarter: str, as_of: date) -> str:
    """Return a digest of everything that a step depends on, so that a notebook run alone never reads stale tables."""
    past = read_settings().quarters_to(quarter)
    folders = [paths.plan(), paths.registers(), *map(paths.returns, past)]
    files = sorted(path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file())
    code = sorted(paths.PACKAGE.rglob("*.py"))
    facts = [(path.as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in [*files, *code]]
    return hashlib.sha256(json.dumps([quarter, as_of.isoformat(), facts]).encode()).hexdigest()


def _digest_outputs(out: Path, step: str) -> str:
    """Return a digest of the tables that a step wrote, so that damaged ones are made again."""
    firsts = [f"{FIRST_PREFIX}{name}" for name in _RETURN_TABLES]
    names = [*schema.INGESTED_TABLES, *firsts] if step == "ingest" else schema.MEASURED_TABLES
    digest = hashlib.sha256()
    for path in sorted(path for name in names for path in out.glob(f"{name}.*")):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()


def _done_mark(out: Path, step: str, quarter: str, as_of: date) -> tuple[Path, str]:
    """Return the file that marks a step as done, and what it holds."""
    return out / f"{step}.done", f"{_fingerprint(quarter, as_of)} {_digest_outputs(out, step)}"


def _mark_done(out: Path, step: str, quarter: str, as_of: date) -> None:
    mark, text = _done_mark(out, step, quarter, as_of)
    mark.write_text(text, encoding="utf-8")


def adopt_tables(quarter: str, as_of: str) -> None:
    """Take the tables in the folder written to for those of what can be read here: they were made of it elsewhere."""
    day = read_settings().resolve_date(quarter, as_of)
    for step in ("ingest", "measure"):
        _mark_done(paths.out(quarter, day.isoformat()), step, quarter, day)


def _is_done(out: Path, step: str, quarter: str, as_of: date) -> bool:
    mark, text = _done_mark(out, step, quarter, as_of)
    return mark.is_file() and mark.read_text(encoding="utf-8") == text


def _make_ingested(quarter: str, as_of: str) -> tuple[str, date, Path]:
    """Make the tables of the returns if needed; return the quarter, the date and the folder they are in."""
    quarter, day = quarters.parse_quarter(quarter), read_settings().resolve_date(quarter, as_of)
    out = paths.out(quarter, day.isoformat())
    if not _is_done(out, "ingest", quarter, day):
        write_ingested(read_raw_data(quarter), quarter, day, out)
    return quarter, day, out


def _read_ingested(out: Path) -> dict[str, pd.DataFrame]:
    tables = {name: schema.read_table(name, out) for name in schema.INGESTED_TABLES}
    tables["issues"] = schema.add_messages(tables.pop("ingested_issues"))
    return tables


def ingest(quarter: str, as_of: str = "") -> dict[str, pd.DataFrame]:
    """Return the tables of returns, answers, items, issues and inputs; make them if needed."""
    _, _, out = _make_ingested(quarter, as_of)
    return _read_ingested(out)


# The tables that processes forked from this one will load, by what they were made of and what they hold.
_kept: dict[tuple[str, ...], EditionTables] = {}


def _read_marks(out: Path) -> tuple[str, ...]:
    return tuple((out / f"{step}.done").read_text(encoding="utf-8") for step in ("ingest", "measure"))


def load_tables(quarter: str, as_of: str = "") -> EditionTables:
    """Return all tables of an edition; make them if needed."""
    quarter, day, out = _make_ingested(quarter, as_of)
    if not _is_done(out, "measure", quarter, day):
        write_measured(quarter, day, out)
    if kept := _kept.get(_read_marks(out)):
        return kept
    tables = _read_ingested(out) | {name: schema.read_table(name, out) for name in schema.MEASURED_TABLES}
    return EditionTables(quarter, day.isoformat(), components=tables.pop("kpi_components"), **tables)


def keep_tables(quarter: str, as_of: str) -> EditionTables:
    """Load the tables of an edition, and keep them for the processes forked from this one: to read, never to change."""
    tables = load_tables(quarter, as_of)
    _kept.clear()
    _kept[_read_marks(paths.out(tables.quarter, tables.as_of))] = tables
    return tables
