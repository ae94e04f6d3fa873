"""An entrance from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import socket
from typing import Any, Final

from jupyter_faas.gateway.entrance.forward import Forwarded
from jupyter_faas.gateway.entrance.relay import Relay, hold_relayed
from jupyter_faas.gateway.handlers.server import call_server
from jupyter_faas.gateway.handlers.site import Authenticator, CallSite
from jupyter_faas.gateway.http.server import Server
from jupyter_faas.gateway.settling import settle
from jupyter_faas.gateway.sharing.channel import Channel, Kind, Message
from jupyter_faas.gateway.sharing.descriptors import Passage
from jupyter_faas.gateway.sharing.page import SharedBudget, SharedPage
from jupyter_faas.version import VERSION

__all__ = ["main"]

log = logging.getLogger(__name__)

LOG_FORMAT: Final = "[%(levelname).1s %(asctime)s.%(msecs).03d Entrance] %(message)s"
CALL_BY_NUMBER: Final = re.compile(r"/functions/([A-Za-z_][A-Za-z0-9_-]*)(?:@(latest|[0-9]+))?")
"""Calls whose version an entrance may know. What another name means, the gateway says, and runs the call."""
LAST_SECONDS: Final = 3.0
"""How long what is to be written may take when the gateway stops."""


def main(talk: int, give: int, page: int) -> None:
    """Serve until the gateway says so, or is gone; the descriptors are those that it has passed."""
    # A terminal or a service manager sends them to all processes: the gateway is the one to obey.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, datefmt="%Y-%m-%d %H:%M:%S")
    asyncio.run(_Entrance(SharedPage(page)).run(socket.socket(fileno=talk), socket.socket(fileno=give)))


class _Entrance:
    def __init__(self, page: SharedPage) -> None:
        self._page = page
        self._relay = Relay(page)
        self._server: Server | None = None
        self._passage: Passage
        self._quit = asyncio.Event()

    async def run(self, talk: socket.socket, give: socket.socket) -> None:
        """Take connections until the end."""
        self._passage = Passage(give, self._serve)
        self._relay.channel = await Channel.open(talk, self._take, _leave)
        await self._quit.wait()
        if self._server is not None:
            await self._finish(self._server)

    def _take(self, message: Message) -> None:
        if message.kind is Kind.OPEN:
            self._open(message.number, message.header)
        elif message.kind is Kind.QUIT:
            self._quit.set()
        elif message.kind is Kind.PING:
            self._relay.channel.send(Kind.PONG)
        else:
            self._relay.take(message)

    def _open(self, place: int, settings: dict[str, Any]) -> None:
        if settings["version"] != VERSION:
            log.critical(
                "jupyter-faas is %s now and the gateway still %s: restart it", VERSION, settings["version"]
            )
            os._exit(os.EX_SOFTWARE)
        site = CallSite(
            self._relay,
            Authenticator(settings["token_hash"]),
            SharedBudget(settings["max_held_bytes"], self._page, place),
            hold_relayed,
        )
        self._server = call_server(
            site,
            lambda exchange, _: Forwarded(self._passage.give, exchange),
            settings["idle_connection_seconds"],
            settings["body_seconds"],
            CALL_BY_NUMBER,
        )
        settle()
        self._relay.channel.send(Kind.READY)

    def _serve(self, connection: socket.socket) -> None:
        if self._server is None:
            connection.close()
            return
        self._server.serve(connection)

    async def _finish(self, server: Server) -> None:
        """Close connections that wait for nothing; then, after a while, all."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await server.answered()
        await server.close()


def _leave() -> None:
    """The gateway is gone: what it ran has ended with it, and the port is for the next one."""
    log.info("the gateway is gone")
    os._exit(0)
