"""The Jupyter server's side of the sidebar: what the browser asks goes to the gateway, with its token."""

from __future__ import annotations

from typing import Any

__all__ = ["_jupyter_server_extension_points"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What ``jupyter_server`` looks for in an extension's module."""
    from jupyter_faas.server.app import FaasExtension

    return [{"module": "jupyter_faas.server", "app": FaasExtension}]
