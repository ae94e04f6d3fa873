"""What a function finds inside its container, and how images get there."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.gateway.engines.base import ImageSpec, ImageUnusable
from jupyter_faas.gateway.engines.docker_engine import DockerEngine
from jupyter_faas.gateway.images.base import BaseImages
from jupyter_faas.gateway.images.host_base import host_python
from jupyter_faas.gateway.images.layers import Entry, write_layer
from jupyter_faas.gateway.images.runtime import ENTRYPOINT
from jupyter_faas.model.errors import EngineUnavailable

from .conftest import RUN, Rig, docker

LOOK = """
import os, resource
PLACES = ("/", "/opt/faas", "/root", "/run/faas", "/tmp", "/dev/shm")
def probe():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    mounts = [line.split() for line in open("/proc/self/mounts")]
    def write(path):
        try:
            open(path + "/file", "w").close()
        except OSError as error:
            return error.errno
        return 0
    return {
        "uid": os.getuid(), "gid": os.getgid(),
        "capabilities": [status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd")],
        "no_new_privileges": status["NoNewPrivs"].strip(), "seccomp": status["Seccomp"].strip(),
        "writes": {path: write(path) for path in PLACES},
        "mounts": {mount[1]: mount[2:4] for mount in mounts},
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE), "core": resource.getrlimit(resource.RLIMIT_CORE),
    }
"""
FILL = """
def probe(path):
    written = 0
    try:
        with open(path, "wb", buffering=0) as stream:
            while True:
                written += stream.write(bytes(1 << 16))
    except OSError as error:
        return [error.errno, written]
"""
INODES = """
def probe():
    for number in range(100_000):
        try:
            open(f"/tmp/{number}", "w").close()
        except OSError as error:
            return [error.errno, number]
"""
FORK = """
import os, time
def probe():
    started = 0
    for _ in range(300):
        try:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
        except OSError:
            break
        started += 1
    return started
