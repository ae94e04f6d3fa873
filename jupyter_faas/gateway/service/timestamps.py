"""Times as the API writes them."""

from __future__ import annotations

import time

__all__ = ["iso"]


def iso(seconds: float) -> str:
    """A Unix time as RFC 3339 in UTC with milliseconds."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds * 1000) % 1000:03d}Z"
