"""The glossary: one term for one thing in the four languages, and no wording that it rejects."""

from __future__ import annotations

import csv
import re

import pytest
from test_formats import read_sentences

from conftest import PLAN
from helpers import paths
from helpers.i18n import glossary
from helpers.strings import LANGUAGES

COLUMNS = ["en", "fr", "pt", "ar", "not_en", "not_fr", "not_pt", "not_ar"]
TERMINOLOGY = paths.PACKAGE.parents[1] / "docs" / "terminology.md"
OTHERS = ("fr", "pt", "ar")

# Other forms of a term, as stems, where the words around it ask for them.
FORMS = {
    "fr": {
        "carried forward": ("report",), "cut-off": ("clôture",), "data identifier": ("identifiant",),
        "due": ("échue", "dus "), "range": ("de ",), "reported": ("répondu", "renseign", "données", "valeurs du"),
        "share": ("rapportée",), "to be confirmed": ("confirmer",), "zero": ("zéro",), "check": ("vérifie",),
        "no data": ("données manquantes",), "missing data": ("à confirmer",),
    },
    "pt": {
        "carried forward": ("transportado",), "cut-off": ("apuramento",), "data identifier": ("identificador",),
        "due": ("vencer", "vencida", "devidos"), "finding": ("resultado",), "range": ("de ",),
        "Member State": ("estados-membros",), "rejected": ("admitidas",), "share": ("parte", "referido"),
        "reported": ("dados", "respond", "resposta", "valores do"), "to be confirmed": ("confirmar",),
        "zero": ("zero",), "no data": ("dados em falta",),
    },
    "ar": {
        "carried forward": ("رحل", "مرحلة"), "cut-off": ("اقفال", "إقفال"), "data identifier": ("المعرف",),
        "due": ("موعد", "المستحقة"), "Member State": ("للدول", "الدول"), "Overdue": ("المتأخرة",),
        "quarter": ("أرباع",), "range": ("من ",), "rejected": ("رفض",), "revised": ("نقح",), "share": ("جزء",),
        "reported": ("بلغ", "إبلاغ", "قيم ربع السنة", "بيانات", "ردت"), "to be confirmed": ("يؤكد",),
        "withdrawn": ("تستبعد",), "no data": ("بيانات ناقصة",),
    },
}  # fmt: skip
# Where the English has the word in another sense, or where the sentence says the same without it.
SPARED = {
    ("return", "Left blank in two returns running: {details}."),
    ("quarter", "earlier quarters, registers"),
    ("quarter", "Measure, source questions, unit, baseline and target, due quarter"),
    ("quarter", "Trend lines: dashes, proposed target; tick, due quarter."),
    (
        "quarter",
        "The darker the blue, the higher the quarter of the members known that a value lies in; equal values share a "
        "tint.",
    ),
    (
        "share",
        "The darker the blue, the higher the quarter of the members known that a value lies in; equal values share a "
        "tint.",
    ),
}


def has_term(text: str, term: str) -> bool:
    """Tell whether an English text has a term as it is, or in the plural."""
    word = re.escape(glossary.plain_words(term))
    return bool(re.search(rf"(?<![\w-]){word}(?:s|es)?(?![\w-])", glossary.plain_words(text)))


def uses(text: str, term: str, language: str) -> bool:
    """Tell whether a text has a term in whatever form: its words by their stems, in order, at most one word between."""
    words = glossary.plain_words(term).split()
    if language == "ar":
        stems = [
            rf"(?:[وفبكل]{{0,2}}(?:ال)?|لل)\w?{re.escape(word.removeprefix('ال').rstrip('ةهيا')[:5])}" for word in words
        ]
    else:
        stems = [re.escape(word[: max(4, len(word) - 3)]) for word in words]
    return bool(re.search(r"\b" + r"\w*\W+(?:\w+\W+)?".join(stems), glossary.plain_words(text)))


