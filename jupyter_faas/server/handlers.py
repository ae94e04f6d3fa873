"""The sidebar's routes. Each wants a login, and Jupyter's XSRF token where something is changed."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Final

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from jupyter_faas.model.errors import FaasError, GatewayUnavailable, MalformedRequest
from jupyter_faas.server.gateways import Gateways
from jupyter_faas.server.relay import Relay

__all__ = ["PREFIX", "CallHandler", "GatewayHandler", "ManagementHandler"]

PREFIX: Final = "/jupyter-faas"
PROBLEM: Final = "application/problem+json"
HANDED_ON: Final = ("Accept", "Content-Type", "Last-Event-ID", "Prefer", "traceparent", "tracestate")
"""What of a request the gateway gets to see: nothing of Jupyter's cookies and tokens."""
HANDED_BACK: Final = (
    "Cache-Control",
    "Content-Disposition",
    "Content-Length",
    "Content-Type",
    "ETag",
    "Last-Modified",
    "Link",
    "Preference-Applied",
    "Retry-After",
    "Server-Timing",
    "traceparent",
)
"""What of its answer the browser gets to see, besides ``Faas-*``; ``Location`` is translated."""


class FaasHandler(APIHandler):
    """What all routes share."""

    auth_resource = "faas"

    @property
    def gateways(self) -> Gateways:
        """The server's view of the gateway."""
        gateways: Gateways = self.settings["jupyter_faas_gateways"]
        return gateways

    @property
    def content_security_policy(self) -> str:
        """Results of functions come from Jupyter's own origin: whatever they are, they run nothing here."""
        return f"{super().content_security_policy}; sandbox"

    def send_problem(self, error: FaasError, status: int) -> None:
        """Answer with a problem (RFC 9457), as the gateway does."""
        self.set_status(status)
        content = json.dumps({**error.problem(), "status": status})
        self.finish(content, set_content_type=PROBLEM)


class GatewayHandler(FaasHandler):
    """Whether a gateway runs."""

    _track_activity = False  # the panel asks by itself, which must not keep an idle server up

    @authenticated
    @authorized
    async def get(self) -> None:
        """Its state."""
        self.finish(json.dumps(await self.gateways.state()))

    @authenticated
    @authorized
    async def post(self) -> None:
        """Start one unless one runs; the state then."""
        self.finish(json.dumps(await self.gateways.start()))


class RelayHandler(FaasHandler):
    """Hands requests on to the gateway."""

    _relay: Relay | None = None

    async def relay(self) -> None:
        """Have the gateway answer this request."""
        # As it came, not as Tornado decodes it: %2F is no slash.
        path = self.request.path.removeprefix(url_path_join(self.base_url, PREFIX))
        try:
            _refuse_detours(path)
            connection = await self.gateways.connection()
            self._relay = Relay(connection)
            query = f"?{self.request.query}" if self.request.query else ""
            headers = {name: self.request.headers[name] for name in HANDED_ON if name in self.request.headers}
            method = self.request.method or "GET"
            await self._relay.exchange(method, path + query, headers, self.request.body, self)
        except StreamClosedError:
            return  # nobody is there any more
        except MalformedRequest as error:
            self.send_problem(error, 400)
            return
        except GatewayUnavailable as error:
            self.gateways.forget()
            self._end_without_answer(error)
            return
        self.update_api_activity()
        # Not APIHandler's finish, which would call everything JSON.
        await super(APIHandler, self).finish()

    def begin(self, status: int, reason: str, headers: HTTPHeaders) -> None:
        """The gateway's answer begins."""
        self.set_status(status, reason)
        self.clear_header("Content-Type")
        for name in HANDED_BACK:
            if name in headers:
                self.set_header(name, headers[name])
        for name in headers:
            if name.startswith("Faas-"):
                self.set_header(name, headers[name])
        if location := headers.get("Location"):
            self.set_header("Location", url_path_join(self.base_url, PREFIX, location))
        if headers.get("Content-Type", "").startswith("text/event-stream"):
            self.set_header("X-Accel-Buffering", "no")  # proxies keep no event back

    def piece(self, content: bytes) -> Awaitable[None]:
        """A part of its body."""
        self.write(content)
        return self.flush()

    def on_connection_close(self) -> None:
        """The browser has gone: the gateway need not go on, and a call ends."""
        super().on_connection_close()
        if self._relay is not None:
            self._relay.close()

    def _end_without_answer(self, error: GatewayUnavailable) -> None:
        if not self._headers_written:
            self.clear()
            self.send_problem(error, 503)
        elif self.request.connection is not None:
            # What has been sent can't be taken back; that it isn't all must be seen.
            self.log.warning("jupyter-faas: %s", error.detail)
            self.detach().close()


class ManagementHandler(RelayHandler):
    """The gateway's management API."""

    _track_activity = False

    @authenticated
    @authorized
    async def get(self) -> None:
        """Ask something, or follow events."""
        await self.relay()

    @authenticated
    @authorized
    async def post(self) -> None:
        """Do something."""
        await self.relay()

    @authenticated
    @authorized
    async def put(self) -> None:
        """Set something."""
        await self.relay()

    @authenticated
    @authorized
    async def patch(self) -> None:
        """Change something."""
        await self.relay()

    @authenticated
    @authorized
    async def delete(self) -> None:
        """Delete something."""
        await self.relay()


class CallHandler(RelayHandler):
    """Calls of functions: only by ``POST``, which another site's page can't make a browser send."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Call one."""
        await self.relay()


def _refuse_detours(path: str) -> None:
    """Raises ``MalformedRequest`` for a path that a server on the way may read as another one."""
    segments = path.lower().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").split("/")
    if any(segment in (".", "..") for segment in segments):
        raise MalformedRequest(f"{path} is not a path of the gateway's API.")
