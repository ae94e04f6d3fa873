"""Answers to calls, written to an HTTP connection: at once, or piece by piece as the function yields."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from typing import Any, Final, NamedTuple

import orjson
from tornado import httputil

from jupyter_faas.gateway.handlers.budget import PIECE_BYTES
from jupyter_faas.gateway.http.exchange import WITHOUT_BODY, Exchange, phrase_of
from jupyter_faas.gateway.problems import MEDIA_TYPE, problem_for
from jupyter_faas.gateway.service.calls import SSE, Result, Stream
from jupyter_faas.model.errors import FaasError, Saturated, Unauthenticated

__all__ = [
    "DEFAULT_HEADERS",
    "Answer",
    "PacedAnswer",
    "StreamedAnswer",
    "answer_of",
    "error_record",
    "fields_of",
    "http_answer",
    "problem_answer",
    "write",
    "write_plain",
]

log = logging.getLogger(__name__)

READER_SECONDS: Final = 60.0
"""How long a caller may take for a piece of 64 KB before it counts as gone."""
DEFAULT_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
"""Answers are for the caller alone, and never guessed to be HTML."""
_DEFAULT_FIELDS: Final = [f"{name}: {value}" for name, value in DEFAULT_HEADERS.items()]


class Answer(NamedTuple):
    """Status, headers and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer_of(result: Result) -> Answer:
    """The answer that a result is, in the status and with the headers that the function chose."""
    if result.status in WITHOUT_BODY:
        return Answer(result.status, result.headers, b"")
    return Answer(result.status, {**result.headers, "Content-Type": result.content_type}, result.body)


def problem_answer(error: FaasError, trusted: bool) -> Answer:
    """The RFC 9457 problem of an error."""
    problem = problem_for(error, trusted)
    headers = {"Content-Type": MEDIA_TYPE}
    if isinstance(error, Saturated):
        headers["Retry-After"] = str(error.figures.get("retry_after_seconds", 1))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return Answer(problem["status"], headers, _json(problem))


def http_answer(status: int, allow: Iterable[str] = ()) -> Answer:
    """The problem of a request that HTTP itself has a word for; ``allow`` are the methods that there are
    (RFC 9110 §15.5.6 wants them named)."""
    title = phrase_of(status)
    problem = {"type": "about:blank", "title": title, "status": status, "detail": title, "code": "http"}
    headers = {"Content-Type": MEDIA_TYPE} | ({"Allow": ", ".join(allow)} if allow else {})
    return Answer(status, headers, _json(problem))


def error_record(error: FaasError, content_type: str, trusted: bool) -> bytes:
    """What ends a stream that has begun before its error: the problem as an item of the stream's own kind."""
    problem: dict[str, Any] = problem_for(error, trusted)
    if content_type == SSE:
        return b"event: error\ndata: " + _json(problem) + b"\n\n"
    return _json({"error": problem}) + b"\n"


def write(exchange: Exchange, answer: Answer, extra: Mapping[str, str]) -> None:
    """Answer at once."""
    exchange.send(answer.status, _fields(answer, extra), _body(answer))


def write_plain(exchange: Exchange, result: Result, extra: Mapping[str, str]) -> None:
    """A result without a status or headers of its own: the same as ``write`` does, in less time."""
    fields = [f"{name}: {value}" for name, value in extra.items()]
    content = f"Content-Type: {result.content_type}"
    exchange.send(200, [f"Date: {_date()}", *_DEFAULT_FIELDS, *fields, content], result.body)


def _fields(answer: Answer, extra: Mapping[str, str]) -> list[str]:
    # A function's own fields replace ours, however they are capitalised.
    return fields_of(httputil.HTTPHeaders({"Date": _date(), **DEFAULT_HEADERS, **extra, **answer.headers}))


def fields_of(headers: httputil.HTTPHeaders) -> list[str]:
    """Headers as lines."""
    return [f"{name}: {value}" for name, value in headers.get_all()]


def _body(answer: Answer) -> bytes | None:
    return None if answer.status in WITHOUT_BODY else answer.body


class _Clock:
    """The time as HTTP writes it, made once a second."""

    second = 0
    text = ""


def _date() -> str:
    now = int(time.time())
    if now != _Clock.second:
        _Clock.second, _Clock.text = now, formatdate(now, usegmt=True)
    return _Clock.text


def _json(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str)


class PacedAnswer:
    """Writes an answer of many pieces as fast as the caller reads; one who takes too long for a piece is
    hung up on."""

    def __init__(
        self,
        exchange: Exchange,
        answer: Answer,
        extra: Mapping[str, str],
        done: Callable[[], None],
        reader_seconds: float = READER_SECONDS,
    ) -> None:
        self._exchange = exchange
        self._done = done
        self._reader_seconds = reader_seconds
        length = len(answer.body)
        exchange.start(answer.status, [*_fields(answer, extra), f"Content-Length: {length}"], length)
        body = b"" if exchange.head.method == "HEAD" else answer.body
        self._writing = asyncio.create_task(self._write(memoryview(body)))

    async def _write(self, body: memoryview) -> None:
        try:
            for start in range(0, len(body), PIECE_BYTES):
                piece = bytes(body[start : start + PIECE_BYTES])
                await write_piece(self._exchange, piece, self._reader_seconds)
            self._exchange.finish()
        except (ConnectionError, TimeoutError):
            log.info("a caller has stopped reading")
        finally:
            self._done()


async def write_piece(exchange: Exchange, piece: bytes, reader_seconds: float) -> None:
    """Write, and wait until the caller has taken it; raises ``ConnectionError``, or ``TimeoutError`` having
    hung up."""
    sending = exchange.write(piece)
    if sending is None:
        return
    try:
        async with asyncio.timeout(reader_seconds):
            await sending
    except TimeoutError:
        exchange.abort()
        raise


class StreamedAnswer:
    """Writes a stream to the caller as fast as the caller reads; ``give_up`` hears of one who doesn't."""

    def __init__(
        self,
        exchange: Exchange,
        stream: Stream,
        extra: Mapping[str, str],
        give_up: Callable[[], None],
        reader_seconds: float = READER_SECONDS,
    ) -> None:
        self._exchange = exchange
        self._stream = stream
        self._give_up = give_up
        self._reader_seconds = reader_seconds
        headers = httputil.HTTPHeaders({"Date": _date(), **DEFAULT_HEADERS, **extra, **stream.headers})
        headers["Content-Type"] = stream.content_type
        headers["X-Accel-Buffering"] = "no"  # nginx would gather the pieces
        status = 200 if stream.status in WITHOUT_BODY else stream.status
        exchange.start(status, fields_of(headers))
        self._writing = asyncio.create_task(self._write())

    def end(self, error: FaasError | None, trusted: bool) -> None:
        """The call has ended; what the caller hasn't got yet is still written."""
        self._stream.end(b"" if error is None else error_record(error, self._stream.content_type, trusted))

    def cancel(self) -> None:
        """Nobody reads any more."""
        self._writing.cancel()

    async def _write(self) -> None:
        try:
            while piece := await self._stream.take():
                await write_piece(self._exchange, piece, self._reader_seconds)
        except ConnectionError:
            return  # the request hears of it, too, and ends the call
        except TimeoutError:
            log.info("a caller of %s has stopped reading", self._stream.content_type)
            self._give_up()
            return
        self._exchange.finish()
