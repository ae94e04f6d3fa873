"""One step from a value that JSON doesn't know towards one that it does.

Types are looked up by name, so that nothing is imported that the function hasn't imported itself.
"""

from __future__ import annotations

import sys

from .arrays import ARRAYS
from .refusals import ELEMENT_BYTES, Refused, bound
from .times import length_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Conversion = Callable[[Any, int], Any]


def simpler(value: Any, cap: int) -> Any:
    """The nearest relative of ``value``; raises ``Refused`` or, if it is over ``cap``, ``TooLarge``."""
    kind = type(value)
    conversion = _KNOWN.get(kind)
    if conversion is None:
        conversion = _KNOWN[kind] = _conversion_for(kind)
    return conversion(value, cap)


def knows(kind: type) -> bool:
    """Whether JSON has a relative of values of this type."""
    try:
        _conversion_for(kind)
    except Refused:
        return False
    return True


def key_of(key: Any) -> str:
    """A key of an object as the text that it is in JSON; raises ``Refused``."""
    for _ in range(4):  # an Enum of numpy numbers takes three steps
        if isinstance(key, str):
            return str.__str__(key)
        if key is None or isinstance(key, bool):
            return {None: "null", True: "true", False: "false"}[key]
        if isinstance(key, int):
            return int.__repr__(key)
        if isinstance(key, float):
            return _float_key(key)
        if isinstance(key, (bytes, bytearray, tuple, frozenset)):
            break
        key = simpler(key, sys.maxsize)
    raise Refused


def _float_key(key: float) -> str:
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    text = float.__repr__(key)
    return names.get(text, text)


def _conversion_for(kind: type) -> Conversion:
    for base in kind.__mro__:
        conversion = _BY_NAME.get(f"{base.__module__.partition('.')[0]}.{base.__qualname__}")
        if conversion is not None:
            return conversion
    if hasattr(kind, "__dataclass_fields__"):
        return _fields
    if hasattr(kind, "__attrs_attrs__"):
        return _attrs
    if any(base.__module__.partition(".")[0] == "pydantic" for base in kind.__mro__):
        return _pydantic
    raise Refused


def _fields(value: Any, _cap: int) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in sys.modules["dataclasses"].fields(value)}


def _attrs(value: Any, _cap: int) -> dict[str, Any]:
    """Under the names that its ``__init__`` takes."""
    return {each.alias: getattr(value, each.name) for each in type(value).__attrs_attrs__ if each.init}


def _pydantic(value: Any, _cap: int) -> Any:
    """An address or the like, as pydantic writes it; of a secret only that there is one."""
    return sys.modules["pydantic_core"].to_jsonable_python(value)


def _model(value: Any, _cap: int) -> Any:
    """A pydantic model under the names that its JSON Schema gives its fields; a root model is its root."""
    return value.model_dump(by_alias=True)


def _base64(value: Any, cap: int) -> str:
    from binascii import b2a_base64

    bound(len(value) * 4 // 3, cap)
    return b2a_base64(value, newline=False).decode()


def _memoryview(value: memoryview, cap: int) -> str:
    return _base64(value.tobytes(), cap)


def _sorted(value: Any, _cap: int) -> list[Any]:
    """Sorted where that is possible, so that equal sets give equal answers."""
    try:
        return sorted(value)
    except TypeError:
        return list(value)


def _duration(value: Any, _cap: int) -> str:
    microseconds = (value.days * 86400 + value.seconds) * 10**6 + value.microseconds
    return length_text(microseconds * 1000 + getattr(value, "nanoseconds", 0), 9)  # pandas has them


def _iterator(_value: Any, _cap: int) -> Any:
    raise Refused("; return a list of what it yields")


def _complex(value: complex, _cap: int) -> str:
    """As Python writes it, ``1+2j``, without the parentheses."""
    return complex.__repr__(value).strip("()")


def _pattern(value: Any, _cap: int) -> str:
    """Flags become part of it: ``(?i)``."""
    from re import compile as compiled

    own = compiled(value.pattern).flags
    flags = "".join(letter for letter, bit in _FLAGS.items() if value.flags & ~own & bit)
    return f"(?{flags}){value.pattern}" if flags else str(value.pattern)


def _slice(value: slice, _cap: int) -> dict[str, Any]:
    return {"start": value.start, "stop": value.stop, "step": value.step}


def _coroutine(_value: Any, _cap: int) -> Any:
    raise Refused("; await it")


def _isoformat(value: Any, _cap: int) -> str:
    return str(value.isoformat())


def _text(value: Any, _cap: int) -> str:
    return str(value)


def _list(value: Any, cap: int) -> list[Any]:
    bound(ELEMENT_BYTES * len(value), cap)
    return list(value)


_FLAGS = {"i": 2, "L": 4, "m": 8, "s": 16, "x": 64, "a": 256}  # by sre's bits
_KNOWN: dict[type, Conversion] = {}
_BY_NAME: dict[str, Conversion] = {
    **ARRAYS,
    "builtins.bytes": _base64,
    "builtins.bytearray": _base64,
    "builtins.memoryview": _memoryview,
    "builtins.set": _sorted,
    "builtins.frozenset": _sorted,
    "builtins.range": _list,
    "builtins.slice": _slice,
    "builtins.dict_keys": _list,
    "builtins.dict_values": _list,
    "builtins.dict_items": _list,
    "builtins.mappingproxy": lambda value, _: dict(value),
    "builtins.complex": _complex,
    "builtins.generator": _iterator,
    "builtins.async_generator": _iterator,
    "builtins.map": _iterator,
    "builtins.filter": _iterator,
    "builtins.zip": _iterator,
    "builtins.coroutine": _coroutine,
    "collections.deque": _list,
    "collections.UserDict": lambda value, _: value.data,
    "collections.UserList": lambda value, _: value.data,
    "collections.ChainMap": lambda value, _: dict(value),
    "datetime.date": _isoformat,
    "datetime.time": _isoformat,
    "datetime.timedelta": _duration,
    "decimal.Decimal": _text,
    "enum.Enum": lambda value, _: value.value,
    "fractions.Fraction": _text,
    "ipaddress._IPAddressBase": _text,
    "pathlib.PurePath": _text,
    "pydantic.BaseModel": _model,
    "re.Pattern": _pattern,
    "uuid.UUID": _text,
    "zoneinfo.ZoneInfo": _text,
}
