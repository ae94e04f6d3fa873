from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_faas.client import Connection, GatewayClient
from tests.unit.client.gateway_double import TOKEN, GatewayDouble


@pytest.fixture(autouse=True)
def own_jupyter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the user's own gateway."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("FAAS_DATA_DIR", str(tmp_path / "data"))
    for name in ("FAAS_GATEWAY", "FAAS_TOKEN", "JUPYTER_ALLOW_INSECURE_WRITES"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def double() -> Iterator[GatewayDouble]:
    with GatewayDouble() as running:
        yield running


@pytest.fixture
def client(double: GatewayDouble) -> Iterator[GatewayClient]:
    with GatewayClient(Connection(double.url, TOKEN)) as made:
        yield made
