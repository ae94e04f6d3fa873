"""The result of a call as the type that the function gave: by the form that came, and by what the function's
``output_schema`` says of JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from jupyter_faas.client.answers import Response, result_of
from jupyter_faas.client.packages import is_there, package
from jupyter_faas.client.typed import typed
from jupyter_faas.model.media import ARROW, HTML, JSON, NDJSON, NPY, PLOTLY
from jupyter_faas.model.typenames import MEDIA, TYPE

__all__ = ["Shown", "acceptable", "real_result", "table_of"]

TYPE_KEY: Final = b"faas"
"""In an Arrow schema's metadata: which type the table was."""


class Shown:
    """A picture or page, which a notebook shows: ``content`` in the form ``media_type``."""

    def __init__(self, media_type: str, content: bytes) -> None:
        self.media_type = media_type
        self.content = content

    def save(self, path: str | Path) -> None:
        """Write it to a file."""
        Path(path).write_bytes(self.content)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002
        text = self.media_type.startswith("text/") or self.media_type.endswith("+xml")
        return {self.media_type: self.content.decode() if text else self.content, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<{self.media_type}, {len(self.content)} bytes>"


def acceptable(schema: Mapping[str, Any] | None = None, pages: float = 0.5) -> str:
    """What to ask for (RFC 9110 §12.5.1), of a function with this ``output_schema``: the forms that keep most
    of a result and that can be read here.

    A stream is asked for where the result is one, and not the progress of a function that has a value at its
    end. ``pages`` is the weight of HTML; that of JSON is 0.9, that of streams 0.93.
    """
    best = ["application/octet-stream", "image/png"]
    if is_there("pyarrow"):
        best.insert(0, ARROW)
    if is_there("numpy"):
        best.insert(0, NPY)
    if is_there("plotly"):
        best.insert(0, PLOTLY)
    forms = (schema or {}).get(MEDIA, ())
    streams = 0.3 if NDJSON in forms and forms[0] != NDJSON else 0.93
    return f"{', '.join(best)}, {NDJSON};q={streams}, {JSON};q=0.9, {HTML};q={pages}, */*;q=0.4"


def real_result(answer: Response, schema: Mapping[str, Any] | None, url: str) -> Any:
    """The value in an answer from ``url``; raises what the gateway raised."""
    result = result_of(answer, url)
    form = answer.essence
    if form == PLOTLY:
        return package("plotly.io").from_json(answer.body.decode())
    if answer.is_json:
        return typed(result, schema or {})
    if form == NDJSON:
        items = (schema or {}).get("items", {})
        return [typed(item, items, schema) for item in result]
    if form == ARROW:
        table = table_of(answer.body)
        return table.to_series() if (schema or {}).get(TYPE) == "polars.Series" else table
    if form == NPY:
        return package("numpy").load(BytesIO(answer.body), allow_pickle=False)
    if form == HTML or form.startswith("image/"):
        return _shown(form, answer.body)
    return result


def table_of(content: bytes) -> Any:
    """The table in an Arrow stream, as the type that it was: of pandas, polars or pyarrow."""
    pyarrow = package("pyarrow")
    table = pyarrow.ipc.open_stream(content).read_all()
    metadata = dict(table.schema.metadata or {})
    kind = metadata.pop(TYPE_KEY, b"pandas.DataFrame" if b"pandas" in metadata else b"polars.DataFrame")
    kind = kind.decode("ascii", "replace")
    if not is_there(kind.partition(".")[0]):
        return table
    if kind.startswith("polars."):
        return package("polars").from_arrow(table)
    table = table.replace_schema_metadata(metadata or None)
    if kind == "pandas.Series":
        column = table.to_pandas().iloc[:, 0]
        return column.rename(None) if column.name == 0 else column
    return table.to_pandas() if kind.startswith("pandas.") else table


def _shown(form: str, content: bytes) -> Any:
    """Pixels as a PIL image where that is installed and can read them; notebooks show either."""
    if form.startswith("image/") and not form.endswith("+xml") and is_there("PIL"):
        try:
            image = package("PIL.Image").open(BytesIO(content))
            image.load()
        except Exception:  # whatever PIL's many readers raise for what a function calls a picture
            return Shown(form, content)
        return image
    return Shown(form, content)
