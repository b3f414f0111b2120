"""Makes the folder of a new plan: the plan's files, the registers with their heads, a README."""

import csv
import shutil
import tempfile
from pathlib import Path

from helpers import paths
from helpers.ingest import registers
from helpers.plan import checks, read_settings
from helpers.speech import say

_READMES = Path(__file__).with_name("readme")  # one page in each language


def make_root(folder: Path, plan: Path | None = None) -> list[Path]:
    """Make a new root with a copy of a plan (default: this root's); return what was made, relative to it.

    It is made whole or not at all. Raises FileExistsError where the folder holds anything, PlanError with all problems
    of the plan where it cannot be meant.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(say("{folder} is not empty; choose another folder, or empty it", folder=folder))
    plan = (plan or paths.plan()).resolve()
    checks.check_plan(plan)
    folder.parent.mkdir(parents=True, exist_ok=True)
    private = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _fill(private, plan)
        made = sorted(path.relative_to(private) for path in private.rglob("*") if path.is_file())
        if folder.is_dir():
            folder.rmdir()
        private.chmod(0o755)  # what mkdtemp makes is its user's alone
        private.rename(folder)
    finally:
        shutil.rmtree(private, ignore_errors=True)
    return made


def _fill(root: Path, plan: Path) -> None:
    raw = root / "data" / "raw"
    shutil.copytree(plan, raw / "plan", ignore=shutil.ignore_patterns(".*"))
    (raw / "registers").mkdir()
    for name, columns in registers.COLUMNS.items():
        with (raw / "registers" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(columns)
    shutil.copyfile(_READMES / f"{read_settings(raw / 'plan').master_language}.md", root / "README.md")
