"""A base image made of the interpreter that runs the gateway, for machines without a registry.

It holds the interpreter, its standard library, the shared libraries that both need, the usual ones that
binary wheels expect, and the CA bundle, all at the paths that they have here. There is no shell.
"""

from __future__ import annotations

import hashlib
import os
import platform
import ssl
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jupyter_faas.gateway.engines.base import Layer
from jupyter_faas.gateway.images.bytecode import cache_name, compile_sources, unchecked_copy
from jupyter_faas.gateway.images.layers import APP_DIR, Entry, write_layer

__all__ = [
    "ENVIRONMENT",
    "GROUPS",
    "USERS",
    "HostPython",
    "ca_bundle",
    "host_base_layer",
    "host_layer_over",
    "host_python",
]

RECIPE = 3
"""Part of the key: raise it when the content of the image changes."""

CA_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "SSL_CERT_FILE": f"/{CA_BUNDLE}",
}
LEFT_OUT = {
    "__pycache__",
    "dist-packages",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "site-packages",
    "test",
    "tests",
    "tkinter",
    "turtledemo",
}
EXTENSIONS_LEFT_OUT = ("_tkinter", "_test", "_ctypes_test", "xxlimited", "xxsubtype")
WHEEL_LIBRARIES = (
    "libanl.so.1",
    "libatomic.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libexpat.so.1",
    "libgcc_s.so.1",
    "libm.so.6",
    "libnsl.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
    "libz.so.1",
)
"""What manylinux wheels take for granted (PEP 600) and the interpreter itself may not need, without those of
a graphical screen; most of the C library's are stubs nowadays, which are still asked for by name."""
ZONES = Path("/usr/share/zoneinfo")
ZONES_LEFT_OUT = {"posix", "right"}
USERS = (
    b"root:x:0:0:root:/root:/usr/sbin/nologin\n"
    b"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    b"function:x:10001:10001:function:/tmp:/usr/sbin/nologin\n"
)
GROUPS = b"root:x:0:\nnogroup:x:65534:\nfunction:x:10001:\n"


@dataclass(frozen=True)
class HostPython:
    """The interpreter that runs us, underneath any virtual environment."""

    executable: Path
    stdlib: Path
    minor: str
    key: str
    """Changes whenever an image made of it would."""


@cache
def host_python() -> HostPython:
    """Find the interpreter; symbolic links (pyenv's, Debian's) are followed."""
    executable = Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()
    stdlib = Path(sysconfig.get_path("stdlib"))
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    facts = (RECIPE, sys.version, executable, stdlib, executable.stat().st_mtime_ns, platform.libc_ver())
    return HostPython(executable, stdlib, minor, hashlib.sha256(repr(facts).encode()).hexdigest())


def host_base_layer(destination: Path) -> Layer:
    """Write the root file system as one layer; takes seconds."""
    return write_layer(destination, _entries())


def host_layer_over(root: Path, destination: Path) -> Layer:
    """Write what the file system in the folder ``root``, of this machine's own release, hasn't of it."""
    return write_layer(destination, (e for e in _entries() if not os.path.lexists(root / e.path)))


def _entries() -> list[Entry]:
    python = host_python()
    entries = [*_interpreter(python), *_standard_library(python), *_settings(), *_zones()]
    binaries = [python.executable, *(e.source for e in entries if e.source and ".so" in e.source.name)]
    return [*entries, *_libraries(binaries)]


def _interpreter(python: HostPython) -> Iterator[Entry]:
    yield from _file_and_links(python.executable)
    names = {"python3", "python", f"python{python.minor}"}
    for name in names:
        place = f"usr/local/bin/{name}"
        if Path("/", place) != python.executable:
            yield Entry(place, link=str(python.executable))


def _standard_library(python: HostPython) -> Iterator[Entry]:
    sources: list[Path] = []
    for path in _library_files(python.stdlib):
        yield _source_entry(path)
        if path.suffix == ".py":
            sources.append(path)
    missing: list[Path] = []
    for source in sources:
        cached = Path(cache_name(str(source)))
        code = unchecked_copy(source, cached)
        if code is None:
            missing.append(source)
        else:
            yield Entry(_place(cached), content=code)
    with tempfile.TemporaryDirectory(prefix="faas-base-") as directory:
        compiled = compile_sources(missing, {path: str(path) for path in missing}, Path(directory))
    for source, code in compiled.items():
        yield Entry(_place(Path(cache_name(str(source)))), content=code)


