"""What a function gives back, as far as its annotation says so: a schema, and the forms of the result.

``x-faas-media`` are the forms that ``runtime/forms.py`` can write (a test holds the two together), the
default first; it is only there where the annotation leaves no other possibility. With it a gateway refuses
what a caller can't have before the function runs, and a client knows what to ask for.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections import abc
from collections.abc import Callable, Mapping
from typing import Any, Final

from jupyter_faas.kernel.schemas import MEDIA, NotJson, Schemer, name_of
from jupyter_faas.model.media import ARROW, CSV, HTML, JSON, NDJSON, NPY, PARQUET, PLOTLY, SSE

__all__ = ["FORMS", "output_schema"]

_TABLE: Final = [JSON, CSV, ARROW, PARQUET]
_FIGURE: Final = ["image/png", "image/svg+xml"]
_RAW: Final = ["application/octet-stream", JSON]
FORMS: Final[dict[str, list[str]]] = {
    "builtins.str": [JSON, "text/plain"],
    "builtins.bytes": _RAW,
    "builtins.bytearray": _RAW,
    "builtins.memoryview": _RAW,
    "pandas.DataFrame": [*_TABLE, HTML],
    "pandas.Series": _TABLE,
    "pyarrow.Table": _TABLE,
    "polars.DataFrame": [*_TABLE, HTML],
    "polars.Series": _TABLE,
    "numpy.ndarray": [JSON, NPY],
    "matplotlib.Figure": _FIGURE,
    "matplotlib.Axes": _FIGURE,
    "plotly.BaseFigure": [HTML, JSON, PLOTLY, "image/png", "image/svg+xml"],
    "PIL.Image": ["image/png", "image/jpeg", "image/webp", "image/tiff"],
}
"""The forms of a result, the default first, by the type's name."""

_STREAM: Final = [NDJSON, SSE, JSON]
_STREAMS: Final = (abc.Generator, abc.Iterator, abc.AsyncGenerator, abc.AsyncIterator)
_ITEMS: Final = (*_STREAMS, abc.Iterable, abc.AsyncIterable)
_JSON_ONLY: Final = (
    *("builtins.bool", "builtins.int", "builtins.float", "builtins.dict", "builtins.list", "builtins.tuple"),
    *("builtins.set", "builtins.frozenset", "datetime.datetime", "datetime.date", "datetime.time"),
    *("datetime.timedelta", "decimal.Decimal", "uuid.UUID"),
)


def output_schema(
    function: Callable[..., Any], annotation: Any, scope: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The schema of what ``function``, annotated to give ``annotation``, gives; ``None`` if nothing is known.

    Never raises: what can't be read is merely not known.
    """
    inner = inspect.unwrap(function)
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        return _stream_of(annotation, scope)
    if typing.get_origin(annotation) in _STREAMS or annotation in _STREAMS:
        return _stream_of(annotation, scope)
    if annotation is inspect.Signature.empty:
        return None
    forms = _forms(annotation)
    schema = {**_schema(annotation, scope)}
    schema.pop(MEDIA, None)
    if forms:
        schema[MEDIA] = forms
    return schema or None


def _stream_of(annotation: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    arguments = typing.get_args(annotation) if typing.get_origin(annotation) in _ITEMS else ()
    items = _schema(arguments[0], scope) if arguments else {}
    definitions = items.pop("$defs", None)
    items.pop(MEDIA, None)
    schema: dict[str, Any] = {"type": "array", "items": items, MEDIA: list(_STREAM)}
    return {**schema, "$defs": definitions} if definitions else schema


def _schema(annotation: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    schemer = Schemer(scope, of_result=True)
    try:
        schema = schemer.of(annotation)
    except NotJson:
        return {}
    return {**schema, "$defs": schemer.definitions} if schemer.definitions else schema


def _forms(annotation: Any) -> list[str]:
    """All forms that the result can have; empty if the annotation doesn't tell them."""
    if isinstance(annotation, typing.NewType):
        return _forms(annotation.__supertype__)
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _forms(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        each = [_forms(alternative) for alternative in typing.get_args(annotation)]
        return list(dict.fromkeys(form for forms in each for form in forms)) if all(each) else []
    kind = annotation if origin is None else origin
    if not isinstance(kind, type):
        return []
    for base in kind.__mro__:
        if name_of(base) in FORMS:
            return list(FORMS[name_of(base)])
    return [JSON] if name_of(kind) in _JSON_ONLY else []
