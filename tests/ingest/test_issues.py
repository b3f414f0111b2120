"""What the checks say: a sentence in each language with its place, and nothing personal in it."""

from __future__ import annotations

import csv
import re
from datetime import date

import pytest

from helpers.ingest.issues import (
    SENTENCES,
    Issue,
    Phrase,
    Place,
    decode_details,
    encode_details,
    issues_known_by,
    make_issue,
)
from helpers.strings import mask, mask_name, mask_names

with SENTENCES.open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
KEYS = [row["key"] for row in ROWS if row["severity"]]
PLACE = Place("2024Q3", "ken.xlsx", "returns", "3", "KEN")
HARD = {"V01", "V02", "V19", "V20", "V21"}
LANGUAGES = ("fr", "en", "pt", "ar")


@pytest.mark.parametrize("row", ROWS, ids=[row["key"] for row in ROWS])
def test_every_sentence_is_written_in_the_four_languages(row):
    assert all(row[language].strip() for language in LANGUAGES)


@pytest.mark.parametrize("key", KEYS)
def test_every_sentence_takes_its_details_in_the_four_languages(key):
    details = [f"detail-{n}" for n in range(6)]
    found = make_issue(key, PLACE, *details, question="offices_total", observed="999")
    said = [found.say(language) for language in LANGUAGES]
    for text in (found.message_fr, found.message_en, found.expected, *said):
        assert not re.search(r"[{}]", text)
    folder = "registers" if found.rule == "V22" else "2024Q3"
    assert found.message_fr.startswith(f"data/raw/{folder}/ken.xlsx, feuille returns, ligne 3, KEN : ")
    assert found.message_en.startswith(f"data/raw/{folder}/ken.xlsx, sheet returns, row 3, KEN: ")
    assert decode_details(encode_details(found.details)) == found.details
    assert found.message_fr.endswith(".")
    assert found.message_en.endswith(".")


@pytest.mark.parametrize("row", ROWS, ids=[row["key"] for row in ROWS])
def test_the_four_languages_use_the_same_details(row):
    used = [set(re.findall(r"\{\w+\}", row[language])) for language in LANGUAGES]
    assert all(details == used[0] for details in used)


LOSE_DATA = {
    "CELL_COMMENT", "DATE_INVALID", "ENC_INVALID_BYTES", "FILE_CHANGING",
    "FILE_NO_ROWS", "FILE_PAGED", "FILE_PARTIAL", "FOLDER", "FORMULA_ERROR", "HIDES_ITEMS", "ITEM_ORPHAN", "NUL_BYTES",
    "RECEIPT_AFTER_FILE", "SHEET_UNKNOWN", "SPLIT_DIFFERS",
}  # fmt: skip


def test_every_rule_has_its_sentences_and_the_severity_of_the_methodology():
    rules = {key.partition(".")[0] for key in KEYS}
    assert {f"V{n:02}" for n in range(1, 25)} <= rules
    severities = {rule: {r["severity"] for r in ROWS if r["key"].partition(".")[0] == rule} for rule in rules}
    assert all("refused" in severities[rule] for rule in HARD)
    assert all(severities[rule] == {"withdrawn"} for rule in ("V03", "V04", "V05", "V07"))
    assert severities["V10"] == {"withdrawn", "warning"}
    assert severities["V22"] == {"refused", "warning"}  # a register, a row or the dates of one
    soft = ["V06", "V08", "V09", *(f"V{n}" for n in range(11, 19)), "V23", "V24"]
    assert all(severities[rule] == {"warning"} for rule in soft)
    # What was only normalised is a note; what is not read is a warning (section 2c).
    warned = {rule for rule in rules if not rule.startswith("V") and "warning" in severities[rule]}
    assert warned >= LOSE_DATA | {"COLUMN_UNNAMED", "FILE_PAGED", "MAILED_UNREAD"}
    assert all(severities[rule] <= {"note", "warning"} for rule in rules if not rule.startswith("V"))


