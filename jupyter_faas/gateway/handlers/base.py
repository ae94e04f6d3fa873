"""What all handlers share: authentication, JSON, problems."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import orjson
from tornado import httputil
from tornado.web import HTTPError, RequestHandler

from jupyter_faas.gateway.problems import MEDIA_TYPE, problem_for
from jupyter_faas.gateway.service.service import Service
from jupyter_faas.model.errors import FaasError, InternalError, MalformedRequest, Saturated, Unauthenticated

__all__ = ["Authenticator", "FaasHandler", "NotFoundHandler", "Site", "connection_of"]

log = logging.getLogger(__name__)


class Authenticator:
    """Knows the hash of the gateway's token, and so whether a request carries it."""

    def __init__(self, token_hash: str) -> None:
        self._token_hash = token_hash

    @staticmethod
    def hash(token: str) -> str:
        """What is kept of a token. Tokens are random 256-bit strings, so a plain hash needs no salt."""
        return hashlib.sha256(token.encode()).hexdigest()

    def admits(self, headers: httputil.HTTPHeaders) -> bool:
        """Whether ``Authorization`` holds the token, as ``Bearer`` (RFC 6750) or as Jupyter's ``token``."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "token"):
            return False
        return hmac.compare_digest(self.hash(token.strip()), self._token_hash)


@dataclass(frozen=True)
class Site:
    """What every handler knows of the gateway that it belongs to."""

    service: Service
    authenticator: Authenticator
    url: str
    """The address under which the gateway is reached."""
    started: float
    """Unix time, seconds."""
    data_dir: str
    shutdown: Callable[[], None]


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
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Authenticate."""
        self.trusted = self.site.authenticator.admits(self.request.headers)
        if not self.trusted and not self.open_to_all:
            raise Unauthenticated(
                "This needs the gateway's token: send the header 'Authorization: Bearer <token>'. "
                "`jupyter faas token` prints it."
            )

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
        problem = problem_for(error, self.trusted)
        self.set_status(problem["status"])
        if isinstance(error, Saturated):
            self.set_header("Retry-After", str(error.figures.get("retry_after_seconds", 1)))
        if isinstance(error, Unauthenticated):
            self.set_header("WWW-Authenticate", "Bearer")
        self.set_header("Content-Type", MEDIA_TYPE)
        self.finish(orjson.dumps(problem, option=orjson.OPT_NON_STR_KEYS, default=str))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error leaves as a problem; see Tornado."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, FaasError):
            self.send_problem(error)
        elif isinstance(error, HTTPError):
            self.set_header("Content-Type", MEDIA_TYPE)
            title = HTTPStatus(status_code).phrase
            body = {
                "type": "about:blank",
                "title": title,
                "status": status_code,
                "detail": title,
                "code": "http",
            }
            self.finish(orjson.dumps(body))
        else:
            reference = secrets.token_hex(4)
            log.error("internal error %s", reference, exc_info=kwargs.get("exc_info"))
            self.send_problem(
                InternalError(
                    f"This is a defect of the gateway; its log has it as {reference}.", reference=reference
                )
            )

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


def connection_of(request: httputil.HTTPServerRequest) -> Any:
    """The HTTP/1 connection beneath a request, on which body limits are set."""
    return cast("Any", request.connection)
