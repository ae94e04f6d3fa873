"""Put ``%%publish`` on a notebook cell and have an HTTP endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_faas.version import VERSION

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = VERSION

__all__ = ["__version__", "load_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register ``%%publish`` and ``%faas``; called by ``%load_ext jupyter_faas``."""
    from jupyter_faas.kernel.magics import register

    register(shell)
