"""A plan that cannot be meant: every breakage is refused with its file, its row and what to write, all at once."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from broken import alone, in_rounds
from conftest import PLAN
from helpers.cli import main
from helpers.plan.checks import check_plan
from helpers.plan.files import COUNT, NUMBER, PlanError, read_plan_table
from helpers.plan.form_checks import is_expression

FORM = "questionnaire/"
LISTS = ("themes", "steps", "regions", "members")  # on which the rows of other files rest


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return a plan of one's own to break."""
    shutil.copytree(PLAN, tmp_path / "data" / "raw" / "plan")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    return tmp_path / "data" / "raw" / "plan"


def find(path: Path, code: str) -> int:
    """Return the row, as a spreadsheet numbers it, that a code names: its first cell, or the first two joined."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    names = [row[1:2] if path.stem == "survey" else row[:1] for row in rows]
    return next(n for n, row in enumerate(rows) if code in (" ".join(names[n]), " ".join(row[:2]))) + 1


def write(path: Path, change: Callable[[list[list[str]]], object]) -> None:
    """Change the rows of a file."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    change(rows)
    write_rows(path, rows)


def write_rows(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def put(path: Path, code: str, column: str, text: str) -> int:
    """Write one cell; return its row."""
    row = find(path, code)
    write(path, lambda rows: rows[row - 1].__setitem__(rows[0].index(column), text))
    return row


def put_new(path: Path, code: str, column: str, text: str) -> int:
    """Write one cell, of a column that may be new; return its row."""
    rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
    if column not in rows[0]:
        write(path, lambda rows: [row.append(column if row is rows[0] else "") for row in rows])
    return put(path, code, column, text)


def problems() -> list[str]:
    with pytest.raises(PlanError) as refused:
        check_plan()
    return str(refused.value).splitlines()[:-1]


def test_the_plan_as_it_is_can_be_meant(folder):
    plan, form = check_plan()
    assert len(plan.members) == 45 and "offices_total" in form.by_name


CELLS = [
    # file, code of its row, column, what is written there, what is said
    ("themes", "2", "theme", "", "theme is blank; write a number from 1 to 9"),
    ("themes", "2", "theme", "two", "theme 'two' is not a number from 1 to 9"),
    ("themes", "2", "theme", "10", "10 would come before 2"),
    ("themes", "2", "theme", "1", "1 occurs twice, first in row 2"),
    ("themes", "3", "title_pt", "", "title_pt is blank"),
    ("themes", "3", "title_en", "Two\nlines", "title_en 'Two\\nlines' is not a text of one line"),
    ("steps", "2.1", "step", "2.2", "steps.csv, row 4: 2.2 occurs twice, first in row 3"),
    ("steps", "2.1", "step", "10.1", "'10.1' is not a code such as 2.1"),
    ("steps", "2.1", "theme", "8", "theme '8' is not one of 1, 2, 3, 4, 5, 6 (themes.csv)"),
    ("steps", "2.1", "theme", "3", "step 2.1 is of theme 2, not 3"),
    ("steps", "2.1", "due", "", "due is blank; only a rate has no due quarter"),
    ("steps", "2.1", "due", "2023-06-30", "due '2023-06-30' is not a quarter such as 2023Q4"),
    ("steps", "2.1", "due", "T2-2023", "due 'T2-2023' is not a quarter"),
    ("steps", "2.1", "due", "2022Q2", "due 2022Q2 is not within 2022Q3-2025Q4"),
    ("steps", "2.1", "due", "2027Q1", "due 2027Q1 is not within 2022Q3-2025Q4"),
    ("steps", "2.1", "responsible", "", "responsible is blank"),
    ("steps", "2.1", "title_ar", "", "title_ar is blank"),
    ("kpis", "2.1.a", "kpi", "2.1.A", "kpi '2.1.A' is not a step, a dot and a small letter"),
    ("kpis", "2.1.a", "kpi", "10.1.a", "10 would come before 2"),
    ("kpis", "2.1.a", "kpi", "2.2.a", "kpis.csv, row 5: 2.2.a occurs twice, first in row 4"),
    ("kpis", "2.1.a", "kpi", "2.3.b", "a KPI of step 2.1 is called 2.1.a"),
    ("kpis", "2.1.a", "step", "9.9", "step '9.9' is not one of 1.1, 2.1"),
    ("kpis", "2.1.a", "measure", "sum_all", "measure 'sum_all' is not one of count_known"),
    ("kpis", "2.1.a", "measure", "", "measure is blank"),
    ("kpis", "2.1.a", "source", "", "source is blank"),
    ("kpis", "2.1.a", "source", "offices_online over offices_total", "names offices_online, which is no question"),
    ("kpis", "2.1.a", "unit", "post offices", "unit 'post offices' is not a name"),
    ("kpis", "2.1.a", "unit", "parcels", "unit 'parcels' is not one of sum_known's"),
    ("kpis", "2.1.a", "unit", "percent", "unit 'percent' is not one of sum_known's"),
    ("kpis", "2.1.a", "assessed", "percent", "assessed 'percent' is not one of value, share"),
    ("kpis", "2.1.a", "baseline", "60 %", "baseline '60 %' is not a number"),
    ("kpis", "2.1.a", "baseline", "60", "baseline 60 is a share, 1 at most; write 0.80 for 80 %"),
    *(
        ("kpis", "2.1.a", "target", text, f"target {text!r} is not a number such as 12 or 0.80")
        for text in ("nan", "80 %", "0,80")
    ),
    ("kpis", "2.1.a", "target", "80", "target 80 is a share, 1 at most"),
    ("kpis", "2.1.a", "target", "0.5", "target 0.5 is not above the baseline 0.60"),
    ("kpis", "2.1.a", "target", "0.60", "target 0.60 is not above the baseline 0.60"),
    ("kpis", "2.2.a", "target", "0.6", "target 0.6 is a percentage, 1 to 100; write 80 for 80 %"),
    ("kpis", "6.1.a", "target", "0.666", "target 0.666 is a percentage"),
    ("kpis", "2.2.a", "target", "160", "target 160 is a percentage, 1 to 100"),
    ("kpis", "2.2.a", "target", "0", "target 0 is not above the baseline 0"),
    ("kpis", "1.1.b", "target", "14.5", "target 14.5 counts members: write a whole number"),
    ("kpis", "1.1.b", "target", "150", "target 150 is more than the 45 members"),
    ("kpis", "1.1.a", "target", "6", "target 6 is no stage; write 1 to 5"),
    ("kpis", "1.1.b", "baseline", "46", "baseline 46 is more than the 45 members of 2023Q1"),
    ("kpis", "3.1.a", "target", "1081", "target 1081 is more than the 24 codes of each of the 45 members of 2024Q1"),
    ("kpis", "3.1.b", "target", "13", "target 13 is more than the 12 codes that 3 members can name"),
    ("kpis", "3.1.b", "source", "sectors_benefiting named by 46", "target 6 is more than the 0 codes that 46 members"),
    ("kpis", "5.1.a", "target", "1.3", "target 1.3 is a share, 1.2 at most; write 0.80 for 80 %"),
    ("kpis", "1.1.a", "target_status", "final", "target_status 'final' is not one of proposed, adopted"),
    ("kpis", "1.1.a", "target_status", "", "target_status is blank"),
    ("kpis", "1.1.a", "target_status", "adopted", "name the decision in a column target_reference"),
    ("kpis", "1.1.a", "title_fr", "", "title_fr is blank"),
    ("kpis", "1.1.a", "title_ar", " نموذج", "has blanks around it"),
    ("kpis", "1.1.a", "title_en", "Model\x07", "or invisible characters; remove them"),
    ("themes", "1", "leads", "2.1.a", "leads 2.1.a is no KPI of theme 1; name one of them"),
    ("themes", "1", "leads", "", "leads is blank"),
    ("kpis", "6.1.a", "shown", "tile 1", "shown: tile 1 is that of 2.1.a; give it another number"),
    ("kpis", "6.1.a", "shown", "brief", "shown: brief is for what is known member by member"),
    ("kpis", "3.1.b", "shown", "call 9", "shown: call is for count_known, sum_known and mean_index"),
    ("kpis", "1.1.a", "shown", "page 1", "shown 'page 1' is not a list of places, such as tile 1"),
    ("names", "2.1.a short", "text_fr", "", "text_fr is blank"),
    ("names", "2.1.a short", "name", "long", "name 'long' is not one of short, measured, own, head"),
    ("names", "2.1.a short", "kpi", "2.9.a", "kpi '2.9.a' is not one of 1.1.a"),
    ("kpis", "5.1.b", "measure", "sum_reported", "measure 'sum_reported' is not one of count_known"),
    ("companions", "5.1.a women", "measure", "sum_flow", "measure 'sum_flow' is not one of count_known"),
    ("companions", "5.1.a women", "title_pt", "", "title is blank in pt; write it in every language"),
    ("components", "1.1 domain", "step", "1.2", "step '1.2' is not one of 1.1, 2.1"),
    ("components", "1.1 domain", "list", "domains", "list domains is not domain, as in the other rows of step 1.1"),
    ("components", "1.1 domain", "code", "", "code is blank"),
    ("components", "1.1 domain", "code", "platform", "companions.csv, row 3: information_platform has no title"),
    ("components", "1.1 domain", "code", "cybersecurity", "components.csv, row 7: 1.1 cybersecurity occurs twice"),
    ("components", "4.2 showcase", "code", "fair", "companions.csv, row 38: exhibition has no title"),
    ("components", "1.1 domain", "title_pt", "", "title_pt is blank"),
    ("companions", "2.1.a electrified", "kpi", "2.4.a", "kpi '2.4.a' is not one of 1.1.a"),
    ("companions", "2.1.a electrified", "kpi", "", "kpi is blank"),
    ("companions", "2.1.a electrified", "source", "offices_electric", "companions.csv, row 10 (2.1.a electrified): s"),
    ("companions", "2.1.a electrified", "component", "networked", "companions.csv, row 12: 2.1.a networked occ"),
    ("companions", "2.1.a electrified", "unit", "office", "unit 'office' is not one of sum_known's"),
    ("companions", "2.1.a electrified", "measure", "total", "measure 'total' is not one of count_known"),
    ("companions", "2.1.a electrified", "measure", "rate", "measure rate is for a companion of a rate; 2.1.a is none"),
    ("companions", "6.1.a on_time", "measure", "sum_known", "companions.csv, row 46 (6.1.a on_time): sourc"),
    ("figures", "2 ladder", "theme", "7", "theme '7' is not one of 1, 2, 3, 4, 5, 6 (themes.csv), or blank"),
    ("figures", "2 ladder", "figure", "pie", "figure 'pie' is not one of trend, trends, regions"),
    ("figures", "2 ladder", "kpis", "", "kpis is blank; write codes of KPIs with a blank between"),
    ("figures", "2 ladder", "kpis", "2.1.a, 2.2.a", "kpis '2.1.a, 2.2.a' is not codes of KPIs with a blank between"),
    ("figures", "2 ladder", "kpis", '2.1.a")', "is not codes of KPIs with a blank between"),
    ("figures", "1 companions", "of", "Percent", "of 'Percent' is not a name of small letters"),
    ("members", "SEN", "member", "Sen", "member 'Sen' is not an ISO3 code: three capitals"),
    ("members", "SEN", "member", " SEN", "member ' SEN' has blanks around it"),
    ("members", "SEN", "member", "SEN\u00a0", "has blanks around it"),
    ("members", "SEN", "member", "SE\u200bN", "is not an ISO3 code"),
    ("members", "SEN", "member", "MLI", "MLI occurs twice, first in row 14"),
    ("members", "SEN", "region", "", "region is blank"),
    ("members", "SEN", "region", "western", "region 'western' is not one of Northern, Western"),
    ("members", "SEN", "region", "Atlantic", "region 'Atlantic' is not one of Northern, Western"),
    ("regions", "Western", "region", "PAPU", "region PAPU is called like the Union"),
    ("regions", "Western", "title_fr", "UPAP", "region Western is called like the Union"),
    ("members", "SEN", "language", "wo", "language 'wo' is not one of fr, en, pt, ar"),
    ("members", "SEN", "name_pt", "", "name_pt is blank"),
    ("members", "SEN", "name_en", "Mali", "'Mali' names SEN, but also MLI (members.csv, row 14)"),
    ("members", "SEN", "member_from", "2024-02-31", "member_from '2024-02-31' is not a date such as 2024-07-31"),
    ("members", "SEN", "member_to", "31/12/2024", "member_to '31/12/2024' is not a date"),
    ("members", "SEN", "member_from", "2031-01-01", "SEN is a member in no quarter of the plan"),
    ("members", "SEN", "member_to", "2019-12-31", "SEN is a member in no quarter of the plan"),
    *(
        ("members", "SEN", column, text, f"{column} {text!r} is not a whole number above 0")
        for column, text in (("reference_offices", "0"), ("reference_staff", "1 800"))
    ),
    ("members", "SEN", "reference_staff", "", "reference_staff is blank"),
    ("members", "SEN", "reference_basis", "", "reference_basis is blank"),
    ("aliases", "Sénégal", "alias", "", "alias is blank"),
    ("aliases", "Sénégal", "alias", "MALI", "'MALI' names SEN, but also MLI (members.csv, row 14)"),
    ("aliases", "Sénégal", "alias", "KEN", "'KEN' names SEN, but also KEN"),
    ("aliases", "Sénégal", "iso3", "sen", "iso3 'sen' is not an ISO3 code"),
    ("aliases", "Sénégal", "iso3", "XXX", "member is yes, but XXX is no member"),
    ("aliases", "Sénégal", "member", "no", "member is no, but SEN is a member"),
    ("aliases", "Sénégal", "member", "oui", "member 'oui' is not one of yes, no"),
    ("tile_grid", "SEN", "iso3", "ZZZ", "tile_grid.csv: has no row of SEN"),
    ("tile_grid", "SEN", "iso3", "KEN", "KEN occurs twice"),
    ("tile_grid", "SEN", "row", "11", "SEN lies outside the map; write a row from 1 to 10"),
    ("tile_grid", "SEN", "row", "three", "row 'three' is not a whole number"),
    ("tile_grid", "SEN", "column", "2", "SEN lies outside the map"),
    ("tile_grid", "SEN", "column", "5", "SEN lies on the tile of BFA"),
    ("tile_grid", "SEN", "member", "no", "member is no, but SEN is a member"),
    (FORM + "survey", "offices_total", "type", "integr", "type 'integr' is not one of integer, date, text"),
    (FORM + "survey", "cloud_use", "type", "select_one clouds", "type 'select_one clouds' is not one of"),
    (FORM + "survey", "offices_total", "type", "text", "rules.csv, row 7: offices_total is of type text"),
    (FORM + "survey", "offices_total", "name", "", "name is blank"),
    (FORM + "survey", "offices_total", "name", "Offices total", "name 'Offices total' is not a name of small letters"),
    (FORM + "survey", "offices_total", "name", "staff_total", "survey.csv, row 13: staff_total occurs twice"),
    (FORM + "survey", "offices_total", "label::English (en)", "", "label is blank in English (en)"),
    (FORM + "survey", "staff_total", "label::English (en)", "Permanent post offices", "is also that of offices_total"),
    (FORM + "survey", "staff_total", "label::English (en)", "Cloud_use", "label 'Cloud_use' is the name of cloud_use"),
    (FORM + "choices", "cloud_use pilot", "label::English (en)", "None", "label 'None' is the name of none; each"),
    (FORM + "survey", "offices_total", "hint::English (en)", "", "hint is blank in English (en)"),
    (FORM + "survey", "offices_total", "required", "oui", "required 'oui' is not one of yes, no"),
    (FORM + "survey", "staff_women", "constraint", ". <= ${staff}", "constraint names staff, which is no question"),
    (FORM + "survey", "cloud_use", "constraint", ". != 'x'", "constraint_message is blank in"),
    (FORM + "survey", "roadmap_adopted_on", "relevant", "selected(${roadmap}, 'adopted')", "relevant names roadmap"),
    (
        FORM + "survey", "roadmap_adopted_on", "relevant", "selected(${roadmap_status}, 'accepted')",
        "relevant names accepted, which is no answer to roadmap_status",
    ),
    *(
        (FORM + "survey", "staff_women", column, text, f"{column} {text!r} is no expression; correct its brackets")
        for column, text in (("constraint", "(. >= 0"), ("relevant", ". >= 0 adn . < 9"))
    ),
    (FORM + "survey", "staff_women", "required", "${staff", "required '${staff' is not one of yes, no"),
    (FORM + "survey", "cloud_use", "relevant", "${roadmap_status} = 'accepted'", "accepted, which is no answer"),
    (FORM + "survey", "innovations", "relevant", 'selected( ${has_innovations},"si")', "si, which is no answer"),
    (FORM + "survey", "ipp_ecompro", "constraint", "not(selected(., 'nil'))", "nil, which is no answer"),
    (FORM + "survey", "staff_women", "hint::English (en)", "Of ${staff}", "hint::English (en) names staff"),
    (FORM + "choices", "cloud_use pilot", "label::English (en)", "${cloud}", "label::English (en) names cloud"),
    (FORM + "settings", "UPAP numérique", "instance_name", "${state}", "instance_name names state"),
    (FORM + "settings", "UPAP numérique", "instance_name", "concat(${member}", "is no expression"),
    (FORM + "choices", "nd_network staff_total", "name", "cloud_use", "survey.csv, row 15: list nd_network has c"),
    (FORM + "survey", "organisation", "name", "head_of_office", "head_of_office is neither personal nor public"),
    (FORM + "survey", "focal_point_name", "name", "telephone", "telephone is neither personal nor public"),
    (FORM + "survey", "begin_group network", "type", "begin_repeat", "survey.csv, row 16: end_group closes no group"),
    (FORM + "survey", "innovations", "name", "projects", "survey.csv: has no begin_repeat innovations"),
    (FORM + "choices", "cloud_use pilot", "name", "none", "cloud_use none occurs twice"),
    (FORM + "choices", "cloud_use pilot", "name", "pilot use", "name 'pilot use' is not a code"),
    (FORM + "choices", "cloud_use pilot", "name", "", "name is blank"),
    (FORM + "choices", "readiness planned", "score", "", "companions.csv, row 3 (1.1.b information_platform)"),
    (FORM + "choices", "readiness planned", "score", "high", "score 'high' is not a number such as 12 or 0.80"),
    (FORM + "choices", "cloud_use pilot", "list_name", "clouds", "list clouds is that of no question"),
    (FORM + "choices", "cloud_use pilot", "label::English (en)", "", "label::English (en) is blank"),
    (FORM + "choices", "cloud_use pilot", "label::English (en)", "In production", "choices.csv, row 58: label"),
    (FORM + "choices", "cloud_use production", "name", "live", "companions.csv, row 13 (2.1.a cloud_production)"),
    (FORM + "choices", "feature s10_barcode", "name", "barcode", "rules.csv, row 22: s10_barcode is no answer"),
    (FORM + "choices", "feature none", "name", "nothing", "survey.csv, row 55: ipp_ecompro cannot be answered by none"),
    (FORM + "choices", "nd_network staff_total", "name", "staff", "survey.csv, row 15: list nd_network has staff"),
    (FORM + "choices", "service_epost hybrid_mail", "list_name", "cloud", "list cloud is that of no question"),
    (FORM + "choices", "member SEN", "name", "CPV", "CPV is no member in members.csv"),
    (FORM + "choices", "member SEN", "label::English (en)", "Mali", "label 'Mali' is no name of SEN"),
    (FORM + "choices", "innovation_kind solution", "name", "product", "kpis.csv, row 11 (4.1.a): source names"),
    (FORM + "settings", "UPAP numérique", "form_title", "", "form_title is blank"),
    (FORM + "settings", "UPAP numérique", "form_id", "", "form_id is blank"),
    (FORM + "settings", "UPAP numérique", "version", "v2", "version 'v2' is not a date and two digits"),
    (FORM + "settings", "UPAP numérique", "default_language", "French", "default_language 'French' is not one of"),
]  # fmt: skip


def _group(case: tuple[str, ...]) -> str:
    """Return with which others a case is written: what one breaks, no check of another rests on."""
    file, _, column, *_ = case
    if column in ("theme", "step", "kpi", "name", "type"):
        return ""
    return FORM if file.startswith(FORM) else "lists" if file in LISTS else "kpis"


@pytest.mark.parametrize("cases", [*in_rounds(CELLS, _group), *alone(CELLS)], ids=len)
def test_cells_that_cannot_be_meant_are_told_each_with_its_file_and_row(folder, cases):
    rows = [put(folder / f"{file}.csv", code, column, text) for file, code, column, text, _ in cases]
    told = problems()
    for (file, *_, said), row in zip(cases, rows, strict=True):
        named = ".csv" in said.partition(" ")[0]  # then the problem is told elsewhere
        place = said if named else f"{file.removeprefix(FORM)}.csv, row {row}"
        assert any(problem.startswith(place) and said in problem for problem in told), (said, told)


@pytest.mark.parametrize(
    ("allowed", "text"),
    [
        *((NUMBER, text) for text in ("inf", "-inf", "1e999", "-0.8", "+0.8", "0_8", "٠٫٨", "yes", ".8")),
        *((COUNT, text) for text in ("-135", "135.5", "1,800", "nan", "١٣٥", "0135")),
    ],
)
def test_a_number_is_written_in_digits_alone(tmp_path, allowed, text):
    path = tmp_path / "amounts.csv"
    write_rows(path, [["amount"], [text]])
    (told,) = read_plan_table(path, {"amount": allowed}).problems
    assert told.startswith(f"amounts.csv, row 2: amount {text!r} is not {allowed.words}")


@pytest.mark.parametrize(
    "text",
    ["(. >= 0", ". >= 0)", ". >= '0", ". >=", ". => 0", ". >= 0 adn . < 9", "${staff_total", "not(,)", "9 9",
     "count-selected(${cloud_use}", "concat('a, 'b')", "${staff_total} +"],
)  # fmt: skip
def test_what_does_not_fit_together_is_no_expression(text):
    assert not is_expression(text)


@pytest.mark.parametrize(
    "column", ["constraint", "relevant", "calculation", "choice_filter", "repeat_count", "default"]
)
def test_an_expression_of_any_column_is_checked(folder, column):
    row = put_new(folder / f"{FORM}survey.csv", "staff_women", column, "slected(${staff}, 'pilot')")
    told = [each for each in problems() if each.startswith(f"survey.csv, row {row}: {column} ")]
    assert [each.partition(f": {column} ")[2] for each in told] == [
        "names staff, which is no question of the form",
        "calls slected(), which is no function of ODK; write selected",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Today()", "calls Today(), which is no function of ODK; write today"),
        ("zzz(1)", "calls zzz(), which is no function of ODK; write one of ODK's functions"),
        ("if(true(), not(lenght('a')), 0)", "calls lenght(), which is no function of ODK; write"),
        ("concat('a, 'b')", "is no expression; correct its brackets, quotes and operators"),
    ],
)
def test_what_is_wrong_with_an_expression_is_told_once(folder, text, said):
    row = put_new(folder / f"{FORM}survey.csv", "staff_women", "calculation", text)
    told = [each for each in problems() if each.startswith(f"survey.csv, row {row}: calculation ") and said in each]
    assert len(told) == 1, problems()


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("default", "2024-09-30"),
        ("default", "L'agence (centrale)"),
        ("default", "today()"),
        ("repeat_count", "count-selected(${cloud_use})"),
        ("choice_filter", "region = ${region} and not(selected(${cloud_use}, name))"),
        ("calculation", "if(${staff_total} > 0, round(${staff_women} div ${staff_total}, 2), '(n/a)')"),
        ("calculation", "jr:choice-name(${cloud_use}, '${cloud_use}')"),
    ],
)
def test_an_expression_that_can_be_meant_is_left(folder, column, text):
    put_new(folder / f"{FORM}survey.csv", "staff_women", column, text.replace("${region}", "${member}"))
    check_plan()


