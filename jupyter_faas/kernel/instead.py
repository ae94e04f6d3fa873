"""What to write instead of a type that nothing makes of JSON."""

from __future__ import annotations

import inspect
import typing
from typing import Any, Final

from jupyter_faas.model.typenames import name_of

__all__ = ["refusal", "written"]

_FILE: Final = "bytes, or pathlib.Path for a file"
_ARRAY: Final = "numpy.ndarray, and convert it inside the function"
_CHOICE: Final = "a Literal of names, and look the object up inside the function"
_ITEMS: Final = "list[…]"
_TIMES: Final = "list[datetime.datetime], or pandas.Series"
_INSTEAD: Final = {
    "collections.Callable": _CHOICE,
    "builtins.type": _CHOICE,
    "builtins.module": _CHOICE,
    "builtins.function": _CHOICE,
    "typing.IO": _FILE,
    "typing.TextIO": _FILE,
    "typing.BinaryIO": _FILE,
    "io.BytesIO": _FILE,
    "io.StringIO": "str, or pathlib.Path for a file",
    "io.TextIOWrapper": _FILE,
    "io.BufferedReader": _FILE,
    "os.PathLike": "pathlib.Path for a file, pathlib.PurePath or str for a name",
    "collections.Buffer": "bytes",
    "collections.Generator": _ITEMS,
    "collections.AsyncIterator": _ITEMS,
    "collections.AsyncIterable": _ITEMS,
    "collections.AsyncGenerator": _ITEMS,
    "collections.KeysView": _ITEMS,
    "collections.ValuesView": _ITEMS,
    "collections.ItemsView": "dict[…]",
    "collections.UserDict": "dict[…]",
    "collections.UserList": _ITEMS,
    "collections.UserString": "str",
    "collections.Hashable": "str, int, or a union of what it may be",
    "array.array": "list[float], or numpy.ndarray",
    "types.SimpleNamespace": "dict, and SimpleNamespace(**…) inside the function",
    "datetime.tzinfo": "zoneinfo.ZoneInfo",
    "datetime.timezone": "zoneinfo.ZoneInfo, or datetime.timedelta for an offset",
    "pandas.Period": "str, and pandas.Period(…) inside the function",
    "pandas.Interval": "tuple[float, float]",
    "pandas.Categorical": "pandas.Series",
    "pandas.MultiIndex": "pandas.DataFrame",
    "pandas.DatetimeIndex": _TIMES,
    "pandas.DatetimeTZDtype": "str",
    "polars.LazyFrame": "polars.DataFrame, and .lazy() inside the function",
    "polars.Expr": "str, and polars.sql_expr(…) inside the function",
    "pyarrow.RecordBatch": "pyarrow.Table",
    "pyarrow.Array": "pyarrow.Table, or list[…]",
    "pyarrow.ChunkedArray": "pyarrow.Table, or list[…]",
    "numpy.void": "numpy.ndarray",
    "numpy.object_": "Any",
    "numpy.dtype": "str",
    "numpy.matrix": "numpy.ndarray",
    "torch.Tensor": _ARRAY,
    "tensorflow.Tensor": _ARRAY,
    "jax.Array": _ARRAY,
    "scipy.csr_matrix": _ARRAY,
    "xarray.DataArray": "pandas.DataFrame or numpy.ndarray",
    "xarray.Dataset": "pandas.DataFrame or pathlib.Path",
    "geopandas.GeoDataFrame": "pathlib.Path for a file, and geopandas.read_file(…) inside the function",
}
_BY_TEXT: Final = {
    "Self": "the name of the class in quotes",
    "Never": "None, or leave the parameter out",
    "NoReturn": "None, or leave the parameter out",
}


def refusal(annotation: Any) -> str:
    """Why it can't be, and what can; continues "x: …"."""
    return f"nothing makes a {written(annotation)} of JSON: write {_instead(annotation)}"


def written(annotation: Any) -> str:
    """The annotation as code has it."""
    return inspect.formatannotation(annotation)


def _instead(annotation: Any) -> str:
    text = _BY_TEXT.get(getattr(annotation, "_name", None) or "")
    if text is not None:
        return text
    kind = typing.get_origin(annotation) or annotation
    if isinstance(kind, type):
        for base in kind.__mro__[:-1]:
            if (named := _INSTEAD.get(name_of(base))) is not None:
                return named
        if issubclass(kind, BaseException):
            return "str, and raise inside the function"
        if getattr(kind, "_is_protocol", False):
            return "the type that is given, and not its Protocol"
        if kind.__module__ == "__main__":  # the notebook's own
            return f"@dataclass above {kind.__name__}, or dict, and make the object inside the function"
    return (
        "a type that the documentation names (a dataclass, a TypedDict and a pydantic model are some), or "
        "dict, and make the object inside the function"
    )
