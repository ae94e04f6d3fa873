"""Alembic runs this file for each command: it says on which connection."""

from __future__ import annotations

from alembic import context

# The transaction is the caller's: all steps or none.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
