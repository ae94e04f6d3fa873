"""Which gateway to talk to: the environment's, the connection file's, or one started for the purpose."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jupyter_faas.client.answers import value_of
from jupyter_faas.client.start import gateway_command, log_file, start_gateway
from jupyter_faas.client.transport import Transport
from jupyter_faas.model.connection import (
    ConnectionInfo,
    connection_file,
    read_connection,
    write_connection,
)
from jupyter_faas.model.errors import FaasError, GatewayUnavailable, MalformedRequest

__all__ = [
    "Connection",
    "ConnectionInfo",
    "connection_file",
    "ensure_gateway",
    "find_gateway",
    "is_alive",
    "known_connection",
    "process_exists",
    "read_connection",
    "running_gateway",
    "write_connection",
]

HEALTH_SECONDS: Final = 2.0
URL_VARIABLE: Final = "FAAS_GATEWAY"
TOKEN_VARIABLE: Final = "FAAS_TOKEN"  # noqa: S105 - the name of a variable
ADVICE: Final = "Start one with `jupyter faas serve`, or name one with FAAS_GATEWAY and FAAS_TOKEN."

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Connection:
    """Address and token of a gateway; an empty token reaches public functions only."""

    url: str
    token: str = field(default="", repr=False)

    @classmethod
    def from_url(cls, url: str, token: str | None = None) -> Connection:
        """The gateway at ``url``.

        Without a ``token`` it is ``FAAS_TOKEN``, unless ``FAAS_GATEWAY`` names another gateway, or else the
        connection file's if that is about this address. Raises ``MalformedRequest`` for what is no URL.
        """
        url = _normal(url)
        if token is None:
            token = _token_from_environment(url)
        if token is None:
            info = read_connection()
            token = info.token if info and _normal(info.url) == url else ""
        return cls(url, token.strip())


def known_connection() -> Connection | None:
    """The gateway that the environment or else the connection file names, running or not."""
    if url := os.environ.get(URL_VARIABLE):
        return Connection.from_url(url)
    info = read_connection()
    return Connection(_normal(info.url), info.token) if info else None


def find_gateway() -> Connection | None:
    """The running gateway of this user; None if there is none.

    Raises ``GatewayUnavailable`` if ``FAAS_GATEWAY`` names one that doesn't answer: that one is wanted, and
    no other will do.
    """
    if url := os.environ.get(URL_VARIABLE):
        connection = Connection.from_url(url)
        if not is_alive(connection):
            raise GatewayUnavailable(
                f"No gateway answers at {connection.url}, which {URL_VARIABLE} names. "
                f"Start that one, correct {URL_VARIABLE}, or unset it."
            )
        return connection
    info = read_connection()
    # The file outlives the gateway, and another user's program may have taken the address since: the token
    # goes there only while the process that wrote the file exists.
    if info is None or (_is_local(info.url) and not process_exists(info.pid)):
        return None
    connection = Connection(_normal(info.url), info.token)
    return connection if is_alive(connection) else None


def running_gateway() -> Connection:
    """As ``find_gateway``, raising ``GatewayUnavailable`` with advice if there is none."""
    if connection := find_gateway():
        return connection
    raise GatewayUnavailable(f"No gateway is running. {ADVICE}")


def ensure_gateway(log: Callable[[str], None] | None = None, arguments: Sequence[str] = ()) -> Connection:
    """The running gateway, started in the background with ``arguments`` if there is none.

    ``log`` receives a line for a person where something is started. Raises ``GatewayUnavailable`` with the
    end of the gateway's log if that fails.
    """
    if connection := find_gateway():
        return connection
    if log:
        log(f"Starting a gateway in the background; its log is {log_file()}.")
    return start_gateway(gateway_command(*arguments), find_gateway)


def is_alive(connection: Connection) -> bool:
    """Whether a gateway says within 2 s that it is up."""
    transport = Transport(connection.url, connect_seconds=HEALTH_SECONDS)
    try:
        response = transport.send("GET", "/healthz", timeout_seconds=HEALTH_SECONDS)
        health = value_of(response, connection.url)
    except FaasError:
        return False
    finally:
        transport.close()
    return isinstance(health, dict) and health.get("status") == "ok"


def process_exists(pid: int) -> bool:
    """Whether ``pid`` is a process of this user that still runs; one that ended and waits for its parent
    doesn't."""
    if pid <= 0:  # a group, to kill(2)
        return False
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return False
    with suppress(OSError):  # no /proc: then the signal is all there is to know
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return not state.rpartition(")")[2].lstrip().startswith("Z")
    return True


def _token_from_environment(url: str) -> str | None:
    elsewhere = os.environ.get(URL_VARIABLE)
    if elsewhere and _normal(elsewhere) != url:
        return None
    return os.environ.get(TOKEN_VARIABLE)


def _normal(url: str) -> str:
    """``url`` in the one form in which addresses are compared; raises ``MalformedRequest``."""
    refusal = MalformedRequest(
        f"{url!r} is not the address of a gateway. Write it like http://127.0.0.1:8899 or https://host/path, "
        "and the token into FAAS_TOKEN."
    )
    try:
        parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:
        raise refusal from error
    if not usable or parts.query or parts.fragment or "@" in parts.netloc:
        raise refusal
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK
