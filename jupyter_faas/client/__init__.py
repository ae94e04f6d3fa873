"""Everything that talks to a gateway over HTTP.

>>> import jupyter_faas.client
>>> gateway = jupyter_faas.client.connect()                          # doctest: +SKIP
>>> gateway.invoke("summarize", {"values": [1, 2, 3]})               # doctest: +SKIP

Importing this brings the standard library only.
"""

from __future__ import annotations

from jupyter_faas.client.connection import Connection, running_gateway
from jupyter_faas.client.gateway import GatewayClient

__all__ = ["Connection", "GatewayClient", "connect"]


def connect(url: str | None = None, token: str | None = None) -> GatewayClient:
    """A client of the gateway at ``url``, or else of the one that is running.

    Without a ``token`` it is the environment's or the connection file's. Never starts a gateway: raises
    ``GatewayUnavailable`` with advice if none is running.
    """
    return GatewayClient(Connection.from_url(url, token) if url else running_gateway())
