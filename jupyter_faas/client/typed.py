"""JSON as the Python types that a schema says it was.

Nothing here raises for a result that isn't what its schema says, for nobody checked it: that stays the JSON
that it is.
"""

from __future__ import annotations

import re
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from jupyter_faas.client.packages import is_there, package
from jupyter_faas.model.scalars import KEY_SCALARS, SCALARS
from jupyter_faas.model.typenames import TYPE

__all__ = ["typed"]

Schema = Mapping[str, Any]


def typed(value: Any, schema: Schema, root: Schema | None = None) -> Any:
    """``value`` as ``schema`` says; ``root`` holds what it refers to."""
    root = schema if root is None else root
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return typed(value, root.get("$defs", {}).get(name, {}), root)
    if "anyOf" in schema and TYPE not in schema:
        fitting = [each for each in schema["anyOf"] if isinstance(each, dict) and _fits(value, each, root)]
        made = (typed(value, each, root) for each in fitting)
        return next((each for each in made if each is not value), value)
    if isinstance(value, list):
        value = _items(value, schema, root)
    elif isinstance(value, dict):
        value = _members(value, schema, root)
    make = _maker(str(schema.get(TYPE)), str(schema.get("format")))
    if make is None and schema.get("uniqueItems") and isinstance(value, list):
        make = set
    if make is None:
        return value
    try:
        return make(value)
    except (ValueError, TypeError, ArithmeticError, AttributeError, LookupError):
        return value


def _maker(name: str, form: str) -> Callable[[Any], Any] | None:
    """What makes the real value: by its type's name, or, of a pydantic model's field, by its format."""
    if name in _TYPES:
        return _TYPES[name]
    if name.startswith(("numpy.", "pandas.")):
        made = _package_scalar(name)
        if made is not None:
            return made
    scalar = SCALARS.get(name) or _FORMATS.get(form)
    if scalar is None:
        return None
    read = scalar.read
    return lambda value: read(value if isinstance(value, str) else _number_text(value))


def _number_text(value: Any) -> str:
    if type(value) in (int, float):
        return str(value)
    raise TypeError(value)


def _package_scalar(name: str) -> Callable[[Any], Any] | None:
    """A number or time of numpy or pandas, where they are installed."""
    top, _, kind = name.partition(".")
    if not is_there(top):
        return None
    if top == "pandas":
        return _PANDAS_TIMES.get(kind)
    if kind in _NUMPY_TIMES:
        return _NUMPY_TIMES[kind]
    made = getattr(package("numpy"), kind, None)
    scalar = SCALARS.get(name)
    if scalar is None:
        return made
    return lambda value: made(scalar.read(str(value))) if made is not None else value


def _items(values: list[Any], schema: Schema, root: Schema) -> list[Any]:
    first = schema.get("prefixItems", ())
    items = schema.get("items", {})
    if not first and not items:
        return values
    schemas = [*first, *[items] * (len(values) - len(first))]
    return [typed(value, each, root) for value, each in zip(values, schemas, strict=False)]


def _members(members: dict[str, Any], schema: Schema, root: Schema) -> dict[Any, Any]:
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
    rest = rest if isinstance(rest, dict) else {}
    names = schema.get("propertyNames", {})
    return {
        _key(name, names): typed(value, properties.get(name, rest), root) for name, value in members.items()
    }


def _key(text: str, schema: Schema) -> Any:
    """A key as what its text stands for."""
    for each in schema.get("anyOf", [schema]):
        scalar = KEY_SCALARS.get(each.get(TYPE)) or SCALARS.get(each.get(TYPE))
        if scalar is not None and re.search(each.get("pattern", ""), text):
            try:
                return scalar.read(text)
            except (ValueError, ArithmeticError, LookupError):
                continue
    return text


def _fits(value: Any, schema: Schema, root: Schema) -> bool:
    """Whether the JSON type is the one that this alternative names."""
    if "$ref" in schema:
        found = root.get("$defs", {}).get(str(schema["$ref"]).rpartition("/")[2], {})
        return "$ref" not in found and _fits(value, found, root)
    named = schema.get("type")
    names = {named} if isinstance(named, str) else set(named or ())
    return not names or _json_type(value) in names or (type(value) is int and "number" in names)


