"""One caller's connection: requests one after the other, each with its answer before the next begins."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final, Protocol, cast

from jupyter_faas.gateway.http.exchange import Exchange, Receiver
from jupyter_faas.gateway.http.framing import Framing, framing_of
from jupyter_faas.gateway.http.head import MAX_HEAD_BYTES, BadRequest, Head

__all__ = ["WATCHED_BYTES", "Connection", "Host"]

log = logging.getLogger(__name__)

RECEIVE_BYTES: Final = 64 * 1024
WATCHED_BYTES: Final = 4096
"""So much of the next request doesn't keep us from watching for the end of a caller who waits."""
LINGER_SECONDS: Final = 2.0
"""How long what still comes is dropped after our last word, which hanging up at once could destroy."""
DROPPED_BYTES: Final = 16_000_000
"""And how much of it: who goes on nevertheless doesn't listen."""
_RECEIVED: Final = memoryview(bytearray(RECEIVE_BYTES))
"""All connections receive into the same memory: what has come is taken over before anything else happens."""


class Host(Protocol):
    """The server, as a connection sees it."""

    idle_seconds: float
    body_seconds: float

    def receiver(self, exchange: Exchange, connection: Connection) -> Receiver:
        """Who takes a request; raises ``BadRequest``."""

    def opened(self, connection: Connection) -> None:
        """A connection is there."""

    def closed(self, connection: Connection) -> None:
        """It is gone."""


class _Phase(Enum):
    """What a connection is about."""

    HEAD = auto()  # the next request's
    BEGUN = auto()  # its receiver has the head
    BODY = auto()
    ANSWER = auto()  # the request is complete, its answer isn't
    ENDED = auto()  # what still comes is dropped


