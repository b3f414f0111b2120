"""The published tables: what a row of each is, how it is written, and the contract it keeps (section 7)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
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


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table, in order, each with what it holds; `choices` limits a text column."""

    columns: Mapping[str, str]
    choices: Mapping[str, Sequence[str]]

    def schema(self) -> pa.DataFrameSchema:
        """Return the contract as a pandera schema."""
        kinds = {_TEXT: str, _COUNT: "Int64", _FIGURE: float, _FLAG: "boolean"}
        return pa.DataFrameSchema(
            {
                name: pa.Column(
                    kinds[kind],
                    pa.Check.isin(self.choices[name]) if name in self.choices else None,
                    nullable=kind != _TEXT,
                )
                for name, kind in self.columns.items()
            },
            strict=True,
            ordered=True,
            name="table",
        )


def _schema(
    text: str = "", count: str = "", figure: str = "", flag: str = "", *, order: str, **choices: Sequence[str]
) -> TableSchema:
    kinds = {
        name: kind
        for kind, names in ((_TEXT, text), (_COUNT, count), (_FIGURE, figure), (_FLAG, flag))
        for name in names.split()
    }
    return TableSchema({name: kinds.get(name, _TEXT) for name in order.split()}, choices)


SCHEMAS: Mapping[str, TableSchema] = {
    "kpis": _schema(
        count="n_reported n_carried n_expected", flag="robust",
        figure="value share lower upper share_lower share_upper coverage target",
        order="quarter scope kpi unit value share lower upper share_lower share_upper n_reported n_carried n_expected "
        "coverage coverage_class target target_status status robust",
        status=("", *statuses.STATUSES), coverage_class=("", "A", "B", "C"),
    ),
    "kpi_components": _schema(
        count="n_reported", figure="value share", order="quarter scope kpi component unit value share n_reported"
    ),
    "member_values": _schema(
        figure="value denominator", order="quarter member kpi value denominator basis source_quarter",
        basis=("reported", "carried"),
    ),
    "changes": _schema(
        figure="before revisions matched carried_effect entered left after",
        order="quarter scope kpi before revisions matched carried_effect entered left after",
    ),
    "revisions": _schema(figure="first now", order="quarter scope kpi figure first now causes"),
    "returns": _schema(
        count="version", flag="counts", order="quarter member version received_on state counts source_file sha256",
        state=("refused", "duplicate", "revised", "on_time", "late"),
    ),
    "issues": _schema(
        order="severity rule quarter member question observed expected message_fr message_en source_file sheet row",
        severity=("refused", "withdrawn", "warning", "note"),
    ),
    "answers": _schema(
        count="version", order="quarter member version question raw value obs_status source_file sheet row",
        obs_status=("A", "M", "L", "N", "O", "U"),
    ),
    "innovations": _schema(
        count="version",
        order="quarter member version kind reference title date detail local_experts source_file sheet row",
    ),
    "inputs": _schema(count="size", order="file sha256 size channel"),
    "told": _schema(order=f"message_fr {' '.join(f'said_{language}' for language in LANGUAGES)}"),
}  # fmt: skip
PARQUET_TABLES = ("answers", "told")
INGESTED_TABLES = ("returns", "answers", "innovations", "issues", "inputs", "told")
MEASURED_TABLES = ("kpis", "kpi_components", "member_values", "changes", "revisions")
PUBLISHED_TABLES = (
    "kpis",
    "kpi_components",
    "member_values",
    "changes",
    "revisions",
    "returns",
    "issues",
    "answers",
    "innovations",
)


class SchemaError(ValueError):
    """A table that breaks its contract: a fault of ours, never of a return's."""


_DTYPES = {_TEXT: "str", _COUNT: "Int64", _FIGURE: "float64", _FLAG: "boolean"}


