"""Reading and measuring ten quarters of 45 and 450 invented members: what grows, and how fast.

Each size runs in a process of its own. Prints and writes SCALE.md. Usage: scale.py [TIMES…]; 100 takes half an hour.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import resource
import shutil
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from exports import plain_csv  # noqa: E402
from helpers.ingest import read_returns  # noqa: E402
from helpers.plan import quarters, read_plan, read_settings  # noqa: E402, read_settings
from helpers.plan.questionnaire import LABEL_LANGUAGES, read_form  # noqa: E402
from helpers.strings import LANGUAGES  # noqa: E402
from helpers.tables import pipeline  # noqa: E402
from helpers.tables.recorded import read_whole_registers  # noqa: E402
from ingest import invent  # noqa: E402

LAST, N_QUARTERS, N_MEMBERS = "2024Q3", 10, 45
STEPS = ("reading", "tables of returns", "KPIs")


def add_rows(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Add rows to a file of the plan, by column; what a row does not have is blank."""
    with path.open(encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file))
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, columns, restval="", lineterminator="\n").writerows(rows)


def invent_members(folder: Path, times: int) -> list[str]:
    """Add invented members to a plan, as many times as it has; return the codes of all."""
    members = read_plan().members
    known = {member.member for member in members}
    codes = ("".join(letters) for letters in itertools.product(string.ascii_uppercase, repeat=3))
    codes = (code for code in codes if code not in known)
    new = list(itertools.islice(codes, len(members) * (times - 1)))
    regions = itertools.cycle(member.region for member in members)
    reference = {"reference_offices": "1000", "reference_staff": "5000", "reference_basis": "invented"}
    named = [{f"name_{language}": f"{code} {language}" for language in LANGUAGES} for code in new]
    add_rows(folder / "members.csv", (
        {"member": code, "region": region, "language": "fr", **names, **reference}
        for code, region, names in zip(new, regions, named, strict=False)
    ))  # fmt: skip
    add_rows(folder / "aliases.csv", ({"alias": code, "iso3": code, "papu_member": "yes"} for code in new))
    labels = {language: f"label::{name}" for language, name in LABEL_LANGUAGES.items()}
    add_rows(folder / "questionnaire" / "choices.csv", (
        {"list_name": "member", "name": code, **{labels[k]: names[f"name_{k}"] for k in labels}}
        for code, names in zip(new, named, strict=True)
    ))  # fmt: skip
    return [*known, *new]


def invent_returns(root: Path, times: int) -> None:
    """Write a plan and ten quarters of returns, one CSV file each."""
    shutil.copytree(ROOT / "data" / "raw" / "plan", root / "data" / "raw" / "plan")
    members, form = invent_members(root / "data" / "raw" / "plan", times), read_form()
    for quarter in quarters.quarters_between(quarters.shift(LAST, 1 - N_QUARTERS), LAST):
        said = [invent(form, n, member) | {"quarter": quarter} for n, member in enumerate(members)]
        folder = root / "data" / "raw" / quarter
        folder.mkdir()
        (folder / "returns.csv").write_bytes(plain_csv().write(form, said))


def measure(out: Path) -> dict[str, float]:
    """Read and measure what lies in PAPU_ROOT; return seconds by step, the most memory in MiB, and the answers.

    The plan is not held against its map and texts, which have room for a hundred members.
    """
    day, times = read_settings().resolve_date(LAST), [time.perf_counter()]
    returns = read_returns(read_settings().quarters_to(LAST))
    source = pipeline.RawData(read_plan(), read_form(), returns, read_whole_registers())
    times.append(time.perf_counter())
    pipeline.write_ingested(source, LAST, day, out)
    times.append(time.perf_counter())
    pipeline.write_measured(LAST, day, out)
    times.append(time.perf_counter())
    seconds = dict(zip(STEPS, (after - before for before, after in itertools.pairwise(times)), strict=True))
    answers = sum(len(received.answers) for received in source.received.returns)
    return seconds | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "answers": answers}


def measure_apart(times: int) -> dict[str, float]:
    """Measure one size in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        invent_returns(Path(folder), times)
        ran = subprocess.run(
            [sys.executable, __file__, "--here", folder], env=os.environ | {"PAPU_ROOT": folder}, stdout=subprocess.PIPE
        )
        if ran.returncode:
            raise SystemExit(f"{times} times: failed")
        return json.loads(ran.stdout)


def main(sizes: list[int]) -> None:
    """Measure, print and write SCALE.md."""
    found = {times: measure_apart(times) for times in sizes}
    lines = [
        "# Ten times the data", "",
        f"Ten quarters of invented returns, `python benchmarks/scale.py`, Python {sys.version.split()[0]}. Linear is "
        "the same number of microseconds an answer.", "",
        "| members | answers | " + " | ".join(STEPS) + " | microseconds an answer | peak memory |", "|" + "---|" * 7,
    ]  # fmt: skip
    for times, one in found.items():
        seconds = [one[step] for step in STEPS]
        each = 1e6 * sum(seconds) / one["answers"]
        cells = [f"{times * N_MEMBERS:,}", f"{one['answers']:,}", *(f"{s:.1f} s" for s in seconds), f"{each:.0f}"]
        lines.append(f"| {' | '.join(cells)} | {one['memory']:.0f} MiB |")
    text = "\n".join(lines) + "\n"
    print(text)
    (ROOT / "benchmarks" / "SCALE.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        print(json.dumps(measure(Path(sys.argv[2]) / "build")))
    else:
        main([int(text) for text in sys.argv[1:]] or [1, 10])
