"""In a process that waits for its function: what is done before there is one, and the waiting.

What it imports is what the handlers of its kind begin with, in their order, so that they find what they would
have made themselves. An import that doesn't bear it ends the process, and another waits without.
"""

from __future__ import annotations

import importlib
import os
import sys

from . import forksafety
from .calls import flush_output
from .frames import RECEIVE_BYTES, FrameReader, Kind
from .loading import add_packages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .notes import Notes
    from .settings import Settings
    from .worker import Connection

SETTINGS_BYTES = 10**6


def await_function(settings: Settings, imports: Iterable[str], connection: Connection) -> dict[str, Any]:
    """Import, say so, and wait; the settings of the function that has come.

    The process ends here if an import fails or doesn't bear a fork, and if no function comes.
    """
    add_packages(settings.root)
    os.environ.update(settings.environment)
    for name in imports:
        reason = _import(name) or _hindrance(settings.notes)
        connection.check_owner()
        if reason:
            connection.send(Kind.PREPARED, {"failed": name, "reason": reason[:1000]})
            os._exit(0)
    flush_output()
    connection.send(Kind.PREPARED, {})
    reader = FrameReader(SETTINGS_BYTES)
    while data := connection.receive(RECEIVE_BYTES):
        for frame in reader.feed(data):
            importlib.invalidate_caches()  # folders have been looked into that were empty then
            return frame.header
    os._exit(0)


def _import(name: str) -> str:
    """Import a module, or with ``module:name`` what ``from module import name`` does; why it failed."""
    module, _, attribute = name.partition(":")
    try:
        __import__(module, fromlist=[attribute] if attribute else [])
        if attribute and not hasattr(sys.modules[module], attribute):
            return f"{module} has no {attribute}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _hindrance(notes: Notes | None) -> str:
    """Why the process can't be forked as it is; threads are counted after a fork, as in ``forking.py``."""
    reason = forksafety.hindrance(notes)
    if reason:
        return reason
    child = os.fork()
    if child == 0:
        os._exit(0)
    reason = forksafety.threads_after_fork()
    os.waitpid(child, 0)
    return reason
