"""The headers of the tools: written as each tool writes them, and understood again, whatever the setting."""

from __future__ import annotations

import pytest

from helpers.headers import Column, understand
from helpers.questionnaire import Questionnaire


def column(form: Questionnaire, *headers: str) -> Column | None:
    """Return what the first of some headers of one sheet stands for."""
    return understand(headers, form, tuple(form.by_name))[0].column


def item_column(form: Questionnaire, *headers: str) -> Column | None:
    """Return what the first of some headers of a sheet of innovations stands for."""
    return understand(headers, form, tuple(field.name for field in form.fields))[0].column


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("offices_total", Column("offices_total")),
        (" Offices_TOTAL\u200b\n", Column("offices_total")),
        ("network/offices_total", Column("offices_total")),
        ("a/b/c/offices_total", Column("offices_total")),
        ("services_epost", Column("services_epost")),
        ("services_epost/hybrid_mail", Column("services_epost", "hybrid_mail")),
        ("services/services_epost/hybrid_mail", Column("services_epost", "hybrid_mail")),
        ("services/services_epost/none", Column("services_epost", "none")),
        ("nd_network", Column("nd_network")),
        ("network/nd_network/offices_total", Column("nd_network", "offices_total")),
        ("nd_services/services_epost", Column("nd_services", "services_epost")),
        ("services_epost/fax", Column("services_epost", "fax")),
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
    assert item_column(form, header) == (Column(field) if field else None)
