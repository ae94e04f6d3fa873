"""A module of the notebook's author."""

FREEZING = 32


def celsius(fahrenheit: float) -> float:
    return (fahrenheit - FREEZING) * 5 / 9
