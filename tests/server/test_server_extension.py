"""The Jupyter server's routes, in a real Jupyter server, before a real gateway."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import HTTPClientError, HTTPResponse
from tornado.routing import PathMatches, RuleRouter

from jupyter_faas.model.user import current_user
from jupyter_faas.server.handlers import PREFIX
from tests.support.gateway import Gateway
from tests.support.jupyter import JupyterServer, jupyter
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

Fetch = Callable[..., Awaitable[HTTPResponse]]

SOURCE = """
import time
def f(what="ok"):
    if what == "stream":
        return (number for number in range(3))
    if what == "page":
        return Page()
    if what == "slow":
        return slow()
    if what == "fail":
        raise ValueError("no")
    return what

class Page:
    def _repr_html_(self):
        return "<script>alert(1)</script>"

def slow():
    while True:
        yield "x" * 10
        time.sleep(0.05)
"""


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"jupyter_faas.server": True}}}


@pytest.fixture
def served(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.setenv("FAAS_GATEWAY", gateway.url)
    monkeypatch.setenv("FAAS_TOKEN", gateway.token)
    if not any(function["name"] == "f" for function in gateway.client.functions()):
        gateway.publish(SOURCE, "f")
    return gateway


async def problem_of(answer: Awaitable[HTTPResponse]) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HTTPClientError) as raised:
        await answer
    assert raised.value.response is not None
    return raised.value.code, json.loads(raised.value.response.body)


async def test_the_panel_learns_that_a_gateway_runs(served: Gateway, jp_fetch: Fetch) -> None:
    state = json.loads((await jp_fetch(PREFIX, "gateway")).body)
    assert state == {"state": "running", "url": served.url, "startable": False}


async def test_the_management_api_is_relayed(served: Gateway, jp_fetch: Fetch) -> None:
    answer = await jp_fetch(PREFIX, "api/v1/functions/f/invocations", params={"limit": "2"})
    assert json.loads(answer.body)["invocations"] == served.client.invocations("f", 2)
    code, problem = await problem_of(jp_fetch(PREFIX, "api/v1/functions/nosuch"))
    assert (code, problem["code"]) == (404, "not-found")


async def test_calls_are_relayed_with_their_headers(served: Gateway, jp_fetch: Fetch) -> None:
    answer = await jp_fetch(
        PREFIX, "functions/f", method="POST", body='{"what": "hello"}', headers={"Accept": "application/json"}
    )
    assert json.loads(answer.body) == "hello"
    assert answer.headers["Faas-Version"] == "1"
    assert served.client.invocations("f", 1)[0]["caller"] == current_user()
    assert "run" in answer.headers["Server-Timing"]
    code, problem = await problem_of(jp_fetch(PREFIX, "functions/f", method="POST", body='{"what": "fail"}'))
    assert (code, problem["code"], problem["exception"]) == (500, "handler-error", "ValueError")


async def test_a_page_that_a_function_returns_runs_nothing(served: Gateway, jp_fetch: Fetch) -> None:
    answer = await jp_fetch(
        PREFIX, "functions/f", method="POST", body='{"what": "page"}', headers={"Accept": "text/html"}
    )
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_no_call_by_a_link(served: Gateway, jp_fetch: Fetch) -> None:
    with pytest.raises(HTTPClientError, match="405"):
        await jp_fetch(PREFIX, "functions/f", params={"what": "ok"})


async def test_every_route_wants_a_login(jp_fetch: Fetch, jp_serverapp: ServerApp) -> None:
    """Each route of the extension, whatever it is, asked by somebody unknown."""
    paths = [path.replace(".+", "functions") for path in routes(jp_serverapp.web_app.default_router)]
    assert len(paths) >= 3
    for path in paths:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            status = await asyncio.to_thread(ask, jp_serverapp.port, method, path)
            # A method that a route doesn't have is refused before anything else.
            assert status in (403, 405), f"{method} {path}"


def routes(router: RuleRouter) -> Iterator[str]:
    """The patterns of all paths of the extension."""
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from routes(rule.target)
        elif isinstance(rule.matcher, PathMatches) and PREFIX in rule.matcher.regex.pattern:
            yield rule.matcher.regex.pattern.removesuffix("$")


def ask(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers={"Content-Length": "0"})
    return connection.getresponse().status


@pytest.mark.parametrize("path", ["../../healthz", "%2e%2e/%2e%2e/healthz", "functions/..%2f..%2fhealthz"])
async def test_no_path_leads_out_of_the_api(
    served: Gateway, jp_fetch: Fetch, jp_serverapp: ServerApp, path: str
) -> None:
    status = await asyncio.to_thread(
        ask_as_user, jp_serverapp, f"{jp_serverapp.base_url}jupyter-faas/api/v1/{path}"
    )
    assert status == 400


def ask_as_user(server: ServerApp, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path, headers={"Authorization": f"token {server.identity_provider.token}"})
    return connection.getresponse().status


async def test_the_gateways_token_stays_at_the_server(
    served: Gateway, jp_fetch: Fetch, jp_serverapp: ServerApp
) -> None:
    for path in ("gateway", "api/v1/gateway", "api/v1/functions"):
        answer = await jp_fetch(PREFIX, path)
        assert served.token not in answer.body.decode()
        assert served.token not in str(answer.headers)


async def test_streams_come_as_they_are_made_and_end_with_their_follower(
    served: Gateway, jp_fetch: Fetch, jp_serverapp: ServerApp
) -> None:
    pieces: list[tuple[float, bytes]] = []
    await jp_fetch(
        PREFIX,
        "functions/f",
        method="POST",
        body='{"what": "stream"}',
        headers={"Accept": "application/x-ndjson"},
        streaming_callback=lambda piece: pieces.append((time.monotonic(), piece)),
    )
    assert b"".join(piece for _, piece in pieces) == b"0\n1\n2\n"
    await asyncio.to_thread(begin_and_leave, jp_serverapp)

    await asyncio.to_thread(
        eventually,
        lambda: served.client.invocations("f", 1)[0]["status"] == 499,
        10,
        "the call ends when its follower has gone",
    )


def begin_and_leave(server: ServerApp) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(
        "POST",
        f"{server.base_url}jupyter-faas/functions/f",
        body='{"what": "slow"}',
        headers={
            "Authorization": f"token {server.identity_provider.token}",
            "Accept": "application/x-ndjson",
        },
    )
    answer = connection.getresponse()
    assert answer.read(5)
    answer.close()
    connection.close()


async def test_without_a_gateway_the_panel_can_start_one(
    jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("FAAS_GATEWAY", "FAAS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FAAS_DATA_DIR", str(tmp_path / "data"))
    state = json.loads((await jp_fetch(PREFIX, "gateway")).body)
    assert state == {"state": "stopped", "url": None, "startable": True}
    code, problem = await problem_of(jp_fetch(PREFIX, "api/v1/functions"))
    assert (code, problem["code"]) == (503, "gateway-unavailable")
    started = json.loads((await jp_fetch(PREFIX, "gateway", method="POST", body="")).body)
    try:
        assert started["state"] == "running"
        assert json.loads((await jp_fetch(PREFIX, "api/v1/functions")).body) == {"functions": []}
    finally:
        await jp_fetch(PREFIX, "api/v1/shutdown", method="POST", body="")


async def test_a_named_gateway_is_not_started_here(jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAAS_GATEWAY", "http://127.0.0.1:9")
    state = json.loads((await jp_fetch(PREFIX, "gateway", method="POST", body="")).body)
    assert (state["state"], state["startable"]) == ("stopped", False)
    assert "FAAS_GATEWAY" in state["problem"]["detail"]


def test_a_gateway_is_started_with_the_server(tmp_path: Path) -> None:
    options = (
        "--FaasExtension.start_gateway=True",
        "--FaasExtension.gateway_arguments=--GatewayApp.history=700",
    )
    with jupyter(JupyterServer(tmp_path, *options, base_url="/user/ada/")) as server:
        eventually(
            lambda: server.ask("GET", "jupyter-faas/gateway")["state"] == "running", 20, "a gateway runs"
        )
        try:
            pid = server.ask("GET", "jupyter-faas/api/v1/gateway")["pid"]
            assert b"--GatewayApp.history=700" in Path(f"/proc/{pid}/cmdline").read_bytes()
        finally:
            server.ask("POST", "jupyter-faas/api/v1/shutdown")


@pytest.fixture
def broken() -> Iterator[ThreadingHTTPServer]:
    """A gateway that ends in the middle of its answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            whole = b'{"status": "ok"}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(whole) + (0 if self.path == "/healthz" else 100)))
            self.end_headers()
            self.wfile.write(whole)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


async def test_an_answer_that_breaks_off_is_seen_to(
    jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch, broken: ThreadingHTTPServer
) -> None:
    monkeypatch.setenv("FAAS_GATEWAY", f"http://127.0.0.1:{broken.server_port}")
    with pytest.raises(Exception, match=r"closed|599"):
        await jp_fetch(PREFIX, "api/v1/functions")
