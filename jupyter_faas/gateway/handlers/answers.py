"""Answers to calls, written to an HTTP connection: at once, or piece by piece as the function yields."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson
from tornado import httputil
from tornado.iostream import StreamClosedError

from jupyter_faas.gateway.handlers.budget import PIECE_BYTES
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
    "http_answer",
    "problem_answer",
    "write",
    "write_plain",
]

log = logging.getLogger(__name__)

WITHOUT_BODY: Final = (204, 304)  # RFC 9110 §15.3.5 and §15.4.5
READER_SECONDS: Final = 60.0
"""How long a caller may take for a piece of 64 KB before it counts as gone."""
DEFAULT_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
"""Answers are for the caller alone, and never guessed to be HTML."""
_DEFAULT_LINES: Final = "".join(f"{name}: {value}\r\n" for name, value in DEFAULT_HEADERS.items())
_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}


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
    title = _phrase(status)
    problem = {"type": "about:blank", "title": title, "status": status, "detail": title, "code": "http"}
    headers = {"Content-Type": MEDIA_TYPE} | ({"Allow": ", ".join(allow)} if allow else {})
    return Answer(status, headers, _json(problem))


def error_record(error: FaasError, content_type: str, trusted: bool) -> bytes:
    """What ends a stream that has begun before its error: the problem as an item of the stream's own kind."""
    problem: dict[str, Any] = problem_for(error, trusted)
    if content_type == SSE:
        return b"event: error\ndata: " + _json(problem) + b"\n\n"
    return _json({"error": problem}) + b"\n"


def write(connection: Any, answer: Answer, extra: Mapping[str, str], head_only: bool = False) -> None:
    """Answer by Tornado's own means, which know HTTP/1.0 and closing connections."""
    body = b"" if head_only else answer.body
    connection.write_headers(_start_line(answer.status), _headers(answer, extra), body)
    connection.finish()


def write_plain(connection: Any, result: Result, extra: Mapping[str, str]) -> None:
    """A result in status 200 without headers of its own, on a connection that stays open: the same bytes
    as ``write`` makes, in a fifth of the time.

    Tornado takes a head that is encoded already by ``write()``, without ``write_headers()`` before it.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in extra.items()])
    head = (
        f"HTTP/1.1 200 OK\r\nDate: {_date()}\r\n{_DEFAULT_LINES}{lines}"
        f"Content-Type: {result.content_type}\r\nContent-Length: {len(result.body)}\r\n\r\n"
    )
    connection.write(head.encode("latin-1") + result.body)
    connection.finish()


def _headers(answer: Answer, extra: Mapping[str, str]) -> httputil.HTTPHeaders:
    headers = httputil.HTTPHeaders({"Date": _date(), **DEFAULT_HEADERS, **extra, **answer.headers})
    if answer.status not in WITHOUT_BODY:
        headers["Content-Length"] = str(len(answer.body))
    return headers


class _Clock:
    """The time as HTTP writes it, made once a second."""

    second = 0
    text = ""


def _date() -> str:
    now = int(time.time())
    if now != _Clock.second:
        _Clock.second, _Clock.text = now, formatdate(now, usegmt=True)
    return _Clock.text


def _start_line(status: int) -> httputil.ResponseStartLine:
    return httputil.ResponseStartLine("", status, _phrase(status))


def _phrase(status: int) -> str:
    return _PHRASES.get(status, "Unknown")


def _json(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str)


class PacedAnswer:
    """Writes an answer of many pieces as fast as the caller reads; one who takes too long for a piece is
    hung up on."""

    def __init__(
        self,
        connection: Any,
        answer: Answer,
        extra: Mapping[str, str],
        done: Callable[[], None],
        reader_seconds: float = READER_SECONDS,
    ) -> None:
        self._connection = connection
        self._done = done
        self._reader_seconds = reader_seconds
        connection.write_headers(_start_line(answer.status), _headers(answer, extra))
        self._writing = asyncio.create_task(self._write(memoryview(answer.body)))

    async def _write(self, body: memoryview) -> None:
        try:
            for start in range(0, len(body), PIECE_BYTES):
                piece = bytes(body[start : start + PIECE_BYTES])
                await write_piece(self._connection, piece, self._reader_seconds)
            self._connection.finish()
        except (StreamClosedError, TimeoutError):
            log.info("a caller has stopped reading")
        finally:
            self._done()


async def write_piece(connection: Any, piece: bytes, reader_seconds: float) -> None:
    """Write, and wait until the caller has taken it; raises ``StreamClosedError``, or ``TimeoutError`` having
    hung up."""
    try:
        async with asyncio.timeout(reader_seconds):
            await connection.write(piece)
    except TimeoutError:
        connection.stream.close()
        raise


class StreamedAnswer:
    """Writes a stream to the caller as fast as the caller reads; ``give_up`` hears of one who doesn't."""

    def __init__(
        self,
        connection: Any,
        stream: Stream,
        extra: Mapping[str, str],
        give_up: Callable[[], None],
        reader_seconds: float = READER_SECONDS,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._give_up = give_up
        self._reader_seconds = reader_seconds
        headers = httputil.HTTPHeaders({"Date": _date(), **DEFAULT_HEADERS, **extra, **stream.headers})
        headers["Content-Type"] = stream.content_type
        headers["X-Accel-Buffering"] = "no"  # nginx would gather the pieces
        status = 200 if stream.status in WITHOUT_BODY else stream.status
        connection.write_headers(_start_line(status), headers)
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
                await write_piece(self._connection, piece, self._reader_seconds)
        except StreamClosedError:
            return  # the request hears of it, too, and ends the call
        except TimeoutError:
            log.info("a caller of %s has stopped reading", self._stream.content_type)
            self._give_up()
            return
        self._connection.finish()
