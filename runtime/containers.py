"""Arrays and objects as the containers that an annotation names."""

from __future__ import annotations

import collections
import types
import typing
from collections import abc

from . import scalars
from .faults import Fault, converted, shown
from .fields import constructed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Convert = Callable[[Any], Any]

LISTS: dict[Any, Any] = {
    **dict.fromkeys((list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)),
    **dict.fromkeys((abc.Reversible, abc.Container)),
    collections.deque: collections.deque,
    abc.Iterator: iter,
}
"""What JSON's array becomes; ``None`` where it does as the list that it is."""

SETS: dict[Any, Any] = {set: set, frozenset: frozenset, abc.Set: set, abc.MutableSet: set}
DICTS: dict[Any, Any] = {
    **dict.fromkeys((dict, abc.Mapping, abc.MutableMapping)),
    types.MappingProxyType: types.MappingProxyType,
    collections.OrderedDict: collections.OrderedDict,
    collections.Counter: collections.Counter,
    collections.ChainMap: collections.ChainMap,
    collections.defaultdict: lambda value: collections.defaultdict(None, value),
}
EMPTY = (list, dict, set, int, float, str, bool, tuple, collections.deque, collections.Counter)


def is_container(kind: Any) -> bool:
    """Whether it is one of these, or a tuple."""
    return kind is tuple or kind in LISTS or kind in SETS or kind in DICTS


def sequence(items: Convert | None) -> Convert:
    """A list of converted items."""

    def convert(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Fault(f"{shown(value)} is not an array")
        if items is None:
            return value
        done: list[Any] = []
        try:
            for each in value:
                done.append(items(each))  # its length tells where a fault is
        except Fault as fault:
            raise fault.inside(f"[{len(done)}]") from None
        return done

    return convert


def integers(value: Any) -> Any:
    """An array of integers, checked without a step of Python for each."""
    if isinstance(value, list) and set(map(type, value)) <= {int}:
        return value
    return _integers_one_by_one(value)


_integers_one_by_one: Convert = sequence(scalars.integer)


def row(columns: list[Convert | None]) -> Convert:
    """A tuple with a conversion for each of its items."""

    def convert(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(columns):
            raise Fault(f"{shown(value)} is not an array of {len(columns)} items")
        pairs = zip(columns, value, strict=True)
        return tuple(converted(column, each, f"[{at}]") for at, (column, each) in enumerate(pairs))

    return convert


def mapping(keys: Convert | None, values: Convert | None) -> Convert:
    """A dictionary of converted keys and values."""

    def convert(value: Any) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise Fault(f"{shown(value)} is not an object")
        named: dict[Any, Any] = value
        if values is not None:
            named = {name: converted(values, each, f".{name}") for name, each in value.items()}
        if keys is None:
            return named
        made = {converted(keys, name, f".{name}"): each for name, each in named.items()}
        if len(made) < len(value):
            raise Fault("has two texts for the same key")
        return made

    return convert


def made_by(make: Any, convert: Convert) -> Convert:
    """What ``make`` makes of it; unhashable items of a set are refused here."""
    if make is None:
        return convert

    def made(value: Any) -> Any:
        given = convert(value)
        return constructed(lambda: make(given))

    return made


def defaulting(annotation: Any) -> Callable[[Any], Any]:
    """What makes a ``defaultdict`` of such values."""
    return lambda value: collections.defaultdict(empty_of(annotation), value)


def empty_of(annotation: Any) -> Callable[[], Any] | None:
    """What a ``defaultdict`` of such values starts with where it is empty of its own kind."""
    kind = typing.get_origin(annotation) or annotation
    if kind is collections.defaultdict:
        inner = empty_of(typing.get_args(annotation)[1]) if typing.get_args(annotation) else None
        return lambda: collections.defaultdict(inner)
    return kind if kind in EMPTY else None


def bounds(kind: Any) -> Convert:
    """A range or a slice, of where it starts and stops; a range also of its numbers."""

    def convert(value: Any) -> Any:
        if isinstance(value, list) and kind is range:
            return _range_of(integers(value))
        if not isinstance(value, dict) or not value.keys() <= {"start", "stop", "step"}:
            raise Fault(f"{shown(value)} is not an object of start, stop and step")
        ends = {name: converted(_end(kind), each, f".{name}") for name, each in value.items()}
        if kind is slice:
            return slice(ends.get("start"), ends.get("stop"), ends.get("step"))
        if "stop" not in ends:
            raise Fault("'stop' is required")
        return constructed(lambda: range(ends.get("start", 0), ends["stop"], ends.get("step", 1)))

    return convert


def _end(kind: Any) -> Convert:
    return lambda value: None if value is None and kind is slice else scalars.integer(value)


def _range_of(numbers: list[int]) -> range:
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
    made = range(numbers[0], numbers[-1] + (1 if step > 0 else -1), step) if numbers and step else range(0)
    if len(made) == len(numbers) and all(one == other for one, other in zip(made, numbers, strict=True)):
        return made
    raise Fault("is not the numbers of a range, each as far from the next")
