"""How a figure was made: every step gives what is published, every cell says what stands in the raw file."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import re
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from conftest import PLAN, ROOT
from exports import VARIANTS
from helpers import paths
from helpers.cli import main
from helpers.explain import explain
from helpers.explain.explain import explain_figures
from helpers.explain.listing import narrow_to_member
from helpers.explain.telling import format_explanation, to_json, write_explanation_workbook
from helpers.i18n.formats import Translator
from helpers.kpis.reference import parse_reference, parse_request
from helpers.plan import read_settings
from helpers.plan.plan import read_plan
from helpers.report import headlines, tables
from helpers.strings import LANGUAGES
from helpers.tables import manifest, pipeline, schema
from invented import invent
from present import UNION
from received import RETURNS
from reports import printed, report_of

pytestmark = pytest.mark.slow

Q = "2024Q3"
EDITIONS = (Q, "2023Q4", "2022Q4")
KPIS = [kpi.kpi for kpi in read_plan(PLAN).kpis]
EN = Translator("en")
SEN = {"member": "SEN", "quarter": Q, "offices_total": 130, "offices_connected": 90, "staff_total": 1800}


@pytest.fixture(scope="module")
def editions(tmp_path_factory):
    """Return every figure of three editions of the sample, explained: by edition, KPI and scope."""
    scopes = (UNION, *read_plan(PLAN).regions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPU_ROOT", str(ROOT))
        patch.setenv("PAPU_OUT", str(tmp_path_factory.mktemp("explained")))
        found = {}
        for quarter in EDITIONS:
            figures = itertools.product(read_plan().kpis, scopes)
            found |= {
                (quarter, one.kpi.kpi, one.scope): one
                for one in explain_figures(pipeline.load_tables(quarter), figures)
            }
        return found


def papu(*words: str) -> tuple[int, str]:
    """Run `papu explain` and return its exit code, and all that it said."""
    done = CliRunner().invoke(main, ["explain", *words])
    return done.exit_code, done.output


def cells_behind(editions) -> list:
    """Return every cell that any figure comes from, once."""
    found = {}
    for part in (part for one in editions.values() for part in (*one.parts, *one.members)):
        found |= {(cell.path, cell.sheet, cell.row, cell.question, cell.raw): cell for cell in part.traces}
    return list(found.values())


def part_of(explanation, member: str):
    """Return where a member stands."""
    return next(part for part in (*explanation.members, *explanation.parts) if part.name == member)


# --- the steps --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kpi", KPIS)
def test_the_steps_of_every_figure_give_its_published_row(editions, kpi):
    figures = {key: one for key, one in editions.items() if key[1] == kpi}
    assert len(figures) == len(EDITIONS) * 6
    for key, one in figures.items():
        assert [(step.name, step.result, step.published) for step in one.differences] == [], key
        compared = {step.column for step in one.steps if step.column}
        assert compared == set(schema.SCHEMAS["kpis"].columns) - {
            "quarter", "scope", "kpi", "unit", "target_status",
        }  # fmt: skip


@pytest.mark.parametrize("kpi", KPIS)
def test_the_rows_shown_add_up_to_the_figure_by_hand(editions, kpi):
    for (_, _, _), one in ((key, one) for key, one in editions.items() if key[1] == kpi):
        values, published = [part.value for part in one.parts if part.value is not None], one.published["value"]
        if published is None:
            assert not values or not any(part.basis for part in (*one.members, *one.parts))
            continue
        divisor = {"mean_index": len(values), "rate": len(values) / 100}.get(one.kpi.measure, 1)
        assert sum(values) / divisor == pytest.approx(published, abs=1e-9)


def test_the_foot_of_the_table_and_of_the_whole_is_the_figure(editions):
    one = editions[Q, "2.1.a", UNION]
    lines, share = format_explanation(one, EN), one.published["share"]
    foot = next(line.split() for line in lines if line.startswith("  Sum "))
    value, total = float(foot[1]), float(foot[2])
    assert (value, value / total) == (one.published["value"], pytest.approx(share))
    assert lines[-1] == f"Added up, the rows give the figure of the edition: value {value:.0f}; share {share}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_can_be_told_in_every_language(editions, language):
    t, told = Translator(language), 0
    for key, one in editions.items():
        if key[0] == Q:
            lines = format_explanation(one, t)
            told += len(lines)
            assert not any("nan" in line.split() or "None" in line.split() or "{" in line for line in lines), key
            assert max(len(re.sub("[\u2066\u2069]", "", line)) for line in lines) <= 120, key
    assert told > 5000


def test_a_region_of_what_is_held_for_all_is_blank_and_says_so(editions):
    one = editions[Q, "1.1.a", "Western"]
    assert one.parts == () and all(step.published in (None, "A", 1, "", "not_assessable") for step in one.steps)
    assert format_explanation(one, EN)[-1] == "nothing: the figure is blank by definition"


# --- the cells --------------------------------------------------------------------------------------------------


@functools.cache
def sheet_of(path: Path, name: str) -> list[list[str]]:
    """Return a sheet's cells as texts, read apart from the code that reads returns."""
    rows = openpyxl.load_workbook(path, read_only=True, data_only=True)[name].iter_rows(values_only=True)
    return [["" if cell is None else str(cell) for cell in row] for row in rows]


