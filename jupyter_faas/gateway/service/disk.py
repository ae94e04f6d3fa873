"""What the gateway takes on disks."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from jupyter_faas.gateway.engines.base import Engine
from jupyter_faas.gateway.images.usage import images_taken, taken
from jupyter_faas.gateway.store.store import Store

__all__ = ["Disk"]


class Disk:
    """Counts images at the engine and files in the data directory."""

    def __init__(self, engine: Engine, store: Store, folder: Path) -> None:
        self._engine = engine
        self._store = store
        self._folder = folder

    async def usage(self) -> dict[str, Any]:
        """Bytes by what they are for; raises ``EngineUnavailable``.

        Layers that images share are counted once. Frozen values are a part of the bundles.
        """
        images = images_taken(await self._engine.own_images())
        count, size = await self._store.frozen_values()
        files = await asyncio.to_thread(taken, self._folder)
        return {
            "images": images,
            **files,
            "frozen_values": {"count": count, "bytes": size},
            "free_bytes": shutil.disk_usage(self._folder).free,
        }
