"""Callers who take their time, at the real HTTP server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import pytest
from tornado.testing import bind_unused_port

from jupyter_faas.gateway.handlers.budget import Budget, Holding
from jupyter_faas.gateway.handlers.routes import gateway_server
from jupyter_faas.gateway.handlers.site import Authenticator, Site
from jupyter_faas.gateway.service.access import needs_token
from jupyter_faas.model.errors import Saturated

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def served(talk: Callable[[socket.socket], Any], idle_seconds: float, body_seconds: float) -> Any:
    """What ``talk`` returns, which speaks to a server with this patience."""

    async def run() -> Any:
        budget = Budget(10**6)
        site = Site(cast("Any", None), Authenticator("none"), "", 0.0, "", lambda: None, budget)
        server = gateway_server(site, idle_seconds, body_seconds)
        listener, port = bind_unused_port()
        server.listen([listener])
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                return await asyncio.to_thread(talk, connection)
        finally:
            await server.close()

    return asyncio.run(run())


def all_of(connection: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (b"", 0),
        (b"GET /healthz HTT", 0),
        (HEALTH, 1),
        (HEALTH + HEALTH, 2),
        (HEALTH + b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab", 1),
    ],
)
def test_who_does_not_go_on_is_hung_up_on(sent: bytes, answers: int) -> None:
    def talk(connection: socket.socket) -> bytes:
        connection.sendall(sent)
        return all_of(connection)

    received = served(talk, idle_seconds=0.2, body_seconds=0.2)
    assert received.count(b"HTTP/1.1 200 OK") == answers


def test_who_goes_on_is_not() -> None:
    def talk(connection: socket.socket) -> bytes:
        for _ in range(3):
            connection.sendall(HEALTH)
            assert b"200 OK" in connection.recv(65536)
        connection.shutdown(socket.SHUT_WR)
        return all_of(connection)

    assert served(talk, idle_seconds=30, body_seconds=0.2) == b""


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /functions/f HTTP/1.1\r\n\r\n", b"400"),
        (b"POST /functions/f HTTP/1.1\r\nHost: a, b\r\n\r\n", b"400"),
        (b"POST /functions/f HTTP/1.1\r\nHost: x\r\n\r\n", b"401"),
    ],
)
def test_the_short_way_checks_what_the_long_one_does(head: bytes, status: bytes) -> None:
    class Nothing:
        """Has no functions."""

        def find_now(self, *_: object) -> None:
            raise needs_token()

    async def run() -> bytes:
        site = Site(cast("Any", Nothing()), Authenticator("none"), "", 0.0, "", lambda: None, Budget(1))
        server = gateway_server(site, 30, 30)
        listener, port = bind_unused_port()
        server.listen([listener])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        line = await reader.readline()
        writer.close()
        await server.close()
        return line

    assert asyncio.run(run()).split()[1] == status


def test_what_is_held_for_callers_is_bounded() -> None:
    budget = Budget(100)
    one, other = Holding(budget), Holding(budget)
    one.take(60)
    with pytest.raises(Saturated) as refused:
        other.take(41)
    assert refused.value.figures["held_bytes"] == 60
    other.take(40)
    one.release()
    one.release()
    assert budget.held_bytes == 40
    other.take(60)
    other.release()
    assert budget.held_bytes == 0
