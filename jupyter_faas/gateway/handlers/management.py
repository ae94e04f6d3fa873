"""The management API, ``/api/v1`` (ARCHITECTURE.md lists its routes)."""

from __future__ import annotations

import os
from typing import Any

import orjson
from tornado.iostream import StreamClosedError
from tornado.web import stream_request_body

from jupyter_faas.gateway.handlers.base import FaasHandler, connection_of
from jupyter_faas.gateway.handlers.site import Site
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.service.timestamps import iso
from jupyter_faas.model.bundle import MAX_BUNDLE_BYTES
from jupyter_faas.model.errors import EngineUnavailable, MalformedRequest, PayloadTooLarge
from jupyter_faas.model.media import IPYNB
from jupyter_faas.model.units import format_size
from jupyter_faas.version import VERSION

__all__ = [
    "BuildHandler",
    "BundleHandler",
    "FunctionHandler",
    "FunctionsHandler",
    "GatewayHandler",
    "HealthHandler",
    "LockHandler",
    "MetricsHandler",
    "PartialNotebookHandler",
    "PublishHandler",
    "ReadyHandler",
    "ShutdownHandler",
]


class HealthHandler(FaasHandler):
    """Whether the gateway answers at all."""

    open_to_all = True

    def get(self) -> None:
        """Yes."""
        self.send_json({"status": "ok"})


class ReadyHandler(FaasHandler):
    """Whether the gateway can serve calls."""

    open_to_all = True

    async def get(self) -> None:
        """200, or 503 naming what is not ready; why is for those with the token."""
        failures = await self.service.readiness.failures()
        body: dict[str, Any] = {"status": "not ready" if failures else "ready"}
        if failures:
            body["failures"] = failures if self.trusted else sorted(failures)
        self.send_json(body, 503 if failures else 200)


class MetricsHandler(FaasHandler):
    """What Prometheus asks for."""

    async def get(self) -> None:
        """All metrics."""
        content = await self.service.exposition()
        self.set_header("Content-Type", self.service.metrics.content_type)
        self.finish(content)


class GatewayHandler(FaasHandler):
    """What this gateway is."""

    async def get(self) -> None:
        """Describe it, its engine included, or why that doesn't answer."""
        engine, problem = None, None
        try:
            info = await self.service.engine.info()
            engine = {
                "name": info.name,
                "version": info.version,
                "platform": info.platform,
                "isolates": info.isolates,
                "detail": dict(info.detail),
            }
        except EngineUnavailable as error:
            problem = error.problem()
        self.send_json(
            {
                "version": VERSION,
                "url": self.site.url,
                "pid": os.getpid(),
                "started": iso(self.site.started),
                "data_dir": self.site.data_dir,
                "engine": engine,
                "engine_problem": problem,
                "functions": len(self.service.catalogue),
                "instances": self.service.dispatcher.instances(),
                "prewarmed": self.service.dispatcher.prewarmed.waiting,
            }
        )


class ShutdownHandler(FaasHandler):
    """Ends the gateway."""

    def post(self) -> None:
        """Begin to drain, then end."""
        self.send_json({"status": "draining"}, 202)
        self.site.shutdown()


@stream_request_body
class BundleHandler(FaasHandler):
    """Uploads, by digest: what is there already need not be sent."""

    def initialize(self, site: Site) -> None:
        """Tornado's second constructor."""
        super().initialize(site)
        self._content = bytearray()

    def prepare(self) -> None:
        """Authenticate, and refuse too large an upload before reading it."""
        super().prepare()
        connection_of(self.request).set_max_body_size(MAX_BUNDLE_BYTES)
        announced = self.request.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > MAX_BUNDLE_BYTES:
            raise PayloadTooLarge(
                f"The bundle of {format_size(int(announced))} is over {format_size(MAX_BUNDLE_BYTES)}: "
                "carry less.",
                cap_bytes=MAX_BUNDLE_BYTES,
                size_bytes=int(announced),
            )

    def data_received(self, chunk: bytes) -> None:
        """Collect the upload; see Tornado, which bounds it."""
        self._content += chunk

    def head(self, digest: str) -> None:
        """Whether the bundle is here."""
        self.set_status(200 if self.service.bundles.has(digest) else 404)

    async def put(self, digest: str) -> None:
        """Keep the bundle."""
        await self.service.bundles.save(digest, bytes(self._content))
        self.send_json({"digest": digest}, 201)


