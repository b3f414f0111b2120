"""A form that changed: choices that it retired, questions that it renamed, and the question on innovations."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from conftest import PLAN
from exports import kobo
from helpers.cli import main
from helpers.ingest.quarter import read_quarter
from helpers.plan.questionnaire import read_form
from helpers.tables.pipeline import load_tables
from received import RETURNS

pytestmark = pytest.mark.slow

Q, DAY = "2024Q3", "2024-10-10"
EFINANCE = "Services en exploitation - Services financiers numériques"
KOBO = {"_uuid": "u1", "_submission_time": f"{DAY}T08:30:00", "meta/rootUuid": "uuid:r1", "_id": 1}


@pytest.fixture
def questionnaire(raw) -> Path:
    """Return the questionnaire of a plan of one's own, whose last choices and names can be changed."""
    shutil.copytree(PLAN, raw.root / "data" / "raw" / "plan")
    return raw.root / "data" / "raw" / "plan" / "questionnaire"


def retire(questionnaire: Path, listed: str, code: str, until: str) -> None:
    """Add a choice that the form has retired."""
    path = questionnaire / "choices.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    rows = [[*row, "" if n else "until"] for n, row in enumerate(rows)]
    labels = [f"{code.capitalize()} {language}" for language in ("fr", "en", "pt", "ar")]
    blank = [""] * (len(rows[0]) - 7)  # columns between the labels and `until`
    rows.append([listed, code, *labels, *blank, until])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def rename(questionnaire: Path, question: str, earlier: str) -> None:
    """Note the earlier names of a question."""
    path = questionnaire / "survey.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    rows = [[*row, "formerly" if n == 0 else earlier if row[1] == question else ""] for n, row in enumerate(rows)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def checked(raw) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the answers, by member and question, and the issues, as `papu check --out` writes them."""
    out = raw.root / "checked"
    told = CliRunner().invoke(main, ["check", Q, "--out", str(out)], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    answers = pd.read_parquet(out / "answers.parquet").set_index(["member", "question"])
    return answers, pd.read_csv(out / "issues.csv", keep_default_na=False)


# --- retired choices ---------------------------------------------------------------------------------------------

FORMATS = {
    "codes": {"services_efinance": "mobile_wallet crypto"}, "labels": {EFINANCE: "Portefeuille mobile Crypto fr"},
    "split": {"services_efinance/mobile_wallet": 1, "services_efinance/crypto": 1, "services_efinance/none": 0},
    "split by label": {f"{EFINANCE}/Portefeuille mobile": 1, f"{EFINANCE}/Crypto fr": 1, f"{EFINANCE}/Aucun": 0},
}  # fmt: skip


@pytest.mark.parametrize("given", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("until", ["2024Q3", "2025Q1"])
def test_a_retired_choice_is_accepted_up_to_its_quarter_and_counts_nowhere(raw, questionnaire, given, until):
    retire(questionnaire, "service_efinance", "crypto", until)
    raw.write_plain(Q, [{"member": "SEN", "quarter": Q, "offices_total": 130, **given, "submitted_on": DAY}])
    answers, issues = checked(raw)
    assert tuple(answers.loc[("SEN", "services_efinance"), ["value", "obs_status"]]) == ("mobile_wallet", "A")
    assert list(issues[issues["severity"].isin(["refused", "withdrawn"])]["rule"]) == []
    assert "CHOICE_RETIRED" in set(issues["rule"])


@pytest.mark.parametrize("given", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("until", ["2024Q2", ""])
def test_after_that_quarter_or_without_a_row_it_is_v07_which_names_it(raw, questionnaire, given, until):
    if until:
        retire(questionnaire, "service_efinance", "crypto", until)
    raw.write_plain(Q, [{"member": "SEN", "quarter": Q, "offices_total": 130, **given, "submitted_on": DAY}])
    answers, issues = checked(raw)
    assert answers.loc[("SEN", "services_efinance"), "obs_status"] == "O"
    (found,) = issues[issues["rule"] == "V07"].itertuples()
    assert (found.question, "crypto" in found.observed.casefold()) == ("services_efinance", True)
    assert "crypto" not in found.expected


def test_neither_figures_nor_caps_change_with_a_retired_choice(raw, questionnaire):
    retire(questionnaire, "service_efinance", "crypto", Q)
    families = {f"services_{family}": "none" for family in ("epost", "ecommerce", "egovernment")}
    said = {"SEN": "mobile_wallet crypto", "KEN": "crypto", "MLI": "none"}
    rows = [
        {"member": m, "quarter": Q, **families, "services_efinance": s, "submitted_on": DAY} for m, s in said.items()
    ]
    raw.write_plain(Q, rows)
    tables = load_tables(Q)
    total = tables.kpis.query("quarter == @Q and scope == 'PAPU' and kpi == '3.1.a'").iloc[0]
    assert (total["value"], total["lower"], total["upper"], total["n_reported"]) == (1, 1, 1 + 42 * 24, 3)
    parts = tables.components.query("quarter == @Q and scope == 'PAPU' and kpi == '3.1.a'").set_index("component")
    assert (parts.loc["efinance", "value"], parts.loc["distinct_services", "value"]) == (1, 1)


def test_a_retired_single_choice_is_an_answer_that_no_figure_knows(raw, questionnaire):
    retire(questionnaire, "cloud_use", "hybrid", Q)
    said = {"SEN": "hybrid", "KEN": "production"}
    raw.write_plain(Q, [{"member": m, "quarter": Q, "cloud_use": use, "submitted_on": DAY} for m, use in said.items()])
    answers, issues = checked(raw)
    assert answers.loc[("SEN", "cloud_use"), "obs_status"] == "A" and "V07" not in set(issues["rule"])
    part = load_tables(Q).components.query("quarter == @Q and scope == 'PAPU' and component == 'cloud_production'")
    assert (part.iloc[0]["value"], part.iloc[0]["n_reported"]) == (1, 1)


def test_a_retired_kind_of_innovation_is_no_item_of_any_figure(raw, questionnaire):
    retire(questionnaire, "innovation_kind", "patent", Q)
    items = [{"member": "SEN", "kind": kind, "reference": kind} for kind in ("patent", "solution")]
    raw.write_plain(Q, [{"member": "SEN", "quarter": Q, "offices_total": 130, "submitted_on": DAY}], items)
    assert "V07" not in set(checked(raw)[1]["rule"])
    assert load_tables(Q).kpis.query("quarter == @Q and scope == 'PAPU' and kpi == '4.1.a'").iloc[0]["value"] == 1


def test_what_the_form_offers_today_has_no_retired_choice(raw, questionnaire):
    retire(questionnaire, "service_efinance", "crypto", Q)
    form = read_form(questionnaire)
    held = [one.by_name["services_efinance"].choices for one in (form, form.at("2024Q4"), form.at(Q))]
    assert ["crypto" in choices for choices in held] == [False, False, True]
    assert "crypto" not in form.lists["service_efinance"]


# --- renamed questions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["offices_online", "infrastructure/offices_online", "network/offices_online", "Offices_Wired"]
)
def test_a_question_is_read_under_its_earlier_names(raw, questionnaire, header):
    rename(questionnaire, "offices_connected", "offices_online offices_wired")
    raw.write_plain(Q, [{"member": "SEN", "quarter": Q, "offices_total": 130, header: 90, "submitted_on": DAY}])
    answers, issues = checked(raw)
    assert answers.loc[("SEN", "offices_connected"), "value"] == "90"
    assert "COLUMN_UNKNOWN" not in set(issues["rule"])
    missing = issues[issues["rule"] == "COLUMN_MISSING"]["observed"].iloc[0]
    assert "offices_networked" in missing and "offices_connected" not in missing


def test_split_choices_and_the_mailed_questionnaire_know_earlier_names_too(raw, questionnaire):
    rename(questionnaire, "services_epost", "services_mail")
    split = {"services_mail/hybrid_mail": 1, "services_mail/e_postbox": 0}
    raw.write_plain(Q, [{"member": "SEN", "quarter": Q, **split, "submitted_on": DAY}])
    mailed = [("code", "question", "réponse"), ("member", "", "KEN"), ("quarter", "", Q), ("submitted_on", "", DAY),
              ("offices_total", "", 600), ("services_mail", "", "hybrid_mail")]  # fmt: skip
    raw.write_sheets(Q, {"Questionnaire": mailed}, name="mailed.xlsx", received_on=DAY)
    answers = checked(raw)[0]["value"]
    assert (answers["SEN", "services_epost"], answers["KEN", "services_epost"]) == ("hybrid_mail", "hybrid_mail")


# --- has_innovations ---------------------------------------------------------------------------------------------

ITEM = {"member": "SEN", "kind": "solution", "reference": "S-1"}


@pytest.mark.parametrize(
    ("said", "items", "part", "warned"),
    [
        ("no", None, 0, []), ("no", [], 0, []), ("no", [ITEM], 1, ["V15"]),
        ("yes", [ITEM], 1, []), ("yes", None, None, ["V15"]), ("yes", [], None, ["V15"]),
        (None, None, None, []), (None, [], 0, []), ("ND", None, None, []), (None, [ITEM], 1, []),
    ],
)  # fmt: skip
def test_the_answer_says_whether_there_is_an_innovations_part(raw, said, items, part, warned):
    row = {"member": "SEN", "quarter": Q, "offices_total": 130, "has_innovations": said, "submitted_on": DAY}
    raw.write_plain(Q, [row], items)
    answers, issues = checked(raw)
    state = answers.loc[("SEN", "innovations"), "obs_status"]
    assert state == ("O" if part is None else "A")
    assert [rule for rule in issues[issues["severity"] == "warning"]["rule"] if rule == "V15"] == warned
    figure = load_tables(Q).kpis.query("quarter == @Q and scope == 'PAPU' and kpi == '4.1.a'").iloc[0]
    assert (None if pd.isna(figure["value"]) else figure["value"]) == part


def test_an_export_without_a_sheet_for_the_repeat_says_by_it_that_there_is_none(raw):
    rows = [{"member": m, "quarter": Q, "offices_total": 130, "has_innovations": said, **KOBO, "_uuid": m,
             "meta/rootUuid": f"uuid:{m}"} for m, said in (("SEN", "no"), ("KEN", None))]  # fmt: skip
    raw.write_kobo(Q, rows, None)
    parts = {each.member: each.items for each in read_quarter(Q).returns}
    assert parts == {"SEN": (), "KEN": None}


def test_an_older_form_without_the_question_is_read_as_before(raw):
    raw.write_plain(Q, [{"member": "SEN", "quarter": Q, "offices_total": 130, "submitted_on": DAY}])
    answers, issues = checked(raw)
    assert ("SEN", "has_innovations") not in answers.index
    assert not issues["observed"].str.contains("has_innovations").any()


def test_the_question_alone_is_an_empty_return(raw):
    raw.write_plain(Q, [{"member": "SEN", "quarter": Q, "has_innovations": "no", "submitted_on": DAY}])
    assert "V21" in set(checked(raw)[1]["rule"])


def test_a_correction_that_only_answers_it_is_a_revision_by_its_part(raw):
    row = {"member": "SEN", "quarter": Q, "offices_total": 130}
    raw.write_plain(Q, [{**row, "submitted_on": DAY}], name="one.xlsx")
    raw.write_plain(Q, [{**row, "has_innovations": "no", "submitted_on": "2024-10-20"}], name="two.xlsx")
    answers, _ = checked(raw)
    assert list(answers.loc[("SEN", "innovations"), "obs_status"]) == ["O", "A"]


# --- labels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("groups", [None, "/"])
@pytest.mark.parametrize("select", ["both", "summary", "details"])
def test_a_question_may_be_labelled_as_it_is_named(raw, questionnaire, select, groups):
    survey = questionnaire / "survey.csv"
    text = survey.read_text(encoding="utf-8").replace("Use of cloud computing", "Cloud_use")
    survey.write_text(text.replace("Live services - Electronic postal mail", "Services_epost"), encoding="utf-8")
    form = read_form(questionnaire)
    labels = {form.by_name[name].label["en"] for name in ("cloud_use", "services_epost")}
    assert labels == {"Cloud_use", "Services_epost"}
    raw.add(Q, "returns.xlsx", kobo(language="en", groups=groups, select=select).write(form, RETURNS), DAY)
    answers, issues = checked(raw)
    read = answers.loc["SEN", "value"]
    assert (read["cloud_use"], read["services_epost"]) == ("pilot", "hybrid_mail e_postbox")
    assert "V07" not in set(issues["rule"])
