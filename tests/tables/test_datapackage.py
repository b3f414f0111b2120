"""The description of the published tables: every column is described, and every value fits its description."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from helpers.strings import IN_LINES, escape
from helpers.tables import schema
from helpers.tables.datapackage import (
    _FIELDS_FILE,
    describe,
    describe_field,
    read_fields,
    write_datapackage,
    write_series,
)
from helpers.tables.pipeline import load_tables
from invented import HOSTILE

pytestmark = pytest.mark.slow

READ: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": date.fromisoformat,
}


def edition(out: Path, quarter: str, as_of: str) -> Path:
    """Publish the tables of an edition of the bundled sample with their description; return the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PAPU_ROOT", raising=False)
        patch.setenv("PAPU_OUT", str(out / "work"))
        made = load_tables(quarter, as_of)
    folder = out / "published"
    folder.mkdir()
    for name in schema.PUBLISHED_TABLES:
        shutil.copyfile(*(place / file_of(name) for place in (out / "work", folder)))
    write_datapackage(folder, quarter, as_of, sample=made.sample, input_id=made.input_id)
    return folder


def file_of(name: str) -> str:
    return f"{name}.parquet" if name in schema.PARQUET_TABLES else f"{name}.csv"


@pytest.fixture(scope="module", params=[("2022Q3", "2022-11-14"), ("2023Q1", "2023-09-01")], ids=["first", "revised"])
def published(request, tmp_path_factory) -> Path:
    """Return the folder of a published edition of the sample, a first and a revised one."""
    return edition(tmp_path_factory.mktemp("edition"), *request.param)


def descriptor(folder: Path) -> dict:
    return json.loads((folder / "datapackage.json").read_text("utf-8"))


def rows_of(folder: Path, resource: Mapping) -> list[dict[str, str]]:
    """Read a resource's rows as texts, by its own dialect."""
    if resource["format"] == "parquet":
        frame = schema.read_parquet(folder / resource["path"])
        return frame.astype(object).where(frame.notna(), "").astype(str).to_dict("records")
    csv.field_size_limit(2**31 - 1)
    with (folder / resource["path"]).open(encoding=resource["encoding"], newline="") as file:
        return list(csv.DictReader(file, delimiter=resource["dialect"]["delimiter"], strict=True))


def fault(field: Mapping, text: str) -> str:
    """Return what a text does not keep to, of what its column's description says; blank where it does."""
    constraints = field.get("constraints", {})
    if text == "":
        return "required" if constraints.get("required") else ""
    try:
        value = READ[field["type"]](text)
    except (ValueError, KeyError):
        return "type"
    if "enum" in constraints and text not in constraints["enum"]:
        return "enum"
    if "minimum" in constraints and value < constraints["minimum"]:
        return "minimum"
    return "" if re.fullmatch(constraints.get("pattern", "(?s:.*)"), text) else "pattern"


def faults(folder: Path, resource: Mapping) -> list[tuple[str, str, str]]:
    return [
        (field["name"], row[field["name"]], found)
        for row in rows_of(folder, resource)
        for field in resource["schema"]["fields"]
        if (found := fault(field, row[field["name"]]))
    ]


def keys(folder: Path, resource: Mapping, columns: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(row[column] for column in columns) for row in rows_of(folder, resource)]


# --- the values -------------------------------------------------------------------------------------------------


