"""Results of ``%faas invoke`` as a notebook shows them: tables as tables, pictures as pictures."""

from __future__ import annotations

import sys
from html import escape
from typing import Any, Final

from IPython.display import HTML, SVG, Image

from jupyter_faas.client.answers import Response, result_of
from jupyter_faas.client.packages import is_there
from jupyter_faas.client.results import table_of
from jupyter_faas.model.media import ARROW

__all__ = ["accept_of_notebook", "shown"]

_ANYTHING: Final = "text/html;q=0.9, */*;q=0.8"
_FRAME: Final = 'width="100%" height="600" style="border: 1px solid #8888; background: white"'
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
    return _page(result) if answer.essence == "text/html" else result


def _page(text: str) -> HTML:
    """HTML as it is; a whole document in a frame, where its style and scripts don't reach the notebook."""
    if not text[:200].lstrip().lower().startswith(("<!doctype", "<html")):
        return HTML(text)
    return HTML(f'<div><iframe sandbox="allow-scripts" {_FRAME} srcdoc="{escape(text)}"></iframe></div>')
