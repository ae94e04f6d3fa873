"""Media types: what results and files are sent as, Jupyter's, and one of our own."""

from typing import Final

__all__ = [
    "ARROW",
    "CSV",
    "HTML",
    "IPYNB",
    "JSON",
    "NDJSON",
    "NPY",
    "PARQUET",
    "PLOTLY",
    "PUBLICATION",
    "SSE",
]

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
SSE: Final = "text/event-stream"
CSV: Final = "text/csv"
HTML: Final = "text/html"
ARROW: Final = "application/vnd.apache.arrow.stream"
PARQUET: Final = "application/vnd.apache.parquet"
NPY: Final = "application/x-npy"
PLOTLY: Final = "application/vnd.plotly.v1+json"
IPYNB: Final = "application/x-ipynb+json"
"""A notebook."""

PUBLICATION: Final = "application/vnd.jupyter-faas.publication+json"
"""What ``%%publish`` achieved, ``{"state", "publication"}``, beside what it shows to people; after a dry run
``{"state": "dry-run", "publication": None, "receipt"}``."""
