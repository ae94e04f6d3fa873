"""Who works here."""

from __future__ import annotations

import getpass
import os

__all__ = ["current_user"]


def current_user() -> str | None:
    """The user's name at the JupyterHub, else that at the system; ``None`` if there is neither."""
    hub = os.environ.get("JUPYTERHUB_USER")
    if hub:
        return hub
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return None
