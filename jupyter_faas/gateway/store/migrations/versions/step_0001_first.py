"""The tables as they were at first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "settings",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("function", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String, nullable=False),
        sa.Column("bundle_digest", sa.String, nullable=False),
        sa.Column("manifest", sa.JSON, nullable=False),
        sa.Column("environment", sa.JSON, nullable=False),
        sa.Column("image_digest", sa.String, nullable=False),
        sa.Column("environment_image", sa.String, nullable=False),
        sa.Column("packages", sa.JSON, nullable=False),
        sa.Column("layer_bytes", sa.Integer, nullable=False),
        sa.Column("image_bytes", sa.Integer, nullable=False),
        sa.Column("published", sa.Float, nullable=False),
    )
    op.create_table(
        "aliases",
        sa.Column("function", sa.String, primary_key=True),
        sa.Column("alias", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["function", "number"], ["versions.function", "versions.number"], ondelete="CASCADE"
        ),
    )
    op.create_table(
        "invocations",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("function", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("code", sa.String),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("queue_ms", sa.Float, nullable=False),
        sa.Column("start_ms", sa.Float, nullable=False),
        sa.Column("run_ms", sa.Float, nullable=False),
        sa.Column("cpu_ms", sa.Float, nullable=False),
        sa.Column("peak_bytes", sa.Integer, nullable=False),
        sa.Column("cold", sa.Boolean, nullable=False),
        sa.Column("problem", sa.JSON),
        sa.Column("logs", sa.LargeBinary, nullable=False),
    )
    op.create_index("invocations_by_function", "invocations", ["function", "sequence"])
