"""Requirements: the distributions behind the modules that a function uses, at the kernel's own versions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from jupyter_faas.kernel.direct_urls import NotPortable, Wheel, direct_source, local_wheel, with_source
from jupyter_faas.kernel.environments import Declared
from jupyter_faas.kernel.installs import Install
from jupyter_faas.kernel.origins import Origin
from jupyter_faas.kernel.refusals import Refusal, capture_error
from jupyter_faas.model.errors import AnnotationError
from jupyter_faas.model.requirements import is_pinned

__all__ = ["Package", "Packages", "parse_requirement", "requirements_of"]


@dataclass(frozen=True)
class Package:
    """A direct requirement, and why it is there (``import pandas as pd``, ``--require``)."""

    requirement: str
    why: str
    warning: str | None = None
    wheel: Wheel | None = None
    """What it is installed from, if that is a file of this machine."""


@dataclass(frozen=True)
class Packages:
    """The direct requirements, and pins for all that they bring along in this kernel."""

    direct: tuple[Package, ...]
    constraints: tuple[str, ...]
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By direct requirement the names of what it brings along; each is named once."""
    warnings: tuple[str, ...] = ()

    @property
    def wheels(self) -> dict[str, bytes]:
        """The wheels that go along: place in the bundle → content."""
        return {one.wheel.member: one.wheel.content for one in self.direct if one.wheel is not None}


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
    origins: Mapping[str, Origin],
    needed_by: Mapping[str, str],
    required: Sequence[str],
    declared: Declared | None = None,
    entry: str = "the function",
    installs: Sequence[Install] = (),
) -> Packages:
    """Pins for the distributions of ``origins`` (module → origin), with what ``declared`` (``--environment``)
    asks for put over them, and ``--require`` texts over both; with ``installs``, what the cells installed,
    unless ``declared`` says it all.

    Raises ``CaptureError`` naming all distributions that were installed from what can't go along.
    """
    found = _Collection()
    for text in required:
        found.require(parse_requirement(text))
    for requirement in declared.requirements if declared else ():
        found.declare(requirement, declared.source if declared else "")
    uncovered: list[str] = []
    for module in sorted(origins):
        if origins[module].kind == "installed":
            for name in origins[module].distributions:
                if found.pin(name, needed_by[module]):
                    uncovered.append(f"{name} ({needed_by[module]})")
    for install in () if declared else installs:
        found.install(install.requirement, install.why)
    found.follow()
    if found.refusals:
        raise capture_error(entry, found.refusals)
    return found.result(declared, uncovered)


