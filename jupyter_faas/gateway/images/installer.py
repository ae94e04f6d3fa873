"""Runs uv: resolves requirements to a lock, and installs a lock into a folder."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uv
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_faas.gateway.engines.base import Log
from jupyter_faas.gateway.images.indexes import redacted, uv_environment
from jupyter_faas.model.errors import BuildError
from jupyter_faas.model.requirements import is_pinned

__all__ = ["Target", "install", "install_requirements", "resolve", "source_lock"]

ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686"}
"""OCI's names of architectures and those of wheels, where they differ."""
GLIBC = "2_28"
"""The C library that wheels may want of a base that isn't this machine's own; Debian 10's."""
LOG_LINES = 40


@dataclass(frozen=True)
class Target:
    """What packages are for: a Python minor such as ``3.11`` and an OCI platform such as ``linux/amd64``.

    ``host_base``: the base has this very machine's C library, so that its newest wheels fit. ``builds``:
    packages without a wheel may be built here, by the user who runs the gateway.
    """

    python: str
    platform: str
    host_base: bool = False
    builds: bool = False

    @property
    def native(self) -> bool:
        """Whether this interpreter could run the packages, and so build them from source."""
        return self.same_minor and sys.platform == "linux" and platform.machine() == self._machine

    @property
    def same_minor(self) -> bool:
        """Whether byte code made by this interpreter is of use."""
        return self.python == f"{sys.version_info.major}.{sys.version_info.minor}"

    def arguments(self) -> list[str]:
        """uv's arguments for packages of this target."""
        arguments = self.platform_arguments()
        return arguments if self.native and self.builds else [*arguments, "--only-binary", ":all:"]

    def platform_arguments(self) -> list[str]:
        """Those of them that name the platform."""
        if self.native and self.host_base:
            return []
        return [
            "--python-version",
            self.python,
            "--python-platform",
            f"{self._machine}-manylinux_{GLIBC}",
        ]

    @property
    def _machine(self) -> str:
        architecture = self.platform.split("/")[1]
        return ARCHITECTURES.get(architecture, architecture)

    def __str__(self) -> str:
        return f"Python {self.python} on {self.platform}"


async def resolve(
    requirements: Sequence[str],
    constraints: Sequence[str],
    target: Target,
    folder: Path,
    wheels: Mapping[str, bytes] | None = None,
) -> str:
    """The lock: every package that ``requirements`` need, with version and hashes. Raises ``BuildError``.

    ``wheels`` (relative path → content) are taken instead of what an index has of the same name; the lock
    names them by that path.
    """
    wanted, limits = folder / "requirements.txt", folder / "constraints.txt"
    wheels = wheels or {}
    _place(wheels, folder)
    wanted.write_text("".join(f"{line}\n" for line in (*requirements, *(f"./{path}" for path in wheels))))
    limits.write_text("".join(f"{line}\n" for line in constraints))
    arguments = ["pip", "compile", str(wanted), "--constraints", str(limits), "--generate-hashes"]
    arguments += ["--no-header", "--no-annotate", "--quiet", "--python", sys.executable, *target.arguments()]
    fixed = set() if target.builds else _fixed((*requirements, *constraints))
    if fixed:
        status, output, _ = await _run([*arguments, "--offline"], folder)
        if status == 0 and _names(output) <= fixed:
            return output
    status, output, errors = await _run(arguments, folder)
    if status != 0:
        raise _explained(errors, target)
    return output


def _fixed(requirements: Sequence[str]) -> set[str]:
    """The packages that may have one version only. A lock of none but those is the same whether the index is
    asked or uv's cache, which is several times as fast."""
    parsed = map(Requirement, requirements)
    return {canonicalize_name(one.name) for one in parsed if one.marker is None and is_pinned(one)}


