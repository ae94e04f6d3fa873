"""``python -m jupyter_faas.gateway.doctor``: what works on this machine, and how to mend what doesn't.

Every check answers; none raises. The exit status is 1 if functions can't run at all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from jupyter_faas.gateway.engines.base import Engine, EngineInfo
from jupyter_faas.gateway.engines.docker_engine import DockerEngine
from jupyter_faas.gateway.engines.process import ProcessEngine
from jupyter_faas.gateway.images.base import BaseImages
from jupyter_faas.gateway.images.host_base import host_python
from jupyter_faas.gateway.images.installer import Target, resolve
from jupyter_faas.gateway.images.usage import images_taken, taken
from jupyter_faas.model.connection import data_dir
from jupyter_faas.model.errors import FaasError
from jupyter_faas.model.units import format_size

__all__ = ["Check", "examine", "main"]

LOW_DISK_BYTES = 2 * 10**9
LOW_OPEN_FILES = 4096
PULL_SECONDS = 20
PROBE_PACKAGE = "six"


@dataclass(frozen=True)
class Check:
    """One finding; ``advice`` says how to mend it."""

    name: str
    ok: bool
    detail: str
    advice: str | None = None
    needed: bool = False
    """Whether functions can't run at all without it."""


async def examine(engine_name: str, data_folder: Path, base_image: str = "") -> list[Check]:
    """All checks of an engine (``docker``, ``process``; ``auto``: Docker, else processes) on this machine."""
    with tempfile.TemporaryDirectory(prefix="faas-doctor-") as name:
        folder = Path(name)
        engines: list[Engine] = []
        if engine_name != "process":
            engines.append(DockerEngine(folder / "run", _owner(data_folder)))
        if engine_name != "docker":
            engines.append(ProcessEngine(folder / "data", folder / "run", "doctor"))
        checks: list[Check] = []
        working: tuple[Engine, EngineInfo] | None = None
        for engine in engines:
            check, info = await _engine(engine, fallback=len(engines) > 1 and engine is engines[0])
            checks.append(check)
            if info is not None:
                working = (engine, info)
                break
        if working is not None:
            checks += await _with_engine(*working, folder, base_image)
            checks.append(await _guarded("disk use", lambda: _use(working[0], data_folder)))
        checks += [
            await _guarded("package index", lambda: _package_index(folder)),
            _disk(data_folder),
            _limits(),
        ]
        for engine in engines:
            await engine.close()
        return checks


async def _engine(engine: Engine, fallback: bool) -> tuple[Check, EngineInfo | None]:
    try:
        info = await engine.info()
    except FaasError as error:
        return Check(f"{engine.name} engine", False, error.detail, _engine_advice(), not fallback), None
    detail = f"{info.name} {info.version} for {info.platform}"
    detail += "".join(f", {name} {value}" for name, value in info.detail.items() if value)
    return Check(f"{engine.name} engine", True, detail), info


def _engine_advice() -> str:
    """What to do about a missing engine, by what is there already."""
    if shutil.which("dockerd") is None and shutil.which("docker") is None:
        install = "apt-get install docker.io" if Path("/etc/debian_version").exists() else "install Docker"
        return f"As root: '{install}'. Without it: start the gateway with --engine process."
    socket = Path("/var/run/docker.sock")
    if socket.exists() and not os.access(socket, os.R_OK | os.W_OK):
        return "'sudo usermod -aG docker $USER', then log in again."
    return (
        "'sudo systemctl start docker', or as root 'dockerd &'; or start the gateway with --engine process."
    )


async def _with_engine(engine: Engine, info: EngineInfo, folder: Path, base_image: str) -> list[Check]:
    checks = [_caps(info), await _guarded("base image", lambda: _base(engine, folder, base_image))]
    if info.name == "docker":
        checks += [await _guarded("registry", lambda: _registry(engine))]
        checks.append(_docker_disk(info))
    return checks


def _caps(info: EngineInfo) -> Check:
    if not info.isolates:
        return Check(
            "isolation",
            False,
            info.detail.get("isolation", "none"),
            "Use Docker for anything but your own code.",
        )
    missing = info.detail.get("not_enforced", "")
    if missing:
        return Check(
            "caps",
            False,
            f"the engine does not enforce: {missing}",
            "Enable these control groups (on Debian: 'cgroup_enable=memory swapaccount=1' on the kernel's "
            "command line), and install a Docker with seccomp.",
        )
    version = info.detail.get("cgroup_version", "?")
    return Check("caps", True, f"memory, swap, pids, cpu and seccomp are enforced (cgroup v{version})")


async def _base(engine: Engine, folder: Path, base_image: str) -> Check:
    python = host_python().minor
    found = await BaseImages(engine, folder, base_image).find(python)
    if found is not None:
        place = found.reference or "the gateway's own interpreter"
        return Check("base image", True, f"Python {python} functions are built on {place} ({found.source})")
    if base_image:
        return Check("base image", False, f"{base_image} is not present", f"'docker pull {base_image}'", True)
    return Check(
        "base image",
        True,
        f"python:{python}-slim is not present: the first publish pulls it, or makes a base of this Python",
    )