def test_a_cell_is_told_with_its_row_as_a_spreadsheet_numbers_it(folder):
    path = folder / "members.csv"
    write(path, lambda rows: rows.insert(3, []))  # a blank row is none, but it is counted
    assert put(path, "SEN", "region", "") == 18
    assert problems()[0].startswith("members.csv, row 18: region is blank; write one of Northern, Western")


MAY_BE_EMPTY = ("aliases", "companions", "components", "figures", "names", "rules", "stages", "totals")
TABLES = sorted(path.relative_to(PLAN).as_posix() for path in PLAN.rglob("*.csv"))


@pytest.mark.parametrize("names", [TABLES, *(pytest.param([name], marks=pytest.mark.slow) for name in TABLES)], ids=len)
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: None, "cannot be read (No such file"),
        (lambda content: b"", "has no column"),
        (lambda content: content[: content.index(b"\n") + 1], "has no row below its header"),
        (lambda content: content.replace(b",", b";"), "separated by commas"),
        (lambda content: content.decode().encode("utf-16"), "it is no UTF-8 text"),
        (lambda content: content.decode().encode("cp1252", "replace") + b"\xe9", "it is no UTF-8 text"),
        (lambda content: content.rstrip(b"\n") + b'\n"cut', "a quote is not closed"),
        (lambda content: content + b"1\n", "has 1 cells where the header has"),
        (lambda content: content[:-1] + b",,more\n", "cells where the header has"),
        (lambda content: content[content.index(b",") + 1 :], "has no column"),
    ],
)
def test_every_file_that_is_damaged_is_named(folder, names, damage, said):
    """All at once, as where a plan was saved by the wrong program, and each by itself."""
    paths = [folder / name for name in names if "no row" not in said or Path(name).stem not in MAY_BE_EMPTY]
    if not paths:
        pytest.skip("a plan may have none of them")
    for path in paths:
        content = damage(path.read_bytes())
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    told = problems()
    assert [path.name for path in paths if not any(each.startswith(path.name) and said in each for each in told)] == []


