"""Counting lists of offices of 30 thousand, 700 thousand and 50 million rows: time and peak memory.

Each measurement runs in a process of its own: the package's function on DuckDB and on pandas, and SQL written by hand.
Prints what it measured, and writes it into docs/scale.md. Usage: offices.py [ROWS…]; 50 million take some minutes.
"""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

import pages

SIZES = {30_000: 55, 700_000: 192, 50_000_000: 192}  # rows, and members: Africa, the world, far beyond it
ROUNDS = 3
MOST_PANDAS = 8 << 30  # bytes: beyond it pandas does not fit
COLUMNS = ("open", "electricity", "alternative_power", "internet", "networked")
SAMPLE = """
COPY (SELECT 'M' || lpad((n % {members})::VARCHAR, 3, '0') AS member, 'B' || lpad(n::VARCHAR, 8, '0') AS office,
  {flags} FROM range({rows}) AS t(n)) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 100_000)
"""
# An office that is listed twice is one; what else the package tells of a list is not asked of these.
ONE_QUERY = """
SELECT member, sum(n), count(*), {totals} FROM (
  SELECT member, office, count(*) AS n, {flags} FROM read_parquet('{path}') GROUP BY member, office) GROUP BY member
"""
PATTERNS = "SELECT member, {columns}, count(*) FROM read_parquet('{path}') GROUP BY ALL"
TWICE = "SELECT hash(member, office) AS mark FROM read_parquet('{path}') GROUP BY mark HAVING count(*) > 1 LIMIT 1"


def invent(path: Path, rows: int) -> None:
    """Write an invented list of so many rows: most offices open, one in a thousand answers blank, no office twice."""
    shares = dict(zip(COLUMNS, (970, 800, 300, 600, 400), strict=True))
    draw = {name: f"hash(n * 5 + {number}) % 1000" for number, name in enumerate(COLUMNS)}
    flags = ", ".join(
        f"CASE WHEN {draw[name]} = 999 THEN '' WHEN {draw[name]} < {share} THEN 'yes' ELSE 'no' END AS {name}"
        for name, share in shares.items()
    )
    duckdb.sql(SAMPLE.format(members=SIZES.get(rows, 192), flags=flags, rows=rows, path=path))


def count_here(path: Path) -> int:
    """Count with the package, as it does what was received."""
    from helpers.ingest import offices

    with offices.open_list(path, offices.MEMORY[0]) as (connection, _):
        frame = connection.sql("SELECT *, hash(member, office) AS mark FROM offices")
        return sum(count.offices for count in offices.count_offices(frame, COLUMNS, ("mark",)).values())


def count_pandas(path: Path) -> int:
    """Count with the same function, on a frame of pandas."""
    import pandas as pd

    from helpers.ingest import offices

    resource.setrlimit(resource.RLIMIT_AS, (MOST_PANDAS, MOST_PANDAS))
    return sum(count.offices for count in offices.count_offices(pd.read_parquet(path), COLUMNS).values())


def count_by_hand(path: Path, queries: tuple[str, ...]) -> int:
    """Count with DuckDB's own SQL, under the memory and with the threads that the package takes."""
    from helpers.ingest import offices

    totals = ", ".join(f"count(*) FILTER (WHERE open AND {name})" for name in COLUMNS)
    words = {"totals": totals, "path": path, "columns": ", ".join(COLUMNS)}
    flags = ", ".join(f"bool_and({name} = 'yes') AS {name}" for name in COLUMNS)
    with tempfile.TemporaryDirectory() as folder:
        options = {"memory_limit": offices.MEMORY[0], "threads": offices.THREADS, "temp_directory": folder}
        with duckdb.connect(config=options | {"preserve_insertion_order": False}) as connection:
            connection.execute("SET enable_progress_bar = false")
            first, *_ = [connection.sql(query.format(flags=flags, **words)).fetchall() for query in queries]
    return sum(row[2] if queries == (ONE_QUERY,) else row[-1] for row in first)


METHODS: Mapping[str, Callable[[Path], int]] = {
    "the package, on DuckDB": count_here,
    "SQL by hand, one query": lambda path: count_by_hand(path, (ONE_QUERY,)),
    "SQL by hand, two queries": lambda path: count_by_hand(path, (PATTERNS, TWICE)),
    "the package, on pandas": count_pandas,
}


def measure(method: str, path: Path) -> dict[str, float | str]:
    """Run a method in a process of its own; return its seconds and its peak memory (MiB), or why there are none."""
    command = [sys.executable, __file__, "--one", method, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["killed"])[-1]
        return {"failed": "out of memory" if re.search("(?i)memory|malloc|realloc", result.stderr) else last[:60]}
    return json.loads(result.stdout.splitlines()[-1])


def better(before: dict[str, float | str] | None, now: dict[str, float | str]) -> dict[str, float | str]:
    """Return two measurements as one: the fewest seconds, the highest peak."""
    if before is None or "failed" in now:
        return now
    return now | {"seconds": min(before["seconds"], now["seconds"]), "peak": max(before["peak"], now["peak"])}


def run_one(method: str, path: Path) -> None:
    """Count, and print seconds and peak memory; of a small list the fewest of five times."""
    import narwhals  # noqa: F401
    import pandas  # noqa: F401

    from helpers.ingest import offices  # noqa: F401

    seconds = []
    while len(seconds) < 5 and sum(seconds) < 5:
        started = time.perf_counter()
        n = METHODS[method](path)
        seconds.append(time.perf_counter() - started)
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    print(json.dumps({"offices": n, "seconds": min(seconds), "peak": int(peak[1]) / 1024}))


def describe(size: int, found: Mapping[str, Mapping[str, float | str]]) -> list[str]:
    """Return the rows of the table for one size; times are also those of the fastest SQL by hand."""
    hand = [found[name]["seconds"] for name in found if name.startswith("SQL") and "seconds" in found[name]]
    lines = []
    for name, one in found.items():
        if "failed" in one:
            lines.append(f"| {size:,} | {name} | {one['failed']} | | |")
        else:
            ratio = f"{one['seconds'] / min(hand):.2f}" if hand else ""
            lines.append(f"| {size:,} | {name} | {one['seconds']:.2f} | {one['peak']:.0f} | {ratio} |")
    return lines


def main(sizes: list[int]) -> None:
    """Measure every size, print it and write it down."""
    lines = [
        f"Measured by `make benchmark-scale` on {os.cpu_count()} processors ({platform.machine()}), DuckDB "
        f"{duckdb.__version__}, Parquet, no office listed twice; 55 members in the first size, 192 in the others.",
        "", "| rows | counted by | seconds | peak, MiB | times SQL by hand |", "|---|---|---|---|---|",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / f"{size}.parquet"
            subprocess.run([sys.executable, __file__, "--invent", str(path), str(size)], check=True)
            found: dict[str, dict[str, float | str]] = {}
            for name in [*METHODS] * ROUNDS:  # in turn: what else the machine does then slows no method alone
                if "failed" not in found.get(name, {}):
                    found[name] = better(found.get(name), measure(name, path))
            counted = {one["offices"] for one in found.values() if "offices" in one}
            assert counted == {size}, counted
            lines += describe(size, found)
            print("\n".join(lines[-len(METHODS) :]), flush=True)
    pages.write_part("offices", lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        run_one(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--invent"]:
        invent(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main([int(text) for text in sys.argv[1:]] or list(SIZES))
