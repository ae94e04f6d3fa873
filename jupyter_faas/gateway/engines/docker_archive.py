"""Composes what a Docker engine takes in: ``docker load`` archives and build contexts. Pure: no engine is
asked, and equal inputs give equal bytes, so that equal images have equal ids.

A *thin* archive names all layers of an image and holds only the new ones. ``docker load`` looks each layer
up by its chain id (OCI image spec) and opens the file only of those it doesn't have.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_faas.gateway.engines.base import ImageSpec, Layer

__all__ = ["BaseConfig", "base_of_inspection", "build_context", "chain_ids", "image_config", "load_archive"]

EPOCH = "1970-01-01T00:00:00Z"
CHUNK_BYTES = 1 << 20

Json = dict[str, Any]


@dataclass(frozen=True)
class BaseConfig:
    """What an image inherits from the one below it; the default is that of an empty base."""

    os: str
    architecture: str
    variant: str = ""
    diff_ids: tuple[str, ...] = ()
    config: Mapping[str, Any] | None = None
    """``Config`` as the engine's inspection shows it."""

    def merged(self, spec: ImageSpec) -> Json:
        """The run configuration of ``spec`` over this base. Health checks, volumes and build triggers of a
        base are left out: a sandbox runs one program, its root is read-only."""
        config = self.config or {}
        entrypoint = list(spec.entrypoint) or config.get("Entrypoint")
        merged = {
            "User": spec.user or config.get("User", ""),
            "Env": _merged_environment(config.get("Env") or [], spec.environment),
            "Entrypoint": entrypoint,
            "Cmd": None if spec.entrypoint else config.get("Cmd"),
            "WorkingDir": spec.working_dir or config.get("WorkingDir", ""),
            "ExposedPorts": config.get("ExposedPorts"),
            "Labels": dict(sorted({**(config.get("Labels") or {}), **spec.labels}.items())),
        }
        return {name: value for name, value in merged.items() if value not in (None, "", [], {})}


def _merged_environment(inherited: Sequence[str], added: Mapping[str, str]) -> list[str]:
    values = dict(entry.partition("=")[::2] for entry in inherited)
    values.update(added)
    return [f"{name}={value}" for name, value in values.items()]


def chain_ids(diff_ids: Iterable[str]) -> list[str]:
    """The chain id of each layer: what identifies it *on top of those below* (OCI image spec, "ChainID")."""
    chains: list[str] = []
    for diff_id in diff_ids:
        both = f"{chains[-1]} {diff_id}" if chains else ""
        chains.append("sha256:" + hashlib.sha256(both.encode()).hexdigest() if both else diff_id)
    return chains


def image_config(base: BaseConfig, spec: ImageSpec) -> bytes:
    """The OCI image configuration; its SHA-256 is the image's id."""
    diff_ids = [*base.diff_ids, *(layer.diff_id for layer in spec.layers)]
    below = len(base.diff_ids)
    document: Json = {
        "architecture": base.architecture,
        "os": base.os,
        "created": EPOCH,
        "config": base.merged(spec),
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [
            {"created": EPOCH, "created_by": "base" if number < below else "jupyter-faas"}
            for number in range(len(diff_ids))
        ],
    }
    if base.variant:
        document["variant"] = base.variant
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def load_archive(base: BaseConfig, spec: ImageSpec, known: Iterable[str] = ()) -> Iterator[bytes]:
    """The bytes of an archive for ``docker load``, less the layers whose chain id is in ``known``."""
    config = image_config(base, spec)
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    chains = chain_ids([*base.diff_ids, *(layer.diff_id for layer in spec.layers)])
    names = [f"{chain.removeprefix('sha256:')}/layer.tar" for chain in chains]
    manifest = json.dumps([{"Config": config_name, "RepoTags": [spec.tag], "Layers": names}]).encode()
    yield from _member("manifest.json", manifest)
    yield from _member(config_name, config)
    skipped = set(known)
    below = len(base.diff_ids)
    for chain, name, layer in zip(chains[below:], names[below:], spec.layers, strict=True):
        if chain not in skipped:
            yield from _file(name, layer)
    yield _END


def build_context(base_image: str, spec: ImageSpec) -> Iterator[bytes]:
    """The bytes of a build context that gives the same files where thin loading fails."""
    names = [f"layer{number}.tar" for number in range(len(spec.layers))]
    yield from _member("Dockerfile", dockerfile(base_image, spec, names).encode())
    for name, layer in zip(names, spec.layers, strict=True):
        yield from _file(name, layer)
    yield _END


def dockerfile(base_image: str, spec: ImageSpec, layers: Sequence[str]) -> str:
    """A Dockerfile that adds these layer files; labels are given to the engine with the request."""
    lines = [f"FROM {base_image}", *(f"ADD {name} /" for name in layers)]
    lines += [f"ENV {name}={_quoted(value)}" for name, value in spec.environment.items()]
    if spec.entrypoint:
        lines += [f"ENTRYPOINT {json.dumps(list(spec.entrypoint))}"]
    if spec.working_dir:
        lines += [f"WORKDIR {spec.working_dir}"]
    if spec.user:
        lines += [f"USER {spec.user}"]
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    escaped = "".join("\\" + character if character in '\\"$' else character for character in value)
    return f'"{escaped}"'


_END = b"\0" * (2 * tarfile.BLOCKSIZE)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT)


def _padding(size: int) -> bytes:
    return b"\0" * (-size % tarfile.BLOCKSIZE)


def _member(name: str, content: bytes) -> Iterator[bytes]:
    yield _header(name, len(content)) + content + _padding(len(content))


def _file(name: str, layer: Layer) -> Iterator[bytes]:
    with layer.path.open("rb", buffering=0) as stream:
        size = _size(stream)
        yield _header(name, size)
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
        yield _padding(size)


def _size(stream: io.FileIO) -> int:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return size


def base_of_inspection(inspected: Mapping[str, Any]) -> BaseConfig:
    """What the engine's inspection of an image says, as a base for another."""
    return BaseConfig(
        os=str(inspected.get("Os") or "linux"),
        architecture=str(inspected.get("Architecture") or "amd64"),
        variant=str(inspected.get("Variant") or ""),
        diff_ids=tuple(inspected.get("RootFS", {}).get("Layers") or ()),
        config=inspected.get("Config") or {},
    )
