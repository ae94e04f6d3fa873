"""Errors as HTTP sees them: the one place that maps a class to a status."""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.model import errors
from jupyter_faas.model.errors import FaasError

__all__ = ["MEDIA_TYPE", "problem_for", "status_of"]

MEDIA_TYPE: Final = "application/problem+json"

_STATUS: Final[dict[type[FaasError], int]] = {
    errors.MalformedRequest: 400,
    errors.AnnotationError: 400,
    errors.CaptureError: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.NotAcceptable: 406,
    errors.Conflict: 409,
    errors.PayloadTooLarge: 413,
    errors.InvalidInput: 422,
    errors.BuildError: 422,
    errors.Saturated: 429,
    errors.HandlerError: 500,
    errors.InternalError: 500,
    errors.InitError: 502,
    errors.OutOfMemory: 502,
    errors.Crashed: 502,
    errors.ResultTooLarge: 502,
    errors.ResultNotEncodable: 502,
    errors.EngineUnavailable: 503,
    errors.GatewayUnavailable: 503,
    errors.Draining: 503,
    errors.InvocationTimeout: 504,
}

_PRIVATE: Final = ("exception", "message", "traceback", "output", "log")
"""Figures that show a function's inside; for its owner only."""


def status_of(error: FaasError) -> int:
    """The HTTP status of an error."""
    return _STATUS[type(error)]


def problem_for(error: FaasError, trusted: bool) -> dict[str, Any]:
    """The RFC 9457 problem for a caller; one without a token doesn't see the inside of a function."""
    problem = {**error.problem(), "status": status_of(error)}
    if not trusted:
        inside = [name for name in _PRIVATE if problem.pop(name, None) is not None]
        if inside or isinstance(error, errors.HandlerError | errors.InitError):
            problem["detail"] = f"{error.title}. Its owner finds the reason in the function's logs."
    return problem
