"""What an HTTP answer means: a value, or an error of the tree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from jupyter_faas.client.raised import error_like_the_original
from jupyter_faas.model.errors import (
    TYPE_PREFIX,
    Conflict,
    FaasError,
    Forbidden,
    GatewayUnavailable,
    InternalError,
    MalformedRequest,
    NotAcceptable,
    NotFound,
    PayloadTooLarge,
    Saturated,
    Unauthenticated,
)

__all__ = ["NDJSON", "Response", "error_of_response", "item_of", "result_of", "value_of"]

NDJSON: Final = "application/x-ndjson"
NO_CONTENT: Final = 204

# For answers that don't come from a gateway but from what stands before it, a proxy for instance.
_BY_STATUS: Final[dict[int, type[FaasError]]] = {
    400: MalformedRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    406: NotAcceptable,
    409: Conflict,
    413: PayloadTooLarge,
    429: Saturated,
    500: InternalError,
    502: GatewayUnavailable,
    503: GatewayUnavailable,
    504: GatewayUnavailable,
}
EXCERPT_CHARACTERS: Final = 200


@dataclass(frozen=True)
class Response:
    """An answer read to its end."""

    status: int
    content_type: str
    body: bytes
    retry_after: str = ""
    """The header ``Retry-After``, if it says seconds (RFC 9110 §10.2.3)."""

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON (RFC 6839: or a format built on it)."""
        return self.essence == "application/json" or self.essence.endswith("+json")

    @property
    def essence(self) -> str:
        """The media type without its parameters."""
        return self.content_type.partition(";")[0].strip().lower()


def value_of(response: Response, url: str) -> Any:
    """The decoded JSON of a successful answer from ``url``; raises what the gateway raised otherwise."""
    if not 200 <= response.status < 300:
        raise error_of_response(response, url)
    if not response.body:
        return None
    try:
        if response.is_json:
            return json.loads(response.body)
    except ValueError as error:
        raise _not_ours(response, url) from error
    raise _not_ours(response, url)


def result_of(response: Response, url: str) -> Any:
    """The result of a call from its answer; raises what the gateway raised, or what ended a stream.

    JSON is decoded, a stream is the list of its items, text and HTML are ``str``, no content is ``None``;
    anything else is ``bytes``.
    """
    if not 200 <= response.status < 300:
        raise error_of_response(response, url)
    if response.status == NO_CONTENT:
        return None
    lines = []
    try:
        if response.is_json:
            return json.loads(response.body)
        if response.essence == NDJSON:
            lines = [json.loads(line) for line in response.body.splitlines()]
    except ValueError as error:
        raise _not_ours(response, url) from error
    if response.essence == NDJSON:
        return [_item(line) for line in lines]  # what a function raised may be a ValueError, too
    try:
        return response.body.decode() if response.essence in ("text/plain", "text/html") else response.body
    except ValueError as error:
        raise _not_ours(response, url) from error


def item_of(line: bytes) -> Any:
    """One item of a stream; raises the error that the gateway ended the stream with.

    Raises ``ValueError`` for what is no JSON.
    """
    return _item(json.loads(line))


def _item(item: Any) -> Any:
    problem = item.get("error") if isinstance(item, dict) and len(item) == 1 else None
    if isinstance(problem, dict) and str(problem.get("type", "")).startswith(TYPE_PREFIX):
        raise with_traceback(error_like_the_original(problem))
    return item


def error_of_response(response: Response, url: str) -> FaasError:
    """The error that ``response`` reports."""
    if response.is_json:
        try:
            problem = json.loads(response.body)
        except ValueError:
            problem = None
        if isinstance(problem, dict) and isinstance(problem.get("code"), str):
            return with_traceback(error_like_the_original(problem))
    if error_class := _BY_STATUS.get(response.status):
        seconds = response.retry_after
        figures = {"retry_after_seconds": int(seconds)} if seconds.isascii() and seconds.isdigit() else {}
        return error_class(
            f"{url} answered with status {response.status} and without saying why{_excerpt(response)}. If a "
            "proxy stands before the gateway, look there.",
            **figures,
        )
    return _not_ours(response, url)


def with_traceback(error: FaasError) -> FaasError:
    """``error`` with the traceback that it has from the function, if it has one, as a note (PEP 678)."""
    frames = error.figures.get("traceback")
    if isinstance(frames, list) and frames:
        lines = [line for frame in frames if isinstance(frame, dict) for line in _frame_lines(frame)]
        raised = f"{error.figures.get('exception')}: {error.figures.get('message')}"
        error.add_note("\n".join(["In the function (most recent call last):", *lines, raised]))
    return error


def _frame_lines(frame: dict[str, Any]) -> list[str]:
    cell = frame.get("cell")
    place = (
        f"Cell {cell}, line {frame.get('cell_line')}"
        if cell
        else f'File "{frame.get("file")}", line {frame.get("line")}'
    )
    lines = [f"  {place}, in {frame.get('function')}"]
    return [*lines, f"    {frame['text']}"] if frame.get("text") else lines


def _not_ours(response: Response, url: str) -> GatewayUnavailable:
    return GatewayUnavailable(
        f"What answers at {url} is no jupyter-faas gateway, or something stands before it: status "
        f"{response.status}, {response.content_type or 'no content type'}{_excerpt(response)}. "
        "Check the address."
    )


def _excerpt(response: Response) -> str:
    text = " ".join(response.body[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace").split())
    return f" ({text[:EXCERPT_CHARACTERS]!r})" if text else ""
