"""What the gateway says of its API: OpenAPI documents, forms, and a page to read and try them."""

from __future__ import annotations

import asyncio
import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson
from tornado.web import HTTPError

from jupyter_faas.gateway.handlers.base import FaasHandler
from jupyter_faas.gateway.handlers.described import PATHS, SCHEMAS
from jupyter_faas.gateway.handlers.site import needs_token
from jupyter_faas.gateway.openapi.document import Described, document_of, whole_document
from jupyter_faas.gateway.openapi.form import form_of
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.service.examples import examples_of
from jupyter_faas.model.media import JSON

__all__ = ["DocsFileHandler", "DocsHandler", "DocumentHandler", "FormHandler", "FunctionDocumentHandler"]

_OWN: Final = Path(__file__).parent / "page"
_ASSETS: Final = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""https://www.w3.org/TR/CSP3/: nothing comes from elsewhere. Swagger UI sets styles on its elements."""
_DAY: Final = "public, max-age=86400"


class DocumentHandler(FaasHandler):
    """The OpenAPI document of everything."""

    open_to_all = True

    async def get(self) -> None:
        """All routes, and the functions that the caller may know of."""
        published = sorted(self.service.catalogue, key=lambda each: each.record.function)
        shown = [self.described(each) for each in published if self.trusted or each.manifest.public]
        # Of a thousand functions it takes a quarter of a second, in which calls go on.
        self.set_header("Content-Type", JSON)
        self.finish(await asyncio.to_thread(lambda: orjson.dumps(whole_document(PATHS, SCHEMAS, shown))))

    def described(self, published: Published) -> Described:
        """A function with its examples."""
        return Described(self.service.describe(published), examples_of(published))


class FunctionDocumentHandler(DocumentHandler):
    """The OpenAPI document of one function."""

    async def get(self, name: str) -> None:  # type: ignore[override]
        """The version that ``version`` names, else the latest."""
        published = await self.found(name)
        selector = self.get_query_argument("version", "")
        self.send_json(document_of(self.described(published), selector, "../../../.."))

    async def found(self, name: str) -> Published:
        """The version that is meant. Unknown and not public look the same to those without the token."""
        latest = self.service.catalogue.get(name)
        if not self.trusted and (latest is None or not latest.manifest.public):
            raise needs_token()
        published = await self.service.resolve(name, self.get_query_argument("version", None) or None)
        if not self.trusted and not published.manifest.public:
            raise needs_token()
        return published


class FormHandler(FunctionDocumentHandler):
    """A function's arguments as a form."""

    async def get(self, name: str) -> None:  # type: ignore[override]
        """The version that ``version`` names, else the latest."""
        described = self.described(await self.found(name))
        self.send_json(form_of(described.function, described.examples))


class DocsHandler(FaasHandler):
    """A page on which to read the API and try calls: Swagger UI."""

    open_to_all = True

    def get(self) -> None:
        """The page; all that it loads lies beside it, under whatever address it has."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("Referrer-Policy", "no-referrer")
        self.finish(_read(_OWN / "docs.html"))


class DocsFileHandler(FaasHandler):
    """Script and style of the page."""

    open_to_all = True

    def get(self, name: str) -> None:
        """One file of ours or of Swagger UI."""
        path = _file(name)
        if path is None:
            raise HTTPError(404)
        self.set_header("Content-Type", _TYPES[path.suffix])
        self.set_header("Cache-Control", _DAY)
        self.finish(_read(path))


def _file(name: str) -> Path | None:
    own = _OWN / name
    if own.is_file():
        return own
    folder = swagger_ui()
    return folder / name if name in _ASSETS and folder is not None else None


def swagger_ui() -> Path | None:
    """Where Swagger UI's files are installed; the package that carries them is never imported."""
    found: Any = importlib.util.find_spec("flask_swagger_ui")
    return Path(found.origin).parent / "dist" if found and found.origin else None


@lru_cache(8)
def _read(path: Path) -> bytes:
    return path.read_bytes()
