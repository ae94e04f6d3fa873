"""Archives for ``docker load`` and build contexts, without an engine."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from jupyter_faas.gateway.engines.base import ImageSpec, Layer
from jupyter_faas.gateway.engines.docker_archive import (
    BaseConfig,
    build_context,
    chain_ids,
    image_config,
    load_archive,
)
from jupyter_faas.gateway.images.layers import Entry, write_layer

BASE = BaseConfig(
    os="linux",
    architecture="arm64",
    variant="v8",
    diff_ids=("sha256:" + "a" * 64,),
    config={
        "Env": ["PATH=/bin", "LANG=C"],
        "Cmd": ["bash"],
        "Labels": {"kept": "1"},
        "Volumes": {"/data": {}},
        "Healthcheck": {"Test": ["CMD", "x"]},
    },
)


def spec_with(layer: Layer) -> ImageSpec:
    return ImageSpec("name:tag", [layer], {"ours": "2"}, ["python3"], {"LANG": "C.UTF-8"}, "1:1", "/tmp")


def some_layer(folder: Path) -> Layer:
    return write_layer(folder / "layer.tar", [Entry("a/b", content=bytes(1500))])


def test_chain_ids_are_those_of_the_specification() -> None:
    first, second, third = ("sha256:" + letter * 64 for letter in "abc")
    chain = chain_ids([first, second, third])
    assert chain[0] == first
    assert chain[1] == "sha256:" + hashlib.sha256(f"{first} {second}".encode()).hexdigest()
    assert chain[2] == "sha256:" + hashlib.sha256(f"{chain[1]} {third}".encode()).hexdigest()


def test_a_configuration_inherits_and_overrides(tmp_path: Path) -> None:
    layer = some_layer(tmp_path)
    document = json.loads(image_config(BASE, spec_with(layer)))
    assert document["architecture"] == "arm64"
    assert document["variant"] == "v8"
    assert document["created"] == "1970-01-01T00:00:00Z"
    assert document["rootfs"]["diff_ids"] == [*BASE.diff_ids, layer.diff_id]
    assert len(document["history"]) == 2
    assert document["config"] == {
        "Env": ["PATH=/bin", "LANG=C.UTF-8"],
        "Entrypoint": ["python3"],
        "Labels": {"kept": "1", "ours": "2"},
        "User": "1:1",
        "WorkingDir": "/tmp",
    }


def test_an_archive_names_all_layers_and_holds_the_new_ones(tmp_path: Path) -> None:
    layer = some_layer(tmp_path)
    content = b"".join(load_archive(BASE, spec_with(layer)))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = {m.name: (archive.extractfile(m) or io.BytesIO()).read() for m in archive}
    (manifest,) = json.loads(members["manifest.json"])
    assert manifest["RepoTags"] == ["name:tag"]
    assert len(manifest["Layers"]) == 2
    assert manifest["Layers"][0] not in members
    assert members[manifest["Layers"][1]] == layer.path.read_bytes()
    config = members[manifest["Config"]]
    assert manifest["Config"] == hashlib.sha256(config).hexdigest() + ".json"


def test_layers_that_the_engine_has_are_left_out(tmp_path: Path) -> None:
    layer = some_layer(tmp_path)
    known = chain_ids([*BASE.diff_ids, layer.diff_id])
    content = b"".join(load_archive(BASE, spec_with(layer), known))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert not [member.name for member in archive if member.name.endswith("layer.tar")]


def test_a_build_context_quotes_what_docker_would_expand(tmp_path: Path) -> None:
    layer = some_layer(tmp_path)
    spec = ImageSpec("name:tag", [layer], {}, ["python3", "-I"], {"A": 'x "y" $z \\'}, "1:1", "/tmp")
    with tarfile.open(fileobj=io.BytesIO(b"".join(build_context("sha256:base", spec)))) as archive:
        dockerfile = (archive.extractfile("Dockerfile") or io.BytesIO()).read().decode()
        assert (archive.extractfile("layer0.tar") or io.BytesIO()).read() == layer.path.read_bytes()
    assert dockerfile.splitlines() == [
        "FROM sha256:base",
        "ADD layer0.tar /",
        'ENV A="x \\"y\\" \\$z \\\\"',
        'ENTRYPOINT ["python3", "-I"]',
        "WORKDIR /tmp",
        "USER 1:1",
    ]
