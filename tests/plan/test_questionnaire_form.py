"""The questionnaire: the XLSForm is valid, complete in its four languages, and asks what the methodology says."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from pyxform.xls2xform import convert

FOLDER = Path(__file__).resolve().parents[2] / "data" / "raw" / "plan" / "questionnaire"
LANGUAGES = ("Français (fr)", "English (en)", "Português (pt)", "العربية (ar)")
SHEETS = ("survey", "choices", "settings")
KINDS = ("server", "laptop", "printer", "scanner", "scale")
# Columns that collection tools add themselves, in any of the languages (formats.md, 1.4 to 1.7).
TOOL_COLUMNS = {
    "id", "start time", "completion time", "email", "name", "last modified time", "timestamp", "email address",
    "horodateur", "heure de début", "heure de fin", "adresse de messagerie", "nom", "adresse e-mail",
    "carimbo de data/hora", "hora de início", "hora de conclusão", "nome", "endereço de e-mail",
    "طابع زمني", "عنوان البريد الإلكتروني", "code", "question", "réponse",
}  # fmt: skip

# Methodology, section 2: one group per heading, questions in its order; `nd_<group>` closes a group.
QUESTIONS = {
    "identity": "member quarter organisation focal_point_name focal_point_email form_language",
    "network": "offices_total staff_total staff_women nd_network",
    "model": "roadmap_status roadmap_adopted_on domain_information_platform domain_customer_experience"
    " domain_data_analytics domain_postal_iot domain_ecosystem domain_cybersecurity domain_human_skills nd_model",
    "infrastructure": "offices_electrified offices_alternative_power offices_connected offices_networked cloud_use "
    + " ".join(f"{kind}_required {kind}_working" for kind in KINDS)
    + " shared_system_information uses_software_guidelines nd_infrastructure",
    "services": "services_epost services_ecommerce services_egovernment services_efinance sectors_benefiting"
    " ipp_ecompro ipp_tracked ipp_small_packets project_dre project_payments project_fitaf nd_services",
    "innovation": "has_innovations",
    "innovations": "kind reference title date detail local_experts",
    "people": "trained_capacity_building trained_upskilling trained_reskilling trained_women trained_cumulative"
    " audits_completed training_sessions nd_people",
    "participation": "attended_meetings joined_initiatives sent_feedback comment nd_participation",
}
CHOICES = {
    "roadmap_status": "none drafted adopted implementing completed",
    "readiness": "none planned in_progress operational",
    "cloud_use": "none pilot production",
    "yes_no": "yes no",
    "service_epost": "hybrid_mail registered_email e_postbox online_tracking online_address_change"
    " electronic_telegram none",
    "service_ecommerce": "online_shop merchant_portal pickup_lockers customs_predeclaration returns_management"
    " fulfilment none",
    "service_egovernment": "identity_registration document_requests tax_payment social_benefits vehicle_licensing"
    " certificate_delivery none",
    "service_efinance": "mobile_wallet online_account domestic_transfer international_remittance bill_payment"
    " micro_insurance none",
    "sector": "agriculture industry_energy trade transport tourism_culture information finance public_administration"
    " social_protection education health justice_elections other none",
    "feature": "s10_barcode tracking_events advance_data customer_notification online_labelling none",
    "project_status": "none agreed implementing completed",
    "innovation_kind": "solution hackathon exhibition competition adoption",
    "detail_solution": "software application",
    "detail_adoption": "own other_post upu vendor",
}
TYPES = {
    "integer": "offices_total staff_total staff_women offices_electrified offices_alternative_power offices_connected"
    " offices_networked trained_capacity_building trained_upskilling trained_reskilling trained_women"
    " trained_cumulative audits_completed training_sessions local_experts "
    + " ".join(f"{kind}_required {kind}_working" for kind in KINDS),
    "date": "roadmap_adopted_on date",
    "text": "quarter organisation focal_point_name focal_point_email form_language reference title detail comment",
    "select_one member": "member",
    "select_one cloud_use": "cloud_use",
    "select_one project_status": "project_dre project_payments project_fitaf",
    "select_multiple sector": "sectors_benefiting",
    "select_multiple feature": "ipp_ecompro ipp_tracked ipp_small_packets",
}


def read(sheet: str) -> list[dict[str, str]]:
    """Read one sheet of the form."""
    with (FOLDER / f"{sheet}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def filled(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Leave blank cells out, as a workbook does."""
    return [{name: value for name, value in row.items() if value} for row in rows]