def cell_at(rows: list[list[str]], row: int, question: str) -> str:
    """Return what stands in a row under a question, whatever the path before its name."""
    heads = [re.split(r"[/:-]", head)[-1].strip().lower() for head in rows[0]]
    return rows[row - 1][heads.index(question)] if question in heads else ""


def test_every_cell_is_what_stands_in_the_raw_file(editions):
    checked: dict[str, int] = {}
    for cell in (cell for cell in cells_behind(editions) if cell.version and cell.raw and cell.sheet):
        rows = sheet_of(paths.raw() / cell.path, cell.sheet)
        if cell.question == "innovations":
            assert set(cell.raw.split("; ")) <= {text.strip()[:10] for text in rows[int(cell.row) - 1]} | {
                text.strip() for text in rows[int(cell.row) - 1]
            }, cell
        else:
            assert cell_at(rows, int(cell.row), cell.question).strip() == cell.raw.strip(), cell
        kind = "kobo" if cell.source_file.startswith("UPAP") else "mail"
        checked[kind, cell.question == "innovations"] = checked.get((kind, cell.question == "innovations"), 0) + 1
    assert len(checked) == 4 and checked["kobo", False] > 1000 and checked["mail", False] > 300


def test_every_register_row_is_what_stands_in_the_register(editions):
    seen = [cell for cell in cells_behind(editions) if cell.is_register]
    for cell in seen:
        text = (paths.raw() / cell.path).read_text(encoding="utf-8-sig")
        names, row = (next(csv.reader([text.splitlines()[n]])) for n in (0, int(cell.row) - 1))
        found, told = dict(zip(names, row, strict=True)), dict(pair.split("=", 1) for pair in cell.raw.split("; "))
        assert told.pop("parts", "").split() == sorted(found.get("parts", "").replace(";", " ").split())
        assert {name: found[name] or ("0" if name in ("women", "men") else "") for name in told} == told
    assert {Path(cell.path).stem for cell in seen} == {"milestones", "workshops", "attendance", "questionnaires"}


def cells_of(name: str, content: bytes) -> list[list[str]]:
    """Return the main table of a tool's file as texts."""
    if name.endswith(".zip"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = archive.read(min(archive.namelist(), key=len))
    if name.endswith(".xlsx"):
        rows = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
        return [["" if cell is None else str(cell) for cell in row] for row in rows]
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ","))


@pytest.mark.parametrize(
    "tool", ["kobo-names-paths-both", "kobo-csv-names", "odk-zip", "odk-zip-split", "plain", "plain-csv"]
)
def test_a_cell_of_each_tool_is_found_where_it_is_said_to_be(raw, form, tool):
    name, content = f"returns{VARIANTS[tool].suffix}", VARIANTS[tool].write(form, RETURNS)
    raw.add(Q, name, content)
    rows = cells_of(name, content)
    cells = [cell for part in explain("1.1.b", Q).parts for cell in part.traces]
    assert {cell.member: cell.raw for cell in cells if cell.raw} == {"SEN": "adopted", "COG": "completed"}
    for cell in (cell for cell in cells if cell.raw):
        assert cell_at(rows, int(cell.row), cell.question) == cell.raw and cell.path == f"{Q}/{name}"


# --- what became of a return ------------------------------------------------------------------------------------


