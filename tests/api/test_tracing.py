"""One trace from the request through queue, start and run into the function's own spans."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from jupyter_faas.model.trace import Span, span_in
from tests.conftest import running
from tests.support.docker import require_docker
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

SOURCE = """
from jupyter_faas import Context
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())

async def traced(context: Context, fail: bool = False):
    with trace.get_tracer("mine").start_as_current_span("own") as span:
        if fail:
            raise ValueError("no")
        own, parent = span.get_span_context(), span.parent
        state = own.trace_state.to_header()
    return [context.traceparent, f"{own.trace_id:032x}", parent and f"{parent.span_id:016x}", state]
"""
PLAIN = """
from jupyter_faas import Context
def plain(context: Context, state: bool = False):
    return [context.traceparent, context.tracestate] if state else context.traceparent
"""
STATE = "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"
CALLER = Span("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")


class Collector:
    """Takes OTLP over HTTP, and keeps the spans."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.url = ""

    def named(self, trace: str) -> dict[str, Any]:
        """The spans of a trace by their names."""
        return {span.name: span for span in self.spans if span.trace_id.hex() == trace}


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = ExportTraceServiceRequest()
            request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    collector.spans.extend(scope.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}/v1/traces"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield collector
        server.shutdown()


def test_a_trace_goes_from_the_caller_into_the_function(tmp_path: Path) -> None:
    require_docker()
    with (
        collecting() as collector,
        running(tmp_path / "gateway", f"--GatewayApp.trace_endpoint={collector.url}") as gateway,
    ):
        gateway.publish(SOURCE, "traced", requirements=["opentelemetry-sdk"])
        gateway.publish(PLAIN, "plain")
        header = {"traceparent": str(CALLER), "tracestate": STATE}
        inside, trace, parent, state = gateway.request("POST", "/functions/traced", b"{}", header).json
        assert span_in(inside) == Span(CALLER.trace, parent)
        assert state == STATE
        assert trace == CALLER.trace
        gateway.request("POST", "/functions/traced?fail=true", b'{"fail": true}')
        other = span_in(gateway.call("plain").json)
        assert other is not None
        assert other.trace != CALLER.trace
        gateway.stop()
    spans = collector.named(CALLER.trace)
    assert spans["traced"].parent_span_id.hex() == CALLER.id
    assert {span.trace_state for span in spans.values()} == {STATE}
    for name in ("queue", "run"):
        assert spans[name].parent_span_id == spans["traced"].span_id
        assert spans["traced"].start_time_unix_nano <= spans[name].start_time_unix_nano
        assert spans[name].end_time_unix_nano <= spans["traced"].end_time_unix_nano
    assert spans["run"].span_id.hex() == parent
    attributes = {each.key: each.value for each in spans["traced"].attributes}
    assert attributes["faas.invoked_name"].string_value == "traced"
    assert attributes["http.response.status_code"].int_value == 200
    failed = [span for span in collector.spans if span.status.code == 2]
    assert [
        {each.key: each.value.string_value for each in span.attributes}["error.type"] for span in failed
    ] == ["handler-error"]
    assert collector.named(other.trace)["run"].span_id.hex() == other.id


def test_without_a_collector_the_callers_trace_is_passed_on(gateway: Gateway) -> None:
    gateway.publish(PLAIN, "plain")
    header = {"traceparent": str(CALLER)}
    assert gateway.request("POST", "/functions/plain", b"{}", header).json == str(CALLER)
    both = {**header, "tracestate": STATE}
    asked = b'{"state": true}'
    assert gateway.request("POST", "/functions/plain", asked, both).json == [str(CALLER), STATE]
    alone = {"tracestate": STATE}
    assert gateway.request("POST", "/functions/plain", asked, alone).json == ["", ""], "of no trace"
    assert gateway.call("plain").json == ""
    assert gateway.request("POST", "/functions/plain", b"{}", {"traceparent": "nonsense"}).json == ""


def test_an_unsampled_trace_is_not_told(tmp_path: Path) -> None:
    require_docker()
    with (
        collecting() as collector,
        running(tmp_path / "gateway", f"--GatewayApp.trace_endpoint={collector.url}") as gateway,
    ):
        gateway.publish(PLAIN, "plain")
        unsampled = Span(CALLER.trace, CALLER.id, 0)
        gateway.request("POST", "/functions/plain", b"{}", {"traceparent": str(unsampled)})
        gateway.call("plain")
        gateway.stop()
        eventually(lambda: collector.spans, 5, "the other call's spans")
    assert not collector.named(CALLER.trace)


@given(st.text(max_size=80))
def test_no_header_breaks_the_reader(text: str) -> None:
    found = span_in(text)
    assert found is None or str(found)[3:52] == text[3:52]


@pytest.mark.parametrize(
    "text",
    ["", f"ff{str(CALLER)[2:]}", f"00-{'0' * 32}-{CALLER.id}-01", f"{CALLER}-more", str(CALLER).upper()],
)
def test_what_names_no_span(text: str) -> None:
    assert span_in(text) is None
    assert span_in(f"01{str(CALLER)[2:]}-more") == CALLER


@pytest.mark.parametrize("state", ["a=1,b=2", "", "x" * 512])
def test_what_tracing_systems_say_goes_along(state: str) -> None:
    parent = span_in(str(CALLER), state)
    assert parent is not None
    assert Span.new(parent).state == parent.state == state
    for wrong in (f"a={'x' * 600}", "a=\u00e9", "a=\x01"):
        assert span_in(str(CALLER), wrong) == CALLER
