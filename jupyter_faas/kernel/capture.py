"""From a cell that has run to a bundle and its receipt."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from packaging.utils import canonicalize_name

from jupyter_faas.kernel.annotation import Annotation, check_name
from jupyter_faas.kernel.assemble import assemble
from jupyter_faas.kernel.bodies import body_name, function_of_body, stand_in
from jupyter_faas.kernel.cells import Cell, Cells, Function
from jupyter_faas.kernel.environments import Declared, declared_in
from jupyter_faas.kernel.files import data_files, files_named, read_files
from jupyter_faas.kernel.frozen_versions import check_versions
from jupyter_faas.kernel.installs import Install, imported_distributions, installs_in
from jupyter_faas.kernel.origins import Origins
from jupyter_faas.kernel.patches import patches
from jupyter_faas.kernel.proof import check_names, proof_of
from jupyter_faas.kernel.receipt import Receipt, receipt_of
from jupyter_faas.kernel.requirements import requirements_of
from jupyter_faas.kernel.saved import differences
from jupyter_faas.kernel.signature import brief, schemas_of
from jupyter_faas.kernel.slice import Slice, slice_of
from jupyter_faas.kernel.values import describe
from jupyter_faas.model.bundle import MAX_BUNDLE_BYTES, Bundle, digest_of
from jupyter_faas.model.errors import AnnotationError, CaptureError
from jupyter_faas.model.manifest import HANDLER_FILE, Manifest, Origin
from jupyter_faas.model.units import format_size
from jupyter_faas.model.user import current_user

__all__ = [
    "Capture",
    "bundled",
    "capture",
    "check_size",
    "entry_of",
    "needed_installs",
    "notebook_path",
    "published_name",
]


@dataclass(frozen=True)
class Capture:
    """What is sent to the gateway, and what is shown of it."""

    bundle: Bundle
    receipt: Receipt


def capture(shell: InteractiveShell, body: str, annotation: Annotation, lines_above: int = 1) -> Capture:
    """The function published by a cell whose ``body``, below ``lines_above`` lines, has run in ``shell``.

    Raises ``AnnotationError`` if there is no such function and ``CaptureError``, naming everything at once,
    if something that it uses can't be carried.
    """
    cells, cell = Cells.around(shell, body, lines_above)
    namespace: Mapping[str, Any] = shell.user_ns
    name = published_name(cell, annotation, namespace)
    made = None
    if annotation.outputs or annotation.inputs:
        made = function_of_body(cell, annotation, lazy="annotations" in cells.futures(cell))
        entry, function = made.name, stand_in(made, namespace)
    else:
        entry = entry_of(cell, annotation.entry, namespace)
        function = namespace[entry]
    origins = Origins()
    found = slice_of(entry, namespace, cells, origins, made, annotation.choices)
    futures = {feature for used in found.used_cells for feature in cells.futures(used)}
    origin = Origin(notebook=_notebook(namespace), cell=cell.label, author=current_user())
    declared = _declared(annotation, namespace, cells)
    proof = proof_of(function, annotation.checks, lambda text: eval(text, shell.user_ns))  # noqa: S307
    check_names(annotation.checks, found.bound)
    installs = needed_installs(list(cells.newest_first()), found, origins)
    doubts = [
        *differences(found, cell, shell, _notebook_file(namespace)),
        *patches(found, cells, namespace),
    ]
    return bundled(
        found, function, name, annotation, futures, origin, origins, installs, declared, proof, doubts
    )


def needed_installs(cells: Sequence[Cell], found: Slice, origins: Origins) -> list[Install]:
    """What ``cells`` installed, but for what they import and ``found`` doesn't."""
    used = {name for origin in found.origins.values() for name in origin.distributions}
    elsewhere = imported_distributions(cells, origins) - {canonicalize_name(name) for name in used}
    return [
        one
        for one in installs_in(cells, Path.cwd())
        if canonicalize_name(one.requirement.name) not in elsewhere
    ]