def _library_files(stdlib: Path) -> Iterator[Path]:
    dynload = stdlib / "lib-dynload"
    for folder, folders, names in os.walk(stdlib):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        if folder == str(stdlib):
            folders[:] = [name for name in folders if not name.startswith("config-")]
        for name in sorted(names):
            path = Path(folder, name)
            if path.parent == dynload and name.startswith(EXTENSIONS_LEFT_OUT):
                continue
            if path.is_file() and path.suffix in {".py", ".so", ".txt", ".json", ".cfg", ".toml"}:
                yield path


def _libraries(binaries: Iterable[Path]) -> Iterator[Entry]:
    """The shared libraries of ``binaries``, the loader among them, with the links that lead to them."""
    wanted = set(_linked(binaries))
    folders = {path.parent for path in wanted}
    for name in WHEEL_LIBRARIES:
        wanted.update(folder / name for folder in folders if (folder / name).exists())
    wanted.update(_linked(path.resolve() for path in list(wanted)))
    # What the C library loads by itself, when names are looked up or a thread is cancelled.
    for name in ("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"):
        wanted.update(folder / name for folder in folders if (folder / name).exists())
    for path in sorted(wanted):
        yield from _file_and_links(path)


def _linked(binaries: Iterable[Path]) -> Iterator[Path]:
    paths = sorted({str(path) for path in binaries})
    if not paths:
        return
    listing = subprocess.run(["ldd", *paths], capture_output=True, text=True, check=False).stdout
    for line in listing.splitlines():
        if not line.startswith("\t"):
            continue
        for word in line.replace("=>", " ").split():
            if word.startswith("/"):
                yield Path(word)


def _file_and_links(path: Path) -> Iterator[Entry]:
    """The file at ``path`` at its own place and at its real one, and links for the directories between.

    On merged-/usr systems ``/lib64/ld-linux…`` is in ``/usr/lib64``: the directory ``/lib64`` is a link.
    """
    if not path.exists():
        return
    for parent in [*reversed(path.parents), path]:
        if parent.is_symlink():
            target = parent.readlink()
            yield Entry(_place(parent.parent.resolve() / parent.name), link=str(target))
            following = parent.parent / target
            yield from _file_and_links(following / path.relative_to(parent))
            return
    yield _source_entry(path)


def _settings() -> Iterator[Entry]:
    yield Entry("tmp", mode=0o1777)
    yield Entry(APP_DIR)
    yield Entry("run/faas")
    yield Entry("root")
    yield Entry("etc/passwd", content=USERS)
    yield Entry("etc/group", content=GROUPS)
    yield Entry("etc/nsswitch.conf", content=b"passwd: files\ngroup: files\nhosts: files dns\n")
    bundle = ca_bundle()
    if bundle is not None:
        yield Entry(CA_BUNDLE, source=bundle)


def ca_bundle() -> Path | None:
    """The certificates that programs here trust, a company proxy's among them."""
    candidates = [
        os.environ.get("SSL_CERT_FILE"),
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        ssl.get_default_verify_paths().cafile,
    ]
    return next((Path(name) for name in candidates if name and Path(name).is_file()), None)


def _zones() -> Iterator[Entry]:
    """Time zones, for ``zoneinfo``; a few hundred kilobytes."""
    seen: dict[bytes, str] = {}
    for folder, folders, names in os.walk(ZONES):
        folders[:] = sorted(set(folders) - ZONES_LEFT_OUT)
        for name in sorted(names):
            path = Path(folder, name)
            content = path.read_bytes() if path.is_file() else b""
            if content.startswith(b"TZif") or name in {"tzdata.zi", "zone.tab"}:
                first = seen.setdefault(content, _place(path))
                yield (
                    Entry(_place(path), content=content)
                    if first == _place(path)
                    else Entry(_place(path), link=f"/{first}")
                )


def _source_entry(path: Path) -> Entry:
    return Entry(_place(path), source=path, executable=os.access(path, os.X_OK))


def _place(path: Path) -> str:
    return os.path.normpath(path).lstrip("/")
