from .constants import PI


def circle(r: float) -> float:
    return int(PI) * r * r
