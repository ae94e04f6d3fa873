"""How far a call has come: told by functions that do their work step by step, for the case that the call has
no end of its own (its deadline, the memory, a crash).

A worker that is killed can't tell any more, so the supervisor holds what the steps before have left. What is
kept is opaque here: pieces that, put together, are a document of the media type ``type``; each can be renewed
as its step ends. All of it comes from user code: what is over the bounds is left out.
"""

from __future__ import annotations

from itertools import accumulate

from .frames import FrameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .outcomes import Outcome

MAX_PIECES = 10_000
MAX_TEXT = 300
MAX_TAGS = 30
KILLED = "killed"  # whoever ended the call has the words for it


class Progress:
    """The progress of one call at a time; the pieces together have at most ``cap`` bytes."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self.restart()

    def restart(self) -> None:
        """A call begins."""
        self._type = ""
        self._pieces: list[bytes] = []
        self._size = 0
        self._step: dict[str, Any] = {}

    def take(self, header: dict[str, Any], body: bytes) -> None:
        """Note a ``PROGRESS``; raises ``FrameError`` for one that makes no sense."""
        if "step" in header:
            self._step = step_in(header["step"])
        if "pieces" in header:
            self._begin(header, body)
        elif "piece" in header:
            self._renew(header["piece"], body)

    def attach(self, outcome: Outcome) -> tuple[Outcome, bytes]:
        """The outcome of a call that was ended, with where it was, and what it has left behind."""
        told = {**outcome, "figures": {**self._step, **outcome["figures"]}}
        if outcome["code"] != KILLED:
            told["detail"] += running(self._step)
        if not self._pieces:
            return told, b""
        return {**told, "attached": self._type}, b"".join(self._pieces)

    def _begin(self, header: dict[str, Any], body: bytes) -> None:
        lengths, kind = header["pieces"], header.get("type")
        if not isinstance(lengths, list) or not all(isinstance(n, int) and n >= 0 for n in lengths):
            raise FrameError("progress with pieces of no length")
        if not isinstance(kind, str) or len(lengths) > MAX_PIECES or sum(lengths) != len(body):
            raise FrameError("progress that doesn't fit its pieces")
        ends = accumulate(lengths)
        self._pieces = [body[end - length : end] for end, length in zip(ends, lengths, strict=True)]
        self._size = len(body)
        self._type = kind

    def _renew(self, index: Any, body: bytes) -> None:
        if not isinstance(index, int) or not 0 <= index < len(self._pieces):
            raise FrameError("progress of a piece that is none")
        size = self._size - len(self._pieces[index]) + len(body)
        if size <= self._cap:  # else it stays as it was before
            self._pieces[index] = body
            self._size = size


def step_in(value: Any) -> dict[str, Any]:
    """The step that is being taken, as far as it can be one: a cell's number, its tags and its line."""
    step: dict[str, Any] = {}
    if not isinstance(value, dict) or type(value.get("cell")) is not int:
        return step
    step["cell"] = value["cell"]
    tags = value["tags"] if isinstance(value.get("tags"), list) else []
    step["tags"] = [tag[:MAX_TEXT] for tag in tags[:MAX_TAGS] if isinstance(tag, str)]
    if isinstance(value.get("source"), str):
        step["source"] = value["source"][:MAX_TEXT]
    return step


def running(step: dict[str, Any]) -> str:
    """The step as a sentence behind others; nothing if there is none."""
    if "cell" not in step:
        return ""
    tags = f" (tagged {', '.join(step['tags'])})" if step["tags"] else ""
    return f" Cell {step['cell']}{tags} was running."
