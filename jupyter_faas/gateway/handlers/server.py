"""The gateway's HTTP server: calls, and the web application for all else."""

from __future__ import annotations

from jupyter_faas.gateway.handlers.call_server import CallServer
from jupyter_faas.gateway.handlers.routes import make_application
from jupyter_faas.gateway.handlers.site import Site

__all__ = ["Server"]


class Server(CallServer):
    """All that the gateway serves: beside calls the web application."""

    def initialize(self, site: Site, idle_seconds: float, body_seconds: float) -> None:  # type: ignore[override]
        """Tornado's constructor."""
        super().initialize(site.for_calls, make_application(site), idle_seconds, body_seconds)
