"""The HTTP server of the gateway, and of each of its entrances."""

from __future__ import annotations

import re
from typing import Final

from jupyter_faas.gateway.handlers.invoke import CallRequest
from jupyter_faas.gateway.handlers.site import CallSite
from jupyter_faas.gateway.http.connection import Connection
from jupyter_faas.gateway.http.exchange import Exchange, Receiver
from jupyter_faas.gateway.http.server import Route, Server

__all__ = ["CALL", "call_server"]

_NAME: Final = r"([A-Za-z_][A-Za-z0-9_-]*)"
CALL: Final = re.compile(rf"/functions/{_NAME}(?:@([A-Za-z0-9_.-]+))?")
"""The path of a call: the function, and which version if it is named."""


def call_server(
    site: CallSite,
    others: Route,
    idle_seconds: float,
    body_seconds: float,
    path: re.Pattern[str] = CALL,
) -> Server:
    """Serves calls, requests for a ``path``; all other requests go to ``others``."""

    def route(exchange: Exchange, connection: Connection) -> Receiver:
        match = path.fullmatch(exchange.head.path)
        if match is None:
            return others(exchange, connection)
        return CallRequest(site, exchange, match[1], match[2])

    return Server(route, idle_seconds, body_seconds)
