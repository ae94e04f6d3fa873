"""One call of a caller, from its beginning to its record."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_faas.gateway.dispatch.call import Call, Start
from jupyter_faas.gateway.dispatch.outcome import Result
from jupyter_faas.gateway.dispatch.stream import Stream
from jupyter_faas.gateway.problems import status_of
from jupyter_faas.gateway.service.advice import advised
from jupyter_faas.gateway.service.calls import PLAINLY, Asked
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.service.recordings import CallRecording
from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.model.arguments import Arguments
from jupyter_faas.model.errors import FaasError
from jupyter_faas.model.trace import CallSpans, Span, span_in

if TYPE_CHECKING:  # an entrance doesn't load it
    from jupyter_faas.gateway.dispatch.dispatcher import Dispatcher
    from jupyter_faas.gateway.store.recorder import Recorder

__all__ = ["Invocation", "note_error"]

CLIENT_CLOSED_REQUEST = 499
"""Recorded for a call whose caller went away; as in nginx, it is never sent."""


class Invocation:
    """A call that somebody waits for, and its record; ``keep`` takes what a failed one has left behind.

    With ``traces`` it has spans, of which the function's own are part.
    """

    __slots__ = ("_caps", "_ended", "_keep", "_recorder", "_recording", "call", "record")

    def __init__(
        self,
        dispatcher: Dispatcher,
        recorder: Recorder,
        keep: Callable[[str, Result], None],
        published: Published,
        arguments: Arguments,
        accept: str,
        begun: Callable[[Stream], None],
        ended: Callable[[InvocationRecord, Result], None],
        asked: Asked = PLAINLY,
        traces: bool = False,
    ) -> None:
        target = published.target
        self._recorder = recorder
        self._keep = keep
        self._ended = ended
        self._recording = published.manifest.recording
        self._caps = published.manifest.caps
        self.record = InvocationRecord(
            secrets.token_hex(12),
            target.function,
            target.version,
            time.time(),
            asked.alias or "",
            asked.caller,
        )
        self.record.request_bytes = arguments.size
        seconds = target.caps.timeout_seconds
        self.call = Call(self.record.id, arguments, seconds, self._end, begun, accept)
        if traces or asked.traceparent:
            self._trace(span_in(asked.traceparent, asked.tracestate), traces)
        dispatcher.begin(target, self.call)

    def _trace(self, parent: Span | None, traces: bool) -> None:
        """Have the function continue the caller's trace, or ours within it."""
        span = parent
        if traces:
            self.record.spans = CallSpans.below(parent)
            span = self.record.spans.run
        if span is not None:
            self.call.traceparent, self.call.tracestate = str(span), span.state

    def cancel(self) -> None:
        """The caller went away: end the call, with everything that it started."""
        if self.call.cancel():
            self.record.status = CLIENT_CLOSED_REQUEST
            self._recorder.add(self.record)

    def _end(self, call: Call) -> None:
        record, result, usage = self.record, call.result, call.result.usage
        record.queue_ms = call.queue_seconds * 1000
        record.start_ms = call.start_seconds * 1000
        record.run_ms = call.run_seconds * 1000
        record.cpu_ms = usage.cpu_seconds * 1000
        record.peak_bytes = usage.peak_bytes
        record.cold = call.start is Start.COLD
        record.start = call.start.value if call.start is not None else ""
        record.logs = call.logs
        record.status = result.status
        record.result_bytes = len(result.body) if call.stream is None else call.stream.size
        if result.error is not None:
            result = replace(result, error=advised(result.error, record.function, self._caps))
        if result.error is not None:
            if result.attached:
                self._keep(record.id, result)
            note_error(record, result.error)
        if self._recording is not None:
            streamed = call.stream is not None
            record.recording = CallRecording(self._recording, call.arguments, result, streamed)
        self._ended(record, result)
        self._recorder.add(record)


def note_error(record: InvocationRecord, error: FaasError) -> None:
    """Have ``record`` say that its call ended with ``error``."""
    record.status, record.code, record.problem = status_of(error), error.code, error.problem()
