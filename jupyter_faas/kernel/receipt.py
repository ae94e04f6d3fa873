"""The receipt: what a publish captured, shown before anything is built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from jupyter_faas.kernel.doubts import doubts_about, is_secret
from jupyter_faas.kernel.markup import escape, rows
from jupyter_faas.kernel.proof import count_examples
from jupyter_faas.kernel.requirements import Package, Packages
from jupyter_faas.kernel.sizes import image_estimate
from jupyter_faas.kernel.slice import Slice
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.units import format_duration, format_size

__all__ = ["CapturedName", "Receipt", "caps_in_words", "receipt_of", "sized"]

MOST_NAMED: Final = 8


@dataclass(frozen=True)
class CapturedName:
    """A name of the handler, what it is and where it comes from."""

    name: str
    kind: str
    where: str


@dataclass(frozen=True)
class Receipt:
    """What was captured; every figure is final but the image's, which isn't built yet."""

    function: str
    signature: str
    names: tuple[CapturedName, ...]
    packages: tuple[Package, ...]
    needs: Mapping[str, Sequence[str]]
    python: str
    environment: tuple[str, ...]
    caps: str
    public: bool
    bundle_bytes: int
    examples: int
    warnings: tuple[str, ...]
    sources: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    image: str = ""
    """An estimate of its size, in words."""
    proof: str = ""
    """How it is proven, if not by examples."""
    apt: tuple[str, ...] = ()
    since: int | None = None
    """The version that is live, with which it was compared."""
    changes: tuple[str, ...] = ()
    """What is different from it, and breaks no caller."""
    breaking: tuple[str, ...] = ()
    """Those of the warnings that are about its callers."""

    def lines(self) -> Iterator[tuple[str, str]]:
        """The receipt as labelled lines; a repeated label is empty."""
        yield "function", self.signature if not self.public else f"{self.signature}  (public: no token)"
        yield from _labelled("names", (f"{one.name}  {one.kind}, {one.where}" for one in self.names))
        yield from _labelled("local code", self.sources)
        yield from _labelled("files", self.files)
        yield from _labelled("packages", (f"{one.requirement}  {one.why}" for one in self.packages))
        for root, needed in self.needs.items():
            yield "", f"{_some(needed)}  needed by {root}, at this kernel's versions"
        if not self.packages:
            yield "packages", "none: the standard library is enough"
        yield from _labelled("system", (f"{name}  asked for with --apt" for name in self.apt))
        yield "python", self.python
        if self.environment:
            yield "environment", ", ".join(self.environment)
        yield "caps", self.caps
        if self.examples:
            yield "proof", f"{self.examples} example{'s' * (self.examples > 1)}, run in the image"
        if self.proof:
            yield "proof", self.proof
        yield "bundle", format_size(self.bundle_bytes)
        if self.image:
            yield "image", self.image
        yield from _labelled(f"new since {self.since}", self.changes)
        yield from _labelled("warning", self.warnings)

    def text(self) -> str:
        """The receipt for a terminal."""
        return "\n".join(f"  {label:<12}{line}" for label, line in self.lines())

    def record(self) -> dict[str, Any]:
        """The receipt for a program, with its ``text``."""
        return {**asdict(self), "text": self.text()}

    def html(self) -> str:
        """The receipt as table rows for the display, folded up."""
        size = format_size(self.bundle_bytes)
        packages = f"{len(self.packages)} package{'s' * (len(self.packages) != 1)}"
        summary = f"receipt: {len(self.names)} name{'s' * (len(self.names) != 1)}, {packages}, {size}"
        warnings = "".join(f'<div class="faas-warning">{escape(warning)}</div>' for warning in self.warnings)
        lines = rows(line for line in self.lines() if line[1] not in self.warnings)
        return f"{warnings}<details><summary>{escape(summary)}</summary><table>{lines}</table></details>"


def receipt_of(
    signature: str, found: Slice, packages: Packages, bundle: Bundle, doubts: Iterable[str] = ()
) -> Receipt:
    """The receipt of ``bundle``, made of ``found`` and ``packages``; ``doubts`` are further warnings."""
    manifest = bundle.manifest
    return Receipt(
        function=manifest.name,
        signature=signature,
        names=tuple(_names(found)),
        packages=packages.direct,
        needs=packages.needs,
        python=manifest.python,
        environment=manifest.environment,
        caps=caps_in_words(manifest.caps),
        public=manifest.public,
        bundle_bytes=bundle.packed_bytes,
        examples=count_examples(manifest.proof),
        warnings=(*doubts_about(found, packages, manifest.caps), *doubts),
        sources=tuple(sized(source.path, bundle) for _, source in sorted(found.sources.items())),
        files=tuple(sized(path, bundle) for path in manifest.files),
        image=image_estimate(packages, bundle),
        apt=manifest.apt,
    )


def caps_in_words(caps: Caps) -> str:
    """The caps that matter to an author, in one line."""
    return ", ".join(
        (
            f"{format_duration(caps.timeout_seconds)} per call",
            f"{format_size(caps.memory_bytes)} memory",
            f"{caps.cpu:g} CPU",
            f"{caps.pids} processes",
            f"{format_size(caps.scratch_bytes)} scratch",
            "no network" if caps.network == "none" else "network: egress",
            *(("each call isolated",) if caps.isolate == "call" else ()),
            f"{caps.concurrency} call{'s' * (caps.concurrency > 1)} at a time in each of "
            f"{caps.max_instances} instance{'s' * (caps.max_instances > 1)}",
            *([f"{caps.min_instances} of them always running"] if caps.min_instances else []),
            f"stopped after {format_duration(caps.idle_seconds)} idle at the latest",
        )
    )


def _names(found: Slice) -> Iterator[CapturedName]:
    for definition in sorted(found.definitions.values(), key=lambda one: (one.name != found.entry, one.name)):
        if definition.kind == "value":
            yield _value(definition.name, found)
            continue
        cell = definition.cell
        where = cell.place(definition.line) if cell is not None else definition.text
        kind = "entry" if definition.name == found.entry else definition.kind
        yield CapturedName(definition.name, kind, where)
        for member, place in sorted(definition.changes.items()):
            yield CapturedName(f"{definition.name}.{member}", "member", place)
    for name in sorted(found.constants):
        expression = found.constants[name].expression
        shown = expression if len(expression) <= 60 else f"{expression[:59]}…"
        shown = "a text that isn't shown" if is_secret(found.constants[name]) else shown
        yield CapturedName(name, "constant", f"{shown} ({format_size(len(expression.encode()))})")
    for text in sorted(found.imports):
        yield CapturedName(found.imports[text].name, "import", text)


def _value(name: str, found: Slice) -> CapturedName:
    value = found.values[name]
    used = f"used by {', '.join(found.users(name))}"
    return CapturedName(name, "value", f"{value.type_name} ({format_size(len(value.content))}), {used}")


def sized(path: str, bundle: Bundle) -> str:
    """A file of the bundle, with its size."""
    return f"{path} ({format_size(len(bundle.files[path]))})"


def _some(names: Sequence[str]) -> str:
    """The names, or the first of very many and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(sorted(names)[:MOST_NAMED]) + more


def _labelled(label: str, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for index, line in enumerate(lines):
        yield ("" if index else label), line
