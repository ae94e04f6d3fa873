import math

FACTOR = 3


def scale(v: int) -> int:
    return math.floor(FACTOR * v)
