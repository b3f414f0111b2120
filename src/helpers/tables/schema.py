"""The published tables: their columns, their files, and the checks they must pass (methodology, section 7)."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet

from helpers.ingest import ReceivedFile, issues, rules, versions
from helpers.kpis import statuses
from helpers.plan import questionnaire, read_settings
from helpers.speech import say, say_of
from helpers.strings import IN_LINES, escape, guard_formula, mask, mask_addresses, mask_text, unguard_formula

_MASKS = {"reference": mask_addresses, "title": mask_text, "detail": mask_text}  # of the texts of an item
# Texts as Python's own: arrow's take ten times as long to read one by one, and these tables are small.
_TEXT = pd.StringDtype("python", na_value=np.nan)
_FLAG = pd.BooleanDtype()
_DTYPES = {"text": _TEXT, "count": "Int64", "figure": float, "flag": _FLAG}


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table in order, each with its kind; `choices` limits what a text column may hold."""

    columns: Mapping[str, str]
    choices: Mapping[str, Sequence[str]]


def _schema(columns: str, **choices: Sequence[str]) -> TableSchema:
    named = (column.partition(":") for column in columns.split())
    return TableSchema({name: kind or "text" for name, _, kind in named}, choices)


# Each column with its kind; without one it is a text.
SCHEMAS: Mapping[str, TableSchema] = {
    "kpis": _schema(
        "quarter scope kpi unit value:figure share:figure lower:figure upper:figure share_lower:figure "
        "share_upper:figure n_reported:count n_carried:count n_expected:count coverage:figure coverage_class "
        "target:figure target_status status robust:flag",
        status=("", *statuses.STATUSES), coverage_class=("", "A", "B", "C"),
    ),
    "kpi_components": _schema("quarter scope kpi component unit value:figure share:figure n_reported:count"),
    "member_values": _schema(
        "quarter member kpi value:figure denominator:figure basis source_quarter", basis=("reported", "carried")
    ),
    "changes": _schema(
        "quarter scope kpi before:figure revisions:figure matched:figure carried_effect:figure entered:figure "
        "left:figure after:figure"
    ),
    "revisions": _schema("quarter scope kpi figure first:figure now:figure causes"),
    "returns": _schema(
        "quarter member version:count received_on state counts:flag source_file sha256",
        state=("refused", "duplicate", "revised", "on_time", "late"),
    ),
    "issues": _schema(
        "severity rule quarter member question observed expected message_fr message_en source_file sheet row",
        severity=issues.SEVERITIES,
    ),
    "answers": _schema(
        "quarter member version:count question raw value obs_status source_file sheet row",
        obs_status=("A", "M", "L", "N", "O", "U"),
    ),
    "items": _schema("quarter member version:count kind reference title date detail others source_file sheet row"),
    "ingested_issues": _schema(
        "severity rule quarter member question observed expected source_file sheet row key details",
        severity=issues.SEVERITIES,
    ),
    "inputs": _schema("file sha256 size:count channel rows:count"),
}  # fmt: skip
PARQUET_TABLES = ("answers", "ingested_issues")
INGESTED_TABLES = ("returns", "answers", "items", "issues", "ingested_issues", "inputs")
MEASURED_TABLES = ("kpis", "kpi_components", "member_values", "changes", "revisions")
PUBLISHED_TABLES = (*MEASURED_TABLES, "returns", "issues", "answers", "items")


class SchemaError(ValueError):
    """A table that breaks its schema: an error in this code, never in a return."""


