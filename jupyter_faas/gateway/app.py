"""The gateway as a program: settings, start, shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import ipaddress
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from jupyter_core.application import JupyterApp
from tornado.netutil import bind_sockets
from traitlets import Bool, Float, Integer, Unicode, default

from jupyter_faas.gateway.assembly import PartsSettings, assemble
from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
from jupyter_faas.gateway.dispatch.keeper import Keeper
from jupyter_faas.gateway.dispatch.prewarmed import Prewarmed
from jupyter_faas.gateway.engines.settings import EngineSettings
from jupyter_faas.gateway.handlers.budget import Budget
from jupyter_faas.gateway.handlers.routes import gateway_server
from jupyter_faas.gateway.handlers.site import Authenticator, Site
from jupyter_faas.gateway.http.server import Server
from jupyter_faas.gateway.service.retention import Retention
from jupyter_faas.gateway.settling import settle
from jupyter_faas.gateway.sharing.entrances import Entrances
from jupyter_faas.gateway.sharing.page import MOST_PROCESSES, SharedBudget, SharedPage
from jupyter_faas.gateway.store.records import HistoryBounds
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.connection import ConnectionInfo, data_dir, last_connection, write_connection
from jupyter_faas.model.errors import Conflict
from jupyter_faas.version import VERSION

__all__ = ["GatewayApp", "main"]

ANOTHER_RUNS: Final = os.EX_TEMPFAIL
"""Exit status of a gateway that finds its data directory in another one's hands."""


WAITING_SECONDS: Final = 2.0
"""How often a gateway that stops says what it waits for."""


