"""The part of the management API that tells what has happened: invocations, logs, errors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import orjson
from tornado.iostream import StreamClosedError

from jupyter_faas.gateway.handlers.answers import READER_SECONDS
from jupyter_faas.gateway.handlers.base import FaasHandler, connection_of
from jupyter_faas.gateway.service.history import described
from jupyter_faas.gateway.service.logs import LOG_FILTERS, entries_of
from jupyter_faas.gateway.service.wanted import FILTERS
from jupyter_faas.model.errors import MalformedRequest

__all__ = [
    "ActivityHandler",
    "ErrorsHandler",
    "HistoryHandler",
    "InvocationHandler",
    "InvocationsHandler",
    "LogsHandler",
    "OverviewHandler",
    "RecordingHandler",
]

SSE: Final = "text/event-stream"


class HistoryHandler(FaasHandler):
    """The history of all functions."""

    async def get(self) -> None:
        """A page of the newest invocations that the filters let through."""
        query = query_of(self, (*FILTERS, "function"))
        self.send_json(await self.service.history.page(None, query, self.limit(20)))


class InvocationsHandler(FaasHandler):
    """A function's history."""

    async def get(self, name: str) -> None:
        """A page of the newest invocations that the filters let through."""
        self.send_json(await self.service.history.page(name, query_of(self, FILTERS), self.limit(20)))


class InvocationHandler(FaasHandler):
    """One call."""

    async def get(self, identifier: str) -> None:
        """Describe it, with its problem and its log."""
        record = await self.service.history.invocation(identifier)
        self.send_json({**described(record), "problem": record.problem, "logs": entries_of(record)})


class RecordingHandler(FaasHandler):
    """What a call was given and gave."""

    async def get(self, identifier: str) -> None:
        """Its input and output, if its function records them."""
        self.send_json(await self.service.history.recording(identifier))


class ErrorsHandler(FaasHandler):
    """What goes wrong in a function."""

    async def get(self, name: str) -> None:
        """Its errors in groups, the one that was seen last first."""
        self.send_json({"errors": await self.service.history.errors(name)})


class OverviewHandler(FaasHandler):
    """All functions at a glance."""

    async def get(self) -> None:
        """Their states, and what their calls did in the last hour."""
        self.send_json(await self.service.overview.describe())


class ActivityHandler(FaasHandler):
    """What a function's calls did in the last hour."""

    async def get(self, name: str) -> None:
        """In all, and in pieces of two minutes."""
        self.send_json(await self.service.overview.hour(name))


class LogsHandler(FaasHandler):
    """What a function wrote."""

    async def get(self, name: str) -> None:
        """The last lines that the filters let through; as events, those that come, too."""
        if SSE in self.request.headers.get("Accept", ""):
            await self._follow(name)
        else:
            query = query_of(self, LOG_FILTERS)
            self.send_json(await self.service.logs.page(name, query, self.limit(100)))

    async def _follow(self, name: str) -> None:
        limit = 0 if self.get_query_argument("limit", "") == "0" else self.limit(10)
        events = self.service.logs.follow(name, query_of(self, LOG_FILTERS), limit)
        try:
            first = await anext(events)  # before anything is written: this may raise
            self.set_header("Content-Type", SSE)
            self.set_header("X-Accel-Buffering", "no")  # nginx would gather the lines
            await self._write(first)
            async for event in events:
                await self._write(event)
        except StreamClosedError:
            return  # the follower went away
        except TimeoutError:
            connection_of(self.request).abort()  # it doesn't read
        finally:
            await events.aclose()

    async def _write(self, event: tuple[str, dict[str, Any]] | None) -> None:
        self.write(_written(event))
        async with asyncio.timeout(READER_SECONDS):
            await self.flush()


def query_of(handler: FaasHandler, known: tuple[str, ...]) -> Mapping[str, str]:
    """The parameters of a request's query, each given once; raises ``MalformedRequest`` for unknown ones."""
    known = (*known, "limit", "cursor")
    unknown = sorted(set(handler.request.query_arguments) - set(known))
    if unknown:
        raise MalformedRequest(
            f"There is no parameter {unknown[0][:40]!r} here. These are: {', '.join(known)}."
        )
    return {name: handler.get_query_argument(name) for name in handler.request.query_arguments}


def _written(event: tuple[str, dict[str, Any]] | None) -> str:
    if event is None:
        return ": nothing new\n\n"
    name, data = event
    return f"event: {name}\ndata: {orjson.dumps(data).decode()}\n\n"
