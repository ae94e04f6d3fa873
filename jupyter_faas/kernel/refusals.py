"""What can't be carried, gathered into one error that names all of it before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_faas.model.errors import CaptureError

__all__ = ["Refusal", "capture_error"]


@dataclass(frozen=True)
class Refusal:
    """A name that can't be carried: ``reason`` is a clause that also says what to do.

    ``used`` says by what and where, ``origin`` which statement made it (both in words, either may be empty).
    """

    name: str
    type_name: str
    reason: str
    used: str = ""
    origin: str = ""
    cell: str | None = None

    @property
    def sentence(self) -> str:
        """The refusal as a line of the error."""
        kind = f" ({self.type_name})" if self.type_name else ""
        places = "; ".join(part for part in (self.used, self.origin) if part)
        return f"{self.name}{kind}{', ' + places if places else ''}: {self.reason}."


def capture_error(entry: str, refusals: Sequence[Refusal]) -> CaptureError:
    """The one error for all ``refusals``; figure ``names`` has them for programs."""
    names: list[dict[str, Any]] = [
        {"name": one.name, "type": one.type_name, "reason": one.reason, "cell": one.cell} for one in refusals
    ]
    count = "One thing" if len(refusals) == 1 else f"{len(refusals)} things"
    lines = "\n".join(f"- {refusal.sentence}" for refusal in refusals)
    return CaptureError(f"{count} that {entry} uses can't be published:\n{lines}", names=names)
