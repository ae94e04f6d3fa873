"""Arguments that travel as files: tables, arrays, pictures, bytes and what lies on disk."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any, Final

from jupyter_faas.client.packages import is_there, package, type_name
from jupyter_faas.model.media import ARROW, CSV, NPY, PARQUET

__all__ = ["File", "file_of", "picture_file"]

UNTOLD: Final = "application/octet-stream"
SUFFIXES: Final = {
    ".csv": CSV,
    ".arrows": ARROW,
    ".parquet": PARQUET,
    ".npy": NPY,
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}

_PNG_MODES: Final = frozenset({"1", "L", "LA", "I;16", "P", "RGB", "RGBA"})
_UNWRITTEN: Final = {"HSV": "RGB", "RGBa": "RGBA", "La": "LA", "I;16B": "I", "I;16L": "I", "I;16N": "I"}
"""Modes that neither PNG nor TIFF has, and what keeps their pixels."""


@dataclass(frozen=True)
class File:
    """The bytes of a file, their media type and the file's name."""

    media_type: str
    name: str
    content: bytes


def file_of(value: Any, accepted: Collection[str], packages: Collection[str]) -> File | None:
    """``value`` as a file for a parameter that takes the media types ``accepted``; ``None``: send JSON.

    ``packages`` are the names of those that the function has. Raises ``OSError`` for a file that can't be
    read.
    """
    if not accepted:
        return None
    if isinstance(value, bytes | bytearray | memoryview):
        return File(UNTOLD, "data", bytes(value))
    if isinstance(value, PurePath):
        return _on_disk(Path(value), accepted)
    if callable(getattr(value, "read", None)):
        return _opened(value, accepted)
    kind = type_name(value)
    if kind == "numpy.ndarray" and NPY in accepted and not value.dtype.hasobject:
        return File(NPY, "array.npy", _npy(value))
    if kind == "PIL.Image" and "image/*" in accepted:
        return picture_file(value)
    if kind in _TABLES and ARROW in accepted and _reads_arrow(packages):
        content = _TABLES[kind](value)
        return None if content is None else File(ARROW, "table.arrows", content)
    return None


def _reads_arrow(packages: Collection[str]) -> bool:
    return "pyarrow" in packages or ("polars" in packages and "pandas" not in packages)


def _on_disk(path: Path, accepted: Collection[str]) -> File:
    return File(_media_type(path.name, accepted), path.name, path.read_bytes())


def _opened(file: Any, accepted: Collection[str]) -> File:
    name = PurePath(file.name).name if isinstance(getattr(file, "name", None), str) else "data"
    content = file.read()
    return File(
        _media_type(name, accepted), name, content.encode() if isinstance(content, str) else bytes(content)
    )


def _media_type(name: str, accepted: Collection[str]) -> str:
    """What the name says, if the parameter takes that; the function tells other files by their content."""
    media_type = SUFFIXES.get(PurePath(name).suffix.lower(), "")
    whole = media_type.partition("/")[0] + "/*"
    return media_type if {media_type, whole} & set(accepted) else UNTOLD


def _npy(array: Any) -> bytes:
    content = BytesIO()
    package("numpy").save(content, array, allow_pickle=False)
    return content.getvalue()


def picture_file(image: Any) -> File:
    """An image of PIL as PNG, or, where that has no place for its pixels (four inks, floats), as TIFF."""
    content = BytesIO()
    package("PIL.Image")  # the plugins that write
    kind = "PNG" if image.mode in _PNG_MODES else "TIFF"
    if image.mode in _UNWRITTEN:
        image = image.convert(_UNWRITTEN[image.mode])
    image.save(content, kind)
    return File(f"image/{kind.lower()}", f"picture.{kind.lower()}", content.getvalue())


def _arrow(table: Any) -> bytes:
    pyarrow = package("pyarrow")
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _pandas(value: Any) -> bytes | None:
    if not is_there("pyarrow"):
        return None
    frame = value.to_frame() if type_name(value) == "pandas.Series" else value
    return _arrow(package("pyarrow").Table.from_pandas(frame))


def _polars(value: Any) -> bytes:
    content = BytesIO()
    frame = value.to_frame() if type_name(value) == "polars.Series" else value
    frame.write_ipc_stream(content)
    return content.getvalue()


_TABLES: Final[dict[str, Callable[[Any], bytes | None]]] = {
    "pandas.DataFrame": _pandas,
    "pandas.Series": _pandas,
    "pyarrow.Table": _arrow,
    "polars.DataFrame": _polars,
    "polars.Series": _polars,
}
