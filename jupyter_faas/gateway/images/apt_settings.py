"""Where Debian packages come from: this machine's own apt configuration, handed on to a build container.

Sources, keys, passwords, proxies and certificates go into one folder of the container, which apt is pointed
to and which no layer takes over. A container of another release of the same distribution gets the same
sources for its own release; one of another distribution keeps those of its image.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jupyter_faas.gateway.images.host_base import ca_bundle
from jupyter_faas.gateway.images.layers import Entry

__all__ = [
    "BUILD_DIR",
    "Release",
    "build_variables",
    "host_mirror",
    "host_release",
    "proxy_variables",
    "settings",
]

BUILD_DIR = "faas-build"
"""Where everything of ours is in a build container, less the leading slash."""
APT = Path("/etc/apt")
KEYRINGS = (Path("/usr/share/keyrings"), APT / "keyrings")
_CARRIED = re.compile(
    r"^(Acquire::(?:(?:https?|ftp)::.*|Retries|Check-Date|Check-Valid-Until|ForceIPv[46])) (\".*\";)$"
)
"""What of apt's configuration is about reaching the sources; the rest is about this machine."""
_NOT_CARRIED = re.compile(r"(?i)::(ProxyAutoDetect|Proxy-Auto-Detect|CAInfo|SslCert|SslKey)$")
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True)
class Release:
    """A release of a distribution that uses apt: ``debian``, ``bookworm``."""

    distribution: str
    codename: str


@cache
def host_release() -> Release | None:
    """The Debian or Ubuntu release that this machine runs or is made of; ``None`` for any other system
    (os-release(5))."""
    try:
        facts = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', Path("/etc/os-release").read_text(), re.M))
    except OSError:
        return None
    family = [facts.get("ID", ""), *facts.get("ID_LIKE", "").split()]
    for distribution in ("ubuntu", "debian"):
        if distribution in family:
            named = facts.get(f"{distribution.upper()}_CODENAME", "")
            codename = named or (facts.get("VERSION_CODENAME", "") if family[0] == distribution else "")
            return Release(distribution, codename) if codename else None
    return None


def host_mirror(release: Release) -> str:
    """The address that this machine has ``release`` from; empty if its sources don't say."""
    for text in _sources().values():
        for stanza in re.split(r"\n\s*\n", text):
            uris = re.search(r"^URIs:\s*(\S+)", stanza, re.M)
            suites = re.search(r"^Suites:(.*)$", stanza, re.M)
            if uris and suites and release.codename in suites.group(1).split():
                return uris.group(1)
        line = re.search(rf"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+{re.escape(release.codename)}\s", text, re.M)
        if line:
            return line.group(1)
    return ""


def settings() -> Iterator[Entry]:
    """The files of the build folder that point apt to this machine's sources."""
    release = host_release()
    yield _entry("release", f"{release.distribution} {release.codename}\n" if release else "")
    if release is not None:
        for name, text in _sources().items():
            if release.codename in text:
                moved = text
                for folder in KEYRINGS:
                    moved = moved.replace(f"{folder}/", f"/{BUILD_DIR}/keyrings/")
                yield _entry(f"sources.list.d/{name}", moved)
    for folder in (*KEYRINGS, APT / "trusted.gpg.d"):
        yield from _copied(folder, "trusted" if folder.name == "trusted.gpg.d" else "keyrings")
    yield from _copied(APT / "auth.conf.d", "auth.conf.d")
    yield _entry("auth.conf", _read(APT / "auth.conf"))
    certificates = ca_bundle()
    if certificates is not None:
        yield Entry(f"{BUILD_DIR}/ca.crt", source=certificates)
    yield _entry("acquire.conf", _acquire(certificates is not None))


def build_variables() -> dict[str, str]:
    """The environment of a build container: proxies, and what makes its results the same each time."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "HOME": f"/{BUILD_DIR}",
        "SOURCE_DATE_EPOCH": "0",
        **proxy_variables(os.environ),
    }


def proxy_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The proxies of an environment, and of apt's configuration where the environment has none."""
    found = {name: value for name, value in environment.items() if name.lower() in _PROXIES and value}
    for name, value in _dumped():
        match = re.fullmatch(r"Acquire::(https?)::Proxy", name)
        if match and value.strip('";') not in ("", "DIRECT"):
            found.setdefault(f"{match.group(1)}_proxy", value.strip('";'))
    return found


def _acquire(certificates: bool) -> str:
    lines = [f"{name} {value}" for name, value in _dumped() if not _NOT_CARRIED.search(name)]
    if certificates:
        lines.append(f'Acquire::https::CAInfo "/{BUILD_DIR}/ca.crt";')
    return "".join(f"{line}\n" for line in lines)


@cache
def _dumped() -> tuple[tuple[str, str], ...]:
    if shutil.which("apt-config") is None:
        return ()
    done = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    return tuple(match.groups() for line in done.stdout.splitlines() if (match := _CARRIED.match(line)))  # type: ignore[misc]


def _sources() -> dict[str, str]:
    """apt's source files by name, the ones that it would read itself."""
    paths = [APT / "sources.list"]
    if (APT / "sources.list.d").is_dir():
        paths += sorted((APT / "sources.list.d").iterdir())
    return {
        path.name: text for path in paths if path.suffix in (".list", ".sources") and (text := _read(path))
    }


def _copied(folder: Path, name: str) -> Iterator[Entry]:
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.is_file() and os.access(path, os.R_OK):
                yield Entry(f"{BUILD_DIR}/{name}/{path.name}", source=path)


def _entry(name: str, text: str) -> Entry:
    return Entry(f"{BUILD_DIR}/{name}", content=text.encode())


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError):
        return ""
