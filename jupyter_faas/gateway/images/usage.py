"""What images take on the engine's disk, and which of them nothing needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

from jupyter_faas.gateway.engines.base import Image
from jupyter_faas.gateway.images.builder import OURS, PACKAGES_LABEL

__all__ = ["KINDS", "Kind", "images_taken", "kind_of", "own_bytes", "taken", "unneeded"]

FILES: Final = {"database": "gateway.sqlite*", "bundles": "bundles/*", "locks": "locks/*"}
"""Parts of the data directory; all else is ``other``: caches, layers, partial notebooks."""

Kind = Literal["function", "environment", "packages", "base"]
KINDS: Final[tuple[Kind, ...]] = ("function", "environment", "packages", "base")


def kind_of(image: Image) -> Kind:
    """What an image of ours is: ``base`` is all that others stand on, with Debian packages or without."""
    if OURS + "function" in image.labels:
        return "function"
    if OURS + "environment" in image.labels:
        return "environment"
    return "packages" if PACKAGES_LABEL in image.labels else "base"


def own_bytes(images: Sequence[Image]) -> dict[str, int]:
    """What each image takes beyond the largest one that it stands on; together, what all of them take."""
    sizes = {image.diff_ids: image.size for image in images}
    return {image.id: max(0, image.size - _below(image, sizes)) for image in images}


def _below(image: Image, sizes: dict[tuple[str, ...], int]) -> int:
    for length in range(len(image.diff_ids) - 1, 0, -1):
        if image.diff_ids[:length] in sizes:
            return sizes[image.diff_ids[:length]]
    return 0


def unneeded(images: Iterable[Image], needed: Collection[str]) -> list[Image]:
    """The images of functions, environments and packages on which none with an id in ``needed`` stands."""
    images = list(images)
    kept = {image.diff_ids[:length] for image in images if image.id in needed for length in range(1, 200)}
    return [
        image
        for image in images
        if kind_of(image) != "base" and image.id not in needed and image.diff_ids not in kept
    ]


def images_taken(images: Sequence[Image]) -> dict[str, dict[str, int]]:
    """How many images of each kind there are, and what they take; layers that they share are counted once."""
    sizes = own_bytes(images)
    taken: dict[str, dict[str, int]] = {kind: {"count": 0, "bytes": 0} for kind in KINDS}
    for image in images:
        taken[kind_of(image)]["count"] += 1
        taken[kind_of(image)]["bytes"] += sizes[image.id]
    return taken


def taken(folder: Path) -> dict[str, dict[str, int]]:
    """How many files of each kind there are in a data directory, and what they take."""
    found: dict[str, dict[str, int]] = {}
    for name, pattern in {**FILES, "other": "**/*"}.items():
        sizes = [size for path in folder.glob(pattern) if (size := _size(path)) is not None]
        found[name] = {"count": len(sizes), "bytes": sum(sizes)}
    for key in ("count", "bytes"):
        found["other"][key] -= sum(found[name][key] for name in FILES)
    return found


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() and not path.is_symlink() else None
    except OSError:  # removed meanwhile
        return None
