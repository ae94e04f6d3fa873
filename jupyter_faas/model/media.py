"""Media types of our own."""

from typing import Final

__all__ = ["PUBLICATION"]

PUBLICATION: Final = "application/vnd.jupyter-faas.publication+json"
"""What ``%%publish`` achieved, ``{"state", "publication"}``, beside what it shows to people; after a dry run
``{"state": "dry-run", "publication": None, "receipt"}``."""
