"""Results as JSON.

What JSON has no form for is written as its nearest relative: times as ISO 8601, bytes as base64, decimals,
UUIDs and paths as strings, sets as arrays, data frames as arrays of records. NaN and infinities become
``null``, as ``JSON.stringify`` does. What has no relative is refused, with the place where it is.
"""

from __future__ import annotations

import json

from .conversions import key_of, simpler
from .outcomes import CallFailed, format_size
from .refusals import Refused, TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

JSON = "application/json"
INFINITY = float("inf")


class Unencodable(CallFailed):
    """The result can't be sent."""

    def __init__(self, code: str, detail: str, **figures: Any) -> None:
        super().__init__(code, detail, **figures)


def encode(result: Any, cap: int) -> tuple[str, bytes]:
    """Content type and bytes of a result; raises ``Unencodable``."""
    if isinstance(result, (str, bytes, bytearray)) and len(result) > cap:
        raise too_large(cap, len(result), "at least ")
    try:
        body = _to_json(result, cap)
    except TooLarge as error:
        raise too_large(cap, error.size, "at least ") from None
    if len(body) > cap:
        raise too_large(cap, len(body), "")
    return JSON, body


def _to_json(result: Any, cap: int) -> bytes:
    def convert(value: Any) -> Any:
        return simpler(value, cap)

    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False, default=convert, separators=(",", ":"))
    except (ValueError, TypeError, RecursionError, Refused):  # NaN, strange keys, cycles, strange types
        walked = _Walk(cap).plain(result, "$")
        text = json.dumps(walked, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:  # lone surrogates, which only escapes can express
        return json.dumps(json.loads(text), separators=(",", ":")).encode()


class _Walk:
    """Makes plain data of a result step by step, and so knows where it is."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._above: set[int] = set()

    def plain(self, value: Any, path: str) -> Any:
        """``value`` as JSON has it; raises ``Unencodable`` with the path of what can't be."""
        if value is None or isinstance(value, (str, bool, int)):
            return value
        if isinstance(value, float):
            return float(value) if -INFINITY < value < INFINITY else None
        if id(value) in self._above:
            raise _refused(value, path, "which refers to itself")
        self._above.add(id(value))
        try:
            return self._container(value, path)
        except RecursionError:
            raise _refused(value, path[:200], "which is nested too deeply") from None
        finally:
            self._above.discard(id(value))

    def _container(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {self._key(key, path): self.plain(each, _member(path, key)) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.plain(each, f"{path}[{index}]") for index, each in enumerate(value)]
        try:
            converted = simpler(value, self._cap)
        except Refused as error:
            raise _refused(value, path, f"which has no JSON form{error.hint}") from None
        return self.plain(converted, path)

    def _key(self, key: Any, path: str) -> str:
        try:
            return key_of(key)
        except Refused:
            raise _refused(
                key, path, "as a key; only text, numbers and the like can be keys in JSON"
            ) from None


def _member(path: str, key: Any) -> str:
    name = str(key) if isinstance(key, (str, int)) else "?"
    return f"{path}.{name}" if name.isidentifier() else f"{path}[{json.dumps(name[:80], ensure_ascii=False)}]"


def _refused(value: Any, path: str, why: str) -> Unencodable:
    name = type_name(value)
    detail = f"The result holds a {name} at {path}, {why}."
    return Unencodable("result-not-encodable", detail, path=path, type_name=name)


def type_name(value: Any) -> str:
    """The type's name as one would write it, e.g. ``set`` or ``pandas.DataFrame``."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def too_large(cap: int, size: int, least: str) -> Unencodable:
    """The error for a result over its cap; ``least`` if ``size`` is only a lower bound."""
    detail = (
        f"The result has {least}{format_size(size)}; the cap is {format_size(cap)}. "
        f"Return less, or raise it with --result-size {format_size(2 * size).replace(' ', '')}."
    )
    return Unencodable("result-too-large", detail, cap_bytes=cap, size_bytes=size)
