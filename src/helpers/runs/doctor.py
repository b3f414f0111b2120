"""Says what is missing on this machine and in this root, each with its remedy. Nothing is written."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import socket
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from helpers import editions, paths
from helpers.plan import read_settings
from helpers.runs.errors import first_line
from helpers.speech import say, say_of, spoken, to_say

IN_ORDER, TO_MEND, REMARKED = to_say("ok"), to_say("missing"), to_say("note")
_NEEDED = 500_000_000  # bytes: some editions, with the copy of data/raw that each run takes
_OPEN_FILES = 512
_SHORT = 80  # bytes of a folder: the path of a socket has 107
_FONTS = [
    *(f"PAPUSans-{style}.ttf" for style in ("Regular", "Italic", "SemiBold", "Bold")),
    *(f"PAPUSansArabic-{style}.ttf" for style in ("Regular", "SemiBold", "Bold")),
]
_TOOLS = {
    "git": to_say("the commit of an edition"), "make": to_say("the recipes of the Makefile"),
    "soffice": to_say("tests only"), "chromium": to_say("tests only"), "java": to_say("tests only"),
}  # fmt: skip
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?P<marker> ;)?", re.MULTILINE)
_MOST_NAMED = 5


@dataclass(frozen=True)
class Diagnosis:
    """What one check found: IN_ORDER, TO_MEND with its remedy, or REMARKED, which may be meant so."""

    check: str
    state: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        found = f"{say(self.state):<8} {say_of(say(self.check), self.what)}"
        return f"{found} → {self.remedy}" if self.remedy else found


Found = tuple[str, ...]  # state, what is so, and its remedy if there is one


def examine(today: date) -> list[Diagnosis]:
    """Return what every check finds on a day; one that fails is itself something missing."""
    diagnoses = []
    for name, check in _list_checks(today).items():
        try:
            found = list(check())
        except Exception as error:  # whatever is broken here, the other checks still tell
            what = say("cannot be checked: {reason}", reason=first_line(error))
            found = [(TO_MEND, what, say("mend what the other lines tell, then try again"))]
        diagnoses += [Diagnosis(name, *each) for each in found]
    return diagnoses


def format_diagnoses(diagnoses: list[Diagnosis]) -> Iterator[str]:
    """Yield the diagnoses as lines, and how many things there are to mend."""
    yield from map(str, diagnoses)
    n = sum(each.state == TO_MEND for each in diagnoses)
    yield say("{n} to mend", n=n) if n else say("nothing is missing")


def _list_checks(today: date) -> dict[str, Callable[[], Iterator[Found]]]:
    return {
        to_say("python"): _check_python,
        to_say("packages"): _check_packages,
        to_say("kernel"): _check_kernel,
        to_say("fonts"): _check_fonts,
        to_say("programs"): _check_programs,
        to_say("settings"): _check_settings,
        to_say("folders"): _check_folders,
        to_say("space"): _check_space,
        to_say("clock"): lambda: _check_clock(today),
        to_say("plan"): _check_plan,
        to_say("registers"): _check_registers,
        to_say("returns"): _check_returns,
        to_say("sample"): _check_sample,
        to_say("permissions"): _check_permissions,
        to_say("notebooks"): _check_notebooks,
    }


def _name_some(names: list[str]) -> str:
    more = f", … (+{len(names) - _MOST_NAMED})" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


# --- the machine ------------------------------------------------------------------------------------------------


def _check_python() -> Iterator[Found]:
    needed = tuple(map(int, re.findall(r"\d+", importlib.metadata.metadata("papu-workbook")["Requires-Python"])))
    version = sys.version.split()[0]
    is_new = sys.version_info[: len(needed)] >= needed
    remedy = say("install Python {needed} or later, remove .venv, and make setup", needed=".".join(map(str, needed)))
    yield (IN_ORDER, version) if is_new else (TO_MEND, version, remedy)


def _check_packages() -> Iterator[Found]:
    """Hold what is installed against the lock; a package that the lock has for some machines only may be absent."""
    lock, always, versions = paths.lock(), set(), defaultdict(set)
    for pinned in _PINNED.finditer(lock.read_text(encoding="utf-8")):
        versions[_normal(pinned["name"])].add(pinned["version"])
        if not pinned["marker"]:
            always.add(_normal(pinned["name"]))
    installed = {_normal(each.name): each.version for each in importlib.metadata.distributions() if each.name}
    wrong = sorted(always - installed.keys())
    wrong += [f"{name} {installed[name]}" for name in sorted(versions.keys() & installed.keys())
              if installed[name] not in versions[name]]  # fmt: skip
    remedy = say("make setup, or .venv/bin/python -m pip install --require-hashes -r requirements.lock")
    if wrong:
        yield TO_MEND, say("not as in {lock}: {names}", lock=lock.name, names=_name_some(wrong)), remedy
    else:
        yield IN_ORDER, say("the {n} of {lock}", n=len(always), lock=lock.name)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _check_kernel() -> Iterator[Found]:
    """Check what a kernel needs to start, without the seconds that starting one takes."""
    provisioners = importlib.metadata.entry_points(group="jupyter_client.kernel_provisioners", name="papu")
    if not provisioners or not importlib.util.find_spec("ipykernel"):
        yield TO_MEND, say("no notebook can be run"), say("make setup")
        return
    import zmq

    if not zmq.has("ipc") or not hasattr(socket, "AF_UNIX"):  # on Windows, as it is shipped
        remedy = say("make editions in WSL or on another machine; what runs no notebook works here")
        yield TO_MEND, say("this system has not the sockets of kernels"), remedy
        return
    where = None if len(os.fsencode(tempfile.gettempdir())) < _SHORT else "/tmp"  # as a run chooses it
    with tempfile.TemporaryDirectory(dir=where) as folder, socket.socket(socket.AF_UNIX) as one:
        try:
            one.bind(str(Path(folder, "s")))
        except OSError as error:
            yield (TO_MEND, say("no socket can be made in {folder}: {reason}", folder=folder, reason=error),
                   say("set TMPDIR to a folder on a local disk"))  # fmt: skip
            return
    if (limit := _read_open_files()) and limit < _OPEN_FILES:
        yield TO_MEND, say("{n} files may be open at a time", n=limit), "ulimit -n 1024"
    else:
        yield IN_ORDER, say("can be started")


def _read_open_files() -> int:
    """Return how many files may be open at a time, 0 where nothing says."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0 if soft == resource.RLIM_INFINITY else soft