class GatewayApp(JupyterApp):
    """Serves the functions of one data directory until it is stopped."""

    name = "jupyter-faas-gateway"
    description = "Publish notebook functions and call them over HTTP."
    version = VERSION
    classes = [EngineSettings, Dispatcher, Keeper, Prewarmed, Retention]
    aliases = {
        **JupyterApp.aliases,
        "ip": "GatewayApp.ip",
        "port": "GatewayApp.port",
        "processes": "GatewayApp.processes",
        "data-dir": "GatewayApp.data_dir",
        "engine": "EngineSettings.engine",
        "base-image": "GatewayApp.base_image",
    }

    ip = Unicode("127.0.0.1", help="The address to listen on.").tag(config=True)

    port = Integer(
        0,
        min=0,
        max=65535,
        help="The port to listen on. 0 takes the port of the last run if it is free, and else any free one.",
    ).tag(config=True)

    allow_remote = Bool(
        False,
        help="Whether the gateway may listen on an address that other machines reach. Its token then travels "
        "in the clear unless a proxy in front of it speaks TLS.",
    ).tag(config=True)

    public_url = Unicode(
        "", help="The address under which callers reach the gateway, if it is not the one it listens on."
    ).tag(config=True)

    data_dir = Unicode(help="The folder that holds everything the gateway knows.").tag(config=True)

    token = Unicode(
        "",
        help="The token that callers must send. By default the one of the last run, or a new random one; "
        "the environment variable FAAS_GATEWAY_TOKEN sets it too.",
    ).tag(config=True)

    base_image = Unicode(
        "",
        help="The image that functions are built on. By default python:X.Y-slim of the kernel's Python, or "
        "where that can't be pulled an image made of this machine's own interpreter.",
    ).tag(config=True)

    build_on_host = Bool(
        False,
        help="Whether packages that have no wheel are built by the gateway's own user on its own machine. By "
        "default that happens in a build container, which needs a base image on Debian.",
    ).tag(config=True)

    processes = Integer(
        1,
        min=1,
        max=MOST_PROCESSES,
        help="How many processes take calls, the gateway's own one of them. What has to be in one place, "
        "instances and queues, stays there, so that several cores are used and every cap holds over all.",
    ).tag(config=True)

    drain_seconds = Float(
        10.0, min=0, help="How long, in seconds, running calls may go on when the gateway is asked to stop."
    ).tag(config=True)

    idle_connection_seconds = Float(
        300.0,
        min=0.1,
        help="How long, in seconds, a connection may stay open without a complete request head.",
    ).tag(config=True)

    body_seconds = Float(
        60.0, min=0.1, help="How long, in seconds, a caller may pause within a request's body."
    ).tag(config=True)

    max_held_bytes = Integer(
        2_000_000_000,
        min=1_000_000,
        help="How many bytes of request bodies, and of results that callers have not taken yet, the gateway "
        "holds in memory, over all calls; what would be more is answered 429.",
    ).tag(config=True)

    history = Integer(100_000, min=100, help="How many invocations the history keeps.").tag(config=True)

    history_days = Float(
        90.0, min=0, help="How long, in days, the history keeps an invocation; 0 is without an end."
    ).tag(config=True)

    max_recorded_bytes = Integer(
        50_000_000,
        min=0,
        help="How many bytes of inputs and outputs are kept for each function that records its calls.",
    ).tag(config=True)

    trace_endpoint = Unicode(
        "",
        help="Where OpenTelemetry's collector takes traces by OTLP over HTTP, such as "
        "http://localhost:4318/v1/traces; wants jupyter-faas[otel]. Empty sends none.",
    ).tag(config=True)

    max_metric_functions = Integer(
        200,
        min=0,
        help="How many functions have series of their own in /metrics; the calls of all others are counted "
        "together.",
    ).tag(config=True)

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return str(data_dir())

    @default("log_level")
    def _default_log_level(self) -> int:
        return logging.INFO

    def start(self) -> None:
        """Run until a signal or the API ends it."""
        super().start()
        logging.getLogger("jupyter_faas").parent = self.log
        self._refuse_remote()
        folder = Path(self.data_dir)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock(folder):
            try:
                asyncio.run(self._serve(folder))
            except Conflict as error:
                self.log.critical("%s", error.detail)
                self.exit(os.EX_DATAERR)

    async def _serve(self, folder: Path) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        last = last_connection(folder)
        sockets = self._bind(last)
        async with contextlib.AsyncExitStack() as stack:
            store = Store(folder / "gateway.sqlite")
            stack.push_async_callback(store.close)
            token, token_hash = await self._settle_token(store, last)
            page = SharedPage() if self.processes > 1 else None
            service, dispatcher = await assemble(stack, store, folder, self._parts(page))
            url = self._url(sockets)
            limit = self.max_held_bytes
            budget = Budget(limit) if page is None else SharedBudget(limit, page, 0)
            site = Site(
                service,
                Authenticator(token_hash),
                url,
                time.time(),
                str(folder),
                stop.set,
                budget,
            )
            server = gateway_server(site, self.idle_connection_seconds, self.body_seconds)
            entrances = await self._open(server, sockets, site, page)
            settle()
            write_connection(ConnectionInfo(url, token, os.getpid(), VERSION, str(folder)))
            self.log.info("Serving %d functions at %s", len(service.catalogue), url)
            await stop.wait()
            service.readiness.draining = True
            server.stop()
            if entrances is not None:
                entrances.stop_listening()
            await self._drain(dispatcher)
            if entrances is not None:
                await entrances.close()
            await server.close()
        self.log.info("Stopped")

    async def _open(
        self, server: Server, sockets: Sequence[socket.socket], site: Site, page: SharedPage | None
    ) -> Entrances | None:
        """Take connections: here, and with a ``page`` in other processes, too."""
        if page is None:
            server.listen(sockets)
            return None
        settings = {
            "version": VERSION,
            "token_hash": site.authenticator.token_hash,
            "max_held_bytes": self.max_held_bytes,
            "idle_connection_seconds": self.idle_connection_seconds,
            "body_seconds": self.body_seconds,
        }
        budget = SharedBudget(self.max_held_bytes, page, 0)
        entrances = Entrances(self.processes - 1, site.service, server, page, budget, settings)
        site.service.metrics.include(entrances)
        await entrances.start()
        entrances.listen(sockets)
        return entrances

    async def _drain(self, dispatcher: Dispatcher) -> None:
        """Let running calls end, and say what is waited for."""
        self.log.info("Stopping: %d calls are running", dispatcher.running)
        draining = asyncio.create_task(dispatcher.drain(self.drain_seconds))
        while not (await asyncio.wait([draining], timeout=WAITING_SECONDS))[0]:
            waiting = ", ".join(f"{number} of {name}" for name, number in dispatcher.busy().items())
            self.log.info("Waiting for calls: %s", waiting or "none; instances are being removed")
        await draining

    def _parts(self, page: SharedPage | None) -> PartsSettings:
        return PartsSettings(
            configuration=self,
            base_image=self.base_image,
            build_on_host=self.build_on_host,
            max_metric_functions=self.max_metric_functions,
            trace_endpoint=self.trace_endpoint,
            history=self._history_bounds(),
            changed=page.note_change if page is not None else None,
        )

    def _history_bounds(self) -> HistoryBounds:
        seconds = self.history_days * 86400 if self.history_days else None
        return HistoryBounds(self.history, seconds, self.max_recorded_bytes)

    async def _settle_token(self, store: Store, last: ConnectionInfo | None) -> tuple[str, str]:
        """The token and its hash; the store keeps the hash alone."""
        token = self.token or os.environ.get("FAAS_GATEWAY_TOKEN", "")
        if not token and last and Authenticator.hash(last.token) == await store.setting("token_hash"):
            token = last.token
        token = token or secrets.token_urlsafe(32)
        token_hash = Authenticator.hash(token)
        await store.save_setting("token_hash", token_hash)
        return token, token_hash

    def _refuse_remote(self) -> None:
        loopback = self.ip == "localhost" or _is_loopback(self.ip)
        if not loopback and not self.allow_remote:
            self.log.critical(
                "%s can be reached from other machines. If that is wanted, set GatewayApp.allow_remote=True "
                "and put a proxy that speaks TLS in front; else listen on 127.0.0.1.",
                self.ip,
            )
            self.exit(2)

    def _bind(self, last: ConnectionInfo | None) -> list[socket.socket]:
        if not self.port and last and (port := urlsplit(last.url).port):
            with contextlib.suppress(OSError):
                return bind_sockets(port, self.ip)
        try:
            return bind_sockets(self.port, self.ip)
        except OSError as error:
            self.log.critical("Port %d of %s can't be had: %s", self.port, self.ip, error.strerror)
            self.exit(1)
            raise

    def _url(self, sockets: Sequence[socket.socket]) -> str:
        if self.public_url:
            return self.public_url.rstrip("/")
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"http://{host}:{sockets[0].getsockname()[1]}"

    @contextlib.contextmanager
    def _lock(self, folder: Path) -> Any:
        with (folder / "gateway.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.log.critical("Another gateway is using %s", folder)
                self.exit(ANOTHER_RUNS)
            yield


def _is_loopback(ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return False


def main(argv: list[str] | None = None) -> None:
    """``python -m jupyter_faas.gateway``."""
    cast("Any", GatewayApp).launch_instance(argv=sys.argv[1:] if argv is None else argv)
