"""First calls of functions that don't run: from a prewarmed sandbox, and by a plain start."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jupyter_faas.model.caps import Caps
from tests.benchmarks.bodies import BODIES
from tests.benchmarks.figures import Comparison, seconds
from tests.benchmarks.peers.rivals import DATA
from tests.conftest import running
from tests.support.gateway import Gateway
from tests.support.waiting import eventually

CALLS = 12
CAPS = Caps(idle_seconds=0, memory_bytes=512_000_000)
SOURCES = {
    "echo": "def echo(x):\n    return {'x': x}\n",
    "describe": (
        "import pandas as pd\ndef describe(rows):\n    return pd.DataFrame(rows).describe().to_dict()\n"
    ),
}


def cold_calls(gateway: Gateway) -> Iterator[Comparison]:
    """Of gateways with prewarmed sandboxes; ``gateway`` has none and starts containers."""
    for function, name in (("echo", "cold call: echo"), ("describe", "cold call: pandas")):
        with (
            tempfile.TemporaryDirectory() as folder,
            running(Path(folder), "--Prewarmed.memory_bytes=500_000_000") as pool,
        ):
            yield first_calls(pool, function, name, waits=1)
    yield first_calls(gateway, "echo", "cold call, none prewarmed: echo", waits=0)


def first_calls(gateway: Gateway, function: str, name: str, waits: int) -> Comparison:
    """Each when no instance is left and ``waits`` sandboxes wait, against starting a container and Python."""
    requirements = list(DATA) if function == "describe" else []
    gateway.publish(SOURCES[function], function, CAPS, requirements=requirements)
    image = gateway.client.function(function)["digest"]
    run = ["docker", "run", "--rm", "--network=none", "--entrypoint=python3", image, "-c", "pass"]
    ours, reference = [], []
    for _ in range(CALLS):
        reference.append(seconds(lambda: subprocess.run(run, check=True)))
        eventually(lambda: gateway.client.function(function)["instances"] == 0)
        eventually(lambda: gateway.client.gateway()["prewarmed"] >= waits, 60, "sandboxes wait")
        answer = gateway.call(function, BODIES[function])
        assert 'desc="warm"' not in answer.headers["server-timing"], "that was no cold call"
        ours.append(answer.seconds)
    return Comparison(name, ours, "docker run … python3 -c pass", reference)
