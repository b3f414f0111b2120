"""Helpers of the quarterly workbook: notebooks tell, helpers compute."""

import contextlib
import sys
from importlib.machinery import PathFinder
from pathlib import Path


def _refuse_hidden_libraries() -> None:
    """Raise ImportError for a module in the current folder that hides a library's: its error would not say why."""
    here = Path.cwd()
    elsewhere = [entry for entry in sys.path if entry and Path(entry) != here]
    if len(elsewhere) == len(sys.path):
        return
    for path in sorted([*here.glob("*.py"), *(path.parent for path in here.glob("*/__init__.py"))]):
        found, library = PathFinder.find_spec(path.stem), PathFinder.find_spec(path.stem, elsewhere)
        if library and library.origin and found and Path(found.origin or "").is_relative_to(here):
            raise ImportError(f"{path} hides the library {path.stem}; rename it, and start again")


with contextlib.suppress(OSError):  # of a current folder that is gone
    _refuse_hidden_libraries()
