"""Every error this product raises, in one tree.

::

    FaasError
    ├── RequestError                  the caller must change something
    │   ├── MalformedRequest          malformed-request
    │   ├── PayloadTooLarge           payload-too-large
    │   ├── InvalidInput              invalid-input
    │   ├── Unauthenticated           unauthenticated
    │   ├── Forbidden                 forbidden
    │   ├── NotFound                  not-found
    │   ├── NotAcceptable             not-acceptable
    │   └── Conflict                  conflict
    ├── PublishError                  the author must change something
    │   ├── AnnotationError           invalid-annotation
    │   ├── CaptureError              not-capturable
    │   └── BuildError                build-failed
    ├── InvocationError               the function, or its caps, ended the call
    │   ├── HandlerError              handler-error
    │   ├── InitError                 init-error
    │   ├── OutOfMemory               out-of-memory
    │   ├── Crashed                   crashed
    │   ├── ResultTooLarge            result-too-large
    │   ├── ResultNotEncodable        result-not-encodable
    │   └── InvocationTimeout         timeout
    ├── Unavailable                   trying again later may help
    │   ├── Saturated                 saturated
    │   ├── EngineUnavailable         engine-unavailable
    │   ├── GatewayUnavailable        gateway-unavailable
    │   └── Draining                  draining
    └── InternalError                 internal-error: a defect of ours

An error is a sentence for a person (``detail``: what happened, with the figure, and what to do next) and
figures for a program (``figures``: JSON values whose names carry their unit). Both travel as
``application/problem+json`` (RFC 9457); ``gateway/problems.py`` alone maps a class to its HTTP status.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

__all__ = [
    "AnnotationError",
    "BuildError",
    "CaptureError",
    "Conflict",
    "Crashed",
    "Draining",
    "EngineUnavailable",
    "FaasError",
    "Forbidden",
    "GatewayUnavailable",
    "HandlerError",
    "InitError",
    "InternalError",
    "InvalidInput",
    "InvocationError",
    "InvocationTimeout",
    "MalformedRequest",
    "NotAcceptable",
    "NotFound",
    "OutOfMemory",
    "PayloadTooLarge",
    "PublishError",
    "RequestError",
    "ResultNotEncodable",
    "ResultTooLarge",
    "Saturated",
    "Unauthenticated",
    "Unavailable",
    "error_from_problem",
    "error_of",
    "leaf_errors",
]

TYPE_PREFIX = "urn:jupyter-faas:error:"


class FaasError(Exception):
    """Base of all errors raised on purpose; only its leaves are raised."""

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""

    def __init__(self, detail: str, **figures: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.figures = figures

    def problem(self) -> dict[str, Any]:
        """The members of an RFC 9457 problem, less ``status``, which belongs to HTTP."""
        members = {
            "type": TYPE_PREFIX + self.code,
            "title": self.title,
            "detail": self.detail,
            "code": self.code,
        }
        return {**members, **self.figures, **members}


class RequestError(FaasError):
    """The request can't be carried out as it is."""


class MalformedRequest(RequestError):
    """The body or a parameter could not be read."""

    code = "malformed-request"
    title = "The request could not be read"


class PayloadTooLarge(RequestError):
    """The body is over the payload cap; figures ``cap_bytes`` and, if announced, ``size_bytes``."""

    code = "payload-too-large"
    title = "The request body is too large"


class InvalidInput(RequestError):
    """The input doesn't fit the function's schema; figure ``faults``: every fault with its path."""

    code = "invalid-input"
    title = "The input does not fit the function's schema"


class Unauthenticated(RequestError):
    """No token, or a wrong one."""

    code = "unauthenticated"
    title = "A valid token is needed"


class Forbidden(RequestError):
    """The token is known and does not allow this."""

    code = "forbidden"
    title = "This is not allowed"


class NotFound(RequestError):
    """No such function, version, build or invocation; figure ``nearest`` where a name is close."""

    code = "not-found"
    title = "There is no such thing"


class NotAcceptable(RequestError):
    """The result has none of the forms that ``Accept`` allows; figure ``available``: those that it has."""

    code = "not-acceptable"
    title = "The result is not available in an acceptable form"


class Conflict(RequestError):
    """The request contradicts the present state."""

    code = "conflict"
    title = "The request contradicts the present state"


