"""Words: numbers, dates and sentences as a reader of each language expects them, mark by mark."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from helpers import paths
from helpers.i18n import Translator, bidi, catalogue, formats, terms, typeset
from helpers.i18n.catalogue import LOCALES, MissingTranslation, official_languages
from helpers.plan import read_plan
from helpers.report import figures, headlines
from helpers.strings import LANGUAGES
from invented import empty, invent
from reports import report_of

FR, EN = Translator("fr"), Translator("en")
BLANK = float("nan")


@pytest.mark.parametrize(
    ("value", "decimals", "french", "english"),
    [
        (1234567.891, 1, "1\u202f234\u202f567,9", "1,234,567.9"),
        (13677, 0, "13\u202f677", "13,677"),
        (0, 0, "0", "0"),
        (-3, 0, "−3", "−3"),
        (-0.2, 0, "0", "0"),
        (BLANK, 0, "s.d.", "n.d."),
        (None, 1, "s.d.", "n.d."),
    ],
)
def test_numbers_are_dressed_for_each_language(value, decimals, french, english):
    assert (FR.number(value, decimals), EN.number(value, decimals)) == (french, english)


@pytest.mark.parametrize(
    ("part", "whole", "french", "english"),
    [
        (39, 45, "86,7\u00a0% (39/45)", "86.7% (39/45)"),
        (45, 45, "100,0\u00a0% (45/45)", "100.0% (45/45)"),
        (0, 45, "0,0\u00a0% (0/45)", "0.0% (0/45)"),
        (4, 5, "80,0\u00a0% (4/5)", "80.0% (4/5)"),
        (3, 4, "3 sur 4", "3 of 4"),
        (1, 1, "1 sur 1", "1 of 1"),
        (0, 0, "n.a.", "n.a."),
        (BLANK, 45, "s.d.", "n.d."),
    ],
)
def test_a_rate_carries_its_denominator_and_fewer_than_five_have_no_percentage(part, whole, french, english):
    assert (FR.rate(part, whole), EN.rate(part, whole)) == (french, english)


@pytest.mark.parametrize(
    ("lower", "upper", "unit", "french", "english"),
    [
        (12, 30, "", "12 à 30", "12 to 30"),
        (12, BLANK, "", "≥\u00a012", "≥\u00a012"),
        (12, 12, "", "12", "12"),
        (41.2, 41.8, "", "41 à 42", "41 to 42"),
        (74.11, 87.87, "percent", "74,1 à 87,9\u00a0%", "74.1 to 87.9%"),
        (14, BLANK, "percent", "≥\u00a014,0\u00a0%", "≥\u00a014.0%"),
        (BLANK, BLANK, "", "s.d.", "n.d."),
    ],
)
def test_bounds_are_rounded_outwards_and_open_where_there_is_no_upper_one(lower, upper, unit, french, english):
    assert (FR.interval(lower, upper, unit), EN.interval(lower, upper, unit)) == (french, english)


def test_zero_no_data_not_applicable_and_not_due_are_four_marks():
    for t in (FR, EN):
        assert len({t.number(0), t.missing, t.not_applicable, t.not_due}) == 4


def test_quarters_months_and_days():
    assert (FR.quarter("2024Q3"), EN.quarter("2024Q3")) == ("T3 2024", "Q3 2024")
    assert (FR.months("2024Q3"), EN.months("2024Q3")) == ("juillet à septembre 2024", "July to September 2024")
    assert (FR.day("2024-10-01"), EN.day("2024-10-01")) == ("1er octobre 2024", "1 October 2024")
    assert FR.day(date(2024, 11, 14)) == "14 novembre 2024"


def test_arabic_has_its_own_letters_of_annexes_and_says_the_year_of_a_quarter():
    t = Translator("ar")
    assert [t.annex(letter) for letter in "ABCD"] == ["أ", "ب", "ج", "د"]
    assert [FR.annex(letter) for letter in "ABCD"] == ["A", "B", "C", "D"]
    assert t.quarter("2024Q3") == "الربع الثالث من عام 2024"


def test_the_union_is_called_by_its_own_name():
    names = {language: Translator(language).region("") for language in LANGUAGES}
    assert names == read_plan().settings.short("union")


def test_plurals_follow_the_language():
    assert [FR.counted(n, "members") for n in (0, 1, 2)] == ["0 État membre", "1 État membre", "2 États membres"]
    assert [EN.counted(n, "members") for n in (0, 1, 2)] == ["0 members", "1 member", "2 members"]


def test_changes_have_a_sign_but_zero_has_none():
    assert [FR.signed(n, 1) for n in (3.4, -3.4, 0, 0.04)] == ["+3,4", "−3,4", "0,0", "0,0"]


def test_french_spaces_are_set_in_sentences():
    text = typeset("Qui ? Moi ! « oui » : 5 % ; l'Union", "fr")
    assert text == "Qui\u202f? Moi\u202f! «\u00a0oui\u00a0»\u00a0: 5\u00a0%\u202f; l’Union"
    assert typeset("The Union's 5%: yes; no?", "en") == "The Union’s 5%: yes; no?"


def test_a_status_is_a_symbol_and_a_word_each_its_own():
    badges = {status: FR.status(status, True) for status in terms.SYMBOLS}
    assert len({badge.symbol for badge in badges.values()}) == len({badge.word for badge in badges.values()}) == 8
    assert str(badges["achieved_late"]) == "◉ Atteint après l’échéance"


def test_a_status_that_is_not_robust_says_so():
    assert str(FR.status("overdue", False)) == "■ En retard (à confirmer\u00a0: données manquantes)"
    assert str(EN.status("overdue", False)) == "■ Overdue (to be confirmed: missing data)"
    assert not FR.status("not_assessable", None).hollow


def test_an_unknown_sentence_or_language_is_refused():
    with pytest.raises(MissingTranslation, match=r"add it to locales/fr\.po"):
        FR("No such sentence")
    with pytest.raises(ValueError, match="choose one of fr, en, pt, ar"):
        Translator("xx")


# --- catalogues -------------------------------------------------------------------------------------------------


def read_sentences(language: str) -> dict[str, tuple[str, ...]]:
    """Return the sentences of a catalogue, each once, with their forms."""
    with (LOCALES / f"{language}.po").open("rb") as file:
        read = [message for message in read_po(file, locale=language) if message.id]
    ids = [message.id if isinstance(message.id, str) else message.id[0] for message in read]
    assert len(ids) == len(set(ids))
    forms = [(m.string,) if isinstance(m.string, str) else tuple(m.string) for m in read]
    return dict(zip(ids, forms, strict=True))


def names(text: str) -> set[str]:
    """Return the names of the values in a sentence; `proposed` has its own form in front, and of several targets."""
    found = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return {name.lower().removesuffix("_many") for name in found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_has_every_language_with_the_same_names(language):
    french, spoken = read_sentences("fr"), read_sentences(language)
    assert spoken.keys() == french.keys()
    for sentence, forms in spoken.items():
        assert all(forms), sentence
        for form in forms:
            assert names(form) | {"n"} == names(french[sentence][-1]) | {"n"}, (
                sentence,
                form,
            )  # "the only one" needs no n


@pytest.mark.parametrize(("language", "forms"), [("fr", 2), ("en", 2), ("pt", 2), ("ar", 6)])
def test_every_plural_has_all_forms_of_its_language(language, forms):
    plurals = {key for key, forms in read_sentences("fr").items() if len(forms) == 2}
    assert len(plurals) > 30
    assert {len(read_sentences(language)[key]) for key in plurals} == {forms}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_text_is_there_in_every_language(language):
    plan = read_plan()
    texts = [one.title for part in (plan.themes, plan.steps, plan.kpis, plan.components) for one in part]
    assert all(text[language] for text in [*texts, *(member.name for member in plan.members)])


def test_a_language_is_unofficial_until_a_reviewer_signs_its_catalogue(tmp_path, monkeypatch):
    assert official_languages() == ("fr", "en")
    for language, reviewer in (("pt", "the Portuguese service, 2026-12-01"), ("ar", "")):
        header = f'msgid ""\nmsgstr ""\n"X-Reviewed-By: {reviewer}\\n"\n\nmsgid "a"\nmsgstr "b"\n'
        (tmp_path / f"{language}.po").write_text(header, encoding="utf-8")
    monkeypatch.setattr(catalogue, "LOCALES", tmp_path)
    assert official_languages() == ("fr", "en", "pt")


# --- right to left ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("المؤشر 2.1.a في الربع الثالث 2024 p", "المؤشر [2.1.a] في الربع الثالث 2024 [p]"),
        ("الأمر: papu run 2024Q3 --as-of 2024-11-14 --language ar.", None),
        ("تغيير −3 و +12.5% (SEN)", "تغيير [−3] و [+12.5%] ([SEN])"),
        ("نسبة 79.7% (13,677/17,150)", "نسبة [79.7%] (13,677/17,150)"),
        ("(SEN، KEN TZA)", "([SEN]، [KEN TZA])"),
        ("2.1.a", "[2.1.a]"),
        ("−3", "[−3]"),
        ("12/45", "12/45"),
        ("خطة 2022-2025", "خطة [2022-2025]"),
        ("ابتكار: Concours SMSI 2024.", "ابتكار: [Concours SMSI 2024]."),
        ("معيار ISO 27001 و C++ جديد", "معيار [ISO 27001] و [C++] جديد"),
        ("منقولة (c): 10", "منقولة ([c]): 10"),
        ("33 من 45", "33 من 45"),
        ("متفق عليه: Ajouter un atelier [fr]، الموعد", "متفق عليه: [Ajouter un atelier {fr}]، الموعد"),
    ],
)
def test_codes_and_signs_keep_their_order_in_a_line_from_right_to_left(text, kept):
    shown = bidi.isolate(text, "ar").replace("\u2066", "[").replace("\u2069", "]")
    kept = kept and kept.replace("{fr}", "[fr]")
    assert shown == (kept or "الأمر: [papu run 2024Q3 --as-of 2024-11-14 --language ar].")
    assert bidi.isolate(text, "fr") == text
    assert bidi.isolate(bidi.isolate(text, "ar"), "ar") == bidi.isolate(text, "ar")


_TRANSLATING = ("i18n", "report", "explain", "explore")  # the rooms with sentences of the catalogues


def read_code(notebook: Path) -> str:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def literals(node: ast.AST, named: Mapping[str, set[str]]) -> set[str]:
    """Return the texts that an argument may be: a literal, either side of a condition, or what its name was given."""
    if isinstance(node, ast.IfExp):
        return literals(node.body, named) | literals(node.orelse, named)
    if isinstance(node, ast.Name):
        return named.get(node.id, set())
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def sentences_of(function: ast.AST) -> set[str]:
    """Return the sentences that a function, or a module, translates: `t("…")`, `report.t.plural(sentence)`."""
    named: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, set()).update(literals(node.value, {}))
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and node.args]
    names = [call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "") for call in calls]
    translated = [call for call, name in zip(calls, names, strict=True) if name in ("t", "plural", "self")]
    return set().union(*(literals(call.args[0], named) for call in translated))


def literal_sentences() -> set[str]:
    """Return the sentences that code and notebooks translate, as far as they are literals."""
    files = [path for room in _TRANSLATING for path in (paths.PACKAGE / room).rglob("*.py")]
    code = [path.read_text("utf-8") for path in files] + [read_code(path) for path in paths.notebooks().glob("*.ipynb")]
    trees = [ast.parse(text) for text in code]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    modules = [
        ast.Module([n for n in tree.body if not isinstance(n, ast.FunctionDef | ast.ClassDef)], []) for tree in trees
    ]
    return set().union(*map(sentences_of, [*functions, *modules]))


def test_every_sentence_in_the_code_is_in_the_catalogues():
    sentences = literal_sentences()
    assert len(sentences) > 250
    assert sentences - read_sentences("fr").keys() == set()


_NAMED = re.compile(r"(formula|source|rule|unit|severity|channel|targets:?) \w")  # named by a row of the plan or a rule


def test_no_sentence_of_the_catalogues_is_unused():
    code = [path.read_text("utf-8") for path in paths.PACKAGE.rglob("*.py")]
    texts = {node.value for one in code for node in ast.walk(ast.parse(one)) if isinstance(node, ast.Constant)}
    notebooks = "".join(read_code(path) for path in paths.notebooks().glob("*.ipynb"))
    left = {sentence for sentence in read_sentences("fr").keys() - texts if not _NAMED.match(sentence)}
    assert {sentence for sentence in left if f'"{sentence}"' not in notebooks} == set()


# --- computed sentences -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("quarter", "seed"),
    [
        pytest.param(quarter, seed, marks=() if seed == own else pytest.mark.slow)
        for own, quarter in enumerate(("2022Q3", "2023Q1", "2024Q3"), start=1)
        for seed in (1, 2, 3)
    ],
)
def test_titles_and_points_can_be_written_of_any_data(language, quarter, seed):
    report = report_of(invent(quarter, seed), language)
    points = headlines.main_points(report)
    assert 5 <= len(points) <= headlines.MOST_POINTS and all(point.endswith(".") for point in points)
    titles = [headlines.describe_theme(report, theme) for theme in range(1, 7)]
    assert all(titles) and not any("nan" in text or "{" in text for text in [*titles, *points])


@pytest.mark.parametrize(
    ("language", "named", "said"),
    [
        ("fr", "le Conseil", "registres du Conseil"),
        ("fr", "les Maîtres de port", "registres des Maîtres de port"),
        ("fr", "la Commission", "registres de la Commission"),
        ("fr", "l'Office", "registres de l’Office"),
        ("pt", "a Comissão", "registos da Comissão"),
        ("pt", "os Serviços", "registos dos Serviços"),
        ("en", "the Council", "registers of the Council"),
        ("ar", "المجلس", "سجلات المجلس"),
    ],
)
def test_the_secretariat_is_called_by_its_name_with_its_article(monkeypatch, language, named, said):
    plan = read_plan()
    own = replace(plan, settings=replace(plan.settings, secretariat={language: named}))
    monkeypatch.setattr(formats, "read_plan", lambda: own)
    assert Translator(language)("registers of the secretariat") == said


def test_a_secretariat_without_a_name_is_called_so(monkeypatch):
    plan = read_plan()
    own = replace(plan, settings=replace(plan.settings, secretariat={}))
    monkeypatch.setattr(formats, "read_plan", lambda: own)
    said = [Translator(language)("registers of the secretariat") for language in LANGUAGES]
    assert set(said) == {
        "registres du secrétariat", "registers of the secretariat", "registos do secretariado", "سجلات الأمانة",
    }  # fmt: skip


@pytest.mark.parametrize(("t", "title"), [(FR, "Aucun membre n’a répondu"), (EN, "No member has answered")])
def test_nobody_answered_is_written_plainly(t, title):
    report = report_of(empty(), t)
    assert headlines.describe_answered(report) == title
    nothing = t("{what}: no figure for {quarter}", what="", quarter=t.quarter(report.quarter))
    assert all(headlines.describe_theme(report, theme).endswith(nothing) for theme in range(1, 7))


@pytest.mark.slow
def test_the_target_is_called_proposed_wherever_a_title_compares_with_it():
    for t, word in ((FR, "proposée"), (EN, "proposed")):
        for theme in range(1, 7):
            title = headlines.describe_theme(report_of(invent(seed=theme), t), theme)
            assert word in title or "target" not in title and "cible" not in title


def test_class_c_says_bounds_and_no_point_value():
    tables = invent()
    low = tables.kpis["kpi"].eq("3.1.a") & tables.kpis["scope"].eq("PAPU") & tables.kpis["quarter"].eq("2024Q3")
    tables.kpis.loc[low, ["coverage_class", "status"]] = ["C", "not_assessable"]
    tables.kpis.loc[low, ["value", "lower", "upper"]] = [777.0, 12.0, BLANK]
    assert headlines.describe_theme(report_of(tables, FR), 3) == (
        "Nombre de services numériques offerts par les États membres\u00a0: "
        "≥\u00a012, trop peu de réponses pour conclure"
    )
    figure = figures.trend(report_of(tables, FR), "3.1.a")
    assert "777" not in " ".join((figure.title, figure.subtitle, figure.alt, figure.n, figure.note))


def test_a_figure_just_below_its_target_does_not_look_like_it():
    tables = invent()
    row = tables.kpis["kpi"].eq("2.1.a") & tables.kpis["scope"].eq("PAPU") & tables.kpis["quarter"].eq("2024Q3")
    values = tables.member_values
    here = values["kpi"].eq("2.1.a") & values["quarter"].eq("2024Q3")
    tables.member_values.loc[here, ["value", "denominator"]] = [0.0, 0.0]
    first = values[here].index[0]
    tables.member_values.loc[first, ["value", "denominator"]] = [7996.0, 10000.0]
    tables.kpis.loc[row, ["share", "coverage_class"]] = [0.7996, "A"]
    assert headlines.describe_theme(report_of(tables, FR), 2).startswith("79,96\u00a0% (7\u202f996/10\u202f000)")
