"""A real Jupyter server, or JupyterLab, as the process it is."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.waiting import eventually

TOKEN = "login"


class JupyterServer:
    """``jupyter server`` (or another application) that serves ``folder``, with directories of its own."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        application: str = "server",
        environment: Mapping[str, str] | None = None,
        base_url: str = "/",
    ) -> None:
        self.folder = folder
        self.base_url = base_url
        self._application = application
        self._arguments = arguments
        own = {name: folder / part for name, part in _DIRECTORIES.items()}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FAAS_")},
            **{name: str(path) for name, path in own.items()},
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it answers, ending in a slash."""
        return f"http://127.0.0.1:{self.port}{self.base_url}"

    @property
    def log(self) -> str:
        """What it has written."""
        return (self.folder / "jupyter.log").read_text(errors="replace")

    def start(self) -> JupyterServer:
        """Start it and wait until it answers."""
        notebooks = self.folder / "notebooks"
        notebooks.mkdir(parents=True, exist_ok=True)
        with (self.folder / "jupyter.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"jupyter_{self._application}" if self._application == "server" else self._application,
                    f"--ServerApp.root_dir={notebooks}",
                    f"--ServerApp.base_url={self.base_url}",
                    f"--IdentityProvider.token={TOKEN}",
                    "--ServerApp.port=0",
                    "--ServerApp.allow_root=True",
                    "--ServerApp.open_browser=False",
                    *self._arguments,
                ],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        eventually(self._answers, 60, f"Jupyter answers; its log: {self.folder / 'jupyter.log'}")
        return self

    def close(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """An answer's JSON, asked as the user."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        connection.request(method, self.base_url + path, None if body is None else json.dumps(body), headers)
        content = connection.getresponse().read()
        connection.close()
        return json.loads(content)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        file = self.folder / "runtime" / f"jpserver-{self._process.pid}.json"
        if not file.exists():
            return False
        try:
            self.port = json.loads(file.read_text())["port"]
            return bool(self.ask("GET", "api"))
        except (OSError, ValueError):
            return False


_DIRECTORIES = {
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "share",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "FAAS_DATA_DIR": "data",
    "IPYTHONDIR": "ipython",
}


@contextmanager
def jupyter(server: JupyterServer) -> Iterator[JupyterServer]:
    """The server, running, and ended afterwards."""
    try:
        yield server.start()
    finally:
        server.close()