def bundled(
    found: Slice,
    function: Callable[..., Any],
    name: str,
    annotation: Annotation,
    futures: Iterable[str],
    origin: Origin,
    origins: Origins,
    installs: Sequence[Install],
    declared: Declared | None = None,
    proof: str = "",
    doubts: Iterable[str] = (),
) -> Capture:
    """The bundle of ``found``, published as ``name``; ``function`` has its signature and docstring."""
    entry, folder = found.entry, Path.cwd()
    data = data_files(annotation.files, folder)
    schemas = schemas_of(function, entry)
    handler = assemble(found, futures)
    packages = requirements_of(
        found.origins, found.needed_by, annotation.requirements, declared, entry, installs
    )
    values = tuple(describe(value, origins) for _, value in sorted(found.values.items()))
    check_versions(entry, values, packages.direct)
    manifest = Manifest(
        name=name,
        entry=entry,
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        requirements=tuple(package.requirement for package in packages.direct),
        constraints=packages.constraints,
        wheels={member: digest_of(content) for member, content in packages.wheels.items()},
        apt=annotation.apt,
        environment=tuple(sorted(annotation.environment)),
        caps=annotation.caps,
        public=annotation.public,
        recording=annotation.recording,
        doc=inspect.getdoc(function) or "",
        proof=proof,
        input_schema=schemas.input,
        output_schema=schemas.output,
        signature=schemas.text,
        segments=handler.segments,
        origin=origin,
        values=values,
        files=tuple(sorted(data)),
    )
    content = {HANDLER_FILE: handler.source.encode(), **_files(found, data), **packages.wheels}
    bundle = Bundle(manifest, content)
    check_size(bundle)
    written = f"{name}{brief(inspect.signature(function))}"
    signature = written.replace("__main__.", "")  # the notebook's own classes
    doubts = [*doubts, *files_named(found, folder, bundle.files)]
    return Capture(bundle, receipt_of(signature, found, packages, bundle, doubts))


def published_name(cell: Cell, annotation: Annotation, namespace: Mapping[str, Any]) -> str:
    """The name under which ``cell`` is published; raises ``AnnotationError`` if it has none."""
    if annotation.outputs:
        return body_name(annotation)
    return annotation.name or check_name(entry_of(cell, annotation.entry, namespace))


def entry_of(cell: Cell, wanted: str | None, namespace: Mapping[str, Any]) -> str:
    """The name of the function that ``cell`` publishes: the one ``wanted``, else the last one it defines."""
    defined = [statement.name for statement in cell.statements if isinstance(statement, Function)]
    if wanted is not None:
        if callable(namespace.get(wanted)):
            return wanted
        known = (
            f"The cell defines {', '.join(dict.fromkeys(defined))}." if defined else "The cell defines none."
        )
        raise AnnotationError(f"--entry {wanted}: there is no such function in this kernel. {known}")
    if not defined:
        raise AnnotationError(
            "The cell defines no function. Write one with def at its top level, or name one that is already "
            "defined: %%publish --entry NAME."
        )
    if not callable(namespace.get(defined[-1])):
        raise AnnotationError(
            f"{defined[-1]} is no longer a function when the cell ends: give that another name."
        )
    return defined[-1]


def _declared(annotation: Annotation, namespace: Mapping[str, Any], cells: Cells) -> Declared | None:
    """What ``--environment`` names, looked for beside the notebook and where the kernel works."""
    if annotation.requirements_file is None:
        return None
    notebook = _notebook_file(namespace)
    beside = [notebook.parent] if notebook is not None else []
    sources = (cell.source for cell in cells.newest_first())
    return declared_in(annotation.requirements_file, [*beside, Path.cwd()], sources)


def _files(found: Slice, data: Mapping[str, Path]) -> dict[str, bytes]:
    """What lies beside the handler: values, the author's modules, data files."""
    files = read_files(data)
    files |= {source.path: source.content for source in found.sources.values()}
    return files | {value.file: value.content for value in found.values.values()}


def check_size(bundle: Bundle) -> None:
    """Raises ``CaptureError`` for a bundle that no gateway takes, naming its largest parts."""
    if bundle.packed_bytes > MAX_BUNDLE_BYTES:
        largest = sorted(bundle.files, key=lambda path: -len(bundle.files[path]))[:3]
        parts = ", ".join(f"{path} {format_size(len(bundle.files[path]))}" for path in largest)
        raise CaptureError(
            f"The bundle takes {format_size(bundle.packed_bytes)}; a gateway takes "
            f"{format_size(MAX_BUNDLE_BYTES)}. The largest parts are {parts}: carry less of them."
        )


def _notebook(namespace: Mapping[str, Any]) -> str | None:
    path = notebook_path(namespace)
    return PurePath(path).name if path else None


def _notebook_file(namespace: Mapping[str, Any]) -> Path | None:
    path = notebook_path(namespace)
    return Path(path) if PurePath(path).is_absolute() else None


def notebook_path(namespace: Mapping[str, Any]) -> str:
    """The file of this kernel's notebook, as far as the front end tells; else empty."""
    return str(os.environ.get("JPY_SESSION_NAME") or namespace.get("__vsc_ipynb_file__") or "")
