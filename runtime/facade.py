"""What ``from jupyter_faas import Context, Response`` gives in the image, where that package isn't.

The kernel's side of this contract is ``jupyter_faas/model/authoring.py``, which can't be imported here; a
test holds the two together.
"""

from __future__ import annotations

import logging
import sys
import time
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

NAME = "jupyter_faas"


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


def install() -> ModuleType:
    """Make the two importable; the module that has them."""
    module = ModuleType(NAME, "What jupyter_faas offers to published functions.")
    for offered in (Context, Response):
        offered.__module__ = NAME
        setattr(module, offered.__name__, offered)
    sys.modules[NAME] = module
    return module


def takes_context(entry: Callable[..., Any]) -> bool:
    """Whether ``entry`` has a parameter ``context`` annotated as ``Context``."""
    annotation = getattr(entry, "__annotations__", {}).get("context")
    if isinstance(annotation, str):
        first, *rest = annotation.strip("'\" ").split(".")
        annotation = getattr(entry, "__globals__", {}).get(first)
        for name in rest:
            annotation = getattr(annotation, name, None)
    return annotation is Context
