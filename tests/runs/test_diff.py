"""Differences between two versions of a file, of every kind, in words for a person."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from helpers.runs.diff import MOST_DIFFERENCES, list_differences
from helpers.tables import schema

KPIS = "quarter,scope,kpi,value,status\n"


def differences(tmp_path: Path, name: str, was: str | bytes, now: str | bytes) -> list[str]:
    """Return the differences between two contents of a file."""
    paths = []
    for folder, content in (("was", was), ("now", now)):
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(path)
    return list_differences(name, *paths)


def test_the_same_bytes_have_no_difference(tmp_path):
    assert differences(tmp_path, "kpis.csv", KPIS, KPIS) == []


def test_a_cell_is_named_by_its_row_and_column(tmp_path):
    was = KPIS + "2024Q3,PAPU,2.1.a,510,overdue\n2024Q3,PAPU,2.2.a,,\n"
    now = KPIS + "2024Q3,PAPU,2.1.a,512,overdue\n2024Q3,PAPU,2.2.a,60,\n"
    assert differences(tmp_path, "kpis.csv", was, now) == [
        "kpis.csv: 2024Q3 PAPU 2.1.a, value: was 510, is 512",
        "kpis.csv: 2024Q3 PAPU 2.2.a, value: was blank, is 60",
    ]


def test_added_and_removed_rows_are_listed_those_without_a_key_by_their_content(tmp_path):
    row = "2024Q3,PAPU,2.1.a,510,overdue\n"
    assert "kpis.csv: 2024Q3 PAPU 2.1.a, value: was nothing, is 510" in differences(
        tmp_path, "kpis.csv", KPIS, KPIS + row
    )
    issues = "rule,member\n"
    assert differences(tmp_path, "issues.csv", issues + "V03,SEN\n", issues + "V03,KEN\n") == [
        "issues.csv: row, V03 | KEN: was nothing, is 1",
        "issues.csv: row, V03 | SEN: was 1, is nothing",
    ]
    assert differences(tmp_path, "issues.csv", issues + "V03,SEN\n", issues + "V03,SEN\n" * 2) == [
        "issues.csv: row, V03 | SEN: was 1, is 2"
    ]


def test_of_many_differences_the_first_are_listed_and_the_rest_counted(tmp_path):
    was = KPIS + "".join(f"2024Q3,PAPU,{n},1,\n" for n in range(30))
    lines = differences(tmp_path, "kpis.csv", was, was.replace(",1,\n", ",2,\n"))
    assert len(lines) == MOST_DIFFERENCES + 1 and lines[-1] == "kpis.csv: and 10 more"


def test_a_parquet_table_is_compared_by_row_and_column_too(tmp_path):
    answers = pd.DataFrame({"quarter": ["2024Q3"], "member": ["KEN"], "version": [1], "question": ["q"], "raw": ["5"]})
    for folder, raw in (("was", "5"), ("now", "6")):
        (tmp_path / folder).mkdir()
        schema.write_parquet(answers.assign(raw=raw), tmp_path / folder / "answers.parquet")
    files = [tmp_path / folder / "answers.parquet" for folder in ("was", "now")]
    assert list_differences("answers", *files) == ["answers: 2024Q3 KEN 1 q, raw: was 5, is 6"]


def test_a_notebook_is_compared_by_cell_and_json_by_key(tmp_path):
    def notebook(text: str) -> str:
        output = {"output_type": "execute_result", "data": {"text/plain": ["kpi\n", text]}}
        return json.dumps({"cells": [{"cell_type": "code", "source": ["show()"], "outputs": [output]}]})

    assert differences(tmp_path, "02.ipynb", notebook("510"), notebook("512")) == [
        "02.ipynb: cell 1, text/plain, line 2: was 510, is 512"
    ]
    assert differences(tmp_path, "d.json", '{"a": [{"b": 1}]}', '{"a": [{"b": 2}]}') == ["d.json: a, 1, b: was 1, is 2"]


def test_a_workbook_is_compared_by_sheet_and_cell(tmp_path):
    for folder, value in (("was", 510), ("now", 512)):
        (tmp_path / folder).mkdir()
        with xlsxwriter.Workbook(tmp_path / folder / "tables.xlsx") as book:
            book.add_worksheet("Tableau 1").write(1, 2, value)
    files = [tmp_path / folder / "tables.xlsx" for folder in ("was", "now")]
    assert list_differences("tables.xlsx", *files) == ["tables.xlsx: Tableau 1, C2: was 510, is 512"]


@pytest.mark.parametrize(
    ("name", "was", "now", "line"),
    [
        ("r.pdf", b"%PDF-1.7 a", b"%PDF-1.7 bc", "r.pdf: differs from byte 10 on (10 bytes then, 11 now)"),
        ("d.json", "{", "{}", "d.json: cannot be read (JSONDecodeError"),
        ("d.json", '{"a": 1}', '{"a":1}', "d.json: differs from byte 6 on (8 bytes then, 7 now)"),
        ("kpis.csv", "", KPIS, "kpis.csv: cannot be read (ValueError"),
    ],
)
def test_a_file_without_a_reader_is_compared_by_its_bytes(tmp_path, name, was, now, line):
    (difference,) = differences(tmp_path, name, was, now)
    assert difference.startswith(line)
