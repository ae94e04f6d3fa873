"""Reading what a worker says of itself: user code can write there too, so nothing is taken on trust."""

from __future__ import annotations

import json

from .frames import FrameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CODES = frozenset(
    {
        "crashed",
        "handler-error",
        "init-error",
        "invalid-input",
        "not-acceptable",
        "out-of-memory",
        "result-too-large",
        "result-not-encodable",
    }
)
MAX_REPORT_BYTES = 128 * 1024


def outcome_in(header: dict[str, Any]) -> dict[str, Any]:
    """The outcome in a header, without anything else; raises ``FrameError`` if there is none."""
    if header.get("ok") is True and isinstance(header.get("type"), str):
        return {"ok": True, **reply_in(header)}
    code, detail, figures = header.get("code"), header.get("detail"), header.get("figures")
    if header.get("ok") is not False or code not in CODES:
        raise FrameError("an outcome that is none")
    if not isinstance(detail, str) or not isinstance(figures, dict) or _size(figures) > MAX_REPORT_BYTES:
        raise FrameError("an outcome without its detail or figures")
    outcome = {"ok": False, "code": code, "detail": detail[:8192], "figures": figures}
    if isinstance(header.get("attached"), str):
        outcome["attached"] = header["attached"][:200]
    return outcome


def reply_in(header: dict[str, Any]) -> dict[str, Any]:
    """Type, status and headers of a result (or of its first chunk) as far as they are there."""
    kept: dict[str, Any] = {}
    if isinstance(header.get("type"), str):
        kept["type"] = header["type"][:200]
    if isinstance(header.get("status"), int):
        kept["status"] = header["status"]
    if isinstance(header.get("headers"), dict) and _size(header["headers"]) <= MAX_REPORT_BYTES:
        kept["headers"] = header["headers"]
    return kept


def text_in(header: dict[str, Any], name: str) -> str:
    """A text in a header; empty if there is none."""
    text = header.get(name)
    return text[:1000] if isinstance(text, str) else ""


def usage_in(header: dict[str, Any]) -> dict[str, Any]:
    """The usage in a header; raises ``FrameError`` if it is none."""
    usage = header.get("usage")
    if not isinstance(usage, dict):
        raise FrameError("a result without usage")
    return {
        "run_seconds": number_in(usage, "run_seconds"),
        "cpu_seconds": number_in(usage, "cpu_seconds"),
        "peak_bytes": int(number_in(usage, "peak_bytes")),
    }


def number_in(header: dict[str, Any], name: str) -> float:
    """The number ``name``; raises ``FrameError`` if it is none that can be."""
    value = header.get(name)
    if not isinstance(value, (int, float)) or not 0 <= value < 1 << 62:
        raise FrameError(f"a {name} that is no number")
    return value


def _size(figures: dict[str, Any]) -> int:
    try:
        return len(json.dumps(figures))
    except RecursionError as error:
        raise FrameError("figures that are nested too deeply") from error
