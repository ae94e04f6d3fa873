"""Status and headers that a function chose: checked here, so that the author learns what is wrong with them.

The gateway checks again (``dispatch/replies.py``), for what an instance says is untrusted; a test holds the
two together.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_HEADERS = 32
MAX_HEADER_CHARACTERS = 4096
TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")  # RFC 9110 §5.6.2, lower case

# Of the connection (RFC 9110 §7.6.1), of the gateway, or for all functions at the same address.
RESERVED = frozenset(
    {
        "alt-svc",
        "clear-site-data",
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "nel",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "public-key-pins",
        "report-to",
        "reporting-endpoints",
        "server",
        "server-timing",
        "service-worker-allowed",
        "set-cookie",
        "strict-transport-security",
        "te",
        "traceparent",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "vary",
        "x-content-type-options",
    }
)


def header_fault(name: Any, value: Any) -> str | None:
    """Why this can't be a response header; ``None`` if it can."""
    if not isinstance(name, str) or not name or not set(name.lower()) <= TOKEN:
        return "is no header's name"
    if name.lower() in RESERVED or name.lower().startswith("faas-"):
        return "is not a function's to set"
    if not isinstance(value, str) or not value.isascii() or not (value.isprintable() or value == ""):
        return "has a value that is not plain ASCII text"
    if len(name) + len(value) > MAX_HEADER_CHARACTERS:
        return f"has more than {MAX_HEADER_CHARACTERS} characters"
    return None


def status_fault(status: Any) -> str | None:
    """Why this can't be a response's status; ``None`` if it can."""
    if isinstance(status, int) and not isinstance(status, bool) and 200 <= status <= 599:
        return None
    return "is no HTTP status from 200 to 599"
