"""``%faas`` in a real kernel, as a notebook's front end sees it: tables, completion, logs that go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

from tests.support.gateway import Gateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SECONDS = 60
DEFINE = "%%publish --alias prod\ndef ratio(part: float, whole: float = 2.0) -> float:\n    "


class Kernel:
    """A kernel with the extension; what a cell shows, by media type."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client

    def show(self, cell: str) -> dict[str, str]:
        shown: dict[str, str] = {}

        def take(message: dict[str, Any]) -> None:
            shown.update(message["content"].get("data", {}))
            if "text" in message["content"]:
                shown["stream"] = shown.get("stream", "") + message["content"]["text"]

        reply = self.client.execute_interactive(cell, output_hook=take, timeout=SECONDS)
        assert reply["content"]["status"] == "ok", reply["content"]
        return shown

    def completed(self, line: str) -> set[str]:
        content = self.client.complete(line, reply=True, timeout=SECONDS)["content"]
        return {line[: content["cursor_start"]] + match for match in content["matches"]}


@pytest.fixture(scope="module")
def kernel(gateway: Gateway) -> Iterator[Kernel]:
    """A kernel in which ``ratio`` was published twice and called, once in vain."""
    manager, client = start_new_kernel(env=gateway.environment)
    try:
        made = Kernel(manager, client)
        made.show("%load_ext jupyter_faas")
        made.show(f"{DEFINE}print('part', part)\n    return part / whole")
        made.show(f"{DEFINE}print('part', part)\n    return round(part / whole, 3)")
        assert made.show("%faas invoke ratio part=1 whole=3")["text/plain"] == "0.333"
        gateway.call("ratio", {"part": 1, "whole": 0})
        yield made
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    ("command", "holds"),
    [
        ("list", ["name", "ratio", "instances"]),
        ("show ratio", ["part (required), whole = 2.0", "256 MB memory"]),
        ("history ratio", ["ratio@2", "handler-error", "200"]),
        ("history --status 5xx", ["ratio@2", "handler-error"]),
        ("logs ratio", ["part 1", "stdout"]),
        ("errors ratio", ["ZeroDivisionError", "division by zero"]),
        ("caps ratio", ["median", "256 MB", "timeout"]),
        ("versions ratio", ["latest", "prod", "handler.py has"]),
        ("diff ratio 1 2", ["version 1 → 2", "source"]),
        ("alias ratio", ["prod", "latest"]),
        ("gateway", ["engine", "docker"]),
    ],
)
def test_a_listing_is_a_table_with_a_text_to_fall_back_on(
    kernel: Kernel, command: str, holds: list[str]
) -> None:
    shown = kernel.show(f"%faas {command}")
    assert "<table>" in shown["text/html"]
    assert "<script" not in shown["text/html"]
    for words in holds:
        assert words in shown["text/html"], shown["text/html"]
        assert words in shown["text/plain"], shown["text/plain"]
    assert "<" not in shown["text/plain"].replace("<module", "")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%faas hist", {"%faas history"}),
        ("%faas show rat", {"%faas show ratio"}),
        ("%faas invoke ratio wh", {"%faas invoke ratio whole="}),
        ("%faas invoke ratio@pr", {"%faas invoke ratio@prod"}),
        ("x = %faas invoke ratio part=1 ", {"x = %faas invoke ratio part=1 whole="}),
    ],
)
def test_the_tab_key(kernel: Kernel, line: str, offered: set[str]) -> None:
    eventually(lambda: kernel.completed(line) == offered, 10, f"{line} becomes {offered}")


def test_logs_go_on_until_the_kernel_is_interrupted(kernel: Kernel, gateway: Gateway) -> None:
    seen: list[str] = []
    replies: list[Any] = []

    def follow() -> None:
        replies.append(
            kernel.client.execute_interactive(
                "%faas logs -f ratio",
                output_hook=lambda message: seen.append(message["content"].get("text", "")),
                timeout=SECONDS,
            )
        )

    following = threading.Thread(target=follow)
    following.start()
    eventually(lambda: "part 1" in "".join(seen), 20, "what was written before")
    gateway.call("ratio", {"part": 77})
    eventually(lambda: "part 77" in "".join(seen), 20, "what is written now")
    kernel.manager.interrupt_kernel()
    following.join(20)
    assert [reply["content"]["status"] for reply in replies] == ["ok"], "that is how following ends"
    assert kernel.show("1 + 1")["text/plain"] == "2"


def test_what_is_done_is_said(kernel: Kernel, gateway: Gateway) -> None:
    assert "ratio@stage leads to 1 now" in kernel.show("%faas alias ratio stage 1")["text/plain"]
    assert "version 3 is live" in kernel.show("%faas caps ratio --memory 300MB")["text/plain"]
    assert gateway.client.function("ratio")["caps"]["memory_bytes"] == 300_000_000
    assert "ratio@latest leads to 2 now" in kernel.show("%faas rollback ratio")["text/plain"]
    assert gateway.call("ratio", {"part": 3}).headers["faas-version"] == "2"
    assert "0 versions" in kernel.show("%faas prune --dry-run")["text/plain"]
    assert "Deleted ratio version 3" in kernel.show("%faas delete ratio@3 --yes")["text/plain"]
