"""What the slow faults share: a root with some quarters of the sample, and the command run in it as anybody runs it."""

from __future__ import annotations

import os
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
    """Make a root with data only: the registers and some quarters of the sample."""
    for name in ("registers", *(quarters or (QUARTER,))):
        shutil.copytree(ROOT / "data" / "raw" / name, root / "data" / "raw" / name)
    return root


def start(
    root: Path, *words: str, before: tuple[str, ...] = (), variables: Mapping[str, str] | None = None, **options: object
) -> subprocess.Popen:
    """Start the command in a root; `before` are the words of a command that runs it, `unshare` say."""
    environment = os.environ | {"PAPU_ROOT": str(root)} | (variables or {})
    command = [*before, sys.executable, "-m", "helpers", *words]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def papu(root: Path, *words: str, **options: object) -> None:
    """Run the command to a good end in a root."""
    run = start(root, *words, **options)
    told = run.communicate(timeout=400)[1]
    assert run.returncode == 0, told


def published(root: Path) -> dict[str, str]:
    """Return the digests of what is published in a root, the manifests left out, and what is hidden."""
    parts = {part: hashes(root / part) for part in ("reports", "data/processed")}
    found = {f"{part}/{name}": digest for part, files in parts.items() for name, digest in files.items()}
    return {name: digest for name, digest in found.items() if "/." not in name}


def kill(run: subprocess.Popen) -> list[psutil.Process]:
    """Kill a run with -9; return the processes it had: it is stopped first, so that it starts no more."""
    process = psutil.Process(run.pid)
    process.suspend()
    children = process.children(recursive=True)
    run.kill()
    run.communicate()
    return children


def may(*words: str) -> bool:
    """Tell whether a command is there and may be run here."""
    return bool(shutil.which(words[0])) and subprocess.run(words, capture_output=True).returncode == 0
