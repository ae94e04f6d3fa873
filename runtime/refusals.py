"""Why a value has no place in a result."""

from __future__ import annotations

ELEMENT_BYTES = 2  # the least that an element of an array takes: a digit and a comma


class Refused(TypeError):
    """There is no relative in JSON; ``hint`` continues a sentence."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


class TooLarge(Exception):
    """The value is over the cap for certain; it takes ``size`` bytes at least."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def bound(least: int, cap: int) -> None:
    """Refuse a value that takes ``least`` bytes at least, before it is turned into something bigger still."""
    if least > cap:
        raise TooLarge(least)
