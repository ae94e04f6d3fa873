"""Frozen values against the packages of the image: a pickle is only good for the versions that made it."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_faas.kernel.refusals import Refusal, capture_error
from jupyter_faas.kernel.requirements import Package
from jupyter_faas.model.manifest import Value

__all__ = ["check_versions"]


def check_versions(entry: str, values: Iterable[Value], packages: Iterable[Package]) -> None:
    """Raises ``CaptureError`` if a package is asked for in a version that can't load a value.

    A range that allows the kernel's version may still be resolved to another one: that is refused when the
    image loads the value (``runtime/values.py``).
    """
    asked = {canonicalize_name(Requirement(one.requirement).name): one for one in packages}
    refusals = []
    for value in values:
        for pin in value.versions:
            name, _, version = pin.partition("==")
            package = asked.get(canonicalize_name(name))
            if package is None or _allows(Requirement(package.requirement), version):
                continue
            reason = (
                f"it is frozen with {name} {version}, the version of this kernel, and {package.requirement} "
                f"({package.why}) couldn't load it: install that version here, leave the version out, or "
                f"carry the code that makes it (--recompute {value.name})"
            )
            refusals.append(Refusal(value.name, value.type, reason))
    if refusals:
        raise capture_error(entry, refusals)


def _allows(requirement: Requirement, version: str) -> bool:
    return requirement.url is not None or requirement.specifier.contains(version, prereleases=True)
