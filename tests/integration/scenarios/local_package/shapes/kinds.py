"""Kinds of shapes."""

from pathlib import Path

NAMES = (Path(__file__).parent / "names.txt").read_text().split()


class Square:
    def __init__(self, side: float) -> None:
        self.side = side
        self.name = NAMES[0]