def _json_type(value: Any) -> str:
    kinds = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "array" if isinstance(value, list) else "object")


def _array(value: Any) -> Any:
    return package("numpy").array(value) if is_there("numpy") else value


def _pandas(name: str) -> Callable[[Any], Any]:
    return lambda value: getattr(package("pandas"), name)(value) if is_there("pandas") else value


def _polars(value: Any) -> Any:
    return package("polars").DataFrame(value) if is_there("polars") else value


def _series(value: Any) -> Any:
    return package("polars").Series(value) if is_there("polars") else value


def _moment(text: str) -> Any:
    """To the text's own precision, which may be beyond that of Python's types."""
    if re.match(r"[+-]?\d", text) is None:  # numpy knows a "today"
        raise ValueError(text)
    return package("numpy").datetime64(text)


def _length(text: str) -> Any:
    numpy = package("numpy")
    made, rest = numpy.timedelta64(SCALARS["numpy.timedelta64"].read(text), "us"), _nanoseconds(text)
    return made + numpy.timedelta64(rest, "ns") if rest else made


def _timestamp(text: str) -> Any:
    made = package("pandas").Timestamp(SCALARS["pandas.Timestamp"].read(text))
    return _with_nanoseconds(made, text)


def _timedelta(text: str) -> Any:
    made = package("pandas").Timedelta(SCALARS["pandas.Timedelta"].read(text))
    return _with_nanoseconds(made, text)


def _with_nanoseconds(made: Any, text: str) -> Any:
    rest = _nanoseconds(text)
    return made.as_unit("ns") + package("pandas").Timedelta(rest, "ns") if rest else made


def _nanoseconds(text: str) -> int:
    """What the text has beyond the microseconds, where Python's own types end."""
    found = re.search(r"[.,]\d{6}(\d{1,3})", text)
    rest = 0 if found is None else int(found[1].ljust(3, "0"))
    return -rest if text.startswith("-") else rest


def _range(numbers: list[int]) -> Any:
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
    made = range(numbers[0], numbers[-1] + (1 if step > 0 else -1), step) if numbers else range(0)
    return made if list(made) == numbers else numbers


def _slice(ends: Mapping[str, Any]) -> slice:
    return slice(ends["start"], ends["stop"], ends["step"])


def _number(value: Any) -> Any:
    """A number is one already; as a text it is complex."""
    return SCALARS["numbers.Number"].read(value) if isinstance(value, str) else value


_NUMPY_TIMES: Final = {"datetime64": _moment, "timedelta64": _length}
_PANDAS_TIMES: Final = {"Timestamp": _timestamp, "Timedelta": _timedelta}
_TYPES: Final[dict[str, Callable[[Any], Any]]] = {
    "builtins.bytearray": lambda text: bytearray(SCALARS["builtins.bytearray"].read(text)),
    "builtins.frozenset": frozenset,
    "builtins.mappingproxy": MappingProxyType,
    "builtins.range": _range,
    "builtins.slice": _slice,
    "builtins.tuple": tuple,
    "collections.ChainMap": ChainMap,
    "collections.Counter": Counter,
    "collections.OrderedDict": OrderedDict,
    "collections.defaultdict": lambda value: defaultdict(None, value),
    "collections.deque": deque,
    "numbers.Complex": _number,
    "numbers.Number": _number,
    "numpy.ndarray": _array,
    "pandas.DataFrame": _pandas("DataFrame"),
    "pandas.Index": _pandas("Index"),
    "pandas.Series": _pandas("Series"),
    "polars.DataFrame": _polars,
    "polars.Series": _series,
}
_FORMATS: Final = {
    str(scalar.schema["format"]): scalar
    for name, scalar in SCALARS.items()
    if name.partition(".")[0] in ("datetime", "uuid", "ipaddress") and "format" in scalar.schema
}
"""Of the fields of pydantic models, whose schemas are pydantic's own."""
