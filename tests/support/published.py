"""Functions of a module, published as ``%%publish`` would, without a kernel."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_faas.kernel.proof import proof_of
from jupyter_faas.kernel.signature import schemas_of
from tests.support.gateway import Gateway

__all__ = ["description_of", "publish"]


def publish(gateway: Gateway, function: Callable[..., Any], **manifest: Any) -> dict[str, Any]:
    """Publish ``function``; its handler is the whole module that it is in."""
    source = Path(inspect.getfile(function)).read_text()
    return gateway.publish(source, function.__name__, **{**_told(function), **manifest})


def description_of(function: Callable[..., Any], **changes: Any) -> dict[str, Any]:
    """What the API would say of ``function``, as far as its description goes."""
    from jupyter_faas.model.caps import Caps

    told = _told(function)
    described = {"name": function.__name__, "entry": function.__name__, "version": 1, "public": False}
    return {**described, **told, "caps": Caps().model_dump(), **changes}


def _told(function: Callable[..., Any]) -> dict[str, Any]:
    schemas = schemas_of(function, function.__name__)
    return {
        "doc": inspect.getdoc(function) or "",
        "proof": proof_of(function, (), lambda _: None),
        "signature": schemas.text,
        "input_schema": schemas.input,
        "output_schema": schemas.output,
    }
