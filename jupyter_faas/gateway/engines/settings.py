"""Which engine a gateway uses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from traitlets import Enum, Unicode
from traitlets.config import LoggingConfigurable

from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.engines.docker_engine import DockerEngine, Transport
from jupyter_faas.gateway.engines.process import ProcessEngine

__all__ = ["EngineSettings"]

DEFAULT_SOCKET = Path("/var/run/docker.sock")


class EngineSettings(LoggingConfigurable):
    """Chooses and makes the engine."""

    engine = Enum(
        ["auto", "docker", "process"],
        "auto",
        help="What runs functions: 'docker' in isolated containers; 'process' as plain processes of your own "
        "user, without isolation; 'auto' takes Docker where it is installed and processes elsewhere.",
    ).tag(config=True)

    docker_url = Unicode(
        "", help="Address of the Docker engine, e.g. unix:///var/run/docker.sock; by default DOCKER_HOST's."
    ).tag(config=True)

    transport = Enum(
        ["auto", "unix", "tcp"],
        "auto",
        help="How the gateway reaches a container: by a unix socket in a directory that they share, over TCP "
        "with a secret of the instance's own, or ('auto') by the socket wherever the engine shares this file "
        "system.",
    ).tag(config=True)

    def make(self, data_dir: Path, owner: str) -> Engine:
        """The engine of the gateway ``owner``; whether it answers is found out when it is used."""
        kind = self.engine
        if kind == "auto":
            named = bool(self.docker_url or os.environ.get("DOCKER_HOST"))
            # A socket that doesn't answer is a stopped engine, not a missing one: waiting for it is safer
            # than running functions without isolation.
            kind = "docker" if named or DEFAULT_SOCKET.exists() else "process"
        run_dir = data_dir / "run"
        if kind == "process":
            return ProcessEngine(data_dir / "process", run_dir, owner)
        return DockerEngine(
            run_dir, owner, transport=cast("Transport", self.transport), base_url=self.docker_url or None
        )
