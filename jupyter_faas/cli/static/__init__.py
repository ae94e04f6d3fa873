"""Publishing a notebook from its source alone: nothing of it is run."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from jupyter_faas.cli.static.signature import stand_in
from jupyter_faas.cli.static.slicing import definition_of, static_slice
from jupyter_faas.cli.static.source import AnnotatedCell, Source
from jupyter_faas.kernel.annotation import Annotation, check_name
from jupyter_faas.kernel.bodies import body_name, function_of_body
from jupyter_faas.kernel.capture import Capture, bundled, needed_installs
from jupyter_faas.kernel.cells import Function
from jupyter_faas.kernel.definitions import Definition
from jupyter_faas.kernel.environments import Declared, declared_in
from jupyter_faas.kernel.origins import Origins
from jupyter_faas.kernel.proof import proof_of
from jupyter_faas.kernel.slice import Choices
from jupyter_faas.model.errors import AnnotationError, CaptureError, FaasError
from jupyter_faas.model.manifest import Origin
from jupyter_faas.model.user import current_user

__all__ = ["captures"]


def captures(notebook: Any, file_name: str, only: str | None) -> list[tuple[AnnotatedCell, Capture]]:
    """What the annotated cells of ``notebook`` publish, of all or of the function named ``only``.

    Files that options name are looked for in the working directory, which is to be the notebook's folder.
    Raises ``AnnotationError`` and ``CaptureError`` naming the cell.
    """
    source = Source(notebook)
    origins = Origins()
    found = []
    for annotated in source.annotated:
        try:
            if only is None or _name(annotated, source) == only:
                found.append((annotated, _capture(annotated, source, origins, file_name)))
        except (AnnotationError, CaptureError) as error:
            raise _of_cell(annotated.number, error) from error
    return found


def _of_cell(number: int, error: FaasError) -> FaasError:
    return type(error)(f"Cell {number}: {error.detail}", **error.figures)


def _capture(annotated: AnnotatedCell, source: Source, origins: Origins, file_name: str) -> Capture:
    cell, annotation = annotated.cell, annotated.annotation
    _refuse_what_needs_a_kernel(annotation)
    made = _entry(annotated, source)
    found = static_slice(made, source, origins)
    function = stand_in(made.name, made.statement, source)
    futures = {feature for used in found.used_cells for feature in source.futures(used)}
    origin = Origin(notebook=file_name, cell=cell.label, author=current_user())
    name = _name(annotated, source)
    proof = proof_of(function, (), str)
    installs = needed_installs(source.cells, found, origins)
    declared = _declared(annotation, source)
    return bundled(found, function, name, annotation, futures, origin, origins, installs, declared, proof)


def _refuse_what_needs_a_kernel(annotation: Annotation) -> None:
    if annotation.checks:
        raise AnnotationError("--check compares with a kernel's result: publish without --no-execute.")
    if annotation.choices != Choices():
        raise AnnotationError(
            "Values go along from a kernel only (--freeze, --recompute, --value-size, --values-total): "
            "publish without --no-execute."
        )


def _declared(annotation: Annotation, source: Source) -> Declared | None:
    if annotation.requirements_file is None:
        return None
    cells = (cell.source for cell in reversed(source.cells))
    return declared_in(annotation.requirements_file, [Path.cwd()], cells)


def _name(annotated: AnnotatedCell, source: Source) -> str:
    annotation = annotated.annotation
    if annotation.outputs:
        return body_name(annotation)
    return annotation.name or check_name(_entry(annotated, source).name)


def _entry(annotated: AnnotatedCell, source: Source) -> Definition:
    cell, annotation = annotated.cell, annotated.annotation
    if annotation.outputs or annotation.inputs:
        return function_of_body(cell, annotation, lazy="annotations" in source.futures(cell))
    defined = [one.name for one in cell.tree.body if isinstance(one, Function)]
    if annotation.entry is None and not defined:
        raise AnnotationError("it defines no function at its top level: write one with def, or give --entry.")
    name = annotation.entry or defined[-1]
    binding = source.binding(name)
    if binding is None or not _is_function(binding.statement):
        raise AnnotationError(f"{name} isn't bound last by a function at the top level of a cell.")
    if getattr(binding.statement, "decorator_list", []):
        raise CaptureError(
            f"{name} has a decorator ({binding.cell.place(binding.line)}), which only running the notebook "
            "tells the parameters of: publish without --no-execute.",
            names=[],
        )
    return definition_of(name, binding, source)


def _is_function(statement: ast.stmt) -> bool:
    return isinstance(statement, Function) or isinstance(getattr(statement, "value", None), ast.Lambda)
