"""A call's whole way in one process: the client's encoding, the gateway's check, the worker's types, the
function, the result's form, the client's decoding. All of it is the real code; only the wires are missing.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from jupyter_faas.client.answers import Response
from jupyter_faas.client.functions import RemoteFunction
from jupyter_faas.client.requests import Body
from jupyter_faas.gateway.handlers.bodies import arguments_in
from jupyter_faas.gateway.service.accept import check_acceptable
from jupyter_faas.gateway.service.arguments import checked
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.store.records import VersionRecord
from jupyter_faas.kernel.signature import schemas_of
from jupyter_faas.model.errors import error_of
from jupyter_faas.model.manifest import Manifest
from runtime import codec, uploads
from runtime.binding import Binder
from runtime.faults import Fault
from runtime.results import Replier

PACKAGES = ("numpy==2", "pandas==3", "pyarrow==20", "polars==1", "pillow==11")


class Passage:
    """Stands for the connection that a ``RemoteFunction`` calls through."""

    url = "http://nowhere"

    def __init__(self, function: Callable[..., Any], packages: tuple[str, ...] = PACKAGES) -> None:
        schemas = schemas_of(function, "f")
        manifest = Manifest(
            name="f",
            entry="f",
            python="3.11",
            input_schema=schemas.input,
            output_schema=schemas.output,
            signature=schemas.text,
        )
        self.published = Published(VersionRecord("f", 1, "", "", manifest, {}, "", "", packages, 0, 0, 0.0))
        self.description = {
            "input_schema": schemas.input,
            "output_schema": schemas.output,
            "signature": schemas.text,
            "doc": inspect.getdoc(function),
            "packages": packages,
        }
        self.sent: list[Body] = []
        self.answers: list[Response] = []
        self._function = function
        self._binder = Binder(function)
        self._replier = Replier(10**8, _awaited)

    @property
    def remote(self) -> RemoteFunction:
        """The function as a client has it."""
        return RemoteFunction(self, "f", self.description)

    def send(self, name: str, body: Body, accept: str, **_: Any) -> Response:  # noqa: ARG002
        """See ``GatewayClient``; raises as the gateway and the worker do."""
        self.sent.append(body)
        self.answers.append(self.answer(body.content, body.content_type, accept))
        return self.answers[-1]

    def items(self, name: str, body: Body, **_: Any) -> Any:
        """Streams are for tests with a gateway."""
        raise NotImplementedError

    def answer(self, content: bytes, content_type: str, accept: str = "", query: str = "") -> Response:
        """What a request is answered with."""
        schema = self.published.manifest.input_schema
        arguments = checked(arguments_in(content, content_type, query, schema), self.published.validator_for)
        check_acceptable(self.published.forms, accept, "f")
        try:
            args, kwargs = self._binder.bind(arguments.header, b"".join(arguments.pieces))
            header, body = self._replier.reply(self._function(*args, **kwargs), accept, lambda *_: None)
        except Fault as fault:
            outcome = fault.outcome()
            raise error_of(outcome["code"], outcome["detail"], **outcome["figures"]) from None
        except codec.Unencodable as error:
            raise error_of(error.code, str(error), **error.figures) from None
        finally:
            uploads.clear()
        return Response(header.get("status", 200), header["type"], body)


def _awaited(awaitable: Awaitable[Any]) -> Any:
    async def wait() -> Any:
        return await awaitable

    return asyncio.run(wait())
