"""Security: hostile arguments and texts do no harm; no file, secret or personal data leaks; no port is opened.

One edition is made of returns in which every text is hostile, and all its outputs are searched.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import psutil
import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from commands import write_notebook
from conftest import ROOT, Raw, table_of
from helpers.cli import main
from helpers.runs.errors import RunError
from helpers.runs.notebook import run_notebook
from helpers.tables import schema
from present import PERSONAL, REPEAT

pytestmark = pytest.mark.slow

QUARTER, DAY = "2022Q3", date(2022, 10, 10)
CANARY, SECRET = "the canary sang 7f3a91", "secret-55c0ffee-1d"  # what a file and the environment hold
PERSON, ADDRESS, CALL = "Aminata Canari", "aminata.canari@poste.example", "+221 77 123 45 67"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# --- arguments of the command -------------------------------------------------------------------------------------

PATHS = (
    "../2024Q3", "..", "/etc/passwd", "//etc/passwd", "2024Q3/../../x", "2024Q3/", "./2024Q3", "~", "~root",
    "\\\\host\\share", "C:\\x", "..\\..\\x", "2024Q3\x00", "\x00", "CON", "NUL", "COM1", "/dev/null",
    "/proc/self/environ", "file:///etc/passwd",
)  # fmt: skip
CODE = (
    "2024Q3; touch x", "$(touch x)", "`touch x`", "2024Q3\ntouch x", "| touch x", "2024Q3 && touch x", "{{7*7}}",
    "__import__('os').system('touch x')", 'x"; import os; os.mkdir("x") #', "%s%n", "${HOME}", "=1+1", "' OR 1=1 --",
    "2024Q３", "2024Q3\u202e", "٢٠٢٤Q3", "2" * 5000,
)  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "{}"), ("run", "2024Q3", "--as-of", "{}"), ("run", "2024Q3", "--language", "{}"),
        ("run", "--due", "--today", "{}"), ("briefs", "2024Q3", "--member", "{}"),
        ("briefs", "2024Q3", "--workers", "{}"), ("check", "{}"), ("verify", "{}"),
        ("verify", "2024Q3", "--as-of", "{}"), ("add", "a.csv", "--quarter", "{}"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_hostile_values_are_a_usage_error_and_nothing_is_written(raw, monkeypatch, arguments):
    monkeypatch.chdir(raw.root)
    before = sorted(raw.root.rglob("*"))
    for value in (*PATHS, *CODE):
        ran = CliRunner().invoke(main, [value if one == "{}" else one for one in arguments])
        assert ran.exit_code == 2, (value, ran.output, ran.exception)
    assert sorted(raw.root.rglob("*")) == before


NAMES = (
    'x=open("f","w")#', "quarter=1;import os", "__class__", "quarter\nimport os", "import os", "../x", "lambda: 0",
    "a b", "__builtins__", "exec", "print('x')", "x:=1", "quarter.x", "quarter[0]", "*", "**", "@x", "%run x",
    "!touch x", "%%bash", "$x", "{x}", "'", '"', "#", "\\", "\x00", "quarter ", "Quarter", "QUARTER", "ｑuarter",
)  # fmt: skip


def test_hostile_names_of_parameters_are_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_notebook(tmp_path / "n.ipynb", "1")
    for name in NAMES:
        with pytest.raises(RunError, match="no parameter"):
            run_notebook(path, tmp_path / "out.ipynb", {name: "1"})
        assert CliRunner().invoke(main, ["run", "2024Q3", f"--{name}", "1"]).exit_code == 2
    assert list(tmp_path.iterdir()) == [path]


# --- notebooks and the package ------------------------------------------------------------------------------------

SHELLS = {
    "eval", "exec", "open", "compile", "__import__", "input", "get_ipython", "globals", "system", "popen", "spawn",
}  # fmt: skip
NETWORK = {
    "socket", "ssl", "urllib", "urllib3", "requests", "http", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib",
    "xmlrpc", "webbrowser",
}  # fmt: skip
UNSAFE = {"pickle", "shelve", "marshal", "yaml"}


def names_of(source: str) -> set[str]:
    """Return the names that code uses and imports."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {"not Python"}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


