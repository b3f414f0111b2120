"""Write the notebooks' sections from the plan, run each with its default parameters in a clean kernel and store its
outputs; record them as released.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from helpers import editions, paths
from helpers.runs import notebook, sections


def main() -> None:
    """Refresh the sections and stored outputs of all notebooks."""
    notebooks = sorted(paths.notebooks().glob("*.ipynb"))
    for path in notebooks:
        sections.write_notebook(path)
    # First, as the report says which notebooks differ from the release.
    released = {path.stem: editions.digest_notebook(path) for path in notebooks}
    editions.RELEASED_NOTEBOOKS.write_text(json.dumps(released, indent=1) + "\n", encoding="utf-8")
    for path in notebooks:
        with tempfile.TemporaryDirectory() as folder:
            executed = Path(folder) / path.name
            notebook.run_notebook(path, executed, {})
            path.write_bytes(executed.read_bytes())
        print(f"{path.name}: refreshed")


if __name__ == "__main__":
    main()
