"""Runs: arguments that are refused, what a failed run leaves behind, and what a run publishes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from commands import hashes, papu, wait_until, write_notebook
from helpers import paths
from helpers.editions import REPORT_NOTEBOOK
from helpers.runs import briefs, edition, notebook
from helpers.runs.errors import ExitCode, RunError
from helpers.runs.notebook import check_parameters, run_notebook
from helpers.tables import manifest, pipeline
from quick import DAY, QUARTER, quick_root, run_edition, write_brief_notebook  # noqa: F401

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
RECEIVED = "2022-10-10"


class TestRequest:
    @pytest.mark.parametrize("text", ["2024Q3", "2024-Q3", "T3 2024", "Q3 2024"])
    def test_a_quarter_may_be_written_in_several_ways(self, text):
        assert edition.make_request(text).quarter == "2024Q3"

    @pytest.mark.parametrize(
        "text", ["", "2024", "T5 2024", "25Q3", "2025-3", "T3 2025x", "٣", "../2024Q3", "2021Q4", "2026Q1"]
    )
    def test_any_other_quarter_is_refused(self, text):
        with pytest.raises(ValueError):
            edition.make_request(text)

    def test_an_edition_is_as_of_its_first_cutoff_by_default(self):
        assert edition.make_request("2024Q3").as_of == "2024-11-14"
        assert edition.make_request("2024Q3", as_of="2025-01-20").as_of == "2025-01-20"

    @pytest.mark.parametrize("text", ["2024-09-30", "2024-11-31", "tomorrow", "../x"])
    def test_an_invalid_date_or_one_before_the_end_of_the_quarter_is_refused(self, text):
        with pytest.raises(ValueError):
            edition.make_request("2024Q3", as_of=text)

    def test_a_language_without_a_catalogue_is_refused_and_the_others_are_named(self):
        with pytest.raises(ValueError, match="fr, en"):
            edition.make_request("2024Q3", ["xx"])

    def test_the_report_runs_once_a_language(self):
        assert [name for _, name, _ in edition.make_request("2024Q3").steps] == [
            "01_ingest", "02_kpis", "03_report_fr", "03_report_en",
        ]  # fmt: skip


class TestNotebook:
    def test_a_parameter_that_the_notebook_does_not_declare_is_refused(self, tmp_path):
        path = write_notebook(tmp_path / "n.ipynb")
        with pytest.raises(RunError, match="no parameter quarte;"):
            check_parameters(path, {"quarte": "2024Q3"})

    def test_an_error_names_the_notebook_the_cell_and_the_message(self, tmp_path):
        path = write_notebook(tmp_path / "n.ipynb", "1 + 1", "raise ValueError('no such office')")
        for parameters in ({"quarter": "2024Q3"}, {}):  # the cell that papermill adds for them does not count
            with pytest.raises(RunError, match="n.ipynb, cell 3: ValueError: no such office") as caught:
                run_notebook(path, tmp_path / "out.ipynb", parameters)
            assert (caught.value.code, caught.value.cell) == (1, 3)
            assert caught.value.facts["line"] == "raise ValueError('no such office')"

    def test_a_notebook_that_exits_early_is_refused(self, tmp_path):
        path = write_notebook(tmp_path / "n.ipynb", "import sys; sys.exit(0)", "2")
        with pytest.raises(RunError) as caught:
            run_notebook(path, tmp_path / "out.ipynb", {})
        assert caught.value.code == 1

    def test_a_kernel_that_dies_fails_the_run(self, tmp_path):
        path = write_notebook(tmp_path / "n.ipynb", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "2")
        with pytest.raises(RunError) as caught:
            run_notebook(path, tmp_path / "out.ipynb", {})
        assert caught.value.code == 1

    def test_an_executed_notebook_is_the_same_bytes_twice(self, tmp_path):
        path = write_notebook(tmp_path / "n.ipynb", "quarter")
        first, second = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
        for executed in (first, second):
            run_notebook(path, executed, {"quarter": "2023Q1"})
        assert first.read_bytes() == second.read_bytes()
        assert b"2023Q1" in first.read_bytes()


@pytest.fixture
def received(raw) -> Path:
    """Return the one file received in a root of its own."""
    return raw.write_plain(
        "2022Q3", [{"member": "SEN", "quarter": "2022Q3", "offices_total": 130}], received_on=RECEIVED
    )


class TestChanged:
    """A run takes what was there when it began, and is refused if one of those files changes while it runs."""

    def edition(self, monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
        """Run an edition whose notebooks make the tables only, and change something before the report."""

        def run_notebook(path: Path, executed: Path, parameters: dict[str, str], *_: object) -> None:
            if path.stem == REPORT_NOTEBOOK:
                change()
            pipeline.load_tables(parameters["quarter"], parameters["as_of"])

        monkeypatch.setattr(notebook, "run_notebook", run_notebook)
        edition.run_edition(edition.make_request("2022Q3", ["fr"]), lambda line: None)

    def test_a_changed_file_even_if_the_tables_were_made_again(self, received, monkeypatch):
        with pytest.raises(RunError, match="data/raw/2022Q3/mail.xlsx changed during the run") as caught:
            self.edition(monkeypatch, lambda: received.write_bytes(received.read_bytes() + b"x"))
        assert caught.value.code == ExitCode.DATA_REFUSED and not paths.reports("2022Q3", "2022-11-14").exists()

    def test_a_removed_file(self, received, monkeypatch):
        with pytest.raises(RunError, match="data/raw/2022Q3/mail.xlsx changed during the run"):
            self.edition(monkeypatch, received.unlink)

    def test_a_brief_made_of_a_changed_file_is_not_published(self, received, monkeypatch):
        def make(*_: object) -> tuple[list[str], list[str]]:
            received.write_bytes(received.read_bytes() + b"x")
            return ["brief_SEN_fr"], []

        monkeypatch.setattr(briefs, "make_briefs", make)
        with pytest.raises(RunError, match="data/raw/2022Q3/mail.xlsx changed during the run") as caught:
            briefs.run_briefs(briefs.make_briefs_request("2022Q3", ["SEN"]), print)
        assert caught.value.code == ExitCode.DATA_REFUSED and not list((paths.root() / "reports" / "2022Q3").iterdir())


class TestPublishedBriefs:
    """The folder of the briefs always agrees with its manifest."""

    @pytest.fixture
    def publish(self, received, monkeypatch) -> Callable[..., Path]:
        """Return a function that publishes briefs without kernels; with `fails`, none can be made."""

        def publish(*members: str, fails: bool = False) -> Path:
            def make(steps: list, folder: Path, *_: object) -> tuple[list[str], list[str]]:
                for name, _ in [] if fails else steps:
                    (folder / "work" / f"{name}.pdf").write_text(f"{name}, {time.monotonic_ns()}", encoding="utf-8")
                    (folder / f"{name}.ipynb").write_text("{}", encoding="utf-8")
                names = [name for name, _ in steps]
                return ([], names) if fails else (names, [])

            monkeypatch.setattr(briefs, "make_briefs", make)
            return briefs.run_briefs(briefs.make_briefs_request("2022Q3", members, ["fr"]), print)[0]

        return publish

    def outputs(self, folder: Path) -> dict[str, dict]:
        """Return the outputs of the manifest, after a check that the folder holds them."""
        outputs = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["outputs"]
        assert {name: facts["sha256"] for name, facts in outputs.items()} == hashes(folder)
        assert all((folder / name).stat().st_size == facts["size"] for name, facts in outputs.items())
        return outputs

    def test_the_manifest_keeps_the_entries_of_briefs_that_are_not_made_again(self, publish, raw):
        folder = publish("SEN", "KEN", "TUN")
        first = self.outputs(folder)
        assert len(first) == 6
        (folder / "brief_TUN_fr.pdf").unlink()
        raw.add("2022Q3", "late.csv", b"member,quarter\nKEN,2022Q3\n", RECEIVED)
        assert publish("SEN") == folder
        second = self.outputs(folder)
        assert second["brief_KEN_fr.pdf"] == first["brief_KEN_fr.pdf"]
        assert second["brief_SEN_fr.pdf"]["input_id"] != first["brief_SEN_fr.pdf"]["input_id"]
        assert set(first) - set(second) == {"brief_TUN_fr.pdf"}

    def test_a_brief_that_no_manifest_lists_gets_a_blank_input_id(self, publish):
        folder = publish("SEN", "KEN")
        (folder / "brief_KEN_fr.pdf").write_text("put there by hand", encoding="utf-8")
        assert self.outputs(publish("SEN"))["brief_KEN_fr.pdf"]["input_id"] == ""
        (folder / "manifest.json").write_text("[", encoding="utf-8")
        assert self.outputs(publish("SEN"))["notebooks/brief_KEN_fr.ipynb"]["input_id"] == ""

    def test_nothing_is_written_if_no_brief_succeeds(self, publish):
        assert not publish("SEN", fails=True).exists()
        folder = publish("SEN")
        before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*")}
        publish("SEN", fails=True)
        assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*")} == before

    def test_a_full_disk_leaves_the_folder_as_it_was_and_the_error_names_it(self, publish, monkeypatch):
        folder = publish("SEN")
        before = self.outputs(folder)

        def full(new: Path, *_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", str(new / "manifest.json"))

        monkeypatch.setattr(manifest, "write_manifest", full)
        with pytest.raises(RunError) as caught:
            publish("SEN", "KEN")
        assert caught.value.code == ExitCode.NOT_WRITABLE
        assert str(caught.value) == f"cannot write {folder}: No space left on device"
        assert self.outputs(folder) == before and [path.name for path in folder.parent.iterdir()] == [folder.name]

    def test_a_run_ended_while_it_publishes_restores_the_folder(self, publish, monkeypatch):
        folder = publish("SEN")
        before, rename = self.outputs(folder), Path.rename

        def ended(path: Path, target: Path) -> Path:
            if path.name == "briefs":
                raise SystemExit(143)
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", ended)
        with pytest.raises(SystemExit):
            publish("SEN", "KEN")
        assert self.outputs(folder) == before and [path.name for path in folder.parent.iterdir()] == [folder.name]


class TestWorkers:
    def test_a_brief_whose_kernel_is_killed_is_tried_once_more_and_no_other(self, raw, tmp_path, monkeypatch):
        kills = """import signal
