"""What a request tells the gateway of who makes it."""

from __future__ import annotations

from jupyter_faas.model.user import current_user

__all__ = ["identity"]


def identity(token: str) -> dict[str, str]:
    """The headers of a caller with ``token``, and the name that the history shows; of one without: none."""
    if not token:
        return {}
    name = (current_user() or "token").encode("ascii", "replace").decode()
    return {"Authorization": f"Bearer {token}", "Faas-Caller": name}
