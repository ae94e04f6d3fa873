"""What is different between two versions, read from their records and bundles."""

from __future__ import annotations

import asyncio
import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from jupyter_faas.gateway.service.aliases import Aliases
from jupyter_faas.gateway.service.bundles import BundleStore
from jupyter_faas.gateway.store.records import VersionRecord
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.changes import Change, Side, changes_between
from jupyter_faas.model.errors import NotFound

__all__ = ["Differences"]

MOST_KEPT: Final = 100
"""Changes that are noted of a version; the gateway finds the others again when it is asked."""
MAX_DIFF_CHARACTERS: Final = 200_000


class Differences:
    """Compares versions."""

    def __init__(self, store: Store, bundles: BundleStore, aliases: Aliases) -> None:
        self._store = store
        self._bundles = bundles
        self._aliases = aliases

    async def noted(self, old: VersionRecord, new: VersionRecord) -> dict[str, Any]:
        """What is kept of the changes from ``old`` to ``new`` with the latter."""
        found, _ = await self._compare(old, new)
        noted = _described(old.number, found[:MOST_KEPT])
        noted["breaking"] = sum(change.breaking for change in found)
        noted["more"] = max(0, len(found) - MOST_KEPT)
        return noted

    async def between(self, name: str, number: int, since: int | None) -> dict[str, Any]:
        """All changes of a version since another one, by default the one that was the latest before it, and
        their source's (a unified diff); raises ``NotFound``."""
        new = await self._record(name, number)
        if since is None:
            since = (new.changes or {}).get("since") or await self._before(name, number)
        found, diff = await self._compare(await self._record(name, since), new)
        return {"function": name, "version": number, **_described(since, found), "source": diff}

    async def _record(self, name: str, number: int) -> VersionRecord:
        record = await self._store.version(name, number)
        return record if record is not None else (await self._aliases.version(name, number)).record

    async def _before(self, name: str, number: int) -> int:
        """The version before, where it wasn't noted what was the latest then."""
        before = await self._store.versions(name, number, 1)
        if not before:
            raise NotFound(
                f"Version {number} of {name} is the first one that there is. Name one to compare it "
                "with: since=N."
            )
        return before[0].number

    async def _compare(self, old: VersionRecord, new: VersionRecord) -> tuple[list[Change], str]:
        before, after = await asyncio.gather(self._texts(old), self._texts(new))
        changes = await asyncio.to_thread(changes_between, _side(old, before), _side(new, after))
        return changes, await asyncio.to_thread(_diff, before[1], after[1], old.number, new.number)

    async def _texts(self, record: VersionRecord) -> tuple[dict[str, str], dict[str, list[str]]]:
        try:
            contents, texts = await self._bundles.contents(record.bundle_digest)
        except NotFound:
            return {}, {}
        return contents, {path: text.splitlines() for path, text in texts.items()}


def _side(record: VersionRecord, found: tuple[Mapping[str, str], Mapping[str, list[str]]]) -> Side:
    manifest = record.manifest
    values = {name: _secret(record, name) for name in record.environment}
    return Side(
        manifest.input_schema,
        manifest.output_schema,
        manifest.signature,
        manifest.python,
        record.packages,
        manifest.apt,
        manifest.caps.model_dump(),
        manifest.public,
        manifest.doc,
        values,
        *found,
    )


def _secret(record: VersionRecord, name: str) -> str:
    return hashlib.sha256(record.environment[name].encode()).hexdigest()


def _described(since: int, changes: list[Change]) -> dict[str, Any]:
    return {
        "since": since,
        "breaking": sum(change.breaking for change in changes),
        "changes": [asdict(change) for change in changes],
    }


def _diff(old: Mapping[str, list[str]], new: Mapping[str, list[str]], before: int, after: int) -> str:
    """The texts' differences as ``diff -u`` writes them."""
    lines: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        pair = old.get(path, []), new.get(path, [])
        if pair[0] != pair[1]:
            names = f"{path} (version {before})", f"{path} (version {after})"
            lines += difflib.unified_diff(*pair, *names, lineterm="")
    text = "\n".join(lines)
    return text if len(text) <= MAX_DIFF_CHARACTERS else text[:MAX_DIFF_CHARACTERS] + "\n…"