def test_a_carried_value_names_the_quarter_and_version_it_comes_from(editions):
    one = editions[Q, "2.1.a", UNION]
    carried = [part for part in one.parts if part.basis == "carried"]
    assert len(carried) == one.published["n_carried"] > 0
    lines = format_explanation(one, EN)
    rows = {line[2:5]: line for line in lines[: lines.index("The cells it comes from")]}
    for part in carried:
        cell = next(cell for cell in part.traces if cell.question == "offices_connected")
        assert (cell.quarter, float(cell.value)) == (part.source_quarter, part.value) and cell.quarter < Q
        assert f"{cell.quarter} v{cell.version}" in rows[part.name] and "carried forward (c)" in rows[part.name]


def test_a_refused_return_is_shown_with_why_and_adds_nothing(editions):
    refused = [part for part in editions[Q, "1.1.b", UNION].parts if part.state == "refused"]
    assert refused
    for part in refused:
        told = [cell for cell in part.traces if cell.state == "refused"]
        assert told and all(cell.version is None and cell.issues[0].severity == "refused" for cell in told)
        assert part.basis != "reported" and part.lower == 0
    lines = format_explanation(narrow_to_member(editions[Q, "1.1.b", UNION], refused[0].name), EN)
    assert any("return rejected V19" in line for line in lines)


def test_a_corrected_version_replaces_the_first(raw):
    raw.write_plain(Q, [SEN | {"submitted_on": "2024-10-10"}], name="first.xlsx")
    raw.write_plain(Q, [SEN | {"submitted_on": "2024-10-20", "offices_connected": 91}], name="second.xlsx")
    part = part_of(explain("2.1.a", Q), "SEN")
    assert (part.value, {cell.version for cell in part.traces}) == (91, {2})
    assert {cell.source_file for cell in part.traces} == {"second.xlsx"}


def test_a_withdrawn_value_is_shown_with_its_finding_and_does_not_count(raw):
    raw.write_plain(Q, [SEN | {"offices_connected": 999}], received_on="2024-10-10")
    part = part_of(explain("2.1.a", Q), "SEN")
    cell = next(cell for cell in part.traces if cell.question == "offices_connected")
    assert (part.value, cell.raw, cell.value, cell.state) == (None, "999", "", "O")
    assert [(found.severity, found.rule) for found in cell.issues] == [("withdrawn", "V04")]


def test_a_normalisation_is_shown_on_its_cell(raw):
    raw.write_plain(Q, [SEN | {"offices_total": "1 30", "member": "Sénégal", "staff_total": "1\u202f800"}],
                    received_on="2024-10-10")  # fmt: skip
    one = explain("5.1.a", Q)
    cell = next(cell for cell in part_of(one, "SEN").traces if cell.question == "staff_total")
    assert (cell.raw, cell.value) == ("1\u202f800", "1800")
    assert {"COUNTRY_NORMALISED", "NUM_THOUSANDS"} <= {found.rule for found in cell.issues}
    assert "      staff_total: «1 800» → 1800 [A]" in [
        line.replace("\u202f", " ") for line in format_explanation(one, EN)
    ]


def test_a_bound_rests_on_the_last_known_total_else_on_the_reference(raw, plan):
    raw.write_plain("2023Q1", [SEN | {"quarter": "2023Q1"}], received_on="2023-04-10")
    raw.write_plain(Q, [SEN | {"member": "KEN", "offices_total": 600}], received_on="2024-10-10")
    one = explain("2.1.a", Q)
    known, unknown = part_of(one, "SEN"), part_of(one, "MLI")
    assert (known.basis, known.cap) == ("", 130) and [cell.quarter for cell in known.traces] == ["2023Q1"]
    assert (unknown.cap, unknown.traces) == (plan.by_iso3["MLI"].references["reference_offices"], ())


# --- one member, references, errors -----------------------------------------------------------------------------


