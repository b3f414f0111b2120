"""Write environment.yml, for conda, with the versions of requirements.lock.

The pins have no hashes there: with hashes, pip refuses an editable install. A test compares the two files.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = """# Written by `make lock` from requirements.lock (the same versions, without the hashes): do not edit by hand.
name: papu
channels:
  - conda-forge
dependencies:
  - python>=3.11
  - pip
  - pip:
"""


def locked(lock: str) -> list[str]:
    """Return the pins of a lock file, `name==version ; marker`, in its order."""
    return [line.rstrip(" \\") for line in lock.splitlines() if re.match(r"[A-Za-z0-9._-]+==", line)]


def environment(lock: str) -> str:
    """Return the text of environment.yml for a lock file."""
    pins = [pin.replace('"', "'") for pin in locked(lock)]
    lines = [f'      - "{pin}"' for pin in [*pins, "-e ."]]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = environment((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    (ROOT / "environment.yml").write_text(text, encoding="utf-8")
