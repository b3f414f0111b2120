"""An invented second plan: the workbook runs on it by data alone, and nothing of the present one shows through.

`tests/second/README.md` says who the invented union is. What is expected was worked out apart from the workbook.
"""

from __future__ import annotations

import csv
import html
import json
import math
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from pyxform.xls2xform import convert

from conftest import PLAN
from helpers.cli import main
from helpers.plan.files import read_rows
from helpers.plan.theme_figures import FIGURES
from helpers.report import figures, headlines
from helpers.report.document import Report
from helpers.runs import edition, schedule
from helpers.tables.pipeline import EditionTables, load_tables
from second import work_out
from second.placing import place
from second.returns import HERE, QUARTERS, read

EDITIONS = [f"{quarter}/{day}" for quarter, day in work_out.EDITIONS]
LAST, LAST_DAY = "2025Q4", "2026-02-09"
KEYS = {
    "kpis": ["quarter", "scope", "kpi"],
    "kpi_components": ["quarter", "scope", "kpi", "component"],
    "member_values": ["quarter", "member", "kpi"],
    "changes": ["quarter", "scope", "kpi"],
}
TABLES = {"kpis": "kpis", "kpi_components": "components", "member_values": "member_values", "changes": "changes"}
MEASURES = {
    "count_known", "count_ever", "sum_known", "mean_index", "distinct_codes", "distinct_items", "sum_flow",
    "sum_reported", "milestone", "register", "rate",
}  # fmt: skip
RESERVED = {"", "member", "quarter"}


