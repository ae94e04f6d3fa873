"""Whether ``Accept`` (RFC 9110 §12.5.1) leaves any of the forms that a function's result can have.

The choice among them is made beside the function (``runtime/accept.py``); this refuses early what that would
refuse late. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jupyter_faas.model.errors import NotAcceptable

__all__ = ["accepts_any", "check_acceptable"]

MAX_RANGES: Final = 64

Range = tuple[str, str, float]


def check_acceptable(forms: Sequence[str], accept: str, function: str) -> None:
    """Raise ``NotAcceptable`` if ``accept`` wants none of ``forms``; no forms mean that they aren't known."""
    if forms and accept and not accepts_any(forms, accept):
        raise NotAcceptable(
            f"What {function} gives has no form that 'Accept: {accept[:200]}' allows. "
            f"There is {', '.join(forms)}.",
            available=list(forms),
        )


def accepts_any(forms: Sequence[str], accept: str) -> bool:
    """Whether one of ``forms`` is wanted. If nothing in ``accept`` can be understood, anything is."""
    ranges = [found for element in accept.lower().split(",")[:MAX_RANGES] if (found := _range(element))]
    return not ranges or any(_quality(form, ranges) > 0 for form in forms)


def _range(element: str) -> Range | None:
    media_range, *parameters = [part.strip() for part in element.split(";")]
    main, slash, sub = media_range.partition("/")
    quality = _weight(parameters)
    if slash and main and sub and (main != "*" or sub == "*") and quality is not None:
        return main, sub, quality
    return None


def _weight(parameters: Sequence[str]) -> float | None:
    """The parameter ``q``, 1 without one; ``None`` if it is no number from 0 to 1."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            digits = value.strip().replace(".", "", 1)
            usable = digits.isascii() and digits.isdigit() and len(digits) <= 8
            return float(value) if usable and float(value) <= 1 else None
    return 1.0


def _quality(form: str, ranges: Sequence[Range]) -> float:
    """What the most specific range that fits says; of equals the best."""
    main, _, sub = form.partition("/")
    exactness = {(main, sub): 2, (main, "*"): 1, ("*", "*"): 0}
    fitting = [(exactness[a, b], quality) for a, b, quality in ranges if (a, b) in exactness]
    return max(fitting)[1] if fitting else 0.0
