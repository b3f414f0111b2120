"""The analyst's guide: what it tells to type works, in both languages, and what it points to is there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from helpers import paths
from helpers.i18n import formats
from helpers.report import figures, sentences
from helpers.report.document import Report
from helpers.report.tables import annexes, members, sections
from helpers.tables import pipeline

DOCS = Path(__file__).resolve().parents[1] / "docs"
GUIDES = {language: DOCS / f"guide_{language}.md" for language in ("fr", "en")}


def code(path: Path) -> list[str]:
    """Return the guide's blocks of Python."""
    return [
        textwrap.dedent(block)
        for block in re.findall(r"^ *```python\n(.+?)^ *```", path.read_text("utf-8"), re.S | re.M)
    ]


@pytest.mark.parametrize("language", GUIDES)
def test_its_code_runs_in_the_report_notebook_and_the_figures_are_in_the_edition(language, tmp_path, monkeypatch):
    monkeypatch.setenv("PAPU_OUT", str(tmp_path))
    tables = pipeline.load_tables("2024Q3")
    edition = Report(tables.quarter, tables.as_of, language, paths.out("", ""), sample=True, input_id="0")
    names = {
        "edition": edition, "tables": tables, "say": formats.Translator(language), "figures": figures,
        "sentences": sentences, "annexes": annexes, "members": members, "sections": sections,
    }  # fmt: skip
    for block in code(GUIDES[language]):
        exec(compile(block, f"guide_{language}", "exec"), names)
    assert len(names["asked"]) >= 1 and names["kenya"].rows["KEN"].notna().any()
    shown = [block for block in edition.blocks if block.kind == "figure"]
    assert len(shown) == 2 and all(figure.picture.startswith("<?xml") for figure in shown)


def test_both_languages_say_the_same_code():
    def bare(block: str) -> str:
        return re.sub(r'f?"[^"]*"', '""', block)

    assert [bare(block) for block in code(GUIDES["fr"])] == [bare(block) for block in code(GUIDES["en"])]
    assert len(code(GUIDES["fr"])) == 4


@pytest.mark.parametrize("language", GUIDES)
def test_its_pictures_links_and_charts_are_there(language):
    text = GUIDES[language].read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert (DOCS / target).is_file(), target
    for name in re.findall(r"`(plot_\w+)`", text):
        assert hasattr(figures, name) and hasattr(sentences, name.replace("plot_", "say_")), name
