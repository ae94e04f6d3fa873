"""Calls: ``/functions/{name}[@{version}]``, from the request's head to the answer.

They don't pass through ``tornado.web``, which costs as much as all that the gateway does for a call. What is
used of Tornado is its HTTP server: a ``CallRequest`` is the delegate that it tells of a request's parts.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Mapping
from typing import Any, Final, cast

from tornado import httputil

from jupyter_faas.gateway.handlers.answers import (
    Answer,
    PacedAnswer,
    StreamedAnswer,
    answer_of,
    http_answer,
    problem_answer,
    write,
    write_plain,
)
from jupyter_faas.gateway.handlers.bodies import arguments_in, arguments_of_query
from jupyter_faas.gateway.handlers.budget import PIECE_BYTES, Holding
from jupyter_faas.gateway.handlers.site import CallSite, caller_in
from jupyter_faas.gateway.service.accept import check_acceptable
from jupyter_faas.gateway.service.access import needs_token
from jupyter_faas.gateway.service.arguments import checked
from jupyter_faas.gateway.service.calls import Asked, Result, Running, Stream
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.model.aliases import LATEST, alias_in
from jupyter_faas.model.errors import (
    FaasError,
    InternalError,
    MalformedRequest,
    PayloadTooLarge,
)
from jupyter_faas.model.units import format_size

__all__ = ["CallRequest"]

log = logging.getLogger(__name__)

MAX_ACCEPT_CHARACTERS: Final = 2000
STICKY: Final = "Faas-Sticky"
"""Calls that give the same text here get the same version of an alias that shares its calls out."""


class CallRequest(httputil.HTTPMessageDelegate):
    """One request to run a function. Its body is bounded while it is read, and given on as it came."""

    def __init__(self, site: CallSite, connection: Any, name: str, selector: str | None) -> None:
        self._site = site
        self._calls = site.calls
        self._connection = connection
        self._name = name
        self._selector = selector
        self._alias: str | None = LATEST
        self._trusted = False
        self._answered = False
        self._body: bytes | bytearray = b""
        self._size = 0
        self._holding = Holding(site.budget)
        self._published: Published
        self._start_line: httputil.RequestStartLine
        self._headers: httputil.HTTPHeaders
        self._invocation: Running | None = None
        self._streamed: StreamedAnswer | None = None
        self._paced: PacedAnswer | None = None

    # What the HTTP server tells

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> Awaitable[None] | None:
        """Find the function, authorise the caller and refuse too large a body, all before reading it."""
        self._start_line = cast("httputil.RequestStartLine", start_line)
        self._headers = headers
        # Tornado has a bound of its own, whose answer would not say what the cap is.
        self._connection.set_max_body_size(2**62)
        try:
            published = self._find()
            if published is None:
                return self._find_older()
            self._admit(published)
        except Exception as error:
            self._fail(error)
        return None

    def data_received(self, chunk: bytes) -> None:
        """Collect the body up to the cap."""
        self._size += len(chunk)
        if self._answered:
            return
        try:
            if self._size > self._published.manifest.caps.payload_bytes:
                raise self._too_large(None)
            self._holding.take(len(chunk))
            self._append(chunk)
        except FaasError as error:
            # Answering now makes Tornado close the connection instead of reading the rest.
            self._body = b""
            self._fail(error)

    def _append(self, chunk: bytes) -> None:
        """Take over a piece of the body, which is in memory once."""
        if not self._body:
            self._body = chunk  # all that most calls bring
        elif isinstance(self._body, bytearray):
            self._body += chunk
        else:
            self._body = bytearray(self._body) + chunk

    def finish(self) -> None:
        """The request is here: call."""
        if self._answered:
            return
        self._connection.set_close_callback(self._on_gone)
        try:
            self._call()
        except Exception as error:
            self._fail(error)

    def on_connection_close(self) -> None:
        """The caller went away while sending."""
        self._on_gone()

    # Before the call

    def _find(self) -> Published | None:
        """The version that is meant, if it is in memory."""
        self._trusted = self._site.authenticator.admits(self._headers)
        if self._selector is not None:
            self._alias = alias_in(self._selector)
            self._selector = self._calls.choose(self._name, self._selector, self._headers.get(STICKY))
        return self._calls.find_now(self._name, self._selector, self._trusted)

    async def _find_older(self) -> None:
        try:
            self._admit(await self._calls.find(self._name, self._selector, self._trusted))
        except Exception as error:
            self._fail(error)

    def _admit(self, published: Published) -> None:
        manifest = published.manifest
        if not self._trusted and not manifest.public:
            raise needs_token()
        self._published = published
        announced = self._headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > manifest.caps.payload_bytes:
            raise self._too_large(int(announced))

    def _too_large(self, size: int | None) -> PayloadTooLarge:
        cap = self._published.manifest.caps.payload_bytes
        known = {} if size is None else {"size_bytes": size}
        said = "" if size is None else f" of {format_size(size)}"
        return PayloadTooLarge(
            f"The body{said} is over this function's payload cap of {format_size(cap)}. Send less, or "
            "publish it with a larger --payload-size.",
            cap_bytes=cap,
            **known,
        )

    # The call

    def _call(self) -> None:
        published = self._published
        method = self._start_line.method
        schema, query = published.manifest.input_schema, self._start_line.path.partition("?")[2]
        if method == "POST":
            arguments = arguments_in(self._body, self._headers.get("Content-Type", ""), query, schema)
        elif method == "GET":
            arguments = arguments_of_query(query, schema)
        else:
            self._send(http_answer(405, ("GET", "POST")))
            return
        arguments, accept = checked(arguments, published.validator_for), self._accept()
        check_acceptable(published.forms, accept, published.record.function)
        asked = Asked(self._alias, self._caller, *self._trace)
        self._invocation = self._calls.begin(published, arguments, accept, self._begin, self._end, asked)
        self._body = b""  # whoever runs the call has it

    @property
    def _trace(self) -> tuple[str, str]:
        """The caller's ``traceparent`` and ``tracestate``; the second means nothing without the first."""
        parent = self._headers.get("traceparent", "")
        return parent, self._headers.get("tracestate", "") if parent else ""

    @property
    def _caller(self) -> str:
        """Who calls, as the history shows it: whoever has the token is believed."""
        if not self._trusted:
            return "anonymous"
        return caller_in(self._headers.get("Faas-Caller"))

    def _accept(self) -> str:
        """What the caller accepts; empty if that is anything."""
        accept = self._headers.get("Accept", "")
        if len(accept) > MAX_ACCEPT_CHARACTERS:
            raise MalformedRequest(
                f"The Accept header has {len(accept)} characters; {MAX_ACCEPT_CHARACTERS} is the most."
            )
        return "" if accept == "*/*" else accept

    def _begin(self, stream: Stream) -> None:
        """The first piece of a stream is there: begin to answer."""
        if self._invocation is not None:
            call, record = self._invocation.call, self._invocation.record
            extra = self._extra(
                record.id, call.start or "", call.queue_seconds * 1000, call.start_seconds * 1000
            )
            self._answered = True
            self._streamed = StreamedAnswer(self._connection, stream, extra, self._on_gone)

    def _end(self, record: InvocationRecord, result: Result) -> None:
        """The call has ended."""
        self._invocation, self._body = None, b""
        self._holding.release()
        try:
            if self._streamed is not None:
                self._streamed.end(result.error, self._trusted)
                return
            extra = self._extra(record.id, record.start, record.queue_ms, record.start_ms, record.run_ms)
            error = result.error or self._site.hold(self._holding, record, result)
            if error is not None:
                self._send(problem_answer(error, self._trusted), extra)
            elif len(result.body) > PIECE_BYTES:
                self._send_paced(answer_of(result), extra)
            elif result.status != 200 or result.headers or not self._stays_open:
                self._send(answer_of(result), extra)
            else:
                self._answered = True
                write_plain(self._connection, result, extra)
        except Exception as error:
            self._fail(error)

    def _on_gone(self) -> None:
        """The caller went away: end the call."""
        self._body = b""
        self._holding.release()
        if self._streamed is not None:
            self._streamed.cancel()
        invocation, self._invocation = self._invocation, None
        if invocation is not None:
            invocation.cancel()

    # The answer

    def _extra(
        self, invocation: str, start: str, queue_ms: float, start_ms: float, run_ms: float | None = None
    ) -> Mapping[str, str]:
        # https://www.w3.org/TR/server-timing/, durations in milliseconds
        timing = f"queue;dur={queue_ms:.3f}, start;dur={start_ms:.3f}" + (f';desc="{start}"' if start else "")
        extra = {
            "Faas-Invocation-Id": invocation,
            "Faas-Version": str(self._published.record.number),
            "Vary": "Accept",
            "Server-Timing": timing if run_ms is None else f"{timing}, run;dur={run_ms:.3f}",
        }
        if traceparent := self._headers.get("traceparent"):
            extra["traceparent"] = traceparent
        return extra

    @property
    def _stays_open(self) -> bool:
        """Whether nothing has to be said of the connection."""
        return self._start_line.version == "HTTP/1.1" and "Connection" not in self._headers

    def _send(self, answer: Answer, extra: Mapping[str, str] = {}) -> None:
        self._answered = True
        write(self._connection, answer, extra, self._start_line.method == "HEAD")

    def _send_paced(self, answer: Answer, extra: Mapping[str, str]) -> None:
        self._answered = True
        self._paced = PacedAnswer(self._connection, answer, extra, self._holding.release)

    def _fail(self, error: Exception) -> None:
        if self._answered:
            log.error("an answer could not be written", exc_info=error)
            self._connection.close()
            return
        if isinstance(error, httputil.HTTPInputError):
            raise error
        if not isinstance(error, FaasError):
            reference = secrets.token_hex(4)
            log.error("internal error %s", reference, exc_info=error)
            error = InternalError.logged_as(reference)
        self._holding.release()
        self._send(problem_answer(error, self._trusted))
