"""Continues the caller's trace in the function, where OpenTelemetry is among its packages."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Tracing:
    """Makes the span that a call comes from the current one while the call runs."""

    def __init__(self) -> None:
        self._there: bool | None = None

    def begin(self, header: dict[str, Any]) -> Any:
        """Take over ``traceparent`` and ``tracestate`` of a ``CALL``; returns what ``end`` wants."""
        headers = {name: header[name] for name in ("traceparent", "tracestate") if header.get(name)}
        if "traceparent" not in headers or not self._is_there():
            return None
        try:
            # By name: the runtime itself wants nothing but the standard library.
            propagation = import_module("opentelemetry.trace.propagation.tracecontext")
            given = propagation.TraceContextTextMapPropagator().extract(headers)
            return import_module("opentelemetry.context").attach(given)
        except Exception:
            self._there = False  # whatever it is, it isn't the package that we know
            return None

    def end(self, token: Any) -> None:
        """The call has ended."""
        if token is not None:
            import_module("opentelemetry.context").detach(token)

    def _is_there(self) -> bool:
        if self._there is None:
            try:
                found = find_spec("opentelemetry.trace")
            except (ImportError, ValueError):
                found = None
            self._there = "opentelemetry.trace" in sys.modules or found is not None
        return self._there
