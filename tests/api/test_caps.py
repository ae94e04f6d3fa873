"""What calls used of their caps, which caps are proposed, and caps changed without a build."""

from __future__ import annotations

import pytest

from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import AnnotationError, Conflict, NotFound
from tests.support.gateway import Gateway

SOURCE = """
import time
from jupyter_faas import Context
held = bytearray(20_000_000)
def use(context: Context, seconds: float = 0.0, megabytes: int = 0):
    if megabytes:
        more = bytearray(megabytes * 1_000_000)
    time.sleep(seconds)
    return context.caps["memory_bytes"]
"""


def test_what_was_used_and_what_would_fit(gateway: Gateway) -> None:
    gateway.publish(SOURCE, "use", caps=Caps(timeout_seconds=20, memory_bytes=512_000_000))
    assert gateway.client.caps("use")["usage"] == {
        "calls": 0,
        "run_seconds": None,
        "memory_bytes": None,
        "cpu": None,
        "timeouts": 0,
        "out_of_memory": 0,
    }
    for _ in range(25):
        gateway.call("use", {"seconds": 0.05})
    advice = gateway.client.caps("use")
    used = advice["usage"]
    assert used["calls"] == 25
    assert 0.05 <= used["run_seconds"]["p50"] <= used["run_seconds"]["p99"] <= used["run_seconds"]["max"] < 5
    assert 20_000_000 < used["memory_bytes"]["max"] < 100_000_000
    assert used["cpu"]["max"] < 0.5
    proposed = {proposal["cap"]: proposal for proposal in advice["proposals"]}
    assert proposed["timeout_seconds"]["proposed"] <= 10
    assert proposed["memory_bytes"]["proposed"] < 256_000_000
    assert "25 calls" in proposed["timeout_seconds"]["reason"]
    assert proposed["memory_bytes"]["option"].startswith("--memory ")
    text = proposed["memory_bytes"]["option"].partition(" ")[2]
    assert gateway.client.change_caps("use", {"memory": text})["state"] == "live"
    assert gateway.client.function("use")["caps"]["memory_bytes"] == proposed["memory_bytes"]["proposed"]


def test_an_answer_names_the_command_and_the_command_helps(gateway: Gateway) -> None:
    gateway.publish(SOURCE, "tight", caps=Caps(timeout_seconds=0.5, memory_bytes=96_000_000), entry="use")
    slow, large = (gateway.call("tight", each).json for each in ({"seconds": 0.7}, {"megabytes": 130}))
    assert (slow["code"], slow["proposal"]) == ("timeout", {"timeout_seconds": 1.0})
    assert "`jupyter faas caps tight --timeout 1s`" in slow["detail"]
    assert (large["code"], large["proposal"]) == ("out-of-memory", {"memory_bytes": 192_000_000})
    assert "`%faas caps tight --memory 192MB`" in large["detail"]
    proposed = {each["cap"]: each["proposed"] for each in gateway.client.caps("tight")["proposals"]}
    assert proposed == {"timeout_seconds": 1.0, "memory_bytes": 192_000_000}
    gateway.client.change_caps("tight", {"timeout": "1s", "memory": "256MB"})
    assert gateway.call("tight", {"seconds": 0.7}).status == 200
    assert gateway.call("tight", {"megabytes": 130}).json == 256_000_000  # what its context says, too
    used = gateway.client.caps("tight")["usage"]
    assert (used["calls"], used["timeouts"], used["out_of_memory"]) == (4, 0, 0), "under the caps of now"


def test_a_new_version_of_the_same_image(gateway: Gateway) -> None:
    first = gateway.publish(SOURCE, "same", entry="use")["publication"]
    second = gateway.client.change_caps("same", {"memory": "300MB", "max-instances": "2"})
    assert (second["state"], second["publication"]["version"]) == ("live", 2)
    assert second["publication"]["digest"] == first["digest"]
    assert "caps" in str(second["publication"]["changes"])
    assert gateway.client.change_caps("same", {"memory": "300MB"})["state"] == "unchanged"
    assert gateway.publish(SOURCE, "same", entry="use")["state"] == "unchanged"
    assert gateway.call("same").json == 300_000_000
    assert gateway.call("same@1").json == 256_000_000


def test_caps_that_can_not_be_change_nothing(gateway: Gateway) -> None:
    gateway.publish(SOURCE, "stays", entry="use")
    with pytest.raises(AnnotationError, match="--memory 1 MB is out of range"):
        gateway.client.change_caps("stays", {"memory": "1MB"})
    with pytest.raises(Conflict, match="does not start with these caps"):
        gateway.client.change_caps("stays", {"memory": "33MB"})
    with pytest.raises(NotFound):
        gateway.client.change_caps("nothing", {"memory": "1GB"})
    for body in (
        b"{}",
        b'{"colour": 1}',
        b'{"memory_bytes": 1}',
        b'{"idle_seconds": false}',
        b'{"cpu": "1"}',
    ):
        answer = gateway.request("PATCH", "/api/v1/functions/stays/caps", body)
        assert (answer.status, answer.code) == (400, "malformed-request"), body
    apart = gateway.request("PATCH", "/api/v1/functions/stays/caps", b'{"min_instances": 9}')
    assert (apart.status, apart.code) == (409, "conflict")
    assert gateway.client.function("stays")["version"] == 1
    assert gateway.call("stays").json == 256_000_000
