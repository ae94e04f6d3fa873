"""What the base image made of this interpreter holds, and that it runs by itself."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.gateway.engines.base import Layer
from jupyter_faas.gateway.images.bytecode import cache_name, compile_sources, unchecked_copy
from jupyter_faas.gateway.images.host_base import host_base_layer, host_python


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Layer:
    return host_base_layer(tmp_path_factory.mktemp("base") / "base.tar")


@pytest.fixture(scope="module")
def members(layer: Layer) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(layer.path) as archive:
        return {member.name: member for member in archive}


def test_it_holds_what_a_function_needs(members: dict[str, tarfile.TarInfo]) -> None:
    host = host_python()
    stdlib = str(host.stdlib).lstrip("/")
    assert str(host.executable).lstrip("/") in members
    for name in ("usr/local/bin/python3", f"{stdlib}/json/decoder.py", "etc/passwd", "opt/faas", "run/faas"):
        assert name in members, name
    assert members["tmp"].mode == 0o1777
    for library in ("libc.so.6", "libpthread.so.0", "libstdc++.so.6", "libgcc_s.so.1"):
        assert any(name.endswith(f"/{library}") for name in members), library


def test_it_leaves_out_what_it_does_not_need(members: dict[str, tarfile.TarInfo]) -> None:
    stdlib = str(host_python().stdlib).lstrip("/")
    inside = [name[len(stdlib) + 1 :].split("/")[0] for name in members if name.startswith(f"{stdlib}/")]
    assert {"test", "idlelib", "tkinter", "ensurepip", "site-packages", "dist-packages"}.isdisjoint(inside)
    assert not any(name.startswith("lib-dynload/_test") for name in members)


def test_its_size_and_members_are_normal(layer: Layer, members: dict[str, tarfile.TarInfo]) -> None:
    assert 20e6 < layer.size < 150e6
    assert {member.mtime for member in members.values()} == {0}
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}


def test_its_byte_code_is_taken_unchecked(layer: Layer, members: dict[str, tarfile.TarInfo]) -> None:
    compiled = [name for name in members if name.endswith(".pyc")]
    sources = [name for name in members if name.endswith(".py")]
    assert len(compiled) >= 0.95 * len(sources)
    with tarfile.open(layer.path) as archive:
        for name in compiled[:50]:
            content = archive.extractfile(name)
            assert content is not None
            assert struct.unpack("<I", content.read()[4:8]) == (1,)


@pytest.mark.skipif(shutil.which("chroot") is None, reason="chroot is not installed")
def test_it_runs_on_its_own(layer: Layer, tmp_path: Path) -> None:
    # Filters are newer than the oldest Python 3.11, and the strict one will become the default.
    trusted: dict[str, Any] = {"filter": "fully_trusted"} if hasattr(tarfile, "data_filter") else {}
    with tarfile.open(layer.path) as archive:
        archive.extractall(tmp_path, **trusted)
    program = (
        "import ssl, sqlite3, ctypes, lzma, bz2, zlib, decimal, hashlib, sys; print(sys.version_info[:2])"
    )
    command = ["chroot", str(tmp_path), "/usr/local/bin/python3", "-I", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Operation not permitted" in done.stderr:
        pytest.skip("chroot wants root")
    major, minor = host_python().minor.split(".")
    assert done.stdout == f"({major}, {minor})\n", done.stderr


def test_stale_byte_code_is_not_taken(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("x = 1\n")
    target = tmp_path / "out"
    target.mkdir()
    code = compile_sources([source], {source: "/shown/module.py"}, target)[source]
    cached = Path(cache_name(str(source)))
    cached.parent.mkdir()
    cached.write_bytes(code)
    assert unchecked_copy(source, cached) == code
    source.write_text("x = 2\n")
    assert unchecked_copy(source, cached) is None
    assert unchecked_copy(source, tmp_path / "missing.pyc") is None


def test_a_source_that_does_not_parse_is_left_out(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("x = 1\n")
    bad.write_text("print 'python 2'\n")
    target = tmp_path / "out"
    target.mkdir()
    assert set(compile_sources([bad, good], {good: "good.py", bad: "bad.py"}, target)) == {good}
