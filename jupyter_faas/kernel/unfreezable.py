"""Kinds of objects that belong to this process and can't be frozen, with what to do instead."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Unfreezable", "unfreezable"]


@dataclass(frozen=True)
class Unfreezable:
    """A kind: ``what`` it is, with its article, and the ``advice`` for an author who uses one.

    ``hidden``: libraries keep such things inside their objects, where no author could take them out.
    """

    what: str
    advice: str
    hidden: bool = False


_FILE: Final = Unfreezable("an open file", "open it inside the function, and add the file with --file")
_SOCKET: Final = Unfreezable("an open connection", "connect inside the function, with --network egress")
_DATABASE: Final = Unfreezable(
    "a database connection or a cursor of one", "connect inside the function, or freeze the rows themselves"
)
_THREAD: Final = Unfreezable("a thread", "start it inside the function", hidden=True)
_LOCK: Final = Unfreezable(
    "a lock or another means of synchronisation",
    "take it out: a process of a function runs one call at a time",
    hidden=True,
)
_QUEUE: Final = Unfreezable("a queue between threads", "make it inside the function", hidden=True)
_GENERATOR: Final = Unfreezable(
    "a generator",
    "call the function that makes it inside the function, or freeze list(…) of it",
)
_COROUTINE: Final = Unfreezable("a coroutine or a task", "await it inside the function")
_PROCESS: Final = Unfreezable("a process or a pool of them", "start it inside the function")
_MEMORY: Final = Unfreezable("a view of memory", "copy it: bytes(…)")
_LIBRARY: Final = Unfreezable("a handle of a native library", "load the library inside the function")
_MODULE: Final = Unfreezable("a module", "import it inside the function")
_FRAME: Final = Unfreezable("a part of a running program", "keep its text instead", hidden=True)
_REFERENCE: Final = Unfreezable("a weak reference", "refer to the object itself", hidden=True)
_SHELL: Final = Unfreezable("a part of this kernel", "take it out: there is no kernel in a function")
_GPU: Final = Unfreezable("on a GPU", "move it to the CPU first: .cpu() in torch, cupy.asnumpy(…) in cupy")

_CLASSES: Final = {
    "_io._IOBase": _FILE,
    "tempfile._TemporaryFileWrapper": _FILE,
    "zipfile.ZipFile": _FILE,
    "tarfile.TarFile": _FILE,
    "posix.ScandirIterator": _FILE,
    "_socket.socket": _SOCKET,
    "http.client.HTTPConnection": _SOCKET,
    "ftplib.FTP": _SOCKET,
    "smtplib.SMTP": _SOCKET,
    "select.epoll": _SOCKET,
    "sqlite3.Connection": _DATABASE,
    "sqlite3.Cursor": _DATABASE,
    "sqlalchemy.engine.base.Engine": _DATABASE,
    "sqlalchemy.orm.session.Session": _DATABASE,
    "redis.client.Redis": _DATABASE,
    "pymongo.mongo_client.MongoClient": _DATABASE,
    "pymongo.synchronous.mongo_client.MongoClient": _DATABASE,
    "threading.Thread": _THREAD,
    "concurrent.futures._base.Executor": _THREAD,
    "concurrent.futures._base.Future": _THREAD,
    "_thread.lock": _LOCK,
    "_thread.RLock": _LOCK,
    "_thread._local": _LOCK,
    "threading.Condition": _LOCK,
    "threading.Event": _LOCK,
    "threading.Semaphore": _LOCK,
    "threading.Barrier": _LOCK,
    "queue.Queue": _QUEUE,
    "_queue.SimpleQueue": _QUEUE,
    "asyncio.queues.Queue": _QUEUE,
    "builtins.generator": _GENERATOR,
    "builtins.async_generator": _GENERATOR,
    "builtins.coroutine": _COROUTINE,
    "_asyncio.Future": _COROUTINE,
    "asyncio.events.AbstractEventLoop": _COROUTINE,
    "asyncio.locks.Lock": _LOCK,
    "subprocess.Popen": _PROCESS,
    "multiprocessing.process.BaseProcess": _PROCESS,
    "multiprocessing.pool.Pool": _PROCESS,
    "mmap.mmap": _MEMORY,
    "builtins.memoryview": _MEMORY,
    "ctypes.CDLL": _LIBRARY,
    "_ctypes._Pointer": _LIBRARY,
    "_ctypes.CFuncPtr": _LIBRARY,
    "builtins.module": _MODULE,
    "builtins.frame": _FRAME,
    "builtins.traceback": _FRAME,
    "weakref.ReferenceType": _REFERENCE,
    "IPython.core.interactiveshell.InteractiveShell": _SHELL,
    "cupy.ndarray": _GPU,
    "cupy._core.core.ndarray": _GPU,
}


def unfreezable(value: Any) -> Unfreezable | None:
    """The kind of ``value``, if it is one that can't be frozen; looks at its classes, imports nothing."""
    if isinstance(value, io.BytesIO | io.StringIO | type):
        return None
    kinds = type(value).__mro__
    for kind in kinds:
        found = _CLASSES.get(f"{kind.__module__}.{kind.__qualname__}")
        if found is not None:
            return found
    if _is_database(value):
        return _DATABASE
    return _GPU if _is_on_gpu(value) else None


def _is_database(value: Any) -> bool:
    """By PEP 249, which names the classes' methods; the names of the classes are theirs by custom."""
    wanted = {"connection": ("cursor", "commit"), "cursor": ("execute", "fetchall")}
    for name, methods in wanted.items():
        if type(value).__name__.lower().endswith(name) and all(
            callable(getattr(type(value), method, None)) for method in methods
        ):
            return True
    return False


def _is_on_gpu(value: Any) -> bool:
    torch = sys.modules.get("torch")
    tensor = getattr(torch, "Tensor", None)
    return isinstance(tensor, type) and isinstance(value, tensor) and bool(getattr(value, "is_cuda", False))
