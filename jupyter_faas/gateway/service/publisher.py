"""From an uploaded bundle to a live version. Until the last step nothing that is live is touched."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.images.builder import Environment, FunctionImage, ImageBuilder
from jupyter_faas.gateway.service.aliases import Aliases
from jupyter_faas.gateway.service.builds import Build, Builds
from jupyter_faas.gateway.service.bundles import BundleStore
from jupyter_faas.gateway.service.catalogue import Catalogue, Published
from jupyter_faas.gateway.service.differences import Differences
from jupyter_faas.gateway.service.gate import Gate
from jupyter_faas.gateway.service.locks import LockStore
from jupyter_faas.gateway.store.records import VersionRecord
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.aliases import check_alias
from jupyter_faas.model.bundle import Bundle, digest_of
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import (
    BuildError,
    Conflict,
    EngineUnavailable,
    FaasError,
    InternalError,
    MalformedRequest,
    NotFound,
)
from jupyter_faas.model.units import format_size

__all__ = ["Publisher"]

log = logging.getLogger(__name__)


class Publisher:
    """Builds bundles and makes them live. Publishes of one name run one after the other, in order."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        bundles: BundleStore,
        locks: LockStore,
        builder: ImageBuilder,
        dispatcher: Dispatcher,
        catalogue: Catalogue,
        builds: Builds,
        aliases: Aliases,
        differences: Differences,
        gate: Gate,
    ) -> None:
        self._gate = gate
        self.builds = builds
        self._differences = differences
        self._aliases = aliases
        self._engine = engine
        self._store = store
        self._bundles = bundles
        self._locked = locks
        self._builder = builder
        self._dispatcher = dispatcher
        self._catalogue = catalogue
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(
        self, name: str, digest: str, environment: Mapping[str, str], aliases: Sequence[str] = ()
    ) -> Build:
        """Begin a publish; the build tells how it goes. ``aliases`` are to lead to the version, too.

        Raises ``NotFound`` for a bundle that was not uploaded and ``MalformedRequest`` for one that is not
        of this function or doesn't name these environment variables, and for what can't be an alias.
        """
        aliases = [check_alias(alias) for alias in dict.fromkeys(aliases)]
        bundle = await self._bundles.load(digest)
        _check(bundle, name, environment)
        build = self.builds.start(name, aliases)
        self._keep(self._run(build, bundle, digest, dict(environment)))
        return build

    async def revise(self, name: str, caps: Caps, author: str) -> tuple[str, dict[str, Any]]:
        """Make a version with other caps live, of the image of the latest one.

        Returns ``live`` or ``unchanged``, and the publication.
        Its identity stays, so that publishing the same cell again changes nothing. Raises ``NotFound``,
        ``Conflict`` if the function doesn't start with these caps, and ``EngineUnavailable``.
        """
        begun = time.monotonic()
        async with self._gate.function(name):
            current = self._catalogue.latest(name)
            if current.manifest.caps == caps:
                return "unchanged", self._publication(current.record, begun)
            record = dataclasses.replace(
                current.record,
                number=await self._store.last_number(name) + 1,
                manifest=current.manifest.model_copy(update={"caps": caps}),
                published=time.time(),
                author=author,
                served=None,
            )
            record = dataclasses.replace(
                record, changes=await self._differences.noted(current.record, record)
            )
            published = Published(record)
            try:
                await self._dispatcher.check(published.target, "")
            except EngineUnavailable:
                raise
            except FaasError as error:
                raise Conflict(
                    f"{name} does not start with these caps: {error.detail.rstrip('.')}. Version "
                    f"{current.record.number} still is the latest.",
                    cause=error.code,
                ) from error
            await self._aliases.go_live(published, [])
            return "live", self._publication(record, begun)

    async def delete(self, name: str) -> int:
        """Remove a function with its versions, instances and images; the number of versions.

        Waiting calls are refused at once; running ones may finish, and the last of the function goes then.
        Raises ``NotFound``.
        """
        async with self._gate.function(name), self._aliases.lock(name):
            self._catalogue.latest(name)
            images = set(await self._store.images(name))
            versions = await self._store.delete(name)
            self._catalogue.remove(name)
            gone = NotFound(f"The function {name!r} has been deleted while the call waited.")
            self._dispatcher.withdraw(name, refusal=gone)
            self._keep(self._remove_images(name, images))
            self._dispatcher.forget(name)
            return versions

    async def _remove_images(self, name: str, images: set[str]) -> None:
        await self._dispatcher.gone(name)
        async with self._gate.function(name):
            for image in images - set(await self._store.images(name)):
                with contextlib.suppress(EngineUnavailable):
                    await self._engine.remove_image(image)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` behind the scenes; the event loop itself holds its tasks weakly."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up the publishes that run; what was live before them still is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, build: Build, bundle: Bundle, digest: str, environment: dict[str, str]) -> None:
        begun = time.monotonic()
        try:
            async with self._gate.build(), self._gate.function(build.function):
                await self._publish(build, bundle, digest, environment, begun)
        except FaasError as error:
            build.fail(error)
        except asyncio.CancelledError:
            build.fail(InternalError("The gateway was stopped during the publish. Publish again."))
            raise
        except Exception:
            log.exception("publishing %s failed", build.function)
            build.fail(InternalError("The publish failed for a reason of ours; the gateway's log has it."))

    async def _publish(
        self, build: Build, bundle: Bundle, digest: str, environment: dict[str, str], begun: float
    ) -> None:
        prepared = await self._prepare_environment(build, bundle)
        identity = digest_of(f"{bundle.identity}{json.dumps(environment, sort_keys=True)}".encode())
        current = self._catalogue.get(build.function)
        if current is not None and await self._is_same(current.record, identity, prepared):
            number = current.record.number
            for alias in build.aliases:
                await self._aliases.put(
                    build.function, alias, {number: 100}, bundle.manifest.origin.author or ""
                )
            record = await self._store.version(build.function, number) or current.record
            build.succeed("unchanged", self._publication(record, begun))
            return
        image = await self._build_image(build, bundle, prepared)
        record = VersionRecord(
            function=build.function,
            number=await self._store.last_number(build.function) + 1,
            identity=identity,
            bundle_digest=digest,
            manifest=bundle.manifest,
            environment=environment,
            image_digest=image.image.id,
            environment_image=prepared.image.id,
            packages=prepared.packages,
            layer_bytes=image.layer_bytes,
            image_bytes=image.image.size,
            published=time.time(),
            author=bundle.manifest.origin.author or "",
        )
        if current is not None:
            noted = await self._differences.noted(current.record, record)
            record = dataclasses.replace(record, changes=noted)
        published = Published(record)
        await self._check(build, published)
        await self._go_live(build, published)
        build.succeed("live", self._publication(record, begun))

    async def _prepare_environment(self, build: Build, bundle: Bundle) -> Environment:
        manifest = bundle.manifest
        wanted = (*manifest.requirements, *manifest.apt)
        build.begin("environment", ", ".join(wanted) or "standard library only")
        prepared = await self._builder.environment(
            manifest.python,
            manifest.requirements,
            manifest.constraints,
            lambda line: build.progress("environment", line),
            bundle.wheels,
            manifest.apt,
        )
        self._locked.save(prepared.image.id, prepared.lock)
        count = len(prepared.packages)
        detail = f"{count} package{'' if count == 1 else 's'}" if count else "standard library only"
        build.finish("environment", detail, reused=prepared.reused)
        return prepared

    async def _build_image(self, build: Build, bundle: Bundle, prepared: Environment) -> FunctionImage:
        build.begin("image")
        image = await self._builder.function(bundle, prepared, lambda line: build.progress("image", line))
        build.finish("image", f"function layer {format_size(image.layer_bytes)}")
        return image

    async def _check(self, build: Build, published: Published) -> None:
        proof = published.manifest.proof
        build.begin("check", "importing the function in its image")
        try:
            await self._dispatcher.check(published.target, proof)
        except EngineUnavailable:
            raise
        except FaasError as error:
            raise _check_failed(error, self._catalogue.get(build.function)) from error
        build.finish("check", _checked(published))

    async def _go_live(self, build: Build, published: Published) -> None:
        build.begin("live")
        await self._aliases.go_live(published, build.aliases)
        build.finish("live", f"version {published.record.number}")

    async def _is_same(self, record: VersionRecord, identity: str, prepared: Environment) -> bool:
        return (
            record.identity == identity
            and record.environment_image == prepared.image.id
            and await self._engine.image(record.image_digest) is not None
        )

    def _publication(self, record: VersionRecord, begun: float) -> dict[str, Any]:
        return {
            "function": record.function,
            "version": record.number,
            "digest": record.image_digest,
            "environment_packages": list(record.packages),
            "layer_bytes": record.layer_bytes,
            "image_bytes": record.image_bytes,
            "isolates": self._engine.isolates,
            "author": record.author or None,
            "changes": record.changes,
            "aliases": self._aliases.names(record.function, record.number),
            "seconds": round(time.monotonic() - begun, 3),
        }


def _check(bundle: Bundle, name: str, environment: Mapping[str, str]) -> None:
    manifest = bundle.manifest
    if manifest.name != name:
        raise MalformedRequest(f"The bundle is of function {manifest.name!r}, not of {name!r}.")
    if set(environment) != set(manifest.environment):
        raise MalformedRequest(
            f"The manifest names the environment variables {sorted(manifest.environment)}, "
            f"the request gives {sorted(environment)}."
        )
    try:
        Published.compile(manifest.input_schema)
    except ValueError as error:
        raise MalformedRequest(f"The manifest's input schema is not valid: {error}") from error


def _checked(published: Published) -> str:
    """What holds of a version after its check."""
    manifest = published.manifest
    if manifest.notebook is not None:
        ran = "the notebook runs" if manifest.proof else "the notebook's kernel starts"
        return f"{ran} in its image"
    return "the function imports in its image" + (", and its examples hold" if manifest.proof else "")


def _check_failed(error: FaasError, current: Published | None) -> BuildError:
    still = (
        f" Version {current.record.number}, live until now, still is."
        if current
        else " Nothing has gone live."
    )
    figures: dict[str, Any] = {
        name: value for name, value in error.figures.items() if name not in ("step", "log", "cause")
    }
    failed = "the notebook fails" if "cell" in error.figures else "the function does not start"
    failed = "an example does not hold" if "examples" in error.figures else failed
    return BuildError(
        f"The image was built, but {failed} in it: {error.detail.rstrip('.')}.{still}",
        step="check",
        cause=error.code,
        log=figures.pop("output", []),
        **figures,
    )
