"""The two versions that are compared, and all that is different between them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_faas.model.changes.change import Change
from jupyter_faas.model.changes.schema import schema_changes
from jupyter_faas.model.units import format_duration, format_size

__all__ = ["Side", "changes_between"]


@dataclass(frozen=True)
class Side:
    """A version, as far as it is compared. ``environment`` has a text for each variable that changes with its
    value; ``files`` likewise for what the version is made of, with the lines of those that are texts."""

    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any] | None
    signature: str
    python: str
    packages: Sequence[str]
    apt: Sequence[str]
    caps: Mapping[str, Any]
    public: bool
    doc: str
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, description: Mapping[str, Any], **more: Any) -> Side:
        """The side that the API describes, a function or a version."""
        return cls(
            description["input_schema"],
            description.get("output_schema"),
            str(description.get("signature") or ""),
            description["python"],
            description["packages"],
            description.get("apt", ()),
            description["caps"],
            description["public"],
            str(description.get("doc") or ""),
            **more,
        )


def changes_between(old: Side, new: Side) -> list[Change]:
    """All that is different, what breaks callers first."""
    found = [
        *schema_changes(
            old.input_schema,
            new.input_schema,
            old.output_schema,
            new.output_schema,
            old.signature,
            new.signature,
        ),
        *_access(old, new),
        *_sources(old, new),
        *_packages(old, new),
        *_caps(old, new),
        *_environment(old, new),
    ]
    return sorted(found, key=lambda change: not change.breaking)


def _access(old: Side, new: Side) -> Iterator[Change]:
    if old.public and not new.public:
        yield Change("access", "callers need the token now", True)
    elif new.public and not old.public:
        yield Change("access", "anyone can call it now, without the token")
    if old.doc != new.doc:
        yield Change("doc", "the docstring is another")


def _sources(old: Side, new: Side) -> Iterator[Change]:
    for path in sorted(old.files.keys() | new.files.keys()):
        if path not in new.files:
            yield Change("source", f"{path} is gone")
        elif path not in old.files:
            yield Change("source", f"{path} is new")
        elif old.files[path] != new.files[path]:
            yield Change("source", f"{path} {_lines(old.texts.get(path), new.texts.get(path))}")


def _lines(old: Sequence[str] | None, new: Sequence[str] | None) -> str:
    if old is None or new is None:
        return "has other content"
    marks = [line[0] for line in difflib.ndiff(old, new)] if len(old) + len(new) < 2000 else []
    added, removed = marks.count("+"), marks.count("-")
    return f"has {added} new line{'s' * (added != 1)}, {removed} gone" if marks else "has other lines"


def _packages(old: Side, new: Side) -> Iterator[Change]:
    if old.python != new.python:
        yield Change("python", f"Python {new.python} instead of {old.python}")
    before, after = (dict(map(_named, [*side.packages, *side.apt])) for side in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Change("packages", f"{name} is gone")
        elif name not in before:
            yield Change("packages", f"{name} {after[name]} is new".replace("  ", " "))
        elif before[name] != after[name]:
            yield Change("packages", f"{name} {after[name]} instead of {before[name]}")


def _named(package: str) -> tuple[str, str]:
    name, separator, version = package.partition("==" if "==" in package else "=")
    return (name, version) if separator else (package, "")


def _caps(old: Side, new: Side) -> Iterator[Change]:
    for name in new.caps:
        before, after = old.caps.get(name), new.caps[name]
        if before != after and before is not None:
            yield Change("caps", f"{_cap(name)} {_written(name, after)} instead of {_written(name, before)}")


def _cap(name: str) -> str:
    return name.removesuffix("_seconds").removesuffix("_bytes").replace("_", " ")


def _written(name: str, value: Any) -> str:
    if name.endswith("_seconds"):
        return format_duration(value)
    if name.endswith("_bytes"):
        return format_size(value)
    return value if isinstance(value, str) else json.dumps(value)


def _environment(old: Side, new: Side) -> Iterator[Change]:
    for name in sorted(old.environment.keys() | new.environment.keys()):
        if name not in new.environment:
            yield Change("environment", f"the variable {name} is gone")
        elif name not in old.environment:
            yield Change("environment", f"the variable {name} is new")
        elif old.environment[name] != new.environment[name]:
            yield Change("environment", f"the variable {name} has another value")
