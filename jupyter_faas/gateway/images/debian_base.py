"""A Debian base image with the gateway's own interpreter, made by debootstrap where none can be pulled.

The release is this machine's own, because the interpreter brings none of the C library it was linked with.
Two layers: Debian's minimal system, and over it what of the interpreter and its libraries Debian hasn't.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from jupyter_faas.gateway.engines.base import Layer, Log
from jupyter_faas.gateway.images.apt_settings import Release, host_mirror, host_release, proxy_variables
from jupyter_faas.gateway.images.host_base import GROUPS, USERS, host_layer_over, host_python
from jupyter_faas.gateway.images.indexes import redacted
from jupyter_faas.gateway.images.system_layer import tree_members, write_members
from jupyter_faas.model.errors import BuildError

__all__ = ["debian_base_layers", "debian_tag", "why_no_debian"]

RECIPE = 1
"""Part of the tag: raise it when the content of the image changes."""
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
LOG_LINES = 20


def debian_tag() -> str:
    """The tag of this machine's Debian base; empty where this machine has none."""
    release, host = host_release(), host_python()
    if release is None:
        return ""
    return f"jupyter-faas/base:{host.minor}-{release.codename}-{RECIPE}-{host.key[:12]}"


def why_no_debian() -> str:
    """Why this machine can't make a Debian base, and what to do; empty if it can."""
    if host_release() is None:
        return (
            "the gateway's machine runs neither Debian nor Ubuntu, so that its interpreter would not run on "
            "either"
        )
    if shutil.which("debootstrap", path=_search_path()) is None:
        return (
            "debootstrap, which makes one, isn't installed where the gateway runs (apt-get install "
            "debootstrap)"
        )
    if os.geteuid() != 0:
        return "only root can make one by debootstrap, and the gateway does not run as root"
    return ""


async def debian_base_layers(release: Release, folder: Path, log: Log) -> list[Layer]:
    """Make the layers in ``folder``, with this machine's ``release``; takes a minute.

    Raises ``BuildError`` with debootstrap's last lines.
    """
    log(f"making a base image of {release.distribution.capitalize()} {release.codename} by debootstrap")
    root = folder / "root"
    try:
        await _debootstrap(release, root)
        return await asyncio.to_thread(_layers, root, folder)
    finally:
        await asyncio.to_thread(_unmount, root)


def _layers(root: Path, folder: Path) -> list[Layer]:
    _add_user(root / "etc/passwd", USERS)
    _add_user(root / "etc/group", GROUPS)
    system = write_members(folder / "debian.tar", tree_members(root))
    return [system, host_layer_over(root, folder / "python.tar")]


def _add_user(file: Path, lines: bytes) -> None:
    """Add the user that functions run as, as the base of the host's interpreter has it."""
    file.write_bytes(file.read_bytes() + lines.splitlines(keepends=True)[-1])


async def _debootstrap(release: Release, root: Path) -> None:
    words = ["--variant=minbase", "--force-check-gpg", release.codename, str(root)]
    mirror = host_mirror(release)
    process = await asyncio.create_subprocess_exec(
        "debootstrap",
        *words,
        *([mirror] if mirror else []),
        env={**os.environ, **proxy_variables(os.environ), "PATH": _search_path(), "LC_ALL": "C.UTF-8"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await process.communicate()
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
        raise
    if process.returncode:
        lines = redacted(output.decode("utf-8", "replace")).splitlines()
        raise BuildError(_reason(release, lines), step="environment", log=lines[-LOG_LINES:])


def _reason(release: Release, lines: Sequence[str]) -> str:
    errors = [line.removeprefix("E: ") for line in lines if line.startswith("E: ")] or lines[-1:]
    said = " ".join(errors).rstrip(".")
    return (
        f"debootstrap could not make a base image of {release.distribution} {release.codename}: {said}. "
        "Check the network, the proxy, and apt's sources where the gateway runs (/etc/apt)."
    )


def _unmount(root: Path) -> None:
    """Unmount what a debootstrap that was ended has left mounted (proc, sys) before its folder is removed."""
    with suppress(OSError):
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for place in sorted(mounts, reverse=True):
            if place.startswith(f"{root}/"):
                subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)


def _search_path() -> str:
    return f"{os.environ.get('PATH', '')}:{PATH}"
