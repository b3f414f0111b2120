"""What was published, by its manifest, and whether anything has changed since."""

import contextlib
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers import paths
from helpers.plan import read_settings

MANIFEST_JSON = "manifest.json"
EDITION_NOTEBOOKS = INGEST, KPIS, REPORT_NOTEBOOK = ("01_ingest", "02_kpis", "03_report")
INDICATORS, DATA, LATEST = "indicators", "data", "latest"  # the folders of the site, beside its index
RELEASED_NOTEBOOKS = Path(__file__).with_name("notebooks.json")  # the digest of each one's code, as released


def _digest_of(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda path: (path.name, path)):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def name_plan_cell(section: str, source: str) -> str:
    """Return the id of a cell that is written from the plan: its section, and the digest of its text.

    Of a text that a section has twice, the second has `-2` behind it, and so on.
    """
    return f"plan-{section}-{hashlib.sha256(source.encode()).hexdigest()[:12]}"


def find_plan_section(cell: Mapping) -> str:
    """Return the section of a cell as it was written from the plan; blank for any other, and once it was edited."""
    named = re.match(r"plan-(\w+)-\w+", cell.get("id", ""))
    is_unedited = named and named[0] == name_plan_cell(named[1], "".join(cell["source"]))
    return named[1] if is_unedited else ""


def digest_notebook(path: Path) -> str:
    """Return the digest of the code of a notebook, whatever its outputs and prose; blank if it cannot be read.

    What is written from the plan is told by the plan's own digest: here it counts only that there is some.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        cells = json.loads(path.read_bytes())["cells"]
        own = [cell for cell in cells if not find_plan_section(cell)]
        code = ["".join(cell["source"]) for cell in own if cell["cell_type"] == "code"]
        code += ["written from the plan"] if len(own) < len(cells) else []
        return hashlib.sha256(json.dumps(code).encode()).hexdigest()
    return ""


def list_modified(notebooks: Sequence[str] = EDITION_NOTEBOOKS) -> list[str]:
    """Return the file names of the notebooks whose code is not that of the release."""
    released = json.loads(RELEASED_NOTEBOOKS.read_text(encoding="utf-8"))
    found = {name: paths.notebooks() / f"{name}.ipynb" for name in notebooks}
    return [path.name for name, path in found.items() if digest_notebook(path) != released[name]]


def _list_package() -> list[Path]:
    return [path for path in paths.PACKAGE.rglob("*.*") if path.is_file() and path.suffix != ".pyc"]


def digest_package() -> str:
    """Return the digest of this package's files."""
    return _digest_of(_list_package())


def describe_code(notebooks: Sequence[str] = EDITION_NOTEBOOKS) -> dict[str, object]:
    """Return commit (blank without one), digest of package and notebooks, and which notebooks were modified."""
    commit, command = "", ["git", "-C", str(paths.root()), "rev-parse", "HEAD"]
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        commit = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    digest = _digest_of([*_list_package(), *paths.notebooks().glob("*.ipynb")])
    return {"commit": commit, "sha256": digest, "modified": list_modified(notebooks)}


def digest_state(quarter: str) -> str:
    """Return a digest of all that an edition of a quarter is made from, whatever its date.

    That is what was received up to then, registers and plan (hidden files aside, which nobody reads), code and
    environment. While it is the same, the edition need not be looked into any further.
    """
    past = read_settings().quarters_to(quarter)
    return digest_folders({name: paths.returns(name) for name in past})


