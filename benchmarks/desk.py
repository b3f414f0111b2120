"""The desk's work now, at commit be73697 and against its floor: the same work in turn in one run, so that a noisy
machine disturbs all alike. Prints and writes RESULTS.md. Usage: desk.py [TURNS]

The floor of an edition and of nbval is one plain script of the same cells. P is the CPU time of importing pandas.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
BASE, BASE_COMMIT = ROOT / "build" / "benchmark" / "base", "be73697"
QUARTER = "2024Q3"
EDITION = (("01_ingest", ""), ("02_kpis", ""), ("03_report", "fr"), ("03_report", "en"))
NOTEBOOKS = tuple((path.stem, "") for path in sorted((ROOT / "notebooks").glob("*.ipynb")))
# To reach: the row, the measure, that which it is compared with, the most that the ratio may be.
GOALS = (
    ("edition, fr + en", "edition now", "edition then", 0.40),
    ("edition, fr + en", "edition now", "edition, plain script", 1.15),
    ("each further language", "a language more", "edition now", 0.15),
    ("45 briefs, 2 workers", "briefs now", "briefs then", 0.25),
    ("papu verify, two languages", "verify now", "edition now", 1.1),
    ("nbval, five notebooks, 2 workers", "nbval now", "notebooks, plain script", 1.3),
)
COMMANDS = {  # the most that each may take, in P
    f"run {QUARTER}": 2, "run --due --today 2024-11-20": 2, f"check {QUARTER}": 3, f"explain 2.1.a {QUARTER}": 2,
    "status --today 2024-11-20": 0.6, "--help": 0.2,
}  # fmt: skip
MEMORY_GOAL = 450  # MiB of all processes of an edition, shared pages counted once


@dataclass(frozen=True)
class Measured:
    """One run: seconds on the clock, CPU seconds, and the most memory that all its processes held, in MiB."""

    seconds: float
    cpu: float
    memory: float


def held(process: psutil.Process) -> float:
    """Return the memory that a process and all below it hold now, in MiB; pages they share are counted once."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 2**20


