"""The manifest: what a published function is, apart from its code."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from jupyter_faas.model.caps import Caps

__all__ = [
    "APT_PATTERN",
    "HANDLER_FILE",
    "MANIFEST_FILE",
    "MAX_SIGNATURE",
    "NAME_PATTERN",
    "NOTEBOOK_FILE",
    "Manifest",
    "Notebook",
    "Origin",
    "Recording",
    "Segment",
    "Value",
]

MANIFEST_FILE = "function.json"
HANDLER_FILE = "handler.py"
NOTEBOOK_FILE = "notebook.ipynb"
MAX_SIGNATURE = 20_000
NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,62}$"

APT_PATTERN = r"^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9][A-Za-z0-9.+~:-]*)?$"
"""A Debian package, with ``=`` and a version if one is wanted (Debian Policy Manual, 5.6.1 and 5.6.12)."""

_Strict = ConfigDict(frozen=True, extra="forbid")


class Segment(BaseModel):
    """Lines of ``handler.py`` that came from a notebook cell, so that tracebacks can name the cell.

    Line ``line + k`` of the handler (1-based, ``0 <= k < count``) is line ``cell_line + k`` of ``cell``.
    """

    model_config = _Strict

    line: Annotated[int, Field(ge=1)]
    count: Annotated[int, Field(ge=1)]
    cell: str
    cell_line: Annotated[int, Field(ge=1)]


class Origin(BaseModel):
    """Where a function was published from; never part of its identity."""

    model_config = _Strict

    notebook: str | None = None
    cell: str | None = None
    author: str | None = None


class Value(BaseModel):
    """A frozen value: a global ``name`` of the handler, in ``file`` of the bundle as a pickle (protocol 5).

    It is only good where Python has the minor version ``python`` and each distribution of ``versions``
    (``name==version``) that one; the handler refuses to load it elsewhere.
    """

    model_config = _Strict

    name: str
    file: str
    type: str
    size_bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    python: Annotated[str, Field(pattern=r"^3\.\d{1,2}$")]
    versions: tuple[str, ...] = ()


class Notebook(BaseModel):
    """A whole notebook: ``file`` of the bundle, run by a kernel of ``language``; ``kernel`` is its name in
    the author's Jupyter."""

    model_config = _Strict

    file: str
    kernel: Annotated[str, Field(max_length=200)]
    language: Annotated[str, Field(min_length=1, max_length=100)]


class Recording(BaseModel):
    """That inputs and outputs are kept: of the last ``calls`` that failed, and of the last so many others.

    Fields called as in ``redact``, in capitals or not, are taken out before anything is written.
    """

    model_config = _Strict

    calls: Annotated[int, Field(ge=1, le=10_000)]
    redact: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()


class Manifest(BaseModel):
    """Contents of ``function.json``.

    ``requirements`` are pinned direct requirements (PEP 508); ``constraints`` pin what they bring along to
    the versions of the publishing kernel. ``wheels`` are files of the bundle (place → digest) that some
    requirements are installed from, instead of an index. ``apt`` names Debian packages, each with an optional
    version (``jq``, ``jq=1.6-2.1``). ``environment`` holds names only: values never enter an image.
    ``files`` are data files of the bundle that the function finds in its working directory.
    With a ``notebook``, a call runs that in a kernel.
    """

    model_config = _Strict

    format: Literal[1] = 1
    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    entry: Annotated[str, Field(pattern=r"^[^\W\d]\w*$", max_length=200)]
    python: Annotated[str, Field(pattern=r"^3\.\d{1,2}$")]
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    wheels: dict[
        Annotated[str, Field(pattern=r"^wheels/[A-Za-z0-9][A-Za-z0-9_.!+-]*\.whl$")],
        Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")],
    ] = {}
    apt: tuple[Annotated[str, Field(pattern=APT_PATTERN, max_length=200)], ...] = ()
    environment: tuple[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], ...] = ()
    caps: Caps = Caps()
    public: bool = False
    doc: str = ""
    proof: Annotated[str, Field(max_length=100_000)] = ""
    """Examples in the form of ``doctest`` that must hold in the image before the version goes live."""
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None = None
    signature: Annotated[str, Field(max_length=MAX_SIGNATURE)] = ""
    """The function's signature as Python writes it, e.g. ``(x: int = 1) -> dict``; empty if too long."""
    segments: tuple[Segment, ...] = ()
    origin: Origin = Origin()
    values: tuple[Value, ...] = ()
    files: tuple[str, ...] = ()
    notebook: Notebook | None = None
    recording: Recording | None = None
