"""Status and headers that a function chose, as far as they are let through. Untrusted input.

The container's side of this contract is ``runtime/replies.py``, which also says what is wrong; a test holds
the two together.
"""

from __future__ import annotations

from typing import Final

__all__ = ["MAX_HEADERS", "headers_in", "is_allowed", "status_in"]

MAX_HEADERS: Final = 32
MAX_HEADER_CHARACTERS: Final = 4096
TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")  # RFC 9110 §5.6.2, lower case

# Of the connection (RFC 9110 §7.6.1), of the gateway, or for all functions at the same address.
RESERVED: Final = frozenset(
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


def is_allowed(name: object, value: object) -> bool:
    """Whether a function may set this header; a line break in one would start another."""
    if not isinstance(name, str) or not name or not set(name.lower()) <= TOKEN:
        return False
    if name.lower() in RESERVED or name.lower().startswith("faas-"):
        return False
    plain = isinstance(value, str) and value.isascii() and (value.isprintable() or value == "")
    return plain and isinstance(value, str) and len(name) + len(value) <= MAX_HEADER_CHARACTERS


def headers_in(value: object) -> dict[str, str]:
    """The headers that an instance sent, less those which a function may not set."""
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in list(value.items())[:MAX_HEADERS] if is_allowed(name, text)}


def status_in(value: object) -> int:
    """The status that an instance sent, 200 if it is none."""
    known = isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 599
    return value if known and isinstance(value, int) else 200