def run(command: Sequence[str], root: Path) -> Measured:
    """Run a command to its end; refuse to measure one that failed."""
    before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0.0
    # What was edited is compiled once, as for a user, and not in every run.
    variables = {"PAPU_ROOT": str(root), "PYTHONDONTWRITEBYTECODE": ""}
    with tempfile.TemporaryFile() as log:
        process = psutil.Popen(command, cwd=root, env=os.environ | variables, stdout=log, stderr=log)
        while process.poll() is None:
            try:
                peak = max(peak, held(process))
            except psutil.Error:
                break
            time.sleep(0.5)  # adding up shared pages takes time itself
        seconds = time.perf_counter() - began
        if process.wait():
            log.seek(0)
            raise SystemExit(f"{' '.join(command)}: failed\n{log.read().decode(errors='replace')[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Measured(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak)


def python_of(checkout: Path) -> str:
    """Return the interpreter of a checkout's own environment."""
    return str(checkout / ".venv" / "bin" / "python")


def papu(checkout: Path, *words: str) -> list[str]:
    """Return the command `papu` of a checkout."""
    return [python_of(checkout), "-m", "helpers", *words]


def set_up_base() -> None:
    """Check out the commit to compare with, and make its environment."""
    if not BASE.is_dir():
        subprocess.run(["git", "-C", str(ROOT), "worktree", "add", "--detach", str(BASE), BASE_COMMIT], check=True)
    subprocess.run(["make", "-C", str(BASE), "--silent", "setup"], check=True)


@contextmanager
def make_place(checkout: Path) -> Iterator[Path]:
    """Yield an empty place to work in: a checkout's notebooks and raw data, and nothing published."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "data").mkdir()
        for name in ("notebooks", "requirements.lock", "data/raw"):
            (Path(folder) / name).symlink_to(checkout / name)
        yield Path(folder)


def write_script(path: Path, steps: Sequence[tuple[str, str]]) -> Path:
    """Write the code cells of notebooks one after the other, as a script that runs in one process."""
    lines = ["from IPython.display import display"]
    for notebook, language in steps:
        cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
        for cell in (cell for cell in cells if cell["cell_type"] == "code"):
            lines.append("".join(cell["source"]))
            if language and "parameters" in cell["metadata"].get("tags", ()):
                lines.append(f"language = {language!r}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def measure_turn(found: dict[str, list[Measured]], with_briefs: bool) -> None:
    """Measure everything once, in turn."""
    languages = ("--language", "fr", "--language", "en")
    with make_place(BASE) as place:
        found["edition then"].append(run(papu(BASE, "run", QUARTER, *languages), place))
        if with_briefs:
            found["briefs then"].append(run(papu(BASE, "briefs", QUARTER, "--workers", "2"), place))
    with make_place(ROOT) as place:
        script = write_script(place / "edition.py", EDITION)
        found["edition, plain script"].append(run([python_of(ROOT), str(script)], place))
    with make_place(ROOT) as place:
        four = run(papu(ROOT, "run", QUARTER, *languages, "--language", "pt", "--language", "ar"), place)
    with make_place(ROOT) as place:
        two = run(papu(ROOT, "run", QUARTER, *languages), place)
        found["edition now"].append(two)
        found["a language more"].append(Measured((four.seconds - two.seconds) / 2, 0, four.memory))
        if with_briefs:
            found["briefs now"].append(run(papu(ROOT, "briefs", QUARTER, "--workers", "2"), place))
        found["verify now"].append(run(papu(ROOT, "verify", QUARTER), place))
        for words in COMMANDS:
            found["P"].append(run([python_of(ROOT), "-c", "import pandas"], place))
            found[words].append(run(papu(ROOT, *words.split()), place))
    with make_place(ROOT) as place:
        script = write_script(place / "notebooks.py", NOTEBOOKS)
        found["notebooks, plain script"].append(run([python_of(ROOT), str(script)], place))
    options = ("--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadscope")
    found["nbval now"].append(run([python_of(ROOT), "-m", "pytest", "notebooks", *options], ROOT))


def write_row(name: str, values: Sequence[float], unit: str, goal: float | None = None) -> str:
    """Return one row of the results: median, least, most, and the goal where there is one."""
    low, middle, high = min(values), statistics.median(values), max(values)
    wanted = "" if goal is None else f"≤ {goal:g} {unit}: {'reached' if middle <= goal else 'not reached'}"
    return f"| {name} | {middle:.2f} {unit} | {low:.2f} | {high:.2f} | {wanted} |"


def report(found: dict[str, list[Measured]]) -> None:
    """Print the results and write them."""
    lines = [
        "# Results", "",
        f"`make benchmark`: {QUARTER}, the same work in turn on {os.cpu_count()} cores, Python "
        f"{sys.version.split()[0]}; then is commit {BASE_COMMIT} in its own environment. Trust the ratios, not the "
        f"seconds. {len(found['edition now'])} turns, {len(found['briefs now'])} of the briefs.", "",
        "| ratio | median | min | max | to reach |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, measure, reference, goal in GOALS:
        ratios = [a.seconds / b.seconds for a, b in zip(found[measure], found[reference], strict=False)]
        lines.append(write_row(f"{name}: {measure} / {reference}", ratios, "×", goal))
    p = statistics.median(one.cpu for one in found["P"])
    lines += [
        write_row(f"`papu {words}`", [m.cpu / p for m in found[words]], "P", COMMANDS[words]) for words in COMMANDS
    ]
    lines.append(write_row("memory of an edition now", [m.memory for m in found["edition now"]], "MiB", MEMORY_GOAL))
    lines.append(write_row("memory of an edition then", [m.memory for m in found["edition then"]], "MiB"))
    lines += ["", "| seconds | median | min | max | |", "|---|---|---|---|---|"]
    timed = dict.fromkeys(name for _, *names, _ in GOALS for name in names)
    lines += [write_row(name, [m.seconds for m in found[name]], "s") for name in timed]
    text = "\n".join(lines) + "\n"
    print(text)
    (ROOT / "benchmarks" / "RESULTS.md").write_text(text, encoding="utf-8")


def main(turns: int) -> None:
    """Measure, print and write RESULTS.md; the briefs, which take longest, in the first turn only."""
    set_up_base()
    found: dict[str, list[Measured]] = defaultdict(list)
    for turn in range(turns):
        measure_turn(found, with_briefs=turn == 0)
        print(f"turn {turn + 1} of {turns} is done", file=sys.stderr)
    report(found)


if __name__ == "__main__":
    if shutil.which("git") is None:
        raise SystemExit("desk.py needs git, to check out what it compares with")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
