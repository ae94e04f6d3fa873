"""What a publish changes for callers, in its receipt: before the build, as far as the kernel can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jupyter_faas.client import GatewayClient
from jupyter_faas.kernel.receipt import Receipt
from jupyter_faas.model.changes import Side, changes_between
from jupyter_faas.model.errors import FaasError
from jupyter_faas.model.manifest import Manifest

__all__ = ["compared", "with_changes"]


def compared(receipt: Receipt, manifest: Manifest, gateway: GatewayClient) -> Receipt:
    """``receipt`` with what is different from the version that is live: schema, access and caps.

    What the image and the source have new, the gateway tells when the version is live.
    """
    try:
        live = gateway.function(manifest.name)
        old = replace(Side.of(live), packages=(), apt=())
    except (FaasError, KeyError):  # nothing is live; what is wrong otherwise, the publish says
        return receipt
    new = Side(
        manifest.input_schema,
        manifest.output_schema,
        manifest.signature,
        manifest.python,
        (),
        (),
        manifest.caps.model_dump(),
        manifest.public,
        manifest.doc,
    )
    found = changes_between(old, new)
    return _noted(receipt, live["version"], [(one.what, one.breaking) for one in found])


def with_changes(receipt: Receipt, publication: Mapping[str, Any]) -> Receipt:
    """``receipt`` with all changes that the gateway has found; as it was, if it has noted none."""
    noted = publication.get("changes")
    if not noted:
        return receipt
    return _noted(receipt, noted["since"], [(one["what"], one["breaking"]) for one in noted["changes"]])


def _noted(receipt: Receipt, since: int, found: Sequence[tuple[str, bool]]) -> Receipt:
    others = tuple(one for one in receipt.warnings if one not in receipt.breaking)
    breaking = tuple(f"breaks callers of version {since}: {what}" for what, breaks in found if breaks)
    changes = tuple(what for what, breaks in found if not breaks)
    return replace(receipt, warnings=(*breaking, *others), breaking=breaking, changes=changes, since=since)
