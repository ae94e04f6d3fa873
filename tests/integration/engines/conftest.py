"""Real engines for the conformance suite: Docker by unix socket and by TCP, and plain processes."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.gateway.engines.base import Engine, Image, ImageSpec, Sandbox, SandboxSpec
from jupyter_faas.gateway.engines.docker_engine import OWNER_LABEL, DockerEngine
from jupyter_faas.gateway.engines.process import ProcessEngine
from jupyter_faas.gateway.images.base import BaseImages
from jupyter_faas.gateway.images.host_base import host_python
from jupyter_faas.gateway.images.layers import APP_DIR, Entry, write_layer
from jupyter_faas.gateway.images.runtime import ENTRYPOINT, runtime_layer
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.wire import PROTOCOL_VERSION, Frame, FrameReader, Kind, encode_frame
from tests.support.docker import require_docker

RUN = f"test-{uuid.uuid4().hex[:10]}"
MANIFEST = '{"format": 1, "name": "probe", "entry": "probe", "python": "3.11", "input_schema": {}}'
KINDS = [
    pytest.param("docker-unix", marks=pytest.mark.docker),
    pytest.param("docker-tcp", marks=pytest.mark.docker),
    "process",
]
DOCKER_KINDS = [kind for kind in KINDS if kind != "process"]


def docker(*arguments: str) -> str:
    """What the docker command prints."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="session")
def docker_engine_answers() -> Iterator[None]:
    """Skips (or, where FAAS_TEST_DOCKER=require, fails) without an engine; removes what this run made."""
    require_docker()
    yield
    for container in docker("ps", "-aq", "--filter", f"label={OWNER_LABEL}={RUN}").split():
        docker("rm", "-f", container)
    names = docker("images", "--format", "{{.Repository}}:{{.Tag}}", f"jupyter-faas-test/{RUN}").split()
    for name in names:
        docker("rmi", name)
    for network in docker("network", "ls", "-q", "--filter", f"name={RUN}").split():
        docker("network", "rm", network)


@dataclass
class Rig:
    """Makes engines of one kind, and images and sandboxes at them."""

    kind: str
    folder: Path
    owner: str = RUN
    _number: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    def engine(self, owner: str | None = None) -> Engine:
        """A new engine object; all of a rig share their folders, as a gateway and its successor do."""
        if self.kind == "process":
            return ProcessEngine(self.folder / "data", self.folder / "run", owner or self.owner)
        transport = self.kind.removeprefix("docker-")
        return DockerEngine(
            self.folder / "run",
            owner or self.owner,
            transport="tcp" if transport == "tcp" else "unix",
            network_prefix=RUN,
        )

    async def image(self, engine: Engine, handler: str = "", start: str = "") -> Image:
        """An image with a handler and the real runtime, or with a program of the test's as supervisor."""
        base = await BaseImages(engine, self.folder / "cache").resolve(host_python().minor, print)
        number = next(self._number)
        layers = [
            runtime_layer(host_python().minor, self.folder / f"runtime-{number}.tar"),
            write_layer(
                self.folder / f"function-{number}.tar",
                [
                    Entry(f"{APP_DIR}/function/function.json", content=MANIFEST.encode()),
                    Entry(f"{APP_DIR}/function/handler.py", content=handler.encode()),
                    *([Entry(f"{APP_DIR}/start.py", content=start.encode())] if start else []),
                ],
            ),
        ]
        tag = f"jupyter-faas-test/{RUN}:{self.kind}-{self.folder.name}-{number}".lower()
        spec = ImageSpec(tag, layers, {}, entrypoint=ENTRYPOINT, user="10001:10001", working_dir="/tmp")
        return await engine.add_layers(base.image, spec)

    def spec(self, image: Image, **caps: Any) -> SandboxSpec:
        """What to start, with an id of its own."""
        given = {"memory_bytes": 128_000_000, **caps}
        return SandboxSpec(f"i{uuid.uuid4().hex[:12]}", image.id, Caps.model_validate(given), {})

    @asynccontextmanager
    async def started(
        self, handler: str, **caps: Any
    ) -> AsyncIterator[tuple[Engine, Sandbox, Peer, SandboxSpec]]:
        """A sandbox that is ready for calls; removed at the end."""
        engine = self.engine()
        spec = self.spec(await self.image(engine, handler), **caps)
        sandbox = await engine.start(spec)
        try:
            peer = Peer(sandbox)
            await peer.initialise(spec.caps)
            yield engine, sandbox, peer, spec
        finally:
            await sandbox.remove()
            sandbox.socket.close()
            await engine.close()

    def leftovers(self) -> list[str]:
        """Containers and run folders of this rig that still exist."""
        folders = [str(path) for path in (self.folder / "run").glob("*")]
        if self.kind == "process":
            return folders
        return folders + docker("ps", "-aq", "--filter", f"label={OWNER_LABEL}={self.owner}").split()


class Peer:
    """The gateway's end of an instance's connection."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._socket = sandbox.socket
        self._reader = FrameReader(10_000_000)
        self._frames: list[Frame] = []

    async def receive(self, *kinds: Kind) -> Frame:
        """The next frame of one of these kinds; others are dropped. ``EOFError`` at the end."""
        async with asyncio.timeout(30):
            while True:
                while self._frames:
                    frame = self._frames.pop(0)
                    if frame.kind in kinds:
                        return frame
                data = await asyncio.get_running_loop().sock_recv(self._socket, 65536)
                if not data:
                    raise EOFError
                self._frames += self._reader.feed(data)

    async def send(self, kind: Kind, header: dict[str, Any], body: bytes = b"") -> None:
        """Send one frame for slot 0."""
        await asyncio.get_running_loop().sock_sendall(self._socket, encode_frame(kind, 0, header, body))

    async def initialise(self, caps: Caps) -> Frame:
        """HELLO, INIT, READY."""
        await self.receive(Kind.HELLO)
        await self.send(
            Kind.INIT,
            {
                "protocol": PROTOCOL_VERSION,
                "environment": {"GIVEN": "value"},
                "workers": 1,
                "log_bytes": caps.log_bytes,
                "result_bytes": caps.result_bytes,
                "network": caps.network,
            },
        )
        frame = await self.receive(Kind.READY, Kind.FAILED)
        assert frame.kind is Kind.READY, frame
        return frame

    async def call(self, body: bytes = b"{}") -> Frame:
        """CALL and its RESULT."""
        await self.send(Kind.CALL, {"id": "call", "timeout": 20}, body)
        return await self.receive(Kind.RESULT)


@pytest.fixture
def make_rig(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Rig]:
    """Makes the rig of a kind; needs the engine only if the kind does."""

    def make(kind: str) -> Rig:
        if kind.startswith("docker"):
            request.getfixturevalue("docker_engine_answers")
        return Rig(kind, tmp_path, owner=f"{RUN}" if kind.startswith("docker") else tmp_path.name)

    return make


@pytest.fixture(params=KINDS)
def rig(request: pytest.FixtureRequest, make_rig: Callable[[str], Rig]) -> Rig:
    """One rig of every kind."""
    return make_rig(request.param)


@pytest.fixture(params=DOCKER_KINDS)
def docker_rig(request: pytest.FixtureRequest, make_rig: Callable[[str], Rig]) -> Rig:
    """The rigs whose sandboxes are isolated."""
    return make_rig(request.param)


@pytest.fixture
def unix_rig(make_rig: Callable[[str], Rig]) -> Rig:
    """Docker by unix socket."""
    return make_rig("docker-unix")
