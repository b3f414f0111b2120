"""Shared by the slow faults: a root with some quarters of the sample, and the command run in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from commands import hashes
from conftest import ROOT

QUARTER, DAY = "2022Q3", "2022-11-14"
RUN = ("run", QUARTER, "--language", "fr")


def make_root(root: Path, *quarters: str) -> Path:
    """Make a root with the registers and some quarters of the sample only."""
    for name in ("registers", *(quarters or (QUARTER,))):
        shutil.copytree(ROOT / "data" / "raw" / name, root / "data" / "raw" / name)
    return root


def start(
    root: Path, *words: str, before: tuple[str, ...] = (), variables: Mapping[str, str] | None = None, **options: object
) -> subprocess.Popen:
    """Start the command in a root; `before` is a command that runs it, such as `unshare`."""
    environment = os.environ | {"PAPU_ROOT": str(root)} | (variables or {})
    command = [*before, sys.executable, "-m", "helpers", *words]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def papu(root: Path, *words: str, **options: object) -> None:
    """Run the command in a root; it must succeed."""
    run = start(root, *words, **options)
    log = run.communicate(timeout=400)[1]
    assert run.returncode == 0, log


def published(root: Path) -> dict[str, str]:
    """Return the digests of the editions and briefs of a root, without manifests, hidden files and the site."""
    parts = {part: hashes(root / part) for part in ("reports", "data/processed")}
    found = {f"{part}/{name}": digest for part, files in parts.items() for name, digest in files.items()}
    of_quarters = re.compile(r"(reports|data/processed)/\d{4}Q\d/")
    return {name: digest for name, digest in found.items() if of_quarters.match(name) and "/." not in name}


def kill(run: subprocess.Popen) -> list[psutil.Process]:
    """Kill a run with -9; return its processes. It is suspended first, so that it starts no more of them."""
    process = psutil.Process(run.pid)
    process.suspend()
    children = process.children(recursive=True)
    run.kill()
    run.communicate()
    return children


def may(*words: str) -> bool:
    """Return whether a command exists and is allowed here."""
    return bool(shutil.which(words[0])) and subprocess.run(words, capture_output=True).returncode == 0
