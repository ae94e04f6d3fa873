"""Calls: ``/functions/{name}[@{version}]``."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from tornado.web import stream_request_body

from jupyter_faas.gateway.handlers.answers import StreamedAnswer, send_result
from jupyter_faas.gateway.handlers.base import FaasHandler, Site, connection_of
from jupyter_faas.gateway.handlers.bodies import arguments_in, arguments_of_query
from jupyter_faas.gateway.service.accept import check_acceptable
from jupyter_faas.gateway.service.arguments import checked
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.service.service import Stream
from jupyter_faas.model.arguments import Arguments
from jupyter_faas.model.errors import FaasError, MalformedRequest, PayloadTooLarge
from jupyter_faas.model.units import format_size

__all__ = ["InvokeHandler"]

MAX_ACCEPT_CHARACTERS = 2000


@stream_request_body
class InvokeHandler(FaasHandler):
    """Runs a function. Its body is bounded while it is read, and given on as it came."""

    open_to_all = True  # until it is known whether the function is public

    def initialize(self, site: Site) -> None:
        """Tornado's second constructor."""
        super().initialize(site)
        self._body: bytes | bytearray = b""
        self._size = 0
        self._cap = 0
        self._published: Published | None = None
        self._call: asyncio.Task[Any] | None = None
        self._streamed: StreamedAnswer | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        """Find the function, authorise the caller and refuse too large a body, all before reading it."""
        super().prepare()
        name, selector = self.path_args
        if not self.trusted:
            # Names of functions are not for strangers: unknown and not public look the same.
            published = self.service.catalogue.get(name)
            self.open_to_all = published is not None and published.manifest.public
            super().prepare()
        self._published = await self.service.resolve(name, selector)
        self.open_to_all = self._published.manifest.public
        super().prepare()
        self._cap = self._published.manifest.caps.payload_bytes
        # Tornado has a bound of its own, whose answer would not say what the cap is.
        connection_of(self.request).set_max_body_size(2**62)
        announced = self.request.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > self._cap:
            raise self._too_large(int(announced))

    def data_received(self, chunk: bytes) -> None:
        """Collect the body up to the cap; see Tornado."""
        self._size += len(chunk)
        if self._size <= self._cap:
            if not self._body:
                self._body = chunk  # all that most calls bring
            elif isinstance(self._body, bytearray):
                self._body += chunk
            else:
                self._body = bytearray(self._body) + chunk
        elif not self._finished:
            # Answering now makes Tornado close the connection instead of reading the rest.
            self._body = b""
            self.send_problem(self._too_large(None))

    async def post(self, *_: str | None) -> None:
        """Call with a JSON object, a form, or a file."""
        kind = self.request.headers.get("Content-Type", "")
        await self._invoke(arguments_in(self._body, kind, self.request.query, self._schema))

    async def get(self, *_: str | None) -> None:
        """Call with the query's parameters."""
        await self._invoke(arguments_of_query(self.request.query, self._schema))

    def on_connection_close(self) -> None:
        """The caller went away: end the call."""
        super().on_connection_close()
        if self._streamed is not None:
            self._streamed.cancel()
        if self._call is not None:
            self._call.cancel()

    async def _invoke(self, arguments: Arguments) -> None:
        published = cast("Published", self._published)
        arguments = checked(arguments, published.validator_for)
        accept, stream = self._accept(), Stream(self._begin_stream)
        check_acceptable(published.forms, accept, published.record.function)
        self._call = asyncio.ensure_future(self.service.invoke(published, arguments, accept, stream))
        try:
            record, result = await self._call
        except asyncio.CancelledError:
            if not self.request.connection or self._call.cancelled():
                self._auto_finish = False  # nobody is left to answer
                return
            raise
        if self._streamed is not None:
            await self._end_stream(self._streamed, result.error)
            return
        self._set_headers(record.id, queue=record.queue_ms, start=record.start_ms, run=record.run_ms)
        if result.error is not None:
            self.send_problem(result.error)
        else:
            send_result(self, result)

    @property
    def _schema(self) -> dict[str, Any]:
        return cast("Published", self._published).manifest.input_schema

    def _begin_stream(self, stream: Stream) -> None:
        """The first chunk is there: begin to answer."""
        queue_ms, start_ms = stream.queue_seconds * 1000, stream.start_seconds * 1000
        self._set_headers(stream.invocation, queue=queue_ms, start=start_ms)
        self._auto_finish = False
        self._streamed = StreamedAnswer(self, stream, self.on_connection_close)

    async def _end_stream(self, streamed: StreamedAnswer, error: FaasError | None) -> None:
        try:
            await streamed.end(error)
        except asyncio.CancelledError:
            if not streamed.abandoned:
                raise

    def _accept(self) -> str:
        """What the caller accepts; empty if that is anything."""
        accept = self.request.headers.get("Accept", "")
        if len(accept) > MAX_ACCEPT_CHARACTERS:
            raise MalformedRequest(
                f"The Accept header has {len(accept)} characters; {MAX_ACCEPT_CHARACTERS} is the most."
            )
        return "" if accept == "*/*" else accept

    def _set_headers(self, invocation: str, **milliseconds: float) -> None:
        self.set_header("Faas-Invocation-Id", invocation)
        self.set_header("Faas-Version", str(cast("Published", self._published).record.number))
        self.set_header("Vary", "Accept")
        # https://www.w3.org/TR/server-timing/, durations in milliseconds
        timing = ", ".join(f"{phase};dur={duration:.3f}" for phase, duration in milliseconds.items())
        self.set_header("Server-Timing", timing)
        if traceparent := self.request.headers.get("traceparent"):
            self.set_header("traceparent", traceparent)

    def _too_large(self, size: int | None) -> PayloadTooLarge:
        known = {} if size is None else {"size_bytes": size}
        said = "" if size is None else f" of {format_size(size)}"
        return PayloadTooLarge(
            f"The body{said} is over this function's payload cap of {format_size(self._cap)}.",
            cap_bytes=self._cap,
            **known,
        )
