"""Data types of packages, and files: made of JSON, or of a body or part in a format of their own.

``jupyter_faas/kernel/schemas.py`` names the same types and media types to callers.
"""

from __future__ import annotations

import sys

from . import scalars, uploads
from .faults import Fault, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Convert = Callable[[Any], Any]
    Read = Callable[[memoryview, str, str | None], Any]

CSV = "text/csv"
STREAM = "application/vnd.apache.arrow.stream"
FEATHER = "application/vnd.apache.arrow.file"
PARQUET = "application/vnd.apache.parquet"
NPY = "application/x-npy"
TABLES = (CSV, STREAM, FEATHER, PARQUET)
UNTOLD = ("application/octet-stream", "application/unknown", "")
SUFFIXES = {
    ".csv": CSV,
    ".arrows": STREAM,
    ".arrow": FEATHER,
    ".feather": FEATHER,
    ".parquet": PARQUET,
    ".pq": PARQUET,
}


def converter(annotation: Any) -> Convert | None:
    """The conversion from JSON to ``annotation``, if it is one of the data types."""
    makers = _MAKERS.get(_name(annotation))
    return makers[0](annotation) if makers else None


def reader(annotation: Any) -> Read | None:
    """The conversion from the bytes of a file, their media type and the file's name."""
    makers = _MAKERS.get(_name(annotation))
    return makers[1](annotation) if makers and makers[1] else None


def _name(annotation: Any) -> str:
    """``pandas.DataFrame`` for a class that lives in ``pandas.core.frame``."""
    kind = getattr(annotation, "__origin__", annotation)
    if not isinstance(kind, type):
        return ""
    return scalars.scalar_name(kind)


def _module(name: str) -> Any:
    """A package that is there because the function uses it, or with it."""
    import importlib

    try:
        return sys.modules.get(name) or importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise Fault(
            f"this function's image has no {package}, which reads this format ({error}): "
            f"publish it with --require {package}"
        ) from None


def _refusing(make: Callable[..., Any], what: str) -> Callable[..., Any]:
    """``make``, whose errors are those of its input; out of memory and interrupts stay what they are."""

    def made(*given: Any) -> Any:
        try:
            return make(*given)
        except (Fault, MemoryError):
            raise
        except Exception as error:
            raise Fault(f"is not {what}: {type(error).__name__}: {str(error)[:200]}") from None

    return made


# Arrays


def _array(annotation: Any) -> Convert:
    wanted = _dtype(annotation)

    def convert(value: Any) -> Any:
        if not isinstance(value, list):
            raise Fault(f"{shown(value)} is not an array")
        numpy = sys.modules["numpy"]
        array = numpy.asarray(value, dtype=wanted)
        if wanted is None and array.dtype == object:  # null stands for NaN, as in results
            array = numpy.asarray(value, dtype=float)
        return array

    return _refusing(convert, "an array")


def _npy(annotation: Any) -> Read:
    wanted = _dtype(annotation)

    def read(content: memoryview, media_type: str, _name: str | None) -> Any:
        if media_type not in (NPY, *UNTOLD):
            raise _not_accepted(media_type, [NPY])
        from io import BytesIO

        numpy = sys.modules["numpy"]
        array = numpy.load(BytesIO(content), allow_pickle=False)
        if not isinstance(array, numpy.ndarray):
            raise Fault("is an archive of arrays (.npz): send one array (.npy)")
        return array if wanted is None else array.astype(wanted, casting="same_kind", copy=False)

    return _refusing(read, "an .npy file")


def _dtype(annotation: Any) -> Any:
    """The element type that ``NDArray[numpy.float64]`` names; ``None`` for an abstract one."""
    numpy = sys.modules["numpy"]
    for argument in getattr(annotation, "__args__", ())[1:2]:
        for kind in getattr(argument, "__args__", ()):
            if (
                isinstance(kind, type)
                and issubclass(kind, numpy.generic)
                and kind in numpy.sctypeDict.values()
            ):
                return numpy.dtype(kind)
    return None


# Tables


def _frame(_annotation: Any) -> Convert:
    def convert(value: Any) -> Any:
        _check_columns(value)
        pandas = sys.modules["pandas"]
        if isinstance(value, dict) and {"columns", "data"} <= value.keys() <= {"columns", "data", "index"}:
            return pandas.DataFrame(value["data"], index=value.get("index"), columns=value["columns"])
        return pandas.DataFrame(value)

    return _refusing(convert, "a table")


def _series(_annotation: Any) -> Convert:
    def convert(value: Any) -> Any:
        _check_columns(value)
        return sys.modules["pandas"].Series(value)

    return _refusing(convert, "a series")


def _index(_annotation: Any) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, list):
            raise Fault(f"{shown(value)} is not an array")
        return sys.modules["pandas"].Index(value)

    return _refusing(convert, "an index")


def _arrow(_annotation: Any) -> Convert:
    def convert(value: Any) -> Any:
        _check_columns(value)
        table = sys.modules["pyarrow"].Table
        return table.from_pylist(value) if isinstance(value, list) else table.from_pydict(value)

    return _refusing(convert, "a table")


def _polars(_annotation: Any) -> Convert:
    def convert(value: Any) -> Any:
        _check_columns(value)
        return sys.modules["polars"].DataFrame(value)

    return _refusing(convert, "a table")


