"""What a run of a whole notebook asks of its cells, by variables of the kernel's environment.

Internal: ``jupyter faas publish`` sets them for the kernel that it starts.
"""

from __future__ import annotations

import os
from typing import Final

from IPython.core.interactiveshell import InteractiveShell

from jupyter_faas.kernel.annotation import Annotation
from jupyter_faas.kernel.capture import entry_of, published_name
from jupyter_faas.kernel.cells import Cell, Cells
from jupyter_faas.kernel.held_back import hold_back
from jupyter_faas.model.errors import AnnotationError

__all__ = ["ALIASES", "DRY_RUN", "ONLY", "is_chosen", "more_aliases", "only_shown"]

ONLY: Final = "FAAS_PUBLISH_ONLY"
"""The name of the one function to publish; unset: all."""

DRY_RUN: Final = "FAAS_PUBLISH_DRY_RUN"
"""``1``: every cell is published as with ``--dry-run``."""

ALIASES: Final = "FAAS_PUBLISH_ALIASES"
"""Aliases, divided by commas, that are to lead to what is published, besides those that the cells name."""


def more_aliases() -> list[str]:
    """The aliases that the run asks for."""
    return [alias for alias in os.environ.get(ALIASES, "").split(",") if alias]


def only_shown() -> bool:
    """Whether nothing is to be published, whatever the cells say."""
    return os.environ.get(DRY_RUN) == "1"


def is_chosen(shell: InteractiveShell, body: str, annotation: Annotation, lines_above: int) -> bool:
    """Whether the cell's function is to be published, or shown in a dry run; what isn't published is held
    back for the cells that call it."""
    wanted = os.environ.get(ONLY)
    if wanted is None and not only_shown():
        return True
    _, cell = Cells.around(shell, body, lines_above)
    name = annotation.name or published_name(cell, annotation, shell.user_ns)
    chosen = wanted in (None, name)
    if not chosen or only_shown():
        hold_back(shell, name, _entry(cell, annotation, shell))
    return chosen


def _entry(cell: Cell, annotation: Annotation, shell: InteractiveShell) -> str | None:
    if annotation.outputs:
        return None
    try:
        return entry_of(cell, annotation.entry, shell.user_ns)
    except AnnotationError:  # said where the cell is published
        return None
