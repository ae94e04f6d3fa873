"""Byte code for layers: ``.pyc`` files that the interpreter takes as they are, without looking at a source.

They are of the kind "unchecked hash" (PEP 552), which holds no time and so is the same on every machine.
"""

from __future__ import annotations

import importlib.util
import json
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["cache_name", "compile_sources", "unchecked_copy"]

HEADER_BYTES = 16
UNCHECKED_HASH = 0b01

_COMPILER = """
import importlib._bootstrap_external as importer, json, sys
for source, displayed, target in json.load(sys.stdin):
    with open(source, "rb") as stream:
        content = stream.read()
    try:
        code = compile(content, displayed, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError):
        continue
    digest = importer._imp.source_hash(importer._RAW_MAGIC_NUMBER, content)
    data = importer._code_to_hash_pyc(code, digest, False)
    with open(target, "wb") as stream:
        stream.write(data)
"""


def cache_name(source: str) -> str:
    """Where the byte code of ``a/b.py`` is for this interpreter: ``a/__pycache__/b.cpython-311.pyc``."""
    return importlib.util.cache_from_source(source, optimization="")


def unchecked_copy(source: Path, cached: Path) -> bytes | None:
    """The byte code in ``cached``, if it is that of ``source`` for this interpreter, less its time."""
    try:
        data = cached.read_bytes()
        status = source.stat()
        content = source.read_bytes()
    except OSError:
        return None
    if len(data) < HEADER_BYTES or data[:4] != importlib.util.MAGIC_NUMBER:
        return None
    flags, seconds, size = struct.unpack("<III", data[4:HEADER_BYTES])
    stamped = (
        flags == 0 and seconds == int(status.st_mtime) & 0xFFFFFFFF and size == status.st_size & 0xFFFFFFFF
    )
    hashed = flags != 0 and data[8:HEADER_BYTES] == importlib.util.source_hash(content)
    if not stamped and not hashed:
        return None
    header = struct.pack("<I", UNCHECKED_HASH) + importlib.util.source_hash(content)
    return data[:4] + header + data[HEADER_BYTES:]


def compile_sources(sources: Sequence[Path], names: Mapping[Path, str], directory: Path) -> dict[Path, bytes]:
    """Byte code of ``sources`` under the file names that tracebacks shall show; unparsable ones are left out.

    It is made by a process of its own: what else an interpreter has in memory changes the bytes. The files
    go through ``directory``. Raises ``subprocess.CalledProcessError`` if the interpreter fails.
    """
    targets = {source: directory / f"{number}.pyc" for number, source in enumerate(sources)}
    work = [(str(source), names[source], str(target)) for source, target in targets.items()]
    subprocess.run(
        [sys.executable, "-s", "-S", "-c", _COMPILER],
        input=json.dumps(work).encode(),
        env={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=True,
    )
    return {source: target.read_bytes() for source, target in targets.items() if target.exists()}
