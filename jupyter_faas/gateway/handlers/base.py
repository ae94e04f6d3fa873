"""What the handlers of the web application share: authentication, JSON, problems."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any, cast

import orjson
from tornado import httputil
from tornado.web import HTTPError, RequestHandler

from jupyter_faas.gateway.handlers.answers import DEFAULT_HEADERS, Answer, http_answer, problem_answer
from jupyter_faas.gateway.handlers.site import Site, needs_token
from jupyter_faas.gateway.handlers.web import WebConnection
from jupyter_faas.model.errors import FaasError, InternalError, MalformedRequest

__all__ = ["FaasHandler", "NotFoundHandler", "connection_of", "methods_of"]

log = logging.getLogger(__name__)


class FaasHandler(RequestHandler):
    """Base of all handlers; a request without the token ends in ``prepare`` unless ``open_to_all``."""

    open_to_all = False

    def initialize(self, site: Site) -> None:
        """Tornado's second constructor."""
        self.site = site
        self.service = site.service
        self.trusted = False

    def set_default_headers(self) -> None:
        """Answers are for the caller alone, and never guessed to be HTML."""
        self.clear_header("Server")
        for name, value in DEFAULT_HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Authenticate."""
        self.trusted = self.site.authenticator.admits(self.request.headers.get("Authorization", ""))
        if not self.trusted and not self.open_to_all:
            raise needs_token()

    def send_json(self, body: Mapping[str, Any], status: int = 200) -> None:
        """Answer with a JSON object."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS))

    def read_json(self) -> dict[str, Any]:
        """The request's body, which must be a JSON object; raises ``MalformedRequest``."""
        try:
            body = orjson.loads(self.request.body)
        except orjson.JSONDecodeError as error:
            raise MalformedRequest(f"The body is not JSON: {error}.") from None
        if not isinstance(body, dict):
            raise MalformedRequest("The body is not a JSON object.")
        return body

    def limit(self, default: int) -> int:
        """The query parameter ``limit``, 1 to 1000; raises ``MalformedRequest``."""
        text = self.get_query_argument("limit", str(default))
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 1000):
            raise MalformedRequest(f"limit={text[:20]!r} is not a whole number from 1 to 1000.")
        return int(text)

    def send_problem(self, error: FaasError) -> None:
        """Answer with the RFC 9457 problem of an error."""
        self._send(problem_answer(error, self.trusted))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error leaves as a problem; see Tornado."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, FaasError):
            self.send_problem(error)
        elif isinstance(error, HTTPError):
            self._send(http_answer(status_code, methods_of(type(self)) if status_code == 405 else ()))
        else:
            reference = secrets.token_hex(4)
            log.error("internal error %s", reference, exc_info=kwargs.get("exc_info"))
            self.send_problem(InternalError.logged_as(reference))

    def _send(self, answer: Answer) -> None:
        self.set_status(answer.status)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        self.finish(answer.body)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Expected errors are answers, not log entries; defects are logged by ``write_error``."""

    def data_received(self, chunk: bytes) -> None:
        """Overridden where bodies are streamed."""
        raise NotImplementedError


class NotFoundHandler(FaasHandler):
    """Routes that don't exist."""

    open_to_all = True

    def prepare(self) -> None:
        """Say so."""
        raise HTTPError(404)


def methods_of(handler: type[RequestHandler]) -> list[str]:
    """The methods of HTTP that a handler has."""
    names = RequestHandler.SUPPORTED_METHODS
    return [
        name for name in names if getattr(handler, name.lower()) is not getattr(RequestHandler, name.lower())
    ]


def connection_of(request: httputil.HTTPServerRequest) -> WebConnection:
    """The connection beneath a request, on which body limits are set."""
    return cast("WebConnection", request.connection)