tries = pathlib.Path(os.environ["PAPU_OUT"], f"{member}.tries")
with tries.open("a") as file:
    file.write("x")
if member == "KEN" or member == "SEN" and tries.stat().st_size == 1:
    os.kill(os.getpid(), signal.SIGKILL)"""
        write_brief_notebook(raw.root / "notebooks", kills)
        monkeypatch.setenv("PAPU_OUT", str(tmp_path / "work"))
        reported: list[str] = []
        steps = briefs.make_briefs_request("2022Q3", ["KEN", "SEN", "TUN"], ["fr"]).steps
        names, failures = briefs.make_briefs(
            steps, tmp_path, lambda tasks: notebook.run_notebooks(tasks, workers=2), reported.append
        )
        assert names == ["brief_SEN_fr", "brief_TUN_fr"]
        assert failures == ["brief_KEN_fr: 04_country_brief.ipynb, cell 3: Kernel died"]
        assert {path.stem: path.read_text() for path in (tmp_path / "work").glob("*.tries")} == {
            "KEN": "xx", "SEN": "xx", "TUN": "x",
        }  # fmt: skip
        assert len(reported) == 3

    @pytest.mark.slow
    @pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 2), (signal.SIGTERM, 2), (signal.SIGINT, 1)])
    def test_a_run_that_is_ended_ends_its_kernels(self, received, raw, number, workers):
        sleeps = f"import time\npathlib.Path({str(raw.root)!r}, member).touch()\ntime.sleep(60)"
        write_brief_notebook(raw.root / "notebooks", sleeps)
        command = [sys.executable, "-m", "helpers", "briefs", "2022Q3", "--workers", str(workers)]
        run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        wait_until(lambda: len([path for path in raw.root.iterdir() if path.name.isupper()]) == workers)
        children = psutil.Process(run.pid).children(recursive=True)
        # Ctrl-C in a terminal reaches the whole process group.
        os.killpg(run.pid, number) if number == signal.SIGINT else run.send_signal(number)
        began = time.monotonic()
        log = run.communicate(timeout=60)[1]
        assert run.returncode == 128 + number and time.monotonic() - began < 10
        lines = [json.loads(line)["message"] for line in log.splitlines()]  # nothing but JSON lines
        assert "untouched" in lines[-1]
        assert not psutil.wait_procs(children, timeout=10)[1]
        assert not list((raw.root / "reports" / "2022Q3").iterdir())


@pytest.mark.slow
class TestEdition:
    def test_a_run_publishes_a_whole_edition_and_verify_makes_the_same_bytes_again(self, checkout):
        raw = hashes(checkout / "data" / "raw")
        first = papu("run", "2022Q4", "--language", "fr", PAPU_ROOT=str(checkout))
        assert first.returncode == 0, first.stderr
        report = checkout / "reports" / "2022Q4" / "2023-02-14"
        assert {path.name for path in report.iterdir()} == {
            "report_fr.pdf", "report_fr.html", "tables_fr.xlsx", "claims.json", "manifest.json",
            "01_ingest.ipynb", "02_kpis.ipynb", "03_report_fr.ipynb",
        }  # fmt: skip
        published = hashes(checkout / "reports") | hashes(checkout / "data" / "processed")
        elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1"}
        again = papu("verify", "2022Q4", PAPU_ROOT=str(checkout), **elsewhere)
        assert again.returncode == 0, again.stderr
        # The site has 22 pages in one language, and the data of 20 indicators, of all, and their description.
        assert again.stdout.splitlines()[-1].endswith(f"{17 + 22 + 22} files made again, every byte is the same")
        assert hashes(checkout / "reports") | hashes(checkout / "data" / "processed") == published
        assert hashes(checkout / "data" / "raw") == raw
        manifest = json.loads((report / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["parameters"] == {"quarter": "2022Q4", "as_of": "2023-02-14", "languages": ["fr"]}
        assert {"processed/datapackage.json", "report/tables_fr.xlsx"} <= manifest["outputs"].keys()
        for name, facts in manifest["outputs"].items():
            folder = report if name.startswith("report/") else checkout / "data" / "processed" / "2022Q4" / "2023-02-14"
            assert hashlib.sha256((folder / name.split("/")[1]).read_bytes()).hexdigest() == facts["sha256"]

    def test_a_failed_run_names_the_cell_and_leaves_what_was_published(self, checkout):
        published = checkout / "reports" / "2022Q4" / "2023-02-14"
        published.mkdir(parents=True)
        (published / "report_fr.pdf").write_text("as it was", encoding="utf-8")
        kpis = checkout / "notebooks" / "02_kpis.ipynb"
        write_notebook(kpis, "raise RuntimeError('boom')", declares=("quarter", "as_of"))
        failed = papu("run", "2022Q4", PAPU_ROOT=str(checkout))
        assert failed.returncode == 1
        assert "02_kpis.ipynb, cell" in failed.stderr and "boom" in failed.stderr
        assert "Traceback" not in failed.stderr
        assert [path.name for path in published.iterdir()] == ["report_fr.pdf"]
        assert (published / "report_fr.pdf").read_text(encoding="utf-8") == "as it was"
        assert [path.name for path in published.parent.iterdir()] == ["2023-02-14"]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_run_that_is_ended_reports_it_and_leaves_nothing_behind(self, checkout, number):
        command = [sys.executable, "-m", "helpers", "run", "2022Q4"]
        run = subprocess.Popen(
            command, env=os.environ | {"PAPU_ROOT": str(checkout)}, stderr=subprocess.PIPE, text=True
        )
        folder = checkout / "reports" / "2022Q4"
        wait_until(lambda: folder.is_dir() and any(folder.iterdir()))
        kernels = psutil.Process(run.pid).children
        wait_until(kernels)
        children = kernels(recursive=True)
        run.send_signal(number)
        log = run.communicate(timeout=60)[1]
        assert run.returncode == 128 + number
        lines = [json.loads(line)["message"] for line in log.splitlines()]  # nothing but JSON lines
        assert "untouched" in lines[-1]
        assert not any(folder.iterdir())
        assert not psutil.wait_procs(children, timeout=10)[1]

    def test_invented_and_received_returns_together_are_refused(self, checkout):
        manifest = checkout / "data" / "raw" / "2022Q4" / "MANIFEST.csv"
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text.replace(",sample,", ",mail,", 1), encoding="utf-8")
        refused = papu("run", "2022Q4", PAPU_ROOT=str(checkout))
        assert refused.returncode == 3
        assert "invented sample and received returns" in refused.stderr
        assert not (checkout / "reports" / "2022Q4" / "2023-02-14").exists()


def test_examples_for_translators_are_kept_in_the_build_folder_and_not_published(quick):
    run_edition()
    assert (paths.build() / QUARTER / DAY / "words_fr.json").is_file()
    assert [path.parts for path in quick.root.rglob("words_*") if "build" not in path.parts] == []


def test_a_build_folder_that_cannot_be_written_to_does_not_stop_a_run(quick):
    paths.build().write_text("a file in the way", encoding="utf-8")
    assert (run_edition() / "report_fr.pdf").is_file()


def test_the_next_run_cleans_up_after_a_killed_one(quick):
    folder = quick.root / "reports" / QUARTER
    (folder / f".{DAY}.dead.run").mkdir(parents=True)
    (folder / f".{DAY}.old").mkdir()
    (folder / f".{DAY}.old" / "report_fr.pdf").write_text("as it was", encoding="utf-8")
    published = run_edition()
    assert list(folder.iterdir()) == [published]
    assert (published / "report_fr.pdf").read_text(encoding="utf-8") != "as it was"


class TestCommand:
    @pytest.mark.parametrize(
        "arguments",
        [("run", "T5 2024"), ("run", "2024Q3", "--language", "xx"), ("run", "2024Q3", "--as-of", "soon"), ("run",)],
    )
    def test_a_wrong_argument_is_a_usage_error(self, arguments):
        assert papu(*arguments).returncode == 2

    def test_a_dry_run_prints_what_would_run_and_writes_nothing(self, tmp_path):
        result = papu("run", "2024Q3", "--dry-run", PAPU_ROOT=str(tmp_path))
        assert result.returncode == 0
        assert "03_report.ipynb → 03_report_en.ipynb" in result.stdout
        assert not list(tmp_path.iterdir())

    def test_check_runs_without_a_notebook(self, checkout, tmp_path):
        result = papu("check", "2022Q4", "--out", str(tmp_path / "tables"), PAPU_ROOT=str(checkout))
        assert result.returncode == 0
        assert "T4 2022, au 2023-02-14" in result.stdout
        assert {"returns.csv", "answers.parquet", "items.csv", "issues.csv"} <= {
            path.name for path in (tmp_path / "tables").iterdir()
        }
