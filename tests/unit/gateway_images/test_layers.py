"""Layers are the same bytes for the same content, whatever the order, the time and the machine."""

from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_faas.gateway.images.layers import Entry, function_layer, tree_entries, write_layer
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.manifest import Manifest

NAMES = st.text("abcXYZ09_-.é", min_size=1, max_size=8).filter(lambda name: name.strip("."))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: "f/" + "/d".join(parts) + "!")
FILES = st.dictionaries(PATHS, st.binary(max_size=2000), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(files=FILES, seed=st.randoms())
def test_order_does_not_matter(tmp_path: Path, files: dict[str, bytes], seed: object) -> None:
    entries = [Entry(path, content=content) for path, content in files.items()]
    shuffled = list(entries)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    first = write_layer(tmp_path / "first.tar", entries)
    second = write_layer(tmp_path / "second.tar", shuffled)
    assert first.diff_id == second.diff_id
    content = first.path.read_bytes()
    assert first.diff_id == "sha256:" + hashlib.sha256(content).hexdigest()
    assert first.size == len(content)
    with tarfile.open(first.path) as archive:
        members = {member.name: member for member in archive}
        names = [name for name in members if members[name].isreg()]
        assert sorted(names) == sorted(files)
        for name in names:
            extracted = archive.extractfile(name)
            assert extracted is not None
            assert extracted.read() == files[name]
        for member in members.values():
            assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")
            assert member.mode == (0o755 if member.isdir() else 0o644)


def test_times_and_modes_of_files_on_disk_do_not_matter(tmp_path: Path) -> None:
    digests = set()
    for mode, seconds in ((0o600, 1), (0o664, 10**9)):
        root = tmp_path / str(mode)
        (root / "a").mkdir(parents=True)
        (root / "a" / "plain.txt").write_text("x")
        (root / "a" / "plain.txt").chmod(mode)
        os.utime(root / "a" / "plain.txt", (seconds, seconds))
        (root / "run").write_text("y")
        (root / "run").chmod(0o700 | mode)
        (root / "link").symlink_to("run")
        digests.add(write_layer(tmp_path / f"{mode}.tar", tree_entries(root, "opt/x")).diff_id)
    assert len(digests) == 1
    with tarfile.open(tmp_path / "384.tar") as archive:
        assert archive.getmember("opt/x/run").mode == 0o755
        assert archive.getmember("opt/x/link").linkname == "run"


def test_a_function_layer_holds_the_manifest_and_the_files(tmp_path: Path) -> None:
    manifest = Manifest(name="adder", entry="add", python="3.11", input_schema={})
    bundle = Bundle(manifest, {"handler.py": b"x = 1\n", "data/frame.bin": b"\0"})
    layer = function_layer(bundle, tmp_path / "layer.tar")
    with tarfile.open(layer.path) as archive:
        assert [member.name for member in archive if member.isreg()] == [
            "opt/faas/function/data/frame.bin",
            "opt/faas/function/function.json",
            "opt/faas/function/handler.py",
        ]
        extracted = archive.extractfile("opt/faas/function/function.json")
        assert extracted is not None
        assert Manifest.model_validate_json(extracted.read()) == manifest
    assert function_layer(bundle, tmp_path / "again.tar").diff_id == layer.diff_id


def test_an_unreadable_source_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_layer(tmp_path / "layer.tar", [Entry("a", source=tmp_path / "missing")])
