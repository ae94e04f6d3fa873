"""What an upload costs the gateway that it passes through."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_faas.model.caps import Caps
from tests.conftest import running
from tests.support.forms import form_of
from tests.support.gateway import Gateway

UPLOAD_BYTES = 50 * 10**6
SOURCE = "def f(data: bytes, more: bytes = b'') -> int:\n    return len(data) + sum(data[-9:]) + len(more)\n"
FILE = {"type": "string", "x-faas-media": ["*/*"]}
SCHEMA = {"type": "object", "properties": {"data": FILE, "more": FILE}, "required": ["data"]}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway without Docker: the path of an upload is the same up to the instance."""
    with running(tmp_path_factory.mktemp("uploads") / "gateway", engine="process") as gateway:
        caps = Caps(payload_bytes=100 * 10**6, memory_bytes=10**9, max_instances=1)
        gateway.publish(SOURCE, caps=caps, input_schema=SCHEMA)
        assert gateway.request("POST", "/functions/f", b"x", {"Content-Type": "a/b"}).json == 1 + ord("x")
        yield gateway


def resident(pid: int, line: str) -> int:
    found = re.search(rf"{line}:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.mark.parametrize("kind", ["body", "form"])
def test_an_upload_is_in_memory_once(plain: Gateway, kind: str) -> None:
    content = os.urandom(2**20) * (UPLOAD_BYTES // 2**20)
    expected = len(content) + sum(content[-9:])
    headers = {"Content-Type": "application/octet-stream"}
    body = content
    if kind == "form":
        body, form = form_of(("data", "a", None, content), ("more", "b", None, b"12345"))
        headers, expected = {"Content-Type": form}, expected + 5
    before = resident(plain.pid, "VmRSS")
    Path(f"/proc/{plain.pid}/clear_refs").write_text("5")  # the peak starts anew
    answer = plain.request("POST", "/functions/f", body, headers)
    assert (answer.status, answer.json) == (200, expected), answer.body[:500]
    ratio = (resident(plain.pid, "VmHWM") - before) / len(body)
    assert ratio < 1.5, f"the gateway's peak was {ratio:.2f} times the upload"
