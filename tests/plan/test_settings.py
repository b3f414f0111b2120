"""plan.toml, and the files with what is the plan's own: what cannot be meant is told with its place, all at once."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from broken import alone, in_rounds
from conftest import PLAN
from helpers.cli import main
from helpers.ingest.registers import read_registers
from helpers.plan.checks import check_plan
from helpers.plan.files import PlanError
from helpers.plan.settings import DEFAULT_INK, read_settings
from helpers.report.look import PALETTE


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return a plan of one's own to break."""
    shutil.copytree(PLAN, tmp_path / "data" / "raw" / "plan")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    return tmp_path / "data" / "raw" / "plan"


def problems() -> list[str]:
    with pytest.raises(PlanError) as refused:
        check_plan()
    return str(refused.value).splitlines()[:-1]


def put(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_is_not_known_is_told_in_the_order_of_the_file(folder):
    names = ["colour", "shape", "size", "weight", "smell"]
    put(folder / "plan.toml", 'code = "PAPU"', "\n".join(['code = "PAPU"', *(f'{name} = "x"' for name in names)]))
    assert [problem.split()[1] for problem in problems()] == names


def test_the_settings_are_read_as_they_are_written():
    settings = read_settings(PLAN)
    assert (settings.code, settings.quarters[0], len(settings.quarters)) == ("PAPU", "2022Q1", 16)
    assert (settings.counted_from, settings.carry_quarters) == (date(2022, 1, 1), 4)
    assert settings.on_time_by("2024Q3") == date(2024, 10, 30)
    assert settings.first_cutoff("2024Q3") == date(2024, 11, 14)
    assert settings.revised_on("2024Q3") == date(2024, 12, 29)
    assert settings.is_revised("2024Q3", date(2024, 12, 29)) and not settings.is_revised("2024Q3", date(2024, 12, 28))
    assert settings.short("union")["en"] == "PAPU" and "\n" in settings.title["fr"]
    assert settings.repeat.question("date") == "innovations.date" and settings.repeat.role_of["kind"] == "kind"


BROKEN = [
    # what stands there, what is written instead, what is said
    ('code = "PAPU"', 'code = "papu union"', "code is 'papu union'; write 2 to 16 letters and digits"),
    ('code = "PAPU"', "", "code is missing; write it"),
    ('code = "PAPU"', 'code = "PAPU"\ncolour = "red"', "colour is not known; leave it out, or correct its name"),
    ('code = "PAPU"', 'code = "PAPU"\nOPEN = "x"', "OPEN is not known; leave it out, or correct its name: code, ref"),
    ('first_quarter = "2022Q1"', 'first_quarter = "T1 2022"', "first_quarter is 'T1 2022'; write a quarter such as"),
    ('last_quarter = "2025Q4"', 'last_quarter = "2021Q4"', "last_quarter 2021Q4 is before first_status_quarter 2022Q3"),
    ('baseline_quarter = "2022Q2"', 'baseline_quarter = "2023Q2"', "first_status_quarter 2022Q3 is before baseline_q"),
    ("counted_from = 2022-01-01", 'counted_from = "2022-01-01"', "counted_from is '2022-01-01'; write a date such as"),
    ("counted_from = 2022-01-01", "counted_from = 2031-01-01", "counted_from 2031-01-01 is after the plan's end"),
    ('first_status_quarter = "2022Q3"', 'first_status_quarter = "2022Q2"', "as the baseline's; nothing can have been"),
    ('short_en = "PAPU"', "", "[union] has a short form in fr, pt, ar only; write it in every language, or in none"),
    ("on_time_days = 30", "on_time_days = 50", "on_time_days, cutoff_days and revision_days must grow in this order"),
    ("revision_days = 90", "revision_days = 45", "must grow in this order, such as 30, 45, 90"),
    ("cutoff_days = 45", "cutoff_days = -1", "cutoff_days is -1; write a whole number such as 45"),
    ("cutoff_days = 45", "cutoff_days = true", "cutoff_days is True; write a whole number such as 45"),
    ("carry_quarters = 4", "carry_quarters = 0", "carry_quarters is 0; write 1 to 8"),
    ('"pt", "ar"]', '"pt", "es"]', "languages has es; reports can be in fr, en, pt, ar"),
    ('"pt", "ar"]', '"pt", "fr"]', "languages: name each language once, one at least"),
    ('official = ["fr", "en"]', 'official = ["fr", "sw"]', "official and master_language name sw"),
    ('official = ["fr", "en"]', 'official = "fr"', "official is 'fr'; write a list of texts"),
    ('master_language = "fr"', 'master_language = "sw"', "official and master_language name sw"),
    ('pt = "União', 'xx = "União', "[union] has no pt; write it in every language"),
    ('short_pt = "UPAP"', 'short_sw = "UPAP"', "[union] has short_sw, no language of the plan; leave it out"),
    ("[title]", "[tittle]", "tittle is not known; leave it out, or correct its name"),
    ('"focal_point_email"]', '"form_language"]', "[identity] form_language is both personal and public"),
    ('"focal_point_email"]', '"focal_point_fax"]', "focal_point_fax is no question of the form; correct its name"),
    (', "focal_point_email"]', "]", "focal_point_email is neither personal nor public"),
    ('remarks = "comment"', 'remarks = "offices_total"', "offices_total is of type integer, where it takes text"),
    ('public = ["member"', 'public = ["cloud_use", "member"', "cloud_use is not in the group identity; move it there"),
    ('group = "identity"', "", "[identity] group is missing; write it"),
    ('name = "innovations"', 'name = "projects"', "has no begin_repeat projects, which plan.toml names in [repeat]"),
    ('asked = "has_innovations"', "", "[repeat] has no asked; name the question or field in each role"),
    ('date = "date"', 'date = "kind"', "[repeat] date is kind, of type select_one, where it takes date"),
    ('detail = "detail"', 'detail = "details"', "[repeat] detail is details, no field of innovations in survey.csv"),
    ('adoption = "detail_adoption"', 'fair = "detail_adoption"', "[repeat] details: fair is no kind of innovations"),
    ('adoption = "detail_adoption"', 'adoption = "detail_fair"', "choices.csv: has no list detail_fair"),
    ("[union]", '[look]\nblue = "navy"\n[union]', "[look] blue is 'navy'; write a colour such as #1F5A8A"),
    ("[union]", '[look]\nblue = "#FFEE00"\n[union]', "[look] blue #FFEE00 is too pale to be read on white"),
    ("[union]", '[look]\nmuted = "#C0C0C0"\n[union]', "[look] muted #C0C0C0 is too pale to be read on white"),
    ("[union]", '[look]\npale = "#405060"\n[union]', "[look] pale #405060 is too dark for the text on it; choose a"),
    ("[union]", '[look]\nink = "#005A9C"\npale = "#A0B0C0"\n[union]', "[look] pale #A0B0C0 is too dark for the text"),
    ("[union]", '[look]\namber = "#603000"\n[union]', "[look] amber #603000 is too dark for the text on it"),
    ('short_en = "PAPU"', 'short_en = "{PAPU}"', "[union] short_en has a brace; leave it out"),
    ('WG_en = "Working Group"', 'WG_en = "Group {n}"', "[responsible] WG_en has a brace; leave it out"),
    (
        "[contact]",
        '[contact]\nmail = "a@b.example"',
        "[contact] has mail; write email, and the office in each language",
    ),
    ("[contact]", '[contact]\nemail = "the office"', "[contact] email is 'the office'; write one address, such as"),
    (
        'en = "General Secretariat, digitalisation plan"',
        "",
        "[contact] has an office in fr, pt, ar only; write it in every",
    ),
    ('pt = "o Secretariado-Geral"', "", "[secretariat] has a name in fr, en, ar only; write it in every language"),
    ('pt = "o Secretariado-Geral"', 'es = "la Secretaría"', "[secretariat] has es, no language of the plan"),
    ("[union]", '[look]\nred = "#990000"\n[union]', "[look] red is not known; choose from ink"),
    ("[union]", '[look]\nlogo = "../logo.svg"\n[union]', "write the name of an SVG file beside plan.toml"),
    ("[union]", '[look]\nlogo = "logo.svg"\n[union]', "[look] logo is logo.svg, which is not a file beside plan.toml"),
    ("[union]", "[union", "plan.toml: cannot be read"),
    ("[identity]", "[[identity]]", "identity is [{'group': 'identity'"),
]


@pytest.mark.parametrize(("old", "new", "said"), BROKEN)
def test_settings_that_cannot_be_meant_are_told(folder, old, new, said):
    put(folder / "plan.toml", old, new)
    told = problems()
    assert any(said in problem for problem in told), told
    assert any(file in problem for problem in told for file in ("plan.toml", "survey", "choices")), told


FILES = [
    ("regions.csv", "Western,", "Union,", "region Union is called like the Union; give it a name of its own"),
    ("regions.csv", "Western,", "W/est,", "region 'W/est' is not a name of letters and digits"),
    ("units.csv", "offices,other", "offices,most", "form 'most' is not one of name, zero, one, two, few, many, other"),
    ("units.csv", "{n} offices", "offices", "text_en 'offices' lacks {n}"),
    ("units.csv", "{n} offices", "{n} {x}", "has a brace that is not {n}"),
    ("units.csv", "offices,other", "offices,two", "offices two occurs twice"),
    ("stages.csv", "digital_model,1,", "digital_model,6,", "the stages of digital_model do not run from 1 to 5"),
    ("stages.csv", "digital_model,1,", "digital_mode,1,", "digital_mode is the product of no milestone in kpis.csv"),
    ("totals.csv", "offices_total,", "offices_all,", "offices_all is no question of the form that asks for a number"),
    ("totals.csv", "reference_offices", "offices", "reference 'offices' is not a column of members.csv that begins"),
    ("themes.csv", "; the proposed target of {target} is reached", "; {goal}", "the values are {value}, {target}"),
    ("themes.csv", "Members implementing the roadmap: {value}", "{value", "names a value that there is not"),
    ("rules.csv", "V08,fall,offices_total,,0.10,", "V08,fall,offices_total,,10,", "low 10 is no part of 1; write 0.10"),
    (
        "rules.csv",
        "V05,reference,offices_total,,0.2,5",
        "V05,reference,offices_total,,5,0.2",
        "low 5 is not below high 0.2",
    ),
    ("rules.csv", "V05,reference,offices_total", "V05,reference,staff_women", "staff_women has no reference; name it"),
    ("rules.csv", "V09,share_moves", "V08,share_moves", "check share_moves is one of rule V09, not of V08"),
    ("rules.csv", "V13,needs_code,ipp_*", "V13,needs_code,app_*", "app_*: no question of the form begins so"),
    ("rules.csv", "tracking_events needs s10_barcode", "s10_barcode", "for needs_code write `code needs code`"),
    (
        "rules.csv",
        "V04,part,staff_women,staff_total,,1",
        "V04,part,staff_women,staff_women,,1",
        "is compared with itself",
    ),
    (
        "rules.csv",
        "V04,part,staff_women,staff_total,,1",
        "V04,part,staff_women,staff_total,,nan",
        "high 'nan' is not a n",
    ),
    ("rules.csv", "V04,part,offices_networked", "V04,part,offices_connected", "the same rule is in row 2; keep one"),
    ("rules.csv", "V05,reference,offices_total,,0.2,5", "V05,reference,offices_total,,5,5",
        "low 5 is not below high 5"),
    ("rules.csv", "V04,part,staff_women,staff_total,,1", "V04,part,offices_total,offices_connected,,1",
        "offices_connected is a part of offices_total, which is a part of it; leave one out"),
    ("rules.csv", "V09,share_moves,offices_connected,offices_total", "V09,share_moves,offices_total,offices_connected",
        "offices_total is held against offices_connected, which is a part of it; exchange them"),
    ("kpis.csv", "offices_connected over offices_total", "offices_total over offices_connected",
        "source takes offices_total of offices_connected, which is a part of it (rules.csv); exchange them"),
    ("companions.csv", "offices_alternative_power over offices_total", "offices_total over offices_alternative_power",
        "source takes offices_total of offices_alternative_power, which is a part of it"),
    ("companions.csv", "roadmap_status in adopted|", "roadmap_status in none|", "names none, which counts nothing"),
    ("rules.csv", "tracking_events needs s10_barcode", "tracking_events needs none", "none is ticked with no other"),
    ("rules.csv", "tracking_events needs s10_barcode", "s10_barcode needs s10_barcode", "s10_barcode needs itself"),
    ("rules.csv", "trained_upskilling|trained_reskilling", "trained_upskilling|trained_upskilling", "a question twice"),
    ("kpis.csv", "within *_required, at least 3", "within *_required, at least 0", "numbers *_working; write 1 to 5"),
    ("kpis.csv", "within *_required, at least 3", "within *_required, at least 9", "numbers *_working; write 1 to 5"),
    ("kpis.csv", "within *_required", "within *_working", "working, server_working twice; name each once"),
    ("kpis.csv", "offices_connected over", "offices_total over", "names offices_total twice; name each once"),
    ("kpis.csv", "in implementing|completed,m", "in completed|completed,m", "source names completed twice"),
    ("kpis.csv", "in implementing|completed,m", "in none|drafted|adopted|implementing|completed,m",
        "names every answer"),
    ("kpis.csv", "codes in services_*", "codes in nd_services", "asks what is not available; name what is counted"),
    ("companions.csv", "at 95 %", "at 900 %", "source names 900 %, which is no part"),
    ("companions.csv", "at 95 %", "at 0 %", "source names 0 %, which is no part of a whole; write 1 to 100"),
    ("kpis.csv", "Number of training sessions", "Number of {n}", "title_en 'Number of {n}' has a brace; leave it out"),
    ("kpis.csv", "Number of training sessions", "Number of training workshops held", "is also that of row"),
    ("units.csv", "offices,one,", "offices,few,", "offices few occurs twice"),
    ("regions.csv", "Northern,", "WESTERN,", "Western occurs twice, first in row 2"),
    ("questionnaire/choices.csv", "cloud_use,pilot", "cloud_use,None", "cloud_use None occurs twice, first in row"),
    ("names.csv", "Share of post offices connected", "{n} offices", "text_en '{n} offices' has a brace; leave it out"),
    ("members.csv", "Senegal", "Senegal}", "name_en 'Senegal}' has a brace; leave it out"),
    ("questionnaire/survey.csv", "Permanent post offices", "{n} offices", "label '{n} offices' has a brace; leave it"),
    ("questionnaire/choices.csv", "In production", "In {production", "label 'In {production' has a brace"),
    ("units.csv", "persons,one,", "staff,one,", "persons has no row of form one; add it"),
]  # fmt: skip


@pytest.mark.parametrize(
    "cases",
    [*in_rounds(FILES, lambda case: "" if case[0] == "regions.csv" else "all"), *alone(FILES)],
    ids=len,
)
def test_what_cannot_be_meant_is_told_with_its_file_and_row(folder, cases):
    for file, old, new, _ in cases:
        put(folder / file, old, new)
    told = problems()
    for file, *_, said in cases:
        found = [problem for problem in told if said in problem]
        assert found and all(Path(file).name in problem for problem in found), (said, told)


LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "is no whole SVG"), ("", "is no whole SVG"),
        (LOGO.format("")[:-9], "is no whole SVG"),
        ("<html/>", "is no SVG with a viewBox"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "is no SVG with a viewBox"),
        ("<!DOCTYPE svg [<!ENTITY a SYSTEM 'x'>]>" + LOGO.format("&a;"), "has a document type"),
        (LOGO.format("<script/>"), "has an element script"), (LOGO.format("<image/>"), "has an element image"),
        (LOGO.format('<path onload="x"/>'), "has an attribute onload 'x'"),
        ("<?xml-stylesheet href='a.css'?>" + LOGO.format(""), "has a document type or a style sheet"),
        (LOGO.format('<x:script xmlns:x="http://www.w3.org/1999/xhtml"/>'), "has an element script"),
        (LOGO.format('<use href="https://example.org/a.svg"/>'), "has an attribute href"),
        (LOGO.format('<set attributeName="href" to="a.svg"/>'), "has an attribute attributename"),
        (LOGO.format('<g xml:base="https://example.org/"/>'), "has an attribute base"),
        (LOGO.format("<path style='fill: URL( \"//example.org/a\")'/>"), "has an attribute style"),
        (LOGO.format('<path fill="url(https://example.org/a)"/>'), "has an attribute fill"),
    ],
)  # fmt: skip
def test_a_logo_that_is_no_plain_drawing_is_told(folder, text, said):
    (folder / "logo.svg").write_text(text, encoding="utf-8")
    put(folder / "plan.toml", "[union]", '[look]\nlogo = "logo.svg"\n[union]')
    assert any("[look] logo is logo.svg, which " + said in problem for problem in problems()), problems()