@pytest.mark.parametrize("name", sorted(path.relative_to(PLAN).as_posix() for path in PLAN.rglob("*.*")))
def test_a_file_that_cannot_be_read_is_told_once_without_what_rests_on_it(folder, name):
    (folder / name).write_text('"', encoding="utf-8")
    (problem,) = problems()
    assert problem.startswith(f"{Path(name).name}: cannot be read")


@pytest.mark.parametrize("name", ["units.csv", "totals.csv", FORM + "choices.csv", FORM + "survey.csv"])
def test_what_rests_on_no_file_that_cannot_be_read_is_told_beside_it(folder, name):
    (folder / name).unlink()
    put(folder / "kpis.csv", "2.1.a", "target", "80")
    put(folder / "kpis.csv", "1.1.b", "target", "150")
    told = sorted(problem.partition(":")[0] for problem in problems())
    assert told == sorted([Path(name).name, "kpis.csv, row 3", "kpis.csv, row 4"])


def test_a_member_whose_row_is_wrong_is_counted(folder):
    put(folder / "members.csv", "SEN", "language", "wo")
    put(folder / "kpis.csv", "3.3.a", "target", "45")
    assert [problem.partition(":")[0] for problem in problems()] == ["members.csv, row 17"]


def test_the_languages_of_settings_without_any_are_those_of_the_other_files(folder):
    for path in folder.rglob("*.csv"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("_ar", "_xx", 1).replace("(ar)", "(xx)"), encoding="utf-8")
    (folder / "plan.toml").write_text('code = "PAPU"', encoding="utf-8")
    assert [problem for problem in problems() if "_ar" in problem or "(ar)" in problem] == []