def conform(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the columns and types of its contract.

    Raises ContractError where it breaks the contract.
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


def _csv_rows(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the rows of a table as the CSV files write them."""
    return list(zip(*([csv_text(value) for value in table[column]] for column in table.columns), strict=True))


def sort_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its rows sorted by their columns in order, as text (section 7)."""
    texts = _csv_rows(table)
    return table.iloc[sorted(range(len(texts)), key=texts.__getitem__)].reset_index(drop=True)


def csv_text(value: object) -> str:
    """Return a value as the CSV files write it: figures not rounded, whole ones without `.0`, blank for None."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(float(value))
    return str(value)


def _csv_line(fields: Iterable[str]) -> str:
    """Return a line of RFC 4180; unlike csv.writer it quotes a lone carriage return, so that it reads back."""
    quoted = (f'"{text.replace(chr(34), chr(34) * 2)}"' if re.search(r'[",\r\n]', text) else text for text in fields)
    return ",".join(quoted) + "\n"


def _guard_formula(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _unguard_formula(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def render_csv(table: pd.DataFrame, text_columns: Iterable[str]) -> str:
    """Return a table as CSV, nothing rounded; nothing in its text columns is a formula to a spreadsheet."""
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
        return table
    texts = [column for column, kind in SCHEMAS[name].columns.items() if kind == _TEXT]
    (folder / f"{name}.csv").write_text(render_csv(table, texts), encoding="utf-8", newline="")
    return table


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet with page checksums, so that a flipped bit is noticed, and without pandas' metadata."""
    bare = arrow.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    with path.open("wb") as file:  # arrow takes no path that is not UTF-8 where Python is told that none is
        parquet.write_table(bare, file, write_page_checksum=True, compression="zstd")


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet table of ours, its checksums verified."""
    with path.open("rb") as stored, parquet.ParquetFile(stored, page_checksum_verification=True) as file:
        return file.read().to_pandas()


def read_table(name: str, folder: Path) -> pd.DataFrame:
    """Read a table back as it was written."""
    if name in PARQUET_TABLES:
        return read_parquet(folder / f"{name}.parquet")
    csv.field_size_limit(2**31 - 1)  # a comment is kept whole, however long
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    texts = pd.DataFrame(rows, columns=header, dtype="str")
    columns = {}
    for column, kind in SCHEMAS[name].columns.items():
        if kind == _TEXT:
            columns[column] = texts[column].map(_unguard_formula)
        elif kind == _FLAG:
            columns[column] = texts[column].map({"true": True, "false": False})
        else:
            columns[column] = pd.to_numeric(texts[column])
    return conform(name, pd.DataFrame(columns))


# --- from the checks to the tables ------------------------------------------------------------------------------


def tabulate_returns(ledger: Iterable[versions.LedgerEntry]) -> pd.DataFrame:
    """List every return received: one row each, with its version, its state and whether it counts."""
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


def _versions(checked: Iterable[rules.CheckedReturn]) -> list[rules.CheckedReturn]:
    return [one for one in checked if one.entry.is_version]


def tabulate_all_answers(checked: Iterable[rules.CheckedReturn], form: questionnaire.Form) -> pd.DataFrame:
    """List every question of every version: one row each.

    The repeat stands as one more question, its value the number of items: without a part its state is O.
    """
    texts = {question.name for question in form.questions if question.type == "text"}
    rows = []
    for one in _versions(checked):
        head, file = (*one.key, one.entry.version), (one.place.source_file, one.place.sheet)
        for name, answer in one.answers.items():
            # What was understood as a number, a date or a choice is no text; anything else may name a person.
            hide = mask_text if name in texts else str if answer.value else mask
            rows.append(
                (*head, name, hide(answer.raw), hide(answer.value), answer.state, *file, one.place.of(name).row)
            )
        has_part = one.items is not None
        count = str(len(one.items)) if has_part else ""
        rows.append(
            (
                *head,
                questionnaire.REPEAT,
                "",
                count,
                questionnaire.ANSWERED if has_part else questionnaire.MISSING,
                *file,
                one.place.row,
            )
        )
    return pd.DataFrame(rows, columns=list(SCHEMAS["answers"].columns))


def tabulate_innovations(checked: Iterable[rules.CheckedReturn]) -> pd.DataFrame:
    """List every item of every version: one row each; blank where withdrawn."""
    names = ("kind", "reference", "title", "date", "detail", "local_experts")
    return pd.DataFrame(
        {"quarter": one.key[0], "member": one.key[1], "version": one.entry.version}
        | {name: _masked(name, item.answers[name].value) for name in names}
        | {"source_file": item.place.source_file, "sheet": item.place.sheet, "row": item.place.row}
        for one in _versions(checked)
        for item in one.items or ()
    )


def _masked(name: str, text: str) -> str:
    return mask_addresses(text) if name == "reference" else mask_text(text) if name in ("title", "detail") else text


def tabulate_issues(found_issues: Iterable[issues.Issue]) -> pd.DataFrame:
    """List every finding: one row for each and received row."""
    names = [field.name for field in fields(issues.Issue) if field.name not in ("known_on", "sentence")]
    return pd.DataFrame([{name: getattr(found, name) for name in names} for found in found_issues], columns=names)


def tabulate_messages(issues: Iterable[issues.Issue]) -> pd.DataFrame:
    """List what the findings say in each language, without their places: one row per French message."""
    rows = {found.message_fr: [found.say(language) for language in LANGUAGES] for found in issues}
    return pd.DataFrame([(message, *said) for message, said in rows.items()], columns=list(SCHEMAS["told"].columns))


def tabulate_files(files: Iterable[tuple[str, ReceivedFile]]) -> pd.DataFrame:
    """List the files that an edition rests on: one row each."""
    return pd.DataFrame(
        {"file": path, "sha256": file.sha256, "size": file.size, "channel": file.channel} for path, file in files
    )


def tabulate_ingested(checked: rules.Checked, form: questionnaire.Form) -> dict[str, pd.DataFrame]:
    """Return the tables of returns, answers, innovations, issues, and what the issues say in each language."""
    return {
        "returns": tabulate_returns(checked.ledger),
        "answers": tabulate_all_answers(checked.checked, form),
        "innovations": tabulate_innovations(checked.checked),
        "issues": tabulate_issues(checked.issues),
        "told": tabulate_messages(checked.issues),
    }