class _Collection:
    """Requirements by canonical name; the first that comes for a name stays."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []
        self._direct: dict[str, Package] = {}
        self._required: set[str] = set()
        self._refused: set[str] = set()
        self._pins: dict[str, str] = {}
        self._needs: dict[str, list[str]] = {}
        self._loose: dict[str, str] = {}
        """Requirements that leave the version open, by name."""
        self._absent: dict[str, str] = {}
        """What a cell installs, but this kernel hasn't; by which cell."""
        self._not_followed: set[str] = set()
        self._no_extras: list[str] = []

    def require(self, requirement: Requirement) -> None:
        """An author's own requirement; without a version it means the kernel's."""
        name = canonicalize_name(requirement.name)
        if name in self._required:
            raise AnnotationError(
                f"--require names {requirement.name} twice: write one option with all that you want of it: "
                f'--require "{requirement.name}[extra]>=1,<2".'
            )
        self._direct.pop(name, None)
        self._required.add(name)
        if requirement.url is not None or requirement.specifier:
            self._state(requirement, "--require")
            return
        installed = _installed(requirement.name)
        if installed is not None:
            self._note_extras(requirement, installed)
            self._add(requirement, installed, "--require")
            return
        warning = f"{requirement.name} has no version and isn't installed here: the newest will be taken"
        self._direct[name] = Package(str(requirement), "--require", warning)

    def _note_extras(self, requirement: Requirement, installed: metadata.Distribution) -> None:
        known = {canonicalize_name(one): one for one in installed.metadata.get_all("Provides-Extra") or ()}
        unknown = {one for one in requirement.extras if canonicalize_name(one) not in known}
        if unknown:
            there = f"it has {', '.join(sorted(known.values()))}" if known else "it has none"
            self._no_extras.append(
                f"{installed.name} {installed.version} has no extra {', '.join(sorted(unknown))}, which "
                f"brings nothing: {there}."
            )

    def declare(self, requirement: Requirement, source: str) -> None:
        """A requirement of a file, taken as it is: a range is resolved at each publish.

        One whose marker doesn't hold here is handed on, for the image may be of another platform.
        """
        name = canonicalize_name(requirement.name)
        if name in self._required:
            return
        if not _applies(requirement, ()):
            text = str(requirement)
            self._direct[text] = Package(text, source)
            self._not_followed.add(text)
            return
        if name in self._direct and requirement.url is None:
            earlier = Requirement(self._direct[name].requirement)
            requirement.specifier &= earlier.specifier
            requirement.extras |= earlier.extras
        if not is_pinned(requirement):
            self._not_followed.add(name)
        self._state(requirement, source)

    def pin(self, name: str, why: str) -> bool:
        """The distribution as the kernel has it, unless there is a requirement of this name already."""
        if self._knows(name):
            return False
        self._add(Requirement(name), metadata.distribution(name), why)
        return True

    def install(self, requirement: Requirement, why: str) -> None:
        """What a cell installed, as the kernel has it now; of a package that is there already, its extras."""
        name = canonicalize_name(requirement.name)
        installed = _installed(requirement.name)
        if name in self._direct:
            known = self._direct[name]
            present = Requirement(known.requirement)
            if requirement.extras - present.extras and name not in self._required:
                present.extras |= requirement.extras
                self._direct[name] = replace(known, requirement=str(present), why=f"{known.why}; {why}")
        elif installed is not None:
            self._add(_without_version(requirement), installed, why)
        elif _applies(requirement, ()):
            self._absent[str(requirement)] = why

    def follow(self) -> None:
        """Pin what the requirements need in this kernel, transitively."""
        pending = deque(
            (Requirement(package.requirement), name)
            for name, package in sorted(self._direct.items())
            if name not in self._not_followed
        )
        seen: set[tuple[str, frozenset[str]]] = set()
        while pending:
            requirement, root = pending.popleft()
            name = canonicalize_name(requirement.name)
            key = (name, frozenset(requirement.extras))
            installed = None if key in seen else _installed(name)
            seen.add(key)
            # What another version than the kernel's would need isn't known here.
            if installed is None or not requirement.specifier.contains(installed.version, prereleases=True):
                continue
            if not self._knows(name):
                self._bring_along(installed, root)
            pending += [(need, root) for need in _needs(installed, requirement.extras)]

    def result(self, declared: Declared | None, uncovered: Sequence[str]) -> Packages:
        """All that was collected."""
        pins = dict(self._pins)
        for limit in declared.constraints if declared else ():
            pins[canonicalize_name(limit.name)] = str(limit)
        warnings = [*(declared.warnings if declared else ()), *self._no_extras]
        if declared and uncovered:
            warnings.append(
                f"{declared.source} does not have {', '.join(uncovered)}: added at this kernel's versions."
            )
        if self._loose:
            warnings.append(f"not pinned, so that each publish may take another: {_listed(self._loose)}.")
        for text, why in self._absent.items():
            warnings.append(
                f"{text} isn't installed in this kernel ({why}), and is left out: --require adds it."
            )
        return Packages(
            tuple(self._direct[name] for name in sorted(self._direct)),
            tuple(pins[name] for name in sorted(pins)),
            self._needs,
            tuple(warnings),
        )

    def _knows(self, name: str) -> bool:
        canonical = canonicalize_name(name)
        return canonical in self._direct or canonical in self._pins or canonical in self._refused

    def _bring_along(self, installed: metadata.Distribution, root: str) -> None:
        """A pin is enough for what an index has; anything else is named with its source."""
        requirement, why = Requirement(installed.name), f"needed by {root}"
        try:
            source = direct_source(installed)
        except NotPortable as error:
            self._refuse(installed.name, str(error), why)
            return
        if source is not None:
            self._take(requirement, installed, source, why)
            return
        self._pins[canonicalize_name(installed.name)] = f"{installed.name}=={installed.version}"
        self._needs.setdefault(root, []).append(installed.name)

    def _state(self, requirement: Requirement, why: str) -> None:
        """Take a requirement with a version, a range or a URL as it is written."""
        name = canonicalize_name(requirement.name)
        if requirement.url is not None and requirement.url.startswith("file:"):
            try:
                wheel = local_wheel(requirement.url)
            except NotPortable as error:
                self._refuse(requirement.name, str(error))
                return
            requirement.url = None
            requirement.specifier &= f"=={wheel.version}"
            self._direct[name] = Package(str(requirement), why, wheel=wheel)
            return
        if not is_pinned(requirement):
            installed = _installed(requirement.name)
            self._loose[str(requirement)] = f"this kernel runs {installed.version}" if installed else ""
        self._direct[name] = Package(str(requirement), why)

    def _add(self, requirement: Requirement, installed: metadata.Distribution, why: str) -> None:
        """Take a distribution as it is installed, from where it was installed from."""
        try:
            self._take(requirement, installed, direct_source(installed), why)
        except NotPortable as error:
            self._refuse(installed.name, str(error), why)

    def _take(
        self, requirement: Requirement, installed: metadata.Distribution, source: str | Wheel | None, why: str
    ) -> None:
        name = canonicalize_name(requirement.name)
        if isinstance(source, str):
            self._direct[name] = Package(with_source(requirement, source), why)
            return
        requirement.specifier &= f"=={installed.version}"
        self._direct[name] = Package(str(requirement), why, wheel=source)

    def _refuse(self, name: str, reason: str, why: str = "") -> None:
        self._refused.add(canonicalize_name(name))
        self.refusals.append(Refusal(name, "package", reason, why))


def _without_version(requirement: Requirement) -> Requirement:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return Requirement(requirement.name + extras)


def _installed(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def _needs(installed: metadata.Distribution, extras: Iterable[str]) -> list[Requirement]:
    needs = [Requirement(text) for text in installed.requires or []]
    return [need for need in needs if _applies(need, extras)]


def _applies(need: Requirement, extras: Iterable[str]) -> bool:
    if need.marker is None:
        return True
    return any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _listed(notes: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({note})" if note else name for name, note in notes.items())
