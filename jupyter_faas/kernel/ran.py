"""Cells before and after they run: the inputs that a cell without a ``def`` needs, annotated cells."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from jupyter_faas.kernel.annotated import comment_words, magic_body
from jupyter_faas.kernel.annotation import Annotation, parse_words
from jupyter_faas.kernel.bodies import check_body
from jupyter_faas.kernel.capture import published_name
from jupyter_faas.kernel.cells import Cells
from jupyter_faas.model.errors import AnnotationError

__all__ = ["annotated_cells", "prepare"]


def prepare(shell: InteractiveShell, body: str, annotation: Annotation, lines_above: int = 1) -> None:
    """Check a cell that is to become a function's body, and give its inputs without a value their default.

    Does nothing for any other cell. Raises ``AnnotationError`` as ``check_body`` does, and for an input that
    has neither value nor default.
    """
    if not (annotation.inputs or annotation.outputs):
        return
    _, cell = Cells.around(shell, body, lines_above)
    for parameter in check_body(cell, annotation):
        if parameter.name in shell.user_ns:
            continue
        if parameter.default is None:
            raise AnnotationError(
                f"--input {parameter.name}: this kernel has no {parameter.name} with which to run the cell. "
                f'Assign it in a cell before, or give a default: --input "{parameter.text} = …"'
            )
        shell.user_ns[parameter.name] = shell.ev(parameter.default)


def annotated_cells(shell: InteractiveShell) -> list[tuple[str, Annotation]]:
    """The cells that ran with a first line ``#| publish``: of each function the last one, oldest first."""
    manager = shell.history_manager
    found: dict[str, tuple[str, Annotation]] = {}
    for source in reversed(manager.input_hist_raw if manager is not None else []):
        words = None if magic_body(source) is not None else comment_words(source)
        if words is None:
            continue
        _, cell = Cells.around(shell, source, lines_above=0)
        if cell.tree.body:  # else it isn't Python and never ran
            annotation = parse_words(words)
            found.setdefault(published_name(cell, annotation, shell.user_ns), (source, annotation))
    return list(reversed(found.values()))
