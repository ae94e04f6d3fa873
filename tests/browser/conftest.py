"""A real JupyterLab with the built panel, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.gateway import Gateway
from tests.support.jupyter import TOKEN, JupyterServer, jupyter

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = Path(__file__).parents[2] / "build" / "screenshots"

SECONDS = 20  # that a page may take on a busy machine for what takes it none
expect.set_options(timeout=1000 * SECONDS)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for longer than a module: as long as it is there, no other event loop can run in this thread."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "Chromium is missing; `make test` installs it."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """JupyterLab before the shared gateway."""
    known = {"FAAS_GATEWAY": gateway.url, "FAAS_TOKEN": gateway.token}
    with jupyter(
        JupyterServer(tmp_path_factory.mktemp("lab"), application="jupyterlab", environment=known)
    ) as server:
        yield server


@pytest.fixture
def open_lab(browser: Browser) -> Iterator[Open]:
    """Opens JupyterLab afresh with the panel in sight; what the page complains about fails the test."""
    contexts, complaints = [], list[str]()

    def opened(lab: JupyterServer, path: str = "lab?reset&", scheme: str = "light") -> Page:
        settings = lab.folder / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
        theme = "JupyterLab Dark" if scheme == "dark" else "JupyterLab Light"
        (settings / "themes.jupyterlab-settings").write_text(f'{{"theme": "{theme}"}}')
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * SECONDS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{lab.url}{path}token={TOKEN}")
        page.get_by_role("tab", name="Functions").click(timeout=60_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def picture(page: Page, name: str) -> None:
    """Leave a screenshot to be looked at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
