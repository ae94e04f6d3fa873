"""Invocations say who called and by which alias; errors are grouped; logs and recordings lie apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEPT = (
    "sequence, id, function, version, status, code, started, queue_ms, start_ms, run_ms, cpu_ms, peak_bytes, "
    "cold, start"
)


def upgrade() -> None:
    """Divide the invocations into what is true of every call, and what some have left to read."""
    op.create_table(
        "details",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("function", sa.String, nullable=False),
        sa.Column("problem", sa.String),
        sa.Column("logs", sa.LargeBinary, nullable=False),
    )
    op.execute(
        "INSERT INTO details SELECT sequence, function, nullif(problem, 'null'), logs FROM invocations "
        "WHERE length(logs) > 0 OR coalesce(problem, 'null') != 'null'"
    )
    op.create_index("details_by_function", "details", ["function", "sequence"])
    _renew_invocations()
    op.create_table(
        "errors",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("function", "code", "exception", "cell")),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("message", sa.String, nullable=False),
        sa.Column("first", sa.Float, nullable=False),
        sa.Column("last", sa.Float, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("invocation", sa.String, nullable=False),
    )
    op.create_table(
        "recordings",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("function", sa.String, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("recordings_by_function", "recordings", ["function", "failed", "sequence"])


def _renew_invocations() -> None:
    op.drop_index("invocations_by_function", "invocations")
    op.rename_table("invocations", "invocations_before")
    op.create_table(
        "invocations",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("function", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("alias", sa.String, nullable=False, server_default=""),
        sa.Column("caller", sa.String, nullable=False, server_default=""),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("code", sa.String),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("queue_ms", sa.Float, nullable=False),
        sa.Column("start_ms", sa.Float, nullable=False),
        sa.Column("run_ms", sa.Float, nullable=False),
        sa.Column("cpu_ms", sa.Float, nullable=False),
        sa.Column("peak_bytes", sa.Integer, nullable=False),
        sa.Column("cold", sa.Boolean, nullable=False),
        sa.Column("start", sa.String, nullable=False, server_default=""),
        sa.Column("request_bytes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("result_bytes", sa.Integer, nullable=False, server_default="0"),
    )
    op.execute(f"INSERT INTO invocations ({KEPT}) SELECT {KEPT} FROM invocations_before")  # noqa: S608 - ours
    op.drop_table("invocations_before")
    filtered = ["function", "sequence", "version", "status", "code", "started", "run_ms"]
    op.create_index("invocations_by_function", "invocations", filtered)
    op.create_index(
        "invocations_by_code",
        "invocations",
        ["code", "function", "sequence"],
        sqlite_where=sa.text("code IS NOT NULL"),
    )