def _names(lock: str) -> set[str]:
    return {canonicalize_name(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)", lock, re.M)}


async def source_lock(
    name: str, requirements: Sequence[str], constraints: Sequence[str], target: Target, folder: Path
) -> str:
    """A lock (PEP 751) of ``requirements``, all of the package ``name``, with the address of its source.

    uv is told that the package needs nothing, so that it doesn't have to build it to find out.
    """
    wanted, limits = folder / "source.txt", folder / "limits.txt"
    wanted.write_text("".join(f"{line}\n" for line in requirements))
    limits.write_text("".join(f"{line}\n" for line in constraints))
    (folder / "uv.toml").write_text(f'[[dependency-metadata]]\nname = "{name}"\n')
    arguments = ["pip", "compile", str(wanted), "--constraints", str(limits), "--no-deps", "--quiet"]
    arguments += ["--format", "pylock.toml", "--no-header", "--python", sys.executable]
    status, output, errors = await _run([*arguments, *target.platform_arguments()], folder)
    if status != 0:
        raise _explained(errors, target)
    return output


async def install_requirements(
    requirements: Sequence[str], target: Target, folder: Path, destination: Path
) -> None:
    """Install ``requirements`` and what they need, from wheels, into ``destination``.

    Raises ``BuildError``.
    """
    wanted = folder / "build-requirements.txt"
    wanted.write_text("".join(f"{line}\n" for line in requirements))
    arguments = ["pip", "install", "--target", str(destination), "--requirement", str(wanted), "--quiet"]
    arguments += ["--python", sys.executable, "--only-binary", ":all:", *target.platform_arguments()]
    status, _, errors = await _run(arguments, folder)
    if status != 0:
        raise _explained(errors, target)


async def install(
    lock: str, wheels: Mapping[str, bytes], target: Target, folder: Path, destination: Path, log: Log
) -> None:
    """Install what ``lock`` names into ``destination``, checking hashes. Raises ``BuildError``."""
    locked = folder / "lock.txt"
    _place(wheels, folder)
    locked.write_text(lock)
    arguments = ["pip", "install", "--target", str(destination), "--requirement", str(locked), "--no-deps"]
    arguments += ["--python", sys.executable, "--link-mode", "hardlink", *target.arguments()]
    # A lock names hashes, so that nothing is gained by asking the index for what is in uv's cache.
    status, errors = 1, ""
    if not target.builds:
        status, _, errors = await _run([*arguments, "--offline"], folder)
    if status != 0:
        status, _, errors = await _run(arguments, folder)
    for line in redacted(errors).splitlines():
        if line.startswith(("Resolved", "Prepared", "Installed")):
            log(line)
    if status != 0:
        raise _explained(errors, target)


def _place(wheels: Mapping[str, bytes], folder: Path) -> None:
    for path, content in wheels.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


async def _run(arguments: Sequence[str], folder: Path) -> tuple[int, str, str]:
    """Run uv in ``folder``, outside of any project; a cancelled caller ends it."""
    process = await asyncio.create_subprocess_exec(
        uv.find_uv_bin(),
        *arguments,
        cwd=folder,
        env=uv_environment(os.environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate()
    except BaseException:
        process.kill()
        await asyncio.shield(process.wait())
        raise
    return process.returncode or 0, output.decode(), errors.decode("utf-8", "replace")


def _explained(errors: str, target: Target) -> BuildError:
    """uv's message as a sentence for whoever publishes a cell."""
    text = redacted(errors).strip()
    flat = re.sub(r"\s+", " ", _DRAWING.sub(" ", text))
    detail = _reason(flat, target)
    figures = {"without_wheels": names} if (names := _without_wheels(flat)) else {}
    return BuildError(detail, step="environment", log=text.splitlines()[-LOG_LINES:], **figures)


def _without_wheels(flat: str) -> list[str]:
    """The packages that there is only a source of, as far as uv names them."""
    found = re.findall(
        r"Wheels are required for `([\w.-]+)`|([\w.-]+?)(?:[=<>!~]=?=?[^ ]+)? has no (?:usable )?wheels", flat
    )
    return sorted({canonicalize_name(hinted or named) for hinted, named in found})


def _reason(flat: str, target: Target) -> str:
    because = re.search(r"Because (.*?)(?:,? we can conclude that your requirements|hint:|$)", flat)
    reason = because.group(1).strip().rstrip(",.") if because else ""
    for pattern, sentence in _REASONS:
        if re.search(pattern, flat):
            return sentence.format(
                target=target,
                reason=reason,
                failed=_failed_build(flat),
                address=_address(flat),
                repository=_repository(flat),
            )
    return f"The packages for {target} could not be installed: {flat[-500:] or 'uv gave no reason'}."


_DRAWING = re.compile("[\u00d7\u2500-\u257f\u25b6]")
"""What older versions of uv draw around their messages."""
_NAME_ANOTHER = "Name another version, for example %%publish --require 'name==version'."
_REASONS = (
    (
        r"there is no version of \S+==\S+\+\w",
        "A required version is a special build (what follows its + says which), which the package indexes "
        "in use don't have: {reason}. Set the index or the find-links that has it in pip's or uv's "
        "configuration where the gateway runs (pip config set global.extra-index-url URL), or take the "
        "ordinary build: %%publish --require 'name==version' without the +.",
    ),
    (
        r"[Bb]uilding (?:from source|source distributions) (?:for .*? )?is disabled",
        "A required package has no ready-made build for {target}, and it can't be built for that here: "
        "{reason}. Build a wheel where that platform is (pip wheel --no-deps PACKAGE) and put it into a "
        "folder that pip's find-links names, or name another version with %%publish --require "
        "'name==version'.",
    ),
    (
        r"command '\S+' failed: No such file|No such file or directory: '\S*(?:cc|c\+\+|clang)'",
        "{failed} has to be built from source for {target}, and this machine has no compiler for it. Install "
        "one where the gateway runs (on Debian: apt install build-essential), or take a version that has a "
        "ready-made build: %%publish --require 'name==version'.",
    ),
    (
        r"Git operation failed|Git executable not found",
        "The repository of a required package could not be read: {repository}. The gateway needs git, and "
        "may need credentials in git's configuration where it runs.",
    ),
    (
        r"no (?:usable )?wheels|wheels with a matching",
        "A required package has no ready-made build for {target}: {reason}. " + _NAME_ANOTHER,
    ),
    (
        r"was not found in the (?:package registry|provided)",
        "A required package is not on the package index: {reason}. Correct its name with "
        "%%publish --require, or set the index that has it in pip's or uv's configuration.",
    ),
    (
        r"there is no version of",
        "A required version is not on the package index for {target}: {reason}. " + _NAME_ANOTHER,
    ),
    (
        r"No solution found",
        "The required packages contradict each other for {target}: {reason}. Loosen one of them with "
        "%%publish --require 'name>=version'.",
    ),
    (
        r"Failed to build|[Bb]uild backend",
        "{failed} has to be built from source for {target}, and its build failed; the log has its output. "
        + _NAME_ANOTHER,
    ),
    (
        r"401 Unauthorized|403 Forbidden",
        "The package index refused access{address}. Check its password in pip's or uv's configuration.",
    ),
    (
        r"error sending request|Failed to fetch|dns error|Connection refused|timed out",
        "The package index could not be reached{address}. Check the network, the proxy and the index in "
        "pip's or uv's configuration.",
    ),
    (r"[Hh]ash mismatch", "A downloaded package is not the one that was locked (its hash differs)."),
)
"""What uv says (a pattern), and what it means for whoever publishes."""


def _failed_build(flat: str) -> str:
    found = re.search(r"[Ff]ailed to (?:build|download and build) `?([\w.\-=+]+)", flat)
    return found.group(1) if found else "A package"


def _repository(flat: str) -> str:
    found = re.search(r"[\w.-]+ @ \w+\+[^\s`]+", flat)
    return found.group(0) if found else "uv does not say which"


def _address(flat: str) -> str:
    found = re.search(r"https?://[^\s)`]+", flat)
    return f" ({found.group(0)})" if found else ""
