"""Answers read while they are being written."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.support.gateway import Gateway

NDJSON = "application/x-ndjson"
SSE = "text/event-stream"


@contextmanager
def opened(
    gateway: Gateway, name: str, arguments: Mapping[str, Any] | None = None, accept: str = NDJSON
) -> Iterator[http.client.HTTPResponse]:
    """The answer to a call once its headers are there; leaving closes the connection."""
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    headers = {"Authorization": f"Bearer {gateway.token}", "Content-Type": "application/json"}
    try:
        connection.request(
            "POST", f"/functions/{name}", json.dumps(arguments or {}), {**headers, "Accept": accept}
        )
        yield connection.getresponse()
    finally:
        connection.close()
