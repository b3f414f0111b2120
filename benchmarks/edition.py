"""An edition in two languages against its floor: the same cells called in order in one plain script, no notebook.

Interleaved runs; prints and writes medians with min and max, the ratio pair by pair, and the peak memory of all the
processes of a run together (shared pages counted in each, so an upper estimate). Usage: edition.py [RUNS]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
QUARTER, LANGUAGES = "2024Q3", ("fr", "en")
STEPS = [("01_ingest", ""), ("02_kpis", ""), *(("03_report", language) for language in LANGUAGES)]


@dataclass(frozen=True)
class Measured:
    """One run: seconds on the clock, and the most memory that it and its children held, in MiB."""

    seconds: float
    memory: float


def write_floor(path: Path) -> None:
    """Write the plain script: the code cells of the notebooks one after the other, in one process."""
    lines = []
    for notebook, language in STEPS:
        cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
        for cell in (cell for cell in cells if cell["cell_type"] == "code"):
            lines.append("".join(cell["source"]))
            if "parameters" in cell["metadata"].get("tags", ()):
                lines.append(f"quarter, as_of, language = {QUARTER!r}, '', {language!r}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def held(process: psutil.Process) -> float:
    """Return the memory that a process and its children hold now, in MiB."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 2**20


def run(command: list[str], root: Path) -> Measured:
    """Run a command to its end; refuse to measure one that failed."""
    environment = os.environ | {"PAPU_ROOT": str(root)}
    began = time.perf_counter()
    process = psutil.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = 0.0
    while process.poll() is None:
        try:
            peak = max(peak, held(process))
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    if process.wait():
        raise SystemExit(f"{command}: failed\n{process.stderr.read().decode()}")
    return Measured(seconds, peak)


def write_row(name: str, values: list[float], unit: str) -> str:
    """Return one row of the results."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"| {name} | {middle:.2f} {unit} | {low:.2f} | {high:.2f} |"


def make_place(folder: Path) -> Path:
    """Make an empty place to work in: the checkout's notebooks and raw data, and nothing published."""
    (folder / "data").mkdir(parents=True)
    for name in ("notebooks", "requirements.lock", "data/raw"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def main(runs: int) -> None:
    """Measure, print and write `RESULTS.md`."""
    edition = [sys.executable, "-m", "helpers", "run", QUARTER, *(f"--language={language}" for language in LANGUAGES)]
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        floor = Path(folder) / "floor.py"
        write_floor(floor)
        for n in range(runs):
            plain = run([sys.executable, str(floor)], make_place(Path(folder) / f"floor-{n}"))
            pairs.append((run(edition, make_place(Path(folder) / f"edition-{n}")), plain))
    report(pairs)


def report(pairs: list[tuple[Measured, Measured]]) -> None:
    """Print the results and write them."""
    ratios = [edition.seconds / floor.seconds for edition, floor in pairs]
    lines = [
        "# Results",
        "",
        f"`make benchmark`: the edition of {QUARTER} in {' and '.join(LANGUAGES)}, {len(pairs)} runs of each, in turn, "
        f"on {os.cpu_count()} cores, Python {sys.version.split()[0]}. Trust the ratio, not the seconds.",
        "",
        "| | median | min | max |",
        "|---|---|---|---|",
        write_row("edition (`papu run`)", [edition.seconds for edition, _ in pairs], "s"),
        write_row("floor (one plain script)", [floor.seconds for _, floor in pairs], "s"),
        write_row("ratio, pair by pair", ratios, "×"),
        write_row("memory of the edition, all processes", [edition.memory for edition, _ in pairs], "MiB"),
        write_row("memory of the floor", [floor.memory for _, floor in pairs], "MiB"),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (ROOT / "benchmarks" / "RESULTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
