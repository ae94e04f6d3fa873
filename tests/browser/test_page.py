"""A function's page: its last hour, its calls, its log, its versions and caps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_faas.model.caps import Caps
from tests.browser.conftest import Open, picture
from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.jupyter import JupyterServer, jupyter
from tests.support.registered import register
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SOURCE = """
import logging, sys, time

def forecast(days, what="ok"):
    logging.info("forecasting %d days", days)
    if what == "fail":
        raise ValueError(f"no model for {days} days")
    if what == "key":
        return {}["missing"]
    if what == "nap":
        time.sleep(0.2)
    print("done", file=sys.stderr)
    return [1.5 * day for day in range(days)]
"""
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "days": {"type": "integer", "minimum": 1, "maximum": 30, "description": "How many."},
        "what": {"enum": ["ok", "fail", "key", "nap"], "default": "ok", "description": "What becomes of it."},
    },
    "required": ["days"],
    "additionalProperties": False,
}
DOC = "Demand of the next days.\n\nBy a model of last year's sales, which is carried along."
SEGMENTS = [{"line": 4, "count": 12, "cell": "In[3]", "cell_line": 1}]
GENEROUS = Caps(memory_bytes=2_000_000_000)
CALLS = (*["ok"] * 30, "nap", "nap", "fail", "fail", "key", "ok")


@pytest.fixture(scope="module")
def forecast(gateway: Gateway) -> Gateway:
    """Three versions of a function, called in every way."""
    described: dict[str, Any] = {
        "input_schema": SCHEMA,
        "output_schema": {"type": "array", "items": {"type": "number"}},
        "signature": "(days: int, what: str = 'ok') -> list[float]",
        "segments": SEGMENTS,
        "doc": DOC,
        "caps": GENEROUS,
        "origin": {"notebook": "demand.ipynb", "cell": "In[3]"},
    }
    gateway.publish(SOURCE, "forecast", **described)
    for what in CALLS:
        gateway.call("forecast", {"days": 3, "what": what})
    gateway.publish(SOURCE.replace("1.5", "1.6"), "forecast", **described)
    gateway.call("forecast", {"days": 3})
    narrow = {**SCHEMA, "properties": {**SCHEMA["properties"], "days": {"type": "integer", "maximum": 7}}}
    third = {**described, "input_schema": narrow}
    gateway.publish(SOURCE.replace("1.5 * day", "1.7 * day + 1"), "forecast", **third)
    gateway.request("PUT", "/api/v1/functions/forecast/aliases/prod", b'{"versions": {"1": 90, "2": 10}}')
    gateway.call("forecast", {"days": 3})
    gateway.publish("def resting():\n    return 1", "resting", doc="Does nothing.")
    gateway.publish("def broken(x):\n    return x / 0", "broken", doc="Divides by nothing.")
    for _ in range(3):
        gateway.call("broken", {"x": 1})
    return gateway


def open_section(page: Page, section: str, name: str = "forecast") -> Locator:
    if not page.locator(".jp-faas-page").is_visible():
        page.locator(".jp-faas-row", has_text=name).click()
    page.get_by_role("tab", name=section).click()
    return page.locator(".jp-faas-tabs [role=tabpanel]")


def test_the_list_shows_states_and_the_last_hour(
    forecast: Gateway, lab: JupyterServer, open_lab: Open
) -> None:
    page = open_lab(lab)
    row = page.locator(".jp-faas-row", has_text="forecast")
    expect(row.get_by_role("img", name=re.compile("Live|Paused"))).to_be_visible()
    expect(row.get_by_role("img", name="38 calls in the last hour, 3 failed")).to_be_visible()
    expect(row).to_contain_text("prod v1/2")
    expect(row).to_contain_text("ms")
    broken = page.locator(".jp-faas-row", has_text="broken")
    expect(broken.get_by_role("img", name="Failing")).to_be_visible()
    page.get_by_label("Order of the functions").select_option("errors")
    expect(page.locator(".jp-faas-row").first).to_contain_text("broken")
    page.get_by_label("Order of the functions").select_option("name")
    page.locator(".jp-faas-row").first.focus()
    page.keyboard.press("ArrowDown")
    expect(row).to_be_focused()
    picture(page, "list")
    page.keyboard.press("Enter")
    expect(page.locator(".jp-faas-page h2")).to_contain_text("forecast")
    expect(page.locator(".jp-faas-head")).to_contain_text("from demand.ipynb")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_section(forecast: Gateway, lab: JupyterServer, open_lab: Open, scheme: str) -> None:
    page = open_lab(lab, scheme=scheme)
    picture(page, f"list-{scheme}")
    for section, text in (
        ("Activity", "Time until the answer"),
        ("Calls", "handler-error"),
        ("Logs", "forecasting 3 days"),
        ("Errors", "no model for 3 days"),
        ("Versions", "Make latest"),
        ("Caps", "--memory"),
        ("Endpoint", "integer to 7"),
    ):
        expect(open_section(page, section)).to_contain_text(text)
        picture(page, f"{section.lower()}-{scheme}")


def test_a_version_is_compared_promoted_and_rolled_back(
    gateway: Gateway, lab: JupyterServer, open_lab: Open
) -> None:
    for number in (1, 2, 3):
        gateway.publish(f"def steps():\n    return {number}", "steps")
        gateway.call("steps")
    page = open_lab(lab)
    section = open_section(page, "Versions", "steps")
    newest = section.get_by_role("row", name="v3 latest")
    newest.get_by_role("button", name="Changes").click()
    diff = section.get_by_label("Changes of the source")
    expect(diff.locator(".jp-mod-added")).to_contain_text("return 3")
    expect(diff.locator(".jp-mod-removed")).to_contain_text("return 2")
    section.get_by_label("Compared with").select_option("1")
    expect(diff.locator(".jp-mod-removed")).to_contain_text("return 1")
    picture(page, "changes")
    section.get_by_role("button", name="Roll back").click()
    expect(section.get_by_role("row", name="v2 latest")).to_be_visible()
    expect(page.locator(".jp-faas-head h2")).to_contain_text("v2")
    assert gateway.call("steps").json == 2
    section.get_by_role("row", name="v1").get_by_role("button", name="Make latest").click()
    expect(section.get_by_role("row", name="v1 latest")).to_be_visible()
    assert gateway.call("steps").json == 1
    section.get_by_text("How the aliases were moved").click()
    expect(section.locator(".jp-faas-moves li").first).to_contain_text("latest from v2 back to v1")
    expect(section.locator(".jp-faas-moves li").nth(1)).to_contain_text("latest from v3 back to v2")


def test_an_alias_shares_its_calls_out(gateway: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    for number in (1, 2):
        gateway.publish(f"def shared():\n    return {number}", "shared")
    page = open_lab(lab)
    section = open_section(page, "Versions", "shared")
    section.get_by_role("button", name="New alias …").click()
    editor = section.get_by_role("group", name="Move an alias")
    expect(editor).to_contain_text("Give the alias a name.")
    editor.get_by_label("Name").fill("prod")
    editor.get_by_role("button", name="Share with another version").click()
    editor.get_by_label("Share of v1 in percent").fill("30")
    expect(editor).to_contain_text("The shares are 120 % together, not 100 %.")
    expect(editor.get_by_role("button", name="Move", exact=True)).to_be_disabled()
    editor.get_by_label("Share of v2 in percent").fill("70")
    picture(page, "alias-editor")
    editor.get_by_role("button", name="Move", exact=True).click()
    expect(section.get_by_role("row", name="prod").first).to_contain_text("v1 30 % + v2 70 %")
    aliases = gateway.request("GET", "/api/v1/functions/shared/aliases").json["aliases"]
    assert aliases["prod"] == {"1": 30, "2": 70}
    section.get_by_role("row", name="prod").first.get_by_role("button", name="Remove …").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(section.get_by_role("row", name="prod")).to_have_count(0)


def test_calls_are_filtered_paged_and_opened(forecast: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    for _ in range(20):
        forecast.call("forecast@2", {"days": 2})
    page = open_lab(lab)
    section = open_section(page, "Calls")
    rows = section.locator(".jp-faas-calls tbody tr")
    expect(rows).to_have_count(50)
    section.get_by_role("button", name="Show earlier calls").click()
    eventually(lambda: rows.count() > 50, 10, "earlier calls are shown")
    section.get_by_label("Outcome").select_option("5xx")
    expect(rows).to_have_count(3)
    section.get_by_label("Version").select_option("3")
    expect(section).to_contain_text("No call matches the filters.")
    section.get_by_role("button", name="Clear").click()
    section.get_by_label("Outcome").select_option("code:handler-error")
    rows.first.get_by_role("button").click()
    details = section.locator(".jp-faas-call")
    expect(details.get_by_role("alert")).to_contain_text("KeyError")
    expect(details.get_by_label("Traceback")).to_contain_text("cell In[3], line 6")
    expect(details.locator(".jp-faas-line")).to_contain_text("forecasting 3 days")
    picture(page, "call")
    errors = open_section(page, "Errors")
    errors.get_by_role("row", name="ValueError").get_by_role("button", name="Newest call").click()
    expect(page.locator(".jp-faas-call")).to_contain_text("no model for 3 days")


def test_the_log_is_followed(gateway: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    gateway.publish("def talk(text):\n    print(text)", "talk")
    page = open_lab(lab)
    section = open_section(page, "Logs", "talk")
    expect(section.get_by_role("status")).to_have_text("Following")
    lines = section.locator(".jp-faas-line")
    for number in range(3):
        gateway.call("talk", {"text": f"line {number}"})
        expect(lines.nth(number)).to_contain_text(f"line {number}")
    section.get_by_label("Search the lines").fill("line 1")
    expect(lines).to_have_count(1)
    gateway.call("talk", {"text": "line 10"})
    gateway.call("talk", {"text": "line 20"})
    expect(lines).to_have_count(2)
    section.get_by_label("Level or stream").select_option("warning")
    expect(section).to_contain_text("No line matches.")


def test_caps_are_mended_with_one_click(forecast: Gateway, lab: JupyterServer, open_lab: Open) -> None:
    for _ in range(21):
        forecast.call("resting")
    forecast.client.change_caps("resting", {"memory": "2GB"})
    page = open_lab(lab)
    section = open_section(page, "Caps", "resting")
    expect(section.get_by_role("row", name="Memory")).to_contain_text("2.0 GB")
    section.get_by_role("button", name="Apply: --memory 64MB").click()
    expect(section.get_by_role("row", name="Memory")).to_contain_text("64 MB")
    assert forecast.client.function("resting")["caps"]["memory_bytes"] == 64_000_000


def test_a_gateway_that_stops_and_starts(tmp_path: Path, open_lab: Open) -> None:
    require_docker()
    with running(tmp_path) as gateway:
        gateway.publish("def talk(text):\n    print(text)", "talk")
        with jupyter(JupyterServer(tmp_path, application="jupyterlab")) as server:  # finds it by itself
            page = open_lab(server)
            section = open_section(page, "Logs", "talk")
            expect(section.get_by_role("status")).to_have_text("Following")
            gateway.stop()
            expect(section.get_by_role("status")).to_contain_text("The connection is lost")
            expect(page.get_by_text("No gateway is running")).to_be_visible(timeout=30_000)
            picture(page, "gateway-stopped")
            gateway.start()
            expect(page.locator(".jp-faas-row", has_text="talk")).to_be_visible(timeout=60_000)
            gateway.call("talk", {"text": "I am back"})
            expect(section.locator(".jp-faas-line")).to_contain_text("I am back", timeout=60_000)
            page.close()  # before the server goes: JupyterLab would complain


def test_five_hundred_functions(tmp_path: Path, open_lab: Open) -> None:
    require_docker()
    with running(tmp_path / "gateway") as gateway:
        register(gateway, 500, calls=2000)
        known = {"FAAS_GATEWAY": gateway.url, "FAAS_TOKEN": gateway.token}
        with jupyter(JupyterServer(tmp_path / "lab", application="jupyterlab", environment=known)) as server:
            page = open_lab(server)
            rows = page.locator(".jp-faas-row")
            expect(rows.first).to_be_visible()
            assert rows.count() < 60, "only those in sight are in the page"
            page.locator(".jp-faas-list").evaluate("node => node.scrollTo(0, node.scrollHeight)")
            expect(rows.last).to_contain_text("resting_499")
            rows.last.focus()
            page.keyboard.press("Home")
            expect(rows.first).to_be_focused()
            page.get_by_label("Filter functions").fill("_498")
            expect(rows).to_have_count(1)
            page.get_by_label("Filter functions").fill("")
            page.get_by_label("Order of the functions").select_option("calls")
            section = open_section(page, "Activity", "Gives back what it was given.")
            expect(section.locator(".jp-faas-bars.jp-mod-calls rect")).not_to_have_count(1)
            expect(section.get_by_label(re.compile("Memory: the most that a call used"))).to_be_visible()
            picture(page, "hour")
            page.close()
