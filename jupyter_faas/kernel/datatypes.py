"""Schemas of types that are known by name: texts, numbers of numpy, arrays, tables, pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_faas.model.scalars import BASE64, SCALARS
from jupyter_faas.model.typenames import MEDIA, TYPE

__all__ = ["named_schema"]

_TABLE_MEDIA: Final = [
    "text/csv",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.arrow.file",
    "application/vnd.apache.parquet",
]
_ANY_FILE: Final = {"contentMediaType": "application/octet-stream", MEDIA: ["*/*"]}
_FILES: Final = {"builtins.bytes", "builtins.bytearray", "builtins.memoryview", "pathlib.Path"}
_COLUMNS: Final = {"type": "object", "additionalProperties": {"type": ["array", "object"]}}
_RECORDS: Final = {"type": "array", "items": {"type": "object"}}
_TABLE: Final = {"anyOf": [_RECORDS, _COLUMNS], MEDIA: _TABLE_MEDIA}
_DATA: Final[Mapping[str, dict[str, Any]]] = {
    "numpy.ndarray": {"type": "array", "items": {}, MEDIA: ["application/x-npy"]},
    "pandas.DataFrame": _TABLE,
    "pandas.Series": {"type": ["array", "object"], MEDIA: _TABLE_MEDIA},
    "pandas.Index": {"type": "array", "items": {}},
    "pyarrow.Table": _TABLE,
    "polars.DataFrame": _TABLE,
    "polars.Series": {"type": "array", "items": {}, MEDIA: _TABLE_MEDIA},
    "PIL.Image": {**BASE64, "contentMediaType": "image/*", MEDIA: ["image/*"]},
}

_INTEGER: Final = {"type": "integer"}
_NUMBER: Final = {"type": "number"}
_POSITION: Final = {"type": ["integer", "null"]}
_ENDS: Final = {"type": "object", "additionalProperties": False}
_BOUNDS: Final[Mapping[str, dict[str, Any]]] = {
    "builtins.range": {
        "anyOf": [
            {"type": "array", "items": _INTEGER},
            {
                **_ENDS,
                "properties": {"start": _INTEGER, "stop": _INTEGER, "step": _INTEGER},
                "required": ["stop"],
            },
        ]
    },
    "builtins.slice": {
        **_ENDS,
        "properties": {"start": _POSITION, "stop": _POSITION, "step": _POSITION},
        "required": [],
    },
}
"""A range is the array of its numbers, as in results, or where it starts and stops."""


def _whole(bits: int, signed: bool) -> dict[str, Any]:
    least = -(2 ** (bits - 1)) if signed else 0
    return {"type": "integer", "minimum": least, "maximum": least + 2**bits - 1}


_NUMBERS: Final[Mapping[str, dict[str, Any]]] = {
    **{f"numpy.int{bits}": _whole(bits, True) for bits in (8, 16, 32, 64)},
    **{f"numpy.uint{bits}": _whole(bits, False) for bits in (8, 16, 32, 64)},
    **dict.fromkeys(("numpy.longlong", "numpy.integer", "numpy.signedinteger"), _whole(64, True)),
    **dict.fromkeys(("numpy.ulonglong", "numpy.unsignedinteger"), _whole(64, False)),
    **{f"numpy.{name}": _NUMBER for name in ("float16", "float32", "float64", "longdouble")},
    **{f"numpy.{name}": _NUMBER for name in ("floating", "inexact", "number")},
    "numpy.bool": {"type": "boolean"},
    "numpy.str_": {"type": "string"},
}

_ABSTRACT: Final = {"builtins.int": _INTEGER, "builtins.float": _NUMBER}
"""What the abstract numbers of the standard library are known as."""


def named_schema(name: str, of_result: bool) -> dict[str, Any] | None:
    """The schema of the type with this name; ``None`` if it isn't known by name.

    That of a result tells arrays and tables apart by their package, and says nothing of files.
    """
    if of_result and name == "pathlib.Path":
        return {"type": "string"}  # where something lies in the sandbox, and no file
    if name in SCALARS:
        return {**SCALARS[name].schema, **(_ANY_FILE if name in _FILES else {}), TYPE: name}
    if name in _DATA:
        if not of_result:
            return dict(_DATA[name])
        return {**(_RECORDS if _DATA[name] is _TABLE else _DATA[name]), TYPE: name}
    if name in _ABSTRACT:
        return dict(_ABSTRACT[name])
    known = _NUMBERS.get(name) or _BOUNDS.get(name)
    return None if known is None else {**known, TYPE: name}
