"""The published tables: their columns, their files, and the checks they must pass (methodology, section 7)."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pyarrow.parquet as parquet

from helpers.ingest import ReceivedFile, issues, rules, versions
from helpers.kpis import statuses
from helpers.plan import questionnaire
from helpers.strings import LANGUAGES, mask, mask_addresses, mask_text

# A text that a spreadsheet would take for a formula; numbers stay numbers.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_TEXT, _COUNT, _FIGURE, _FLAG = "text", "count", "figure", "flag"
_DTYPES = {_TEXT: str, _COUNT: "Int64", _FIGURE: float, _FLAG: "boolean"}


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table in order, each with its kind; `choices` limits what a text column may hold."""

    columns: Mapping[str, str]
    choices: Mapping[str, Sequence[str]]

    def schema(self) -> pa.DataFrameSchema:
        """Return it as a pandera schema."""
        columns = {
            name: pa.Column(
                _DTYPES[kind],
                pa.Check.isin(self.choices[name]) if name in self.choices else None,
                nullable=kind != _TEXT,
            )
            for name, kind in self.columns.items()
        }
        return pa.DataFrameSchema(columns, strict=True, ordered=True, name="table")

    @property
    def texts(self) -> list[str]:
        """The names of the text columns."""
        return [name for name, kind in self.columns.items() if kind == _TEXT]


def _schema(order: str, count: str = "", figure: str = "", flag: str = "", **choices: Sequence[str]) -> TableSchema:
    named = ((_COUNT, count), (_FIGURE, figure), (_FLAG, flag))
    kinds = {name: kind for kind, names in named for name in names.split()}
    return TableSchema({name: kinds.get(name, _TEXT) for name in order.split()}, choices)


SCHEMAS: Mapping[str, TableSchema] = {
    "kpis": _schema(
        "quarter scope kpi unit value share lower upper share_lower share_upper n_reported n_carried n_expected "
        "coverage coverage_class target target_status status robust",
        count="n_reported n_carried n_expected", flag="robust",
        figure="value share lower upper share_lower share_upper coverage target",
        status=("", *statuses.STATUSES), coverage_class=("", "A", "B", "C"),
    ),
    "kpi_components": _schema(
        "quarter scope kpi component unit value share n_reported", count="n_reported", figure="value share"
    ),
    "member_values": _schema(
        "quarter member kpi value denominator basis source_quarter", figure="value denominator",
        basis=("reported", "carried"),
    ),
    "changes": _schema(
        "quarter scope kpi before revisions matched carried_effect entered left after",
        figure="before revisions matched carried_effect entered left after",
    ),
    "revisions": _schema("quarter scope kpi figure first now causes", figure="first now"),
    "returns": _schema(
        "quarter member version received_on state counts source_file sha256", count="version", flag="counts",
        state=("refused", "duplicate", "revised", "on_time", "late"),
    ),
    "issues": _schema(
        "severity rule quarter member question observed expected message_fr message_en source_file sheet row",
        severity=issues.SEVERITIES,
    ),
    "answers": _schema(
        "quarter member version question raw value obs_status source_file sheet row", count="version",
        obs_status=("A", "M", "L", "N", "O", "U"),
    ),
    "innovations": _schema(
        "quarter member version kind reference title date detail local_experts source_file sheet row", count="version"
    ),
    "ingested_issues": _schema(
        "severity rule quarter member question observed expected source_file sheet row key details",
        severity=issues.SEVERITIES,
    ),
    "inputs": _schema("file sha256 size channel", count="size"),
}  # fmt: skip
PARQUET_TABLES = ("answers", "ingested_issues")
INGESTED_TABLES = ("returns", "answers", "innovations", "issues", "ingested_issues", "inputs")
MEASURED_TABLES = ("kpis", "kpi_components", "member_values", "changes", "revisions")
PUBLISHED_TABLES = (*MEASURED_TABLES, "returns", "issues", "answers", "innovations")


class SchemaError(ValueError):
    """A table that breaks its schema: an error in this code, never in a return."""