"""


def answer_of(rig: Rig, handler: str, arguments: dict[str, Any] | None = None, **caps: Any) -> Any:
    async def scenario() -> Any:
        async with rig.started(handler, **caps) as (_, _, peer, _):
            result = await peer.call(json.dumps(arguments or {}).encode())
            assert result.header["ok"], result.header
            return json.loads(result.body)

    return asyncio.run(scenario())


def test_a_function_has_no_privileges(docker_rig: Rig) -> None:
    seen = answer_of(docker_rig, LOOK)
    assert (seen["uid"], seen["gid"]) == (10001, 10001)
    assert set(seen["capabilities"]) == {"0000000000000000"}
    assert seen["no_new_privileges"] == "1"
    assert seen["seccomp"] == "2"
    assert seen["files"] == [1024, 1024]
    assert seen["core"] == [0, 0]


def test_only_scratch_can_be_written(docker_rig: Rig) -> None:
    writes = answer_of(docker_rig, LOOK)["writes"]
    assert writes.pop("/tmp") == writes.pop("/dev/shm") == 0
    assert all(writes.values()), writes


def test_nothing_of_the_host_is_mounted_but_the_socket_folder(docker_rig: Rig) -> None:
    mounts = answer_of(docker_rig, LOOK)["mounts"]
    on_disk = {
        place: options for place, (kind, options) in mounts.items() if kind in {"ext4", "xfs", "btrfs"}
    }
    engine_made = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}
    expected = {"/run/faas"} if docker_rig.kind == "docker-unix" else set()
    assert set(on_disk) - engine_made == expected
    assert all(options.split(",")[0] == "ro" for options in on_disk.values())
    assert "nosuid" in mounts["/tmp"][1]
    assert "nodev" in mounts["/tmp"][1]


def test_no_network_means_no_interface(unix_rig: Rig) -> None:
    assert answer_of(unix_rig, LOOK)["interfaces"] == ["lo"]


def test_egress_has_an_interface(unix_rig: Rig) -> None:
    assert answer_of(unix_rig, LOOK, network="egress")["interfaces"] == ["eth0", "lo"]


@pytest.mark.parametrize("path", ["/tmp/big", "/dev/shm/big"])
def test_scratch_is_capped(unix_rig: Rig, path: str) -> None:
    errno, written = answer_of(unix_rig, FILL, {"path": path}, scratch_bytes=4_000_000)
    assert errno == 28
    assert 3_000_000 < written <= 4_005_888  # whole pages


def test_the_number_of_files_is_capped(unix_rig: Rig) -> None:
    errno, number = answer_of(unix_rig, INODES, scratch_bytes=4_000_000)
    assert errno == 28
    assert number < 2000


def test_processes_are_capped(docker_rig: Rig) -> None:
    started = answer_of(docker_rig, FORK, pids=16)
    assert 12 <= started <= 24


def content_of(image: str) -> dict[str, tuple[str, int, int, bytes]]:
    """Type, mode, owner and content of all files under /opt/faas."""
    container = docker("create", "--label", f"jupyter-faas.owner={RUN}", image).strip()
    try:
        archive = subprocess.run(["docker", "export", container], capture_output=True, check=True).stdout
    finally:
        docker("rm", container)
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        return {
            member.name: (
                repr(member.type),
                member.mode,
                member.uid,
                extracted.read() if member.isreg() and (extracted := members.extractfile(member)) else b"",
            )
            for member in members
            if member.name.startswith("opt/faas")
        }


def test_a_built_image_has_the_files_of_a_loaded_one(unix_rig: Rig, tmp_path: Path) -> None:
    layer = write_layer(
        tmp_path / "layer.tar",
        [
            Entry("opt/faas/function/handler.py", content=b"x = 1\n"),
            Entry("opt/faas/function/data/big.bin", content=bytes(100_000)),
            Entry("opt/faas/run", content=b"#!/bin/sh\n", executable=True),
            Entry("opt/faas/link", link="run"),
        ],
    )

    async def made(thin: bool) -> tuple[str, Any]:
        engine = DockerEngine(tmp_path / "run", RUN, thin_load=thin)
        base = await BaseImages(engine, tmp_path).resolve(host_python().minor, print)
        spec = ImageSpec(
            f"jupyter-faas-test/{RUN}:{'loaded' if thin else 'built'}",
            [layer],
            {"org.opencontainers.image.title": 'a "quoted" $title'},
            entrypoint=ENTRYPOINT,
            environment={"QUOTED": 'a "b" $c \\d'},
            user="10001:10001",
            working_dir="/tmp",
        )
        image = await engine.add_layers(base.image, spec)
        assert await engine.add_layers(base.image, spec) is not None
        await engine.close()
        return image.id, json.loads(docker("inspect", image.id))[0]["Config"]

    loaded, loaded_config = asyncio.run(made(True))
    built, built_config = asyncio.run(made(False))
    assert content_of(loaded) == content_of(built)
    for name in ("Env", "Entrypoint", "User", "WorkingDir", "Labels"):
        assert loaded_config[name] == built_config[name], name


def test_the_same_content_is_the_same_image(unix_rig: Rig) -> None:
    async def twice() -> tuple[str, str]:
        engine = unix_rig.engine()
        first = await unix_rig.image(engine, "def probe(): ...\n")
        second = await unix_rig.image(engine, "def probe(): ...\n")
        await engine.close()
        return first.id, second.id

    first, second = asyncio.run(twice())
    assert first == second
    ids = docker("images", "-q", "--no-trunc", f"jupyter-faas-test/{RUN}")
    assert first in ids


def test_the_layers_are_the_same_in_another_process(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from jupyter_faas.gateway.images.runtime import runtime_layer\n"
        "from jupyter_faas.gateway.images.host_base import host_base_layer, host_python\n"
        "folder = Path(sys.argv[1])\n"
        "print(runtime_layer(host_python().minor, folder / 'runtime.tar').diff_id)\n"
        "print(host_base_layer(folder / 'base.tar').diff_id)\n"
    )

    def digests(seed: str) -> bytes:
        command = [sys.executable, "-c", program, str(tmp_path)]
        environment = {"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"}
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    assert digests("1") == digests("2")


def test_an_engine_that_is_not_there_is_named(tmp_path: Path) -> None:
    async def ask() -> None:
        engine = DockerEngine(tmp_path, RUN, base_url=f"unix://{tmp_path}/no.sock")
        try:
            await engine.info()
        finally:
            await engine.close()

    with pytest.raises(EngineUnavailable, match=r"no\.sock does not answer \(No such file") as caught:
        asyncio.run(ask())
    assert caught.value.figures["engine"] == "docker"


def test_an_image_that_is_gone_is_said_to_be_and_leaves_nothing(unix_rig: Rig) -> None:
    async def scenario() -> None:
        engine = unix_rig.engine()
        image = await unix_rig.image(engine, "")
        with pytest.raises(ImageUnusable, match="is gone"):
            await engine.start(replace(unix_rig.spec(image), image="sha256:" + "0" * 64))
        await engine.close()

    asyncio.run(scenario())
    assert unix_rig.leftovers() == []
