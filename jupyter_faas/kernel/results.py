"""Results of ``%faas invoke``: what the function gave, as a notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from jupyter_faas.client.answers import Response
from jupyter_faas.client.results import Shown, acceptable, real_result
from jupyter_faas.model.typenames import TYPE

__all__ = ["Page", "accept_of_notebook", "shown"]

_PAGES: Final = 0.95
_FRAME: Final = 'width="100%" height="600" style="border: 1px solid #8888; background: white"'


class Page(Shown):
    """HTML as it is; a whole document in a frame, where its style and scripts don't reach the notebook."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002
        text = self.content.decode("utf-8", "replace")
        if text[:200].lstrip().lower().startswith(("<!doctype", "<html")):
            text = f'<div><iframe sandbox="allow-scripts" {_FRAME} srcdoc="{escape(text)}"></iframe></div>'
        return {"text/html": text, "text/plain": repr(self)}


def accept_of_notebook(schema: Mapping[str, Any]) -> str:
    """What to ask for, of a function whose result ``schema`` describes: the forms that keep the result what
    it is, then a page, which a notebook shows better than JSON."""
    return acceptable(schema) if schema.get(TYPE) else acceptable(schema, _PAGES)


def shown(answer: Response, schema: Mapping[str, Any], url: str) -> Any:
    """The result in an answer from ``url``, as an object that a notebook shows; raises what the gateway
    raised."""
    result = real_result(answer, schema, url)
    if isinstance(result, Shown) and answer.essence == "text/html":
        return Page(result.media_type, result.content)
    if isinstance(result, bytes) and answer.essence.startswith("text/"):
        return result.decode("utf-8", "replace")
    return result
