"""``%faas invoke``: calls with values of the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_faas.client import GatewayClient
from jupyter_faas.client.requests import body_of
from jupyter_faas.kernel.results import accept_of_notebook, shown

__all__ = ["invoke"]


def invoke(gateway: GatewayClient, name: str, arguments: Mapping[str, Any], accept: str | None = None) -> Any:
    """The result of ``name`` (or ``name@version``), which gets ``arguments`` as ``RemoteFunction`` sends
    them; in the form ``accept``, or the one that keeps the result what it is.

    Raises what the gateway raises, and ``InvalidInput`` for an argument that can't be sent.
    """
    description = gateway.function(name)
    output = description.get("output_schema") or {}
    body = body_of(arguments, description)
    answer = gateway.send(name, body, accept or accept_of_notebook(output))
    return shown(answer, output, gateway.url)
