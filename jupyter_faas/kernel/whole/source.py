"""A notebook file as it is published: its language and kernel, its code, and what it has to say of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nbformat

from jupyter_faas.kernel.annotated import words_of
from jupyter_faas.kernel.whole.parameters import Parameter, fault_error, python_parameters
from jupyter_faas.kernel.whole.r_parameters import r_parameters
from jupyter_faas.model.errors import AnnotationError, CaptureError

__all__ = ["CodeCell", "WholeNotebook", "read_notebook"]

TAG: Final = "parameters"
_SKIPPED: Final = "skip-execution"
_READERS: Final = {"python": python_parameters, "r": r_parameters}
_DOC_CHARACTERS: Final = 500


@dataclass(frozen=True)
class CodeCell:
    """A code cell that will run, with its number in the file, from 1."""

    number: int
    source: str


class WholeNotebook:
    """The notebook at ``path``."""

    def __init__(self, path: Path, notebook: Any) -> None:
        self.path = path
        self._notebook = notebook

    @property
    def kernel(self) -> str:
        """The name of its kernel in the author's Jupyter."""
        return str(self._notebook.metadata.get("kernelspec", {}).get("name") or "python3")

    @property
    def language(self) -> str:
        """The language of its kernel."""
        metadata = self._notebook.metadata
        named = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get(
            "name"
        )
        return str(named or ("R" if self.kernel == "ir" else "python"))

    @property
    def is_python(self) -> bool:
        """Whether its cells are Python's."""
        return self.language.lower() == "python"

    @property
    def cell_count(self) -> int:
        """All cells, texts too."""
        return len(self._notebook.cells)

    @property
    def doc(self) -> str:
        """What its first cell of text says, without the marks of a heading."""
        for cell in self._notebook.cells:
            if cell.cell_type == "markdown" and cell.source.strip():
                return str(cell.source.strip().lstrip("# ")[:_DOC_CHARACTERS])
        return ""

    def words(self) -> list[str]:
        """The options in its metadata ``faas``, as words; raises ``AnnotationError``."""
        try:
            return words_of(self._notebook.metadata.get("faas", {}))
        except AnnotationError as error:
            raise AnnotationError(error.detail.replace("The cell's", "The notebook's")) from error

    def code(self) -> Iterator[CodeCell]:
        """The code cells, without those that are skipped or empty."""
        for number, cell in enumerate(self._notebook.cells, start=1):
            if cell.cell_type == "code" and cell.source.strip() and _SKIPPED not in _tags(cell):
                yield CodeCell(number, cell.source)

    def parameters(self) -> tuple[int | None, list[Parameter]]:
        """The number of the cell tagged ``parameters`` and what it says; None if there is no such cell.

        Raises ``CaptureError`` for two of them, for one that is no plain assignments, and in a language that
        nothing reads.
        """
        tagged = [(number, cell) for number, cell in enumerate(self._notebook.cells, 1) if TAG in _tags(cell)]
        if not tagged:
            return None, []
        if len(tagged) > 1:
            numbers = " and ".join(str(number) for number, _ in tagged)
            raise CaptureError(
                f"Cells {numbers} are tagged `{TAG}`: only one can be what a call gives. Take the tag off "
                "the others.",
                names=[],
            )
        number, cell = tagged[0]
        if cell.cell_type != "code":
            raise CaptureError(
                f"Cell {number} is tagged `{TAG}` and is no code: tag the cell that assigns.", names=[]
            )
        read = _READERS.get(self.language.lower())
        if read is None:
            raise CaptureError(
                f"The parameters of a notebook in {self.language} can't be read (cell {number}); those of "
                f"Python and R can. Take the tag `{TAG}` off: the notebook is published without parameters.",
                names=[],
            )
        try:
            return number, read(cell.source)
        except ValueError as error:
            raise fault_error(number, error.args[0]) from error

    def content(self) -> bytes:
        """The notebook as it travels: no outputs, and the same bytes for the same cells, so that running it
        again publishes nothing new."""
        cells = [_plain(number, cell) for number, cell in enumerate(self._notebook.cells)]
        spec = {"name": self.kernel, "language": self.language, "display_name": self.language}
        plain = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
        return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True).encode()


def read_notebook(path: Path) -> WholeNotebook:
    """The notebook at ``path``; raises ``AnnotationError`` for what is none."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except OSError as error:
        raise AnnotationError(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, AttributeError, TypeError, nbformat.ValidationError) as error:
        raise AnnotationError(f"{path} is not a notebook: {str(error).splitlines()[0]}") from error
    return WholeNotebook(path, notebook)


def _tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", ()))


def _plain(number: int, cell: Any) -> Mapping[str, Any]:
    plain: dict[str, Any] = {
        "id": str(cell.get("id") or f"cell-{number + 1}"),
        "cell_type": cell.cell_type,
        "metadata": {key: cell.metadata[key] for key in ("tags", "jupyter") if key in cell.metadata},
        "source": cell.source,
    }
    if cell.cell_type == "code":
        plain |= {"outputs": [], "execution_count": None}
    if cell.get("attachments"):
        plain["attachments"] = cell.attachments
    return plain
