"""Run every notebook from a clean kernel, on its own defaults, and store its outputs; `git diff` shows what changed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from helpers import paths
from helpers.runs.notebook import run_notebook


def main() -> None:
    """Refresh the stored outputs of all notebooks."""
    for notebook in sorted(paths.notebooks().glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            executed = Path(folder) / notebook.name
            run_notebook(notebook, executed, {})
            notebook.write_bytes(executed.read_bytes())
        print(f"{notebook.name}: refreshed")


if __name__ == "__main__":
    main()