def test_one_member_shows_its_rows_only_and_the_steps_of_all(editions):
    whole = editions[Q, "3.1.b", UNION]
    one = narrow_to_member(whole, "SEN")
    assert {cell.member for part in (*one.parts, *one.members) for cell in part.traces} == {"SEN"}
    assert one.steps == whole.steps and [part.name for part in one.members] == ["SEN"]
    lines = format_explanation(one, EN)
    assert "shown: the rows and cells of SEN only; the steps are those of all members" in lines
    assert not any(line.startswith("  Sum ") for line in lines)
    with pytest.raises(ValueError, match="no member FRA in PAPU; choose from"):
        narrow_to_member(whole, "FRA")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2.1.a/2024Q3", ("2.1.a", "2024Q3", "")),
        (" 2.1.a/T3 2024/Western ", ("2.1.a", "2024Q3", "Western")),
    ],
)
def test_a_reference_names_one_figure(text, wanted):
    assert tuple(parse_reference(text)) == wanted == tuple(parse_reference(str(parse_reference(text))))
    assert parse_request("2.1.a", "2024Q3", "Western") == parse_reference("2.1.a/2024Q3/Western")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("2.1.a",), "give a KPI and a QUARTER, or a reference"),
        (("2.1.a/2024Q3/Western/x",), "write KPI/QUARTER or KPI/QUARTER/REGION"),
        (("/",), "write KPI/QUARTER"),
        (("2.1.a/2024Q5",), "is not a quarter; write it as 2024Q3"),
        (("2.1.a/2024Q3", "2024Q3"), "is complete; give no quarter"),
        (("../../etc/passwd",), "write KPI/QUARTER"),
        (("9.9.z", Q), "no KPI 9.9.z; choose from 1.1.a, 1.1.b"),
        (("2.1.a", Q, "--scope", "Mars"), "no scope Mars; choose from PAPU, Northern"),
        (("2.1.a", Q, "--member", "FRA"), "no member FRA in PAPU; choose from DZA"),
        (("2.1.a", "2022Q1"), "no figure for 2022Q1; they begin with 2022Q3"),
        (("2.1.a", "2031Q1"), "outside the plan, 2022Q1-2025Q4"),
        (("\x1b[31m\u202e/2024Q3",), r"no KPI \u001b[31m\u202e; choose from 1.1.a"),
        (("2.1.a", Q, "--as-of", "2020-01-01"), "give a later date"),
    ],
)
def test_what_cannot_be_explained_is_told_with_what_to_write(raw, words, said):
    raw.write_plain(Q, [SEN], received_on="2024-10-10")
    code, output = papu(*words, "--language", "en")
    assert (code, said in output) == (2, True), output
    assert "Traceback" not in output and "\x1b" not in output and "\u202e" not in output


