"""What is missing for a gateway to serve calls, each part by its name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jupyter_faas.gateway.engines.process import ProcessEngine
from jupyter_faas.gateway.service import readiness
from jupyter_faas.gateway.service.readiness import Readiness
from jupyter_faas.gateway.store.store import Store


def failures(folder: Path, draining: bool = False) -> dict[str, str]:
    async def ask() -> dict[str, str]:
        store = Store(folder / "gateway.sqlite")
        engine = ProcessEngine(folder / "images", folder / "run", "owner")
        asked = Readiness(engine, store, folder)
        asked.draining = draining
        try:
            return await asked.failures()
        finally:
            await engine.close()
            await store.close()

    return asyncio.run(ask())


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert failures(tmp_path) == {}
    monkeypatch.setattr(readiness, "LOW_DISK_BYTES", 10**12)
    assert failures(tmp_path)["disk"].endswith("are free; publishes and records need 1 TB.")


def test_a_stop(tmp_path: Path) -> None:
    assert failures(tmp_path, draining=True) == {"gateway": "It is shutting down."}
