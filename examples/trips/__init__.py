"""Distances between airports."""

from trips.airports import AIRPORTS
from trips.sphere import great_circle_km

__all__ = ["distance_km"]


def distance_km(start: str, end: str) -> float:
    """Distance of two airports, by their IATA codes."""
    return great_circle_km(AIRPORTS[start], AIRPORTS[end])
