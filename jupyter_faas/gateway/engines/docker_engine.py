"""The Docker engine: isolated sandboxes on one Docker host, local or remote."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from jupyter_faas.gateway.engines.base import (
    BuildSpec,
    Engine,
    EngineInfo,
    Exit,
    Image,
    ImageSpec,
    Log,
    PrewarmedSandbox,
    Sandbox,
    SandboxSpec,
)
from jupyter_faas.gateway.engines.control_group import ControlGroup
from jupyter_faas.gateway.engines.docker import Daemon, Refused
from jupyter_faas.gateway.engines.docker_builds import take_result
from jupyter_faas.gateway.engines.docker_config import (
    TCP_PORT,
    build_config,
    container_config,
    link_by_socket,
    link_by_tcp,
)
from jupyter_faas.gateway.engines.docker_images import DockerImages
from jupyter_faas.gateway.engines.docker_networks import DockerNetworks
from jupyter_faas.gateway.engines.docker_sandbox import DockerSandbox
from jupyter_faas.gateway.engines.links import SocketDirectory, connect_with_secret, new_secret
from jupyter_faas.gateway.engines.starting import (
    connection_before_end,
    early_end,
    init_deadline,
    undone_on_failure,
)
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import EngineUnavailable

__all__ = ["OWNER_LABEL", "DockerEngine", "Transport"]

Json = dict[str, Any]
Transport = Literal["auto", "unix", "tcp"]

OWNER_LABEL = "jupyter-faas.owner"
INSTANCE_LABEL = "jupyter-faas.instance"
BUILD_OUTPUT_LINES = 400

logger = logging.getLogger(__name__)


class DockerEngine(Engine):
    """Runs sandboxes as containers.

    ``run_dir`` is a private directory for the instances' socket directories; ``owner`` names the gateway in
    the label of all that it makes. ``transport`` is how instances are reached: by a unix socket, over TCP
    with a secret, or (``auto``) by the former wherever the engine shares this machine's file system.
    ``base_url`` defaults to the Docker environment. ``network_prefix`` begins the names of the networks made.
    """

    name = "docker"
    isolates = True
    prewarms = True

    def __init__(
        self,
        run_dir: Path,
        owner: str,
        *,
        transport: Transport = "auto",
        base_url: str | None = None,
        thin_load: bool = True,
        network_prefix: str = "jupyter-faas",
    ) -> None:
        self._run_dir = run_dir
        self._owner = owner
        self._transport: Transport = transport
        self._daemon = Daemon(base_url)
        self._images = DockerImages(self._daemon, {OWNER_LABEL: owner}, thin_load)
        self._networks = DockerNetworks(self._daemon, network_prefix)
        self._live: dict[str, str] = {}
        """Instance ids by container name, of what this object started."""
        self._system: Json | None = None

    async def info(self) -> EngineInfo:
        """The engine's version and what it enforces; raises ``EngineUnavailable``."""
        with self._daemon.answering():
            version = await self._daemon.version()
            self._system = system = await self._daemon.system()
        return EngineInfo(
            name=self.name,
            version=str(version["Version"]),
            platform=f"{version['Os']}/{version['Arch']}",
            isolates=self.isolates,
            detail={
                "address": self._daemon.address,
                "cgroup_version": str(system.get("CgroupVersion", "1")),
                "storage_driver": str(system.get("Driver", "")),
                "storage_root": str(system.get("DockerRootDir", "")),
                "operating_system": str(system.get("OperatingSystem", "")),
                "cpus": str(system.get("NCPU", "")),
                "memory_bytes": str(system.get("MemTotal", "")),
                "not_enforced": ", ".join(_caps_not_enforced(system)),
            },
        )

    async def image(self, reference: str) -> Image | None:
        """The image with this tag or id, if the engine has it."""
        with self._daemon.answering():
            return await self._images.find(reference)

    async def pull(self, reference: str, log: Log) -> Image | None:
        """Fetch an image from its registry; ``None`` if it can't be had (``log`` is told why)."""
        with self._daemon.answering():
            return await self._images.pull(reference, log)

    async def import_base(self, spec: ImageSpec) -> Image:
        """Make a base image; ``spec.layers`` are its whole root file system."""
        with self._daemon.answering():
            return await self._images.import_base(spec)

    async def add_layers(self, base: Image, spec: ImageSpec) -> Image:
        """``base`` with ``spec.layers`` on top, tagged; only layers that the engine hasn't got are sent."""
        with self._daemon.answering():
            return await self._images.add_layers(base, spec)

    async def own_images(self) -> list[Image]:
        """All images with the gateway's label."""
        with self._daemon.answering():
            return await self._images.own()

    async def remove_image(self, reference: str) -> None:
        """Forget an image; no error if it is gone or still in use."""
        with self._daemon.answering():
            await self._images.remove(reference)

    async def start(self, spec: SandboxSpec) -> Sandbox:
        """Start a container and connect to its supervisor; see ``Engine.start`` for the errors.

        Whatever goes wrong on the way, also a cancellation, nothing stays behind.
        """
        with self._daemon.answering():
            async with init_deadline(spec.caps.init_timeout_seconds):
                return await self._start(spec)

    async def start_prewarmed(self, spec: SandboxSpec) -> PrewarmedSandbox | None:
        """See ``Engine.start_prewarmed``: its function comes into a folder that both see."""
        with self._daemon.answering():
            if await self._choose_transport() != "unix":
                return None
            async with init_deadline(spec.caps.init_timeout_seconds):
                try:
                    return await self._start_linked(spec, "unix")
                except Refused as refused:
                    if "source path does not exist" in refused.reason:
                        return None
                    raise

    async def run_once(self, image: Image, command: Sequence[str]) -> Exit | None:
        """How ``command`` ended in a throwaway container of ``image``; see ``Engine.run_once``."""
        spec = SandboxSpec(f"once-{secrets.token_hex(6)}", image.id, Caps(), {})
        name = f"faas-{_safe(self._owner)[:40]}-{spec.instance_id}"
        link = {"Entrypoint": list(command), "Cmd": [], "HostConfig": {"NetworkMode": "none"}}
        sandbox = DockerSandbox(self._daemon, name, None, lambda: self._forget(name))
        self._live[name] = spec.instance_id
        with self._daemon.answering():
            async with undone_on_failure(sandbox), init_deadline(spec.caps.init_timeout_seconds):
                await sandbox.launch(await self._config(spec, link))
                await sandbox.ended()
            return await sandbox.remove()

    async def run_build(self, spec: BuildSpec, destination: Path) -> Exit | None:
        """Run a build container and take what it made; see ``Engine.run_build``."""
        name = f"faas-{_safe(self._owner)[:40]}-build-{secrets.token_hex(6)}"
        labels = {OWNER_LABEL: self._owner}
        sandbox = DockerSandbox(self._daemon, name, None, lambda: self._forget(name))
        self._live[name] = name
        with self._daemon.answering():
            cpus = float((await self._facts()).get("NCPU") or 1)
            async with undone_on_failure(sandbox):
                async with init_deadline(spec.timeout_seconds):
                    await sandbox.launch(build_config(spec, labels, cpus), spec.files)
                    await sandbox.ended()
                result = await sandbox.read_exit(BUILD_OUTPUT_LINES)
                await take_result(self._daemon, name, spec, destination)
            await sandbox.remove()
        return result

    async def remove_orphans(self, owner: str) -> int:
        """Remove all containers labelled with ``owner`` that this engine object did not start, and the socket
        directories of instances that are no more. One that can't be removed doesn't keep the rest."""
        with self._daemon.answering():
            found = await self._daemon.containers([f"{OWNER_LABEL}={owner}"])
            names = [str(container["Names"][0]).lstrip("/") for container in found if container["Names"]]
            orphans = [name for name in names if name not in self._live]
            results = await asyncio.gather(
                *(self._remove_orphan(name) for name in orphans), return_exceptions=True
            )
        for name, result in zip(orphans, results, strict=True):
            if isinstance(result, BaseException):
                logger.warning("the orphan %s could not be removed: %s", name, result)
        self._remove_stale_directories()
        return sum(not isinstance(result, BaseException) for result in results)

    async def _remove_orphan(self, name: str) -> None:
        if inspected := await self._daemon.inspect(name):
            group = ControlGroup.of_container(int(inspected["State"].get("Pid", 0)), str(inspected["Id"]))
            if group is not None:
                group.thaw()  # it was paused when its gateway was killed
        await self._daemon.remove(name)

    async def close(self) -> None:
        """Close the connections to the engine; sandboxes are removed by their owners before."""
        await self._daemon.close()

    async def _start(self, spec: SandboxSpec) -> Sandbox:
        transport = await self._choose_transport()
        try:
            return await self._start_linked(spec, transport)
        except Refused as refused:
            if self._transport != "auto" or "source path does not exist" not in refused.reason:
                raise
        logger.info("the Docker engine does not share this file system: instances are reached over TCP")
        self._transport = "tcp"
        return await self._start_linked(spec, "tcp")

    async def _choose_transport(self) -> Transport:
        """Docker Desktop shares files with its virtual machine, but sockets in them don't work there."""
        if self._transport != "auto":
            return self._transport
        local = self._daemon.address.startswith(("unix://", "http+unix://"))
        desktop = "Docker Desktop" in str((await self._facts()).get("OperatingSystem", ""))
        return "unix" if local and not desktop else "tcp"

    async def _start_linked(self, spec: SandboxSpec, transport: Transport) -> DockerSandbox:
        name = f"faas-{_safe(self._owner)[:40]}-{_safe(spec.instance_id)}"
        directory = SocketDirectory(self._run_dir / spec.instance_id) if transport == "unix" else None
        cpus = await self._cpus(spec.caps)
        sandbox = DockerSandbox(self._daemon, name, directory, lambda: self._forget(name), cpus)
        self._live[name] = spec.instance_id
        async with undone_on_failure(sandbox):
            if directory is not None:
                sandbox.socket = await self._connect_by_socket(spec, sandbox, directory)
            else:
                sandbox.socket = await self._connect_by_tcp(spec, sandbox)
        return sandbox

    async def _connect_by_socket(
        self, spec: SandboxSpec, sandbox: DockerSandbox, directory: SocketDirectory
    ) -> socket.socket:
        self._run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.listen()
        if spec.prewarmed:
            directory.make_function_path()
        function = directory.function_path if spec.prewarmed else None
        network = "none" if spec.caps.network == "none" else await self._networks.egress()
        config = await self._config(spec, link_by_socket(directory.path, network, function))
        await sandbox.launch(config)
        return await connection_before_end(directory.accept(), sandbox)

    async def _connect_by_tcp(self, spec: SandboxSpec, sandbox: DockerSandbox) -> socket.socket:
        secret, secret_sha256 = new_secret()
        egress = spec.caps.network == "egress"
        network = await (self._networks.egress() if egress else self._networks.link())
        host = await self._publishing_host()
        config = await self._config(spec, link_by_tcp(secret_sha256, host, network))
        inspected = await sandbox.launch(config)
        published = inspected.get("NetworkSettings", {}).get("Ports", {}).get(f"{TCP_PORT}/tcp")
        if not published:  # it has ended already
            raise await early_end(sandbox)
        port = int(published[0]["HostPort"])
        return await connection_before_end(connect_with_secret(host, port, secret), sandbox)

    async def _config(self, spec: SandboxSpec, link: Json) -> Json:
        labels = {OWNER_LABEL: self._owner, INSTANCE_LABEL: spec.instance_id}
        return container_config(spec, labels, link, await self._cpus(spec.caps))

    async def _cpus(self, caps: Caps) -> float:
        return float((await self._facts()).get("NCPU") or caps.cpu)

    async def _facts(self) -> Json:
        if self._system is None:
            self._system = await self._daemon.system()
        return self._system

    async def _publishing_host(self) -> str:
        """The address at which the engine publishes ports: loopback, or that of the remote engine."""
        host = urlsplit(self._daemon.address).hostname
        if host is None or self._daemon.address.startswith(("unix:", "http+unix:", "npipe:")):
            return "127.0.0.1"
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None)
        except OSError as error:
            raise EngineUnavailable(
                f"The Docker engine's host {host} can't be looked up: {error}. Correct DOCKER_HOST.",
                engine=self.name,
                address=self._daemon.address,
            ) from error
        return str(found[0][4][0])

    def _remove_stale_directories(self) -> None:
        for directory in self._run_dir.glob("*/"):
            if directory.name not in self._live.values():
                SocketDirectory(directory).remove()

    def _forget(self, name: str) -> None:
        self._live.pop(name, None)


def _safe(name: str) -> str:
    """``name`` with what container names can't hold replaced."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)


def _caps_not_enforced(system: Json) -> list[str]:
    wanted = {"MemoryLimit": "memory", "SwapLimit": "swap", "PidsLimit": "pids", "CpuCfsQuota": "cpu"}
    missing = [cap for key, cap in wanted.items() if not system.get(key, True)]
    if not any("seccomp" in str(option) for option in system.get("SecurityOptions") or []):
        missing.append("seccomp")
    return missing