def references_in(text: str) -> list[str]:
    """Return the references that a text holds."""
    return re.findall(r"\d\.\d\.\w/\d{4}Q\d(?:/\w+)?", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_headline_of_the_report_carries_its_reference(language):
    made = invent()
    report = report_of(made, language)
    tiles = report.tiles(headlines.tiles(report)).as_html()
    assert references_in(tiles) == [f"{kpi}/{made.quarter}" for kpi in ("2.1.a", "3.1.a", "1.1.b", "6.1.a")]
    leads = read_plan(PLAN).leads
    for theme, kpi in leads.items():
        assert references_in(headlines.add_theme(report, theme).as_html()) == [f"{kpi}/{made.quarter}"]
    listed = printed(tables.references(report), report.t)[report.t("Reference")]
    assert [parse_reference(one).kpi for one in listed] == KPIS
    assert set(references_in(tiles)) | {f"{kpi}/{made.quarter}" for kpi in leads.values()} <= set(listed)
    (regional,) = references_in(tables.references(report).note)
    assert parse_reference(regional).scope in read_plan(PLAN).regions


def test_the_command_of_the_annex_explains_the_figure_it_names(raw):
    raw.write_plain(Q, [SEN], received_on="2024-10-10")
    sentence = headlines.describe_explain(report_of(pipeline.load_tables(Q, "2025-01-08"), EN))
    command = sentence[sentence.index("papu explain ") :].split()
    code, output = papu(*command[2:])
    assert (code, "Data as of: 8 January 2025" in output) == (0, True)


def test_nothing_is_written_among_what_was_received_nor_where_nothing_can_be(raw, tmp_path):
    raw.write_plain(Q, [SEN], received_on="2024-10-10")
    code, said = papu("1.1.b", Q, "--language", "en", "--excel", str(raw.folder(Q) / "x.xlsx"))
    assert (code, "write elsewhere" in said) == (2, True)
    code, said = papu("1.1.b", Q, "--language", "en", "--excel", str(tmp_path / "none" / "x.xlsx"))
    assert (code, "cannot write" in said) == (7, True)


# --- published, and tampered with -------------------------------------------------------------------------------


@pytest.fixture
def published(raw):
    """Return the folder of an edition that was published, with its manifest."""
    raw.write_plain(Q, [SEN, SEN | {"member": "KEN", "offices_total": 600}], received_on="2024-10-10")
    made = pipeline.load_tables(Q)
    folder, reports = paths.processed(Q, made.as_of), paths.reports(Q, made.as_of)
    frames = {"kpi_components": made.components} | {n: getattr(made, n, None) for n in schema.PUBLISHED_TABLES}
    for name in schema.PUBLISHED_TABLES:
        folder.mkdir(parents=True, exist_ok=True)
        schema.write_table(name, made.components if name == "kpi_components" else frames[name], folder)
    reports.mkdir(parents=True)
    (reports / "manifest.json").write_text(json.dumps({"inputs": json.loads(made.inputs.to_json(orient="records"))}))
    return folder


def test_a_published_edition_is_what_is_explained(published):
    code, said = papu("2.1.a", Q, "--language", "en")
    place = published.relative_to(paths.root()).as_posix()
    assert (code, f"published figures: {place}/kpis.csv" in said) == (0, True)
    assert said.rstrip().splitlines()[-1].startswith("Added up, the rows give the published figure: value 180; share ")


def test_a_published_figure_that_was_changed_is_told_and_is_exit_code_1(published):
    path = published / "kpis.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith(f"{Q},PAPU,2.1.a,"))
    assert ",180," in lines[at]
    lines[at] = lines[at].replace(",180,", ",181,", 1)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, said = papu("2.1.a", Q, "--language", "en")
    assert (code, "DIFFERENT – value: 180 from the rows, 181 in kpis.csv" in said) == (1, True)
    told = CliRunner().invoke(main, ["explain", "2.1.a", Q, "--json"])
    assert (told.exit_code, json.loads(told.stdout)["adds_up"], papu("1.1.b", Q)[0]) == (1, False, 0)


@pytest.mark.parametrize("name", ["kpis.csv", "member_values.csv", "answers.parquet"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_a_damaged_table_is_named(published, name, kept):
    described = {f"processed/{path.name}": manifest.describe_file(path) for path in published.iterdir()}
    path = paths.reports(Q, published.name) / "manifest.json"
    facts = json.loads(path.read_text()) | {"parameters": {"languages": ["fr"]}, "input_id": "", "outputs": described}
    path.write_text(json.dumps(facts | dict.fromkeys(("code", "environment"), {}) | {"started_at": "", "ended_at": ""}))
    assert papu("2.1.a", Q)[0] == 0
    content = (published / name).read_bytes()
    (published / name).write_bytes(content[: int(kept * len(content))])
    ran = CliRunner().invoke(main, ["explain", "2.1.a", Q, "--language", "en"])
    message = f"data/processed/{Q}/{published.name}/{name}: damaged since it was published; papu run {Q} --as-of"
    assert ran.exit_code == 3 and message in ran.stderr


def test_nothing_yet_is_a_zero_and_not_called_blank(raw):
    raw.write_plain(Q, [SEN], [], received_on="2024-10-10")
    for kpi in ("4.1.a", "5.3.a"):
        lines = format_explanation(explain(kpi, Q), EN)
        assert "  nothing to report" in lines
        assert lines[-1] == "Added up, the rows give the figure of the edition: value 0"


def test_a_register_that_changed_since_is_told_as_a_difference(published, raw):
    assert papu("5.3.a", Q)[0] == 0
    raw.write_register("workshops", "W-1,5.3,conception,2024-08-01,Atelier,2024-08-02")
    code, said = papu("5.3.a", Q, "--language", "en")
    assert (code, "DIFFERENT – value: 1 from the rows, 0 in kpis.csv" in said) == (1, True), said


# --- as data, as a workbook, on a terminal ----------------------------------------------------------------------

HOSTILE = "\x1b[31m\x1b]0;x\x07\u202e=1+1\r\n<b>\x9b2J"


def test_the_json_is_valid_without_nan_or_infinity(editions):
    def refuse(name: str) -> None:
        raise AssertionError(name)

    for key, one in ((key, one) for key, one in editions.items() if key[0] == Q):
        told = json.loads(json.dumps(to_json(one, EN), allow_nan=False), parse_constant=refuse)
        assert told["adds_up"] is True and told["reference"].startswith(f"{key[1]}/{Q}")
        steps = {step["column"]: step["result"] for step in told["steps"] if step["column"]}
        published = {name: None if value == "" else value for name, value in told["published"].items()}
        assert all(steps[name] in (published[name], pytest.approx(published[name])) for name in ("value", "lower"))


def test_hostile_text_disturbs_neither_terminal_nor_workbook_nor_json(raw, tmp_path):
    items = [{"member": "SEN", "kind": "solution", "reference": "=cmd|' /C calc'!A0", "title": HOSTILE}]
    raw.write_plain(Q, [SEN | {"roadmap_status": "=1+1\x1b[2J".replace("\x1b", "")}], items, name="=1+1.xlsx",
                    received_on="2024-10-10")  # fmt: skip
    for kpi in ("4.1.a", "1.1.b"):
        one = explain(kpi, Q)
        lines = "\n".join(format_explanation(one, EN))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", lines) and "=" in lines
        write_explanation_workbook(tmp_path / "x.xlsx", one, EN)
        with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
            parts = b"".join(archive.read(name) for name in archive.namelist())
        assert b"<f>" not in parts and b"<f " not in parts and b'TargetMode="External"' not in parts
        book = openpyxl.load_workbook(tmp_path / "x.xlsx")
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n"}
        texts = [cell.value for cell in cells if isinstance(cell.value, str)]
        assert any("=1+1" in text for text in texts) and not any("\x1b" in text or "\x9b" in text for text in texts)
        assert not re.search("[\x7f-\x9f\u202a-\u202e]", json.dumps(to_json(one, EN), ensure_ascii=False))


def test_the_workbook_holds_the_steps_the_rows_and_the_cells(editions, tmp_path):
    one = editions[Q, "2.1.a", UNION]
    for name in ("a.xlsx", "b.xlsx"):
        write_explanation_workbook(tmp_path / name, one, EN)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["Step by step", "What is added up", "The cells it comes from"]
    rows = list(book["What is added up"].values)
    head = next(n for n, row in enumerate(rows) if row[0] == "Member")
    values = [row[rows[head].index("Value")] for row in rows[head + 1 :]]
    members = sum(part.value is not None for part in one.parts)
    foot = next(n for n, row in enumerate(rows) if row[0] == "Sum")
    assert sum(value for value in values[: foot - head - 1] if value is not None) == one.published["value"]
    assert values[foot - head - 1] == one.published["value"] and members == 43


def test_the_command_writes_all_three(raw, tmp_path):
    raw.write_plain(Q, [SEN], received_on="2024-10-10")
    code, said = papu("2.1.a/2024Q3/Western", "--json", "--excel", str(tmp_path / "x.xlsx"), "--member", "SEN")
    told = json.loads(said)
    assert (code, told["scope"], told["member"], (tmp_path / "x.xlsx").exists()) == (0, "Western", "SEN", True)
    assert [part["name"] for part in told["parts"]] == ["SEN"]
    assert date.fromisoformat(told["as_of"]) == read_settings().resolve_date(Q, "")


def test_the_states_of_the_cells_are_explained_in_one_line(editions):
    lines = format_explanation(editions[Q, "3.1.b", UNION], EN)
    letters = {letter for line in lines if line.startswith("      ") for letter in re.findall(r" \[([A-Z])\]$", line)}
    told = next(line for line in lines if line.startswith("  [A] given"))
    assert letters and letters == set(re.findall(r"\[([A-Z])\]", told))


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:-1]), Path.unlink])
def test_a_file_that_is_damaged_or_gone_is_named_with_its_members(raw, damage):
    raw.write_plain(Q, [SEN | {"member": "KEN", "offices_total": 600}], name="ken.xlsx", received_on="2024-10-10")
    damage(raw.write_plain(Q, [SEN], received_on="2024-10-10"))
    folder = raw.root / "data" / "processed" / "2024Q4" / "2025-02-14"
    folder.mkdir(parents=True)
    columns = "quarter,member,version,received_on,state,counts,source_file,sha256"
    (folder / "returns.csv").write_text(f"{columns}\n{Q},SEN,1,2024-10-10,on_time,true,mail.xlsx,00\n")
    done = CliRunner().invoke(main, ["explain", "2.1.a", Q, "--json"])
    (lost,) = json.loads(done.output)["lost_files"]
    assert (lost["source_file"], lost["members"]) == ("mail.xlsx", ["SEN"])
    lines = format_explanation(explain("2.1.a", Q), EN)
    assert any(line.startswith("data/raw/2024Q3/mail.xlsx (SEN): ") for line in lines)
    narrowed = format_explanation(narrow_to_member(explain("2.1.a", Q), "KEN"), EN)
    assert not any("mail.xlsx (SEN)" in line for line in narrowed)
