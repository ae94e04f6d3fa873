"""All functions at a glance: what a list of them shows, cheap enough to be asked for every few seconds."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final, NamedTuple

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.service.activity import SLOT_SECONDS, Activity
from jupyter_faas.gateway.service.builds import Builds
from jupyter_faas.gateway.service.catalogue import Catalogue
from jupyter_faas.gateway.service.timestamps import iso
from jupyter_faas.gateway.store.recorder import Recorder
from jupyter_faas.model.aliases import LATEST, Shares

__all__ = ["Overview"]

SUMMARY_CHARACTERS: Final = 200


class _Known(NamedTuple):
    """What is told of a version, read once: most functions rest, and reading one takes a while."""

    number: int
    told: dict[str, Any]


class Overview:
    """What there is, what state it is in, and what its calls did in the last hour."""

    def __init__(
        self,
        catalogue: Catalogue,
        dispatcher: Dispatcher,
        builds: Builds,
        activity: Activity,
        recorder: Recorder,
    ) -> None:
        self.activity = activity
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._builds = builds
        self._recorder = recorder
        self._known: dict[str, _Known] = {}

    async def describe(self) -> dict[str, Any]:
        """All functions, by name; those that are published for the first time just now, too."""
        await self._recorder.flush()
        numbers, building = self._catalogue.numbers(), self._builds.under_way()
        # With thousands of functions it takes a while, in which calls go on.
        rows = await asyncio.to_thread(self._rows, numbers, building, self._dispatcher.states())
        return {"slot_seconds": SLOT_SECONDS, "functions": rows}

    async def hour(self, name: str) -> dict[str, Any]:
        """The last hour of one function; raises ``NotFound``."""
        self._catalogue.latest(name)
        await self._recorder.flush()
        return {"function": name, **self.activity.of(name)}

    def _rows(
        self, numbers: dict[str, int], building: dict[str, str], instances: dict[str, Counter[str]]
    ) -> list[dict[str, Any]]:
        self._learn(numbers)
        hours = self.activity.hours()
        return [
            self._row(name, building.get(name), instances.get(name, Counter()), hours.get(name))
            for name in sorted(self._known.keys() | building.keys())
        ]

    def _learn(self, numbers: dict[str, int]) -> None:
        """Read the versions that are new, and forget what is gone."""
        known = {}
        for name, number in numbers.items():
            one = self._known.get(name)
            if one is None or one.number != number:
                published = self._catalogue.peek(name)
                if published is None:
                    continue  # deleted meanwhile
                manifest, record = published.manifest, published.record
                told = {
                    "summary": (manifest.doc or "").strip().partition("\n")[0][:SUMMARY_CHARACTERS],
                    "signature": manifest.signature,
                    "public": manifest.public,
                    "published": iso(record.published),
                    "notebook": manifest.origin.notebook,
                }
                one = _Known(record.number, told)
            known[name] = one
        self._known = known

    def _row(
        self, name: str, step: str | None, instances: Counter[str], hour: dict[str, Any] | None
    ) -> dict[str, Any]:
        known = self._known.get(name)
        told = {"summary": "", "signature": "", "public": False, "published": None, "notebook": None}
        aliases: dict[str, Shares] = {}
        if known is not None:
            told = known.told
            aliases = {LATEST: {known.number: 100}, **self._catalogue.routes.of(name)}
        return {
            "name": name,
            "version": known.number if known else None,
            **told,
            "versions": self._catalogue.version_count(name),
            "aliases": aliases,
            "instances": instances,
            "state": _state(step, instances, hour),
            "step": step,
            "hour": hour,
        }


def _state(step: str | None, instances: Counter[str], hour: dict[str, Any] | None) -> str:
    if step is not None:
        return "building"
    if hour is not None and hour["failing"]:
        return "failing"
    if instances["starting"] or instances["busy"] or instances["idle"]:
        return "live"
    return "paused" if instances["paused"] else "idle"
