"""What a caller's program waits for before its first call: the import of the client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.figures import Comparison, seconds
from tests.support.gateway import Gateway

TURNS = 15


def client_import(gateway: Gateway) -> Iterator[Comparison]:
    """In turns: an interpreter that imports ``connect``, and one that does nothing."""
    del gateway

    def python(program: str) -> None:
        subprocess.run([sys.executable, "-c", program], check=True)

    python("from jupyter_faas import connect")  # writes byte code
    ours, reference = [], []
    for _ in range(TURNS):
        ours.append(seconds(lambda: python("from jupyter_faas import connect")))
        reference.append(seconds(lambda: python("pass")))
    yield Comparison("from jupyter_faas import connect", ours, "python -c pass", reference)
