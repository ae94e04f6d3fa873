"""Outcomes that the supervisor finds itself, and the words for them."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Outcome = dict[str, Any]


class CallFailed(Exception):
    """A call that ends as the outcome ``code``; what it leaves behind (``attached``, of the media type
    ``attached_type``) goes to the gateway with it."""

    def __init__(
        self, code: str, detail: str, attached: bytes = b"", attached_type: str = "", **figures: Any
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.figures = figures
        self.attached = attached
        self.attached_type = attached_type

    def outcome(self) -> Outcome:
        """The outcome, without what is attached."""
        outcome = failure(self.code, str(self), **self.figures)
        return {**outcome, "attached": self.attached_type} if self.attached else outcome


def failure(code: str, detail: str, **figures: Any) -> Outcome:
    """An outcome that is none of the function's results; figures that aren't known are left out."""
    known = {name: value for name, value in figures.items() if value is not None}
    return {"ok": False, "code": code, "detail": detail, "figures": known}


def killed() -> Outcome:
    """The answer to ``KILL``."""
    return failure("killed", "The call was ended from outside; nothing that it started is left.")


def crashed(status: int, during: str) -> Outcome:
    """The worker ended by itself with this wait status; ``during`` is "the call" or "its start"."""
    if os.WIFSIGNALED(status):
        name = signal_name(os.WTERMSIG(status))
        advice = _ADVICE.get(name, "Look for native code (C extensions) among what the function uses.")
        return failure(
            "crashed", f"The function's process was ended by {name} during {during}. {advice}", signal=name
        )
    code = os.WEXITSTATUS(status)
    detail = (
        f"The function's process ended itself with exit status {code} during {during}. "
        "Return a value or raise an exception instead of calling os._exit."
    )
    return failure("crashed", detail, exit_status=code)


def broke_off(during: str) -> Outcome:
    """The worker wrote something on its control connection that is no frame, or closed it."""
    return failure(
        "crashed",
        f"The function's process disturbed its connection to the supervisor during {during} and was ended. "
        "Code in the function closes or writes to file descriptors that it didn't open.",
        signal="SIGKILL",
    )


def out_of_memory(cap: int | None, peak: int | None) -> Outcome:
    """The kernel or the supervisor killed the worker for its memory."""
    used = f" ({format_size(peak)} were used)" if peak else ""
    if cap is None:
        detail = f"The machine ran out of memory{used}. Use less, or run on a machine with more."
    else:
        detail = (
            f"The function needed more memory than its cap of {format_size(cap)}{used}. {raise_memory(cap)}"
        )
    return failure("out-of-memory", detail, cap_bytes=cap, peak_bytes=peak)


def too_many_processes(cap: int, tasks: int) -> Outcome:
    """The supervisor killed the worker for the number of its processes and threads."""
    detail = (
        f"The function ran {tasks} processes and threads at a time; its cap is {cap}. "
        f"Start fewer, or raise it with --pids {2 * cap}."
    )
    return failure("crashed", detail, pids_cap=cap, pids=tasks, signal="SIGKILL")


def raise_memory(cap: int) -> str:
    """What to do about a memory cap that is too low."""
    return f"Use less, or raise it with --memory {format_size(2 * cap).replace(' ', '')}."


def signal_name(number: int) -> str:
    """``SIGSEGV`` for 11; real-time signals have no name of their own."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def format_size(size: int) -> str:
    """``size`` bytes in SI units with three digits, e.g. ``256 MB``; as ``model/units.py`` does."""
    value, unit = float(size), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.3g} {unit}"


_ADVICE = {
    "SIGKILL": "Something killed it from inside the sandbox, or the machine is out of memory.",
    "SIGTERM": "Something in the sandbox asked it to end.",
    "SIGABRT": "A library called abort(); the lines that it wrote before are in the log.",
    "SIGSEGV": "Native code (a C extension, ctypes) accessed memory that isn't its own.",
}