FORBIDDEN = SHELLS | NETWORK | UNSAFE | {"os", "sys", "subprocess", "shutil", "ctypes", "importlib", "not Python"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_no_shell_and_no_network(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for source in ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"):
        assert not names_of(source) & FORBIDDEN, source


@pytest.mark.parametrize(
    "cell",
    [
        "!touch x", "%%bash\ntouch x", "%sx touch x", "import os\nos.system('x')", "from subprocess import run",
        "a = paths.os", "__import__('socket')", "import urllib.request", "import requests as r", "exec('x')",
        "get_ipython().system('x')",
    ],
)  # fmt: skip
def test_a_shell_or_network_call_in_a_notebook_would_be_found(cell):
    assert names_of(cell) & FORBIDDEN


def test_the_package_opens_no_connection_and_loads_no_code_from_data():
    forbidden = NETWORK | UNSAFE | {"eval", "exec", "popen", "pickle"}
    reaching_out = {"AF_INET", "AF_INET6", "connect", "create_connection", "listen", "accept"}
    for path in sorted((ROOT / "src" / "helpers").rglob("*.py")):
        # Forked kernels are asked for through a pair of sockets, which no other process can reach; papu doctor looks
        # whether one can be made; papu pull asks the server that it was told. DuckDB is a library within the process:
        # what `connect` opens is its memory, and it may read the one file. A cluster is reached where one is named.
        own = {"fork.py": {"socket"}, "doctor.py": {"socket"}, "offices.py": {"connect"}, "cluster.py": {"connect"}}
        allowed = own.get(path.name, set()) | ({"urllib", "http", "ssl"} if path.parent.name == "pull" else set())
        assert names_of(path.read_text(encoding="utf-8")) & ((forbidden | reaching_out) - allowed) == set(), path


# --- an edition of hostile texts ----------------------------------------------------------------------------------


def hostile_texts(canary: Path) -> list[str]:
    """Return texts that would read a file, run something or add markup if a program interpreted them."""
    return [
        f'#read("{canary}") #include "{canary}" #image("{canary}")', f"$\\input{{{canary}}}$ \\include{{{canary}}}",
        f"\\write18{{cat {canary}}} \\immediate\\openin5={canary}", f'=HYPERLINK("file://{canary}","x")',
        f"=cmd|'/c type {canary}'!A1", f"+WEBSERVICE(\"file://{canary}\")", "@SUM(1+1)", "-1+cmd", "\t=1+1",
        "<script>canary()</script><x-canary onclick=canary()>", '"><img src=x onerror=canary()><svg onload=canary()>',
        f'<iframe src="file://{canary}"></iframe><link rel=stylesheet href="file://{canary}">',
        "</title></style></svg>",
        f"{{{{ open('{canary}').read() }}}} {{% include '{canary}' %}} ${{{canary}}} %(canary)s {{quarter}} {{0}}",
        f"]]><!ENTITY x SYSTEM 'file://{canary}'>&x;", f"[x](javascript:canary()) ![x](file://{canary})",
        f"Voir {ADDRESS}, tél. {CALL}", "\u202e\u200b\ufeffx",
    ]  # fmt: skip


def write_returns(raw: Raw, texts: list[str]) -> None:
    """Write returns in which every text is hostile, and so are the names of file, sheets, columns and members."""
    rows, items = [], []
    for n, (member, text) in enumerate(
        zip(("SEN", "KEN", "TUN", "BEN", "MAR", "AGO", "EGY", *["TGO"] * 20), texts, strict=False)
    ):
        texts_of = {q.name: text for q in raw.form.questions if q.type == "text" and q.name != "quarter"}
        person = dict(zip(PERSONAL, (PERSON, ADDRESS, CALL), strict=False))
        row = {"member": member, "quarter": QUARTER, "submitted_on": DAY, "offices_total": 130} | texts_of | person
        rows.append(row | {"roadmap_status": text, "offices_connected": text if n % 2 else 90, text[:200]: text})
        item = {field.name: text for field in raw.form.fields if field.type == "text"}
        items.append({"member": member, "kind": "hackathon", "date": "2022-08-01", **item})
    rows += [{"member": text, "quarter": QUARTER, "offices_total": 1} for text in texts]
    rows += [{"member": "CMR", "quarter": text, "offices_total": 1} for text in texts]
    sheets = {"<x-canary>": table_of(rows), REPEAT: table_of(items)}
    raw.write_sheets(QUARTER, sheets, "=1+1 <x-canary> #read(x) {x}.xlsx", DAY.isoformat())
    lines = "".join(
        f"{key} = {json.dumps(texts[n] + texts[9])}\n" for n, key in enumerate(("subject", "reference", "decision"))
    )
    themes = "".join(f"{n} = {json.dumps(text)}\n" for n, text in enumerate(texts[:6], start=1))
    (raw.folder(QUARTER) / "edition.toml").write_text(f"[fr]\n{lines}[fr.themes]\n{themes}", encoding="utf-8")


@dataclass(frozen=True)
class Outputs:
    """The outputs of the commands in a root: files, printed text, open ports and kernels seen."""

    root: Path
    printed: str
    ports: set[int]
    kernels: set[int]
    canary: Path

    @property
    def files(self) -> list[Path]:
        """All files except the received ones."""
        return [path for path in sorted(self.root.rglob("*")) if path.is_file() and "raw" not in path.parts]

    def named(self, pattern: str) -> list[Path]:
        found = [path for path in self.files if path.match(pattern)]
        assert found, pattern
        return found


def watch(run: subprocess.Popen) -> Iterator[tuple[str, int]]:
    """Yield the kernels of a run and the ports that its processes listen on, until it ends."""
    while run.poll() is None:
        for process in [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]:
            try:
                command = process.cmdline()
                if "fork.serve()" in "".join(command) and command == process.parent().cmdline():
                    yield "kernel", process.pid
                yield from (
                    ("port", c.laddr.port) for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN
                )
            except psutil.Error:  # it ended as it was looked at
                continue
        try:
            run.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, form) -> Outputs:
    """Make an edition, a brief and the letters from hostile returns, once."""
    root = tmp_path_factory.mktemp("hostile")
    canary = root.parent / "canary.txt"
    canary.write_text(CANARY, encoding="utf-8")
    (root / "data" / "raw" / "registers").mkdir(parents=True)
    write_returns(Raw(root, form), hostile_texts(canary))
    printed, seen = "", set()
    for arguments in (
        ("run", QUARTER, "--language", "fr"), ("briefs", QUARTER, "--member", "SEN"),
        ("check", QUARTER, "--notes", "--excel", str(root / "build" / "letters.xlsx")),
    ):  # fmt: skip
        with (root.parent / "printed").open("w+", encoding="utf-8") as file:
            command = [sys.executable, "-m", "helpers", *arguments]
            environment = os.environ | {"PAPU_ROOT": str(root), "PAPU_TOKEN": SECRET}
            run = subprocess.Popen(command, env=environment, stdout=file, stderr=file, umask=0o027)
            seen |= set(watch(run))
            file.seek(0)
            printed += file.read()
        assert run.returncode == 0, printed
    ports, kernels = ({number for what, number in seen if what == kind} for kind in ("port", "kernel"))
    return Outputs(root, printed, ports, kernels, canary)


@cache
def readable(path: Path) -> str:
    """Return all text of a file, unpacked."""
    content = path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    if path.suffix == ".pdf":
        reader = PdfReader(path)
        return "\n".join([str(reader.metadata), *(page.extract_text() for page in reader.pages)])
    if path.suffix == ".parquet":
        return schema.read_parquet(path).to_csv()
    return content.decode(errors="replace")


def test_every_output_was_made_from_hostile_texts(outputs):
    assert {"report_fr.pdf", "report_fr.html", "tables_fr.xlsx", "letters.xlsx", "brief_SEN_fr.pdf", "issues.csv"} <= {
        path.name for path in outputs.files
    }
    assert "#read(" in readable(outputs.named("report_fr.pdf")[0]) and "x-canary" in readable(
        outputs.named("report_fr.html")[0]
    )


@pytest.mark.parametrize("text", [CANARY, SECRET], ids=["canary file", "secret of the environment"])
def test_no_output_holds_the_canary_or_a_secret(outputs, text):
    assert [path.name for path in outputs.files if text in readable(path)] == [] and text not in outputs.printed


def test_no_output_holds_personal_data(outputs):
    private = re.compile(r"Canari\b|\w@[\w-]+\.\w+|(?<![\w.+])\+\d[\d ().\u00a0\u202f-]{8,}\d|77 123")
    assert all(private.search(text) for text in (PERSON, ADDRESS, CALL))
    files = [path for path in outputs.files if path.suffix != ".xlsx"] + outputs.named("*.xlsx")
    found = {path.name: private.findall(readable(path)) for path in files}
    assert {name: texts for name, texts in found.items() if texts} == {} and not private.search(outputs.printed)


def test_no_cell_of_a_csv_or_workbook_is_a_formula(outputs):
    csv.field_size_limit(2**31 - 1)
    for path in outputs.named("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        live = [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
        assert [cell for cell in live if not re.fullmatch(r"[+-]?\d+(\.\d+)?", cell)] == [], path.name
    for path in outputs.named("*.xlsx"):
        book = openpyxl.load_workbook(path)
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert [cell.value for cell in cells if cell.data_type == "f"] == []
        assert [cell.value for cell in cells if cell.hyperlink and cell.hyperlink.target] == []
        assert any(str(cell.value).startswith("=") for cell in cells) or path.name == "tables_fr.xlsx"


class _Markup(HTMLParser):
    """The elements, links, event handlers and scripts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.is_script = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.is_script = tag == "script"
        self.links += [f"{name}={value}" for name, value in attributes if name.startswith("on")]
        self.links += [value or "" for name, value in attributes if name in ("href", "src", "xlink:href", "data")]

    def handle_endtag(self, tag: str) -> None:
        self.is_script = False

    def handle_data(self, data: str) -> None:
        if self.is_script:
            self.scripts.append(data)


def pages(outputs: Outputs) -> Iterator[tuple[str, str]]:
    """Yield the report's page, and all markup in the executed notebooks."""
    for path in outputs.named("*.html"):
        yield path.name, path.read_text(encoding="utf-8")
    for path in outputs.named("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", ()):
                for kind, text in output.get("data", {}).items():
                    if kind in ("text/html", "image/svg+xml", "text/markdown", "text/latex"):
                        yield path.name, "".join(text)


# Within a page, within the folder of the reports, or a picture that the page holds.
OWN_LINK = re.compile(r"#|data:(,$|image/(png|svg))|(\.\./)*\w[\w.-]*(/\w[\w.-]*)*(#[\w.-]+)?$")


def test_no_hostile_text_became_markup(outputs):
    shown = list(pages(outputs))
    assert len(shown) > 30 and any("x-canary" in text for _, text in shown)
    for name, text in shown:
        found = _Markup()
        found.feed(text)
        assert not found.elements & {"x-canary", "iframe", "object", "embed", "base", "form"}, name
        assert [link for link in found.links if not OWN_LINK.match(link)] == [], name
        assert not [script for script in found.scripts if "canary" in script], name
        assert not found.scripts or name == "report_fr.html"


def test_no_pdf_has_actions_or_external_links(outputs):
    for path in outputs.named("*.pdf"):
        reader = PdfReader(path)
        actions = [note.get_object().get("/A", {}) for page in reader.pages for note in page.get("/Annots", ())]
        assert {action.get("/S", "/GoTo") for action in actions} <= {"/GoTo"}
        root = reader.trailer["/Root"]
        assert not {"/OpenAction", "/AA", "/AcroForm"} & root.keys()
        assert not {"/JavaScript", "/EmbeddedFiles"} & root.get("/Names", {}).keys()


def test_no_port_is_opened_while_kernels_run(outputs):
    assert len(outputs.kernels) >= 4 and outputs.ports == set()


def test_files_have_the_permissions_that_the_umask_leaves_and_none_is_executable(outputs):
    published = [path for path in outputs.files if "reports" in path.parts or "processed" in path.parts]
    assert {path.stat().st_mode & 0o777 for path in published} == {0o640}
    assert {path.parent.stat().st_mode & 0o777 for path in published} == {0o750}


# --- files of the repository ---------------------------------------------------------------------------------------


def focal_points() -> set[str]:
    """Return the names and addresses of focal points in the sample."""
    found = set()
    for path in sorted((ROOT / "data" / "raw").glob("20*/*.xlsx")):
        book = openpyxl.load_workbook(path, read_only=True)
        for header, *rows in (list(sheet.values) for sheet in book if sheet.max_row > 1):
            named = [n for n, cell in enumerate(header) if any(one in str(cell) for one in PERSONAL)]
            found |= {str(row[n]) for row in rows for n in named if row[n]}
        book.close()
    return {text for text in found if "@" in text or re.fullmatch(r"\w\S+( \w\S+)+", text)} - {"non disponible"}


def test_no_stored_notebook_or_page_names_a_focal_point():
    persons = focal_points()
    assert len(persons) > 40 and any("@" in person for person in persons)
    kept = [*NOTEBOOKS, *(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")]
    named = {path.name: [p for p in persons if p in path.read_text(encoding="utf-8")] for path in kept}
    assert {name: found for name, found in named.items() if found} == {}
