"""``python -m jupyter_faas.gateway.reference`` writes the page on the HTTP API, in Markdown."""

from __future__ import annotations

import sys

from jupyter_faas.gateway.handlers.described import PATHS, SCHEMAS
from jupyter_faas.gateway.openapi.document import whole_document
from jupyter_faas.gateway.openapi.reference import reference_page

__all__ = ["page"]


def page() -> str:
    """The page."""
    return reference_page(whole_document(PATHS, SCHEMAS, ()))


if __name__ == "__main__":
    sys.stdout.write(page())