def _polars_column(_annotation: Any) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, list):
            raise Fault(f"{shown(value)} is not an array")
        return sys.modules["polars"].Series(value)

    return _refusing(convert, "a series")


def _check_columns(value: Any) -> None:
    if not isinstance(value, (list, dict)):
        raise Fault(f"{shown(value)} is neither an array nor an object")


def _pandas_readers() -> dict[str, Callable[[Any], Any]]:
    pandas = sys.modules["pandas"]
    return {
        CSV: pandas.read_csv,
        STREAM: lambda file: _module("pyarrow.ipc").open_stream(file).read_pandas(),
        FEATHER: lambda file: _module("pyarrow.ipc").open_file(file).read_pandas(),
        PARQUET: lambda file: _module("pyarrow.parquet").read_table(file).to_pandas(),
    }


def _arrow_readers() -> dict[str, Callable[[Any], Any]]:
    return {
        CSV: lambda file: _module("pyarrow.csv").read_csv(file),
        STREAM: lambda file: _module("pyarrow.ipc").open_stream(file).read_all(),
        FEATHER: lambda file: _module("pyarrow.ipc").open_file(file).read_all(),
        PARQUET: lambda file: _module("pyarrow.parquet").read_table(file),
    }


def _polars_readers() -> dict[str, Callable[[Any], Any]]:
    polars = sys.modules["polars"]
    return {
        CSV: polars.read_csv,
        STREAM: polars.read_ipc_stream,
        FEATHER: polars.read_ipc,
        PARQUET: polars.read_parquet,
    }


def _table_reader(readers: Callable[[], dict[str, Callable[[Any], Any]]]) -> Callable[[Any], Read]:
    def make(_annotation: Any) -> Read:
        def read(content: memoryview, media_type: str, name: str | None) -> Any:
            media_type = _table_media(content, media_type, name)
            if media_type not in TABLES:
                raise _not_accepted(media_type, list(TABLES))
            from io import BytesIO

            return _refusing(readers()[media_type], f"a table in the format {media_type}")(BytesIO(content))

        return read

    return make


def _table_media(content: memoryview, media_type: str, name: str | None) -> str:
    """The format of a table whose sender doesn't know it (curl), by the file's name or first bytes."""
    if media_type not in UNTOLD:
        return media_type
    for suffix, known in SUFFIXES.items():
        if name is not None and name.lower().endswith(suffix):
            return known
    beginning = bytes(content[:6])
    if beginning.startswith(b"PAR1"):
        return PARQUET
    if beginning == b"ARROW1":
        return FEATHER
    return STREAM if beginning.startswith(b"\xff\xff\xff\xff") else media_type


def _series_reader(readers: Callable[[], dict[str, Callable[[Any], Any]]]) -> Callable[[Any], Read]:
    def make(annotation: Any) -> Read:
        read = _table_reader(readers)(annotation)

        def read_column(content: memoryview, media_type: str, name: str | None) -> Any:
            frame = read(content, media_type, name)
            if len(frame.columns) != 1:
                raise Fault(f"has {len(frame.columns)} columns where a series has one")
            return frame.iloc[:, 0] if hasattr(frame, "iloc") else frame.to_series()

        return read_column

    return make


# Pictures


def _image(_annotation: Any) -> Convert:
    return lambda value: _opened(scalars.base64(value))


def _image_reader(_annotation: Any) -> Read:
    def read(content: memoryview, media_type: str, _name: str | None) -> Any:
        if not media_type.startswith("image/") and media_type not in UNTOLD:
            raise _not_accepted(media_type, ["image/*"])
        return _opened(content)

    return read


def _open(content: bytes | memoryview) -> Any:
    from io import BytesIO

    image = _module("PIL.Image").open(BytesIO(content))
    image.load()  # what is wrong with it shows here and not inside the function
    return image


_opened = _refusing(_open, "a picture")


# Bytes and files


def _bytes_reader(annotation: Any) -> Read:
    return lambda content, _media_type, _name: annotation(content)


def _file_reader(_annotation: Any) -> Read:
    return lambda content, _media_type, name: uploads.store(content, name)


def _scalar(annotation: Any) -> Convert:
    convert = scalars.scalar(annotation)
    assert convert is not None  # noqa: S101 - the table below names scalars only
    return convert


def _not_accepted(media_type: str, accepted: list[str]) -> Fault:
    return Fault(f"is {media_type or 'of no type'}; send one of {', '.join(accepted)}")


_MAKERS: dict[str, tuple[Callable[[Any], Convert], Callable[[Any], Read] | None]] = {
    "numpy.ndarray": (_array, _npy),
    "pandas.DataFrame": (_frame, _table_reader(_pandas_readers)),
    "pandas.Series": (_series, _series_reader(_pandas_readers)),
    "pandas.Index": (_index, None),
    "pyarrow.Table": (_arrow, _table_reader(_arrow_readers)),
    "polars.DataFrame": (_polars, _table_reader(_polars_readers)),
    "polars.Series": (_polars_column, _series_reader(_polars_readers)),
    "PIL.Image": (_image, _image_reader),
    "builtins.bytes": (_scalar, _bytes_reader),
    "builtins.bytearray": (_scalar, _bytes_reader),
    "builtins.memoryview": (_scalar, _bytes_reader),
    "pathlib.Path": (_scalar, _file_reader),
}
