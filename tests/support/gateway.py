"""A real gateway process with directories of its own, and calls to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.connection import connection_file, read_connection
from jupyter_faas.model.manifest import Manifest
from tests.support.waiting import eventually

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ANY_ARGUMENTS: dict[str, Any] = {"type": "object"}


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; ``seconds`` is how long it took to come."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The problem's code, if it is a problem."""
        return self.json.get("code") if "problem" in self.headers.get("content-type", "") else None


def bundle_of(source: str, name: str = "f", **manifest: Any) -> Bundle:
    """A bundle made by hand, for functions whose capture is not what is tested."""
    fields = {"name": name, "entry": name, "python": PYTHON, "input_schema": ANY_ARGUMENTS, **manifest}
    return Bundle(Manifest.model_validate(fields), {"handler.py": source.encode()})


class Gateway:
    """``python -m jupyter_faas.gateway`` in ``folder``; start it, kill it, start it again."""

    def __init__(
        self, folder: Path, *arguments: str, engine: str = "docker", module: str = "jupyter_faas.gateway"
    ) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FAAS_")},
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "FAAS_DATA_DIR": str(folder / "data"),
        }
        # What is tested counts containers and cold starts, unless it says that some may wait.
        none = [] if any("Prewarmed" in one for one in arguments) else ["--Prewarmed.memory_bytes=0"]
        self._module = module
        self._arguments = [f"--engine={engine}", *none, *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.token = ""

    @property
    def client(self) -> GatewayClient:
        """A client with the token."""
        return GatewayClient(Connection(self.url, self.token))

    @property
    def pid(self) -> int:
        """The gateway's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What the gateway has written."""
        return (self.folder / "gateway.log").read_text(errors="replace")

    def start(self) -> Gateway:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "gateway.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module, *self._arguments],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        eventually(self._answers, 30, "the gateway answers")
        return self

    def stop(self, seconds: float = 30) -> int:
        """Ask it to stop; its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(seconds)

    def kill(self) -> None:
        """``kill -9``."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def ended(self) -> bool:
        """Whether its process is gone, be it by itself."""
        return self._process is None or self._process.poll() is not None

    def close(self) -> None:
        """Stop it if it still runs."""
        if not self.ended:
            self.stop()

    def publish(
        self,
        source: str,
        name: str = "f",
        caps: Caps | None = None,
        environment: Mapping[str, str] | None = None,
        **manifest: Any,
    ) -> dict[str, Any]:
        """Publish a handler's source as it is; what the client's ``publish`` returns."""
        environment = environment or {}
        bundle = bundle_of(
            source, name, caps=caps or Caps(), environment=tuple(sorted(environment)), **manifest
        )
        return self.client.publish(bundle, environment, lambda *_: None)

    def delete_functions(self) -> None:
        """Delete all there are."""
        for function in self.client.functions():
            self.client.delete(function["name"])

    def call(self, name: str, arguments: Any = None, method: str = "POST", timeout: float = 60) -> Answer:
        """Call a function with JSON arguments."""
        body = None if method == "GET" else json.dumps({} if arguments is None else arguments).encode()
        return self.request(method, f"/functions/{name}", body, timeout=timeout)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:
        """Send one request, with the token unless ``headers`` says otherwise."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=timeout)
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent.update(headers or {})
        begun = time.perf_counter()
        try:
            connection.request(method, path, body, {k: v for k, v in sent.items() if v})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, content, time.perf_counter() - begun)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the gateway ended:\n{self.log[-3000:]}"
        info = read_connection(connection_file(self.folder / "runtime"))
        if info is None or info.pid != self._process.pid:
            return False
        self.url, self.token = info.url, info.token
        return True
