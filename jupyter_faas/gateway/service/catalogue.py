"""The functions that are live, in memory, so that a call reads no database.

Most of many functions are not called for long times, so that a version has what its calls need only while
they come; else it is a kilobyte of bytes.
"""

from __future__ import annotations

import difflib
import pickle
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema_rs

from jupyter_faas.gateway.dispatch.instance import Target
from jupyter_faas.gateway.service.realtypes import TYPE, RealType
from jupyter_faas.gateway.service.routing import Routes
from jupyter_faas.gateway.store.records import VersionRecord
from jupyter_faas.model.errors import NotFound
from jupyter_faas.model.manifest import Manifest
from jupyter_faas.model.media import ARROW, PARQUET

if TYPE_CHECKING:  # an entrance doesn't load it
    from jupyter_faas.gateway.store.store import Store

__all__ = ["Catalogue", "Published"]


MAX_READY = 1024
"""Versions that are kept ready for calls, those asked for last."""
MAX_NAMED = 10
"""Functions that an error names all of."""


MAX_PARTIAL = 16
"""Sets of uploaded parameters for which a version keeps a validator."""


MAX_COMPARED = 200
MAX_TYPED_WRONG = 3
"""With how many names an unknown one is compared, and by how many characters their lengths may differ."""


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
            record.environment_image,
            record.bundle_digest,
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


class _Packed(NamedTuple):
    """A latest version that may be waiting for its next call for long: its number, and how many there are."""

    number: int
    versions: int
    content: bytes

    def unpacked(self) -> Published:
        return Published(pickle.loads(zlib.decompress(self.content)))  # noqa: S301 - packed by this process


class Catalogue:
    """The latest version of each function, how many versions each has, and where its other aliases lead.

    ``changed`` hears of a function that has another latest version, lost a version or is gone, before anybody
    else does.
    """

    def __init__(self, changed: Callable[[str], None] = lambda _: None) -> None:
        self.routes = Routes()
        self._changed = changed
        self._latest: dict[str, _Packed] = {}
        self._ready: OrderedDict[tuple[str, int], Published] = OrderedDict()

    async def load(self, store: Store) -> None:
        """Read everything from the store."""
        await store.each_latest(self._pack)
        for (function, alias), shares in (await store.aliases()).items():
            self.routes.put(function, alias, shares)

    def __iter__(self) -> Iterator[Published]:
        return (self._ready.get((name, one.number)) or one.unpacked() for name, one in self._latest.items())

    def __contains__(self, name: object) -> bool:
        return name in self._latest

    def __len__(self) -> int:
        return len(self._latest)

    def get(self, name: str) -> Published | None:
        """The latest version of ``name``, if there is such a function."""
        packed = self._latest.get(name)
        if packed is None:
            return None
        key = (name, packed.number)
        published = self._ready.get(key)
        if published is None:
            return self._keep_ready(key, packed.unpacked())
        self._ready.move_to_end(key)
        return published

    def numbers(self) -> dict[str, int]:
        """The number of each function's latest version."""
        return {name: packed.number for name, packed in self._latest.items()}

    def peek(self, name: str) -> Published | None:
        """What ``get`` returns, without keeping it ready for calls; from any thread."""
        packed = self._latest.get(name)
        if packed is None:
            return None
        return self._ready.get((name, packed.number)) or packed.unpacked()

    def latest(self, name: str) -> Published:
        """The latest version of ``name``; raises ``NotFound`` naming the nearest function."""
        published = self.get(name)
        if published is None:
            raise self._not_found(name)
        return published

    def kept(self, name: str, number: int) -> Published | None:
        """A version of ``name`` that is kept ready for calls."""
        key = (name, number)
        published = self._ready.get(key)
        if published is not None:
            self._ready.move_to_end(key)
        return published

    async def older(self, name: str, number: int, store: Store) -> Published | None:
        """A version of ``name`` that may not be the latest."""
        published = self.kept(name, number)
        if published is not None:
            return published
        key = (name, number)
        record = await store.version(name, number)
        return None if record is None else self._keep_ready(key, Published(record))

    def version_count(self, name: str) -> int:
        """How many versions ``name`` has."""
        packed = self._latest.get(name)
        return 0 if packed is None else packed.versions

    def put(self, published: Published) -> None:
        """Make a new version the latest one."""
        record = published.record
        self._pack(record, self.version_count(record.function) + 1)
        self._keep_ready((record.function, record.number), published)
        self._changed(record.function)

    def move(self, published: Published) -> None:
        """Make a version that was there before the latest one."""
        record = published.record
        self._pack(record, self.version_count(record.function))
        self._keep_ready((record.function, record.number), published)
        self._changed(record.function)

    def take_away(self, name: str, number: int) -> None:
        """A version that is not the latest is gone."""
        packed = self._latest.get(name)
        if packed is not None:
            self._latest[name] = packed._replace(versions=packed.versions - 1)
        self._ready.pop((name, number), None)
        self._changed(name)

    def renew(self, record: VersionRecord) -> None:
        """Take over the record of a version whose image was made anew."""
        latest = self._latest.get(record.function)
        if latest is not None and latest.number == record.number:
            self._pack(record, latest.versions)
        self._ready.pop((record.function, record.number), None)

    def remove(self, name: str) -> None:
        """Forget a function."""
        self._latest.pop(name, None)
        self.routes.drop(name)
        for key in [key for key in self._ready if key[0] == name]:
            del self._ready[key]
        self._changed(name)

    def _pack(self, record: VersionRecord, count: int) -> None:
        record = replace(record, changes=None)  # of no use for a call
        content = zlib.compress(pickle.dumps(record, pickle.HIGHEST_PROTOCOL), level=1)
        self._latest[record.function] = _Packed(record.number, count, content)

    def _keep_ready(self, key: tuple[str, int], published: Published) -> Published:
        self._ready[key] = published
        self._ready.move_to_end(key)
        if len(self._ready) > MAX_READY:
            self._ready.popitem(last=False)
        return published

    def _similar(self, name: str) -> list[str]:
        """Names that are worth a closer look, so few that looking doesn't keep other calls waiting."""
        similar = (
            known
            for known in self._latest
            if known[:1] == name[:1] and abs(len(known) - len(name)) <= MAX_TYPED_WRONG
        )
        return list(islice(similar, MAX_COMPARED))

    def _not_found(self, name: str) -> NotFound:
        nearest = difflib.get_close_matches(name, self._similar(name), n=1)
        if nearest:
            return NotFound(
                f"There is no function {name!r}. Did you mean {nearest[0]!r}?", nearest=nearest[0]
            )
        return NotFound(f"There is no function {name!r}. {self._what_there_is()}")

    def _what_there_is(self) -> str:
        if not self._latest:
            return "None is published yet: put %%publish on a notebook cell."
        if len(self._latest) > MAX_NAMED:
            return f"`jupyter faas list` shows the {len(self._latest)} that there are."
        names = ", ".join(sorted(self._latest))
        return f"There {'is' if len(self._latest) == 1 else 'are'} {names}."
