"""Which of the forms that there are the caller wants: ``Accept``, RFC 9110 §12.5.1."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Range = tuple[str, str, float]

MAX_RANGES = 64


def preferred(available: Sequence[str], accept: str) -> str | None:
    """The media type that ``accept`` prefers, of equals the earliest; ``None`` if it wants none.

    Without ``accept``, or if nothing in it can be understood, anything is wanted.
    """
    ranges = ranges_in(accept)
    if not ranges:
        return available[0] if available else None
    best, best_quality = None, 0.0
    for media_type in available:
        quality = _quality(media_type, ranges)
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


def names(media_type: str, accept: str) -> bool:
    """Whether ``accept`` wants ``media_type`` by its name, not merely by a wildcard."""
    main, _, sub = media_type.partition("/")
    return any(quality > 0 and (main, sub) == (a, b) for a, b, quality in ranges_in(accept))


def ranges_in(accept: str) -> list[Range]:
    """Type, subtype and quality of each media range; what is none is left out, as are other parameters."""
    found = []
    for element in accept.lower().split(",")[:MAX_RANGES]:
        media_range, *parameters = [part.strip() for part in element.split(";")]
        main, slash, sub = media_range.partition("/")
        quality = _weight(parameters)
        if slash and main and sub and (main != "*" or sub == "*") and quality is not None:
            found.append((main, sub, quality))
    return found


def _weight(parameters: list[str]) -> float | None:
    """The parameter ``q``, 1 without one; ``None`` if it is no number from 0 to 1."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            digits = value.strip().replace(".", "", 1)
            if not (digits.isascii() and digits.isdigit() and len(digits) <= 8):
                return None
            quality = float(value)
            return quality if quality <= 1 else None
    return 1.0


def _quality(media_type: str, ranges: list[Range]) -> float:
    """What the most specific range that fits says; of equals the best."""
    main, _, sub = media_type.partition("/")
    fitting = []
    for range_main, range_sub, quality in ranges:
        if (range_main, range_sub) == (main, sub):
            fitting.append((2, quality))
        elif range_main == main and range_sub == "*":
            fitting.append((1, quality))
        elif range_main == "*":
            fitting.append((0, quality))
    return max(fitting)[1] if fitting else 0.0
