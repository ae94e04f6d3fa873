"""Calls as spans of OpenTelemetry, told to a collector behind their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.model.errors import Conflict
from jupyter_faas.model.trace import CallSpans, Span
from jupyter_faas.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext

__all__ = ["Tracer"]

SCOPE: Final = "jupyter_faas.gateway"
NANOSECONDS: Final = 10**9


class Tracer:
    """Tells a collector at ``endpoint`` (OTLP over HTTP) of calls: request, queue, start and run.

    Spans are sent in batches from a thread of their own; those that a collector doesn't take in time are
    dropped. Raises ``Conflict`` if OpenTelemetry isn't installed.
    """

    def __init__(self, endpoint: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise Conflict(
                f"GatewayApp.trace_endpoint is set, but OpenTelemetry is not installed ({error}). Install "
                "jupyter-faas[otel], or leave the setting empty."
            ) from error
        self._resource = Resource.create({"service.name": "jupyter-faas", "service.version": VERSION})
        self._processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))

    def tell(self, records: Iterable[InvocationRecord]) -> None:
        """Hand over the spans of calls that have ended; not on the event loop, for it takes a while."""
        for record in records:
            spans = record.spans
            if spans is not None and spans.request.sampled:
                for span in self._spans(record, spans):
                    self._processor.on_end(span)

    def close(self) -> None:
        """Send what is left."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]

    def _spans(self, record: InvocationRecord, spans: CallSpans) -> Iterator[ReadableSpan]:
        waited = record.started + record.queue_ms / 1000
        ended = waited + record.run_ms / 1000
        yield self._span(
            record.function, spans.request, spans.parent, record.started, ended, record, server=True
        )
        queue = Span.new(spans.request)
        yield self._span("queue", queue, spans.request, record.started, waited)
        if record.start_ms:
            begun = waited - record.start_ms / 1000
            yield self._span("start", Span.new(queue), queue, begun, waited)
        if record.start:
            yield self._span("run", spans.run, spans.request, waited, ended)

    def _span(
        self,
        name: str,
        span: Span,
        parent: Span | None,
        begun: float,
        ended: float,
        record: InvocationRecord | None = None,
        server: bool = False,
    ) -> ReadableSpan:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope
        from opentelemetry.trace import SpanKind, Status, StatusCode

        failed = record is not None and record.status >= 500
        return ReadableSpan(
            name,
            _context(span, remote=False),
            parent=None if parent is None else _context(parent, remote=server),
            resource=self._resource,
            attributes={} if record is None else _attributes(record),
            kind=SpanKind.SERVER if server else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=int(begun * NANOSECONDS),
            end_time=int(ended * NANOSECONDS),
            instrumentation_scope=InstrumentationScope(SCOPE, VERSION),
        )


def _context(span: Span, remote: bool) -> SpanContext:
    from opentelemetry.trace import SpanContext, TraceFlags, TraceState

    state = TraceState.from_header([span.state]) if span.state else None
    return SpanContext(int(span.trace, 16), int(span.id, 16), remote, TraceFlags(span.flags), state)


def _attributes(record: InvocationRecord) -> dict[str, Any]:
    """By OpenTelemetry's semantic conventions where there is one."""
    named = {
        "faas.invoked_name": record.function,
        "faas.version": str(record.version),
        "faas.invocation_id": record.id,
        "faas.coldstart": record.cold,
        "http.response.status_code": record.status,
    }
    optional = {"error.type": record.code, "jupyter_faas.start": record.start, "enduser.id": record.caller}
    return {**named, **{name: value for name, value in optional.items() if value}}
