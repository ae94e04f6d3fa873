"""What a call gives back: the result in the form that the caller prefers, with status and headers if the
function chose them, or as a stream of what it yields.
"""

from __future__ import annotations

from contextlib import nullcontext
from types import AsyncGeneratorType, GeneratorType

from . import codec
from .accept import names, preferred
from .closing import cancellable, closable
from .facade import Response
from .refusals import TooLarge
from .replies import MAX_HEADERS, header_fault, status_fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    Header = dict[str, Any]
    Send = Callable[[Header, bytes], None]
    Wait = Callable[[Awaitable[Any]], Any]

NDJSON = "application/x-ndjson"
SSE = "text/event-stream"
PLAIN = frozenset({dict, list, tuple, str, int, float, bool})
NO_CONTENT = 204


class Deferred:
    """A result that is made only when it is known in which of its ``forms`` (media types) it is wanted."""

    forms: tuple[str, ...] = ()
    what = "a result"
    """What it is, in words."""

    def made(self, media_type: str) -> Any:
        """The result for this form: a generator for a stream, a ``Response`` with its type, or plain data."""
        raise NotImplementedError


class Replier:
    """Answers calls with results of at most ``cap`` bytes; ``wait`` runs what has to be awaited."""

    def __init__(self, cap: int, wait: Wait) -> None:
        self._cap = cap
        self._wait = wait
        self._cleans_up = True  # whether a stream that is ended from outside does; ours have nothing to

    def reply(self, result: Any, accept: str, send: Send) -> tuple[Header, bytes]:
        """The outcome of a call and the body with it; ``send`` takes the chunks of a stream.

        Raises ``Unencodable``, and what a generator raises.
        """
        if type(result) in PLAIN and accept in {"", codec.JSON}:
            content_type, body = codec.encode(result, self._cap)
            return {"ok": True, "type": content_type}, body
        self._cleans_up = not isinstance(result, Deferred)
        if isinstance(result, Deferred):
            media_type = preferred(result.forms, accept)
            if media_type is None:
                raise _not_acceptable(result.what, accept, list(result.forms))
            result, accept = result.made(media_type), media_type
        header: Header = {"ok": True, "type": codec.JSON}
        if isinstance(result, Response):
            header.update(_chosen(result))
            content_type = next((v for k, v in result.headers.items() if k.lower() == "content-type"), "")
            result = result.value
            if content_type:
                return self._as_said(result, content_type, header, send)
        return self._negotiated(result, accept, header, send)

    def _negotiated(self, result: Any, accept: str, header: Header, send: Send) -> tuple[Header, bytes]:
        if isinstance(result, (GeneratorType, AsyncGeneratorType)):
            return self._streamed(result, accept, header, send)
        if result is None and not names(codec.JSON, accept):
            return {"status": NO_CONTENT, **header}, b""
        if type(result) in PLAIN and preferred([codec.JSON], accept) and not isinstance(result, str):
            return header, codec.encode(result, self._cap)[1]
        from .forms import forms_of

        forms = forms_of(result)
        media_type = preferred(list(forms), accept)
        if media_type is None:
            raise _not_acceptable(_kind(result), accept, list(forms))
        body = self._bounded(_written(result, media_type, forms[media_type], self._cap))
        return {
            **header,
            "type": f"{media_type}; charset=utf-8" if _is_text(media_type) else media_type,
        }, body

    def _as_said(self, value: Any, content_type: str, header: Header, send: Send) -> tuple[Header, bytes]:
        """A value under the ``Content-Type`` that the function gave it."""
        header["type"] = content_type
        if value is None:
            return header, b""
        if isinstance(value, (str, bytes, bytearray, memoryview)):
            return header, self._bounded(value.encode() if isinstance(value, str) else bytes(value))
        essence = content_type.partition(";")[0].strip().lower()
        accept = codec.JSON if essence.endswith("+json") else essence
        try:
            negotiated, body = self._negotiated(value, accept, header, send)
        except codec.Unencodable as error:
            if error.code != "not-acceptable":
                raise
            raise codec.Unencodable("result-not-encodable", str(error), **error.figures) from None
        return {**negotiated, "type": content_type}, body

    def _streamed(self, result: Any, accept: str, header: Header, send: Send) -> tuple[Header, bytes]:
        available = [NDJSON, SSE, codec.JSON]
        media_type = preferred(available, accept)
        if media_type is None:
            raise _not_acceptable(_kind(result), accept, available)
        stream = _Stream(media_type, header, self._cap, send)
        if isinstance(result, GeneratorType):
            with closable() if self._cleans_up else nullcontext():
                stream.drain(result)
        else:
            self._wait(stream.drain_later(result))
        return stream.end()

    def _bounded(self, body: bytes) -> bytes:
        if len(body) > self._cap:
            raise codec.too_large(self._cap, len(body), "")
        return body


