"""Images of the process engine: folders whose layers are unpacked, sharing files by hard links."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tarfile
import tempfile
import venv
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jupyter_faas.gateway.engines.base import Image, ImageSpec
from jupyter_faas.model.errors import BuildError

__all__ = ["FolderImages", "StoredImage"]

ROOT = "root"
INTERPRETER = "venv/bin/python3"


@dataclass(frozen=True)
class StoredImage:
    """What ``image.json`` holds."""

    id: str
    diff_ids: list[str] = field(default_factory=list)
    size: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def public(self) -> Image:
        """As the engine interface shows it."""
        return Image(self.id, tuple(self.diff_ids), self.size, self.labels)


class FolderImages:
    """Images under ``directory``: a folder each, and a file per tag. Methods block."""

    def __init__(self, directory: Path) -> None:
        self._images = directory / "images"
        self._tags = directory / "tags"

    def find(self, reference: str) -> StoredImage | None:
        """The image with this id or tag."""
        image_id = reference
        if not reference.startswith("sha256:"):
            tag = self._tag_file(reference)
            if not tag.exists():
                return None
            image_id = tag.read_text()
        description = self.folder(image_id) / "image.json"
        return StoredImage(**json.loads(description.read_text())) if description.exists() else None

    def all(self) -> list[StoredImage]:
        """Every image."""
        found = (self.find(f"sha256:{folder.name}") for folder in self._images.glob("[0-9a-f]*"))
        return [image for image in found if image is not None]

    def root(self, image: StoredImage) -> Path:
        """The image's root folder."""
        return self.folder(image.id) / ROOT

    def folder(self, image_id: str) -> Path:
        """Where an image is, if it exists."""
        return self._images / image_id.removeprefix("sha256:")

    def host_environment(self) -> StoredImage:
        """The base of all: an empty virtual environment of the interpreter that runs us."""
        facts = json.dumps(["venv", 1, sys.version, str(Path(sys.executable).resolve())])
        image_id = "sha256:" + hashlib.sha256(facts.encode()).hexdigest()

        def fill(root: Path) -> None:
            venv.EnvBuilder(symlinks=True, with_pip=False).create(root / "venv")

        return self.find(image_id) or self._store(StoredImage(image_id), fill)

    def add_layers(self, base: StoredImage, spec: ImageSpec) -> StoredImage:
        """``base`` with layers on top. Raises ``BuildError`` if a layer can't be unpacked."""
        wanted = StoredImage(
            id="",
            diff_ids=[*base.diff_ids, *(layer.diff_id for layer in spec.layers)],
            size=base.size + sum(layer.size for layer in spec.layers),
            labels={**base.labels, **spec.labels},
            entrypoint=list(spec.entrypoint) or base.entrypoint,
            environment={**base.environment, **spec.environment},
        )
        facts = json.dumps([base.id, asdict(wanted)], sort_keys=True)
        image = StoredImage(
            **{**asdict(wanted), "id": "sha256:" + hashlib.sha256(facts.encode()).hexdigest()}
        )

        def fill(root: Path) -> None:
            shutil.copytree(self.root(base), root, symlinks=True, copy_function=_link, dirs_exist_ok=True)
            for layer in spec.layers:
                _unpack(layer.path, root)

        stored = self.find(image.id) or self._store(image, fill)
        self._tag(stored.id, spec.tag)
        return stored

    def remove(self, reference: str) -> None:
        """Forget an image: by its id with all its tags; by a tag, if it has no other one.

        Running instances keep the files they have open.
        """
        image = self.find(reference)
        by_id = reference.startswith("sha256:")
        if not by_id:
            self._tag_file(reference).unlink(missing_ok=True)
        if image is None:
            return
        tags = [tag for tag in self._tags.glob("*") if tag.read_text() == image.id]
        if by_id:
            for tag in tags:
                tag.unlink(missing_ok=True)
        if by_id or not tags:
            shutil.rmtree(self.folder(image.id), ignore_errors=True)

    def _store(self, image: StoredImage, fill: Callable[[Path], None]) -> StoredImage:
        """Make an image's folder aside and move it into place, so that it is whole or not there."""
        self._images.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=self._images) as name:
            making = Path(name, "image")
            (making / ROOT).mkdir(parents=True)
            fill(making / ROOT)
            (making / "image.json").write_text(json.dumps(asdict(image)))
            try:
                making.rename(self.folder(image.id))
            except OSError:
                if not self.folder(image.id).exists():  # else another has been faster
                    raise
        return image

    def _tag(self, image_id: str, tag: str) -> None:
        self._tags.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self._tags.parent, delete=False) as stream:
            stream.write(image_id)
        Path(stream.name).replace(self._tag_file(tag))

    def _tag_file(self, tag: str) -> Path:
        return self._tags / hashlib.sha256(tag.encode()).hexdigest()


# Python 3.11.2, which Debian 12 ships, has no filters yet. What is unpacked are layers of our own making.
_EXTRACTION: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def _link(source: str, destination: str) -> None:
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, destination, follow_symlinks=False)


def _unpack(layer: Path, root: Path) -> None:
    """Unpack a layer; what it replaces is unlinked before, because other images share the file."""
    try:
        with tarfile.open(layer, "r:") as archive:
            for member in archive:
                if not member.isdir():
                    (root / member.name).unlink(missing_ok=True)
                archive.extract(member, root, set_attrs=not member.isdir(), **_EXTRACTION)
    except (tarfile.TarError, OSError) as error:
        raise BuildError(
            f"A layer could not be unpacked: {error}.", step="image", log=[str(error)]
        ) from error
