"""The gateway's side of one entrance: finds versions for it, and runs its calls."""

from __future__ import annotations

import asyncio
import logging
import pickle
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from jupyter_faas.gateway.handlers.budget import PIECE_BYTES, Budget, Holding, hold_result
from jupyter_faas.gateway.service.calls import Asked, Running
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.service.service import Result, Service, Stream
from jupyter_faas.gateway.sharing.channel import Channel, Kind, Message
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.model.arguments import Arguments, Part
from jupyter_faas.model.errors import FaasError, InternalError

__all__ = ["Desk"]

log = logging.getLogger(__name__)


class Desk:
    """Takes an entrance's messages and answers them through ``channel``, which is set before the first."""

    channel: Channel

    def __init__(self, service: Service, budget: Budget) -> None:
        self._service = service
        self._budget = budget
        self._served: dict[int, _Served] = {}
        self._held: dict[int, Holding] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, message: Message) -> None:
        """Do what a message of the entrance asks for."""
        if message.kind is Kind.CALL:
            self._call(message)
        elif message.kind is Kind.FIND:
            self._keep(self._find(message.number, message.header))
        elif message.kind is Kind.CANCEL:
            if served := self._served.pop(message.number, None):
                served.cancel()
        elif message.kind is Kind.HELD and (holding := self._held.pop(message.number, None)):
            holding.release()

    def close(self) -> None:
        """The entrance is gone: nobody waits for its calls any more."""
        for task in self._tasks:
            task.cancel()
        served, self._served = list(self._served.values()), {}
        for one in served:
            one.cancel()
        for holding in self._held.values():
            holding.release()
        self._held.clear()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _find(self, number: int, header: dict[str, Any]) -> None:
        name, trusted = header["name"], header["trusted"]
        try:
            published = await self._service.find(name, header["selector"], trusted)
            latest = self._service.catalogue.latest(name)
        except Exception as error:
            self.channel.send(Kind.MISSING, number, {"error": _told(error)})
            return
        # What the environment's values are is no business of a process that talks to the network.
        record = pickle.dumps(replace(published.record, environment={}), pickle.HIGHEST_PROTOCOL)
        self.channel.send(Kind.FOUND, number, {"public": latest.manifest.public}, [record])

    def _call(self, message: Message) -> None:
        header = message.header
        served = self._served[message.number] = _Served(self, message.number)
        try:
            found = self._service.find_now(header["function"], str(header["version"]), trusted=True)
            if found is None:
                self._keep(self._call_older(served, message))
            else:
                served.begin(self._service, found, message)
        except Exception as error:
            self.end(message.number, {"error": _told(error)})

    async def _call_older(self, served: _Served, message: Message) -> None:
        header = message.header
        try:
            found = await self._service.find(header["function"], str(header["version"]), trusted=True)
            if message.number in self._served:
                served.begin(self._service, found, message)
        except Exception as error:
            self.end(message.number, {"error": _told(error)})

    def end(self, number: int, header: dict[str, Any], body: bytes = b"") -> None:
        """Tell the entrance how a call ended."""
        if self._served.pop(number, None) is not None:
            self.channel.send(Kind.ENDED, number, header, [body])

    def hold(self, number: int, record: InvocationRecord, result: Result) -> FaasError | None:
        """Count a large result until the entrance does; the error if there is no room for it."""
        holding = Holding(self._budget)
        error = hold_result(holding, record, result)
        if error is None and len(result.body) > PIECE_BYTES:
            self._held[number] = holding
        return error


class _Served:
    """One call of an entrance's."""

    def __init__(self, desk: Desk, number: int) -> None:
        self._desk = desk
        self._number = number
        self._running: Running | None = None
        self._stream: Stream | None = None
        self._relay: asyncio.Task[None] | None = None
        self._end: Callable[[], None] | None = None

    def begin(self, service: Service, published: Published, message: Message) -> None:
        """Run it."""
        accept, asked = message.header.get("accept", ""), Asked(*message.header["asked"])
        self._running = service.begin(published, _arguments(message), accept, self._begin, self._ended, asked)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        if self._relay is not None:
            self._relay.cancel()
        if self._running is not None:
            self._running.cancel()

    def _begin(self, stream: Stream) -> None:
        running = self._running
        if running is None:
            return
        call = running.call
        timing = {
            "id": running.record.id,
            "start": call.start,
            "queue_seconds": call.queue_seconds,
            "start_seconds": call.start_seconds,
        }
        head = {"type": stream.content_type, "status": stream.status, "headers": stream.headers}
        self._desk.channel.send(Kind.BEGUN, self._number, {**timing, **head})
        self._stream = stream
        self._relay = asyncio.create_task(self._pass_on(stream))

    async def _pass_on(self, stream: Stream) -> None:
        while piece := await stream.take():
            self._desk.channel.send(Kind.CHUNK, self._number, body=[piece])
        if self._end is not None:
            self._end()

    def _ended(self, record: InvocationRecord, result: Result) -> None:
        error = result.error or (None if self._stream else self._desk.hold(self._number, record, result))
        header: dict[str, Any] = {
            "id": record.id,
            "start": record.start,
            "queue_ms": record.queue_ms,
            "start_ms": record.start_ms,
            "run_ms": record.run_ms,
        }
        body = b""
        if error is not None:
            header["error"] = _told(error)
        else:
            header["type"], body = result.content_type, result.body
            if result.status != 200 or result.headers:
                header |= {"status": result.status, "headers": dict(result.headers)}
        if self._stream is None:
            self._desk.end(self._number, header, body)
        else:
            self._end = lambda: self._desk.end(self._number, header, body)
            self._stream.end()


def _arguments(message: Message) -> Arguments:
    described = message.header.get("parts")
    if described is None:
        return Arguments(message.body)
    view, start = memoryview(message.body), message.header["json"]
    parts = []
    for one in described:
        end = start + one["length"]
        parts.append(Part(one["name"], one["media_type"], one["filename"], view[start:end]))
        start = end
    return Arguments(message.body[: message.header["json"]], tuple(parts))


def _told(error: Exception) -> dict[str, Any]:
    """An error as the other process makes it again."""
    if not isinstance(error, FaasError):
        reference = secrets.token_hex(4)
        log.error("internal error %s", reference, exc_info=error)
        error = InternalError.logged_as(reference)
    return {"code": error.code, "detail": error.detail, "figures": error.figures}
