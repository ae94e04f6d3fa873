"""The connection file: how a kernel or a shell finds the gateway of its user, and where that one lives.

``faas-gateway.json`` in Jupyter's runtime directory holds a token, so it is readable by its owner only and
is replaced in one step. The gateway writes it when it listens and leaves it behind, so that the next one
keeps the address and the token.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from jupyter_faas.model.errors import GatewayUnavailable

__all__ = [
    "ConnectionInfo",
    "connection_file",
    "data_dir",
    "last_connection",
    "read_connection",
    "write_connection",
]

FILE_NAME: Final = "faas-gateway.json"
MAX_BYTES: Final = 64 * 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ConnectionInfo:
    """Contents of the connection file; ``pid`` is the gateway's, ``data_dir`` holds its state and its log."""

    url: str
    token: str = field(repr=False)
    pid: int
    version: str
    data_dir: str


def connection_file(directory: Path | None = None) -> Path:
    """The connection file in ``directory``, by default in Jupyter's runtime directory."""
    return (_runtime_dir() if directory is None else directory) / FILE_NAME


def _runtime_dir() -> Path:
    try:
        from jupyter_core.paths import jupyter_runtime_dir
    except ImportError:  # a program that only calls functions may do without Jupyter
        return Path(os.environ.get("JUPYTER_RUNTIME_DIR") or "~/.local/share/jupyter/runtime").expanduser()
    return Path(jupyter_runtime_dir())


def data_dir() -> Path:
    """Where a gateway keeps its state: ``FAAS_DATA_DIR``, else ``faas`` in Jupyter's data directory."""
    if configured := os.environ.get("FAAS_DATA_DIR"):
        return Path(configured).expanduser().absolute()
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "faas"


def read_connection(path: Path | None = None) -> ConnectionInfo | None:
    """What the connection file says; None without a file, or (after a warning) with one that makes no sense.

    Raises ``GatewayUnavailable`` for a file that others can read or that isn't ours: its token is no secret.
    """
    path = path or connection_file()
    try:
        with path.open("rb") as file:
            _refuse_shared(path, os.fstat(file.fileno()))
            content = file.read(MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise GatewayUnavailable(
            f"The connection file {path} can't be read: {error.strerror}. Remove it, or mend its permissions."
        ) from error
    try:
        return _parse(json.loads(content))
    except (ValueError, TypeError, KeyError) as error:
        _warn_once(path, str(error))
        return None


def write_connection(info: ConnectionInfo, path: Path | None = None) -> Path:
    """Put ``info`` into the connection file, readable by its owner only, and return its path.

    A reader sees the old file or the new one, never a part of it.
    """
    path = path or connection_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(info), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    return path


def _refuse_shared(path: Path, status: os.stat_result) -> None:
    # Jupyter's own switch for file systems that know no modes.
    if os.environ.get("JUPYTER_ALLOW_INSECURE_WRITES", "").lower() in {"1", "true"}:
        return
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077 or status.st_uid != os.geteuid():
        raise GatewayUnavailable(
            f"The connection file {path} has mode {mode:04o} and owner {status.st_uid}, so that others may "
            "know its token. Remove it and start the gateway anew, which makes a new token."
        )


@functools.cache  # who waits for a gateway reads the file many times
def _warn_once(path: Path, reason: str) -> None:
    _log.warning("%s is not a connection file (%s) and is ignored. Remove it.", path, reason)


def _parse(content: Any) -> ConnectionInfo:
    fields = {name: content[name] for name in ("url", "token", "pid", "version", "data_dir")}
    for name, value in fields.items():
        if type(value) is not (int if name == "pid" else str):
            raise TypeError(f"{name} is of the wrong type")
    if not fields["url"].startswith(("http://", "https://")):
        raise ValueError("url is not an HTTP address")
    return ConnectionInfo(**fields)


def last_connection(folder: Path) -> ConnectionInfo | None:
    """What the last gateway with its data in ``folder`` has left, if it was the last one here."""
    try:
        last = read_connection()
    except GatewayUnavailable:
        return None  # others could read it: its token is not used again
    return last if last and last.data_dir == str(folder) else None
