"""Ten times the data take less than two minutes and a gibibyte, and time in proportion."""

from __future__ import annotations

import resource
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import psutil
from started import published, start

from conftest import Raw
from helpers.plan.plan import read_plan
from helpers.plan.quarters import quarter_end, quarters_between
from helpers.plan.questionnaire import Form, Question

GIB, MINUTES = 1 << 30, 2


def answer(question: Question, number: int) -> object:
    """Return an answer that passes the rules: equal numbers that grow, the first choice."""
    if question.choices:
        return question.choices[0]
    return number if question.type == "integer" else f"Rien à signaler ({number})" if question.type == "text" else None


def receive(raw: Raw, form: Form, last: str, versions: int) -> int:
    """Write every member's returns up to a quarter, in several versions; return their number."""
    asked = [one for one in form.questions if not one.name.startswith("nd_") and one.group != form.questions[0].group]
    count = 0
    for n, quarter in enumerate(quarters_between("2022Q1" if last == "2025Q4" else "2022Q3", last)):
        members = [member.member for member in read_plan().members_in(quarter)]
        for version in range(versions):
            answers = {one.name: answer(one, 10 + n) for one in asked} | {"comment": f"Version {version}"}
            day = quarter_end(quarter) + timedelta(days=10 + version)
            rows = [{"member": member, "quarter": quarter, "submitted_on": day, **answers} for member in members]
            raw.write_plain(quarter, rows, name=f"{version}.xlsx", received_on=day.isoformat())
            count += len(rows)
    return count


def limit() -> None:
    """Limit the memory of a process, and of each that it starts, to a gibibyte."""
    resource.setrlimit(resource.RLIMIT_DATA, (GIB, GIB))


def measure(raw: Raw, quarter: str, limited: bool) -> tuple[float, int]:
    """Make an edition; return its seconds and the peak memory of its processes together."""
    began, most = time.monotonic(), 0
    run = start(raw.root, "run", quarter, "--language", "fr", preexec_fn=limit if limited else None)
    while run.poll() is None:
        most = max(most, _held(run.pid))
        try:
            output = run.communicate(timeout=0.3)
        except subprocess.TimeoutExpired:
            continue
        assert run.returncode == 0, output
    return time.monotonic() - began, most


def _held(pid: int) -> int:
    """Return the private memory of the processes of a run."""
    held = 0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            held += process.memory_full_info().uss
        except psutil.Error:  # it ended as it was looked at
            continue
    return held


def make(root: Path, form: Form, last: str, versions: int, limited: bool = False) -> tuple[int, float, int]:
    """Make an edition of several versions of every return; return their number, the seconds and the memory."""
    raw = Raw(root, form)
    (root / "data" / "raw" / "registers").mkdir(parents=True)
    count = receive(raw, form, last, versions)
    seconds, most = measure(raw, last, limited)
    assert len(published(root)) == 16
    print(f"{last}: {count} returns, {seconds:.0f} s, {most / GIB:.2f} GiB at most")
    return count, seconds, most


def test_f20_every_quarter_of_the_plan_fits_in_a_gibibyte(tmp_path, form):
    # 45 members, 16 quarters and 58 questions are as many answers as 20 indicators would be in 46 quarters.
    assert make(tmp_path, form, "2025Q4", 1, limited=True)[2] < GIB


def test_f21_ten_times_the_returns_take_less_than_two_minutes_and_at_most_ten_times_as_long(tmp_path, form):
    few, seconds, _ = make(tmp_path / "once", form, "2024Q3", 1)
    many, longer, _ = make(tmp_path / "tenfold", form, "2025Q4", 6)
    assert many >= 10 * few and longer < 60 * MINUTES and longer / seconds < many / few
