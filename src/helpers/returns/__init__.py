"""Any received file → the returns it holds, as read: the only reader of `data/raw/<quarter>`."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from helpers import cells, paths
from helpers.issues import Issue, Place, issue
from helpers.plan import read_plan
from helpers.questionnaire import read_questionnaire
from helpers.returns.layouts import read_file
from helpers.returns.records import File, Item, Received, Return, in_utc
from helpers.returns.sheets import Unreadable

__all__ = [
    "EDITION_TEXT",
    "SAMPLE_CHANNEL",
    "File",
    "Item",
    "Received",
    "Return",
    "in_utc",
    "read_quarter",
    "read_returns",
]

MANIFEST, EDITION_TEXT = "MANIFEST.csv", "edition.toml"
_MANIFEST_COLUMNS = ("file", "sha256", "received_on", "channel", "note")


def _read_manifest(folder: Path, quarter: str) -> tuple[dict[str, dict[str, str]], list[Issue]]:
    """Return the rows of MANIFEST.csv by file; what cannot be read is an issue, and other files stand."""
    place = Place(quarter, MANIFEST)
    try:
        text = (folder / MANIFEST).read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = list(reader)
        if not set(_MANIFEST_COLUMNS[:3]) <= set(reader.fieldnames or ()):
            raise ValueError("file, sha256, received_on")
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, csv.Error) as reason:
        return {}, [issue("V20.manifest", place, getattr(reason, "strerror", None) or reason)]
    listed, issues = {}, []
    for number, row in enumerate(rows, start=2):
        clean = {key: (row.get(key) or "").strip() for key in _MANIFEST_COLUMNS}
        if clean["received_on"] and cells.parse_day(clean["received_on"]) is None:
            issues.append(issue("V20.manifest_row", replace(place, row=str(number)), observed=clean["received_on"]))
            clean["received_on"] = ""
        listed[clean["file"]] = clean
    return listed, issues


def _candidates(folder: Path, quarter: str) -> tuple[list[Path], list[Issue]]:
    """Return the files of a quarter's folder that may hold returns, and a note on each that is passed over."""
    kept, notes = [], []
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        place = Place(quarter, path.name)
        if path.name.startswith("~$"):
            notes.append(issue("FILE_LOCK", place))
        elif path.suffix.casefold() == ".part":
            notes.append(issue("FILE_PARTIAL", place))
        elif path.is_dir() and not path.is_symlink():
            notes.append(issue("FOLDER", place))
        elif path.name not in (MANIFEST, EDITION_TEXT) and not path.name.startswith("."):
            kept.append(path)
    return kept, notes


def _open(path: Path, quarter: str, listed: Mapping[str, Mapping[str, str]]) -> File:
    row = listed.get(path.name, {})
    content = b"" if path.is_symlink() else path.read_bytes()
    received_on = cells.parse_day(row.get("received_on", ""))
    return File(
        quarter, path.name, hashlib.sha256(content).hexdigest(), len(content), row.get("channel", ""), received_on
    )


def read_quarter(quarter: str) -> Received:
    """Read every file received for a quarter; a file that cannot be read is an issue and never stops the others."""
    plan, form, folder = read_plan(), read_questionnaire(), paths.returns(quarter)
    if not folder.is_dir():
        return Received((), (), ())
    listed, issues = _read_manifest(folder, quarter)
    candidates, notes = _candidates(folder, quarter)
    # Of files with the same bytes the first received is the one that is read.
    candidates.sort(key=lambda path: (listed.get(path.name, {}).get("received_on") or "9999", path.name))
    issues += notes
    files, returns, seen = [], [], {}
    for path in candidates:
        try:
            file = _open(path, quarter, listed)
            files.append(file)
            if (listed.get(path.name, {}).get("sha256") or file.sha256).casefold() != file.sha256:
                raise Unreadable(
                    "contenu différent de celui inscrit à MANIFEST.csv ; remettre le fichier d'origine",
                    "its content differs from what MANIFEST.csv recorded; put the original back",
                )
            first = seen.setdefault(file.sha256, path.name)
            if first != path.name and file.size:
                issues.append(issue("FILE_DUPLICATE", file.place, first, known_on=file.received_on))
                continue
            read, found = read_file(path, file, plan, form)
            returns += read
            issues += found
        except Unreadable as reason:
            known_on = cells.parse_day(listed.get(path.name, {}).get("received_on", ""))
            issues.append(issue("V20.file", Place(quarter, path.name), *reason.args, known_on=known_on))
        except OSError as reason:
            issues.append(issue("V20.file", Place(quarter, path.name), reason.strerror, reason.strerror))
    present = {path.name for path in candidates}
    issues += [issue("V20.missing", Place(quarter, name)) for name in sorted(set(listed) - present)]
    return Received(tuple(files), tuple(returns), tuple(issues))


def read_returns(quarters: Sequence[str]) -> Received:
    """Read every quarter's returns: what an edition of the last of them rests on."""
    parts = [read_quarter(quarter) for quarter in quarters]
    return Received(
        tuple(file for part in parts for file in part.files),
        tuple(one for part in parts for one in part.returns),
        tuple(found for part in parts for found in part.issues),
    )