def is_question(row: dict[str, str]) -> bool:
    """Tell a question from a note and from the rows that open and close a group."""
    return not row["type"].startswith(("begin", "end", "note"))


def questions_by_group() -> dict[str, list[str]]:
    """Return the names of the questions by the group or repeat that holds them."""
    found: dict[str, list[str]] = {}
    path: list[str] = []
    for row in read("survey"):
        if row["type"].startswith("begin"):
            path.append(row["name"])
        elif row["type"].startswith("end"):
            path.pop()
        elif is_question(row):
            found.setdefault(path[-1], []).append(row["name"])
    return found


def labels(row: dict[str, str]) -> list[str]:
    """Return the labels of a question, a group or a choice, in the order of the languages."""
    return [row[f"label::{language}"] for language in LANGUAGES]


def meanings(rows: list[dict[str, str]]) -> dict[tuple[str, str], set[str]]:
    """Return what each label stands for in any language, within its list: names or codes, compared without case."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        for label in labels(row):
            found.setdefault((row.get("list_name", ""), label.casefold()), set()).add(row["name"])
    return found


def codes(listed: str) -> list[str]:
    """Return the codes of a choice list, in order."""
    return [row["name"] for row in read("choices") if row["list_name"] == listed]


def test_pyxform_accepts_the_form_without_a_warning():
    warnings: list[str] = []
    result = convert({sheet: filled(read(sheet)) for sheet in SHEETS}, warnings=warnings)
    assert "<h:title>UPAP numérique</h:title>" in result.xform
    assert warnings == []


def test_groups_and_questions_are_those_of_the_methodology_in_its_order():
    stated = {name for names in QUESTIONS.values() for name in names.split()}  # a KPI that was added asks more
    found = {group: [name for name in names if name in stated] for group, names in questions_by_group().items()}
    assert found == {group: names.split() for group, names in QUESTIONS.items()}


def test_the_innovations_are_a_repeat_in_the_group_innovation():
    opened = [(row["type"], row["name"]) for row in read("survey") if row["type"].startswith("begin")]
    assert opened.index(("begin_repeat", "innovations")) == opened.index(("begin_group", "innovation")) + 1


@pytest.mark.parametrize("listed", CHOICES)
def test_choice_codes_are_those_of_the_methodology(listed):
    assert codes(listed) == CHOICES[listed].split()


def test_the_members_to_choose_from_are_the_45_of_the_member_table():
    with (FOLDER.parent / "members.csv").open(encoding="utf-8", newline="") as file:
        members = list(csv.DictReader(file))
    chosen = [row for row in read("choices") if row["list_name"] == "member"]
    assert len(chosen) == 45
    assert [(row["name"], *labels(row)) for row in chosen] == [
        tuple(member[name] for name in ("member", "name_fr", "name_en", "name_pt", "name_ar")) for member in members
    ]


@pytest.mark.parametrize("group", ["network", "model", "infrastructure", "services", "people", "participation"])
def test_a_group_offers_its_own_questions_as_not_available(group):
    names = [name for name in questions_by_group()[group] if name not in (f"nd_{group}", "comment")]
    assert codes(f"nd_{group}") == [*names, "none"]


def test_the_choice_lists_are_these_and_those_that_questions_added_ask():
    groups = [f"nd_{group}" for group in QUESTIONS if f"nd_{group}" in QUESTIONS[group]]
    asked = {row["type"].partition(" ")[2] for row in read("survey")} - {""}
    details = {"detail_solution", "detail_adoption"}
    assert {row["list_name"] for row in read("choices")} == asked | details >= {"member", *CHOICES, *groups}


@pytest.mark.parametrize("kind", TYPES)
def test_questions_have_the_type_that_the_methodology_gives(kind):
    found = {row["name"]: row["type"] for row in read("survey")}
    assert {name for name in TYPES[kind].split() if found[name] != kind} == set()


def test_every_select_many_question_has_an_exclusive_none():
    for row in read("survey"):
        kind, _, listed = row["type"].partition(" ")
        if kind == "select_multiple":
            assert "none" in codes(listed), row["name"]
            assert row["constraint"] == "not(selected(., 'none') and count-selected(.) > 1)", row["name"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_filled_short_and_unique_in_each_language(language):
    found = [row[f"label::{language}"] for row in read("survey") if row["name"]]
    assert all(found)
    assert len(set(found)) == len(found)
    assert max(map(len, found)) <= 120


@pytest.mark.parametrize("language", LANGUAGES)
def test_choice_labels_are_filled_short_and_unique_within_their_list(language):
    found = [(row["list_name"], row[f"label::{language}"]) for row in read("choices")]
    assert all(label for _, label in found)
    assert len(set(found)) == len(found)
    assert max(len(label) for _, label in found) <= 120


def test_no_label_has_two_meanings_across_the_languages():
    for rows in ([row for row in read("survey") if row["name"]], read("choices")):
        assert {label: names for label, names in meanings(rows).items() if len(names) > 1} == {}


def test_no_label_has_a_mark_by_which_tools_join_or_a_blank_at_its_ends():
    rows = [row for row in (*read("survey"), *read("choices")) if row["name"]]
    for label in (label for row in rows for label in labels(row)):
        assert not set(label) & set("/;؛"), label
        assert label == label.strip(), label


def test_no_choice_label_has_a_comma():
    assert [label for row in read("choices") for label in labels(row) if set(label) & set(",،")] == []


def test_no_question_is_labelled_like_a_column_that_a_tool_adds():
    asked = [label for row in read("survey") if row["name"] for label in labels(row)]
    assert [label for label in asked if label.casefold() in TOOL_COLUMNS] == []


def test_a_figure_is_not_available_under_the_label_of_its_question():
    asked = {row["name"]: labels(row) for row in read("survey") if row["name"]}
    offered = [row for row in read("choices") if row["list_name"].startswith("nd_")]
    assert [row["name"] for row in offered if row["name"] != "none" and labels(row) != asked[row["name"]]] == []
    assert len({tuple(labels(row)) for row in offered if row["name"] == "none"}) == 1


def test_arabic_is_written_without_vowel_marks_or_tatweel_and_with_western_digits():
    texts = [text for row in (*read("survey"), *read("choices")) for name, text in row.items() if "(ar)" in name]
    assert [text for text in texts if re.search("[\u0640\u064b-\u065f\u0660-\u0669\u0670\u06f0-\u06f9]", text)] == []


def test_the_first_thing_said_is_that_portuguese_and_arabic_are_not_official():
    rows = read("survey")
    opened = [(row["type"], row["name"]) for row in rows].index(("begin_group", "identity"))
    note = rows[opened + 1]
    assert (note["type"], note["name"]) == ("note", "translation_note")
    assert "não oficial" in note["label::Português (pt)"]
    assert "غير رسمية" in note["label::العربية (ar)"]


@pytest.mark.parametrize("column", ["hint", "constraint_message"])
def test_hints_and_messages_stand_in_all_languages_or_in_none(column):
    for row in read("survey"):
        assert len({bool(row[f"{column}::{language}"]) for language in LANGUAGES}) == 1, row["name"]


def test_every_constraint_says_what_is_wrong():
    for row in read("survey"):
        assert bool(row["constraint"]) == bool(row["constraint_message::Français (fr)"]), row["name"]


def test_every_count_is_bounded_and_names_are_plain_and_unique():
    rows = [row for row in read("survey") if row["name"]]
    names = [row["name"] for row in rows]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{1,40}", name) for name in names)
    assert all(row["constraint"].startswith(". >= ") for row in rows if row["type"] == "integer")


def test_a_blank_is_allowed_everywhere_but_in_the_key_of_a_return_and_the_kind_of_an_item():
    required = [row["name"] for row in read("survey") if is_question(row) and row["required"] == "yes"]
    assert required == ["member", "quarter", "kind"]


def test_settings_name_the_form_its_version_and_its_default_language():
    (settings,) = read("settings")
    assert settings["form_id"] == "upap_digital_quarterly"
    assert re.fullmatch(r"20[0-9]{8}", settings["version"])
    assert settings["default_language"] == "Français (fr)"
