"""Requirements: the distributions behind the modules that a function uses, at the kernel's own versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from jupyter_faas.kernel.origins import Origin
from jupyter_faas.model.errors import AnnotationError

__all__ = ["Package", "Packages", "parse_requirement", "requirements_of"]


@dataclass(frozen=True)
class Package:
    """A direct requirement, and why it is there (``import pandas as pd``, ``--require``)."""

    requirement: str
    why: str
    warning: str | None = None


@dataclass(frozen=True)
class Packages:
    """The direct requirements, and pins for all that they bring along in this kernel."""

    direct: tuple[Package, ...]
    constraints: tuple[str, ...]


def parse_requirement(text: str) -> Requirement:
    """``text`` as a PEP 508 requirement; raises ``AnnotationError`` for anything else."""
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise AnnotationError(
            f"--require {text!r} is not a requirement: {reason} Write a package's name with an optional "
            'version: pandas, "pandas==2.2.3", "pandas[excel]>=2".'
        ) from error


def requirements_of(
    origins: Mapping[str, Origin], needed_by: Mapping[str, str], required: Sequence[str]
) -> Packages:
    """Pins for the distributions of ``origins`` (module → origin), with ``--require`` texts put over them."""
    direct: dict[str, Package] = {}
    for module in sorted(origins):
        if origins[module].kind == "installed":
            for name in origins[module].distributions:
                direct.setdefault(canonicalize_name(name), _pinned(name, needed_by[module]))
    for text in required:
        requirement = parse_requirement(text)
        direct[canonicalize_name(requirement.name)] = _as_required(requirement)
    packages = tuple(direct[name] for name in sorted(direct))
    return Packages(packages, _constraints([Requirement(package.requirement) for package in packages]))


def _pinned(name: str, why: str) -> Package:
    distribution = metadata.distribution(name)
    return Package(f"{name}=={distribution.version}", why, _doubt(distribution))


def _doubt(distribution: metadata.Distribution) -> str | None:
    """Why an index may not have this very version."""
    name, version = distribution.name, distribution.version
    advice = f'if the build can\'t find it, name another with --require "{name}==…"'
    if distribution.read_text("direct_url.json") is not None:
        return f"{name} {version} was not installed from an index: {advice}"
    if Version(version).local is not None:
        return f"{name} {version} is a local version, which only some indexes have: {advice}"
    return None


def _as_required(requirement: Requirement) -> Package:
    """The author's own requirement; without a version it means the kernel's."""
    if requirement.url is None and not requirement.specifier:
        installed = _installed_version(requirement.name)
        if installed is None:
            warning = f"{requirement.name} has no version and isn't installed here: the newest will be taken"
            return Package(str(requirement), "--require", warning)
        requirement.specifier &= f"=={installed}"
    return Package(str(requirement), "--require")


def _installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _constraints(direct: Iterable[Requirement]) -> tuple[str, ...]:
    """Pins of what ``direct`` requirements need in this kernel, transitively, less themselves."""
    pins: dict[str, str] = {}
    own = {canonicalize_name(requirement.name) for requirement in direct}
    pending = list(direct)
    seen: set[tuple[str, frozenset[str]]] = set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        version = _installed_version(name)
        # What another version than the kernel's would need isn't known here.
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            continue
        if name not in own:
            pins[name] = f"{metadata.metadata(name)['Name']}=={version}"
        pending += _needs(name, requirement.extras)
    return tuple(pins[name] for name in sorted(pins))


def _needs(name: str, extras: Iterable[str]) -> list[Requirement]:
    needs = [Requirement(text) for text in metadata.requires(name) or []]
    return [need for need in needs if _applies(need, extras)]


def _applies(need: Requirement, extras: Iterable[str]) -> bool:
    if need.marker is None:
        return True
    return any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras))
