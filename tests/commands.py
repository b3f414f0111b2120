"""Shared by tests of whole commands: a small notebook, the command, digests, waiting."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def write_notebook(path: Path, *sources: str, declares: tuple[str, ...] = ("quarter",)) -> Path:
    """Write a small notebook; its first cell declares the parameters."""
    parameters = "\n".join(f'{name}: str = ""  # the {name}' for name in declares)
    cells = [
        {"cell_type": "code", "id": f"cell-{n}", "metadata": {"tags": ["parameters"]} if n == 0 else {},
         "execution_count": None, "outputs": [], "source": text}
        for n, text in enumerate([parameters, *sources])
    ]  # fmt: skip
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    path.write_text(
        json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
    )
    return path


def papu(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "helpers", *arguments], capture_output=True, text=True, env=os.environ | variables
    )


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait for another process to do something."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
