"""How the result of a call becomes an HTTP answer: at once, or piece by piece as the function yields."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import orjson
from tornado.iostream import StreamClosedError

from jupyter_faas.gateway.handlers.base import FaasHandler, connection_of
from jupyter_faas.gateway.problems import problem_for
from jupyter_faas.gateway.service.service import SSE, Result, Stream
from jupyter_faas.model.errors import FaasError

__all__ = ["StreamedAnswer", "error_record", "send_result"]

log = logging.getLogger(__name__)

WITHOUT_BODY: Final = (204, 304)  # RFC 9110 §15.3.5 and §15.4.5
READER_SECONDS: Final = 60.0
"""How long a caller may take for a piece of 64 KB before it counts as gone."""


def send_result(handler: FaasHandler, result: Result) -> None:
    """Answer with a result, in the status and with the headers that the function chose."""
    if result.status != 200:
        handler.set_status(result.status)
    for name, value in result.headers.items():
        handler.set_header(name, value)
    if result.status in WITHOUT_BODY:
        handler.finish()
    else:
        handler.set_header("Content-Type", result.content_type)
        handler.finish(result.body)


def error_record(error: FaasError, content_type: str, trusted: bool) -> bytes:
    """What ends a stream that has begun before its error: the problem as an item of the stream's own kind."""
    problem: dict[str, Any] = problem_for(error, trusted)
    if content_type == SSE:
        return b"event: error\ndata: " + _json(problem) + b"\n\n"
    return _json({"error": problem}) + b"\n"


def _json(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str)


class StreamedAnswer:
    """Writes a stream to the caller as fast as the caller reads; ``give_up`` hears of one who doesn't."""

    def __init__(
        self,
        handler: FaasHandler,
        stream: Stream,
        give_up: Callable[[], None],
        reader_seconds: float = READER_SECONDS,
    ) -> None:
        self._handler = handler
        self._stream = stream
        self._give_up = give_up
        self._reader_seconds = reader_seconds
        self.abandoned = False
        handler.set_status(stream.status)
        for name, value in stream.headers.items():
            handler.set_header(name, value)
        handler.set_header("Content-Type", stream.content_type)
        handler.set_header("X-Accel-Buffering", "no")  # nginx would gather the pieces
        self._writing = asyncio.create_task(self._write())

    async def end(self, error: FaasError | None) -> None:
        """The call has ended; returns when the caller has everything."""
        record = b"" if error is None else self._record(error)
        self._stream.end(record)
        await self._writing

    def cancel(self) -> None:
        """Nobody reads any more."""
        self.abandoned = True
        self._writing.cancel()

    def _record(self, error: FaasError) -> bytes:
        return error_record(error, self._stream.content_type, self._handler.trusted)

    async def _write(self) -> None:
        try:
            while piece := await self._stream.take():
                self._handler.write(piece)
                async with asyncio.timeout(self._reader_seconds):
                    await self._handler.flush()
        except StreamClosedError:
            return  # the handler hears of it, too, and ends the call
        except TimeoutError:
            log.info("call %s: its caller has stopped reading", self._stream.invocation)
            self._give_up()
            connection_of(self._handler.request).stream.close()
            return
        self._handler.finish()