def rows_of(folder: Path, *names: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with folder.joinpath(*names).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# --- the plan and what is expected ------------------------------------------------------------------------------


def test_it_shares_no_question_with_the_present_form():
    here, there = ({row["name"] for row in rows_of(folder, "questionnaire", "survey.csv")} for folder in (
        HERE / "plan", PLAN
    ))  # fmt: skip
    assert here & there == RESERVED


def test_its_codes_are_those_of_the_present_plan_and_mean_other_things():
    here, there = ({row["kpi"]: row["measure"] for row in rows_of(folder, "kpis.csv")} for folder in (
        HERE / "plan", PLAN
    ))  # fmt: skip
    both = here.keys() & there.keys()
    assert len(both) >= 10 and sum(here[kpi] != there[kpi] for kpi in both) >= 8


def test_every_measure_is_in_it():
    rows = [*read("plan", "kpis.csv"), *read("plan", "companions.csv")]
    assert {row["measure"] for row in rows} == MEASURES


def test_every_kind_of_figure_is_in_it():
    assert {row["figure"] for row in read("plan", "figures.csv")} == set(FIGURES)


def test_every_check_of_the_present_rules_is_in_it():
    if (PLAN / "rules.csv").exists():
        here, there = ({row["check"] for row in rows_of(folder, "rules.csv")} for folder in (HERE / "plan", PLAN))
        assert here >= there


def test_its_form_converts_without_a_warning():
    folder, warnings = HERE / "plan" / "questionnaire", []
    sheets = {name: read_rows(folder / f"{name}.csv", ()) for name in ("survey", "choices", "settings")}
    filled = {name: [{k: v for k, v in row.items() if v} for row in rows] for name, rows in sheets.items()}
    assert "berths_lit" in convert(filled, warnings=warnings).xform and warnings == []


def test_no_state_is_in_it():
    assert all(re.fullmatch("X[A-C][A-C]", row["member"]) for row in read("plan", "members.csv"))


@pytest.mark.parametrize("name", EDITIONS)
def test_what_is_expected_is_what_is_worked_out(name, tmp_path, monkeypatch):
    monkeypatch.setattr(work_out, "HERE", tmp_path)
    monkeypatch.setattr(work_out, "EDITIONS", [tuple(name.split("/"))])
    work_out.main()
    for path in (tmp_path / "expected" / name).iterdir():
        assert path.read_bytes() == (HERE / "expected" / name / path.name).read_bytes()


# --- its figures ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Return a root with the second plan and what was received."""
    return place(tmp_path_factory.mktemp("second") / "root")


@pytest.fixture
def there(root, monkeypatch) -> Path:
    """Look in that root."""
    monkeypatch.setenv("PAPU_ROOT", str(root))
    monkeypatch.delenv("PAPU_OUT", raising=False)
    return root


@pytest.fixture(scope="module")
def loaded(root) -> Callable[[str], EditionTables]:
    """Return what gives the tables of an edition, read once."""

    @cache
    def load(name: str) -> EditionTables:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PAPU_ROOT", str(root))
            patch.delenv("PAPU_OUT", raising=False)
            return load_tables(*name.split("/"))

    return load


def written(cell: object) -> str:
    """Return a cell of a table as a published file has it."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)) or cell is pd.NA:
        return ""
    return str(cell).lower() if isinstance(cell, bool) or type(cell).__name__ == "bool" else str(cell)


def is_same(found: str, expected: str) -> bool:
    """Tell whether two cells are equal; numbers to 1e-9."""
    try:
        return abs(float(found) - float(expected)) <= 1e-9
    except ValueError:
        return found == expected


def list_differences(found: pd.DataFrame, expected: list[dict[str, str]], keys: list[str]) -> list[str]:
    """Return the rows that only one of two tables has, and the cells in which they differ."""
    seen = {tuple(map(written, row[keys])): row for _, row in found.iterrows()} if len(found) else {}
    wanted = {tuple(row[key] for key in keys): row for row in expected}
    return [
        *(f"{' '.join(key)} in one alone" for key in sorted(seen.keys() ^ wanted.keys())),
        *(
            f"{' '.join(key)} {column}: {written(seen[key].get(column))} is not {text}"
            for key in wanted.keys() & seen.keys()
            for column, text in wanted[key].items()
            if not is_same(written(seen[key].get(column)), text)
        ),
    ]


def list_all_differences(found: EditionTables, name: str, change: Callable[[dict[str, str]], bool]) -> list[str]:
    """Return how all tables of an edition differ from what is expected, whose rows are changed, or left out, first."""
    differing = []
    for table, keys in KEYS.items():
        path = HERE / "expected" / name / f"{table}.csv"
        expected = [row for row in (rows_of(path) if path.exists() else []) if change(row)]
        differing += list_differences(getattr(found, TABLES[table]), expected, keys)
    return differing


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if f"/{LAST_DAY}" in name else pytest.mark.slow) for name in EDITIONS]
)
def test_every_cell_is_the_one_worked_out(loaded, name):
    assert list_all_differences(loaded(name), name, lambda row: True) == []


@pytest.mark.slow
def test_the_first_quarter_with_statuses_compares_with_none(there):
    report = Report("2025Q2", language="en")
    assert not report.tables.is_first and headlines.describe_news(report) == []
    assert "status at the end of the quarter" in figures.distances(report).subtitle


@pytest.mark.slow
def test_codes_of_kpis_mean_nothing(tmp_path, monkeypatch):
    plan = place(tmp_path / "root") / "data" / "raw" / "plan"

    def rename(text: str) -> str:
        return re.sub(r"\b(\d\.\d\.)([a-d])\b", lambda found: found[1] + chr(ord(found[2]) + 12), text)

    for path in plan.glob("*.csv"):
        path.write_text(rename(path.read_text(encoding="utf-8")), encoding="utf-8")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path / "root"))

    def change(row: dict[str, str]) -> bool:
        row["kpi"] = rename(row["kpi"])
        return True

    assert list_all_differences(load_tables(LAST), f"{LAST}/{LAST_DAY}", change) == []


@pytest.mark.slow
def test_a_plan_may_have_no_repeat(tmp_path, monkeypatch):
    plan = place(tmp_path / "root") / "data" / "raw" / "plan"
    settings = (plan / "plan.toml").read_text(encoding="utf-8")
    (plan / "plan.toml").write_text(settings[: settings.index("[repeat]")], encoding="utf-8")
    for name in ("kpis", "steps", "components", "companions", "figures", "units"):
        leave_out(plan / f"{name}.csv", r"2\.2|2,trends,2\.2|voyages")
    leave_out(plan / "questionnaire" / "choices.csv", "purpose|relief_cargo|trial_gear")
    survey = plan / "questionnaire" / "survey.csv"
    first, _, rest = survey.read_text(encoding="utf-8").partition("begin_group,sailing")
    survey.write_text(first + rest[rest.index("begin_group,crews") :], encoding="utf-8")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path / "root"))
    found = load_tables(LAST)
    assert list_all_differences(found, f"{LAST}/{LAST_DAY}", lambda row: not row["kpi"].startswith("2.2")) == []


def leave_out(path: Path, begin: str) -> None:
    """Take the rows out of a file that begin so."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not re.match(begin, line)), encoding="utf-8")


def test_what_is_refused_and_withdrawn_is_what_should_be_and_nothing_else(loaded):
    hard = loaded(f"{LAST}/{LAST_DAY}").issues.query("severity in ('refused', 'withdrawn')")
    found = {tuple(row) for row in hard[["severity", "rule", "quarter", "member", "question"]].itertuples(index=False)}
    rows = [row for row in read("expected", "findings.csv") if row["severity"] != "warning"]
    assert found == {tuple(list(row.values())[:5]) for row in rows}


def test_what_its_rules_ask_to_be_confirmed_is_what_should_be_and_nothing_else(loaded):
    soft = loaded(f"{LAST}/{LAST_DAY}").issues.query("severity == 'warning'")
    found = sorted(tuple(row) for row in soft[["rule", "quarter", "member"]].itertuples(index=False))
    rows = [row for row in read("expected", "findings.csv") if row["severity"] == "warning"]
    assert found == sorted((row["rule"], row["quarter"], row["member"]) for row in rows)
    asked = {(row["rule"], row["quarter"], row["member"], row["question"]) for row in rows if row["question"]}
    assert asked <= {tuple(row) for row in soft[["rule", "quarter", "member", "question"]].itertuples(index=False)}


# --- its words --------------------------------------------------------------------------------------------------


def list_present_words() -> set[str]:
    """Return what only the present plan says: its titles, names, members, regions, questions, and its union."""
    words: set[str] = set()
    for name in ("themes", "steps", "kpis", "components", "companions", "names", "members", "regions", "stages"):
        if (PLAN / f"{name}.csv").exists():
            for row in rows_of(PLAN, f"{name}.csv"):
                shown = ("title_", "text_", "name_", "short_", "reached_", "below_")
                words |= {text for column, text in row.items() if column.startswith(shown)}
                words |= {row.get("region", ""), row.get("product", "")}
    for row in rows_of(PLAN, "questionnaire", "survey.csv"):
        words |= {text for column, text in row.items() if column.startswith("label")}
        words |= {row["name"]} - RESERVED if "_" in row["name"] else set()
    words |= {"PAPU", "UPAP", "UPU", "Pan African Postal Union", "Union panafricaine des postes"}
    words |= {"postal", "post office", "post offices", "bureau de poste", "bureaux de poste", "Africa", "Afrique"}
    words |= {"General Secretariat", "Secrétariat général", "Member States", "États membres"}
    words |= {"offices", "bureaux", "innovation", "has_innovations"}
    words |= {row["kpi"] for row in rows_of(PLAN, "kpis.csv")}
    own = set().union(*(set(row.values()) for path in (HERE / "plan").rglob("*.csv") for row in rows_of(path)))
    return {word for word in words - own if word and len(word) > 2}


# Words of the present plan that any report may say, each with what they mean there.
GENERAL = {
    "Central": "the tool ODK Central",
    "Reference": "the head of a column",
    "Référence": "the same",
}


def find_words(text: str) -> set[str]:
    """Return the words of the present plan that a text has, as whole words."""
    plain = " ".join(text.split())
    found = {word for word in list_present_words() - GENERAL.keys() if word in plain}
    return {word for word in found if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", plain)}


def texts_of(path: Path) -> str:
    """Return what a person reads in a file that was written."""
    if path.suffix == ".pdf":
        return "\n".join(page.extract_text() for page in PdfReader(path).pages)
    if path.suffix == ".xlsx":
        sheets = openpyxl.load_workbook(path, read_only=True)
        cells = (cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row if cell)
        return "\n".join([*sheets.sheetnames, *map(str, cells)])
    if path.suffix == ".html":
        body = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", path.read_text(encoding="utf-8"))
        return html.unescape(re.sub(r"<[^>]+>", " ", body))
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return json.dumps([cell.get("outputs", []) for cell in cells], ensure_ascii=False)
    return path.read_text(encoding="utf-8") if path.suffix in (".csv", ".json", ".txt", ".md") else ""


def list_words(folder: Path, skip: tuple[str, ...] = ("manifest.json",)) -> list[str]:
    """Return where a word of the present plan is in the files of a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in skip:
            text = texts_of(path)
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    text = "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
            found += [f"{path.relative_to(folder)}: {word}" for word in sorted(find_words(text))]
    return found


def papu(*words: str) -> str:
    """Run a command; return what it prints."""
    ran = CliRunner().invoke(main, list(words), catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_words_of_the_present_plan_are_found_where_they_are():
    assert {"UPAP", "Ethiopia", "offices_connected"} <= find_words("L'UPAP, Ethiopia: offices_connected")
    assert find_words("Berths lit in the Lagoon Isles") == set()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("quarter", QUARTERS)
def test_letters_speak_of_nothing_else(there, tmp_path, quarter, language):
    book, out = str(tmp_path / "letters.xlsx"), str(tmp_path / "out")
    said = papu("check", quarter, "--language", language, "--notes", "--excel", book, "--out", out)
    assert "Dunmar" in said and find_words(said) == set()
    assert list_words(tmp_path) == []


@pytest.mark.slow
def test_a_file_of_each_tool_is_added(root, tmp_path, monkeypatch):
    place(tmp_path / "root", [])
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path / "root"))
    for path in sorted((root / "data" / "raw" / LAST).iterdir()):
        if path.name != "MANIFEST.csv":
            said = papu("add", str(path), "--quarter", LAST, "--received-on", "2026-01-31", "--language", "en")
            assert find_words(said) == set()
    returns = load_tables(LAST).returns
    assert set(returns.loc[returns["counts"], "member"]) == {"XAA", "XAB", "XBA", "XBB", "XCA", "XCB", "XCC"}


def test_its_own_days_make_editions_due(there):
    first, revised = (date.fromisoformat(day) for day in (LAST_DAY, "2026-03-21"))
    due = {day: [request.as_of for request in schedule.find_due(day)] for day in (first, revised)}
    assert due == {first: [LAST_DAY], revised: [LAST_DAY, "2026-03-21"]}


@pytest.mark.slow
@pytest.mark.parametrize("kpi", [row["kpi"] for row in read("plan", "kpis.csv")])
def test_every_figure_is_explained_and_agrees(there, kpi):
    for language in ("fr", "en"):
        for scope in ("ISLU", "Lagoon"):
            said = papu("explain", kpi, LAST, "--scope", scope, "--language", language)
            assert find_words(said) == set()


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Iterator[Path]:
    """Return a root with the edition of the last quarter and its briefs, as `papu run` and `papu briefs` make them."""
    root = place(tmp_path_factory.mktemp("published") / "root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPU_ROOT", str(root))
        patch.delenv("PAPU_OUT", raising=False)
        edition.run_edition(edition.make_request(LAST, ("fr", "en")), lambda _: None)
        papu("briefs", LAST, "--workers", "1")
        yield root


@pytest.mark.slow
def test_the_edition_and_the_briefs_speak_of_nothing_else(published):
    outputs = published / "reports" / LAST
    pages = {path.name for path in outputs.rglob("*.pdf")}
    assert {"report_fr.pdf", "report_en.pdf"} <= pages and len(pages) >= 2 + 8
    assert list_words(outputs) == []
    assert list_words(published / "data" / "processed") == []


@pytest.mark.slow
def test_the_site_is_in_its_own_languages_and_speaks_of_nothing_else(published):
    site, kpis = published / "reports", read("plan", "kpis.csv")
    assert {path.name for path in site.glob("*.html")} == {"index.html", "index_fr.html"}
    assert "Invented League of Island Harbours" in texts_of(site / "index.html")
    assert len(list((site / "indicators").iterdir())) == 2 * len(kpis)
    assert len(list((site / "data").glob("*.csv"))) == 1 + len(kpis)
    assert [word for path in site.glob("*.html") for word in find_words(texts_of(path))] == []
    assert [word for name in ("indicators", "data", "latest") for word in list_words(site / name)] == []


@pytest.mark.slow
def test_the_edition_names_its_own_union_and_has_all_its_figures(published):
    folder = published / "reports" / LAST / LAST_DAY
    text = texts_of(folder / "report_en.pdf")
    assert "Invented League of Island Harbours" in " ".join(text.split())
    codes = {row["kpi"] for row in read("plan", "kpis.csv")}
    assert codes == set(re.findall(r"\b\d\.\d\.[a-z]\b", text))
    assert "registers of the Harbour Masters" in " ".join(text.split())
    assert "registres des Maîtres de port" in " ".join(texts_of(folder / "report_fr.pdf").split())


@pytest.mark.slow
def test_of_both_kinds_of_targets_those_that_are_proposed_are_marked(published):
    table = openpyxl.load_workbook(published / "reports" / LAST / LAST_DAY / "tables_en.xlsx")
    cells = [str(cell) for sheet in table for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    text = " ".join(texts_of(published / "reports" / LAST / LAST_DAY / "report_en.pdf").split())
    assert "adopted or proposed, as marked" in text and "60% (proposed)" in text
    assert "75% (proposed)" not in text and any("proposed" in cell for cell in cells)


@pytest.mark.slow
def test_no_person_is_named_anywhere(published):
    texts = "\n".join(
        texts_of(path) for part in ("reports", "data/processed") for path in (published / part).rglob("*")
    )
    assert "Invented Person" not in texts and "00 00 00 0" not in texts


@pytest.mark.slow
def test_the_edition_is_verified(published, monkeypatch):
    monkeypatch.setenv("PAPU_ROOT", str(published))
    assert find_words(papu("verify", LAST)) == set()
    assert os.environ["PAPU_ROOT"] == str(published)


@pytest.mark.slow
def test_each_file_of_the_plan_is_among_the_inputs_and_changes_their_id(there, tmp_path, monkeypatch):
    plan = place(tmp_path / "root") / "data" / "raw" / "plan"
    before = load_tables(LAST)
    assert {f"plan/{path.relative_to(plan).as_posix()}" for path in plan.rglob("*.*")} <= set(before.inputs["file"])
    settings = plan / "plan.toml"
    text = settings.read_text(encoding="utf-8").replace("carry_quarters = 2", "carry_quarters = 1")
    settings.write_text(text, encoding="utf-8")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path / "root"))
    assert load_tables(LAST).input_id != before.input_id
