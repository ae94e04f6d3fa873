"""Where packages come from: the user's own pip configuration, handed on to uv.

uv reads its own configuration by itself. Only where that names no index, pip's files and ``PIP_*`` variables
are read in pip's order (pip documentation, "Configuration") and turned into uv's variables: into variables
and not arguments, because indexes may hold passwords and arguments are visible to every user of a machine.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["IndexSettings", "has_credentials", "read_pip_settings", "redacted", "uv_environment"]

_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/@\s'\"]+@")
_PIP_SECTIONS = ("global", "install", "download")
_UV_VARIABLES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_CONFIG_FILE",
)


def redacted(text: str) -> str:
    """``text`` with the user names and passwords of all URLs in it replaced by ``***``."""
    return _CREDENTIALS.sub(r"\g<scheme>***@", text)


def has_credentials(text: str) -> bool:
    """Whether a URL in ``text`` holds a user name or a password. ``git@`` alone is neither."""
    return any(not match.group(0).endswith("://git@") for match in _CREDENTIALS.finditer(text))


@dataclass(frozen=True)
class IndexSettings:
    """pip's settings about sources, of all its configuration files and variables together."""

    index_url: str = ""
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    certificate: str = ""
    trusted_hosts: tuple[str, ...] = ()

    def variables(self) -> dict[str, str]:
        """The environment variables by which uv does the same."""
        links = [place for place in self.find_links if _exists(place)]
        variables = {
            "UV_DEFAULT_INDEX": "" if self.no_index else self.index_url,
            "UV_INDEX": "" if self.no_index else " ".join(u for u in self.extra_index_urls if _exists(u)),
            "UV_FIND_LINKS": ",".join(links),
            "UV_NO_INDEX": "1" if self.no_index else "",
            "UV_INSECURE_HOST": " ".join(self.trusted_hosts),
            "SSL_CERT_FILE": self.certificate,
            # pip takes the best version of all indexes; what the kernel runs was found that way.
            "UV_INDEX_STRATEGY": "unsafe-best-match" if self.extra_index_urls else "",
        }
        return {name: value for name, value in variables.items() if value}


def uv_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment to run uv in: ``environment``, made definite, with pip's indexes if uv has none."""
    result = {
        name: value
        for name, value in environment.items()
        if name not in {"VIRTUAL_ENV", "CONDA_PREFIX", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT"}
    }
    if not _uv_has_indexes(environment):
        added = read_pip_settings(environment).variables()
        result = {**added, **result} if "SSL_CERT_FILE" in result else {**result, **added}
    result.update(NO_COLOR="1", UV_NO_PROGRESS="1", UV_PYTHON_DOWNLOADS="never")
    return result


def read_pip_settings(environment: Mapping[str, str]) -> IndexSettings:
    """Read pip's configuration files, and then its variables, which win. Unreadable files are skipped."""
    values: dict[str, str] = {}
    for path in _pip_files(environment):
        values.update(_read(path))
    for name, value in environment.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE":
            values[name[len("PIP_") :].lower().replace("_", "-")] = value
    return IndexSettings(
        index_url=values.get("index-url", ""),
        extra_index_urls=tuple(values.get("extra-index-url", "").split()),
        find_links=tuple(values.get("find-links", "").split()),
        no_index=values.get("no-index", "").lower() in {"1", "true", "yes", "on"},
        certificate=values.get("cert", ""),
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
    )


def _read(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text())
    except (OSError, ValueError, configparser.Error):
        return {}
    values: dict[str, str] = {}
    for section in _PIP_SECTIONS:
        if parser.has_section(section):
            values.update((name.replace("_", "-"), value) for name, value in parser.items(section))
    return values


def _pip_files(environment: Mapping[str, str]) -> Sequence[Path]:
    """pip's configuration files, the one that wins last."""
    named = environment.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    home = Path(environment.get("HOME") or Path.home())
    system = [Path(folder, "pip/pip.conf") for folder in reversed(_system_folders(environment))]
    configured = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    files = [*system, Path("/etc/pip.conf"), home / ".pip/pip.conf", configured / "pip/pip.conf"]
    if sys.platform == "darwin":
        files.append(home / "Library/Application Support/pip/pip.conf")
    files.append(Path(sys.prefix, "pip.conf"))
    return [*files, Path(named)] if named else files


def _system_folders(environment: Mapping[str, str]) -> list[str]:
    return [folder for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":") if folder]


def _uv_has_indexes(environment: Mapping[str, str]) -> bool:
    if any(environment.get(name) for name in _UV_VARIABLES):
        return True
    home = Path(environment.get("HOME") or Path.home())
    folders = [environment.get("XDG_CONFIG_HOME") or home / ".config", *_system_folders(environment), "/etc"]
    for path in (Path(folder, "uv/uv.toml") for folder in folders):
        try:
            if re.search(
                r"^\s*(\[\[?(pip\.)?index|index|extra-index|find-links|no-index)", path.read_text(), re.M
            ):
                return True
        except (OSError, ValueError):
            continue
    return False


def _exists(place: str) -> bool:
    """Whether a local path is there; URLs of other machines are taken to be. uv stops at a missing folder."""
    if "://" not in place:
        return Path(place).exists()
    parts = urlsplit(place)
    return parts.scheme != "file" or Path(unquote(parts.path)).exists()
