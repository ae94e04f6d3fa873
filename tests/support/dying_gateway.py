"""A gateway that kills itself (SIGKILL) at a step of a move that a file names: ``python -m`` this.

The steps are the statements of the move's transaction, each once it has been executed, and then the methods
by which the gateway follows what it has saved, each before it does anything.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event

from jupyter_faas.gateway.app import main
from jupyter_faas.gateway.service.aliases import Aliases
from jupyter_faas.gateway.service.catalogue import Catalogue
from jupyter_faas.gateway.service.routing import Routes

__all__ = ["arm"]

_FILE: Final = "dies-at"


def arm(data: Path, step: str) -> None:
    """Have the gateway with this data directory die at the next such step."""
    (data / _FILE).write_text(step)


def _die_at(step: str) -> None:
    file = Path(os.environ["FAAS_DATA_DIR"], _FILE)
    if file.exists() and step.startswith(file.read_text()):
        file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _dying(kind: type[Any], name: str) -> None:
    method: Callable[..., Any] = getattr(kind, name)

    def dies_before(*args: Any) -> Any:
        _die_at(f"{kind.__name__}.{name}")
        return method(*args)

    setattr(kind, name, dies_before)


if __name__ == "__main__":
    event.listen(Engine, "after_cursor_execute", lambda _, __, statement, *___: _die_at(statement))
    for kind, name in ((Routes, "put"), (Routes, "drop"), (Catalogue, "put"), (Catalogue, "move")):
        _dying(kind, name)
    _dying(Aliases, "_settle")
    main()
