"""What a run of a whole notebook asks of its cells, by variables of the kernel's environment.

Internal: ``jupyter faas publish`` sets them for the kernel that it starts.
"""

from __future__ import annotations

import os
from typing import Final

from IPython.core.interactiveshell import InteractiveShell

from jupyter_faas.kernel.annotation import Annotation
from jupyter_faas.kernel.capture import published_name
from jupyter_faas.kernel.cells import Cells

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
    """Whether the cell's function is to be published."""
    wanted = os.environ.get(ONLY)
    if wanted is None:
        return True
    if annotation.name is not None:
        return annotation.name == wanted
    _, cell = Cells.around(shell, body, lines_above)
    return published_name(cell, annotation, shell.user_ns) == wanted
