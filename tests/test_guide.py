"""The analyst's guide: its code runs, in both languages, and its links and pictures exist."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.report import Report, figures, headlines, tables

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[1] / "docs"
GUIDES = {language: DOCS / f"guide_{language}.md" for language in ("fr", "en")}


def code(path: Path) -> list[str]:
    """Return the guide's blocks of Python."""
    return [
        textwrap.dedent(block)
        for block in re.findall(r"^ *```python\n(.+?)^ *```", path.read_text("utf-8"), re.S | re.M)
    ]


@pytest.fixture(scope="module", autouse=True)
def out(tmp_path_factory) -> Iterator[None]:
    """Have the tables made once, in a folder of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPU_OUT", str(tmp_path_factory.mktemp("out")))
        yield


@pytest.mark.parametrize("language", GUIDES)
def test_the_code_of_the_answer_runs_by_itself(language):
    names = {}
    for block in code(GUIDES[language])[:2]:
        exec(compile(block, f"guide_{language}", "exec"), names)
    assert len(names["asked"]) >= 1 and names["kenya"].rows["KEN"].notna().any()


@pytest.mark.parametrize("language", GUIDES)
def test_the_code_of_a_figure_runs_in_the_report_notebook_and_adds_it_to_the_report(language):
    report = Report("2024Q3", language=language)
    names = {"report": report, "figures": figures, "headlines": headlines, "tables": tables, "t": report.t}
    for block in code(GUIDES[language])[2:]:
        exec(compile(block, f"guide_{language}", "exec"), names)
    assert [block.kind for block in report.blocks] == ["figure", "figure"]
    assert all(block.figure.svg.startswith("<svg") for block in report.blocks)


def test_the_code_is_the_same_in_both_languages():
    def bare(block: str) -> str:
        return re.sub(r'f?"[^"]*"', '""', block)

    assert [bare(block) for block in code(GUIDES["fr"])] == [bare(block) for block in code(GUIDES["en"])]
    assert len(code(GUIDES["fr"])) == 4


@pytest.mark.parametrize("language", GUIDES)
def test_its_pictures_links_and_charts_are_there(language):
    text = GUIDES[language].read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert (DOCS / target).is_file(), target
    charts = re.findall(r"`(\w+)`", re.search(r"`figures`\s?: (.+?)\.", text, re.S)[1])
    assert len(charts) >= 7 and set(charts) <= set(figures.__all__)
