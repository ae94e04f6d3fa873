"""Areas."""

import numpy as np

from .kinds import Square


def area(square: Square) -> float:
    return float(np.square(square.side))
