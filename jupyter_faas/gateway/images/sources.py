"""Where the source of a package is, and its archive: fetched as a file, nothing of it is run here."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import subprocess
import tarfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

import requests
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_faas.gateway.images.indexes import redacted, uv_environment
from jupyter_faas.gateway.images.installer import Target, source_lock
from jupyter_faas.model.errors import BuildError

__all__ = ["Source", "fetch", "find_source", "pinned", "repository"]

FETCH_SECONDS = 60
MAX_SOURCE_BYTES = 10**9
_INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")


@dataclass(frozen=True)
class Source:
    """A source distribution on an index, or a repository at a commit (``git+…@commit``, without a digest)."""

    name: str
    url: str
    sha256: str = ""
    version: str = ""

    @property
    def is_repository(self) -> bool:
        """Whether it is cloned and not downloaded."""
        return self.url.startswith("git+")


def repository(requirement: str) -> Source | None:
    """The source that a requirement names by the URL of a repository, if it does."""
    parsed = Requirement(requirement)
    if parsed.url is None or not parsed.url.startswith("git+"):
        return None
    return Source(canonicalize_name(parsed.name), parsed.url)


async def pinned(source: Source) -> Source:
    """A repository's source at the commit that its branch or tag is at now. Raises ``BuildError``."""
    return await asyncio.to_thread(_commit, source)


async def find_source(
    name: str, requirements: Sequence[str], constraints: Sequence[str], target: Target, folder: Path
) -> Source:
    """The source distribution of ``name`` that ``requirements`` and ``constraints`` allow, from the user's
    indexes. Raises ``BuildError`` if there is none."""
    wanted = [text for text in requirements if canonicalize_name(Requirement(text).name) == name] or [name]
    lock = tomllib.loads(await source_lock(name, wanted, constraints, target, folder))
    for package in lock.get("packages", []):
        archive = package.get("sdist")
        if package["name"] == name and archive:
            url = archive.get("url") or (folder / archive["path"]).as_uri()
            return Source(name, url, archive["hashes"]["sha256"], package["version"])
    raise BuildError(
        f"{name} has no ready-made build for {target} and no source to make one of. Name another version: "
        f"%%publish --require '{name}==version'.",
        step="environment",
        log=[],
    )


async def fetch(source: Source, destination: Path) -> Path:
    """The archive of ``source`` in the folder ``destination``. Raises ``BuildError``."""
    if source.is_repository:
        return await asyncio.to_thread(_clone, source, destination)
    return await asyncio.to_thread(_download, source, destination)


def _download(source: Source, destination: Path) -> Path:
    parts = urlsplit(source.url)
    file = destination / PurePosixPath(unquote(parts.path)).name
    try:
        content = Path(url2pathname(parts.path)).read_bytes() if parts.scheme == "file" else _get(source.url)
    except (OSError, requests.RequestException) as error:
        raise BuildError(
            f"The source of {source.name} could not be fetched: {redacted(str(error))}. Check the network, "
            "the proxy and the index in pip's or uv's configuration.",
            step="environment",
            log=[],
        ) from error
    if hashlib.sha256(content).hexdigest() != source.sha256:
        raise BuildError(
            f"The downloaded source of {source.name} is not the one that was locked (its hash differs). "
            "Publish again; if that changes nothing, name another version: %%publish --require "
            "'name==version'.",
            step="environment",
            log=[],
        )
    file.write_bytes(content)
    return file


def _get(url: str) -> bytes:
    environment = uv_environment(os.environ)
    certificates = environment.get("SSL_CERT_FILE", "")
    with requests.get(
        url,
        auth=_credentials(url, environment),
        verify=certificates or True,
        timeout=FETCH_SECONDS,
        stream=True,
    ) as response:
        response.raise_for_status()
        content = bytearray()
        for chunk in response.iter_content(1 << 20):
            content += chunk
            if len(content) > MAX_SOURCE_BYTES:
                raise requests.RequestException(f"it is larger than {MAX_SOURCE_BYTES} bytes")
        return bytes(content)


def _credentials(url: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """User and password that an index of the same host has in its address; ~/.netrc is read by itself."""
    host = urlsplit(url).hostname
    for variable in _INDEX_VARIABLES:
        for index in environment.get(variable, "").split():
            parts = urlsplit(index.partition("=")[2] if "=" in index.partition("://")[0] else index)
            if parts.hostname == host and parts.username:
                return unquote(parts.username), unquote(parts.password or "")
    return None


def _clone(source: Source, destination: Path) -> Path:
    """A repository at its commit, its history included: versions are made of tags."""
    address, commit, _ = _parts(source)
    folder = destination / source.name
    _git(source, "clone", "--quiet", "--no-checkout", "--", address, str(folder))
    _git(source, "-C", str(folder), "checkout", "--quiet", "--detach", commit, "--")
    _git(source, "-C", str(folder), "submodule", "--quiet", "update", "--init", "--recursive")
    file = destination / f"{source.name}.tar.gz"
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        archive.add(folder, source.name)
    return file


def _commit(source: Source) -> Source:
    address, reference, rest = _parts(source)
    if re.fullmatch(r"[0-9a-f]{40}", reference):
        return source
    listing = _git(source, "ls-remote", "--", address, reference, f"{reference}^{{}}").split()
    if not listing:
        raise BuildError(
            f"The repository {redacted(source.url)} has no branch, tag or commit {reference!r}. Commits are "
            "named in full, with 40 digits.",
            step="environment",
            log=[],
        )
    return replace(source, url=f"git+{address}@{listing[-2]}{rest}")


def _parts(source: Source) -> tuple[str, str, str]:
    """Address, reference (``HEAD`` if none is named) and fragment of a repository's URL (PEP 440)."""
    parts = urlsplit(source.url.removeprefix("git+"))
    path, _, reference = parts.path.partition("@")
    address = urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
    if parts.scheme == "file":
        address = f"file://{path}"
    return address, reference or "HEAD", f"#{parts.fragment}" if parts.fragment else ""


def _git(source: Source, *words: str) -> str:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    try:
        done = subprocess.run(["git", *words], env=environment, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else "git is not installed"
        raise BuildError(
            f"The repository of a required package could not be read: {redacted(source.url)}. The gateway "
            "needs git, and may need credentials in git's configuration where it runs.",
            step="environment",
            log=redacted(said).splitlines()[-20:],
        ) from error
    return done.stdout
