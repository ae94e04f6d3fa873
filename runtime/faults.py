"""What is wrong with the arguments of a call."""

from __future__ import annotations

from .outcomes import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .outcomes import Outcome

MAX_FAULTS = 50
MAX_CHARACTERS = 300


class Fault(ValueError):
    """Values that don't fit what the function's annotations say; ``faults`` are pairs of path and message."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.faults = [(path, message)]

    @classmethod
    def of(cls, faults: list[tuple[str, str]]) -> Fault:
        """Several faults as one exception."""
        fault = cls("")
        fault.faults = faults
        return fault

    def inside(self, path: str) -> Fault:
        """The same faults as seen from one level further out, where the value is at ``path``."""
        self.faults = [(path + inner, message) for inner, message in self.faults]
        return self

    def outcome(self) -> Outcome:
        """The outcome ``invalid-input``, with the shape that the gateway's own check gives it."""
        faults = [
            {"path": f"${path[:MAX_CHARACTERS]}", "message": message[:MAX_CHARACTERS]}
            for path, message in self.faults[:MAX_FAULTS]
        ]
        summary = "; ".join(f"{fault['path']}: {fault['message']}" for fault in faults[:3])
        more = f"; and {len(self.faults) - 3} more" if len(self.faults) > 3 else ""
        detail = f"The arguments do not fit the function: {summary}{more}."
        return failure("invalid-input", detail, faults=faults)


def shown(value: object) -> str:
    """The beginning of a value, for a message."""
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def converted(convert: Callable[[Any], Any] | None, value: Any, path: str) -> Any:
    """What ``convert`` makes of the value at ``path``, where its faults are too."""
    if convert is None:
        return value
    try:
        return convert(value)
    except Fault as fault:
        raise fault.inside(path) from None
