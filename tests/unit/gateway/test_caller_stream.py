"""Tornado's HTTP server on a caller's stream: what it saves, and what holds all the same."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from tornado import httputil
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.testing import bind_unused_port

from jupyter_faas.gateway.handlers.caller_stream import WATCHED_BYTES, CallerStream

WITHIN_SECONDS = 15.0
PIECE_BYTES = 64 * 1024
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n" + b"12345678"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Served(HTTPServer):
    """Answers when it is told to, and knows the streams that it serves."""

    def initialize(self) -> None:  # type: ignore[override]
        super().initialize(self)
        self.streams: list[CallerStream] = []
        self.asked: list[Request] = []

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        self.streams.append(CallerStream(stream.socket))
        super().handle_stream(self.streams[-1], address)

    def start_request(
        self,
        server_conn: object,  # noqa: ARG002 - Tornado's signature
        request_conn: httputil.HTTPConnection,
    ) -> httputil.HTTPMessageDelegate:
        return Request(self, request_conn)


class Request(httputil.HTTPMessageDelegate):
    def __init__(self, server: Served, connection: Any) -> None:
        self.server = server
        self.connection = connection
        self.gone = False
        self.body = b""

    def headers_received(self, start_line: object, headers: object) -> None:
        pass

    def data_received(self, chunk: bytes) -> None:
        self.body += chunk

    def finish(self) -> None:
        self.connection.set_close_callback(self.on_connection_close)
        self.server.asked.append(self)

    def on_connection_close(self) -> None:
        self.gone = True

    def answer(self) -> None:
        self.connection.write(ANSWER)
        self.connection.finish()


async def until(holds: Any) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while not holds():
            await asyncio.sleep(0.001)


async def served() -> tuple[Served, socket.socket]:
    listener, port = bind_unused_port()
    server = Served()
    server.add_socket(listener)
    caller = socket.create_connection(("127.0.0.1", port))
    caller.setblocking(False)
    return server, caller


async def received(caller: socket.socket, size: int) -> bytes:
    data = b""
    async with asyncio.timeout(WITHIN_SECONDS):
        while len(data) < size:
            data += await asyncio.get_running_loop().sock_recv(caller, size - len(data))
    return data


def test_requests_cost_no_change_of_what_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    changes: list[str] = []

    async def check() -> None:
        server, caller = await served()
        for number in range(20):
            caller.send(REQUEST)
            await until(lambda number=number: len(server.asked) > number)
            if number == 0:
                for name in ("add_reader", "remove_reader", "add_writer", "remove_writer"):
                    count_calls(monkeypatch, name, server.streams[0].fileno(), changes)
            server.asked[number].answer()
            assert await received(caller, len(ANSWER)) == ANSWER
        caller.close()
        server.stop()
        assert [request.body for request in server.asked] == [b"12345678"] * 20

    asyncio.run(check())
    assert not changes


def count_calls(monkeypatch: pytest.MonkeyPatch, name: str, watched: object, changes: list[str]) -> None:
    loop = asyncio.get_running_loop()
    method = getattr(loop, name)

    def call(descriptor: int, *rest: Any) -> Any:
        if descriptor == watched:
            changes.append(name)
        return method(descriptor, *rest)

    monkeypatch.setattr(loop, name, call)


@pytest.mark.parametrize("size", [0, 1, WATCHED_BYTES])
def test_a_caller_who_goes_away_is_noticed_while_the_call_runs(size: int) -> None:
    """Also one who has begun with the next request."""

    async def check() -> None:
        server, caller = await served()
        caller.send(REQUEST)
        await until(lambda: server.asked)
        caller.sendall(b"x" * size)
        await until(lambda: server.streams[0]._read_buffer_size >= size)
        assert not server.asked[0].gone
        caller.close()
        await until(lambda: server.asked[0].gone)
        server.stop()

    asyncio.run(check())


def test_what_nobody_has_asked_for_is_bounded() -> None:
    async def check() -> int:
        server, caller = await served()
        caller.send(REQUEST)
        await until(lambda: server.asked)
        flood, sent = memoryview(b"POST / HTTP/1.1\r\n" + b"x" * 30_000_000), 0
        for _ in range(300):
            try:
                sent += caller.send(flood[sent : sent + 500])  # small ones first, then as much as goes
                sent += caller.send(flood[sent:]) if sent > 2 * WATCHED_BYTES else 0
            except BlockingIOError:
                pass
            await asyncio.sleep(0)
        held = server.streams[0]._read_buffer_size
        caller.close()
        server.streams[0].close()
        server.stop()
        return held

    assert 0 < asyncio.run(check()) <= WATCHED_BYTES + PIECE_BYTES


def test_requests_sent_ahead_are_answered_in_their_order() -> None:
    async def check() -> bytes:
        server, caller = await served()
        caller.send(REQUEST * 30)
        for number in range(30):
            await until(lambda number=number: len(server.asked) > number)
            assert len(server.asked) == number + 1
            server.asked[number].answer()
        data = await received(caller, 30 * len(ANSWER))
        caller.close()
        server.stop()
        return data

    assert asyncio.run(check()) == ANSWER * 30
