FACTOR = 3


def scale(v: int) -> int:
    return FACTOR * v
