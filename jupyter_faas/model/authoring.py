"""What a function may import from ``jupyter_faas``: here for its author's kernel, where it can be tried out.

In the image, ``runtime/facade.py`` stands for it; a test holds the two together.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["AUTHORING_NAMES", "Context", "Response"]

AUTHORING_NAMES: Final = frozenset({"Context", "Response"})
"""What ``from jupyter_faas import …`` may name in a published function."""


class Response:
    """A result with an HTTP status (200 to 599) and headers of its own.

    With a ``Content-Type`` among the headers, ``value`` is text or bytes and sent as it is.
    """

    def __init__(
        self, value: Any = None, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.value = value
        self.status = status
        self.headers = dict(headers or {})


class Context:
    """The call that runs: a parameter ``context: Context`` gets it, and callers don't see that parameter."""

    def __init__(
        self,
        invocation_id: str = "",
        timeout_seconds: float = float("inf"),
        caps: Mapping[str, Any] | None = None,
        logger: logging.Logger | None = None,
        traceparent: str = "",
        tracestate: str = "",
    ) -> None:
        self.invocation_id = invocation_id
        self.caps = dict(caps or {})
        self.traceparent = traceparent
        self.tracestate = tracestate
        self.logger = logger or logging.getLogger("function")
        self._deadline = time.monotonic() + timeout_seconds

    def remaining_seconds(self) -> float:
        """What is left until the call is ended for taking too long; never negative."""
        return max(0.0, self._deadline - time.monotonic())


for _offered in (Context, Response):
    _offered.__module__ = "jupyter_faas"  # where authors import it from, and so where a handler does
