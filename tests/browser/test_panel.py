"""The sidebar and a function's page, as a person uses them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, picture
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.jupyter import JupyterServer, jupyter
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SUMMARIZE = """
import logging

def summarize(values, q=0.5):
    logging.info("summarizing %d values", len(values))
    if not values:
        raise ValueError("no values")
    return {"n": len(values), "mean": sum(values) / len(values), "q": q}
"""
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "values": {"type": "array", "items": {"type": "number"}, "description": "The numbers."},
        "q": {"type": "number", "default": 0.5, "maximum": 1, "description": "Which quantile."},
    },
    "required": ["values"],
    "additionalProperties": False,
}
RESULTS = """
import base64
import time

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

class Picture:
    def _repr_png_(self):
        return base64.b64decode(DOT)

class Page:
    def _repr_html_(self):
        return "<b>bold</b><script>parent.document.title = 'taken over'</script>"

def results(kind="table"):
    if kind == "stream":
        return lines()
    return {
        "table": [{"city": "Paris", "trips": 3}, {"city": "Oslo", "trips": 5}],
        "picture": Picture(), "page": Page(), "none": None, "text": "plain",
    }[kind]

def lines():
    for number in range(3):
        yield f"line {number}"
    while True:
        time.sleep(0.1)
        yield "more"