@pytest.mark.parametrize("name", sorted(path.relative_to(PLAN).as_posix() for path in PLAN.rglob("*.csv")))
def test_a_file_that_stops_at_any_row_is_told(folder, name):
    """Half of its rows are lost, at the end of a row: no cell is wrong."""
    if name.endswith("settings.csv"):
        pytest.skip("it has one row")
    if name in ("companions.csv", "figures.csv", "names.csv", "rules.csv"):
        pytest.skip("a plan may have fewer of them: only a list of parts that is not whole is told")
    write(folder / name, lambda rows: rows.__delitem__(slice(len(rows) // 2, None)))
    assert problems()


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("kpis", lambda rows: [row.append(row[7]) for row in rows], "kpis.csv: has two columns 'target'"),
        (
            "kpis",
            lambda rows: [row.append("x" if row is rows[1] else "") for row in rows],
            "kpis.csv, row 2: has a cell under no heading",
        ),
        ("kpis", lambda rows: rows[0].__setitem__(7, "Target"), "kpis.csv: has no column target"),
        (
            FORM + "choices",
            lambda rows: [row.append("untl" if row is rows[0] else "") for row in rows],
            "choices.csv: has a column 'untl'; did you mean until?",
        ),
        ("members", lambda rows: rows.append(rows[16]), "members.csv, row 47: SEN occurs twice, first in row 17"),
        ("aliases", lambda rows: rows.append(rows[16]), "occurs twice, first in row 17"),
        ("companions", lambda rows: rows.pop(2), "companions.csv: 1.1.b lacks information_platform of list domain"),
        ("components", lambda rows: rows.pop(1), "companions.csv, row 3: information_platform has no title"),
        ("tile_grid", lambda rows: rows.pop(1), "tile_grid.csv: has no row of AGO"),
        ("kpis", lambda rows: rows.pop(), "steps.csv, row 14: step 6.1 has no row in kpis.csv"),
        (
            "members",
            lambda rows: [row.__setitem__(slice(11, 13), ["2024-05-01", "2023-05-01"]) for row in rows[16:17]],
            "members.csv, row 17: member_from 2024-05-01 is after member_to 2023-05-01",
        ),
        (FORM + "survey", lambda rows: rows.pop(1), "survey.csv, row 9: end_group closes no group that is open"),
        (FORM + "survey", lambda rows: rows.pop(), "participation is opened and never closed; add its end"),
        (FORM + "survey", lambda rows: rows.append(rows.pop(11)), "is in no group; move it into one"),
        (FORM + "settings", lambda rows: rows.append(rows[1]), "settings.csv, row 3: a second row; keep one"),
    ],
)  # fmt: skip
def test_rows_and_columns_that_contradict_each_other_are_told(folder, file, change, said):
    write(folder / f"{file}.csv", change)
    assert any(problem.find(said) >= 0 for problem in problems()), problems()


def test_a_share_may_aim_at_as_much_as_its_source_allows(folder):
    put(folder / "kpis.csv", "5.1.a", "target", "1.2")
    assert check_plan()[0].by_kpi["5.1.a"].target == 1.2


def test_a_target_counts_the_members_that_there_are_when_it_is_due(folder):
    put(folder / "members.csv", "SEN", "member_to", "2022-12-30")
    put(folder / "kpis.csv", "3.3.a", "target", "45")
    (problem,) = problems()
    assert "target 45 is more than the 44 members of 2022Q4; write a number that can be reached" in problem


def test_an_adopted_target_names_its_decision(folder):
    def adopt(rows: list[list[str]]) -> None:
        for row in rows:
            row.append("target_reference" if row is rows[0] else "CA resolution 12/2023")
            row[8] = "adopted" if row is not rows[0] else row[8]

    write(folder / "kpis.csv", adopt)
    assert {kpi.target_status for kpi in check_plan()[0].kpis} == {"adopted"}


# --- what rules and figures need ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "who"),
    [
        ("member", "plan.toml"), ("quarter", "plan.toml"), ("offices_networked", "rules.csv, row 3"),
        ("offices_networked", "companions.csv, row 12 (2.1.a networked)"), ("staff_women", "rules.csv, row 6"),
        ("trained_women", "rules.csv, row 21"), ("trained_women", "(5.1.a women)"),
        ("trained_upskilling", "rules.csv, row 20"),
        ("roadmap_adopted_on", "rules.csv, row 23"), ("training_sessions", "rules.csv, row 24"),
        ("laptop_working", "kpis.csv, row 5 (2.2.a)"), ("laptop_working", "(2.2.a laptop)"),
        ("services_epost", "(3.1.a epost)"), ("ipp_tracked", "(3.2.a tracked)"),
        ("domain_ecosystem", "(1.1.b ecosystem)"), ("sent_feedback", "(6.1.a feedback)"),
        ("project_fitaf", "(3.3.a fitaf)"), ("cloud_use", "(2.1.a cloud_production)"),
    ],
)  # fmt: skip
def test_a_question_that_the_form_lacks_is_told_with_what_needs_it(folder, question, who):
    path = folder / FORM / "survey.csv"
    row = find(path, question)
    write(path, lambda rows: rows.pop(row - 1))
    assert any(question in said and who in said for said in problems()), problems()


