"""The parameters of a notebook that a person or plain papermill runs."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from helpers.runs import parameters
from helpers.runs.parameters import ParameterError, read_parameters

DECLARES = 'quarter: str = "2024Q3"  # the quarter\nas_of: str = ""  # the date\nkpi: str = "2.1.a"  # the indicator'


@pytest.fixture
def inject(monkeypatch):
    """Return a function that sets the cells run so far: those of the notebook, and what papermill injects."""

    def inject(*cells: str) -> None:
        shell = SimpleNamespace(user_ns={"In": ["", DECLARES, *cells, "quarter, as_of = read_parameters(…)"]})
        monkeypatch.setattr(parameters, "get_ipython", lambda: shell)

    return inject


@pytest.mark.parametrize("text", ["2024Q3", "2024-Q3", "T3 2024", "Q3 2024", " 2024Q3 "])
def test_a_quarter_may_be_spelled_in_every_accepted_way(text):
    assert read_parameters(text, "") == ("2024Q3", "")


def test_a_date_is_given_as_text():
    assert read_parameters("2024Q3", " 2024-12-29 ") == ("2024Q3", "2024-12-29")


@pytest.mark.parametrize(
    ("quarter", "as_of", "sentence"),
    [
        ("2024Q3", 20241114, "as_of is 20241114; it must be a text, in quotes"),
        ("2024Q3", date(2024, 11, 14), "as_of is datetime.date(2024, 11, 14); it must be a text, in quotes"),
        ("2024Q3", None, "as_of is None; it must be a text"),
        ("2024Q3", "soon", "as_of 'soon' is not a date; write it as 2024-10-31"),
        ("2024Q3", "2024-09-30", "as_of 2024-09-30 is not after the end of 2024Q3"),
        (2024, "", "quarter is 2024; it must be a text, in quotes"),
        ("T5 2024", "", "'T5 2024' is not a quarter; write it as 2024Q3"),
        ("2031Q1", "", "2031Q1 is outside the plan"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_in_a_notebook(quarter, as_of, sentence):
    with pytest.raises(ParameterError) as caught:
        read_parameters(quarter, as_of)
    assert str(caught.value).startswith(sentence) and caught.value.__cause__ is None
    assert caught.value._render_traceback_() == [f"ParameterError: {caught.value}"]


def test_a_misspelt_parameter_is_refused_with_the_names_that_there_are(inject):
    inject('# Parameters\nquater = "2024Q2"\n')
    with pytest.raises(ParameterError, match=r"^no parameter quater; this notebook declares quarter, as_of, kpi$"):
        read_parameters("2024Q3", "")


def test_a_value_that_papermill_took_for_a_number_is_refused_whichever_parameter_it_is(inject):
    inject("# Parameters\nkpi = 2.1\n")
    with pytest.raises(ParameterError, match=r"kpi is 2\.1; .*papermill: -r kpi VALUE"):
        read_parameters("2024Q3", "")


def test_declared_parameters_and_variables_of_ones_own_are_accepted(inject):
    inject('# Parameters\nquarter = "2024Q2"\nas_of = ""\n', "mine = 1", "%%magic that is no Python")
    assert read_parameters("2024Q2", "") == ("2024Q2", "")
