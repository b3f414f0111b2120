"""What the report says: every claim held against the tables by code that shares nothing with what said it."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import paths
from helpers.i18n import messages
from helpers.plan import quarters, read_plan, read_settings
from helpers.report import Report, figures, headlines, phrases, tables
from helpers.report.blocks import Sentence
from helpers.strings import LANGUAGES
from helpers.tables import Claim, claims, pipeline, queries, schema
from invented import Invented, empty, invent
from reports import printed, report_of, sample_tables  # noqa: F401

QUARTERS = quarters.quarters_between("2022Q3", "2024Q3")


def publish(found: Invented, folder: Path) -> claims.Facts:
    """Write the tables as an edition publishes them; return them as the check reads them."""
    folder.mkdir(exist_ok=True)
    for name, rows in {**vars(found), "kpi_components": found.components}.items():
        if name in schema.PUBLISHED_TABLES:
            schema.write_table(name, schema.conform(name, rows), folder)
    schema.write_table("answers", found.answers, folder)
    return claims.Facts(folder, found.as_of)


def say_all(report: Report) -> Iterator[Sentence]:
    """Yield every sentence that may claim something: points, titles, tiles, captions and titles of tables."""
    plan = read_plan()
    yield from headlines.main_points(report)
    yield headlines.describe_answered(report)
    yield from (headlines.describe_theme(report, theme.theme) for theme in plan.themes)
    yield from (headlines.describe_change(report, kpi.kpi) for kpi in plan.kpis)
    yield from (headlines.describe_point(report, kpi.kpi) for kpi in plan.kpis)
    of_all = (figures.distances, figures.heat_table)
    for figure in (figures.response_map, figures.calendar, figures.response_trend, *of_all):
        yield figure(report).title
    for one in plan.figures:
        call = {"companions": "companion_dots", "changes": "waterfalls"}.get(one.figure, one.figure)
        kpis = one.kpis if call in ("trends", "waterfalls") else one.kpis[0]
        made = getattr(figures, call)(report, kpis, *filter(None, [one.of]))
        if made:
            yield made.title
    yield from (tables.scorecard(report).title, tables.open_statuses(report).title)
    yield from (headlines.describe_issues_found(report), tables.describe_revisions(report))


def list_false(sentences: Iterator[str], facts: claims.Facts) -> list[str]:
    return [
        f"{sentence}: {false}"
        for sentence in sentences
        if isinstance(sentence, Sentence)
        for false in claims.find_false(sentence.claims, facts)
    ]


# --- true for any data ------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("quarter", ["2022Q3", "2022Q4", "2024Q3"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_sentence_of_drawn_tables_is_so(quarter, seed, tmp_path):
    found = invent(quarter, seed)
    assert list_false(say_all(report_of(found, "fr")), publish(found, tmp_path)) == []


def test_every_sentence_of_a_quarter_nobody_answered_is_so(tmp_path):
    found = empty()
    assert list_false(say_all(report_of(found, "en")), publish(found, tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_every_sentence_of_returns_with_few_answers_is_so(raw, seed, tmp_path):
    draw = random.Random(seed)
    asked = [each.name for each in raw.form.questions if each.type == "integer"]
    for quarter in ("2024Q2", "2024Q3"):
        rows = [
            {"member": member, "quarter": quarter} | {name: draw.randint(1, 9) for name in draw.sample(asked, 1 + seed)}
            for member in draw.sample([each.member for each in read_plan().members_in(quarter)], 1 + seed // 2)
        ]
        raw.write_plain(quarter, rows, received_on=str(read_settings().first_cutoff(quarter)))
    found = pipeline.load_tables("2024Q3")
    assert list_false(say_all(report_of(found, "en")), publish(found, tmp_path / "published")) == []


@pytest.mark.slow
def test_every_sentence_of_a_member_that_gives_a_part_and_no_whole_is_so(raw, tmp_path):
    raw.write_plain(
        "2024Q3", [{"member": "KEN", "quarter": "2024Q3", "offices_connected": 3}], received_on="2024-10-20"
    )
    found = pipeline.load_tables("2024Q3")
    assert list_false(say_all(report_of(found, "en")), publish(found, tmp_path / "published")) == []


@pytest.mark.slow
@pytest.mark.parametrize("quarter", QUARTERS)
def test_every_sentence_of_the_sample_is_so_in_each_language_and_its_numbers_are_claimed(quarter, sample, tmp_path):
    found = sample(quarter)
    facts = publish(found, tmp_path)
    said = {language: list(say_all(report_of(found, language))) for language in LANGUAGES}
    assert list_false(said["fr"], facts) == []
    for sentences in said.values():
        made = [getattr(sentence, "claims", ()) for sentence in sentences]
        assert made == [getattr(sentence, "claims", ()) for sentence in said["fr"]]
    assert [text for sentence in said["en"] for text in find_unclaimed(sentence)] == []


def find_unclaimed(sentence: str) -> Iterator[str]:
    """Yield each number of an English sentence that none of its claims has, and that is no quarter, day or name."""
    if not getattr(sentence, "claims", ()):
        return
    kpis = read_plan().kpis
    names = [text for kpi in kpis for text in (kpi.title["en"], *(name["en"] for name in kpi.names.values()))]
    left = str(sentence)
    for name in sorted(names, key=len, reverse=True):
        left = left.replace(name, "")
    left = re.sub(r"Q\d 20\d\d|\d{1,2} \w+ 20\d\d|within \d+ days", "", left)
    known = [float(number) for claim in sentence.claims for number in claim.values.values()]
    known += [float(len(claim.which)) for claim in sentence.claims if claim.which is not None]
    known += [
        100 * values["n"] / values["of"]
        for claim in sentence.claims
        if {"n", "of"} <= (values := claim.values).keys() and values["of"]
    ]
    known += [len(kpis), *(_targets(sentence))]
    known += [len(sentence.claims)]  # the indicators that a figure shows, each with its status
    statuses = [claim for claim in sentence.claims if claim.says == "status"]
    known += [sum(claim.which[0] in ("achieved", "achieved_late") for claim in statuses), len(statuses)]
    parts = [abs(one - other) for one in known for other in known]  # what is short of a target, what is reached in time
    for text in re.findall(r"\d[\d,]*(?:\.\d+)?", left):
        value, decimals = float(text.replace(",", "")), len(text.partition(".")[2])
        if not any(abs(abs(number) - value) <= 0.5 * 10**-decimals + 1e-9 for number in [*known, *parts]):
            yield f"{text} in {sentence}"


def _targets(sentence: Sentence) -> Iterator[float]:
    for claim in sentence.claims:
        kpi = read_plan().by_kpi.get(claim.kpi)
        if kpi and kpi.target:
            yield 100 * kpi.target if kpi.assessed == "share" else kpi.target


# --- the check can fail -----------------------------------------------------------------------------------------


def change(claim: Claim) -> Iterator[Claim]:
    """Yield the claim with each thing that it says made false."""
    for name, value in claim.values.items():
        if name != "decimals":
            yield replace(claim, values={**claim.values, name: value + 1})
    if claim.which is not None:
        yield replace(claim, which=(*claim.which, "another"))
    if claim.certain is not None:
        yield replace(claim, certain=not claim.certain)


@pytest.mark.slow
def test_a_claim_that_is_changed_in_any_way_is_found_false(sample, tmp_path):
    found = sample("2024Q3")
    facts, report = publish(found, tmp_path), report_of(found, "en")
    made = [claim for sentence in say_all(report) for claim in getattr(sentence, "claims", ())]
    assert not list(claims.find_false(made, facts))
    untried = {"gap", "lost", "component", "regions up"} - {claim.says for claim in made}
    assert untried <= {"lost"}  # no target of the sample was reached and then not
    for claim in made:
        for changed in change(claim):
            assert list(claims.find_false([changed], facts)), changed


@pytest.mark.slow
def test_a_register_that_a_spreadsheet_saved_is_read_by_the_check_too(tmp_path, monkeypatch):
    root = tmp_path / "root"
    shutil.copytree(paths.root() / "data" / "raw", root / "data" / "raw")
    register = root / "data" / "raw" / "registers" / "milestones.csv"
    with register.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with register.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    monkeypatch.setenv("PAPU_ROOT", str(root))
    monkeypatch.setenv("PAPU_OUT", str(tmp_path / "work"))
    found = pipeline.load_tables("2024Q3")
    report = report_of(found, "en")
    gap = phrases.describe_gap(report, queries.select_figure(found, "2.3.a"))
    assert gap == "missing: Cybersecurity" and not list(claims.find_false(gap.claims, publish(found, tmp_path)))


@pytest.mark.slow
def test_a_milestone_short_of_stages_and_parts_says_both(sample, tmp_path):
    found = sample("2023Q3")
    report = report_of(found, "en")
    gap = phrases.describe_gap(report, queries.select_figure(found, "2.3.a"))
    assert gap.startswith("stage 2 to stage 4; missing: ") and {claim.says for claim in gap.claims} == {
        "gap", "missing parts",
    }  # fmt: skip
    assert not list(claims.find_false(gap.claims, publish(found, tmp_path)))


def test_where_there_is_no_target_none_is_said(tmp_path):
    found = invent()
    row = found.kpis["kpi"].eq("2.1.a") & found.kpis["quarter"].eq("2024Q3")
    found.kpis.loc[row, ["target", "status", "robust", "coverage_class"]] = [float("nan"), "not_assessable", None, "A"]
    point = headlines.describe_point(report_of(found, "en"), "2.1.a")
    assert "target none" in point and "reach it themselves" not in point and "n.d." not in point


def test_a_claim_that_says_nothing_and_one_about_nothing_are_refused(tmp_path):
    facts = publish(invent(), tmp_path)
    said = list(claims.find_false([Claim("level", "2024Q3", "2.1.a"), Claim("level", "2031Q1", "2.1.a")], facts))
    assert len(said) == 2 and "says nothing" in said[0] and "the tables have no" in said[1]


def test_languages_that_claim_different_things_are_refused(tmp_path):
    one = {
        "place": "heading 1",
        "text": "a",
        "claims": [Claim("level", "2024Q3", "2.1.a", values={"level": 1}).as_data()],
    }
    other = {**one, "claims": [Claim("level", "2024Q3", "2.1.a", values={"level": 2}).as_data()]}
    for language, sentence in (("fr", one), ("en", other)):
        (tmp_path / f"claims_{language}.json").write_text(json.dumps([sentence]), encoding="utf-8")
    with pytest.raises(ValueError, match="the languages claim different things: a | a"):
        claims.merge(tmp_path, tmp_path / "claims.json", ("fr", "en"))
    claims.merge(tmp_path, tmp_path / "claims.json", ("fr",))
    merged = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))
    assert merged == [{**one, "text": {"fr": "a"}}]


# --- what a sentence may say ------------------------------------------------------------------------------------


def with_status(status: str, robust: bool, quarter: str = "2024Q3", **values: float) -> Invented:
    """Return tables where the leading figure of theme 1 has a status."""
    found = invent(quarter)
    row = found.kpis["kpi"].eq("1.1.b") & found.kpis["scope"].eq("PAPU") & found.kpis["quarter"].eq(quarter)
    found.kpis.loc[row, ["status", "robust", "coverage_class"]] = [status, robust, "A"]
    for name, value in values.items():
        found.kpis.loc[row, name] = value
    return found


@pytest.mark.parametrize(
    ("status", "robust", "says"),
    [
        ("achieved", True, "the proposed target of 15 is reached"),
        ("achieved", False, "the proposed target of 15 is reached (to be confirmed: missing data)"),
        ("overdue", True, "below the proposed target of 15"),
        ("overdue", False, "below the proposed target of 15 (to be confirmed: missing data)"),
    ],
)
def test_a_title_says_the_status_and_whether_it_stands(status, robust, says):
    title = headlines.describe_theme(report_of(with_status(status, robust), "en"), 1)
    assert title.endswith(says)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("on_track", "on track for the proposed target of 15 in Q1 2023"),
        ("at_risk", "the proposed target of 15 in Q1 2023 is at risk"),
        ("off_track", "off track for the proposed target of 15 in Q1 2023"),
    ],
)
def test_before_the_due_quarter_a_title_is_no_failure(status, says):
    title = headlines.describe_theme(report_of(with_status(status, True, "2022Q3", value=6.0), "en"), 1)
    assert title.endswith(says)


def test_a_rate_below_its_target_is_missed_and_a_target_due_this_quarter_too():
    found = invent("2022Q3")
    union = found.kpis["scope"].eq("PAPU") & found.kpis["quarter"].eq("2022Q3")
    found.kpis.loc[union, ["status", "robust", "coverage_class"]] = ["on_track", True, "A"]
    report = report_of(found, "en")
    by_kpi = {figure.kpi.kpi: figure for figure in headlines.list_figures(report)}
    assert {kpi for kpi, figure in by_kpi.items() if figure.is_missed} == {"4.2.a", "4.2.b", "6.1.a"}
    assert by_kpi["6.1.a"].shown_status == "missed" and by_kpi["4.2.a"].shown_status == "missed"
    assert "due and not reached: 3; not yet due: 17" in headlines.describe_statuses(report)


SILENT = {
    "fr": ("silencieux", "n'ont pas répondu", "n’ont pas répondu", "ayant répondu aux deux"),
    "en": ("have not answered", "have not replied", "answered in both", "silent"),
    "pt": ("não responderam", "responderam em ambos"), "ar": ("لم ترد", "ردت في الربعين"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_calls_a_state_silent(language):
    forms = [form for each in messages.read_messages(language) if each.file.endswith(".po") for form in each.forms]
    assert len(forms) > 600 and not [form for form in forms for word in SILENT[language] if word in form]


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_report_calls_a_state_silent(language):
    said = " ".join(say_all(report_of(invent(), language)))
    assert said and not [word for word in SILENT[language] if word in said]


def test_a_day_of_the_plan_is_what_counts_as_on_time():
    found = invent()
    by = read_settings().on_time_by("2024Q3").isoformat()
    report = report_of(found, "en")
    on_time = next(claim for claim in headlines.describe_responses(report).claims if claim.about == ("on_time",))
    rows = found.returns[found.returns["quarter"].eq("2024Q3") & found.returns["state"].ne("refused")]
    assert on_time.values["n"] == int((rows["received_on"] <= by).sum())


# --- what is to be decided --------------------------------------------------------------------------------------


def decide(found: Invented, language: str = "en") -> dict[str, dict[str, str]]:
    """Return the rows of the table of decisions by KPI: each head with what is printed under it."""
    report = report_of(found, language)
    rows = printed(tables.decisions(report), report.t)
    return {row["KPI"]: row for row in rows.to_dict("records")}


def test_each_target_that_is_missed_says_what_is_missing_what_holds_it_and_who_acts(sample):
    rows = decide(sample("2024Q3"))
    missing = {kpi: row["What is missing"] for kpi, row in rows.items()}
    assert missing == {
        "2.1.a": "43 offices short", "2.2.a": "2.6 points short", "2.3.a": "missing: Cybersecurity", "3.1.a": "–",
        "3.1.b": "–", "3.2.a": "4.6 points short", "5.1.b": "≥\N{NO-BREAK SPACE}14",
        "6.1.a": "questionnaires missing: 1, with 59 of 89 received",
    }  # fmt: skip
    assert rows["2.1.a"]["Obstacle"].startswith("lowest: Eastern Africa, 46.4%\nmissing data (members): 12, starting")
    assert rows["6.1.a"]["Responsible"] == "Working Group; Member States; General Secretariat"
    assert rows["6.1.a"]["Due"] == "each quarter"


def test_a_target_on_its_way_asks_for_no_decision_and_one_at_risk_does():
    found = invent("2022Q3")
    union = found.kpis["scope"].eq("PAPU") & found.kpis["quarter"].eq("2022Q3")
    found.kpis.loc[union, ["status", "robust", "coverage_class"]] = ["on_track", True, "A"]
    found.kpis.loc[union & found.kpis["kpi"].eq("5.1.a"), "status"] = "at_risk"
    assert set(decide(found)) == {"4.2.a", "4.2.b", "6.1.a", "5.1.a"}  # the others are due this quarter


def test_where_all_is_reached_nothing_is_to_be_decided():
    found = invent()
    found.kpis.loc[:, ["status", "robust", "coverage_class"]] = ["achieved", True, "A"]
    assert tables.decisions(report_of(found, "en")).title == "No target asks for a decision"
