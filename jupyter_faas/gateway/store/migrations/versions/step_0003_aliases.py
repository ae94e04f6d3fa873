"""Versions say who published them, what changed and whether they served; aliases may name several versions,
and their moves are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add it; each version is taken for a move of ``latest``, as it was."""
    op.add_column("versions", sa.Column("author", sa.String, nullable=False, server_default=""))
    op.add_column("versions", sa.Column("changes", sa.JSON))
    op.add_column("versions", sa.Column("served", sa.Float))
    op.execute("UPDATE versions SET author = coalesce(json_extract(manifest, '$.origin.author'), '')")
    op.execute(
        "UPDATE versions SET served = (SELECT min(started) FROM invocations WHERE function = "
        "versions.function AND version = versions.number AND status BETWEEN 200 AND 399)"
    )
    _share_aliases()
    op.create_table(
        "alias_moves",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("function", sa.String, nullable=False),
        sa.Column("alias", sa.String, nullable=False),
        sa.Column("moved", sa.Float, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("before", sa.String, nullable=False),
        sa.Column("after", sa.String, nullable=False),
    )
    op.create_index("alias_moves_by_function", "alias_moves", ["function", "alias", "sequence"])
    op.execute(
        "INSERT INTO alias_moves (function, alias, moved, author, reason, before, after) "
        "SELECT function, 'latest', published, author, 'publish', "
        "coalesce(lag(number) OVER (PARTITION BY function ORDER BY number), ''), number "
        "FROM versions ORDER BY function, number"
    )


def _share_aliases() -> None:
    """The number becomes part of the key, which SQLite can't change in a table that is there."""
    op.create_table(
        "shared_aliases",
        sa.Column("function", sa.String, primary_key=True),
        sa.Column("alias", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("share", sa.Integer, nullable=False, server_default="100"),
        sa.ForeignKeyConstraint(["function", "number"], ["versions.function", "versions.number"]),
    )
    op.execute("INSERT INTO shared_aliases SELECT function, alias, number, 100 FROM aliases")
    op.drop_table("aliases")
    op.rename_table("shared_aliases", "aliases")
