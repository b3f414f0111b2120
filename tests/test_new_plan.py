"""`papu init` makes a root for a plan, whole or not at all; `papu plan` says a plan in words, to be proofread."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import PLAN, ROOT
from helpers import paths
from helpers.cli import main
from helpers.ingest.registers import COLUMNS
from second.returns import HERE

SECOND = HERE / "plan"


def papu(*words: object):
    return CliRunner().invoke(main, [str(word) for word in words])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("plan", [(), ("--plan", SECOND)])
def test_a_new_root_has_the_plan_registers_with_heads_and_a_page(tmp_path, monkeypatch, plan):
    root, source = tmp_path / "next", SECOND if plan else PLAN
    assert papu("init", root, *plan).exit_code == 0
    raw = root / "data" / "raw"
    for path in (path for path in source.rglob("*") if path.is_file()):
        assert (raw / "plan" / path.relative_to(source)).read_bytes() == path.read_bytes()
    assert {path.name for path in raw.iterdir()} == {"plan", "registers"}
    heads = [path.read_text(encoding="utf-8").splitlines() for path in (raw / "registers").iterdir()]
    assert len(heads) == len(COLUMNS) and all(len(lines) == 1 and "recorded_on" in lines[0] for lines in heads)
    page = (root / "README.md").read_text(encoding="utf-8")
    assert "{" not in page and len(page.splitlines()) < 60
    assert all(path.name in page for path in (raw / "plan").rglob("*.*"))
    monkeypatch.setenv("PAPU_ROOT", str(root))
    for words in (("plan",), ("status",)):
        assert papu(*words).exit_code == 0, words


def test_nothing_is_written_over_and_a_plan_that_cannot_be_meant_is_not_taken(tmp_path):
    (tmp_path / "kept.txt").write_text("mine", encoding="utf-8")
    said = papu("init", tmp_path)
    assert said.exit_code == 2 and "is not empty; choose another folder" in said.output
    broken = tmp_path / "plan"
    shutil.copytree(SECOND, broken)
    (broken / "units.csv").unlink()
    said = papu("init", tmp_path / "next", "--plan", broken)
    assert said.exit_code == 3 and "units.csv: cannot be read" in said.output
    assert {path.name for path in tmp_path.iterdir()} == {"kept.txt", "plan"}


def test_the_page_of_each_language_names_every_file_and_command():
    pages = [path.read_text(encoding="utf-8") for path in sorted((paths.PACKAGE / "start" / "readme").glob("*.md"))]
    assert len(pages) == 4
    for page in pages:
        assert all(f"papu {name}" in page for name in ("plan", "add", "check", "run", "status", "briefs", "explain"))
        assert "{" not in page and page.startswith("# ")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("plan", [PLAN, SECOND])
def test_the_plan_in_words_has_every_kpi_question_rule_and_member(tmp_path, monkeypatch, plan, language):
    root = tmp_path / "root"
    shutil.copytree(plan, root / "data" / "raw" / "plan")
    monkeypatch.setenv("PAPU_ROOT", str(root))
    said = papu("plan", "--language", language, "--html", tmp_path / "plan.html")
    assert said.exit_code == 0 and max(map(len, said.output.splitlines())) <= 100
    plain = " ".join(said.output.split())
    for name, column in (("kpis", "kpi"), ("kpis", f"title_{language}"), ("members", f"name_{language}")):
        assert all(
            " ".join(row[column].split()) in plain for row in rows_of(plan / f"{name}.csv") if "'" not in row[column]
        )
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    questions = [
        row for row in rows_of(plan / "questionnaire" / "survey.csv") if row["type"].split()[0] in ("integer", "date")
    ]
    assert all(row["name"] in said.output and row["name"] in page for row in questions)
    assert "http" not in page and "<script" not in page


def test_markup_in_the_plan_stays_text(tmp_path, monkeypatch):
    root = tmp_path / "root"
    shutil.copytree(SECOND, root / "data" / "raw" / "plan")
    path = root / "data" / "raw" / "plan" / "kpis.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Berths with light", "<b>Berths</b> & light"), encoding="utf-8"
    )
    monkeypatch.setenv("PAPU_ROOT", str(root))
    assert papu("plan", "--language", "en", "--html", tmp_path / "plan.html").exit_code == 0
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;Berths&lt;/b&gt; &amp; light" in page and "<b>" not in page


def test_a_question_that_nothing_reads_is_seen(tmp_path, monkeypatch):
    root = tmp_path / "root"
    shutil.copytree(SECOND, root / "data" / "raw" / "plan")
    path = root / "data" / "raw" / "plan" / "rules.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "classes_held" not in line), encoding="utf-8")
    monkeypatch.setenv("PAPU_ROOT", str(root))
    said = papu("plan", "--language", "en").output
    assert "none" in said[said.index("classes_held") :].splitlines()[1]


def test_the_examples_of_the_page_are_rows_of_the_second_plan():
    text = (ROOT / "docs" / "next_plan.md").read_text(encoding="utf-8").partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ") and ".csv | " in line]
    assert len(rows) > 12
    for row in rows:
        example = row[-1].strip("`").partition("…")[0]
        files = [SECOND / name for name in row[0].split(", ")]
        assert any(example in path.read_text(encoding="utf-8") for path in files), row
