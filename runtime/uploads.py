"""Files of a call: what a parameter annotated ``Path`` is given, in the function's scratch folder."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

MAX_NAME_BYTES = 200  # file systems take 255
PREFIX = "upload"
_FOLDERS: list[str] = []
_SWEPT: set[str] = set()


def store(content: bytes | memoryview, name: str | None) -> Path:
    """Write a file that lasts until ``clear``; a folder of its own keeps its name from meeting another's."""
    from pathlib import Path
    from tempfile import gettempdir, mkdtemp

    _sweep(gettempdir())
    folder = mkdtemp(prefix=f"{PREFIX}-{os.getpid()}-")
    _FOLDERS.append(folder)
    path = Path(folder, safe_name(name or ""))
    path.write_bytes(content)
    return path


def clear() -> None:
    """Remove the files of the call that has ended."""
    if _FOLDERS:
        from shutil import rmtree

        while _FOLDERS:
            rmtree(_FOLDERS.pop(), ignore_errors=True)


def _sweep(scratch: str) -> None:
    """Remove, once, what workers before us left: those that were killed in a call had no time to."""
    if scratch in _SWEPT:
        return
    _SWEPT.add(scratch)
    from shutil import rmtree

    for name in os.listdir(scratch):
        kind, _, rest = name.partition("-")
        owner = rest.partition("-")[0]
        if kind == PREFIX and owner.isdecimal() and not os.path.exists(f"/proc/{owner}"):
            rmtree(os.path.join(scratch, name), ignore_errors=True)


def safe_name(name: str) -> str:
    """The last component of a caller's file name, without what leads elsewhere or can't be printed."""
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(character for character in last if character.isprintable()).strip().lstrip(".")
    stem, suffix = os.path.splitext(printable)
    suffix = suffix if len(suffix.encode("utf-8", "replace")) < 32 else ""
    room = MAX_NAME_BYTES - len(suffix.encode("utf-8", "replace"))
    return (stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + suffix) or "upload"