def test_every_published_table_is_described_as_it_lies_there(published):
    package = descriptor(published)
    assert [resource["name"] for resource in package["resources"]] == list(schema.PUBLISHED_TABLES)
    for resource in package["resources"]:
        content = (published / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        rows = rows_of(published, resource)
        assert (resource["bytes"], resource.get("rows", resource.get("row_count"))) == (len(content), len(rows))
        assert not rows or list(rows[0]) == [field["name"] for field in resource["schema"]["fields"]]


def test_every_value_has_the_type_and_keeps_the_constraints_of_its_column(published):
    for resource in descriptor(published)["resources"]:
        assert faults(published, resource)[:5] == []


def test_primary_keys_are_unique_and_foreign_keys_lead_to_a_row(published):
    resources = {resource["name"]: resource for resource in descriptor(published)["resources"]}
    found = 0
    for resource in resources.values():
        if columns := resource["schema"].get("primaryKey"):
            held = keys(published, resource, columns)
            assert len(set(held)) == len(held) and not any("" in key for key in held)
        for foreign in resource["schema"].get("foreignKeys", []):
            aim = foreign["reference"]
            held = set(keys(published, resources[aim["resource"]], aim["fields"]))
            named = keys(published, resource, foreign["fields"])
            assert set(named) <= held
            found += len(named)
    assert found > 100


@pytest.mark.parametrize(
    ("table", "column", "text", "found"),
    [
        ("kpis", "value", "0.25", ""), ("kpis", "value", "1e-09", ""), ("kpis", "value", "", ""),
        ("kpis", "value", "douze", "type"), ("kpis", "n_reported", "1.5", "type"),
        ("kpis", "n_reported", "-1", "minimum"),
        ("kpis", "quarter", "", "required"), ("kpis", "quarter", "2024Q5", "pattern"), ("kpis", "kpi", "9.9.z", "enum"),
        ("kpis", "robust", "TRUE", "type"), ("kpis", "status", "late", "enum"), ("kpis", "scope", "Oceania", "enum"),
        ("returns", "received_on", "31/12/2024", "type"), ("items", "date", "deux", "type"),
        ("issues", "member", "Atlantis", ""),
    ],
)  # fmt: skip
def test_a_wrong_value_would_be_found(table, column, text, found):
    assert fault(describe_field(table, column), text) == found


def test_texts_that_a_spreadsheet_would_run_keep_to_their_description_and_can_be_had_back(tmp_path):
    texts = ["=1+1", "+SUM(A1)", "-cmd", "@x", "\tx", "'=1+1", "a\r\nb", "-5", "’", HOSTILE]
    for name in schema.PUBLISHED_TABLES:
        schema.write_table(name, pd.DataFrame(), tmp_path)
    head = {"quarter": "2024Q3", "member": "SEN", "version": 1}
    schema.write_table("items", pd.DataFrame([head | {"title": text} for text in texts]), tmp_path)
    package = describe(tmp_path, "2024Q3", "2024-11-14", sample=False, input_id="0")
    resource = next(one for one in package["resources"] if one["name"] == "items")
    assert faults(tmp_path, resource) == [] and resource["rows"] == len(texts)
    pattern = re.search(r"the pattern (\S+)\.$", package["description"])[1]
    written = [row["title"] for row in rows_of(tmp_path, resource)]
    back = [text[1:] if text[0] == "'" and re.match(pattern, text[1:]) else text for text in written]
    assert sorted(back) == sorted(escape(text, IN_LINES + "\r") for text in texts) and written != back


def test_the_series_of_each_indicator_is_described_and_all_of_them_together_are_those_of_the_edition(tmp_path):
    made = load_tables("2022Q4", "2023-02-14")
    write_series(tmp_path, made)
    whole, *each = descriptor(tmp_path)["resources"]
    assert whole["name"] == "kpis" and len(each) == made.kpis["kpi"].nunique()
    for resource in (whole, *each):
        content = (tmp_path / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}" and resource["title_fr"]
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"]) and resource["rows"] == len(rows_of(tmp_path, resource))
        held = keys(tmp_path, resource, resource["schema"]["primaryKey"])
        assert faults(tmp_path, resource) == [] and len(set(held)) == len(held)
    texts = [(tmp_path / resource["path"]).read_text("utf-8").splitlines()[1:] for resource in each]
    assert sorted(sum(texts, [])) == sorted((tmp_path / "kpis.csv").read_text("utf-8").splitlines()[1:])
    assert {path.name for path in tmp_path.iterdir()} == {"datapackage.json", *(one["path"] for one in (whole, *each))}


# --- the words --------------------------------------------------------------------------------------------------


def test_every_column_of_every_table_is_described_and_no_other():
    wanted = [(name, column) for name, contract in schema.SCHEMAS.items() for column in contract.columns]
    with _FIELDS_FILE.open(encoding="utf-8", newline="") as file:
        listed = [(row["table"], row["column"]) for row in csv.DictReader(file)]
    assert sorted(listed) == sorted(wanted)
    assert all(row["en"] and row["fr"] and row["required"] in ("", "yes") for row in read_fields().values())


def test_an_invented_sample_says_so_and_reported_figures_bear_no_licence_of_ours(published):
    sample = descriptor(published)
    assert sample["description"].startswith("INVENTED SAMPLE") and "DONNÉES FICTIVES" in sample["description_fr"]
    assert [licence["name"] for licence in sample["licenses"]] == ["Apache-2.0"]
    real = describe(published, "2023Q1", "2023-09-01", sample=False, input_id="0")
    assert "INVENTED" not in json.dumps(real, ensure_ascii=False) and "licenses" not in real


def test_the_package_names_its_edition_and_no_clock(published):
    package = descriptor(published)
    quarter, as_of = package["edition"]["quarter"], package["edition"]["as_of"]
    label = "provisional" if quarter == "2022Q3" else "Rev. 1"
    assert (package["version"], package["created"]) == (f"{quarter}, {as_of}, {label}", f"{as_of}T00:00:00Z")
    assert package["name"] == f"papu-{quarter.lower()}-{as_of}" and re.fullmatch(r"[a-z0-9._-]+", package["name"])
    assert "{" not in package["title"] + package["title_fr"] + package["description"] + package["description_fr"]


def test_the_same_tables_are_described_in_the_same_bytes_in_any_folder(published, tmp_path):
    again = tmp_path / "é"
    shutil.copytree(published, again)
    facts = descriptor(published)["edition"]
    write_datapackage(again, facts["quarter"], facts["as_of"], sample=facts["sample"], input_id=facts["input_id"])
    assert (again / "datapackage.json").read_bytes() == (published / "datapackage.json").read_bytes()
    assert not re.search(r"/(home|work|tmp|root|Users)/", (again / "datapackage.json").read_text("utf-8"))
