"""What ``Annotated`` says beside a type, checked where the value is a real one: the schema can't say that a
date lies after another, or what a predicate finds.

Notes are known by what they have: those of annotated_types by their attributes, pydantic's ``Field`` by the
list of them.
"""

from __future__ import annotations

from .faults import Fault, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Convert = Callable[[Any], Any]
    Check = tuple[Callable[[Any], bool], str]


def constrained(convert: Convert | None, metadata: Iterable[Any]) -> Convert | None:
    """``convert`` followed by the checks that ``metadata`` asks for; ``null`` where it may be is let pass."""
    checks = list(_checks(metadata))
    if not checks:
        return convert

    def checked(value: Any) -> Any:
        made = value if convert is None else convert(value)
        if made is None:
            return made
        for holds, what in checks:
            try:
                if holds(made):
                    continue
            except (TypeError, ValueError, ArithmeticError):
                pass
            raise Fault(f"{shown(value)} is not {what}")
        return made

    return checked


def pydantic_validates(metadata: Iterable[Any]) -> bool:
    """Whether the value is pydantic's to make (``jupyter_faas/kernel/constraints.py`` says the same)."""
    return any(
        type(note).__module__.startswith(("pydantic.functional", "pydantic.types")) for note in metadata
    )


def _checks(metadata: Iterable[Any]) -> Iterator[Check]:
    for note in metadata:
        own = type(note).__module__.partition(".")[0]
        inner = getattr(note, "metadata", None)
        if own == "pydantic" and isinstance(inner, list):  # Field(…)
            yield from _checks(inner)
        elif own == "annotated_types" and type(note).__name__ in ("Interval", "Len"):  # several in one
            yield from _checks(note)
        elif own in ("annotated_types", "pydantic"):
            for name, check in _CHECKS.items():
                wanted = getattr(note, name, None)
                if wanted is not None:
                    yield check(wanted)


def _multiple(of: Any) -> Check:
    def holds(value: Any) -> bool:
        count = value / of
        near = abs(count - round(count)) < 1e-9 if isinstance(count, float) else value % of == 0
        return bool(near)

    return holds, f"a multiple of {of!r}"


def _predicate(holds: Callable[[Any], bool]) -> Check:
    return lambda value: bool(holds(value)), f"what {getattr(holds, '__qualname__', holds)} holds for"


def _decimals(places: int) -> Check:
    return lambda value: bool(
        -value.as_tuple().exponent <= places
    ), f"a number of at most {places} decimal places"


def _digits(most: int) -> Check:
    def holds(value: Any) -> bool:
        sign_digits_exponent = value.as_tuple()
        digits, exponent = len(sign_digits_exponent.digits), sign_digits_exponent.exponent
        return bool(max(digits + max(exponent, 0), -exponent) <= most)

    return holds, f"a number of at most {most} digits"


_CHECKS: dict[str, Callable[[Any], Check]] = {
    "gt": lambda least: (lambda value: bool(value > least), f"more than {least!s}"),
    "ge": lambda least: (lambda value: bool(value >= least), f"{least!s} or more"),
    "lt": lambda most: (lambda value: bool(value < most), f"less than {most!s}"),
    "le": lambda most: (lambda value: bool(value <= most), f"{most!s} or less"),
    "multiple_of": _multiple,
    "min_length": lambda least: (lambda value: len(value) >= least, f"of a length of {least} or more"),
    "max_length": lambda most: (lambda value: len(value) <= most, f"of a length of {most} or less"),
    "func": _predicate,
    "decimal_places": _decimals,
    "max_digits": _digits,
}