def test_a_row_has_a_term_in_every_language_and_each_term_stands_once():
    rows = glossary.read_glossary()
    assert list(rows[0]) == COLUMNS
    assert 60 <= len(rows) <= 80
    assert all(row[language].strip() == row[language] != "" for row in rows for language in LANGUAGES)
    for language in LANGUAGES:
        terms = [row[language] for row in rows]
        assert len(terms) == len(set(terms)), language


def test_no_term_of_the_glossary_is_rejected_by_it():
    rows = glossary.read_glossary()
    found = {row[one]: glossary.find_rejected(row[one], one) for row in rows for one in LANGUAGES}
    assert {term: rejected for term, rejected in found.items() if rejected} == {}


def test_the_page_of_terms_prints_the_glossary():
    """`docs/terminology.md` has a row for each of the glossary: its terms, and what is not written."""
    text = TERMINOLOGY.read_text(encoding="utf-8")
    printed = [line for line in text.partition("## Glossary")[2].partition("\n## ")[0].splitlines() if line[:2] == "| "]
    assert printed[1:] == [print_row(row) for row in glossary.read_glossary()]


def print_row(row) -> str:
    """Return a row of the glossary as the page of terms has it; paste what the test wants."""
    never = [" / ".join(glossary.list_rejected(row, language)) for language in LANGUAGES]
    return "| " + " | ".join([*(row[language] for language in LANGUAGES), "; ".join(filter(None, never))]) + " |"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_of_a_catalogue_has_a_rejected_wording(language):
    sentences = read_sentences(language).items()
    found = {text: glossary.find_rejected(text, language) for _, forms in sentences for text in forms}
    assert {text: rejected for text, rejected in found.items() if rejected} == {}


def _texts_of(path, columns) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row.get(column) or "" for row in csv.DictReader(file) for column in columns]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_plan_or_sent_to_members_has_a_rejected_wording(language):
    names = ("themes", "steps", "kpis", "names", "companions", "components", "figures", "stages", "units")
    columns = [f"{name}_{language}" for name in ("title", "text", "reached", "below")]
    texts = [text for name in names for text in _texts_of(PLAN / f"{name}.csv", columns)]
    for name in ("report/letters.csv", "desk/texts.csv"):
        texts += _texts_of(paths.PACKAGE / name, [language])
    found = {text: glossary.find_rejected(text, language) for text in texts}
    assert {text: rejected for text, rejected in found.items() if rejected} == {}


@pytest.mark.parametrize("language", OTHERS)
def test_where_the_english_has_a_term_the_translation_has_it_too(language):
    english, spoken, lacking = read_sentences("en"), read_sentences(language), []
    for row in glossary.read_glossary():
        forms = (row[language], *FORMS[language].get(row["en"], ()))
        for key, texts in english.items():
            if (row["en"], key) in SPARED or not any(has_term(text, row["en"]) for text in texts):
                continue
            said = " ".join(spoken[key])
            plain = glossary.plain_words(said)
            if not uses(said, forms[0], language) and not any(
                glossary.plain_words(form) in plain for form in forms[1:]
            ):
                lacking.append((row["en"], row[language], said))
    assert lacking == []


@pytest.mark.parametrize(
    ("text", "language", "wordings"),
    [
        ("Les membres silencieux, au premier arrêté", "fr", ["silencieux", "arrêté"]),
        ("Données arrêtées au 14 novembre", "fr", []),
        ("la situation d’un État membre", "fr", []),
        ("o estado dos Estados-Membros", "pt", ["estado"]),
        ("the African Union and the union of clubs", "en", ["the Union"]),
        ("The bounds of {bounds}", "en", ["bounds"]),
        ("مؤشر محقَّق", "ar", ["محقق"]),
        ("الاتحاد الأفريقي", "ar", []),
        ("الاتحاد", "ar", ["الاتحاد"]),
    ],
)
def test_a_rejected_wording_is_found_whatever_its_marks_and_not_within_a_term(text, language, wordings):
    assert [wording for wording, _ in glossary.find_rejected(text, language)] == wordings
