"""Describes the published tables of an edition for their users: a Frictionless Data Package, version 1."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from helpers.i18n import Translator, catalogue, typeset
from helpers.plan import read_plan, read_settings
from helpers.tables import schema
from helpers.tables.pipeline import EditionTables

_FIELDS_FILE, _TITLES = Path(__file__).with_name("fields.csv"), Path(__file__).with_suffix(".csv")
LICENCE = {
    "name": "Apache-2.0", "title": "Apache License 2.0", "path": "https://www.apache.org/licenses/LICENSE-2.0",
}  # fmt: skip
PRIMARY_KEYS: Mapping[str, tuple[str, ...]] = {
    "kpis": ("quarter", "scope", "kpi"),
    "kpi_components": ("quarter", "scope", "kpi", "component"),
    "member_values": ("quarter", "member", "kpi"),
    "changes": ("quarter", "scope", "kpi"),
    "revisions": ("quarter", "scope", "kpi", "figure"),
    "answers": ("quarter", "member", "version", "question"),
}
_TYPES = {"text": "string", "count": "integer", "figure": "number", "flag": "boolean"}
# These are texts in our frames, where a date or number may be blank.
_READ_AS = {("returns", "received_on"): "date", ("items", "date"): "date"}
# Not checked in issues.csv, whose cells may hold unreadable values as received.
_PATTERNS = {
    "quarter": r"[0-9]{4}Q[1-4]", "source_quarter": r"[0-9]{4}Q[1-4]", "member": "[A-Z]{3}", "sha256": "[0-9a-f]{64}",
}  # fmt: skip
_CSV_FORMAT = {
    "profile": "tabular-data-resource", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
    "dialect": {
        "delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True, "skipInitialSpace": False,
        "header": True,
    },
}  # fmt: skip
_PARQUET_FORMAT = {
    "profile": "data-resource", "type": "file", "format": "parquet", "mediatype": "application/vnd.apache.parquet",
}  # fmt: skip


@cache
def read_fields() -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Read the description of each column, by table and column."""
    return {(row["table"], row["column"]): row for row in catalogue.read_csv(_FIELDS_FILE)}


def _both_languages(name: str, *keys: str, **values: str) -> dict[str, str]:
    """Return a property in English under its name, and in French under `…_fr`, both with the plan's own names."""
    plan, texts = read_plan(), {}
    for language in ("en", "fr"):
        named = language if language in plan.settings.languages else plan.settings.master_language
        titles = {key: row[language] for key, row in catalogue.read_by_key(_TITLES).items()}
        names = {
            "union": plan.settings.short("union")[named], "plan": plan.settings.title[named].replace("\n", " "),
            "reference": plan.settings.reference, "targets": titles[f"targets.{plan.targets}"],
        }  # fmt: skip
        text = " ".join(titles[key] for key in keys)
        texts[language] = Translator(named).fill(text, names | values)
    return {name: texts["en"], f"{name}_fr": typeset(texts["fr"], "fr")}


def describe_field(table: str, column: str) -> dict[str, object]:
    """Describe a column: its type, content, unit and constraints."""
    described = read_fields()[table, column]
    kind = _READ_AS.get((table, column), _TYPES[schema.SCHEMAS[table].columns[column]])
    field: dict[str, object] = {"name": column, "type": kind}
    if kind == "boolean":
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    field |= {"description": described["en"], "description_fr": typeset(described["fr"], "fr")}
    if described["unit"]:
        field["unit"] = described["unit"]
    if constraints := _constraints(table, column, kind):
        field["constraints"] = constraints
    return field


def _constraints(table: str, column: str, kind: str) -> dict[str, object]:
    constraints: dict[str, object] = {"required": True} if read_fields()[table, column]["required"] else {}
    choices = [choice for choice in schema.SCHEMAS[table].choices.get(column, ()) if choice]
    if column == "scope":
        choices = list(read_plan().scopes)
    if column == "kpi":
        choices = [kpi.kpi for kpi in read_plan().kpis]
    if choices:
        constraints["enum"] = choices
    if kind == "integer":
        constraints["minimum"] = 0
    if column in _PATTERNS and table != "issues":
        constraints["pattern"] = _PATTERNS[column]
    return constraints


