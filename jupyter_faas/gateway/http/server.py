"""Connections of callers: taken, looked after, and closed when their patience or ours ends."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

from tornado.netutil import add_accept_handler

from jupyter_faas.gateway.http.connection import Connection
from jupyter_faas.gateway.http.exchange import Exchange, Receiver

__all__ = ["Route", "Server"]

log = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.02

Route = Callable[[Exchange, Connection], Receiver]


class Server:
    """Gives each request to the receiver that ``route`` has for it.

    A connection on which no request's head is complete ``idle_seconds`` after the answer before it (or after
    its opening) is closed, and one on which a body doesn't go on for ``body_seconds``: one sweep a second
    looks at all, where a timer for each request would cost each.
    """

    def __init__(self, route: Route, idle_seconds: float, body_seconds: float) -> None:
        self.receiver = route
        self.idle_seconds = idle_seconds
        self.body_seconds = body_seconds
        self._connections: set[Connection] = set()
        self._opening: set[asyncio.Task[Any]] = set()
        self._stop_accepting: list[Callable[[], None]] = []
        self._loop = asyncio.get_running_loop()
        self._sweeping = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Take connections from these."""
        self._stop_accepting += [add_accept_handler(one, self.serve) for one in sockets]

    def serve(self, connection: socket.socket, address: object = None) -> None:
        """Serve a connection."""
        del address
        connection.setblocking(False)
        opening = self._loop.connect_accepted_socket(lambda: Connection(self), connection)
        task = self._loop.create_task(opening)
        self._opening.add(task)
        task.add_done_callback(self._opened)

    def stop(self) -> None:
        """Take no more connections; those that are open go on."""
        self._sweeping.cancel()
        for stop in self._stop_accepting:
            stop()
        self._stop_accepting = []

    async def answered(self) -> None:
        """Wait until no request is here whose answer isn't sent."""
        while any(one.waits_for_us for one in self._connections):  # noqa: ASYNC110 - costs calls nothing
            await asyncio.sleep(POLL_SECONDS)

    async def close(self) -> None:
        """Close all connections."""
        self.stop()
        while self._opening or self._connections:
            for one in list(self._connections):
                one.abort()
            await asyncio.sleep(0)

    # For connections

    def opened(self, connection: Connection) -> None:
        """See ``Host``."""
        self._connections.add(connection)

    def closed(self, connection: Connection) -> None:
        """See ``Host``."""
        self._connections.discard(connection)

    def _opened(self, task: asyncio.Task[Any]) -> None:
        self._opening.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.info("a caller has gone at once: %s", error)

    def _sweep(self) -> None:
        now = self._loop.time()
        for one in [one for one in self._connections if one.due < now]:
            log.debug("a caller at %s is too slow, or idle", one.address)
            one.abort()
        self._sweeping = self._loop.call_later(SWEEP_SECONDS, self._sweep)