"""
KINDS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["table", "picture", "page", "none", "text", "stream"], "default": "table"}
    },
}


@pytest.fixture(scope="module")
def functions(gateway: Gateway) -> Gateway:
    signature = "(values: list[float], q: float = 0.5) -> dict"
    gateway.publish(
        SUMMARIZE, "summarize", input_schema=SCHEMA, signature=signature, doc="Mean and count of numbers."
    )
    gateway.publish(RESULTS, "results", input_schema=KINDS, signature="(kind='table')")
    return gateway


def open_function(page: Page, name: str) -> None:
    page.locator(".jp-faas-row", has_text=name).click()
    expect(page.locator(".jp-faas-page h2")).to_contain_text(name)


def call_with(page: Page, arguments: str) -> None:
    page.get_by_label("Write JSON").check()
    page.get_by_label("Arguments as JSON").fill(arguments)
    page.get_by_role("button", name="Call", exact=True).click()


def test_the_catalogue(functions: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    page = open_lab(lab)
    rows = page.locator(".jp-faas-row")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("Mean and count of numbers.")
    picture(page, "catalogue")
    page.get_by_placeholder("Filter functions").fill("count")
    expect(rows).to_have_count(1)
    page.get_by_placeholder("Filter functions").fill("nosuch")
    expect(page.get_by_text("No function matches the filter.")).to_be_visible()
    page.get_by_placeholder("Filter functions").fill("")
    page.get_by_label("Order of the functions").select_option("published")
    expect(rows.first).to_contain_text("results")


def test_a_call_by_the_form(functions: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    page = open_lab(lab)
    open_function(page, "summarize")
    page.locator(".jp-faas-try-form button[title='Add item']").click()  # below the three of the example
    for index, number in enumerate(("2", "4", "3", "3")):
        page.locator(f"#root_values_{index}").fill(number)
    page.locator("#root_q").fill("0.25")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_label("Result", exact=True)).to_contain_text('"mean": 3')
    expect(page.get_by_label("Result", exact=True)).to_contain_text('"q": 0.25')
    picture(page, "try-it")
    page.get_by_role("tab", name="Calls").click()
    expect(page.locator(".jp-faas-calls tbody tr").first).to_contain_text("200")
    page.get_by_role("tab", name="Logs").click()
    expect(page.get_by_role("log")).to_contain_text("summarizing 4 values")


def test_what_does_not_fit_is_said_before_it_is_sent(
    functions: Gateway, lab: JupyterServer, open_lab: Open
) -> None:
    page = open_lab(lab)
    open_function(page, "summarize")
    page.locator("#root_q").fill("7")
    expect(page.locator(".jp-faas-try-form")).to_contain_text("must be <= 1")
    page.get_by_label("Write JSON").check()
    page.get_by_label("Arguments as JSON").fill("[1, 2")
    expect(page.get_by_text("This is not a JSON object of named arguments yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_disabled()


def test_a_failed_call_says_what_and_where(functions: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    page = open_lab(lab)
    open_function(page, "summarize")
    call_with(page, '{"values": []}')
    problem = page.get_by_label("Result", exact=True).get_by_role("alert")
    expect(problem).to_contain_text("handler-error")
    expect(problem).to_contain_text("no values")
    expect(problem.get_by_label("Traceback")).to_contain_text('raise ValueError("no values")')
    picture(page, "failed-call")
    call_with(page, '{"q": 1}')
    expect(problem).to_contain_text("invalid-input")
    expect(problem).to_contain_text("values")


def test_results_as_one_expects_them(functions: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    page = open_lab(lab)
    open_function(page, "results")
    result = page.get_by_label("Result", exact=True)
    call_with(page, '{"kind": "table"}')
    expect(result.get_by_role("columnheader")).to_have_text(["city", "trips"])
    expect(result.get_by_role("row")).to_have_count(3)
    call_with(page, '{"kind": "picture"}')
    eventually(
        lambda: result.locator("img").evaluate("node => node.naturalWidth") == 1, 10, "the picture is shown"
    )
    call_with(page, '{"kind": "page"}')
    expect(result.frame_locator("iframe").locator("b")).to_have_text("bold")
    assert page.title() != "taken over"
    call_with(page, '{"kind": "none"}')
    expect(result).to_contain_text("returned None")
    call_with(page, '{"kind": "stream"}')
    expect(result.locator("li").first).to_have_text("line 0")
    page.get_by_role("button", name="Stop").click()
    expect(result).to_contain_text("Stopped.")
    eventually(
        lambda: functions.client.invocations("results", 1)[0]["status"] == 499, 10, "the call ends, too"
    )


def test_ready_calls_work_elsewhere(
    functions: Gateway, lab: JupyterServer, open_lab: Open, tmp_path: Path
) -> None:
    page = open_lab(lab)
    open_function(page, "results")
    page.get_by_role("tab", name="Endpoint").click()
    page.get_by_role("button", name="Copy: Terminal").click()
    expect(page.get_by_role("button", name="Copy: Terminal")).to_have_text("Copied")
    command = page.evaluate("() => navigator.clipboard.readText()")
    assert functions.token not in page.content()
    scripts = Path(sys.executable).parent
    done = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        env={
            **functions.environment,
            "PATH": f"{scripts}:{os.environ['PATH']}",
            "FAAS_GATEWAY": functions.url,
            "FAAS_TOKEN": functions.token,
        },
    )
    assert '"city":"Paris"' in done.stdout, done.stderr
    picture(page, "endpoint")


def test_deleting_asks_first(functions: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    functions.publish(RESULTS, "obsolete", entry="results")
    page = open_lab(lab)
    open_function(page, "obsolete")
    page.get_by_role("button", name="Delete this function …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete obsolete?")
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Delete this function …").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator(".jp-faas-row", has_text="obsolete")).to_have_count(0)
    assert "obsolete" not in {function["name"] for function in functions.client.functions()}


def test_dark(functions: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    page = open_lab(lab, scheme="dark")
    open_function(page, "summarize")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    picture(page, "dark")


def test_without_a_gateway_one_is_started(tmp_path: Path, open_lab: Open) -> None:
    require_docker()
    with jupyter(JupyterServer(tmp_path, application="jupyterlab")) as server:
        page = open_lab(server)
        expect(page.get_by_text("No gateway is running")).to_be_visible()
        picture(page, "no-gateway")
        page.get_by_role("button", name="Start a gateway").click()
        try:
            expect(page.get_by_text("No functions yet.")).to_be_visible()
            picture(page, "empty")
        finally:
            server.ask("POST", "jupyter-faas/api/v1/shutdown")
        expect(page.get_by_text("No gateway is running")).to_be_visible(timeout=30_000)
