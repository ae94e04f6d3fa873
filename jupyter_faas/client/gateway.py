"""The gateway's management API (ARCHITECTURE.md, version 1) as methods."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from jupyter_faas.client.aliases import VersionsApi
from jupyter_faas.client.answers import NDJSON, Response, item_of, result_of, value_of
from jupyter_faas.client.builds import OnEvent, follow_build
from jupyter_faas.client.connection import Connection
from jupyter_faas.client.functions import RemoteFunction
from jupyter_faas.client.history import follow, pages
from jupyter_faas.client.jsonvalues import json_of
from jupyter_faas.client.ongoing import Ongoing
from jupyter_faas.client.patience import CALL_SECONDS
from jupyter_faas.client.replay import Recorded
from jupyter_faas.client.requests import Body
from jupyter_faas.client.transport import Transport
from jupyter_faas.client.versions import explained
from jupyter_faas.model.errors import FaasError, MalformedRequest

if TYPE_CHECKING:
    from jupyter_faas.model.bundle import Bundle

__all__ = ["GatewayClient"]

API: Final = "/api/v1"
ANSWER_SECONDS: Final = 60.0
COMPLETION_SECONDS: Final = 1.0


class GatewayClient(VersionsApi):
    """A gateway, over HTTP; may be used by several threads.

    Every method raises what the gateway raised (a ``FaasError``), or ``GatewayUnavailable``.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._transport = Transport(connection.url, connection.token)

    @property
    def url(self) -> str:
        """The gateway's address."""
        return self.connection.url

    def __enter__(self) -> GatewayClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections; the client can still be used."""
        self._transport.close()

    def invoke(self, name: str, arguments: Mapping[str, Any] | None = None, accept: str = "*/*") -> Any:
        """Call a function (``name`` or ``name@version``) with named arguments and return its result.

        JSON is decoded, a stream is the list of its items, text (HTML too) is ``str``, pictures and the like
        are ``bytes``. ``accept`` chooses among the forms that there are, as in ``answer``. Raises
        ``InvalidInput`` for arguments that JSON can't express.
        """
        return result_of(self.answer(name, arguments, accept), self.connection.url)

    def __getitem__(self, name: str) -> RemoteFunction:
        """The function ``name`` (or ``name@version``) as a callable of real types; raises ``NotFound``."""
        return RemoteFunction(self, name, self.function(name))

    def _ipython_key_completions_(self) -> list[str]:
        """What IPython offers after ``gateway["``; nothing, rather than to wait for long."""
        with contextlib.suppress(FaasError):
            return [each["name"] for each in self.functions(timeout_seconds=COMPLETION_SECONDS)]
        return []

    def answer(self, name: str, arguments: Mapping[str, Any] | None = None, accept: str = "*/*") -> Response:
        """The answer to a call as it came, in the form that ``accept`` (RFC 9110 §12.5.1) prefers."""
        return self.send(name, Body(json_of(dict(arguments or {})), "application/json"), accept)

    def send(
        self,
        name: str,
        body: Body,
        accept: str,
        *,
        timeout_seconds: float = CALL_SECONDS,
        ongoing: Ongoing | None = None,
    ) -> Response:
        """The answer to a call with a body in any form that functions take; another thread may end it."""
        headers = {"Accept": accept, "Content-Type": body.content_type}
        return self._transport.send(
            "POST", _function(name), body.content, headers, timeout_seconds=timeout_seconds, ongoing=ongoing
        )

    def stream(self, name: str, arguments: Mapping[str, Any] | None = None) -> Generator[Any, None, None]:
        """Call a generator function; its items as it yields them. Close the generator to end the call.

        Raises the error that ends the stream, be it after items, and ``NotAcceptable`` if it is no generator.
        """
        return self.items(name, Body(json_of(dict(arguments or {})), "application/json"))

    def items(
        self,
        name: str,
        body: Body,
        *,
        timeout_seconds: float = CALL_SECONDS,
        ongoing: Ongoing | None = None,
    ) -> Generator[Any, None, None]:
        """As ``stream``, with a body in any form that functions take; another thread may end it."""
        pieces = self._transport.stream(
            _function(name),
            NDJSON,
            timeout_seconds=timeout_seconds,
            body=body.content,
            content_type=body.content_type,
            ongoing=ongoing,
        )
        rest = b""
        with contextlib.closing(pieces):
            for piece in pieces:
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    yield item_of(line)

    def publish(
        self,
        bundle: Bundle,
        environment: Mapping[str, str],
        on_event: OnEvent | None = None,
        aliases: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Hand ``bundle`` to the gateway and wait until it is live.

        ``environment`` holds the values of the variables that the manifest names. ``aliases`` are those that
        are to lead to the version besides ``latest``. ``on_event`` receives each
        event of the build (``step``, then ``live``, ``unchanged`` or ``failed``) with its data. Returns
        ``{"state": "live" or "unchanged", "publication": …}``; raises the error of a build that fails, and
        ``Conflict`` if the gateway is of another version and doesn't understand this one.
        """
        from jupyter_faas.model.bundle import digest_of  # brings pydantic, which only a publisher needs

        content = bundle.pack()
        digest = digest_of(content)
        wanted: dict[str, Any] = {"bundle": digest, "environment": dict(environment)}
        request = json.dumps(wanted | ({"aliases": list(aliases)} if aliases else {})).encode()
        try:
            self._upload(digest, content)
            build = self._ask("POST", f"{API}/functions/{_quote(bundle.manifest.name)}/versions", request)
        except MalformedRequest as error:
            raise explained(error, str(self.gateway().get("version")), self.url) from error
        path = f"{API}/builds/{_quote(build['id'])}"
        return follow_build(self._transport, path, lambda: self._dict("GET", path), on_event)

    def functions(self, *, timeout_seconds: float = ANSWER_SECONDS) -> list[dict[str, Any]]:
        """All functions."""
        answer = self._ask("GET", f"{API}/functions", timeout_seconds=timeout_seconds)
        found: list[dict[str, Any]] = answer["functions"]
        return found

    def function(self, name: str) -> dict[str, Any]:
        """One function."""
        return self._dict("GET", f"{API}/functions/{_quote(name)}")

    def delete(self, name: str) -> dict[str, Any]:
        """Delete a function with all its versions."""
        return self._dict("DELETE", f"{API}/functions/{_quote(name)}")

    def logs(self, name: str, limit: int = 100, **filters: str) -> list[dict[str, Any]]:
        """The last ``limit`` lines that a function wrote and ``filters`` let through, oldest first.

        Filters: ``text``, ``level``, ``since``, ``until``, ``invocation``.
        """
        newest_first = pages(self._get, f"{API}/functions/{_quote(name)}/logs", "logs", limit, filters)
        return [line for page in reversed(list(newest_first)) for line in page]

    def follow_logs(
        self, name: str, limit: int = 10, **filters: str
    ) -> Generator[tuple[str, dict[str, Any]], None, None]:
        """The last ``limit`` lines and then each new one as ``("log", line)``, until the generator is closed
        or the function deleted; ``("missed", {"lines": n})`` where this was too slow."""
        path = f"{API}/functions/{_quote(name)}/logs?{urlencode({'limit': limit, **filters})}"
        return follow(self._transport, path)

    def invocations(self, name: str | None, limit: int = 20, **filters: str) -> list[dict[str, Any]]:
        """The last ``limit`` calls of a function (None: of all) that ``filters`` let through, newest first.

        Filters: ``status`` (``500``, ``5xx``), ``code``, ``version``, ``since``, ``until`` (a time, or how
        long ago: ``2h``), ``min_duration``, ``max_duration`` (``200ms``).
        """
        path = f"{API}/invocations" if name is None else f"{API}/functions/{_quote(name)}/invocations"
        return [call for page in pages(self._get, path, "invocations", limit, filters) for call in page]

    def errors(self, name: str) -> list[dict[str, Any]]:
        """The errors of a function, grouped by their kind and cell line, the newest first."""
        return self._list(f"{API}/functions/{_quote(name)}/errors", "errors")

    def invocation(self, invocation_id: str) -> dict[str, Any]:
        """One call, with its logs."""
        return self._dict("GET", f"{API}/invocations/{_quote(invocation_id)}")

    def caps(self, name: str) -> dict[str, Any]:
        """The caps of a function, what calls really used, and what is proposed."""
        return self._get(f"{API}/functions/{_quote(name)}/caps")

    def change_caps(self, name: str, options: Mapping[str, str | None]) -> dict[str, Any]:
        """Make a new version with other caps, by the options of ``%%publish``: ``{"memory": "1GB"}``.

        Returns ``{"state": "live" or "unchanged", "publication"}``. Raises ``AnnotationError`` for a text
        that can't be read, and ``Conflict`` if the function doesn't start with them.
        """
        from jupyter_faas.model.cap_options import CAP_OPTIONS, caps_of
        from jupyter_faas.model.caps import Caps  # brings pydantic, as in ``publish``

        caps = caps_of(options, Caps.model_validate(self.caps(name)["caps"])).model_dump()
        given = [CAP_OPTIONS[option].field if option in CAP_OPTIONS else option for option in options]
        wanted = {field: caps[field] for field, text in zip(given, options.values(), strict=True) if text}
        path = f"{API}/functions/{_quote(name)}/caps"
        answer: dict[str, Any] = self._ask("PATCH", path, json.dumps(wanted).encode())
        return answer

    def recorded(self, invocation_id: str) -> Recorded:
        """What a call was given and gave; raises ``NotFound`` if its function keeps none of that."""
        return Recorded(self._get(f"{API}/invocations/{_quote(invocation_id)}/recording"))

    def replay(
        self, invocation_id: str, version: str | None = None, changes: Mapping[str, Any] | None = None
    ) -> tuple[Response, bool | None]:
        """Run a recorded call again, on ``version`` (a number or an alias; None: the latest).

        ``changes`` take the place of its arguments. Returns the answer and whether the recorded call gave
        the same (None: unknown). Raises what the call raises, and ``InvalidInput`` for a call whose input
        was not kept whole.
        """
        recorded = self.recorded(invocation_id)
        called = recorded.function if version is None else f"{recorded.function}@{version}"
        answer = self.send(called, recorded.body(changes or {}), recorded.form)
        return answer, recorded.gave(answer) if answer.status == 200 else None

    def notebook(self, invocation_id: str) -> dict[str, Any]:
        """The notebook of a call in which a cell failed, with the outputs of the cells that ran."""
        return self._dict("GET", f"{API}/invocations/{_quote(invocation_id)}/notebook")

    def gateway(self) -> dict[str, Any]:
        """The gateway itself: its address, process, engine and what it holds."""
        return self._dict("GET", f"{API}/gateway")

    def shutdown(self) -> None:
        """Ask the gateway to finish its calls and end; returns before it has."""
        self._ask("POST", f"{API}/shutdown")

    def _upload(self, digest: str, content: bytes) -> None:
        path = f"{API}/bundles/{quote(digest, safe=':')}"
        known = self._transport.send("HEAD", path, timeout_seconds=ANSWER_SECONDS)
        if known.status != 200:  # PUT says what is wrong, if it isn't that the bundle is new; HEAD can't
            self._ask("PUT", path, content, content_type="application/x-tar")

    def _get(self, path: str) -> dict[str, Any]:
        return self._dict("GET", path)

    def _dict(self, method: str, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask(method, path)
        return answer

    def _list(self, path: str, key: str) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self._ask("GET", path)[key]
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        content_type: str = "application/json",
        timeout_seconds: float = ANSWER_SECONDS,
    ) -> Any:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        response = self._transport.send(method, path, body, headers, timeout_seconds=timeout_seconds)
        return value_of(response, self.connection.url)


def _function(name: str) -> str:
    return f"/functions/{_quote(name)}"


def _quote(name: str) -> str:
    return quote(name, safe="@")