def describe_schema(table: str) -> dict[str, object]:
    """Describe a table's columns, in order, and its keys."""
    fields = [describe_field(table, column) for column in schema.SCHEMAS[table].columns]
    described: dict[str, object] = {"fields": fields, "missingValues": [""]}
    if table in PRIMARY_KEYS:
        described["primaryKey"] = list(PRIMARY_KEYS[table])
    if table in ("kpi_components", "changes", "revisions"):  # each row refers to a row of kpis
        key = list(PRIMARY_KEYS["kpis"])
        described["foreignKeys"] = [{"fields": key, "reference": {"resource": "kpis", "fields": key}}]
    return described


def describe_table(table: str, folder: Path) -> dict[str, object]:
    """Describe a published table in a folder: its file, format, digest, rows and columns."""
    is_parquet = table in schema.PARQUET_TABLES
    path = folder / f"{table}.{'parquet' if is_parquet else 'csv'}"
    return _describe_file(table, path, len(schema.read_table(table, folder)))


def _describe_file(table: str, path: Path, n_rows: int) -> dict[str, object]:
    """Describe a file that has rows of a table."""
    is_parquet, content = table in schema.PARQUET_TABLES, path.read_bytes()
    # Validators read CSV. For a `file` they compare only bytes and digest; `rows` would make them look for lines.
    format_ = _PARQUET_FORMAT | {"row_count": n_rows} if is_parquet else _CSV_FORMAT | {"rows": n_rows}
    return {
        "name": table,
        **_both_languages("title", f"{table}.title"),
        **_both_languages("description", f"{table}.rows"),
        "path": path.name,
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "bytes": len(content),
        **format_,
        "schema": describe_schema(table),
    }


def describe(folder: Path, quarter: str, as_of: str, *, sample: bool, input_id: str) -> dict[str, object]:
    """Describe the published tables of an edition in a folder.

    An invented sample is called so and has the repository's licence; what members reported has none.
    """
    resources = [describe_table(table, folder) for table in schema.PUBLISHED_TABLES]
    return _describe_package(resources, "description", quarter, as_of, sample=sample, input_id=input_id)


def _describe_package(
    resources: list[dict[str, object]], rows: str, quarter: str, as_of: str, *, sample: bool, input_id: str
) -> dict[str, object]:
    """Describe a package of an edition's tables; `rows` names the text that says what they have."""
    label = Translator("en").label(read_settings().is_revised(quarter, date.fromisoformat(as_of)))
    texts = ("sample", rows, "guard") if sample else (rows, "received", "guard")
    sources = ("source.sample" if sample else "source.returns", "source.plan")
    return {
        "profile": "data-package",
        "name": f"{read_plan().code}-{quarter}-{as_of}".lower(),
        **_both_languages("title", "title", quarter=quarter, as_of=as_of),
        **_both_languages("description", *texts, quarter=quarter, kpis=str(len(read_plan().kpis))),
        "version": f"{quarter}, {as_of}, {label}",
        "created": f"{as_of}T00:00:00Z",
        "edition": {"quarter": quarter, "as_of": as_of, "label": label, "sample": sample, "input_id": input_id},
        **({"licenses": [LICENCE]} if sample else {}),
        "sources": [_both_languages("title", key) for key in sources],
        "resources": resources,
    }


def write_series(folder: Path, edition: EditionTables) -> None:
    """Write the indicators of an edition, every quarter and scope: all in one file, and one file each, described."""
    schema.write_table("kpis", edition.kpis, folder)
    resources, texts = [describe_table("kpis", folder)], schema.text_columns("kpis")
    for kpi in read_plan().kpis:
        rows, path = edition.kpis[edition.kpis["kpi"] == kpi.kpi], folder / f"{kpi.kpi}.csv"
        path.write_text(schema.render_csv(rows, texts), encoding="utf-8", newline="")
        titles = {f"title{end}": kpi.title.get(language, "") for end, language in (("", "en"), ("_fr", "fr"))}
        named = {"name": kpi.kpi.lower(), **{key: title for key, title in titles.items() if title}}
        resources.append(_describe_file("kpis", path, len(rows)) | named)
    about = {"sample": edition.sample, "input_id": edition.input_id}
    described = _describe_package(resources, "series", edition.quarter, edition.as_of, **about)
    _write_json(described | {"name": f"{described['name']}-series"}, folder)


def write_datapackage(folder: Path, quarter: str, as_of: str, *, sample: bool, input_id: str) -> Path:
    """Write the description beside the published tables; the same tables give the same bytes."""
    return _write_json(describe(folder, quarter, as_of, sample=sample, input_id=input_id), folder)


def _write_json(described: Mapping[str, object], folder: Path) -> Path:
    path = folder / "datapackage.json"
    path.write_text(json.dumps(described, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    return path
