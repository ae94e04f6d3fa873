"""Arguments of real types as the JSON that a function makes the same types of.

``runtime/converters.py`` reads what is written here; a test holds the two together.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections import deque
from collections.abc import Callable, ItemsView, KeysView, Mapping, Set, ValuesView
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from jupyter_faas.client.packages import package, type_name
from jupyter_faas.model.errors import InvalidInput
from jupyter_faas.model.iso8601 import duration_text

__all__ = ["json_of", "split_frame"]


def json_of(value: Any, what: str = "The arguments") -> bytes:
    """``value`` as JSON; raises ``InvalidInput``, which says of ``what``, for what JSON can't express."""
    try:
        return json.dumps(value, allow_nan=False, default=_simpler).encode()
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


def _simpler(value: Any) -> Any:
    for kind, convert in _CONVERSIONS.items():
        if isinstance(value, kind):
            return convert(value)
    if known := _DATA.get(type_name(value)):
        return known(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
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
    content = BytesIO()
    package("PIL.Image")  # the plugins that write
    image.save(content, "PNG")
    return _base64(content.getvalue())


_CONVERSIONS: Final[dict[Any, Callable[[Any], Any]]] = {
    Enum: lambda member: member.value,
    (datetime, date, time): lambda moment: moment.isoformat(),
    timedelta: duration_text,
    (Decimal, UUID): str,
    (bytes, bytearray, memoryview): _base64,
    Path: lambda path: _base64(path.read_bytes()),
    (Set, deque, range, KeysView, ItemsView, ValuesView): list,
    Mapping: dict,
}
_DATA: Final[dict[str, Callable[[Any], Any]]] = {
    "numpy.generic": lambda scalar: _without_nan(scalar.item()),
    "numpy.ndarray": lambda array: _without_nan(array.tolist()),
    "pandas.DataFrame": _records,
    "pandas.Series": _series,
    "pandas.Index": lambda index: index.tolist(),
    "polars.DataFrame": lambda frame: frame.to_dicts(),
    "polars.Series": lambda series: series.to_list(),
    "pyarrow.Table": lambda table: table.to_pylist(),
    "pydantic.BaseModel": lambda model: model.model_dump(mode="json", by_alias=True),
    "PIL.Image": _picture,
}
