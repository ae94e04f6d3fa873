"""Put ``%%publish`` on a notebook cell and have an HTTP endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_faas.version import VERSION

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_faas.client import connect
    from jupyter_faas.model.authoring import Context, Response

__version__ = VERSION

__all__ = ["Context", "Response", "__version__", "connect", "load_ipython_extension"]


def __getattr__(name: str) -> Any:
    """What functions and their callers use, when it is first asked for (PEP 562)."""
    if name == "connect":
        from jupyter_faas.client import connect

        return connect
    if name in ("Context", "Response"):
        from jupyter_faas.model import authoring

        return getattr(authoring, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register ``%%publish`` and ``%faas``; called by ``%load_ext jupyter_faas``."""
    from jupyter_faas.kernel.magics import register

    register(shell)
