"""The headers of the tools: written as each tool writes them, and understood again, whatever the setting."""

from __future__ import annotations

import unicodedata

import pytest

from helpers.ingest.headers import (
    Convention,
    HeaderColumn,
    canonical_header,
    count_known_headers,
    match_headers,
    spell_headers,
)
from helpers.plan.questionnaire import LABEL_LANGUAGES, Form


def column(form: Form, *headers: str) -> HeaderColumn | None:
    """Return what the first of some headers of one sheet stands for."""
    return match_headers(tuple(headers), form, tuple(form.by_name))[0].column


def item_column(form: Form, *headers: str) -> HeaderColumn | None:
    """Return what the first of some headers of a sheet of innovations stands for."""
    return match_headers(tuple(headers), form, tuple(field.name for field in form.fields))[0].column


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("offices_total", HeaderColumn("offices_total")),
        (" Offices_TOTAL\u200b\n", HeaderColumn("offices_total")),
        ("network/offices_total", HeaderColumn("offices_total")),
        ("a/b/c/offices_total", HeaderColumn("offices_total")),
        ("services_epost", HeaderColumn("services_epost")),
        ("services_epost/hybrid_mail", HeaderColumn("services_epost", "hybrid_mail")),
        ("services/services_epost/hybrid_mail", HeaderColumn("services_epost", "hybrid_mail")),
        ("services/services_epost/none", HeaderColumn("services_epost", "none")),
        ("nd_network", HeaderColumn("nd_network")),
        ("network/nd_network/offices_total", HeaderColumn("nd_network", "offices_total")),
        ("nd_services/services_epost", HeaderColumn("nd_services", "services_epost")),
        ("services_epost/fax", HeaderColumn("services_epost", "fax")),
    ],
)
def test_a_header_stands_for_a_question_or_one_of_its_choices(form, header, expected):
    assert column(form, header) == expected


@pytest.mark.parametrize(
    "header",
    ["", "/", "offices", "offices_total_2", "x-offices_total", "_id",
     "kind", "innovation/innovations/kind", "network", "network/"],
)  # fmt: skip
def test_a_header_of_no_question_stands_for_nothing(form, header):
    assert column(form, header) is None


@pytest.mark.parametrize(
    ("header", "field"),
    [("kind", "kind"), ("innovation/innovations/date", "date"), ("member", None), ("_parent_index", None), ("", None)],
)
def test_a_header_of_the_repeat_stands_for_its_field(form, header, field):
    assert item_column(form, header) == (HeaderColumn(field) if field else None)


# --- as each tool writes them -----------------------------------------------------------------------------------

KOBO_NAMES, KOBO_FRENCH = Convention("", "/", "/"), Convention("fr", "/", "/")


@pytest.mark.parametrize(
    ("name", "convention", "headers"),
    [
        ("offices_total", Convention(), ["offices_total"]),
        ("offices_total", KOBO_NAMES, ["network/offices_total"]),
        ("offices_total", Convention("", "-", "/"), ["network-offices_total"]),
        ("offices_total", Convention("fr"), ["Bureaux de poste permanents"]),
        ("offices_total", Convention("en", " > ", " > "), ["Network and staff > Permanent post offices"]),
        ("kind", KOBO_NAMES, ["innovation/innovations/kind", "innovations/kind"]),
    ],
)
def test_a_question_is_headed_as_a_tool_heads_it(form, name, convention, headers):
    asked = [question for question in (*form.questions, *form.fields) if question.name == name]
    assert [header for header, _ in spell_headers(asked, form, convention)] == headers


def test_a_select_many_question_has_a_header_for_itself_and_one_for_each_choice(form):
    asked = [form.by_name["nd_network"]]
    assert dict(spell_headers(asked, form, KOBO_NAMES)) == {
        "network/nd_network": HeaderColumn("nd_network"),
        "network/nd_network/offices_total": HeaderColumn("nd_network", "offices_total"),
        "network/nd_network/staff_total": HeaderColumn("nd_network", "staff_total"),
        "network/nd_network/staff_women": HeaderColumn("nd_network", "staff_women"),
        "network/nd_network/none": HeaderColumn("nd_network", "none"),
    }
    french = [header for header, _ in spell_headers([form.by_name["services_epost"]], form, KOBO_FRENCH)]
    assert french[1] == "Services numériques/Services en exploitation - Courrier postal électronique/Courrier hybride"


@pytest.mark.parametrize("language", ["", *LABEL_LANGUAGES])
@pytest.mark.parametrize("separator", [None, "/", "-", ".", "_", "__", ":", " | ", " / ", "→"])
def test_every_header_of_every_convention_is_understood(form, language, separator):
    convention = Convention(language, separator, separator or "/")
    for part in (form.questions, form.fields):
        written = list(spell_headers(part, form, convention))
        found = match_headers(tuple(header for header, _ in written), form, tuple(question.name for question in part))
        assert [header.column for header in found] == [column for _, column in written]
        others = [header for header in found if header.spelled != header.text or header.column.language != language]
        # Its group is called alike in French and English, and it has no label where a written form computes it.
        others = [header for header in others if not header.text.endswith("form_language")]
        assert [header.text for header in others] in ([], ["Reference"])  # the English label of the field reference


def test_no_header_stands_for_two_things_whatever_the_tool(form):
    meant: dict[str, set[HeaderColumn]] = {}
    for language in ("", *LABEL_LANGUAGES):
        for separator in (None, "/", "-", ".", "_", " "):
            for header, column in spell_headers((*form.questions, *form.fields), form, Convention(language, separator)):
                meant.setdefault(canonical_header(header), set()).add(column)
    assert {header: columns for header, columns in meant.items() if len(columns) > 1} == {}


def test_a_label_is_compared_whatever_its_blanks_case_and_composition(form):
    label = form.by_name["staff_women"].label["fr"]
    for written in (
        label.upper(),
        f"\u200f{label}\n",
        label.replace(" ", "\u00a0"),
        unicodedata.normalize("NFD", label),
    ):
        assert column(form, written) == HeaderColumn("staff_women")


def test_an_unknown_choice_is_told_under_a_label_too(form):
    label = form.by_name["services_epost"].label["pt"]
    assert column(form, f"{label}/Fax") == HeaderColumn("services_epost", "fax")


def test_a_near_miss_is_never_understood(form):
    assert column(form, "Bureaux de poste permanent") is None
    assert column(form, "office_total") is None


def test_a_row_of_many_separators_costs_no_more_than_a_few(form):
    headers = [f"network{'x' * (n % 8 + 1)}{n % 10}offices_total" for n in range(2_000)]
    assert len(match_headers(tuple(headers), form, tuple(form.by_name))) == 2_000


def test_headers_are_counted_in_a_row(form):
    assert count_known_headers(["member", "Effectif total", "rien", "", "x" * 1_000], form) == 2
    assert count_known_headers(["identity>>member", "network>>offices_total"], form) == 2