def test_a_message_says_where_what_and_what_to_do():
    found = make_issue("V04", PLACE, "offices_total", 623, question="offices_connected", observed="999")
    assert found.message_en == (
        "data/raw/2024Q3/ken.xlsx, sheet returns, row 3, KEN: offices_connected is 999, at most 623 expected "
        "(offices_total); correct it and send it again under a new name."
    )
    assert (found.severity, found.rule, found.quarter, found.member) == ("withdrawn", "V04", "2024Q3", "KEN")
    assert (found.source_file, found.sheet, found.row) == ("ken.xlsx", "returns", "3")
    assert (found.question, found.observed) == ("offices_connected", "999")


@pytest.mark.parametrize(
    ("place", "fr", "en"),
    [
        (Place("2024Q3", "a.csv"), "data/raw/2024Q3/a.csv", "data/raw/2024Q3/a.csv"),
        (
            Place("", "milestones.csv", row="2"),
            "data/raw/registers/milestones.csv, ligne 2",
            "data/raw/registers/milestones.csv, row 2",
        ),
        (Place("2024Q3", "a.xlsx", "returns"), "data/raw/2024Q3/a.xlsx, feuille returns",
         "data/raw/2024Q3/a.xlsx, sheet returns"),
    ],
)  # fmt: skip
def test_a_place_is_said_as_far_as_it_is_known(place, fr, en):
    assert (place.say("fr"), place.say("en")) == (fr, en)


def test_a_rule_given_replaces_the_usual_one():
    found = make_issue("NUMBER_READ", PLACE, "1234", observed="1 234", rule="NUM_THOUSANDS")
    assert (found.rule, found.severity) == ("NUM_THOUSANDS", "note")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("écrire à focal.point@example.org svp", "focal.point@example.org"),
        ("Point<point.focal+upap@poste.example.org>", "point.focal+upap@poste.example.org"),
        ("a@b.example, puis", "a@b.example"),
        ("tél. +221 77 123 45 67", "+221 77 123 45 67"),
        ("appeler le 00221 33 000 00 00", "00221 33 000 00 00"),
        ("tel: 77.123.45.67.89", "77.123.45.67.89"),
        ("call (020) 7946-0958 12", "(020) 7946-0958 12"),
        ("mon numéro : 0771234567", "0771234567"),
        ("tél. 70 12 34 56", "70 12 34 56"),
        ("GSM +254-712-345-678.", "+254-712-345-678"),
        ("écrire à point [at] poste.example", "poste.example"),
        ("point(at)poste [dot] example, merci", "poste"),
        ("point＠poste.example", "poste.example"),
        ("le 14.10.2024 au 77 123 45 67", "77 123 45 67"),
    ],
)
def test_addresses_and_telephone_numbers_are_masked(text, hidden):
    masked = mask(f"{text} !")
    assert hidden not in masked
    assert not re.search(r"@\w|\d{2}", masked.replace("14.10.2024", ""))


@pytest.mark.parametrize(
    "text",
    [
        "2024-11-14", "le 2024-11-14 à 10:20:30", "2024-11-14T10:20:30+00:00", "14/11/2024", "2022Q3", "T3 2024",
        "du 2024-07-01 au 2024-09-30", "2024-07-01 - 2024-09-30", "623", "12 345", "12345678", "1 234 567",
        "14/10/2024 13:55", "14/10/2024 13:55:08", "le 14.10.2024 à 13h55", "10/14/2024 1:55 PM", "plan 2022-2025",
        "2024-10-14-13-55-08", "01/07/2024-30/09/2024", "1,234,567", "1000000001", "999 of 623", "EXPO-2024-01", "@",
        "a @ b", "prix @ 5", "60.5 %",
    ],
)  # fmt: skip
def test_dates_and_plain_numbers_are_not_masked(text):
    assert mask(text) == text


