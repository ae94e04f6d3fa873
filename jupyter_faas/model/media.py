"""Media types of our own, and of Jupyter."""

from typing import Final

__all__ = ["IPYNB", "PUBLICATION"]

IPYNB: Final = "application/x-ipynb+json"
"""A notebook."""

PUBLICATION: Final = "application/vnd.jupyter-faas.publication+json"
"""What ``%%publish`` achieved, ``{"state", "publication"}``, beside what it shows to people; after a dry run
``{"state": "dry-run", "publication": None, "receipt"}``."""
