"""The site: every edition is listed, all links lead somewhere, the same bytes each time, never half of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

import interrupted
from commands import hashes
from conftest import Raw
from helpers import cli, editions, paths
from helpers.plan import read_settings
from helpers.report import blocks, drawing, figures
from helpers.report import site as report_site
from helpers.runs import fork, publish, site, verify
from helpers.runs.errors import ExitCode, RunError
from helpers.runs.site import update_site
from quick import DAY, QUARTER, quick_root, run_edition  # noqa: F401

pytestmark = pytest.mark.slow
LATER = "2023-01-20"


def papu(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.main, words)
    return result.exit_code, result.output


def pages() -> list[Path]:
    return sorted(path for path in paths.site().rglob("*.html") if not path.name.startswith("report_"))


def state() -> dict[str, str]:
    """Return the digests of the site alone, as a reader finds it."""
    return {name: digest for name, digest in hashes(paths.site()).items() if not re.match(r"\d{4}Q|\.|.*/\.", name)}


class Links(HTMLParser):
    """Gathers the addresses in a page, and whether it has a script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Gather."""
        self.tags.add(tag)
        values = dict(attrs)
        self.found += [values[name] for name in ("href", "src") if values.get(name)]
        if values.get("http-equiv") == "refresh":
            self.found.append(values["content"].partition("url=")[2])


def refuse_to_fork(*_: object) -> None:
    raise OSError("no fork on this system")


@pytest.fixture
def sited(quick, monkeypatch) -> Raw:
    """Return a root with one edition and its site, in whose pages every figure is the same drawing."""
    drawn = blocks.ReportFigure(drawing.Drawing(figsize=(6, 1)), "a title", "in words")
    monkeypatch.setattr(figures, "trend", lambda report, kpi: drawn)
    monkeypatch.setattr(site, "update_site", update_site)
    # As if editions were published in every language of the plan, which takes its time.
    monkeypatch.setattr(editions, "list_site_languages", lambda: read_settings().languages)
    monkeypatch.setattr(fork, "run_modules", refuse_to_fork)  # in processes of their own, nothing would stand in
    run_edition()
    update_site(print)
    return quick


def test_every_edition_is_listed_the_newest_first_and_every_link_leads_to_a_file_here(sited):
    run_edition(LATER)
    update_site(print)
    index = (paths.site() / "index.html").read_text(encoding="utf-8")
    assert index.index(f'id="{QUARTER}-{LATER}"') < index.index(f'id="{QUARTER}-{DAY}"')
    assert len(pages()) == 4 * (20 + 1 + 1)
    for path in pages():
        links = Links(path.read_text(encoding="utf-8"))
        assert "script" not in links.tags and "default-src 'none'" in path.read_text(encoding="utf-8")
        for link in links.found:
            if not link.startswith(("#", "data:")):
                to = (path.parent / link).resolve()
                assert to.is_file() and to.is_relative_to(paths.site()), (path.name, link)
    latest = Links((paths.site() / "latest" / "index.html").read_text(encoding="utf-8")).found
    assert f"../{QUARTER}/{LATER}/report_fr.html" in latest


def test_an_archive_of_the_folder_is_the_same_site(sited, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "site"), "zip", paths.site())
    shutil.unpack_archive(archive, tmp_path / "elsewhere")
    assert hashes(tmp_path / "elsewhere") == hashes(paths.site())
    assert not [path for path in paths.site().rglob("*") if path.is_symlink()]


def test_pages_are_light(sited):
    for path in pages():
        assert path.stat().st_size < (200_000 if path.parent.name == "indicators" else 100_000), path


def test_the_same_editions_give_the_same_bytes_and_nothing_changed_touches_nothing(sited):
    before, manifest = state(), (paths.site() / "manifest.json").read_bytes()
    times = {path: path.stat().st_mtime_ns for path in paths.site().rglob("*")}
    said: list[str] = []
    update_site(said.append)
    assert said == [] and times == {path: path.stat().st_mtime_ns for path in paths.site().rglob("*")}
    (paths.site() / "manifest.json").unlink()
    update_site(said.append)
    assert len(said) == 1 and state() == before and (paths.site() / "manifest.json").read_bytes() == manifest


def test_where_pages_cannot_be_made_their_language_is_named_and_the_site_stays_as_it_was(sited, monkeypatch):
    before, write = hashes(paths.site()), report_site.write_pages

    def fail_in_arabic(folder: Path, language: str, with_indicators: bool) -> None:
        if language == "ar":
            raise ValueError("boom")
        write(folder, language, with_indicators)

    monkeypatch.setattr(report_site, "write_pages", fail_in_arabic)
    run_edition(LATER)
    with pytest.raises(RunError, match="the pages in ar could not be made; .*errors.log says why") as caught:
        update_site(print)
    assert caught.value.code == ExitCode.REPORT_FAILED and "ValueError: boom" in paths.error_log().read_text()
    after = hashes(paths.site())
    assert {name: after.get(name) for name in before} == before


def test_where_nothing_changed_no_table_and_no_drawing_is_loaded(sited):
    code = (
        "import sys; from helpers.runs import site; site.update_site(print); "
        "assert not {'pandas', 'matplotlib'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""


def test_an_edition_that_is_not_the_newest_leaves_the_pages_of_the_indicators_as_they_are(sited, monkeypatch):
    run_edition(LATER)
    update_site(print)
    before = state()
    monkeypatch.setattr(figures, "trend", lambda report, kpi: pytest.fail("it is drawn again"))
    run_edition("2022-12-01")
    update_site(print)
    changed = {name for name, digest in state().items() if before.get(name) != digest}
    assert changed == {"index.html", "index_en.html", "index_pt.html", "index_ar.html"}


def test_what_the_site_no_longer_has_is_removed(sited):
    manifest = paths.site() / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["outputs"]["index_es.html"] = told["outputs"]["index_en.html"]
    manifest.write_text(json.dumps(told), encoding="utf-8")
    shutil.copyfile(paths.site() / "index_en.html", paths.site() / "index_es.html")
    run_edition(LATER)
    update_site(print)
    assert not (paths.site() / "index_es.html").exists()


def test_a_site_killed_at_each_move_is_the_old_or_the_new_one_once_the_next_command_has_run(sited, tmp_path):
    saved, seen = tmp_path.with_name("saved_site"), tmp_path.with_name("seen_site")
    run_edition("2022-10-20")  # not the newest: the pages of the indicators need not be made again
    before = state()
    shutil.copytree(tmp_path, saved)
    update = lambda: update_site(lambda line: None)  # noqa: E731
    writes = interrupted.list_writes(update, tmp_path, seen)
    after, outcomes = state(), set()
    moves = [n for n, write in enumerate(writes, 1) if write.startswith("os.rename")]
    for nth in [1, *moves]:
        shutil.rmtree(tmp_path)
        shutil.copytree(saved, tmp_path)
        assert interrupted.run(update, tmp_path, nth, interrupted.kill) == -9
        is_decided = bool(publish.list_unfinished())
        code, said = papu("status", "--today", "2022-11-15")
        assert ("was interrupted, and is complete now" in said) is is_decided, said
        assert state() == (after if is_decided else before), writes[nth - 1]
        assert not list(paths.site().glob(".*"))
        outcomes.add(is_decided)
    assert outcomes == {True, False} and before != after


@pytest.mark.parametrize("error", [OSError(28, "No space left on device", "index.html"), RuntimeError("no such word")])
def test_a_site_that_cannot_be_made_leaves_the_edition_published_and_says_so(sited, monkeypatch, error):
    def fail(*_: object) -> None:
        raise error

    before = state()
    monkeypatch.setattr(site, "build_site", lambda *_, **__: fail())
    code, said = papu("run", QUARTER, "--as-of", LATER, "--language", "fr")
    assert code == (7 if isinstance(error, OSError) else 1)
    assert "what was made is published; only its index" in said
    assert (paths.reports(QUARTER, LATER) / "report_fr.pdf").is_file() and state() == before
    assert "reports/index.html: not of what is published now" in papu("status", "--today", "2022-11-15")[1]
    assert not list(paths.site().glob(".*"))


def test_the_newest_edition_must_be_whole(sited):
    (paths.processed(QUARTER, DAY) / "kpis.csv").unlink()
    (paths.site() / "index.html").unlink()
    with pytest.raises(RunError, match="the newest edition, 2022Q3 as of 2022-11-14, is damaged"):
        update_site(print)


class TestVerify:
    def test_an_untouched_site_passes(self, sited):
        result = verify.Verification()
        verify.verify_site(result)
        assert (result.different, result.notes) == ([], []) and result.compared == 4 * 22 + 22

    def test_a_changed_byte_is_found_by_the_command(self, sited):
        page = paths.site() / "indicators" / "2.1.a_fr.html"
        page.write_text(page.read_text(encoding="utf-8").replace("<h1>", "<h1> "), encoding="utf-8")
        code, said = papu("verify", QUARTER)
        assert code == 6 and "reports/indicators/2.1.a_fr.html: changed since it was published" in said
        assert re.search(r"reports/indicators/2\.1\.a_fr\.html: line \d+: was <h1> ", said)

    def test_a_site_of_other_editions_is_told_line_by_line(self, sited):
        run_edition(LATER)
        result = verify.Verification()
        verify.verify_site(result)
        assert any(line.startswith("reports/index.html: line ") for line in result.different)

    def test_a_site_that_was_never_made_is_noted(self, quick):
        run_edition()
        result = verify.Verification()
        verify.verify_site(result)
        assert "not made yet" in result.notes[0]
