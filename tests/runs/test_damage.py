"""F29, F37: what is published stays what it was, in every language; what was damaged is told and made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands import hashes
from helpers import cli, editions, paths
from helpers.tables import manifest
from quick import DAY, QUARTER, quick_root, run_edition  # noqa: F401

pytestmark = pytest.mark.slow

DUE = ("run", "--due", "--today", "2022-11-15", "--language", "fr")


def papu(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.main, words)
    return result.exit_code, result.output


def state() -> dict[str, str]:
    return hashes(paths.root() / "reports") | hashes(paths.root() / "data" / "processed")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [empty, flip, Path.unlink])
@pytest.mark.parametrize("name", ["report/report_fr.pdf", "processed/kpis.csv", "processed/answers.parquet"])
def test_f29_a_damaged_file_is_told_and_made_again(quick, damage, name):
    run_edition()
    before, published = state(), editions.read_published_edition(QUARTER, DAY)
    assert papu(*DUE)[1].startswith("2022-11-15 (UTC): nothing to do")
    damage(published.find(name))
    reason = f"2022Q3 as of 2022-11-14, damaged since it was published: {name}"
    assert f"due: {reason}" in papu("status", "--today", "2022-11-15", "--language", "fr")[1]
    code, said = papu(*DUE)
    assert code == 0 and f"due: {reason}" in said and state() == before
    assert papu(*DUE)[1].startswith("2022-11-15 (UTC): nothing to do")


@pytest.mark.parametrize("name", ["report/report_fr.pdf", "report/manifest.json"])
def test_f29_a_damaged_edition_that_another_one_follows_is_made_again_in_its_languages(quick, name):
    run_edition()
    run_edition("2022-12-29")
    before = state()
    empty(editions.read_published_edition(QUARTER, DAY).find(name))
    code, said = papu(*DUE[:3], "2022-12-30", "--language", "en", "--dry-run")
    assert code == 0 and f"2022Q3 as of 2022-11-14, damaged since it was published: {name}" in said
    assert papu(*DUE[:3], "2022-12-30", "--language", "fr")[0] == 0 and state() == before
    assert editions.read_published_edition(QUARTER, DAY).languages == ("fr",)


def test_f37_a_language_that_is_published_stays_unless_only_the_others_are_wanted(quick):
    for words, languages in ((("fr", "en"), ["fr", "en"]), (("fr",), ["fr", "en"]), (("ar",), ["fr", "en", "ar"])):
        chosen = [word for language in words for word in ("--language", language)]
        assert papu("run", QUARTER, *chosen)[0] == 0
        assert list(editions.read_published_edition(QUARTER, DAY).languages) == languages
    assert papu("run", QUARTER, "--language", "en", "--only")[0] == 0
    assert [path.name for path in paths.reports(QUARTER, DAY).glob("*.pdf")] == ["report_en.pdf"]
    assert papu("run", "--due", "--only")[0] == 2


def test_briefs_that_are_damaged_or_of_other_inputs_than_their_edition_are_told(quick):
    run_edition()
    folder, made = paths.briefs(QUARTER, DAY), editions.read_published_edition(QUARTER, DAY)
    folder.mkdir()
    (folder / "brief_SEN_fr.pdf").write_text("whole", encoding="utf-8")
    facts = manifest.describe_file(folder / "brief_SEN_fr.pdf") | {"input_id": made.input_id}
    (folder / "manifest.json").write_text(json.dumps({"outputs": {"brief_SEN_fr.pdf": facts}}), encoding="utf-8")
    words = ("status", "--today", "2022-11-15", "--language", "fr")
    assert "briefs" not in papu(*words)[1]
    flip(folder / "brief_SEN_fr.pdf")
    quick.add(QUARTER, "more.csv", b"member,quarter,offices_total\nKEN,2022Q3,623\n", "2022-10-12")
    run_edition()
    problem = f"reports/2022Q3/{DAY}-briefs: damaged since it was published: brief_SEN_fr.pdf; made of other inputs"
    assert problem in papu(*words)[1]
    assert problem in json.loads(papu(*words, "--json")[1])["problems"][0]
