"""The notebooks in JupyterLab, as an analyst runs them: Run All passes, and the explorer follows its widgets."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from helpers.plan.plan import read_plan
from helpers.plan.settings import read_settings

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
SLOW = 120_000  # milliseconds, for a whole notebook on a busy machine
SETTINGS = {
    # Every cell in the page, also those out of sight; no question about news, which would be asked of the network.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
PROMPTS = """() => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputArea-prompt')]
    .map((one) => one.textContent)"""
HAS_BEGUN = f"() => ({PROMPTS})().some((one) => one !== '[ ]:')"
ALL_RAN = f"""() => {{
    const prompts = ({PROMPTS})();
    return prompts.length > 0 && prompts.every((one, place) => one === `[${{place + 1}}]:`)
        && document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle';
}}"""
MESSAGES = ["application/vnd.jupyter.error", "application/vnd.jupyter.stderr"]


def read_notebook(name: str, is_blank: bool) -> dict:
    """Read a notebook as it is stored; or blank, without outputs, so that what is then seen was made there."""
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if is_blank and cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return notebook


def private_settings(folder: Path) -> dict[str, str]:
    """Return an environment in which Jupyter keeps everything it writes in a folder, and nobody's own is read."""
    for name, settings in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_WORKSPACES_DIR")
    made = {name: str(folder / name.lower()) for name in own} | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    return os.environ | made | {"PAPU_ROOT": str(ROOT), "PAPU_OUT": str(folder / "out"), "JUPYTER_PREFER_ENV_PATH": "1"}


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    """Wait until a server answers; fail with its log when it does not."""
    for _ in range(300):
        if server.poll() is None:
            try:
                with urllib.request.urlopen(f"{address}/api", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8")[-3000:])


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """Start JupyterLab for this machine alone; return its address and the folder it opens, end it afterwards."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", "--ServerApp.token=", "--ServerApp.password=", "--allow-root",
        f"--ServerApp.root_dir={folder / 'notebooks'}", "--LabApp.extension_manager=readonly",
        "--ServerApp.disable_check_xsrf=True",  # so that a test can end its kernels
    ]  # fmt: skip
    with (folder / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=private_settings(folder), cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}", server, folder / "log")
        yield f"http://127.0.0.1:{port}", folder / "notebooks"
    finally:
        server.terminate()  # it ends its kernels first
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def end_kernels(address: str) -> None:
    """End the kernels that a test has left, so that the next one has the machine for itself."""
    with urllib.request.urlopen(f"{address}/api/kernels") as answer:
        kernels = json.load(answer)
    for kernel in kernels:
        request = urllib.request.Request(f"{address}/api/kernels/{kernel['id']}", method="DELETE")
        urllib.request.urlopen(request).close()


@pytest.fixture
def open_notebook(lab, browser) -> Iterator[Callable[..., Page]]:
    """Return an opener of notebooks in JupyterLab: of a copy of the test's own, in a workspace of its own."""
    address, folder = lab
    context = browser.new_context(viewport={"width": 1400, "height": 1250}, accept_downloads=True)

    def open_one(name: str, is_blank: bool = True) -> Page:
        own = f"{len(list(folder.iterdir()))}_{name}"
        (folder / f"{own}.ipynb").write_text(json.dumps(read_notebook(name, is_blank)), encoding="utf-8")
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{address}/lab/workspaces/{own}/tree/{own}.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        return page

    yield open_one
    context.close()
    end_kernels(address)


def run_all(page: Page) -> None:
    """Run all cells by the menu, and wait until each has run in its turn and the kernel is idle."""
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=SLOW)
    for _ in range(5):
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
        # A kernel that says it is idle may still be connecting: what it is asked then is dropped, and asked again.
        try:
            page.wait_for_function(HAS_BEGUN, timeout=5_000)
            break
        except TimeoutError:
            continue
    page.wait_for_function(ALL_RAN, timeout=SLOW)


def outputs(page: Page, kinds: list[str] | None = None) -> Locator:
    chosen = ", ".join(f"[data-mime-type='{kind}']" for kind in kinds or [])
    return page.locator(chosen or ".jp-OutputArea-output")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_run_all_passes_and_the_last_cell_shows_what_came_back(name, open_notebook, screenshots):
    page = open_notebook(name)
    run_all(page)
    assert outputs(page, MESSAGES).count() == 0
    last = page.locator(".jp-Notebook .jp-CodeCell").last
    expect(last.locator(".jp-OutputArea-output").first).to_be_visible()
    shown = page.locator(".papu-explorer") if name == "05_explore" else last
    shown.first.evaluate("(one) => one.scrollIntoView()")
    page.screenshot(path=screenshots / f"lab_{name}.png")


def test_a_notebook_that_nobody_ran_here_shows_the_stored_figure_and_table(open_notebook, screenshots):
    page = open_notebook("05_explore", is_blank=False)
    figure = page.locator(".jp-OutputArea-output img[alt*='2022']").first
    figure.scroll_into_view_if_needed()
    expect(figure).to_be_visible()
    assert figure.evaluate("(one) => one.complete && one.naturalWidth > 600")
    assert page.locator(".jp-OutputArea-output table", has_text="T3 2024").first.is_visible()
    assert page.locator(".papu-explorer").count() == 0 and page.get_by_text("Error displaying widget").count() == 0
    page.screenshot(path=screenshots / "lab_05_explore_stored.png")


class TestExplorer:
    @pytest.fixture
    def page(self, open_notebook) -> Page:
        """Return the explorer's notebook, run."""
        page = open_notebook("05_explore")
        run_all(page)
        page.locator(".papu-explorer").evaluate("(one) => one.scrollIntoView()")
        return page

    def test_figure_table_and_downloads_follow_the_widgets(self, page, screenshots):
        panel = page.locator(".papu-explorer")
        kpi, region = panel.locator(".widget-dropdown select").nth(0), panel.locator(".widget-dropdown select").nth(1)
        figure, table, members = panel.locator("img"), panel.locator("table"), panel.locator(".widget-select-multiple")
        before = figure.get_attribute("src"), table.inner_text()
        title = read_plan().by_kpi["3.1.a"].title["fr"]
        kpi.select_option(index=[one.kpi for one in read_plan().kpis].index("3.1.a"))
        expect(figure).to_have_attribute(
            "alt", re.compile(f"{re.escape(title)}, {read_settings().short('union')['fr']}, ")
        )
        region.select_option(label="Ouest")
        expect(figure).to_have_attribute("alt", re.compile(f"{re.escape(title)}, Ouest"))
        expect(members.locator("option")).to_have_count(13)
        members.locator("select").select_option(label=["Sénégal (SEN)", "Ghana (GHA)", "Nigéria (NGA)"])
        expect(table.locator("th", has_text="Ghana")).to_be_visible()
        after = figure.get_attribute("src"), table.inner_text()
        assert after[0] != before[0] and after[1] != before[1]
        assert panel.locator("[role=alert]").count() == 0
        page.screenshot(path=screenshots / "lab_05_explore_moved.png")

    def test_what_is_shown_can_be_downloaded(self, page, tmp_path):
        for place, end in enumerate((".csv", "_fr.svg")):
            with page.expect_download() as coming:
                page.locator(".papu-explorer a[download]").nth(place).click()
            kept = tmp_path / coming.value.suggested_filename
            coming.value.save_as(kept)
            assert kept.name == f"2022Q3-2024Q3_2.1.a_PAPU_invented-sample{end}"
            assert ("données fictives / invented sample" in kept.read_text("utf-8")) == (end == ".csv")
