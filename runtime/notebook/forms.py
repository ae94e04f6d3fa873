"""An executed notebook in the forms that it is sent in."""

from __future__ import annotations

import nbformat

from .. import codec
from ..facade import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbconvert.exporters import HTMLExporter

HTML = "text/html"
IPYNB = "application/x-ipynb+json"
SCRAP = "application/scrapbook.scrap."
RECORD = "application/papermill.record+json"
# Tags by which authors leave parts out of a page (Jupyter Book, nbconvert).
HIDDEN = {
    "remove_cell_tags": {"remove_cell", "remove-cell"},
    "remove_input_tags": {"remove_input", "remove-input", "hide_input", "hide-input"},
    "remove_all_outputs_tags": {"remove_output", "remove-output"},
}


class Forms:
    """Writes notebooks of at most ``cap`` bytes; pages are called ``title``."""

    def __init__(self, cap: int, title: str) -> None:
        self._cap = cap
        self._title = title
        self._exporters: dict[bool, HTMLExporter] = {}

    def prepare(self) -> None:
        """Import what pages are made with, so that no call has to wait for it."""
        self._exporter(hide_input=False)

    def of(self, notebook: Any, media_type: str, hide_input: bool) -> Response:
        """The notebook as ``media_type``; raises ``Unencodable`` if that is too large."""
        if media_type == HTML:
            named = {"metadata": {"name": self._title}}
            text, _ = self._exporter(hide_input).from_notebook_node(notebook, named)
            headers = {"Content-Type": f"{HTML}; charset=utf-8"}
        else:
            text, headers = nbformat.writes(notebook), {"Content-Type": IPYNB}
        if len(text) > self._cap:
            raise codec.too_large(self._cap, len(text), "at least ")
        return Response(text, headers=headers)

    def _exporter(self, hide_input: bool) -> HTMLExporter:
        if hide_input not in self._exporters:
            from nbconvert.exporters import HTMLExporter
            from traitlets.config import Config

            config = Config()
            config.TagRemovePreprocessor.enabled = True
            for option, tags in HIDDEN.items():
                setattr(config.TagRemovePreprocessor, option, tags)
            made: Any = HTMLExporter
            exporter: HTMLExporter = made(
                config=config, exclude_input=hide_input, exclude_input_prompt=hide_input
            )
            exporter.exclude_output_prompt = hide_input
            self._exporters[hide_input] = exporter
        return self._exporters[hide_input]


def glued(notebook: Any) -> dict[str, Any]:
    """The values that cells have named, by ``glue`` of ``jupyter_faas`` or of scrapbook, or by papermill's
    ``record``; of a name the last."""
    values: dict[str, Any] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            for kind, content in output.get("data", {}).items():
                if kind == RECORD and isinstance(content, dict):
                    values.update(content)
                elif kind.startswith(SCRAP) and isinstance(content, dict) and "name" in content:
                    values[str(content["name"])] = content.get("data")
    return values