def _check_fonts() -> Iterator[Found]:
    folder = paths.PACKAGE / "report" / "fonts"
    missing = [name for name in _FONTS if not (folder / name).is_file() or not (folder / name).stat().st_size]
    if missing:
        yield TO_MEND, say("not in the package: {names}", names=", ".join(missing)), say("restore the checkout")
    else:
        yield IN_ORDER, say("the {n} of the package", n=len(_FONTS))


def _check_programs() -> Iterator[Found]:
    found = [name for name in _TOOLS if shutil.which(name)]
    for name, use in _TOOLS.items():
        if name not in found:
            yield REMARKED, say("{name} is not installed; it is for: {use}", name=name, use=say(use))
    if found:
        yield IN_ORDER, ", ".join(found)


# --- the root ---------------------------------------------------------------------------------------------------


def _check_settings() -> Iterator[Found]:
    from helpers.desk import pull

    root = paths.root()
    if root.is_dir():
        yield IN_ORDER, say("root {root}", root=root)
    else:
        yield TO_MEND, say("there is no folder {root}", root=root), say("correct PAPU_ROOT, or mount it")
    if "PAPU_SNAPSHOT" in os.environ:
        yield TO_MEND, say("PAPU_SNAPSHOT is set, which only a run sets for its notebooks"), "unset PAPU_SNAPSHOT"
    try:
        sources = pull.read_sources()
    except ValueError as error:
        yield from ((TO_MEND, line, say("correct it: docs/operations.md")) for line in str(error).splitlines())
        return
    fetched = say("returns are fetched from {sources}", sources=", ".join(map(str, sources)))
    yield (IN_ORDER, fetched) if sources else (REMARKED, say("no server is set for papu pull"))


def _check_folders() -> Iterator[Found]:
    root = paths.root()
    folders = (root / "data" / "raw", root / "data" / "processed", paths.site(), paths.build(), paths.locks())
    closed = [str(folder.relative_to(root)) for folder in folders if not _is_writable(folder)]
    if not closed:
        yield IN_ORDER, say("can be written to")
    elif closed == ["data/raw"] and paths.raw().is_dir():
        yield REMARKED, say("data/raw is read-only: editions can be made, nothing can be added")
    else:
        remedy = say("give them to the user that runs papu: chown, chmod u+rwx")
        yield TO_MEND, say("cannot be written to: {names}", names=", ".join(closed)), remedy