def test_a_logo_is_drawn_on_the_cover(folder):
    inner = '<path id="a" fill="url(#b)" style="fill: url( \'#b\')"/><use href="#a"/><!-- <script/> -->'
    (folder / "logo.svg").write_text('<?xml version="1.0"?>' + LOGO.format(inner), encoding="utf-8")
    put(folder / "plan.toml", "[union]", '[look]\nlogo = "logo.svg"\nblue = "#1F5A8A"\n[union]')
    plan, _ = check_plan()
    assert plan.settings.look == {"logo": "logo.svg", "blue": "#1F5A8A"}


def test_the_ink_of_the_report_is_the_one_that_pale_is_held_against():
    assert PALETTE["ink"] == DEFAULT_INK


def test_a_reference_without_its_column_is_told(folder):
    put(folder / "totals.csv", "reference_offices", "reference_sites")
    assert any("members.csv: has no column reference_sites" in problem for problem in problems())


def test_a_reference_without_its_total_is_told(folder):
    put(folder / "totals.csv", "staff_total,reference_staff", "staff_total,reference_offices")
    said = "members.csv: column reference_staff is the reference of no total in totals.csv; name it there"
    assert said in problems()


@pytest.mark.parametrize(
    "words", [("check", "2024Q3"), ("explain", "2.1.a", "2024Q3"), ("plan",), ("status",), ("run", "2024Q3")]
)
def test_a_command_tells_of_all_of_it_in_sentences_and_ends_with_3(folder, words):
    put(folder / "plan.toml", "cutoff_days = 45", "cutoff_days = -1")
    put(folder / "kpis.csv", "1.1.a,1.1,", "1.1.a,9.9,")
    said = CliRunner().invoke(main, list(words))
    assert said.exit_code == 3 and isinstance(said.exception, SystemExit)
    output = said.output.replace("\\n", "\n")
    assert "plan.toml: cutoff_days is -1; write a whole number such as 45\nkpis.csv, row 2: step '9.9' is not" in output
    assert "stages.csv" not in output  # the same slip, told once


