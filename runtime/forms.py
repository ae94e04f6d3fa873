"""The forms that a result can be sent in, by its type, the default first; nothing is imported for it but
what the function itself brings along.
"""

from __future__ import annotations

import sys

from . import codec, conversions, pictures
from .misfits import arrow_misfit, check_columns, texts_for_csv
from .refusals import ELEMENT_BYTES, bound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Encoder = Callable[[Any, int], bytes]
    Forms = dict[str, Encoder]

CSV = "text/csv"
HTML = "text/html"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
NPY = "application/x-npy"
BYTES = "application/octet-stream"
PNG, JPEG, SVG = "image/png", "image/jpeg", "image/svg+xml"
PLOTLY = "application/vnd.plotly.v1+json"  # what notebooks know plotly figures by

# What another package than the value's own writes.
NEEDS = {
    "pandas": {ARROW: "pyarrow", PARQUET: "pyarrow"},
    "plotly": {PNG: "kaleido", SVG: "kaleido"},
}
TYPE_KEY = b"faas"  # in an Arrow schema's metadata: which type the table was
NESTED = ("list", "large_list", "fixed_size_list", "struct", "map", "dense_union", "sparse_union", "array")
UNKNOWN_TO_CSV = (*NESTED, "object", "duration(", "binary")  # polars writes none of these
PLAIN = (dict, list, tuple, str, int, float)


def forms_of(value: Any) -> Forms:
    """The media types that ``value`` can be written as, each with what writes it; the default comes first."""
    kind = type(value)
    for base in kind.__mro__:
        package = base.__module__.partition(".")[0]
        named = _BY_NAME.get(f"{package}.{base.__qualname__}")
        if named is pictures.ALL:
            return pictures.picture_forms(value)
        if named is not None:
            needs = NEEDS.get(package, {})
            return {name: write for name, write in named.items() if _is_there(needs.get(name))}
    shown = {name: _shown(method) for method, name in _REPR.items() if callable(getattr(kind, method, None))}
    if isinstance(value, PLAIN) or conversions.knows(kind) or not shown:
        return {codec.JSON: _json, **shown}
    return shown


def _is_there(module: str | None) -> bool:
    if module is None or module in sys.modules:
        return True
    from importlib.util import find_spec

    return find_spec(module) is not None


def _json(value: Any, cap: int) -> bytes:
    return codec.encode(value, cap)[1]


def _text(value: str, _cap: int) -> bytes:
    return value.encode()


def _bytes(value: Any, _cap: int) -> bytes:
    return bytes(value)


# Tables and arrays


def _csv(value: Any, cap: int) -> bytes:
    """The index is left out, as in JSON; a Series is a table of one column."""
    bound(ELEMENT_BYTES * value.size, cap)
    frame = value if value.ndim > 1 else value.to_frame()
    text: str = texts_for_csv(frame).to_csv(index=False)
    return text.encode()


def _table_html(value: Any, cap: int) -> bytes:
    bound(ELEMENT_BYTES * value.size, cap)
    text: str = value.to_html()
    return text.encode()


def _arrow_of(value: Any) -> Any:
    """A pandas object or an Arrow table as a table that says which of them it was."""
    from importlib import import_module

    pyarrow: Any = import_module("pyarrow")
    kind = type_of(value)
    if kind == "pandas.Series":
        value = value.to_frame()
    table = value if isinstance(value, pyarrow.Table) else _table_of(_native(value))
    return table.replace_schema_metadata({**(table.schema.metadata or {}), TYPE_KEY: kind.encode()})


def _table_of(frame: Any) -> Any:
    try:
        return sys.modules["pyarrow"].Table.from_pandas(frame)
    except Exception as error:
        raise arrow_misfit(frame, error) from error


def _native(frame: Any) -> Any:
    """A pandas frame with its numbers in this machine's order of bytes, which is all that Arrow knows."""
    swapped = {
        at: frame.iloc[:, at].dtype.newbyteorder("=")
        for at in range(frame.shape[1])
        if getattr(frame.iloc[:, at].dtype, "isnative", True) is False
    }
    if not swapped or not frame.columns.is_unique:
        return frame
    return frame.astype({frame.columns[at]: dtype for at, dtype in swapped.items()})


def type_of(value: Any) -> str:
    """``pandas.Series`` for an object of that class, or of one that is made of it."""
    for base in type(value).__mro__:
        name = f"{base.__module__.partition('.')[0]}.{base.__qualname__}"
        if name in _BY_NAME:
            return name
    return ""


