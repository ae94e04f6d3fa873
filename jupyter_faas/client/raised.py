"""Errors of a function as its caller meets them: a ``ValueError`` there can be caught as one here."""

from __future__ import annotations

import builtins
from functools import cache
from typing import Any, Final

from jupyter_faas.model.errors import FaasError, HandlerError, error_from_problem

__all__ = ["error_like_the_original"]

_NEVER: Final = (StopIteration, StopAsyncIteration)
"""They would end a caller's loop."""


def error_like_the_original(problem: dict[str, Any]) -> FaasError:
    """The error that a gateway described as ``problem``.

    What a function raised is a ``HandlerError``, and of the exception's own type as well if that is one of
    Python's.
    """
    error = error_from_problem(problem)
    if isinstance(error, HandlerError):
        return _made(str(error.figures.get("exception", "")), error.detail, error.figures)
    return error


def _made(exception: str, detail: str, figures: dict[str, Any]) -> HandlerError:
    kind = _class_of(exception)
    error = kind.__new__(kind)
    HandlerError.__init__(error, detail, **figures)
    return error


@cache
def _class_of(exception: str) -> type[HandlerError]:
    original = getattr(builtins, exception, None)
    if not (isinstance(original, type) and issubclass(original, Exception)) or issubclass(original, _NEVER):
        return HandlerError
    members = {
        "__str__": lambda self: self.detail,
        "__reduce__": lambda self: (_made, (exception, self.detail, self.figures)),
        "__module__": HandlerError.__module__,
        "__doc__": f"{exception}, raised by a function.",
    }
    try:
        made: type[HandlerError] = type(f"Remote{exception}", (HandlerError, original), members)
        HandlerError.__init__(made.__new__(made), "")
    except TypeError:  # its instances have a form of their own
        return HandlerError
    return made