class _Stream:
    """Sends items as they come, in the framing of ``media_type``; as JSON, gathers them to one array."""

    def __init__(self, media_type: str, header: Header, cap: int, send: Send) -> None:
        self._send = send
        self._cap = cap
        self._size = 0
        self._gathered: list[bytes] | None = [] if media_type == codec.JSON else None
        self._frame = _sse if media_type == SSE else _ndjson
        self._header = {**header, "type": media_type}
        self._begun = False

    def add(self, item: Any) -> None:
        """Send one item."""
        body = self._frame(codec.encode(item, self._cap)[1])
        self._size += len(body)
        if self._size > self._cap:
            raise codec.too_large(self._cap, self._size, "at least ")
        if self._gathered is not None:
            self._gathered.append(body)
            return
        self._send({} if self._begun else self._header, body)
        self._begun = True

    def drain(self, items: GeneratorType[Any, Any, Any]) -> None:
        """Send what a generator yields."""
        try:
            for item in items:
                self.add(item)
        finally:
            items.close()

    async def drain_later(self, items: AsyncGeneratorType[Any, Any]) -> None:
        """Send what an asynchronous generator yields."""
        try:
            with cancellable():
                async for item in items:
                    self.add(item)
        finally:
            await items.aclose()

    def end(self) -> tuple[Header, bytes]:
        """The outcome after the last item."""
        if self._gathered is None:
            return self._header, b""
        return self._header, b"[" + b",".join(line.rstrip(b"\n") for line in self._gathered) + b"]"


def _ndjson(encoded: bytes) -> bytes:
    return encoded + b"\n"


def _sse(encoded: bytes) -> bytes:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html; encoded JSON has no line breaks."""
    return b"data: " + encoded + b"\n\n"


def _chosen(response: Response) -> Header:
    """Status and headers of a ``Response``, checked."""
    fault = status_fault(response.status)
    if fault is not None:
        raise _bad_response(f"status {response.status!r} {fault}")
    if len(response.headers) > MAX_HEADERS:
        raise _bad_response(f"has {len(response.headers)} headers; {MAX_HEADERS} is the most")
    for name, value in response.headers.items():
        fault = header_fault(name, value)
        if fault is not None:
            raise _bad_response(f"header {str(name)[:80]!r} {fault}")
    headers = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
    return {"status": response.status, "headers": headers}


def _bad_response(why: str) -> codec.Unencodable:
    return codec.Unencodable("result-not-encodable", f"The Response's {why}.", type_name="Response")


def _kind(result: Any) -> str:
    mode = getattr(result, "mode", "") if type(result).__module__.startswith("PIL.") else ""
    return f"a {codec.type_name(result)}{f' of mode {mode}' if mode else ''}"


def _not_acceptable(what: str, accept: str, available: list[str]) -> codec.Unencodable:
    detail = (
        f"The result, {what}, has no form that 'Accept: {accept[:200]}' allows. "
        f"There is {', '.join(available)}."
    )
    return codec.Unencodable("not-acceptable", detail, available=available)


def _written(result: Any, media_type: str, write: Callable[[Any, int], bytes], cap: int) -> bytes:
    try:
        return write(result, cap)
    except (codec.Unencodable, MemoryError):
        raise
    except TooLarge as error:
        raise codec.too_large(cap, error.size, "at least ") from None
    except Exception as error:
        name = codec.type_name(result)
        detail = f"The result, a {name}, can't be written as {media_type}: {type(error).__name__}: {error}"
        raise codec.Unencodable("result-not-encodable", detail[:600], type_name=name) from error


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/")