async def _registry(engine: Engine) -> Check:
    reasons: list[str] = []
    reference = f"python:{host_python().minor}-slim"
    if await engine.image(reference) is not None:
        return Check("registry", True, f"{reference} is present; no registry is needed")
    try:
        # hello-world: a few kilobytes, which say as much as a whole base image would.
        pulled = await asyncio.wait_for(engine.pull("hello-world:latest", reasons.append), PULL_SECONDS)
    except TimeoutError:
        pulled = None
        reasons.append(f"no answer within {PULL_SECONDS} s")
    if pulled is not None:
        await engine.remove_image("hello-world:latest")
        return Check("registry", True, "images can be pulled")
    return Check(
        "registry",
        False,
        f"images can't be pulled: {reasons[-1] if reasons else 'no reason given'}",
        "Nothing to do for kernels with the gateway's own Python: a base image is made of it. For others, "
        "load one with 'docker load', or set a mirror in /etc/docker/daemon.json.",
    )


async def _package_index(folder: Path) -> Check:
    python = host_python().minor
    lock = await resolve([PROBE_PACKAGE], [], Target(python, "linux/amd64"), folder)
    return Check("package index", True, f"packages can be resolved ({lock.split()[0]})")


async def _guarded(name: str, check: Callable[[], Awaitable[Check]]) -> Check:
    """The check, or its failure as a finding."""
    try:
        return await check()
    except FaasError as error:
        return Check(name, False, error.detail, "See the sentence before; functions without it still run.")
    except OSError as error:
        return Check(name, False, f"the check itself failed: {error}", None)


def _disk(data_folder: Path) -> Check:
    return _space("data folder", data_folder, "set the gateway's data_dir to a larger disk")


def _owner(data_folder: Path) -> str:
    """The label of what the gateway of this machine has made."""
    try:
        with closing(sqlite3.connect(f"file:{data_folder}/gateway.sqlite?mode=ro", uri=True)) as database:
            row = database.execute("SELECT value FROM settings WHERE key = 'owner'").fetchone()
    except sqlite3.Error:
        row = None
    return str(row[0]) if row else "doctor"


async def _use(engine: Engine, data_folder: Path) -> Check:
    """What the gateway of this machine takes; layers that images share are counted once."""
    images = images_taken(await engine.own_images())
    files = await asyncio.to_thread(taken, data_folder)
    parts = [f"{name} {format_size(one['bytes'])}" for name, one in files.items() if one["count"]]
    parts += [
        f"{one['count']} {kind} image{'s' * (one['count'] > 1)} {format_size(one['bytes'])}"
        for kind, one in images.items()
        if one["count"]
    ]
    advice = "'jupyter faas prune --dry-run' shows what nothing needs any more." if parts else None
    return Check("disk use", True, ", ".join(parts) or "nothing yet", advice)


def _docker_disk(info: EngineInfo) -> Check:
    root = Path(info.detail.get("storage_root") or "/var/lib/docker")
    return _space("engine's disk", root, "'docker system prune', or move Docker's data-root to a larger disk")


def _space(name: str, folder: Path, remedy: str) -> Check:
    existing = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    try:
        free = shutil.disk_usage(existing).free
    except OSError as error:
        return Check(name, True, f"{folder} can't be looked at from here ({error.strerror})")
    detail = f"{free / 1e9:.1f} GB free at {folder}"
    return Check(
        name, free >= LOW_DISK_BYTES, detail, None if free >= LOW_DISK_BYTES else f"Free some: {remedy}."
    )


def _limits() -> Check:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    detail = f"{soft} open files"
    if soft >= LOW_OPEN_FILES or soft == resource.RLIM_INFINITY:
        return Check("limits", True, detail)
    return Check(
        "limits",
        True,
        f"{detail}: enough for about {soft // 4} instances",
        "'ulimit -n 65536' before the start.",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings; 1 if functions can't run at all."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_faas.gateway.doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--engine", choices=["auto", "docker", "process"], default="auto")
    parser.add_argument("--base-image", default="", help="the base image that the gateway is configured with")
    parser.add_argument("--data-dir", type=Path, default=data_dir())
    options = parser.parse_args(arguments)
    checks = asyncio.run(examine(options.engine, options.data_dir, options.base_image))
    able = not any(check.needed and not check.ok for check in checks)
    sys.stdout.write(_document(checks, able) if options.json else _listing(checks))
    return 0 if able else 1


def _document(checks: Sequence[Check], able: bool) -> str:
    listed = [{name: value for name, value in asdict(check).items() if name != "needed"} for check in checks]
    return json.dumps({"checks": listed, "ok": able}, indent=1) + "\n"


def _listing(checks: Sequence[Check]) -> str:
    lines = []
    for check in checks:
        lines.append(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}")
        if check.advice:
            lines.append(f"     → {check.advice}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
