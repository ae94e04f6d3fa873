"""Every route but the functions' own, described for the OpenAPI document: a module for each tag.

Who adds a route adds it here: ``tests/unit/gateway/test_openapi.py`` compares the two.
"""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.gateway.handlers.described import catalogue, gateway, history, publishing, versions
from jupyter_faas.gateway.openapi.operation import Paths

__all__ = ["PATHS", "SCHEMAS"]

_MODULES: Final = (catalogue, publishing, versions, history, gateway)
PATHS: Final[Paths] = {
    path: {method: one for module in _MODULES for method, one in module.PATHS.get(path, {}).items()}
    for path in dict.fromkeys(path for module in _MODULES for path in module.PATHS)
}
SCHEMAS: Final[dict[str, Any]] = {
    name: schema for module in _MODULES for name, schema in module.SCHEMAS.items()
}
