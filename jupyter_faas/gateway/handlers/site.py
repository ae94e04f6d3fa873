"""What all handlers know: the gateway that they belong to, and who may use it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_faas.gateway.handlers.budget import Budget, Hold, hold_result
from jupyter_faas.gateway.service.access import needs_token
from jupyter_faas.gateway.service.calls import Calls

if TYPE_CHECKING:  # what isn't used is not loaded by an entrance, which has no service
    from jupyter_faas.gateway.service.service import Service

__all__ = ["Authenticator", "CallSite", "Site", "caller_in", "needs_token"]

MAX_CALLER: Final = 100


class Authenticator:
    """Knows the hash of the gateway's token, and so whether a request carries it."""

    def __init__(self, token_hash: str) -> None:
        self.token_hash = token_hash
        self._admitted = b""

    @staticmethod
    def hash(token: str) -> str:
        """What is kept of a token. Tokens are random 256-bit strings, so a plain hash needs no salt."""
        return hashlib.sha256(token.encode()).hexdigest()

    def admits(self, header: str) -> bool:
        """Whether ``Authorization`` holds the token, as ``Bearer`` (RFC 6750) or as Jupyter's ``token``."""
        sent = header.encode()
        if self._admitted and hmac.compare_digest(sent, self._admitted):
            return True  # the same as the last that was right: no need to hash it again
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in ("bearer", "token"):
            return False
        if not hmac.compare_digest(self.hash(token.strip()), self.token_hash):
            return False
        self._admitted = sent
        return True


@dataclass(frozen=True)
class CallSite:
    """What a request to run a function has to know."""

    calls: Calls
    authenticator: Authenticator
    budget: Budget
    hold: Hold = hold_result
    """Holds a large result until its caller has taken it."""


@dataclass(frozen=True)
class Site:
    """What every handler knows of the gateway that it belongs to."""

    service: Service
    authenticator: Authenticator
    url: str
    """The address under which the gateway is reached."""
    started: float
    """Unix time, seconds."""
    data_dir: str
    shutdown: Callable[[], None]
    budget: Budget

    @property
    def for_calls(self) -> CallSite:
        """The same, as far as calls need it."""
        return CallSite(self.service, self.authenticator, self.budget)


def caller_in(name: str | None) -> str:
    """The name that a caller with the token gives, ``token`` if it gives none that can be shown."""
    return name if name and len(name) <= MAX_CALLER and name.isprintable() else "token"
