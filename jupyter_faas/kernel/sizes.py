"""How large an image will be, as far as the packages of this kernel tell."""

from __future__ import annotations

import csv
from functools import cache
from importlib import metadata

from packaging.requirements import Requirement

from jupyter_faas.kernel.requirements import Packages
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.units import format_size

__all__ = ["image_estimate"]


def image_estimate(packages: Packages, bundle: Bundle) -> str:
    """The size of what comes on top of the base image, in words."""
    own = sum(len(content) for content in bundle.files.values())
    texts = [one.requirement for one in packages.direct] + list(packages.constraints)
    sizes = [_installed_bytes(Requirement(text).name) for text in texts]
    size = own + sum(size or 0 for size in sizes)
    known = "about" if None not in sizes else "at least"
    count = f"{len(sizes)} package{'s' * (len(sizes) != 1)}"
    parts = f" ({count}, as installed here)" if sizes else ""
    return f"{known} {format_size(size)} on top of the base image{parts}"


@cache
def _installed_bytes(name: str) -> int | None:
    """What a distribution takes here, by its own record (PEP 376); None if it isn't here or has none."""
    try:
        record = metadata.distribution(name).read_text("RECORD")
    except metadata.PackageNotFoundError:
        return None
    if record is None:
        return None
    return sum(int(row[2]) for row in csv.reader(record.splitlines()) if len(row) == 3 and row[2])
