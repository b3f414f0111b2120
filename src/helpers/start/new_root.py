"""Makes the folder of a new plan: the plan's files, the registers with their heads, an empty quarter, a README."""

import csv
import shutil
import tempfile
from pathlib import Path

from helpers import paths
from helpers.ingest import received, registers
from helpers.plan import checks, read_settings

_READMES = Path(__file__).with_name("readme")  # one page in each language


def make_root(folder: Path, plan: Path | None = None) -> list[Path]:
    """Make a new root with a copy of a plan (default: this root's); return what was made, relative to it.

    It is made whole or not at all. Raises FileExistsError where the folder holds anything, PlanError with all problems
    of the plan where it cannot be meant.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is not empty; choose another folder, or empty it")
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
    settings = read_settings(raw / "plan")
    quarter = raw / settings.first_status_quarter
    heads = {raw / "registers" / f"{name}.csv": columns for name, columns in registers.COLUMNS.items()}
    for path, columns in (heads | {quarter / received.MANIFEST_CSV: received.MANIFEST_COLUMNS}).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(columns)
    text = (_READMES / f"{settings.master_language}.md").read_text(encoding="utf-8")
    title = settings.title[settings.master_language].replace("\n", " ")
    text = text.replace("{title}", title).replace("{quarter}", settings.first_status_quarter)
    (root / "README.md").write_text(text, encoding="utf-8", newline="\n")
