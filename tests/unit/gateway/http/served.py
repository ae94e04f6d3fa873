"""A server of ours with a receiver that remembers, and a caller's socket to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tornado.testing import bind_unused_port

from jupyter_faas.gateway.http.connection import Connection
from jupyter_faas.gateway.http.exchange import Exchange
from jupyter_faas.gateway.http.server import Server

WITHIN_SECONDS = 15.0


class Request:
    """One that was received; answered at once, or when ``answer`` is called."""

    def __init__(self, served: Served, exchange: Exchange, connection: Connection) -> None:
        self.served = served
        self.exchange = exchange
        self.connection = connection
        self.body = b""
        self.gone = False

    @property
    def told(self) -> tuple[str, str, bytes]:
        """What it asks."""
        return self.exchange.head.method, self.exchange.head.target, self.body

    def begin(self) -> Awaitable[None] | None:
        self.served.begun.append(self)
        return None

    def take(self, piece: bytes) -> Awaitable[None] | None:
        self.body += piece
        return None

    def finish(self) -> None:
        self.served.asked.append(self)
        if self.served.at_once:
            self.answer()
        else:
            self.served.waiting.append(self)

    def leave(self) -> None:
        self.gone = True

    def answer(self, body: bytes = b"ok") -> None:
        self.exchange.send(200, [], body)


class Served:
    """What a server has received."""

    def __init__(
        self, at_once: bool = True, request: type[Request] = Request, body_seconds: float = 30
    ) -> None:
        self.at_once = at_once
        self.begun: list[Request] = []
        self.asked: list[Request] = []
        self.waiting: list[Request] = []
        self.server = Server(
            lambda exchange, connection: request(self, exchange, connection), 30, body_seconds
        )

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[socket.socket]:
        """A connection to it; it ends with that."""
        listener, port = bind_unused_port()
        self.server.listen([listener])
        with listener, socket.create_connection(("127.0.0.1", port)) as caller:
            caller.setblocking(False)
            yield caller
        await self.server.close()


async def until(holds: Callable[[], Any]) -> None:
    """Wait for it."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not holds():
            await asyncio.sleep(0.001)


async def send(caller: socket.socket, data: bytes) -> None:
    """All of it, as fast as it is taken."""
    async with asyncio.timeout(WITHIN_SECONDS):
        await asyncio.get_running_loop().sock_sendall(caller, data)


async def received(caller: socket.socket, size: int | None = None) -> bytes:
    """So many bytes, or all until the server hangs up."""
    data = b""
    async with asyncio.timeout(WITHIN_SECONDS):
        while size is None or len(data) < size:
            try:
                piece = await asyncio.get_running_loop().sock_recv(
                    caller, 1 << 20 if size is None else size - len(data)
                )
            except ConnectionResetError:
                break
            if not piece:
                break
            data += piece
    return data
