"""Kernels run nothing of their user: profile, start-up file, styles, or modules beside the notebooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import write_notebook
from helpers.runs.errors import RunError
from helpers.runs.notebook import run_notebook

pytestmark = pytest.mark.slow

TESTS = Path(__file__).resolve().parents[1]
# Whatever of its user a kernel ran would be seen here.
CELL = "import random, sys, babel\nprint('startup' in globals(), hasattr(random, 'choice'), hasattr(babel, 'Locale'))"
SEEN = "False True True\n"


@pytest.fixture
def user(tmp_path, monkeypatch) -> Path:
    """A user with a profile and a start-up file, and modules beside the notebook named like those of libraries."""
    startup = tmp_path / ".ipython" / "profile_default" / "startup" / "00.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("startup = 1", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("random", "babel"):
        (folder / f"{name}.py").write_text("", encoding="utf-8")
    return folder


def test_a_run_is_isolated(user, tmp_path):
    run_notebook(write_notebook(user / "n.ipynb", CELL), tmp_path / "out.ipynb", {})
    cells = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))["cells"]
    assert cells[1]["outputs"][0]["text"] == [SEEN]


def test_nbval_is_isolated(user):
    path = write_notebook(user / "n.ipynb", CELL)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for number, cell in enumerate(notebook["cells"], start=1):
        cell["execution_count"] = number
    notebook["cells"][1]["outputs"] = [{"name": "stdout", "output_type": "stream", "text": [SEEN]}]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "nbval_speaks", "-p", "no:cacheprovider", "--nbval", str(path)]
    settings = os.environ | {"PYTHONPATH": str(TESTS)}
    ran = subprocess.run(
        [*command, "--rootdir", str(user), "-c", os.devnull], env=settings, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(("name", "hides"), [("babel", True), ("mine", False)])
def test_elsewhere_a_module_that_hides_a_library_is_named(tmp_path, name, hides):
    (tmp_path / f"{name}.py").write_text("", encoding="utf-8")
    ran = subprocess.run([sys.executable, "-c", "import helpers"], cwd=tmp_path, capture_output=True, text=True)
    message = f"ImportError: {tmp_path}/{name}.py hides the library {name}; rename it, and start again"
    assert ran.stderr.splitlines()[-1:] == ([message] if hides else [])


def test_a_kernel_that_cannot_start_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # no Python is found there
    with pytest.raises(RunError, match=r"^n\.ipynb: its kernel could not be started: [^\n]+$") as caught:
        run_notebook(write_notebook(tmp_path / "n.ipynb", "1"), tmp_path / "out.ipynb", {})
    assert caught.value.code == 1


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_damaged_notebook_is_one_sentence(tmp_path, text):
    (tmp_path / "n.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"^n\.ipynb cannot be read: [^\n]+; restore it$"):
        run_notebook(tmp_path / "n.ipynb", tmp_path / "out.ipynb", {})
