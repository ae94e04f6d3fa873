"""Publishing from the notebook: the button of a cell, the receipt, what comes of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, picture
from tests.browser.notebooks import cell, notebook, run, select
from tests.support.gateway import Gateway
from tests.support.jupyter import JupyterServer

pytestmark = pytest.mark.docker

HELPER = "import math\n\nRATE = 2.5\n\n\ndef scaled(x):\n    return math.floor(x * RATE)"
ENTRY = '''def price(x: float) -> int:
    """What it costs.

    >>> price(2)
    5
    """
    return scaled(x)'''
BUTTON = "Run this cell and publish the function that it defines"
CELLS = ["x = 1", HELPER, ENTRY, "def broken(x):\n    return file.read()", "file = open('/dev/null')"]


def test_a_cell_is_published_by_its_button(gateway: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    page = open_lab(lab, notebook(lab, "price.ipynb", CELLS))
    run(page, 0, 1)
    button = page.get_by_role("button", name=BUTTON)
    select(page, 0)
    expect(button).to_have_count(0)
    select(page, 2)
    button.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Publish price", timeout=60_000)
    expect(dialog).to_contain_text("scaled")
    expect(dialog).to_contain_text("RATE")
    expect(dialog).to_contain_text("the standard library is enough")
    expect(dialog).to_contain_text("1 example is run first")
    dialog.get_by_label("Time").fill("7s")
    picture(page, "receipt")
    dialog.get_by_role("button", name="Publish").click()
    expect(cell(page, 2).locator(".jp-OutputArea")).to_contain_text("price version 1 is live", timeout=90_000)
    expect(cell(page, 2).locator(".cm-line").first).to_have_text("%%publish --timeout 7s")
    expect(page.locator(".jp-faas-row", has_text="price")).to_be_visible()
    picture(page, "published")
    assert gateway.call("price", {"x": 3}).json == 7
    assert gateway.client.function("price")["caps"]["timeout_seconds"] == 7


def test_what_can_not_go_along_is_said_before(gateway: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    page = open_lab(lab, notebook(lab, "broken.ipynb", CELLS))
    run(page, 4)
    select(page, 3)
    page.get_by_role("button", name=BUTTON).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This cell can not be published", timeout=60_000)
    expect(dialog).to_contain_text("file")
    picture(page, "not-capturable")
    expect(cell(page, 3).locator(".cm-line").first).to_have_text("def broken(x):")


def test_cancelling_changes_nothing(gateway: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    page = open_lab(lab, notebook(lab, "cancel.ipynb", ["def alone(x):\n    return x"]))
    select(page, 0)
    page.keyboard.press("Control+Alt+P")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Publish alone", timeout=60_000)
    dialog.get_by_role("button", name="Cancel").click()
    expect(cell(page, 0).locator(".cm-line").first).to_have_text("def alone(x):")
    assert "alone" not in {function["name"] for function in gateway.client.functions()}
