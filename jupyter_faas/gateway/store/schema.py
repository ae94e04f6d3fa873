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

__all__ = ["alias_moves", "aliases", "invocations", "metadata", "settings", "versions"]

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
    Column("problem", JSON),
    Column("logs", LargeBinary, nullable=False),
    Index("invocations_by_function", "function", "sequence"),
)
