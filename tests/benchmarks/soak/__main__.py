"""``make soak``: the program. Exits 1 if an answer was wrong or something is left."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.soak.run import soak
from tests.support.docker import cleaned_up
from tests.support.gateway import Gateway


def main() -> None:
    """Run, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000, help="how many calls")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--json", type=Path, help="also write what was counted to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, cleaned_up(Path(name)):
        gateway = Gateway(Path(name))
        try:
            done = soak(gateway.start(), options.calls, options.seed, _say)
        finally:
            gateway.close()
        said = gateway.log
    rate = done.calls / done.seconds
    _say(f"\n{done.calls} calls in {done.seconds:.0f} s ({rate:.0f} a second):")
    for kind, number in done.findings.answered.most_common():
        _say(f"  {number:7} {kind}")
    _say(f"  {done.findings.swept:7} ended with their instance, and were told so")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(done.as_json(), indent=1))
    _say(f"The gateway's log:\n{said[-4000:]}" if done.faults else "")
    _say("\n".join(done.faults) or "Every answer was the right one, and nothing is left.")
    sys.exit(1 if done.faults else 0)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
