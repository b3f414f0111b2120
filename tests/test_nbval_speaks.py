"""What is told of an output that is not the stored one: which figure, from what, to what."""

from __future__ import annotations

import pandas as pd

from nbval_speaks import read_cells, tell


def html(rows: pd.DataFrame) -> dict:
    return {"output_type": "execute_result", "data": {"text/html": rows.to_html(), "text/plain": str(rows)}}


def members(value: object) -> pd.DataFrame:
    rows = pd.DataFrame({"member": ["KEN", "SEN"], "2.1.a": [value, "90"]}).set_index("member")
    return rows.rename_axis(columns="kpi")


def test_a_cell_of_a_table_is_told_by_quarter_row_and_column():
    assert tell("2024Q3", [html(members(510))], [html(members(512))]) == ["2024Q3, KEN, 2.1.a: stored 510, now 512"]


def test_the_same_table_tells_nothing():
    assert tell("2024Q3", [html(members(510))], [html(members(510))]) == []


def test_headings_that_span_rows_stand_before_each():
    rows = pd.DataFrame({"kpi": ["2.1.a", "2.1.a"], "component": ["a", "b"], "n": [1, 2]}).set_index(
        ["kpi", "component"]
    )
    assert read_cells(rows.to_html()) == {("2.1.a a", "n"): "1", ("2.1.a b", "n"): "2"}


def test_a_row_that_is_new_and_rows_of_one_name_are_told():
    more = pd.concat([members(510), members(7).head(1)])
    assert tell("2024Q3", [html(members(510))], [html(more)]) == ["2024Q3, KEN (2), 2.1.a: stored nothing, now 7"]


def test_a_table_of_the_report_is_told_by_its_first_column():
    table = "<table><caption>T</caption><thead><tr><th>ICP</th><th>Valeur</th></tr></thead><tbody>{}</tbody></table>"
    stored, now = ({"text/html": table.format(f"<tr><td>2.1.a</td><td>{n}&nbsp;%</td></tr>")} for n in (79, 80))
    assert tell("2024Q3", [{"data": stored}], [{"data": now}]) == ["2024Q3, 2.1.a, Valeur: stored 79 %, now 80 %"]


def test_a_figure_is_named():
    stored, now = ({"image/svg+xml": f"<svg>{n}</svg>", "text/plain": "figure 3: Titre"} for n in (1, 2))
    assert tell("2024Q3", [{"data": stored}], [{"data": now}]) == [
        "2024Q3, figure 3: Titre: drawn from other data, or otherwise"
    ]


def test_a_sentence_is_shown_in_both_versions():
    assert tell("2024Q3", [{"text": "a"}], [{"text": "b"}]) == []
    stored, now = ({"data": {"text/plain": text}} for text in ("30 days", "31 days"))
    assert tell("2024Q3", [stored], [now]) == ["2024Q3: stored '30 days', now '31 days'"]
