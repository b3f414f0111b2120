"""Run every notebook with its default parameters in a clean kernel and store its outputs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from helpers import paths
from helpers.runs import notebook


def main() -> None:
    """Refresh the stored outputs of all notebooks."""
    for path in sorted(paths.notebooks().glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            executed = Path(folder) / path.name
            notebook.run_notebook(path, executed, {})
            path.write_bytes(executed.read_bytes())
        print(f"{path.name}: refreshed")


if __name__ == "__main__":
    main()
