"""Functions whose descriptions are tested: they take all that their schemas allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal


def summarize(
    values: list[float], q: Annotated[float, "Which quantile, from 0 to 1."] = 0.5
) -> dict[str, float]:
    """Quantile and mean of a list of numbers.

    >>> summarize([1.0, 2.0, 3.0], q=0.5)
    {'quantile': 2.0, 'mean': 2.0}
    >>> summarize([4.0])
    {'quantile': 4.0, 'mean': 4.0}
    """
    ordered = sorted(values) or [0.0]
    place = min(int(min(max(q, 0), 1) * len(ordered)), len(ordered) - 1)
    return {"quantile": ordered[place], "mean": ordered[0] / 2 + ordered[-1] / 2}


def countdown(start: int) -> Iterator[int]:
    """Counts down, from five at most.

    >>> list(countdown(2))
    [2, 1]
    """
    yield from range(min(start, 5), 0, -1)


@dataclass
class Room:
    """A room of a hotel."""

    kind: Literal["single", "double"]
    nights: int = 1


def price(room: Room, extras: list[Literal["breakfast", "late"]] | None = None, code: str = "") -> int:
    """The price of a room.

    Args:
        room: which, and for how long
        extras: what is wanted besides

    >>> price({"kind": "double", "nights": 2}, extras=["late"])
    210
    """
    room = room if isinstance(room, Room) else Room(**room)
    nights = min(max(room.nights, 0), 10)
    return nights * (100 if room.kind == "double" else 60) + 10 * len(extras or []) + 0 * len(code)


def measure(content: bytes, name: str = "file", since: date = date(2026, 1, 1)) -> dict[str, int]:
    """How long a file is, and its name.

    >>> measure(b"abc")
    {'bytes': 3, 'name': 4}
    """
    return {"bytes": len(content), "name": len(name)}


def greet(name: str = "you", times: int | None = None, loud: bool = False) -> str:
    """Greets.

    >>> greet("Ada", loud=True)
    'HELLO ADA'
    """
    text = " ".join([f"hello {name}"] * min(max(times or 1, 1), 3))
    return text.upper() if loud else text


FUNCTIONS = (summarize, countdown, price, measure, greet)
