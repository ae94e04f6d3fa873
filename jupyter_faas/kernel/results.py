"""Results of ``%faas invoke`` as a notebook shows them: tables as tables, pictures as pictures."""

from __future__ import annotations

import sys
from typing import Any, Final

from IPython.display import HTML, SVG, Image

from jupyter_faas.client.answers import Response, result_of
from jupyter_faas.client.packages import is_there
from jupyter_faas.client.results import table_of
from jupyter_faas.model.media import ARROW

__all__ = ["accept_of_notebook", "shown"]

_ANYTHING: Final = "text/html;q=0.9, */*;q=0.8"
_RASTER: Final = ("image/png", "image/jpeg", "image/webp")


def accept_of_notebook() -> str:
    """What to ask for: data frames as such where this kernel uses pandas with pyarrow, else as a table."""
    tables = "pandas" in sys.modules or "polars" in sys.modules
    return f"{ARROW}, {_ANYTHING}" if tables and is_there("pyarrow") else _ANYTHING


def shown(answer: Response, url: str) -> Any:
    """The value of an answer from ``url``, or an object that shows it; raises what the gateway raised."""
    result = result_of(answer, url)
    if answer.essence == ARROW:
        return table_of(result)
    if answer.essence in _RASTER:
        return Image(data=result, format=answer.essence.partition("/")[2])
    if answer.essence == "image/svg+xml":
        return SVG(data=result.decode())
    return HTML(result.decode()) if answer.essence == "text/html" else result
