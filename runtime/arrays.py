"""Arrays and tables one step nearer to JSON, importing no package: who returns its objects has done so."""

from __future__ import annotations

import sys

from .refusals import ELEMENT_BYTES, Refused, bound
from .times import instant_of, length_text, numpy_times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MISSING = frozenset({"NAType", "NaTType"})
RECORD_FIELD_BYTES = 5  # two quotes, a colon, a digit and a comma


def _array(value: Any, cap: int) -> Any:
    """A numpy array as (nested) lists; NaN and infinities are replaced here, where it is fast."""
    bound(ELEMENT_BYTES * value.size, cap)
    numpy: Any = sys.modules["numpy"]
    kind = value.dtype.kind
    if kind == "f":
        finite = numpy.isfinite(value)
        if not finite.all():
            value = value.astype(object)
            value[~finite] = None
        elif value.dtype.itemsize > 8:
            value = value.astype(float)
    elif kind in "mM":
        return numpy_times(value)
    return value.tolist()


def _scalar(value: Any, cap: int) -> Any:
    kind = value.dtype.kind
    if kind in "mM":
        return _array(sys.modules["numpy"].asarray(value), cap)
    exact = {"b": bool, "i": int, "u": int, "f": float, "c": complex}.get(kind)
    return exact(value) if exact else value.item()


def _column(value: Any, cap: int) -> list[Any]:
    """The values of a Series, an Index or the like; missing ones are ``None``."""
    bound(ELEMENT_BYTES * len(value), cap)
    values: list[Any] = value.tolist()
    missing = value.isna()
    if missing.any():
        flags = missing.tolist()
        values = [None if flags[i] else values[i] for i in range(len(values))]
    return values


def _series(value: Any, cap: int) -> Any:
    """A list if the index merely counts, else an object."""
    index = value.index
    values = _column(value, cap)
    if type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1:
        return values
    labels = [_label(label) for label in index.tolist()]
    if len(set(map(str, labels))) < len(labels):
        raise Refused("; labels of its index occur twice, so call reset_index() first")
    return {labels[i]: values[i] for i in range(len(labels))}


def _records(value: Any, cap: int) -> list[dict[Any, Any]]:
    """A DataFrame as one object per row; the index is left out (``reset_index()`` makes it a column)."""
    names = [_label(name) for name in value.columns.tolist()]
    if len(set(map(str, names))) < len(names):  # 1 and "1" are one key
        raise Refused("; two of its columns have the same name")
    bound(len(value) * sum(len(str(name)) + RECORD_FIELD_BYTES for name in names), cap)
    columns = [_column(value.iloc[:, i], cap) for i in range(len(names))]
    return [{names[i]: columns[i][row] for i in range(len(names))} for row in range(len(value))]


def _label(label: Any) -> Any:
    """What JSON can have as a key is kept, times are ISO 8601, a missing one is ``null``, else text."""
    if label is None or type(label).__name__ in MISSING or label != label:
        return "null"
    if isinstance(label, (str, int, float)):
        return label
    return label.isoformat() if hasattr(label, "isoformat") else str(label)


def _row_wise(names: list[str], columns: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _arrow_records(value: Any, cap: int) -> list[dict[str, Any]]:
    """An Arrow table as one object per row."""
    names = value.schema.names
    if len(set(names)) < len(names):
        raise Refused("; two of its columns have the same name")
    bound(value.num_rows * sum(len(name) + RECORD_FIELD_BYTES for name in names), cap)
    return _row_wise(names, [_arrow_values(column, cap) for column in value.columns])


def _arrow_values(value: Any, cap: int) -> list[Any]:
    bound(ELEMENT_BYTES * len(value), cap)
    text = str(value.type)
    if text.startswith(("timestamp[ns", "duration[ns")):
        return _fine(value.cast("int64").to_pylist(), text[0] == "t", getattr(value.type, "tz", None))
    values: list[Any] = value.to_pylist()
    return values


def _polars_records(value: Any, cap: int) -> list[dict[str, Any]]:
    """A polars DataFrame as one object per row."""
    bound(value.height * sum(len(name) + RECORD_FIELD_BYTES for name in value.columns), cap)
    return _row_wise(value.columns, [_polars_values(column, cap) for column in value.get_columns()])


def _polars_values(value: Any, cap: int) -> list[Any]:
    bound(ELEMENT_BYTES * len(value), cap)
    dtype = value.dtype
    if getattr(dtype, "time_unit", None) == "ns":
        is_instant = hasattr(dtype, "time_zone")
        return _fine(value.to_physical().to_list(), is_instant, getattr(dtype, "time_zone", None))
    values: list[Any] = value.to_list()
    return values


def _fine(numbers: list[int | None], is_instant: bool, zone: str | None) -> list[str | None]:
    """Nanoseconds since 1970, or of a length of time, as texts: Python's own types would cut them."""
    if is_instant:
        return [None if number is None else instant_of(number, zone) for number in numbers]
    return [None if number is None else length_text(number, 9) for number in numbers]


def _masked(value: Any, _cap: int) -> Any:
    return numpy_times(value) if value.dtype.kind in "mM" else value.tolist()


def _none(_value: Any, _cap: int) -> None:
    return None


ARRAYS: dict[str, Callable[[Any, int], Any]] = {
    "numpy.MaskedArray": _masked,
    "numpy.ndarray": _array,
    "numpy.generic": _scalar,
    "pandas.DataFrame": _records,
    "pandas.Series": _series,
    "pandas.MultiIndex": lambda value, _: value.tolist(),
    "pandas.Index": _column,
    "pandas.ExtensionArray": _column,
    "pandas.NaTType": _none,
    "pandas.NAType": _none,
    "pandas.Period": lambda value, _: str(value),
    "pandas.Interval": lambda value, _: str(value),
    "pyarrow.Table": _arrow_records,
    "pyarrow.RecordBatch": _arrow_records,
    "pyarrow.Array": _arrow_values,
    "pyarrow.ChunkedArray": _arrow_values,
    "pyarrow.Scalar": lambda value, _: value.as_py(),
    "polars.DataFrame": _polars_records,
    "polars.Series": _polars_values,
}
