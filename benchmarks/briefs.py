"""What a brief costs, here and on a Dask cluster of two workers, and from it what many members and quarters cost.

A command costs so much for the quarter, whose tables it makes once, and so much for each brief: both come from two
runs, of few briefs and of many, the fastest of three in turn. Prints it, and writes it into docs/scale.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pages
from desk import QUARTER, ROOT, make_place, papu, run
from helpers.runs import cluster

MEMBERS, FEW = ("KEN", "SEN", "TUN", "MOZ", "EGY", "GHA", "MLI", "ZWE"), 1
LANGUAGES = ("fr", "en", "pt", "ar")
ROUNDS = 3
UNIONS = {"this plan, one quarter": (45, 1, 1), "African Union": (55, 4, 16), "Universal Postal Union": (192, 4, 16)}
WORKERS = (2, 16, 128)


@contextlib.contextmanager
def start_cluster() -> Iterator[str]:
    """Start Dask's scheduler and two workers of one thread; yield the scheduler's address."""
    dask = [sys.executable, "-m", "dask"]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ended:

        def start(*words: str) -> None:
            log = ended.enter_context(tempfile.TemporaryFile())
            process = subprocess.Popen([*dask, *words, "--no-dashboard"], cwd=folder, stdout=log, stderr=log)
            ended.callback(process.wait)
            ended.callback(process.terminate)

        told = Path(folder) / "scheduler.json"
        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
        while not told.exists():
            time.sleep(0.1)
        address = json.loads(told.read_text(encoding="utf-8"))["address"]
        for _ in range(2):
            start("worker", address, "--nthreads", "1")
        time.sleep(5)  # for the workers to be there
        yield address


def measure(address: str) -> tuple[dict[tuple[str, int], float], int]:
    """Return seconds by method and number of briefs, and the bytes of a brief with its notebook."""
    ways = {"here, one at a time": ["--workers", "1"], "here, two at a time": ["--workers", "2"],
            "Dask, two workers here": ["--backend", "dask", "--scheduler", address]}  # fmt: skip
    languages = [word for language in LANGUAGES for word in ("--language", language)]
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    size = 0
    for way, count in [(way, count) for _ in range(ROUNDS) for way in ways for count in (FEW, len(MEMBERS))]:
        members = [word for member in MEMBERS[:count] for word in ("--member", member)]
        with make_place(ROOT) as place:
            measured = run(papu(ROOT, "briefs", QUARTER, *members, *languages, *ways[way]), place)
            made = [*place.glob("reports/*/*-briefs/*.pdf"), *place.glob("reports/*/*-briefs/notebooks/*.ipynb")]
            assert len(made) == 2 * count * len(LANGUAGES)
            size = sum(path.stat().st_size for path in made) // (count * len(LANGUAGES))
        seconds[way, count * len(LANGUAGES)].append(measured.seconds)
        print(f"{way}, {count * len(LANGUAGES)} briefs: {measured.seconds:.1f} s", flush=True)
    return {key: min(times) for key, times in seconds.items()}, size


def main() -> None:
    """Measure, print and write."""
    with start_cluster() as address:
        seconds, size = measure(address)
    few, many = sorted({n for _, n in seconds})
    each = {way: (seconds[way, many] - seconds[way, few]) / (many - few) for way, n in seconds if n == few}
    lines = [
        f"Measured by `make benchmark-scale` on {os.cpu_count()} processors ({platform.machine()}), Python "
        f"{platform.python_version()}: {few} and {many} briefs of {QUARTER}, in four languages. A brief and its "
        f"notebook are {size / 1000:.0f} kB; a task sends {len(cluster.pack_parcel(QUARTER, '').files) / 1000:.0f} kB.",
        "", "| made by | the quarter, seconds | each brief, seconds |", "|---|---|---|",
    ]  # fmt: skip
    fixed = {way: seconds[way, few] - few * each[way] for way in each}
    lines += [f"| {way} | {fixed[way]:.1f} | {each[way]:.2f} |" for way in each]
    way = "Dask, two workers here"
    head = "".join(f" {n} workers |" for n in WORKERS)
    rule = "|---|---|---|" + "---|" * (len(WORKERS) + 1)
    lines += [
        "", "From it, by multiplication: not measured. A quarter's tables are made here, one after another, and taken "
        "to cost what they do for 45 members.", "", f"| | briefs | hours of a worker |{head} disk |", rule,
    ]  # fmt: skip
    for union, (members, languages, quarters) in UNIONS.items():
        n, per_brief = members * languages * quarters, 2 * each[way]  # the two workers share what each brief takes
        times = "".join(f" {(quarters * fixed[way] + n * per_brief / k) / 60:.1f} min |" for k in WORKERS)
        parts = f"{members} members × {languages} × {quarters}"
        lines.append(f"| {union}: {parts} | {n:,} | {n * per_brief / 3600:.1f} |{times} {n * size / 1e9:.1f} GB |")
    print("\n".join(lines))
    pages.write_part("briefs", lines)


if __name__ == "__main__":
    main()