def conform(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the columns and types of its schema. Raises SchemaError where a value breaks it."""
    schema, columns = SCHEMAS[name], {}
    for column, kind in schema.columns.items():
        values = rows.get(column, pd.Series(index=rows.index, dtype="object"))
        columns[column] = (values.fillna("") if kind == "text" else values).astype(_DTYPES[kind])
        if column in schema.choices and (unknown := set(columns[column]) - set(schema.choices[column])):
            raise SchemaError(say("{name}: {column} holds {values}", name=name, column=column,
                                  values=", ".join(map(repr, sorted(unknown)))))  # fmt: skip
    return pd.DataFrame(columns, index=rows.index).reset_index(drop=True)


def sort_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows of a table by its columns in order, as text (section 7)."""
    texts = list(zip(*(_csv_texts(table[column]) for column in table.columns), strict=True))
    return table.iloc[sorted(range(len(texts)), key=texts.__getitem__)].reset_index(drop=True)


def csv_text(value: object) -> str:
    """Return a value as the CSV files write it: not rounded, whole figures without `.0`, blank for None."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(float(value))
    return str(value)


def _csv_texts(values: pd.Series) -> Iterable[str]:
    """Return the values of a column as the CSV files write them."""
    if isinstance(values.dtype, pd.StringDtype):  # they are so already, and are read ten times as fast at once
        return values.fillna("").to_numpy(dtype=object)
    return [csv_text(value) for value in values]


def _csv_line(fields: Iterable[str]) -> str:
    """Write a line of RFC 4180; unlike csv.writer it quotes a lone carriage return, so that it reads back."""
    quoted = (f'"{text.replace(chr(34), chr(34) * 2)}"' if re.search(r'[",\r\n]', text) else text for text in fields)
    return ",".join(quoted) + "\n"


def render_csv(table: pd.DataFrame, text_columns: Iterable[str]) -> str:
    """Return a table as CSV, not rounded; no cell of its text columns is a formula to a spreadsheet."""
    guarded, columns = set(text_columns), []
    for name in table.columns:
        texts = _csv_texts(table[name])
        is_text = name in guarded
        columns.append([guard_formula(escape(text, IN_LINES + "\r")) for text in texts] if is_text else texts)
    return "".join(_csv_line(fields) for fields in [table.columns, *zip(*columns, strict=True)])


def text_columns(name: str) -> list[str]:
    """Return the columns of a table that hold texts."""
    return [column for column, kind in SCHEMAS[name].columns.items() if kind == "text"]


def write_table(name: str, rows: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Write a table to a folder under its name, and return it as written."""
    table = sort_as_text(conform(name, rows))
    folder.mkdir(parents=True, exist_ok=True)
    if name in PARQUET_TABLES:
        write_parquet(table, folder / f"{name}.parquet")
    else:
        (folder / f"{name}.csv").write_text(render_csv(table, text_columns(name)), encoding="utf-8", newline="")
    return table


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, without pandas' metadata and with page checksums that reveal a flipped bit."""
    bare = arrow.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    kinds = {arrow.string(): arrow.large_string()}
    bare = bare.cast(arrow.schema([(field.name, kinds.get(field.type, field.type)) for field in bare.schema]))
    with path.open("wb") as file:  # arrow itself opens no path that is not UTF-8 where Python's locale is not
        parquet.write_table(bare, file, write_page_checksum=True, compression="zstd")


def read_parquet(path: Path) -> pd.DataFrame:
    """Read one of our Parquet tables and verify its checksums.

    In this thread alone: of a process that had started others, the kernels forked from it would lack them.
    """
    with parquet.ParquetFile(arrow.py_buffer(path.read_bytes()), page_checksum_verification=True) as file:
        table = file.read(use_threads=False)
    return table.to_pandas(types_mapper={arrow.large_string(): _TEXT}.get, use_threads=False)


_PARSERS = {  # of the cells of a column, as a CSV file has them
    "text": lambda cells: pd.array([unguard_formula(cell) for cell in cells], _TEXT),
    "flag": lambda cells: pd.array([{"true": True, "false": False}.get(cell) for cell in cells], _FLAG),
}


def read_table(name: str, folder: Path) -> pd.DataFrame:
    """Read a table back as it was written; raises ValueError for a damaged one."""
    if name in PARQUET_TABLES:
        return read_parquet(folder / f"{name}.parquet")
    csv.field_size_limit(2**31 - 1)  # comments are written whole, however long
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        try:
            header, *rows = csv.reader(file, strict=True)
        except csv.Error as error:
            raise ValueError(say_of(f"{name}.csv", error)) from error
    if any(len(row) != len(header) for row in rows):
        raise ValueError(say("{file}: a row is cut short", file=f"{name}.csv"))
    cells = dict(zip(header, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(header, ())
    kinds = SCHEMAS[name].columns.items()
    return conform(name, pd.DataFrame({key: _PARSERS.get(kind, pd.to_numeric)(cells[key]) for key, kind in kinds}))


def _raw_table(name: str, rows: Sequence[object]) -> pd.DataFrame:
    """Return rows as a table whose columns have no type yet: what pandas guesses would be undone by `conform`."""
    return pd.DataFrame(rows, columns=list(SCHEMAS[name].columns), dtype=object)


def tabulate_returns(ledger: Iterable[versions.LedgerEntry]) -> pd.DataFrame:
    """Tabulate every return received: one row each, with its version, its state and whether it counts."""
    rows = []
    for entry in ledger:
        file, day = entry.received.file, entry.received.received_on
        facts = (entry.quarter, entry.member, entry.version, day.isoformat() if day else "", entry.state, entry.counts)
        rows.append((*facts, file.name, file.sha256))
    return _raw_table("returns", rows)


def tabulate_all_answers(returns: Iterable[rules.CheckedReturn], form: questionnaire.Form) -> pd.DataFrame:
    """Tabulate the answers of these versions: one row per version and question, personal data masked.

    The repeat is one more question, whose value is the number of items (O without such a part).
    """
    texts = {question.name for question in form.questions if question.type == "text"}
    figures = {question.name for question in form.questions if question.type != "text" and not question.choices}
    rows = []
    for checked in returns:
        key, own = (*checked.key, checked.entry.version), checked.place
        for name, answer in checked.answers.items():
            # A value that was understood as a number, a date or a choice holds nothing personal; any other text may.
            is_safe = answer.value and name not in texts
            hide = str if is_safe else mask if name in figures else mask_text
            cells = (name, hide(answer.raw), hide(answer.value), answer.state)
            place = own.of(name)
            rows.append((*key, *cells, place.source_file, place.sheet, place.row))
        has_part = checked.items is not None
        n, state = (str(len(checked.items)), questionnaire.ANSWERED) if has_part else ("", questionnaire.MISSING)
        if form.repeat:
            rows.append((*key, form.repeat.name, "", n, state, own.source_file, own.sheet, own.row))
    return _raw_table("answers", rows)


def _tabulate_others(answers: Mapping[str, questionnaire.Answer]) -> str:
    """Return the fields of an item that have no role in the plan, as `name=value`."""
    others = {name: answer.value for name, answer in answers.items() if name not in questionnaire.Repeat.ROLES}
    return "; ".join(f"{name}={mask_text(value)}" for name, value in others.items() if value)


def tabulate_items(returns: Iterable[rules.CheckedReturn]) -> pd.DataFrame:
    """Tabulate the items of these versions: one row each; withdrawn values are blank."""
    return pd.DataFrame(
        {"quarter": checked.key[0], "member": checked.key[1], "version": checked.entry.version}
        | {role: _MASKS.get(role, str)(item.answers[role].value) for role in questionnaire.Repeat.ROLES}
        | {"others": _tabulate_others(item.answers)}
        | {"source_file": item.place.source_file, "sheet": item.place.sheet, "row": item.place.row}
        for checked in returns
        for item in checked.items or ()
    )


def tabulate_issues(found: Iterable[issues.Issue]) -> pd.DataFrame:
    """Tabulate the issues: one row per issue and received row, with the key and details of its sentence."""
    rows = [vars(issue) | {"details": issues.encode_details(issue.details)} for issue in found]
    return _raw_table("ingested_issues", rows)


def add_messages(rows: pd.DataFrame, languages: Sequence[str] | None = None) -> pd.DataFrame:
    """Add to ingested issues the two published messages, and in some languages their sentence without the place.

    The sentences are columns `said_fr`, `said_en`…, by default in the plan's languages; rows are sorted as published.
    """
    records = rows.to_dict("records")
    found = [issues.Issue(**row | {"details": issues.decode_details(row["details"])}) for row in records]
    languages = read_settings().languages if languages is None else languages
    messages = {f"message_{language}": [issue.message(language) for issue in found] for language in ("fr", "en")}
    sentences = {f"said_{language}": [issue.say(language) for issue in found] for language in languages}
    table = rows.reset_index(drop=True).assign(**messages, **sentences)
    columns = [*SCHEMAS["issues"].columns, "key", "details", *sentences]
    return sort_as_text(table[columns].astype(str))


def tabulate_files(files: Iterable[tuple[str, ReceivedFile]]) -> pd.DataFrame:
    """Tabulate the input files of an edition: one row each."""
    return pd.DataFrame(
        {"file": path, "sha256": file.sha256, "size": file.size, "channel": file.channel, "rows": file.rows}
        for path, file in files
    )


def tabulate_versions(checked: rules.Checked, form: questionnaire.Form) -> dict[str, pd.DataFrame]:
    """Return the tables of returns, answers and items."""
    kept = [version for version in checked.returns if version.entry.is_version]
    return {
        "returns": tabulate_returns(checked.ledger),
        "answers": tabulate_all_answers(kept, form),
        "items": tabulate_items(kept),
    }


def tabulate_ingested(checked: rules.Checked, form: questionnaire.Form) -> dict[str, pd.DataFrame]:
    """Return the tables of returns, answers, items and issues; the latter as published and as ingested."""
    ingested = tabulate_issues(checked.issues)
    issues_published = add_messages(ingested, ())[list(SCHEMAS["issues"].columns)]
    return tabulate_versions(checked, form) | {"issues": issues_published, "ingested_issues": ingested}
