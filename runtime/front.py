"""HTTP for the image that serves itself."""

from __future__ import annotations

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from . import inputs
from .backend import Answer, Backend
from .front_stream import StreamedAnswer
from .loading import read_manifest
from .outcomes import failure, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

SOCKET_SECONDS = 30
MAX_ACCEPT_CHARACTERS = 2000
WITHOUT_BODY = (204, 304)
STATUS = {
    "malformed-request": (400, "The request could not be read"),
    "not-found": (404, "There is no such thing"),
    "not-acceptable": (406, "The result is not available in an acceptable form"),
    "payload-too-large": (413, "The request body is too large"),
    "invalid-input": (422, "The input does not fit the function's schema"),
    "saturated": (429, "Too many calls are waiting"),
    "handler-error": (500, "The function raised an exception"),
    "init-error": (502, "The function could not be started"),
    "out-of-memory": (502, "The function needed more memory than its cap"),
    "crashed": (502, "The function's process ended during the call"),
    "result-too-large": (502, "The function's result is too large"),
    "result-not-encodable": (502, "The function's result can't be encoded"),
    "timeout": (504, "The call took longer than its cap"),
}


def serve(root: str, port: int, link: socket.socket) -> None:
    """Answer requests until the supervisor closes the link."""
    manifest = read_manifest(root)
    backend = Backend(link, manifest.get("caps", {}))

    class BoundHandler(Handler):
        """The handler of this function."""

    BoundHandler.manifest = manifest
    BoundHandler.backend = backend
    server = _Server(("", port), BoundHandler)
    backend.start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    backend.receive()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


class Refusal(Exception):
    """The request can't become a call."""

    def __init__(self, code: str, detail: str, **figures: Any) -> None:
        super().__init__(detail)
        self.outcome = failure(code, detail, **figures)


class Handler(BaseHTTPRequestHandler):
    """Routes: the function at ``/`` and at ``/functions/<name>``, and ``/healthz``."""

    manifest: dict[str, Any]
    backend: Backend
    protocol_version = "HTTP/1.1"
    server_version = "jupyter-faas"
    sys_version = ""
    timeout = SOCKET_SECONDS
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Health, or a call with its arguments in the query."""
        if urlsplit(self.path).path == "/healthz":
            self._health()
        else:
            self._invoke(self._query)

    def do_POST(self) -> None:
        """A call with its arguments in a JSON object."""
        self._invoke(self._body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Requests aren't logged; what the function writes is."""

    def _health(self) -> None:
        backend = self.backend
        status = "failed" if backend.failed else "ok" if backend.ready else "starting"
        body = json.dumps({"status": status}).encode()
        self._respond(200 if status == "ok" else 503, "application/json", body, {})

    def _invoke(self, read: Any) -> None:
        call_id = uuid.uuid4().hex
        headers = {"Faas-Invocation-Id": call_id}
        try:
            arguments = self._checked(read())
        except Refusal as refusal:
            self._problem(refusal.outcome, headers)
            return
        stream = StreamedAnswer(self, headers)
        accept = self.headers.get("Accept", "")[:MAX_ACCEPT_CHARACTERS]
        answer = self.backend.call(
            call_id, json.dumps(arguments).encode(), "" if accept == "*/*" else accept, stream.write
        )
        if stream.content_type:
            stream.end(None if answer.outcome["ok"] else problem_of(answer.outcome))
            return
        headers["Server-Timing"] = _timing(answer)
        if answer.outcome["ok"]:
            self._result(answer, headers)
        else:
            self._problem(answer.outcome, headers)

    def _result(self, answer: Answer, headers: dict[str, str]) -> None:
        status, chosen = answer.outcome.get("status", 200), answer.outcome.get("headers", {})
        self._respond(status, answer.outcome["type"], answer.body, {**headers, "Vary": "Accept", **chosen})

    def _checked(self, arguments: Any) -> dict[str, Any]:
        if urlsplit(self.path).path not in {"/", f"/functions/{self.manifest['name']}"}:
            raise Refusal("not-found", f"There is nothing at {self.path}. The function is at /.")
        if not isinstance(arguments, dict):
            raise Refusal("malformed-request", "The body has to be a JSON object of named arguments.")
        found = inputs.faults(arguments, self.manifest["input_schema"])
        if found:
            detail = "; ".join(fault["message"] for fault in found) + "."
            raise Refusal("invalid-input", detail, faults=found)
        return arguments

    def _query(self) -> dict[str, Any]:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        return inputs.coerced(query, self.manifest["input_schema"])

    def _body(self) -> Any:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self.close_connection = True
            raise Refusal("malformed-request", "The request needs a Content-Length.")
        cap = int(self.manifest.get("caps", {}).get("payload_bytes", 10**7))
        if int(length) > cap:
            self.close_connection = True  # the rest of the body isn't read
            detail = f"The body has {format_size(int(length))}; the cap is {format_size(cap)}."
            raise Refusal("payload-too-large", detail, cap_bytes=cap, size_bytes=int(length))
        try:
            arguments = json.loads(self.rfile.read(int(length)) or b"{}")
        except (ValueError, RecursionError) as error:
            raise Refusal("malformed-request", f"The body is not JSON: {error}.") from None
        return {**self._beside(), **arguments} if isinstance(arguments, dict) else arguments

    def _beside(self) -> dict[str, Any]:
        """What the query may give beside any body: how the result looks."""
        properties = self.manifest["input_schema"].get("properties", {})
        return {n: value for n, value in self._query().items() if properties.get(n, {}).get("x-faas-query")}

    def _problem(self, outcome: dict[str, Any], headers: dict[str, str]) -> None:
        problem = problem_of(outcome)
        if "retry_after_seconds" in outcome["figures"]:
            headers = {**headers, "Retry-After": str(outcome["figures"]["retry_after_seconds"])}
        body = json.dumps(problem, ensure_ascii=False).encode("utf-8", "replace")
        self._respond(problem["status"], "application/problem+json", body, headers)

    def _respond(self, status: int, content_type: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in WITHOUT_BODY:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status not in WITHOUT_BODY:
            self.wfile.write(body)


def problem_of(outcome: dict[str, Any]) -> dict[str, Any]:
    """The RFC 9457 problem for an outcome that is none of the function's results."""
    code = outcome["code"]
    status, title = STATUS.get(code, (500, "An unexpected error"))
    return {
        **outcome["figures"],
        "type": f"urn:jupyter-faas:error:{code}",
        "title": title,
        "status": status,
        "detail": outcome["detail"],
        "code": code,
    }


def _timing(answer: Answer) -> str:
    run = float(answer.outcome.get("usage", {}).get("run_seconds", 0.0))
    return f"queue;dur={answer.queue_seconds * 1000:.3f}, run;dur={run * 1000:.3f}"
