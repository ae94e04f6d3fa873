"""Geometry on a sphere of the earth's size."""

import math

EARTH_RADIUS_KM = 6371.0


def great_circle_km(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Length of the shortest way between two places (latitude and longitude in degrees), by the haversine."""
    latitude, longitude = math.radians(start[0]), math.radians(start[1])
    other_latitude, other_longitude = math.radians(end[0]), math.radians(end[1])
    half_chord = (
        math.sin((other_latitude - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(other_latitude) * math.sin((other_longitude - longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half_chord))
