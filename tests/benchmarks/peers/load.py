"""Load on one address from loopback, by wrk (https://github.com/wg/wrk)."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SCRIPT = """
wrk.method = "POST"
wrk.body = %s
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = %s
local failed = 0
function response(status, headers, body)
  if status ~= 200 then failed = failed + 1 end
end
function done(summary, latency, requests)
  local errors = summary.errors
  local form = '{"p50_ms": %%.4f, "p99_ms": %%.4f, "calls": %%d, "seconds": %%.4f, "failed": %%d}\\n'
  io.write(string.format(form,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.requests, summary.duration / 1e6,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What came of it."""

    p50_ms: float
    p99_ms: float
    calls: int
    seconds: float
    failed: int

    @property
    def per_second(self) -> float:
        """Answered calls a second."""
        return (self.calls - self.failed) / self.seconds

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {**asdict(self), "per_second": round(self.per_second, 1)}


def load(url: str, body: bytes, token: str, connections: int, seconds: int, folder: Path) -> Load:
    """Call ``url`` over ``connections`` kept alive, each with one call at a time."""
    script = folder / "load.lua"
    script.write_text(SCRIPT % (json.dumps(body.decode()), json.dumps(f"Bearer {token}")))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Load(**json.loads(output.splitlines()[-1]))
