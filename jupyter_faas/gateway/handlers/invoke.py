"""Calls: ``/functions/{name}[@{version}]``."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from urllib.parse import parse_qs

from tornado.web import stream_request_body

from jupyter_faas.gateway.handlers.base import FaasHandler, Site, connection_of
from jupyter_faas.gateway.service.arguments import arguments_of_text, check_arguments
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.model.errors import MalformedRequest, PayloadTooLarge
from jupyter_faas.model.units import format_size

__all__ = ["InvokeHandler"]

_FORM = "application/x-www-form-urlencoded"


@stream_request_body
class InvokeHandler(FaasHandler):
    """Runs a function. Its body is bounded while it is read, and given on as it came."""

    open_to_all = True  # until it is known whether the function is public

    def initialize(self, site: Site) -> None:
        """Tornado's second constructor."""
        super().initialize(site)
        self._chunks: list[bytes] = []
        self._size = 0
        self._cap = 0
        self._published: Published | None = None
        self._call: asyncio.Task[Any] | None = None

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
            self._chunks.append(chunk)
        elif not self._finished:
            # Answering now makes Tornado close the connection instead of reading the rest.
            self._chunks.clear()
            self.send_problem(self._too_large(None))

    async def post(self, *_: str | None) -> None:
        """Call with a JSON object, or with a form."""
        await self._invoke(self._read_body())

    async def get(self, *_: str | None) -> None:
        """Call with the query's parameters."""
        await self._invoke(self._read_text(self.request.query))

    def on_connection_close(self) -> None:
        """The caller went away: end the call."""
        super().on_connection_close()
        if self._call is not None:
            self._call.cancel()

    async def _invoke(self, arguments: bytes) -> None:
        published = cast("Published", self._published)
        arguments = check_arguments(arguments, published.validator)
        self._call = asyncio.ensure_future(self.service.invoke(published, arguments))
        try:
            record, result = await self._call
        except asyncio.CancelledError:
            if not self.request.connection or self._call.cancelled():
                self._auto_finish = False  # nobody is left to answer
                return
            raise
        self._set_headers(record)
        if result.error is not None:
            self.send_problem(result.error)
        else:
            self.set_header("Content-Type", result.content_type)
            self.finish(result.body)

    def _set_headers(self, record: InvocationRecord) -> None:
        self.set_header("Faas-Invocation-Id", record.id)
        self.set_header("Faas-Version", str(record.version))
        # https://www.w3.org/TR/server-timing/, durations in milliseconds
        timing = (
            f"queue;dur={record.queue_ms:.3f}, start;dur={record.start_ms:.3f}, run;dur={record.run_ms:.3f}"
        )
        self.set_header("Server-Timing", timing)
        if traceparent := self.request.headers.get("traceparent"):
            self.set_header("traceparent", traceparent)

    def _read_body(self) -> bytes:
        body = b"".join(self._chunks)
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == _FORM and not body.lstrip().startswith(b"{"):
            try:
                return self._read_text(body.decode())
            except UnicodeDecodeError:
                raise MalformedRequest("The form is not UTF-8 text.") from None
        # `curl -d '{…}'` calls JSON a form unless it is told otherwise; a form never begins with a brace.
        if kind in ("", "application/json", _FORM) or kind.endswith("+json"):
            return body
        raise MalformedRequest(f"The body's Content-Type is {kind[:100]!r}. Send application/json.")

    def _read_text(self, text: str) -> bytes:
        try:
            fields = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=1000)
        except ValueError as error:
            raise MalformedRequest(f"The parameters could not be read: {error}.") from None
        return arguments_of_text(fields, cast("Published", self._published).manifest.input_schema)

    def _too_large(self, size: int | None) -> PayloadTooLarge:
        known = {} if size is None else {"size_bytes": size}
        said = "" if size is None else f" of {format_size(size)}"
        return PayloadTooLarge(
            f"The body{said} is over this function's payload cap of {format_size(self._cap)}.",
            cap_bytes=self._cap,
            **known,
        )
