"""Reading returns against openpyxl's own reading of the same files, values only: ratios of one run, and the memory.

A quarter of 45 mailed workbooks, and one export of 2,000 submissions with 80 or 196 columns. Prints and writes medians
of several turns taken in pairs, so that a noisy machine disturbs both alike.
"""

from __future__ import annotations

import io
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import openpyxl  # noqa: E402

from exports import Said, kobo, mailed  # noqa: E402
from helpers.ingest.quarter import read_quarter  # noqa: E402
from helpers.plan.plan import read_plan  # noqa: E402
from helpers.plan.questionnaire import Form, read_form  # noqa: E402
from present import REPEAT  # noqa: E402

Q, TURNS = "2024Q3", 5


def invent(form: Form, number: int, member: str) -> Said:
    """Return an invented return that answers every question."""
    answers: dict[str, object] = {"member": member, "quarter": Q, "submitted_on": f"2024-10-{1 + number % 28:02}"}
    for n, question in enumerate(form.questions):
        if question.name in answers:
            continue
        if question.type == "integer":
            answers[question.name] = 100 + (number * 7 + n) % 900
        elif question.type == "date":
            answers[question.name] = "2024-03-01"
        elif question.choices:
            answers[question.name] = question.choices[(number + n) % (len(question.choices) - 1)]
        else:
            answers[question.name] = f"texte {number} {n}"
    item = {"kind": "solution", "reference": f"{member}-{number}", "title": "Suivi", "local_experts": 2}
    return {**answers, REPEAT: [item]}


def floor(contents: Sequence[bytes]) -> int:
    """Read every cell's value as openpyxl gives it, and do nothing with it."""
    cells = 0
    for content in contents:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for sheet in book.worksheets:
            cells += sum(len(row) for row in sheet.iter_rows(values_only=True))
        book.close()
    return cells


def timed(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(name: str, files: dict[str, bytes]) -> str:
    """Return one row of the results: what reading some files takes, and how that compares with the floor."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PAPU_ROOT"] = folder
        quarter = Path(folder) / "data" / "raw" / Q
        quarter.mkdir(parents=True)
        for file, content in files.items():
            (quarter / file).write_bytes(content)
            os.utime(quarter / file, (1.7e9, 1.7e9))
        returns = len(read_quarter(Q).returns)
        pairs = [(timed(lambda: read_quarter(Q)), timed(lambda: floor(list(files.values())))) for _ in range(TURNS)]
    ours, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratios = [our / their for our, their in pairs]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cells = floor(list(files.values()))
    spread = f"{statistics.median(ratios):.2f} × ({min(ratios):.2f}-{max(ratios):.2f})"
    return f"| {name} | {returns} | {cells} | {ours:.2f} s | {theirs:.2f} s | {spread} | {peak:.0f} MiB |"


def main() -> None:
    """Measure the cases, print and write `INGEST.md`."""
    form, members = read_form(), [member.member for member in read_plan().members]
    mail = {f"{m}.xlsx": mailed("fr").write(form, [invent(form, n, m)]) for n, m in enumerate(members)}
    many = [invent(form, n, members[n % len(members)]) for n in range(2_000)]
    rows = [
        compare("45 mailed questionnaires", mail),
        compare("one export, choices in one column", {"kobo.xlsx": kobo(select="summary").write(form, many)}),
        compare("one export, choices both ways", {"kobo.xlsx": kobo().write(form, many)}),
    ]
    text = "\n".join([
        "# Reading returns",
        "",
        f"`read_quarter` against openpyxl's own read-only reading of the same files, {TURNS} turns each, in turn, on "
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}. Trust the ratio, not the seconds.",
        "",
        "| | returns | cells | ours | openpyxl | ratio, pair by pair | peak so far |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
    ])  # fmt: skip
    (ROOT / "benchmarks" / "INGEST.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