@pytest.mark.parametrize("field", ["kind", "reference", "title", "date", "detail"])
def test_a_field_that_the_repeat_lacks_is_told(folder, field):
    path = folder / FORM / "survey.csv"
    write(path, lambda rows: rows.pop(find(path, field) - 1))
    assert (
        f"plan.toml: [repeat] {field} is {field}, no field of innovations in survey.csv; correct its name" in problems()
    )


# --- all at once, through the command ----------------------------------------------------------------------------


def test_the_problems_of_all_files_come_at_once_and_none_twice(folder):
    broken = [
        ("kpis", "2.1.a", "target", "nan"), ("kpis", "5.1.b", "source", "audits"), ("members", "SEN", "region", ""),
        ("figures", "3 families", "kpis", "none"), ("figures", "6 regions_over_time", "of", "percent"),
        ("steps", "2.1", "due", ""), ("tile_grid", "SEN", "row", "0"), ("aliases", "Sénégal", "iso3", "XXX"),
        (FORM + "survey", "comment", "type", "txt"), (FORM + "choices", "cloud_use pilot", "label::English (en)", ""),
    ]  # fmt: skip
    rows = [f"{file.removeprefix(FORM)}.csv, row {put(folder / f'{file}.csv', *cell)}" for file, *cell in broken]
    told = CliRunner().invoke(main, ["check", "2024Q3", "--language", "en"], catch_exceptions=False)
    assert told.exit_code == 3
    assert [row for row in rows if told.output.count(row) != 1] == []
    assert "\nCorrect these files of data/raw/plan, or restore them.\n  next: " in told.output


@pytest.mark.parametrize("command", [["explain", "2.1.a", "2024Q3"], ["status"], ["briefs", "2024Q3"]])
def test_every_command_that_reads_the_plan_refuses_it(folder, monkeypatch, command):
    monkeypatch.setenv("LANGUAGE", "en")
    put(folder / "kpis.csv", "2.1.a", "target", "nan")
    told = CliRunner().invoke(main, command, catch_exceptions=False)
    assert (told.exit_code, "kpis.csv, row 4: target 'nan'" in told.output) == (3, True)
    assert ("\nno edition can be made: kpis.csv, row 4: target 'nan'" in told.output) == (command == ["status"])
