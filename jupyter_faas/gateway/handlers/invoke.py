"""Calls: ``/functions/{name}[@{version}]``, from the request's head to the answer.

They don't pass through ``tornado.web``, which costs as much as all that the gateway does for a call: a
``CallRequest`` is told of a request's parts by the connection itself.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Mapping
from typing import Final

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
from jupyter_faas.gateway.http.exchange import Exchange
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
STICKY: Final = "faas-sticky"
"""Calls that give the same text here get the same version of an alias that shares its calls out."""


class CallRequest:
    """One request to run a function. Its body is bounded while it is read, and given on as it came."""

    def __init__(self, site: CallSite, exchange: Exchange, name: str, selector: str | None) -> None:
        self._site = site
        self._calls = site.calls
        self._exchange = exchange
        self._head = exchange.head
        self._name = name
        self._selector = selector
        self._alias: str | None = LATEST
        self._trusted = False
        self._body: bytes | bytearray = b""
        self._size = 0
        self._holding = Holding(site.budget)
        self._published: Published
        self._invocation: Running | None = None
        self._streamed: StreamedAnswer | None = None
        self._paced: PacedAnswer | None = None

    # What the connection tells

    def begin(self) -> Awaitable[None] | None:
        """Find the function, authorise the caller and refuse too large a body, all before reading it."""
        # The bound that a connection has of itself has an answer which would not say what the cap is.
        self._exchange.max_body_bytes = 2**62
        try:
            published = self._find()
            if published is None:
                return self._find_older()
            self._admit(published)
        except Exception as error:
            self._fail(error)
        return None

    def take(self, piece: bytes) -> None:
        """Collect the body up to the cap."""
        self._size += len(piece)
        try:
            if self._size > self._published.manifest.caps.payload_bytes:
                raise self._too_large(None)
            self._holding.take(len(piece))
            self._append(piece)
        except FaasError as error:
            self._body = b""
            self._fail(error)

    def _append(self, piece: bytes) -> None:
        """Take over a piece of the body, which is in memory once."""
        if not self._body:
            self._body = piece  # all that most calls bring
        elif isinstance(self._body, bytearray):
            self._body += piece
        else:
            self._body = bytearray(self._body) + piece

    def finish(self) -> None:
        """The request is here: call."""
        try:
            self._call()
        except Exception as error:
            self._fail(error)

    def leave(self) -> None:
        """The caller went away: end the call."""
        self._body = b""
        self._holding.release()
        if self._streamed is not None:
            self._streamed.cancel()
        invocation, self._invocation = self._invocation, None
        if invocation is not None:
            invocation.cancel()

    # Before the call

    def _find(self) -> Published | None:
        """The version that is meant, if it is in memory."""
        self._trusted = self._site.authenticator.admits(self._head.get("authorization"))
        if self._selector is not None:
            self._alias = alias_in(self._selector)
            self._selector = self._calls.choose(self._name, self._selector, self._head.fields.get(STICKY))
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
        if self._head.length > manifest.caps.payload_bytes:
            raise self._too_large(self._head.length)

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
        method = self._head.method
        schema, query = published.manifest.input_schema, self._head.query
        if method == "POST":
            arguments = arguments_in(self._body, self._head.get("content-type"), query, schema)
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
        parent = self._head.get("traceparent")
        return parent, self._head.get("tracestate") if parent else ""

    @property
    def _caller(self) -> str:
        """Who calls, as the history shows it: whoever has the token is believed."""
        if not self._trusted:
            return "anonymous"
        return caller_in(self._head.get("faas-caller"))

    def _accept(self) -> str:
        """What the caller accepts; empty if that is anything."""
        accept = self._head.get("accept")
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
            self._streamed = StreamedAnswer(self._exchange, stream, extra, self.leave)

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
            elif result.status != 200 or result.headers:
                self._send(answer_of(result), extra)
            else:
                write_plain(self._exchange, result, extra)
        except Exception as error:
            self._fail(error)

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
        if traceparent := self._head.get("traceparent"):
            extra["traceparent"] = traceparent
        return extra

    def _send(self, answer: Answer, extra: Mapping[str, str] = {}) -> None:
        write(self._exchange, answer, extra)

    def _send_paced(self, answer: Answer, extra: Mapping[str, str]) -> None:
        self._paced = PacedAnswer(self._exchange, answer, extra, self._holding.release)

    def _fail(self, error: Exception) -> None:
        if self._exchange.begun:
            log.error("an answer could not be written", exc_info=error)
            self._exchange.abort()
            return
        if not isinstance(error, FaasError):
            reference = secrets.token_hex(4)
            log.error("internal error %s", reference, exc_info=error)
            error = InternalError.logged_as(reference)
        self._holding.release()
        self._send(problem_answer(error, self._trusted))