class PublishError(FaasError):
    """A cell could not be published; what was live before still is."""


class AnnotationError(PublishError):
    """The ``%%publish`` line is wrong."""

    code = "invalid-annotation"
    title = "The publish options are wrong"


class CaptureError(PublishError):
    """Something that the cell uses can't be carried; figure ``names``."""

    code = "not-capturable"
    title = "The cell uses something that can't be published"


class BuildError(PublishError):
    """Making or proving the image failed; figures ``step`` and ``log`` (the relevant lines)."""

    code = "build-failed"
    title = "The function could not be built"


class InvocationError(FaasError):
    """A call was started and did not end with a result."""


class HandlerError(InvocationError):
    """The function raised; figures ``exception``, ``message``, ``traceback``."""

    code = "handler-error"
    title = "The function raised an exception"


class InitError(InvocationError):
    """Importing the function failed; figures as for ``HandlerError``."""

    code = "init-error"
    title = "The function could not be started"


class OutOfMemory(InvocationError):
    """The memory cap was passed; figures ``cap_bytes``, ``peak_bytes``."""

    code = "out-of-memory"
    title = "The function needed more memory than its cap"


class Crashed(InvocationError):
    """The function's process ended; figures ``exit_status`` or ``signal``."""

    code = "crashed"
    title = "The function's process ended during the call"


class ResultTooLarge(InvocationError):
    """The encoded result is over the result cap; figures ``cap_bytes``, ``size_bytes``."""

    code = "result-too-large"
    title = "The function's result is too large"


class ResultNotEncodable(InvocationError):
    """The result holds something no codec knows; figures ``path``, ``type_name``."""

    code = "result-not-encodable"
    title = "The function's result can't be encoded"


class InvocationTimeout(InvocationError):
    """A time cap passed; figures ``phase`` (queue, init, run), ``cap_seconds``, ``elapsed_seconds``."""

    code = "timeout"
    title = "The call took longer than its cap"


class Unavailable(FaasError):
    """Not now; perhaps later."""


class Saturated(Unavailable):
    """The function's queue is full, or the gateway holds all the bodies and results that it may; figures
    ``queued`` or ``held_bytes`` and ``cap_bytes``, and ``retry_after_seconds``; ``has_run`` if it was a
    result for which there was no room."""

    code = "saturated"
    title = "Too many calls are waiting"


class EngineUnavailable(Unavailable):
    """The container engine doesn't answer; figure ``engine``."""

    code = "engine-unavailable"
    title = "The container engine does not answer"


class GatewayUnavailable(Unavailable):
    """No gateway answers (raised by clients only)."""

    code = "gateway-unavailable"
    title = "The gateway does not answer"


class Draining(Unavailable):
    """The gateway is shutting down and takes no new work."""

    code = "draining"
    title = "The gateway is shutting down"


class InternalError(FaasError):
    """A defect of the product itself; figure ``reference`` finds it in the gateway's log."""

    code = "internal-error"
    title = "An unexpected error in the gateway"

    @classmethod
    def logged_as(cls, reference: str) -> InternalError:
        """The answer to a defect that is in the gateway's log under ``reference``."""
        return cls(f"This is a defect of the gateway; its log has it as {reference}.", reference=reference)


def leaf_errors(root: type[FaasError] = FaasError) -> Iterator[type[FaasError]]:
    """All classes of the tree that are raised, i.e. those with a code."""
    if vars(root).get("code"):
        yield root
    for child in root.__subclasses__():
        yield from leaf_errors(child)


def error_of(code: str, detail: str, **figures: Any) -> FaasError:
    """The error with this ``code``; an unknown code becomes ``InternalError``."""
    by_code = {leaf.code: leaf for leaf in leaf_errors()}
    return by_code.get(code, InternalError)(detail, **figures)


def error_from_problem(problem: dict[str, Any]) -> FaasError:
    """The error that a gateway described as ``problem``, so that clients raise what the gateway raised."""
    figures = {
        name: value
        for name, value in problem.items()
        if name not in {"type", "title", "detail", "code", "status", "instance"}
    }
    return error_of(
        str(problem.get("code", "")), str(problem.get("detail", "no detail was given")), **figures
    )