class PublishHandler(FaasHandler):
    """Publishes."""

    async def post(self, name: str) -> None:
        """Begin a build from an uploaded bundle."""
        body = self.read_json()
        digest, environment, aliases = (
            body.get("bundle"),
            body.get("environment", {}),
            body.get("aliases", []),
        )
        if not isinstance(digest, str):
            raise MalformedRequest('The body has no "bundle" with the digest of an uploaded bundle.')
        if not isinstance(environment, dict) or not all(isinstance(v, str) for v in environment.values()):
            raise MalformedRequest('"environment" is not an object of texts.')
        if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
            raise MalformedRequest('"aliases" is not a list of texts.')
        build = await self.service.publisher.start(name, digest, environment, aliases)
        self.set_header("Location", f"/api/v1/builds/{build.id}")
        self.send_json(build.describe(), 202)


class BuildHandler(FaasHandler):
    """The course of a build."""

    async def get(self, identifier: str) -> None:
        """The build as it stands, or its events as a stream."""
        build = self.service.publisher.builds.get(identifier)
        if "text/event-stream" not in self.request.headers.get("Accept", ""):
            described = build.describe()
            if build.publication is not None:
                described["publication"] = self._located(build.publication)
            self.send_json(described)
            return
        self.set_header("Content-Type", "text/event-stream")
        try:
            async for event in build.events():
                if event is None:
                    self.write(": still building\n\n")
                else:
                    name, data = event
                    if name in ("live", "unchanged"):
                        data = self._located(data)
                    self.write(f"event: {name}\ndata: {orjson.dumps(data).decode()}\n\n")
                await self.flush()
        except StreamClosedError:
            return  # the listener went away; the build goes on

    def _located(self, publication: dict[str, Any]) -> dict[str, Any]:
        return {**publication, "url": f"{self.site.url}/functions/{publication['function']}"}


class FunctionsHandler(FaasHandler):
    """The catalogue."""

    def get(self) -> None:
        """All functions."""
        described = [describe(self, published) for published in self.service.catalogue]
        self.send_json({"functions": sorted(described, key=lambda function: function["name"])})


class FunctionHandler(FaasHandler):
    """One function."""

    def get(self, name: str) -> None:
        """Describe it."""
        self.send_json(describe(self, self.service.catalogue.latest(name)))

    async def delete(self, name: str) -> None:
        """Remove it with all its versions."""
        content = await self.service.versions.content(name)
        content["versions"] = await self.service.publisher.delete(name)
        self.service.overview.activity.forget(name)
        self.send_json({"deleted": name, **content})


class LockHandler(FaasHandler):
    """What a version was installed from."""

    async def get(self, name: str) -> None:
        """The lock of the latest version, or of the one that ``version`` names."""
        self.send_json(await self.service.lock(name, self.get_query_argument("version", None)))


class PartialNotebookHandler(FaasHandler):
    """The notebook of a call in which a cell failed."""

    def get(self, identifier: str) -> None:
        """The notebook, with the outputs of the cells that ran."""
        content = self.service.partial_notebook(identifier)
        self.set_header("Content-Type", IPYNB)
        self.finish(content)


def describe(handler: FaasHandler, published: Published) -> dict[str, Any]:
    """A function as the API shows it."""
    function = handler.service.describe(published)
    return {**function, "url": f"{handler.site.url}/functions/{function['name']}"}
