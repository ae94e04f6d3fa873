"""The two networks that sandboxes may be in, made when first wanted and shared by all gateways of a host."""

from __future__ import annotations

import asyncio

from jupyter_faas.gateway.engines.docker import Daemon

__all__ = ["NETWORK_LABEL", "DockerNetworks"]

NETWORK_LABEL = "jupyter-faas.network"
APART = {"com.docker.network.bridge.enable_icc": "false"}
"""Containers of the network can't reach one another."""


class DockerNetworks:
    """Bridge networks whose members can't reach one another."""

    def __init__(self, daemon: Daemon, prefix: str) -> None:
        self._daemon = daemon
        self._prefix = prefix
        self._lock = asyncio.Lock()

    async def egress(self) -> str:
        """The network of functions that may call out; its name."""
        options = {**APART, "com.docker.network.bridge.enable_ip_masquerade": "true"}
        return await self._ensured("egress", options)

    async def link(self) -> str:
        """The network of functions without network whose instance is reached over TCP; its name.

        Ports are published from it, but what leaves it has no address that answers could come back to. The
        machine's own bridge address stays in reach; the runtime therefore blocks its workers' sockets, too.
        """
        options = {**APART, "com.docker.network.bridge.enable_ip_masquerade": "false"}
        return await self._ensured("link", options)

    async def _ensured(self, purpose: str, options: dict[str, str]) -> str:
        name = f"{self._prefix}-{purpose}"
        async with self._lock:
            if await self._daemon.network(name) is None:
                await self._daemon.create_network(name, options, {NETWORK_LABEL: purpose})
        return name