class Connection(asyncio.BufferedProtocol):
    """Reads requests and hands each to the receiver that ``host`` has for it.

    ``due`` is when it is to be closed, on the event loop's clock, unless something comes or is done before.
    Reading stops while a receiver is not ready for more, and the next request waits until the answer before
    it has been sent: what is held of a caller is bounded.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self.due = self._loop.time() + host.idle_seconds
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._searched = 0  # how far for the end of a head
        self._dropped = 0
        self._phase = _Phase.HEAD
        self._exchange: Exchange | None = None
        self._receiver: Receiver | None = None
        self._framing: Framing | None = None
        self._busy = False  # whether we are in the loop that takes what has come
        self._awaited: asyncio.Future[None] | None = None  # what a receiver wants to be waited for
        self._sending: asyncio.Future[None] | None = None  # while the caller is slower than we are
        self._reading = True

    @property
    def waits_for_us(self) -> bool:
        """Whether a request is here whose answer isn't sent."""
        return self._phase is _Phase.ANSWER or self._sending is not None

    @property
    def address(self) -> Any:
        """Of the caller."""
        return self._transport.get_extra_info("peername")

    def abort(self) -> None:
        """Hang up, whatever is still to be sent."""
        self._leave()
        self._transport.abort()

    # For the exchange

    @property
    def has_read_all(self) -> bool:
        """See ``Writer``."""
        return self._framing is None or self._framing.complete

    def write(self, data: bytes) -> asyncio.Future[None] | None:
        """See ``Writer``."""
        if self._phase is _Phase.ENDED:
            gone: asyncio.Future[None] = self._loop.create_future()
            _lose(gone)
            return gone
        self._transport.write(data)
        return self._sending

    def answered(self) -> None:
        """See ``Writer``."""
        self._go_on()

    # What has come

    def _go_on(self) -> None:
        """Take what can be taken now."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._awaited is None and self._step():
                pass
        except Exception as error:
            self._fail(error)
        finally:
            self._busy = False
        self._watch()

    def _step(self) -> bool:
        """One thing; false if there is nothing to be done now."""
        exchange, receiver = self._exchange, self._receiver
        if exchange is None or receiver is None:
            return self._phase is _Phase.HEAD and self._sending is None and self._begin()
        if exchange.finished:
            self._end(exchange)
        elif self._phase is _Phase.BEGUN:
            self._admit(exchange, receiver)
        elif self._phase is _Phase.BODY and self._framing is not None:
            return self._take(exchange, receiver, self._framing)
        else:
            return False
        return True

    def _begin(self) -> bool:
        """The next request's head, if it has come whole."""
        if self._buffer.startswith((b"\r", b"\n")):  # empty lines before it: RFC 9112 §2.2
            del self._buffer[: len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))]
        end = self._buffer.find(b"\r\n\r\n", max(0, self._searched - 3), MAX_HEAD_BYTES)
        if end < 0:
            self._searched = len(self._buffer)
            if self._searched >= MAX_HEAD_BYTES:
                raise BadRequest("The head is too long.", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return False
        head = Head(bytes(self._buffer[: end + 4]))
        del self._buffer[: end + 4]
        self._searched = 0
        self.due = self._loop.time() + self._host.body_seconds
        self._framing = framing_of(head)
        exchange = Exchange(head, self)
        self._receiver, self._exchange = self._host.receiver(exchange, self), exchange
        self._phase = _Phase.BEGUN
        self._wait_for(self._receiver.begin())
        return True

    def _admit(self, exchange: Exchange, receiver: Receiver) -> None:
        """Its receiver wants the body."""
        if self._framing is None:
            self._complete(receiver)
            return
        self._bound(exchange, self._framing)
        self._phase = _Phase.BODY
        if not self._buffer and exchange.head.get("expect").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _take(self, exchange: Exchange, receiver: Receiver, framing: Framing) -> bool:
        """The body, as far as it has come."""
        before = len(self._buffer)
        piece = framing.take(self._buffer)
        self._bound(exchange, framing)
        if piece:
            self.due = self._loop.time() + self._host.body_seconds
            self._wait_for(receiver.take(piece))
        if framing.complete and self._awaited is None and not exchange.finished:
            self._complete(receiver)
            return True
        return exchange.finished or len(self._buffer) < before

    def _bound(self, exchange: Exchange, framing: Framing) -> None:
        if framing.announced > exchange.max_body_bytes:
            raise BadRequest("The body is too long.")

    def _complete(self, receiver: Receiver) -> None:
        self._phase = _Phase.ANSWER
        self.due = math.inf  # the caller waits for us
        receiver.finish()

    def _end(self, exchange: Exchange) -> None:
        """The answer is written: on to the next request, or to the end."""
        stays = exchange.keep_alive and self.has_read_all
        self._exchange = self._receiver = self._framing = None
        if stays:
            self._phase = _Phase.HEAD
            self.due = self._loop.time() + self._host.idle_seconds
        else:
            self._have_said_all()

    def _have_said_all(self) -> None:
        self._phase = _Phase.ENDED
        self._linger()
        self._buffer.clear()
        try:
            self._transport.write_eof()
        except OSError:
            self._transport.abort()

    def _linger(self) -> None:
        seconds = LINGER_SECONDS if self._sending is None else self._host.idle_seconds
        self.due = self._loop.time() + seconds

    def _wait_for(self, awaitable: Awaitable[None] | None) -> None:
        if awaitable is not None:
            self.due = math.inf
            self._awaited = asyncio.ensure_future(awaitable)
            self._awaited.add_done_callback(self._on_awaited)

    def _on_awaited(self, awaited: asyncio.Future[None]) -> None:
        self._awaited = None
        error = None if awaited.cancelled() else awaited.exception()
        if self._phase is _Phase.ENDED:
            return
        if isinstance(error, Exception):
            self._fail(error)
            return
        if self._phase is not _Phase.ANSWER:
            self.due = self._loop.time() + self._host.body_seconds
        self._go_on()

    def _watch(self) -> None:
        """Read on if something can be done with more, or little is here that can't."""
        ready = self._awaited is None and self._sending is None and self._phase is not _Phase.ANSWER
        wants = ready or self._phase is _Phase.ENDED or len(self._buffer) <= WATCHED_BYTES
        if wants is not self._reading:
            self._reading = wants
            if wants:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    # Ends

    def _fail(self, error: Exception) -> None:
        begun = self._exchange is not None and self._exchange.begun
        if not isinstance(error, BadRequest):
            log.error("a request of %s could not be served", self.address, exc_info=error)
        elif not begun:
            log.info("a caller at %s sends no request: %s", self.address, error)
            self._leave()
            line = f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n"
            self._transport.write(line.encode() + b"Connection: close\r\nContent-Length: 0\r\n\r\n")
            self._have_said_all()
            return
        self.abort()

    def _leave(self) -> None:
        """Tell the receiver, if there is one, that its caller is gone; nothing more is read."""
        receiver, exchange = self._receiver, self._exchange
        self._phase = _Phase.ENDED
        self._receiver = self._exchange = self._framing = None
        self._buffer.clear()
        if receiver is not None and exchange is not None and not exchange.finished:
            try:
                receiver.leave()
            except Exception:
                log.exception("the end of a call that nobody waits for")

    # See ``asyncio.BufferedProtocol``

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # paused as soon as the caller doesn't keep up
        self._host.opened(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where received bytes go."""
        return _RECEIVED

    def buffer_updated(self, nbytes: int) -> None:
        """Take them over."""
        if self._phase is not _Phase.ENDED:
            self._buffer += _RECEIVED[:nbytes]
            self._go_on()
        else:
            self._dropped += nbytes
            if self._dropped > DROPPED_BYTES:
                self._transport.abort()

    def eof_received(self) -> None:
        """The caller sends no more: it has gone."""
        self._leave()
        self._linger()

    def pause_writing(self) -> None:
        """The caller is slower than we are."""
        self._sending = self._loop.create_future()

    def resume_writing(self) -> None:
        """It has everything."""
        sending, self._sending = self._sending, None
        if sending is not None and not sending.done():
            sending.set_result(None)
        if self._phase is _Phase.HEAD:
            self.due = self._loop.time() + self._host.idle_seconds
        elif self._phase is _Phase.ENDED:
            self._linger()
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """It is gone, or we have closed it."""
        self._leave()
        sending, self._sending = self._sending, None
        if sending is not None and not sending.done():
            _lose(sending)
        self._host.closed(self)


def _lose(sending: asyncio.Future[None]) -> None:
    sending.set_exception(ConnectionResetError("The caller has gone."))
    sending.exception()  # nobody may be waiting for it