def _is_writable(folder: Path) -> bool:
    there = _find_existing(folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _find_existing(folder: Path) -> Path:
    """Return a folder, or what it would be made in."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _check_space() -> Iterator[Found]:
    for folder in dict.fromkeys((paths.root(), Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(_find_existing(folder)).free
        what = say("{n} MB free in {folder}", n=free // 1_000_000, folder=folder)
        remedy = say("free at least {n} MB", n=_NEEDED // 1_000_000)
        yield (IN_ORDER, what) if free >= _NEEDED else (TO_MEND, what, remedy)


def _check_clock(today: date) -> Iterator[Found]:
    """Hold the clock against what it cannot be before: the last edition, and the files of this release."""
    made = [each.ended_at[:10] for each in editions.list_published_editions()]
    installed = datetime.fromtimestamp(paths.lock().stat().st_mtime, UTC).date().isoformat()
    newest = max([*made, installed])
    remedy = say("set the clock: timedatectl set-ntp true")
    if today.isoformat() < newest:
        yield TO_MEND, say("today is {today}, before {newest}", today=today, newest=newest), remedy
    else:
        yield IN_ORDER, say("{today} (UTC)", today=today)


def _check_plan() -> Iterator[Found]:
    from helpers.plan import checks

    where = say("of this root") if paths.plan().is_relative_to(paths.root()) else say("that comes with the workbook")
    try:
        plan, form = checks.check_plan()
    except checks.PlanError as error:
        yield from ((TO_MEND, problem) for problem in str(error).splitlines())
        return
    facts = {"code": plan.settings.code, "where": where, "n": len(plan.kpis), "m": len(form.questions)}
    yield IN_ORDER, say("{code}, {where}: {n} KPIs, {m} questions", **facts)


def _check_registers() -> Iterator[Found]:
    from helpers.ingest import issues, registers

    found = [each for each in registers.read_registers().issues_at(date.max) if each.severity != issues.NOTE]
    for each in found:
        yield TO_MEND if each.severity == issues.REFUSED else REMARKED, each.message(spoken())
    if not any(each.severity == issues.REFUSED for each in found):
        yield IN_ORDER, say("can be read")


def _check_returns() -> Iterator[Found]:
    """Check MANIFEST.csv of every quarter, and that each file is there as it was received."""
    from helpers.ingest import received

    n, found = 0, []
    for quarter in read_settings().quarters:
        manifest = received.read_manifest(paths.returns(quarter), quarter)
        n += len(manifest.rows)
        found += [issue.message(spoken()) for issue in (*manifest.issues, *received.find_damaged(quarter))]
        found += [say("row of {name} in MANIFEST.csv of {quarter}: {text}",
                      name=name, quarter=quarter, text=refusal.observed or refusal.reason)
                  for name, refusal in manifest.refusals.items()]  # fmt: skip
    yield from ((TO_MEND, each, say("papu check says more")) for each in found)
    if not found:
        yield IN_ORDER, say("{n} files, as they were received", n=n)


def _list_channels() -> dict[str, set[str]]:
    from helpers.ingest import received

    return {quarter: found for quarter in read_settings().quarters if (found := received.list_channels(quarter))}


def _check_sample() -> Iterator[Found]:
    from helpers.ingest import received

    channels = set().union(*_list_channels().values())
    remedy = say("remove the sample's folders from data/raw, or set PAPU_ROOT to a folder of your own")
    if not channels:
        yield REMARKED, say("nothing was received yet")
    elif received.SAMPLE_CHANNEL not in channels:
        yield IN_ORDER, say("only what was received")
    elif len(channels) > 1:
        yield TO_MEND, say("the invented sample lies beside what was received: no edition can be made of both"), remedy
    else:
        yield REMARKED, say("only the invented sample is here; before anything real is added: {remedy}", remedy=remedy)


def _check_permissions() -> Iterator[Found]:
    """Check that others on this machine cannot read returns and registers: they name focal points."""
    from helpers.ingest import received

    if os.name == "nt":
        return
    raw = paths.raw()
    own = [quarter for quarter, channels in _list_channels().items() if received.SAMPLE_CHANNEL not in channels]
    if not own:
        yield IN_ORDER, say("no focal point is named here")
        return
    files = [path for quarter in own for path in sorted(paths.returns(quarter).iterdir()) if path.is_file()]
    seen = [path for path in files if path.stat().st_mode & 0o004 and path.parent.stat().st_mode & 0o001]
    if seen and _is_open(raw):
        names = _name_some([str(path.relative_to(raw)) for path in seen])
        yield TO_MEND, say("everybody on this machine can read {names}", names=names), f"chmod -R o-rwx {raw}"
    else:
        yield IN_ORDER, say("returns are closed to others on this machine")
    mask = os.umask(0o077)
    os.umask(mask)
    if not mask & 0o004:
        yield REMARKED, say("umask {mask:03o}: others can read what papu makes from now on", mask=mask), "umask 027"


def _is_open(folder: Path) -> bool:
    """Tell whether everybody on this machine gets as far as a folder."""
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def _check_notebooks() -> Iterator[Found]:
    if changed := editions.list_modified():
        remedy = say("restore them, or run with --modified to mean it")
        yield TO_MEND, say("not as released: {names}", names=", ".join(changed)), remedy
    else:
        yield IN_ORDER, say("as released")
