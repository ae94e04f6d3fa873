"""What is different between two versions of a function, and which of it breaks their callers."""

from __future__ import annotations

from jupyter_faas.model.changes.change import Change
from jupyter_faas.model.changes.schema import schema_changes
from jupyter_faas.model.changes.sides import Side, changes_between

__all__ = ["Change", "Side", "changes_between", "schema_changes"]
