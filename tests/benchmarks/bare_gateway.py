"""The gateway without history, logs and metrics: what a call costs without them.

Run as ``python -m tests.benchmarks.bare_gateway`` with the gateway's own options.
"""

from __future__ import annotations

from jupyter_faas.gateway import app
from jupyter_faas.gateway.dispatch.slot import Slot
from jupyter_faas.gateway.store.recorder import Recorder


class NoRecorder(Recorder):
    """Takes records and forgets them."""

    def add(self, record: object) -> None:
        """Nothing is saved, and nothing counted."""


def main() -> None:
    """Run it."""
    setattr(app, "Recorder", NoRecorder)  # noqa: B010 - nothing else is replaced
    setattr(Slot, "on_log", lambda _slot, _frame: False)  # noqa: B010
    app.main()


if __name__ == "__main__":
    main()
