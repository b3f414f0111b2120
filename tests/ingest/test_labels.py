"""Answers given by label: the code they stand for, exactly, whatever joins them."""

from __future__ import annotations

import pytest

from helpers.ingest.labels import decode
from helpers.plan.questionnaire import LABEL_LANGUAGES


@pytest.mark.parametrize("language", LABEL_LANGUAGES)
def test_every_label_stands_for_its_code(form, language):
    for question in (*form.questions, *form.fields):
        for code, label in question.choice_labels.items():
            assert decode(question, label[language]) == code
            assert decode(question, f" {label[language].upper()}\u200f ") == code


@pytest.mark.parametrize("language", LABEL_LANGUAGES)
@pytest.mark.parametrize("joint", [" ", ", ", ";", "; ", "،", "\n"])
def test_labels_that_a_tool_joined_are_told_apart(form, language, joint):
    for question in (q for q in form.questions if q.type == "select_multiple"):
        codes = [code for code in question.choices if code != "none"]
        for some in (codes, codes[::-1], codes[:2], codes[-1:]):
            text = joint.join(question.choice_labels[code][language] for code in some)
            assert decode(question, text).split() == some
            assert decode(question, text + joint).split() == some


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("cloud_use", "pilot", "pilot"),
        ("attended_meetings", "Oui", "yes"),
        ("member", "Congo (Brazzaville)", "COG"),
        ("sectors_benefiting", "trade; Finance", "trade finance"),
    ],
)
def test_codes_and_labels_may_stand_side_by_side(form, name, text, code):
    assert decode(form.by_name[name], text) == code


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cloud_use", "Projet pilot"), ("cloud_use", "Oui"), ("sectors_benefiting", "Finance; drones"),
        ("sectors_benefiting", "FinanceSanté"), ("attended_meetings", "Oui Oui"), ("cloud_use", ""),
        ("cloud_use", "x" * 9_999), ("sectors_benefiting", "Finance " * 5_000 + "x"),
    ],
)  # fmt: skip
def test_all_else_stays_as_it_is(form, name, text):
    assert decode(form.by_name[name], text) == text
