"""The log of a command, and the record of runs."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings

import pytest

from helpers import paths
from helpers.runs import errors, log
from helpers.runs.log import Log

ABOUT = {"command": "run", "quarter": "2024Q3", "as_of": "2024-11-14"}


class Terminal(io.StringIO):
    """An error output that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Give the record a root of its own."""
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    return tmp_path


class TestLog:
    def test_without_a_terminal_each_line_is_json_with_the_facts_of_the_command(self, capsys):
        log = Log({"command": "run"}).bind(quarter="2024Q3")
        log.info("01_ingest: done in 5.5 s")
        code = log.error(errors.RunError(1, "02_kpis.ipynb, cell 5: boom", "02_kpis.ipynb", 5))
        info, error = (json.loads(line) for line in capsys.readouterr().err.splitlines())
        assert (info["level"], info["command"], info["quarter"]) == ("info", "run", "2024Q3")
        assert info["message"] == "01_ingest: done in 5.5 s" and info["at"].endswith("+00:00")
        assert (error["level"], error["exit_code"]) == ("error", 1)
        assert (error["notebook"], error["cell"]) == ("02_kpis.ipynb", 5)
        assert code == 1 and error["next"].startswith("fix the cause")

    def test_on_a_terminal_it_writes_sentences(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        log = Log({"command": "run"})
        log.info("01_ingest: done in 5.5 s")
        log.error(errors.RunError(7, "cannot write reports: No space left on device"))
        assert sys.stderr.getvalue().splitlines() == [
            "01_ingest: done in 5.5 s",
            "papu run: cannot write reports: No space left on device",
            "  next: free the disk, or correct the folder's permissions, then run it again",
        ]

    @pytest.mark.parametrize("character", ["\x1b", "\x85", "\u2028", "\u202e", "\x9b", "\udce9"])
    def test_a_control_character_is_shown_not_acted_on(self, capsys, character):
        Log({"quarter": character}).info(f"a{character}b")
        Log(is_json=False).info(f"a{character}b")
        line, sentence = capsys.readouterr().err.splitlines()
        assert sentence == f"a\\u{ord(character):04x}b"
        assert sentence in line and json.loads(line)["message"] == f"a{character}b"

    def test_a_warning_of_a_library_is_a_line_too(self, capsys):
        with Log({"command": "run"}).take_warnings():
            warnings.warn("no home\nfor IPython", stacklevel=1)
            logging.getLogger("papermill").warning("unknown\u2028parameter")
        first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
        assert first["level"] == second["level"] == "warning" and first["command"] == "run"
        assert "no home\nfor IPython" in first["message"] and second["message"] == "unknown\u2028parameter"

    def test_a_message_with_a_line_break_is_one_line(self, capsys):
        Log().info("Côte d’Ivoire\nsecond")
        (line,) = capsys.readouterr().err.splitlines()
        assert "Côte d’Ivoire" in line and json.loads(line)["message"].endswith("\nsecond")


class TestRecord:
    def test_a_run_that_succeeds_records_its_beginning_and_what_it_published(self, root):
        with log.record_run(ABOUT) as outcome:
            outcome["input_id"] = "c65069b1c429"
        began, published = log.read_events()
        assert (began.event, published.event) == (log.RUN_BEGAN, log.RUN_PUBLISHED)
        assert (published.quarter, published.as_of) == ("2024Q3", "2024-11-14")
        assert published.facts["input_id"] == "c65069b1c429" and published.facts["exit_code"] == 0

    @pytest.mark.parametrize(
        ("error", "event", "code"),
        [
            (errors.RunError(3, "data refused"), log.RUN_FAILED, 3),
            (SystemExit(143), log.RUN_ENDED, 143),
            (KeyError("unforeseen"), log.RUN_FAILED, None),
        ],
    )
    def test_a_run_that_stops_records_how_and_raises_its_error(self, root, error, event, code):
        with pytest.raises(type(error)), log.record_run(ABOUT):
            raise error
        last = log.read_events()[-1]
        assert (last.event, last.facts.get("exit_code")) == (event, code)

    def test_lines_that_are_no_json_objects_are_skipped(self, root):
        log.append_event(log.RUN_BEGAN, ABOUT)
        with paths.record().open("a", encoding="utf-8") as file:
            file.write('[1]\n{"at": "2024-11-14T\n')
        log.append_event(log.RUN_FAILED, ABOUT, message="boom")
        assert [event.event for event in log.read_events()] == [log.RUN_BEGAN, log.RUN_FAILED]

    def test_a_record_that_cannot_be_written_does_not_stop_the_run(self, root):
        (root / "build").write_text("a file in the way", encoding="utf-8")
        with log.record_run(ABOUT):
            pass
        assert log.read_events() == []
