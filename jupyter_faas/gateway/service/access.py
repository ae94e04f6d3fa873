"""Who may see which functions."""

from __future__ import annotations

from jupyter_faas.model.errors import Unauthenticated

__all__ = ["needs_token"]


def needs_token() -> Unauthenticated:
    """What somebody without the token is told."""
    return Unauthenticated(
        "This needs the gateway's token: send the header 'Authorization: Bearer <token>'. "
        "`jupyter faas token` prints it."
    )
