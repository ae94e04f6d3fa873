"""Try it: a function published from the notebook, called with a file; its errors lead back to the cell."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, picture
from tests.browser.notebooks import cell, notebook, run
from tests.support.gateway import Gateway
from tests.support.jupyter import JupyterServer

pytestmark = pytest.mark.docker

COUNTED = '''%%publish
def counted(table: bytes, column: str = "a", least: int = 0) -> list[dict]:
    """How often each value of a column occurs."""
    import collections, csv, io
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    found = collections.Counter(row[column] for row in rows)
    return [{"value": value, "count": count} for value, count in found.items() if count >= least]'''
DROP = """(zone, text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'trips.csv', {type: 'text/csv'}));
    zone.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def open_function(page: Page, name: str) -> None:
    page.locator(".jp-faas-row", has_text=name).click()
    expect(page.locator(".jp-faas-page h2")).to_contain_text(name)


def test_a_file_is_dropped_and_an_error_leads_to_its_cell(
    gateway: Gateway, lab: JupyterServer, open_lab: Open
) -> None:
    page = open_lab(lab, notebook(lab, "counted.ipynb", ["%load_ext jupyter_faas", COUNTED]))
    run(page, 0, 1)
    expect(cell(page, 1).locator(".jp-OutputArea")).to_contain_text("version 1 is live", timeout=90_000)
    open_function(page, "counted")
    call, result = (
        page.get_by_role("button", name="Call", exact=True),
        page.get_by_label("Result", exact=True),
    )
    call.click()
    expect(page.locator(".jp-faas-try-form")).to_contain_text("Not every field fits yet")
    zone = page.locator(".jp-faas-drop")
    zone.evaluate(DROP, "a,b\n1,x\n1,y\n2,x\n")
    expect(zone).to_contain_text("trips.csv")
    call.click()
    expect(result.get_by_role("columnheader")).to_have_text(["value", "count"])
    expect(result.get_by_role("row").nth(1)).to_contain_text("2")
    picture(page, "try-file")
    page.locator("#root_column").fill("c")
    call.click()
    expect(result.get_by_role("alert")).to_contain_text("KeyError")
    page.get_by_text("Earlier tries").click()
    expect(page.locator(".jp-faas-history li")).to_have_count(1)
    picture(page, "try-failed")
    result.get_by_role("button", name="line 6").first.click()
    expect(cell(page, 1)).to_be_visible()
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Ln 6, Col 1")
    picture(page, "try-line")


def test_a_call_goes_into_the_notebook(gateway: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer", "default": 20}}}
    gateway.publish("def twice(x=20):\n    return 2 * x", "twice", input_schema=schema, signature="(x=20)")
    page = open_lab(lab)
    open_function(page, "twice")
    insert = page.get_by_role("button", name="Insert call into notebook")
    insert.click()
    expect(page.locator(".jp-faas-try-form")).to_contain_text("No notebook is open")
    page = open_lab(lab, notebook(lab, "calling.ipynb", ["1"]))
    run(page, 0)
    open_function(page, "twice")
    page.locator("#root_x").fill("21")
    insert = page.get_by_role("button", name="Insert call into notebook")
    insert.click()
    page.get_by_role("tab", name="calling.ipynb").click()
    expect(cell(page, 1)).to_contain_text("twice(x=21)")
    run(page, 1)
    expect(cell(page, 1).locator(".jp-OutputArea")).to_contain_text("42")
