"""Small plain constants, carried by value.

The source of a value is built from its parts, deterministically (sets are sorted), then evaluated and
compared, so that what is carried is exactly what the kernel holds.
"""

from __future__ import annotations

import builtins
import logging
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from jupyter_faas.model.units import format_size

__all__ = ["MAX_SOURCE_BYTES", "Constant", "NotPlain", "TooLarge", "constant_source", "is_plain"]

MAX_SOURCE_BYTES: Final = 8 * 1024
_MAX_DEPTH: Final = 50
_CONTAINERS: Final = (list, tuple, dict, set, frozenset)


class NotPlain(ValueError):
    """The value, or something in it, isn't plain data."""


class TooLarge(NotPlain):
    """The value is plain, but its source is longer than ``MAX_SOURCE_BYTES``."""


@dataclass(frozen=True)
class Constant:
    """A name with the expression that gives its value, which uses nothing but builtins."""

    name: str
    expression: str
    mutable: bool = False


def constant_source(name: str, value: Any) -> Constant:
    """``value`` as a constant of the handler; raises ``NotPlain`` or ``TooLarge``."""
    known = _well_known(name, value)
    if known is not None:
        return known
    expression = _Writer().write(value)
    if not same(eval(expression, {"__builtins__": builtins}), value):  # noqa: S307  our own text
        raise NotPlain("it doesn't survive being written down and read again")
    return Constant(name, expression, type(value) in (list, dict, set))


def is_plain(value: Any) -> bool:
    """Whether the type of ``value`` is one that is carried by value, whatever its size."""
    return value is None or type(value) in (bool, int, float, complex, str, bytes, *_CONTAINERS)


def _well_known(name: str, value: Any) -> Constant | None:
    """Loggers and compiled patterns: not data, but the same wherever they are asked for.

    ``__import__`` because the notebook may call something else ``re``.
    """
    if type(value) is logging.Logger and logging.getLogger(value.name) is value:
        return Constant(name, f"__import__('logging').getLogger({value.name!r})")
    if isinstance(value, logging.RootLogger):
        return Constant(name, "__import__('logging').getLogger()")
    if isinstance(value, re.Pattern):
        flags = value.flags & ~re.UNICODE if isinstance(value.pattern, str) else value.flags
        argument = f", {int(flags)}" if flags else ""
        return Constant(name, f"__import__('re').compile({value.pattern!r}{argument})")
    return None


class _Writer:
    """Writes one value, counting what it wrote so that a large one is given up early."""

    def __init__(self) -> None:
        self._written = 0

    def write(self, value: Any, depth: int = 0) -> str:
        if depth > _MAX_DEPTH:
            raise NotPlain("it is nested too deeply, or holds itself")
        kind = type(value)
        if kind in _CONTAINERS:
            text = self._container(value, depth + 1)
        elif is_plain(value):
            text = self._scalar(value)
            self._count(text)
        else:
            raise NotPlain(f"it holds a value of type {kind.__module__}.{kind.__qualname__}")
        return text

    def _count(self, text: str) -> None:
        self._written += len(text.encode(errors="surrogatepass")) + 2
        if self._written > MAX_SOURCE_BYTES:
            raise TooLarge(f"its source is longer than {format_size(MAX_SOURCE_BYTES)}")

    def _scalar(self, value: Any) -> str:
        if isinstance(value, float):
            return _float(value)
        if isinstance(value, complex):
            return f"complex({_float(value.real)}, {_float(value.imag)})"
        if isinstance(value, str | bytes) and len(value) > MAX_SOURCE_BYTES:
            raise TooLarge(f"its source is longer than {format_size(MAX_SOURCE_BYTES)}")
        if isinstance(value, int) and value.bit_length() > 14_000:  # beyond what int() reads back
            raise TooLarge("it has more digits than Python reads back")
        return repr(value)

    def _container(self, value: Any, depth: int) -> str:
        self._count("")
        if isinstance(value, dict):
            pairs = (f"{self.write(key, depth)}: {self.write(item, depth)}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        written = [self.write(item, depth) for item in value]
        if isinstance(value, tuple):
            return "(" + ", ".join(written) + ("," if len(written) == 1 else "") + ")"
        if isinstance(value, list):
            return "[" + ", ".join(written) + "]"
        return _set(written, "frozenset" if isinstance(value, frozenset) else "set")


def _float(value: float) -> str:
    return repr(value) if math.isfinite(value) else f"float('{value!r}')"


def _set(written: Iterable[str], kind: str) -> str:
    # The order of a set differs from kernel to kernel; that of its source must not.
    body = ", ".join(sorted(written))
    if not body:
        return f"{kind}()"
    return "{" + body + "}" if kind == "set" else f"frozenset({{{body}}})"


def same(left: Any, right: Any) -> bool:
    """Whether two plain values are equal part by part, types included; NaN equals NaN, 0.0 isn't -0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float | complex):
        return repr(left) == repr(right)
    if isinstance(left, dict):
        return len(left) == len(right) and all(
            same(a, b) and same(left[a], right[b]) for a, b in zip(left, right, strict=True)
        )
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, set | frozenset):
        return sorted(map(_Writer().write, left)) == sorted(map(_Writer().write, right))
    return bool(left == right)