def test_a_phrase_among_the_details_is_kept_as_json_and_read_back():
    found = make_issue("V01.unknown", PLACE, Phrase("phrase.suggestion", "KEN"), observed="Kenyaa")
    assert encode_details(found.details) == '[{"key": "phrase.suggestion", "detail": "KEN"}]'
    assert decode_details(encode_details(found.details)) == found.details
    assert "KEN?" in found.say("en")


def test_what_was_observed_is_masked_in_every_part_of_a_finding():
    found = make_issue("V01.unknown", PLACE, "", "", observed="poste@example.org +221 77 123 45 67")
    said = " ".join((found.observed, found.message_fr, found.message_en, found.expected))
    assert "example.org" not in said
    assert "123 45" not in said


def test_a_finding_exists_from_the_day_it_was_received():
    always = Issue("note", "A")
    early = Issue("note", "B", known_on=date(2024, 11, 14))
    late = Issue("note", "C", known_on=date(2024, 11, 15))
    found = issues_known_by([always, early, late], date(2024, 11, 14))
    assert [(one.rule, one.known_on) for one in found] == [("A", None), ("B", None)]


def test_an_endless_text_is_cut_in_a_finding_and_nothing_disturbs_its_line():
    found = make_issue("V03.number", PLACE, "", question="staff_total", observed="\x1b[31m" + "9x" * 100_000)
    assert len(found.message_en) < 5_000
    assert found.observed.endswith("…") and "\x1b" not in found.message_fr


@pytest.mark.parametrize("text", ["4400-4500", "60.00000001", "87,4", "130"])
def test_a_figure_and_a_range_of_close_figures_stay_to_be_seen(text):
    assert mask(text) == text


@pytest.mark.parametrize("text", ["77-1234567", "2345-6789", "+000 00 000 00 00"])
def test_what_could_be_a_telephone_number_is_hidden_where_an_answer_was_asked(text):
    assert mask(text) == "[…]"


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("Réponse M. Exemple.xlsx", "Réponse M. […].xlsx"),
        ("retour_mme_exemple_T3.csv", "retour mme […] T3.csv"),
        ("Dr Exemple-Modèle 2024Q3.xlsx", "Dr […] 2024Q3.xlsx"),
        ("Sra. Exemplo da Silva.csv", "Sra. […].csv"),
        ("Monsieur A. d'Exemple", "Monsieur […]"),
        ("السيدة مثال.xlsx", "السيدة […].xlsx"),
        ("retour_771234567.csv", "retour […].csv"),
        ("point.focal@poste.example.xlsx", "[…@…].xlsx"),
    ],
)
def test_persons_addresses_and_numbers_in_the_name_of_a_file_or_sheet_are_masked(name, published):
    assert mask_name(name) == published


@pytest.mark.parametrize(
    "name",
    [
        "UPAP numérique - all versions - False - 2024-10-14-13-55-08.xlsx", "retour_20241014_135508.csv", "M2024.csv",
        "DR Congo.xlsx", "SEN_2024Q3_revised.xlsx", "Retours par courriel T3 2024.xlsx", "M. T3 2024.csv",
        "innovations",
    ],
)  # fmt: skip
def test_other_names_of_files_and_sheets_are_published_as_they_are(name):
    assert mask_name(name) == name


def test_names_stay_distinct_when_they_are_masked():
    names = mask_names(["a 771234567.csv", "a 771234568.csv", "b.csv"])
    assert list(names.values()) == ["a […].csv", "[2] a […].csv", "b.csv"]


def test_a_telephone_number_is_masked_where_a_choice_or_a_member_was_asked_and_kept_as_a_count():
    masked = [make_issue(key, PLACE, "", "", observed="771234567").observed for key in ("V07.choice", "V01.unknown")]
    assert masked == ["[…]", "[…]"]
    assert make_issue("V03.number", PLACE, "", observed="771234567").observed == "771234567"


def test_a_long_text_without_an_address_is_masked_at_once():
    assert mask("x" * 2_000_000) == "x" * 2_000_000
