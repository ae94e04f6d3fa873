"""The page ``/docs``, in a real browser: a call is made on it, and nothing is asked of any other host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.described import greet, summarize
from tests.browser.conftest import SECONDS, picture
from tests.support.gateway import Gateway
from tests.support.published import publish

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module", autouse=True)
def functions(gateway: Gateway) -> None:
    publish(gateway, summarize)
    publish(gateway, greet, public=True)


@pytest.fixture
def page(browser: Browser, gateway: Gateway) -> Iterator[Page]:
    """A page that may complain of nothing and ask nobody but the gateway."""
    complaints, hosts = list[str](), set[str]()
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    made = context.new_page()
    made.set_default_timeout(1000 * SECONDS)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    made.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    yield made
    context.close()
    assert complaints == []
    assert hosts - {""} == {urlsplit(gateway.url).netloc}, "'' is what the page has in itself"


def test_a_call_is_made_on_the_page(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/docs#token={gateway.token}")
    expect(page.locator("#state")).to_have_text("2 functions")
    assert gateway.token not in page.url
    operation = page.locator(".opblock", has=page.locator('[data-path="/functions/summarize"]')).first
    operation.locator(".opblock-summary-control").click()
    expect(operation).to_contain_text("Quantile and mean of a list of numbers.")
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea.body-param__text").fill('{"values": [1, 2, 6], "q": 0.9}')
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table")
    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    shown = answer.locator(".response-col_description code").first.inner_text()
    assert json.loads(shown) == summarize([1, 2, 6], q=0.9)
    answer.scroll_into_view_if_needed()
    picture(page, "docs-call")


def test_strangers_see_what_is_public_until_they_give_the_token(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/docs")
    expect(page.locator("#state")).to_have_text("1 function public")
    expect(page.locator('[data-path="/functions/greet"]').first).to_be_visible()
    expect(page.locator('[data-path="/functions/summarize"]')).to_have_count(0)
    page.get_by_label("Token").fill(gateway.token)
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page.locator("#state")).to_have_text("2 functions")
    expect(page.locator('[data-path="/functions/summarize"]').first).to_be_visible()
    picture(page, "docs")
