"""What the gateway holds for callers is bounded, and what that costs a caller is said and recorded."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import running
from tests.support.waiting import eventually

SOURCE = "def f(size: int) -> str:\n    return 'x' * size\n"
ROOM = 1_000_000


def test_a_result_without_room_is_refused_and_recorded(tmp_path: Path) -> None:
    with running(tmp_path / "gateway", f"--GatewayApp.max_held_bytes={ROOM}", engine="process") as gateway:
        gateway.publish(SOURCE)
        for _ in range(3):  # what has been read is held no more
            assert gateway.call("f", {"size": 700_000}).status == 200
        refused = gateway.call("f", {"size": 1_500_000})
        assert (refused.status, refused.code) == (429, "saturated")
        assert refused.json["detail"].startswith("The function has run, but its result of 1.5 MB is lost.")
        assert refused.headers["retry-after"] == "1"
        identifier = refused.headers["faas-invocation-id"]
        record = eventually(lambda: gateway.client.invocation(identifier))
        assert (record["status"], record["code"]) == (429, "saturated")
        assert gateway.call("f", {"size": 1}).status == 200
