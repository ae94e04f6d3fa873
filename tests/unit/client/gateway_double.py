"""A gateway in miniature, over real HTTP: what the client and the command line are tested against.

It keeps to the management API of ARCHITECTURE.md, holds everything in memory, runs no code, and can be told
to behave badly. (The real gateway is another room, which these tests can't import; tests/api has it.)
``python gateway_double.py`` runs one as a process of its own, with a connection file and a lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from jupyter_faas.model.bundle import Bundle, digest_of
from jupyter_faas.model.connection import ConnectionInfo, data_dir, write_connection
from jupyter_faas.model.errors import (
    BuildError,
    FaasError,
    HandlerError,
    InvalidInput,
    MalformedRequest,
    NotFound,
    Unauthenticated,
)

TOKEN = "double-token"
STATUS = {MalformedRequest: 400, Unauthenticated: 401, NotFound: 404, InvalidInput: 422, HandlerError: 500}
STEPS = [{"step": step, "state": "done", "seconds": 0.1, "detail": ""} for step in ("environment", "image")]


@dataclass
class GatewayDouble:
    """Started by ``with``; the fields are what it knows and how it shall behave."""

    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    bundles: dict[str, bytes] = field(default_factory=dict)
    builds: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    """``METHOD path`` of all that came."""
    connections: int = 0
    streams_cut_after: list[int] = field(default_factory=list)
    """How many events each of the next streams sends before its connection breaks."""
    streams_refused: bool = False
    build_fails: bool = False
    closes_silently: bool = False
    """Close each connection after its answer without having said so."""
    forgets_builds: bool = False
    version: str = "0"
    understands: bool = True
    """Whether manifests have no members that are new to this gateway."""
    slow_builds: int = 0
    """How many more questions about a build are answered with ``running``."""
    on_build_read: Callable[[], None] = lambda: None
    on_shutdown: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.double = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def info(self) -> ConnectionInfo:
        return ConnectionInfo(self.url, TOKEN, os.getpid(), "0", str(data_dir()))

    def add_function(self, name: str, version: int = 1) -> dict[str, Any]:
        self.functions[name] = {
            "name": name,
            "version": version,
            "digest": "sha256:00",
            "url": f"{self.url}/functions/{name}",
            "public": False,
            "doc": f"What {name} does.",
            "entry": name,
            "python": "3.11",
            "packages": ["numpy==2.0.0"],
            "environment": ["API_KEY"],
            "caps": {"timeout_seconds": 30.0, "memory_bytes": 256_000_000, "network": "none"},
            "input_schema": {"properties": {"x": {"type": "integer"}}, "required": ["x"]},
            "output_schema": None,
            "origin": {"notebook": "work.ipynb", "cell": "In [3]", "author": None},
            "published": "2025-01-01T00:00:00+00:00",
            "versions": version,
            "instances": 0,
        }
        return self.functions[name]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    double: GatewayDouble

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.double = self.server.double
        self.double.connections += 1

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Quiet."""

    def answer(self) -> None:
        self.double.requests.append(f"{self.command} {self.path}")
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, value = self.route()
        except FaasError as error:
            status = STATUS.get(type(error), 500)
            self.send(status, {**error.problem(), "status": status}, "application/problem+json")
        else:
            if status:
                self.send(status, value)
        if self.double.closes_silently:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

    def send(self, status: int, value: Any, content_type: str = "application/json") -> None:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def route(self) -> tuple[int, Any]:
        path = unquote(self.path.partition("?")[0])
        if path == "/healthz":
            return 200, {"status": "ok"}
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Unauthenticated("This needs the gateway's token.")
        for pattern, answer in ROUTES.items():
            if match := re.fullmatch(pattern, f"{self.command} {path}"):
                return answer(self, *match.groups())
        raise NotFound(f"There is no {path}.")

    def gateway(self) -> tuple[int, Any]:
        engine = {
            "name": "double",
            "version": "1",
            "platform": "linux/amd64",
            "isolates": False,
            "detail": {},
        }
        return 200, {
            "version": self.double.version,
            "url": self.double.url,
            "pid": os.getpid(),
            "started": "2025-01-01T00:00:00+00:00",
            "data_dir": str(data_dir()),
            "engine": engine,
            "engine_problem": None,
            "functions": len(self.double.functions),
            "instances": 0,
        }

    def shutdown(self) -> tuple[int, Any]:
        self.send(202, {})
        self.double.on_shutdown()
        return 0, None

    def has_bundle(self, digest: str) -> tuple[int, Any]:
        return (200 if digest in self.double.bundles else 404), {}

    def put_bundle(self, digest: str) -> tuple[int, Any]:
        if digest_of(self.body) != digest:
            raise MalformedRequest("The body doesn't have this digest.")
        if not self.double.understands:
            raise MalformedRequest("The bundle's function.json is not valid: news: Extra inputs.")
        self.double.bundles[digest] = self.body
        return 201, {"digest": digest}

    def start_build(self, name: str) -> tuple[int, Any]:
        digest = json.loads(self.body)["bundle"]
        Bundle.unpack(self.double.bundles[digest])
        known = self.double.functions.get(name)
        unchanged = known is not None and known["digest"] == digest
        publication = problem = None
        state = "failed" if self.double.build_fails else "unchanged" if unchanged else "live"
        if self.double.build_fails:
            problem = BuildError(
                "numpy==99 can't be had.", step="environment", log=["no such version"]
            ).problem()
        else:
            version = known["version"] + (not unchanged) if known else 1
            function = self.double.add_function(name, version)
            function["digest"] = digest
            publication = {"function": name, "version": version, "digest": digest, "url": function["url"]}
        identifier = f"b{len(self.double.builds) + 1}"
        self.double.builds[identifier] = {
            "id": identifier,
            "function": name,
            "state": state,
            "steps": STEPS,
            "publication": publication,
            "problem": problem,
        }
        return 202, {
            **self.double.builds[identifier],
            "state": "running",
            "publication": None,
            "problem": None,
        }

    def build(self, identifier: str) -> tuple[int, Any]:
        if self.double.forgets_builds or identifier not in self.double.builds:
            raise NotFound(f"There is no build {identifier}.")
        build = self.double.builds[identifier]
        if "text/event-stream" not in self.headers.get("Accept", ""):
            self.double.on_build_read()
            if self.double.slow_builds > 0:
                self.double.slow_builds -= 1
                return 200, {**build, "state": "running"}
            return 200, build
        if self.double.streams_refused:
            self.send(502, b"<h1>no streams here</h1>", "text/html")
            return 0, None
        self.send_events(
            [("step", step) for step in STEPS] + [(build["state"], build["publication"] or build["problem"])]
        )
        return 0, None

    def send_events(self, events: list[tuple[str, Any]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        cut = self.double.streams_cut_after.pop(0) if self.double.streams_cut_after else None
        for name, data in events[:cut]:
            self.chunk(f": hello\n\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode())
        if cut is None:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(b"ff\r\nevent: st")  # promises 255 bytes
            self.close_connection = True

    def chunk(self, content: bytes) -> None:
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def list_functions(self) -> tuple[int, Any]:
        return 200, {"functions": list(self.double.functions.values())}

    def one_function(self, name: str) -> tuple[int, Any]:
        if name not in self.double.functions:
            raise NotFound(f"There is no function {name!r}.", nearest=None)
        return 200, self.double.functions[name]

    def deletion(self, name: str) -> tuple[int, Any]:
        return 200, {"function": name, "versions": self.one_function(name)[1]["versions"]}

    def delete_function(self, name: str) -> tuple[int, Any]:
        self.one_function(name)
        return 200, {"deleted": name, "versions": self.double.functions.pop(name)["versions"]}

    def logs(self, name: str) -> tuple[int, Any]:
        self.one_function(name)
        line = {"time": "2025-01-01T00:00:00+00:00", "stream": "stdout", "text": "Hello", "invocation": "i1"}
        return 200, {"logs": [{**line, "level": None}], "next": None}

    def invocations(self, name: str) -> tuple[int, Any]:
        self.one_function(name)
        return 200, {"invocations": [{"id": "i1", "function": name, "status": 200}], "next": None}

    def invocation(self, identifier: str) -> tuple[int, Any]:
        return 200, {"id": identifier, "logs": []}

    def invoke(self, name: str) -> tuple[int, Any]:
        """``echo`` returns its arguments, ``table`` has CSV, ``fail`` raises; others are not called."""
        self.one_function(name.partition("@")[0])
        arguments = json.loads(self.body)
        if name == "table" and self.headers["Accept"] == "text/csv":
            self.send(200, b"a\n1\n", "text/csv")
            return 0, None
        if name == "fail":
            frame = {"file": "handler.py", "line": 9, "function": "fail", "text": "return 1 / 0"}
            raise HandlerError(
                "The function raised ZeroDivisionError.",
                exception="ZeroDivisionError",
                message="division by zero",
                traceback=[{**frame, "cell": "In [3]", "cell_line": 4}],
            )
        if name == "strict":
            fault = {"path": "/x", "message": "'a' is not of type 'integer'"}
            raise InvalidInput("The input has 1 fault.", faults=[fault])
        return 200, {"name": name, "arguments": arguments}


ROUTES: dict[str, Callable[..., tuple[int, Any]]] = {
    r"GET /api/v1/gateway": _Handler.gateway,
    r"POST /api/v1/shutdown": _Handler.shutdown,
    r"HEAD /api/v1/bundles/([^/]+)": _Handler.has_bundle,
    r"PUT /api/v1/bundles/([^/]+)": _Handler.put_bundle,
    r"POST /api/v1/functions/([^/]+)/versions": _Handler.start_build,
    r"GET /api/v1/builds/([^/]+)": _Handler.build,
    r"GET /api/v1/functions": _Handler.list_functions,
    r"GET /api/v1/functions/([^/]+)": _Handler.one_function,
    r"GET /api/v1/functions/([^/]+)/deletion": _Handler.deletion,
    r"DELETE /api/v1/functions/([^/]+)": _Handler.delete_function,
    r"GET /api/v1/functions/([^/]+)/logs": _Handler.logs,
    r"GET /api/v1/functions/([^/]+)/invocations": _Handler.invocations,
    r"GET /api/v1/invocations/([^/]+)": _Handler.invocation,
    r"POST /functions/([^/]+)": _Handler.invoke,
}


def main() -> int:
    """Be a gateway process until it is shut down: one per data directory."""
    with Path(data_dir(), "gateway.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("another gateway has the lock\n")
            return os.EX_TEMPFAIL
        ended = threading.Event()
        with GatewayDouble(on_shutdown=ended.set) as double:
            write_connection(double.info())
            ended.wait(60)  # no test leaves one behind for long
    return 0


if __name__ == "__main__":
    sys.exit(main())
