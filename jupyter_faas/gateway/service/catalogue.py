"""The functions that are live, in memory, so that a call reads no database."""

from __future__ import annotations

import difflib
from collections import OrderedDict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import jsonschema_rs

from jupyter_faas.gateway.dispatch.instance import Target
from jupyter_faas.gateway.service.realtypes import TYPE, RealType
from jupyter_faas.gateway.store.records import VersionRecord
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.errors import NotFound
from jupyter_faas.model.manifest import Manifest
from jupyter_faas.model.media import ARROW, PARQUET

__all__ = ["Catalogue", "Published"]


MAX_OLDER = 256
"""Versions other than the latest that are kept ready."""


MAX_PARTIAL = 16
"""Sets of uploaded parameters for which a version keeps a validator."""


class Published:
    """A version that can be called: its record, and what a call needs of it, made once."""

    def __init__(self, record: VersionRecord) -> None:
        self.record = record
        self._partial: dict[frozenset[str], jsonschema_rs.Draft202012Validator] = {}

    @property
    def manifest(self) -> Manifest:
        """The version's manifest."""
        return self.record.manifest

    @cached_property
    def target(self) -> Target:
        """What dispatch needs to run it."""
        record = self.record
        return Target(
            record.function,
            record.number,
            record.image_digest,
            record.manifest.caps,
            record.environment,
            {"jupyter-faas.version": str(record.number)},
        )

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The forms that a result can have; empty if the function's annotation doesn't tell them."""
        schema = self.record.manifest.output_schema or {}
        named = schema.get("x-faas-media")
        forms = tuple(form for form in named if isinstance(form, str)) if isinstance(named, list) else ()
        names = {package.partition("==")[0].lower() for package in self.record.packages}
        if str(schema.get(TYPE)).startswith("pandas.") and "pyarrow" not in names:
            return tuple(form for form in forms if form not in (ARROW, PARQUET))
        return forms

    @cached_property
    def validator(self) -> jsonschema_rs.Draft202012Validator:
        """Checks arguments against the function's schema."""
        return self.compile(self.record.manifest.input_schema)

    def validator_for(self, uploaded: frozenset[str]) -> jsonschema_rs.Draft202012Validator:
        """Checks the arguments less those ``uploaded`` as files, which the function itself reads."""
        schema = self.record.manifest.input_schema
        missing = uploaded & frozenset(schema.get("required", ()))
        if not missing:
            return self.validator
        if missing not in self._partial:
            if len(self._partial) >= MAX_PARTIAL:
                self._partial.clear()
            required = [name for name in schema["required"] if name not in missing]
            self._partial[missing] = self.compile({**schema, "required": required})
        return self._partial[missing]

    @staticmethod
    def compile(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
        """A validator for ``schema``; raises ``ValueError`` if it is none or refers to another document."""
        return jsonschema_rs.Draft202012Validator(schema, retriever=_refuse, keywords={TYPE: RealType})


def _refuse(uri: str) -> Any:
    # A schema comes with a bundle: it must not make the gateway fetch anything.
    raise ValueError(f"the schema refers to {uri}; it has to stand by itself")


class Catalogue:
    """The latest version of each function, and how many versions each has."""

    def __init__(self) -> None:
        self._latest: dict[str, Published] = {}
        self._counts: dict[str, int] = {}
        self._older: OrderedDict[tuple[str, int], Published] = OrderedDict()

    async def load(self, store: Store) -> None:
        """Read everything from the store."""
        for record, count in await store.latest_versions():
            self._latest[record.function] = Published(record)
            self._counts[record.function] = count

    def __iter__(self) -> Iterator[Published]:
        return iter(self._latest.values())

    def __len__(self) -> int:
        return len(self._latest)

    def get(self, name: str) -> Published | None:
        """The latest version of ``name``, if there is such a function."""
        return self._latest.get(name)

    def latest(self, name: str) -> Published:
        """The latest version of ``name``; raises ``NotFound`` naming the nearest function."""
        published = self._latest.get(name)
        if published is None:
            raise self._not_found(name)
        return published

    async def older(self, name: str, number: int, store: Store) -> Published | None:
        """A version of ``name`` that may not be the latest; those asked for lately are kept in memory."""
        key = (name, number)
        if key not in self._older:
            record = await store.version(name, number)
            if record is None:
                return None
            self._older[key] = Published(record)
        self._older.move_to_end(key)
        if len(self._older) > MAX_OLDER:
            self._older.popitem(last=False)
        return self._older[key]

    def version_count(self, name: str) -> int:
        """How many versions ``name`` has."""
        return self._counts.get(name, 0)

    def put(self, published: Published) -> None:
        """Make a new version the latest one."""
        name = published.record.function
        self._latest[name] = published
        self._counts[name] = self._counts.get(name, 0) + 1

    def renew(self, record: VersionRecord) -> None:
        """Take over the record of a version whose image was made anew."""
        latest = self._latest.get(record.function)
        if latest is not None and latest.record.number == record.number:
            self._latest[record.function] = Published(record)
        self._older.pop((record.function, record.number), None)

    def remove(self, name: str) -> None:
        """Forget a function."""
        self._latest.pop(name, None)
        self._counts.pop(name, None)
        for key in [key for key in self._older if key[0] == name]:
            del self._older[key]

    def _not_found(self, name: str) -> NotFound:
        nearest = difflib.get_close_matches(name, self._latest, n=1)
        if nearest:
            return NotFound(
                f"There is no function {name!r}. Did you mean {nearest[0]!r}?", nearest=nearest[0]
            )
        hint = (
            "Publish it with %%publish." if not self._latest else "`jupyter faas list` shows all there are."
        )
        return NotFound(f"There is no function {name!r}. {hint}")