def digest_folders(others: Mapping[str, Path]) -> str:
    """Return a digest of environment, code, plan and registers, and of other folders by name."""
    folders = {"plan": paths.plan(), "registers": paths.registers(), **others}
    facts = [describe_environment(), describe_code()["sha256"]]
    for name, folder in folders.items():
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            parts = path.relative_to(folder).parts
            if not any(part.startswith(".") for part in parts):
                facts.append([name, *parts, _digest_content(path)])
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _digest_content(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return type(error).__name__


def describe_environment() -> dict[str, str]:
    """Return the digest of the lock file, and the version of Python."""
    lock = paths.lock()
    return {"lock_sha256": _digest_of([lock]) if lock.is_file() else "", "python": sys.version.split()[0]}


@dataclass(frozen=True)
class PublishedEdition:
    """A published edition, from its manifest: `inputs` and `outputs` are digests by file name.

    `rows` counts those of registers and MANIFESTs; a manifest of an earlier version has none.
    """

    quarter: str
    as_of: str
    languages: tuple[str, ...]
    input_id: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    code: Mapping[str, object]
    environment: Mapping[str, str]
    started_at: str
    ended_at: str
    rows: Mapping[str, int]
    state: str  # of `digest_state`
    is_sample: bool = False  # made of invented data
    revises: str = ""  # the date of the edition that it revises

    @property
    def modified(self) -> list[str]:
        """The notebooks that it was made with and that were not those of the release."""
        return list(self.code.get("modified", ()))

    def find(self, output: str) -> Path:
        """Return the path where an output of the manifest (`report/…`, `processed/…`) was published."""
        part, _, name = output.partition("/")
        folder = paths.reports if part == "report" else paths.processed
        return folder(self.quarter, self.as_of) / name

    def list_damaged(self) -> list[str]:
        """Return the outputs that are gone, or no longer what was published."""
        return [name for name, digest in self.outputs.items() if not has_digest(self.find(name), digest)]


def has_digest(path: Path, digest: str) -> bool:
    """Whether a file is there and has a SHA-256 digest."""
    with contextlib.suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    return False


def read_outputs(folder: Path) -> dict[str, dict[str, object]]:
    """Return the facts on each file that the manifest of a folder lists; none if it cannot be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        outputs = json.loads((folder / MANIFEST_JSON).read_text(encoding="utf-8"))["outputs"]
        return {name: facts for name, facts in outputs.items() if facts["sha256"]}
    return {}


def _read_manifest(quarter: str, as_of: str) -> dict:
    return json.loads((paths.reports(quarter, as_of) / MANIFEST_JSON).read_text(encoding="utf-8"))


def read_input_rows(quarter: str, as_of: str) -> list[dict[str, object]]:
    """Return the rows of a published edition's inputs; raises OSError, ValueError or KeyError without its manifest."""
    return _read_manifest(quarter, as_of)["inputs"]


def read_published_edition(quarter: str, as_of: str) -> PublishedEdition | None:
    """Return a published edition; None without a manifest that can be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        manifest = _read_manifest(quarter, as_of)
        return PublishedEdition(
            quarter, as_of, tuple(manifest["parameters"]["languages"]), manifest["input_id"],
            {row["file"]: row["sha256"] for row in manifest["inputs"]},
            {name: facts["sha256"] for name, facts in manifest["outputs"].items()},
            *(dict(manifest[name]) for name in ("code", "environment")), manifest["started_at"], manifest["ended_at"],
            {row["file"]: row["rows"] for row in manifest["inputs"] if row.get("rows") is not None},
            manifest.get("state", ""), bool(manifest.get("sample")), (manifest.get("revises") or {}).get("as_of", ""),
        )  # fmt: skip
    return None


def list_published_editions(quarter: str = "*") -> list[PublishedEdition]:
    """Return the published editions of one quarter or of all, by quarter and date; skip unreadable ones.

    Only a folder that is named for a date is an edition: that of the briefs is beside it.
    """
    found = sorted((paths.root() / "reports").glob(f"{quarter}/????-??-??/{MANIFEST_JSON}"))
    editions = [read_published_edition(path.parts[-3], path.parts[-2]) for path in found]
    return [edition for edition in editions if edition is not None]


def find_revised(quarter: str, as_of: str) -> dict[str, str] | None:
    """Return the edition that one as of this date revises: the last before it in its quarter; None without one."""
    earlier = [edition for edition in list_published_editions(quarter) if edition.as_of < as_of]
    return {"as_of": earlier[-1].as_of, "input_id": earlier[-1].input_id} if earlier else None


def list_site_languages() -> list[str]:
    """Return the languages of the site: the plan's master language, and those in which an edition is published."""
    settings, used = read_settings(), {each for edition in list_published_editions() for each in edition.languages}
    return [each for each in settings.languages if each in used or each == settings.master_language]


def name_index(language: str) -> str:
    """Return the file of the site's index in a language: that of the plan's master language needs no other name."""
    return "index.html" if language == read_settings().master_language else f"index_{language}.html"
