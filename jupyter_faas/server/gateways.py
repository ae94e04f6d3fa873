"""Which gateway the sidebar is about, and whether it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from jupyter_faas.client.connection import Connection, ensure_gateway, find_gateway, is_alive
from jupyter_faas.model.errors import FaasError, GatewayUnavailable

__all__ = ["Gateways"]

FRESH_SECONDS: Final = 5.0
"""How long a gateway that was found counts as running; a request that fails says earlier that it doesn't."""


class Gateways:
    """Finds the user's gateway and starts one; looking takes files and HTTP, and so is done in a thread.

    ``url`` names a gateway, and then no other will do; ``arguments`` are the options of one that is started.
    """

    def __init__(self, url: str = "", arguments: Sequence[str] = ()) -> None:
        self._url = url
        self._arguments = arguments
        self._found: Connection | None = None
        self._looked = 0.0
        self._starting = asyncio.Lock()

    async def connection(self) -> Connection:
        """The running gateway; raises ``GatewayUnavailable``."""
        if self._found is None or time.monotonic() - self._looked > FRESH_SECONDS:
            await self._look()
        if self._found is None:
            raise GatewayUnavailable(
                "No gateway is running. Start one from the panel or with `jupyter faas serve`."
            )
        return self._found

    def forget(self) -> None:
        """Look again before the next request: this one could not be made."""
        self._found = None

    async def state(self) -> dict[str, Any]:
        """``state`` (``running`` or ``stopped``), ``url``, ``startable``, and ``problem`` if there is one.

        A gateway that a setting or the environment names is started by whoever runs it, not from the panel.
        """
        try:
            await self._look()
        except FaasError as error:
            return {"state": "stopped", "url": None, "startable": False, "problem": error.problem()}
        if self._found is None:
            return {"state": "stopped", "url": None, "startable": True}
        return {"state": "running", "url": self._found.url, "startable": False}

    async def start(self) -> dict[str, Any]:
        """Start a gateway unless one runs; the ``state`` then, with a ``problem`` if that failed."""
        async with self._starting:
            state = await self.state()
            if not state["startable"]:
                return state
            try:
                await asyncio.to_thread(ensure_gateway, None, self._arguments)
            except FaasError as error:
                return {**state, "problem": error.problem()}
            return await self.state()

    async def _look(self) -> None:
        self._found = None
        self._found = await asyncio.to_thread(self._find)
        self._looked = time.monotonic()

    def _find(self) -> Connection | None:
        if not self._url:
            return find_gateway()
        connection = Connection.from_url(self._url)
        if not is_alive(connection):
            raise GatewayUnavailable(
                f"No gateway answers at {connection.url}, which FaasExtension.gateway_url names. "
                "Start that one, or correct the setting."
            )
        return connection
