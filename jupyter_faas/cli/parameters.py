"""``--param``: values for the cell tagged ``parameters``, put in by papermill."""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Sequence
from typing import Any, Final

from papermill.parameterize import parameterize_notebook

from jupyter_faas.cli.arguments import UsageError
from jupyter_faas.cli.notebook import INSERTED

__all__ = ["parameters_of", "with_parameters"]

_TAG: Final = "parameters"
_INJECTED: Final = "injected-parameters"


def parameters_of(texts: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` texts as values: JSON, else text; raises ``UsageError`` for anything else."""
    values: dict[str, Any] = {}
    for text in texts:
        name, given, value = text.partition("=")
        if not given or not name.isidentifier():
            raise UsageError(f"--param {text!r}: write NAME=VALUE")
        try:
            values[name] = json.loads(value)
        except json.JSONDecodeError:
            values[name] = value
    return values


def with_parameters(notebook: Any, values: dict[str, Any]) -> Any:
    """``notebook`` with a cell that assigns ``values`` after the one tagged ``parameters``.

    Raises ``UsageError`` if there is no such cell, or it doesn't assign one of the names.
    """
    known = _assigned(notebook)
    for name in values:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {nearest[0]}?" if nearest else f"it assigns {', '.join(sorted(known))}"
            raise UsageError(f"--param {name}: the cell tagged `{_TAG}` assigns no {name}; {advice}")
    notebook.metadata.setdefault("papermill", type(notebook)())
    for cell in notebook.cells:  # as papermill prepares what it reads
        cell.metadata.setdefault("tags", [])
    kernel = notebook.metadata.get("kernelspec", {}).get("name", "python3")
    count = len(notebook.cells)  # papermill changes the notebook itself
    made = parameterize_notebook(notebook, values, kernel_name=kernel, language="python")
    if len(made.cells) > count:
        injected = next(cell for cell in made.cells if _INJECTED in cell.metadata.get("tags", ()))
        injected.metadata[INSERTED] = True
    return made


def _assigned(notebook: Any) -> set[str]:
    cell = next((one for one in notebook.cells if _TAG in one.metadata.get("tags", ())), None)
    if cell is None:
        raise UsageError(f"--param: the notebook has no cell with the tag `{_TAG}`: tag the one to override")
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        raise UsageError(f"--param: the cell tagged `{_TAG}` isn't Python: {error.msg}") from error
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in stored if isinstance(node.ctx, ast.Store)}
