"""Layers of Debian's files: the same content is the same layer, and nothing of a machine is in it."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from jupyter_faas.gateway.engines.docker_builds import write_changes
from jupyter_faas.gateway.images.lock_text import as_source, joined, parted, sources_in
from jupyter_faas.gateway.images.sources import Source
from jupyter_faas.gateway.images.system_layer import archive_members, is_kept, tree_members, write_members


def tar_of(path: Path, *members: tuple[str, str, str]) -> Path:
    """A tar of (name, kind, content or target); kinds are those of ``find -type``, and ``h``."""
    kinds = {"d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE, "p": tarfile.FIFOTYPE}
    with tarfile.open(path, "w") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.mode, member.mtime, member.uname = 0o4755, 1_700_000_000, "someone"
            if kind == "f":
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content.encode()))
            else:
                member.type, member.linkname = kinds[kind], content
                archive.addfile(member)
    return path


def test_what_differs_each_time_is_left_out_or_made_definite(tmp_path: Path) -> None:
    source = tar_of(
        tmp_path / "in.tar",
        ("usr/bin/zz", "f", "program"),
        ("usr/bin/aa", "h", "usr/bin/zz"),
        ("usr/bin/link", "l", "zz"),
        ("var/cache/apt", "d", ""),
        ("var/cache/apt/pkgcache.bin", "f", "x"),
        ("etc/machine-id", "f", "x"),
        ("etc/apt/sources.list", "f", "x"),
        ("etc/.wh.gone", "f", ""),
        ("run/pipe", "p", ""),
        ("faas-build/out/after", "f", "x"),
    )
    with tarfile.open(source) as archive:
        layer = write_members(tmp_path / "out.tar", archive_members(archive))
    with tarfile.open(layer.path) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == [
        "etc/.wh.gone",
        "usr/bin/link",
        "usr/bin/zz",
        "var/cache/apt",
        "usr/bin/aa",
    ]
    assert {(member.mtime, member.uname, member.mode) for member in members} == {(0, "", 0o755)}
    with tarfile.open(source) as archive:
        again = write_members(tmp_path / "again.tar", archive_members(archive))
    assert again.diff_id == layer.diff_id


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("usr/share/doc/jq/copyright", True),
        ("usr/share/doc/jq/changelog.gz", False),
        ("usr/lib/python3/dist-packages/a/__pycache__/b.cpython-311.pyc", False),
        ("usr/share/man/man1/jq.1.gz", False),
        ("var/lib/dpkg/status", True),
        ("var/lib/dpkg/status-old", False),
        ("etc/passwd", True),
        ("etc/passwd-", False),
        ("etc/ssl/certs/ca-certificates.crt", True),
        ("tmp/x", False),
        ("root/.bashrc", False),
    ],
)
def test_which_files_are_kept(path: str, kept: bool) -> None:
    assert is_kept(path) is kept


def test_a_folder_with_hard_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "usr/empty").mkdir(parents=True)
    (root / "usr/one").write_text("same")
    os.link(root / "usr/one", root / "usr/two")
    layer = write_members(tmp_path / "out.tar", tree_members(root))
    with tarfile.open(layer.path) as archive:
        kinds = {member.name: (member.type, member.linkname) for member in archive}
    assert kinds["usr/two"] == (tarfile.LNKTYPE, "usr/one")
    assert kinds["usr/empty"][0] == tarfile.DIRTYPE


def test_changes_of_a_container_become_a_layer(tmp_path: Path) -> None:
    source = tar_of(tmp_path / "all.tar", ("usr/", "d", ""), ("usr/new", "f", "1"), ("usr/old", "f", "2"))
    changes = [
        {"Path": "/usr", "Kind": 0},
        {"Path": "/usr/new", "Kind": 1},
        {"Path": "/usr/gone", "Kind": 2},
    ]
    with tarfile.open(source) as everything:
        write_changes(everything, changes, tmp_path / "changes.tar")
    with tarfile.open(tmp_path / "changes.tar") as archive:
        assert archive.getnames() == ["usr", "usr/new", "usr/.wh.gone"]


def test_a_lock_with_system_packages_and_sources() -> None:
    wheel = "./wheels/faas_c-1.0-cp311-cp311-linux_x86_64.whl \\\n    --hash=sha256:00\n"
    git = "./wheels/faas_g-2.0-py3-none-any.whl \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n"
    plain = "six==1.16.0 \\\n    --hash=sha256:02\n"
    indexed = Source("faas-c", "https://host/faas_c-1.0.tar.gz", "a" * 64, "1.0")
    cloned = Source("faas-g", "git+https://host/g@" + "b" * 40)
    lock = as_source(wheel + plain + git, "faas_c-1.0-cp311-cp311-linux_x86_64.whl", indexed, "1.0")
    lock = as_source(lock, "faas_g-2.0-py3-none-any.whl", cloned, "2.0")
    assert "./wheels" not in lock
    found = [source for _, source in sources_in(lock)]
    assert found == [Source("faas-c", "", "a" * 64, "1.0"), cloned]
    assert [lines in lock for lines, _ in sources_in(lock)] == [True, True]
    text = joined(["jq=1.6-2", "zlib1g=1:1.2+dfsg-1"], lock)
    assert parted(text) == (("jq=1.6-2", "zlib1g=1:1.2+dfsg-1"), lock)
    assert parted(lock) == ((), lock)