def conform(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the columns and types of its schema.

    Raises SchemaError where a value breaks it.
    """
    contract = SCHEMAS[name]
    table = pd.DataFrame({column: rows.get(column, pd.Series(dtype="object")) for column in contract.columns})
    for column, kind in contract.columns.items():
        values = table[column].fillna("") if kind == _TEXT else table[column]
        table[column] = values.astype(_DTYPES[kind])
    try:
        return contract.schema().validate(table, lazy=True).reset_index(drop=True)
    except pa.errors.SchemaErrors as reason:
        raise SchemaError(f"{name}: {reason}") from reason


# --- files ------------------------------------------------------------------------------------------------------


def _csv_rows(table: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(zip(*([csv_text(value) for value in table[column]] for column in table.columns), strict=True))


def sort_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows of a table by its columns in order, as text (section 7)."""
    texts = _csv_rows(table)
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


def _csv_line(fields: Iterable[str]) -> str:
    """Write a line of RFC 4180; unlike csv.writer it quotes a lone carriage return, so that it reads back."""
    quoted = (f'"{text.replace(chr(34), chr(34) * 2)}"' if re.search(r'[",\r\n]', text) else text for text in fields)
    return ",".join(quoted) + "\n"


def _guard_formula(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _unguard_formula(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def render_csv(table: pd.DataFrame, text_columns: Iterable[str]) -> str:
    """Return a table as CSV, not rounded; no cell of its text columns is a formula to a spreadsheet."""
    guarded = set(text_columns)
    are_texts = [column in guarded for column in table.columns]
    lines = [_csv_line(table.columns)]
    for row in _csv_rows(table):
        fields = zip(row, are_texts, strict=True)
        lines.append(_csv_line(_guard_formula(text) if is_text else text for text, is_text in fields))
    return "".join(lines)


def write_table(name: str, rows: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Write a table to a folder under its name, and return it as written."""
    table = sort_as_text(conform(name, rows))
    folder.mkdir(parents=True, exist_ok=True)
    if name in PARQUET_TABLES:
        write_parquet(table, folder / f"{name}.parquet")
    else:
        (folder / f"{name}.csv").write_text(render_csv(table, SCHEMAS[name].texts), encoding="utf-8", newline="")
    return table


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, without pandas' metadata and with page checksums that reveal a flipped bit."""
    bare = arrow.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    with path.open("wb") as file:  # arrow itself opens no path that is not UTF-8 where Python's locale is not
        parquet.write_table(bare, file, write_page_checksum=True, compression="zstd")


def read_parquet(path: Path) -> pd.DataFrame:
    """Read one of our Parquet tables and verify its checksums."""
    with path.open("rb") as stored, parquet.ParquetFile(stored, page_checksum_verification=True) as file:
        return file.read().to_pandas()


def read_table(name: str, folder: Path) -> pd.DataFrame:
    """Read a table back as it was written."""
    if name in PARQUET_TABLES:
        return read_parquet(folder / f"{name}.parquet")
    csv.field_size_limit(2**31 - 1)  # comments are written whole, however long
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    texts = pd.DataFrame(rows, columns=header, dtype="str")
    parsers = {
        _TEXT: lambda column: column.map(_unguard_formula),
        _FLAG: lambda column: column.map({"true": True, "false": False}),
    }
    kinds = SCHEMAS[name].columns.items()
    return conform(name, pd.DataFrame({key: parsers.get(kind, pd.to_numeric)(texts[key]) for key, kind in kinds}))


# --- from the checks to the tables ------------------------------------------------------------------------------


def tabulate_returns(ledger: Iterable[versions.LedgerEntry]) -> pd.DataFrame:
    """Tabulate every return received: one row each, with its version, its state and whether it counts."""
    return pd.DataFrame(
        {
            "quarter": entry.quarter,
            "member": entry.member,
            "version": entry.version,
            "received_on": entry.received.received_on.isoformat() if entry.received.received_on else "",
            "state": entry.state,
            "counts": entry.counts,
            "source_file": entry.received.file.name,
            "sha256": entry.received.file.sha256,
        }
        for entry in ledger
    )


def _versions(returns: Iterable[rules.CheckedReturn]) -> list[rules.CheckedReturn]:
    return [checked for checked in returns if checked.entry.is_version]


def tabulate_all_answers(returns: Iterable[rules.CheckedReturn], form: questionnaire.Form) -> pd.DataFrame:
    """Tabulate the answers of every version: one row per version and question, personal data masked.

    The repeat `innovations` is one more question, whose value is the number of items (O without such a part).
    """
    texts = {question.name for question in form.questions if question.type == "text"}
    rows = []
    for checked in _versions(returns):
        key, file = (*checked.key, checked.entry.version), (checked.place.source_file, checked.place.sheet)
        for name, answer in checked.answers.items():
            # A value that was understood as a number, a date or a choice holds nothing personal; any other text may.
            hide = mask_text if name in texts else str if answer.value else mask
            cells = (name, hide(answer.raw), hide(answer.value), answer.state)
            rows.append((*key, *cells, *file, checked.place.of(name).row))
        count = ("", questionnaire.MISSING) if checked.items is None else (len(checked.items), questionnaire.ANSWERED)
        rows.append((*key, questionnaire.REPEAT, "", str(count[0]), count[1], *file, checked.place.row))
    return pd.DataFrame(rows, columns=list(SCHEMAS["answers"].columns))


def tabulate_innovations(returns: Iterable[rules.CheckedReturn]) -> pd.DataFrame:
    """Tabulate the innovations of every version: one row per item; withdrawn values are blank."""
    names = ("kind", "reference", "title", "date", "detail", "local_experts")
    return pd.DataFrame(
        {"quarter": checked.key[0], "member": checked.key[1], "version": checked.entry.version}
        | {name: _masked(name, item.answers[name].value) for name in names}
        | {"source_file": item.place.source_file, "sheet": item.place.sheet, "row": item.place.row}
        for checked in _versions(returns)
        for item in checked.items or ()
    )


def _masked(name: str, text: str) -> str:
    return mask_addresses(text) if name == "reference" else mask_text(text) if name in ("title", "detail") else text


def tabulate_issues(found: Iterable[issues.Issue]) -> pd.DataFrame:
    """Tabulate the issues: one row per issue and received row, with the key and details of its sentence."""
    columns = list(SCHEMAS["ingested_issues"].columns)
    rows = [vars(issue) | {"details": issues.encode_details(issue.details)} for issue in found]
    return pd.DataFrame([[row[column] for column in columns] for row in rows], columns=columns)


def add_messages(rows: pd.DataFrame) -> pd.DataFrame:
    """Add to ingested issues the two published messages, and their sentence without the place in every language.

    The sentences are columns `said_fr`, `said_en`…; the rows are sorted as published.
    """
    found = [
        replace(issues.Issue(**row), details=issues.decode_details(row["details"])) for row in rows.to_dict("records")
    ]
    messages = {f"message_{language}": [issue.message(language) for issue in found] for language in ("fr", "en")}
    sentences = {f"said_{language}": [issue.say(language) for issue in found] for language in LANGUAGES}
    table = rows.reset_index(drop=True).assign(**messages, **sentences)
    columns = [*SCHEMAS["issues"].columns, "key", "details", *sentences]
    return sort_as_text(table[columns].astype(str))


def tabulate_files(files: Iterable[tuple[str, ReceivedFile]]) -> pd.DataFrame:
    """Tabulate the input files of an edition: one row each."""
    return pd.DataFrame(
        {"file": path, "sha256": file.sha256, "size": file.size, "channel": file.channel} for path, file in files
    )


def tabulate_ingested(checked: rules.Checked, form: questionnaire.Form) -> dict[str, pd.DataFrame]:
    """Return the tables of returns, answers, innovations and issues; the latter as published and as ingested."""
    ingested = tabulate_issues(checked.issues)
    return {
        "returns": tabulate_returns(checked.ledger),
        "answers": tabulate_all_answers(checked.returns, form),
        "innovations": tabulate_innovations(checked.returns),
        "issues": add_messages(ingested)[list(SCHEMAS["issues"].columns)],
        "ingested_issues": ingested,
    }
