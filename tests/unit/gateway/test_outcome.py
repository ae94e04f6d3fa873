"""What an instance says is believed as far as it makes sense."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_faas.gateway.dispatch.outcome import result_in
from jupyter_faas.gateway.problems import problem_for
from jupyter_faas.model.errors import Crashed, HandlerError
from jupyter_faas.model.wire import Frame, Kind

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def result_of(header: dict[str, Any]) -> Frame:
    return Frame(Kind.RESULT, 0, header, b"body")


def test_a_result() -> None:
    usage = {"run_seconds": 1.5, "cpu_seconds": 0.5, "peak_bytes": 7}
    result = result_in(result_of({"ok": True, "type": "application/json", "usage": usage}))
    assert (result.error, result.body, result.content_type) == (None, b"body", "application/json")
    assert (result.usage.run_seconds, result.usage.cpu_seconds, result.usage.peak_bytes) == (1.5, 0.5, 7)


@pytest.mark.parametrize(
    "content_type", ["text/html\r\nSet-Cookie: a=b", "", None, 5, "x" * 500, "text/ä", "plain"]
)
def test_a_content_type_can_not_smuggle_headers(content_type: object) -> None:
    result = result_in(result_of({"ok": True, "type": content_type}))
    assert result.content_type == "application/octet-stream"


@pytest.mark.parametrize("code", ["timeout", "unauthenticated", "saturated", "internal-error", "", None, 7])
def test_an_instance_speaks_for_its_function_only(code: object) -> None:
    error = result_in(result_of({"ok": False, "code": code, "detail": "x"})).error
    assert isinstance(error, Crashed)


def test_figures_can_not_pose_as_the_problem() -> None:
    figures = {"status": 200, "code": "fine", "detail": "fine", "self": 1, "exception": "ValueError"}
    error = result_in(
        result_of({"ok": False, "code": "handler-error", "detail": "d", "figures": figures})
    ).error
    assert isinstance(error, HandlerError)
    assert error.figures == {"exception": "ValueError"}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["ok", "type", "code", "detail", "figures", "usage"]), JSON))
def test_no_header_breaks_the_gateway(header: dict[str, Any]) -> None:
    result = result_in(result_of(header))
    if result.error is not None:
        assert problem_for(result.error, trusted=True)["status"] in (500, 502)