def _arrow(value: Any, cap: int) -> bytes:
    table = _arrow_of(value)
    bound(table.num_rows * table.num_columns // 8, cap)
    pyarrow: Any = sys.modules["pyarrow"]
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _parquet(value: Any, _cap: int) -> bytes:
    from importlib import import_module
    from io import BytesIO

    buffer = BytesIO()
    parquet: Any = import_module("pyarrow.parquet")
    parquet.write_table(_arrow_of(value), buffer)
    return buffer.getvalue()


def _arrow_csv(value: Any, cap: int) -> bytes:
    from importlib import import_module
    from io import BytesIO

    bound(ELEMENT_BYTES * value.num_rows * value.num_columns, cap)
    check_columns(dict(zip(value.schema.names, value.schema.types, strict=True)), NESTED, "CSV")
    buffer = BytesIO()
    csv: Any = import_module("pyarrow.csv")
    csv.write_csv(value, buffer)
    return buffer.getvalue()


def _polars_written(method: str, form: str, refused: tuple[str, ...] = ("object",)) -> Encoder:
    """A polars DataFrame, or a Series as a table of one column, by a method that writes to a file."""

    def write(value: Any, cap: int) -> bytes:
        from io import BytesIO

        frame = value.to_frame() if type_of(value) == "polars.Series" else value
        check_columns(dict(frame.schema), refused, form)
        bound(frame.height * frame.width // 8, cap)
        buffer = BytesIO()
        getattr(frame, method)(buffer)
        return buffer.getvalue()

    return write


def _npy(value: Any, cap: int) -> bytes:
    from io import BytesIO

    bound(value.nbytes, cap)
    buffer = BytesIO()
    sys.modules["numpy"].save(buffer, value, allow_pickle=False)
    return buffer.getvalue()


# Pictures


def _plotted(kind: str) -> Encoder:
    """A matplotlib figure (or the one that axes belong to), which pyplot then holds no longer."""

    def write(value: Any, _cap: int) -> bytes:
        from io import BytesIO

        figure = value if hasattr(value, "savefig") else value.figure
        buffer = BytesIO()
        figure.savefig(buffer, format=kind)
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            pyplot.close(figure)  # calls of a warm worker would pile their figures up
        return buffer.getvalue()

    return write


def _plotly_html(value: Any, _cap: int) -> bytes:
    text: str = value.to_html(include_plotlyjs="cdn")
    return text.encode()


def _plotly_json(value: Any, _cap: int) -> bytes:
    text: str = value.to_json()
    return text.encode()


def _plotly_image(kind: str) -> Encoder:
    def write(value: Any, _cap: int) -> bytes:
        content: bytes = value.to_image(format=kind)
        return content

    return write


# What notebooks show (IPython's display protocol)


def _shown(method: str) -> Encoder:
    def write(value: Any, cap: int) -> bytes:
        shown = getattr(value, method)()
        if isinstance(shown, tuple):  # with metadata
            shown = shown[0]
        if method == "_repr_json_":
            return _json(shown, cap)
        if isinstance(shown, str):
            return shown.encode()
        if isinstance(shown, bytes):
            return shown
        raise TypeError(f"{method}() gave a {type(shown).__name__}")

    return write


_REPR = {
    "_repr_html_": HTML,
    "_repr_svg_": SVG,
    "_repr_png_": PNG,
    "_repr_jpeg_": JPEG,
    "_repr_json_": codec.JSON,
}
_RAW: Forms = {BYTES: _bytes, codec.JSON: _json}
_POLARS: Forms = {
    codec.JSON: _json,
    CSV: _polars_written("write_csv", "CSV", UNKNOWN_TO_CSV),
    ARROW: _polars_written("write_ipc_stream", "Arrow"),
    PARQUET: _polars_written("write_parquet", "Parquet"),
}
_FIGURE: Forms = {PNG: _plotted("png"), SVG: _plotted("svg")}
_BY_NAME: dict[str, Forms] = {
    "builtins.str": {codec.JSON: _json, "text/plain": _text},
    "builtins.bytes": _RAW,
    "builtins.bytearray": _RAW,
    "builtins.memoryview": _RAW,
    "pandas.DataFrame": {codec.JSON: _json, CSV: _csv, ARROW: _arrow, PARQUET: _parquet, HTML: _table_html},
    "pandas.Series": {codec.JSON: _json, CSV: _csv, ARROW: _arrow, PARQUET: _parquet},
    "pyarrow.Table": {codec.JSON: _json, CSV: _arrow_csv, ARROW: _arrow, PARQUET: _parquet},
    "polars.DataFrame": {**_POLARS, HTML: _shown("_repr_html_")},
    "polars.Series": _POLARS,
    "numpy.MaskedArray": {codec.JSON: _json},  # a .npy file has no mask
    "numpy.ndarray": {codec.JSON: _json, NPY: _npy},
    "matplotlib.Figure": _FIGURE,
    "matplotlib.Axes": _FIGURE,
    "plotly.BaseFigure": {
        HTML: _plotly_html,
        codec.JSON: _plotly_json,
        PLOTLY: _plotly_json,
        PNG: _plotly_image("png"),
        SVG: _plotly_image("svg"),
    },
    "PIL.Image": pictures.ALL,
}
