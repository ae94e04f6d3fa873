"""Invocations say how their instance came to be there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add it, unknown for what was recorded before."""
    op.add_column("invocations", sa.Column("start", sa.String, nullable=False, server_default=""))
