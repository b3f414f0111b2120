"""What rests on the registers: the same figures, or blank and said aloud, never 0; nothing before the first quarter."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import REGISTERS, ROOT
from helpers import paths
from helpers.cli import main
from helpers.plan import read_plan
from helpers.report import Report, brief, figures, headlines, tables
from helpers.tables import manifest, pipeline
from helpers.tables.recorded import read_whole_registers

pytestmark = pytest.mark.slow

Q, DAY = "2024Q3", "2024-11-14"
CASES = Path(__file__).parents[1] / "ingest" / "cases"
RESTING = {
    "milestones": {"1.1.a", "2.3.a"}, "workshops": {"5.2.a", "5.3.a", "5.3.b"}, "attendance": {"5.2.a", "5.3.b"},
    "confirmations": set(), "questionnaires": {"6.1.a"},
}  # fmt: skip
OF_REGISTERS = {"1.1.a": 3, "2.3.a": 4, "5.2.a": 2, "5.3.a": 1, "5.3.b": 22, "6.1.a": 100 * 3 / 47}


@pytest.fixture
def root(raw):
    """Return a root with the two returns of one quarter, and the registers that a spreadsheet saved."""
    rows = [
        {"member": member, "quarter": Q, "offices_total": 300, "offices_connected": 200} for member in ("GHA", "TUN")
    ]
    raw.write_plain(Q, [row | {"submitted_on": date(2024, 10, 10)} for row in rows], [])
    use_registers("registers_semicolons")
    return raw


def use_registers(case: str) -> None:
    for name in REGISTERS:
        shutil.copyfile(CASES / case / f"{name}.csv", paths.registers() / f"{name}.csv")


def values(made: pipeline.EditionTables, quarter: str = Q, scope: str = "PAPU") -> dict[str, object]:
    rows = made.kpis[(made.kpis["quarter"] == quarter) & (made.kpis["scope"] == scope)]
    return {row.kpi: None if row.value != row.value else row.value for row in rows.itertuples()}


def check(*words: str) -> str:
    done = CliRunner().invoke(main, ["check", Q, *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize("case", ["registers_semicolons", "registers_dates"])
def test_registers_that_a_french_spreadsheet_saved_give_the_same_figures(root, case):
    use_registers(case)
    found = values(pipeline.load_tables(Q))
    assert {kpi: found[kpi] for kpi in OF_REGISTERS} == pytest.approx(OF_REGISTERS)


@pytest.mark.parametrize("name", RESTING)
def test_what_rests_on_a_register_that_is_absent_is_blank_in_every_scope_and_quarter(root, name):
    (paths.registers() / f"{name}.csv").unlink()
    made = pipeline.load_tables(Q)
    own = made.kpis[made.kpis["kpi"].isin(RESTING[name])]
    figures_of = ["value", "lower", "upper", "share", "coverage", "n_reported"]
    assert own[figures_of].isna().all(axis=None) and set(own["status"]) <= {"not_assessable"}
    others = {kpi: value for kpi, value in OF_REGISTERS.items() if kpi not in RESTING[name]}
    assert {kpi: values(made)[kpi] for kpi in others} == pytest.approx(others)
    assert f"registers/{name}.csv" not in set(made.inputs["file"])
    issues = made.issues[made.issues["rule"] == "V22"]
    assert list(issues[["severity", "source_file"]].itertuples(index=False, name=None)) == [("refused", f"{name}.csv")]


def test_a_header_alone_is_nothing_yet(root):
    for name in REGISTERS:
        root.write_register(name)
    found = values(pipeline.load_tables(Q))
    none = {"1.1.a": 0, "2.3.a": 0, "5.2.a": 0, "5.3.a": 0, "5.3.b": 0, "6.1.a": 100 * 2 / 45}
    assert {kpi: found[kpi] for kpi in none} == pytest.approx(none)


def test_check_tells_the_secretariat_of_registers_unasked_and_no_member(root):
    (paths.registers() / "milestones.csv").unlink()
    with (paths.registers() / "attendance.csv").open("a", encoding="utf-8") as file:
        file.write("W9;SEN;1;1;\n")
    told = check("--language", "en")
    own = told[told.index("Registers, files and returns that name no member") :]
    assert "milestones.csv" in own and "the register is absent; put it back" in own
    assert "a register row cannot be read (workshop: “W9”)" in own and "row 5" in own
    assert told.count("V22") == own.count("V22") == 2
    assert "V22" not in check("--member", "SEN")


def test_a_register_with_fewer_rows_than_the_last_edition_rested_on_is_refused(root):
    made = pipeline.load_tables(Q)
    rows = made.inputs.set_index("file")["rows"]
    assert {name: rows[f"registers/{name}.csv"] for name in REGISTERS} == {
        "milestones": 2, "workshops": 2, "attendance": 3, "confirmations": 0, "questionnaires": 2,
    }  # fmt: skip
    folder = paths.reports(Q, DAY)
    folder.mkdir(parents=True)
    manifest.write_manifest(folder, {"languages": ["fr"]}, {}, made, datetime.now(UTC))
    assert read_whole_registers().refused == frozenset()
    path = paths.registers() / "attendance.csv"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert read_whole_registers().refused == {"attendance"}
    assert "2 lignes au 2024-11-14, alors que la dernière édition en avait 3" in check()
    assert [values(pipeline.load_tables(Q))[kpi] for kpi in ("5.2.a", "5.3.a", "5.3.b")] == [None, 1, None]
    (folder / "manifest.json").write_text("{}", encoding="utf-8")  # one that cannot be read tells nothing
    assert read_whole_registers().refused == frozenset()


def test_the_report_says_on_its_first_page_which_register_cannot_be_read_and_what_is_blank(root):
    for name in ("workshops", "confirmations"):
        (paths.registers() / f"{name}.csv").unlink()
    report = Report(Q, language="en")
    points = headlines.main_points(report)
    assert points[:2] == [
        "Registers that could not be read: workshops.csv. Indicators that are blank, not 0, because of it: 5.2.a, "
        "5.3.a, 5.3.b.",
        "confirmations.csv could not be read: the values that members confirmed stay withdrawn.",
    ]
    assert len(points) == 8
    answers = {row[0]: row[-1] for row in tables.scorecard(report).body if not isinstance(row, str)}
    assert (answers["5.2.a"], answers["1.1.a"]) == ("not read", "register")
    behind = figures.trends(report, ("5.2.a", "5.3.a")).n
    assert behind == "5.2.a, 5.3.a: a register under it could not be read: blank, not 0"
    assert headlines.describe_issues_found(report).startswith("Q3 2024 – returns rejected: 2;")
    assert [row[1:3] for row in tables.refused(report).body] == [("V22 rejected", "register")] * 2


def test_the_report_says_beside_a_figure_how_many_rows_are_missing_from_it(root):
    with (paths.registers() / "attendance.csv").open("a", encoding="utf-8") as file:
        file.write("W1;SEN;deux;1;\nW9;SEN;1;1;\n")
    report = Report(Q, language="en")
    answers = {row[0]: row[-1] for row in tables.scorecard(report).body if not isinstance(row, str)}
    assert [answers[kpi] for kpi in ("5.2.a", "5.3.b", "5.3.a")] == [
        "2 rows not read", "1 row not read", "register",
    ]  # fmt: skip
    assert figures.trends(report, ("5.3.b",)).n == (
        "5.3.b: registers of the General Secretariat, no missing data; 1 row of the registers could not be read and is "
        "missing here"
    )
    told = CliRunner().invoke(main, ["explain", "5.2.a", Q, "--json"])
    assert (json.loads(told.output)["register_rows_not_read"], json.loads(told.output)["published"]["value"]) == (2, 2)


def test_nothing_is_said_of_quarters_before_the_first_collected(root):
    made = pipeline.load_tables(Q)
    rate, parts = (table[table["kpi"] == "6.1.a"] for table in (made.kpis, made.components))
    before = [table[table["quarter"] < Q] for table in (rate, parts)]
    assert len(before[0]) == 8 * 6 and before[0]["value"].isna().all()
    assert before[1][["value", "share", "n_reported"]].isna().all(axis=None)
    assert (made.first_collected, made.is_first) == (Q, True)
    report = Report(Q, language="en")
    assert (
        figures.response_trend(report).alt
        == "Stacked bars, returns on time/late/rejected/not received: Q3 2024 2/0/0/43."
    )
    assert figures.calendar(report).title == "2 of 45 members have answered for Q3 2024, the first quarter"
    assert figures.slopes(report, "2.1.a") is None and figures.waterfalls(report, ("2.1.a",)) is None
    assert tables.changes(report) is None
    trend = figures.trend(report, "6.1.a")
    assert trend.title == "Questionnaire response rate: 6.4% (3/47)" and trend.subtitle.endswith("PAPU, Q3 2024")
    assert headlines.describe_change(report, "6.1.a") == ""
    ghana = next(member for member in read_plan().members_in(Q) if member.member == "GHA")
    assert brief.brief_points(report, ghana) == [
        "Quarters answered so far: 1 of 1.", "There is no earlier quarter to compare with.",
    ]  # fmt: skip


def test_with_nothing_collected_the_quarter_reported_alone_has_a_rate(raw):
    raw.folder(Q)
    made = pipeline.load_tables(Q)
    assert [values(made, quarter)["6.1.a"] for quarter in ("2022Q3", "2024Q2", Q)] == [None, None, 0]


def test_the_samples_registers_have_the_rows_that_their_files_have(monkeypatch):
    monkeypatch.setenv("PAPU_ROOT", str(ROOT))
    registers = read_whole_registers()
    for name in REGISTERS:
        with (paths.registers() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert registers.count_at(name, date(2026, 1, 1)) == len(list(csv.DictReader(file)))
    assert registers.refused_at(date(2024, 11, 14)) == []
