"""What an instance says of a call, turned into a result or an error. Untrusted input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from jupyter_faas.gateway.dispatch.replies import headers_in, status_in
from jupyter_faas.model.errors import Crashed, FaasError, error_of
from jupyter_faas.model.wire import Frame

__all__ = ["MEDDLING", "Result", "Usage", "error_in", "interrupted", "result_in"]

_CODES: Final = frozenset(
    {
        "crashed",
        "handler-error",
        "init-error",
        "invalid-input",
        "not-acceptable",
        "out-of-memory",
        "result-not-encodable",
        "result-too-large",
    }
)
MEDDLING: Final = "Code in the function writes to file descriptors that it didn't open."
MAX_DETAIL: Final = 8_000
MAX_STEP_TEXT: Final = 300
MAX_TAGS: Final = 30


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used, as the instance measured it."""

    run_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """How a call ended: ``error``, or else a body of ``content_type`` with the function's own status and
    headers."""

    content_type: str = "application/json"
    body: bytes = b""
    usage: Usage = Usage()
    error: FaasError | None = None
    attached: bytes = b""
    """With an error, what the call has left behind, of ``content_type``."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def result_in(frame: Frame) -> Result:
    """The result that a RESULT frame carries."""
    usage = _usage(frame.header.get("usage"))
    if frame.header.get("ok") is True:
        content_type = _content_type(frame.header.get("type"))
        if "status" not in frame.header:
            return Result(content_type, frame.body, usage)
        status, headers = status_in(frame.header["status"]), headers_in(frame.header.get("headers"))
        return Result(content_type, frame.body, usage, status=status, headers=headers)
    if "attached" not in frame.header:
        return Result(usage=usage, error=error_in(frame.header))
    content_type = _content_type(frame.header["attached"])
    return Result(content_type, usage=usage, error=error_in(frame.header), attached=frame.body)


def interrupted(frame: Frame, error: FaasError) -> Result:
    """The end of a call that was ended for ``error``: with the step at which it was, if it told, and what the
    steps before have left behind."""
    told = result_in(frame)
    figures = frame.header.get("figures")
    step = _step(figures) if isinstance(figures, dict) else {}
    if step:
        tags = f" (tagged {', '.join(step['tags'])})" if step["tags"] else ""
        detail = f"{error.detail} Cell {step['cell']}{tags} was running."
        error = type(error)(detail, **{**step, **error.figures})
    return replace(told, error=error)


def error_in(header: Mapping[str, Any]) -> FaasError:
    """The error that an outcome names; one that makes no sense counts as a crash."""
    code, detail, figures = header.get("code"), header.get("detail"), header.get("figures")
    if not isinstance(code, str) or code not in _CODES or not isinstance(detail, str):
        return Crashed(
            f"The function's process sent an answer that makes no sense, and was ended. {MEDDLING}"
        )
    named = figures if isinstance(figures, dict) else {}
    reserved = {"type", "title", "detail", "code", "status", "instance", "self"}
    return error_of(code, detail[:MAX_DETAIL], **{k: v for k, v in named.items() if k not in reserved})


def _step(figures: Mapping[str, Any]) -> dict[str, Any]:
    """A notebook's cell, as far as the figures tell of one; twin: ``runtime/progress.py``."""
    cell, tags, source = (figures.get(name) for name in ("cell", "tags", "source"))
    if type(cell) is not int:
        return {}
    texts = (
        [tag[:MAX_STEP_TEXT] for tag in tags[:MAX_TAGS] if isinstance(tag, str)]
        if isinstance(tags, list)
        else []
    )
    return {"cell": cell, "tags": texts, "source": source[:MAX_STEP_TEXT] if isinstance(source, str) else ""}


def _usage(value: object) -> Usage:
    if not isinstance(value, dict):
        return Usage()
    run, cpu, peak = (_number(value.get(name)) for name in ("run_seconds", "cpu_seconds", "peak_bytes"))
    return Usage(run, cpu, int(peak))


def _number(value: object) -> float:
    usable = isinstance(value, int | float) and 0 <= value < 2**53
    return float(value) if usable and isinstance(value, int | float) else 0.0


def _content_type(value: object) -> str:
    # Goes into a response header: a line break in it would let a function write headers of its own.
    plain = isinstance(value, str) and value.isascii() and value.isprintable() and "/" in value
    return value if plain and isinstance(value, str) and len(value) < 200 else "application/octet-stream"