def test_nothing_is_added_to_a_plan_that_cannot_be_meant(folder, tmp_path):
    put(folder / "rules.csv", "V08,fall,offices_connected", "V08,fall,offices_linked")
    file = tmp_path / "received.csv"
    file.write_text("member,quarter\nDZA,2024Q3\n", encoding="utf-8")
    said = CliRunner().invoke(
        main, ["add", str(file), "--quarter", "2024Q3", "--received-on", "2024-10-10", "--language", "en"]
    )
    assert said.exit_code == 3 and "offices_linked is no question of the form" in said.output
    assert not (folder.parent / "2024Q3").exists()


def test_the_languages_of_a_plan_that_cannot_be_read_are_those_of_its_files(folder):
    for path in (*folder.glob("*.csv"), *folder.glob("questionnaire/*.csv")):
        rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
        head = [name for name in rows[0] if not name.endswith(("_pt", "_ar", "(pt)", "(ar)"))]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, head, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    (folder / "plan.toml").write_text("code = ", encoding="utf-8")
    assert not any("_pt" in problem or "(pt)" in problem for problem in problems())


def test_a_stage_that_a_product_has_not_is_refused_though_another_has_it(folder):
    lines = (folder / "stages.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("software_guidelines,5,")]
    (folder / "stages.csv").write_text("".join(kept), encoding="utf-8")
    (folder.parent / "registers").mkdir()
    head = "quarter,product,stage,parts,reference,recorded_on\n"
    rows = "2024Q3,digital_model,5,,D,2024-10-01\n2024Q3,software_guidelines,5,,D,2024-10-01\n"
    (folder.parent / "registers" / "milestones.csv").write_text(head + rows, encoding="utf-8")
    found = read_registers()
    assert [row["product"] for row in found.rows["milestones"]] == ["digital_model"]
    told = [
        (issue.row, issue.observed, issue.expected) for issue in found.issues if issue.source_file == "milestones.csv"
    ]
    assert told == [("3", "5", "0-4")]
