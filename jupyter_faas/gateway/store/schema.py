"""Tables of the store (SQLAlchemy Core)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

__all__ = [
    "alias_moves",
    "aliases",
    "details",
    "errors",
    "invocations",
    "metadata",
    "recordings",
    "settings",
    "versions",
]

metadata = MetaData()

settings = Table(
    "settings",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("function", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("identity", String, nullable=False),
    Column("bundle_digest", String, nullable=False),
    Column("manifest", JSON, nullable=False),
    Column("environment", JSON, nullable=False),
    Column("image_digest", String, nullable=False),
    Column("environment_image", String, nullable=False),
    Column("packages", JSON, nullable=False),
    Column("layer_bytes", Integer, nullable=False),
    Column("image_bytes", Integer, nullable=False),
    Column("published", Float, nullable=False),
    Column("author", String, nullable=False, server_default=""),
    Column("changes", JSON),
    Column("served", Float),
)

aliases = Table(
    "aliases",
    metadata,
    Column("function", String, primary_key=True),
    Column("alias", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("share", Integer, nullable=False, server_default="100"),
    ForeignKeyConstraint(["function", "number"], ["versions.function", "versions.number"]),
)

alias_moves = Table(
    "alias_moves",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("function", String, nullable=False),
    Column("alias", String, nullable=False),
    Column("moved", Float, nullable=False),
    Column("author", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Index("alias_moves_by_function", "function", "alias", "sequence"),
)

invocations = Table(
    "invocations",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("function", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("alias", String, nullable=False, server_default=""),
    Column("caller", String, nullable=False, server_default=""),
    Column("status", Integer, nullable=False),
    Column("code", String),
    Column("started", Float, nullable=False),
    Column("queue_ms", Float, nullable=False),
    Column("start_ms", Float, nullable=False),
    Column("run_ms", Float, nullable=False),
    Column("cpu_ms", Float, nullable=False),
    Column("peak_bytes", Integer, nullable=False),
    Column("cold", Boolean, nullable=False),
    Column("start", String, nullable=False, server_default=""),
    Column("request_bytes", Integer, nullable=False, server_default="0"),
    Column("result_bytes", Integer, nullable=False, server_default="0"),
)
"""What is true of every call, in narrow rows: a filter that few calls pass reads very many of them."""

# Has all that a function's history is filtered by, so that only what passes is looked up in the table.
Index(
    "invocations_by_function",
    invocations.c.function,
    invocations.c.sequence,
    invocations.c.version,
    invocations.c.status,
    invocations.c.code,
    invocations.c.started,
    invocations.c.run_ms,
)
# Errors are rare, and looked for most.
Index(
    "invocations_by_code",
    invocations.c.code,
    invocations.c.function,
    invocations.c.sequence,
    sqlite_where=invocations.c.code.is_not(None),
)

details = Table(
    "details",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("function", String, nullable=False),
    Column("problem", String),
    Column("logs", LargeBinary, nullable=False),
    Index("details_by_function", "function", "sequence"),
)
"""What an invocation has left to read, if anything: its problem as JSON, and its log."""

errors = Table(
    "errors",
    metadata,
    Column("function", String, primary_key=True),
    Column("code", String, primary_key=True),
    Column("exception", String, primary_key=True),
    Column("cell", String, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("message", String, nullable=False),
    Column("first", Float, nullable=False),
    Column("last", Float, nullable=False),
    Column("count", Integer, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("invocation", String, nullable=False),
)
"""Errors of the same kind at the same place, over all versions; they outlive the invocations themselves."""

recordings = Table(
    "recordings",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("function", String, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("recordings_by_function", "function", "failed", "sequence"),
)
"""What calls were given and gave, of functions whose authors want that."""
