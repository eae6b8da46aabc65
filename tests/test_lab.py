"""JupyterLab, once, in a real browser: it opens on the guide, explore.ipynb runs, a control changes
the chart.
"""

import os
import shutil
import socket
import subprocess
import sys

import pytest

from oxcare_analysis.cli import lab
from oxcare_analysis.words import paths

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
TOKEN = "only-for-this-test"
SLOW = 90_000  # milliseconds: a kernel has to start and load the tables

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to drive"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory, tables, shipped_dir):
    """The address of a JupyterLab started as `oxcare lab` starts it, on working copies, with
    settings of its own.
    """
    folder, home = tmp_path_factory.mktemp("copies"), tmp_path_factory.mktemp("home")
    for path in paths.NOTEBOOKS.glob("*.ipynb"):
        shutil.copyfile(path, folder / path.name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {
        name: str(home / name.lower())
        for name in (
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_SETTINGS_DIR",
            "JUPYTERLAB_WORKSPACES_DIR",
        )
    }
    environment = (
        os.environ | own | {"OXCARE_DATA_DIR": str(shipped_dir), "PYTHONPATH": str(paths.PROJECT)}
    )
    running = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jupyterlab",
            *lab.options(folder),
            "--no-browser",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={TOKEN}",
            "--ServerApp.allow_root=True",
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{port}"
    running.terminate()
    running.wait(30)


@pytest.fixture(scope="module")
def page(server):
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        for _ in range(60):  # the server takes a few seconds to answer
            try:
                page.goto(f"{server}/?token={TOKEN}", timeout=SLOW)
                break
            except Error:
                page.wait_for_timeout(1000)
        yield page
        browser.close()


def test_it_opens_on_the_guide(page):
    heading = page.locator(".jp-RenderedMarkdown h1").first
    heading.wait_for(timeout=SLOW)
    assert heading.inner_text().startswith("Start here")


def test_explore_runs_and_a_control_changes_the_chart(page, server):
    page.goto(f"{server}/lab/tree/explore.ipynb", timeout=SLOW)
    shown = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    shown.get_by_role("heading", name="Choose a view").wait_for(timeout=SLOW)
    shown.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=SLOW)
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
    page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
    picture = page.locator(".widget-html figure.chart img").first
    picture.wait_for(timeout=SLOW)
    assert "children on a plan per 10,000 children" in picture.get_attribute("alt")
    page.locator(".widget-dropdown select").first.select_option(label="Plans ended per 100 open")
    page.locator('.widget-html img[alt^="Line chart of plans ended per 100 open."]').wait_for(
        timeout=SLOW
    )
    code = page.locator(".widget-textarea textarea").input_value()
    assert "ox.compare(study, 'exit_rate')" in code
    assert (
        page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count()
        == 0
    )
