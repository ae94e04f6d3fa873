"""The server extension: its settings and its routes."""

from __future__ import annotations

from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, List, Unicode

from jupyter_faas.server.gateways import Gateways
from jupyter_faas.server.handlers import PREFIX, CallHandler, GatewayHandler, ManagementHandler

__all__ = ["FaasExtension"]


class FaasExtension(ExtensionApp):
    """Serves the sidebar under ``/jupyter-faas`` of a Jupyter server."""

    name = "jupyter_faas"
    extension_url = PREFIX
    load_other_extensions = True

    gateway_url = Unicode(
        "",
        config=True,
        help="Address of the gateway that the sidebar shows; its token is read from FAAS_TOKEN. Empty: the "
        "one that FAAS_GATEWAY or the connection file names, as for notebooks.",
    )
    start_gateway = Bool(
        False, config=True, help="Start a gateway together with the Jupyter server unless one runs already."
    )
    gateway_arguments = List(
        Unicode(),
        [],
        config=True,
        help="Options of the gateways that the sidebar starts, such as --port=8899.",
    )

    def initialize_settings(self) -> None:
        """Share one view of the gateway among the handlers."""
        gateways = Gateways(self.gateway_url, tuple(self.gateway_arguments))
        self.settings["jupyter_faas_gateways"] = gateways

    def initialize_handlers(self) -> None:
        """Add the routes."""
        self.handlers.extend(
            [
                (rf"{PREFIX}/gateway", GatewayHandler),
                (rf"{PREFIX}/api/v1/.+", ManagementHandler),
                (rf"{PREFIX}/functions/.+", CallHandler),
            ]
        )

    async def _start_jupyter_server_extension(self, _serverapp: Any) -> None:
        """Called by the server when its event loop runs."""
        if self.start_gateway:
            state = await self.settings["jupyter_faas_gateways"].start()
            if "problem" in state:
                self.log.error("jupyter-faas: %s", state["problem"]["detail"])
