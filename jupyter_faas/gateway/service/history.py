"""What has happened, as the API tells it: invocations, errors, recordings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from jupyter_faas.gateway.service.advice import proposals, usage
from jupyter_faas.gateway.service.catalogue import Catalogue
from jupyter_faas.gateway.service.cursors import cursor_of, place_of
from jupyter_faas.gateway.service.timestamps import iso
from jupyter_faas.gateway.service.wanted import wanted_in
from jupyter_faas.gateway.store.failures import Failure
from jupyter_faas.gateway.store.recorder import Recorder
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import NotFound

__all__ = ["History", "described"]


USED_CALLS: Final = 10_000
"""How many of the last calls caps are compared with, whichever version served them."""


COMPARED_VERSIONS: Final = 20
_ENDING: Final = ("timeout_seconds", "memory_bytes", "concurrency")


class History:
    """Reads what the recorder has saved, of the very calls that have been answered."""

    def __init__(self, store: Store, recorder: Recorder, catalogue: Catalogue) -> None:
        self._store = store
        self._recorder = recorder
        self._catalogue = catalogue

    async def page(self, name: str | None, query: Mapping[str, str], limit: int) -> dict[str, Any]:
        """A page of the newest invocations, of ``name`` or of all functions, and the cursor of the next.

        A page may have fewer than ``limit`` although others follow: it is the end if ``next`` is null.
        Raises ``NotFound`` for an unknown function and ``MalformedRequest`` for filters that make no sense.
        """
        wanted = wanted_in(query, name)
        if wanted.function is not None:
            self._catalogue.latest(wanted.function)
        (before,) = place_of(query.get("cursor")) or (None,)
        await self._recorder.flush()
        page = await self._store.history.page(wanted, limit, before)
        found = [described(record) for record in page.found]
        return {"invocations": found, "next": None if page.next is None else cursor_of(page.next)}

    async def invocation(self, identifier: str) -> InvocationRecord:
        """One invocation; raises ``NotFound``."""
        await self._recorder.flush()
        record = await self._store.history.invocation(identifier)
        if record is None:
            raise NotFound(f"There is no invocation {identifier!r}, or it is older than the history.")
        return record

    async def advice(self, name: str) -> dict[str, Any]:
        """The caps of a function, what its last calls used, and which would fit; raises ``NotFound``."""
        published = self._catalogue.latest(name)
        caps = published.manifest.caps
        await self._recorder.flush()
        calls = await self._store.history.used(name, USED_CALLS)
        newest = sorted({call.version for call in calls})[-COMPARED_VERSIONS:]
        used = usage(calls, [number for number in newest if await self._has(name, number, caps)])
        said = {"function": name, "version": published.record.number, "caps": caps.model_dump()}
        return {**said, "usage": used, "proposals": proposals(used, caps)}

    async def _has(self, name: str, number: int, caps: Caps) -> bool:
        """Whether a version has these caps, as far as calls can end at them."""
        record = await self._store.version(name, number)
        if record is None:
            return False
        theirs = record.manifest.caps
        return all(getattr(theirs, field) == getattr(caps, field) for field in _ENDING)

    async def recording(self, identifier: str) -> dict[str, Any]:
        """What an invocation was given and gave; raises ``NotFound`` where that was not kept."""
        record = await self.invocation(identifier)
        content = await self._store.history.recording(identifier)
        if content is None:
            raise NotFound(
                f"What invocation {identifier} was given is not kept: its function records nothing, or newer "
                f"calls have taken its place. Publish {record.function} with --record 100 to keep the last "
                "100."
            )
        kept: dict[str, Any] = orjson.loads(content)
        said = {"id": record.id, "function": record.function, "version": record.version}
        return {**said, "status": record.status, "code": record.code, **kept}

    async def errors(self, name: str) -> list[dict[str, Any]]:
        """The errors of a function, grouped by their kind and cell line; raises ``NotFound``."""
        self._catalogue.latest(name)
        await self._recorder.flush()
        return [_group(failure) for failure in await self._store.history.failures(name)]


def described(record: InvocationRecord) -> dict[str, Any]:
    """An invocation as a row of the history."""
    return {
        "id": record.id,
        "function": record.function,
        "version": record.version,
        "alias": record.alias or None,
        "caller": record.caller or None,
        "status": record.status,
        "code": record.code,
        "started": iso(record.started),
        "queue_ms": round(record.queue_ms, 3),
        "start_ms": round(record.start_ms, 3),
        "run_ms": round(record.run_ms, 3),
        "cpu_ms": round(record.cpu_ms, 3),
        "peak_bytes": record.peak_bytes,
        "cold": record.cold,
        "start": record.start or None,
        "request_bytes": record.request_bytes,
        "result_bytes": record.result_bytes,
    }


def _group(failure: Failure) -> dict[str, Any]:
    group = failure.group
    return {
        "code": group.code,
        "exception": group.exception or None,
        "cell": group.cell or None,
        "line": group.line or None,
        "message": failure.message,
        "first": iso(failure.first),
        "last": iso(failure.last),
        "count": failure.count,
        "versions": list(failure.versions),
        "invocation": failure.invocation,
    }
