"""Exceptions of user code, turned into outcomes that say what happened, where, and what to do."""

from __future__ import annotations

import errno
import json
import resource

from .outcomes import failure, format_size, raise_memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .outcomes import Outcome
    from .tracebacks import Tracebacks

MESSAGE_CHARACTERS = 2048
DETAIL_CHARACTERS = 600
FIGURES_BYTES = 48 * 1024
EAI_AGAIN = -3
UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, EAI_AGAIN})
NO_NETWORK = "This function has no network (--network none). Publish it with --network egress to let it out."


class Failures:
    """Turns exceptions into outcomes, with what is known of the function's caps."""

    def __init__(self, tracebacks: Tracebacks, network_denied: bool, memory_cap: int | None) -> None:
        self._tracebacks = tracebacks
        self._network_denied = network_denied
        self._memory_cap = memory_cap

    def outcome(self, code: str, error: BaseException, peak_bytes: int) -> Outcome:
        """The outcome ``code`` for an exception that left user code."""
        frames = self._tracebacks.describe(error)
        name, message = _type_name(error), _message(error)
        place = self._tracebacks.place(frames)
        detail = (f"{name}: {message}" if message else name)[:DETAIL_CHARACTERS] + (
            f" ({place})" if place else ""
        )
        figures: dict[str, Any] = {"exception": name, "message": message, "traceback": frames}
        if isinstance(error, MemoryError):
            code = "out-of-memory"
            detail, extra = self._no_memory(detail, peak_bytes)
            figures.update(extra)
        hint = self._hint(error)
        if hint:
            detail = f"{detail}. {hint}"
            figures["hint"] = hint
        while len(frames) > 1 and len(json.dumps(figures)) > FIGURES_BYTES:
            del frames[len(frames) // 2]
        return failure(code, detail, **figures)

    def _no_memory(self, detail: str, peak_bytes: int) -> tuple[str, dict[str, int]]:
        figures = {"peak_bytes": peak_bytes}
        if self._memory_cap is None:
            return f"{detail}. The machine could not give that much memory.", figures
        figures["cap_bytes"] = self._memory_cap
        cap = format_size(self._memory_cap)
        return f"{detail}. The function's memory cap is {cap}. {raise_memory(self._memory_cap)}", figures

    def _hint(self, error: BaseException) -> str:
        """Advice on what lies behind the error, for the errors that a cap makes likely."""
        numbers = {each.errno for each in _chain(error) if isinstance(each, OSError)}
        if self._network_denied and numbers & UNREACHABLE:
            return NO_NETWORK
        if errno.EMFILE in numbers:
            open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            return f"The cap of {open_files} open files was reached: close what is no longer used."
        return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those that it came from."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            pending += [each.__context__, each.__cause__]


def _type_name(error: BaseException) -> str:
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}"
    return (name[len("builtins.") :] if name.startswith("builtins.") else name)[:200]


def _message(error: BaseException) -> str:
    try:
        text = str(error.msg) if isinstance(error, SyntaxError) else str(error)
    except BaseException as second:
        return f"(its text can't be had: {type(second).__name__} in __str__)"
    return text if len(text) <= MESSAGE_CHARACTERS else text[: MESSAGE_CHARACTERS - 1] + "…"
