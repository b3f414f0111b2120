"""Damaged and hostile files against the reader of returns, for some minutes: every one must end in issues.

The corpus is every variant of tests/exports.py; each turn damages one of its files: bytes changed, cut or repeated, the
members of an archive rewritten, cells of a text replaced by awkward ones. The process may hold 1 GiB and a file may
take 20 s. Prints what happened; exit 1 when a file raised, took too long, or left no trace.

Usage: fuzz.py [MINUTES] [SEED]
"""

from __future__ import annotations

import collections
import io
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from exports import VARIANTS  # noqa: E402
from helpers.ingest import rules  # noqa: E402
from helpers.ingest.quarter import read_quarter  # noqa: E402
from helpers.ingest.registers import read_registers  # noqa: E402
from helpers.plan.plan import read_plan  # noqa: E402
from helpers.plan.questionnaire import read_form  # noqa: E402
from helpers.tables import schema  # noqa: E402
from received import RETURNS  # noqa: E402

Q, AS_OF = "2024Q3", date(2024, 11, 14)
MEMORY, SECONDS = 1 << 30, 20
AWKWARD = [
    b"", b'"', b'""', b"\0", b"\xff\xfe", b"\r", b"\n\n", b";", b",", b"\t", b"=1+1", b"#DIV/0!", b"NaN", b"1e999",
    b"9" * 400, b"-0", b"\xe2\x80\x8b", b"<!DOCTYPE x>", b"&amp;", b"]]>", b"<c/>", b'r="XFD1048576"', b'hidden="1"',
    b"<f>1</f>", b"PK\x03\x04", b"../../x", b"1" * 5_000, b"\xd9\xa1\xd9\xa2", b"TOTAL", b"{", b"[" * 200, b"null",
]  # fmt: skip


def damage(content: bytes, chance: random.Random) -> bytes:
    """Return some bytes damaged in a few places."""
    text = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        if not text:
            break
        place, how = chance.randrange(len(text)), chance.randrange(6)
        if how == 0:
            text[place] = chance.randrange(256)
        elif how == 1:
            del text[place : place + chance.choice([1, 10, 1_000])]
        elif how == 2:
            text[place:place] = text[max(0, place - chance.choice([5, 200, 5_000])) : place]
        elif how == 3:
            text[place:place] = chance.choice(AWKWARD)
        elif how == 4:
            text[place : place + chance.choice([1, 4, 12])] = chance.choice(AWKWARD)
        else:
            text = text[: place + 1] if chance.random() < 0.2 else text
    return bytes(text)


def damage_members(content: bytes, chance: random.Random) -> bytes:
    """Return an archive with a member damaged, dropped, repeated or renamed, sound as an archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        names = archive.namelist()
        victim = chance.choice([*names, *(name for name in names if "sheet" in name or name.endswith(".csv"))])
        for name in names:
            how = chance.randrange(20) if name == victim else 99
            part = damage(archive.read(name), chance) if name == victim else archive.read(name)
            if how != 0:
                made.writestr(chance.choice(["../x", "x\\y", "/x", name.upper()]) if how == 1 else name, part)
    return target.getvalue()


def main() -> None:
    """Run for the minutes given."""
    minutes, seed = float((sys.argv[1:] or ["3"])[0]), int((sys.argv[2:] or ["20241114"])[0])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError("too slow")))
    chance, plan, form = random.Random(seed), read_plan(), read_form()
    corpus = {name: (variant.suffix, variant.write(form, RETURNS)) for name, variant in VARIANTS.items()}
    outcomes, failures, slowest = collections.Counter(), [], (0.0, "")
    end, turns = time.monotonic() + 60 * minutes, 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PAPU_ROOT"] = folder
        quarter = Path(folder) / "data" / "raw" / Q
        quarter.mkdir(parents=True)
        while time.monotonic() < end:
            turns += 1
            name = chance.choice(sorted(corpus))
            suffix, content = corpus[name]
            is_archive = content.startswith(b"PK") and chance.random() < 0.8
            content = (damage_members if is_archive else damage)(content, chance)
            path = quarter / f"{name}{chance.choice([suffix, '.xlsx', '.csv'])}"
            path.write_bytes(content)
            os.utime(path, (1.7e9, 1.7e9))
            began = time.perf_counter()
            signal.alarm(SECONDS)
            try:
                received = read_quarter(Q)
                verdict = rules.check_received(received, read_registers(), plan, form, AS_OF)
                found = schema.tabulate_ingested(verdict, form)
                signal.alarm(0)
                refusals = [i.key for i in received.issues if i.severity == "refused" and i.source_file]
                outcomes[refusals[0] if refusals else f"read, {min(len(received.returns), 4)} returns"] += 1
                if found["issues"].empty and not len(found["answers"]):
                    raise AssertionError("no trace of the file")
            except BaseException:
                signal.alarm(0)
                kept = Path(tempfile.gettempdir()) / f"fuzz-{seed}-{turns}{path.suffix}"
                kept.write_bytes(content)
                failures.append(f"{kept}\n{traceback.format_exc(limit=-4)}")
            slowest = max(slowest, (time.perf_counter() - began, name))
            path.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{turns} files in {minutes:g} minutes, seed {seed}; slowest {slowest[0]:.2f} s ({slowest[1]}); {peak:.0f} MiB"
    )
    for key, times in outcomes.most_common():
        print(f"  {times:6} {key}")
    print(f"{len(failures)} failures")
    for failure in failures[:10]:
        print(failure)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
