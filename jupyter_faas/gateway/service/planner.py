"""How a version is made of a prewarmed sandbox, if it can be."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Final

from jupyter_faas.gateway.dispatch.instance import Target
from jupyter_faas.gateway.dispatch.plan import Pattern, Plan
from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.images.imports import first_imports
from jupyter_faas.gateway.images.layers import function_layer
from jupyter_faas.gateway.service.bundles import BundleStore
from jupyter_faas.model.bundle import Bundle, digest_of
from jupyter_faas.model.manifest import HANDLER_FILE

__all__ = ["Planner"]

MAX_LAYER_BYTES: Final = 16 * 10**6
"""Checking and copying a larger layer takes about as long as a plain start."""
MAX_PLANS: Final = 256


class Planner:
    """Makes plans from bundles, and keeps the layers of the functions wanted last on disk, by their digests.

    ``folder`` is its own, and begins empty: what is in it can be made again.
    """

    def __init__(self, engine: Engine, bundles: BundleStore, folder: Path) -> None:
        self._engine = engine
        self._bundles = bundles
        self._folder = folder
        self._plans: OrderedDict[str, Plan | None] = OrderedDict()
        shutil.rmtree(folder, ignore_errors=True)

    async def plan(self, target: Target) -> Plan | None:
        """The plan of a version; ``None`` if it has to be started plainly.

        That is so for whole notebooks, whose kernels start by themselves; for large layers; and where the
        images at the engine aren't what they were made as. Raises ``NotFound`` or ``EngineUnavailable``.
        """
        if not self._engine.prewarms or not target.environment_image:
            return None
        values = digest_of(repr(sorted(target.environment.items())).encode())
        key = f"{target.image} {target.environment_image} {values}"
        if key not in self._plans:
            self._plans[key] = await self._make(target)
            if len(self._plans) > MAX_PLANS:
                self._forget(self._plans.popitem(last=False)[1])
        else:
            self._plans.move_to_end(key)
        return self._plans.get(key)

    async def _make(self, target: Target) -> Plan | None:
        image, environment = await asyncio.gather(
            self._engine.image(target.image), self._engine.image(target.environment_image)
        )
        if image is None or environment is None or image.diff_ids[:-1] != environment.diff_ids:
            return None
        bundle = await self._bundles.load(target.bundle)
        if bundle.manifest.notebook is not None:
            return None
        diff_id = image.diff_ids[-1]
        layer = await asyncio.to_thread(self._keep_layer, bundle, diff_id)
        if layer is None:
            return None
        imports, caps = _imports(bundle), target.caps
        # A package may look at environment values when it is imported: whoever has some gets a sandbox that
        # has imported with these.
        values = tuple(sorted(target.environment.items())) if imports else ()
        pattern = Pattern(environment.id, caps.network, caps.scratch_bytes, imports, values)
        return Plan(pattern, layer, diff_id)

    def _keep_layer(self, bundle: Bundle, diff_id: str) -> Path | None:
        if sum(map(len, bundle.files.values())) > MAX_LAYER_BYTES:
            return None
        path = self._folder / f"{diff_id.removeprefix('sha256:')}.tar"
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            layer = function_layer(bundle, Path(folder, "layer"))
            if layer.diff_id != diff_id:
                return None
            layer.path.rename(path)
        return path

    def _forget(self, plan: Plan | None) -> None:
        if plan is not None and not any(
            other and other.layer == plan.layer for other in self._plans.values()
        ):
            plan.layer.unlink(missing_ok=True)


def _imports(bundle: Bundle) -> tuple[str, ...]:
    own = {Path(name).parts[0].removesuffix(".py") for name in bundle.files if name.endswith(".py")}
    source = bundle.files[HANDLER_FILE].decode("utf-8", "replace")
    return first_imports(source, own)
