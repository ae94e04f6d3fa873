"""Arguments of real types as the JSON that a function makes the same types of.

``runtime/converters.py`` reads what is written here; a test holds the two together.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections import deque
from collections.abc import Callable, ItemsView, KeysView, Mapping, Set, ValuesView
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any, Final
from uuid import UUID

from jupyter_faas.client.files import picture_file
from jupyter_faas.client.packages import package, type_name
from jupyter_faas.model.errors import InvalidInput
from jupyter_faas.model.iso8601 import duration_text

__all__ = ["json_of", "split_frame"]


def json_of(value: Any, what: str = "The arguments") -> bytes:
    """``value`` as JSON; raises ``InvalidInput``, which says of ``what``, for what JSON can't express."""
    try:
        try:
            return json.dumps(value, allow_nan=False, default=_simpler).encode()
        except TypeError:  # keys that are no texts, perhaps
            return json.dumps(_with_texts(value), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError, OSError) as error:
        raise InvalidInput(
            f"{what} can't be sent as JSON: {error}. Pass numbers, strings, lists, dicts, dates, "
            "dataclasses, tables or arrays; for NaN and infinities, arrays or None."
        ) from error


def split_frame(frame: Any) -> dict[str, Any]:
    """A pandas DataFrame as columns, rows and index; types beyond JSON's get lost."""
    split: dict[str, Any] = {"columns": frame.columns.tolist(), "data": _rows(frame)}
    if type(frame.index).__name__ != "RangeIndex":
        split["index"] = frame.index.tolist()
    return split


def _with_texts(value: Any) -> Any:
    """``value`` as plain data, with the texts that stand for keys."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {_key(name): _with_texts(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_texts(each) for each in value]
    return _with_texts(_simpler(value))


def _key(key: Any) -> Any:
    """What JSON has as a key, which numbers, truth values and ``None`` have a text for."""
    text = key if key is None or isinstance(key, str | int | float) else _simpler(key)
    if isinstance(text, list | dict):
        raise TypeError(f"nothing makes a key of JSON of a {type(key).__qualname__}")
    return text


def _simpler(value: Any) -> Any:
    for kind, convert in _CONVERSIONS.items():
        if isinstance(value, kind):
            return convert(value)
    if known := _DATA.get(type_name(value)):
        return known(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if hasattr(type(value), "__attrs_attrs__"):
        return {each.alias: getattr(value, each.name) for each in value.__attrs_attrs__ if each.init}
    if type(value).__module__.partition(".")[0] == "pydantic":
        return package("pydantic_core").to_jsonable_python(value)
    raise TypeError(f"nothing makes JSON of a {type(value).__qualname__}")


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}


def _base64(content: Any) -> str:
    return base64.b64encode(content).decode()


def _without_nan(value: Any) -> Any:
    """(Nested) lists with ``None`` for NaN, which functions take for it in arrays."""
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and value != value else value


def _rows(frame: Any) -> list[list[Any]]:
    rows: list[list[Any]] = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return rows


def _records(frame: Any) -> list[dict[str, Any]]:
    return [dict(zip(frame.columns.tolist(), row, strict=True)) for row in _rows(frame)]


def _series(series: Any) -> Any:
    values = series.astype(object).where(series.notna(), None).tolist()
    if type(series.index).__name__ == "RangeIndex":
        return values
    return dict(zip(series.index.tolist(), values, strict=True))


def _picture(image: Any) -> str:
    return _base64(picture_file(image).content)


def _model(model: Any) -> Any:
    """What pydantic writes, but for secrets: it writes stars for them, and they are meant to arrive."""
    return _revealed(model, model.model_dump(mode="json", by_alias=True))


def _revealed(value: Any, written: Any) -> Any:
    if hasattr(value, "get_secret_value"):
        return value.get_secret_value()
    if hasattr(value, "model_fields_set") and isinstance(written, dict):
        fields = type(value).model_fields.items()
        names = {name: field.serialization_alias or field.alias or name for name, field in fields}
        inner = {own: getattr(value, name) for name, own in names.items()}
        return {own: _revealed(inner.get(own), each) for own, each in written.items()}
    if isinstance(value, Mapping) and isinstance(written, dict):
        pairs = zip(value.values(), written.items(), strict=False)
        return {name: _revealed(each, plain) for each, (name, plain) in pairs}
    if isinstance(value, list | tuple) and isinstance(written, list):
        return [_revealed(each, plain) for each, plain in zip(value, written, strict=False)]
    return written


def _numpy_scalar(scalar: Any) -> Any:
    """Times keep their nanoseconds, which Python's own don't have."""
    if scalar.dtype.kind not in "mM":
        plain = scalar.item()  # a longdouble stays what it is
        return _without_nan(float(plain) if type_name(plain) == "numpy.generic" else plain)
    numpy = package("numpy")
    if numpy.isnat(scalar):
        return None
    if scalar.dtype.kind == "M":
        days = numpy.datetime_data(scalar.dtype)[0] in "YMWD"
        return str(numpy.datetime_as_string(scalar, unit="D" if days else None))
    nanoseconds = int(scalar.astype("m8[ns]").astype("i8"))
    seconds, rest = divmod(abs(nanoseconds), 10**9)
    return f"{'-' if nanoseconds < 0 else ''}PT{seconds}.{rest:09d}S"


def _secret(secret: Any) -> Any:
    return secret.get_secret_value()


def _pattern(pattern: re.Pattern[Any]) -> Any:
    """Flags become part of it: ``(?i)``."""
    own = re.compile(pattern.pattern).flags
    flags = "".join(flag for flag in "iLmsxa" if pattern.flags & ~own & getattr(re, flag.upper()))
    return f"(?{flags}){pattern.pattern}" if flags else pattern.pattern


def _length(value: Any) -> str:
    """pandas' have nanoseconds, and write ISO 8601 themselves."""
    return str(value.isoformat()) if getattr(value, "nanoseconds", 0) else duration_text(value)


_CONVERSIONS: Final[dict[Any, Callable[[Any], Any]]] = {
    Enum: lambda member: member.value,
    (datetime, date, time): lambda moment: moment.isoformat(),
    timedelta: _length,
    (Decimal, UUID): str,
    complex: lambda number: complex.__repr__(number).strip("()"),
    Fraction: str,
    re.Pattern: _pattern,
    slice: lambda ends: {"start": ends.start, "stop": ends.stop, "step": ends.step},
    (bytes, bytearray, memoryview): _base64,
    Path: lambda path: _base64(path.read_bytes()),
    PurePath: str,
    (Set, deque, range, KeysView, ItemsView, ValuesView): list,
    Mapping: dict,
}
_DATA: Final[dict[str, Callable[[Any], Any]]] = {
    "numpy.generic": _numpy_scalar,
    "numpy.ndarray": lambda array: _without_nan(array.tolist()),
    "pandas.DataFrame": _records,
    "pandas.Series": _series,
    "pandas.Index": lambda index: index.tolist(),
    "polars.DataFrame": lambda frame: frame.to_dicts(),
    "polars.Series": lambda series: series.to_list(),
    "pyarrow.Table": lambda table: table.to_pylist(),
    "pydantic.BaseModel": _model,
    **dict.fromkeys(("pydantic.Secret", "pydantic.SecretStr", "pydantic.SecretBytes"), _secret),
    "ipaddress._IPAddressBase": str,
    "zoneinfo.ZoneInfo": str,
    "PIL.Image": _picture,
}
